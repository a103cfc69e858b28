// Requests for records: the list with their clocks, and opening one.
#include "console/casefile.h"

#include <string.h>

// ---- the list --------------------------------------------------------------------------------------------

static void row(Request *request, Html *html, const CaseClocks *clocks, const Case *one)
{
    g_autofree char *path = casefile_path(one, "");
    g_autofree char *records = g_strdup_printf("%u", one->records),
                    *undecided = g_strdup_printf("%u", one->undecided);
    html_open(html, "tr", NULL);
    html_open(html, "th", "scope", "row", NULL);
    html_link(html, path, one->id);
    html_close(html, "th");
    html_open(html, "td", NULL);
    html_mail(html, one->title);
    html_open(html, "div", "class", "soft", NULL);
    html_mail(html, one->requester);
    html_close(html, "div");
    html_close(html, "td");
    html_open(html, "td", NULL);
    casefile_due(request, html, clocks, one);
    html_close(html, "td");
    html_element(html, "td", records, "class", "number", NULL);
    html_element(html, "td", undecided, "class", "number", NULL);
    html_say(html, "td", one->closed_us != 0 ? "cases.closed" : "cases.open", NULL);
    html_close(html, "tr");
}

static bool table(Request *request, Html *html, const GPtrArray *list, GError **error)
{
    static const char *const KEYS[] = {"cases.number",  "cases.what",      "cases.due",
                                       "cases.records", "cases.undecided", "cases.state"};
    g_autoptr(CaseClocks) clocks = casefile_clocks(request, error);
    if (clocks == NULL)
        return false;
    html_open(html, "div", "class", "scroll", "tabindex", "0", "role", "region", "aria-label",
              words_get(request->words, "cases.title"), NULL);
    html_open(html, "table", "id", "cases", NULL);
    casefile_head(html, "cases.caption", KEYS, G_N_ELEMENTS(KEYS));
    html_open(html, "tbody", NULL);
    for (guint i = 0; i < MIN(list->len, PAGE_ROWS); i++)
        row(request, html, clocks, list->pdata[i]);
    html_close(html, "table");
    html_close(html, "div");
    const Case *last = list->len > PAGE_ROWS ? list->pdata[PAGE_ROWS - 1] : NULL;
    page_more(request, html, last != NULL ? last->id : NULL);
    return true;
}

// Auditors see the cases they were granted, no others' titles.
static bool keep_granted(Request *request, GPtrArray *list, GError **error)
{
    Tri may = TRI_YES;
    for (guint i = list->len; i > 0 && may != TRI_UNKNOWN && !request_may(request, USER_RECORDS); i--) {
        may = request_is_granted(request, ((const Case *)list->pdata[i - 1])->id, error);
        if (may == TRI_NO)
            g_ptr_array_remove_index(list, i - 1);
    }
    return may != TRI_UNKNOWN;
}

static bool cases_page(Request *request, Reply *reply, GError **error)
{
    bool all = g_strcmp0(request_query(request, "state"), "all") == 0;
    bool officer = request_may(request, USER_RECORDS);
    Cases *cases = desk_cases(request->desk, error);
    g_autoptr(GPtrArray) list = cases != NULL ? case_page(cases, all, request_query(request, "after"),
                                                          officer ? PAGE_ROWS + 1 : 0, error)
                                              : NULL;
    if (list == NULL || !keep_granted(request, list, error))
        return false;
    g_autoptr(Html) html = page_begin(request, "cases.title");
    form_get(html, "/cases", "filter");
    form_select_begin(html, "state", "cases.which");
    form_option_say(html, "", "cases.which-open", !all);
    form_option_say(html, "all", "cases.which-all", all);
    form_select_end(html);
    form_button(html, "filter.apply", NULL, NULL, NULL);
    html_close(html, "form");
    if (officer)
        html_say(html, "a", "cases.new", "href", "/cases/new", "id", "new", NULL);
    bool ok = list->len == 0 || table(request, html, list, error);
    if (list->len == 0)
        html_say(html, "p", officer ? "cases.none" : "cases.none-granted", NULL);
    page_end(request, html, reply);
    return ok;
}

