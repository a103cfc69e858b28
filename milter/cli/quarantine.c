#include "quarantine/quarantine.h"
#include "cli/cli.h"
#include "cli/quarantine.h"
#include "notice/notice.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

// ---- printing --------------------------------------------------------------------------------------------

static const char *text_of(const json_t *object, const char *key, const char *fallback)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL && *text != '\0' ? text : fallback;
}

// A message's own text must not move the cursor of a terminal.
static char *plain(const char *text, gsize most)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *out = g_string_new(NULL);
    for (const char *p = valid; *p != '\0' && (gsize)g_utf8_strlen(out->str, -1) < most;
         p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        g_string_append_unichar(out, g_unichar_isprint(c) ? c : 0xfffd);
    }
    return g_string_free(out, FALSE);
}

static json_t *item_json(const HoldItem *item)
{
    g_autofree char *held = clock_format(item->held_us);
    json_t *json = json_pack("{s:s, s:s, s:s, s:O}", "id", item->record, "held", held, "mail_from",
                             item->mail_from, "summary", item->summary);
    if (item->claimed_by != NULL)
        json_object_set_new(json, "claimed_by", json_string(item->claimed_by));
    json_t *rcpts = json_array(), *steps = json_array();
    for (guint i = 0; i < item->rcpts->len; i++) {
        const HoldRcpt *rcpt = item->rcpts->pdata[i];
        json_array_append_new(rcpts, json_pack("{s:s, s:s, s:s?, s:s?}", "address", rcpt->address, "state",
                                               hold_state_name(rcpt->state), "queue_id", rcpt->queue_id,
                                               "decided_by", rcpt->decided_by));
    }
    for (guint i = 0; i < item->steps->len; i++) {
        const HoldStep *step = item->steps->pdata[i];
        g_autofree char *when = clock_format(step->when_us);
        json_array_append_new(steps, json_pack("{s:s, s:s, s:s, s:s?}", "when", when, "who", step->who,
                                               "step", step->step, "why", step->why));
    }
    json_object_set_new(json, "recipients", rcpts);
    json_object_set_new(json, "steps", steps);
    return json;
}

int quarantine_print_json(json_t *json)
{
    int status = json_dumpf(json, stdout, JSON_INDENT(2) | JSON_SORT_KEYS) == 0 && putchar('\n') != EOF
                     ? 0
                     : BASE_ERROR_IO;
    json_decref(json);
    return status;
}

// The first recipient that is in `state` stands for the item.
static bool is_in(const HoldItem *item, HoldState state)
{
    bool in = false;
    for (guint i = 0; i < item->rcpts->len && !in; i++)
        in = ((const HoldRcpt *)item->rcpts->pdata[i])->state == state;
    return in;
}

// "pending 3m": nobody has to do anything about these, unless they grow old.
static char *state_text(const HoldItem *item, int64_t now_us)
{
    const HoldRcpt *first = item->rcpts->len > 0 ? item->rcpts->pdata[0] : NULL;
    int64_t age_s = (now_us - item->held_us) / G_USEC_PER_SEC;
    if (is_in(item, HOLD_PENDING) && !is_in(item, HOLD_HELD))
        return age_s < 120     ? g_strdup_printf("pending %ds", (int)age_s)
               : age_s < 7200  ? g_strdup_printf("pending %dm", (int)(age_s / 60))
               : age_s < 99999 ? g_strdup_printf("pending %dh", (int)(age_s / 3600))
                               : g_strdup_printf("pending %dd", (int)(age_s / 86400));
    return g_strdup(first != NULL ? hold_state_name(first->state) : "-");
}

static void print_row(const HoldItem *item, int64_t now_us)
{
    g_autofree char *held = clock_format(item->held_us);
    g_autofree char *from = plain(text_of(item->summary, "sender", item->mail_from), 30);
    g_autofree char *subject = plain(text_of(item->summary, "subject", "(no subject)"), 30);
    g_autofree char *rule = plain(text_of(item->summary, "rule", "-"), 26);
    g_autofree char *state = state_text(item, now_us);
    printf("%s  %.16s  %-12s  %-30s  %2u  %-26s  %-30s%s%s\n", item->record, held, state, from,
           item->rcpts->len, rule, subject, item->claimed_by != NULL ? "  claimed: " : "",
           item->claimed_by != NULL ? item->claimed_by : "");
}

