#include "keys/internal.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

static bool pem_fail(const char *where, const char *what, GError **error)
{
    ERR_clear_error();
    g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                "%s: no %s X25519 key in PEM; `openssl genpkey -algorithm X25519` makes one, `openssl pkey "
                "-pubout` its public half",
                where, what);
    return false;
}

static void pair_name(MasterPair *pair)
{
    g_autofree char *hash = sha256_hex(pair->public, sizeof pair->public);
    g_strlcpy(pair->id, hash, sizeof pair->id);
}

bool pem_public(const char *text, gsize len, const char *where, MasterPair *out, GError **error)
{
    *out = (MasterPair){0};
    size_t n = sizeof out->public;
    BIO *bio = BIO_new_mem_buf(text, (int)len);
    EVP_PKEY *key = bio != NULL ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
    bool ok = key != NULL && EVP_PKEY_get_id(key) == EVP_PKEY_X25519 &&
              EVP_PKEY_get_raw_public_key(key, out->public, &n) == 1 && n == sizeof out->public;
    EVP_PKEY_free(key);
    BIO_free(bio);
    if (ok)
        pair_name(out);
    return ok || pem_fail(where, "public", error);
}

// A passphrase is never asked for.
static int no_passphrase(char *buffer, int size, int writing, void *data)
{
    return 0;
}

static bool secret_take(EVP_PKEY *key, GArray *pairs)
{
    MasterPair pair = {0};
    size_t n = sizeof pair.secret, m = sizeof pair.public;
    bool ok = EVP_PKEY_get_id(key) == EVP_PKEY_X25519 &&
              EVP_PKEY_get_raw_private_key(key, pair.secret, &n) == 1 && n == sizeof pair.secret &&
              EVP_PKEY_get_raw_public_key(key, pair.public, &m) == 1 && m == sizeof pair.public;
    if (ok) {
        pair_name(&pair);
        g_array_append_val(pairs, pair);
    }
    sodium_memzero(&pair, sizeof pair);
    return ok;
}

static guint blocks(const char *text, gsize len)
{
    guint n = 0;
    for (const char *at = text; (at = g_strstr_len(at, (gssize)(text + len - at), "-----BEGIN ")) != NULL;
         at++)
        n++;
    return n;
}

bool pem_secrets(const char *text, gsize len, const char *where, GArray *pairs, GError **error)
{
    BIO *bio = BIO_new_mem_buf(text, (int)len);
    guint n = blocks(text, len);
    bool ok = bio != NULL && n > 0;
    for (guint i = 0; ok && i < n; i++) {
        EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
        ok = key != NULL && secret_take(key, pairs);
        EVP_PKEY_free(key);
    }
    BIO_free(bio);
    return ok || pem_fail(where, "secret", error);
}

static char *pem_text(EVP_PKEY *key, bool secret, GError **error)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *data = NULL, *text = NULL;
    bool ok = key != NULL && bio != NULL &&
              (secret ? PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL)
                      : PEM_write_bio_PUBKEY(bio, key)) == 1;
    if (ok) {
        long n = BIO_get_mem_data(bio, &data);
        text = g_strndup(data, (gsize)n);
        sodium_memzero(data, (gsize)n);
    } else {
        ERR_clear_error();
        g_set_error(error, BASE_ERROR, BASE_ERROR_SOFTWARE, "an X25519 key cannot be written as PEM");
    }
    BIO_free(bio);
    EVP_PKEY_free(key);
    return text;
}

char *pem_of_public(const MasterPair *pair, GError **error)
{
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, pair->public, sizeof pair->public);
    return pem_text(key, false, error);
}

char *pem_of_secret(const MasterPair *pair, GError **error)
{
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, pair->secret, sizeof pair->secret);
    return pem_text(key, true, error);
}

void pem_wipe(char *text)
{
    if (text != NULL)
        sodium_memzero(text, strlen(text));
    g_free(text);
}
