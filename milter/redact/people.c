// Where a text names students. The roster says who is named in a text, not where: it is asked about runs of words, then about the
// few words of a run that somebody was found in.
#include "redact/internal.h"

#include <string.h>

#define RUN_WORDS  40
#define NAME_WORDS 5 // of a name with what stands between its words
#define MOST       200

typedef struct {
    gsize from, to;
} Word;

static bool is_letter(gunichar c)
{
    return g_unichar_isalnum(c) || g_unichar_ismark(c);
}

// Letters and figures, with a hyphen or an apostrophe within.
static GArray *words_of(const char *text, gsize len)
{
    GArray *words = g_array_new(FALSE, FALSE, sizeof(Word));
    const char *end = text + len;
    for (const char *at = text; at < end;) {
        const char *start = at;
        while (at < end &&
               (is_letter(g_utf8_get_char(at)) || (at > start && (*at == '-' || *at == '\'') &&
                                                   at + 1 < end && is_letter(g_utf8_get_char(at + 1)))))
            at = g_utf8_next_char(at);
        Word word = {(gsize)(start - text), (gsize)(at - text)};
        if (at > start)
            g_array_append_val(words, word);
        else
            at = g_utf8_next_char(at);
    }
    return words;
}

typedef struct {
    RosterSession *roster;
    const RenditionSection *section;
    guint number;
    GArray *words;
    GPtrArray *places;
    GHashTable *located; // persons of the run that have a place in it
} Naming;

// Persons that the words named; those of one word are its own. NULL with `error`.
static GPtrArray *ask(const Naming *naming, guint first, guint count, GError **error)
{
    const Word *from = &g_array_index(naming->words, Word, first),
               *to = &g_array_index(naming->words, Word, first + count - 1);
    g_autofree char *text = g_strndup(naming->section->text + from->from, to->to - from->from);
    return roster_students_named(naming->roster, text, MOST, error);
}

static void place_free(NamePlace *place)
{
    g_free(place->person);
    g_free(place);
}

static bool overlaps(const Naming *naming, const char *person, gsize from, gsize to)
{
    bool overlap = false;
    for (guint i = naming->places->len; i > 0 && !overlap; i--) {
        const NamePlace *place = naming->places->pdata[i - 1];
        if (place->section != naming->number || place->to + 1000 < from)
            break;
        overlap = strcmp(place->person, person) == 0 && place->from < to && from < place->to;
    }
    return overlap;
}

static bool locate_window(Naming *naming, guint first, guint count, GHashTable *wanted, GError **error)
{
    g_autoptr(GPtrArray) people = ask(naming, first, count, error);
    gsize from = g_array_index(naming->words, Word, first).from,
          to = g_array_index(naming->words, Word, first + count - 1).to;
    for (guint i = 0; people != NULL && i < people->len; i++) {
        const char *person = people->pdata[i];
        if (!g_hash_table_contains(wanted, person) || overlaps(naming, person, from, to))
            continue;
        NamePlace *place = g_new0(NamePlace, 1);
        *place = (NamePlace){.section = naming->number, .from = from, .to = to, .person = g_strdup(person)};
        g_ptr_array_add(naming->places, place);
        g_hash_table_add(naming->located, g_strdup(person));
    }
    return people != NULL;
}

// Two words first: more of them only for who was not found in two.
static bool locate_run(Naming *naming, guint first, guint end, GPtrArray *people, GError **error)
{
    g_autoptr(GHashTable) wanted = g_hash_table_new(g_str_hash, g_str_equal);
    bool ok = true;
    g_hash_table_remove_all(naming->located);
    for (guint count = 2; ok && count <= NAME_WORDS; count++) {
        g_hash_table_remove_all(wanted);
        for (guint i = 0; i < people->len; i++)
            if (!g_hash_table_contains(naming->located, people->pdata[i]))
                g_hash_table_add(wanted, people->pdata[i]);
        for (guint at = first; ok && g_hash_table_size(wanted) > 0 && at + count <= end; at++)
            ok = locate_window(naming, at, count, wanted, error);
    }
    return ok;
}

static bool name_section(Naming *naming, GError **error)
{
    bool ok = true;
    for (guint at = 0; ok && at < naming->words->len; at += RUN_WORDS - NAME_WORDS) {
        guint end = MIN(at + RUN_WORDS, naming->words->len);
        g_autoptr(GPtrArray) people = ask(naming, at, end - at, error);
        ok = people != NULL && (people->len == 0 || locate_run(naming, at, end, people, error));
    }
    return ok;
}

GPtrArray *people_named(RosterSession *roster, const Rendition *rendition, GError **error)
{
    g_autoptr(GPtrArray) places = g_ptr_array_new_with_free_func((GDestroyNotify)place_free);
    g_autoptr(GHashTable) located = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    bool ok = true;
    for (guint i = 0; ok && i < rendition->sections->len; i++) {
        const RenditionSection *section = rendition->sections->pdata[i];
        g_autoptr(GArray) words = words_of(section->text, section->len);
        Naming naming = {roster, section, i, words, places, located};
        ok = name_section(&naming, error);
    }
    return ok ? g_steal_pointer(&places) : NULL;
}
