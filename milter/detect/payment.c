// payment: handles of payment services, where the service is named beside them. Links to them are social.c's.
#include "detect/spots.h"

#include <string.h>

#define PAYMENT_REACH  48 // bytes behind the service's name in which its handle may stand
#define PAYMENT_BEFORE 28 // and before it

typedef struct {
    const char *word, *platform;
    char sign; // before the names of this service
} PaymentService;

static const PaymentService SERVICES[] = {
    {"venmo", "venmo", '@'},      {"cashapp", "cashapp", '$'},    {"cash app", "cashapp", '$'},
    {"cash-app", "cashapp", '$'}, {"cashtag", "cashapp", '$'},    {"cash.app", "cashapp", '$'},
    {"$cashtag", "cashapp", '$'}, {"paypal.me/", "paypal", '\0'}, {"paypal", "paypal", '@'},
    {"zelle", "zelle", '@'},
};

static bool payment_is_name(char c)
{
    return g_ascii_isalnum(c) || c == '-' || c == '_';
}

// Length of a name at `at`, 0 when it cannot be one: 3 to 30 characters, a letter among them, none of a
// mailbox.
static gsize payment_name(const DetectView *view, gsize at)
{
    gsize n = 0, letters = 0;
    while (at + n < view->len && payment_is_name(view->text[at + n]))
        letters += g_ascii_isalpha(view->text[at + n++]);
    while (n && (view->text[at + n - 1] == '-' || view->text[at + n - 1] == '_'))
        n--;
    bool mailbox = at + n + 1 < view->len && (view->text[at + n] == '@' || view->text[at + n] == '.') &&
                   g_ascii_isalnum(view->text[at + n + 1]);
    return n >= 3 && n <= 30 && letters && !mailbox ? n : 0;
}

// A word without a sign is a name only where it looks like none of the language: a digit, '-' or '_' in it.
static bool payment_is_made_up(const DetectView *view, gsize at, gsize n)
{
    bool odd = false;
    for (gsize i = 0; i < n; i++)
        odd |= !g_ascii_isalpha(view->text[at + i]);
    return odd;
}

static void payment_add(DetectScan *scan, const PaymentService *service, gsize start, gsize name, gsize n,
                        double shape)
{
    if (scan_taken(scan, start, name + n))
        return;
    g_autofree char *word = g_strndup(scan->view->text + name, n);
    g_autofree char *value =
        g_strdup_printf("%s:%s%s", service->platform, service->sign == '$' ? "$" : "", word);
    Candidate *candidate = candidate_new(KIND_PAYMENT_HANDLE, value, scan->view, start, name + n, shape);
    candidate_evidence(candidate, "service named: %s", service->word);
    scan_take(scan, start, name + n);
    scan_add(scan, candidate);
}

// "my venmo is", "venmo:", "venmo me at": the byte behind such words after the service's name.
static gsize payment_connective(const DetectView *view, gsize at, bool *out_colon)
{
    static const char *const WORDS[] = {"me ",    "is ",   "at ", "to ",  "handle ", "username ",
                                        "user ",  "name ", "id ", "tag ", "acct ",   "account ",
                                        "under ", "es ",   "a ",  "via "};
    bool more = true;
    *out_colon = false;
    while (more && at < view->len) {
        more = false;
        while (at < view->len && strchr(" \t:=-(>\"'", view->text[at]) && view->text[at]) {
            *out_colon |= view->text[at] == ':' || view->text[at] == '=' || view->text[at] == '(';
            at++;
        }
        for (guint i = 0; !more && i < G_N_ELEMENTS(WORDS); i++) {
            gsize n = strlen(WORDS[i]);
            more = at + n <= view->len && memcmp(view->text + at, WORDS[i], n) == 0;
            *out_colon |= more && (strcmp(WORDS[i], "is ") == 0 || strcmp(WORDS[i], "at ") == 0);
            at += more ? n : 0;
        }
    }
    return at;
}

// A signed name within [from, to), on one line with the service's name.
static bool payment_signed(DetectScan *scan, const PaymentService *service, gsize from, gsize to)
{
    const DetectView *view = scan->view;
    bool found = false;
    for (gsize i = from; !found && i < to && view->text[i] != '\n'; i++) {
        char c = view->text[i];
        bool sign = (c == '@' || c == '$') && (i == 0 || !g_ascii_isalnum(view->text[i - 1]));
        bool fits = service->sign == '$' ? sign : sign && c == '@';
        gsize n = fits ? payment_name(view, i + 1) : 0;
        found = n && g_ascii_isalpha(view->text[i + 1]);
        if (found)
            payment_add(scan, service, i, i + 1, n, 0.9);
    }
    return found;
}

static void payment_around(DetectScan *scan, const PaymentService *service, gsize start, gsize end)
{
    const DetectView *view = scan->view;
    bool colon = false, found = false;
    gsize name = service->sign ? payment_connective(view, end, &colon) : end;
    gsize n = name < view->len ? payment_name(view, name) : 0;
    if (service->sign == '\0')
        found = n > 0;
    else
        found = n && name > end && colon && payment_is_made_up(view, name, n) &&
                g_ascii_isalpha(view->text[name]);
    if (found) {
        payment_add(scan, service, name, name, n, service->sign ? 0.75 : 0.92);
    } else if (!payment_signed(scan, service, end, MIN(end + PAYMENT_REACH, view->len))) {
        gsize line = start;
        while (line > 0 && start - line < PAYMENT_BEFORE && !strchr("\n.!?;", view->text[line - 1]))
            line--;
        payment_signed(scan, service, line, start);
    }
}

void payment_spots(SpotTable *table)
{
    for (guint i = 0; i < G_N_ELEMENTS(SERVICES); i++)
        spots_add(table, SPOT_SERVICE, SERVICES[i].word + (SERVICES[i].word[0] == '$' ? 1 : 0));
}

// Is the service named at `start`, a run's first byte, or one before it where its word begins with a sign?
static bool payment_named(const DetectView *view, const PaymentService *service, gsize *start)
{
    gsize n = strlen(service->word);
    if (service->word[0] == '$' && *start > 0)
        (*start)--;
    return view->len - *start >= n && memcmp(view->text + *start, service->word, n) == 0 &&
           (*start == 0 || !g_ascii_isalnum(view->text[*start - 1])) &&
           (service->sign == '\0' || *start + n == view->len || !g_ascii_isalnum(view->text[*start + n]));
}

void payment_find(DetectScan *scan)
{
    guint first = 0;
    if (!spots_next(scan->view, &first, SPOT_SERVICE, 0))
        return;
    for (guint i = 0; i < G_N_ELEMENTS(SERVICES); i++) {
        const Spot *spot;
        for (guint k = first - 1;
             !*scan->truncated && (spot = spots_next(scan->view, &k, SPOT_SERVICE, 0));) {
            gsize start = spot->start;
            if (payment_named(scan->view, &SERVICES[i], &start))
                payment_around(scan, &SERVICES[i], start, start + strlen(SERVICES[i].word));
        }
    }
}
