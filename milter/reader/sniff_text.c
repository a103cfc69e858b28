// Recognising text: whether bytes are text at all, whether they are a message, and which text format they
// are.
#include "reader/sniff.h"

#include <string.h>

#define SAMPLE 65536
#define PEEK   4096

// ---- text or not -----------------------------------------------------------------------------------------

typedef struct {
    gsize controls, zeros, even_zeros;
} SniffCount;

static SniffCount sniff_count(const guint8 *data, gsize len)
{
    SniffCount count = {0};
    for (gsize i = 0; i < len; i++) {
        guint8 c = data[i];
        count.zeros += !c;
        count.even_zeros += !c && !(i & 1);
        // ESC shifts ISO-2022 text; BS, FF, VT and SUB turn up in text as well.
        count.controls += c && c < 0x20 && !strchr("\t\n\r\b\f\v\x1a\x1b", c);
    }
    return count;
}

bool sniff_is_text(SniffBytes bytes)
{
    if (SNIFF_HAS(bytes, 0, "\xff\xfe") || SNIFF_HAS(bytes, 0, "\xfe\xff"))
        return true;
    gsize len = MIN(bytes.len, SAMPLE);
    SniffCount count = sniff_count(bytes.data, len);
    if (count.controls * 100 > len)
        return false;
    if (count.zeros * 50 <= len)
        return true;
    // Every second byte NUL, and always the same second: UTF-16 of a Latin script.
    gsize odd_zeros = count.zeros - count.even_zeros;
    return MAX(count.even_zeros, odd_zeros) * 5 >= len * 2 && MIN(count.even_zeros, odd_zeros) * 20 <= len;
}

// ---- a message -------------------------------------------------------------------------------------------

static bool sniff_known_field(const guint8 *name, gsize len)
{
    static const char *const fields[] = {
        "from",        "to",         "cc",           "subject",
        "date",        "message-id", "received",     "return-path",
        "reply-to",    "sender",     "mime-version", "content-type",
        "in-reply-to", "references", "delivered-to", "content-transfer-encoding"};
    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
        if (strlen(fields[i]) == len && !g_ascii_strncasecmp((const char *)name, fields[i], len))
            return true;
    }
    return false;
}

// Length of the field name that the line begins with; 0 when it is not a header field.
static gsize sniff_field_name(const guint8 *line, gsize len)
{
    gsize n = 0;
    while (n < len && (g_ascii_isalnum(line[n]) || line[n] == '-' || line[n] == '_'))
        n++;
    return n < len && line[n] == ':' ? n : 0;
}

bool sniff_is_message(SniffBytes bytes)
{
    const guint8 *at = bytes.data + mailbox_prefix(bytes), *end = bytes.data + MIN(bytes.len, PEEK);
    guint known = 0, fields = 0;
    while (at < end && g_ascii_isspace(*at))
        at++;
    if (sniff_has((SniffBytes){at, end - at}, 0, "From ", 5) && memchr(at, '\n', end - at))
        at = (const guint8 *)memchr(at, '\n', end - at) + 1;
    while (at < end) {
        const guint8 *stop = memchr(at, '\n', end - at);
        gsize len = (stop ? stop : end) - at;
        gsize name = sniff_field_name(at, len);
        if (name)
            fields++;
        else if (!len || (*at != ' ' && *at != '\t'))
            break;
        known += name && sniff_known_field(at, name);
        at = stop ? stop + 1 : end;
    }
    return known >= 2 || (known == 1 && fields >= 3);
}

// ---- text formats ----------------------------------------------------------------------------------------

static const struct {
    const char *label, *type;
} text_labels[] = {
    {"text/html", "text/html"},
    {"application/xhtml+xml", "text/html"},
    {"text/x-amp-html", "text/html"},
    {"text/watch-html", "text/html"},
    {"image/svg+xml", "image/svg+xml"},
    {"text/calendar", "text/calendar"},
    {"text/x-vcalendar", "text/calendar"},
    {"application/ics", "text/calendar"},
    {"text/vcard", "text/vcard"},
    {"text/x-vcard", "text/vcard"},
    {"text/directory", "text/vcard"},
    {"application/vcard", "text/vcard"},
    {"text/csv", "text/csv"},
    {"text/comma-separated-values", "text/csv"},
    {"text/tab-separated-values", "text/csv"},
    {"application/csv", "text/csv"},
    {"application/json", "application/json"},
    {"application/ld+json", "application/json"},
    {"application/xml", "application/xml"},
    {"text/xml", "application/xml"},
    {"application/rtf", "application/rtf"},
    {"text/rtf", "application/rtf"},
    {"application/x-rtf", "application/rtf"},
    {"text/enriched", "text/enriched"},
    {"text/richtext", "text/enriched"},
    {"message/delivery-status", "text/plain"},
    {"text/rfc822-headers", "text/plain"},
    {"text/markdown", "text/plain"},
    {"text/plain", "text/plain"},
};

