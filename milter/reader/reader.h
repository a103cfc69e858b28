// reader: bytes -> Message. Two halves: the pool, which the daemon and the command link, and the worker
// program (chaperone-reader), which alone includes GMime, ICU and libxml2 and does the parsing. The worker is
// not trusted.
#pragma once

#include "base/config.h"
#include "message/message.h"

// ---- for the daemon, the archivist and the command ---------------------------------------------------------

// Three classes of workers, each with processes and limits of its own, so that a slow document never waits in front of a
// text, and a slow picture never in front of a document:
//   messages   the structure, headers and texts of a message (reader.*)
//   documents  one attachment: documents, archives, pictures (codes, EXIF), nested messages (attachments.*)
//   ocr        the same with text recognised in pictures (attachments.ocr_*)
typedef struct Readers Readers;

// Starts the processes of all classes (fork + exec of config->reader.program) and opens the cache. NULL with `error` set when
// none can be started, when a worker reports that its sandbox is not complete and reader.sandbox_required is set, when a
// language of attachments.ocr_languages is not installed, or when the cache cannot be used. Where the caller is root, workers
// become reader.user; make it after dropping privileges, or stay root: a process may not end those that run as another user.
// Thread rule: make and free it in the main thread; everything else may be called from any thread. It starts threads of its
// own.
Readers *readers_new(const Config *config, GError **error);
void readers_free(Readers *readers);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Readers, readers_free)

// Makes an anonymous sealed file (memfd, no more writes or growth) of `raw`. -1 with `error` set.
int reader_seal(const void *raw, gsize len, GError **error);

// One message's reading: the message, and the bytes of its attachments that wait.
typedef struct {
    Message *message;
    int blob; // sealed file of the bytes of parts; -1 = none
    gsize blob_len;
    bool
        out_of_time; // `budget_ms` ended the reading before reader.wall_ms would have: there is more to be seen
} Reading;
void reading_free(Reading *reading);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Reading, reading_free)

// Reads the message in `fd` (`len` bytes, CRLF or LF lines; sealed by the caller or by this function), all but its
// attachments, whose parts are PART_WAITING. Never fails because of the message: a crash, a time-out or a malformed answer of
// the worker is a fact in the message, after a second try in a new worker that only sweeps the raw bytes. NULL with `error`
// (BASE_ERROR_TEMPFAIL or OS) only when no worker could be had in reader.wait_ms or the system refused. `budget_ms` bounds the
// reading, both tries together, where it is less than reader.wall_ms; 0 = reader.wall_ms. The wait for a free worker is not
// part of it: a busy pool must not make messages unreadable.
Reading *readers_read(Readers *readers, int fd, gsize len, int budget_ms, GError **error);
// The same for who wants the attachments as files: the blob holds the decoded bytes of each part that is one (or a picture of the
// text), of whatever format; not those inside of others. Those of a message are as the parser puts them together again. Part.blob is
// to be looked at before readers_attachments. Its HTML stands there itself, too, as passages of ORIGIN_MARKUP with VISIBILITY_SOURCE.
Reading *readers_read_keeping(Readers *readers, int fd, gsize len, GError **error);

typedef struct {
    bool wanted; // false: the waiting parts become PART_SKIPPED with the fact not-needed
    bool ocr;    // text in pictures is wanted
} ReaderNeeds;

typedef enum {
    ATTACHMENTS_DONE,    // no part waits any more; what failed is a fact of its part
    ATTACHMENTS_PENDING, // not all were read before `deadline`; those that were are in the message
} AttachmentsResult;

// Reads the waiting parts of `reading` and grafts what was read into its message: from the cache, else by workers, several
// parts at once. `deadline` is in g_get_monotonic_time; 0 = none but the limits of each attachment and
// attachments.message_ms of readers' time, past which the rest is attachment-timeout; waiting for them is no part of it. With a deadline, a part that is not read by then goes on
// waiting (its worker is ended), and readers that are all busy are waited for no longer than the deadline. Never fails: what
// could not be read is a fact (attachment-crashed, attachment-timeout, attachment-too-big, encrypted, unread, damaged,
// incomplete, no-text, archive-limit, picture-unread) with the part's name. A part that crashed its worker is tried once more
// in a new one.
// Of pictures and pages without text, without `needs.ocr`: the fact image or no-text.
AttachmentsResult readers_attachments(Readers *readers, Reading *reading, ReaderNeeds needs, gint64 deadline);

typedef struct {
    // Processes. One more than the class's workers is kept alive, ready to take the place of another.
    guint alive, busy;
    guint64 read, crashed, timed_out, recycled;
} ReaderStats;
typedef enum { READER_MESSAGES, READER_DOCUMENTS, READER_OCR, READER_CLASSES } ReaderClass;
void readers_stats(Readers *readers, ReaderClass cls, ReaderStats *out_stats);
// Readings taken from the cache and not found in it.
void readers_cache_stats(Readers *readers, guint64 *out_hits, guint64 *out_misses);

// ---- the worker's own work, without processes: for chaperone-reader, unit tests and fuzz targets ----------

// Parses `raw`. Always returns a Message. `sweep_only` skips everything but the raw sweep (for a message whose full reading
// ended a worker). `blob` gets the bytes of the waiting parts appended; NULL: attachments are PART_UNREAD with the fact
// "unread", pictures with "image".
Message *reader_parse(const void *raw, gsize len, const ConfigLimits *limits, bool sweep_only,
                      GByteArray *blob);
// The same, as readers_read_keeping has it.
Message *reader_parse_keeping(const void *raw, gsize len, const ConfigLimits *limits, GByteArray *blob);

// How to read an attachment.
typedef struct {
    const ConfigLimits *limits;
    bool ocr;
    char *languages; // of OCR
    int ocr_pictures;
    int ocr_ms; // for OCR; what is left then is picture-unread. 0 = no bound
    int64_t ocr_least_pixels;
} AttachmentOptions;
// Reads one attachment, declared as `type` (lower case; "" = nothing) and called `name` (may be NULL), text in `charset` (may be
// NULL). Always returns a Message whose part 0 is the attachment; no part of it waits.
Message *reader_parse_attachment(const void *data, gsize len, const char *type, const char *name,
                                 const char *charset, const AttachmentOptions *options);
