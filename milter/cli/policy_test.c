// policy test: a policy's tests, judged by the very code path of the daemon on a roster made for them.
#include "cli/policy.h"
#include "feeds/feeds.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// ---- the roster ------------------------------------------------------------------------------------------

// A directory of our own with a roster in it.
typedef struct {
    char *dir; // NULL = none was made
} Scratch;

static void scratch_remove(Scratch *scratch)
{
    GDir *dir = scratch->dir ? g_dir_open(scratch->dir, 0, NULL) : NULL;
    for (const char *name; dir && (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *path = g_build_filename(scratch->dir, name, NULL);
        (void)g_unlink(path);
    }
    if (dir)
        g_dir_close(dir);
    if (scratch->dir)
        (void)g_rmdir(scratch->dir);
    g_clear_pointer(&scratch->dir, g_free);
}

static void replace(char **slot, char *taken)
{
    g_free(*slot);
    *slot = taken;
}

static bool scratch_import(Scratch *scratch, Config *config, const char *source, int today, bool verbose,
                           GError **error)
{
    scratch->dir = g_dir_make_tmp("chaperone-policy-test-XXXXXX", error);
    if (!scratch->dir)
        return false;
    replace(&config->roster.database, g_build_filename(scratch->dir, "roster.db", NULL));
    replace(&config->roster.key_file, g_build_filename(scratch->dir, "roster.key", NULL));
    g_autoptr(FeedResult) result = feeds_import_path(config, source, false, today, error);
    for (guint i = 0; result && verbose && i < result->summary->warnings->len; i++) {
        g_autofree char *text = cli_clean(result->summary->warnings->pdata[i]);
        fprintf(stderr, "warning: %s: %s\n", source, text);
    }
    return result != NULL;
}

// Told by --roster; else what lies beside the tests; else NULL: the roster in force.
static char *roster_source(const PolicyOptions *options, const PolicyPack *pack)
{
    if (options->roster)
        return g_strdup(options->roster);
    g_autofree char *dir = g_path_get_dirname(pack->tests), *beside = g_build_filename(dir, "roster", NULL);
    return g_file_test(beside, G_FILE_TEST_IS_DIR) ? g_steal_pointer(&beside) : NULL;
}

static Snapshot *snapshot_for(const PolicyOptions *options, PolicyPack *pack, Scratch *scratch,
                              GError **error)
{
    g_autofree char *source = roster_source(options, pack);
    Config *config = pack->config;
    replace(&config->policy.file, g_strdup(pack->path));
    replace(&config->policy.mode, g_strdup(mode_name(MODE_ENFORCE)));
    replace(&config->attachments.cache_dir, g_strdup(""));
    if (source && !scratch_import(scratch, config, source, pack->today, options->verbose, error))
        return NULL;
    return snapshot_new(config, error);
}

// ---- what came of a test ---------------------------------------------------------------------------------

static void wrong(PolicyTest *test, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void wrong(PolicyTest *test, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_ptr_array_add(test->wrong, g_strdup_vprintf(format, args));
    va_end(args);
}

// Did it decide anything for a recipient, rather than being covered by an exception?
static bool reason_fired(const Decision *decision, const Reason *reason)
{
    bool found = false;
    for (guint i = 0; i < reason->rcpts->len && !found; i++) {
        const RcptDecision *rcpt = decision->rcpts->pdata[g_array_index(reason->rcpts, guint, i)];
        found = g_ptr_array_find_with_equal_func(rcpt->rules, reason->rule, g_str_equal, NULL);
    }
    return found;
}

static bool fired(const Decision *decision, const char *rule)
{
    bool found = false;
    for (guint i = 0; i < decision->reasons->len && !found; i++) {
        const Reason *reason = decision->reasons->pdata[i];
        found = strcmp(reason->rule, rule) == 0 && reason_fired(decision, reason);
    }
    return found;
}

// Does a reason that fired cite `clause`? What section purpose says is told under the rule's name, with its own clauses.
static bool fired_for(const Decision *decision, const char *clause)
{
    bool found = false;
    for (guint i = 0; i < decision->reasons->len && !found; i++) {
        const Reason *reason = decision->reasons->pdata[i];
        g_auto(GStrv) cited = g_strsplit(reason->clause, "; ", -1);
        found = reason_fired(decision, reason) && g_strv_contains((const char *const *)cited, clause);
    }
    return found;
}

static char *all_fired(const Decision *decision)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < decision->reasons->len; i++) {
        const Reason *reason = decision->reasons->pdata[i];
        if (reason_fired(decision, reason))
            g_string_append_printf(out, "%s%s (%s)", out->len ? ", " : "", reason->rule,
                                   action_name(reason->effective));
    }
    return g_string_free(out->len ? out : g_string_append(out, "none"), FALSE);
}

