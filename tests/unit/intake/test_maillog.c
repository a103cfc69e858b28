// The MTA's log beside records: what is accepted, what refused, what comes back under the same id.
#include "intake/internal.h"

#include <criterion/criterion.h>
#include <string.h>

#define NOON                INT64_C(1795348800000000) // 2026-11-22T12:00:00Z
#define LINE(program, text) "2026-11-22T12:00:00.000000+00:00 mx postfix/" program "[12]: " text

static const MailFile *file_with(const MailLog *log, const char *id)
{
    return g_hash_table_lookup(log->by_id, id);
}

Test(maillog, what_became_of_it)
{
    static const char *const LINES[] = {
        LINE("smtpd", "4A1B2C: client=x.example.net[192.0.2.1]"),
        LINE("cleanup", "4A1B2C: message-id=<one@example.net>"),
        LINE("qmgr", "4A1B2C: from=<a@example.net>, size=1, nrcpt=1 (queue active)"),
        LINE("qmgr", "4A1B2C: removed"),
        LINE("smtpd", "4A1B2D: client=x.example.net[192.0.2.1]"),
        LINE("cleanup", "4A1B2D: milter-reject: END-OF-MESSAGE from x.example.net[192.0.2.1]: 5.7.1 no; "
                        "from=<a@example.net>"),
        LINE("smtpd", "4A1B2E: client=x.example.net[192.0.2.1]"),
        LINE("cleanup", "4A1B2E: milter-discard: END-OF-MESSAGE from x.example.net[192.0.2.1]: milter "
                        "triggers DISCARD action"),
        LINE("smtpd", "4A1B2F: client=x.example.net[192.0.2.1]"),
        LINE("smtpd", "NOQUEUE: reject: RCPT from x.example.net[192.0.2.1]: 550 no"),
        LINE("submission/smtpd",
             "3ZzYxW0vUt: client=y.example.net[192.0.2.2], orig_queue_id=4A1B2C, orig_client=x"),
        LINE("bounce", "4A1B2C: sender non-delivery notification: 4A1B30"),
        LINE("qmgr", "4A1B30: from=<>, size=1, nrcpt=1 (queue active)"),
        "2026-11-22T12:00:00.000000+00:00 mx dovecot: 4A1B31: client=z",
        "nonsense",
        "",
    };
    g_autoptr(MailLog) log = maillog_new();
    for (gsize i = 0; i < G_N_ELEMENTS(LINES); i++)
        maillog_line(log, LINES[i], NOON);
    const MailFile *one = file_with(log, "4A1B2C");
    cr_assert(one->accepted && one->ended && !one->refused && one->first_us == NOON);
    cr_assert_str_eq(one->message_id, "one@example.net");
    cr_assert_str_eq(one->sender, "a@example.net");
    cr_assert_str_eq(one->client, "x.example.net[192.0.2.1]");
    cr_assert(file_with(log, "4A1B2D")->refused && !file_with(log, "4A1B2D")->accepted);
    cr_assert(file_with(log, "4A1B2E")->accepted);
    cr_assert(!file_with(log, "4A1B2F")->accepted && !file_with(log, "4A1B2F")->refused);
    cr_assert_str_eq(file_with(log, "3ZzYxW0vUt")->parent, "4A1B2C");
    cr_assert(file_with(log, "4A1B30")->internal && file_with(log, "4A1B30")->accepted);
    cr_assert_null(file_with(log, "4A1B31"));
    cr_assert_eq(log->lines, 13);
    // The id comes back.
    maillog_line(log, LINE("smtpd", "4A1B2C: client=z.example.net[192.0.2.3]"), NOON);
    cr_assert(file_with(log, "4A1B2C") != one && !file_with(log, "4A1B2C")->accepted);
}

Test(maillog, times_without_a_year)
{
    static const struct {
        const char *line;
        int year;
    } LINES[] = {{"Nov 22 11:00:00 mx postfix/smtpd[1]: 4A1B2C: client=x[192.0.2.1]", 2026},
                 {"Dec 31 11:00:00 mx postfix/smtpd[1]: 4A1B2C: client=x[192.0.2.1]", 2025},
                 {"Jan  1 11:00:00 mx postfix/smtpd[1]: 4A1B2C: client=x[192.0.2.1]", 2026}};
    for (gsize i = 0; i < G_N_ELEMENTS(LINES); i++) {
        g_autoptr(MailLog) log = maillog_new();
        maillog_line(log, LINES[i].line, NOON);
        cr_expect_eq(clock_local_date(log->first_us, NULL) / 10000, LINES[i].year, "%s", LINES[i].line);
    }
}
