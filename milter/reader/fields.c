// Header blocks as bytes: where they end, and the fields in them.
#include "reader/mime.h"

#include <string.h>

gsize fields_line(const char *raw, gsize len)
{
    const char *end = len > 0 ? memchr(raw, '\n', len) : NULL;
    return end != NULL ? (gsize)(end - raw) + 1 : len;
}

gssize fields_colon(const char *line, gsize len)
{
    const char *colon = len > 0 ? memchr(line, ':', MIN(len, 1000)) : NULL;
    if (colon == NULL || colon == line || *line == ' ' || *line == '\t')
        return -1;
    gsize n = (gsize)(colon - line);
    while (n > 0 && (line[n - 1] == ' ' || line[n - 1] == '\t'))
        n--;
    for (gsize i = 0; i < n; i++)
        if (line[i] == ' ' || line[i] == '\t' || line[i] == '\r' || line[i] == '\n')
            return -1;
    return n > 0 ? colon - line : -1;
}

static bool is_empty_line(const char *line, gsize len)
{
    return len == 0 || *line == '\n' || (*line == '\r' && (len == 1 || line[1] == '\n'));
}

// What mail stores leave at the top of a message.
static bool is_mbox_line(const char *line, gsize len)
{
    gsize quote = len > 0 && *line == '>' ? 1 : 0;
    return len > quote + 5 && memcmp(line + quote, "From ", 5) == 0;
}

static void field_add(FieldBlock *out, const char *line, gsize len, gssize colon)
{
    Field field = {.name = line,
                   .name_len = (gsize)colon,
                   .value = line + colon + 1,
                   .value_len = len - (gsize)colon - 1};
    while (field.name_len > 0 && strchr(" \t", field.name[field.name_len - 1]) != NULL)
        field.name_len--;
    while (field.value_len > 0 && strchr("\r\n", field.value[field.value_len - 1]) != NULL)
        field.value_len--;
    g_array_append_val(out->fields, field);
}

void fields_split(const char *raw, gsize len, guint max, FieldBlock *out)
{
    *out = (FieldBlock){.fields = g_array_new(FALSE, FALSE, sizeof(Field)), .stray = G_MAXSIZE};
    gsize pos = 0;
    while (pos < len && !out->closed) {
        gsize n = fields_line(raw + pos, len - pos);
        gssize colon = fields_colon(raw + pos, n);
        if (is_empty_line(raw + pos, n)) {
            out->closed = true;
        } else if (colon > 0) {
            gsize end = pos + n; // with its continuations
            while (end < len && (raw[end] == ' ' || raw[end] == '\t'))
                end += fields_line(raw + end, len - end);
            n = end - pos;
            if (out->fields->len < max)
                field_add(out, raw + pos, n, colon);
        } else if (out->stray == G_MAXSIZE && !(pos == 0 && is_mbox_line(raw, n))) {
            out->stray = pos;
        }
        pos += n;
    }
    out->body = pos;
    out->stray = MIN(out->stray, pos);
}

void fields_clear(FieldBlock *block)
{
    g_clear_pointer(&block->fields, g_array_unref);
}

bool fields_is(const Field *field, const char *name)
{
    return strlen(name) == field->name_len && g_ascii_strncasecmp(field->name, name, field->name_len) == 0;
}

bool fields_technical(const char *name)
{
    static const char *const NAMES[] = {
        "received",
        "return-path",
        "message-id",
        "in-reply-to",
        "references",
        "date",
        "mime-version",
        "content-type",
        "content-disposition",
        "content-transfer-encoding",
        "content-id",
        "content-length",
        "content-language",
        "content-md5",
        "delivered-to",
        "dkim-signature",
        "thread-index",
        "authentication-results",
        "received-spf",
        "domainkey-signature",
        "feedback-id",
        "envelope-to",
        "delivery-date",
        "lines",
        "status",
        "x-status",
        "x-uid",
        "x-uidl",
        "x-keywords",
        "precedence",
        "auto-submitted",
        "importance",
        "priority",
        "x-priority",
        "x-mailer",
        "user-agent",
        "x-received",
        "x-originating-ip",
        "x-sender-ip",
        "x-originatororg",
        "x-mimeole",
        "x-msmail-priority",
        "x-beenthere",
        "x-mailman-version",
        "x-loop",
        "x-sid-pra",
        "x-report-abuse-to",
        "x-entity-id",
        "x-entity-ref-id",
        "x-campaign-id",
        "x-job",
        "x-tm-as-result",
        "x-auto-response-suppress",
        "x-me-sender",
        "x-me-proxy",
        "x-me-received",
        "x-uuid",
        "x-gmail-labels",
        "x-cse-connectionguid",
        "x-cse-msgguid",
        "x-attachment-id",
        "x-universally-unique-identifier",
        "autocrypt",
        "openpgp",
        "face",
        "x-face",
        "x-complaints-to",
        "x-trace",
        "xref",
        "nntp-posting-host",
        "nntp-posting-date",
    };
    static const char *const PREFIXES[] = {
        "x-ms-",       "x-microsoft-", "x-google-",       "x-gm-",      "x-spam",       "x-virus",
        "x-forefront", "x-proofpoint", "x-barracuda",     "x-mimecast", "x-ironport",   "x-amavis",
        "x-dkim",      "x-sg-",        "x-ses-",          "x-mailgun-", "x-mc-",        "x-csa-",
        "x-pm-",       "x-ymail-",     "x-yahoo-",        "x-exchange", "x-antiabuse",  "x-bogosity",
        "x-policyd",   "x-mdid",       "x-authenticated", "x-abuse",    "x-brightmail", "x-cloudmark",
        "x-sophos",    "x-fireeye",    "x-cisco-",        "x-mailer-",  "x-hashcash",   "x-original-",
        "x-provags-",  "x-ui-",        "x-zoho",          "x-rspamd",   "x-scanned",    "arc-",
        "ironport-",   "dkim-",
    };
    g_autofree char *lower = g_ascii_strdown(name, -1);
    for (guint i = 0; i < G_N_ELEMENTS(NAMES); i++)
        if (strcmp(lower, NAMES[i]) == 0)
            return true;
    for (guint i = 0; i < G_N_ELEMENTS(PREFIXES); i++)
        if (g_str_has_prefix(lower, PREFIXES[i]))
            return true;
    return false;
}

char *fields_unfold(const char *raw, gsize len, gsize *out_len)
{
    GString *text = g_string_sized_new(len);
    for (gsize i = 0; i < len; i++) {
        if (raw[i] != '\r' && raw[i] != '\n') {
            g_string_append_c(text, raw[i]);
            continue;
        }
        while (i + 1 < len && strchr(" \t\r\n", raw[i + 1]) != NULL && raw[i + 1] != '\0')
            i++;
        g_string_append_c(text, ' ');
    }
    gsize start = 0, end = text->len;
    while (start < end && (text->str[start] == ' ' || text->str[start] == '\t'))
        start++;
    while (end > start && (text->str[end - 1] == ' ' || text->str[end - 1] == '\t'))
        end--;
    g_string_truncate(text, end);
    g_string_erase(text, 0, (gssize)start);
    *out_len = text->len;
    return g_string_free(text, FALSE);
}
