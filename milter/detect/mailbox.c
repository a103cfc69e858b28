// mailbox: e-mail addresses, plain and as people write them past a filter.
#include "detect/mailbox.h"
#include "detect/phone.h"
#include "detect/tables.h"

#include <string.h>

#define LOCAL_MOST  64
#define DOMAIN_MOST 253
#define LABELS_MOST 6

// Where an address divides: the mark between local part and domain.
typedef enum {
    AT_SIGN,    // @, %40
    AT_SPACED,  // blanks beside the @
    AT_BRACKET, // (at), [at]
    AT_WORD,    // at, arroba, between blanks
} AtMark;

typedef struct {
    DetectScan *scan;
    AtMark mark;
    gsize mark_start, mark_end;
    gsize start, end; // of the whole
    GString *local, *domain;
    bool spelled_dot; // " dot " or "[.]" stood for a dot
    bool spaced;      // letter by letter
} Mailbox;

// ---- pieces ----------------------------------------------------------------------------------------------

static bool mailbox_local_char(char c)
{
    return g_ascii_isalnum(c) || strchr("._%+-'", c) != NULL || (guchar)c >= 0x80;
}

static bool mailbox_label_char(char c)
{
    return g_ascii_isalnum(c) || c == '-' || (guchar)c >= 0x80;
}

// A dot in one of its disguises at `at`: its length with the blanks around it; 0 = none.
static gsize mailbox_dot(const DetectView *view, gsize at)
{
    static const char *const FORMS[] = {
        " dot ",   " punto ",   " point ", " period ", "[dot]", "(dot)", "{dot}", "<dot>", " [dot] ",
        " (dot) ", " {dot} ",   "[.]",     "(.)",      "{.}",   " [.] ", " (.) ", "-dot-", "_dot_",
        " . ",     " (punto) ", "(punto)", "[punto]",  "*dot*", ",dot,", " ."};
    gsize longest = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(FORMS); i++) {
        gsize n = strlen(FORMS[i]);
        if (n > longest && view->len - at >= n && memcmp(view->text + at, FORMS[i], n) == 0)
            longest = n;
    }
    return longest;
}

// The same, ending at `end`.
static gsize mailbox_dot_before(const DetectView *view, gsize end)
{
    gsize found = 0;
    for (gsize n = MIN(end, 9); n >= 2 && !found; n--)
        found = mailbox_dot(view, end - n) == n ? n : 0;
    return found;
}

