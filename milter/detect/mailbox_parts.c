#include "detect/mailbox_parts.h"
#include "detect/digits.h"
#include "detect/tables.h"

#include <string.h>

#define DOMAIN_MOST 253
#define LABELS_MOST 6
#define DOT_LONGEST 14 // bytes of a dot with what stands around it
#define NAME_WORDS  3  // words that may be told to be one
#define NUMBERS     4  // words of figures at the end of a local part

bool mailbox_local_char(char c)
{
    return g_ascii_isalnum(c) || (c && strchr("._%+-'", c) != NULL) || (guchar)c >= 0x80;
}

bool mailbox_label_char(char c)
{
    return g_ascii_isalnum(c) || c == '-' || (guchar)c >= 0x80;
}

gsize mailbox_skip(const DetectView *view, gsize at, int step, gsize floor, const char *set, gsize most)
{
    for (gsize n = 0; n < most; n++) {
        bool edge = step < 0 ? at <= floor : at >= view->len;
        if (edge || !strchr(set, view->text[step < 0 ? at - 1 : at]))
            break;
        at = step < 0 ? at - 1 : at + 1;
    }
    return at;
}

bool mailbox_is_made_up(const char *local)
{
    return local[strcspn(local, "0123456789._+-")] != '\0';
}

bool mailbox_is_word(const char *local)
{
    static const char *const WORDS[] = {
        "me",        "address",   "account", "look",  "mail",    "email",    "us",      "them",
        "him",       "her",       "you",     "it",    "here",    "not",      "is",      "are",
        "available", "contact",   "reach",   "back",  "write",   "login",    "signed",  "sign",
        "log",       "works",     "work",    "inbox", "only",    "or",       "and",     "also",
        "one",       "up",        "down",    "team",  "support", "people",   "found",   "just",
        "accounts",  "addresses", "in",      "out",   "my",      "personal", "private", "job"};
    bool is = strlen(local) < 3;
    for (gsize i = 0; !is && i < G_N_ELEMENTS(WORDS); i++)
        is = strcmp(local, WORDS[i]) == 0;
    return is;
}

// ---- dots and other marks --------------------------------------------------------------------------------

// What closes `open`; '\0' when it opens nothing.
static char mailbox_closer(char open)
{
    static const char OPEN[] = "([{<\"'/|*_,~-", CLOSE[] = ")]}>\"'/|*_,~-";
    const char *at = open ? strchr(OPEN, open) : NULL;
    return at ? CLOSE[at - OPEN] : '\0';
}

static gsize mailbox_dot_word(const DetectView *view, gsize at)
{
    static const char *const WORDS[] = {"dot", "punto", "point", "period", "ponto", "d0t", "."};
    gsize found = 0;
    char first = at < view->len ? view->text[at] : '\0';
    bool may = first == 'd' || first == 'p' || first == '.';
    for (gsize i = 0; may && !found && i < G_N_ELEMENTS(WORDS); i++) {
        gsize n = strlen(WORDS[i]);
        if (view->len - at >= n && memcmp(view->text + at, WORDS[i], n) == 0)
            found = n;
    }
    return found;
}

gsize mailbox_dot(const DetectView *view, gsize at)
{
    static const char BLANK[] = " \t\n";
    const char *text = view->text;
    gsize open = mailbox_skip(view, at, 1, 0, BLANK, 2), end = 0;
    char close = open < view->len ? mailbox_closer(text[open]) : '\0';
    if (close) {
        gsize word = mailbox_skip(view, open + 1, 1, 0, BLANK, 1), n = mailbox_dot_word(view, word);
        gsize stop = n ? mailbox_skip(view, word + n, 1, 0, BLANK, 1) : 0;
        bool bare = n == 1 && strchr("([{", text[open]) == NULL; // "/./" is no dot
        if (n && !bare && stop < view->len && text[stop] == close)
            end = mailbox_skip(view, stop + 1, 1, 0, BLANK, 2);
    } else if (open > at && open < view->len) {
        gsize n = mailbox_dot_word(view, open), stop = mailbox_skip(view, open + n, 1, 0, BLANK, 2);
        bool lines = memchr(text + at, '\n', stop - at) != NULL;
        if (n > 1 ? stop > open + n : n == 1 && !lines)
            end = stop;
    } else if (at + 4 < view->len && memcmp(text + at, "...", 3) == 0) {
        gsize n = mailbox_dot_word(view, at + 3);
        if (n > 1 && view->len - at > n + 6 && memcmp(text + at + 3 + n, "...", 3) == 0)
            end = at + n + 6;
    }
    return end ? end - at : 0;
}

// May a dot in disguise end with this character?
static bool mailbox_ends_dot(char c)
{
    return strchr(" \t\n.)]}>\"'/|*_,~-", c) != NULL;
}

