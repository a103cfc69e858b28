// What took effect: listed, opened again, judged again.
#include "console/held.h"

#include <string.h>

enum { TEXT_MOST = 2000 };

// ---- on the item's page ----------------------------------------------------------------------------------

static bool any_in(const HoldItem *item, HoldState state)
{
    bool found = false;
    for (guint i = 0; i < item->rcpts->len && !found; i++)
        found = ((const HoldRcpt *)item->rcpts->pdata[i])->state == state;
    return found;
}

static void words_field(Html *html, const char *id)
{
    html_open(html, "div", "class", "field", NULL);
    html_say(html, "label", "reopen.why", "for", id, NULL);
    html_element(html, "textarea", NULL, "id", id, "name", "why", "maxlength", "2000", "required", "", NULL);
    html_close(html, "div");
}

static void reopen_form(Request *request, Html *html, const HoldItem *item)
{
    g_autofree char *path = g_strdup_printf("/queue/%s/reopen", item->record);
    html_open(html, "details", NULL);
    html_say(html, "summary", "reopen.open", NULL);
    html_say(html, "p", "reopen.open-hint", "class", "hint", NULL);
    form_post(request, html, path, NULL);
    words_field(html, "why-reopen");
    form_button(html, "reopen.open-go", NULL, NULL, NULL);
    html_close(html, "form");
    html_close(html, "details");
}

static void judge_form(Request *request, Html *html, const HoldItem *item)
{
    g_autofree char *path = g_strdup_printf("/queue/%s/judge-again", item->record);
    html_open(html, "details", NULL);
    html_say(html, "summary", "reopen.judge", NULL);
    html_say(html, "p", "reopen.judge-hint", "class", "hint", NULL);
    form_post(request, html, path, NULL);
    form_select_begin(html, "releases", "reopen.now");
    form_option_say(html, "no", "reopen.deny", true);
    form_option_say(html, "yes", "reopen.release", false);
    form_select_end(html);
    words_field(html, "why-judge");
    form_button(html, "reopen.judge-go", NULL, NULL, NULL);
    html_close(html, "form");
    html_close(html, "details");
}

static void verdicts_list(Request *request, Html *html, const GPtrArray *verdicts)
{
    if (verdicts->len == 0)
        return;
    html_say(html, "h3", "reopen.verdicts", NULL);
    html_open(html, "ol", "class", "history", NULL);
    for (guint i = 0; i < verdicts->len; i++) {
        const DocketVerdict *verdict = verdicts->pdata[i];
        html_open(html, "li", NULL);
        page_time(request, html, verdict->made_us);
        html_text(html, " ");
        html_element(html, "strong", verdict->who, NULL);
        html_text(html, " ");
        html_words(html, verdict->releases ? "reopen.release" : "reopen.deny", NULL);
        html_text(html, ": ");
        html_mail(html, verdict->why);
        html_close(html, "li");
    }
    html_close(html, "ol");
}

bool reopen_pane(Request *request, Html *html, const HoldItem *item, GError **error)
{
    g_autoptr(GError) conflict = NULL;
    Docket *docket = desk_docket(request->desk, error);
    g_autoptr(GPtrArray) verdicts = docket != NULL ? docket_verdicts(docket, item->record, error) : NULL;
    if (verdicts == NULL)
        return false;
    verdicts_list(request, html, verdicts);
    if (!held_may_decide(request, item, &conflict))
        return true; // the page says why
    if (any_in(item, HOLD_DENIED))
        reopen_form(request, html, item);
    if (any_in(item, HOLD_RELEASED))
        judge_form(request, html, item);
    return true;
}

// ---- steps -----------------------------------------------------------------------------------------------

static void back_to(Reply *reply, const char *record, const char *said)
{
    g_autofree char *path = g_strconcat("/queue/", record, NULL);
    reply_redirect(reply, path, said);
}

static bool reopen(Request *request, Reply *reply, GError **error)
{
    g_autoptr(HoldItem) item = held_item(request, error);
    g_autofree char *why = request_form_text(request, "why", TEXT_MOST);
    Docket *docket =
        item != NULL && held_may_decide(request, item, error) ? desk_docket(request->desk, error) : NULL;
    if (docket == NULL || !docket_reopen(docket, desk_quarantine(request->desk), item->record,
                                         request_who(request), why, request->now_us, error))
        return false;
    back_to(reply, item->record, "said.reopened");
    return true;
}