static void print_field(const char *label, const char *text)
{
    g_autofree char *clean = plain(text, 500);
    printf("%-12s %s\n", label, clean);
}

static void print_reason(const HoldItem *item, const json_t *reason)
{
    const json_t *facts = json_object_get(reason, "facts");
    g_autoptr(GPtrArray) found = cli_found(item->summary, reason);
    print_field("Why", text_of(reason, "gist", text_of(reason, "rule", "?")));
    print_field("  rule", text_of(reason, "rule", "?"));
    print_field("  clause", text_of(reason, "clause", "-"));
    for (guint i = 0; i < found->len; i++)
        print_field("  found", found->pdata[i]);
    for (size_t i = 0; i < json_array_size(facts); i++)
        if (json_is_string(json_array_get(facts, i)))
            print_field("  found", json_string_value(json_array_get(facts, i)));
    const json_t *tried = json_object_get(reason, "exceptions_tried");
    for (size_t i = 0; i < json_array_size(tried); i++) {
        const json_t *one = json_array_get(tried, i);
        g_autofree char *line =
            g_strdup_printf("%s: %s", text_of(one, "exception", "?"), text_of(one, "why", "?"));
        print_field("  exception", line);
    }
}

static void print_item(const HoldItem *item)
{
    g_autofree char *held = clock_format(item->held_us);
    print_field("Message", item->record);
    print_field("Held", held);
    print_field("From", text_of(item->summary, "sender", item->mail_from));
    print_field("Subject", text_of(item->summary, "subject", "(no subject)"));
    for (guint i = 0; i < item->rcpts->len; i++) {
        const HoldRcpt *rcpt = item->rcpts->pdata[i];
        g_autofree char *line = g_strdup_printf(
            "%s  %s%s%s%s%s", rcpt->address, hold_state_name(rcpt->state),
            rcpt->decided_by != NULL ? " by " : "", rcpt->decided_by != NULL ? rcpt->decided_by : "",
            rcpt->queue_id != NULL ? ", queue id " : "", rcpt->queue_id != NULL ? rcpt->queue_id : "");
        print_field("To", line);
    }
    if (item->claimed_by != NULL)
        print_field("Claimed by", item->claimed_by);
    const json_t *reasons = json_object_get(item->summary, "reasons");
    for (size_t i = 0; i < json_array_size(reasons); i++)
        print_reason(item, json_array_get(reasons, i));
    for (guint i = 0; i < item->steps->len; i++) {
        const HoldStep *step = item->steps->pdata[i];
        g_autofree char *when = clock_format(step->when_us);
        g_autofree char *line =
            g_strdup_printf("%s  %s  %s%s%s", when, step->who, step->step, step->why != NULL ? ": " : "",
                            step->why != NULL ? step->why : "");
        print_field("Step", line);
    }
    printf("\nThe message itself: chaperone archive show %s --raw\n", item->record);
}

// ---- subcommands -----------------------------------------------------------------------------------------

static bool parse_state(const char *text, int *out_state)
{
    *out_state = -1;
    for (int i = 0; text != NULL && i < HOLD_LAST; i++)
        if (strcmp(text, hold_state_name((HoldState)i)) == 0)
            *out_state = i;
    return text == NULL || *out_state >= 0;
}

static int run_list(Quarantine *quarantine, const QuarantineOptions *options, const char *record,
                    GError **error)
{
    int state;
    if (!parse_state(options->state, &state))
        return cli_usage("no state \"%s\": held, pending, releasing, unconfirmed, released or denied",
                         options->state);
    g_autoptr(GPtrArray) items = quarantine_list(quarantine, state, error);
    if (items == NULL)
        return base_exit_status(*error);
    json_t *all = json_array();
    for (guint i = 0; i < items->len; i++) {
        if (options->json)
            json_array_append_new(all, item_json(items->pdata[i]));
        else
            print_row(items->pdata[i], options->now_us);
    }
    if (options->json)
        return quarantine_print_json(all);
    json_decref(all);
    fprintf(stderr, "%u message%s\n", items->len, items->len == 1 ? "" : "s");
    return 0;
}

