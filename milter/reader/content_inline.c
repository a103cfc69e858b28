// Files written into the lines of a text, as was done before MIME: uuencode, yEnc, BinHex 4.0.
#include "reader/content.h"

#include <string.h>

typedef struct {
    const char *begin, *end; // what a line starts with; NULL end = to the end of the text
    const char *fact;
} InlineFormat;

static const InlineFormat inline_formats[] = {
    {"begin ", "end", "uuencode"},
    {"=ybegin ", "=yend ", "yenc"},
    {"(This file must be converted with BinHex", NULL, "binhex"},
};

// First line at or after `at` that starts with `word`; NULL when there is none.
static const char *inline_line(const char *text, const char *at, const char *end, const char *word)
{
    gsize len = strlen(word);
    while (at < end && (at = memmem(at, end - at, word, len))) {
        if (at == text || at[-1] == '\n' || at[-1] == '\r')
            return at;
        at += len;
    }
    return NULL;
}

// "begin 644 name": a mode of three or four octal digits, then a name.
static bool inline_uu_begins(const char *at, const char *end)
{
    const char *mode = at + strlen("begin "), *digit = mode;
    while (digit < end && *digit >= '0' && *digit <= '7')
        digit++;
    return digit - mode >= 3 && digit - mode <= 4 && digit < end && *digit == ' ';
}

// The file name of a "=ybegin ... name=" line; NULL when it has none.
static char *inline_yenc_name(const char *at, const char *end)
{
    const char *eol = memchr(at, '\n', end - at);
    const char *name = memmem(at, (eol ? eol : end) - at, " name=", 6);
    return name ? g_strstrip(charset_best(name + 6, (eol ? eol : end) - name - 6, NULL, NULL)) : NULL;
}

static void inline_decode(ReaderState *state, guint part, const InlineFormat *format, const char *at,
                          const char *end)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    g_autofree char *name = NULL;
    if (format == &inline_formats[0]) {
        decode_uu(at, end - at, out, &name);
    } else if (format == &inline_formats[1]) {
        name = inline_yenc_name(at, end);
        decode_yenc(at, end - at, out);
    } else {
        decode_binhex(at, end - at, out);
    }
    if (!out->len)
        return;
    message_add_fact(state->message, format->fact, part, name);
    content_read_inside(state, part, out->data, out->len, "application/octet-stream", name);
}

void content_read_inline(ReaderState *state, guint part, const void *data, gsize len)
{
    const char *text = data, *end = text + len;
    for (gsize i = 0; i < G_N_ELEMENTS(inline_formats); i++) {
        const InlineFormat *format = &inline_formats[i];
        bool ends = format->end != NULL; // once an end is missing, none comes later
        for (const char *at = text; (at = inline_line(text, at, end, format->begin));) {
            if (i == 0 && !inline_uu_begins(at, end)) {
                at += strlen(format->begin);
                continue;
            }
            const char *stop = ends ? inline_line(text, at + 1, end, format->end) : NULL;
            ends = stop != NULL;
            const char *eol = stop ? memchr(stop, '\n', end - stop) : NULL;
            inline_decode(state, part, format, at, eol ? eol + 1 : end);
            if (!stop)
                break;
            at = stop;
        }
    }
}
