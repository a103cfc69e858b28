// Hashes and proofs: the vectors of RFC 6962's reference tree, every pair of sizes of a small tree, and what must not pass.
#include "tlog/tlog.h"

#include <criterion/criterion.h>
#include <string.h>

// The eight entries that implementations of RFC 6962 share as test data, in hex.
static const char *const ENTRIES[] = {
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
static const char *const ROOTS[] = {"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                                    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                                    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                                    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                                    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                                    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                                    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                                    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                                    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

typedef struct {
    GArray *leaves; // of TlogHash
} Leaves;

static void range_hash(const Leaves *leaves, guint64 start, guint64 size, TlogHash *out)
{
    if (size == 1) {
        *out = g_array_index(leaves->leaves, TlogHash, start);
    } else {
        TlogHash left, right;
        range_hash(leaves, start, size / 2, &left);
        range_hash(leaves, start + size / 2, size / 2, &right);
        tlog_node_hash(&left, &right, out);
    }
}

static bool leaves_read(void *data, guint height, guint64 index, TlogHash *out, GError **error)
{
    const Leaves *leaves = data;
    cr_assert_leq((index + 1) << height, leaves->leaves->len);
    range_hash(leaves, index << height, (guint64)1 << height, out);
    return true;
}

static GBytes *unhex(const char *hex)
{
    GByteArray *bytes = g_byte_array_new();
    for (; *hex != '\0'; hex += 2) {
        guint8 byte = (guint8)(g_ascii_xdigit_value(hex[0]) << 4 | g_ascii_xdigit_value(hex[1]));
        g_byte_array_append(bytes, &byte, 1);
    }
    return g_byte_array_free_to_bytes(bytes);
}

Test(merkle, roots_of_the_shared_entries)
{
    Leaves leaves = {g_array_new(FALSE, FALSE, sizeof(TlogHash))};
    for (guint i = 0; i <= G_N_ELEMENTS(ENTRIES); i++) {
        TlogHash root, leaf;
        cr_assert(tlog_root(leaves_read, &leaves, i, &root, NULL));
        g_autofree char *hex = hex_encode(root.bytes, TLOG_HASH);
        cr_expect_str_eq(hex, ROOTS[i], "of %u", i);
        if (i < G_N_ELEMENTS(ENTRIES)) {
            g_autoptr(GBytes) entry = unhex(ENTRIES[i]);
            tlog_leaf_hash(g_bytes_get_data(entry, NULL), g_bytes_get_size(entry), &leaf);
            g_array_append_val(leaves.leaves, leaf);
        }
    }
    g_array_unref(leaves.leaves);
}

static Leaves leaves_of(guint count)
{
    Leaves leaves = {g_array_new(FALSE, FALSE, sizeof(TlogHash))};
    for (guint i = 0; i < count; i++) {
        TlogHash leaf;
        tlog_leaf_hash(&i, sizeof i, &leaf);
        g_array_append_val(leaves.leaves, leaf);
    }
    return leaves;
}

// Every entry of every size, and each proof with something changed.
Test(merkle, inclusion)
{
    Leaves leaves = leaves_of(70);
    for (guint64 size = 1; size <= 70; size++) {
        TlogHash root;
        cr_assert(tlog_root(leaves_read, &leaves, size, &root, NULL));
        for (guint64 index = 0; index < size; index++) {
            g_autoptr(GArray) proof = tlog_inclusion(leaves_read, &leaves, index, size, NULL);
            const TlogHash *leaf = &g_array_index(leaves.leaves, TlogHash, index);
            cr_assert(tlog_check_inclusion(index, size, leaf, proof, &root), "%d of %d", (int)index,
                      (int)size);
            TlogHash other = *leaf;
            other.bytes[31] ^= 1;
            cr_expect_not(tlog_check_inclusion(index, size, &other, proof, &root));
            cr_expect_not(tlog_check_inclusion(index + 1, size, leaf, proof, &root));
            cr_expect_not(tlog_check_inclusion(size + index, size, leaf, proof, &root));
            g_array_append_val(proof, other);
            cr_expect_not(tlog_check_inclusion(index, size, leaf, proof, &root));
            g_array_set_size(proof, proof->len - 1);
            for (guint i = 0; i < proof->len; i++) {
                g_array_index(proof, TlogHash, i).bytes[0] ^= 1;
                cr_expect_not(tlog_check_inclusion(index, size, leaf, proof, &root));
                g_array_index(proof, TlogHash, i).bytes[0] ^= 1;
            }
            if (proof->len > 0) {
                g_array_set_size(proof, proof->len - 1);
                cr_expect_not(tlog_check_inclusion(index, size, leaf, proof, &root));
            }
        }
        cr_expect_null(tlog_inclusion(leaves_read, &leaves, size, size, NULL));
    }
    g_array_unref(leaves.leaves);
}

Test(merkle, consistency)
{
    Leaves leaves = leaves_of(70);
    for (guint64 size = 0; size <= 70; size++) {
        TlogHash root;
        cr_assert(tlog_root(leaves_read, &leaves, size, &root, NULL));
        for (guint64 from = 0; from <= size; from++) {
            TlogHash old;
            cr_assert(tlog_root(leaves_read, &leaves, from, &old, NULL));
            g_autoptr(GArray) proof = tlog_consistency(leaves_read, &leaves, from, size, NULL);
            cr_assert(tlog_check_consistency(from, &old, size, &root, proof), "%d to %d", (int)from,
                      (int)size);
            cr_expect(from > 0 || proof->len == 0);
            TlogHash other = old;
            other.bytes[3] ^= 4;
            cr_expect(from == 0 || !tlog_check_consistency(from, &other, size, &root, proof));
            other = root;
            other.bytes[3] ^= 4;
            cr_expect(from == 0 || !tlog_check_consistency(from, &old, size, &other, proof));
            g_array_append_val(proof, other);
            cr_expect_not(tlog_check_consistency(from, &old, size, &root, proof));
            g_array_set_size(proof, proof->len - 1);
            for (guint i = 0; i < proof->len; i++) {
                g_array_index(proof, TlogHash, i).bytes[9] ^= 1;
                cr_expect_not(tlog_check_consistency(from, &old, size, &root, proof));
                g_array_index(proof, TlogHash, i).bytes[9] ^= 1;
            }
        }
        cr_expect_null(tlog_consistency(leaves_read, &leaves, size + 1, size, NULL));
    }
    g_array_unref(leaves.leaves);
}

// A finding of the fuzzer among them: bytes of other alphabets.
Test(merkle, base_64_is_strict)
{
    static const char *const BAD[] = {
        "bjQLnP+zepicpUTmu3gKLHiQHT\xd5\x81"
        "zh2hRGjBhevoB0=",
        "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB1=", "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB00",
        "bjQLnP-zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=", "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB=="};
    TlogHash hash;
    cr_expect(tlog_hash_parse("bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=", 44, &hash));
    for (guint i = 0; i < G_N_ELEMENTS(BAD); i++)
        cr_expect_not(tlog_hash_parse(BAD[i], 44, &hash), "%u", i);
}