static int run_show(Quarantine *quarantine, const QuarantineOptions *options, const char *record,
                    GError **error)
{
    g_autoptr(HoldItem) item = quarantine_get(quarantine, record, error);
    if (item == NULL || !quarantine_note(quarantine, record, options->who, "viewed", options->now_us, error))
        return base_exit_status(*error);
    if (options->json)
        return quarantine_print_json(item_json(item));
    print_item(item);
    return 0;
}

static int done(bool ok, const char *record, const char *what, GError **error)
{
    if (!ok)
        return base_exit_status(*error);
    printf("%s: %s\n", record, what);
    return 0;
}

static int run_claim(Quarantine *quarantine, const QuarantineOptions *options, const char *record,
                     GError **error)
{
    return done(quarantine_may_decide(quarantine, options, record, error) &&
                    quarantine_claim(quarantine, record, options->who, options->now_us, error),
                record, "claimed", error);
}

static int need_why(const char *step)
{
    return cli_usage("%s wants --reason TEXT: decisions are records", step);
}

static int run_release(Quarantine *quarantine, const QuarantineOptions *options, const char *record,
                       GError **error)
{
    if (options->why == NULL)
        return need_why("release");
    g_autoptr(GPtrArray) only = options->to != NULL ? g_ptr_array_new() : NULL;
    for (char **to = options->to; to != NULL && *to != NULL; to++)
        g_ptr_array_add(only, *to);
    return done(
        quarantine_may_decide(quarantine, options, record, error) &&
            quarantine_release(quarantine, record, only, options->who, options->why, options->now_us, error),
        record, "released", error);
}

static int run_deny(Quarantine *quarantine, const QuarantineOptions *options, const char *record,
                    GError **error)
{
    if (options->why == NULL)
        return need_why("deny");
    return done(quarantine_may_decide(quarantine, options, record, error) &&
                    quarantine_deny(quarantine, record, options->who, options->why, options->now_us, error),
                record, "denied", error);
}

static int run_note(Quarantine *quarantine, const QuarantineOptions *options, const char *record,
                    GError **error)
{
    if (options->why == NULL)
        return cli_usage("note wants --reason TEXT");
    return done(quarantine_note(quarantine, record, options->who, options->why, options->now_us, error),
                record, "noted", error);
}

static int run_settle(Quarantine *quarantine, const QuarantineOptions *options, const char *record,
                      GError **error)
{
    if (options->delivered == options->not_delivered || options->why == NULL)
        return cli_usage("settle wants --delivered or --not-delivered, and --reason TEXT");
    return done(quarantine_may_decide(quarantine, options, record, error) &&
                    quarantine_settle(quarantine, record, options->delivered, options->who, options->why,
                                      options->now_us, error),
                record, options->delivered ? "settled: released" : "settled: held again", error);
}

static int run_recover(Quarantine *quarantine, const QuarantineOptions *options, const char *record,
                       GError **error)
{
    int settled = quarantine_recover(quarantine, options->now_us, error);
    if (settled < 0)
        return base_exit_status(*error);
    printf("%d release%s settled\n", settled, settled == 1 ? "" : "s");
    return 0;
}

static const struct {
    const char *name;
    QuarantineStep run;
    bool wants_record;
} STEPS[] = {
    {"list", run_list, false},
    {"show", run_show, true},
    {"claim", run_claim, true},
    {"release", run_release, true},
    {"deny", run_deny, true},
    {"note", run_note, true},
    {"settle", run_settle, true},
    {"recover", run_recover, false},
    {"digest", quarantine_run_digest, false},
    {"withdraw", quarantine_run_withdraw, true},
    {"explain", quarantine_run_explain, true},
    {"ask", quarantine_run_ask, true},
};

