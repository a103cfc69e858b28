// archive: every message as a durable record. Segments are POSIX pax tar streams (IEEE 1003.1) cut into zstd
// frames (RFC 8878), a frame a record: `<ulid>.eml` (the exact bytes) and `<ulid>.json`; `zstd -dc SEGMENT |
// tar x` reads them.
// With archive.sealed a record's members are `<ulid>.leaf` (what the transparency log needs, in clear), `<ulid>.json.zst.gcm` and
// `<ulid>.eml.zst.gcm`: packed, then encrypted with a key of its own (keys/keys.h). Who has not the keys writes, sequences and
// verifies; every function that reads what was sealed fails there with NOPERM. Events are always in clear.
#pragma once

#include "base/config.h"
#include "message/message.h"
#include "tlog/tlog.h"

// ---- writing: one writer thread, group commit ------------------------------------------------------------

typedef struct Archive Archive;
// Opens the directory for writing (one process at a time, by lock), cuts a torn tail off the newest segment,
// starts the writer thread. Events go to segments of their own (`<origin>-events-NNNNNN.tar.zst`), one
// process at a time per origin; `origin` NULL = config->archive.origin. NULL with `error`.
Archive *archive_open(const Config *config, const char *origin, GError **error);
// The same for programs that come and go, each with a message or few: waits up to `wait_ms` for who writes the series now, and
// leaves its segments, which are small ones, to the next to go on in.
Archive *archive_open_shared(const Config *config, const char *origin, int wait_ms, GError **error);
// Ends the writer after what is queued is durable.
void archive_close(Archive **archive);
static inline void archive_close_auto(Archive *archive)
{
    archive_close(&archive);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Archive, archive_close_auto)

typedef struct {
    char id[ULID_LEN + 1];
    char *segment;          // path relative to archive.dir: "2026/11/mta1-000123.tar.zst"
    int64_t offset, length; // of the frame
    char *sha256;           // of the message bytes
} ArchiveRef;
void archive_ref_free(ArchiveRef *ref);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ArchiveRef, archive_ref_free)

// Appends the message in `fd` (`len` bytes) with `meta` (an object: "envelope", "decision", ...; id, sizes,
// SHA-256 and times are added). Returns only when the record is durable; NULL with `error` otherwise
// (TEMPFAIL: low space, queue full; IO: the device). `id` NULL = a new ULID, else that one. Thread-safe;
// never blocks longer than archive.queue_wait_ms before the writer takes it.
ArchiveRef *archive_append(Archive *archive, const char *id, int fd, int64_t len, json_t *meta,
                           int64_t now_us, GError **error);

// Appends an event (decision, quarantine step, exception use, view, export, gap ...): {"event", "time",
// "who", "record", "detail"}. Durable when it returns. False with `error`.
bool archive_event(Archive *archive, const char *event, const char *who, const char *record, json_t *detail,
                   int64_t now_us, GError **error);
// What a judgement, as records keep it, tells of exceptions that were used: the details of events "exception-used", one for each
// exception, rule and reason: {"exception", "rule", "effective", "why", "students", "count"}. An array; new reference.
json_t *archive_exception_uses(const json_t *judgement);
// For programs without an open archive (the command): opens an event segment of its own under lock, appends,
// closes.
bool archive_event_once(const Config *config, const char *event, const char *who, const char *record,
                        json_t *detail, int64_t now_us, GError **error);
// The same under an id (a new ULID) that the caller chose, to ask for its leaf (archive_log_covers).
bool archive_event_once_as(const Config *config, const char *id, const char *event, const char *who,
                           const char *record, json_t *detail, int64_t now_us, GError **error);
// Can a record be taken now (space, writer alive)? TRI_UNKNOWN with `error`.
Tri archive_ready(Archive *archive, GError **error);

// ---- reading ---------------------------------------------------------------------------------------------

typedef struct {
    ArchiveRef *ref;
    json_t *meta;
    GBytes *json; // the same, as the bytes that stand in the segment
    GBytes *raw;  // NULL where only metadata was asked for, or for events
    GBytes *leaf; // of a sealed record; NULL = it is not sealed
} ArchiveRecord;
void archive_record_free(ArchiveRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ArchiveRecord, archive_record_free)

