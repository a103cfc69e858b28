#include "tlog/tlog.h"

#include <sodium.h>
#include <string.h>

void tlog_leaf_hash(const void *data, gsize len, TlogHash *out)
{
    static const guint8 LEAF = 0;
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, &LEAF, 1);
    crypto_hash_sha256_update(&state, data, len);
    crypto_hash_sha256_final(&state, out->bytes);
}

void tlog_node_hash(const TlogHash *left, const TlogHash *right, TlogHash *out)
{
    static const guint8 NODE = 1;
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, &NODE, 1);
    crypto_hash_sha256_update(&state, left->bytes, TLOG_HASH);
    crypto_hash_sha256_update(&state, right->bytes, TLOG_HASH);
    crypto_hash_sha256_final(&state, out->bytes);
}

bool tlog_hash_equal(const TlogHash *one, const TlogHash *other)
{
    return memcmp(one->bytes, other->bytes, TLOG_HASH) == 0;
}

char *tlog_hash_text(const TlogHash *hash)
{
    return g_base64_encode(hash->bytes, TLOG_HASH);
}

bool tlog_base64(const char *text, gsize len, guint8 *out, gsize most, gsize *out_len)
{
    // libsodium takes some bytes of 128 and more for letters.
    bool plain = true;
    for (gsize i = 0; plain && i < len; i++)
        plain = g_ascii_isalnum(text[i]) || text[i] == '+' || text[i] == '/' || text[i] == '=';
    *out_len = 0;
    return plain &&
           sodium_base642bin(out, most, text, len, NULL, out_len, NULL, sodium_base64_VARIANT_ORIGINAL) == 0;
}

bool tlog_hash_parse(const char *text, gsize len, TlogHash *out)
{
    gsize bytes = 0;
    return len == 44 && tlog_base64(text, len, out->bytes, TLOG_HASH, &bytes) && bytes == TLOG_HASH;
}

// ---- making proofs ---------------------------------------------------------------------------------------

typedef struct {
    TlogRead read;
    void *data;
    GError **error;
} Tree;

// The largest power of two below `size`, which is 2 or more.
static guint64 tree_split(guint64 size)
{
    return (guint64)1 << (63 - __builtin_clzll(size - 1));
}

// MTH(D[start:start+size]), start a multiple of the next power of two; no deeper than 64.
static bool tree_hash(const Tree *tree, guint64 start, guint64 size, TlogHash *out)
{
    bool ok;
    if ((size & (size - 1)) == 0) {
        guint height = (guint)__builtin_ctzll(size);
        ok = tree->read(tree->data, height, start >> height, out, tree->error);
    } else {
        guint64 split = tree_split(size);
        TlogHash left, right;
        ok = tree_hash(tree, start, split, &left) && tree_hash(tree, start + split, size - split, &right);
        if (ok)
            tlog_node_hash(&left, &right, out);
    }
    return ok;
}

bool tlog_root(TlogRead read, void *data, guint64 size, TlogHash *out, GError **error)
{
    Tree tree = {read, data, error};
    bool ok = true;
    if (size == 0)
        crypto_hash_sha256(out->bytes, (const guint8 *)"", 0);
    else
        ok = tree_hash(&tree, 0, size, out);
    return ok;
}

static void proof_reverse(GArray *proof)
{
    for (guint i = 0; i < proof->len / 2; i++) {
        TlogHash *one = &g_array_index(proof, TlogHash, i);
        TlogHash *other = &g_array_index(proof, TlogHash, proof->len - 1 - i), kept = *one;
        *one = *other;
        *other = kept;
    }
}

GArray *tlog_inclusion(TlogRead read, void *data, guint64 index, guint64 size, GError **error)
{
    Tree tree = {read, data, error};
    g_autoptr(GArray) proof = g_array_new(FALSE, FALSE, sizeof(TlogHash));
    bool ok = index < size;
    if (!ok)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "entry %" G_GUINT64_FORMAT " is not in a log of %" G_GUINT64_FORMAT, index, size);
    // From the root down; the format wants it from the leaf up.
    for (guint64 start = 0; ok && size > 1;) {
        guint64 split = tree_split(size);
        TlogHash sibling;
        bool left = index - start < split;
        ok = left ? tree_hash(&tree, start + split, size - split, &sibling)
                  : tree_hash(&tree, start, split, &sibling);
        start += left ? 0 : split;
        size = left ? split : size - split;
        if (ok)
            g_array_append_val(proof, sibling);
    }
    proof_reverse(proof);
    return ok ? g_steal_pointer(&proof) : NULL;
}

