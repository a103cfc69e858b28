// Legal holds: what is kept whatever a schedule says; placing, adding to, and releasing by two people.
#include "console/internal.h"

#include "retention/retention.h"

#include <string.h>

#define SEEN (USER_HOLD_MANAGER | USER_AUDITOR | USER_RECORDS)
enum { MATTER_MOST = 200, LIST_MOST = 20000, WHY_MOST = 1000, QUERY_MOST = 1000, RECORDS_SHOWN = 20 };

static Retention *holds_open(Request *request, GError **error)
{
    return retention_open(request->config, error);
}

// ---- parts -------------------------------------------------------------------------------------------------

static void fact_begin(Html *html, const char *key)
{
    html_say(html, "dt", key, NULL);
    html_open(html, "dd", NULL);
}

static void fact(Html *html, const char *key, const char *value)
{
    if (value == NULL || *value == '\0')
        return;
    fact_begin(html, key);
    html_mail(html, value);
    html_close(html, "dd");
}

static void fact_time(Request *request, Html *html, const char *key, int64_t us, const char *who)
{
    if (us == 0)
        return;
    fact_begin(html, key);
    page_time(request, html, us);
    html_text(html, " ");
    html_mail(html, who);
    html_close(html, "dd");
}

static void state_words(Html *html, const LegalHold *hold)
{
    static const char *const KEYS[LEGAL_LAST] = {"holds.active", "holds.releasing", "holds.released"};
    html_words(html, KEYS[hold->state], NULL);
}

static void hold_row(Request *request, Html *html, const LegalHold *hold)
{
    g_autofree char *path = g_strconcat("/holds/", hold->id, NULL);
    html_open(html, "tr", NULL);
    html_open(html, "th", "scope", "row", NULL);
    html_link(html, path, hold->matter);
    html_close(html, "th");
    html_open(html, "td", NULL);
    state_words(html, hold);
    html_close(html, "td");
    html_open(html, "td", NULL);
    page_time(request, html, hold->placed_us);
    html_close(html, "td");
    html_element(html, "td", hold->placed_by, NULL);
    html_open(html, "td", "class", "number", NULL);
    html_number(html, hold->people->len + (hold->people->len == 0 ? hold->addresses->len : 0));
    html_close(html, "td");
    html_open(html, "td", "class", "number", NULL);
    html_number(html, hold->records->len);
    html_close(html, "td");
    html_open(html, "td", NULL);
    html_mail(html, hold->query != NULL ? hold->query : "");
    html_close(html, "tr");
}

static void scope_fields(Html *html, bool query)
{
    form_area(html, "people", "holds.people", NULL, "spellcheck", "false", NULL);
    form_area(html, "records", "holds.records", NULL, "spellcheck", "false", NULL);
    if (query)
        form_field(html, "query", "holds.query", NULL, "maxlength", "1000", "spellcheck", "false", NULL);
    form_field(html, "why", "holds.why", NULL, "required", "", "maxlength", "1000", NULL);
}

// ---- the list ----------------------------------------------------------------------------------------------

static void place_form(Request *request, Html *html)
{
    html_open(html, "details", NULL);
    html_say(html, "summary", "holds.place", NULL);
    html_say(html, "p", "holds.place-hint", "class", "hint", NULL);
    form_post(request, html, "/holds", NULL);
    form_field(html, "matter", "holds.matter", NULL, "required", "", "maxlength", "200", NULL);
    scope_fields(html, true);
    form_button(html, "holds.place-go", NULL, NULL, "main");
    html_close(html, "form");
    html_close(html, "details");
}

static bool holds(Request *request, Reply *reply, GError **error)
{
    static const char *const KEYS[] = {"holds.matter", "holds.state",   "holds.placed", "holds.by",
                                       "holds.count",  "holds.records", "holds.query"};
    bool all = request_query(request, "all") != NULL;
    g_autoptr(Retention) retention = holds_open(request, error);
    g_autoptr(GPtrArray) list = retention != NULL ? legal_hold_list(retention, all, error) : NULL;
    if (list == NULL)
        return false;
    g_autoptr(Html) html = page_begin(request, "holds.title");
    html_open(html, "p", NULL);
    html_link_say(html, all ? "/holds" : "/holds?all=1", all ? "holds.only-active" : "holds.all");
    html_close(html, "p");
    if (request_may(request, USER_HOLD_MANAGER))
        place_form(request, html);
    html_open(html, "div", "class", "scroll", NULL);
    html_open(html, "table", "id", "holds", NULL);
    html_say(html, "caption", "holds.title", "class", "hidden-label", NULL);
    html_open(html, "thead", NULL);
    html_open(html, "tr", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(KEYS); i++)
        html_say(html, "th", KEYS[i], "scope", "col", NULL);
    html_close(html, "thead");
    html_open(html, "tbody", NULL);
    for (guint i = 0; i < list->len; i++)
        hold_row(request, html, list->pdata[i]);
    html_close(html, "div");
    if (list->len == 0)
        html_say(html, "p", "holds.none", NULL);
    page_end(request, html, reply);
    return true;
}

