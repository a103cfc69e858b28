// Releasing: the recipients are taken by a token in one transaction, the message goes out with that token in
// its Resent-Message-ID, and what the server said is written down. Whoever dies between leaves a row that
// tells how far it was; quarantine_recover settles it by the MTA's log.
#include "quarantine/internal.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define OWN_HEADER "X-Chaperone"

enum { PHASE_PREPARED, PHASE_HANDED, PHASE_DONE, PHASE_FAILED };

typedef struct {
    Quarantine *quarantine;
    const char *record, *who, *why;
    char token[ULID_LEN + 1];
    HoldState least;  // HOLD_PENDING: pending recipients only
    const char *mark; // of the header X-Chaperone; only for pending ones, NULL = none
    GPtrArray *rcpts; // of char*, NULL at the end
    HoldItem *item;
    int64_t now_us;
} Release;

// Pid and start time: a pid alone may belong to another process by the time it is looked at.
static char *process_mark(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)pid);
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return NULL;
    const char *rest = strrchr(text, ')');
    g_auto(GStrv) fields = rest != NULL ? g_strsplit(rest + 1, " ", 22) : NULL;
    return fields != NULL && g_strv_length(fields) > 20 ? g_strdup_printf("%d/%s", (int)pid, fields[20])
                                                        : NULL;
}

// A process that is there but cannot be looked at counts as alive.
static bool process_lives(const char *mark)
{
    pid_t pid = (pid_t)atoi(mark);
    g_autofree char *now = process_mark(pid);
    if (now == NULL)
        return pid > 0 && (kill(pid, 0) == 0 || errno == EPERM);
    return strcmp(now, mark) == 0;
}

static bool set_phase(Quarantine *quarantine, const char *token, int phase, GError **error)
{
    g_autoptr(StoreStmt) set =
        store_prepare(quarantine->db, "UPDATE release SET phase = ?2 WHERE token = ?1", error);
    if (set == NULL)
        return false;
    store_bind_text(set, 1, token);
    store_bind_int(set, 2, phase);
    return store_run(set, error);
}

// ---- taking the recipients -------------------------------------------------------------------------------

static bool wanted(const GPtrArray *only, const char *address)
{
    for (guint i = 0; only != NULL && i < only->len; i++)
        if (g_ascii_strcasecmp(only->pdata[i], address) == 0)
            return true;
    return only == NULL;
}

// Why there is nothing to take, by what the database says now: the item was read before the transaction began.
static bool nothing_to_take(const Release *release, GError **error)
{
    Quarantine *quarantine = release->quarantine;
    g_autofree char *unconfirmed = work_text(
        quarantine, "SELECT address FROM rcpt WHERE record = ? AND state = 3 LIMIT 1", release->record, NULL);
    g_autofree char *releasing = work_text(
        quarantine, "SELECT who FROM release WHERE record = ? AND phase < 2 LIMIT 1", release->record, NULL);
    g_autofree char *state =
        work_text(quarantine, "SELECT max(state) FROM rcpt WHERE record = ?", release->record, NULL);
    g_autofree char *by = work_text(
        quarantine, "SELECT decided_by FROM rcpt WHERE record = ? AND decided_by IS NOT NULL LIMIT 1",
        release->record, NULL);
    if (unconfirmed != NULL)
        g_set_error(
            error, BASE_ERROR, BASE_ERROR_DATA,
            "%s: a release was cut off and may have gone out; look whether %s has it, then `chaperone "
            "quarantine settle %s --delivered` or `--not-delivered`",
            release->record, unconfirmed, release->record);
    else if (releasing != NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_TEMPFAIL, "%s: is being released by %s", release->record,
                    releasing);
    else
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: nothing is held any more%s%s%s%s",
                    release->record, state != NULL ? "; already " : "",
                    state != NULL ? hold_state_name((HoldState)atoi(state)) : "", by != NULL ? " by " : "",
                    by != NULL ? by : "");
    return false;
}

