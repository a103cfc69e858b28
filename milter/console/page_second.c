// A second look: some of what was decided is decided again by somebody who is not told what the first decision was; and how often two agree.
#include "console/content.h"
#include "console/held.h"

#include <string.h>

enum { CHUNK = 50, CHUNKS = 20, TEXT_MOST = 2000 };
static const int64_t DAY_US = 24 * 3600 * (int64_t)G_USEC_PER_SEC;

// ---- the next one ----------------------------------------------------------------------------------------

// May the reader look at it: is it kept, of their schools, and no business of theirs? TRI_UNKNOWN with `error`.
static Tri may_look(Request *request, const HoldItem *item, GError **error)
{
    g_autoptr(GError) why = NULL;
    if (!held_in_scope(request, item))
        return TRI_NO;
    ArchiveRef ref = {.segment = item->segment, .offset = item->offset, .length = item->length};
    g_strlcpy(ref.id, item->record, sizeof ref.id);
    g_autoptr(ArchiveRecord) record =
        held_may_decide(request, item, &why) ? archive_get_at(request->config, &ref, &why) : NULL;
    if (record != NULL)
        return TRI_YES;
    // Damaged, too: a record nobody can read must not stand before all others. `chaperone archive verify` tells of it.
    if (why->code == BASE_ERROR_NOPERM || why->code == BASE_ERROR_NOINPUT || why->code == BASE_ERROR_DATA)
        return TRI_NO;
    g_propagate_error(error, g_steal_pointer(&why));
    return TRI_UNKNOWN;
}

// The first of `records` that the reader may look at. False with `error`.
static bool first_of(Request *request, const GPtrArray *records, HoldItem **out, GError **error)
{
    bool ok = true;
    for (guint i = 0; ok && *out == NULL && i < records->len; i++) {
        g_autoptr(GError) why = NULL;
        g_autoptr(HoldItem) item = quarantine_get(desk_quarantine(request->desk), records->pdata[i], &why);
        bool gone = item == NULL && why->code == BASE_ERROR_NOINPUT;
        if (item == NULL && !gone)
            g_propagate_error(error, g_steal_pointer(&why));
        Tri may = item != NULL ? may_look(request, item, error) : gone ? TRI_NO : TRI_UNKNOWN;
        ok = may != TRI_UNKNOWN;
        if (may == TRI_YES)
            *out = g_steal_pointer(&item);
    }
    return ok;
}

static bool next_item(Request *request, HoldItem **out, GError **error)
{
    Docket *docket = desk_docket(request->desk, error);
    g_autofree char *after = NULL;
    bool ok = docket != NULL, more = ok;
    *out = NULL;
    for (int turn = 0; ok && more && *out == NULL && turn < CHUNKS; turn++) {
        g_autoptr(GPtrArray) records = docket_sample(docket, request_who(request), after, CHUNK, error);
        ok = records != NULL && first_of(request, records, out, error);
        more = ok && records->len == CHUNK;
        g_free(after);
        after = more ? g_strdup(records->pdata[CHUNK - 1]) : NULL;
    }
    return ok;
}

// ---- the page --------------------------------------------------------------------------------------------

static void choice(Html *html, const char *value, const char *label, const char *key)
{
    g_autofree char *id = g_strconcat("releases-", value, NULL);
    html_open(html, "div", "class", "check", NULL);
    html_void(html, "input", "type", "radio", "id", id, "name", "releases", "value", value, "required", "",
              "data-key", key, NULL);
    html_say(html, "label", label, "for", id, NULL);
    html_close(html, "div");
}

