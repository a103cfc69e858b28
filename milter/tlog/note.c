#include "tlog/tlog.h"

#include <sodium.h>
#include <string.h>

#define NOTE_BYTES_MAX (64 * 1024)
#define NOTE_LINES_MAX 64
#define KEY_ID         4
#define DASH           "\xe2\x80\x94 " // U+2014 and a blank
// DER of PrivateKeyInfo up to the seed (RFC 8410, section 7).
static const guint8 PKCS8[] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
                               0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};
#define PEM_BEGIN "-----BEGIN PRIVATE KEY-----"
#define PEM_END   "-----END PRIVATE KEY-----"

struct TlogKey {
    char *name;
    TlogKeyType type;
    guint8 id[KEY_ID];
    guint8 public[crypto_sign_PUBLICKEYBYTES];
    bool has_secret;
    guint8 secret[crypto_sign_SECRETKEYBYTES];
};

// ---- keys ------------------------------------------------------------------------------------------------

void tlog_key_free(TlogKey *key)
{
    if (key != NULL) {
        sodium_memzero(key->secret, sizeof key->secret);
        g_free(key->name);
        g_free(key);
    }
}

static bool key_name_fits(const char *name)
{
    bool fits = *name != '\0' && strlen(name) <= 255 && g_utf8_validate(name, -1, NULL);
    for (const char *at = name; fits && *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        fits = c != '+' && !g_unichar_isspace(c) && !g_unichar_iscntrl(c);
    }
    return fits;
}

static TlogKey *key_of(const char *name, TlogKeyType type, const guint8 *public, GError **error)
{
    if (!key_name_fits(name)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "\"%s\" cannot name a log: no blanks, no \"+\", at most 255 bytes", name);
        return NULL;
    }
    TlogKey *key = g_new0(TlogKey, 1);
    key->name = g_strdup(name);
    key->type = type;
    memcpy(key->public, public, sizeof key->public);
    guint8 hash[crypto_hash_sha256_BYTES], head[2] = {'\n', (guint8)type};
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, (const guint8 *)name, strlen(name));
    crypto_hash_sha256_update(&state, head, sizeof head);
    crypto_hash_sha256_update(&state, key->public, sizeof key->public);
    crypto_hash_sha256_final(&state, hash);
    memcpy(key->id, hash, KEY_ID);
    return key;
}

static TlogKey *key_of_seed(const guint8 *seed, const char *name, TlogKeyType type, GError **error)
{
    guint8 public[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES];
    crypto_sign_seed_keypair(public, secret, seed);
    TlogKey *key = key_of(name, type, public, error);
    if (key != NULL) {
        key->has_secret = true;
        memcpy(key->secret, secret, sizeof key->secret);
    }
    sodium_memzero(secret, sizeof secret);
    return key;
}

TlogKey *tlog_key_new(const char *name, TlogKeyType type, GError **error)
{
    guint8 seed[crypto_sign_SEEDBYTES];
    randombytes_buf(seed, sizeof seed);
    TlogKey *key = key_of_seed(seed, name, type, error);
    sodium_memzero(seed, sizeof seed);
    return key;
}

char *tlog_key_pem(const TlogKey *key)
{
    char *pem = NULL;
    if (key->has_secret) {
        guint8 der[sizeof PKCS8 + crypto_sign_SEEDBYTES];
        memcpy(der, PKCS8, sizeof PKCS8);
        memcpy(der + sizeof PKCS8, key->secret, crypto_sign_SEEDBYTES);
        g_autofree char *base64 = g_base64_encode(der, sizeof der);
        pem = g_strdup_printf(PEM_BEGIN "\n%s\n" PEM_END "\n", base64);
        sodium_memzero(der, sizeof der);
        sodium_memzero(base64, strlen(base64));
    }
    return pem;
}

