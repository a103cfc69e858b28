#include "judge/judge.h"

#include <string.h>

const JudgeBudget JUDGE_WHOLE = {.may_wait = true, .finish = true};

void judgement_free(Judgement *judgement)
{
    if (!judgement)
        return;
    // Parties and findings borrow from the message: it goes last.
    decision_free(judgement->decision);
    g_clear_pointer(&judgement->detection, detection_free);
    g_clear_pointer(&judgement->parties, parties_free);
    g_clear_pointer(&judgement->message, message_free);
    g_free(judgement->waits);
    g_free(judgement->decided);
    g_free(judgement);
}

// The roster and the policy go by the district's calendar. 0 with `error`.
static int judge_day(const Config *config, int64_t now_us, GError **error)
{
    int today = clock_local_date(now_us, config->district.timezone);
    if (today == 0)
        g_set_error(error, BASE_ERROR, BASE_ERROR_CONFIG,
                    "district.timezone: the system does not know \"%s\"; use a name such as America/New_York",
                    config->district.timezone);
    return today;
}

// One message on its way to a judgement.
typedef struct {
    const Snapshot *snapshot;
    Readers *readers;
    const Envelope *envelope;
    RosterSession *session;
    Reading *reading;
    Judgement *judgement; // its message is the reading's, until the end
    const JudgeBudget *budget;
    int64_t now_us;
} Judging;

static PolicyInput policy_input(const Judging *judging, const Detection *detection)
{
    return (PolicyInput){.config = judging->snapshot->config,
                         .policy = judging->snapshot->policy,
                         .mode = judging->snapshot->mode,
                         .envelope = judging->envelope,
                         .message = judging->reading->message,
                         .parties = judging->judgement->parties,
                         .detection = detection,
                         .roster = judging->session,
                         .now_us = judging->now_us};
}

static bool anything_waits(const Message *message)
{
    bool waits = false;
    for (guint i = 0; i < message->parts->len && !waits; i++)
        waits = ((const Part *)message->parts->pdata[i])->state == PART_WAITING;
    return waits;
}

// ---- attachments -----------------------------------------------------------------------------------------

// What the parties alone say. Detection could only narrow it where a rule asks that something is not found, and costs more.
static bool ask_needs(const Judging *judging, PolicyNeeds *out_needs, GError **error)
{
    g_autoptr(GPtrArray) findings = g_ptr_array_new(), facts = g_ptr_array_new();
    const Detection nothing = {.findings = findings, .facts = facts};
    PolicyInput input = policy_input(judging, &nothing);
    return policy_needs(&input, out_needs, NULL, error);
}

static bool wants_ocr(const Config *config, const PolicyNeeds *needs)
{
    return strcmp(config->attachments.ocr, "always") == 0 ||
           (strcmp(config->attachments.ocr, "students") == 0 && needs->students);
}

static bool waiter_enter(const JudgeBudget *budget)
{
    if (!budget->may_wait)
        return false;
    if (budget->waiters == NULL || atomic_fetch_add(budget->waiters, 1) < budget->most_waiters)
        return true;
    atomic_fetch_sub(budget->waiters, 1);
    return false;
}

static void waiter_leave(const JudgeBudget *budget)
{
    if (budget->waiters != NULL)
        atomic_fetch_sub(budget->waiters, 1);
}

static AttachmentsResult read_wanted(Judging *judging, ReaderNeeds needs)
{
    const JudgeBudget *budget = judging->budget;
    gint64 now = g_get_monotonic_time();
    int ms = budget->attachments_ms > 0 ? budget->attachments_ms
                                        : judging->snapshot->config->attachments.message_ms;
    if (budget->finish && budget->attachments_ms == 0)
        return readers_attachments(judging->readers, judging->reading, needs, 0);
    bool entered = waiter_enter(budget);
    AttachmentsResult result = readers_attachments(judging->readers, judging->reading, needs,
                                                   entered ? now + ms * (gint64)1000 : now);
    if (entered)
        waiter_leave(budget);
    return result;
}

