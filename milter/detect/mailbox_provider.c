// Addresses whose domain is only the name of a mail service, beside the name of the mailbox or away from it.
#include "detect/mailbox_parts.h"
#include "detect/spots.h"
#include "detect/tables.h"

#include <string.h>

#define PROVIDER_LONGEST 24
#define APART_REACH      100  // bytes from a service's name to a mailbox's name apart from it
#define APART_CLAUSE     48   // bytes before a mailbox's name that say what it is
#define APART_MOST       2000 // services of one passage whose surroundings are searched

// ---- names of services -----------------------------------------------------------------------------------

// The service called [start, stop), with the ending of its domain or without: "gmail", "g-mail", "gmaildotcom".
static const char *mailbox_service(const DetectScan *scan, gsize start, gsize stop)
{
    static const char *const ENDINGS[] = {"", "dotcom", "com"};
    char name[PROVIDER_LONGEST + 1];
    gsize n = stop - start;
    const char *domain = NULL;
    for (gsize i = 0; n > 0 && n <= PROVIDER_LONGEST && i < n; i++)
        name[i] = scan->view->text[start + i] == '-' ? ' ' : scan->view->text[start + i];
    for (gsize i = 0; n <= PROVIDER_LONGEST && !domain && i < G_N_ELEMENTS(ENDINGS); i++) {
        gsize ending = strlen(ENDINGS[i]);
        if (n > ending && memcmp(name + n - ending, ENDINGS[i], ending) == 0)
            domain = tables_mail_provider(scan->data, name, n - ending);
    }
    return domain;
}

const char *mailbox_provider(const DetectScan *scan, gsize at, gsize *end)
{
    const DetectView *view = scan->view;
    const char *domain = NULL;
    gsize stop = at;
    for (guint words = 0; !domain && words < 2 && stop < view->len; words++) {
        stop += words;
        while (stop < view->len && stop - at < PROVIDER_LONGEST && g_ascii_isalnum(view->text[stop]))
            stop++;
        domain = stop > at ? mailbox_service(scan, at, stop) : NULL;
        if (stop >= view->len || (view->text[stop] != ' ' && view->text[stop] != '-'))
            break;
    }
    *end = stop;
    return domain;
}

// Behind "com" that stands apart from the service's name: "gmail,com", "gmail com".
static gsize mailbox_loose_ending(const DetectView *view, gsize end)
{
    gsize at = mailbox_skip(view, end, 1, 0, " ,;", 2);
    bool com = at > end && view->len - at >= 3 && memcmp(view->text + at, "com", 3) == 0 &&
               (view->len - at == 3 || !g_ascii_isalnum(view->text[at + 3]));
    return com ? at + 3 : end;
}

void mailbox_try_provider(Mailbox *box)
{
    DetectScan *scan = box->scan;
    gsize end;
    const char *domain = mailbox_provider(scan, box->mark_end, &end);
    bool closed = end >= scan->view->len || strchr("@.-_", scan->view->text[end]) == NULL ||
                  (scan->view->text[end] == '.' &&
                   !(end + 1 < scan->view->len && g_ascii_isalnum(scan->view->text[end + 1])));
    if (domain && closed && box->local->len > 0 && !mailbox_is_word(box->local->str)) {
        bool made_up = mailbox_is_made_up(box->local->str) || box->said,
             cued = mailbox_cued(scan, box->start);
        g_string_assign(box->domain, domain);
        box->end = mailbox_loose_ending(scan->view, end);
        double shape = box->mark == AT_SIGN                                   ? 0.85
                       : box->mark == AT_SPACED                               ? 0.7
                       : made_up || box->mark == AT_BRACKET || box->end > end ? (cued ? 0.85 : 0.75)
                       : cued                                                 ? 0.6
                                                                              : 0.35;
        mailbox_emit(box, shape, true);
    }
}

// ---- beside the service's name ---------------------------------------------------------------------------

static void mailbox_emit_name(DetectScan *scan, gsize start, gsize end, const char *local, const char *domain,
                              double shape)
{
    Mailbox box = {.scan = scan, .mark = AT_WORD, .start = start, .end = end};
    box.local = g_string_new(local);
    box.domain = g_string_new(domain);
    mailbox_emit(&box, shape, true);
    g_string_free(box.local, TRUE);
    g_string_free(box.domain, TRUE);
}

// A name at `at` that is none of the language's words: its length; 0 when there is none.
static gsize mailbox_name_at(const DetectView *view, gsize at)
{
    gsize end = at;
    while (end < view->len && end - at < LOCAL_MOST && mailbox_local_char(view->text[end]))
        end++;
    while (end > at && strchr(".-'", view->text[end - 1]))
        end--;
    g_autofree char *name = g_strndup(view->text + at, end - at);
    bool mailbox = end < view->len && view->text[end] == '@';
    return end - at >= 4 && g_ascii_isalnum(*name) && mailbox_is_made_up(name) && !mailbox ? end - at : 0;
}

