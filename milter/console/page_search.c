// The archive's search, within a request for records: every search is told to the archive with what it covered.
#include "console/casefile.h"
#include "console/glance.h"

#include <string.h>

enum { QUERY_MOST = 4000 };

// Fields of the form that are words of the language.
static const struct {
    const char *name, *label, *field;
} FIELDS[] = {{"from", "search.from", "from:"},          {"to", "search.to", "to:"},
              {"subject", "search.subject", "subject:"}, {"body", "search.body", "body:"},
              {"file", "search.file", "filename:"},      {"person", "search.person", "person:"}};

static const char *given(Request *request, const char *name)
{
    const char *text = request_query(request, name);
    return text != NULL && *text != '\0' ? text : NULL;
}

// ---- the query -------------------------------------------------------------------------------------------

static void add_quoted(GString *query, const char *field, const char *text)
{
    g_autofree char *plain = g_strdup(text);
    g_strdelimit(plain, "\"", ' ');
    g_strstrip(plain);
    if (*plain != '\0')
        g_string_append_printf(query, "%s%s\"%s\"", query->len > 0 ? " " : "", field, plain);
}

static void add_day(GString *query, const char *field, const char *day)
{
    bool fits = day != NULL && strlen(day) == 10 && strspn(day, "0123456789-") == 10;
    if (fits)
        g_string_append_printf(query, "%s%s%s", query->len > 0 ? " " : "", field, day);
}

// What the form asks for, in the language. The days of its fields are in it; after: and before: leave theirs out.
static char *query_of(Request *request)
{
    GString *query = g_string_new(NULL);
    const char *words = given(request, "q");
    if (words != NULL)
        g_string_append_printf(query, "%.*s", QUERY_MOST, words);
    bool alone = query->len == 0;
    for (gsize i = 0; i < G_N_ELEMENTS(FIELDS); i++)
        if (given(request, FIELDS[i].name) != NULL)
            add_quoted(query, FIELDS[i].field, given(request, FIELDS[i].name));
    add_day(query, "after:", given(request, "since"));
    add_day(query, "before:", given(request, "until"));
    if (g_strcmp0(given(request, "files"), "yes") == 0)
        g_string_append(query, query->len > 0 ? " has:attachment" : "has:attachment");
    // What stands beside an OR would belong to its last part only.
    if (!alone && words != NULL && query->len > strlen(words)) {
        g_string_insert(query, (gssize)MIN(strlen(words), QUERY_MOST), ")");
        g_string_prepend_c(query, '(');
    }
    return g_string_free(query, FALSE);
}

// ---- the form --------------------------------------------------------------------------------------------

// The requests that the reader may search within. GPtrArray of Case; NULL with `error`.
static GPtrArray *choices(Request *request, GError **error)
{
    Cases *cases = desk_cases(request->desk, error);
    g_autoptr(GPtrArray) list = cases != NULL ? case_page(cases, false, NULL, 200, error) : NULL;
    Tri may = list != NULL ? TRI_YES : TRI_UNKNOWN;
    for (guint i = list != NULL ? list->len : 0;
         i > 0 && may != TRI_UNKNOWN && !request_may(request, USER_RECORDS); i--) {
        may = request_is_granted(request, ((const Case *)list->pdata[i - 1])->id, error);
        if (may == TRI_NO)
            g_ptr_array_remove_index(list, i - 1);
    }
    return may != TRI_UNKNOWN ? g_steal_pointer(&list) : NULL;
}

static void more_fields(Request *request, Html *html)
{
    html_open(html, "details", NULL);
    html_say(html, "summary", "search.more", NULL);
    html_open(html, "div", "class", "filter", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(FIELDS); i++)
        form_field(html, FIELDS[i].name, FIELDS[i].label, given(request, FIELDS[i].name), "maxlength", "200",
                   NULL);
    form_field(html, "since", "search.since", given(request, "since"), "type", "date", NULL);
    form_field(html, "until", "search.until", given(request, "until"), "type", "date", NULL);
    form_check(html, "files", "yes", "search.files", given(request, "files") != NULL);
    form_check(html, "envelope", "yes", "search.envelope", given(request, "envelope") != NULL);
    html_close(html, "div");
    html_say(html, "p", "search.language", "class", "hint", NULL);
    html_close(html, "details");
}

