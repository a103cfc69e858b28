// One request for records: its facts and clock, what was searched, fees, extending, closing.
#include "console/casefile.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT_MOST = 2000 };

// ---- facts -----------------------------------------------------------------------------------------------

static void facts(Request *request, Html *html, const CaseClocks *clocks, const Case *one)
{
    const CaseProfile *profile = case_clocks_profile(clocks, one->profile);
    char received[11];
    casefile_date(one->received, received);
    g_autofree char *extension = one->extension > 0 ? g_strdup_printf("%d", one->extension) : NULL;
    g_autofree char *law = profile != NULL ? g_strdup_printf("%s (%s)", profile->what, profile->basis) : NULL;
    html_open(html, "dl", "class", "facts", NULL);
    casefile_fact(html, "cases.requester", one->requester);
    casefile_fact(html, "cases.contact", one->contact);
    casefile_fact(html, "cases.received", received);
    html_say(html, "dt", "cases.due", NULL);
    html_open(html, "dd", NULL);
    casefile_due(request, html, clocks, one);
    html_close(html, "dd");
    casefile_fact(html, "cases.clock", one->profile);
    casefile_fact(html, "case.law", law);
    casefile_fact(html, "case.extension", extension);
    casefile_fact(html, "cases.prefix", one->prefix);
    casefile_fact(html, "case.who", one->who);
    html_say(html, "dt", "case.opened", NULL);
    html_open(html, "dd", NULL);
    page_time(request, html, one->opened_us);
    html_close(html, "dd");
    casefile_fact(html, "case.outcome", one->outcome);
    html_close(html, "dl");
}

static void count_card(Html *html, const Case *one, const char *key, guint count, const char *what)
{
    g_autofree char *number = g_strdup_printf("%u", count);
    g_autofree char *path =
        g_strdup_printf("/cases/%s/records%s%s", one->id, *what != '\0' ? "?show=" : "", what);
    html_open(html, "li", "class", "card", NULL);
    html_element(html, "strong", number, "class", "figure", NULL);
    html_text(html, " ");
    html_link_say(html, path, key);
    html_close(html, "li");
}

static void counts(Html *html, const Case *one)
{
    html_open(html, "ul", "class", "cards plain", NULL);
    count_card(html, one, "case.all-records", one->records, "");
    count_card(html, one, "what.undecided", one->undecided, "undecided");
    count_card(html, one, "what.responsive", one->responsive, "responsive");
    count_card(html, one, "what.redact", one->redacted, "redact");
    count_card(html, one, "what.exempt", one->exempt, "exempt");
    count_card(html, one, "what.not-responsive", one->not_responsive, "not-responsive");
    html_close(html, "ul");
    if (one->disputed > 0) {
        g_autofree char *number = g_strdup_printf("%u", one->disputed);
        html_open(html, "p", "class", "note", NULL);
        html_words(html, "case.disputed", "n", number, NULL);
        html_close(html, "p");
    }
}

// ---- searches --------------------------------------------------------------------------------------------

static void cell_number(Html *html, const json_t *row, const char *key)
{
    g_autofree char *text =
        g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(row, key)));
    html_element(html, "td", text, "class", "number", NULL);
}

static void search_row(Request *request, Html *html, const Case *one, const json_t *search, size_t number)
{
    json_int_t lacking = json_integer_value(json_object_get(search, "unsearchable"));
    g_autofree char *indexed = g_strdup_printf("%" JSON_INTEGER_FORMAT,
                                               json_integer_value(json_object_get(search, "indexed"))),
                    *archived = g_strdup_printf("%" JSON_INTEGER_FORMAT,
                                                json_integer_value(json_object_get(search, "archived"))),
                    *count = g_strdup_printf("%" JSON_INTEGER_FORMAT, lacking),
                    *path = g_strdup_printf("/cases/%s/searches/%zu", one->id, number + 1);
    html_open(html, "tr", NULL);
    html_open(html, "th", "scope", "row", NULL);
    html_mail(html, casefile_text(search, "query"));
    if (json_is_true(json_object_get(search, "envelope")))
        html_say(html, "div", "case.with-envelopes", "class", "soft", NULL);
    html_close(html, "th");
    html_open(html, "td", NULL);
    casefile_time(request, html, casefile_text(search, "time"));
    html_element(html, "div", casefile_text(search, "who"), "class", "soft", NULL);
    html_close(html, "td");
    cell_number(html, search, "total");
    cell_number(html, search, "added");
    html_open(html, "td", NULL);
    html_words(html, "search.coverage", "indexed", indexed, "archived", archived, NULL);
    html_close(html, "td");
    html_open(html, "td", "class", "number", NULL);
    if (lacking > 0)
        html_link(html, path, count);
    else
        html_text(html, "0");
    html_close(html, "tr");
}