// True in `out_pending` when something that could matter is left unread.
static bool read_attachments(Judging *judging, bool *out_pending, GError **error)
{
    PolicyNeeds needs = {0};
    *out_pending = false;
    if (!anything_waits(judging->reading->message))
        return true;
    if (!ask_needs(judging, &needs, error))
        return false;
    ReaderNeeds wanted = {.wanted = needs.wanted, .ocr = wants_ocr(judging->snapshot->config, &needs)};
    if (!wanted.wanted)
        (void)readers_attachments(judging->readers, judging->reading, wanted, 0);
    else
        *out_pending = read_wanted(judging, wanted) == ATTACHMENTS_PENDING;
    return true;
}

// What has had its time and is still not read.
static void fail_waiting(Message *message)
{
    for (guint i = 0; i < message->parts->len; i++) {
        Part *part = message->parts->pdata[i];
        if (part->state != PART_WAITING)
            continue;
        part->state = PART_FAILED;
        part->blob = -1;
        message_add_fact(message, "attachment-timeout", (int)i, part->name);
    }
}

// ---- the decision ----------------------------------------------------------------------------------------

// Who waits for what is not read. Where the message itself was not read to its end anything may still come, its author included.
static bool set_waiting(Judging *judging, bool whole, GError **error)
{
    Judgement *judgement = judging->judgement;
    guint count = judgement->parties->rcpts->len;
    PolicyNeeds needs = {.wanted = true};
    PolicyInput input = policy_input(judging, judgement->detection);
    judgement->waits = g_new0(bool, count + 1);
    for (guint i = 0; whole && i < count; i++)
        judgement->waits[i] = true;
    if (!whole && !policy_needs(&input, &needs, judgement->waits, error))
        return false;
    judgement->pending = needs.wanted && count > 0;
    return true;
}

static bool detect_and_decide(Judging *judging, bool attachments, GError **error)
{
    Judgement *judgement = judging->judgement;
    Message *message = judging->reading->message;
    bool finish = judging->budget->finish;
    bool cut = judging->reading->out_of_time;
    if (attachments && finish)
        fail_waiting(message);
    judgement->detection = detect_run(judging->snapshot->tables, judging->snapshot->config, message,
                                      judgement->parties, judging->session, error);
    if (judgement->detection == NULL)
        return false;
    if (!finish && attachments && !set_waiting(judging, cut, error))
        return false;
    // A second look, with what is known by now, may need nothing.
    if (!finish && attachments && !judgement->pending)
        (void)readers_attachments(judging->readers, judging->reading, (ReaderNeeds){.wanted = false}, 0);
    PolicyInput input = policy_input(judging, judgement->detection);
    judgement->decision = policy_decide(&input, error);
    if (judgement->decision == NULL)
        return false;
    if (judgement->pending) {
        decision_leave(judgement->decision, judgement->waits);
        message_add_fact(message, "pending", -1, cut ? "the message itself" : "attachments");
    }
    return true;
}

// Steps 2 to 4, on one state of the roster.
static bool judge_reading(Judging *judging, GError **error)
{
    bool pending = false;
    int today = judge_day(judging->snapshot->config, judging->now_us, error);
    g_autoptr(RosterSession) session =
        today != 0 ? roster_session_begin(judging->snapshot->roster, today, error) : NULL;
    if (session == NULL)
        return false;
    judging->session = session;
    judging->judgement->parties =
        roster_resolve_message(session, judging->envelope, judging->reading->message, error);
    return judging->judgement->parties != NULL &&
           (judging->reading->out_of_time && !judging->budget->finish
                ? detect_and_decide(judging, true, error)
                : read_attachments(judging, &pending, error) && detect_and_decide(judging, pending, error));
}

Judgement *judge_message(const Snapshot *snapshot, Readers *readers, const Envelope *envelope, int fd,
                         gsize len, int64_t now_us, JudgeBudget budget, GError **error)
{
    // Freed in this order: the judgement borrows from the reading's message.
    g_autoptr(Reading) reading = readers_read(readers, fd, len, budget.reading_ms, error);
    g_autoptr(Judgement) judgement = g_new0(Judgement, 1);
    Judging judging = {.snapshot = snapshot,
                       .readers = readers,
                       .envelope = envelope,
                       .reading = reading,
                       .judgement = judgement,
                       .budget = &budget,
                       .now_us = now_us};
    if (reading == NULL || !judge_reading(&judging, error))
        return NULL;
    judgement->message = g_steal_pointer(&reading->message);
    return g_steal_pointer(&judgement);
}
