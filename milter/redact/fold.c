// Strings as people compare them. A text is folded to the letters and figures in it, each with its place; needles are found by
// their first three characters.
#include "redact/internal.h"

#include <string.h>

#define KEY_CHARS   3
#define LOOSE_CHARS 12 // so long a string is nothing else by chance
#define PHONE_CHARS 7

typedef struct {
    gunichar c;
    guint32 from, to; // bytes of the text
} Folded;

typedef struct {
    GArray *chars; // of Folded
    int flags;
    guint number;
    bool letters, loose;
} Needle;

struct Needles {
    GHashTable
        *by_key[KEY_CHARS]; // guint64 -> GPtrArray of Needle, of needles of 1, 2, 3 and more characters
    GHashTable *known;      // flags and characters of all, as GBytes
};

static void needle_free(Needle *needle)
{
    g_array_unref(needle->chars);
    g_free(needle);
}

Needles *needles_new(void)
{
    Needles *needles = g_new0(Needles, 1);
    for (guint i = 0; i < KEY_CHARS; i++)
        needles->by_key[i] =
            g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
    needles->known = g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    return needles;
}

void needles_free(Needles *needles)
{
    if (needles == NULL)
        return;
    for (guint i = 0; i < KEY_CHARS; i++)
        g_hash_table_unref(needles->by_key[i]);
    g_hash_table_unref(needles->known);
    g_free(needles);
}

static GArray *fold(const char *text, gsize len)
{
    GArray *out = g_array_sized_new(FALSE, FALSE, sizeof(Folded), (guint)len);
    for (const char *at = text; at < text + len; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at), parts[G_UNICHAR_MAX_DECOMPOSITION_LENGTH];
        gsize count = g_unichar_fully_decompose(c, TRUE, parts, G_N_ELEMENTS(parts));
        for (gsize i = 0; i < count; i++) {
            if (!g_unichar_isalnum(parts[i]))
                continue;
            Folded one = {g_unichar_tolower(parts[i]), (guint32)(at - text),
                          (guint32)(g_utf8_next_char(at) - text)};
            g_array_append_val(out, one);
        }
    }
    return out;
}

static const Folded *folded_at(const GArray *chars, guint i)
{
    return &g_array_index(chars, Folded, i);
}

static guint64 key_of(const GArray *chars, guint from, guint count)
{
    guint64 key = 0;
    for (guint i = 0; i < count; i++)
        key = key << 21 | folded_at(chars, from + i)->c;
    return key;
}

// Is an equal one there already?
static bool is_known(Needles *needles, const GArray *chars, int flags)
{
    GArray *key = g_array_sized_new(FALSE, FALSE, sizeof(gunichar), chars->len + 1);
    g_array_append_val(key, flags);
    for (guint i = 0; i < chars->len; i++)
        g_array_append_val(key, folded_at(chars, i)->c);
    gsize len = key->len * sizeof(gunichar);
    return !g_hash_table_add(needles->known, g_bytes_new_take(g_array_free(key, FALSE), len));
}

static void needle_note(Needle *needle)
{
    for (guint i = 0; i < needle->chars->len; i++)
        needle->letters = needle->letters || !g_unichar_isdigit(folded_at(needle->chars, i)->c);
    needle->loose = (needle->flags & NEEDLE_LOOSE) != 0 || needle->chars->len >= LOOSE_CHARS ||
                    (!needle->letters && needle->chars->len >= PHONE_CHARS);
}

bool needles_add(Needles *needles, const char *text, gssize len, int flags, guint number)
{
    g_autoptr(GArray) chars = fold(text, len < 0 ? strlen(text) : (gsize)len);
    if (chars->len == 0 || is_known(needles, chars, flags))
        return chars->len > 0;
    guint width = MIN(chars->len, KEY_CHARS);
    guint64 key = key_of(chars, 0, width);
    Needle *needle = g_new0(Needle, 1);
    *needle = (Needle){.flags = flags, .number = number, .chars = g_steal_pointer(&chars)};
    needle_note(needle);
    GPtrArray *list = g_hash_table_lookup(needles->by_key[width - 1], &key);
    if (list == NULL) {
        list = g_ptr_array_new_with_free_func((GDestroyNotify)needle_free);
        g_hash_table_insert(needles->by_key[width - 1], g_memdup2(&key, sizeof key), list);
    }
    g_ptr_array_add(list, needle);
    return true;
}