static bool take_rcpts(Release *release, GPtrArray *only, GError **error)
{
    g_autoptr(StoreStmt) set = store_prepare(
        release->quarantine->db,
        "UPDATE rcpt SET state = 2, token = ?3, back = state WHERE record = ?1 AND address = ?2 AND "
        "state IN (?4, 1)",
        error);
    for (guint i = 0; set != NULL && i < release->item->rcpts->len; i++) {
        const HoldRcpt *rcpt = release->item->rcpts->pdata[i];
        if (rcpt->state < release->least || rcpt->state > HOLD_PENDING || !wanted(only, rcpt->address))
            continue;
        store_bind_text(set, 1, release->record);
        store_bind_text(set, 2, rcpt->address);
        store_bind_text(set, 3, release->token);
        store_bind_int(set, 4, release->least);
        if (!store_run(set, error))
            return false;
        // The same address twice in an envelope is two rows, taken by one update, and gets one copy.
        if (store_changes(release->quarantine->db) > 0)
            g_ptr_array_add(release->rcpts, g_strdup(rcpt->address));
    }
    return set != NULL && (release->rcpts->len > 0 || nothing_to_take(release, error));
}

static bool insert_release(const Release *release, GError **error)
{
    g_autofree char *process = process_mark(getpid());
    g_autoptr(StoreStmt) put = store_prepare(
        release->quarantine->db,
        "INSERT INTO release(token, record, who, why, phase, process, started_us) VALUES(?,?,?,?,0,?,?)",
        error);
    if (put == NULL)
        return false;
    store_bind_text(put, 1, release->token);
    store_bind_text(put, 2, release->record);
    store_bind_text(put, 3, release->who);
    store_bind_text(put, 4, release->why);
    store_bind_text(put, 5, process != NULL ? process : "0/0");
    store_bind_int(put, 6, clock_now_us());
    return store_run(put, error);
}

static bool prepare(Release *release, GPtrArray *only, GError **error)
{
    release->item = quarantine_get(release->quarantine, release->record, error);
    if (release->item == NULL || !work_begin(release->quarantine, error))
        return false;
    bool ok = work_check_claim(release->quarantine, release->record, release->who, release->now_us, error) &&
              take_rcpts(release, only, error) && insert_release(release, error);
    return work_end(release->quarantine, ok, error);
}

// ---- sending ---------------------------------------------------------------------------------------------

// RFC 5322 3.6.6: a message put back into the mail system says who did so, when, and by which id.
static char *resent_head(const Release *release)
{
    const Config *config = release->quarantine->config;
    const char *from = *config->notice.from != '\0' ? config->notice.from : "postmaster";
    time_t seconds = (time_t)(release->now_us / G_USEC_PER_SEC);
    struct tm tm;
    char date[64] = "Thu, 01 Jan 1970 00:00:00 +0000";
    if (gmtime_r(&seconds, &tm) != NULL)
        strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &tm);
    return g_strdup_printf(
        "Resent-Date: %s\r\nResent-From: %s\r\nResent-Message-ID: <%s@%s.chaperone.invalid>\r\n%s%s%s", date,
        from, release->token, config->archive.origin, release->mark != NULL ? OWN_HEADER ": " : "",
        release->mark != NULL ? release->mark : "", release->mark != NULL ? "\r\n" : "");
}

static bool is_own_field(const char *line, gsize len)
{
    gsize name = strlen(OWN_HEADER);
    gsize at = name;
    if (len <= name || g_ascii_strncasecmp(line, OWN_HEADER, name) != 0)
        return false;
    while (at < len && (line[at] == ' ' || line[at] == '\t'))
        at++;
    return at < len && line[at] == ':';
}

// The message without header fields that carry our name, as the milter passes it on.
static GBytes *without_own_fields(GBytes *raw)
{
    gsize len, at = 0;
    const char *data = g_bytes_get_data(raw, &len);
    GByteArray *out = g_byte_array_sized_new((guint)len);
    bool own = false, blank = false;
    while (at < len && !blank) {
        const char *line = data + at, *end = memchr(line, '\n', len - at);
        gsize size = end != NULL ? (gsize)(end - line) + 1 : len - at;
        blank = *line == '\n' || (*line == '\r' && size == 2);
        if (*line != ' ' && *line != '\t')
            own = is_own_field(line, size);
        if (!own)
            g_byte_array_append(out, (const guint8 *)line, (guint)size);
        at += size;
    }
    g_byte_array_append(out, (const guint8 *)data + at, (guint)(len - at));
    return g_byte_array_free_to_bytes(out);
}

