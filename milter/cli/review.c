// chaperone review: what people are to look at beside held messages.
#include "review/review.h"
#include "cli/cli.h"
#include "cli/conflict.h"
#include "judge/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    char *config_path, *why, *state, *kind, *told, *who, *second;
    const Config *config;
    gboolean json, take_over;
    int most;
    int64_t now_us;
} Options;

// ---- printing --------------------------------------------------------------------------------------------

static int print_json(json_t *json)
{
    int status = json_dumpf(json, stdout, JSON_INDENT(2) | JSON_SORT_KEYS) == 0 && putchar('\n') != EOF
                     ? 0
                     : BASE_ERROR_IO;
    json_decref(json);
    return status;
}

static void print_field(const char *label, const char *text)
{
    g_autofree char *clean = cli_clean(text);
    printf("%-12s %s\n", label, clean);
}

static void print_row(const ReviewItem *item, int64_t now_us)
{
    g_autofree char *due = clock_format(item->due_us), *title = cli_clean(item->title);
    printf("%s  %-10s  %-7s  %.16s%s  %s%s%s\n", item->id, review_kind_name(item->kind),
           review_state_name(item->state), due, review_item_overdue(item, now_us) ? " OVERDUE" : "", title,
           item->claimed_by != NULL ? "  claimed: " : "", item->claimed_by != NULL ? item->claimed_by : "");
}

static void print_summary(const ReviewItem *item)
{
    const char *key;
    json_t *value;
    json_object_foreach(item->summary, key, value)
    {
        g_autofree char *label = g_strdup_printf("  %s", key);
        char *text = json_is_string(value) || json_is_null(value)
                         ? NULL
                         : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(4));
        if (!json_is_null(value))
            print_field(label, text != NULL ? text : json_string_value(value));
        free(text);
    }
}

static void print_people(const ReviewItem *item)
{
    for (guint i = 0; i < item->parties->len; i++) {
        const ReviewParty *party = item->parties->pdata[i];
        g_autofree char *line =
            g_strdup_printf("%s, %s%s%s", party->address, party->as, party->role != NULL ? ", " : "",
                            party->role != NULL ? party->role : "");
        print_field("Party", line);
    }
}

static void print_item(const ReviewItem *item, int64_t now_us)
{
    g_autofree char *opened = clock_format(item->opened_us), *due = clock_format(item->due_us);
    g_autofree char *by = g_strdup_printf("%s%s", due, review_item_overdue(item, now_us) ? " (overdue)" : "");
    print_field("Item", item->id);
    print_field("Kind", review_kind_name(item->kind));
    print_field("State", review_state_name(item->state));
    print_field("About", item->title);
    print_field("Opened", opened);
    print_field("Due", by);
    if (item->claimed_by != NULL)
        print_field("Claimed by", item->claimed_by);
    if (item->legal_hold)
        print_field("Legal hold", "its records are not disposed of");
    if (item->searching)
        print_field("Search", "the reported message is being looked for");
    if (item->told != NULL)
        print_field("Told", item->told);
    print_summary(item);
    print_people(item);
    for (guint i = 0; i < item->links->len; i++) {
        const ReviewLink *link = item->links->pdata[i];
        g_autofree char *line = g_strdup_printf("%s  %s", link->record, link->why != NULL ? link->why : "");
        print_field("Record", line);
    }
    for (guint i = 0; i < item->steps->len; i++) {
        const ReviewStep *step = item->steps->pdata[i];
        g_autofree char *when = clock_format(step->when_us);
        g_autofree char *line =
            g_strdup_printf("%s  %s  %s%s%s", when, step->who, step->step, step->why != NULL ? ": " : "",
                            step->why != NULL ? step->why : "");
        print_field("Step", line);
    }
    if (item->links->len > 0)
        printf("\nA message itself: chaperone archive show RECORD --raw\n");
}

// ---- steps -----------------------------------------------------------------------------------------------

// -3 where `text` is no name; `any` where there is none.
static int parse_name(const char *text, const char *(*name_of)(int value), int count, int any)
{
    int found = text == NULL ? any : -3;
    for (int i = 0; text != NULL && i < count; i++)
        found = strcmp(text, name_of(i)) == 0 ? i : found;
    return text != NULL && strcmp(text, "any") == 0 ? REVIEW_ANY : found;
}

static const char *kind_name_of(int kind)
{
    return review_kind_name((ReviewKind)kind);
}

static const char *state_name_of(int state)
{
    return review_state_name((ReviewState)state);
}

