#include "roster/roster.h"
#include "cli/cli.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    char *config_path;
    gboolean dry_run, json;
} Options;

static int print_json(json_t *json)
{
    bool ok = json_dumpf(json, stdout, JSON_INDENT(2) | JSON_SORT_KEYS) == 0 && putchar('\n') != EOF;
    json_decref(json);
    return ok ? 0 : BASE_ERROR_IO;
}

// ---- import ---------------------------------------------------------------------------------------

static const struct {
    const char *name;
    gsize offset;
} COUNTS[] = {
    {"people", G_STRUCT_OFFSET(RosterSummary, people)},
    {"staff", G_STRUCT_OFFSET(RosterSummary, staff)},
    {"students", G_STRUCT_OFFSET(RosterSummary, students)},
    {"guardians", G_STRUCT_OFFSET(RosterSummary, guardians)},
    {"guardian links", G_STRUCT_OFFSET(RosterSummary, links)},
    {"classes", G_STRUCT_OFFSET(RosterSummary, classes)},
    {"enrollments", G_STRUCT_OFFSET(RosterSummary, enrollments)},
    {"lists", G_STRUCT_OFFSET(RosterSummary, lists)},
    {"list members", G_STRUCT_OFFSET(RosterSummary, members)},
    {"personal details", G_STRUCT_OFFSET(RosterSummary, personal)},
    {"published", G_STRUCT_OFFSET(RosterSummary, published)},
    {"students' addresses", G_STRUCT_OFFSET(RosterSummary, student_addresses)},
    {"webmail domains", G_STRUCT_OFFSET(RosterSummary, webmail)},
    {"exceptions", G_STRUCT_OFFSET(RosterSummary, exceptions)},
};

static int print_summary(const RosterSummary *summary, const Options *options)
{
    json_t *counts = json_object(), *warnings = json_array();
    for (gsize i = 0; i < G_N_ELEMENTS(COUNTS); i++) {
        guint count = G_STRUCT_MEMBER(guint, summary, COUNTS[i].offset);
        json_object_set_new(counts, COUNTS[i].name, json_integer(count));
        if (!options->json && count > 0)
            printf("%9u  %s\n", count, COUNTS[i].name);
    }
    for (guint i = 0; i < summary->warnings->len; i++) {
        json_array_append_new(warnings, json_string(summary->warnings->pdata[i]));
        if (!options->json)
            fprintf(stderr, "warning: %s\n", (char *)summary->warnings->pdata[i]);
    }
    json_t *all =
        json_pack("{s:o, s:o, s:b}", "counts", counts, "warnings", warnings, "dry_run", options->dry_run);
    if (options->json)
        return print_json(all);
    json_decref(all);
    printf(options->dry_run ? "Nothing was changed (--dry-run).\n" : "The roster is in force.\n");
    return 0;
}

static int run_import(const Config *config, const Options *options, const char *path)
{
    GError *error = NULL;
    g_autoptr(RosterSummary) summary = roster_import(config, path, options->dry_run, &error);
    return summary != NULL ? print_summary(summary, options) : cli_fail(error);
}

// ---- show -----------------------------------------------------------------------------------------

typedef char *(*NameFunc)(RosterSession *session, const char *id, GError **error);

// [{"id", "name"}, ...]; NULL with `error`. `ids` may be NULL when it could not be had.
static json_t *named_json(RosterSession *session, const GPtrArray *ids, NameFunc name_of, GError **error)
{
    json_t *out = ids != NULL ? json_array() : NULL;
    for (guint i = 0; out != NULL && i < ids->len; i++) {
        g_autofree char *name = name_of(session, ids->pdata[i], error);
        if (name != NULL)
            json_array_append_new(out, json_pack("{s:s, s:s}", "id", ids->pdata[i], "name", name));
        else
            g_clear_pointer(&out, json_decref);
    }
    return out;
}

static json_t *strings_json(const GPtrArray *strings)
{
    json_t *out = strings != NULL ? json_array() : NULL;
    for (guint i = 0; out != NULL && i < strings->len; i++)
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

// Adds what the roster knows of the person. False with `error`.
static bool add_person(json_t *json, RosterSession *session, const Party *party, GError **error)
{
    g_autoptr(GPtrArray) guardians = roster_guardians_of(session, party->person, error);
    g_autoptr(GPtrArray) children =
        guardians != NULL ? roster_children_of(session, party->person, error) : NULL;
    g_autoptr(GPtrArray) kinds =
        children != NULL ? roster_registered_kinds(session, party->person, error) : NULL;
    if (kinds == NULL)
        return false;
    const struct {
        const char *key;
        json_t *value;
    } parts[] = {
        {"schools", named_json(session, party->schools, roster_school_name, error)},
        {"classes", named_json(session, party->classes, roster_class_title, error)},
        {"guardians", named_json(session, guardians, roster_person_name, error)},
        {"children", named_json(session, children, roster_person_name, error)},
        {"registered", strings_json(kinds)},
    };
    bool ok = true;
    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++)
        ok = json_object_set_new(json, parts[i].key, parts[i].value) == 0 && ok;
    return ok;
}

