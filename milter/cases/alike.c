// Texts that are nearly the same.
#include "cases/internal.h"

#include <string.h>

enum { TRIPLE = 3, WORDS_LEAST = 8 };

char *alike_plain(const char *text)
{
    g_autofree char *folded = g_utf8_casefold(text, -1);
    GString *plain = g_string_new(NULL);
    bool gap = false;
    for (const char *p = folded; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (!g_unichar_isalnum(c)) {
            gap = plain->len > 0;
            continue;
        }
        if (gap)
            g_string_append_c(plain, ' ');
        gap = false;
        g_string_append_unichar(plain, c);
    }
    return g_string_free(plain, FALSE);
}

// The length of "Re:", "Fwd :", "AW[2]:" and the like at the beginning of `text`; 0 = it begins otherwise.
static gsize mark_len(const char *text)
{
    static const char *const MARKS[] = {"re", "fwd", "fw", "aw", "wg", "rv", "res", "enc", "tr"};
    gsize len = 0;
    for (gsize i = 0; len == 0 && i < G_N_ELEMENTS(MARKS); i++) {
        gsize mark = strlen(MARKS[i]);
        if (g_ascii_strncasecmp(text, MARKS[i], mark) != 0)
            continue;
        gsize end = mark + strspn(text + mark, " []()0123456789");
        len = text[end] == ':' ? end + 1 : 0;
    }
    return len;
}

char *alike_subject(const char *subject, bool *out_answers)
{
    const char *rest = subject != NULL ? subject + strspn(subject, " ") : "";
    *out_answers = false;
    for (gsize len; (len = mark_len(rest)) > 0; *out_answers = true)
        rest += len + strspn(rest + len, " ");
    return alike_plain(rest);
}

// FNV-1a, 64 bits.
static guint64 hash_of(const char *text, gsize len)
{
    guint64 hash = G_GUINT64_CONSTANT(0xcbf29ce484222325);
    for (gsize i = 0; i < len; i++)
        hash = (hash ^ (guint8)text[i]) * G_GUINT64_CONSTANT(0x100000001b3);
    return hash;
}

// Another hash for each place: splitmix64 of both.
static guint32 hash_at(guint64 hash, int place)
{
    guint64 z = hash + G_GUINT64_CONSTANT(0x9e3779b97f4a7c15) * (guint64)(place + 1);
    z = (z ^ z >> 30) * G_GUINT64_CONSTANT(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * G_GUINT64_CONSTANT(0x94d049bb133111eb);
    return (guint32)(z ^ z >> 31);
}

bool alike_hash(const char *plain, AlikeHash *out)
{
    const char *starts[TRIPLE] = {NULL};
    guint64 words = 0;
    memset(out, 0xff, sizeof *out);
    for (const char *p = plain; *p != '\0';) {
        const char *end = p + strcspn(p, " ");
        memmove(starts, starts + 1, (TRIPLE - 1) * sizeof *starts);
        starts[TRIPLE - 1] = p;
        guint64 hash = ++words >= TRIPLE ? hash_of(starts[0], (gsize)(end - starts[0])) : 0;
        for (int i = 0; words >= TRIPLE && i < ALIKE_HASHES; i++)
            out->least[i] = MIN(out->least[i], hash_at(hash, i));
        p = *end == ' ' ? end + 1 : end;
    }
    return words >= WORDS_LEAST;
}

guint alike_shared(const AlikeHash *one, const AlikeHash *other)
{
    guint count = 0;
    for (int i = 0; i < ALIKE_HASHES; i++)
        count += one->least[i] == other->least[i];
    return count;
}

gint64 alike_band(const AlikeHash *hash, int band)
{
    guint64 both = (guint64)hash->least[2 * band] << 32 | hash->least[2 * band + 1];
    return (gint64)((both >> 4) ^ (guint64)band << 60);
}