TlogKey *tlog_key_from_pem(const char *pem, const char *name, TlogKeyType type, GError **error)
{
    guint8 der[sizeof PKCS8 + crypto_sign_SEEDBYTES];
    gsize len = 0;
    const char *begin = strstr(pem, PEM_BEGIN), *end = begin != NULL ? strstr(begin, PEM_END) : NULL;
    TlogKey *key = NULL;
    bool fits = end != NULL;
    if (fits) {
        begin += strlen(PEM_BEGIN);
        fits = sodium_base642bin(der, sizeof der, begin, (gsize)(end - begin), "\r\n ", &len, NULL,
                                 sodium_base64_VARIANT_ORIGINAL) == 0 &&
               len == sizeof der && memcmp(der, PKCS8, sizeof PKCS8) == 0;
    }
    if (fits)
        key = key_of_seed(der + sizeof PKCS8, name, type, error);
    else
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "no Ed25519 key in PEM of PKCS #8, as \"openssl genpkey -algorithm ed25519\" writes it");
    sodium_memzero(der, sizeof der);
    return key;
}

char *tlog_key_verifier(const TlogKey *key)
{
    guint8 typed[1 + crypto_sign_PUBLICKEYBYTES] = {(guint8)key->type};
    memcpy(typed + 1, key->public, sizeof key->public);
    g_autofree char *base64 = g_base64_encode(typed, sizeof typed);
    g_autofree char *id = hex_encode(key->id, KEY_ID);
    return g_strdup_printf("%s+%s+%s", key->name, id, base64);
}

TlogKey *tlog_key_from_verifier(const char *text, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, "+", 3);
    guint8 typed[1 + crypto_sign_PUBLICKEYBYTES];
    gsize len = 0;
    TlogKey *key = NULL;
    bool fits = g_strv_length(parts) == 3 &&
                tlog_base64(parts[2], strlen(parts[2]), typed, sizeof typed, &len) && len == sizeof typed &&
                (typed[0] == TLOG_SIGNS_NOTES || typed[0] == TLOG_COSIGNS);
    if (fits)
        key = key_of(parts[0], (TlogKeyType)typed[0], typed + 1, error);
    else
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "\"%s\" is no verifier key: NAME+KEYID+BASE64 of an Ed25519 key is wanted", text);
    if (key != NULL) {
        g_autofree char *id = hex_encode(key->id, KEY_ID);
        if (g_ascii_strcasecmp(id, parts[1]) != 0) {
            g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "\"%s\": its id should be %s: it was changed",
                        text, id);
            g_clear_pointer(&key, tlog_key_free);
        }
    }
    return key;
}

const char *tlog_key_name(const TlogKey *key)
{
    return key->name;
}

TlogKeyType tlog_key_type(const TlogKey *key)
{
    return key->type;
}

// ---- signatures ------------------------------------------------------------------------------------------

// What is signed: the text itself, or with the time of a cosignature before it. Caller frees.
static char *note_message(TlogKeyType type, const char *text, guint64 time_s)
{
    return type == TLOG_COSIGNS
               ? g_strdup_printf("cosignature/v1\ntime %" G_GUINT64_FORMAT "\n%s", time_s, text)
               : g_strdup(text);
}

static void note_put_time(guint8 out[8], guint64 time_s)
{
    guint64 big = GUINT64_TO_BE(time_s);
    memcpy(out, &big, 8);
}

char *tlog_note_sign(const TlogKey *key, const char *text, int64_t time_s, GError **error)
{
    guint8 bytes[KEY_ID + 8 + crypto_sign_BYTES];
    gsize at = KEY_ID;
    char *line = NULL;
    memcpy(bytes, key->id, KEY_ID);
    if (key->type == TLOG_COSIGNS) {
        note_put_time(bytes + at, (guint64)time_s);
        at += 8;
    }
    g_autofree char *message = note_message(key->type, text, (guint64)time_s);
    if (key->has_secret &&
        crypto_sign_detached(bytes + at, NULL, (const guint8 *)message, strlen(message), key->secret) == 0) {
        g_autofree char *base64 = g_base64_encode(bytes, at + crypto_sign_BYTES);
        line = g_strdup_printf(DASH "%s %s\n", key->name, base64);
    } else {
        g_set_error(error, BASE_ERROR, BASE_ERROR_UNAVAILABLE, "%s: there is no secret key to sign with",
                    key->name);
    }
    return line;
}

