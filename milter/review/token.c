#include "review/token.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#define KEY_BYTES   crypto_auth_hmacsha256_KEYBYTES
#define KEY_HEX     (2 * KEY_BYTES)
#define MAC_BYTES   crypto_auth_hmacsha256_BYTES
#define KEYS_MOST   16
#define FILE_BYTES  8192
#define VERSION     1
#define SENDER_MOST 320
// version, expiry, item, sender
#define HEAD_BYTES (1 + 8 + ULID_LEN)
#define BODY_MOST  (HEAD_BYTES + SENDER_MOST)
#define BASE64     sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define TEXT_MOST  1024

G_STATIC_ASSERT(KEY_BYTES == 32);
G_STATIC_ASSERT(TEXT_MOST >=
                sodium_base64_ENCODED_LEN(BODY_MOST, BASE64) + sodium_base64_ENCODED_LEN(MAC_BYTES, BASE64));

struct ReviewKey {
    unsigned char bytes[KEY_BYTES];
};

void review_key_free(ReviewKey *key)
{
    if (key == NULL)
        return;
    sodium_memzero(key, sizeof *key);
    g_free(key);
}

// ---- the file --------------------------------------------------------------------------------------------

static bool fail_line(const char *path, guint line, GError **error)
{
    g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                "%s:%u: not a key of 64 hexadecimal digits; restore the file from your backup, or remove it: "
                "a new one is made, and links sent before no longer work",
                path, line);
    return false;
}

// The keys of the file into `out`, their number into `*out_count`.
static bool keys_parse(const char *path, GBytes *content, ReviewKey out[KEYS_MOST], guint *out_count,
                       GError **error)
{
    gsize len = 0;
    guint line = 0, count = 0;
    const char *text = g_bytes_get_data(content, &len), *end = text + len;
    while (text < end && count < KEYS_MOST) {
        const char *stop = memchr(text, '\n', (gsize)(end - text));
        const char *next = stop != NULL ? stop + 1 : end;
        gsize width = (gsize)((stop != NULL ? stop : end) - text), got = 0;
        while (width > 0 && g_ascii_isspace(text[width - 1]))
            width--;
        line++;
        if (width > 0 && *text != '#') {
            if (width != KEY_HEX ||
                sodium_hex2bin(out[count].bytes, KEY_BYTES, text, width, NULL, &got, NULL) != 0 ||
                got != KEY_BYTES)
                return fail_line(path, line, error);
            count++;
        }
        text = next;
    }
    *out_count = count;
    return count > 0 || fail_line(path, 1, error);
}

static bool keys_read(const char *path, ReviewKey out[KEYS_MOST], guint *out_count, GError **error)
{
    g_autoptr(GBytes) content = file_read(path, FILE_BYTES, error);
    return content != NULL && keys_parse(path, content, out, out_count, error);
}

// A name of its own first, then the file's: of programs that make it at once the first wins, and all read what it wrote.
static bool file_make(const char *path, GError **error)
{
    unsigned char bytes[KEY_BYTES];
    char hex[KEY_HEX + 2], id[ULID_LEN + 1];
    g_autofree char *dir = g_path_get_dirname(path);
    if (!ulid_new(clock_now_us(), id, error) || !file_make_dirs(dir, 0750, error))
        return false;
    g_autofree char *temp = g_strdup_printf("%s.%s", path, id);
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2hex(hex, sizeof hex, bytes, sizeof bytes);
    hex[KEY_HEX] = '\n';
    hex[KEY_HEX + 1] = '\0';
    bool ok = file_write_atomic(temp, hex, KEY_HEX + 1, 0600, error);
    if (ok && link(temp, path) != 0 && errno != EEXIST) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_CANTCREAT, "%s: %s", path, g_strerror(errno));
        ok = false;
    }
    if (ok)
        unlink(temp);
    sodium_memzero(bytes, sizeof bytes);
    sodium_memzero(hex, sizeof hex);
    return ok && file_sync_dir(dir, error);
}

ReviewKey *review_key_load(const char *path, GError **error)
{
    ReviewKey keys[KEYS_MOST];
    guint count = 0;
    bool missing = access(path, F_OK) != 0 && errno == ENOENT;
    bool ok = (!missing || file_make(path, error)) && keys_read(path, keys, &count, error);
    ReviewKey *key = ok ? g_memdup2(&keys[0], sizeof keys[0]) : NULL;
    sodium_memzero(keys, sizeof keys);
    return key;
}

