#include "bag/mbox.h"

#include <string.h>

char *mbox_from_line(const char *sender, int64_t us)
{
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    g_autofree char *word = g_strdup(sender == NULL ? "-" : *sender != '\0' ? sender : "MAILER-DAEMON");
    for (char *p = word; *p != '\0'; p++)
        if (*p == ' ' || g_ascii_iscntrl(*p))
            *p = '_';
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(us / G_USEC_PER_SEC);
    if (time == NULL)
        time = g_date_time_new_from_unix_utc(0);
    return g_strdup_printf("From %s %s %s %2d %02d:%02d:%02d %d\n", word,
                           days[g_date_time_get_day_of_week(time) - 1],
                           months[g_date_time_get_month(time) - 1], g_date_time_get_day_of_month(time),
                           g_date_time_get_hour(time), g_date_time_get_minute(time),
                           g_date_time_get_second(time), g_date_time_get_year(time));
}

static bool is_from_line(const guint8 *line, gsize len)
{
    gsize quotes = 0;
    while (quotes < len && line[quotes] == '>')
        quotes++;
    return len - quotes >= 5 && memcmp(line + quotes, "From ", 5) == 0;
}

GByteArray *mbox_quote(const guint8 *data, gsize len)
{
    GByteArray *out = g_byte_array_sized_new((guint)len + 64);
    for (gsize at = 0; at < len;) {
        const guint8 *end = memchr(data + at, '\n', len - at);
        gsize line = end != NULL ? (gsize)(end - data) + 1 - at : len - at;
        if (is_from_line(data + at, line))
            g_byte_array_append(out, (const guint8 *)">", 1);
        g_byte_array_append(out, data + at, (guint)line);
        at += line;
    }
    return out;
}

GByteArray *mbox_unquote(const guint8 *data, gsize len)
{
    GByteArray *out = g_byte_array_sized_new((guint)len + 1);
    for (gsize at = 0; at < len;) {
        const guint8 *end = memchr(data + at, '\n', len - at);
        gsize line = end != NULL ? (gsize)(end - data) + 1 - at : len - at;
        gsize skip = data[at] == '>' && is_from_line(data + at, line) ? 1 : 0;
        g_byte_array_append(out, data + at + skip, (guint)(line - skip));
        at += line;
    }
    return out;
}
