// The records of a case: conversations together, duplicates named, deciding about many at once.
#include "console/casefile.h"

#include <string.h>

enum { CODE_MOST = 200, WHY_MOST = 2000 };

// ---- filters ---------------------------------------------------------------------------------------------

static CaseWhat what_asked(Request *request)
{
    CaseWhat what = CASE_WHATS;
    const char *asked = request_query(request, "show");
    return asked != NULL && case_what_parse(asked, &what) ? what : CASE_WHATS;
}

static void filter_form(Request *request, Html *html, const Case *one, CaseWhat what, bool by_time)
{
    g_autofree char *path = casefile_path(one, "/records");
    form_get(html, path, "filter");
    form_select_begin(html, "show", "records.which");
    form_option_say(html, "", "records.all", what == CASE_WHATS);
    for (int i = 0; i < CASE_WHATS; i++) {
        g_autofree char *key = g_strconcat("what.", case_what_name(i), NULL);
        form_option_say(html, case_what_name(i), key, what == (CaseWhat)i);
    }
    form_select_end(html);
    form_select_begin(html, "order", "records.order");
    form_option_say(html, "", "records.by-thread", !by_time);
    form_option_say(html, "time", "records.by-time", by_time);
    form_select_end(html);
    form_button(html, "filter.apply", NULL, NULL, NULL);
    html_close(html, "form");
}

// ---- the list --------------------------------------------------------------------------------------------

static void decision(Request *request, Html *html, const CaseRecord *record)
{
    g_autofree char *key = g_strconcat("what.", case_what_name(record->what), NULL);
    html_words(html, key, NULL);
    if (record->code != NULL && *record->code != '\0') {
        html_text(html, ": ");
        html_mail(html, record->code);
    }
    if (record->what == CASE_REDACT && json_array_size(record->redactions) == 0)
        html_say(html, "div", "records.no-redactions", "class", "late", NULL);
    if (record->disputed)
        html_say(html, "div", "records.disputed", "class", "late", NULL);
    if (record->who != NULL)
        html_element(html, "div", record->who, "class", "soft", NULL);
}

static void alike(Html *html, const Case *one, const CaseRecord *record)
{
    if (strcmp(record->group, record->record) == 0)
        return;
    g_autofree char *path = g_strdup_printf("/cases/%s/records/%s", one->id, record->group);
    html_open(html, "div", "class", "soft", NULL);
    html_words(html, record->exact ? "records.same-as" : "records.nearly-as", NULL);
    html_text(html, " ");
    html_link(html, path, record->group);
    html_close(html, "div");
}

static void row(Request *request, Html *html, const Case *one, const CaseRecord *record, bool choose)
{
    g_autofree char *path = g_strdup_printf("/cases/%s/records/%s", one->id, record->record);
    g_autofree char *label = words_fill(request->words, "records.choose", "subject", record->subject, NULL);
    html_open(html, "tr", NULL);
    if (choose) {
        html_open(html, "td", NULL);
        html_void(html, "input", "type", "checkbox", "name", "record", "value", record->record, "aria-label",
                  label, NULL);
        html_close(html, "td");
    }
    html_open(html, "th", "scope", "row", NULL);
    html_open(html, "a", "href", path, NULL);
    html_mail(html,
              *record->subject != '\0' ? record->subject : words_get(request->words, "records.no-subject"));
    html_close(html, "a");
    alike(html, one, record);
    html_close(html, "th");
    html_open(html, "td", NULL);
    html_mail(html, record->sender);
    html_close(html, "td");
    html_open(html, "td", NULL);
    page_time(request, html, record->received_us);
    html_close(html, "td");
    html_open(html, "td", NULL);
    decision(request, html, record);
    html_close(html, "tr");
}

