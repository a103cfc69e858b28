// roster show: who an address or a person is, and why.
#include "cli/roster.h"
#include "roster/about.h"

#include <stdio.h>
#include <string.h>

#define LABEL "%-10s "

typedef char *(*NameFunc)(RosterSession *session, const char *id, GError **error);

// ---- parts --------------------------------------------------------------------------------------

static json_t *named_one(RosterSession *session, const char *id, NameFunc name_of, GError **error)
{
    g_autofree char *name = name_of(session, id, error);
    return name != NULL ? json_pack("{s:s, s:s}", "id", id, "name", name) : NULL;
}

// [{"id", "name"}, ...], of none where `ids` is NULL; NULL with `error`.
static json_t *named_json(RosterSession *session, const GPtrArray *ids, NameFunc name_of, GError **error)
{
    json_t *out = json_array();
    for (guint i = 0; out != NULL && ids != NULL && i < ids->len; i++) {
        json_t *one = named_one(session, ids->pdata[i], name_of, error);
        if (one != NULL)
            json_array_append_new(out, one);
        else
            g_clear_pointer(&out, json_decref);
    }
    return out;
}

static json_t *strings_json(const GPtrArray *strings)
{
    json_t *out = json_array();
    for (guint i = 0; strings != NULL && i < strings->len; i++)
        json_array_append_new(out, json_string(strings->pdata[i]));
    return out;
}

static json_t *members_json(const Party *party)
{
    json_t *out = json_array();
    for (guint i = 0; party->members != NULL && i < party->members->len; i++) {
        const Party *member = party->members->pdata[i];
        json_array_append_new(out, json_pack("{s:s, s:s, s:s, s:s?}", "address", member->canonical, "role",
                                             role_name(member->role), "account",
                                             account_name(member->account), "name", member->name));
    }
    return out;
}

static json_t *date_json(int date)
{
    return date == 0 ? json_null()
                     : json_sprintf("%04d-%02d-%02d", date / 10000, date / 100 % 100, date % 100);
}

static json_t *records_json(const RosterAbout *about)
{
    json_t *out = json_array();
    for (guint i = 0; i < about->records->len; i++) {
        const RosterRecord *record = about->records->pdata[i];
        json_array_append_new(out, json_pack("{s:s, s:s, s:s, s:s, s:b, s:o}", "source", record->source,
                                             "type", record->type, "id", record->id, "roles", record->roles,
                                             "enabled", record->enabled, "gone", date_json(record->gone)));
    }
    return out;
}

static json_t *addresses_json(const RosterAbout *about)
{
    json_t *out = json_array();
    for (guint i = 0; i < about->addresses->len; i++) {
        const RosterAddress *address = about->addresses->pdata[i];
        json_array_append_new(out, json_pack("{s:s, s:s, s:s?}", "address", address->address, "field",
                                             address->field, "source", address->source));
    }
    return out;
}

static json_t *registered_json(const RosterAbout *about)
{
    g_autoptr(GPtrArray) kinds = g_ptr_array_new();
    for (guint i = 0; i < about->registered->len; i++) {
        RosterRegistered *one = about->registered->pdata[i];
        if (kinds->len == 0 || strcmp(kinds->pdata[kinds->len - 1], one->kind) != 0)
            g_ptr_array_add(kinds, one->kind);
    }
    return strings_json(kinds);
}

// ---- the whole ----------------------------------------------------------------------------------

// Adds what the roster knows of the person. False with `error`.
static bool add_person(json_t *json, RosterSession *session, const RosterAbout *about, GError **error)
{
    g_autoptr(GPtrArray) guardians = roster_guardians_of(session, about->person, error);
    g_autoptr(GPtrArray) children =
        guardians != NULL ? roster_children_of(session, about->person, error) : NULL;
    if (children == NULL)
        return false;
    json_t *manager =
        about->manager != NULL ? named_one(session, about->manager, roster_person_name, error) : json_null();
    const struct {
        const char *key;
        json_t *value;
    } parts[] = {
        {"guardians", named_json(session, guardians, roster_person_name, error)},
        {"children", named_json(session, children, roster_person_name, error)},
        {"manager", manager},
        {"registered", registered_json(about)},
        {"addresses", addresses_json(about)},
        {"sources", records_json(about)},
        {"gone", date_json(about->gone)},
    };
    bool ok = true;
    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++)
        ok = parts[i].value != NULL && json_object_set_new(json, parts[i].key, parts[i].value) == 0 && ok;
    return ok;
}

static const char *tri_text(Tri value)
{
    return value == TRI_YES ? "yes" : value == TRI_NO ? "no" : NULL;
}

static json_t *party_json(RosterSession *session, const Party *party, GError **error)
{
    json_t *schools = named_json(session, party->schools, roster_school_name, error);
    json_t *classes = schools != NULL ? named_json(session, party->classes, roster_class_title, error) : NULL;
    if (classes == NULL) {
        json_decref(schools);
        return NULL;
    }
    json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s?, s:b, s:o, s:o, s:o, s:o, s:s?, s:s?, s:s?}",
                             "address", party->address, "canonical", party->canonical, "role",
                             role_name(party->role), "account", account_name(party->account), "person",
                             party->person, "name", party->name, "enabled", party->enabled, "roles",
                             strings_json(party->roles), "positions", strings_json(party->positions),
                             "schools", schools, "classes", classes, "grade", party->grade, "adult",
                             party->role == ROLE_STUDENT ? tri_text(party->adult) : NULL, "why", party->why);
    if (json != NULL && party->members != NULL) {
        json_object_set_new(json, "members", members_json(party));
        json_object_set_new(json, "partly", json_boolean(party->partly));
    }
    return json;
}

