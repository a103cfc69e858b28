// roster import: which sources, how far it is, what came of it.
#include "cli/roster.h"

#include <stdio.h>
#include <string.h>

static void fail(GError **error, int code, const char *text)
{
    g_set_error_literal(error, BASE_ERROR, code, text);
}

// ---- which sources ------------------------------------------------------------------------------

static FeedSpec *steal_source(GPtrArray *all, const char *name)
{
    for (guint i = 0; i < all->len; i++)
        if (strcmp(((FeedSpec *)all->pdata[i])->name, name) == 0)
            return g_ptr_array_steal_index(all, i);
    return NULL;
}

static void fail_unknown(const Config *config, const GPtrArray *all, const char *name, GError **error)
{
    g_autoptr(GString) names = g_string_new(NULL);
    for (guint i = 0; i < all->len; i++)
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", ((FeedSpec *)all->pdata[i])->name);
    g_set_error(error, BASE_ERROR, BASE_ERROR_USAGE, "%s: no source \"%s\"; it has %s",
                config->roster.sources, name, names->len > 0 ? names->str : "none");
}

// The configured sources, in the order of the file: those that `names` has, all where it is NULL. NULL with `error`.
static GPtrArray *chosen(const Config *config, char **names, GError **error)
{
    g_autoptr(GPtrArray) all = feeds_sources(config, error);
    if (all == NULL)
        return NULL;
    if (names == NULL && all->len == 0) {
        fail(error, BASE_ERROR_USAGE,
             "no PATH given, and roster.sources names no source; see chaperone-roster.conf(5)");
        return NULL;
    }
    for (char **name = names; name != NULL && *name != NULL; name++) {
        bool found = false;
        for (guint i = 0; i < all->len; i++)
            found = found || strcmp(((FeedSpec *)all->pdata[i])->name, *name) == 0;
        if (!found) {
            fail_unknown(config, all, *name, error);
            return NULL;
        }
    }
    for (guint i = all->len; names != NULL && i > 0; i--)
        if (!g_strv_contains((const char *const *)names, ((FeedSpec *)all->pdata[i - 1])->name))
            g_ptr_array_remove_index(all, i - 1);
    return g_steal_pointer(&all);
}

// What the paths look like, one after the other. NULL with `error`.
static GPtrArray *recognised(const Config *config, char **paths, GError **error)
{
    g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func((GDestroyNotify)feed_spec_free);
    for (char **path = paths; *path != NULL; path++) {
        g_autoptr(GPtrArray) found = feeds_recognise(config, *path, error);
        if (found == NULL)
            return NULL;
        for (guint i = 0; i < found->len; i++) {
            FeedSpec *spec = found->pdata[i], *twin = steal_source(out, spec->name);
            if (twin != NULL) {
                g_set_error(error, BASE_ERROR, BASE_ERROR_USAGE,
                            "%s and %s are both of the source \"%s\"; give each a source of its own in "
                            "roster.sources",
                            twin->path, spec->path, spec->name);
                feed_spec_free(twin);
                return NULL;
            }
        }
        g_ptr_array_extend_and_steal(out, g_steal_pointer(&found));
    }
    return g_steal_pointer(&out);
}

// One configured source, read from another place this once.
static GPtrArray *elsewhere(const Config *config, char **names, char **paths, GError **error)
{
    if (g_strv_length(names) != 1 || g_strv_length(paths) != 1) {
        fail(error, BASE_ERROR_USAGE, "--source with a PATH wants one of each");
        return NULL;
    }
    GPtrArray *specs = chosen(config, names, error);
    if (specs != NULL) {
        FeedSpec *spec = specs->pdata[0];
        g_free(spec->path);
        spec->path = g_strdup(paths[0]);
    }
    return specs;
}

static GPtrArray *specs_of(const Config *config, const RosterOptions *options, char **paths, GError **error)
{
    if (*paths == NULL)
        return chosen(config, options->sources, error);
    return options->sources != NULL ? elsewhere(config, options->sources, paths, error)
                                    : recognised(config, paths, error);
}

// ---- what came of it ----------------------------------------------------------------------------

static json_t *result_json(const FeedResult *result, const RosterOptions *options, const GError *refused)
{
    json_t *warnings = json_array();
    for (guint i = 0; i < result->summary->warnings->len; i++) {
        g_autofree char *text = g_utf8_make_valid(result->summary->warnings->pdata[i], -1);
        json_array_append_new(warnings, json_string(text));
    }
    return json_pack("{s:o, s:o, s:o, s:b, s:i, s:s?}", "counts", cli_roster_summary_json(result->summary),
                     "warnings", warnings, "diff", cli_roster_diff_json(result->diff), "dry_run",
                     options->dry_run, "generation", result->generation, "refused",
                     refused != NULL ? refused->message : NULL);
}

static void print_result(const FeedResult *result, const RosterOptions *options, bool refused)
{
    cli_roster_print_summary(result->summary);
    cli_roster_print_diff(result->diff, options);
    fflush(stdout);
    for (guint i = 0; i < result->summary->warnings->len; i++) {
        g_autofree char *text = cli_clean(result->summary->warnings->pdata[i]);
        fprintf(stderr, "warning: %s\n", text);
    }
    if (refused)
        return;
    if (options->dry_run)
        printf("Nothing was changed (--dry-run).\n");
    else
        printf("The roster is in force (generation %d).\n", result->generation);
}

static void show_progress(const char *source, const char *step, int64_t done, int64_t total, void *data)
{
    cli_progress_step(data, source, step, (guint64)MAX(done, 0), (guint64)MAX(total, 0));
}

static int run_import(const Config *config, const RosterOptions *options, const GPtrArray *specs,
                      const char *forget, GError **error)
{
    g_autofree char *who = cli_who();
    g_autoptr(FeedResult) refused = NULL;
    CliProgress progress = {0};
    const FeedOptions how = {
        .dry_run = options->dry_run,
        .force = options->force,
        .today = clock_local_date(clock_now_us(), config->district.timezone),
        .who = who,
        .forget = forget,
        .changes_most = cli_roster_changes_most(options),
        .refused = &refused,
        .progress = show_progress,
        .data = &progress,
    };
    GError *own = NULL;
    g_autoptr(FeedResult) result = feeds_import(config, specs, &how, &own);
    cli_progress_end(&progress);
    const FeedResult *found = result != NULL ? result : refused;
    int status = 0;
    if (found != NULL && options->json)
        status = cli_roster_print_json(result_json(found, options, own));
    else if (found != NULL)
        print_result(found, options, own != NULL);
    if (own != NULL)
        g_propagate_error(error, own);
    return status;
}

int cli_roster_import(const Config *config, const RosterOptions *options, char **arguments, GError **error)
{
    g_autoptr(GPtrArray) specs = specs_of(config, options, arguments, error);
    return specs != NULL ? run_import(config, options, specs, NULL, error) : 0;
}

int cli_roster_forget(const Config *config, const RosterOptions *options, char **arguments, GError **error)
{
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    return run_import(config, options, none, arguments[0], error);
}