static void decide_form(Request *request, Html *html, const HoldItem *item)
{
    g_autofree char *path = g_strconcat("/second/", item->record, NULL);
    html_open(html, "section", "class", "deciding", "aria-labelledby", "deciding", NULL);
    html_say(html, "h2", "second.decide", "id", "deciding", NULL);
    form_post(request, html, path, "decide");
    html_open(html, "fieldset", NULL);
    html_say(html, "legend", "second.would", NULL);
    choice(html, "yes", "action.release", "r");
    choice(html, "no", "action.deny", "d");
    html_close(html, "fieldset");
    form_area(html, "comment", "decide.comment", NULL, "maxlength", "2000", NULL);
    html_say(html, "button", "second.go", "type", "submit", "class", "main", "data-key", "y", "data-confirm",
             "", NULL);
    html_close(html, "form");
    html_close(html, "section");
}

static const char *tab_of(Request *request)
{
    const char *asked = request_query(request, "tab"), *found = CONTENT_TABS[0].name;
    for (gsize i = 0; asked != NULL && i < CONTENT_TABS_COUNT; i++)
        found = strcmp(CONTENT_TABS[i].name, asked) == 0 ? CONTENT_TABS[i].name : found;
    return found;
}

static bool message(Request *request, Html *html, const HoldItem *item, GError **error)
{
    const char *tab = tab_of(request);
    ArchiveRef ref = {.segment = item->segment, .offset = item->offset, .length = item->length};
    g_strlcpy(ref.id, item->record, sizeof ref.id);
    html_open(html, "section", "class", "message", "aria-labelledby", "message", NULL);
    html_say(html, "h2", "item.message", "id", "message", NULL);
    html_open(html, "ul", "class", "tabs", NULL);
    for (gsize i = 0; i < CONTENT_TABS_COUNT; i++) {
        g_autofree char *path = page_query_with(request, "tab", CONTENT_TABS[i].name);
        html_open(html, "li", NULL);
        html_say(html, "a", CONTENT_TABS[i].key, "href", path, "aria-current",
                 strcmp(CONTENT_TABS[i].name, tab) == 0 ? "true" : NULL, NULL);
        html_close(html, "li");
    }
    html_close(html, "ul");
    bool ok = content_pane(request, html, &ref, tab, item->record, error);
    html_close(html, "section");
    return ok;
}

static void links(Html *html)
{
    html_open(html, "p", NULL);
    html_link_say(html, "/second/figures", "second.figures");
    html_close(html, "p");
}

static bool second(Request *request, Reply *reply, GError **error)
{
    g_autoptr(HoldItem) item = NULL;
    if (!next_item(request, &item, error))
        return false;
    g_autoptr(Html) html = page_begin(request, "second.title");
    bool ok = true;
    html_say(html, "p", item != NULL ? "second.hint" : "second.none", "class", "hint", NULL);
    links(html);
    if (item != NULL) {
        const char *subject = held_text(item, "subject");
        html_open(html, "h2", NULL);
        html_mail(html, *subject != '\0' ? subject : words_get(request->words, "item.no-subject"));
        html_close(html, "h2");
        html_open(html, "div", "class", "panes", NULL);
        html_open(html, "div", NULL);
        item_facts(request, html, item, false, true);
        ok = message(request, html, item, error);
        html_close(html, "div");
        html_open(html, "div", NULL);
        item_why(request, html, item);
        decide_form(request, html, item);
        html_close(html, "div");
        html_close(html, "div");
    }
    page_end(request, html, reply);
    return ok;
}

static bool look(Request *request, Reply *reply, GError **error)
{
    g_autoptr(HoldItem) item = held_item(request, error);
    Docket *docket =
        item != NULL && held_may_decide(request, item, error) ? desk_docket(request->desk, error) : NULL;
    const char *releases = request_form(request, "releases");
    g_autofree char *comment = request_form_text(request, "comment", TEXT_MOST);
    if (docket == NULL)
        return false;
    if (g_strcmp0(releases, "yes") != 0 && g_strcmp0(releases, "no") != 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "choose what you would have decided");
        return false;
    }
    if (!docket_look(docket, item->record, request_who(request), strcmp(releases, "yes") == 0, comment,
                     request->now_us, error))
        return false;
    reply_redirect(reply, "/second", "said.looked");
    return true;
}

