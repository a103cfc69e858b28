#include "keys/internal.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

struct KeysCipher {
    EVP_CIPHER_CTX *context;
    bool seal;
};

enum { AT_ONCE = 1 << 30 }; // EVP counts in int

void keys_record_new(RecordKey *out)
{
    randombytes_buf(out->bytes, sizeof out->bytes);
    randombytes_buf(out->nonce, sizeof out->nonce);
}

void keys_record_clear(RecordKey *key)
{
    sodium_memzero(key, sizeof *key);
}

void keys_nonce(const RecordKey *key, guint member, guint8 out[KEYS_NONCE])
{
    memcpy(out, key->nonce, KEYS_NONCE);
    out[KEYS_NONCE - 1] = (guint8)(out[KEYS_NONCE - 1] + member);
}

static bool cipher_fail(GError **error)
{
    char why[160];
    ERR_error_string_n(ERR_get_error(), why, sizeof why);
    ERR_clear_error();
    g_set_error(error, BASE_ERROR, BASE_ERROR_SOFTWARE, "AES-256-GCM: %s", why);
    return false;
}

KeysCipher *keys_cipher_new(const RecordKey *key, const guint8 nonce[KEYS_NONCE], const char *name, bool seal,
                            GError **error)
{
    KeysCipher *cipher = g_new0(KeysCipher, 1);
    int n = 0;
    *cipher = (KeysCipher){.context = EVP_CIPHER_CTX_new(), .seal = seal};
    bool ok = cipher->context != NULL &&
              EVP_CipherInit_ex(cipher->context, EVP_aes_256_gcm(), NULL, key->bytes, nonce, seal) == 1 &&
              EVP_CipherUpdate(cipher->context, NULL, &n, (const guint8 *)name, (int)strlen(name)) == 1;
    if (!ok) {
        cipher_fail(error);
        g_clear_pointer(&cipher, keys_cipher_free);
    }
    return cipher;
}

void keys_cipher_free(KeysCipher *cipher)
{
    if (cipher == NULL)
        return;
    EVP_CIPHER_CTX_free(cipher->context);
    g_free(cipher);
}

bool keys_cipher_run(KeysCipher *cipher, const void *in, gsize len, void *out, GError **error)
{
    const guint8 *from = in;
    guint8 *to = out;
    bool ok = true;
    for (gsize done = 0; ok && done < len;) {
        int part = (int)MIN(len - done, (gsize)AT_ONCE), n = 0;
        ok = EVP_CipherUpdate(cipher->context, to + done, &n, from + done, part) == 1 && n == part;
        done += (gsize)part;
    }
    return ok || cipher_fail(error);
}

bool keys_cipher_tag(KeysCipher *cipher, guint8 out[KEYS_TAG], GError **error)
{
    guint8 none[KEYS_TAG];
    int n = 0;
    bool ok = cipher->seal && EVP_CipherFinal_ex(cipher->context, none, &n) == 1 &&
              EVP_CIPHER_CTX_ctrl(cipher->context, EVP_CTRL_AEAD_GET_TAG, KEYS_TAG, out) == 1;
    return ok || cipher_fail(error);
}

bool keys_cipher_fits(KeysCipher *cipher, const guint8 tag[KEYS_TAG])
{
    guint8 copy[KEYS_TAG], none[KEYS_TAG];
    int n = 0;
    memcpy(copy, tag, sizeof copy);
    bool fits = !cipher->seal &&
                EVP_CIPHER_CTX_ctrl(cipher->context, EVP_CTRL_AEAD_SET_TAG, KEYS_TAG, copy) == 1 &&
                EVP_CipherFinal_ex(cipher->context, none, &n) == 1;
    ERR_clear_error();
    return fits;
}