static int run_list(Review *review, const Options *options, const char *id, GError **error)
{
    int kind = parse_name(options->kind, kind_name_of, REVIEW_LAST, REVIEW_ANY);
    int state = parse_name(options->state, state_name_of, REVIEW_STATES, REVIEW_NOT_DONE);
    if (kind == -3)
        return cli_usage("no kind \"%s\": alert, pattern, concern or escalation", options->kind);
    if (state == -3)
        return cli_usage("no state \"%s\": open, claimed, closed or any", options->state);
    g_autoptr(GPtrArray) items = review_list(review, kind, state, error);
    if (items == NULL)
        return base_exit_status(*error);
    json_t *all = json_array();
    for (guint i = 0; i < items->len; i++) {
        if (options->json)
            json_array_append_new(all, review_item_json(items->pdata[i], options->now_us));
        else
            print_row(items->pdata[i], options->now_us);
    }
    if (options->json)
        return print_json(all);
    json_decref(all);
    fprintf(stderr, "%u item%s\n", items->len, items->len == 1 ? "" : "s");
    return 0;
}

static int run_show(Review *review, const Options *options, const char *id, GError **error)
{
    g_autoptr(ReviewItem) item = review_get(review, id, error);
    if (item == NULL || !review_note(review, item->id, options->who, "viewed", options->now_us, error))
        return base_exit_status(*error);
    if (options->json)
        return print_json(review_item_json(item, options->now_us));
    print_item(item, options->now_us);
    return 0;
}

static int done(bool ok, const char *id, const char *what, GError **error)
{
    if (!ok)
        return base_exit_status(*error);
    printf("%s: %s\n", id, what);
    return 0;
}

// Nobody settles what is about themselves.
static bool may_settle(Review *review, const Options *options, const char *id, GError **error)
{
    g_autoptr(ReviewItem) item = review_get(review, id, error);
    g_autoptr(HoldItem) about = item != NULL ? review_item_about(item) : NULL;
    const ConflictAsk ask = {options->config, options->who, options->second, options->now_us};
    g_autofree char *note = NULL;
    return about != NULL && conflict_check(&ask, about, &note, error) &&
           (note == NULL || review_note(review, item->id, options->second, note, options->now_us, error));
}

static int run_claim(Review *review, const Options *options, const char *id, GError **error)
{
    if (options->take_over && options->why == NULL)
        return cli_usage("claim --take-over wants --reason TEXT");
    if (!may_settle(review, options, id, error))
        return base_exit_status(*error);
    return done(
        review_claim(review, id, options->who, options->take_over, options->why, options->now_us, error), id,
        "claimed", error);
}

static int run_note(Review *review, const Options *options, const char *id, GError **error)
{
    if (options->why == NULL)
        return cli_usage("note wants --reason TEXT");
    return done(review_note(review, id, options->who, options->why, options->now_us, error), id, "noted",
                error);
}

static int run_close(Review *review, const Options *options, const char *id, GError **error)
{
    if (options->why == NULL)
        return cli_usage("close wants --reason TEXT: decisions are records");
    if (!may_settle(review, options, id, error))
        return base_exit_status(*error);
    return done(review_finish(review, id, options->who, options->why, options->told, options->now_us, error),
                id, "closed", error);
}

// ---- pairs -----------------------------------------------------------------------------------------------

static json_t *pair_json(const ReviewPair *pair)
{
    json_t *counts = json_object(), *usual = json_object();
    for (int i = 0; i < SIGN_LAST; i++) {
        json_object_set_new(counts, sign_name(i), json_integer(pair->counts[i]));
        json_object_set_new(usual, sign_name(i), json_real(pair->usual[i]));
    }
    return json_pack("{s:s, s:s, s:s, s:s, s:f, s:i, s:o, s:o}", "staff", pair->staff, "student",
                     pair->student, "staff_address", pair->staff_address, "student_address",
                     pair->student_address, "score", pair->score, "by_staff", pair->by_staff, "counts",
                     counts, "usual", usual);
}

static void print_pair(const ReviewPair *pair)
{
    g_autofree char *staff = cli_clean(pair->staff_address), *student = cli_clean(pair->student_address);
    printf("%7.1f  %4d (%d)  %4d  %4d  %4d  %-32s  %s\n", pair->score, pair->counts[SIGN_ONE_TO_ONE],
           pair->by_staff, pair->counts[SIGN_LATE], pair->counts[SIGN_IMAGE_ONLY],
           pair->counts[SIGN_NEAR_MISS], staff, student);
}

static int print_pairs(const GPtrArray *pairs, const Options *options)
{
    json_t *all = json_array();
    if (!options->json && pairs->len > 0)
        printf("  score  1:1 (by staff)  late  pict  near  staff, student\n");
    for (guint i = 0; i < pairs->len; i++) {
        if (options->json)
            json_array_append_new(all, pair_json(pairs->pdata[i]));
        else
            print_pair(pairs->pdata[i]);
    }
    if (options->json)
        return print_json(all);
    json_decref(all);
    return 0;
}