// One record by id; by `ref` when the place is known. NULL with `error` (NOINPUT: no such record; DATA:
// damaged; NOPERM: sealed, and not to be opened here).
ArchiveRecord *archive_get(const Config *config, const char *id, GError **error);
ArchiveRecord *archive_get_at(const Config *config, const ArchiveRef *ref, GError **error);
// Where many records stand, for archive_get_at: id -> ArchiveRef of each of `ids` (of char*), each segment gone through once. NULL
// with `error` as archive_get where one of them is not there. Caller unrefs.
GHashTable *archive_find(const Config *config, const GPtrArray *ids, GError **error);

// When the mail system got the message: of what was taken in later (intake.h) not when the archive did.
int64_t archive_mail_time(const json_t *meta);

typedef struct {
    const char *address;    // sender, recipient or header address; NULL = any
    int64_t from_us, to_us; // time of receipt, 0 = open
    bool events;            // events instead of messages
    bool want_raw;
} ArchiveQuery;
// Calls `func` for each record in order of time; stops when it returns false. Damaged frames are reported
// through `damage` (may be NULL) and skipped. False with `error` when the archive could not be read.
typedef bool (*ArchiveEach)(const ArchiveRecord *record, void *data);
typedef void (*ArchiveDamage)(const char *segment, int64_t offset, const char *what, void *data);
bool archive_each(const Config *config, const ArchiveQuery *query, ArchiveEach func, ArchiveDamage damage,
                  void *data, GError **error);

// Where a series of segments was read to: the next record of it stands there or later.
typedef struct {
    char *series, *segment; // segment: NULL = nothing was read yet
    int64_t offset;
} ArchivePlace;
void archive_place_free(ArchivePlace *place);
// Reads on: calls `func` with the metadata of what was added after `places` (of ArchivePlace, brought up to date; new series are
// added and begin in the month of `from_us`), about `most` records and events, in order within each series; stops when `func`
// returns false. A place is kept with what was made of the records before it: then each is taken once. False with `error`.
bool archive_follow(const Config *config, GPtrArray *places, int64_t from_us, guint most, ArchiveEach func,
                    ArchiveDamage damage, void *data, GError **error);

// Of the transparency log (log.h).
typedef struct {
    guint64 leaves;   // under the checkpoint
    guint64 pending;  // records and events that have no leaf under it yet
    guint64 captures; // leaves of messages
    // leaves of messages that are not there any more, or whose keys are not; each named by a disposal under the log
    guint64 destroyed;
    guint64 announced; // records that a disposal names and that are still there
    guint64 untold; // sealed ones that a disposal names, and whether their keys are there cannot be told here
    bool none;      // there is no log
} ArchiveLogVerdict;
typedef struct {
    guint64 segments, records, events, bytes, damaged;
    guint64 sealed; // of the records
    guint64 closed; // of the sealed ones: their frames and leaves were checked, what was sealed was not
    ArchiveLogVerdict log;
} ArchiveVerdict;
// Reads every segment, checks frame checksums, tar structure and every record's SHA-256 and JSON; checks the log's signature,
// tree and database, and each record against its leaf; `progress` (may be NULL) gets bytes done and total.
bool archive_verify(const Config *config, ArchiveDamage damage,
                    void (*progress)(guint64 done, guint64 total, void *data), void *data,
                    ArchiveVerdict *out_verdict, GError **error);

// ---- the transparency log ----------------------------------------------------------------------------------
//
// The archive's transparency log: a leaf for every record and every event, in `DIR/log` as c2sp.org/tlog-tiles has it. Leaves are
// salted commitments: {"frame", "id", "meta", "rec", "t", "type", "v"} as canonical JSON; type "capture" for a message, else the event's
// name; rec = SHA-256(salt || SHA-256 of the message), meta = SHA-256(salt || the metadata's bytes), hex; the salt stands in the metadata
// (16 bytes, hex); frame = SHA-256 of its frame in the segment. Besides: "segment-seal" {"segment", "sha256", "size"} for each finished segment, "damage"
// {"segment", "offset"} for what could not be read when its turn came. `DIR/log.db` knows where leaves stand; it can be made anew
// from the log.

typedef struct ArchiveLog ArchiveLog; // for writing; one thread at a time
// Opens it, makes it with its key where there is none. NULL with `error`: TEMPFAIL when another process writes it; DATA when
// what lies there is older than, or another than, what was signed before - a copy that was put back - and nothing is signed.
ArchiveLog *archive_log_open(const Config *config, GError **error);
void archive_log_close(ArchiveLog **log);
static inline void archive_log_close_auto(ArchiveLog *log)
{
    archive_log_close(&log);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ArchiveLog, archive_log_close_auto)

