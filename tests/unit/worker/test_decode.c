// Content decoding: what clients read must be read, and what is malformed must be said.
#include "reader/mime.h"

#include <criterion/criterion.h>
#include <string.h>

typedef DecodeVerdict (*Decode)(const void *data, gsize len, GByteArray *out);

static DecodeVerdict qp_body(const void *data, gsize len, GByteArray *out)
{
    return decode_quoted_printable(data, len, false, out);
}

static DecodeVerdict qp_header(const void *data, gsize len, GByteArray *out)
{
    return decode_quoted_printable(data, len, true, out);
}

static DecodeVerdict uu(const void *data, gsize len, GByteArray *out)
{
    g_autofree char *name = NULL;
    DecodeVerdict verdict = decode_uu(data, len, out, &name);
    if (memmem(data, len, "note.txt", 8) != NULL)
        cr_expect_str_eq(name, "note.txt");
    return verdict;
}

static const struct {
    Decode decode;
    const char *in, *out;
    DecodeVerdict verdict;
} CASES[] = {
    {decode_base64, "", "", DECODE_CLEAN},
    {decode_base64, "Y2FsbCA1NTUtMDEwMA==", "call 555-0100", DECODE_CLEAN},
    {decode_base64, "Y2FsbCA1\r\nNTUtMDEwMA==\r\n", "call 555-0100", DECODE_CLEAN},
    {decode_base64, "Y2FsbCA1NTUtMDEwMA", "call 555-0100", DECODE_CLEAN},
    {decode_base64, "Y2FsbA==IDU1NS0wMTAw", "call 555-0100", DECODE_JUNK}, // goes on after padding
    {decode_base64, "=Y2FsbCA1NTUtMDEwMA==", "call 555-0100", DECODE_JUNK},
    {decode_base64, "Y2Fs!bCA1.NTUt*MDEwMA==", "call 555-0100", DECODE_JUNK},
    {decode_base64, "-_-_YWI-",
     "\xFB\xFF\xBF"
     "ab>",
     DECODE_JUNK}, // URL alphabet
    {decode_base64, "A", "", DECODE_CLEAN},
    {qp_body, "call=20555-=\r\n0100", "call 555-0100", DECODE_CLEAN},
    {qp_body, "call=20555-= \t\n0100", "call 555-0100", DECODE_CLEAN},
    {qp_body, "=35=35=35-=e2=80=93", "555-\xE2\x80\x93", DECODE_CLEAN},
    {qp_body, "a=ZZb=4", "a=ZZb=4", DECODE_JUNK},
    {qp_body, "a_b=", "a_b", DECODE_CLEAN},
    {qp_header, "a_b=3D", "a b=", DECODE_CLEAN},
    {uu, "begin 644 note.txt\n-8V%L;\"`U-34M,#$P,```\n`\nend\n", "call 555-0100", DECODE_CLEAN},
    {uu, "-8V%L;\"`U-34M,#$P,```\n", "call 555-0100", DECODE_JUNK}, // no begin, no end
    {decode_yenc, "=ybegin line=128 size=3 name=a\r\n\x8B\x8C\x8D\r\n=yend size=3\r\n", "abc", DECODE_CLEAN},
    {decode_yenc, "=ybegin line=128 size=1 name=a\r\n=\xCB", "a", DECODE_JUNK}, // escaped, cut off
    {decode_yenc, "no such thing", "", DECODE_JUNK},
};

Test(decode, table)
{
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        gsize len = strlen(CASES[i].in);
        g_autofree char *exact = g_memdup2(CASES[i].in, len);
        g_autoptr(GByteArray) out = g_byte_array_new();
        DecodeVerdict verdict = CASES[i].decode(exact, len, out);
        cr_expect(out->len == strlen(CASES[i].out) &&
                      (out->len == 0 || memcmp(out->data, CASES[i].out, out->len) == 0),
                  "case %zu: %s -> %.*s", i, CASES[i].in, (int)out->len, (const char *)out->data);
        cr_expect_eq(verdict, CASES[i].verdict, "case %zu: %s", i, CASES[i].in);
    }
}

Test(decode, base64_by_other_rules)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    decode_base64_by("Y2F=sbCA1NTUt-MDEwMA", 20, BASE64_EQUALS_JUNK | BASE64_MINUS_JUNK, out);
    cr_expect(out->len == 13 && memcmp(out->data, "call 555-0100", 13) == 0);
}

// A BinHex stream made here by the format's description: name, type, lengths, data fork; no run-length coding
// needed.
Test(decode, binhex)
{
    static const char ALPHABET[] = "!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr";
    static const guint8 STREAM[] = "\5a.txt\0TEXTttxt\0\0\0\0\0\15\0\0\0\0\0\0call 555-0100\0\0\0\0";
    g_autoptr(GString) text = g_string_new("(This file must be converted with BinHex 4.0)\r\n\r\n:");
    guint32 bits = 0;
    guint held = 0;
    for (gsize i = 0; i < sizeof(STREAM) - 1; i++) {
        bits = bits << 8 | STREAM[i];
        for (held += 8; held >= 6;) {
            held -= 6;
            g_string_append_c(text, ALPHABET[bits >> held & 63]);
        }
    }
    g_string_append_c(text, ALPHABET[bits << (6 - held) & 63]);
    g_string_append(text, ":\r\n");
    g_autoptr(GByteArray) out = g_byte_array_new();
    g_autofree char *exact = g_memdup2(text->str, text->len);
    cr_expect_eq(decode_binhex(exact, text->len, out), DECODE_CLEAN);
    cr_expect(out->len == 13 && memcmp(out->data, "call 555-0100", 13) == 0, "%u bytes", out->len);
}