static void form(Request *request, Html *html, const GPtrArray *cases)
{
    const char *now = given(request, "case");
    form_get(html, "/search", NULL);
    form_select_begin(html, "case", "search.case");
    for (guint i = 0; i < cases->len; i++) {
        const Case *one = cases->pdata[i];
        g_autofree char *text = g_strdup_printf("%s: %s", one->id, one->title);
        form_option(html, one->id, text, g_strcmp0(now, one->id) == 0);
    }
    form_select_end(html);
    form_field(html, "q", "search.words", given(request, "q"), "maxlength", "4000", "type", "search", NULL);
    form_check(html, "lines", "yes", "search.lines", given(request, "lines") != NULL);
    more_fields(request, html);
    form_button(html, "search.go", NULL, NULL, "main");
    html_close(html, "form");
}

// ---- what was found --------------------------------------------------------------------------------------

static bool tell(Request *request, const Case *one, const char *query, const SearchResult *result,
                 GError **error)
{
    const char *after = given(request, "after");
    return console_tell(request, "search", NULL,
                        json_pack("{s:s, s:s, s:b, s:I, s:I, s:I, s:I, s:s*}", "query", query, "case",
                                  one->id, "envelope", given(request, "envelope") != NULL, "found",
                                  (json_int_t)result->total, "indexed", (json_int_t)result->indexed,
                                  "archived", (json_int_t)result->archived, "unsearchable",
                                  (json_int_t)result->unsearchable, "after", after),
                        error);
}

static void coverage(Request *request, Html *html, const Case *one, const SearchResult *result)
{
    g_autofree char *total = g_strdup_printf("%" G_GUINT64_FORMAT, result->total),
                    *indexed = g_strdup_printf("%" G_GUINT64_FORMAT, result->indexed),
                    *archived = g_strdup_printf("%" G_GUINT64_FORMAT, result->archived),
                    *lacking = g_strdup_printf("%" G_GUINT64_FORMAT, result->unsearchable),
                    *path = g_strdup_printf("/search?case=%s&q=is%%3Aunsearchable&since=%s&until=%s", one->id,
                                            given(request, "since") != NULL ? given(request, "since") : "",
                                            given(request, "until") != NULL ? given(request, "until") : "");
    html_open(html, "p", "id", "total", "role", "status", NULL);
    html_open(html, "strong", NULL);
    html_words(html, "search.total", "n", total, NULL);
    html_close(html, "strong");
    html_close(html, "p");
    html_open(html, "p", "id", "coverage", "class", result->indexed < result->archived ? "note" : NULL, NULL);
    html_words(html, "search.indexed", "indexed", indexed, "archived", archived, NULL);
    if (result->through_us != 0) {
        html_text(html, " ");
        html_words(html, "search.through", NULL);
        html_text(html, " ");
        page_time(request, html, result->through_us);
    }
    html_close(html, "p");
    if (result->unsearchable == 0)
        return;
    html_open(html, "p", "id", "unsearchable", "class", "note", NULL);
    html_words(html, "search.unsearchable", "n", lacking, NULL);
    html_text(html, " ");
    html_link_say(html, path, "search.unsearchable-show");
    html_close(html, "p");
}

// To whom it went, and where the words stand: only where that was asked for.
static void hit_glance(Html *html, const Glance *glance)
{
    if (glance == NULL)
        return;
    html_open(html, "div", NULL);
    html_mail(html, glance->line);
    html_close(html, "div");
    html_open(html, "div", "class", "soft", NULL);
    html_words(html, "search.to", NULL);
    html_text(html, ": ");
    html_mail(html, glance->to);
    html_close(html, "div");
}

static void hit_row(Request *request, Html *html, const SearchHit *hit, const Glance *glance)
{
    g_autofree char *from = g_strndup(hit->sender, strcspn(hit->sender, "\n"));
    g_autofree char *files = g_strdup_printf("%u", hit->attachments),
                    *size = g_format_size((guint64)hit->size);
    html_open(html, "tr", NULL);
    html_open(html, "th", "scope", "row", NULL);
    html_mail(html, *hit->subject != '\0' ? hit->subject : words_get(request->words, "records.no-subject"));
    if (*hit->unsearchable != '\0') {
        html_open(html, "div", "class", "late", NULL);
        html_mail(html, hit->unsearchable);
        html_close(html, "div");
    }
    hit_glance(html, glance);
    html_element(html, "div", hit->record, "class", "soft", NULL);
    html_close(html, "th");
    html_open(html, "td", NULL);
    html_mail(html, from);
    html_close(html, "td");
    html_open(html, "td", NULL);
    page_time(request, html, hit->received_us);
    html_close(html, "td");
    html_element(html, "td", files, "class", "number", NULL);
    html_element(html, "td", size, "class", "number", NULL);
    html_close(html, "tr");
}