GArray *tlog_consistency(TlogRead read, void *data, guint64 from, guint64 size, GError **error)
{
    Tree tree = {read, data, error};
    g_autoptr(GArray) proof = g_array_new(FALSE, FALSE, sizeof(TlogHash));
    bool ok = from <= size, whole = true; // whole: the old tree is all that stands left of here
    guint64 start = 0;
    if (!ok)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "a log of %" G_GUINT64_FORMAT " entries never had %" G_GUINT64_FORMAT, size, from);
    bool wanted = ok && from > 0 && from < size;
    while (wanted && ok && from != size) {
        guint64 split = tree_split(size);
        TlogHash sibling;
        bool left = from <= split;
        ok = left ? tree_hash(&tree, start + split, size - split, &sibling)
                  : tree_hash(&tree, start, split, &sibling);
        if (ok)
            g_array_append_val(proof, sibling);
        start += left ? 0 : split;
        from -= left ? 0 : split;
        size = left ? split : size - split;
        whole = whole && left;
    }
    TlogHash old;
    if (wanted && ok && !whole && (ok = tree_hash(&tree, start, size, &old)))
        g_array_append_val(proof, old);
    proof_reverse(proof);
    return ok ? g_steal_pointer(&proof) : NULL;
}

// ---- checking them ---------------------------------------------------------------------------------------

bool tlog_check_inclusion(guint64 index, guint64 size, const TlogHash *leaf, const GArray *proof,
                          const TlogHash *root)
{
    bool ok = index < size;
    guint64 fn = index, sn = ok ? size - 1 : 0;
    TlogHash hash = *leaf;
    for (guint i = 0; ok && i < proof->len; i++) {
        const TlogHash *next = &g_array_index(proof, TlogHash, i);
        ok = sn != 0;
        if ((fn & 1) || fn == sn) {
            tlog_node_hash(next, &hash, &hash);
            while (!(fn & 1) && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            tlog_node_hash(&hash, next, &hash);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return ok && sn == 0 && tlog_hash_equal(&hash, root);
}

// RFC 9162 section 2.1.4.2, from its step 3 on: 0 < from < size, `proof` is not empty.
static bool consistency_shown(guint64 from, const TlogHash *from_root, guint64 size, const TlogHash *root,
                              const GArray *proof)
{
    guint64 fn = from - 1, sn = size - 1;
    guint at = 0;
    while (fn & 1) {
        fn >>= 1;
        sn >>= 1;
    }
    // A power of two: its root is where the proof begins, and is not told again.
    TlogHash fr = (from & (from - 1)) == 0 ? *from_root : g_array_index(proof, TlogHash, at++), sr = fr;
    bool ok = true;
    for (; ok && at < proof->len; at++) {
        const TlogHash *next = &g_array_index(proof, TlogHash, at);
        ok = sn != 0;
        if ((fn & 1) || fn == sn) {
            tlog_node_hash(next, &fr, &fr);
            tlog_node_hash(next, &sr, &sr);
            while (!(fn & 1) && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            tlog_node_hash(&sr, next, &sr);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return ok && sn == 0 && tlog_hash_equal(&fr, from_root) && tlog_hash_equal(&sr, root);
}

bool tlog_check_consistency(guint64 from, const TlogHash *from_root, guint64 size, const TlogHash *root,
                            const GArray *proof)
{
    bool shown;
    if (from > size)
        shown = false;
    else if (from == size)
        shown = proof->len == 0 && tlog_hash_equal(from_root, root);
    else if (from == 0)
        shown = proof->len == 0;
    else
        shown = proof->len > 0 && consistency_shown(from, from_root, size, root, proof);
    return shown;
}
