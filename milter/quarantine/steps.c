// What reviewers do to an item, but releasing: claim, note, deny.
#include "quarantine/internal.h"

#include <string.h>

// `to` has it from now on.
static bool set_claim(Quarantine *quarantine, const char *record, const char *to, int64_t now_us,
                      GError **error)
{
    g_autoptr(StoreStmt) set = store_prepare(
        quarantine->db, "UPDATE item SET claimed_by = ?2, claimed_us = ?3 WHERE record = ?1", error);
    if (set == NULL)
        return false;
    store_bind_text(set, 1, record);
    store_bind_text(set, 2, to);
    store_bind_int(set, 3, now_us);
    return store_run(set, error);
}

bool quarantine_claim(Quarantine *quarantine, const char *record, const char *who, int64_t now_us,
                      GError **error)
{
    if (!check_who(who, error) || !work_begin(quarantine, error))
        return false;
    bool ok = work_check_claim(quarantine, record, who, now_us, error) &&
              set_claim(quarantine, record, who, now_us, error) &&
              work_step(quarantine, record, who, "claim", NULL, now_us, error);
    return work_end(quarantine, ok, error);
}

bool quarantine_assign(Quarantine *quarantine, const char *record, const char *to, const char *who,
                       const char *why, int64_t now_us, GError **error)
{
    if (!check_who(who, error) || !check_who(to, error) || !work_begin(quarantine, error))
        return false;
    g_autofree char *text = g_strdup_printf("to %s: %s", to, why);
    bool ok = work_check_claim(quarantine, record, who, now_us, error) &&
              set_claim(quarantine, record, to, now_us, error) &&
              work_step(quarantine, record, who, "assign", text, now_us, error);
    return work_end(quarantine, ok, error);
}

bool quarantine_note(Quarantine *quarantine, const char *record, const char *who, const char *note,
                     int64_t now_us, GError **error)
{
    if (!check_who(who, error) || !work_begin(quarantine, error))
        return false;
    bool ok = work_exists(quarantine, record, error) &&
              work_step(quarantine, record, who, "note", note, now_us, error);
    return work_end(quarantine, ok, error);
}

static bool set_denied(Quarantine *quarantine, const char *record, const char *who, GError **error)
{
    g_autoptr(StoreStmt) set = store_prepare(
        quarantine->db, "UPDATE rcpt SET state = 5, decided_by = ?2 WHERE record = ?1 AND state IN (0, 1)",
        error);
    if (set == NULL)
        return false;
    store_bind_text(set, 1, record);
    store_bind_text(set, 2, who);
    if (!store_run(set, error))
        return false;
    if (store_changes(quarantine->db) > 0)
        return true;
    g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                "%s: nothing is held any more; see `chaperone quarantine show %s`", record, record);
    return false;
}

// A notice to the sender, from what the record says.
static bool tell_sender(Quarantine *quarantine, NoticeKind kind, const HoldItem *item, const char *why,
                        int64_t now_us, GError **error)
{
    ArchiveRef ref = {.segment = item->segment, .offset = item->offset, .length = item->length};
    g_strlcpy(ref.id, item->record, sizeof ref.id);
    g_autoptr(ArchiveRecord) record = archive_get_at(quarantine->config, &ref, error);
    if (record == NULL)
        return false;
    g_autoptr(Envelope) envelope = envelope_from_json(json_object_get(record->meta, "envelope"), error);
    if (envelope == NULL)
        return false;
    const json_t *about = json_object_get(record->meta, "message");
    g_autoptr(Message) message = message_new();
    message->subject = g_strdup(json_string_value(json_object_get(about, "subject")));
    message->message_id = g_strdup(json_string_value(json_object_get(about, "message_id")));
    return quarantine_notice(quarantine, kind, item->record, envelope, message,
                             json_object_get(record->meta, "judgement"), why, now_us, error);
}

