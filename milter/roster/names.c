// Persons named in a text.
#include "roster/internal.h"

#include <string.h>

#define NAME_CHARS   1000 // of a display name, a line
#define NAME_WORDS   32
#define NAME_APART   6 // words between the ends of a name
#define TEXT_CHARS   100000
#define TEXT_WORDS   5000
#define TEXT_APART   3
#define UNNAMED_MOST 20000

typedef struct {
    RosterSession *session;
    GPtrArray *words;
    guint apart; // words of one name stand so near
    Role role;
    guint most;
    GHashTable *seen;
    GPtrArray *out;
} Naming;

static bool has_word(const Naming *naming, guint from, guint to, const char *word, gsize len)
{
    for (guint i = from; i < to; i++) {
        const char *have = naming->words->pdata[i];
        if (strncmp(have, word, len) == 0 && have[len] == '\0')
            return true;
    }
    return false;
}

// Do all words of the name stand around the two that were found?
static bool has_all(const Naming *naming, guint last, guint first, const char *wanted)
{
    guint low = MIN(last, first), high = MAX(last, first);
    guint from = low > naming->apart ? low - naming->apart : 0;
    guint to = MIN(high + naming->apart + 1, naming->words->len);
    bool all = true;
    for (const char *p = wanted; all && *p != '\0';) {
        gsize len = strcspn(p, " ");
        all = has_word(naming, from, to, p, len);
        p += len + (p[len] == ' ');
    }
    return all;
}

static bool add_pair(Naming *naming, guint last, guint first, GError **error)
{
    char key[256];
    int len = g_snprintf(key, sizeof key, "%s %s", (char *)naming->words->pdata[last],
                         (char *)naming->words->pdata[first]);
    GHashTable *unnamed = session_unnamed(naming->session);
    if (len >= (int)sizeof key || g_hash_table_contains(unnamed, key))
        return true;
    StoreStmt *stmt = session_query(naming->session, Q_NAMES, key, NULL, error);
    if (stmt == NULL)
        return false;
    StoreStep step = STORE_ROW;
    bool nobody = true;
    while (naming->out->len < naming->most && (step = store_step(stmt, error)) == STORE_ROW) {
        nobody = false;
        const char *pid = store_text(stmt, 1);
        if ((store_int(stmt, 2) & (1 << naming->role)) && !g_hash_table_contains(naming->seen, pid) &&
            has_all(naming, last, first, store_text(stmt, 0))) {
            char *copy = g_strdup(pid);
            g_ptr_array_add(naming->out, copy);
            g_hash_table_add(naming->seen, copy);
        }
    }
    store_reset(stmt);
    if (nobody && step == STORE_DONE && g_hash_table_size(unnamed) < UNNAMED_MOST)
        g_hash_table_add(unnamed, g_strdup(key));
    return step != STORE_FAILED;
}

// A number or an initial is no name.
static bool may_be_name(const char *word)
{
    return !g_ascii_isdigit(word[0]) && !(g_ascii_isalpha(word[0]) && word[1] == '\0');
}

static bool add_names(Naming *naming, GError **error)
{
    bool ok = true;
    for (guint i = 0; ok && i < naming->words->len; i++) {
        if (!may_be_name(naming->words->pdata[i]))
            continue;
        guint to = MIN(i + naming->apart + 1, naming->words->len);
        for (guint j = i + 1; ok && j < to && naming->out->len < naming->most; j++)
            if (may_be_name(naming->words->pdata[j]))
                ok = add_pair(naming, i, j, error) && add_pair(naming, j, i, error);
    }
    return ok;
}

// "Whit1ock": a digit among letters stands for the letter it looks like.
static void fold_digits(GPtrArray *words)
{
    static const char looks[] = "ol e s    ";
    for (guint i = 0; i < words->len; i++) {
        char *word = words->pdata[i];
        gsize digits = 0, len = strlen(word);
        for (gsize k = 0; k < len; k++)
            digits += g_ascii_isdigit(word[k]) != 0;
        for (gsize k = 0; digits > 0 && digits * 2 < len && k < len; k++)
            if (g_ascii_isdigit(word[k]) && looks[word[k] - '0'] != ' ')
                word[k] = looks[word[k] - '0'];
    }
}

static GPtrArray *named(RosterSession *session, const char *text, Role role, glong chars, guint words,
                        guint apart, guint most, GError **error)
{
    g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(g_free);
    if (text == NULL || !g_utf8_validate(text, -1, NULL))
        return g_steal_pointer(&out);
    g_autofree char *head = g_utf8_substring(text, 0, MIN(g_utf8_strlen(text, -1), chars));
    g_autoptr(GPtrArray) list = canon_words(head, words);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    Naming naming = {session, list, apart, role, most, seen, out};
    fold_digits(list);
    return add_names(&naming, error) ? g_steal_pointer(&out) : NULL;
}

GPtrArray *roster_staff_named(RosterSession *session, const char *text, GError **error)
{
    return named(session, text, ROLE_STAFF, NAME_CHARS, NAME_WORDS, NAME_APART, G_MAXUINT, error);
}

GPtrArray *roster_students_named(RosterSession *session, const char *text, guint most, GError **error)
{
    return named(session, text, ROLE_STUDENT, TEXT_CHARS, TEXT_WORDS, TEXT_APART, most, error);
}
