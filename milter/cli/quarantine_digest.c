// chaperone quarantine digest: what waits, by reviewer and by school; and its mails.
#include "cli/quarantine.h"
#include "review/digest.h"

#include <stdio.h>
#include <string.h>

typedef struct {
    Quarantine *quarantine;
    const QuarantineOptions *options;
    NoticeBook *book; // NULL where notices are not set up
    Digests *digests;
    guint sent, failed;
} Run;

static bool is_wanted(const Run *run, const Digest *digest)
{
    return run->options->reviewer == NULL ||
           g_ascii_strcasecmp(run->options->reviewer, digest->reviewer) == 0;
}

// ---- printing --------------------------------------------------------------------------------------------

static void print_item(const Config *config, const HoldItem *item, int64_t now_us)
{
    static const char *const SHOWN[] = {"sender", "rule", "gist"};
    g_autofree char *held = clock_format_local(item->held_us, config->district.timezone);
    int64_t deadline_us = quarantine_deadline(config, item->held_us);
    printf("  %s  %s%s", item->record, held, deadline_us > 0 && deadline_us <= now_us ? "  OVERDUE" : "");
    for (gsize i = 0; i < G_N_ELEMENTS(SHOWN); i++) {
        g_autofree char *clean = cli_clean(json_string_value(json_object_get(item->summary, SHOWN[i])));
        printf("  %s", clean);
    }
    printf("%s%s\n", item->claimed_by != NULL ? "  claimed: " : "",
           item->claimed_by != NULL ? item->claimed_by : "");
}

static void print_school(const Run *run, const DigestSchool *school)
{
    g_autofree char *name = cli_clean(school->school->name);
    printf("%s: %u message%s, %u overdue\n", name, school->items->len, school->items->len == 1 ? "" : "s",
           school->overdue);
    for (guint i = 0; i < school->items->len; i++)
        print_item(run->options->config, school->items->pdata[i], run->options->now_us);
}

static void print_digest(const Run *run, const Digest *digest)
{
    printf("%s (%s, %s): %u message%s, %u overdue\n", digest->reviewer, digest->why, digest->period,
           digest->count, digest->count == 1 ? "" : "s", digest->overdue);
    for (guint i = 0; i < digest->schools->len; i++)
        print_school(run, digest->schools->pdata[i]);
    putchar('\n');
}

static const DigestSchool *school_named(const Digest *digest, const char *name)
{
    const DigestSchool *found = NULL;
    for (guint i = 0; i < digest->schools->len && found == NULL; i++) {
        const DigestSchool *school = digest->schools->pdata[i];
        if (strcmp(school->school->id, name) == 0 || g_ascii_strcasecmp(school->school->name, name) == 0)
            found = school;
    }
    return found;
}

static json_t *all_json(const Run *run)
{
    const Config *config = run->options->config;
    json_t *reviewers = json_array();
    for (guint i = 0; i < run->digests->digests->len; i++)
        if (is_wanted(run, run->digests->digests->pdata[i]))
            json_array_append_new(reviewers,
                                  digest_json(config, run->digests->digests->pdata[i], run->options->now_us));
    json_t *whole = digest_json(config, run->digests->schools, run->options->now_us);
    json_t *schools = json_object_get(whole, "schools");
    for (size_t i = json_array_size(schools); run->options->school != NULL && i > 0; i--) {
        const json_t *school = json_array_get(schools, i - 1);
        const char *id = json_string_value(json_object_get(school, "school"));
        const char *name = json_string_value(json_object_get(school, "name"));
        if (strcmp(id, run->options->school) != 0 && g_ascii_strcasecmp(name, run->options->school) != 0)
            json_array_remove(schools, i - 1);
    }
    json_t *json =
        json_pack("{s:o, s:O, s:i, s:i, s:i}", "reviewers", reviewers, "schools", schools, "messages",
                  (int)run->digests->items->len, "overdue", (int)run->digests->schools->overdue,
                  "without_reviewer", (int)run->digests->unrouted);
    json_decref(whole);
    return json;
}

static int print_all(const Run *run)
{
    if (run->options->json)
        return quarantine_print_json(all_json(run));
    const Digest *all = run->digests->schools;
    const DigestSchool *school =
        run->options->school != NULL ? school_named(all, run->options->school) : NULL;
    if (school != NULL)
        print_school(run, school);
    for (guint i = 0; run->options->school == NULL && i < run->digests->digests->len; i++)
        if (is_wanted(run, run->digests->digests->pdata[i]))
            print_digest(run, run->digests->digests->pdata[i]);
    fprintf(stderr, "%u message%s held, %u overdue\n", run->digests->items->len,
            run->digests->items->len == 1 ? "" : "s", all->overdue);
    return 0;
}