bool quarantine_deny(Quarantine *quarantine, const char *record, const char *who, const char *why,
                     int64_t now_us, GError **error)
{
    if (!check_who(who, error))
        return false;
    g_autoptr(HoldItem) item = quarantine_get(quarantine, record, error);
    if (item == NULL || !quarantine_ready_notices(quarantine, error) || !work_begin(quarantine, error))
        return false;
    bool ok = work_check_claim(quarantine, record, who, now_us, error) &&
              set_denied(quarantine, record, who, error) &&
              work_step(quarantine, record, who, "deny", why, now_us, error);
    if (!work_end(quarantine, ok, error))
        return false;
    g_autoptr(GError) later = NULL;
    if (!tell_sender(quarantine, NOTICE_DENIED, item, why, now_us, &later))
        log_warn("the sender could not be told of the denial", "record", record, "error", later->message);
    return true;
}

static bool set_held_again(Quarantine *quarantine, const char *record, GError **error)
{
    g_autoptr(StoreStmt) set = store_prepare(
        quarantine->db,
        "UPDATE rcpt SET state = 0, decided_by = NULL WHERE record = ?1 AND state = 5 AND NOT EXISTS"
        " (SELECT 1 FROM step WHERE record = ?1 AND step IN ('withdrawn', 'not-accepted'))",
        error);
    g_autoptr(StoreStmt) free =
        set != NULL
            ? store_prepare(quarantine->db, "UPDATE item SET claimed_by = NULL WHERE record = ?", error)
            : NULL;
    if (free == NULL)
        return false;
    store_bind_text(set, 1, record);
    store_bind_text(free, 1, record);
    if (!store_run(set, error))
        return false;
    if (store_changes(quarantine->db) > 0)
        return store_run(free, error);
    g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                "%s: nothing of it was denied by a reviewer, or its sender took it back: there is nothing to "
                "open again",
                record);
    return false;
}

bool quarantine_reopen(Quarantine *quarantine, const char *record, const char *who, const char *why,
                       int64_t now_us, GError **error)
{
    if (*why == '\0')
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: say why it is opened again", record);
    g_autoptr(HoldItem) item =
        *why != '\0' && check_who(who, error) ? quarantine_get(quarantine, record, error) : NULL;
    if (item == NULL)
        return false;
    ArchiveRef ref = {.segment = item->segment, .offset = item->offset, .length = item->length};
    g_strlcpy(ref.id, record, sizeof ref.id);
    g_autoptr(ArchiveRecord) kept = archive_get_at(quarantine->config, &ref, error);
    if (kept == NULL || !work_begin(quarantine, error))
        return false;
    bool ok = set_held_again(quarantine, record, error) &&
              work_step(quarantine, record, who, "reopen", why, now_us, error);
    return work_end(quarantine, ok, error);
}

bool quarantine_coach(Quarantine *quarantine, const char *record, const char *who, const char *why,
                      int64_t now_us, GError **error)
{
    g_autoptr(HoldItem) item = check_who(who, error) ? quarantine_get(quarantine, record, error) : NULL;
    if (item == NULL || !quarantine_ready_notices(quarantine, error) || !work_begin(quarantine, error))
        return false;
    bool ok = work_step(quarantine, record, who, "coached", why, now_us, error);
    return work_end(quarantine, ok, error) &&
           tell_sender(quarantine, NOTICE_COACH, item, *why != '\0' ? why : NULL, now_us, error);
}

bool quarantine_sender_withdraw(Quarantine *quarantine, const char *record, const char *who, const char *why,
                                int64_t now_us, GError **error)
{
    if (!check_who(who, error) || !work_begin(quarantine, error))
        return false;
    bool ok = set_denied(quarantine, record, who, error) &&
              work_step(quarantine, record, who, "withdrawn", why, now_us, error);
    return work_end(quarantine, ok, error);
}

bool quarantine_sender_explain(Quarantine *quarantine, const char *record, const char *who, const char *text,
                               int64_t now_us, GError **error)
{
    if (!check_who(who, error) || !work_begin(quarantine, error))
        return false;
    bool ok = work_exists(quarantine, record, error) &&
              work_step(quarantine, record, who, "explained", text, now_us, error);
    return work_end(quarantine, ok, error);
}
