// Random secrets, what is kept of them, and passwords.
#include "accounts/internal.h"

#include <sodium.h>
#include <string.h>

enum { SECRET_BYTES = 32 };

char *secret_new(void)
{
    guint8 bytes[SECRET_BYTES];
    char text[sodium_base64_ENCODED_LEN(SECRET_BYTES, sodium_base64_VARIANT_URLSAFE_NO_PADDING)];
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2base64(text, sizeof text, bytes, sizeof bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return g_strdup(text);
}

char *secret_hash(const char *text)
{
    return sha256_hex(text, strlen(text));
}

char *password_hash(const char *password, GError **error)
{
    char text[crypto_pwhash_STRBYTES];
    bool ok = crypto_pwhash_str(text, password, strlen(password), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                                crypto_pwhash_MEMLIMIT_INTERACTIVE) == 0;
    if (!ok)
        g_set_error(error, BASE_ERROR, BASE_ERROR_OS, "no memory for the password's hash (64 MiB)");
    return ok ? g_strdup(text) : NULL;
}

bool password_fits(const char *hash, const char *password)
{
    // Of random bytes, at the price of a real one.
    static const char NOBODY[] = "$argon2id$v=19$m=65536,t=2,p=1$wCzbqrFPlfrs4gkVxxX8QA$"
                                 "5zxOZgm0k6fRYcIXSHWJhPZWExHktj6QpfO2SZBMnnk";
    bool fits = crypto_pwhash_str_verify(hash != NULL ? hash : NOBODY, password, strlen(password)) == 0;
    return fits && hash != NULL;
}
