// A text of ours as a mail.
#include "quarantine/internal.h"

#include <string.h>

enum { WORD_BYTES = 42 /* of text in an encoded word, RFC 2047: 75 characters at most */ };

static bool is_ascii(const char *text)
{
    for (; *text != '\0'; text++)
        if ((guchar)*text >= 0x80)
            return false;
    return true;
}

char *notice_header_text(const char *text)
{
    if (is_ascii(text))
        return g_strdup(text);
    GString *out = g_string_new(NULL);
    for (const char *p = text; *p != '\0';) {
        const char *end = p;
        while (*end != '\0' && g_utf8_next_char(end) - p <= WORD_BYTES)
            end = g_utf8_next_char(end);
        g_autofree char *word = g_base64_encode((const guchar *)p, (gsize)(end - p));
        g_string_append_printf(out, "%s=?utf-8?B?%s?=", p == text ? "" : "\r\n ", word);
        p = end;
    }
    return g_string_free(out, FALSE);
}

static char *date_of(int64_t us)
{
    // No strftime: days and months are English whatever the locale.
    static const char *const DAYS[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char *const MONTHS[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(us / G_USEC_PER_SEC);
    return g_strdup_printf(
        "%s, %02d %s %04d %02d:%02d:%02d +0000", DAYS[g_date_time_get_day_of_week(utc) - 1],
        g_date_time_get_day_of_month(utc), MONTHS[g_date_time_get_month(utc) - 1], g_date_time_get_year(utc),
        g_date_time_get_hour(utc), g_date_time_get_minute(utc), g_date_time_get_second(utc));
}

// A header field's text in one line; `text` may be anybody's.
static char *plain(const char *text)
{
    char *out = g_utf8_make_valid(text, -1);
    for (char *p = out; *p != '\0'; p++)
        if ((guchar)*p < 0x20 || *p == 0x7f)
            *p = ' ';
    return out;
}

char *notice_mail(const Config *config, const char *to, const char *subject, const char *id,
                  const char *extra, const char *text, int64_t now_us)
{
    g_autofree char *date = date_of(now_us), *title = notice_header_text(subject);
    g_autofree char *rcpt = plain(to), *from = plain(config->notice.from);
    GString *out = g_string_new(NULL);
    g_string_append_printf(
        out,
        "Date: %s\r\nFrom: %s\r\nTo: %s\r\nSubject: %s\r\nMessage-ID: <%s@%s.chaperone.invalid>\r\n"
        "%sMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 8bit\r\n\r\n",
        date, from, rcpt, title, id, config->archive.origin, extra);
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '\n')
            g_string_append_c(out, '\r');
        g_string_append_c(out, *p);
    }
    return g_string_free(out, FALSE);
}

char *quarantine_compose_mail(const Config *config, const char *rcpt, const char *subject, const char *id,
                              const char *text, int64_t now_us)
{
    return notice_mail(config, rcpt, subject, id,
                       "Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\n", text, now_us);
}
