// Journal reports: a message of two parts, what the mail system knew of the envelope as lines of text, and the message itself.
#include "intake/internal.h"

#include <string.h>

enum { PARTS_MOST = 64, LINES_MOST = 100000, EXPANDED_MOST = 50 };

void journal_free(JournalReport *report)
{
    if (report == NULL)
        return;
    g_free(report->unreadable);
    g_free(report->sender);
    g_free(report->behalf);
    json_decref(report->rcpts);
    g_clear_pointer(&report->inner, g_bytes_unref);
    g_free(report);
}

static const char *kind_of(const IntakeHeader *header)
{
    const char *identifier = header_value(header, "Content-Identifier");
    if (header_value(header, "X-MS-Journal-Report") != NULL ||
        header_value(header, "X-MS-Exchange-Organization-Journal-Report") != NULL ||
        (identifier != NULL && g_ascii_strncasecmp(identifier, "exjournalreport", 15) == 0))
        return "exchange";
    return header_value(header, "X-GM-Journal-ID") != NULL ? "google" : NULL;
}

// ---- parts ---------------------------------------------------------------------------------------------------

// `data` without its transfer encoding.
static GBytes *decode_body(const char *encoding, const char *data, gsize len)
{
    if (encoding != NULL && g_ascii_strncasecmp(encoding, "base64", 6) == 0) {
        g_autofree char *text = g_strndup(data, len);
        gsize plain = 0;
        guchar *bytes = g_base64_decode(text, &plain);
        return g_bytes_new_take(bytes, plain);
    }
    if (encoding == NULL || g_ascii_strncasecmp(encoding, "quoted-printable", 16) != 0)
        return g_bytes_new(data, len);
    GByteArray *out = g_byte_array_sized_new((guint)len);
    for (gsize i = 0; i < len; i++) {
        guint8 byte = (guint8)data[i];
        gsize left = len - i - 1;
        if (byte == '=' && left >= 2 && g_ascii_isxdigit(data[i + 1]) && g_ascii_isxdigit(data[i + 2])) {
            byte = (guint8)(g_ascii_xdigit_value(data[i + 1]) * 16 + g_ascii_xdigit_value(data[i + 2]));
            i += 2;
        } else if (byte == '=' && left >= 1 && data[i + 1] == '\n') {
            i += 1;
            continue;
        } else if (byte == '=' && left >= 2 && data[i + 1] == '\r' && data[i + 2] == '\n') {
            i += 2;
            continue;
        }
        g_byte_array_append(out, &byte, 1);
    }
    return g_byte_array_free_to_bytes(out);
}

typedef struct {
    gsize begin, end; // with its header, without the line break before the next boundary
} Range;

static gsize next_line(const char *data, gsize len, gsize at)
{
    const char *end = memchr(data + at, '\n', len - at);
    return end != NULL ? (gsize)(end - data) + 1 : len;
}

// The parts of a multipart body, of Range.
static GArray *split_parts(const char *data, gsize len, gsize at, const char *boundary)
{
    GArray *parts = g_array_new(FALSE, FALSE, sizeof(Range));
    gsize size = strlen(boundary), begin = 0;
    bool open = false, last = false;
    while (at < len && !last && parts->len < PARTS_MOST) {
        gsize end = next_line(data, len, at);
        if (end - at >= size + 2 && data[at] == '-' && data[at + 1] == '-' &&
            memcmp(data + at + 2, boundary, size) == 0) {
            gsize stop = at;
            stop -= stop > begin && data[stop - 1] == '\n' ? 1 : 0;
            stop -= stop > begin && data[stop - 1] == '\r' ? 1 : 0;
            Range range = {begin, MAX(stop, begin)};
            if (open)
                g_array_append_val(parts, range);
            last = end - at >= size + 4 && memcmp(data + at + 2 + size, "--", 2) == 0;
            begin = end;
            open = true;
        }
        at = end;
    }
    if (open && !last && begin < len && parts->len < PARTS_MOST) { // the end is missing
        Range range = {begin, len};
        g_array_append_val(parts, range);
    }
    return parts;
}

// ---- the report's text ---------------------------------------------------------------------------------------

static void set_address(json_t *object, const char *key, const char *text)
{
    g_autoptr(GPtrArray) list = header_addresses(text);
    if (list->len > 0)
        json_object_set_new(object, key, json_string(((const IntakeAddress *)list->pdata[0])->address));
}

// What stands behind `mark` in a recipient's line goes from `line` into `one`.
static void take_mark(char *line, const char *mark, const char *key, json_t *one)
{
    char *at = strcasestr(line, mark);
    if (at != NULL) {
        set_address(one, key, at + strlen(mark));
        *at = '\0';
    }
}