// The same, ending at `end`.
static gsize mailbox_dot_before(const DetectView *view, gsize end)
{
    gsize found = 0;
    for (gsize n = MIN(end, DOT_LONGEST); n >= 2 && !found && mailbox_ends_dot(view->text[end - 1]); n--)
        found = mailbox_dot(view, end - n) == n ? n : 0;
    return found;
}

// Words for other marks in a local part: "jane underscore doe".
static gsize mailbox_spelled_mark_before(const DetectView *view, gsize end, char *mark)
{
    static const struct {
        const char *form;
        char mark;
    } FORMS[] = {{" underscore ", '_'}, {" underline ", '_'}, {" guion bajo ", '_'}, {" guión bajo ", '_'},
                 {" dash ", '-'},       {" hyphen ", '-'},    {" guion ", '-'},      {" plus ", '+'}};
    gsize found = 0;
    for (gsize i = 0; !found && i < G_N_ELEMENTS(FORMS); i++) {
        gsize n = strlen(FORMS[i].form);
        if (end >= n && memcmp(view->text + end - n, FORMS[i].form, n) == 0) {
            found = n;
            *mark = FORMS[i].mark;
        }
    }
    return found;
}

// ---- remarks ---------------------------------------------------------------------------------------------

static const char *const REMARKS[] = {"no spaces",     "no space",     "without spaces", "without a space",
                                      "without space", "all one word", "one word",       "all together",
                                      "sin espacios",  "sin espacio",  "todo junto",     "all lower case",
                                      "all lowercase", "lowercase",    "lower case"};

gsize mailbox_before_remark(const DetectView *view, gsize end)
{
    static const char BESIDE[] = " ,()\t", LAST[] = "deors"; // letters that remarks end with
    gsize at = mailbox_skip(view, end, -1, 0, BESIDE, 3), found = end;
    if (at == 0 || !strchr(LAST, view->text[at - 1]))
        return end;
    for (gsize i = 0; found == end && i < G_N_ELEMENTS(REMARKS); i++) {
        gsize n = strlen(REMARKS[i]);
        if (at > n && view->text[at - 1] == REMARKS[i][n - 1] &&
            memcmp(view->text + at - n, REMARKS[i], n) == 0 && strchr(BESIDE, view->text[at - n - 1]))
            found = mailbox_skip(view, at - n, -1, 0, BESIDE, 3);
    }
    return found;
}

gsize mailbox_after_remark(const DetectView *view, gsize at)
{
    static const char BESIDE[] = " ,(-\t";
    gsize from = mailbox_skip(view, at, 1, 0, BESIDE, 3), found = at;
    bool may = from > at && from < view->len && g_ascii_isalpha(view->text[from]);
    for (gsize i = 0; may && found == at && i < G_N_ELEMENTS(REMARKS); i++) {
        gsize n = strlen(REMARKS[i]);
        if (view->len - from >= n && memcmp(view->text + from, REMARKS[i], n) == 0)
            found = from + n;
    }
    return found;
}

void mailbox_join_words(Mailbox *box)
{
    static const char *const NOT[] = {"is",      "es",      "at",    "to",      "email",  "mail", "address",
                                      "account", "me",      "my",    "on",      "use",    "it's", "its",
                                      "the",     "a",       "write", "reach",   "con",    "en",   "correo",
                                      "name",    "gmail",   "and",   "or",      "was",    "as",   "i'm",
                                      "im",      "contact", "just",  "usually", "always", "send", "that"};
    const DetectView *view = box->scan->view;
    bool more = box->local->len >= 2;
    for (guint words = 0; more && words < NAME_WORDS; words++) {
        gsize at = box->start, end = at > 1 && view->text[at - 1] == ' ' ? at - 1 : at, from = end;
        while (from > 0 && end - from < LOCAL_MOST &&
               (g_ascii_isalpha(view->text[from - 1]) || view->text[from - 1] == '\''))
            from--;
        more = end < at && end - from >= 2 && (from == 0 || strchr(" \n,:(\"", view->text[from - 1]));
        for (gsize i = 0; more && i < G_N_ELEMENTS(NOT); i++)
            more = strlen(NOT[i]) != end - from || memcmp(NOT[i], view->text + from, end - from) != 0;
        if (more) {
            g_string_insert_len(box->local, 0, view->text + from, (gssize)(end - from));
            box->start = from;
        }
    }
    box->said = true;
}

// ---- the two halves --------------------------------------------------------------------------------------