static json_t *party_json(RosterSession *session, const Party *party, GError **error)
{
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s?, s:b, s:o, s:s?}", "address", party->address, "canonical",
                  party->canonical, "role", role_name(party->role), "account", account_name(party->account),
                  "person", party->person, "name", party->name, "enabled", party->enabled, "roles",
                  strings_json(party->roles), "why", party->why);
    if (json != NULL && party->members != NULL)
        json_object_set_new(json, "members", members_json(party));
    if (json != NULL && party->person != NULL && !add_person(json, session, party, error))
        g_clear_pointer(&json, json_decref);
    return json;
}

static void print_text(const char *label, const json_t *value)
{
    if (json_is_string(value))
        printf("%-11s %s\n", label, json_string_value(value));
}

static void print_list(const char *label, const json_t *list)
{
    size_t i;
    const json_t *item;
    json_array_foreach(list, i, item)
    {
        const char *name = json_string_value(json_object_get(item, "name"));
        const char *id = json_string_value(json_object_get(item, "id"));
        if (json_is_string(item))
            printf("%-11s %s\n", i == 0 ? label : "", json_string_value(item));
        else if (id != NULL)
            printf("%-11s %s (%s)\n", i == 0 ? label : "", name != NULL ? name : "-", id);
        else
            printf("%-11s %s  %s, %s  %s\n", i == 0 ? label : "",
                   json_string_value(json_object_get(item, "address")),
                   json_string_value(json_object_get(item, "role")),
                   json_string_value(json_object_get(item, "account")), name != NULL ? name : "");
    }
}

static void print_party(const json_t *json)
{
    static const char *const texts[] = {"address", "canonical", "role", "account", "person", "name", "why"};
    static const char *const lists[] = {"roles",    "schools",    "classes", "guardians",
                                        "children", "registered", "members"};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        print_text(texts[i], json_object_get(json, texts[i]));
    if (json_is_false(json_object_get(json, "enabled")))
        printf("%-11s no\n", "enabled");
    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++)
        print_list(lists[i], json_object_get(json, lists[i]));
}

static int run_show(const Config *config, const Options *options, const char *address)
{
    GError *error = NULL;
    g_autoptr(Roster) roster = roster_open(config, &error);
    g_autoptr(RosterSession) session = roster != NULL ? roster_session_begin(roster, &error) : NULL;
    g_autoptr(Party) party = session != NULL ? roster_resolve(session, address, &error) : NULL;
    json_t *json = party != NULL ? party_json(session, party, &error) : NULL;
    if (json == NULL)
        return cli_fail(error);
    if (options->json)
        return print_json(json);
    print_party(json);
    json_decref(json);
    return 0;
}

// ---------------------------------------------------------------------------------------------------

static const char SUMMARY[] =
    "Steps:\n"
    "  import PATH     directory or zip with OneRoster files and the district's own CSV files\n"
    "  show ADDRESS    who that is, and why\n";

static int run_step(const Options *options, int argc, char **argv)
{
    bool import = argc > 1 && strcmp(argv[1], "import") == 0, show = argc > 1 && strcmp(argv[1], "show") == 0;
    GError *error = NULL;
    if (!import && !show)
        return cli_usage("roster wants import or show");
    if (argc != 3)
        return cli_usage("roster %s wants %s", argv[1], import ? "one PATH" : "one ADDRESS");
    g_autoptr(Config) config = config_load(cli_config_path(options->config_path), &error);
    if (config == NULL)
        return cli_fail(error);
    return import ? run_import(config, options, argv[2]) : run_show(config, options, argv[2]);
}

int cli_roster(int argc, char **argv)
{
    Options options = {0};
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &options.config_path, "The configuration", "FILE"},
        {"dry-run", 'n', 0, G_OPTION_ARG_NONE, &options.dry_run, "Check and count, change nothing", NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print JSON", NULL},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("STEP ARGUMENT");
    g_option_context_set_summary(context, SUMMARY);
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) error = NULL;
    int status = g_option_context_parse(context, &argc, &argv, &error) ? run_step(&options, argc, argv)
                                                                       : cli_usage("%s", error->message);
    g_free(options.config_path);
    return status;
}
