// The roster: who an address is, where that comes from, and the imports.
#include "console/internal.h"

#include "feeds/feeds.h"
#include "roster/about.h"

#include <string.h>

#define SEEN (USER_MAIL_ADMIN | USER_REVIEWER | USER_AUDITOR | USER_APPROVER)
enum { ADDRESS_MOST = 320, GENERATIONS = 20, CHANGES = 200 };

// ---- small parts -----------------------------------------------------------------------------------------

static void fact(Html *html, const char *key, const char *value)
{
    if (value == NULL || *value == '\0')
        return;
    html_say(html, "dt", key, NULL);
    html_open(html, "dd", NULL);
    html_mail(html, value);
    html_close(html, "dd");
}

static void count_fact(Html *html, const char *key, const GPtrArray *list)
{
    g_autofree char *count = list != NULL && list->len > 0 ? g_strdup_printf("%u", list->len) : NULL;
    fact(html, key, count);
}

static char *joined(const GPtrArray *list)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; list != NULL && i < list->len; i++)
        g_string_append_printf(out, "%s%s", i > 0 ? ", " : "", (const char *)list->pdata[i]);
    return g_string_free(out, FALSE);
}

// Names of what `ids` stand for; ids that the roster has no name of stay.
static char *names_of(RosterSession *session, const GPtrArray *ids,
                      char *(*name_of)(RosterSession *session, const char *id, GError **error))
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; ids != NULL && i < ids->len; i++) {
        char *name = name_of(session, ids->pdata[i], NULL);
        g_ptr_array_add(names, name != NULL ? name : g_strdup(ids->pdata[i]));
    }
    return joined(names);
}

static void table_begin(Html *html, const char *caption, const char *const *keys, gsize count)
{
    html_open(html, "div", "class", "scroll", NULL);
    html_open(html, "table", NULL);
    html_say(html, "caption", caption, NULL);
    html_open(html, "thead", NULL);
    html_open(html, "tr", NULL);
    for (gsize i = 0; i < count; i++)
        html_say(html, "th", keys[i], "scope", "col", NULL);
    html_close(html, "thead");
    html_open(html, "tbody", NULL);
}

static void date_cell(Html *html, int date)
{
    g_autofree char *text =
        date > 0 ? g_strdup_printf("%04d-%02d-%02d", date / 10000, date / 100 % 100, date % 100)
                 : g_strdup("");
    html_element(html, "td", text, NULL);
}

// ---- one address -----------------------------------------------------------------------------------------

static void ask_form(Request *request, Html *html, const char *address)
{
    html_say(html, "h2", "roster.who", NULL);
    form_post(request, html, "/roster", "filter");
    form_field(html, "address", "roster.address", address, "required", "", "maxlength", "320", "autocomplete",
               "off", "spellcheck", "false", NULL);
    form_button(html, "roster.look-up", NULL, NULL, "main");
    html_close(html, "form");
    html_say(html, "p", "roster.logged", "class", "hint", NULL);
}

static void family(Request *request, Html *html, RosterSession *session, const char *person)
{
    if (!request_may(request, USER_REVIEWER | USER_APPROVER))
        return;
    g_autoptr(GPtrArray) guardians = roster_guardians_of(session, person, NULL);
    g_autoptr(GPtrArray) children = roster_children_of(session, person, NULL);
    g_autofree char *above = names_of(session, guardians, roster_person_name);
    g_autofree char *below = names_of(session, children, roster_person_name);
    fact(html, "roster.guardians", above);
    fact(html, "roster.children", below);
}

static void party(Request *request, Html *html, RosterSession *session, const Party *party)
{
    g_autofree char *key = g_strconcat("party.", role_name(party->role), NULL);
    g_autofree char *roles = joined(party->roles), *positions = joined(party->positions);
    g_autofree char *schools = names_of(session, party->schools, roster_school_name);
    html_open(html, "dl", "class", "facts", NULL);
    fact(html, "roster.address", party->canonical);
    fact(html, "roster.role",
         words_has(request->words, key) ? words_get(request->words, key) : role_name(party->role));
    fact(html, "roster.name", party->name);
    fact(html, "roster.account", account_name(party->account));
    fact(html, "roster.roles", roles);
    fact(html, "roster.positions", positions);
    fact(html, "roster.grade", party->grade);
    fact(html, "roster.schools", schools);
    count_fact(html, "roster.classes", party->classes);
    count_fact(html, "roster.members", party->members);
    if (party->person != NULL)
        family(request, html, session, party->person);
    fact(html, "roster.why", party->why);
    if (!party->enabled && party->person != NULL)
        fact(html, "roster.standing", words_get(request->words, "roster.disabled"));
    html_close(html, "dl");
}