void tlog_note_free(TlogNote *note)
{
    if (note != NULL) {
        g_free(note->text);
        g_ptr_array_unref(note->lines);
        g_free(note);
    }
}

static TlogNote *note_refuse(TlogNote *note, GError **error, const char *what)
{
    g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "not a signed note: %s", what);
    tlog_note_free(note);
    return NULL;
}

TlogNote *tlog_note_parse(const char *bytes, gsize len, GError **error)
{
    TlogNote *note = g_new0(TlogNote, 1);
    note->lines = g_ptr_array_new_with_free_func(g_free);
    if (len > NOTE_BYTES_MAX || !g_utf8_validate(bytes, (gssize)len, NULL))
        return note_refuse(note, error, "not UTF-8, or longer than 64 KiB");
    for (gsize i = 0; i < len; i++)
        if ((guchar)bytes[i] < 0x20 && bytes[i] != '\n')
            return note_refuse(note, error, "a control character in it");
    g_autofree char *all = g_strndup(bytes, len);
    char *gap = g_strrstr(all, "\n\n");
    if (gap == NULL || gap[2] == '\0' || all[len - 1] != '\n')
        return note_refuse(note, error, "no blank line with signatures behind it");
    note->text = g_strndup(all, (gsize)(gap - all) + 1);
    for (const char *line = gap + 2; *line != '\0';) {
        const char *end = strchr(line, '\n') + 1;
        if (!g_str_has_prefix(line, DASH) || note->lines->len == NOTE_LINES_MAX)
            return note_refuse(note, error, "a line among the signatures is none, or there are too many");
        g_ptr_array_add(note->lines, g_strndup(line, (gsize)(end - line)));
        line = end;
    }
    return note;
}

// The bytes of a signature line by `key`'s name and id: their number, 0 = another's line or none.
static gsize note_line_of(const char *line, const TlogKey *key, guint8 *out, gsize most)
{
    const char *name = line + strlen(DASH), *blank = strchr(name, ' ');
    gsize len = 0;
    bool ours = blank != NULL && (gsize)(blank - name) == strlen(key->name) &&
                memcmp(name, key->name, strlen(key->name)) == 0 &&
                tlog_base64(blank + 1, strlen(blank + 1) - 1, out, most, &len) && len > KEY_ID &&
                memcmp(out, key->id, KEY_ID) == 0;
    return ours ? len : 0;
}

Tri tlog_note_signed(const TlogNote *note, const TlogKey *key, int64_t *out_time_s, GError **error)
{
    guint8 bytes[KEY_ID + 8 + crypto_sign_BYTES];
    gsize head = KEY_ID + (key->type == TLOG_COSIGNS ? 8 : 0);
    Tri is = TRI_NO;
    for (guint i = 0; is == TRI_NO && i < note->lines->len; i++) {
        gsize len = note_line_of(g_ptr_array_index(note->lines, i), key, bytes, sizeof bytes);
        if (len == 0)
            continue;
        guint64 time_s = 0;
        if (key->type == TLOG_COSIGNS && len == sizeof bytes) {
            memcpy(&time_s, bytes + KEY_ID, 8);
            time_s = GUINT64_FROM_BE(time_s);
        }
        g_autofree char *message = note_message(key->type, note->text, time_s);
        is = len == head + crypto_sign_BYTES && time_s <= G_MAXINT64 &&
                     crypto_sign_verify_detached(bytes + head, (const guint8 *)message, strlen(message),
                                                 key->public) == 0
                 ? TRI_YES
                 : TRI_UNKNOWN;
        if (out_time_s != NULL)
            *out_time_s = (int64_t)time_s;
    }
    if (is == TRI_UNKNOWN)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "the signature of %s does not fit the text",
                    key->name);
    return is;
}