// ---- finding ---------------------------------------------------------------------------------------------

// Words stand apart in these scripts.
static bool is_spaced(gunichar c)
{
    return c < 0x2e80 && g_unichar_isalnum(c);
}

// Does the character go on with the word that `edge` belongs to? Figures and letters that touch do not: "room12".
static bool joins(gunichar edge, gunichar beside)
{
    return is_spaced(edge) && is_spaced(beside) &&
           (g_unichar_isdigit(edge) != 0) == (g_unichar_isdigit(beside) != 0);
}

static bool begins_word(const char *text, const Folded *first)
{
    const char *before = first->from > 0 ? g_utf8_find_prev_char(text, text + first->from) : NULL;
    return before == NULL || !joins(g_utf8_get_char(text + first->from), g_utf8_get_char(before));
}

static bool ends_word(const char *text, gsize len, const Folded *last)
{
    if (last->to >= len)
        return true;
    gunichar edge = g_utf8_get_char(text + last->from), next = g_utf8_get_char(text + last->to);
    const char *after = g_utf8_next_char(text + last->to);
    bool plural =
        g_unichar_tolower(next) == 's' && (after >= text + len || !is_spaced(g_utf8_get_char(after)));
    return !joins(edge, next) || plural;
}

static bool fits(const Needle *needle, const GArray *hay, guint at, const char *text, gsize len)
{
    if (hay->len - at < needle->chars->len)
        return false;
    for (guint i = 0; i < needle->chars->len; i++)
        if (folded_at(hay, at + i)->c != folded_at(needle->chars, i)->c)
            return false;
    const Folded *first = folded_at(hay, at), *last = folded_at(hay, at + needle->chars->len - 1);
    if ((needle->flags & NEEDLE_CAPITAL) && !g_unichar_isupper(g_utf8_get_char(text + first->from)))
        return false;
    return needle->loose || (begins_word(text, first) && ends_word(text, len, last));
}

// Accents that stand after their letter go with it.
static gsize with_marks(const char *text, gsize len, gsize to)
{
    while (to < len && g_unichar_ismark(g_utf8_get_char(text + to)))
        to = (gsize)(g_utf8_next_char(text + to) - text);
    return to;
}

// "(508" and "+1": what stands before a number goes with it.
static gsize with_signs(const Needle *needle, const char *text, gsize from)
{
    while (!needle->letters && needle->loose && from > 0 && (text[from - 1] == '+' || text[from - 1] == '('))
        from--;
    return from;
}

GArray *needles_find(const Needles *needles, const char *text, gsize len)
{
    GArray *hits = g_array_new(FALSE, FALSE, sizeof(NeedleHit));
    g_autoptr(GArray) hay = fold(text, len);
    for (guint at = 0; at < hay->len; at++)
        for (guint width = 1; width <= KEY_CHARS && at + width <= hay->len; width++) {
            guint64 key = key_of(hay, at, width);
            const GPtrArray *list = g_hash_table_lookup(needles->by_key[width - 1], &key);
            for (guint i = 0; list != NULL && i < list->len; i++) {
                const Needle *needle = list->pdata[i];
                if (!fits(needle, hay, at, text, len))
                    continue;
                NeedleHit hit = {with_signs(needle, text, folded_at(hay, at)->from),
                                 with_marks(text, len, folded_at(hay, at + needle->chars->len - 1)->to),
                                 needle->number};
                g_array_append_val(hits, hit);
            }
        }
    return hits;
}

guint needle_figures(const char *text, gsize len)
{
    g_autoptr(GArray) chars = fold(text, len);
    bool only = true;
    for (guint i = 0; i < chars->len && only; i++)
        only = g_unichar_isdigit(folded_at(chars, i)->c) != 0;
    return only ? chars->len : 0;
}
