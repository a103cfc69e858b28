// The pre-scan: what is too much for GMime never reaches it, and ordinary mail raises nothing.
#include "reader/mime.h"

#include <criterion/criterion.h>
#include <string.h>

#define TOP "From: a@example.org\r\nTo: b@example.net\r\nSubject: s\r\nMessage-ID: <1@example.org>\r\n"

static char *times(const char *piece, int count)
{
    GString *out = g_string_new(NULL);
    while (count-- > 0)
        g_string_append(out, piece);
    return g_string_free(out, FALSE);
}

static char *nested_multiparts(int count)
{
    GString *out = g_string_new(NULL);
    for (int i = 0; i < count; i++)
        g_string_append_printf(out, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i);
    return g_string_free(out, FALSE);
}

static const struct {
    const char *name, *before, *piece, *after, *fact;
    int fits, over; // repeats that pass and that do not
} CAPS[] = {
    {"groups", TOP "Cc: ", "a:", "\r\n\r\nhi\r\n", "address-groups", 900, 42000},
    {"folded groups", TOP "Cc: ", "a:a:a:\r\n ", "x\r\n\r\nhi\r\n", "address-groups", 300, 14000},
    {"groups in a nested message", TOP "Content-Type: message/rfc822\r\n\r\nX: y\r\nSender : ", "a:",
     "\r\n\r\nhi\r\n", "address-groups", 900, 42000},
    {"groups anywhere", TOP "\r\nhi\r\nFROM:", "a:", "\r\n", "address-groups", 900, 2000},
    {"parameters", TOP "Content-Type: text/plain", "; a=b", "\r\n\r\nhi\r\n", "too-many-params", 150, 50000},
    {"headers", TOP, "X-A: b\r\n", "\r\nhi\r\n", "too-many-headers", 900, 5000},
    {"a field", TOP "X-A: ", "0123456789", "\r\n\r\nhi\r\n", "too-many-headers", 9000, 20000},
    {"a folded field", TOP "X-A: ", "0123456789\r\n ", "\r\n\r\nhi\r\n", "too-many-headers", 4000, 20000},
    {"all headers", TOP,
     "X-A: 0123456789012345678901234567890123456789012345678901234567890123456789"
     "0123456789012345678901234567890123456789012345678901234567890123456789"
     "0123456789012345678901234567890123456789012345678901234567890123456789"
     "0123456789012345678901234567890123456789012345678901234567890123456789"
     "0123456789012345678901234567890123456789012345678901234567890123456789"
     "0123456789012345678901234567890123456789012345678901234567890123456789"
     "0123456789012345678901234567890123456789012345678901234567890123456789"
     "0123456789012345678901234567890123456789012345678901234567890123456789\r\n",
     "\r\nhi\r\n", "too-many-headers", 500, 990},
    {"boundary lines", TOP "\r\n", "--x\r\n", "hi\r\n", "too-many-parts", 5000, 10001},
};

Test(prescan, caps)
{
    g_autoptr(Config) config = config_defaults();
    for (gsize i = 0; i < G_N_ELEMENTS(CAPS); i++) {
        for (int over = 0; over < 2; over++) {
            g_autofree char *many = times(CAPS[i].piece, over ? CAPS[i].over : CAPS[i].fits);
            g_autofree char *text = g_strconcat(CAPS[i].before, many, CAPS[i].after, NULL);
            gsize len = strlen(text);
            g_autofree char *exact = g_memdup2(text, len);
            g_autoptr(Message) message = message_new();
            ReaderState state = {.message = message, .limits = &config->limits};
            cr_expect_eq(prescan_message(&state, exact, len), !over, "%s, over %d", CAPS[i].name, over);
            cr_expect_eq(message_has_fact(message, CAPS[i].fact), (bool)over, "%s, over %d", CAPS[i].name,
                         over);
            g_autoptr(Message) parsed = reader_parse(exact, len, &config->limits, false, NULL);
            cr_expect_eq(message_has_fact(parsed, CAPS[i].fact), (bool)over, "%s, over %d, parsed",
                         CAPS[i].name, over);
            cr_expect_str_eq(parsed->subject, "s");
        }
    }
}