static void origins(Html *html, const RosterAbout *about)
{
    static const char *const KEYS[] = {"roster.source", "roster.id", "roster.roles", "roster.gone"};
    static const char *const ADDRESSES[] = {"roster.address", "roster.field", "roster.source"};
    table_begin(html, "roster.records", KEYS, G_N_ELEMENTS(KEYS));
    for (guint i = 0; i < about->records->len; i++) {
        const RosterRecord *one = about->records->pdata[i];
        html_open(html, "tr", NULL);
        html_element(html, "th", one->source, "scope", "row", NULL);
        html_element(html, "td", one->id, NULL);
        html_element(html, "td", one->roles, NULL);
        date_cell(html, one->gone);
        html_close(html, "tr");
    }
    html_close(html, "div");
    table_begin(html, "roster.addresses", ADDRESSES, G_N_ELEMENTS(ADDRESSES));
    for (guint i = 0; i < about->addresses->len; i++) {
        const RosterAddress *one = about->addresses->pdata[i];
        html_open(html, "tr", NULL);
        html_element(html, "th", one->address, "scope", "row", NULL);
        html_element(html, "td", one->field, NULL);
        html_element(html, "td", one->source, NULL);
        html_close(html, "tr");
    }
    html_close(html, "div");
}

static bool show(Request *request, Html *html, const char *address, GError **error)
{
    RosterSession *session = desk_roster(request->desk, error);
    g_autoptr(Party) found = session != NULL ? roster_resolve(session, address, error) : NULL;
    g_autoptr(RosterAbout) about = NULL;
    if (found == NULL ||
        (found->person != NULL && !roster_about(request->config, found->person, &about, error)))
        return false;
    html_open(html, "section", "aria-labelledby", "found", NULL);
    html_open(html, "h2", "id", "found", NULL);
    html_mail(html, address);
    html_close(html, "h2");
    party(request, html, session, found);
    if (about != NULL)
        origins(html, about);
    html_close(html, "section");
    return true;
}

// ---- imports ---------------------------------------------------------------------------------------------

static int64_t kept_number(const char *text, const char *name)
{
    json_t *json = text != NULL ? json_loads(text, 0, NULL) : NULL;
    int64_t number = json_integer_value(json_object_get(json, name));
    json_decref(json);
    return number;
}

static void number_cell(Html *html, int64_t number)
{
    html_open(html, "td", "class", "number", NULL);
    html_number(html, number);
    html_close(html, "td");
}

static bool sources(Request *request, Html *html, GError **error)
{
    static const char *const KEYS[] = {"roster.source", "roster.type",  "roster.imported",
                                       "roster.people", "roster.lists", "roster.classes"};
    g_autoptr(GPtrArray) all = roster_about_sources(request->config, error);
    if (all == NULL)
        return false;
    table_begin(html, "roster.sources", KEYS, G_N_ELEMENTS(KEYS));
    for (guint i = 0; i < all->len; i++) {
        const RosterSource *one = all->pdata[i];
        html_open(html, "tr", NULL);
        html_element(html, "th", one->name, "scope", "row", NULL);
        html_element(html, "td", one->type, NULL);
        html_open(html, "td", NULL);
        page_time(request, html, one->imported * G_USEC_PER_SEC);
        html_close(html, "td");
        number_cell(html, one->people);
        number_cell(html, one->lists);
        number_cell(html, one->classes);
        html_close(html, "tr");
    }
    html_close(html, "div");
    return true;
}

// `has_before`: an older one is still there, to compare it with.
static void generation_row(Request *request, Html *html, const FeedGeneration *one, bool has_before)
{
    g_autofree char *path = g_strdup_printf("/roster/changes/%d", one->id);
    g_autofree char *id = g_strdup_printf("%d", one->id);
    html_open(html, "tr", NULL);
    html_open(html, "th", "scope", "row", NULL);
    if (one->present && has_before)
        html_link(html, path, id);
    else
        html_text(html, id);
    html_close(html, "th");
    html_open(html, "td", NULL);
    page_time(request, html, one->at * G_USEC_PER_SEC);
    html_close(html, "td");
    html_element(html, "td", one->who, NULL);
    html_element(html, "td", one->what, NULL);
    number_cell(html, kept_number(one->counts, "people"));
    number_cell(html, kept_number(one->changes, "added"));
    number_cell(html, kept_number(one->changes, "removed"));
    html_element(html, "td", one->forced ? words_get(request->words, "roster.forced") : "", NULL);
    html_close(html, "tr");
}

