// archive: every message as a durable record. Segments are POSIX pax tar streams (IEEE 1003.1) cut into zstd
// frames (RFC 8878), a frame a record: `<ulid>.eml` (the exact bytes) and `<ulid>.json`; `zstd -dc SEGMENT |
// tar x` reads them.
#pragma once

#include "base/config.h"
#include "message/message.h"

// ---- writing: one writer thread, group commit ------------------------------------------------------------

typedef struct Archive Archive;
// Opens the directory for writing (one process at a time, by lock), cuts a torn tail off the newest segment,
// starts the writer thread. Events go to segments of their own (`<origin>-events-NNNNNN.tar.zst`), one
// process at a time per origin; `origin` NULL = config->archive.origin. NULL with `error`.
Archive *archive_open(const Config *config, const char *origin, GError **error);
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
// For programs without an open archive (the command): opens an event segment of its own under lock, appends,
// closes.
bool archive_event_once(const Config *config, const char *event, const char *who, const char *record,
                        json_t *detail, int64_t now_us, GError **error);
// Can a record be taken now (space, writer alive)? TRI_UNKNOWN with `error`.
Tri archive_ready(Archive *archive, GError **error);

// ---- reading ---------------------------------------------------------------------------------------------

typedef struct {
    ArchiveRef *ref;
    json_t *meta;
    GBytes *raw; // NULL where only metadata was asked for, or for events
} ArchiveRecord;
void archive_record_free(ArchiveRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ArchiveRecord, archive_record_free)

// One record by id; by `ref` when the place is known. NULL with `error` (NOINPUT: no such record; DATA:
// damaged).
ArchiveRecord *archive_get(const Config *config, const char *id, GError **error);
ArchiveRecord *archive_get_at(const Config *config, const ArchiveRef *ref, GError **error);

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

typedef struct {
    guint64 segments, records, events, bytes, damaged;
} ArchiveVerdict;
// Reads every segment, checks frame checksums, tar structure and every record's SHA-256 and JSON; `progress`
// (may be NULL) gets bytes done and total.
bool archive_verify(const Config *config, ArchiveDamage damage,
                    void (*progress)(guint64 done, guint64 total, void *data), void *data,
                    ArchiveVerdict *out_verdict, GError **error);