// ---- one hold ----------------------------------------------------------------------------------------------

static char *joined(const GPtrArray *list, guint most)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < MIN(list->len, most); i++)
        g_string_append_printf(out, "%s%s", i > 0 ? ", " : "", (const char *)list->pdata[i]);
    if (list->len > most)
        g_string_append_printf(out, " ... (%u)", list->len);
    return g_string_free(out, FALSE);
}

static void facts(Request *request, Html *html, const LegalHold *hold)
{
    g_autofree char *people = joined(hold->people, G_MAXUINT),
                    *addresses = joined(hold->addresses, G_MAXUINT);
    g_autofree char *records = joined(hold->records, RECORDS_SHOWN);
    html_open(html, "dl", "class", "facts", NULL);
    fact_begin(html, "holds.state");
    state_words(html, hold);
    html_close(html, "dd");
    fact(html, "holds.id", hold->id);
    fact(html, "holds.why", hold->why);
    fact_time(request, html, "holds.placed", hold->placed_us, hold->placed_by);
    fact(html, "holds.people", people);
    fact(html, "holds.addresses", addresses);
    fact(html, "holds.query", hold->query);
    fact(html, "holds.records", records);
    fact_time(request, html, "holds.asked", hold->asked_us, hold->asked_by);
    fact_time(request, html, "holds.released-at", hold->released_us, hold->released_by);
    html_close(html, "dl");
}

static void step_form(Request *request, Html *html, const char *id, const char *step, const char *key,
                      const char *class)
{
    g_autofree char *path = g_strdup_printf("/holds/%s/%s", id, step);
    form_post(request, html, path, NULL);
    form_field(html, "why", "holds.why", NULL, "required", "", "maxlength", "1000", NULL);
    form_button(html, key, NULL, NULL, class);
    html_close(html, "form");
}

static void steps(Request *request, Html *html, const LegalHold *hold)
{
    g_autofree char *days = g_strdup_printf("%d", request->config->retention.hold_cooling_days);
    g_autofree char *add = g_strdup_printf("/holds/%s/add", hold->id);
    html_say(html, "h2", "holds.add", NULL);
    form_post(request, html, add, NULL);
    scope_fields(html, hold->query == NULL);
    form_button(html, "holds.add-go", NULL, NULL, NULL);
    html_close(html, "form");
    html_say(html, "h2", "holds.release", NULL);
    html_open(html, "p", "class", "hint", NULL);
    html_words(html, "holds.release-hint", "days", days, NULL);
    html_close(html, "p");
    bool mine = hold->asked_by != NULL && strcmp(hold->asked_by, request_who(request)) == 0;
    if (hold->state == LEGAL_RELEASING) {
        html_say(html, "p", mine ? "holds.mine" : "holds.second", NULL);
        step_form(request, html, hold->id, "keep", "holds.keep-go", NULL);
    }
    if (!mine)
        step_form(request, html, hold->id, "release",
                  hold->state == LEGAL_RELEASING ? "holds.confirm-go" : "holds.release-go", "danger");
}

static bool hold_page(Request *request, Reply *reply, GError **error)
{
    g_autoptr(Retention) retention = holds_open(request, error);
    g_autoptr(LegalHold) hold = retention != NULL ? legal_hold_get(retention, request->args[0], error) : NULL;
    if (hold == NULL)
        return false;
    g_autoptr(Html) html = page_begin_text(request, hold->matter);
    html_open(html, "p", NULL);
    html_link_say(html, "/holds", "holds.back");
    html_close(html, "p");
    facts(request, html, hold);
    if (request_may(request, USER_HOLD_MANAGER) && hold->state != LEGAL_RELEASED)
        steps(request, html, hold);
    page_end(request, html, reply);
    return true;
}

// ---- acting ------------------------------------------------------------------------------------------------

typedef struct {
    char *query, *why;
    char **people, **records;
} Asked;

static void asked_clear(Asked *asked)
{
    g_free(asked->query);
    g_free(asked->why);
    g_strfreev(asked->people);
    g_strfreev(asked->records);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Asked, asked_clear)

