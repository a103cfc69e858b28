// Legal holds placed while a disposal is carried out, at times of all kinds: what was held when it was there is there for good.
#include "ground.h"

#include <string.h>
#include <unistd.h>

enum { ROUNDS = 40, LONGEST_US = 60000 };

typedef struct {
    Ground *ground;
    gint stop;
} Sequencer;

static gpointer sequence_on(gpointer data)
{
    Sequencer *sequencer = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(ArchiveLog) log = archive_log_open(sequencer->ground->config, &error);
    while (log != NULL && !g_atomic_int_get(&sequencer->stop)) {
        guint fresh = 0;
        if (!archive_log_sequence(log, 1000, &fresh, &error) || !archive_log_publish(log, &error))
            break;
        g_usleep(2000);
    }
    return GINT_TO_POINTER(error == NULL);
}

typedef struct {
    const Config *config;
    const char *disposal;
    bool ok;
    char *error;
} Execution;

static gpointer execute_it(gpointer data)
{
    Execution *execution = data;
    g_autoptr(GError) error = NULL;
    g_auto(DisposalOutcome) outcome = {0};
    g_autoptr(Retention) retention = retention_open(execution->config, &error);
    execution->ok =
        retention != NULL &&
        disposal_execute(retention, execution->disposal, "officer", 30, NULL, NULL, &outcome, &error) &&
        outcome.waiting == 0;
    execution->error = error != NULL ? g_strdup(error->message) : g_strdup(outcome.waits_for);
    return NULL;
}

static void approve(Ground *ground, const char *id)
{
    g_autoptr(GError) error = NULL;
    cr_assert(disposal_approve(ground->retention, id, "one", "A-1", "checked", NOON, &error));
    cr_assert(disposal_approve(ground->retention, id, "two", NULL, "checked", NOON, &error));
}

static char *only_record(Ground *ground, const char *disposal)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) records =
        retention_texts(ground->retention, "SELECT record FROM listed WHERE disposal = ?", disposal, &error);
    cr_assert(records != NULL && records->len == 1);
    return g_strdup(records->pdata[0]);
}

// True when the record was destroyed.
static bool one_round(Ground *ground, gulong delay_us)
{
    char id[ULID_LEN + 1], hold[ULID_LEN + 1];
    guint gone = 0;
    g_autoptr(GError) error = NULL;
    const DisposalWish wish = {.most = 1};
    cr_assert(
        disposal_propose(ground->retention, &wish, "officer", "due", clock_now_us(), NULL, NULL, id, &error),
        "%s", error ? error->message : "");
    approve(ground, id);
    g_autofree char *record = only_record(ground, id);
    Execution execution = {.config = ground->config, .disposal = id};
    GThread *thread = g_thread_new("execute", execute_it, &execution);
    g_usleep(delay_us);
    char *records[] = {record, NULL};
    const LegalScope scope = {.records = records};
    cr_assert(legal_hold_place(ground->retention, "Doe", &scope, "counsel", "letter", clock_now_us(), hold,
                               &gone, &error),
              "%s", error ? error->message : "");
    json_t *meta = ground_meta(ground, record);
    bool there = meta != NULL;
    json_decref(meta);
    g_thread_join(thread);
    cr_assert(execution.ok, "%s", execution.error);
    g_free(execution.error);
    meta = ground_meta(ground, record);
    bool after = meta != NULL;
    json_decref(meta);
    // What the placing of the hold said is so, then and for good.
    cr_assert_eq(there, gone == 0, "delay %lu: gone %u, there %d", delay_us, gone, there);
    cr_assert_eq(after, there, "delay %lu: destroyed under a legal hold", delay_us);
    return !after;
}

Test(retention, no_record_is_destroyed_under_a_hold)
{
    Ground ground;
    guint destroyed = 0;
    ground_init(&ground, NULL, ROUNDS);
    ground_sequence(&ground);
    Sequencer sequencer = {.ground = &ground};
    GThread *thread = g_thread_new("sequence", sequence_on, &sequencer);
    for (guint i = 0; i < ROUNDS; i++)
        destroyed +=
            one_round(&ground, i < 2 ? i * G_USEC_PER_SEC : (gulong)g_random_int_range(0, LONGEST_US));
    g_atomic_int_set(&sequencer.stop, 1);
    cr_assert(GPOINTER_TO_INT(g_thread_join(thread)));
    // Both ends of the race were seen.
    cr_expect_gt(destroyed, 0);
    cr_expect_lt(destroyed, ROUNDS);
    g_autoptr(GError) error = NULL;
    ArchiveVerdict verdict;
    ground_sequence(&ground);
    cr_assert(archive_verify(ground.config, NULL, NULL, NULL, &verdict, &error));
    cr_expect_eq(verdict.damaged, 0);
    cr_expect_eq(verdict.log.destroyed, destroyed);
    cr_expect_eq(verdict.records, ROUNDS - destroyed);
    ground_clear(&ground);
}