// A conversation begins: how it is called.
static void thread_row(Request *request, Html *html, const char *subject, bool choose)
{
    html_open(html, "tr", "class", "thread", NULL);
    html_open(html, "th", "scope", "rowgroup", "colspan", choose ? "5" : "4", NULL);
    html_words(html, "records.thread", NULL);
    html_text(html, " ");
    html_mail(html, *subject != '\0' ? subject : words_get(request->words, "records.no-subject"));
    html_close(html, "th");
    html_close(html, "tr");
}

static void table(Request *request, Html *html, const Case *one, const GPtrArray *records, bool by_time)
{
    static const char *const KEYS[] = {"records.choice", "records.subject", "records.from", "records.time",
                                       "records.decision"};
    bool choose = casefile_changes(request, one);
    const char *thread = "";
    html_open(html, "div", "class", "scroll", "tabindex", "0", "role", "region", "aria-label",
              words_get(request->words, "records.title"), NULL);
    html_open(html, "table", "id", "records", NULL);
    casefile_head(html, "records.caption", KEYS + !choose, G_N_ELEMENTS(KEYS) - !choose);
    html_open(html, "tbody", NULL);
    for (guint i = 0; i < MIN(records->len, PAGE_ROWS); i++) {
        const CaseRecord *record = records->pdata[i];
        if (!by_time && strcmp(thread, record->thread) != 0) {
            if (i > 0)
                html_close(html, "tbody");
            if (i > 0)
                html_open(html, "tbody", NULL);
            thread_row(request, html, record->subject, choose);
        }
        thread = record->thread;
        row(request, html, one, record, choose);
    }
    html_close(html, "table");
    html_close(html, "div");
}

static void bulk(Html *html, const char *list)
{
    html_open(html, "fieldset", "class", "bulk", NULL);
    html_say(html, "legend", "records.bulk", NULL);
    form_hidden(html, "list", list);
    casefile_decision(html);
    form_check(html, "group", "yes", "records.group", false);
    form_button(html, "records.decide", NULL, NULL, "main");
    html_close(html, "fieldset");
}

static void list(Request *request, Html *html, const Case *one, const GPtrArray *records, bool by_time)
{
    g_autofree char *path = casefile_path(one, "/review");
    g_autofree char *here = page_query_with(request, "after", request_query(request, "after"));
    bool changes = casefile_changes(request, one);
    if (changes)
        form_post(request, html, path, NULL);
    table(request, html, one, records, by_time);
    if (changes) {
        bulk(html, here);
        html_close(html, "form");
    }
    const CaseRecord *last = records->len > PAGE_ROWS ? records->pdata[PAGE_ROWS - 1] : NULL;
    page_more(request, html, last != NULL ? last->record : NULL);
    const char *asked = request_query(request, "show");
    g_autofree char *csv =
        g_strdup_printf("/cases/%s/records.csv%s%s", one->id, asked != NULL ? "?show=" : "",
                        asked != NULL && what_asked(request) != CASE_WHATS ? asked : "");
    html_open(html, "p", NULL);
    html_link_say(html, csv, "records.csv");
    html_close(html, "p");
}

static bool records_page(Request *request, Reply *reply, GError **error)
{
    bool by_time = g_strcmp0(request_query(request, "order"), "time") == 0;
    CaseWhat what = what_asked(request);
    const char *after = request_query(request, "after");
    g_autoptr(Case) one = casefile_case(request, error);
    Cases *cases = desk_cases(request->desk, NULL);
    g_autoptr(GPtrArray) records = one == NULL ? NULL
                                   : by_time
                                       ? case_records(cases, one->id, what, after, PAGE_ROWS + 1, error)
                                       : case_threads(cases, one->id, what, after, PAGE_ROWS + 1, error);
    if (records == NULL)
        return false;
    g_autofree char *title = words_fill(request->words, "records.of", "case", one->id, NULL);
    g_autoptr(Html) html = page_begin_text(request, title);
    casefile_tabs(request, html, one, "/records");
    filter_form(request, html, one, what, by_time);
    if (records->len == 0)
        html_say(html, "p", "records.none", NULL);
    else
        list(request, html, one, records, by_time);
    page_end(request, html, reply);
    return true;
}

