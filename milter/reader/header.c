// RFC 2047, as leniently as the most lenient client.
#include "reader/mime.h"

#include <string.h>

// Words of one charset in a row: their bytes are decoded together, for characters split between words.
typedef struct {
    GString *out;
    GByteArray *bytes;
    char *charset;
    bool no_end; // "?=" does not come any more
} Decoder;

static void decoder_flush(Decoder *decoder)
{
    if (decoder->charset == NULL)
        return;
    gsize len = 0;
    g_autofree char *text = charset_best(decoder->bytes->data, decoder->bytes->len, decoder->charset, &len);
    g_string_append_len(decoder->out, text, (gssize)len);
    g_byte_array_set_size(decoder->bytes, 0);
    g_clear_pointer(&decoder->charset, g_free);
}

typedef struct {
    const char *charset, *text;
    gsize charset_len, text_len, len; // `len` of all
    char encoding;                    // 'b' or 'q'
} Word;

// The encoded-word at `at` (which begins "=?").
static bool word_scan(Decoder *decoder, const char *at, gsize len, Word *out)
{
    const char *end = at + len, *charset = at + 2;
    const char *mark = memchr(charset, '?', MIN((gsize)(end - charset), 100));
    if (mark == NULL || end - mark < 4 || mark[2] != '?')
        return false;
    *out = (Word){
        .charset = charset, .charset_len = (gsize)(mark - charset), .encoding = g_ascii_tolower(mark[1])};
    out->text = mark + 3;
    if (out->encoding != 'b' && out->encoding != 'q')
        return false;
    const char *close = decoder->no_end ? NULL : memmem(out->text, (gsize)(end - out->text), "?=", 2);
    if (close == NULL) { // cut off: up to the next blank
        decoder->no_end = true;
        close = out->text;
        while (close < end && *close != ' ' && *close != '?')
            close++;
        out->len = (gsize)(close - at);
    } else {
        out->len = (gsize)(close - at) + 2;
    }
    out->text_len = (gsize)(close - out->text);
    return true;
}

static void word_decode(Decoder *decoder, const Word *word)
{
    g_autofree char *charset = g_strndup(word->charset, word->charset_len);
    charset[strcspn(charset, "*")] = '\0'; // language
    if (decoder->charset != NULL && g_ascii_strcasecmp(decoder->charset, charset) != 0)
        decoder_flush(decoder);
    if (decoder->charset == NULL)
        decoder->charset = g_steal_pointer(&charset);
    if (word->encoding == 'b')
        decode_base64(word->text, word->text_len, decoder->bytes);
    else
        decode_quoted_printable(word->text, word->text_len, true, decoder->bytes);
}

static void plain_append(Decoder *decoder, const char *text, gsize len)
{
    if (len == 0)
        return;
    gsize out_len = 0;
    g_autofree char *utf8 = charset_best(text, len, NULL, &out_len);
    g_string_append_len(decoder->out, utf8, (gssize)out_len);
}

char *header_decode(const void *raw, gsize len)
{
    gsize flat_len = 0;
    g_autofree char *flat = fields_unfold(raw, len, &flat_len);
    Decoder decoder = {.out = g_string_sized_new(flat_len), .bytes = g_byte_array_new()};
    gsize plain = 0, pos = 0; // flat[plain..pos) is not yet written
    while (pos < flat_len) {
        const char *at = memmem(flat + pos, flat_len - pos, "=?", 2);
        Word word;
        if (at == NULL)
            break;
        pos = (gsize)(at - flat);
        if (!word_scan(&decoder, at, flat_len - pos, &word)) {
            pos += 2;
            continue;
        }
        gsize blanks = plain;
        while (blanks < pos && (flat[blanks] == ' ' || flat[blanks] == '\t'))
            blanks++;
        if (blanks < pos || decoder.charset == NULL) { // white space between two words is not shown
            decoder_flush(&decoder);
            plain_append(&decoder, flat + plain, pos - plain);
        }
        word_decode(&decoder, &word);
        pos += word.len;
        plain = pos;
    }
    decoder_flush(&decoder);
    plain_append(&decoder, flat + plain, flat_len - plain);
    g_byte_array_unref(decoder.bytes);
    return g_string_free(decoder.out, FALSE);
}