// One a line, or parted by commas or blanks.
static char **words_of(Request *request, const char *name)
{
    g_autofree char *text = request_form_text(request, name, LIST_MOST);
    g_auto(GStrv) parts = g_strsplit_set(text, " ,;\r\n\t", -1);
    g_autoptr(GStrvBuilder) out = g_strv_builder_new();
    for (char **part = parts; *part != NULL; part++)
        if (**part != '\0')
            g_strv_builder_add(out, *part);
    return g_strv_builder_end(out);
}

static bool asked_read(Request *request, Asked *asked, LegalScope *out, GError **error)
{
    asked->query = request_form_text(request, "query", QUERY_MOST);
    asked->why = request_form_text(request, "why", WHY_MOST);
    asked->people = words_of(request, "people");
    asked->records = words_of(request, "records");
    *out = (LegalScope){*asked->query != '\0' ? asked->query : NULL, asked->people, asked->records};
    if (*asked->why == '\0')
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "say why");
    return *asked->why != '\0';
}

static bool hold_place(Request *request, Reply *reply, GError **error)
{
    g_auto(Asked) asked = {0};
    LegalScope scope;
    g_autofree char *matter = request_form_text(request, "matter", MATTER_MOST);
    char id[ULID_LEN + 1];
    if (!asked_read(request, &asked, &scope, error))
        return false;
    g_autoptr(Retention) retention = holds_open(request, error);
    if (retention == NULL || !legal_hold_place(retention, matter, &scope, request_who(request), asked.why,
                                               request->now_us, id, NULL, error))
        return false;
    g_autofree char *path = g_strconcat("/holds/", id, NULL);
    reply_redirect(reply, path, "said.hold-placed");
    return true;
}

static bool hold_add(Request *request, Reply *reply, GError **error)
{
    g_auto(Asked) asked = {0};
    LegalScope scope;
    if (!asked_read(request, &asked, &scope, error))
        return false;
    g_autoptr(Retention) retention = holds_open(request, error);
    if (retention == NULL || !legal_hold_add(retention, request->args[0], &scope, request_who(request),
                                             asked.why, request->now_us, NULL, error))
        return false;
    g_autofree char *path = g_strconcat("/holds/", request->args[0], NULL);
    reply_redirect(reply, path, "said.hold-added");
    return true;
}

static bool hold_release(Request *request, Reply *reply, GError **error)
{
    g_autofree char *why = request_form_text(request, "why", WHY_MOST);
    g_autofree char *path = g_strconcat("/holds/", request->args[0], NULL);
    g_autoptr(Retention) retention = holds_open(request, error);
    GError *not = NULL;
    LegalState state = LEGAL_ACTIVE;
    if (retention == NULL)
        return false;
    if (*why == '\0' || !legal_hold_release(retention, request->args[0], request_who(request), why,
                                            request->now_us, &state, &not )) {
        // That it is too early is no fault of the server's.
        g_set_error(error, BASE_ERROR,
                    g_error_matches(not, BASE_ERROR, BASE_ERROR_NOPERM)    ? BASE_ERROR_NOPERM
                    : g_error_matches(not, BASE_ERROR, BASE_ERROR_NOINPUT) ? BASE_ERROR_NOINPUT
                                                                           : BASE_ERROR_DATA,
                    "%s", not != NULL ? not ->message : "say why");
        g_clear_error(&not );
        return false;
    }
    reply_redirect(reply, path, state == LEGAL_RELEASED ? "said.hold-released" : "said.hold-asked");
    return true;
}

static bool hold_keep(Request *request, Reply *reply, GError **error)
{
    g_autofree char *why = request_form_text(request, "why", WHY_MOST);
    g_autofree char *path = g_strconcat("/holds/", request->args[0], NULL);
    g_autoptr(Retention) retention = holds_open(request, error);
    if (retention == NULL ||
        !legal_hold_keep(retention, request->args[0], request_who(request), why, request->now_us, error))
        return false;
    reply_redirect(reply, path, "said.hold-kept");
    return true;
}

static const Route ROUTES[] = {
    {"GET", "/holds", SEEN, holds},
    {"POST", "/holds", USER_HOLD_MANAGER, hold_place},
    {"GET", "/holds/:id", SEEN, hold_page},
    {"POST", "/holds/:id/add", USER_HOLD_MANAGER, hold_add},
    {"POST", "/holds/:id/release", USER_HOLD_MANAGER, hold_release},
    {"POST", "/holds/:id/keep", USER_HOLD_MANAGER, hold_keep},
};
const RouteTable HOLDS_ROUTES = {ROUTES, G_N_ELEMENTS(ROUTES)};