// Gives leaves to about `most` records and events that have none; `*out_new` = how many. What it took is durable, in the
// segments and in the log. False with `error`: nothing is lost, the next call begins where this one did.
bool archive_log_sequence(ArchiveLog *log, guint most, guint *out_new, GError **error);
// Signs a checkpoint of what was sequenced, where the last one covers less.
bool archive_log_publish(ArchiveLog *log, GError **error);
guint64 archive_log_size(const ArchiveLog *log);
guint64 archive_log_published(const ArchiveLog *log);

// ---- for everybody ---------------------------------------------------------------------------------------

// What the configuration means by the log's files. Caller frees each.
char *archive_log_dir(const Config *config);
char *archive_log_key_path(const Config *config);
char *archive_log_name(const Config *config);

typedef struct {
    char *note;     // the whole signed checkpoint
    char *verifier; // public key, "NAME+KEYID+BASE64"
    guint64 size;
    TlogHash root;
    int64_t written_us; // when the file was written
} ArchiveCheckpoint;
void archive_checkpoint_free(ArchiveCheckpoint *checkpoint);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ArchiveCheckpoint, archive_checkpoint_free)
// The newest checkpoint, its signature checked. NULL with `error` (NOINPUT: there is none yet).
ArchiveCheckpoint *archive_log_checkpoint(const Config *config, GError **error);
// One that was kept, its signature checked. NULL with `error` (DATA: it is none of this log).
ArchiveCheckpoint *archive_log_checkpoint_of(const Config *config, const char *note, GError **error);

// A c2sp.org/tlog-proof of the record or event `id`, its leaf as the extra data. NULL with `error`: NOINPUT, it has no leaf;
// TEMPFAIL, it has one which no checkpoint covers yet. Caller frees.
char *archive_log_prove(const Config *config, const char *id, GError **error);
// The same, that leads to this checkpoint.
char *archive_log_prove_under(const Config *config, const char *id, const ArchiveCheckpoint *checkpoint,
                              GError **error);
// Does the leaf `extra` of a proof commit to this metadata and message (`raw` NULL for an event)?
bool archive_log_leaf_fits(GBytes *leaf, GBytes *json, GBytes *raw, GError **error);

// ---- disposal --------------------------------------------------------------------------------------------
//
// A segment without some of its records, as it is to be. An event "disposal" names it before it takes the segment's place:
// {"disposal", "segment", "sha256", "size", "records": [{"id", "leaf"}], ...}; with that event under the log, verifying knows why
// the records are not there and the segment is not the one that was sealed.

typedef struct ArchiveCut ArchiveCut;
// A sealed record goes by its key: its frame stays, and a segment that only such ones go of stays as it is.
// Writes the new segment beside the old one, durable and checked. `ids`: a set of char*, all of that segment. A segment that
// nobody writes is finished for it. NULL with `error`: TEMPFAIL, it is still written to, or others destroy now; NOINPUT, not all
// are there.
ArchiveCut *archive_cut_prepare(const Config *config, const char *segment, GHashTable *ids,
                                const char *disposal, GError **error);
const char *archive_cut_sha256(const ArchiveCut *cut); // of the new file
int64_t archive_cut_size(const ArchiveCut *cut);
// Tells this cut from others of the segment, whose files may be the same. Hex.
const char *archive_cut_mark(const ArchiveCut *cut);
guint archive_cut_keys(const ArchiveCut *cut);            // how many records go by their key
const GPtrArray *archive_cut_refs(const ArchiveCut *cut); // of ArchiveRef: what goes
// Destroys: keys are overwritten, the new segment takes the old one's name. Durable when it returns true.
bool archive_cut_apply(ArchiveCut *cut, GError **error);
void archive_cut_free(ArchiveCut *cut); // what was not applied is taken back
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ArchiveCut, archive_cut_free)
// Was the record at this place destroyed? TRI_UNKNOWN with `error`.
Tri archive_cut_done(const Config *config, const ArchiveRef *ref, GError **error);
// Has it a leaf under the checkpoint? `*out_leaf` is then its number.
Tri archive_log_covers(const Config *config, const char *id, guint64 *out_leaf, GError **error);
// The same of many (`ids` of char*): TRI_YES with `out_leaves` (of guint64) in their order; TRI_NO, one of them has none.
Tri archive_log_covers_all(const Config *config, const GPtrArray *ids, GArray *out_leaves, GError **error);
// `text` (which ends with a line's end) as a note signed by the log's key. It must not begin as a checkpoint does, with the log's
// name. Caller frees; NULL with `error`: who runs this may not read the key.
char *archive_log_sign(const Config *config, const char *text, GError **error);
