// What the files of the archive room share. The way of a record: encode.c makes a frame of it in the caller's
// thread, writer.c queues and commits it, stream.c puts it into a segment; frame.c finds frames in a segment,
// decode.c reads one, walk.c goes through a segment, whatever state it is in, and read.c and verify.c go
// through the archive.
#pragma once

#include "archive/archive.h"
#include "keys/keys.h"

#include <sodium.h>
#include <zstd.h>

// ---- tar.c: member headers as IEEE 1003.1 (pax, ustar) has them ------------------------------------------

enum { TAR_BLOCK = 512, TAR_END = 2 * TAR_BLOCK };
#define TAR_SIZE_MAX (((guint64)1 << 33) - 1) // eleven octal digits

typedef enum {
    MEMBER_JSON,
    MEMBER_EML,
    MEMBER_LEAF, // of a sealed record, in clear
    MEMBER_SEALED_JSON,
    MEMBER_SEALED_EML,
    MEMBER_EXTENDED /* pax records of a later version: passed over */
} MemberKind;
typedef struct {
    char id[ULID_LEN + 1];
    MemberKind kind;
    guint64 size;
} TarMember;
void tar_header(guint8 out[TAR_BLOCK], const TarMember *member, int64_t mtime_s);
// NULL when `block` is the header of a member as we write them, else what is wrong with it.
const char *tar_parse(const guint8 block[TAR_BLOCK], TarMember *out_member);
guint64 tar_padding(guint64 size);
const char *tar_suffix(MemberKind kind); // of a member's name, after the record's id

// ---- encode.c: a record as one zstd frame ----------------------------------------------------------------

typedef struct {
    GByteArray *bytes; // the frame; NULL where it is in `fd`
    int fd;            // unlinked file that holds the whole of a large frame; -1 = none
    int64_t length;
} Frame;
void frame_clear(Frame *frame);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Frame, frame_clear)

typedef struct {
    const char *id;
    const char *dir; // where large frames are spooled
    int fd;          // the message; -1 for an event
    int64_t len;
    const char *json; // canonical
    int64_t time_us;
    int level;
    ZSTD_CCtx *context;   // reused between calls; one thread at a time
    const RecordKey *key; // NULL = in clear
    const char *leaf;     // of a sealed record
} EncodeInput;
bool encode_record(const EncodeInput *input, Frame *out_frame, GError **error);
// The end-of-archive blocks of tar, as the closing frame of a segment.
bool encode_end(Frame *out_frame, GError **error);
// Hex SHA-256 of `len` bytes of `fd`; caller frees.
char *encode_hash_fd(int fd, int64_t len, GError **error);
// Canonical JSON: keys sorted, no white space. Caller frees.
char *encode_json(const json_t *json, GError **error);

// ---- segments.c: names and lists of segments -------------------------------------------------------------

typedef struct {
    char *rel;    // "2026/11/mta1-000123.tar.zst"
    char *series; // "mta1", "mta1-events"
    guint number;
    int month; // yyyymm, of the directory
    bool events;
} Segment;
// All segments under `dir`, by series and number. NULL with `error`.
GPtrArray *segments_list(const char *dir, GError **error);
// False when `rel` is no name of a segment; `*out` (may be NULL) is filled otherwise.
bool segment_parse(const char *rel, Segment *out);
void segment_clear(Segment *segment);
char *segment_lock_path(const char *dir, const char *series);
// Takes the lock of `series`, waiting up to `wait_ms`. Descriptor, -1 with `error`.
int segment_lock(const char *dir, const char *series, int wait_ms, GError **error);
// Is a process writing `series` now? Takes nothing.
bool segment_is_live(const char *dir, const char *series);
int segment_day(int64_t time_us); // yyyymmdd, UTC

// ---- stream.c: one series of segments being written; one thread at a time --------------------------------

typedef struct {
    char *dir, *series;
    int64_t limit; // bytes, then the next segment
    guint next;    // number of the next segment
    int fd;        // -1 = none open
    char *rel, *path;
    int64_t size, synced, allocated;
    int day;
} Stream;
// Recovers the newest segment of the series: a torn tail is cut, a finished day is sealed.
bool stream_open(Stream *stream, const char *dir, const char *series, int64_t limit, GError **error);
bool stream_must_rotate(const Stream *stream, int64_t length, int64_t time_us);
void stream_rotate(Stream *stream); // seals; everything in it must be committed
// Appends; not durable before stream_commit. `ref` gets segment, offset and length.
bool stream_append(Stream *stream, const Frame *frame, int64_t time_us, ArchiveRef *ref, GError **error);
bool stream_commit(Stream *stream, GError **error);
void stream_abandon(
    Stream *stream); // after a failed write or sync: cuts to what is durable, never touches it again