// A person found by id whose school address is unknown or somebody else's.
static json_t *about_json(const RosterAbout *about)
{
    return json_pack("{s:s, s:s, s:s, s:s?, s:b, s:s?}", "person", about->person, "name", about->name, "role",
                     about->roles, "address", about->mail, "enabled", about->enabled, "grade", about->grade);
}

// ---- printing -----------------------------------------------------------------------------------

static const char *text_of(const json_t *item, const char *key)
{
    return json_string_value(json_object_get(item, key));
}

static void print_text(const char *label, const json_t *value)
{
    if (!json_is_string(value))
        return;
    g_autofree char *text = cli_clean(json_string_value(value));
    printf(LABEL "%s\n", label, text);
}

// A line for an item of the list `label`. Caller frees.
static char *item_text(const char *label, const json_t *item)
{
    const char *name = text_of(item, "name");
    if (json_is_string(item))
        return g_strdup(json_string_value(item));
    if (strcmp(label, "sources") == 0) {
        const char *gone = text_of(item, "gone");
        bool enabled = json_is_true(json_object_get(item, "enabled"));
        return g_strdup_printf("%s: %s  %s%s%s%s", text_of(item, "source"), text_of(item, "id"),
                               text_of(item, "roles"), enabled ? "" : ", not enabled",
                               gone != NULL ? ", gone since " : "", gone != NULL ? gone : "");
    }
    if (strcmp(label, "addresses") == 0) {
        const char *source = text_of(item, "source");
        return g_strdup_printf("%s  %s%s%s%s", text_of(item, "address"), text_of(item, "field"),
                               source != NULL ? " (" : "", source != NULL ? source : "",
                               source != NULL ? ")" : "");
    }
    if (strcmp(label, "members") == 0)
        return g_strdup_printf("%s  %s, %s  %s", text_of(item, "address"), text_of(item, "role"),
                               text_of(item, "account"), name != NULL ? name : "");
    return g_strdup_printf("%s (%s)", name != NULL ? name : "-", text_of(item, "id"));
}

static void print_list(const char *label, const json_t *list)
{
    size_t i;
    const json_t *item;
    json_array_foreach(list, i, item)
    {
        g_autofree char *raw = item_text(label, item), *text = cli_clean(g_strchomp(raw));
        printf(LABEL "%s\n", i == 0 ? label : "", text);
    }
}

static void print_json_party(const json_t *json)
{
    static const char *const texts[] = {"address", "role", "account", "person", "name", "grade", "why"};
    static const char *const lists[] = {"positions", "schools",    "classes", "guardians", "children",
                                        "addresses", "registered", "sources", "members"};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        print_text(texts[i], json_object_get(json, texts[i]));
    if (g_strcmp0(text_of(json, "canonical"), text_of(json, "address")) != 0)
        print_text("means", json_object_get(json, "canonical"));
    print_text("18 or more", json_object_get(json, "adult"));
    if (json_is_false(json_object_get(json, "enabled")))
        printf(LABEL "no\n", "enabled");
    print_text("gone since", json_object_get(json, "gone"));
    const json_t *manager = json_object_get(json, "manager");
    if (json_is_object(manager)) {
        g_autofree char *raw = item_text("manager", manager), *text = cli_clean(raw);
        printf(LABEL "%s\n", "manager", text);
    }
    if (json_array_size(json_object_get(json, "roles")) > 1)
        print_list("roles", json_object_get(json, "roles"));
    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++)
        print_list(lists[i], json_object_get(json, lists[i]));
    if (g_strcmp0(text_of(json, "role"), role_name(ROLE_LIST_UNKNOWN)) == 0)
        printf(LABEL "not known\n", "members");
    else if (json_is_true(json_object_get(json, "partly")))
        printf(LABEL "and others that are not known\n", "");
}

// ---- the step -----------------------------------------------------------------------------------

// Of an address, or of the person's own address where `who` is the id of one. NULL with `error`.
static json_t *show(const Config *config, RosterSession *session, const char *who, GError **error)
{
    g_autoptr(RosterAbout) about = NULL;
    g_autoptr(Party) party = NULL;
    bool by_id = strchr(who, '@') == NULL;
    if (by_id && !roster_about(config, who, &about, error))
        return NULL;
    if (by_id && about == NULL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT,
                    "%s: neither a mail address nor the id of a person", who);
        return NULL;
    }
    const char *address = by_id ? about->mail : who;
    if (address != NULL && (party = roster_resolve(session, address, error)) == NULL)
        return NULL;
    if (!by_id && party->person != NULL && !roster_about(config, party->person, &about, error))
        return NULL;
    bool same = party != NULL && (!by_id || g_strcmp0(party->person, about->person) == 0);
    json_t *json = same ? party_json(session, party, error) : about_json(about);
    if (json != NULL && about != NULL && !add_person(json, session, about, error))
        g_clear_pointer(&json, json_decref);
    return json;
}

int cli_roster_show(const Config *config, const RosterOptions *options, char **arguments, GError **error)
{
    int today = clock_local_date(clock_now_us(), config->district.timezone);
    g_autoptr(Roster) roster = roster_open(config, error);
    g_autoptr(RosterSession) session = roster != NULL ? roster_session_begin(roster, today, error) : NULL;
    json_t *json = session != NULL ? show(config, session, arguments[0], error) : NULL;
    if (json == NULL)
        return 0;
    if (options->json)
        return cli_roster_print_json(json);
    print_json_party(json);
    json_decref(json);
    return 0;
}