static bool searches(Request *request, Html *html, const Case *one, GError **error)
{
    static const char *const KEYS[] = {"case.query", "case.when",     "case.hits",
                                       "case.added", "case.coverage", "case.unsearchable"};
    json_t *list = case_searches(desk_cases(request->desk, NULL), one->id, error);
    if (list == NULL)
        return false;
    html_say(html, "h2", "case.searches", NULL);
    if (json_array_size(list) == 0)
        html_say(html, "p", "case.no-searches", NULL);
    else {
        html_open(html, "div", "class", "scroll", "tabindex", "0", "role", "region", "aria-label",
                  words_get(request->words, "case.searches"), NULL);
        html_open(html, "table", "id", "searches", NULL);
        casefile_head(html, "case.searches-caption", KEYS, G_N_ELEMENTS(KEYS));
        html_open(html, "tbody", NULL);
        for (size_t i = 0; i < json_array_size(list); i++)
            search_row(request, html, one, json_array_get(list, i), i);
        html_close(html, "table");
        html_close(html, "div");
    }
    json_decref(list);
    return true;
}

static void lacking_table(Request *request, Html *html, const json_t *items)
{
    static const char *const KEYS[] = {"search.record", "search.why"};
    size_t from = (size_t)request_number(request, "after", 0, CASE_LACKING_MOST, 0);
    size_t until = MIN(from + PAGE_ROWS, json_array_size(items));
    html_open(html, "table", "id", "lacking", NULL);
    casefile_head(html, "search.lacking", KEYS, G_N_ELEMENTS(KEYS));
    html_open(html, "tbody", NULL);
    for (size_t i = from; i < until; i++) {
        const json_t *item = json_array_get(items, i);
        html_open(html, "tr", NULL);
        html_element(html, "th", casefile_text(item, "record"), "scope", "row", NULL);
        html_open(html, "td", NULL);
        html_mail(html, casefile_text(item, "why"));
        html_close(html, "tr");
    }
    html_close(html, "table");
    g_autofree char *next = until < json_array_size(items) ? g_strdup_printf("%zu", until) : NULL;
    page_more(request, html, next);
}

static bool search_page(Request *request, Reply *reply, GError **error)
{
    g_autoptr(Case) one = casefile_case(request, error);
    json_t *list = one != NULL ? case_searches(desk_cases(request->desk, NULL), one->id, error) : NULL;
    guint64 number = 0;
    if (list == NULL)
        return false;
    bool found =
        g_ascii_string_to_unsigned(request->args[1], 10, 1, MAX(json_array_size(list), 1), &number, NULL) &&
        number <= json_array_size(list);
    if (found) {
        const json_t *search = json_array_get(list, (size_t)number - 1);
        g_autoptr(Html) html = page_begin(request, "search.lacking-title");
        html_open(html, "p", NULL);
        html_open(html, "code", NULL);
        html_mail(html, casefile_text(search, "query"));
        html_close(html, "p");
        html_say(html, "p", "search.lacking-hint", NULL);
        lacking_table(request, html, json_object_get(search, "items"));
        page_end(request, html, reply);
    } else
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "case %s has no search \"%s\"", one->id,
                    request->args[1]);
    json_decref(list);
    return found;
}

// ---- fees ------------------------------------------------------------------------------------------------