void stream_close(Stream *stream, bool seal);

// ---- frame.c: zstd frames in a file of any content -------------------------------------------------------

typedef struct {
    int fd;
    int64_t end;    // bytes of the file that count
    guint8 *buffer; // a window of the file
    int64_t at;
    gsize have;
    int failed; // errno of a failed read
} FrameFile;
void frame_file_init(FrameFile *file, int fd);
void frame_file_clear(FrameFile *file);
bool frame_file_refresh(FrameFile *file); // looks at the size again; true when it changed
// Up to `len` bytes at `offset`, borrowed until the next call; `*out_len` may be less at the end or on
// failure.
const guint8 *frame_peek(FrameFile *file, int64_t offset, gsize len, gsize *out_len);
typedef enum {
    FRAME_WHOLE,
    FRAME_SKIPPABLE,
    FRAME_CUT /* runs past the end */,
    FRAME_BAD,
    FRAME_ZEROS,
    FRAME_FAILED
} FrameShape;
// What stands at `offset`, by the structure of its headers alone; `*out_length` = bytes that belong to it as
// far as seen.
FrameShape frame_shape(FrameFile *file, int64_t offset, int64_t *out_length);
// Hex SHA-256 of a frame as it stands there; NULL when it cannot be read. Caller frees.
char *frame_hash(FrameFile *file, int64_t offset, int64_t length);
bool frame_zeros_to_end(FrameFile *file, int64_t offset);
// Next offset >= `from` where a frame's magic number stands; -1 = none.
int64_t frame_search(FrameFile *file, int64_t from);

// ---- decode.c: one frame -> one record -------------------------------------------------------------------

typedef enum {
    DECODE_ID,    // the first member's name only
    DECODE_META,  // the JSON only: the rest of the frame is not read and not checked
    DECODE_CHECK, // everything is checked, the message's bytes are not kept
    DECODE_RAW,   // everything is checked and kept
} DecodeDepth;
typedef enum { RECORD_MESSAGE, RECORD_EVENT, RECORD_END } RecordKind;
// Of a sealed record that is not open, the frame and the leaf are checked, and `meta`, `json` and `raw` are NULL.
typedef enum { SEAL_NONE, SEAL_OPENED, SEAL_CLOSED, SEAL_DESTROYED } SealState;
typedef struct {
    RecordKind kind;
    SealState seal;
    char *closed;          // why it is; NULL where no ring was given
    bool keyed;            // its key is there, whether it can be used here or not
    GByteArray *leaf;      // of a sealed record
    int64_t leaf_us;       // its time
    char id[ULID_LEN + 1]; // "" as long as it is not known
    json_t *meta;
    GByteArray *json; // the metadata's bytes as they stand there
    GByteArray *raw;
    guint64 size; // of the message, as far as seen
    char *what;   // damage: what is wrong; NULL = none
} Decoded;
void decoded_clear(Decoded *decoded);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Decoded, decoded_clear)
// False when the frame is damaged, with out->what. `context` is reused between calls. `ring` opens sealed records; NULL = they
// stay closed.
bool decode_frame(FrameFile *file, int64_t offset, int64_t length, DecodeDepth depth, ZSTD_DCtx *context,
                  KeysRing *ring, Decoded *out);
// Time of a record or event in microseconds; 0 when there is none.
int64_t decoded_time(const json_t *meta);
int64_t decoded_when(const Decoded *decoded); // the same, of closed ones too

// ---- unseal.c: a sealed member -> what was sealed ----------------------------------------------------------

