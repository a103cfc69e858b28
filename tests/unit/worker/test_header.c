// Headers: encoded-words, parameters, addresses.
#include "reader/mime.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct {
    const char *in, *out;
} WORDS[] = {
    {"plain text", "plain text"},
    {" folded\r\n text\r\n", "folded text"},
    {"=?utf-8?B?Y2FsbA==?=", "call"},
    {"=?UTF-8?q?call_=35?=", "call 5"},
    {"=?utf-8?B?Y2FsbA==?= =?utf-8?B?IDU1NQ==?=", "call 555"}, // padded words follow each other
    {"=?utf-8?B?Y2FsbA==?=\r\n\t=?utf-8?Q?_555?=", "call 555"},
    {"a =?utf-8?Q?b?= c", "a b c"},
    {"a=?utf-8?Q?b?=c", "abc"}, // no space between
    {"=?utf-8*en?Q?b?=", "b"},
    {"=?utf-8?Q?=C3?= =?utf-8?Q?=A9?=", "\u00E9"}, // one character in two words
    {"=?x-nonsense?Q?call_5?=", "call 5"},
    {"=?iso-8859-1?Q?caf=E9?=", "caf\u00E9"},
    {"caf\xE9", "caf\u00E9"},
    {"caf\xC3\xA9", "caf\u00E9"},
    {"=?utf-8?B?Y2FsbA", "call"}, // cut off
    {"=?utf-8?X?abc?=", "=?utf-8?X?abc?="},
    {"=?", "=?"},
    {"=?utf-8?Q?call 5 now?=", "call 5 now"}, // spaces that should not be there
    {"", ""},
};

Test(header, words)
{
    for (gsize i = 0; i < G_N_ELEMENTS(WORDS); i++) {
        gsize len = strlen(WORDS[i].in);
        g_autofree char *exact = g_memdup2(WORDS[i].in, len);
        g_autofree char *out = header_decode(exact, len);
        cr_expect_str_eq(out, WORDS[i].out, "%s -> %s", WORDS[i].in, out);
    }
    g_autofree char *nul = header_decode("5\0005", 3);
    cr_expect_str_eq(nul, "55");
}

static const struct {
    const char *in, *key, *spellings; // spellings joined by '|'
    guint odd;
} PARAMS[] = {
    {"text/plain; charset=utf-8", "charset", "utf-8", 0},
    {"Text/Plain ; charset=\"utf-8\" ;", "charset", "utf-8", 0},
    {"attachment; filename=a.txt", "filename", "a.txt", PARAMS_TYPE},
    {"a/b; filename*=utf-8''%c3%a9.txt; filename=e.txt", "filename", "\u00E9.txt|e.txt", 0},
    {"a/b; filename*1*=c.txt; filename*0*=utf-8''b", "filename", "b|bc.txt", 0},
    {"a/b; filename*0=a; filename*2=c", "filename", "ac|a", 0},
    {"a/b; filename=\"=?utf-8?B?YS50eHQ=?=\"", "filename", "a.txt", 0},
    {"a/b; filename=x.txt; filename=y.txt", "filename", "x.txt|y.txt", 0},
    {"a/b; filename=\"a\\\"b\"", "filename", "a\"b", PARAMS_ESCAPE},
    {"a/b; filename=\"a;b\"", "filename", "a;b", 0},
    {"a/b; filename=\"a", "filename", "a", PARAMS_UNTERMINATED},
    {"a/b; filena()me=a.z()ip", "filename", "a.zip|a.z()ip", PARAMS_COMMENT | PARAMS_JUNK},
    {"a/b; filename = a", "filename", "a", PARAMS_SPACE},
    {"a/b; filename=a b.txt", "filename", "a b.txt", PARAMS_JUNK},
    {"a/b; filename=a;.zip", "filename", "a|a;.zip", PARAMS_JUNK},
    {"a/b\v; x=1", "x", "1", PARAMS_CONTROL},
    {"=?utf-8?Q?a?=/b", "x", "", PARAMS_ENCODED_WORD},
};

Test(header, params)
{
    for (gsize i = 0; i < G_N_ELEMENTS(PARAMS); i++) {
        gsize len = strlen(PARAMS[i].in);
        g_autofree char *exact = g_memdup2(PARAMS[i].in, len);
        g_autoptr(Params) params = params_parse(exact, len, 100);
        g_autoptr(GPtrArray) list = params_spellings(params, PARAMS[i].key);
        g_ptr_array_add(list, NULL);
        g_autofree char *joined = g_strjoinv("|", (char **)list->pdata);
        cr_expect_str_eq(joined, PARAMS[i].spellings, "%s -> %s", PARAMS[i].in, joined);
        cr_expect_eq(params->odd, PARAMS[i].odd, "%s: %x", PARAMS[i].in, params->odd);
    }
}

static const struct {
    const char *in, *out; // "address=name" joined by '|'
} ADDRESSES[] = {
    {"a@example.org", "a@example.org="},
    {"<a@example.org>", "a@example.org="},
    {"Ann Lee <a@example.org>", "a@example.org=Ann Lee"},
    {"\"Lee, Ann\" <a@example.org>, b@example.org", "a@example.org=Lee, Ann|b@example.org="},
    {"a@example.org (Ann (Lee))", "a@example.org=Ann (Lee)"},
    {"Staff: a@example.org, Ben <b@example.org>;", "a@example.org=Staff|b@example.org=Staff Ben"},
    {"Team call 555-0100:;", "=Team call 555-0100"},
    {"=?utf-8?Q?J=C3=B6rg?= <a@example.org>", "a@example.org=J\u00F6rg"},
    {"\"=?utf-8?Q?call_5?=\" <a@example.org>", "a@example.org=call 5"},
    {"Ann 555-0100 a@example.org", "a@example.org=Ann 555-0100"},
    {"a @ example.org", "a@example.org="},
    {"me", "me="},
    {"just some words", "=just some words"},
    {"<@x.org,@y.org:a@example.org>", "a@example.org="},
    {"\"a b\"@example.org", "b@example.org=a"},
    {"Ann <a@example.org", "a@example.org=Ann"},
    {"\"unterminated", "=unterminated"},
    {",,;;", ""},
    {"", ""},
};

Test(header, addresses)
{
    for (gsize i = 0; i < G_N_ELEMENTS(ADDRESSES); i++) {
        gsize len = strlen(ADDRESSES[i].in);
        g_autofree char *exact = g_memdup2(ADDRESSES[i].in, len);
        g_autoptr(GPtrArray) list = address_list_new();
        cr_expect(address_parse(exact, len, 100, list));
        g_autoptr(GString) joined = g_string_new(NULL);
        for (guint k = 0; k < list->len; k++) {
            const Mailbox *mailbox = list->pdata[k];
            g_string_append_printf(joined, "%s%s=%s", k > 0 ? "|" : "", mailbox->address,
                                   mailbox->name ?: "");
        }
        cr_expect_str_eq(joined->str, ADDRESSES[i].out, "%s -> %s", ADDRESSES[i].in, joined->str);
    }
}

Test(header, addresses_bounded)
{
    g_autoptr(GString) many = g_string_new(NULL);
    for (int i = 0; i < 50000; i++)
        g_string_append(many, "a:(");
    g_autoptr(GPtrArray) list = address_list_new();
    address_parse(many->str, many->len, 10, list);
    g_string_assign(many, "");
    for (int i = 0; i < 100; i++)
        g_string_append(many, "a@example.org,");
    g_autoptr(GPtrArray) few = address_list_new();
    cr_expect_not(address_parse(many->str, many->len, 10, few));
    cr_expect_eq(few->len, 10);
}