static bool generations(Request *request, Html *html, GError **error)
{
    static const char *const KEYS[] = {"roster.generation", "roster.imported", "roster.by",
                                       "roster.what",       "roster.people",   "roster.added",
                                       "roster.removed",    "roster.note"};
    g_autoptr(GPtrArray) all = feeds_history(request->config, error);
    if (all == NULL)
        return false;
    table_begin(html, "roster.imports", KEYS, G_N_ELEMENTS(KEYS));
    for (guint i = 0; i < MIN(all->len, GENERATIONS); i++) {
        bool has_before = false;
        for (guint k = i + 1; k < all->len && !has_before; k++)
            has_before = ((const FeedGeneration *)all->pdata[k])->present;
        generation_row(request, html, all->pdata[i], has_before);
    }
    html_close(html, "div");
    return true;
}

// ---- pages -----------------------------------------------------------------------------------------------

static bool roster_page(Request *request, Reply *reply, const char *address, GError **error)
{
    g_autoptr(Html) html = page_begin(request, "roster.title");
    ask_form(request, html, address);
    bool ok = address == NULL || show(request, html, address, error);
    ok = ok && sources(request, html, error) && generations(request, html, error);
    page_end(request, html, reply);
    return ok;
}

static bool roster_get(Request *request, Reply *reply, GError **error)
{
    return roster_page(request, reply, NULL, error);
}

// Asked by POST: addresses stay out of the browser's history and of logs.
static bool roster_ask(Request *request, Reply *reply, GError **error)
{
    g_autofree char *address = request_form_text(request, "address", ADDRESS_MOST);
    if (strchr(address, '@') == NULL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "\"%s\" is no address", address);
        return false;
    }
    return console_tell(request, "roster-viewed", NULL, json_pack("{s:s}", "address", address), error) &&
           roster_page(request, reply, address, error);
}

static void change_row(Html *html, const FeedChange *change)
{
    html_open(html, "tr", NULL);
    html_element(html, "th", change->kind, "scope", "row", NULL);
    html_element(html, "td", change->name != NULL ? change->name : change->person, NULL);
    html_element(html, "td", change->before, NULL);
    html_element(html, "td", change->after, NULL);
    html_close(html, "tr");
}

// What generation :id changed against the one before it.
static bool roster_changes(Request *request, Reply *reply, GError **error)
{
    static const char *const KEYS[] = {"roster.change", "roster.name", "roster.before", "roster.after"};
    g_autoptr(GPtrArray) all = feeds_history(request->config, error);
    const FeedGeneration *this = NULL, *before = NULL;
    for (guint i = 0; all != NULL && i < all->len; i++) {
        const FeedGeneration *one = all->pdata[i];
        g_autofree char *id = g_strdup_printf("%d", one->id);
        if (this != NULL && before == NULL && one->present)
            before = one;
        if (strcmp(id, request->args[0]) == 0)
            this = one;
    }
    if (all != NULL && (this == NULL || before == NULL))
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "there is no generation before %s to compare with",
                    request->args[0]);
    g_autoptr(FeedDiff) diff = before != NULL && this != NULL && all != NULL
                                   ? feeds_diff(request->config, before->id, this->id, CHANGES, error)
                                   : NULL;
    if (diff == NULL ||
        !console_tell(request, "roster-viewed", NULL, json_pack("{s:i}", "generation", this->id), error))
        return false;
    g_autoptr(Html) html = page_begin(request, "roster.changes");
    table_begin(html, "roster.changes", KEYS, G_N_ELEMENTS(KEYS));
    for (guint i = 0; i < diff->changes->len; i++)
        change_row(html, diff->changes->pdata[i]);
    html_close(html, "div");
    if (diff->cut)
        html_say(html, "p", "roster.cut", NULL);
    html_open(html, "p", NULL);
    html_link_say(html, "/roster", "roster.back");
    html_close(html, "p");
    page_end(request, html, reply);
    return true;
}

static const Route ROUTES[] = {
    {"GET", "/roster", SEEN, roster_get},
    {"POST", "/roster", SEEN, roster_ask},
    {"GET", "/roster/changes/:id", SEEN, roster_changes},
};
const RouteTable ROSTER_ROUTES = {ROUTES, G_N_ELEMENTS(ROUTES)};
