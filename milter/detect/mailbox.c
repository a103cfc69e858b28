// mailbox: e-mail addresses, plain and as people write them past a filter.
#include "detect/mailbox_parts.h"
#include "detect/phone.h"
#include "detect/spots.h"
#include "detect/tables.h"

#include <string.h>

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

bool mailbox_cued(DetectScan *scan, gsize start)
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
    bool raw = box->scan->view->passage->origin == ORIGIN_SWEEP; // coded bytes hold at signs, too
    bool webmail = tables_is_webmail(data, box->domain->str);
    bool word = mailbox_is_word(box->local->str);
    double shape = 0;
    if (box->mark == AT_SIGN && !box->spelled_dot)
        shape = known ? 0.98 : raw ? 0 : 0.35;
    else if (!known)
        shape = 0;
    else if (box->spaced)
        shape = 0.9;
    else if (box->split && box->mark == AT_SPACED)
        shape = webmail || box->spelled_dot || mailbox_is_made_up(box->local->str) ? 0.85 : 0;
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
        "message-id", "in-reply-to", "references:", "cid:", "mid:", "content-id", "uid:"};
    const DetectView *view = box->scan->view;
    gsize from = box->start > 24 ? box->start - 24 : 0;
    bool thing = strcmp(box->local->str, "git") == 0;
    bool may = memchr(view->text + from, ':', box->start - from) ||
               memchr(view->text + from, '-', box->start - from);
    for (gsize i = 0; may && !thing && i < G_N_ELEMENTS(MARKS); i++)
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
    if (box->said)
        candidate_obfuscated(candidate, "spelled");
    if (box->split)
        candidate_obfuscated(candidate, "split");
}

// A number before a carrier's gateway is a phone that gets text messages.
static char *mailbox_gateway_number(const Mailbox *box)
{
    char digits[12];
    gsize n = 0, at = 0;
    for (; box->local->str[at] && n < sizeof digits && strchr("0123456789-._", box->local->str[at]); at++)
        if (g_ascii_isdigit(box->local->str[at]))
            digits[n++] = box->local->str[at];
    return box->local->str[at] == '\0' && tables_sms_gateway(box->scan->data, box->domain->str)
               ? phone_nanp(box->scan->data, digits, n)
               : NULL;
}

void mailbox_emit(Mailbox *box, double shape, bool no_domain)
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

// Most words "at" have neither a domain nor a mail service behind them.
static bool mailbox_leads_nowhere(const DetectScan *scan, AtMark mark, gsize end)
{
    const DetectView *view = scan->view;
    gsize stop = end, name;
    while (stop < view->len && stop - end < 63 && mailbox_label_char(view->text[stop]))
        stop++;
    return mark == AT_WORD && stop - end != 1 &&
           (stop == end ||
            (view->text[stop] != '.' && mailbox_dot(view, stop) == 0 &&
             !memmem(view->text + end, stop - end, "-dot-", 5) && !mailbox_provider(scan, end, &name)));
}

static void mailbox_try(DetectScan *scan, AtMark mark, gsize start, gsize end)
{
    const DetectView *view = scan->view;
    if (mailbox_leads_nowhere(scan, mark, end))
        return;
    Mailbox box = {.scan = scan,
                   .mark = mark,
                   .mark_start = start,
                   .mark_end = end,
                   .local = g_string_new(NULL),
                   .domain = g_string_new(NULL)};
    scan->work += 8;
    box.split = memchr(view->text + start, '\n', end - start) != NULL;
    if (!mailbox_read_spaced(&box)) {
        gsize name = mailbox_before_remark(view, start);
        mailbox_read_local(&box, name);
        mailbox_read_domain(&box, end);
        if (name < start || mailbox_after_remark(view, box.end) > box.end)
            mailbox_join_words(&box);
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
        at += strcspn(view->text + at, "@%");
        gsize n = at >= view->len                                                 ? 0
                  : view->text[at] == '@'                                         ? 1
                  : at + 3 <= view->len && memcmp(view->text + at, "%40", 3) == 0 ? 3
                                                                                  : 0;
        if (n == 0)
            continue;
        gsize start = at, end = at + n;
        while (start > 0 && at - start < 2 && view->text[start - 1] == ' ')
            start--;
        while (end < view->len && end - at < n + 2 && view->text[end] == ' ')
            end++;
        if (end < view->len && view->text[end] == '\n') // a line ends behind the sign
            end = mailbox_skip(view, end + 1, 1, 0, "> ", 4);
        bool spaced = start < at || end > at + n;
        // A domain begins here, whole or letter by letter.
        if (start > 0 && end < view->len &&
            (mailbox_label_char(view->text[end]) || strchr(" -_*", view->text[end])))
            mailbox_try(scan, spaced ? AT_SPACED : AT_SIGN, start, end);
        at += n - 1;
    }
}