// ---- how often two agree ---------------------------------------------------------------------------------

static void number_cell(Html *html, int64_t number)
{
    html_open(html, "td", "class", "number", NULL);
    html_number(html, number);
    html_close(html, "td");
}

static void table_begin(Html *html, const char *caption, const char *const *heads, gsize count)
{
    html_open(html, "table", NULL);
    html_say(html, "caption", caption, NULL);
    html_open(html, "thead", NULL);
    html_open(html, "tr", NULL);
    for (gsize i = 0; i < count; i++)
        html_say(html, "th", heads[i], "scope", "col", "class", i > 0 ? "number" : NULL, NULL);
    html_close(html, "thead");
    html_open(html, "tbody", NULL);
}

static void four_table(Html *html, const json_t *figures)
{
    static const char *const HEADS[] = {"second.first-is", "second.second-release", "second.second-deny"};
    static const char *const ROWS[2][3] = {{"second.first-release", "both_release", "first_releases"},
                                           {"second.first-deny", "second_releases", "both_deny"}};
    table_begin(html, "second.four", HEADS, G_N_ELEMENTS(HEADS));
    for (gsize i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        html_open(html, "tr", NULL);
        html_say(html, "th", ROWS[i][0], "scope", "row", NULL);
        number_cell(html, json_integer_value(json_object_get(figures, ROWS[i][1])));
        number_cell(html, json_integer_value(json_object_get(figures, ROWS[i][2])));
        html_close(html, "tr");
    }
    html_close(html, "table");
}

static char *percent_of(int64_t part, int64_t all)
{
    return all > 0 ? g_strdup_printf("%.0f %%", 100.0 * (double)part / (double)all) : g_strdup("-");
}

static void rules_table(Html *html, const json_t *rules)
{
    static const char *const HEADS[] = {"queue.rule", "second.looked", "second.agreed", "second.rate"};
    table_begin(html, "second.by-rule", HEADS, G_N_ELEMENTS(HEADS));
    for (size_t i = 0; i < json_array_size(rules); i++) {
        const json_t *rule = json_array_get(rules, i);
        int64_t looked = json_integer_value(json_object_get(rule, "looked"));
        int64_t agreed = json_integer_value(json_object_get(rule, "agreed"));
        g_autofree char *rate = percent_of(agreed, looked);
        html_open(html, "tr", NULL);
        html_element(html, "th", json_string_value(json_object_get(rule, "rule")), "scope", "row", NULL);
        number_cell(html, looked);
        number_cell(html, agreed);
        html_element(html, "td", rate, "class", "number", NULL);
        html_close(html, "tr");
    }
    html_close(html, "table");
}

static void look_row(Request *request, Html *html, const DocketLook *look)
{
    g_autofree char *path = g_strconcat("/queue/", look->record, NULL);
    g_autofree char *action = g_strconcat("action.", docket_action_name(look->action), NULL);
    html_open(html, "tr", NULL);
    html_open(html, "th", "scope", "row", NULL);
    if (request_may(request, USER_REVIEWER))
        html_link(html, path, look->record);
    else
        html_text(html, look->record);
    html_close(html, "th");
    html_element(html, "td", look->rule, NULL);
    html_open(html, "td", NULL);
    html_text(html, look->first);
    html_text(html, ": ");
    html_words(html, action, NULL);
    html_close(html, "td");
    html_open(html, "td", NULL);
    html_text(html, look->second);
    html_text(html, ": ");
    html_words(html, look->action == DOCKET_DENY ? "action.release" : "action.deny", NULL);
    html_close(html, "td");
    html_open(html, "td", NULL);
    html_mail(html, look->comment);
    html_close(html, "td");
    html_open(html, "td", NULL);
    page_time(request, html, look->looked_us);
    html_close(html, "td");
    html_close(html, "tr");
}

