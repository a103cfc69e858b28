// chaperone check: is what the daemon would start on in order?
#include "cli/cli.h"
#include "cli/exception.h"
#include "judge/judge.h"
#include "keys/keys.h"
#include "quarantine/quarantine.h"
#include "review/review.h"
#include "review/routing.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct {
    char *config;
    gboolean json;
} CheckOptions;

static bool options_read(CheckOptions *options, int *argc, char ***argv, GError **error)
{
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &options->config,
         "Configuration (default " CLI_CONFIG_DEFAULT ")", "FILE"},
        {"json", 'j', 0, G_OPTION_ARG_NONE, &options->json, "One JSON object instead of text", NULL},
        {NULL}};
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_set_summary(
        context, "Checks configuration, policy, lists, roster and notices. What it refuses, the daemon "
                 "refuses to start on.\nExits 0 when all is in order, 78 when it is not.");
    g_option_context_add_main_entries(context, entries, NULL);
    return g_option_context_parse(context, argc, argv, error);
}

// What waits for chaperone-archivist.
typedef struct {
    guint64 count;
    int64_t oldest_us;
    char *unknown; // why it could not be told; NULL = it was
} Waiting;

// Where nothing was ever held there is no database, and checking makes none.
static Waiting waiting_of(const Config *config)
{
    Waiting waiting = {0};
    g_autoptr(GError) error = NULL;
    if (g_file_test(config->quarantine.database, G_FILE_TEST_EXISTS)) {
        g_autoptr(Quarantine) quarantine = quarantine_open(config, &error);
        if (!quarantine || !quarantine_pending_count(quarantine, &waiting.count, &waiting.oldest_us, &error))
            waiting.unknown = g_strdup(error->message);
    }
    return waiting;
}

static bool is_late(const Waiting *waiting)
{
    const int64_t late_us = 300 * (int64_t)G_USEC_PER_SEC;
    return waiting->count > 0 && clock_now_us() - waiting->oldest_us > late_us;
}

static void print_waiting(const Config *config)
{
    Waiting waiting = waiting_of(config);
    g_autofree char *since = clock_format(waiting.oldest_us);
    if (waiting.unknown)
        printf("quarantine: not looked at: %s\n", waiting.unknown);
    else if (waiting.count > 0)
        printf("pending: %" G_GUINT64_FORMAT " message%s, the oldest since %s%s\n", waiting.count,
               waiting.count == 1 ? "" : "s", since,
               is_late(&waiting) ? "; is chaperone-archivist running?" : "");
    g_free(waiting.unknown);
}

static void waiting_json(json_t *json, const Config *config)
{
    Waiting waiting = waiting_of(config);
    g_autofree char *since = clock_format(waiting.oldest_us);
    if (!waiting.unknown)
        json_object_set_new(json, "pending", json_integer((json_int_t)waiting.count));
    if (waiting.count > 0)
        json_object_set_new(json, "pending_since", json_string(since));
    g_free(waiting.unknown);
}

// ---- review ----------------------------------------------------------------------------------------------

typedef struct {
    bool none; // no database yet: nothing was ever opened
    guint open, overdue;
    char *unknown;
} Reviewed;

static Reviewed reviewed_of(const Config *config)
{
    Reviewed reviewed = {.none = !g_file_test(config->review.database, G_FILE_TEST_EXISTS)};
    g_autoptr(GError) error = NULL;
    g_autoptr(Review) review = reviewed.none ? NULL : review_open(config, &error);
    g_autoptr(GPtrArray) items = review ? review_list(review, REVIEW_ANY, REVIEW_NOT_DONE, &error) : NULL;
    if (!items && !reviewed.none)
        reviewed.unknown = g_strdup(error->message);
    for (guint i = 0; items && i < items->len; i++)
        reviewed.overdue += review_item_overdue(items->pdata[i], clock_now_us());
    reviewed.open = items ? items->len : 0;
    return reviewed;
}

static void print_reviewed(const Config *config)
{
    Reviewed reviewed = reviewed_of(config);
    if (reviewed.unknown)
        printf("review: not looked at: %s\n", reviewed.unknown);
    else if (reviewed.open > 0)
        printf("review: %u item%s open, %u overdue\n", reviewed.open, reviewed.open == 1 ? "" : "s",
               reviewed.overdue);
    g_free(reviewed.unknown);
}

static void reviewed_json(json_t *json, const Config *config)
{
    Reviewed reviewed = reviewed_of(config);
    if (!reviewed.unknown)
        json_object_set_new(
            json, "review",
            json_pack("{s:i, s:i}", "open", (int)reviewed.open, "overdue", (int)reviewed.overdue));
    g_free(reviewed.unknown);
}

// A sealed archive that nobody could open any more.
static void sealed_warnings(const Config *config, GPtrArray *warnings)
{
    enum { OFFICERS = 2 };
    if (!config->archive.sealed)
        return;
    g_autoptr(GError) error = NULL;
    json_t *escrow = keys_escrow_list(config, &error);
    guint current = 0;
    for (size_t i = 0; i < json_array_size(escrow); i++)
        current += json_is_true(json_object_get(json_array_get(escrow, i), "current"));
    if (escrow == NULL)
        g_ptr_array_add(warnings, g_strdup(error->message));
    else if (current < OFFICERS)
        g_ptr_array_add(warnings,
                        g_strdup_printf("archive.sealed: %u of %d officers hold the master key: `chaperone "
                                        "archive keys escrow`; a lost key is a lost archive",
                                        current, OFFICERS));
    json_decref(escrow);
}