static const struct {
    const char *suffix, *type;
} text_suffixes[] = {
    {".html", "text/html"},      {".htm", "text/html"},       {".xhtml", "text/html"},
    {".mht", "text/html"},       {".svg", "image/svg+xml"},   {".ics", "text/calendar"},
    {".ical", "text/calendar"},  {".vcs", "text/calendar"},   {".ifb", "text/calendar"},
    {".vcf", "text/vcard"},      {".vcard", "text/vcard"},    {".csv", "text/csv"},
    {".tsv", "text/csv"},        {".tab", "text/csv"},        {".json", "application/json"},
    {".xml", "application/xml"}, {".rtf", "application/rtf"},
};

static bool sniff_begins(const char *text, gsize len, const char *word)
{
    gsize n = strlen(word);
    return len >= n && !g_ascii_strncasecmp(text, word, n);
}

static bool sniff_contains(const char *text, gsize len, const char *word)
{
    gsize n = strlen(word); // `word` begins with what has no case
    bool found = false;
    for (const char *at = text, *end = text + len; !found && at + n <= end; at++) {
        at = memchr(at, word[0], (gsize)(end - at));
        if (at == NULL)
            break;
        found = at + n <= end && g_ascii_strncasecmp(at, word, n) == 0;
    }
    return found;
}

static bool sniff_is_html(const char *text, gsize len)
{
    static const char *const words[] = {"<!doctype html", "<html",  "<head", "<body",   "<table",
                                        "<div",           "<style", "<meta", "<script", "<center",
                                        "<font",          "<span",  "<title"};
    for (gsize i = 0; *text == '<' && i < G_N_ELEMENTS(words); i++) {
        if (sniff_begins(text, len, words[i]))
            return true;
    }
    return sniff_contains(text, len, "<html") || sniff_contains(text, len, "<body");
}

// The format that the text itself begins with; NULL when it could be anything.
static const char *sniff_text_shape(const char *text, gsize len)
{
    if (!len)
        return NULL;
    if (sniff_begins(text, len, "{\\rt"))
        return "application/rtf";
    if (sniff_begins(text, len, "BEGIN:VCALENDAR"))
        return "text/calendar";
    if (sniff_begins(text, len, "BEGIN:VCARD"))
        return "text/vcard";
    bool xml = sniff_begins(text, len, "<?xml") || sniff_begins(text, len, "<!doctype");
    if (sniff_begins(text, len, "<svg") || (xml && sniff_contains(text, len, "<svg")))
        return "image/svg+xml";
    if (sniff_is_html(text, len))
        return "text/html";
    return xml ? "application/xml" : NULL;
}

static const char *sniff_by_label(const char *declared)
{
    for (gsize i = 0; i < G_N_ELEMENTS(text_labels); i++) {
        if (g_str_equal(declared, text_labels[i].label))
            return text_labels[i].type;
    }
    if (g_str_has_suffix(declared, "+json"))
        return "application/json";
    return g_str_has_suffix(declared, "+xml") ? "application/xml" : NULL;
}

static const char *sniff_by_name(const char *name)
{
    g_autofree char *lower = g_ascii_strdown(name, -1);
    for (gsize i = 0; i < G_N_ELEMENTS(text_suffixes); i++) {
        if (g_str_has_suffix(lower, text_suffixes[i].suffix))
            return text_suffixes[i].type;
    }
    return NULL;
}

const char *sniff_text_type(const char *utf8, gsize len, const char *declared, const char *name)
{
    gsize skip = sniff_begins(utf8, len, "\xef\xbb\xbf") ? 3 : 0;
    while (skip < len && g_ascii_isspace(utf8[skip]))
        skip++;
    const char *label = sniff_by_label(declared);
    const char *shape = sniff_text_shape(utf8 + skip, MIN(len - skip, PEEK));
    bool plain = g_str_equal(declared, "text/plain") || !*declared;
    // Nobody renders text/plain as HTML: there it is text about HTML, unless it goes by an HTML file's name.
    bool markup = shape && (g_str_equal(shape, "text/html") || g_str_equal(shape, "image/svg+xml"));
    const char *named = name ? sniff_by_name(name) : NULL;
    if (shape && !(markup && (label || plain)))
        return shape;
    if (label && !plain)
        return label;
    if (named)
        return named;
    if (plain)
        return "text/plain";
    return shape ? shape : g_str_has_prefix(declared, "text/") ? "text/x-other" : "text/plain";
}
