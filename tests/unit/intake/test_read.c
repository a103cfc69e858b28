// What intake reads out of messages: dates, header fields, journal reports; mbox files of all four kinds.
#include "intake/internal.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

Test(date, forms)
{
    static const struct {
        const char *text, *want; // NULL = none
    } DATES[] = {
        {"Sun, 22 Nov 2026 12:00:00 -0500", "2026-11-22T17:00:00.000Z"},
        {"22 Nov 2026 12:00 GMT", "2026-11-22T12:00:00.000Z"},
        {"Sun, 22 Nov 26 12:00:00 EST (Eastern)", "2026-11-22T17:00:00.000Z"},
        {"Sun Nov 22 12:00:00 2026", "2026-11-22T12:00:00.000Z"},
        {"Sun Nov  2 12:00:00 EST 2025", "2025-11-02T17:00:00.000Z"},
        {"22-Nov-1998 12:00:00 +0530", "1998-11-22T06:30:00.000Z"},
        {"Thu,  1 Jan 1998 23:59:60 +0000", "1998-01-01T23:59:59.000Z"},
        {"", NULL},
        {"tomorrow", NULL},
        {"31 Feb 2026 12:00:00 +0000", NULL},
        {"22 Nov 2026", NULL},
        {"99999999999 Nov 2026 12:00:00", NULL},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(DATES); i++) {
        int64_t us = mail_date_parse(DATES[i].text);
        g_autofree char *got = us != 0 ? clock_format(us) : NULL;
        cr_expect_str_eq(got != NULL ? got : "-", DATES[i].want != NULL ? DATES[i].want : "-", "%s",
                         DATES[i].text);
    }
}

Test(header, words)
{
    static const struct {
        const char *text, *want;
    } WORDS[] = {
        {"plain", "plain"},
        {"=?utf-8?Q?Caf=C3=A9_?= =?utf-8?B?Zmllc3Rh?=", "Café fiesta"},
        {"a =?iso-8859-1?q?ma=F1ana?= b", "a mañana b"},
        {"=?utf-8?Q?open", "=?utf-8?Q?open"},
        {"=?nosuch?Q?x?=", "x"},
        {"1 = 2 =", "1 = 2 ="},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(WORDS); i++) {
        g_autofree char *got = header_decode(WORDS[i].text);
        cr_expect_str_eq(got, WORDS[i].want, "%s: %s", WORDS[i].text, got);
    }
}

