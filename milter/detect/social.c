// social: links in a text: with a scheme, bare, defanged, wrapped in another link; and tel:, sms: and their
// like.
#include "detect/social.h"
#include "detect/phone.h"
#include "detect/spots.h"
#include "detect/tables.h"

#include <string.h>

#define HOST_MOST 253
#define LINK_MOST 2048
#define WRAP_MOST 3

static bool social_host_char(char c)
{
    return g_ascii_isalnum(c) || c == '.' || c == '-' || (guchar)c >= 0x80;
}

// "[.]", "(dot)", "[dot]" as people write a dot that must not become a link; their length, 0 = none.
static gsize social_defanged_dot(const char *text, gsize n)
{
    static const char *const DOTS[] = {"[.]", "(.)", "{.}", "[dot]", "(dot)", "{dot}"};
    gsize len = 0;
    bool bracket = n > 0 && (*text == '[' || *text == '(' || *text == '{');
    for (gsize i = 0; bracket && len == 0 && i < G_N_ELEMENTS(DOTS); i++)
        if (n >= strlen(DOTS[i]) && memcmp(text, DOTS[i], strlen(DOTS[i])) == 0)
            len = strlen(DOTS[i]);
    return len;
}

// Reads the host at `at`: its end, and into `host` its name. `*disguise` says how it was disguised.
static gsize social_host(const DetectView *view, gsize at, GString *host, const char **disguise)
{
    gsize end = at;
    g_string_truncate(host, 0);
    while (end < view->len && host->len <= HOST_MOST) {
        gsize dot = social_defanged_dot(view->text + end, view->len - end);
        if (dot > 0 && host->len > 0) {
            g_string_append_c(host, '.');
            *disguise = "defanged";
            end += dot;
        } else if (social_host_char(view->text[end])) {
            g_string_append_c(host, view->text[end++]);
        } else {
            break;
        }
    }
    while (host->len > 0 && (host->str[host->len - 1] == '.' || host->str[host->len - 1] == '-')) {
        g_string_truncate(host, host->len - 1);
        end--;
    }
    return end;
}

// The end of the path, query and fragment that begin at `at`.
static gsize social_path_end(const DetectView *view, gsize at)
{
    gsize end = at, most = MIN(view->len, at + LINK_MOST);
    while (end < most && (guchar)view->text[end] > ' ' && strchr("<>\"`|\\^{}", view->text[end]) == NULL &&
           !(end + 2 < most && memcmp(view->text + end, "__;", 3) == 0))
        end++;
    bool open = memchr(view->text + at, '(', end - at) != NULL;
    while (end > at && strchr(".,;:!?'*]", view->text[end - 1]) != NULL)
        end--;
    while (end > at && view->text[end - 1] == ')' && !open)
        end--;
    return end;
}

// As written, for codes whose letters' case counts; the view's where the bytes do not correspond.
static char *social_as_written(const DetectView *view, gsize start, gsize end)
{
    gsize from, to;
    view_span(view, start, end, &from, &to);
    bool same = to - from == end - start;
    const char *text = same ? view->passage->text + from : view->text + start;
    for (gsize i = 0; same && i < to - from; i++)
        same = (guchar)text[i] < 0x80;
    return g_strndup(same ? text : view->text + start, end - start);
}

// Where "user@" begins that stands between a scheme and the host at `at`; `at` itself where none does.
static gsize social_behind_scheme(const DetectView *view, gsize at)
{
    gsize start = at;
    if (at > 0 && view->text[at - 1] == '@')
        for (start = at - 1;
             start > 0 && at - start < 64 && strchr(" /\n\t<>\"", view->text[start - 1]) == NULL;)
            start--;
    return start >= 3 && memcmp(view->text + start - 3, "://", 3) == 0 ? start : at;
}

static bool social_scheme_before(const DetectView *view, gsize at)
{
    gsize start = social_behind_scheme(view, at);
    return start >= 3 && memcmp(view->text + start - 3, "://", 3) == 0;
}