static const char SUMMARY[] =
    "Steps:\n"
    "  list [--state STATE]         open items, or those in STATE\n"
    "  show ID                      one item, why it is held, what was done (recorded)\n"
    "  claim ID                     keep it for yourself for a while\n"
    "  release ID --reason TEXT     deliver it to the held recipients (or --to ADDRESS ...)\n"
    "  deny ID --reason TEXT        it stays in the archive; the sender is told\n"
    "  note ID --reason TEXT        add a note\n"
    "  settle ID --delivered|--not-delivered --reason TEXT\n"
    "  recover                      settle releases that died half way\n"
    "  withdraw ID --as SENDER      the sender takes it back\n"
    "  explain ID --as SENDER --reason TEXT\n"
    "                               what the sender says it is for, for the reviewer\n"
    "  ask ID --as SENDER [--reason TEXT]\n"
    "                               the sender's supervisor is asked by mail what they think\n"
    "  digest [--send]              what waits, by reviewer and school; --send mails it where it is due\n";

static int run_step(gsize step, QuarantineOptions *options, const char *record)
{
    GError *error = NULL;
    g_autoptr(Config) config = config_load(cli_config_path(options->config_path), &error);
    g_autoptr(Quarantine) quarantine = config != NULL ? quarantine_open(config, &error) : NULL;
    if (quarantine == NULL)
        return cli_fail(error);
    options->config = config;
    int today = clock_local_date(options->now_us, config->district.timezone);
    json_t *notices = notice_stamp(config, today, &error);
    if (notices == NULL)
        return cli_fail(error);
    quarantine_set_notices(quarantine, notices);
    json_decref(notices);
    int status = STEPS[step].run(quarantine, options, record, &error);
    return error != NULL ? cli_fail(error) : status;
}

static void options_clear(QuarantineOptions *options)
{
    g_free(options->config_path);
    g_free(options->why);
    g_free(options->state);
    g_free(options->who);
    g_free(options->second);
    g_free(options->as);
    g_free(options->reviewer);
    g_free(options->school);
    g_strfreev(options->to);
}

int cli_quarantine(int argc, char **argv)
{
    QuarantineOptions options = {.now_us = clock_now_us()};
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &options.config_path, "The configuration", "FILE"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print JSON", NULL},
        {"state", 0, 0, G_OPTION_ARG_STRING, &options.state, "Only items in this state", "STATE"},
        {"reason", 'r', 0, G_OPTION_ARG_STRING, &options.why, "Why; kept with the decision", "TEXT"},
        {"to", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.to, "Release to this held recipient only",
         "ADDRESS"},
        {"who", 0, 0, G_OPTION_ARG_STRING, &options.who, "Who decides (default: the user running this)",
         "NAME"},
        {"second", 0, 0, G_OPTION_ARG_STRING, &options.second,
         "Who stands beside a decider with a conflict of interest; both names are kept", "NAME"},
        {"as", 0, 0, G_OPTION_ARG_STRING, &options.as, "The sender it is done for (withdraw, explain, ask)",
         "ADDRESS"},
        {"delivered", 0, 0, G_OPTION_ARG_NONE, &options.delivered, "The cut-off release did go out", NULL},
        {"not-delivered", 0, 0, G_OPTION_ARG_NONE, &options.not_delivered, "It did not", NULL},
        {"send", 0, 0, G_OPTION_ARG_NONE, &options.send, "Mail the digests that are due", NULL},
        {"reviewer", 0, 0, G_OPTION_ARG_STRING, &options.reviewer, "The digest of this reviewer only",
         "ADDRESS"},
        {"school", 0, 0, G_OPTION_ARG_STRING, &options.school,
         "The digest of this school (id or name), whoever reviews", "SCHOOL"},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("STEP [ID]");
    g_option_context_set_summary(context, SUMMARY);
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) error = NULL;
    int status = -1;
    if (!g_option_context_parse(context, &argc, &argv, &error))
        status = cli_usage("%s", error->message);
    if (options.who == NULL)
        options.who = cli_who();
    for (gsize i = 0; status < 0 && argc > 1 && i < G_N_ELEMENTS(STEPS); i++) {
        if (strcmp(argv[1], STEPS[i].name) != 0)
            continue;
        status = argc != (STEPS[i].wants_record ? 3 : 2)
                     ? cli_usage("quarantine %s: wrong number of arguments", argv[1])
                     : run_step(i, &options, argc > 2 ? argv[2] : NULL);
    }
    if (status < 0)
        status = cli_usage(argc > 1 ? "no quarantine step \"%s\"" : "quarantine wants a step%s",
                           argc > 1 ? argv[1] : "");
    options_clear(&options);
    return status;
}