static char *money(json_int_t cents)
{
    return g_strdup_printf("%s$%" JSON_INTEGER_FORMAT ".%02d", cents < 0 ? "-" : "", llabs(cents) / 100,
                           (int)(llabs(cents) % 100));
}

static void fee_rows(Html *html, const json_t *rows)
{
    static const char *const KEYS[] = {"fee.what", "fee.quantity", "fee.each", "fee.sum"};
    html_open(html, "table", "id", "fees", NULL);
    casefile_head(html, "case.fees", KEYS, G_N_ELEMENTS(KEYS));
    html_open(html, "tbody", NULL);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *fee = json_array_get(rows, i);
        g_autofree char *quantity =
            g_strdup_printf("%g", json_number_value(json_object_get(fee, "quantity")));
        g_autofree char *each = money(json_integer_value(json_object_get(fee, "cents"))),
                        *sum = money(json_integer_value(json_object_get(fee, "total")));
        html_open(html, "tr", NULL);
        html_element(html, "th", casefile_text(fee, "what"), "scope", "row", NULL);
        html_element(html, "td", quantity, "class", "number", NULL);
        html_element(html, "td", each, "class", "number", NULL);
        html_element(html, "td", sum, "class", "number", NULL);
        html_close(html, "tr");
    }
    html_close(html, "table");
}

static bool fees(Request *request, Html *html, const CaseClocks *clocks, const Case *one, GError **error)
{
    json_t *all = case_fees(desk_cases(request->desk, NULL), clocks, one->id, casefile_today(request), error);
    if (all == NULL)
        return false;
    g_autofree char *charged = money(json_integer_value(json_object_get(all, "charged"))),
                    *path = casefile_path(one, "/fee");
    html_say(html, "h2", "case.fees", NULL);
    if (json_array_size(json_object_get(all, "fees")) > 0)
        fee_rows(html, json_object_get(all, "fees"));
    html_open(html, "p", "id", "charged", NULL);
    html_words(html, "fee.charged", "sum", charged, NULL);
    html_close(html, "p");
    if (*casefile_text(all, "why") != '\0')
        html_element(html, "p", casefile_text(all, "why"), "class", "note", NULL);
    if (casefile_changes(request, one)) {
        form_post(request, html, path, "filter");
        form_field(html, "what", "fee.what", NULL, "required", "", "maxlength", "200", NULL);
        form_field(html, "quantity", "fee.quantity", "1", "required", "", "inputmode", "decimal", "maxlength",
                   "12", NULL);
        form_field(html, "each", "fee.each-dollars", NULL, "required", "", "inputmode", "decimal",
                   "maxlength", "12", NULL);
        form_button(html, "fee.add", NULL, NULL, NULL);
        html_close(html, "form");
    }
    json_decref(all);
    return true;
}

// A decimal with a point, all of `text`.
static bool decimal(const char *text, double *out, GError **error)
{
    char *end = NULL;
    *out = g_ascii_strtod(text, &end);
    bool fits = *text != '\0' && *end == '\0' && *out > -1e6 && *out < 1e6;
    if (!fits)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "\"%s\": write a number, as 1.5", text);
    return fits;
}

static bool fee_add(Request *request, Reply *reply, GError **error)
{
    g_autoptr(Case) one = casefile_case(request, error);
    g_autofree char *what = request_form_text(request, "what", 200),
                    *quantity = request_form_text(request, "quantity", 12),
                    *each = request_form_text(request, "each", 12);
    double many = 0, dollars = 0;
    if (one == NULL || !decimal(quantity, &many, error) || !decimal(each, &dollars, error) ||
        !case_fee_add(desk_cases(request->desk, NULL), one->id, what, many,
                      (int64_t)(dollars * 100 + (dollars < 0 ? -0.5 : 0.5)), request_who(request),
                      request->now_us, error))
        return false;
    g_autofree char *path = casefile_path(one, "");
    reply_redirect(reply, path, "said.fee-added");
    return true;
}

// ---- steps -----------------------------------------------------------------------------------------------

