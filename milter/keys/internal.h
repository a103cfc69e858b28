// What the files of the keys room share.
#pragma once

#include "keys/keys.h"
#include "store/store.h"

#include <sodium.h>

enum { KEYS_PEM_MAX = 64 * 1024 };
enum { KEYS_WRAPPED = KEYS_LEN + crypto_box_SEALBYTES, KEYS_ID = 16 /* hex digits */ };
typedef struct {
    char id[KEYS_ID + 1];
    guint8 public[crypto_box_PUBLICKEYBYTES];
    guint8 secret[crypto_box_SECRETKEYBYTES]; // zeros where only the public half is known
} MasterPair;
struct KeysMaster {
    GArray *pairs; // of MasterPair
};

// ---- pem.c: X25519 keys as openssl(1) writes them ----------------------------------------------------------

bool pem_public(const char *text, gsize len, const char *where, MasterPair *out, GError **error);
// All secret keys in `text`, appended to `pairs`.
bool pem_secrets(const char *text, gsize len, const char *where, GArray *pairs, GError **error);
char *pem_of_public(const MasterPair *pair, GError **error); // caller frees
char *pem_of_secret(const MasterPair *pair, GError **error); // caller overwrites and frees
void pem_wipe(char *text);                                   // overwrites and frees

// ---- master.c ----------------------------------------------------------------------------------------------

KeysMaster *master_empty(void);
bool master_make(MasterPair *out);
bool master_write(const char *path, const KeysMaster *master, GError **error);
bool master_public_load(const char *path, MasterPair *out, GError **error);
bool master_public_write(const char *path, const MasterPair *pair, GError **error);
// The pair with this id; NULL = not among them.
const MasterPair *master_find(const KeysMaster *master, const char *id);

// ---- book.c ------------------------------------------------------------------------------------------------

StoreDb *book_open(const Config *config, StoreMode mode, GError **error);
bool book_wrap(const RecordKey *key, const MasterPair *to, guint8 out[KEYS_WRAPPED]);
// TRI_NO: no secret half for it; TRI_UNKNOWN: damaged.
Tri book_unwrap(const KeysMaster *master, const char *id, const void *wrapped, gsize len, RecordKey *out);