// ---- as a table for other programs -----------------------------------------------------------------------

static void csv_row(GString *out, const Case *one, const CaseRecord *record)
{
    g_autofree char *received = clock_format(record->received_us);
    g_autofree char *bates = record->number > 0
                                 ? bag_bates(one->prefix, (guint)one->width, (guint64)record->number)
                                 : g_strdup("");
    const char *const cells[] = {bates,           record->record,
                                 received,        record->sender,
                                 record->subject, case_what_name(record->what),
                                 record->code,    record->why,
                                 record->who,     record->disputed ? "yes" : "no",
                                 record->thread,  record->group};
    for (gsize i = 0; i < G_N_ELEMENTS(cells); i++)
        reply_csv_cell(out, cells[i] != NULL ? cells[i] : "", i + 1 == G_N_ELEMENTS(cells));
}

static bool csv_rows(Request *request, GString *out, const Case *one, GError **error)
{
    enum { BATCH = 2000 };
    g_autofree char *after = NULL;
    guint count = BATCH;
    while (count == BATCH) {
        g_autoptr(GPtrArray) records =
            case_records(desk_cases(request->desk, NULL), one->id, what_asked(request), after, BATCH, error);
        if (records == NULL)
            return false;
        count = records->len;
        for (guint i = 0; i < count; i++)
            csv_row(out, one, records->pdata[i]);
        g_free(after);
        after = count > 0 ? g_strdup(((const CaseRecord *)records->pdata[count - 1])->record) : NULL;
    }
    return true;
}

static bool records_csv(Request *request, Reply *reply, GError **error)
{
    static const char HEAD[] = "number,record,received,from,subject,decision,code,reason,reviewer,disputed,"
                               "conversation,duplicates\r\n";
    g_autoptr(Case) one = casefile_case(request, error);
    g_autoptr(GString) out = g_string_new(HEAD);
    if (one == NULL ||
        !console_tell(request, "case-listed", NULL, json_pack("{s:s}", "case", one->id), error) ||
        !csv_rows(request, out, one, error))
        return false;
    g_autofree char *name = g_strconcat(one->id, "-records.csv", NULL);
    reply_download(reply, name, "text/csv", out->str, out->len);
    return true;
}

// ---- deciding --------------------------------------------------------------------------------------------

// Where to go on: a page of this case.
static char *back(Request *request, const Case *one)
{
    g_autofree char *wanted = request_form_text(request, "list", 2000),
                    *home = casefile_path(one, "/records");
    return g_strdup(g_str_has_prefix(wanted, home) ? wanted : home);
}

static bool review(Request *request, Reply *reply, GError **error)
{
    CaseWhat what = CASE_UNDECIDED;
    g_autoptr(Case) one = casefile_case(request, error);
    g_autoptr(GPtrArray) chosen = request_form_all(request, "record");
    g_autofree char *name = request_form_text(request, "what", 20),
                    *code = request_form_text(request, "code", CODE_MOST),
                    *why = request_form_text(request, "why", WHY_MOST);
    if (one == NULL)
        return false;
    bool usable = chosen->len > 0 && case_what_parse(name, &what);
    if (!usable)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "choose one record at least, and a decision");
    if (!usable || case_review_many(desk_cases(request->desk, NULL), one->id, chosen,
                                    request_form(request, "group") != NULL, what, code, why,
                                    request_who(request), request->now_us, error) < 0)
        return false;
    g_autofree char *path = back(request, one);
    reply_redirect(reply, path, "said.case-decided");
    return true;
}

static const Route ROUTES[] = {{"GET", "/cases/:id/records", CASE_READERS, records_page},
                               {"GET", "/cases/:id/records.csv", CASE_READERS, records_csv},
                               {"POST", "/cases/:id/review", USER_RECORDS, review}};
const RouteTable RECORDS_ROUTES = {ROUTES, G_N_ELEMENTS(ROUTES)};
