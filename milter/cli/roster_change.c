// roster personal, probe, sources, keys.
#include "cli/roster.h"
#include "roster/about.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define VALUE_BYTES 4096

// ---- personal -----------------------------------------------------------------------------------

// A line from standard input: a value there stands in no process list and no shell history. NULL with `error`.
static char *read_value(GError **error)
{
    g_autofree char *line = g_malloc0(VALUE_BYTES);
    if (isatty(STDIN_FILENO))
        fputs("value: ", stderr);
    if (fgets(line, VALUE_BYTES, stdin) == NULL || strlen(line) + 1 == VALUE_BYTES) {
        g_set_error_literal(error, BASE_ERROR, BASE_ERROR_DATA,
                            ferror(stdin)     ? "standard input: cannot be read"
                            : line[0] == '\0' ? "standard input: no value; write one line"
                                              : "standard input: the value is too long");
        return NULL;
    }
    return g_strdup(g_strstrip(line));
}

static char *value_of(const char *argument, GError **error)
{
    return strcmp(argument, "-") == 0 ? read_value(error) : g_strdup(argument);
}

static int say_done(const RosterOptions *options, const char *address, const char *kind, const char *what)
{
    if (options->json)
        return cli_roster_print_json(
            json_pack("{s:s, s:s, s:s}", "address", address, "kind", kind, "done", what));
    printf("%s: %s %s\n", address, kind, what);
    return 0;
}

int cli_roster_personal_add(const Config *config, const RosterOptions *options, char **arguments,
                            GError **error)
{
    g_autofree char *value = value_of(arguments[2], error);
    if (value == NULL || !feeds_personal_add(config, arguments[0], arguments[1], value, error))
        return 0;
    return say_done(options, arguments[0], arguments[1], "registered");
}

int cli_roster_personal_remove(const Config *config, const RosterOptions *options, char **arguments,
                               GError **error)
{
    g_autofree char *value = arguments[2] != NULL ? value_of(arguments[2], error) : NULL;
    if ((arguments[2] != NULL && value == NULL) ||
        !feeds_personal_remove(config, arguments[0], arguments[1], value, error))
        return 0;
    return say_done(options, arguments[0], arguments[1], "removed");
}

int cli_roster_personal_list(const Config *config, const RosterOptions *options, char **arguments,
                             GError **error)
{
    g_autofree char *address = roster_canonical_address(config, arguments[0]);
    if (address == NULL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_USAGE, "\"%s\" is no mail address", arguments[0]);
        return 0;
    }
    g_autoptr(GPtrArray) registered = roster_about_registered(config, address, error);
    if (registered == NULL)
        return 0;
    static const char *const head[] = {"kind", "from"};
    RosterTable *table = options->json ? NULL : cli_roster_table_new(G_N_ELEMENTS(head), head);
    json_t *list = json_array();
    for (guint i = 0; i < registered->len; i++) {
        const RosterRegistered *one = registered->pdata[i];
        json_array_append_new(list, json_pack("{s:s, s:s}", "kind", one->kind, "source", one->source));
        if (table != NULL)
            cli_roster_table_add(
                table, g_strdup(one->kind),
                g_strdup(strcmp(one->source, "own") == 0 ? "registered by hand" : one->source));
    }
    if (table == NULL)
        return cli_roster_print_json(json_pack("{s:s, s:o}", "address", address, "registered", list));
    json_decref(list);
    cli_roster_table_print(table);
    return 0;
}

// ---- probe --------------------------------------------------------------------------------------

int cli_roster_probe(const Config *config, const RosterOptions *options, char **arguments, GError **error)
{
    g_autofree char *text = feeds_probe(config, arguments[0], arguments[1], error);
    if (text == NULL)
        return 0;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    json_t *list = json_array();
    for (char **line = lines; *line != NULL; line++) {
        g_autofree char *clean = cli_clean(*line);
        if (!options->json && (**line != '\0' || line[1] != NULL))
            printf("%s\n", clean);
        if (**line != '\0')
            json_array_append_new(list, json_string(clean));
    }
    if (options->json)
        return cli_roster_print_json(list);
    json_decref(list);
    return 0;
}

