#include "roster/key.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

G_STATIC_ASSERT(KEY_HASH == crypto_auth_hmacsha256_BYTES);
G_STATIC_ASSERT(sizeof((RosterKey *)NULL)->hash == crypto_auth_hmacsha256_KEYBYTES);
G_STATIC_ASSERT(sizeof((RosterKey *)NULL)->seal == crypto_secretbox_KEYBYTES);

static bool make_file(const char *path, GError **error)
{
    unsigned char bytes[32];
    g_autofree char *dir = g_path_get_dirname(path);
    randombytes_buf(bytes, sizeof bytes);
    g_autofree char *hex = hex_encode(bytes, sizeof bytes);
    g_autofree char *line = g_strconcat(hex, "\n", NULL);
    bool ok = file_make_dirs(dir, 0750, error) && file_write_atomic(path, line, strlen(line), 0600, error) &&
              file_adopt(path, error);
    sodium_memzero(bytes, sizeof bytes);
    sodium_memzero(hex, strlen(hex));
    sodium_memzero(line, strlen(line));
    return ok;
}

static bool parse(const char *path, GBytes *content, unsigned char out[32], GError **error)
{
    gsize len = 0, got = 0;
    const char *text = g_bytes_get_data(content, &len);
    while (text != NULL && len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
        len--;
    if (text != NULL && len == 64 && sodium_hex2bin(out, 32, text, len, NULL, &got, NULL) == 0 && got == 32)
        return true;
    g_set_error(
        error, BASE_ERROR, BASE_ERROR_DATA,
        "%s: not a key of 64 hexadecimal digits on one line; restore it from your backup, or remove it and "
        "import the whole roster again",
        path);
    return false;
}

bool key_load(const char *path, bool create, RosterKey *out, GError **error)
{
    unsigned char master[32];
    if (sodium_init() < 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_OS, "the system gives no randomness");
        return false;
    }
    if (create && access(path, F_OK) != 0 && errno == ENOENT && !make_file(path, error))
        return false;
    g_autoptr(GBytes) content = file_read(path, 4096, error);
    if (content == NULL || !parse(path, content, master, error))
        return false;
    crypto_auth_hmacsha256(out->hash, (const unsigned char *)"roster hash", 11, master);
    crypto_auth_hmacsha256(out->seal, (const unsigned char *)"roster seal", 11, master);
    sodium_memzero(master, sizeof master);
    return true;
}

void key_hash(const RosterKey *key, const char *text, unsigned char out[KEY_HASH])
{
    crypto_auth_hmacsha256(out, (const unsigned char *)text, strlen(text), key->hash);
}

GBytes *key_seal(const RosterKey *key, const char *text)
{
    gsize len = strlen(text), total = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + len;
    unsigned char *out = g_malloc(total);
    randombytes_buf(out, crypto_secretbox_NONCEBYTES);
    if (crypto_secretbox_easy(out + crypto_secretbox_NONCEBYTES, (const unsigned char *)text, len, out,
                              key->seal) != 0) {
        g_free(out);
        return NULL;
    }
    return g_bytes_new_take(out, total);
}

char *key_unseal(const RosterKey *key, const void *data, gsize len)
{
    const unsigned char *in = data;
    if (in == NULL || len < crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES)
        return NULL;
    gsize plain = len - crypto_secretbox_NONCEBYTES - crypto_secretbox_MACBYTES;
    char *out = g_malloc(plain + 1);
    out[plain] = '\0';
    if (crypto_secretbox_open_easy((unsigned char *)out, in + crypto_secretbox_NONCEBYTES,
                                   len - crypto_secretbox_NONCEBYTES, in, key->seal) == 0)
        return out;
    g_free(out);
    return NULL;
}
