#include "judge/judge.h"

void judgement_free(Judgement *judgement)
{
    if (!judgement)
        return;
    // Parties and findings borrow from the message: it goes last.
    decision_free(judgement->decision);
    g_clear_pointer(&judgement->detection, detection_free);
    g_clear_pointer(&judgement->parties, parties_free);
    g_clear_pointer(&judgement->message, message_free);
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

// Steps 2 to 4, on one state of the roster.
static bool judge_read_message(const Snapshot *snapshot, const Envelope *envelope, int64_t now_us,
                               Judgement *judgement, GError **error)
{
    int today = judge_day(snapshot->config, now_us, error);
    g_autoptr(RosterSession) session =
        today != 0 ? roster_session_begin(snapshot->roster, today, error) : NULL;
    if (!session)
        return false;
    judgement->parties = roster_resolve_message(session, envelope, judgement->message, error);
    if (!judgement->parties)
        return false;
    judgement->detection = detect_run(snapshot->tables, snapshot->config, judgement->message,
                                      judgement->parties, session, error);
    if (!judgement->detection)
        return false;
    PolicyInput input = {.config = snapshot->config,
                         .policy = snapshot->policy,
                         .mode = snapshot->mode,
                         .envelope = envelope,
                         .message = judgement->message,
                         .parties = judgement->parties,
                         .detection = judgement->detection,
                         .roster = session,
                         .now_us = now_us};
    judgement->decision = policy_decide(&input, error);
    return judgement->decision != NULL;
}

Judgement *judge_message(const Snapshot *snapshot, ReaderPool *pool, const Envelope *envelope, int fd,
                         gsize len, int64_t now_us, int budget_ms, GError **error)
{
    g_autoptr(Judgement) judgement = g_new0(Judgement, 1);
    judgement->message = reader_read(pool, fd, len, budget_ms, error);
    if (!judgement->message || !judge_read_message(snapshot, envelope, now_us, judgement, error))
        return NULL;
    return g_steal_pointer(&judgement);
}