// ---- sources ------------------------------------------------------------------------------------

static const RosterSource *source_named(const GPtrArray *sources, const char *name)
{
    for (guint i = 0; sources != NULL && i < sources->len; i++)
        if (strcmp(((RosterSource *)sources->pdata[i])->name, name) == 0)
            return sources->pdata[i];
    return NULL;
}

static char *count_text(const RosterSource *known, int64_t count)
{
    return known != NULL ? g_strdup_printf("%" G_GINT64_FORMAT, count) : g_strdup("-");
}

// `spec` or `known` may be NULL: not configured (any more), or not imported yet.
static void add_source(RosterTable *table, json_t *list, const Config *config, const FeedSpec *spec,
                       const RosterSource *known)
{
    const char *name = spec != NULL ? spec->name : known->name,
               *type = spec != NULL ? spec->type : known->type;
    const char *place = spec == NULL            ? "(not in the sources file)"
                        : spec->path[0] != '\0' ? spec->path
                                                : spec->uri;
    g_autofree char *at = known != NULL ? clock_format(known->imported * G_USEC_PER_SEC) : NULL;
    json_array_append_new(
        list,
        json_pack("{s:s, s:s, s:s?, s:b, s:s?, s:I, s:I, s:I, s:I}", "name", name, "type", type, "place",
                  spec != NULL ? place : NULL, "configured", spec != NULL, "imported", at, "people",
                  known != NULL ? known->people : 0, "gone", known != NULL ? known->gone : 0, "lists",
                  known != NULL ? known->lists : 0, "classes", known != NULL ? known->classes : 0));
    if (table != NULL)
        cli_roster_table_add(table, g_strdup(name), g_strdup(type),
                             known != NULL ? cli_roster_time_text(config, known->imported)
                                           : g_strdup("never"),
                             count_text(known, known != NULL ? known->people : 0),
                             count_text(known, known != NULL ? known->gone : 0), cli_clean(place));
}

int cli_roster_sources(const Config *config, const RosterOptions *options, char **arguments, GError **error)
{
    g_autoptr(GPtrArray) specs = feeds_sources(config, error);
    if (specs == NULL)
        return 0;
    // Before the first import there is no roster to ask.
    g_autoptr(GPtrArray) known =
        g_file_test(config->roster.database, G_FILE_TEST_EXISTS) ? roster_about_sources(config, error) : NULL;
    if (*error != NULL)
        return 0;
    static const char *const head[] = {"source", "type", "imported", "people", "gone", "from"};
    RosterTable *table = options->json ? NULL : cli_roster_table_new(G_N_ELEMENTS(head), head);
    g_autoptr(GHashTable) named = g_hash_table_new(g_str_hash, g_str_equal);
    json_t *list = json_array();
    for (guint i = 0; i < specs->len; i++) {
        const FeedSpec *spec = specs->pdata[i];
        g_hash_table_add(named, spec->name);
        add_source(table, list, config, spec, source_named(known, spec->name));
    }
    for (guint i = 0; known != NULL && i < known->len; i++)
        if (!g_hash_table_contains(named, ((RosterSource *)known->pdata[i])->name))
            add_source(table, list, config, NULL, known->pdata[i]);
    if (table == NULL)
        return cli_roster_print_json(list);
    json_decref(list);
    cli_roster_table_print(table);
    return 0;
}

// ---- keys of the sources file -------------------------------------------------------------------

static void print_key(const char *key, const char *type, const char *fallback, const char *meaning,
                      void *data)
{
    printf("%-20s %-18s %s\n%-20s %s\n", key, type, fallback, "", meaning);
}

static void add_key(const char *key, const char *type, const char *fallback, const char *meaning, void *data)
{
    json_array_append_new(data, json_pack("{s:s, s:s, s:s, s:s}", "key", key, "type", type, "default",
                                          fallback, "meaning", meaning));
}

int cli_roster_keys(const Config *config, const RosterOptions *options, char **arguments, GError **error)
{
    if (!options->json) {
        feeds_each_key(print_key, NULL);
        return 0;
    }
    json_t *all = json_array();
    feeds_each_key(add_key, all);
    return cli_roster_print_json(all);
}