// "my gmail is jdoe99", "gmail: jdoe99", "jdoe99 (gmail)", "jdoe99 on gmail".
static bool mailbox_beside_provider(DetectScan *scan, gsize start, gsize end, const char *domain)
{
    static const char *const BEHIND[] = {
        ": ",         ":",          " is ",         " es ",         " = ",       " - ",
        " (",         "'s ",        " address is ", " account is ", " name is ", " username is ",
        " address: ", " account: ", " name: ",      " username: ",  " i'm ",     " i am ",
        " im ",       " as ",       " as: ",        " under ",      " soy ",     " como "};
    static const char *const BEFORE[] = {" (", " on ", " en ", " - ", " with ", " via ", " through "};
    const DetectView *view = scan->view;
    bool found = false;
    for (gsize i = 0; !found && i < G_N_ELEMENTS(BEHIND); i++) {
        gsize n = strlen(BEHIND[i]), at = end + n;
        gsize len =
            at < view->len && memcmp(view->text + end, BEHIND[i], n) == 0 ? mailbox_name_at(view, at) : 0;
        found = len > 0 && !scan_taken(scan, at, at + len);
        if (found) {
            g_autofree char *name = g_strndup(view->text + at, len);
            mailbox_emit_name(scan, at, at + len, name, domain, 0.75);
        }
    }
    for (gsize i = 0; !found && i < G_N_ELEMENTS(BEFORE); i++) {
        gsize n = strlen(BEFORE[i]);
        if (start <= n || memcmp(view->text + start - n, BEFORE[i], n) != 0)
            continue;
        Mailbox box = {
            .scan = scan, .mark = AT_WORD, .local = g_string_new(NULL), .domain = g_string_new(domain)};
        mailbox_read_local(&box, start - n);
        box.end = end;
        found = box.local->len >= 4 && mailbox_is_made_up(box.local->str) &&
                g_ascii_isalnum(box.local->str[0]) && !scan_taken(scan, box.start, box.end);
        if (found)
            mailbox_emit(&box, 0.75, true);
        g_string_free(box.local, TRUE);
        g_string_free(box.domain, TRUE);
    }
    return found;
}

// ---- apart from it ---------------------------------------------------------------------------------------

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

// "My account is jdoe99. It's with gmail.": the name nearest to the service that is said to be a mailbox's.
static void mailbox_apart(DetectScan *scan, gsize start, gsize end, const char *domain)
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
        if (n && far < best_far && !scan_taken(scan, at, at + n) && mailbox_is_introduced(view, at)) {
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

// "janedoeatgmaildotcom": written as one word.
static void mailbox_in_one_word(DetectScan *scan, gsize start, gsize end)
{
    static const char *const ENDS[] = {"dotcom", "dotnet", "dotorg"};
    const DetectView *view = scan->view;
    gsize stop = 0;
    for (gsize i = 0; !stop && i < G_N_ELEMENTS(ENDS); i++)
        if (end - start > 12 && memcmp(view->text + end - 6, ENDS[i], 6) == 0)
            stop = end - 6;
    for (gsize at = start + 2; stop && at + 2 < stop; at++) {
        const char *domain = memcmp(view->text + at, "at", 2) == 0
                                 ? tables_mail_provider(scan->data, view->text + at + 2, stop - at - 2)
                                 : NULL;
        if (domain) {
            Mailbox box = {.scan = scan,
                           .mark = AT_WORD,
                           .spelled_dot = true,
                           .start = start,
                           .end = end,
                           .local = g_string_new_len(view->text + start, (gssize)(at - start)),
                           .domain = g_string_new(domain)};
            mailbox_emit(&box, 0.85, false);
            g_string_free(box.local, TRUE);
            g_string_free(box.domain, TRUE);
            stop = 0;
        }
    }
}

void mailbox_find_providers(DetectScan *scan)
{
    const DetectView *view = scan->view;
    guint i = 0, apart = 0;
    const Spot *spot;
    while (!*scan->truncated && (spot = spots_next(view, &i, SPOT_PROVIDER | SPOT_LONG, 0)) != NULL) {
        gsize at = spot->start, end = at;
        while (end < view->len && g_ascii_isalnum(view->text[end]))
            end++;
        bool begins = at == 0 || strchr(" \n\t(:/,\"'", view->text[at - 1]) != NULL;
        gsize stop = end;
        const char *domain = NULL;
        if (end - at < PROVIDER_LONGEST && begins)
            domain = mailbox_provider(scan, at, &stop);
        if (domain && !scan_taken(scan, at, stop)) {
            if (!mailbox_beside_provider(scan, at, stop, domain) && apart++ < APART_MOST)
                mailbox_apart(scan, at, stop, domain);
        } else if (end - at > SPOT_LONG_RUN && end - at < LOCAL_MOST && begins) {
            mailbox_in_one_word(scan, at, end);
        }
    }
    *scan->truncated = *scan->truncated || apart > APART_MOST;
}
