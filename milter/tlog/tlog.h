// tlog: a transparency log in public formats. Hashing and proofs of RFC 6962 section 2.1 (verified as RFC 9162 section
// 2.1.3.2 and 2.1.4.2), tiles of c2sp.org/tlog-tiles, checkpoints of c2sp.org/tlog-checkpoint in the envelope of
// c2sp.org/signed-note with Ed25519 (RFC 8032), cosignatures of c2sp.org/tlog-cosignature, c2sp.org/tlog-proof.
// merkle.c, note.c and checkpoint.c are pure; log.c alone touches files. Thread rule: a Tlog belongs to one thread at a time, the
// rest may be called from any.
#pragma once

#include "base/base.h"

// ---- hashes and proofs (merkle.c) ------------------------------------------------------------------------

#define TLOG_HASH      32
#define TLOG_PROOF_MAX 63 // hashes of a proof
typedef struct {
    guint8 bytes[TLOG_HASH];
} TlogHash;

void tlog_leaf_hash(const void *data, gsize len, TlogHash *out);
void tlog_node_hash(const TlogHash *left, const TlogHash *right, TlogHash *out);
bool tlog_hash_equal(const TlogHash *one, const TlogHash *other);
// Strict base 64 (RFC 4648, section 4, padding and all): false when [text, text + len) is anything else or more than `most`
// bytes.
bool tlog_base64(const char *text, gsize len, guint8 *out, gsize most, gsize *out_len);
// Base 64 of a hash, as all these formats have it. Caller frees.
char *tlog_hash_text(const TlogHash *hash);
// False when `text` (`len` bytes) is not exactly the base 64 of a hash.
bool tlog_hash_parse(const char *text, gsize len, TlogHash *out);

// Gives the hash of the entries [index << height, (index + 1) << height), which all exist. False with `error`.
typedef bool (*TlogRead)(void *data, guint height, guint64 index, TlogHash *out, GError **error);

// The root of the first `size` entries; that of none is the hash of nothing.
bool tlog_root(TlogRead read, void *data, guint64 size, TlogHash *out, GError **error);
// GArray of TlogHash, from the leaf's sibling up. NULL with `error` (DATA: no such entry in that tree).
GArray *tlog_inclusion(TlogRead read, void *data, guint64 index, guint64 size, GError **error);
// That the tree of `size` entries begins with that of `from` entries. Empty for from = 0 and from = size.
GArray *tlog_consistency(TlogRead read, void *data, guint64 from, guint64 size, GError **error);
// Does `proof` show it? Any proof, of any length, is safe to ask about.
bool tlog_check_inclusion(guint64 index, guint64 size, const TlogHash *leaf, const GArray *proof,
                          const TlogHash *root);
bool tlog_check_consistency(guint64 from, const TlogHash *from_root, guint64 size, const TlogHash *root,
                            const GArray *proof);

// ---- notes (note.c) --------------------------------------------------------------------------------------

typedef enum {
    TLOG_SIGNS_NOTES = 0x01, // signed-note: Ed25519 over the text
    TLOG_COSIGNS = 0x04,     // tlog-cosignature: over a time and the text
} TlogKeyType;

// A key's name and its public half; its secret half where we have it. Immutable; caller frees.
typedef struct TlogKey TlogKey;
void tlog_key_free(TlogKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TlogKey, tlog_key_free)
// A new one. NULL with `error`: DATA for a name that no note may have.
TlogKey *tlog_key_new(const char *name, TlogKeyType type, GError **error);
// The secret half, PEM of PKCS #8 (RFC 8410), as openssl(1) reads it. NULL where we have none. Caller frees, with
// sodium_memzero.
char *tlog_key_pem(const TlogKey *key);
TlogKey *tlog_key_from_pem(const char *pem, const char *name, TlogKeyType type, GError **error);
// "NAME+KEYID+BASE64". Caller frees.
char *tlog_key_verifier(const TlogKey *key);
TlogKey *tlog_key_from_verifier(const char *text, GError **error);
const char *tlog_key_name(const TlogKey *key);
TlogKeyType tlog_key_type(const TlogKey *key);

// One signature line for `text` (a note's text, which ends with a line's end). `time_s` counts for TLOG_COSIGNS only. NULL with `error`.
char *tlog_note_sign(const TlogKey *key, const char *text, int64_t time_s, GError **error);

typedef struct {
    char *text;       // with its last line's end
    GPtrArray *lines; // of char*: signature lines, as they stand there, with their line's end
} TlogNote;
void tlog_note_free(TlogNote *note);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TlogNote, tlog_note_free)
// NULL with `error` (DATA) when `bytes` are no note.
TlogNote *tlog_note_parse(const char *bytes, gsize len, GError **error);
// Is the note signed by `key`? TRI_NO: no line of that name and id; TRI_UNKNOWN with `error`: there is one, and it is not
// right. `*out_time_s` (may be NULL) gets a cosignature's time.
Tri tlog_note_signed(const TlogNote *note, const TlogKey *key, int64_t *out_time_s, GError **error);

// ---- checkpoints and proofs as text (checkpoint.c) -------------------------------------------------------

typedef struct {
    char *origin;
    guint64 size;
    TlogHash root;
} TlogCheckpoint;
void tlog_checkpoint_clear(TlogCheckpoint *checkpoint);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TlogCheckpoint, tlog_checkpoint_clear)
// The text of the note. Caller frees.
char *tlog_checkpoint_text(const TlogCheckpoint *checkpoint);
// Parses the text of a note. False with `error` (DATA); `out` is then empty.
bool tlog_checkpoint_parse(const char *text, TlogCheckpoint *out, GError **error);

// `checkpoint` is a whole signed note. `extra` may be NULL. Caller frees.
char *tlog_proof_text(guint64 index, const GArray *proof, const char *checkpoint, GBytes *extra);
typedef struct {
    guint64 index;
    GArray *proof; // of TlogHash
    TlogNote *note;
    GBytes *extra; // NULL = none
} TlogProof;
void tlog_proof_free(TlogProof *proof);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TlogProof, tlog_proof_free)
TlogProof *tlog_proof_parse(const char *text, gsize len, GError **error);

// ---- a log in files (log.c) ------------------------------------------------------------------------------

#define TLOG_ENTRY_MAX 65535 // bytes of an entry

typedef struct Tlog Tlog;
// The log of `size` entries in `dir` (made when there is none and size is 0): the tiles that `size` needs must be there.
// What lies behind them is of a batch that was never published, and is written over. NULL with `error`.
Tlog *tlog_open(const char *dir, guint64 size, GError **error);
void tlog_free(Tlog *log);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Tlog, tlog_free)
// Adds an entry, in memory; its index is the size before. False with `error`: too long.
bool tlog_append(Tlog *log, const void *entry, gsize len, GError **error);
guint64 tlog_size(const Tlog *log);
// Writes the tiles of what was appended; durable when it returns true. After false the log is to be opened anew.
bool tlog_flush(Tlog *log, GError **error);
// Takes away partial tiles whose full tiles are there, as far as `tlog_flush` made them.
bool tlog_tidy(Tlog *log, GError **error);
// A TlogRead on the flushed tiles, `data` = the log.
bool tlog_read(void *log, guint height, guint64 index, TlogHash *out, GError **error);
// The bytes of an entry. Caller unrefs.
GBytes *tlog_entry(Tlog *log, guint64 index, GError **error);
// "tile/0/x001/234", "tile/entries/000.p/17": `level` -1 = entries, `width` 256 = full. Caller frees.
char *tlog_tile_path(int level, guint64 number, guint width);
