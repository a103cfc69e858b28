// One record of a case: what it says, what it belongs to, who decided what, deciding about it.
#include "console/casefile.h"
#include "console/content.h"

#include <string.h>

// ---- the message -----------------------------------------------------------------------------------------

static const char *const TABS[][2] = {
    {"text", "tab.text"}, {"headers", "tab.headers"}, {"attachments", "tab.attachments"}};

static const char *tab_asked(Request *request)
{
    const char *asked = request_query(request, "tab"), *found = TABS[0][0];
    for (gsize i = 0; asked != NULL && i < G_N_ELEMENTS(TABS); i++)
        found = strcmp(asked, TABS[i][0]) == 0 ? TABS[i][0] : found;
    return found;
}

static bool message(Request *request, Html *html, const Case *one, const CaseRecord *record, GError **error)
{
    const char *tab = tab_asked(request);
    g_autoptr(ArchiveRecord) there = case_record_read(desk_cases(request->desk, NULL), record, error);
    if (there == NULL)
        return false;
    html_open(html, "section", "class", "message", "aria-labelledby", "message", NULL);
    html_say(html, "h2", "item.message", "id", "message", NULL);
    html_open(html, "ul", "class", "tabs", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(TABS); i++) {
        g_autofree char *path = page_query_with(request, "tab", i > 0 ? TABS[i][0] : NULL);
        html_open(html, "li", NULL);
        html_say(html, "a", TABS[i][1], "href", path, "aria-current",
                 strcmp(tab, TABS[i][0]) == 0 ? "page" : NULL, NULL);
        html_close(html, "li");
    }
    html_close(html, "ul");
    bool ok = content_pane(request, html, there->ref, tab, one->id, error);
    html_close(html, "section");
    return ok;
}

// ---- what it belongs to ----------------------------------------------------------------------------------

static const char *relation(const CaseRecord *record, const CaseRecord *other)
{
    if (strcmp(record->group, other->group) != 0)
        return "record.thread";
    return other->exact && record->exact ? "record.same" : "record.alike";
}

static bool related(Request *request, Html *html, const Case *one, const CaseRecord *record, GError **error)
{
    g_autoptr(GPtrArray) all = case_related(desk_cases(request->desk, NULL), one->id, record->record, error);
    if (all == NULL)
        return false;
    html_say(html, "h2", "record.related", NULL);
    if (all->len < 2)
        html_say(html, "p", "record.alone", NULL);
    html_open(html, "ul", "id", "related", NULL);
    for (guint i = 0; i < MIN(all->len, 2 * PAGE_ROWS); i++) {
        const CaseRecord *other = all->pdata[i];
        g_autofree char *path = g_strdup_printf("/cases/%s/records/%s", one->id, other->record);
        g_autofree char *what = g_strconcat("what.", case_what_name(other->what), NULL);
        bool itself = strcmp(other->record, record->record) == 0;
        html_open(html, "li", NULL);
        html_open(html, "a", "href", path, "aria-current", itself ? "true" : NULL, NULL);
        html_mail(html,
                  *other->subject != '\0' ? other->subject : words_get(request->words, "records.no-subject"));
        html_close(html, "a");
        html_text(html, " ");
        page_time(request, html, other->received_us);
        html_text(html, " - ");
        html_words(html, itself ? "record.itself" : relation(record, other), NULL);
        html_text(html, "; ");
        html_words(html, what, NULL);
        html_close(html, "li");
    }
    html_close(html, "ul");
    if (all->len > 2 * PAGE_ROWS)
        html_say(html, "p", "record.more-related", "class", "hint", NULL);
    return true;
}

// ---- deciding --------------------------------------------------------------------------------------------

