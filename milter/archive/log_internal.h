// What the files of the archive's transparency log share.
#pragma once

#include "archive/internal.h"
#include "store/store.h"

#define LOG_SALT 16 // bytes

// A small text file, whole. Caller frees; NULL with `error`.
char *log_text_file(const char *path, GError **error);
// The checkpoint in `note` (which stands in `path`), signed by `key`, of the log that `key` is named after.
bool log_note_check(const char *path, const char *note, const TlogKey *key, TlogCheckpoint *out,
                    GError **error);
// The public key, from FILE.pub. NULL with `error`.
TlogKey *log_verifier(const Config *config, GError **error);
// The leaf of a record or event whose metadata are the `len` bytes at `json` and whose frame has that SHA-256 (NULL = not told). Caller
// frees; NULL with `error` (DATA).
char *log_leaf(const json_t *meta, const void *json, gsize len, const char *frame, GError **error);

// The leaf of a record that stands in clear in a sealed one: as log_leaf without its frame. New reference; NULL: it is none, or another
// record's.
json_t *log_leaf_parse(const void *leaf, gsize len, const char *id);
// Such a leaf with its frame. Caller frees; NULL with `error` (DATA).
char *log_leaf_framed(const void *leaf, gsize len, const char *id, const char *frame, GError **error);
// The leaf that seals a finished segment. New reference; NULL with `error`.
json_t *log_seal(const char *dir, const char *segment, GError **error);

// ---- log.db (log_db.c) -----------------------------------------------------------------------------------

typedef struct {
    StoreDb *db;
    StoreStmt *find, *add;
} LogDb;
bool log_db_open(LogDb *db, const Config *config, StoreMode mode, GError **error);
void log_db_close(LogDb *db);
// Leaves the database counts; what it was told was durable in the log before.
bool log_db_size(LogDb *db, guint64 *out_size, GError **error);
// TRI_YES: `key` (a record's id, "seal:SEGMENT", "damage:SEGMENT:OFFSET") has the leaf `*out_index`.
Tri log_db_find(LogDb *db, const char *key, guint64 *out_index, GError **error);
bool log_db_add(LogDb *db, const char *key, guint64 index, GError **error);
bool log_db_set_size(LogDb *db, guint64 size, GError **error);
// Places (ArchivePlace) the segments were sequenced to.
GPtrArray *log_db_places(LogDb *db, GError **error);
bool log_db_set_places(LogDb *db, const GPtrArray *places, GError **error);
// The key of a leaf: what stands in log.db for it. Caller frees; NULL where the leaf is none of ours.
char *log_leaf_key(const void *leaf, gsize len);

// ---- verifying (log_verify.c) ----------------------------------------------------------------------------

typedef struct LogCheck LogCheck;
// Checks the log itself; damage goes to `sink`. Never NULL; log_check_end frees it.
LogCheck *log_check_begin(const Config *config, DamageSink *sink, ArchiveLogVerdict *verdict);
// A sound record of `segment`, which `file` is, read at DECODE_CHECK.
void log_check_record(LogCheck *check, const Segment *segment, FrameFile *file, const WalkItem *item);
// Names the leaves that no record was found for.
void log_check_end(LogCheck *check);