// From here on the MTA may have the message. Refused where somebody has given this release up meanwhile (quarantine_recover
// takes one that lasts too long for dead).
static bool about_to_hand_over(void *data, GError **error)
{
    Release *release = data;
    Quarantine *quarantine = release->quarantine;
    if (!work_begin(quarantine, error))
        return false;
    g_autoptr(StoreStmt) set =
        store_prepare(quarantine->db, "UPDATE release SET phase = 1 WHERE token = ?1 AND phase = 0", error);
    bool ok = set != NULL;
    if (ok) {
        store_bind_text(set, 1, release->token);
        ok = store_run(set, error);
    }
    if (ok && store_changes(quarantine->db) != 1) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_TEMPFAIL, "%s: the release took too long and was given up",
                    release->record);
        ok = false;
    }
    store_finalize(&set);
    return work_end(quarantine, ok, error);
}

static bool finish_rcpts(Quarantine *quarantine, const char *token, HoldState state, const char *queue_id,
                         const char *who, GError **error)
{
    g_autoptr(StoreStmt) set = store_prepare(
        quarantine->db,
        "UPDATE rcpt SET state = CASE WHEN ?2 = 0 THEN coalesce(back, 0) ELSE ?2 END, queue_id = ?3,"
        " decided_by = ?4 WHERE token = ?1 AND state IN (2, 3)",
        error);
    if (set == NULL)
        return false;
    store_bind_text(set, 1, token);
    store_bind_int(set, 2, state);
    store_bind_text(set, 3, queue_id);
    store_bind_text(set, 4, state == HOLD_RELEASED ? who : NULL);
    if (!store_run(set, error))
        return false;
    if (store_changes(quarantine->db) == 0)
        log_error("a release ended that nobody waits for", "token", token, "state", hold_state_name(state));
    return true;
}

// Writes down how the release `token` ended. Inside work.
static bool conclude(Quarantine *quarantine, const char *token, const char *record, const char *who,
                     const char *why, SmtpResult result, const char *queue_id, int64_t now_us, GError **error)
{
    switch (result) {
    case SMTP_ACCEPTED:
        return finish_rcpts(quarantine, token, HOLD_RELEASED, queue_id, who, error) &&
               set_phase(quarantine, token, PHASE_DONE, error) &&
               work_step(quarantine, record, who, "release", why, now_us, error);
    case SMTP_REFUSED:
        return finish_rcpts(quarantine, token, HOLD_HELD, NULL, NULL, error) &&
               set_phase(quarantine, token, PHASE_FAILED, error) &&
               work_step(quarantine, record, who, "release-failed", why, now_us, error);
    case SMTP_UNKNOWN:
        return finish_rcpts(quarantine, token, HOLD_UNCONFIRMED, NULL, NULL, error) &&
               work_step(quarantine, record, who, "release-unconfirmed", why, now_us, error);
    }
    return false;
}

static bool send_and_conclude(Release *release, GError **error)
{
    Quarantine *quarantine = release->quarantine;
    ArchiveRef ref = {
        .segment = release->item->segment, .offset = release->item->offset, .length = release->item->length};
    g_strlcpy(ref.id, release->record, sizeof ref.id);
    g_autoptr(GError) failure = NULL;
    g_autoptr(ArchiveRecord) record = archive_get_at(quarantine->config, &ref, &failure);
    g_autofree char *queue_id = NULL, *head = resent_head(release);
    SmtpResult result = SMTP_REFUSED;
    if (record != NULL) {
        g_autoptr(GBytes) body =
            release->least == HOLD_PENDING ? without_own_fields(record->raw) : g_bytes_ref(record->raw);
        SmtpMail mail = {.from = release->item->mail_from,
                         .rcpts = (const char *const *)release->rcpts->pdata,
                         .head = head,
                         .body = body,
                         .before_dot = about_to_hand_over,
                         .data = release};
        result = smtp_send(quarantine->config, &mail, &queue_id, &failure);
    }
    // Lost after the final dot: left as it is for quarantine_recover, which asks the MTA's log.
    if (result == SMTP_UNKNOWN && *quarantine->config->quarantine.maillog != '\0') {
        g_propagate_prefixed_error(error, g_steal_pointer(&failure),
                                   "%s: it is not known yet whether it went out: ", release->record);
        return false;
    }
    if (!work_begin(quarantine, error))
        return false;
    bool ok =
        conclude(quarantine, release->token, release->record, release->who,
                 failure != NULL ? failure->message : release->why, result, queue_id, release->now_us, error);
    ok = work_end(quarantine, ok, error);
    if (ok && failure != NULL)
        g_propagate_prefixed_error(error, g_steal_pointer(&failure), "%s: not released: ", release->record);
    return ok && result == SMTP_ACCEPTED;
}