static int run_pairs(Review *review, const Options *options, const char *id, GError **error)
{
    g_autoptr(Config) config = config_load(cli_config_path(options->config_path), error);
    g_autoptr(Policy) policy = config != NULL ? snapshot_policy(config->policy.file, error) : NULL;
    if (policy == NULL)
        return base_exit_status(*error);
    const PolicyPatterns *patterns = policy_patterns(policy);
    if (patterns == NULL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_CONFIG,
                    "%s: the policy has no section patterns; add one to count messages of pairs",
                    config->policy.file);
        return base_exit_status(*error);
    }
    int today = clock_local_date(options->now_us, config->district.timezone);
    guint most = (guint)CLAMP(options->most, 1, 10000);
    g_autoptr(GPtrArray) pairs = review_pairs(review, patterns, NULL, today, most, error);
    return pairs != NULL ? print_pairs(pairs, options) : base_exit_status(*error);
}

// ---- the command -----------------------------------------------------------------------------------------

static const struct {
    const char *name;
    int (*run)(Review *review, const Options *options, const char *id, GError **error);
    bool wants_id;
} STEPS[] = {{"list", run_list, false}, {"show", run_show, true},   {"claim", run_claim, true},
             {"note", run_note, true},  {"close", run_close, true}, {"pairs", run_pairs, false}};

static const char SUMMARY[] =
    "Steps:\n"
    "  list [--kind KIND] [--state STATE]   items that are not closed, what is due first\n"
    "  show ID                              one item and what was done (recorded)\n"
    "  claim ID [--take-over]               it is yours from now on\n"
    "  note ID --reason TEXT                add a note\n"
    "  close ID --reason TEXT [--told TEXT] settled; of an escalation, who was told\n"
    "  pairs [--most N]                     staff-student pairs of the highest score\n";

static int run_step(gsize step, Options *options, const char *id)
{
    GError *error = NULL;
    g_autoptr(Config) config = config_load(cli_config_path(options->config_path), &error);
    g_autoptr(Review) review = config != NULL ? review_open(config, &error) : NULL;
    if (review == NULL)
        return cli_fail(error);
    options->config = config;
    int status = STEPS[step].run(review, options, id, &error);
    return error != NULL ? cli_fail(error) : status;
}

static int choose_step(Options *options, int argc, char **argv)
{
    int status = -1;
    for (gsize i = 0; status < 0 && argc > 1 && i < G_N_ELEMENTS(STEPS); i++) {
        if (strcmp(argv[1], STEPS[i].name) != 0)
            continue;
        status = argc != (STEPS[i].wants_id ? 3 : 2)
                     ? cli_usage("review %s: wrong number of arguments", argv[1])
                     : run_step(i, options, argc > 2 ? argv[2] : NULL);
    }
    if (status < 0)
        status =
            cli_usage(argc > 1 ? "no review step \"%s\"" : "review wants a step%s", argc > 1 ? argv[1] : "");
    return status;
}

static void options_clear(Options *options)
{
    g_free(options->config_path);
    g_free(options->why);
    g_free(options->state);
    g_free(options->kind);
    g_free(options->told);
    g_free(options->who);
    g_free(options->second);
}

int cli_review(int argc, char **argv)
{
    Options options = {.now_us = clock_now_us(), .most = 20};
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &options.config_path, "The configuration", "FILE"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print JSON", NULL},
        {"kind", 0, 0, G_OPTION_ARG_STRING, &options.kind, "Only this kind", "KIND"},
        {"state", 0, 0, G_OPTION_ARG_STRING, &options.state, "Only this state, or any", "STATE"},
        {"reason", 'r', 0, G_OPTION_ARG_STRING, &options.why, "Why; kept with the step", "TEXT"},
        {"told", 0, 0, G_OPTION_ARG_STRING, &options.told,
         "Which authority was told, and the reference it gave", "TEXT"},
        {"take-over", 0, 0, G_OPTION_ARG_NONE, &options.take_over, "Claim what somebody else has claimed",
         NULL},
        {"most", 0, 0, G_OPTION_ARG_INT, &options.most, "Pairs to list (default 20)", "N"},
        {"who", 0, 0, G_OPTION_ARG_STRING, &options.who, "Who does it (default: the user running this)",
         "NAME"},
        {"second", 0, 0, G_OPTION_ARG_STRING, &options.second,
         "Who stands beside somebody with a conflict of interest (claim, close); both names are kept",
         "NAME"},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("STEP [ID]");
    g_option_context_set_summary(context, SUMMARY);
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) error = NULL;
    bool ok = g_option_context_parse(context, &argc, &argv, &error);
    if (options.who == NULL)
        options.who = cli_who();
    int status = ok ? choose_step(&options, argc, argv) : cli_usage("%s", error->message);
    options_clear(&options);
    return status;
}