// ---- tokens ----------------------------------------------------------------------------------------------

// The key of the file is for other things too one day: what is signed says what it is.
static void sign(const ReviewKey *key, const unsigned char *body, gsize len, unsigned char mac[MAC_BYTES])
{
    static const char PURPOSE[] = "chaperone sender link\n";
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, key->bytes, sizeof key->bytes);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)PURPOSE, sizeof PURPOSE - 1);
    crypto_auth_hmacsha256_update(&state, body, len);
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_memzero(&state, sizeof state);
}

char *review_token_make(const ReviewKey *key, const char *item, const char *sender, int64_t expires_us)
{
    gsize size = strlen(sender), len = HEAD_BYTES + size;
    if (!ulid_parse(item, NULL) || size == 0 || size > SENDER_MOST || expires_us < 0 ||
        !g_utf8_validate(sender, -1, NULL))
        return NULL;
    unsigned char body[BODY_MOST], mac[MAC_BYTES];
    char first[sodium_base64_ENCODED_LEN(BODY_MOST, BASE64)],
        second[sodium_base64_ENCODED_LEN(MAC_BYTES, BASE64)];
    guint64 until = GUINT64_TO_BE((guint64)expires_us);
    body[0] = VERSION;
    memcpy(body + 1, &until, 8);
    memcpy(body + 9, item, ULID_LEN);
    memcpy(body + HEAD_BYTES, sender, size);
    sign(key, body, len, mac);
    sodium_bin2base64(first, sizeof first, body, len, BASE64);
    sodium_bin2base64(second, sizeof second, mac, sizeof mac, BASE64);
    return g_strconcat(first, ".", second, NULL);
}

void review_token_clear(ReviewToken *token)
{
    g_free(token->sender);
    *token = (ReviewToken){0};
}

// False where `text` has not the shape of a token.
static bool take_apart(const char *text, unsigned char body[BODY_MOST], gsize *out_len,
                       unsigned char mac[MAC_BYTES])
{
    gsize size = strnlen(text, TEXT_MOST + 1), got = 0;
    const char *dot = size <= TEXT_MOST ? memchr(text, '.', size) : NULL;
    return dot != NULL &&
           sodium_base642bin(body, BODY_MOST, text, (gsize)(dot - text), NULL, out_len, NULL, BASE64) == 0 &&
           sodium_base642bin(mac, MAC_BYTES, dot + 1, size - (gsize)(dot - text) - 1, NULL, &got, NULL,
                             BASE64) == 0 &&
           got == MAC_BYTES && *out_len > HEAD_BYTES;
}

// All keys are tried, whichever fits: how long it takes tells nothing.
static bool is_signed(const ReviewKey *keys, guint count, const unsigned char *body, gsize len,
                      const unsigned char mac[MAC_BYTES])
{
    bool found = false;
    for (guint i = 0; i < count; i++) {
        unsigned char right[MAC_BYTES];
        sign(&keys[i], body, len, right);
        found |= sodium_memcmp(right, mac, MAC_BYTES) == 0;
    }
    return found;
}

Tri review_token_check(const char *key_file, const char *text, int64_t now_us, ReviewToken *out,
                       const char **out_why, GError **error)
{
    unsigned char body[BODY_MOST], mac[MAC_BYTES];
    ReviewKey keys[KEYS_MOST];
    guint count = 0;
    gsize len = 0;
    guint64 until;
    *out = (ReviewToken){0};
    *out_why = NULL;
    if (!keys_read(key_file, keys, &count, error))
        return TRI_UNKNOWN;
    bool genuine =
        take_apart(text, body, &len, mac) && is_signed(keys, count, body, len, mac) && body[0] == VERSION;
    sodium_memzero(keys, sizeof keys);
    if (!genuine) {
        *out_why = "this link was not made by the mail filter, or not all of it is here";
        return TRI_NO;
    }
    memcpy(&until, body + 1, 8);
    if ((int64_t)GUINT64_FROM_BE(until) <= now_us) {
        *out_why = "this link has run out";
        return TRI_NO;
    }
    out->expires_us = (int64_t)GUINT64_FROM_BE(until);
    memcpy(out->item, body + 9, ULID_LEN);
    out->sender = g_strndup((const char *)body + HEAD_BYTES, len - HEAD_BYTES);
    return TRI_YES;
}