static bool release_run(Release *release, GPtrArray *only, GError **error)
{
    release->rcpts = g_ptr_array_new_with_free_func(g_free);
    bool ok = check_who(release->who, error) && ulid_new(release->now_us, release->token, error) &&
              prepare(release, only, error);
    if (ok) {
        g_ptr_array_add(release->rcpts, NULL);
        ok = send_and_conclude(release, error);
    }
    g_ptr_array_unref(release->rcpts);
    hold_item_free(release->item);
    return ok;
}

bool quarantine_release(Quarantine *quarantine, const char *record, GPtrArray *only, const char *who,
                        const char *why, int64_t now_us, GError **error)
{
    Release release = {.quarantine = quarantine, .record = record, .who = who, .why = why, .now_us = now_us};
    return release_run(&release, only, error);
}

bool quarantine_release_pending(Quarantine *quarantine, const char *record, GPtrArray *only, const char *mark,
                                const char *who, const char *why, int64_t now_us, GError **error)
{
    Release release = {.quarantine = quarantine,
                       .record = record,
                       .who = who,
                       .why = why,
                       .now_us = now_us,
                       .least = HOLD_PENDING,
                       .mark = mark};
    return release_run(&release, only, error);
}

bool quarantine_settle(Quarantine *quarantine, const char *record, bool delivered, const char *who,
                       const char *why, int64_t now_us, GError **error)
{
    if (!check_who(who, error) || !work_begin(quarantine, error))
        return false;
    bool ok = work_exists(quarantine, record, error);
    int moved =
        ok ? work_move(quarantine, record, HOLD_UNCONFIRMED, delivered ? HOLD_RELEASED : HOLD_HELD, error)
           : -1;
    if (ok && moved == 0)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: no unconfirmed release", record);
    ok = moved > 0 && work_step(quarantine, record, who,
                                delivered ? "settle-delivered" : "settle-not-delivered", why, now_us, error);
    return work_end(quarantine, ok, error);
}

// ---- after a crash ---------------------------------------------------------------------------------------

typedef struct {
    char *token, *record, *who, *process;
    int phase;
    int64_t started_us;
} OpenRelease;

static void open_release_free(gpointer data)
{
    OpenRelease *open = data;
    g_free(open->token);
    g_free(open->record);
    g_free(open->who);
    g_free(open->process);
    g_free(open);
}

static GPtrArray *open_releases(Quarantine *quarantine, GError **error)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(open_release_free);
    g_mutex_lock(&quarantine->lock);
    g_autoptr(StoreStmt) get = store_prepare(
        quarantine->db, "SELECT token, record, who, process, phase, started_us FROM release WHERE phase < 2",
        error);
    StoreStep step = STORE_FAILED;
    while (get != NULL && (step = store_step(get, error)) == STORE_ROW) {
        OpenRelease *open = g_new0(OpenRelease, 1);
        *open = (OpenRelease){.token = g_strdup(store_text(get, 0)),
                              .record = g_strdup(store_text(get, 1)),
                              .who = g_strdup(store_text(get, 2)),
                              .process = g_strdup(store_text(get, 3)),
                              .phase = (int)store_int(get, 4),
                              .started_us = store_int(get, 5)};
        g_ptr_array_add(all, open);
    }
    store_finalize(&get);
    g_mutex_unlock(&quarantine->lock);
    return step == STORE_DONE ? g_steal_pointer(&all) : NULL;
}

// cleanup(8) logs the id of every message it begins to take; qmgr(8) logs the queue id once it is accepted.
static Tri log_shows(const char *path, const char *token, char **out_queue_id)
{
    FILE *log = fopen(path, "re");
    if (log == NULL)
        return TRI_UNKNOWN;
    g_autofree char *want = g_strdup_printf("resent-message-id=<%s@", token);
    g_autofree char *active = NULL;
    char *line = NULL;
    size_t room = 0;
    Tri found = TRI_NO;
    while (found != TRI_YES && getline(&line, &room, log) >= 0) {
        const char *at = strstr(line, want);
        if (active != NULL && strstr(line, active) != NULL && strstr(line, "queue active") != NULL) {
            found = TRI_YES;
        } else if (at != NULL && at - line > 3) {
            const char *end = at - 2, *begin = end;
            while (begin > line && isalnum((unsigned char)begin[-1]))
                begin--;
            g_free(active);
            g_free(*out_queue_id);
            *out_queue_id = g_strndup(begin, (gsize)(end - begin));
            active = g_strdup_printf(" %s: from=", *out_queue_id);
        }
    }
    if (ferror(log) && found != TRI_YES)
        found = TRI_UNKNOWN;
    free(line);
    fclose(log);
    return found;
}