static bool hits(Request *request, Html *html, const Case *one, const char *text, const SearchResult *result,
                 GError **error)
{
    static const char *const KEYS[] = {"records.subject", "records.from", "records.time",
                                       "search.attachments", "search.size"};
    bool asked = given(request, "lines") != NULL;
    g_autoptr(GHashTable) glances =
        asked ? glance_read(request, one->id, text, result->hits, PAGE_ROWS, error) : NULL;
    if (asked && glances == NULL)
        return false;
    html_open(html, "div", "class", "scroll", "tabindex", "0", "role", "region", "aria-label",
              words_get(request->words, "search.hits"), NULL);
    html_open(html, "table", "id", "hits", NULL);
    casefile_head(html, "search.hits", KEYS, G_N_ELEMENTS(KEYS));
    html_open(html, "tbody", NULL);
    for (guint i = 0; i < MIN(result->hits->len, PAGE_ROWS); i++)
        hit_row(request, html, result->hits->pdata[i],
                asked ? g_hash_table_lookup(glances, ((const SearchHit *)result->hits->pdata[i])->record)
                      : NULL);
    html_close(html, "table");
    html_close(html, "div");
    const SearchHit *last = result->hits->len > PAGE_ROWS ? result->hits->pdata[PAGE_ROWS - 1] : NULL;
    page_more(request, html, last != NULL ? last->record : NULL);
    return true;
}

static void take_in(Request *request, Html *html, const Case *one, const char *query)
{
    g_autofree char *path = casefile_path(one, "/search");
    form_post(request, html, path, NULL);
    form_hidden(html, "query", query);
    form_hidden(html, "envelope", given(request, "envelope") != NULL ? "yes" : "");
    form_button(html, "search.take", NULL, NULL, "main");
    html_close(html, "form");
}

// A query that is no query is told beside the form.
static bool wrong_query(Html *html, GError **error)
{
    bool wrong = g_error_matches(*error, BASE_ERROR, BASE_ERROR_USAGE);
    if (wrong) {
        html_open(html, "p", "class", "bad", "role", "alert", "id", "wrong", NULL);
        html_mail(html, (*error)->message);
        html_close(html, "p");
        g_clear_error(error);
    }
    return wrong;
}

static bool run(Request *request, Html *html, const Case *one, const char *text, GError **error)
{
    const SearchTerms terms = {request->config->district.timezone, request->now_us,
                               given(request, "envelope") != NULL};
    g_autoptr(SearchQuery) query = search_query_parse(text, &terms, error);
    g_autoptr(SearchResult) result =
        query != NULL ? search_run(request->config, query, PAGE_ROWS + 1, given(request, "after"), error)
                      : NULL;
    if (result == NULL)
        return wrong_query(html, error);
    if (!tell(request, one, text, result, error))
        return false;
    html_open(html, "p", NULL);
    html_words(html, "search.asked", NULL);
    html_text(html, " ");
    html_open(html, "code", "id", "asked", NULL);
    html_mail(html, text);
    html_close(html, "p");
    coverage(request, html, one, result);
    bool ok = result->hits->len == 0 || hits(request, html, one, text, result, error);
    if (casefile_changes(request, one))
        take_in(request, html, one, text);
    return ok;
}

static bool search_page(Request *request, Reply *reply, GError **error)
{
    g_autoptr(GPtrArray) cases = choices(request, error);
    const char *id = given(request, "case");
    g_autoptr(Case) one = cases != NULL && id != NULL ? casefile_named(request, id, error) : NULL;
    g_autofree char *text = query_of(request);
    if (cases == NULL || (id != NULL && one == NULL))
        return false;
    if (one != NULL && one->closed_us != 0 && *text != '\0') {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOPERM, "case %s is closed: nothing is searched for it",
                    id);
        return false;
    }
    g_autoptr(Html) html = page_begin(request, "search.title");
    bool ok = true;
    if (cases->len == 0)
        html_say(html, "p", "search.no-case", NULL);
    else
        form(request, html, cases);
    if (one != NULL && *text != '\0')
        ok = run(request, html, one, text, error);
    page_end(request, html, reply);
    return ok;
}

static const Route ROUTES[] = {{"GET", "/search", CASE_READERS, search_page}};
const RouteTable SEARCH_ROUTES = {ROUTES, G_N_ELEMENTS(ROUTES)};