static bool judge_again(Request *request, Reply *reply, GError **error)
{
    g_autoptr(HoldItem) item = held_item(request, error);
    g_autofree char *why = request_form_text(request, "why", TEXT_MOST);
    Docket *docket =
        item != NULL && held_may_decide(request, item, error) ? desk_docket(request->desk, error) : NULL;
    if (docket == NULL)
        return false;
    if (!any_in(item, HOLD_RELEASED)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "%s: nothing of it was released: decide about it, or open it again", item->record);
        return false;
    }
    if (!docket_judge_again(docket, item->record, request_who(request),
                            g_strcmp0(request_form(request, "releases"), "yes") == 0, why, request->now_us,
                            error))
        return false;
    back_to(reply, item->record, "said.judged-again");
    return true;
}

// ---- the list --------------------------------------------------------------------------------------------

// Of messages of other schools nothing is listed. False with `error`.
static bool row(Request *request, Html *html, const DocketEntry *entry, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(HoldItem) item = quarantine_get(desk_quarantine(request->desk), entry->record, &why);
    if (item == NULL && why->code != BASE_ERROR_NOINPUT) {
        g_propagate_error(error, g_steal_pointer(&why));
        return false;
    }
    if (item == NULL || !held_in_scope(request, item))
        return true;
    g_autofree char *path = g_strconcat("/queue/", entry->record, NULL);
    g_autofree char *action = g_strconcat("action.", docket_action_name(entry->action), NULL);
    g_autofree char *reason = g_strconcat("reason.", entry->reason, NULL);
    html_open(html, "tr", NULL);
    html_open(html, "th", "scope", "row", NULL);
    html_link(html, path, entry->record);
    html_close(html, "th");
    html_say(html, "td", action, NULL);
    html_say(html, "td", reason, NULL);
    html_element(html, "td", entry->who, NULL);
    html_element(html, "td", entry->rule, NULL);
    html_open(html, "td", NULL);
    page_time(request, html, entry->due_us);
    html_close(html, "td");
    html_close(html, "tr");
    return true;
}

static bool table(Request *request, Html *html, const GPtrArray *entries, GError **error)
{
    static const char *const HEADS[] = {"item.reference", "decisions.action", "decide.reason",
                                        "decisions.who",  "queue.rule",       "reopen.when"};
    bool ok = true;
    html_open(html, "div", "class", "scroll", "tabindex", "0", "role", "region", "aria-label",
              words_get(request->words, "reopen.title"), NULL);
    html_open(html, "table", "id", "done", "data-rows", "", NULL);
    html_open(html, "thead", NULL);
    html_open(html, "tr", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(HEADS); i++)
        html_say(html, "th", HEADS[i], "scope", "col", NULL);
    html_close(html, "thead");
    html_open(html, "tbody", NULL);
    for (guint i = 0; ok && i < MIN(entries->len, PAGE_ROWS); i++)
        ok = row(request, html, entries->pdata[i], error);
    html_close(html, "table");
    html_close(html, "div");
    return ok;
}

static bool done(Request *request, Reply *reply, GError **error)
{
    bool all = g_strcmp0(request_query(request, "who"), "all") == 0;
    int64_t before = request_number(request, "after", 0, G_MAXINT64, 0);
    Docket *docket = desk_docket(request->desk, error);
    g_autoptr(GPtrArray) entries =
        docket != NULL ? docket_done(docket, all ? NULL : request_who(request), before, PAGE_ROWS + 1, error)
                       : NULL;
    if (entries == NULL)
        return false;
    g_autoptr(Html) html = page_begin(request, "reopen.title");
    html_say(html, "p", "reopen.hint", "class", "hint", NULL);
    form_get(html, "/decisions/done", "filter");
    form_select_begin(html, "who", "decisions.who");
    form_option_say(html, "", "reopen.mine", !all);
    form_option_say(html, "all", "filter.any", all);
    form_select_end(html);
    form_button(html, "filter.apply", NULL, NULL, NULL);
    html_close(html, "form");
    bool ok = true;
    if (entries->len > 0)
        ok = table(request, html, entries, error);
    else
        html_say(html, "p", "decisions.none", NULL);
    const DocketEntry *last = entries->len > PAGE_ROWS ? entries->pdata[PAGE_ROWS - 1] : NULL;
    g_autofree char *key = last != NULL ? g_strdup_printf("%" G_GINT64_FORMAT, last->id) : NULL;
    page_more(request, html, key);
    page_end(request, html, reply);
    return ok;
}

static const Route ROUTES[] = {
    {"GET", "/decisions/done", USER_REVIEWER, done},
    {"POST", "/queue/:id/reopen", USER_REVIEWER, reopen},
    {"POST", "/queue/:id/judge-again", USER_REVIEWER, judge_again},
};
const RouteTable REOPEN_ROUTES = {ROUTES, G_N_ELEMENTS(ROUTES)};