static void check_actions(PolicyTest *test, const Decision *decision)
{
    Action strongest = decision_strongest(decision);
    if (test->action >= 0 && (Action)test->action != strongest)
        wrong(test, "expected %s, got %s", action_name((Action)test->action), action_name(strongest));
    GHashTableIter iter;
    gpointer address, value;
    if (!test->actions)
        return;
    g_hash_table_iter_init(&iter, test->actions);
    while (g_hash_table_iter_next(&iter, &address, &value)) {
        const RcptDecision *found = NULL;
        for (guint i = 0; i < decision->rcpts->len && !found; i++) {
            const RcptDecision *rcpt = decision->rcpts->pdata[i];
            found = g_ascii_strcasecmp(rcpt->address, address) == 0 ? rcpt : NULL;
        }
        Action wanted = (Action)GPOINTER_TO_INT(value);
        if (!found)
            wrong(test, "expected an action for %s, which is no recipient", (const char *)address);
        else if (found->action != wanted)
            wrong(test, "expected %s for %s, got %s", action_name(wanted), (const char *)address,
                  action_name(found->action));
    }
}

static void check_rules(PolicyTest *test, const Policy *policy, const Decision *decision)
{
    g_autofree char *all = all_fired(decision);
    for (guint i = 0; test->rules && test->rules[i]; i++)
        if (!fired(decision, test->rules[i]))
            wrong(test, "expected the rule %s to fire; fired: %s", test->rules[i], all);
    for (guint i = 0; test->not_rules && test->not_rules[i]; i++)
        if (fired(decision, test->not_rules[i]))
            wrong(test, "the rule %s must not fire; fired: %s", test->not_rules[i], all);
    // A rule that the policy does not have would let every near miss pass.
    for (guint i = 0; test->not_rules && test->not_rules[i]; i++) {
        g_autoptr(GPtrArray) known = policy_explain(policy, test->not_rules[i], 0);
        if (known->len == 0)
            wrong(test, "the policy has no rule %s", test->not_rules[i]);
    }
}

// Without a word on rules, those of the clause fire, or for a near miss do not.
static void check_clause(PolicyTest *test, const PolicyCoverage *coverage, const Decision *decision)
{
    const PolicyClause *clause = NULL;
    for (guint i = 0; i < coverage->clauses->len && !clause; i++) {
        const PolicyClause *one = coverage->clauses->pdata[i];
        clause = strcmp(one->id, test->clause) == 0 ? one : NULL;
    }
    bool asked = test->near_miss ? !test->not_rules : !test->rules;
    if (!clause || clause->rules->len == 0 || !asked)
        return;
    bool found = fired_for(decision, test->clause);
    g_autofree char *all = all_fired(decision);
    if (!test->near_miss && !found)
        wrong(test, "expected a rule of %s to fire; fired: %s", test->clause, all);
    if (test->near_miss && found)
        wrong(test, "no rule of %s must fire; fired: %s", test->clause, all);
}

static void check_more(PolicyTest *test, const Decision *decision)
{
    bool used = false, escalated = false;
    for (guint i = 0; i < decision->reasons->len; i++) {
        const Reason *reason = decision->reasons->pdata[i];
        escalated |= test->escalate && g_strcmp0(reason->escalate, test->escalate) == 0;
        for (guint j = 0; test->exception && j < reason->tries->len; j++) {
            const ExceptionTry *try = reason->tries->pdata[j];
            used |= try->used && strcmp(try->id, test->exception) == 0;
        }
    }
    if (test->exception && !used)
        wrong(test, "expected the exception %s to be used", test->exception);
    if (test->escalate && !escalated)
        wrong(test, "expected the escalation %s", test->escalate);
}

static void check(PolicyTest *test, const Policy *policy, const PolicyCoverage *coverage)
{
    if (test->job->error) {
        wrong(test, "could not be judged: %s", test->job->error->message);
        return;
    }
    const Decision *decision = test->job->judgement->decision;
    check_actions(test, decision);
    check_rules(test, policy, decision);
    check_clause(test, coverage, decision);
    check_more(test, decision);
}

// Who a test names and the roster does not know: its near misses would pass for that.
static void warn_unknown(const GPtrArray *tests)
{
    g_autoptr(GHashTable) told = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < tests->len; i++) {
        const PolicyTest *test = tests->pdata[i];
        const Parties *parties = test->job->judgement ? test->job->judgement->parties : NULL;
        for (guint j = 0; parties && j <= parties->rcpts->len; j++) {
            const Party *party = j == 0 ? parties->sender : parties->rcpts->pdata[j - 1];
            g_autofree char *address = cli_clean(party->address);
            if (party->role == ROLE_SERVICE && party->address && g_hash_table_add(told, party->address))
                fprintf(stderr,
                        "warning: %s: %s is nobody whom the roster knows, so it counts as a service\n",
                        test->job->path, address);
        }
    }
}

// ---- running ---------------------------------------------------------------------------------------------