// Where the link that has its host at `at` begins: at its scheme.
static gsize social_link_start(const DetectView *view, gsize at)
{
    gsize start = at;
    if (social_scheme_before(view, at)) {
        start = social_behind_scheme(view, at) - 3;
        for (guint n = 0; n < 12 && start > 0 && g_ascii_isalpha(view->text[start - 1]); n++)
            start--;
    }
    return start;
}

// Links that carry another one: ?url=https%3A%2F%2F..., and a rewriting of the slashes. The carried link as
// text.
static char *social_unwrap(const char *host, const char *path)
{
    g_autofree char *text = g_strdup(path);
    if (g_str_has_prefix(host, "urldefense")) {
        g_autoptr(GString) plain = g_string_new(path);
        g_string_replace(plain, "-3A", ":", 0);
        g_string_replace(plain, "-3a", ":", 0);
        g_string_replace(plain, "_", "/", 0);
        g_free(text);
        text = g_string_free(g_steal_pointer(&plain), FALSE);
    }
    char *decoded = strchr(text, '%') ? g_uri_unescape_string(text, NULL) : g_strdup(text);
    const char *inner = decoded && g_utf8_validate(decoded, -1, NULL) ? strstr(decoded, "://") : NULL;
    char *carried = inner ? g_strdup(inner + 3) : NULL;
    g_free(decoded);
    return carried;
}

// What the link means, unwrapped as often as needed.
static void social_link_or_carried(DetectScan *scan, const char *host, const char *path, gsize start,
                                   gsize end, const char *disguise)
{
    g_autofree char *at_host = g_strdup(host);
    g_autofree char *at_path = g_strdup(path);
    bool done =
        tables_approved(scan->data, host, path) != NULL && strstr(path, "%3") == NULL && !strstr(path, "://");
    if (done && !links_add(scan, at_host, at_path, start))
        *scan->truncated = true;
    for (guint depth = 0; !done && depth < WRAP_MOST; depth++) {
        bool leads = at_path[0] != '\0' && at_path[1] != '\0'; // the service's own first page hides nothing
        if (scan->shortened && leads && tables_is_shortener(scan->data, at_host))
            *scan->shortened = true;
        if (!links_add(scan, at_host, at_path, start))
            *scan->truncated = true;
        done = social_link(scan, at_host, at_path, start, end, depth ? "wrapped-link" : disguise);
        char *carried = done ? NULL : social_unwrap(at_host, at_path);
        done = carried == NULL;
        if (carried) {
            gsize len = strcspn(carried, "/?#");
            g_free(at_host);
            g_free(at_path);
            at_host = g_ascii_strdown(carried, (gssize)len);
            at_path = g_strndup(carried + len, strcspn(carried + len, len ? "& " : ""));
            g_free(carried);
        }
    }
}

// A host was read at [at, end): takes the link it belongs to. Returns where to go on.
static gsize social_try_link(DetectScan *scan, gsize at, gsize end, const GString *name, const char *disguise)
{
    const DetectView *view = scan->view;
    bool scheme = social_scheme_before(view, at);
    g_autofree char *latin = NULL;
    const char *host = name->str;
    if (!g_str_is_ascii(host)) {
        latin = tables_latin_lookalike(scan->data, host, name->len);
        host = latin ? latin : host;
        disguise = latin ? "homoglyph" : disguise;
    }
    gsize after = end;
    if (after < view->len && view->text[after] == ':')
        while (after + 1 < view->len && g_ascii_isdigit(view->text[after + 1]))
            after++;
    after = after > end ? after + 1 : end;
    bool path = after < view->len && strchr("/?#", view->text[after]) != NULL;
    bool known = scheme || g_str_has_prefix(host, "www.") || (path && tables_known_tld(scan->data, host)) ||
                 social_own_host(scan->data, host) != NULL;
    gsize next = end;
    if (known && strchr(host, '.') != NULL) {
        next = path ? social_path_end(view, after) : after;
        g_autofree char *text = social_as_written(view, after, MAX(next, after));
        gsize start = social_link_start(view, at);
        social_link_or_carried(scan, host, path ? text : "", start, next, disguise);
        scan_take(scan, start, next);
    }
    return MAX(next, end);
}