static void steps(Request *request, Html *html, const CaseClocks *clocks, const Case *one)
{
    const CaseProfile *profile = case_clocks_profile(clocks, one->profile);
    int most = profile != NULL ? profile->extension - one->extension : 0;
    g_autofree char *extend = casefile_path(one, "/extend"), *close = casefile_path(one, "/close"),
                    *limit = g_strdup_printf("%d", most);
    html_say(html, "h2", "case.steps", NULL);
    if (most > 0) {
        html_open(html, "details", NULL);
        html_say(html, "summary", "case.extend", NULL);
        form_post(request, html, extend, "narrow");
        form_field(html, "days", "case.extend-days", NULL, "type", "number", "min", "1", "max", limit,
                   "required", "", NULL);
        form_area(html, "why", "case.extend-why", NULL, "required", "", "maxlength", "2000", NULL);
        form_button(html, "case.extend-go", NULL, NULL, NULL);
        html_close(html, "form");
        html_close(html, "details");
    }
    html_open(html, "details", NULL);
    html_say(html, "summary", "case.close", NULL);
    form_post(request, html, close, "narrow");
    form_area(html, "outcome", "case.close-why", NULL, "required", "", "maxlength", "2000", NULL);
    form_button(html, "case.close-go", NULL, NULL, "danger");
    html_close(html, "form");
    html_close(html, "details");
}

static bool extend(Request *request, Reply *reply, GError **error)
{
    g_autoptr(Case) one = casefile_case(request, error);
    g_autoptr(CaseClocks) clocks = one != NULL ? casefile_clocks(request, error) : NULL;
    g_autofree char *why = request_form_text(request, "why", TEXT_MOST),
                    *days = request_form_text(request, "days", 6);
    guint64 number = 0;
    if (clocks == NULL)
        return false;
    if (*why == '\0' || !g_ascii_string_to_unsigned(days, 10, 1, 3650, &number, NULL)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "an extension wants a number of days and a reason");
        return false;
    }
    if (!case_extend(desk_cases(request->desk, NULL), clocks, one->id, (int)number, request_who(request), why,
                     request->now_us, error))
        return false;
    g_autofree char *path = casefile_path(one, "");
    reply_redirect(reply, path, "said.case-extended");
    return true;
}

static bool finish(Request *request, Reply *reply, GError **error)
{
    g_autoptr(Case) one = casefile_case(request, error);
    g_autofree char *outcome = request_form_text(request, "outcome", TEXT_MOST);
    if (one == NULL)
        return false;
    if (*outcome == '\0') {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "closing a case wants what became of it");
        return false;
    }
    if (!case_finish(desk_cases(request->desk, NULL), one->id, outcome, request_who(request), request->now_us,
                     error))
        return false;
    g_autofree char *path = casefile_path(one, "");
    reply_redirect(reply, path, "said.case-closed");
    return true;
}

// ---- the page --------------------------------------------------------------------------------------------

static bool one_page(Request *request, Reply *reply, GError **error)
{
    g_autoptr(Case) one = casefile_case(request, error);
    g_autoptr(CaseClocks) clocks = one != NULL ? casefile_clocks(request, error) : NULL;
    if (clocks == NULL)
        return false;
    g_autofree char *title = g_strdup_printf("%s: %s", one->id, one->title);
    g_autoptr(Html) html = page_begin_text(request, title);
    casefile_tabs(request, html, one, "");
    if (one->closed_us != 0)
        page_notice(html, "note", "case.is-closed");
    facts(request, html, clocks, one);
    counts(html, one);
    bool ok = searches(request, html, one, error) && fees(request, html, clocks, one, error);
    if (casefile_changes(request, one))
        steps(request, html, clocks, one);
    page_end(request, html, reply);
    return ok;
}

static const Route ROUTES[] = {{"GET", "/cases/:id", CASE_READERS, one_page},
                               {"GET", "/cases/:id/searches/:number", CASE_READERS, search_page},
                               {"POST", "/cases/:id/fee", USER_RECORDS, fee_add},
                               {"POST", "/cases/:id/extend", USER_RECORDS, extend},
                               {"POST", "/cases/:id/close", USER_RECORDS, finish}};
const RouteTable CASE_ROUTES = {ROUTES, G_N_ELEMENTS(ROUTES)};
