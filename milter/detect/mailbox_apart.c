// Names of mailboxes that stand apart from the name of their service, in another sentence even: only where the text says
// that they are.
#include "detect/mailbox_parts.h"
#include "detect/tables.h"

#include <string.h>

#define APART_REACH  100 // bytes from a service's name to a mailbox's name apart from it
#define APART_CLAUSE 48  // bytes before a mailbox's name that say what it is
#define APART_IDLE   32  // bytes between or beside the two that may say nothing

// ---- what is said of the name ------------------------------------------------------------------------------

// One of `words` in [from, to), whole.
static bool mailbox_says(const DetectView *view, gsize from, gsize to, const char *const *words, gsize count)
{
    bool says = false;
    for (gsize i = 0; !says && i < count; i++) {
        gsize n = strlen(words[i]);
        const char *at = view->text + from, *end = view->text + to;
        while (!says && at < end && (at = memmem(at, (gsize)(end - at), words[i], n)) != NULL) {
            says = (at == view->text || !g_ascii_isalnum(at[-1])) && !g_ascii_isalnum(at[n]);
            at++;
        }
    }
    return says;
}

// The clause that ends at `at` begins here: behind the last mark that ends a sentence.
static gsize mailbox_clause(const DetectView *view, gsize at)
{
    gsize from = at;
    while (from > 0 && at - from < APART_CLAUSE &&
           !(strchr(".!?;\n", view->text[from - 1]) && from < view->len && strchr(" \n", view->text[from])) &&
           view->text[from - 1] != '\n')
        from--;
    return from;
}

// Does the text before the name at `at` say that a mailbox is called so, and one of the writer's?
static bool mailbox_is_introduced(const DetectView *view, gsize at)
{
    static const char *const ACCOUNT[] = {"name",     "account",   "address",  "email",  "e-mail",  "mail",
                                          "username", "user",      "i'm",      "i am",   "soy",     "write",
                                          "reach me", "find me",   "correo",   "cuenta", "usuario", "nombre",
                                          "inbox",    "dirección", "direccion"};
    static const char LINKS[][8] = {"is", "es",  "to", "me",   "i'm",     "im",  "am",
                                    "as", "soy", "at", "name", "account", "user"};
    gsize from = mailbox_clause(view, at), end = mailbox_skip(view, at, -1, 0, " \t\"'(", 3), word = end;
    while (word > from && (g_ascii_isalpha(view->text[word - 1]) || view->text[word - 1] == '\''))
        word--;
    bool linked = end > 0 && strchr(":=", view->text[end - 1]) != NULL;
    for (gsize i = 0; !linked && i < G_N_ELEMENTS(LINKS); i++)
        linked = strlen(LINKS[i]) == end - word && memcmp(LINKS[i], view->text + word, end - word) == 0;
    linked = linked || (end - word == 8 && memcmp(view->text + word, "username", 8) == 0);
    return linked && mailbox_says(view, from, at, ACCOUNT, G_N_ELEMENTS(ACCOUNT));
}

// Does the clause of the service speak of others, or of how one gets in?
static bool mailbox_is_of_others(const DetectView *view, gsize start, gsize end)
{
    static const char *const OTHERS[] = {"your",     "their",    "our",    "students", "school",  "class",
                                         "district", "login",    "log in", "log",      "sign in", "signed",
                                         "check",    "open",     "app",    "classes",  "parent",  "parents",
                                         "filter",   "settings", "blocked"};
    gsize from = mailbox_clause(view, start), to = end;
    while (to < view->len && to - end < APART_CLAUSE && !strchr(".!?;\n", view->text[to]))
        to++;
    return mailbox_says(view, from, to, OTHERS, G_N_ELEMENTS(OTHERS));
}

// A mailbox's name at `at`, whole and nothing else: its length.
static gsize mailbox_apart_name(const DetectScan *scan, gsize at)
{
    const DetectView *view = scan->view;
    gsize n = mailbox_name_at(view, at), letters = 0, figures = 0, marks = 0;
    for (gsize i = at; i < at + n; i++) {
        letters += g_ascii_isalpha(view->text[i]) ? 1 : 0;
        figures += g_ascii_isdigit(view->text[i]) ? 1 : 0;
        marks += view->text[i] == '_' || view->text[i] == '.';
    }
    g_autofree char *name = g_strndup(view->text + at, n);
    bool host = strchr(name, '.') && tables_known_tld(scan->data, name);
    bool closed = at + n >= view->len || !strchr("/\\=(", view->text[at + n]);
    return letters >= 3 && figures + marks > 0 && !host && closed && g_ascii_isalpha(view->text[at]) ? n : 0;
}

// ---- the two alone -----------------------------------------------------------------------------------------