// En and em dashes part words: they are of no name, though they look like the hyphen that is.
static bool mailbox_is_dash(const DetectView *view, gsize at)
{
    const char *written = view->passage->text + view->origin[at];
    return view->text[at] == '-' && strncmp(written, "\xe2\x80", 2) == 0 &&
           ((guchar)written[2] == 0x93 || (guchar)written[2] == 0x94);
}

// "ninety nine", "four": figures said at the end of a local part that ends at `end`, put to `out`; where they begin.
static gsize mailbox_said_figures(const DetectView *view, gsize end, GString *out)
{
    gsize at = end;
    bool more = true;
    for (guint words = 0; more && words < NUMBERS; words++) {
        gsize word = at;
        char digits[4];
        while (word > 0 && at - word < 12 && g_ascii_isalpha(view->text[word - 1]))
            word--;
        gsize n =
            at > word && word > 1 && view->text[word - 1] == ' ' && mailbox_local_char(view->text[word - 2])
                ? digits_of_word(view->text + word, at - word, digits)
                : 0;
        if (n == 2 && digits[1] == '0' && out->len > 0 && out->str[0] != '0' && words == 1)
            n = 1; // "ninety" before "nine"
        g_string_insert_len(out, 0, digits, (gssize)n);
        more = n > 0;
        at = more ? word - 1 : at;
    }
    return at;
}

void mailbox_read_local(Mailbox *box, gsize end)
{
    const DetectView *view = box->scan->view;
    gsize at = end, joined = 0;
    if (box->mark != AT_SIGN) {
        at = mailbox_said_figures(view, end, box->local);
        box->said = at < end;
    }
    for (guint pieces = 0; joined != at && pieces < LABELS_MOST; pieces++) {
        joined = at;
        gsize word = at;
        while (word > 0 && end - word < LOCAL_MOST && mailbox_local_char(view->text[word - 1]) &&
               !mailbox_is_dash(view, word - 1))
            word--;
        g_string_insert_len(box->local, 0, view->text + word, (gssize)(at - word));
        box->start = word;
        char mark = '.';
        gsize n = word < at ? mailbox_dot_before(view, word) : 0;
        box->spelled_dot = box->spelled_dot || n > 0;
        if (n == 0 && word < at)
            n = mailbox_spelled_mark_before(view, word, &mark);
        gsize before = n > 0 ? mailbox_before_remark(view, word - n) : 0;
        bool more = n > 0 && before > 0 && mailbox_local_char(view->text[before - 1]);
        if (more)
            g_string_insert_c(box->local, 0, mark);
        joined = more ? at : word;
        at = more ? before : word;
    }
    while (box->local->len > 0 && strchr(".-_'%", box->local->str[0])) {
        g_string_erase(box->local, 0, 1);
        box->start++;
    }
}

// The ending of a domain behind a dot and a blank or a line's end: "jane@example.\nnet", "jane@gmail. com".
static gsize mailbox_parted_ending(const Mailbox *box, gsize dot)
{
    static const char *const ENDINGS[] = {"com", "net", "org", "edu", "gov", "us", "co"};
    const DetectView *view = box->scan->view;
    gsize at = mailbox_skip(view, dot + 1, 1, 0, " \n>", 3), end = at, found = 0;
    while (end < view->len && g_ascii_isalpha(view->text[end]))
        end++;
    bool line = at > dot + 1 && memchr(view->text + dot, '\n', at - dot) != NULL;
    for (gsize i = 0; at > dot + 1 && box->mark != AT_WORD && !found && i < G_N_ELEMENTS(ENDINGS); i++)
        if (strlen(ENDINGS[i]) == end - at && memcmp(ENDINGS[i], view->text + at, end - at) == 0) {
            g_autofree char *domain = g_strdup_printf("%s.%s", box->domain->str, ENDINGS[i]);
            found = line || tables_is_webmail(box->scan->data, domain) ? at - dot : 0;
        }
    return found;
}

// "gm@il.com": an @ for an a, where a mail service comes of it.
static bool mailbox_sign_for_letter(Mailbox *box, gsize at)
{
    const DetectView *view = box->scan->view;
    gsize end = at + 1;
    while (end < view->len && end - at < 24 &&
           (mailbox_label_char(view->text[end]) || view->text[end] == '.'))
        end++;
    g_autofree char *domain =
        g_strdup_printf("%sa%.*s", box->domain->str, (int)(end - at - 1), view->text + at + 1);
    bool is = tables_is_webmail(box->scan->data, domain);
    if (is) {
        g_string_assign(box->domain, domain);
        box->end = end;
    }
    return is;
}