static bool disagreements(Request *request, Html *html, Docket *docket, GError **error)
{
    static const char *const HEADS[] = {"item.reference",  "queue.rule",     "second.first-is",
                                        "second.other-is", "decide.comment", "second.when"};
    int64_t before = request_number(request, "after", 0, G_MAXINT64, 0);
    g_autoptr(GPtrArray) looks = docket_disagreements(docket, before, PAGE_ROWS + 1, error);
    if (looks == NULL)
        return false;
    html_say(html, "h2", "second.differ", NULL);
    if (looks->len == 0) {
        html_say(html, "p", "decisions.none", NULL);
        return true;
    }
    html_open(html, "div", "class", "scroll", "tabindex", "0", "role", "region", "aria-label",
              words_get(request->words, "second.differ"), NULL);
    html_open(html, "table", NULL);
    html_open(html, "thead", NULL);
    html_open(html, "tr", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(HEADS); i++)
        html_say(html, "th", HEADS[i], "scope", "col", NULL);
    html_close(html, "thead");
    html_open(html, "tbody", NULL);
    for (guint i = 0; i < MIN(looks->len, PAGE_ROWS); i++)
        look_row(request, html, looks->pdata[i]);
    html_close(html, "table");
    html_close(html, "div");
    const DocketLook *last = looks->len > PAGE_ROWS ? looks->pdata[PAGE_ROWS - 1] : NULL;
    g_autofree char *key = last != NULL ? g_strdup_printf("%" G_GINT64_FORMAT, last->looked_us) : NULL;
    page_more(request, html, key);
    return true;
}

static bool figures(Request *request, Reply *reply, GError **error)
{
    int64_t days = request_number(request, "days", 1, 3650, 90);
    Docket *docket = desk_docket(request->desk, error);
    json_t *all = docket != NULL ? docket_agreement(docket, request->now_us - days * DAY_US, error) : NULL;
    if (all == NULL)
        return false;
    int64_t agreed = json_integer_value(json_object_get(all, "both_release")) +
                     json_integer_value(json_object_get(all, "both_deny"));
    int64_t looked = agreed + json_integer_value(json_object_get(all, "first_releases")) +
                     json_integer_value(json_object_get(all, "second_releases"));
    const json_t *value = json_object_get(all, "kappa");
    g_autofree char *rate = percent_of(agreed, looked),
                    *number = g_strdup_printf("%" G_GINT64_FORMAT, looked),
                    *kappa =
                        json_is_real(value) ? g_strdup_printf("%.2f", json_real_value(value)) : g_strdup("-"),
                    *text = g_strdup_printf("%" G_GINT64_FORMAT, days);
    g_autoptr(Html) html = page_begin(request, "second.figures");
    form_get(html, "/second/figures", "filter");
    form_field(html, "days", "second.days", text, "type", "number", "min", "1", "max", "3650", NULL);
    form_button(html, "filter.apply", NULL, NULL, NULL);
    html_close(html, "form");
    html_open(html, "p", "id", "agreement", NULL);
    html_words(html, "second.sum", "n", number, "rate", rate, "kappa", kappa, NULL);
    html_close(html, "p");
    html_say(html, "p", "second.kappa", "class", "hint", NULL);
    four_table(html, all);
    rules_table(html, json_object_get(all, "rules"));
    bool ok = disagreements(request, html, docket, error);
    page_end(request, html, reply);
    json_decref(all);
    return ok;
}

static const Route ROUTES[] = {
    {"GET", "/second", USER_REVIEWER, second},
    {"GET", "/second/figures", USER_REVIEWER | USER_APPROVER | USER_AUDITOR, figures},
    {"POST", "/second/:id", USER_REVIEWER, look},
};
const RouteTable SECOND_ROUTES = {ROUTES, G_N_ELEMENTS(ROUTES)};