// Words beside the two that tell nothing of something else.
static bool apart_is_idle_word(const char *word, gsize n)
{
    static const char *const WORDS[] = {
        "it's",   "its",  "it",     "is",        "one",  "that",  "that's", "thats", "here", "es",
        "the",    "then", "ok",     "yes",       "yeah", "so",    "too",    "try",   "use",  "also",
        "works",  "best", "of",     "course",    "just", "you",   "know",   "usual", "a",    "con",
        "with",   "at",   "on",     "account",   "user", "i'm",   "soy",    "la",    "el",   "de",
        "better", "fine", "always", "obviously", "only", "claro", "mejor"};
    bool idle = false;
    for (gsize i = 0; !idle && i < G_N_ELEMENTS(WORDS); i++)
        idle = strlen(WORDS[i]) == n && memcmp(WORDS[i], word, n) == 0;
    return idle;
}

// Is there nothing but such words and marks in [from, to)?
static bool apart_is_idle(const DetectView *view, gsize from, gsize to)
{
    bool idle = to - from <= APART_IDLE;
    for (gsize at = from; idle && at < to;) {
        gsize word = at;
        while (at < to && (g_ascii_isalpha(view->text[at]) || (at > word && view->text[at] == '\'')))
            at++;
        idle = at > word ? apart_is_idle_word(view->text + word, at - word)
                         : strchr(" \t\n.,;:?!-()/\"'~*", view->text[at]) != NULL;
        at += at == word;
    }
    return idle;
}

// Does the text before the service at `at` say that the writer has it: "my", "I use"?
static bool apart_is_own(const DetectView *view, gsize at)
{
    static const char *const WORDS[] = {"my",       "mi",      "my own",    "my personal", "my private",
                                        "my new",   "my home", "my old",    "i use",       "i have",
                                        "i've got", "ive got", "i'm on",    "im on",       "mine is",
                                        "uso",      "tengo",   "el mío es", "mi propio"};
    gsize end = mailbox_skip(view, at, -1, 0, " \t\"'", 2);
    bool own = false;
    for (gsize i = 0; !own && at > end && i < G_N_ELEMENTS(WORDS); i++) {
        gsize n = strlen(WORDS[i]);
        own = end >= n && memcmp(view->text + end - n, WORDS[i], n) == 0 &&
              (end == n || !g_ascii_isalnum(view->text[end - n - 1]));
    }
    return own;
}

// The sentence that goes on at `at` ends there, or says no more of it.
static bool apart_ends(const DetectView *view, gsize at)
{
    gsize to = at;
    while (to < view->len && to - at < APART_IDLE && !strchr(".!?;\n", view->text[to]))
        to++;
    return to < view->len && to - at == APART_IDLE ? false : apart_is_idle(view, at, to);
}

// "My gmail? jdoe_77 ... works best.", "It's jdoe_77. Gmail.": the name at [name, name_end) and the service at
// [start, end), with nothing else that could be meant.
static bool apart_is_pair(const DetectView *view, gsize name, gsize name_end, gsize start, gsize end)
{
    bool pair = false;
    if (name >= end) {
        pair = name - end <= APART_IDLE && apart_is_own(view, start) && apart_is_idle(view, end, name) &&
               apart_ends(view, name_end);
    } else if (name_end < start && start - name_end <= APART_IDLE) {
        gsize clause = mailbox_clause(view, name);
        bool figures = false, parted = false;
        for (gsize i = name; i < name_end; i++)
            figures = figures || g_ascii_isdigit(view->text[i]);
        for (gsize i = name_end; i < start; i++)
            parted = parted || strchr(".,;?!/:\n", view->text[i]);
        pair = figures && parted && apart_is_idle(view, name_end, start) &&
               apart_is_idle(view, clause, name) && apart_ends(view, end);
    }
    return pair;
}

// ---- the nearest -------------------------------------------------------------------------------------------

void mailbox_apart(DetectScan *scan, gsize start, gsize end, const char *domain)
{
    const DetectView *view = scan->view;
    gsize from = start > APART_REACH ? start - APART_REACH : 0, to = MIN(view->len, end + APART_REACH);
    gsize best = 0, best_n = 0, best_far = G_MAXSIZE;
    scan->work += to - from;
    while (from > 0 && from < start && mailbox_local_char(view->text[from - 1]))
        from++;
    for (gsize at = from; at < to;) {
        gsize stop = at;
        while (stop < to && mailbox_local_char(view->text[stop]))
            stop++;
        bool free = stop - at >= 5 && (at == 0 || !strchr("@#$/\\&=", view->text[at - 1])) &&
                    !(at < end && stop > start);
        gsize n = free ? mailbox_apart_name(scan, at) : 0, far = at < start ? start - at : at - end;
        if (n && far < best_far && !scan_taken(scan, at, at + n) &&
            (mailbox_is_introduced(view, at) || apart_is_pair(view, at, at + n, start, end))) {
            best = at;
            best_n = n;
            best_far = far;
        }
        at = MAX(stop, at + 1);
    }
    if (best_n && !mailbox_is_of_others(view, start, end)) {
        g_autofree char *name = g_strndup(view->text + best, best_n);
        mailbox_emit_name(scan, best, best + best_n, name, domain, best_far < 40 ? 0.75 : 0.65);
    }
}
