// What the pages about requests for records share.
#include "console/casefile.h"

#include <stdlib.h>
#include <string.h>

Case *casefile_named(Request *request, const char *id, GError **error)
{
    Cases *cases = desk_cases(request->desk, error);
    g_autoptr(Case) one = cases != NULL ? case_get(cases, id, error) : NULL;
    Tri may = one == NULL                          ? TRI_UNKNOWN
              : request_may(request, USER_RECORDS) ? TRI_YES
                                                   : request_is_granted(request, one->id, error);
    if (may == TRI_NO)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOPERM,
                    "case %s: you have not been granted a look into it; /access asks for that", one->id);
    return may == TRI_YES ? g_steal_pointer(&one) : NULL;
}

Case *casefile_case(Request *request, GError **error)
{
    return casefile_named(request, request->args[0], error);
}

CaseRecord *casefile_record(Request *request, const Case *one, GError **error)
{
    return case_record(desk_cases(request->desk, NULL), one->id, request->args[1], error);
}

bool casefile_changes(Request *request, const Case *one)
{
    return one->closed_us == 0 && request_may(request, USER_RECORDS);
}

CaseClocks *casefile_clocks(Request *request, GError **error)
{
    return case_clocks_load(request->config->cases.clocks, error);
}

int casefile_today(const Request *request)
{
    return clock_local_date(request->now_us, request->config->district.timezone);
}

void casefile_date(int date, char out[11])
{
    *out = '\0';
    if (date != 0)
        g_snprintf(out, 11, "%04d-%02d-%02d", CLAMP(date / 10000, 0, 9999), date / 100 % 100, date % 100);
}

static const char *due_key(int left)
{
    return left < 0 ? "cases.late" : left == 0 ? "cases.due-today" : left <= 2 ? "cases.soon" : "cases.left";
}

void casefile_due(Request *request, Html *html, const CaseClocks *clocks, const Case *one)
{
    const CaseProfile *profile = case_clocks_profile(clocks, one->profile);
    int due = profile != NULL ? case_due(clocks, profile, one->received, one->extension) : 0;
    int left = due != 0 ? case_days_left(clocks, profile, casefile_today(request), due) : 0;
    char day[11];
    casefile_date(due, day);
    g_autofree char *number = g_strdup_printf("%d", abs(left));
    if (due == 0) {
        html_words(html, "cases.no-time", NULL);
        return;
    }
    html_element(html, "time", day, "datetime", day, NULL);
    if (one->closed_us == 0) {
        html_text(html, ": ");
        html_open(html, "strong", "class", left < 0 ? "late" : NULL, NULL);
        html_words(html, due_key(left), "n", number, NULL);
        html_close(html, "strong");
    }
    if (due / 10000 > clocks->closed_until) {
        html_text(html, " ");
        html_say(html, "span", "cases.no-holidays", "class", "soft", NULL);
    }
}

char *casefile_path(const Case *one, const char *rest)
{
    return g_strconcat("/cases/", one->id, rest, NULL);
}

void casefile_tabs(Request *request, Html *html, const Case *one, const char *here)
{
    static const char *const TABS[][2] = {{"", "case.tab-case"},
                                          {"/records", "case.tab-records"},
                                          {"/letters", "case.tab-letters"},
                                          {"/exports", "case.tab-exports"}};
    html_open(html, "nav", "aria-label", words_get(request->words, "case.tabs"), NULL);
    html_open(html, "ul", "class", "tabs", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(TABS); i++) {
        g_autofree char *path = casefile_path(one, TABS[i][0]);
        html_open(html, "li", NULL);
        html_say(html, "a", TABS[i][1], "href", path, "aria-current",
                 strcmp(here, TABS[i][0]) == 0 ? "page" : NULL, NULL);
        html_close(html, "li");
    }
    g_autofree char *search = g_strconcat("/search?case=", one->id, NULL);
    html_open(html, "li", NULL);
    html_link_say(html, search, "case.tab-search");
    html_close(html, "ul");
    html_close(html, "nav");
}

void casefile_fact(Html *html, const char *key, const char *text)
{
    if (text == NULL || *text == '\0')
        return;
    html_say(html, "dt", key, NULL);
    html_open(html, "dd", NULL);
    html_mail(html, text);
    html_close(html, "dd");
}

void casefile_number(Html *html, const char *key, int64_t number)
{
    html_say(html, "dt", key, NULL);
    html_open(html, "dd", NULL);
    html_number(html, number);
    html_close(html, "dd");
}

void casefile_head(Html *html, const char *caption, const char *const *keys, gsize count)
{
    html_say(html, "caption", caption, NULL);
    html_open(html, "thead", NULL);
    html_open(html, "tr", NULL);
    for (gsize i = 0; i < count; i++)
        html_say(html, "th", keys[i], "scope", "col", NULL);
    html_close(html, "thead");
}

const char *casefile_text(const json_t *row, const char *key)
{
    const char *text = json_string_value(json_object_get(row, key));
    return text != NULL ? text : "";
}

void casefile_time(Request *request, Html *html, const char *text)
{
    int64_t us = 0;
    if (clock_parse(text, &us, NULL))
        page_time(request, html, us);
    else
        html_text(html, text);
}

void casefile_decision(Html *html)
{
    static const CaseWhat WHATS[] = {CASE_RESPONSIVE, CASE_NOT_RESPONSIVE, CASE_EXEMPT, CASE_REDACT};
    form_select_begin(html, "what", "records.decision");
    form_option_say(html, "", "decide.choose", true);
    for (gsize i = 0; i < G_N_ELEMENTS(WHATS); i++) {
        g_autofree char *key = g_strconcat("what.", case_what_name(WHATS[i]), NULL);
        form_option_say(html, case_what_name(WHATS[i]), key, false);
    }
    form_select_end(html);
    form_field(html, "code", "records.code", NULL, "maxlength", "200", NULL);
    form_field(html, "why", "records.why", NULL, "maxlength", "2000", NULL);
}