void mailbox_read_domain(Mailbox *box, gsize at)
{
    const DetectView *view = box->scan->view;
    bool more = true;
    for (guint labels = 0; more && labels < LABELS_MOST; labels++) {
        gsize end = at;
        while (end < view->len && end - at < 63 && mailbox_label_char(view->text[end]) &&
               !mailbox_is_dash(view, end))
            end++;
        const char *spelled = end > at ? g_strstr_len(view->text + at, (gssize)(end - at), "-dot-") : NULL;
        if (spelled)
            end = (gsize)(spelled - view->text);
        g_string_append_len(box->domain, view->text + at, (gssize)(end - at));
        box->end = end;
        if (end > at && end < view->len && view->text[end] == '@' && labels == 0 &&
            mailbox_sign_for_letter(box, end))
            break;
        bool dot = end < view->len && view->text[end] == '.';
        gsize n = end > at ? (dot ? 1 : mailbox_dot(view, end)) : 0;
        if (dot && labels == 0 && end + 1 < view->len && strchr(" \n", view->text[end + 1])) {
            gsize parted = mailbox_parted_ending(box, end);
            box->split = box->split || parted > 0;
            n = parted ? parted : n;
        } else if (dot && end + 3 < view->len && memcmp(view->text + end, "...", 3) == 0) {
            dot = false;
            n = mailbox_dot(view, end);
        }
        more = n > 0 && end + n < view->len && mailbox_label_char(view->text[end + n]) &&
               box->domain->len < DOMAIN_MOST;
        if (more) {
            box->spelled_dot = box->spelled_dot || !dot;
            g_string_append_c(box->domain, '.');
            at = end + n;
        }
    }
    while (box->domain->len > 0 && strchr(".-", box->domain->str[box->domain->len - 1])) {
        g_string_truncate(box->domain, box->domain->len - 1);
        box->end--;
    }
}

// ---- letter by letter ------------------------------------------------------------------------------------

#define PARTED_MOST 3 // blanks between two letters

// What parts two letters, ending at `end` or (`step` 1) beginning there: blanks, or one mark.
static gsize mailbox_parting(const DetectView *view, gsize at, int step)
{
    gsize blanks = mailbox_skip(view, at, step, 0, " ", PARTED_MOST),
          n = blanks > at ? blanks - at : at - blanks;
    bool edge = step < 0 ? at == 0 : at >= view->len;
    if (n == 0 && !edge && strchr("-_*", view->text[step < 0 ? at - 1 : at]))
        n = 1;
    return n;
}

// One character that stands alone at `at`, or a word for the dot: its length, its letter in `c`; 0 = neither.
static gsize mailbox_lone(const DetectView *view, gsize at, char *c)
{
    gsize n = at < view->len && (mailbox_local_char(view->text[at]) && view->text[at] != '-') ? 1 : 0;
    gsize dot = at < view->len ? mailbox_dot_word(view, at) : 0;
    *c = n ? view->text[at] : '\0';
    if (dot > 1) {
        n = dot;
        *c = '.';
    }
    bool alone = n && (at + n >= view->len || mailbox_parting(view, at + n, 1) > 0 ||
                       strchr("\n,!?)@", view->text[at + n]) ||
                       (view->text[at + n] == '.' && n == 1 &&
                        !(at + 2 < view->len && g_ascii_isalnum(view->text[at + 2]))));
    return alone ? n : 0;
}

bool mailbox_read_spaced(Mailbox *box)
{
    const DetectView *view = box->scan->view;
    gsize at = mailbox_skip(view, box->mark_start, 1, 0, " ", PARTED_MOST),
          gap; // blanks of the mark part letters too
    char c;
    bool more = true;
    while (more && (gap = mailbox_parting(view, at, -1)) > 0 && at > gap && box->local->len < LOCAL_MOST) {
        gsize end = at - gap, n = 1;
        while (n < 6 && n < end && mailbox_parting(view, end - n, -1) == 0 && view->text[end - n - 1] != '\n')
            n++;
        n = MIN(n, end);
        more = mailbox_lone(view, end - n, &c) == n;
        if (more) {
            g_string_insert_c(box->local, 0, c);
            at = end - n;
        }
    }
    box->start = at;
    at = mailbox_skip(view, box->mark_end, -1, box->mark_start, " ", PARTED_MOST);
    more = box->local->len >= 3;
    while (more && (gap = mailbox_parting(view, at, 1)) > 0 && box->domain->len < LOCAL_MOST) {
        gsize n = mailbox_lone(view, at + gap, &c);
        more = n > 0 && (mailbox_label_char(c) || c == '.');
        if (more) {
            g_string_append_c(box->domain, c);
            box->end = at = at + gap + n;
        }
    }
    box->spaced = box->local->len >= 3 && box->domain->len >= 4;
    if (!box->spaced) {
        g_string_truncate(box->local, 0);
        g_string_truncate(box->domain, 0);
    }
    return box->spaced;
}