// Does the file go back to `since_us`? A rotated log is another file, and begins later.
static bool log_covers(const char *path, int64_t since_us)
{
    struct statx st;
    return statx(AT_FDCWD, path, 0, STATX_BTIME, &st) == 0 && (st.stx_mask & STATX_BTIME) &&
           (int64_t)st.stx_btime.tv_sec * (int64_t)G_USEC_PER_SEC <= since_us;
}

// TRI_NO only where a log that goes back to the release's beginning has never heard of it.
static Tri handed_over(const Config *config, const char *token, int64_t started_us, char **out_queue_id)
{
    const char *path = config->quarantine.maillog;
    if (*path == '\0')
        return TRI_UNKNOWN;
    g_autofree char *before = g_strconcat(path, ".1", NULL);
    Tri now = log_shows(path, token, out_queue_id);
    Tri then = now == TRI_NO && g_file_test(before, G_FILE_TEST_EXISTS)
                   ? log_shows(before, token, out_queue_id)
                   : TRI_NO;
    if (now != TRI_NO || then != TRI_NO)
        return now == TRI_YES || then == TRI_YES ? TRI_YES : TRI_UNKNOWN;
    // Begun to be taken, and not seen to be accepted: it may be yet.
    if (*out_queue_id != NULL)
        return TRI_UNKNOWN;
    return log_covers(path, started_us) || log_covers(before, started_us) ? TRI_NO : TRI_UNKNOWN;
}

// Positive: settled; 0: too early; -1: failed.
static int settle_one(Quarantine *quarantine, const OpenRelease *open, int64_t now_us, GError **error)
{
    // Postfix may still be taking what a dead process sent it.
    const int64_t grace_us = 30 * (int64_t)G_USEC_PER_SEC;
    bool own = g_str_has_prefix(open->process, "0/");
    if (!own && process_lives(open->process) &&
        now_us - open->started_us <
            (quarantine->config->quarantine.release_timeout_s + 30) * (int64_t)G_USEC_PER_SEC)
        return 0;
    g_autofree char *queue_id = NULL;
    Tri handed = open->phase == PHASE_PREPARED
                     ? TRI_NO
                     : handed_over(quarantine->config, open->token, open->started_us, &queue_id);
    if (open->phase == PHASE_HANDED && handed != TRI_YES && *quarantine->config->quarantine.maillog != '\0' &&
        now_us - open->started_us < grace_us)
        return 0;
    SmtpResult result = handed == TRI_YES ? SMTP_ACCEPTED : handed == TRI_NO ? SMTP_REFUSED : SMTP_UNKNOWN;
    if (!work_begin(quarantine, error))
        return -1;
    // Two programs may look at the same time: who comes second finds it settled.
    g_autofree char *over =
        work_text(quarantine, "SELECT token FROM release WHERE token = ? AND phase >= 2", open->token, error);
    g_autofree char *state =
        work_text(quarantine, "SELECT state FROM rcpt WHERE token = ?", open->token, error);
    bool told = over != NULL || (result == SMTP_UNKNOWN && state != NULL && atoi(state) == HOLD_UNCONFIRMED);
    bool ok = told || conclude(quarantine, open->token, open->record, open->who, "settled after a crash",
                               result, queue_id, now_us, error);
    if (!work_end(quarantine, ok, error))
        return -1;
    if (!told)
        log_warn("release settled", "record", open->record, "as",
                 result == SMTP_ACCEPTED  ? "released"
                 : result == SMTP_REFUSED ? "held"
                                          : "unconfirmed");
    return told ? 0 : 1;
}

int quarantine_recover(Quarantine *quarantine, int64_t now_us, GError **error)
{
    g_autoptr(GError) later = NULL;
    if (!outbox_send(quarantine, &later))
        log_warn("event waits in the outbox", "error", later->message);
    g_autoptr(GPtrArray) all = open_releases(quarantine, error);
    int settled = all != NULL ? 0 : -1;
    for (guint i = 0; settled >= 0 && i < all->len; i++) {
        int one = settle_one(quarantine, all->pdata[i], now_us, error);
        settled = one < 0 ? -1 : settled + one;
    }
    return settled;
}