Test(prescan, nested_multiparts)
{
    g_autoptr(Config) config = config_defaults();
    g_autofree char *nest = nested_multiparts(1100);
    g_autofree char *text = g_strconcat(TOP, nest, "\r\ncall 555-0100\r\n", NULL);
    g_autoptr(Message) message = reader_parse(text, strlen(text), &config->limits, false, NULL);
    cr_expect(message_has_fact(message, "too-many-parts"));
    bool seen = false;
    for (guint i = 0; i < message->passages->len; i++)
        seen = seen || strstr(((Passage *)message->passages->pdata[i])->text, "call 555-0100") != NULL;
    cr_expect(seen, "the sweep reads what GMime may not");
}

#define MIXED(params) TOP "Content-Type: multipart/mixed; " params "\r\n\r\n"
#define PARTS         "--b\r\n\r\nhi\r\n--b--\r\n"

static const struct {
    const char *raw;
    gsize len;
    const char *facts; // of classes UNREADABLE and AMBIGUOUS, as stated, space separated; sorted
} LINT[] = {
#define CASE(text, facts)                                                                                    \
    {                                                                                                        \
        text, sizeof(text) - 1, facts                                                                        \
    }
    // ordinary mail
    CASE(TOP "\r\nhi\r\n", ""),
    CASE(TOP "\r\nhi\r\n-- \r\nAnn Lee\r\nRoom 5\r\n", ""),
    CASE(TOP
         "\r\nhi\r\n-----Original Message-----\r\nFrom: x\r\nSent: today\r\nTo: y\r\nno colon\r\nTo: z\r\n",
         ""),
    CASE(MIXED("boundary=b") PARTS, ""),
    CASE(MIXED("boundary=\"b\"; charset=\"utf-8\";") PARTS, ""),
    CASE(MIXED("boundary=b") "This is a multi-part message in MIME format.\r\n" PARTS "\r\n", ""),
    CASE(MIXED("boundary=b") "--b  \r\n\r\nhi\r\n--b--\t\r\n", ""),
    CASE(TOP "Content-Type: text/plain; name=\"=?utf-8?Q?a?=\"\r\n\r\nhi\r\n", ""),
    CASE(TOP "Content-Type: text\r\n\r\nhi\r\n", ""),
    CASE(TOP "Content-Transfer-Encoding: BASE64 \r\n\r\naGk=\r\n", ""),
    CASE(TOP "Content-Transfer-Encoding: 8-bit\r\n\r\nhi\r\n", ""),
    CASE(TOP "X-Long: a\r\n\t\r\n b\r\n\r\nhi\r\n", ""),
    CASE(TOP "DKIM-Signature: v=1; h=from:to:\r\n\tContent-Type: subject; b=x\r\n\r\nhi\r\n", ""),
    CASE(TOP "X Mailer: some program\r\n\r\nhi\r\n", ""),
    CASE(TOP "Content-Type: message/rfc822\r\n\r\nFrom: x\r\nSubject: y\r\n\r\nhi\r\n", ""),
    CASE("From a@example.org Mon Jan  1 00:00:00 2029\n" TOP "\r\nhi\r\n", ""),
    CASE(TOP "Subject: s\r\n\r\nhi\r\n", ""), // an equal copy
    // ambiguities
    CASE(TOP "Subject: t\r\n\r\nhi\r\n", "dup-singleton"),
    CASE(TOP "From: c@example.org\r\n\r\nhi\r\n", "dup-singleton"),
    CASE(TOP "Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\nhi\r\n", "dup-content-type"),
    CASE(TOP "Content-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64\r\n\r\nhi\r\n",
         "dup-content-encoding"),
    CASE(TOP "Content-Transfer-Encoding: base64;\r\n\r\nhi\r\n", "odd-encoding"),
    CASE(TOP "Content-Transfer-Encoding: x-base64\r\n\r\nhi\r\n", "odd-encoding"),
    CASE(TOP "Content-Transfer-Encoding: =?utf-8?Q?base64?=\r\n\r\nhi\r\n", "encoded-parameter odd-encoding"),
    CASE(MIXED("boundary=b\r\nContent-Transfer-Encoding: base64") PARTS, "encoding-on-multipart"),
    CASE(MIXED("x=y") PARTS, "boundary"),
    CASE(MIXED("boundary=\"\"") PARTS, "boundary"),
    CASE(MIXED("boundary=c") PARTS, "boundary"),
    CASE(MIXED("boundary=\"b \"") PARTS, "boundary"),
    CASE(MIXED("boundary*=us-ascii''b") PARTS, "boundary"),
    CASE(MIXED("boundary=b; boundary=b") PARTS, ""),
    CASE(MIXED("boundary=b; boundary=c") PARTS, "dup-param"),
    CASE(MIXED("boundary =b") PARTS, "odd-content-type"),
    CASE(MIXED("(x) boundary=b") PARTS, "odd-content-type"),
    CASE(MIXED("boundary=b") "--b\r\n\r\nhi\r\n", ""), // truncated is an oddity: ordinary programs do it
    CASE(MIXED("boundary=b") "--b\r\nContent-Type: multipart/mixed; "
                             "boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n--b--\r\n",
         "nested-boundary"),
    CASE(MIXED("boundary=b") "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n--b\r\n\r\nx\r\n--b--\r\n",
         "boundary"),
    CASE(MIXED("boundary=b") "--b\r\nContent-Type: text/plain\r\ncall me\r\n\r\nx\r\n--b--\r\n",
         "header-in-body"),
    CASE(TOP "no colon here\r\n\r\nhi\r\n", "header-in-body"),
    CASE(TOP "X-A: a\r\n \r\nContent-Type: text/html\r\n\r\nhi\r\n", "header-in-body"),
    CASE(TOP "X-A: a\r\n Content-Type: text/html\r\n\r\nhi\r\n", "odd-header-name"),
    CASE(TOP "Content-Ty\0pe: text/html\r\n\r\nhi\r\n", "nul odd-header-name"),
    CASE(TOP "Content-Type:\vtext/html\r\n\r\nhi\r\n", "odd-content-type"),
    CASE(TOP "Content-Type: text/plain; charset=utf-8; charset=utf-7\r\n\r\nhi\r\n", "dup-param"),
    CASE(TOP "X-A: a\rSubject: b\r\n\r\nhi\r\n", "bare-cr"),
    CASE(TOP "\r\nhi\r\r\nthere\r\n", "bare-cr"),
    CASE(TOP "\r\nhi\0there\r\n", "nul"),
#undef CASE
};

static gint by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

Test(prescan, lint)
{
    g_autoptr(Config) config = config_defaults();
    for (gsize i = 0; i < G_N_ELEMENTS(LINT); i++) {
        g_autofree char *exact = g_memdup2(LINT[i].raw, LINT[i].len);
        g_autoptr(Message) message = message_new();
        ReaderState state = {.message = message, .limits = &config->limits};
        cr_expect(prescan_message(&state, exact, LINT[i].len));
        g_autoptr(GPtrArray) names = g_ptr_array_new();
        for (guint k = 0; k < message->facts->len; k++) {
            const Fact *fact = message->facts->pdata[k];
            FactClass cls = FACT_ODD;
            message_fact_lookup(fact->name, &cls, NULL);
            if (cls != FACT_ODD)
                g_ptr_array_add(names, (gpointer)fact->name);
        }
        g_ptr_array_sort(names, by_name);
        g_ptr_array_add(names, NULL);
        g_autofree char *joined = g_strjoinv(" ", (char **)names->pdata);
        cr_expect_str_eq(joined, LINT[i].facts, "case %zu: %s\n%s", i, joined, LINT[i].raw);
    }
}