// ---- sending ---------------------------------------------------------------------------------------------

static bool send_to(Run *run, const Digest *digest, GError **error)
{
    const Config *config = run->options->config;
    int64_t now_us = run->options->now_us;
    g_autoptr(TemplateData) data = digest_data(config, digest, now_us);
    // Reviewers' addresses stand in To, not in the id.
    g_autofree char *hash = sha256_hex(digest->reviewer, strlen(digest->reviewer));
    g_autofree char *id = g_strdup_printf("digest.%" G_GINT64_FORMAT ".%.12s", now_us, hash);
    g_autofree char *mail = notice_book_mail(config, run->book, "digest", data, digest->reviewer, id, now_us);
    return quarantine_send_mail(config, "", digest->reviewer, mail, error) &&
           quarantine_digest_sent(run->quarantine, digest->reviewer, digest->count, run->options->who, now_us,
                                  error);
}

// One reviewer's server that refuses keeps nobody else from theirs.
static bool send_one(Run *run, const Digest *digest, GError **error)
{
    int64_t last_us = 0;
    g_autoptr(GError) refused = NULL;
    if (!quarantine_digest_last(run->quarantine, digest->reviewer, &last_us, error))
        return false;
    bool asked = run->options->reviewer != NULL && digest->count > 0;
    if (!asked && !digest_is_due(run->options->config, digest, last_us, run->options->now_us))
        return true;
    if (send_to(run, digest, &refused)) {
        run->sent++;
        if (!run->options->json)
            printf("sent to %s: %u message%s, %u overdue\n", digest->reviewer, digest->count,
                   digest->count == 1 ? "" : "s", digest->overdue);
    } else {
        run->failed++;
        fprintf(stderr, "chaperone: %s: %s\n", digest->reviewer,
                refused != NULL ? refused->message : "not sent");
    }
    return true;
}

static int send_all(Run *run, GError **error)
{
    bool ok = true;
    for (guint i = 0; ok && i < run->digests->digests->len; i++) {
        if (is_wanted(run, run->digests->digests->pdata[i]))
            ok = send_one(run, run->digests->digests->pdata[i], error);
        cli_progress("sending digests", i + 1, run->digests->digests->len);
    }
    if (!ok)
        return base_exit_status(*error);
    if (run->digests->unrouted > 0)
        fprintf(stderr, "chaperone: %u held message%s without a reviewer; see review.reviewers\n",
                run->digests->unrouted, run->digests->unrouted == 1 ? "" : "s");
    int status = run->failed > 0 ? BASE_ERROR_TEMPFAIL : 0;
    return status == 0 && run->options->json
               ? quarantine_print_json(json_pack("{s:i, s:i, s:i}", "sent", (int)run->sent, "failed",
                                                 (int)run->failed, "without_reviewer",
                                                 (int)run->digests->unrouted))
               : status;
}

// ---- the step --------------------------------------------------------------------------------------------

static void show_progress(guint64 now, guint64 total, void *data)
{
    cli_progress("looking up reviewers", now, total);
}

static bool collect(Run *run, GError **error)
{
    const Config *config = run->options->config;
    g_autoptr(Roster) roster = roster_open(config, error);
    g_autoptr(RosterSession) session =
        roster != NULL ? roster_session_begin(
                             roster, clock_local_date(run->options->now_us, config->district.timezone), error)
                       : NULL;
    g_autoptr(Routing) routing = session != NULL ? routing_new(config, session) : NULL;
    run->digests = routing != NULL ? digest_collect(config, run->quarantine, routing, run->options->now_us,
                                                    show_progress, NULL, error)
                                   : NULL;
    return run->digests != NULL;
}

int quarantine_run_digest(Quarantine *quarantine, const QuarantineOptions *options, const char *record,
                          GError **error)
{
    Run run = {.quarantine = quarantine, .options = options};
    if (options->send && options->school != NULL)
        return cli_usage("a school's digest goes to nobody; use --reviewer with --send");
    if (options->school != NULL && options->reviewer != NULL)
        return cli_usage("use --school or --reviewer, not both");
    if (options->send && *options->config->notice.from == '\0') {
        g_set_error_literal(error, BASE_ERROR, BASE_ERROR_CONFIG, "notice.from is not set: no mail is sent");
        return BASE_ERROR_CONFIG;
    }
    run.book = options->send ? notice_book_load(options->config, NULL, error) : NULL;
    int status = 0;
    if ((options->send && run.book == NULL) || !collect(&run, error))
        status = base_exit_status(*error);
    else
        status = options->send ? send_all(&run, error) : print_all(&run);
    notice_book_free(run.book);
    digests_free(run.digests);
    return status;
}