// tel:+14135550142, sms:..., whatsapp://send?phone=...: the number in them.
static gsize social_try_number(DetectScan *scan, gsize colon)
{
    static const char *const SCHEMES[] = {
        "tel", "sms", "smsto", "callto", "facetime", "facetime-audio", "imessage", "telprompt", "mms"};
    const DetectView *view = scan->view;
    gsize start = colon, end = colon + 1, n = 0;
    while (start > 0 && colon - start < 16 &&
           (g_ascii_isalpha(view->text[start - 1]) || view->text[start - 1] == '-'))
        start--;
    bool is = false;
    for (gsize i = 0; !is && i < G_N_ELEMENTS(SCHEMES); i++)
        is =
            strlen(SCHEMES[i]) == colon - start && memcmp(SCHEMES[i], view->text + start, colon - start) == 0;
    char digits[16];
    bool plus = false;
    while (is && end < view->len && end - colon < 40 && n < 15 &&
           (g_ascii_isdigit(view->text[end]) || strchr("+-.()/%", view->text[end]) != NULL)) {
        if (view->text[end] == '%' && end + 2 < view->len) {
            plus = plus || memcmp(view->text + end + 1, "2b", 2) == 0;
            end += 2;
        } else if (g_ascii_isdigit(view->text[end])) {
            digits[n++] = view->text[end];
        }
        plus = plus || view->text[end] == '+';
        end++;
    }
    g_autofree char *value = n >= 7 ? phone_value(scan->data, digits, n, plus) : NULL;
    if (value && !(end < view->len && g_ascii_isalnum(view->text[end]))) {
        Candidate *candidate = candidate_new(KIND_PHONE, value, view, start, end, 0.97);
        candidate_evidence(candidate, "link: %.*s", (int)(colon - start), view->text + start);
        phone_describe(scan->data, candidate);
        scan_take(scan, start, end);
        scan_add(scan, candidate);
    }
    return colon + 1;
}

// Where the host begins that has byte `at`, a dot or what stands for one, within or right behind it; not before
// `least`, and not with a dot or dash.
static gsize social_host_start(const DetectView *view, gsize at, gsize least)
{
    gsize start = at;
    while (start > least && social_host_char(view->text[start - 1]))
        start--;
    while (start < at && (view->text[start] == '.' || view->text[start] == '-'))
        start++;
    return start;
}

// Takes the host that begins at `at`, if it is one. Returns where to go on.
static gsize social_try_host(DetectScan *scan, gsize at, GString *host)
{
    const DetectView *view = scan->view;
    const char *disguise = NULL;
    char before = at > 0 ? view->text[at - 1] : ' ';
    gsize end = social_host(view, at, host, &disguise);
    bool mailbox = before == '@' && !social_scheme_before(view, at);
    bool name = strchr(host->str, '.') != NULL && !mailbox && before != '_' && before != '.' &&
                !(end < view->len && view->text[end] == '@');
    gsize next = name ? social_try_link(scan, at, end, host, disguise) : end;
    while (next < view->len && social_host_char(view->text[next]) && next == end)
        next = ++end;
    return MAX(next, at + 1);
}

void social_find(DetectScan *scan)
{
    const DetectView *view = scan->view;
    g_autoptr(GString) host = g_string_new(NULL);
    gsize at = 0;
    guint i = 0;
    const Spot *spot;
    while ((spot = spots_next(view, &i, SPOT_COLON | SPOT_DOT | SPOT_BRACKET, at)) != NULL) {
        bool colon = spot->classes & SPOT_COLON;
        gsize start = colon ? spot->start : social_host_start(view, spot->start, at);
        if (colon)
            at = social_try_number(scan, start);
        else if (start < spot->start &&
                 (spot->classes & SPOT_DOT ||
                  social_defanged_dot(view->text + spot->start, view->len - spot->start)))
            at = social_try_host(scan, start, host);
        else if (start == spot->start)
            at = start; // only dots and dashes stand before it
    }
    social_handles(scan);
}
