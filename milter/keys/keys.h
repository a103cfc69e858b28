// keys: the keys of a sealed archive. Each record has an AES-256-GCM key of its own, which stands in `DIR.keys.db`, wrapped
// (X25519 sealed box) to a master key. Wrapping wants `DIR.master.pub`; unwrapping wants the secret half, archive.master_key, which
// may be on another host. A record whose key was destroyed can be read by nobody, in no copy of the archive.
// A handle belongs to one thread at a time.
#pragma once

#include "base/config.h"

#include <jansson.h>

// ---- a record's bytes --------------------------------------------------------------------------------------
//
// A sealed member is NONCE || AES-256-GCM ciphertext || TAG; the additional data is the member's name. The ciphertext is that of
// AES-256-CTR which begins counting at NONCE || 00000002: `openssl enc -d -aes-256-ctr -K KEY -iv NONCE00000002`.

enum { KEYS_LEN = 32, KEYS_NONCE = 12, KEYS_TAG = 16, KEYS_OVERHEAD = KEYS_NONCE + KEYS_TAG };
typedef struct {
    guint8 bytes[KEYS_LEN];
    guint8 nonce[KEYS_NONCE]; // of the record's first member; it tells one key of a record from another
} RecordKey;
void keys_record_new(RecordKey *out);
void keys_record_clear(RecordKey *key); // overwrites it

// Members are numbered from 0; their nonces follow on the first's.
typedef struct KeysCipher KeysCipher;
void keys_nonce(const RecordKey *key, guint member, guint8 out[KEYS_NONCE]);
// NULL with `error`.
KeysCipher *keys_cipher_new(const RecordKey *key, const guint8 nonce[KEYS_NONCE], const char *name, bool seal,
                            GError **error);
void keys_cipher_free(KeysCipher *cipher);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeysCipher, keys_cipher_free)
// As many bytes out as in; `out` may be `in`.
bool keys_cipher_run(KeysCipher *cipher, const void *in, gsize len, void *out, GError **error);
bool keys_cipher_tag(KeysCipher *cipher, guint8 out[KEYS_TAG], GError **error); // ends sealing
// Ends opening. False: the tag is not that of what was opened.
bool keys_cipher_fits(KeysCipher *cipher, const guint8 tag[KEYS_TAG]);

// ---- the master key ----------------------------------------------------------------------------------------

// What the configuration means by the files. Caller frees each.
char *keys_db_path(const Config *config);
char *keys_public_path(const Config *config);
char *keys_master_path(const Config *config);
char *keys_escrow_dir(const Config *config);

// Secret halves as `openssl genpkey -algorithm X25519` writes them, the newest first: old ones stay until nothing is wrapped to them.
typedef struct KeysMaster KeysMaster;
// NULL with `error`: NOPERM where it cannot be read, or others than its owner may read it.
KeysMaster *keys_master_load(const char *path, GError **error);
void keys_master_free(KeysMaster *master);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeysMaster, keys_master_free)
const char *keys_master_id(const KeysMaster *master, guint nth); // NULL past the last
// Makes the first one and `DIR.master.pub`, or that alone of a secret key that is there. False with `error` where there are both: they are
// never written over.
bool keys_master_init(const Config *config, GError **error);
// The id of the public half in a file. Caller frees; NULL with `error`.
char *keys_public_id(const char *path, GError **error);

// ---- escrow: the master key sealed to an officer's public key ----------------------------------------------

// Writes DIR.master.escrow/NAME.json: {"name", "master": [ids], "officer": public key in PEM, "sealed": base64}.
bool keys_escrow_write(const Config *config, const char *name, const char *officer_pem, GError **error);
// Of each file there: (name, ids of masters, current or not). New array of objects; NULL with `error`.
json_t *keys_escrow_list(const Config *config, GError **error);
// The master key out of an escrow file by the officer's secret key, to `out_path`, mode 0600.
bool keys_escrow_open(const char *escrow_path, const char *secret_path, const char *out_path, GError **error);

// ---- the book of record keys -------------------------------------------------------------------------------

typedef struct Keys Keys;
// For adding. NULL with `error`: CONFIG, there is no public key; says how to make one.
Keys *keys_open(const Config *config, GError **error);
void keys_close(Keys **keys);
static inline void keys_close_auto(Keys *keys)
{
    keys_close(&keys);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Keys, keys_close_auto)
// Durable when it returns true: all of them or none.
typedef struct {
    const char *record;
    const RecordKey *key;
} KeysEntry;
bool keys_add(Keys *keys, const KeysEntry *entries, guint n, GError **error);

// For reading; opens its files when it is first asked.
typedef struct KeysRing KeysRing;
KeysRing *keys_ring_new(const Config *config);
void keys_ring_free(KeysRing *ring);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeysRing, keys_ring_free)
typedef enum {
    KEYS_FOUND,
    KEYS_DESTROYED, // by a disposal
    KEYS_LOST,      // neither there nor destroyed, or damaged: `error` says which
    KEYS_CLOSED,    // cannot be told here: `error` (NOPERM) names the remedy
} KeysAnswer;
KeysAnswer keys_ring_find(KeysRing *ring, const char *record, const guint8 nonce[KEYS_NONCE], RecordKey *out,
                          GError **error);
// The same without the master key: KEYS_FOUND = it is there.
KeysAnswer keys_ring_has(KeysRing *ring, const char *record, const guint8 nonce[KEYS_NONCE], GError **error);

// Destroys the keys of `records` (of char*): overwritten in the database, and the write-ahead log is emptied. `disposal` stays in
// their place. Records without a key are passed over. True when nothing of them is left in the files; else with `error`
// (TEMPFAIL: others use the database now), and it may be called again.
bool keys_destroy(const Config *config, const GPtrArray *records, const char *disposal, GError **error);
// Was the record's key destroyed? Ends what keys_destroy began. TRI_UNKNOWN with `error`.
Tri keys_destroyed(const Config *config, const char *record, GError **error);

typedef struct {
    guint64 keys, destroyed, old; // old: wrapped to another master key than DIR.master.pub
} KeysCount;
bool keys_count(const Config *config, KeysCount *out, GError **error);
// Calls `func` with each key that is there, or those of `records` (NULL = all), in order of records; stops when it returns false.
typedef bool (*KeysEach)(const char *record, const RecordKey *key, void *data);
bool keys_each(const Config *config, const GPtrArray *records, KeysEach func, void *data, GError **error);
// A new master key; every record key is wrapped to it, and the old one is forgotten. Goes on with one that was cut short. `*out_ids` =
// the new one's id, caller frees; `*out_wrapped` = how many were wrapped anew.
bool keys_rotate(const Config *config, char **out_id, guint64 *out_wrapped, GError **error);
