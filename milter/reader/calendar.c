// iCalendar (RFC 5545) and vCalendar 1.0: a passage a property that a client shows. Nothing is expanded:
// recurrences and time zones hold no text.
#include "reader/content_line.h"

#include <string.h>

typedef enum {
    CALENDAR_SKIP,
    CALENDAR_TEXT,
    CALENDAR_PERSON,
    CALENDAR_HTML,
    CALENDAR_ATTACHMENT
} CalendarKind;

static CalendarKind calendar_kind(const char *name)
{
    static const char *const skipped[] = {"BEGIN",
                                          "END",
                                          "VERSION",
                                          "PRODID",
                                          "UID",
                                          "DTSTAMP",
                                          "DTSTART",
                                          "DTEND",
                                          "RRULE",
                                          "RDATE",
                                          "EXDATE",
                                          "EXRULE",
                                          "SEQUENCE",
                                          "CREATED",
                                          "METHOD",
                                          "STATUS",
                                          "TRANSP",
                                          "CLASS",
                                          "PRIORITY",
                                          "LAST-MODIFIED",
                                          "DURATION",
                                          "TRIGGER",
                                          "ACTION",
                                          "CALSCALE",
                                          "TZID",
                                          "TZOFFSETFROM",
                                          "TZOFFSETTO",
                                          "RECURRENCE-ID",
                                          "DUE",
                                          "GEO",
                                          "REPEAT",
                                          "COMPLETED",
                                          "TZNAME",
                                          "REFRESH-INTERVAL",
                                          "PERCENT-COMPLETE",
                                          "FREEBUSY",
                                          "ACKNOWLEDGED"};
    if (g_str_equal(name, "ORGANIZER") || g_str_equal(name, "ATTENDEE"))
        return CALENDAR_PERSON;
    if (g_str_equal(name, "X-ALT-DESC") || g_str_equal(name, "STYLED-DESCRIPTION"))
        return CALENDAR_HTML;
    if (g_str_equal(name, "ATTACH") || g_str_equal(name, "IMAGE"))
        return CALENDAR_ATTACHMENT;
    for (gsize i = 0; i < G_N_ELEMENTS(skipped); i++) {
        if (g_str_equal(name, skipped[i]))
            return CALENDAR_SKIP;
    }
    return g_str_has_prefix(name, "X-MICROSOFT-CDO") ? CALENDAR_SKIP : CALENDAR_TEXT;
}

static void calendar_text(ContentProperties *properties, const char *name, const char *value)
{
    g_autofree char *text = content_lines_unescape(value);
    content_properties_add(properties, name, text);
}

// "CN=Jo Doe": name and address in one line, as clients show them.
static void calendar_person(ContentProperties *properties, const ContentLines *lines)
{
    g_autofree char *name = content_lines_param(lines, "CN");
    g_autofree char *mail = content_lines_param(lines, "EMAIL");
    const char *address = lines->value;
    if (!g_ascii_strncasecmp(address, "mailto:", 7))
        address += 7;
    g_autofree char *text = g_strjoin(" ", name ? name : "", address, mail ? mail : "", NULL);
    content_properties_add(properties, lines->name, g_strstrip(text));
}

static void calendar_html(ContentProperties *properties, const ContentLines *lines)
{
    g_autofree char *html = content_lines_unescape(lines->value);
    html_read(properties->state, properties->part, html, strlen(html), properties->reading);
}

static void calendar_attachment(ContentProperties *properties, const ContentLines *lines)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autofree char *name = content_lines_param(lines, "FILENAME");
    g_autofree char *type = content_lines_param(lines, "FMTTYPE");
    if (content_lines_binary(lines, bytes))
        content_read_inside(properties->state, properties->part, bytes->data, bytes->len,
                            type ? type : "application/octet-stream", name);
    else
        calendar_text(properties, lines->name, lines->value);
}

static void calendar_property(ContentProperties *properties, const ContentLines *lines)
{
    g_autofree char *other = content_lines_param(lines, "ALTREP");
    switch (calendar_kind(lines->name)) {
    case CALENDAR_SKIP:
        return;
    case CALENDAR_TEXT:
        calendar_text(properties, lines->name, lines->value);
        break;
    case CALENDAR_PERSON:
        calendar_person(properties, lines);
        break;
    case CALENDAR_HTML:
        calendar_html(properties, lines);
        break;
    case CALENDAR_ATTACHMENT:
        calendar_attachment(properties, lines);
        break;
    }
    if (other)
        content_properties_add(properties, lines->name, other);
}

void calendar_read(ReaderState *state, guint part, const char *utf8, gsize len, const char *reading)
{
    ContentLines lines;
    ContentProperties properties;
    content_lines_init(&lines, utf8, len);
    content_properties_init(&properties, state, part, ORIGIN_CALENDAR, reading);
    while (content_lines_next(&lines))
        calendar_property(&properties, &lines);
    content_properties_finish(&properties);
    content_lines_clear(&lines);
}
