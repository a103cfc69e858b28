// NONCE || ciphertext || TAG, as it comes, and what was packed and encrypted in it.
#include "archive/internal.h"

#include <string.h>

enum { OUT = 128 * 1024, WINDOW_LOG_MAX = 23 };

struct Unseal {
    guint64 left; // of the ciphertext
    guint number; // of the member, for its nonce
    char *name;
    UnsealTake take;
    void *user;
    guint8 nonce[KEYS_NONCE], tag[KEYS_TAG];
    gsize have_nonce, have_tag;
    KeysCipher *cipher;
    ZSTD_DCtx *context;
    guint8 *clear, *out; // OUT each
    bool ended;          // the packed stream
};

Unseal *unseal_new(guint64 size, guint number, const char *name, UnsealTake take, void *user)
{
    Unseal *unseal = g_new0(Unseal, 1);
    unseal->left = size >= KEYS_OVERHEAD ? size - KEYS_OVERHEAD : 0;
    unseal->number = number;
    unseal->name = g_strdup(name);
    unseal->take = take;
    unseal->user = user;
    return unseal;
}

void unseal_free(Unseal *unseal)
{
    if (unseal == NULL)
        return;
    keys_cipher_free(unseal->cipher);
    ZSTD_freeDCtx(unseal->context);
    g_free(unseal->clear);
    g_free(unseal->out);
    g_free(unseal->name);
    g_free(unseal);
}

bool unseal_nonce(Unseal *unseal, const guint8 **data, gsize *len, guint8 out[KEYS_NONCE])
{
    gsize part = MIN(*len, KEYS_NONCE - unseal->have_nonce);
    memcpy(unseal->nonce + unseal->have_nonce, *data, part);
    unseal->have_nonce += part;
    *data += part;
    *len -= part;
    memcpy(out, unseal->nonce, KEYS_NONCE);
    return unseal->have_nonce == KEYS_NONCE;
}

bool unseal_key(Unseal *unseal, const RecordKey *key, const guint8 nonce[KEYS_NONCE], const char **what)
{
    guint8 want[KEYS_NONCE];
    keys_nonce(key, unseal->number, want);
    if (memcmp(want, nonce, sizeof want) != 0) {
        *what = "a sealed member whose nonce does not follow on the record's";
        return false;
    }
    unseal->cipher = keys_cipher_new(key, nonce, unseal->name, false, NULL);
    unseal->context = ZSTD_createDCtx();
    unseal->clear = g_malloc(OUT);
    unseal->out = g_malloc(OUT);
    bool ok = unseal->cipher != NULL && unseal->context != NULL &&
              !ZSTD_isError(ZSTD_DCtx_setParameter(unseal->context, ZSTD_d_windowLogMax, WINDOW_LOG_MAX));
    *what = ok ? *what : "no memory to open a sealed record";
    return ok;
}

static bool unpack(Unseal *unseal, gsize len, const char **what)
{
    ZSTD_inBuffer in = {unseal->clear, len, 0};
    bool more = len > 0;
    while (more) {
        ZSTD_outBuffer out = {unseal->out, OUT, 0};
        if (unseal->ended) {
            *what = "a sealed member goes on after what was packed in it";
            return false;
        }
        size_t hint = ZSTD_decompressStream(unseal->context, &out, &in);
        if (ZSTD_isError(hint)) {
            *what = "a sealed member does not open: it was changed, or its key is another's";
            return false;
        }
        unseal->ended = hint == 0;
        if (!unseal->take(unseal->user, unseal->out, out.pos))
            return false;
        more = in.pos < in.size || (out.pos == out.size && hint != 0);
    }
    return true;
}

bool unseal_run(Unseal *unseal, const guint8 *data, gsize len, const char **what)
{
    while (len > 0 && unseal->left > 0) {
        gsize part = (gsize)MIN((guint64)MIN(len, OUT), unseal->left);
        if (!keys_cipher_run(unseal->cipher, data, part, unseal->clear, NULL)) {
            *what = "a sealed member cannot be decrypted";
            return false;
        }
        if (!unpack(unseal, part, what))
            return false;
        unseal->left -= part;
        data += part;
        len -= part;
    }
    gsize part = MIN(len, KEYS_TAG - unseal->have_tag);
    memcpy(unseal->tag + unseal->have_tag, data, part);
    unseal->have_tag += part;
    return true;
}

bool unseal_end(Unseal *unseal, const char **what)
{
    bool ok = unseal->ended && unseal->left == 0 && unseal->have_tag == KEYS_TAG &&
              keys_cipher_fits(unseal->cipher, unseal->tag);
    *what = ok ? *what : "a sealed member's tag is not right: it was changed";
    return ok;
}