typedef struct Unseal Unseal;
typedef bool (*UnsealTake)(void *user, const guint8 *data, gsize len);
// For the member of `size` bytes; `take` gets what was sealed. False from it stops.
Unseal *unseal_new(guint64 size, guint number, const char *name, UnsealTake take, void *user);
void unseal_free(Unseal *unseal);
// The first bytes of the member, until it is true: `out` = its nonce. Takes them off `data`.
bool unseal_nonce(Unseal *unseal, const guint8 **data, gsize *len, guint8 out[KEYS_NONCE]);
// The key, after the nonce. NULL = what is wrong with it: it is not the record's.
bool unseal_key(Unseal *unseal, const RecordKey *key, const guint8 nonce[KEYS_NONCE], const char **what);
bool unseal_run(Unseal *unseal, const guint8 *data, gsize len, const char **what);
// After all of it: is it whole, and is its tag right?
bool unseal_end(Unseal *unseal, const char **what);

// ---- walk.c: through a segment in any state --------------------------------------------------------------

typedef struct {
    FrameFile file;
    ZSTD_DCtx *context;
    KeysRing *ring; // borrowed; NULL = sealed records stay closed
    DecodeDepth depth;
    int64_t offset; // of the next frame
    int64_t budget; // bytes that the search for frames behind damage may still look at
    bool ended;     // the end-of-archive frame was seen
} Walk;
typedef enum {
    WALK_RECORD,
    WALK_DAMAGE,
    WALK_TAIL /* no frame from here to the end */,
    WALK_END,
    WALK_FAILED
} WalkStep;
typedef struct {
    Decoded record;
    int64_t offset, length; // of the record, the damage or the tail
    bool zeros;             // a tail of zero bytes: preallocated
} WalkItem;
void walk_init(Walk *walk, int fd, DecodeDepth depth);
void walk_clear(Walk *walk); // the descriptor is the caller's
WalkStep walk_next(Walk *walk, WalkItem *item);
void walk_item_clear(WalkItem *item);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(WalkItem, walk_item_clear)

// ---- event.c ---------------------------------------------------------------------------------------------

// Adds "salt", 16 random bytes in hex: what is logged of a record tells nothing without it.
void event_salt(json_t *json);
// Canonical JSON of an event; caller frees. NULL with `error`.
char *event_json(const char *id, const char *origin, const char *event, const char *who, const char *record,
                 json_t *detail, int64_t now_us, GError **error);

// ---- read.c ----------------------------------------------------------------------------------------------

// A record made of what was decoded, which it takes.
ArchiveRecord *archive_record_take(const char *rel, int64_t offset, int64_t length, Decoded *decoded);

// ---- scan.c: segments as they are read, live or not ------------------------------------------------------

typedef struct {
    ArchiveDamage func; // may be NULL
    void *data;
    guint64 count;
} DamageSink;
void damage_report(DamageSink *sink, const char *segment, int64_t offset, int64_t length, const char *id,
                   const char *what);

typedef struct {
    const char *dir;
    const Segment *segment;
    int fd;
    bool open; // whether a closed record is a failure, and one whose key was destroyed is passed over
    Walk walk;
} Scan;
// TRI_NO when the segment is not there any more; TRI_UNKNOWN with `error` when it cannot be read.
Tri scan_open(Scan *scan, const char *dir, const Segment *segment, DecodeDepth depth, GError **error);
// Sealed records are opened from here on; TRI_UNKNOWN (NOPERM) of scan_next where one cannot be.
void scan_unseal(Scan *scan, KeysRing *ring);
void scan_close(Scan *scan);
// The next record; damage on the way is reported and passed over, and the tail a writer is adding to is no
// damage. TRI_NO at the end, TRI_UNKNOWN with `error`. The item is the caller's to clear.
Tri scan_next(Scan *scan, DamageSink *sink, WalkItem *item, GError **error);
// NOPERM: the sealed record is closed.
void scan_closed_error(const char *dir, const char *segment, const Decoded *decoded, GError **error);
// Which of `all` (from segments_list) can hold records of that time: borrowed pointers, in order. 0 = open.
GPtrArray *scan_select(const char *dir, GPtrArray *all, bool events, int64_t from_us, int64_t to_us);

// ---- destroy.c -------------------------------------------------------------------------------------------

// Does a frame of ours stand there that is skipped, where a record was?
bool cut_stands_at(FrameFile *file, int64_t offset);

// ---- follow.c --------------------------------------------------------------------------------------------

// archive_follow, sealed records as they are: with their leaf alone.
bool follow_closed(const Config *config, GPtrArray *places, int64_t from_us, guint most, ArchiveEach func,
                   ArchiveDamage damage, void *data, GError **error);
