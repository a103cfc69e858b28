// token: what lets a sender act on a held message from a link: who may, on which message, until when, under HMAC-SHA-256.
// The key file (review.key_file) holds a key a line, 64 hexadecimal digits, newest first, `#` comments: tokens are made with
// the first and checked against all, so that an old key may stand below a new one until its links have run out.
#pragma once

#include "base/config.h"

typedef struct ReviewKey ReviewKey; // the newest key; immutable
// Makes the file (mode 0600, of the owner of its directory) where it is missing: programs that do so at once end with one key.
ReviewKey *review_key_load(const char *path, GError **error);
void review_key_free(ReviewKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReviewKey, review_key_free)

// Letters, digits, "-", "_" and "."; NULL where `item` is no ULID or `sender` no address that fits. Caller frees.
char *review_token_make(const ReviewKey *key, const char *item, const char *sender, int64_t expires_us);

typedef struct {
    char item[ULID_LEN + 1];
    char *sender;
    int64_t expires_us;
} ReviewToken;
void review_token_clear(ReviewToken *token);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ReviewToken, review_token_clear)
// Was `text`, which anybody may have sent, made with a key of the file, and does it hold at `now_us`? TRI_YES with `*out`;
// TRI_NO with `*out_why` (static, for its holder), `*out` empty; TRI_UNKNOWN with `error` where the keys cannot be read.
Tri review_token_check(const char *key_file, const char *text, int64_t now_us, ReviewToken *out,
                       const char **out_why, GError **error);