Test(header, addresses)
{
    static const struct {
        const char *text, *want;
    } LISTS[] = {
        {"a@example.org", "a@example.org"},
        {"\"Lee, Ann\" <ann@example.org>, Ben (the other) <ben@example.org>",
         "ann@example.org ben@example.org"},
        {"Staff: a@example.org, b@example.org;, c@example.org", "a@example.org b@example.org c@example.org"},
        {"<>", ""},
        {"", ""},
        {"a@example.org (a comment, with a comma)", "a@example.org"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(LISTS); i++) {
        g_autoptr(GPtrArray) list = header_addresses(LISTS[i].text);
        g_autoptr(GString) got = g_string_new(NULL);
        for (guint k = 0; k < list->len; k++)
            g_string_append_printf(got, "%s%s", k > 0 ? " " : "", ((IntakeAddress *)list->pdata[k])->address);
        cr_expect_str_eq(got->str, LISTS[i].want, "%s", LISTS[i].text);
    }
}

// ---- journal reports -----------------------------------------------------------------------------------------

static const char INNER[] =
    "From: Ann <ann@example.org>\r\nTo: staff@example.org\r\nSubject: the inner one\r\n"
    "Message-ID: <inner@example.org>\r\nDate: Sun, 22 Nov 2026 12:00:00 -0500\r\n\r\n"
    "Hello --b1 there.\r\n";

static GBytes *report(const char *head, const char *encoding, const char *text)
{
    g_autofree char *whole = g_strdup_printf(
        "From: journal@example.org\r\nMessage-ID: <wrap@example.org>\r\n%s"
        "Date: Sun, 22 Nov 2026 18:00:00 +0000\r\n"
        "Content-Type: multipart/mixed;\r\n boundary=\"b1\"\r\n\r\n--b1\r\nContent-Type: text/plain; "
        "charset=utf-8\r\nContent-Transfer-Encoding: %s\r\n\r\n%s\r\n--b1\r\nContent-Type: "
        "message/rfc822\r\n\r\n%s\r\n--b1--\r\n",
        head, encoding, text, INNER);
    return g_bytes_new(whole, strlen(whole));
}

static json_t *meta_of(GBytes *raw, bool *out_report)
{
    IntakeHints hints = {
        .source = "x.eml", .format = "eml", .now_us = INT64_C(1795348800000000) + 86400000000};
    return intake_meta(raw, &hints, out_report);
}

static const char *text_at(const json_t *json, const char *outer, const char *key)
{
    const char *text = json_string_value(json_object_get(json_object_get(json, outer), key));
    return text != NULL ? text : "-";
}

Test(journal, exchange)
{
    g_autoptr(GBytes) raw =
        report("X-MS-Journal-Report:\r\n", "quoted-printable",
               "Sender: ann@example.org\r\nOn-Behalf-Of: head@example.org\r\nSubject: s: t\r\n"
               "Message-Id: <inner@example.org>\r\nTo: ben@example.org, Expanded: st=\r\naff@example.org\r\n"
               "Cc: \"C, D\" <cd@example.net>\r\nBcc: hidden@example.org, Forwarded: f@example.org\r\n"
               "Recipient: r@example.org\r\n");
    bool is_report = false;
    json_t *meta = meta_of(raw, &is_report);
    cr_assert(is_report);
    g_autofree char *rcpts = json_dumps(json_object_get(json_object_get(meta, "envelope"), "rcpts"),
                                        JSON_COMPACT | JSON_SORT_KEYS);
    cr_assert_str_eq(rcpts,
                     "[{\"address\":\"ben@example.org\",\"as\":\"to\",\"expanded\":\"staff@example.org\"},"
                     "{\"address\":\"cd@example.net\",\"as\":\"cc\"},"
                     "{\"address\":\"hidden@example.org\",\"as\":\"bcc\",\"forwarded\":\"f@example.org\"},"
                     "{\"address\":\"r@example.org\",\"as\":\"recipient\"}]");
    cr_assert_str_eq(text_at(meta, "envelope", "mail_from"), "ann@example.org");
    cr_assert_str_eq(text_at(meta, "envelope", "on_behalf_of"), "head@example.org");
    cr_assert_str_eq(text_at(meta, "envelope", "received"), "2026-11-22T18:00:00.000Z");
    cr_assert_str_eq(text_at(meta, "message", "subject"), "the inner one");
    const json_t *wrapper = json_object_get(json_object_get(meta, "intake"), "wrapper");
    g_autofree char *hash = sha256_hex(INNER, strlen(INNER));
    cr_assert_str_eq(json_string_value(json_object_get(wrapper, "sha256")), hash);
    gsize offset = (gsize)json_integer_value(json_object_get(wrapper, "offset"));
    cr_assert_eq(memcmp((const char *)g_bytes_get_data(raw, NULL) + offset, INNER, strlen(INNER)), 0);
    json_decref(meta);
}

Test(journal, google_and_base64)
{
    g_autofree char *coded =
        g_base64_encode((const guchar *)"Sender: a@example.org\nTo: b@example.org\n", 40);
    g_autoptr(GBytes) raw = report("X-GM-Journal-ID: 17\r\n", "base64", coded);
    bool is_report = false;
    json_t *meta = meta_of(raw, &is_report);
    cr_assert(is_report);
    cr_assert_str_eq(text_at(meta, "envelope", "mail_from"), "a@example.org");
    json_decref(meta);
}

Test(journal, what_is_not_understood_is_said)
{
    g_autoptr(GBytes) raw = report("X-MS-Journal-Report:\r\n", "7bit", "nothing here");
    bool is_report = true;
    json_t *meta = meta_of(raw, &is_report);
    cr_assert(!is_report);
    const json_t *wrapper = json_object_get(json_object_get(meta, "intake"), "wrapper");
    cr_assert_not_null(json_object_get(wrapper, "unreadable"));
    cr_assert_null(json_object_get(json_object_get(meta, "envelope"), "mail_from"));
    json_decref(meta);
    g_autoptr(GBytes) plain = report("", "7bit", "Sender: a@example.org\r\n");
    meta = meta_of(plain, &is_report);
    cr_assert(!is_report);
    cr_assert_null(json_object_get(json_object_get(meta, "intake"), "wrapper"));
    json_decref(meta);
}

// ---- mbox ----------------------------------------------------------------------------------------------------

static bool collect(const MboxMessage *message, void *data)
{
    GString *out = data;
    gsize len = 0;
    const char *raw = g_bytes_get_data(message->raw, &len);
    g_string_append_printf(out, "%d %s [", (int)message->position, message->sender ? message->sender : "?");
    g_string_append_len(out, raw, (gssize)len);
    g_string_append(out, "]");
    return true;
}

static char *read_mbox(const char *text, IntakeFormat *kind)
{
    int fd = memfd_create("mbox", MFD_CLOEXEC);
    cr_assert(file_write_all(fd, text, strlen(text), "mbox", NULL));
    g_autoptr(GError) error = NULL;
    *kind = mbox_kind(fd, "x", &error);
    GString *out = g_string_new(NULL);
    if (*kind == INTAKE_LAST || !mbox_read(fd, "x", *kind, collect, out, &error))
        g_string_assign(out, error->message);
    close(fd);
    return g_string_free(out, FALSE);
}

#define FROM_A "From a@example.org Sun Nov 22 12:00:00 2026\n"
#define FROM_B "From b@example.org Sun Nov 22 12:00:00 2026\n"

Test(mbox, kinds)
{
    static const struct {
        const char *text;
        IntakeFormat kind;
        const char *want;
    } FILES[] = {
        {FROM_A "S: 1\n\nx\n>From y\n\n" FROM_B "S: 2\n\nz\n\n", INTAKE_MBOXO,
         "0 a@example.org [S: 1\n\nx\nFrom y\n]61 b@example.org [S: 2\n\nz\n]"},
        {FROM_A "S: 1\n\n>From x\n>>From y\n\n", INTAKE_MBOXRD,
         "0 a@example.org [S: 1\n\nFrom x\n>From y\n]"},
        // Both tell the length; the second one leaves lines as they are, also one that looks like a beginning.
        {FROM_A "Content-Length: 8\n\n>From x\n\n" FROM_B "Content-Length: 2\n\nz\n", INTAKE_MBOXCL,
         "0 a@example.org [Content-Length: 8\n\nFrom x\n]72 b@example.org [Content-Length: 2\n\nz\n]"},
        {FROM_A "Content-Length: 46\n\n\n" FROM_B "\n\n" FROM_B "Content-Length: 2\n\nz\n", INTAKE_MBOXCL2,
         "0 a@example.org [Content-Length: 46\n\n\n" FROM_B
         "\n]111 b@example.org [Content-Length: 2\n\nz\n]"},
        // A length that does not fit is one of the message's own fields.
        {FROM_A "Content-Length: 7\n\nxyz\n\n" FROM_B "S: 2\n\nz\n", INTAKE_MBOXO,
         "0 a@example.org [Content-Length: 7\n\nxyz\n]68 b@example.org [S: 2\n\nz\n]"},
        // No beginning: nothing before it is empty, or there is no date.
        {FROM_A "S: 1\n\nx\n" FROM_B "\nFrom here on we walk\n\n", INTAKE_MBOXO,
         "0 a@example.org [S: 1\n\nx\n" FROM_B "\nFrom here on we walk\n]"},
        {"From MAILER-DAEMON Sun Nov 22 12:00:00 2026\r\nS: 1\r\n\r\nx\r\n\r\nFrom - Sun Nov 22 12:00:00 "
         "2026\r\nS: "
         "2\r\n\r\n",
         INTAKE_MBOXO, "0  [S: 1\r\n\r\nx\r\n]58 ? [S: 2\r\n]"},
        {"Subject: no mbox\n\n", INTAKE_LAST, "x: byte 0: no line \"From sender date\": this is no mbox"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(FILES); i++) {
        IntakeFormat kind;
        g_autofree char *got = read_mbox(FILES[i].text, &kind);
        cr_expect_eq(kind, FILES[i].kind, "%zu: %s", i, intake_format_name(kind));
        cr_expect_str_eq(got, FILES[i].want, "%zu: %s", i, got);
    }
}

// Lines and messages larger than the buffer, and a beginning that lies across its end.
Test(mbox, long_lines)
{
    for (gsize size = 256 * 1024 - 200; size < 256 * 1024 + 200; size += 37) {
        g_autofree char *line = g_strnfill(size, 'x');
        g_autofree char *text = g_strconcat(FROM_A "S: 1\n\n", line, "\n\n" FROM_B "S: 2\n\nz\n\n", NULL);
        IntakeFormat kind;
        g_autofree char *got = read_mbox(text, &kind);
        g_autofree char *want =
            g_strdup_printf("0 a@example.org [S: 1\n\n%s\n]%zu b@example.org [S: 2\n\nz\n]", line,
                            strlen(FROM_A "S: 1\n\n") + size + 2);
        cr_expect_str_eq(got, want, "%zu", size);
    }
}