// Schools that reviewers are named for and the roster does not know: worth a warning, since an import may bring them. Exceptions
// that end soon, or cover nothing.
static GPtrArray *warnings_of(const Snapshot *snapshot)
{
    g_autoptr(GError) error = NULL;
    const Config *config = snapshot->config;
    g_autoptr(RosterSession) session = roster_session_begin(
        snapshot->roster, clock_local_date(clock_now_us(), config->district.timezone), &error);
    GPtrArray *warnings = session ? routing_unknown_schools(config, session, &error) : NULL;
    if (!warnings) {
        warnings = g_ptr_array_new_with_free_func(g_free);
        g_ptr_array_add(warnings, g_strdup_printf("reviewers' schools: not looked at: %s", error->message));
    }
    g_clear_error(&error);
    if (!exception_warnings(snapshot, warnings, &error))
        g_ptr_array_add(warnings, g_strdup_printf("exceptions: not looked at: %s", error->message));
    sealed_warnings(config, warnings);
    return warnings;
}

static void print_warnings(const Snapshot *snapshot)
{
    g_autoptr(GPtrArray) warnings = warnings_of(snapshot);
    for (guint i = 0; i < warnings->len; i++)
        printf("warning: %s\n", (const char *)warnings->pdata[i]);
}

static void warnings_json(json_t *json, const Snapshot *snapshot)
{
    g_autoptr(GPtrArray) warnings = warnings_of(snapshot);
    json_t *array = json_array();
    for (guint i = 0; i < warnings->len; i++)
        json_array_append_new(array, json_string(warnings->pdata[i]));
    json_object_set_new(json, "warnings", array);
}

// {"ok", "mistakes": [...], "policy", "version", "mode", "pending", "pending_since"?, "review", "warnings": [...]}
static void print_json(const Snapshot *snapshot, const GError *error)
{
    json_t *json = json_object(), *mistakes = json_array();
    g_auto(GStrv) lines = g_strsplit(error ? error->message : "", "\n", -1);
    for (guint i = 0; lines[i]; i++)
        if (*lines[i])
            json_array_append_new(mistakes, json_string(lines[i]));
    json_object_set_new(json, "ok", json_boolean(snapshot != NULL));
    json_object_set_new(json, "mistakes", mistakes);
    if (snapshot) {
        json_object_set_new(json, "policy", json_string(policy_name(snapshot->policy)));
        json_object_set_new(json, "version", json_string(policy_version(snapshot->policy)));
        json_object_set_new(json, "mode", json_string(mode_name(snapshot->mode)));
        waiting_json(json, snapshot->config);
        reviewed_json(json, snapshot->config);
        warnings_json(json, snapshot);
    }
    char *line = json_dumps(json, 0);
    printf("%s\n", line ? line : "{}");
    free(line);
    json_decref(json);
}

static void print_text(const Snapshot *snapshot)
{
    const Config *config = snapshot->config;
    printf("configuration %s: in order\n", config->path);
    printf("policy %s: %s %s, %u rules, mode %s\n", config->policy.file, policy_name(snapshot->policy),
           policy_version(snapshot->policy), policy_rule_count(snapshot->policy), mode_name(snapshot->mode));
    printf("lists %s: in order\n", config->policy.lists_dir);
    printf("roster %s: in order\n", config->roster.database);
    g_autofree char *languages = g_strjoinv(", ", config->notice.languages);
    if (*config->notice.from == '\0')
        printf("notices: none are sent (notice.from is empty)\n");
    else
        printf("notices %s: in order, in %s\n", config->notice.dir, languages);
    print_waiting(config);
    print_reviewed(config);
    print_warnings(snapshot);
}

// What the daemon loads, and what it writes notices from.
static Snapshot *load(const char *path, GError **error)
{
    g_autoptr(Snapshot) snapshot = snapshot_load(path, error);
    g_autoptr(GPtrArray) wanted = snapshot ? policy_templates(snapshot->policy) : NULL;
    return snapshot && notice_book_check(snapshot->config, wanted, error) ? g_steal_pointer(&snapshot) : NULL;
}

static int check_run(const CheckOptions *options)
{
    GError *error = NULL;
    g_autoptr(Snapshot) snapshot = load(cli_config_path(options->config), &error);
    if (options->json)
        print_json(snapshot, error);
    else if (snapshot)
        print_text(snapshot);
    int status = base_exit_status(error);
    if (error && !options->json)
        status = cli_fail(g_steal_pointer(&error));
    g_clear_error(&error);
    return status;
}

int cli_check(int argc, char **argv)
{
    CheckOptions options = {0};
    GError *error = NULL;
    int status;
    if (!options_read(&options, &argc, &argv, &error)) {
        status = cli_usage("%s", error->message);
        g_clear_error(&error);
    } else if (argc > 1) {
        status = cli_usage("unexpected argument \"%s\"", argv[1]);
    } else {
        status = check_run(&options);
    }
    if (fflush(stdout) != 0)
        status = BASE_ERROR_IO;
    g_free(options.config);
    return status;
}
