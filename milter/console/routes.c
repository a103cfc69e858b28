// From a request to its page.
#include "console/internal.h"

#include <sodium.h>
#include <string.h>

const RouteTable *const ROUTE_TABLES[] = {&STATIC_ROUTES,    &ENTER_ROUTES,
                                          &HOME_ROUTES,      &ACCOUNT_ROUTES,
                                          &QUEUE_ROUTES,     &ITEM_ROUTES,
                                          &HTML_ROUTES,      &PARTS_ROUTES,
                                          &DECIDE_ROUTES,    &SENDER_ROUTES,
                                          &ACCESS_ROUTES,    &REVIEWS_ROUTES,
                                          &REVIEW_ROUTES,    &SECOND_ROUTES,
                                          &REOPEN_ROUTES,    &DUPLICATE_ROUTES,
                                          &ASKED_ROUTES,     &EXCEPTIONS_ROUTES,
                                          &BACKTEST_ROUTES,  &ASSIGN_ROUTES,
                                          &CASES_ROUTES,     &CASE_ROUTES,
                                          &RECORDS_ROUTES,   &LETTERS_ROUTES,
                                          &DASHBOARD_ROUTES, &POLICY_ROUTES,
                                          &PROPOSALS_ROUTES, &ROSTER_ROUTES,
                                          &KEYS_ROUTES,      &EXPORTS_ROUTES,
                                          &SEARCH_ROUTES,    &RECORD_ROUTES,
                                          &REDACT_ROUTES,    &PROOFS_ROUTES,
                                          &EVENTS_ROUTES,    &HOLDS_ROUTES,
                                          &DISPOSAL_ROUTES,  NULL};

static void args_clear(Request *request)
{
    for (gsize i = 0; i < G_N_ELEMENTS(request->args); i++)
        g_clear_pointer(&request->args[i], g_free);
}

static bool path_fits(Request *request, const char *pattern)
{
    g_auto(GStrv) want = g_strsplit(pattern, "/", -1), have = g_strsplit(request->path, "/", -1);
    bool fits = g_strv_length(want) == g_strv_length(have);
    gsize args = 0;
    args_clear(request);
    for (guint i = 0; fits && want[i] != NULL; i++) {
        bool is_arg = want[i][0] == ':' && have[i][0] != '\0' && args < G_N_ELEMENTS(request->args);
        if (is_arg)
            request->args[args++] = g_strdup(have[i]);
        fits = is_arg || strcmp(want[i], have[i]) == 0;
    }
    return fits;
}

// NULL: `*out_other` tells whether there is one of another method.
static const Route *route_find(Request *request, bool *out_other)
{
    *out_other = false;
    for (const RouteTable *const *table = ROUTE_TABLES; *table != NULL; table++)
        for (gsize i = 0; i < (*table)->count; i++) {
            const Route *route = &(*table)->routes[i];
            if (!path_fits(request, route->path))
                continue;
            if (strcmp(route->method, request->method) == 0)
                return route;
            *out_other = true;
        }
    args_clear(request);
    return NULL;
}

static bool csrf_fits(const Request *request)
{
    const char *want = request_csrf(request), *have = request_form(request, "csrf");
    return want != NULL && !request->is_visitor_new && have != NULL && strlen(want) == strlen(have) &&
           sodium_memcmp(want, have, strlen(want)) == 0;
}

static void answer_error(Request *request, Reply *reply, const GError *error)
{
    int code = error != NULL ? error->code : BASE_ERROR_SOFTWARE;
    bool bad = code == BASE_ERROR_DATA || code == BASE_ERROR_USAGE;
    log_warn("a page was not made", "path", request->path, "error", error != NULL ? error->message : "?");
    if (bad || code == BASE_ERROR_NOINPUT || code == BASE_ERROR_NOPERM || code == BASE_ERROR_TEMPFAIL)
        reply_error_text(request, reply,
                         bad                          ? 400
                         : code == BASE_ERROR_NOINPUT ? 404
                         : code == BASE_ERROR_NOPERM  ? 403
                                                      : 503,
                         bad                          ? "error.bad"
                         : code == BASE_ERROR_NOINPUT ? "error.missing"
                         : code == BASE_ERROR_NOPERM  ? "error.forbidden"
                                                      : "error.busy",
                         error->message);
    else
        reply_error(request, reply, 500, "error.fault");
}

// Where somebody who may not has to go first; NULL = nowhere.
static const char *way_in(const Request *request, const Route *route)
{
    if (route->roles == ROUTE_PUBLIC)
        return NULL;
    if (request->session == NULL)
        return "/sign-in";
    if (route->roles == ROUTE_HALF || request->session->stage == SESSION_WHOLE)
        return NULL;
    return request->session->stage == SESSION_HALF ? "/sign-in/code" : "/account/totp";
}

static bool has_role(const Request *request, const Route *route)
{
    guint bits = route->roles & ~(ROUTE_SIGNED_IN | ROUTE_HALF);
    return bits == 0 || request_may(request, bits);
}

static void run(Request *request, const Route *route, Reply *reply)
{
    g_autoptr(GError) error = NULL;
    if (!route->page(request, reply, &error)) {
        g_string_truncate(reply->body, 0);
        answer_error(request, reply, error);
    }
}

void routes_answer(Request *request, Reply *reply)
{
    bool other = false, post = strcmp(request->method, "POST") == 0;
    const Route *route = route_find(request, &other);
    const char *first = route != NULL ? way_in(request, route) : NULL;
    if (route == NULL)
        reply_error(request, reply, other ? 405 : 404, other ? "error.method" : "error.missing");
    else if (first != NULL)
        reply_redirect(reply, first, post ? "said.sign-in-first" : NULL);
    else if (!has_role(request, route))
        reply_error(request, reply, 403, "error.forbidden");
    else if (post && !csrf_fits(request))
        reply_error(request, reply, 403, "error.form");
    else
        run(request, route, reply);
    if (post)
        counts_forget(request->console->counts);
    if (request->session == NULL && request->is_visitor_new)
        reply_visitor(request, reply);
}

void reply_error_text(Request *request, Reply *reply, guint status, const char *key, const char *text)
{
    g_autoptr(Html) html = page_begin(request, key);
    g_autofree char *hint = g_strconcat(key, ".hint", NULL);
    html_say(html, "p", hint, NULL);
    if (text != NULL) {
        html_open(html, "pre", NULL);
        html_mail(html, text);
        html_close(html, "pre");
    }
    html_open(html, "p", NULL);
    html_link_say(html, "/", "error.home");
    html_close(html, "p");
    page_end(request, html, reply);
    reply->status = status;
}

void reply_error(Request *request, Reply *reply, guint status, const char *key)
{
    reply_error_text(request, reply, status, key, NULL);
}
