// spots: the walk that tells them.
#include "detect/spots.h"

#include <string.h>

enum { BYTE_LETTER = 1, BYTE_FIGURE = 2, BYTE_FOREIGN = 4, BYTE_CHARACTER = 8 };
#define BYTE_RUN (BYTE_LETTER | BYTE_FIGURE)
static const guint8 BYTES[256] = {
    ['a' ... 'z'] = BYTE_LETTER,    ['A' ... 'Z'] = BYTE_LETTER, ['0' ... '9'] = BYTE_FIGURE,
    [0x80 ... 0xff] = BYTE_FOREIGN, ['@'] = BYTE_CHARACTER,      [':'] = BYTE_CHARACTER,
    ['.'] = BYTE_CHARACTER,         ['_'] = BYTE_CHARACTER,      ['('] = BYTE_CHARACTER,
    ['['] = BYTE_CHARACTER,         ['{'] = BYTE_CHARACTER,
};

static guint spot_letter(char c)
{
    return BYTES[(guchar)c] & BYTE_LETTER ? (guint)(c & 0x1f) : 0;
}

// Place in a table of a run that has `n` bytes.
static inline guint spot_index(const char *run, gsize n)
{
    guint index = spot_letter(run[0]) << 10;
    if (n > 1)
        index |= spot_letter(run[1]) << 5;
    if (n > 2)
        index |= spot_letter(run[2]);
    return index;
}

static gsize spot_run(const char *word)
{
    gsize n = 0;
    while (BYTES[(guchar)word[n]] & BYTE_RUN)
        n++;
    return n;
}

void spots_add(SpotTable *table, guint16 class, const char *word)
{
    gsize n = spot_run(word);
    if (n > 0)
        table->words[spot_index(word, n)] |= class;
    else if ((guchar)*word >= 0x80)
        table->foreign |= class;
}

void spots_add_beginning(SpotTable *table, guint16 class, const char *word)
{
    gsize n = spot_run(word);
    guint first = spot_index(word, n), count = n > 2 ? 1 : n > 1 ? 32 : 32 * 32;
    for (guint i = first; n > 0 && i < first + count; i++)
        table->words[i] |= class;
    if (n == 0)
        spots_add(table, class, word);
}

static guint32 spot_character(const char *text, gsize at)
{
    guint32 class = SPOT_BRACKET;
    if (text[at] == '.')
        class = (guchar)text[at + 1] > ' ' ? SPOT_DOT : 0; // the view ends with a zero
    else if (text[at] == '@')
        class = SPOT_SIGN;
    else if (text[at] == ':')
        class = SPOT_COLON;
    else if (text[at] == '_')
        class = SPOT_LINE;
    return class;
}

GArray *spots_find(const SpotTable *table, const char *text, gsize len)
{
    GArray *spots = g_array_new(FALSE, FALSE, sizeof(Spot));
    guint32 after = 0;
    guint count = 0;
    g_array_set_size(spots, (guint)(len / 8) + 16);
    for (gsize at = 0; at < len;) {
        gsize start = at;
        guint8 byte = BYTES[(guchar)text[at]];
        guint32 classes = 0;
        if (byte & BYTE_RUN) {
            guint8 all = 0;
            for (; (byte = BYTES[(guchar)text[at]]) & BYTE_RUN; at++)
                all |= byte;
            classes = table->words[spot_index(text + start, at - start)];
            if (all & BYTE_FIGURE)
                classes |= SPOT_FIGURE;
            if (at - start > SPOT_LONG_RUN)
                classes |= SPOT_LONG;
            if ((byte & BYTE_FOREIGN) || (start > 0 && (guchar)text[start - 1] >= 0x80))
                classes |= SPOT_FOREIGN;
            if (!classes)
                after = SPOT_AFTER_WORDS;
        } else if (byte & BYTE_FOREIGN) {
            while ((guchar)text[at] >= 0x80)
                at++;
            classes = SPOT_FOREIGN | table->foreign;
        } else {
            classes = byte ? spot_character(text, at) : 0;
            at++;
        }
        if (classes) {
            if (count == spots->len)
                g_array_set_size(spots, 2 * count);
            g_array_index(spots, Spot, count++) = (Spot){(guint32)start, classes | after};
            after = 0;
        }
    }
    g_array_set_size(spots, count);
    return spots;
}