static bool decisions(Request *request, Html *html, const Case *one, const CaseRecord *record, GError **error)
{
    json_t *all = case_decisions(desk_cases(request->desk, NULL), one->id, record->record, error);
    if (all == NULL)
        return false;
    if (record->disputed)
        page_notice(html, "note", "record.disputed");
    html_open(html, "ol", "id", "decisions", NULL);
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *step = json_array_get(all, i);
        g_autofree char *what = g_strconcat("what.", casefile_text(step, "what"), NULL);
        html_open(html, "li", NULL);
        html_words(html, what, NULL);
        html_text(html, " ");
        html_mail(html, casefile_text(step, "code"));
        html_open(html, "div", NULL);
        html_mail(html, casefile_text(step, "why"));
        html_close(html, "div");
        html_open(html, "div", "class", "soft", NULL);
        html_text(html, casefile_text(step, "who"));
        html_text(html, ", ");
        casefile_time(request, html, casefile_text(step, "time"));
        html_close(html, "div");
        html_close(html, "li");
    }
    html_close(html, "ol");
    json_decref(all);
    return true;
}

static void decide_form(Request *request, Html *html, const Case *one, const CaseRecord *record)
{
    g_autofree char *path = casefile_path(one, "/review");
    form_post(request, html, path, "decide");
    form_hidden(html, "record", record->record);
    form_hidden(html, "list", request->path);
    casefile_decision(html);
    form_check(html, "group", "yes", "records.group", false);
    form_button(html, "records.decide", NULL, NULL, "main");
    html_close(html, "form");
}

static bool deciding(Request *request, Html *html, const Case *one, const CaseRecord *record, GError **error)
{
    g_autofree char *what = g_strconcat("what.", case_what_name(record->what), NULL);
    g_autofree char *redact = g_strdup_printf("/cases/%s/records/%s/redact", one->id, record->record);
    g_autoptr(GPtrArray) next =
        case_records(desk_cases(request->desk, NULL), one->id, CASE_UNDECIDED, record->record, 1, error);
    if (next == NULL)
        return false;
    html_open(html, "section", "class", "deciding", "aria-labelledby", "deciding", NULL);
    html_say(html, "h2", "record.decision", "id", "deciding", NULL);
    html_say(html, "p", what, "id", "what-now", NULL);
    bool ok = decisions(request, html, one, record, error);
    if (casefile_changes(request, one))
        decide_form(request, html, one, record);
    html_open(html, "p", NULL);
    html_link_say(html, redact, "record.redact");
    html_close(html, "p");
    if (next->len > 0) {
        g_autofree char *path =
            g_strdup_printf("/cases/%s/records/%s", one->id, ((const CaseRecord *)next->pdata[0])->record);
        html_open(html, "p", NULL);
        html_say(html, "a", "record.next", "href", path, "id", "next", "data-key", "j", NULL);
        html_close(html, "p");
    }
    html_close(html, "section");
    return ok;
}

// ---- the page --------------------------------------------------------------------------------------------

static void facts(Request *request, Html *html, const Case *one, const CaseRecord *record)
{
    g_autofree char *bates =
        record->number > 0 ? bag_bates(one->prefix, (guint)one->width, (guint64)record->number) : NULL;
    html_open(html, "dl", "class", "facts", NULL);
    casefile_fact(html, "records.from", record->sender);
    html_say(html, "dt", "records.time", NULL);
    html_open(html, "dd", NULL);
    page_time(request, html, record->received_us);
    html_close(html, "dd");
    casefile_fact(html, "record.custodian", record->custodian);
    casefile_fact(html, "record.bates", bates);
    casefile_fact(html, "search.record", record->record);
    html_close(html, "dl");
}

static bool record_page(Request *request, Reply *reply, GError **error)
{
    g_autoptr(Case) one = casefile_case(request, error);
    g_autoptr(CaseRecord) record = one != NULL ? casefile_record(request, one, error) : NULL;
    if (record == NULL)
        return false;
    g_autoptr(Html) html =
        page_begin_text(request, *record->subject != '\0' ? record->subject
                                                          : words_get(request->words, "records.no-subject"));
    casefile_tabs(request, html, one, "/records");
    facts(request, html, one, record);
    html_open(html, "div", "class", "panes two", NULL);
    bool ok = message(request, html, one, record, error);
    html_open(html, "div", NULL);
    ok = ok && deciding(request, html, one, record, error) && related(request, html, one, record, error);
    html_close(html, "div");
    html_close(html, "div");
    page_end(request, html, reply);
    return ok;
}

static const Route ROUTES[] = {{"GET", "/cases/:id/records/:record", CASE_READERS, record_page}};
const RouteTable RECORD_ROUTES = {ROUTES, G_N_ELEMENTS(ROUTES)};