typedef struct {
    const Snapshot *snapshot;
    Readers *readers;
    GAsyncQueue *done;
} TestWork;

static void work_run(gpointer item, gpointer data)
{
    const TestWork *work = data;
    PolicyTest *test = item;
    scan_job_judge(test->job, test->message, work->snapshot, work->readers);
    g_async_queue_push(work->done, test);
}

static bool run_all(const GPtrArray *tests, const Snapshot *snapshot, GError **error)
{
    g_autoptr(Readers) readers = readers_new(snapshot->config, error);
    if (!readers)
        return false;
    g_autoptr(GAsyncQueue) done = g_async_queue_new();
    TestWork work = {snapshot, readers, done};
    GThreadPool *threads = g_thread_pool_new(work_run, &work, snapshot->config->reader.workers, FALSE, error);
    if (!threads)
        return false;
    for (guint i = 0; i < tests->len; i++) // one that cannot be handed over now stays queued
        (void)g_thread_pool_push(threads, tests->pdata[i], NULL);
    for (guint i = 0; i < tests->len; i++) {
        (void)g_async_queue_pop(done);
        cli_progress("policy test", i + 1, tests->len);
    }
    g_thread_pool_free(threads, FALSE, TRUE);
    return true;
}

// ---- telling ---------------------------------------------------------------------------------------------

static json_t *test_json(const PolicyTest *test)
{
    json_t *list = json_array();
    for (guint i = 0; i < test->wrong->len; i++) {
        g_autofree char *text = g_utf8_make_valid(test->wrong->pdata[i], -1);
        json_array_append_new(list, json_string(text));
    }
    json_t *json =
        json_pack("{s:s, s:s, s:i, s:b, s:b, s:o}", "name", test->name, "clause", test->clause, "line",
                  test->line, "near_miss", test->near_miss, "passed", test->wrong->len == 0, "wrong", list);
    if (test->job->judgement)
        json_object_set_new(json, "judgement",
                            judgement_to_json(test->job->judgement, test->job->envelope, NULL, false));
    return json;
}

static int print_json(const PolicyPack *pack, const GPtrArray *tests, guint failed)
{
    json_t *list = json_array();
    for (guint i = 0; i < tests->len; i++)
        json_array_append_new(list, test_json(tests->pdata[i]));
    return cli_policy_print_json(json_pack("{s:s, s:s, s:s, s:i, s:i, s:o}", "policy",
                                           policy_name(pack->policy), "version", policy_version(pack->policy),
                                           "file", pack->tests, "passed", tests->len - failed, "failed",
                                           failed, "tests", list));
}

static void print_test(const PolicyTest *test, bool verbose)
{
    g_autofree char *name = cli_clean(test->name), *clause = cli_clean(test->clause);
    bool failed = test->wrong->len > 0;
    if (!failed && !verbose)
        return;
    printf("%s %s [%s]%s\n", failed ? "FAILED" : "passed", name, clause,
           test->near_miss ? ", near miss" : "");
    for (guint i = 0; i < test->wrong->len; i++) {
        g_autofree char *text = cli_clean(test->wrong->pdata[i]);
        printf("  %s\n", text);
    }
    ScanStyle style = {false, verbose, cli_colour(STDOUT_FILENO)};
    if (test->job->judgement)
        scan_print(test->job, &style);
}

static int tell(const PolicyOptions *options, const PolicyPack *pack, const GPtrArray *tests)
{
    guint failed = 0;
    for (guint i = 0; i < tests->len; i++)
        failed += ((const PolicyTest *)tests->pdata[i])->wrong->len > 0;
    int status = options->json ? print_json(pack, tests, failed) : 0;
    for (guint i = 0; !options->json && i < tests->len; i++)
        print_test(tests->pdata[i], options->verbose);
    if (!options->json)
        printf("%s %s: %u test%s, %u passed, %u failed\n", policy_name(pack->policy),
               policy_version(pack->policy), tests->len, tests->len == 1 ? "" : "s", tests->len - failed,
               failed);
    return status ? status : failed > 0 ? BASE_ERROR_DATA : 0;
}

int cli_policy_test(const PolicyOptions *options, PolicyPack *pack, char **arguments, GError **error)
{
    Scratch scratch = {0};
    int status = 0;
    g_autoptr(GPtrArray) tests = cli_policy_cases(pack->config, pack->tests, pack->now_us, error);
    g_autoptr(Snapshot) snapshot = tests ? snapshot_for(options, pack, &scratch, error) : NULL;
    if (snapshot && run_all(tests, snapshot, error)) {
        g_autoptr(PolicyCoverage) coverage = policy_coverage(pack->policy, NULL);
        for (guint i = 0; i < tests->len; i++)
            check(tests->pdata[i], pack->policy, coverage);
        warn_unknown(tests);
        status = tell(options, pack, tests);
    }
    scratch_remove(&scratch);
    return status;
}
