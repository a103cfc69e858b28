// Codes of authenticators: RFC 6238 with SHA-1, 6 digits and 30 seconds, as every app has it; RFC 4648 base 32.
#include "accounts/internal.h"

#include <sodium.h>
#include <string.h>

enum { STEP_S = 30, SECRET_BYTES = 20, SECRET_MOST = 64, DIGITS = 6 };

static const char BASE32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

char *accounts_totp_new(void)
{
    guint8 bytes[SECRET_BYTES];
    randombytes_buf(bytes, sizeof bytes);
    GString *text = g_string_new(NULL);
    guint32 bits = 0;
    for (guint i = 0, have = 0; i < sizeof bytes; i++) {
        bits = bits << 8 | bytes[i];
        for (have += 8; have >= 5; have -= 5)
            g_string_append_c(text, BASE32[bits >> (have - 5) & 31]);
    }
    return g_string_free(text, FALSE);
}

// Number of bytes; 0 where `text` is no base 32.
static gsize decode(const char *text, guint8 out[SECRET_MOST])
{
    gsize len = 0;
    guint32 bits = 0;
    guint have = 0;
    for (; *text != '\0' && *text != '='; text++) {
        const char *at = strchr(BASE32, g_ascii_toupper(*text));
        if (at == NULL || len >= SECRET_MOST)
            return 0;
        bits = bits << 5 | (guint32)(at - BASE32);
        have += 5;
        if (have >= 8)
            out[len++] = (guint8)(bits >> (have -= 8));
    }
    return len;
}

int accounts_totp_code(const char *secret, int64_t time_s)
{
    guint8 key[SECRET_MOST], mac[20];
    gsize len = decode(secret, key), size = sizeof mac;
    guint64 counter = GUINT64_TO_BE((guint64)(time_s / STEP_S));
    if (len == 0)
        return -1;
    GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA1, key, len);
    g_hmac_update(hmac, (const guchar *)&counter, sizeof counter);
    g_hmac_get_digest(hmac, mac, &size);
    g_hmac_unref(hmac);
    guint at = mac[19] & 15;
    guint32 value =
        (guint32)(mac[at] & 127) << 24 | (guint32)mac[at + 1] << 16 | (guint32)mac[at + 2] << 8 | mac[at + 3];
    return (int)(value % 1000000);
}

bool accounts_totp_check(const char *secret, const char *text, int64_t now_us, int64_t *out_step)
{
    g_autofree char *code = g_strdup(text);
    gsize len = 0;
    for (const char *p = text; *p != '\0'; p++)
        if (*p != ' ')
            code[len++] = *p;
    code[len] = '\0';
    if (len != DIGITS || strspn(code, "0123456789") != DIGITS)
        return false;
    bool fits = false;
    int64_t step = now_us / G_USEC_PER_SEC / STEP_S;
    for (int64_t one = step - 1; one <= step + 1; one++) {
        char right[16];
        int value = accounts_totp_code(secret, one * STEP_S);
        g_snprintf(right, sizeof right, "%06d", value);
        if (value >= 0 && sodium_memcmp(right, code, DIGITS) == 0) {
            fits = true;
            *out_step = one;
        }
    }
    return fits;
}

char *accounts_totp_uri(const char *issuer, const char *name, const char *secret)
{
    g_autofree char *who = g_uri_escape_string(name, NULL, FALSE);
    g_autofree char *where = g_uri_escape_string(issuer, NULL, FALSE);
    return g_strdup_printf("otpauth://totp/%s:%s?secret=%s&issuer=%s&algorithm=SHA1&digits=6&period=30",
                           where, who, secret, where);
}