static const struct {
    const char *word;
    bool bare; // also without brackets
} AT_WORDS[] = {{"at", true}, {"arroba", true}, {"arobase", true}, {"arobas", true},
                {"@", false}, {"a", false},     {"ät", false}};

void mailbox_spots(SpotTable *table)
{
    for (gsize i = 0; i < G_N_ELEMENTS(AT_WORDS); i++)
        spots_add(table, SPOT_AT, AT_WORDS[i].word);
}

// Bytes of the word for @ at `word`; 0 when there is none. `*out_bare`: also without brackets.
static gsize mailbox_at_word(const DetectView *view, gsize word, bool *out_bare)
{
    static const char *const SIGNS[] = {" sign", "-sign", " symbol"};
    gsize n = 0;
    for (gsize i = 0; n == 0 && i < G_N_ELEMENTS(AT_WORDS); i++) {
        gsize len = strlen(AT_WORDS[i].word);
        if (AT_WORDS[i].word[0] == view->text[word] && view->len - word >= len &&
            memcmp(view->text + word, AT_WORDS[i].word, len) == 0 &&
            (word + len == view->len || !g_ascii_isalnum(view->text[word + len]))) {
            n = len;
            *out_bare = AT_WORDS[i].bare;
        }
    }
    for (gsize i = 0; n == 2 && i < G_N_ELEMENTS(SIGNS); i++) {
        gsize len = strlen(SIGNS[i]);
        if (view->len - word >= n + len && memcmp(view->text + word + n, SIGNS[i], len) == 0)
            n += len;
    }
    return n;
}

// "(at)", "[ @ ]", " at ", "_at_", "/at/": the mark whose word begins at `word`, not reaching before `floor`, with the
// blanks around it. False when there is none.
static bool mailbox_mark(const DetectView *view, gsize word, gsize floor, gsize *start, gsize *end)
{
    static const char BESIDE[] = " \t_*-", BLANK[] = " \t\n", QUOTES[] = "\"'/|~.";
    const char *text = view->text;
    bool found = false, bare = false;
    gsize n = mailbox_at_word(view, word, &bare), after = word + n;
    if (n > 0) {
        *start = mailbox_skip(view, word, -1, floor, BESIDE, 2);
        *end = mailbox_skip(view, after, 1, 0, BESIDE, 2);
        bool around = *start > floor && *end < view->len;
        found = around && strchr("([{<", text[*start - 1]) && strchr(")]}>", text[*end]);
        if (found) {
            *start -= 1;
            *end += 1;
        } else if (around && bare && *start == word && *end == after && text[word - 1] == text[after] &&
                   strchr(QUOTES, text[after])) {
            *start = mailbox_skip(view, word, -1, floor, (char[]){text[after], '\0'}, 3);
            *end = mailbox_skip(view, after, 1, 0, (char[]){text[after], '\0'}, 3);
            found = text[after] != '.' || (word - *start > 1 && *end - after > 1); // "look.at.it"
        } else if (bare && word > floor && strchr(" \t\n_*-", text[word - 1]) && after < view->len &&
                   strchr(" \t\n_*-", text[after])) {
            found = true;
            *start = text[word - 1] == '\n' ? word : word - 1;
            *end = after + 1;
        }
    }
    *start = found ? mailbox_skip(view, *start, -1, floor, BLANK, 3) : 0;
    *end = found ? mailbox_skip(view, *end, 1, 0, BLANK, 3) : 0;
    return found;
}

static void mailbox_find_marks(DetectScan *scan)
{
    const DetectView *view = scan->view;
    gsize at = 0, start, end;
    guint i = 0;
    const Spot *spot;
    while (!*scan->truncated && (spot = spots_next(view, &i, SPOT_AT | SPOT_SIGN, at)) != NULL) {
        if (!mailbox_mark(view, spot->start, at, &start, &end))
            continue;
        bool bracket = memchr(view->text + start, ' ', end - start) == NULL ||
                       memmem(view->text + start, end - start, "sign", 4) != NULL;
        for (gsize k = start; k < end && !bracket; k++)
            bracket = strchr("([{<\"'/|~.", view->text[k]) != NULL;
        // "at", "on" between words: blanks end the one mark and begin the next
        at = end > start + 1 ? end - 1 : end;
        mailbox_try(scan, bracket ? AT_BRACKET : AT_WORD, start, end);
    }
}

void mailbox_find(DetectScan *scan)
{
    mailbox_find_signs(scan);
    mailbox_find_marks(scan);
    mailbox_find_providers(scan);
}