static void take_recipient(JournalReport *report, const char *as, const char *value)
{
    g_autofree char *line = g_strdup(value);
    json_t *extra = json_object();
    // "To: someone, Forwarded: a, Expanded: b": from the end on.
    for (int i = 0; i < 2; i++) {
        const char *expanded = strcasestr(line, ", Expanded:"), *forwarded = strcasestr(line, ", Forwarded:");
        if (expanded > forwarded)
            take_mark(line, ", Expanded:", "expanded", extra);
        else if (forwarded != NULL)
            take_mark(line, ", Forwarded:", "forwarded", extra);
    }
    g_autoptr(GPtrArray) list = header_addresses(line);
    for (guint i = 0; i < list->len; i++) {
        json_t *one = json_copy(extra);
        json_object_set_new(one, "address", json_string(((const IntakeAddress *)list->pdata[i])->address));
        json_object_set_new(one, "as", json_string(as));
        json_array_append_new(report->rcpts, one);
    }
    json_decref(extra);
}

static bool take_line(JournalReport *report, const char *key, const char *value)
{
    static const struct {
        const char *key, *as;
    } FIELDS[] = {
        {"To", "to"}, {"Cc", "cc"}, {"Bcc", "bcc"}, {"Recipient", "recipient"}, {"Recipients", "recipient"}};
    for (gsize i = 0; i < G_N_ELEMENTS(FIELDS); i++)
        if (g_ascii_strcasecmp(key, FIELDS[i].key) == 0) {
            take_recipient(report, FIELDS[i].as, value);
            return true;
        }
    char **slot = g_ascii_strcasecmp(key, "Sender") == 0         ? &report->sender
                  : g_ascii_strcasecmp(key, "On-Behalf-Of") == 0 ? &report->behalf
                                                                 : NULL;
    if (slot == NULL || *slot != NULL)
        return false;
    g_autoptr(GPtrArray) list = header_addresses(value);
    // An empty sender is the null sender.
    *slot = g_strdup(list->len > 0 ? ((const IntakeAddress *)list->pdata[0])->address : "");
    return true;
}

static void take_text(JournalReport *report, GBytes *bytes, const char *charset)
{
    gsize len = 0, written = 0;
    const char *data = g_bytes_get_data(bytes, &len);
    g_autofree char *converted = g_convert(data != NULL ? data : "", (gssize)len, "UTF-8",
                                           charset != NULL ? charset : "UTF-8", NULL, &written, NULL);
    g_autofree char *text =
        converted != NULL ? g_strdup(converted) : g_utf8_make_valid(data != NULL ? data : "", (gssize)len);
    char *rest = text;
    for (guint lines = 0; rest != NULL && lines < LINES_MOST; lines++) {
        char *line = rest, *end = strchr(line, '\n');
        rest = end != NULL ? end + 1 : NULL;
        if (end != NULL)
            *end = '\0';
        g_strstrip(line);
        char *colon = strchr(line, ':');
        if (colon == NULL)
            continue;
        *colon = '\0';
        take_line(report, g_strchomp(line), colon + 1 + strspn(colon + 1, " \t"));
    }
}

// ---- the report ----------------------------------------------------------------------------------------------

static void take_part(JournalReport *report, const char *data, const Range *range)
{
    g_autoptr(IntakeHeader) header = header_parse(data + range->begin, range->end - range->begin);
    const char *type = header_value(header, "Content-Type");
    const char *encoding = header_value(header, "Content-Transfer-Encoding");
    gsize begin = range->begin + header->body, len = range->end - begin;
    bool message = type != NULL && g_ascii_strncasecmp(type, "message/rfc822", 14) == 0;
    bool text = type == NULL || g_ascii_strncasecmp(type, "text/plain", 10) == 0;
    if (message && report->inner == NULL) {
        report->inner = decode_body(encoding, data + begin, len);
        report->offset = begin;
        report->length = len;
    } else if (text && report->sender == NULL && json_array_size(report->rcpts) == 0) {
        g_autofree char *charset = type != NULL ? header_parameter(type, "charset") : NULL;
        g_autoptr(GBytes) bytes = decode_body(encoding, data + begin, len);
        take_text(report, bytes, charset);
    }
}

JournalReport *journal_parse(const IntakeHeader *header, const char *data, gsize len)
{
    const char *kind = kind_of(header), *type = header_value(header, "Content-Type");
    if (kind == NULL)
        return NULL;
    JournalReport *report = g_new0(JournalReport, 1);
    report->kind = kind;
    report->rcpts = json_array();
    g_autofree char *boundary = type != NULL ? header_parameter(type, "boundary") : NULL;
    if (boundary == NULL || *boundary == '\0') {
        report->unreadable = g_strdup("it has no parts");
        return report;
    }
    g_autoptr(GArray) parts = split_parts(data, len, header->body, boundary);
    for (guint i = 0; i < parts->len; i++)
        take_part(report, data, &g_array_index(parts, Range, i));
    if (report->sender == NULL && json_array_size(report->rcpts) == 0)
        report->unreadable = g_strdup("no part tells sender and recipients");
    else if (report->inner == NULL)
        report->unreadable = g_strdup("no part is the message");
    return report;
}
