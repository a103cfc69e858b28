// Character sets: the declared reading first, and every other that a client could choose.
#include "reader/internal.h"

#include <criterion/criterion.h>
#include <string.h>

#define BYTES(text) text, sizeof(text) - 1

static const struct {
    const char *in;
    gsize len;
    const char *declared, *first; // expected first reading
    const char *other;            // expected among the readings; NULL = just one
    const char *fact;
} CASES[] = {
    {BYTES("call 555-0100"), NULL, "call 555-0100", NULL, NULL},
    {BYTES("call 555-0100"), "us-ascii", "call 555-0100", NULL, NULL},
    {BYTES("call 555-0100"), "\"UTF-8\"", "call 555-0100", NULL, NULL},
    {BYTES("call 555-0100"), "x-nonsense", "call 555-0100", NULL, "wrong-charset"},
    {BYTES("caf\xE9"), "iso-8859-1", "caf\u00E9", NULL, NULL},
    {BYTES("caf\xC3\xA9"), "utf-8", "caf\u00E9", NULL, NULL},
    {BYTES("caf\xC3\xA9"), NULL, "caf\u00E9", NULL, NULL},
    {BYTES("caf\xC3\xA9"), "us-ascii", "caf\u00E9", NULL, "wrong-charset"},
    {BYTES("caf\xC3\xA9"), "x-nonsense", "caf\u00E9", NULL, "wrong-charset"},
    {BYTES("caf\xC3\xA9"), "windows-1252", "caf\u00C3\u00A9", "caf\u00E9", "wrong-charset"},
    {BYTES("caf\xE9"), NULL, "caf\u00E9", "caf", "wrong-charset"},
    {BYTES("caf\xE9"), "x-nonsense", "caf\u00E9", "caf", "unknown-charset"},
    {BYTES("55\xFF"
           "5-0100"),
     "utf-8", "55\uFFFD5-0100", "555-0100", "wrong-charset"},
    {BYTES("5\xC0\xB5"
           "5-0100"),
     "utf-8", "555-0100", "5\u00C0\u00B55-0100", "overlong-utf8"},
    {BYTES("5\0"
           "55-0100"),
     "us-ascii", "555-0100", "5\uFFFD55-0100", "nul"},
    {BYTES("5\0005\0005\0-\0000\0001\0"), "utf-16le", "555-01", NULL, NULL},
    {BYTES("\0005\0005\0005\0-\0000\0001"), "utf-16be", "555-01", NULL, NULL},
    {BYTES("5\0005\0005\0-\0000\0001\0"), "utf-16", "555-01", NULL, NULL},
    {BYTES("\xFF\xFE"
           "5\0005\0005\0"),
     NULL, NULL, "\uFEFF555", "wrong-charset"},
    {BYTES("5\0005\0005\0-\0000\0001\0"), NULL, "555-01", NULL, "wrong-charset"},
    {BYTES("555-0100!!"), "utf-16le", NULL, "555-0100!!", "wrong-charset"}, // a label that lies
    {BYTES("\xF5\xF5\xF5\x60\xF0\xF1"), "cp037", "555-01", NULL, NULL},
    {BYTES("+ADUANQA1AC0AMAAx-"), "utf-7", "555-01", NULL, NULL},
    {BYTES("+ADUANQA1AC0AMAAx-"), "us-ascii", "+ADUANQA1AC0AMAAx-", "555-01", "utf-7"},
    {BYTES("<meta charset=utf-7>+ADUANQ-"), NULL, "<meta charset=utf-7>+ADUANQ-", "<meta charset=utf-7>55",
     "utf-7"},
    {BYTES("<meta charset=utf-8>+ADUANQ-"), NULL, "<meta charset=utf-8>+ADUANQ-", NULL, NULL},
    {BYTES("call +1 413 555 0100, C++ and +ABCD"), "us-ascii", "call +1 413 555 0100, C++ and +ABCD", NULL,
     NULL},
    {BYTES("~{#5#5#5~}"), "hz-gb-2312", "\uFF15\uFF15\uFF15", NULL, NULL},
    {BYTES("~{#5#5#5~}"), "us-ascii", "~{#5#5#5~}", "\uFF15\uFF15\uFF15", NULL},
    {BYTES("\x1B$B#5#5\x1B(B"), "iso-2022-jp", "\uFF15\uFF15", NULL, NULL},
    {BYTES(""), "utf-8", "", NULL, NULL},
};

Test(charset, table)
{
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *exact = g_memdup2(CASES[i].in, CASES[i].len);
        const char *fact = NULL;
        g_autoptr(GPtrArray) list = charset_readings(exact, CASES[i].len, CASES[i].declared, &fact);
        const CharsetReading *first = list->pdata[0];
        cr_expect(list->len >= 1 && list->len <= 8);
        if (CASES[i].first != NULL)
            cr_expect_str_eq(first->text, CASES[i].first, "case %zu: %s", i, first->text);
        cr_expect_str_eq(fact ? fact : "", CASES[i].fact ? CASES[i].fact : "", "case %zu: fact %s", i, fact);
        bool found = CASES[i].other == NULL;
        for (guint k = 0; k < list->len; k++) {
            const CharsetReading *reading = list->pdata[k];
            cr_expect(g_utf8_validate_len(reading->text, reading->len, NULL), "case %zu", i);
            found = found || strcmp(reading->text, CASES[i].other) == 0;
        }
        cr_expect(found, "case %zu: no reading %s", i, CASES[i].other);
        if (CASES[i].first != NULL && CASES[i].other == NULL)
            cr_expect_eq(list->len, 1, "case %zu: %u readings", i, list->len);
    }
}

// The map leads from the text back to the bytes.
Test(charset, map)
{
    const char *fact = NULL;
    g_autoptr(GPtrArray) list = charset_readings("\xE9\xE9 555", 6, "iso-8859-1", &fact);
    const CharsetReading *reading = list->pdata[0];
    cr_assert_not_null(reading->map);
    cr_assert_eq(reading->map->len, 3);
    const PassageMap *last = &g_array_index(reading->map, PassageMap, 2);
    cr_expect_eq(last->text, 4);
    cr_expect_eq(last->source, 2);
    g_autoptr(GPtrArray) plain = charset_readings("a\xC3\xA9z", 4, "utf-8", &fact);
    cr_expect_eq(((const CharsetReading *)plain->pdata[0])->map->len, 1);
}