// ---- opening ---------------------------------------------------------------------------------------------

static void clock_choice(Html *html, const CaseClocks *clocks)
{
    form_select_begin(html, "clock", "cases.clock");
    for (guint i = 0; i < clocks->profiles->len; i++) {
        const CaseProfile *profile = clocks->profiles->pdata[i];
        g_autofree char *text = g_strdup_printf("%s: %s (%s)", profile->name, profile->what, profile->basis);
        form_option(html, profile->name, text, false);
    }
    form_select_end(html);
}

static bool new_page(Request *request, Reply *reply, GError **error)
{
    g_autoptr(CaseClocks) clocks = casefile_clocks(request, error);
    if (clocks == NULL)
        return false;
    char today[11];
    casefile_date(casefile_today(request), today);
    g_autoptr(Html) html = page_begin(request, "cases.new");
    form_post(request, html, "/cases", "narrow");
    form_field(html, "title", "cases.new-title", NULL, "required", "", "maxlength", "400", NULL);
    form_field(html, "requester", "cases.requester", NULL, "required", "", "maxlength", "400", NULL);
    form_field(html, "contact", "cases.contact", NULL, "type", "email", "maxlength", "400", NULL);
    form_field(html, "received", "cases.received", today, "type", "date", "max", today, "required", "", NULL);
    clock_choice(html, clocks);
    form_field(html, "prefix", "cases.prefix", NULL, "maxlength", "24", "pattern", "[A-Za-z0-9_\\-]*", NULL);
    form_button(html, "cases.new-go", NULL, NULL, "main");
    html_close(html, "form");
    page_end(request, html, reply);
    return true;
}

// A day that has been; 0 with `error`.
static int day_of(Request *request, const char *text, GError **error)
{
    int64_t us = 0;
    int date = strlen(text) == 10 && clock_parse(text, &us, NULL) ? clock_local_date(us, NULL) : 0;
    bool fits = date != 0 && date <= casefile_today(request);
    if (!fits)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "\"%s\": write a day that has been, as 2026-11-02",
                    text);
    return fits ? date : 0;
}

static bool open_case(Request *request, Reply *reply, GError **error)
{
    enum { MOST = 400 };
    Cases *cases = desk_cases(request->desk, error);
    g_autoptr(CaseClocks) clocks = cases != NULL ? casefile_clocks(request, error) : NULL;
    g_autofree char *title = request_form_text(request, "title", MOST),
                    *requester = request_form_text(request, "requester", MOST),
                    *contact = request_form_text(request, "contact", MOST),
                    *received = request_form_text(request, "received", 20),
                    *clock = request_form_text(request, "clock", 100),
                    *prefix = request_form_text(request, "prefix", 24);
    const Case from = {.title = title,
                       .requester = requester,
                       .contact = contact,
                       .profile = clock,
                       .prefix = *prefix != '\0' ? prefix : NULL,
                       .received = clocks != NULL ? day_of(request, received, error) : 0};
    bool known = from.received != 0 && case_clocks_profile(clocks, clock) != NULL;
    if (from.received != 0 && !known)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "there is no clock \"%s\"", clock);
    g_autofree char *id = known ? case_new(cases, &from, request_who(request), request->now_us, error) : NULL;
    g_autofree char *path = g_strconcat("/cases/", id, NULL);
    if (id != NULL)
        reply_redirect(reply, path, "said.case-opened");
    return id != NULL;
}

static const Route ROUTES[] = {{"GET", "/cases", CASE_READERS, cases_page},
                               {"GET", "/cases/new", USER_RECORDS, new_page},
                               {"POST", "/cases", USER_RECORDS, open_case}};
const RouteTable CASES_ROUTES = {ROUTES, G_N_ELEMENTS(ROUTES)};