// Words for other marks in a local part: "jane underscore doe".
static gsize mailbox_spelled_mark_before(const DetectView *view, gsize end, char *mark)
{
    static const struct {
        const char *form;
        char mark;
    } FORMS[] = {
        {" underscore ", '_'}, {" guion bajo ", '_'}, {" dash ", '-'}, {" hyphen ", '-'}, {" plus ", '+'}};
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

// Local part that ends at `end`, dots and marks spelled or not.
static void mailbox_read_local(Mailbox *box, gsize end)
{
    const DetectView *view = box->scan->view;
    gsize at = end, joined = 0;
    for (guint pieces = 0; joined != at && pieces < LABELS_MOST; pieces++) {
        joined = at;
        gsize word = at;
        while (word > 0 && end - word < LOCAL_MOST && mailbox_local_char(view->text[word - 1]))
            word--;
        g_string_insert_len(box->local, 0, view->text + word, (gssize)(at - word));
        box->start = word;
        char mark = '.';
        gsize n = word < at ? mailbox_dot_before(view, word) : 0;
        box->spelled_dot = box->spelled_dot || n > 0;
        if (n == 0 && word < at)
            n = mailbox_spelled_mark_before(view, word, &mark);
        bool more = n > 0 && word > n && mailbox_local_char(view->text[word - n - 1]);
        if (more)
            g_string_insert_c(box->local, 0, mark);
        joined = more ? at : word;
        at = more ? word - n : word;
    }
    while (box->local->len > 0 && strchr(".-_'%", box->local->str[0])) {
        g_string_erase(box->local, 0, 1);
        box->start++;
    }
}

// Domain that begins at `at`.
static void mailbox_read_domain(Mailbox *box, gsize at)
{
    const DetectView *view = box->scan->view;
    bool more = true;
    for (guint labels = 0; more && labels < LABELS_MOST; labels++) {
        gsize end = at;
        while (end < view->len && end - at < 63 && mailbox_label_char(view->text[end]))
            end++;
        const char *spelled = end > at ? g_strstr_len(view->text + at, (gssize)(end - at), "-dot-") : NULL;
        if (spelled)
            end = (gsize)(spelled - view->text);
        g_string_append_len(box->domain, view->text + at, (gssize)(end - at));
        box->end = end;
        bool dot = end < view->len && view->text[end] == '.';
        gsize n = end > at ? (dot ? 1 : mailbox_dot(view, end)) : 0;
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

// "j a n e @ g m a i l . c o m": single characters with blanks between, on both sides of the mark.
static bool mailbox_read_spaced(Mailbox *box)
{
    const DetectView *view = box->scan->view;
    gsize at = box->mark_start;
    while (at >= 2 && view->text[at - 1] != ' ' && at == box->mark_start)
        return false;
    while (at >= 2 && view->text[at - 1] == ' ' && mailbox_local_char(view->text[at - 2]) &&
           (at == 2 || view->text[at - 3] == ' ' || view->text[at - 3] == '\n') &&
           box->local->len < LOCAL_MOST) {
        g_string_insert_c(box->local, 0, view->text[at - 2]);
        at -= 2;
    }
    box->start = at;
    for (at = box->mark_end; at + 1 < view->len && view->text[at] == ' ' && box->domain->len < LOCAL_MOST &&
                             (mailbox_label_char(view->text[at + 1]) || view->text[at + 1] == '.');
         at += 2) {
        if (at + 2 < view->len && strchr(" \n.,!?)", view->text[at + 2]) == NULL)
            break;
        g_string_append_c(box->domain, view->text[at + 1]);
        box->end = at + 2;
    }
    box->spaced = box->local->len >= 3 && box->domain->len >= 4;
    if (!box->spaced) {
        g_string_truncate(box->local, 0);
        g_string_truncate(box->domain, 0);
    }
    return box->spaced;
}

// ---- values ----------------------------------------------------------------------------------------------

char *mailbox_value(const DetectData *data, const Config *config, const char *local, const char *domain,
                    bool *latin)
{
    g_autofree char *plain_domain = NULL;
    g_autofree char *plain_local = NULL;
    if (!g_str_is_ascii(domain))
        plain_domain = tables_latin_lookalike(data, domain, strlen(domain));
    if (!g_str_is_ascii(local))
        plain_local = tables_latin_lookalike(data, local, strlen(local));
    *latin = plain_domain != NULL || plain_local != NULL;
    g_autofree char *address =
        g_strconcat(plain_local ? plain_local : local, "@", plain_domain ? plain_domain : domain, NULL);
    return roster_canonical_address(config, address);
}

static bool mailbox_is_made_up(const char *local)
{
    return local[strcspn(local, "0123456789._+-")] != '\0';
}

// Words before "at" that are nobody's mailbox.
static bool mailbox_is_word(const char *local)
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

// A word about writing stands shortly before.
static bool mailbox_cued(DetectScan *scan, gsize start)
{
    static const char *const CUES[] = {"mail",    "write",  "reach", "contact", "correo",
                                       "address", "escrib", "send",  "message"};
    gsize from = start > 48 ? start - 48 : 0;
    bool cued = false;
    for (gsize i = 0; !cued && i < G_N_ELEMENTS(CUES); i++)
        cued = g_strstr_len(scan->view->text + from, (gssize)(start - from), CUES[i]) != NULL;
    scan->work += start - from;
    return cued;
}

// How sure; 0 = no address. The domain has its dot.
static double mailbox_shape(Mailbox *box)
{
    const DetectData *data = box->scan->data;
    bool known = tables_known_tld(data, box->domain->str) || !g_str_is_ascii(box->domain->str);
    bool webmail = tables_is_webmail(data, box->domain->str);
    bool word = mailbox_is_word(box->local->str);
    double shape = 0;
    if (box->mark == AT_SIGN && !box->spelled_dot)
        shape = known ? 0.98 : 0.35;
    else if (!known)
        shape = 0;
    else if (box->spaced)
        shape = 0.9;
    else if (box->mark == AT_SIGN || box->mark == AT_BRACKET)
        shape = 0.95;
    else if (box->mark == AT_SPACED)
        shape = webmail || box->spelled_dot || mailbox_is_made_up(box->local->str) ? 0.9 : word ? 0 : 0.6;
    else if (box->spelled_dot)
        shape = word && !webmail ? 0 : 0.92;
    else if (webmail)
        shape = mailbox_is_made_up(box->local->str) ? 0.9 : word ? 0 : 0.8;
    else if (mailbox_is_made_up(box->local->str) && mailbox_cued(box->scan, box->start))
        shape = 0.6;
    return shape;
}

// Addresses of things: message ids, content ids, repositories.
static bool mailbox_is_a_thing(const Mailbox *box)
{
    static const char *const MARKS[] = {
        "message-id", "in-reply-to", "references:", "cid:", "mid:", "content-id"};
    const DetectView *view = box->scan->view;
    gsize from = box->start > 24 ? box->start - 24 : 0;
    bool thing = strcmp(box->local->str, "git") == 0;
    for (gsize i = 0; !thing && i < G_N_ELEMENTS(MARKS); i++)
        thing = g_strstr_len(view->text + from, (gssize)(box->start - from), MARKS[i]) != NULL;
    gsize digits = 0;
    for (const char *p = box->local->str; *p; p++)
        digits += g_ascii_isdigit(*p) || *p == '.';
    return thing || (box->local->len > 30 && digits * 2 > box->local->len);
}

// ---- handing on ------------------------------------------------------------------------------------------

static void mailbox_note(Candidate *candidate, const Mailbox *box, bool latin, bool no_domain)
{
    if (box->mark == AT_WORD || box->mark == AT_BRACKET || box->spelled_dot)
        candidate_obfuscated(candidate, "at-dot");
    if (box->mark == AT_SPACED || box->spaced)
        candidate_obfuscated(candidate, box->spaced ? "spaced" : "separators");
    if (latin)
        candidate_obfuscated(candidate, "homoglyph");
    if (no_domain)
        candidate_obfuscated(candidate, "no-domain");
}

// A number before a carrier's gateway is a phone that gets text messages.
static char *mailbox_gateway_number(const Mailbox *box)
{
    const char *local = box->local->str;
    bool digits = strspn(local, "0123456789") == strlen(local);
    return digits && tables_sms_gateway(box->scan->data, box->domain->str)
               ? phone_nanp(box->scan->data, local, box->local->len)
               : NULL;
}

static void mailbox_emit(Mailbox *box, double shape, bool no_domain)
{
    DetectScan *scan = box->scan;
    bool latin = false;
    g_autofree char *number = mailbox_gateway_number(box);
    g_autofree char *value =
        number ? NULL : mailbox_value(scan->data, scan->config, box->local->str, box->domain->str, &latin);
    if (!number && !value)
        return;
    Candidate *candidate = candidate_new(number ? KIND_PHONE : KIND_EMAIL, number ? number : value,
                                         scan->view, box->start, box->end, shape);
    mailbox_note(candidate, box, latin, no_domain);
    if (number) {
        candidate_evidence(candidate, "mail to text gateway: %s",
                           tables_sms_gateway(scan->data, box->domain->str));
        phone_describe(scan->data, candidate);
    }
    scan_take(scan, box->start, box->end);
    scan_add(scan, candidate);
}

// ---- finding ---------------------------------------------------------------------------------------------

// The mail service named at `at` without its ending: its domain, and where the name ends.
static const char *mailbox_provider(const DetectScan *scan, gsize at, gsize *end)
{
    const DetectView *view = scan->view;
    const char *domain = NULL;
    gsize stop = at;
    for (guint words = 0; !domain && words < 2 && stop < view->len; words++) {
        stop += words;
        while (stop < view->len && stop - at < 24 && g_ascii_isalnum(view->text[stop]))
            stop++;
        domain = stop > at ? tables_mail_provider(scan->data, view->text + at, stop - at) : NULL;
        if (stop < view->len && view->text[stop] != ' ')
            break;
    }
    *end = stop;
    return domain;
}

static void mailbox_try_provider(Mailbox *box)
{
    DetectScan *scan = box->scan;
    gsize end;
    const char *domain = mailbox_provider(scan, box->mark_end, &end);
    bool closed = end >= scan->view->len || strchr("@.-_", scan->view->text[end]) == NULL ||
                  (scan->view->text[end] == '.' &&
                   !(end + 1 < scan->view->len && g_ascii_isalnum(scan->view->text[end + 1])));
    if (domain && closed && box->local->len > 0 && !mailbox_is_word(box->local->str)) {
        bool made_up = mailbox_is_made_up(box->local->str), cued = mailbox_cued(scan, box->start);
        g_string_assign(box->domain, domain);
        box->end = end;
        double shape = box->mark == AT_SIGN     ? 0.85
                       : box->mark == AT_SPACED ? 0.7
                       : made_up                ? (cued ? 0.85 : 0.75)
                       : cued                   ? 0.6
                                                : 0.35;
        mailbox_emit(box, shape, true);
    }
}

static void mailbox_try(DetectScan *scan, AtMark mark, gsize start, gsize end)
{
    const DetectView *view = scan->view;
    Mailbox box = {.scan = scan,
                   .mark = mark,
                   .mark_start = start,
                   .mark_end = end,
                   .local = g_string_new(NULL),
                   .domain = g_string_new(NULL)};
    scan->work += 8;
    if (!mailbox_read_spaced(&box)) {
        mailbox_read_local(&box, start);
        mailbox_read_domain(&box, end);
    }
    bool whole = box.local->len > 0 && box.domain->len > 0 && !scan_taken(scan, box.start, box.end) &&
                 !(box.start >= 3 && memcmp(view->text + box.start - 3, "://", 3) == 0);
    double shape = whole && strchr(box.domain->str, '.') ? mailbox_shape(&box) : 0;
    if (whole && mailbox_is_a_thing(&box))
        shape = 0;
    if (shape > 0)
        mailbox_emit(&box, shape, false);
    else if (whole && !strchr(box.domain->str, '.'))
        mailbox_try_provider(&box);
    scan->work += box.local->len + box.domain->len;
    g_string_free(box.local, TRUE);
    g_string_free(box.domain, TRUE);
}

// @ and %40, blanks beside them belong to the mark.
static void mailbox_find_signs(DetectScan *scan)
{
    const DetectView *view = scan->view;
    for (gsize at = 0; at < view->len && !*scan->truncated; at++) {
        gsize n = view->text[at] == '@'                                           ? 1
                  : at + 3 <= view->len && memcmp(view->text + at, "%40", 3) == 0 ? 3
                                                                                  : 0;
        if (n == 0)
            continue;
        gsize start = at, end = at + n;
        while (start > 0 && at - start < 2 && view->text[start - 1] == ' ')
            start--;
        while (end < view->len && end - at < n + 2 && view->text[end] == ' ')
            end++;
        bool spaced = start < at || end > at + n;
        Mailbox probe = {.scan = scan,
                         .mark_start = at,
                         .mark_end = at + n,
                         .local = g_string_new(NULL),
                         .domain = g_string_new(NULL)};
        bool letters = spaced && mailbox_read_spaced(&probe);
        g_string_free(probe.local, TRUE);
        g_string_free(probe.domain, TRUE);
        if (letters)
            mailbox_try(scan, AT_SPACED, at, at + n);
        else
            mailbox_try(scan, spaced ? AT_SPACED : AT_SIGN, start, end);
        at += n - 1;
    }
}

static void mailbox_find_marks(DetectScan *scan)
{
    const DetectView *view = scan->view;
    PatternMatch match;
    for (gsize at = 0; !*scan->truncated && pattern_next(scan, PATTERN_AT_MARK, &at, &match);) {
        gsize start = match.start[0], end = match.end[0];
        bool bracket = memchr(view->text + start, ' ', end - start) == NULL;
        for (gsize i = start; i < end && !bracket; i++)
            bracket = strchr("([{<", view->text[i]) != NULL;
        // "at", "on" between words: blanks end the one mark and begin the next
        at = end > start + 1 ? end - 1 : end;
        mailbox_try(scan, bracket ? AT_BRACKET : AT_WORD, start, end);
    }
}

// "my gmail is jdoe99", "gmail: jdoe99", "jdoe99 (gmail)", "jdoe99 on gmail".
static void mailbox_beside_provider(DetectScan *scan, gsize start, gsize end, const char *domain)
{
    static const char *const BEHIND[] = {": ",  " is ", " es ",         ":",
                                         " = ", " - ",  " address is ", " account is "};
    static const char *const BEFORE[] = {" (", " on ", " en ", " - ", " with "};
    const DetectView *view = scan->view;
    Mailbox box = {
        .scan = scan, .mark = AT_WORD, .local = g_string_new(NULL), .domain = g_string_new(domain)};
    for (gsize i = 0; box.local->len == 0 && i < G_N_ELEMENTS(BEHIND); i++) {
        gsize n = strlen(BEHIND[i]), at = end + n, stop = at;
        if (at >= view->len || memcmp(view->text + end, BEHIND[i], n) != 0)
            continue;
        while (stop < view->len && stop - at < LOCAL_MOST && mailbox_local_char(view->text[stop]))
            stop++;
        while (stop > at && strchr(".-'", view->text[stop - 1]))
            stop--;
        if (stop < view->len && view->text[stop] == '@')
            break;
        g_string_append_len(box.local, view->text + at, (gssize)(stop - at));
        box.start = at;
        box.end = stop;
    }
    for (gsize i = 0; box.local->len == 0 && i < G_N_ELEMENTS(BEFORE); i++) {
        gsize n = strlen(BEFORE[i]);
        if (start <= n || memcmp(view->text + start - n, BEFORE[i], n) != 0)
            continue;
        mailbox_read_local(&box, start - n);
        box.end = end;
        if (!mailbox_is_made_up(box.local->str))
            g_string_truncate(box.local, 0);
    }
    if (box.local->len >= 4 && mailbox_is_made_up(box.local->str) && !scan_taken(scan, box.start, box.end) &&
        g_ascii_isalnum(box.local->str[0]))
        mailbox_emit(&box, 0.75, true);
    g_string_free(box.local, TRUE);
    g_string_free(box.domain, TRUE);
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

static void mailbox_find_providers(DetectScan *scan)
{
    const DetectView *view = scan->view;
    for (gsize at = 0; at < view->len && !*scan->truncated;) {
        gsize end = at;
        while (end < view->len && g_ascii_isalnum(view->text[end]))
            end++;
        bool begins = at == 0 || strchr(" \n\t(:/,\"'", view->text[at - 1]) != NULL;
        gsize stop = end;
        const char *domain = NULL;
        if (end > at && end - at < 24 && begins)
            domain = mailbox_provider(scan, at, &stop);
        if (domain && !scan_taken(scan, at, stop))
            mailbox_beside_provider(scan, at, stop, domain);
        else if (end - at > 12 && end - at < LOCAL_MOST && begins)
            mailbox_in_one_word(scan, at, end);
        at = MAX(end, at + 1);
    }
}

void mailbox_find(DetectScan *scan)
{
    mailbox_find_signs(scan);
    mailbox_find_marks(scan);
    mailbox_find_providers(scan);
}
