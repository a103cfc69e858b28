// Notes, keys, checkpoints and proofs as text: the example that signed-note's reference implementation documents, and what is none.
#include "tlog/tlog.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>

#define VERIFIER "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define SEED     "MC4CAQAwBQYDK2VwBCIEIIEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
#define TEXT                                                                                                 \
    "If you think cryptography is the answer to your problem,\n"                                             \
    "then you don't know what your problem is.\n"
#define LINE                                                                                                 \
    "\xe2\x80\x94 PeterNeumann "                                                                             \
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"

static TlogKey *peter(void)
{
    g_autoptr(GError) error = NULL;
    TlogKey *key = tlog_key_from_pem("-----BEGIN PRIVATE KEY-----\n" SEED "\n-----END PRIVATE KEY-----\n",
                                     "PeterNeumann", TLOG_SIGNS_NOTES, &error);
    cr_assert_not_null(key, "%s", error ? error->message : "");
    return key;
}

Test(note, the_documented_example)
{
    g_autoptr(TlogKey) key = peter();
    g_autoptr(TlogKey) public = tlog_key_from_verifier(VERIFIER, NULL);
    g_autofree char *verifier = tlog_key_verifier(key), *line = tlog_note_sign(key, TEXT, 0, NULL);
    cr_expect_str_eq(verifier, VERIFIER);
    cr_expect_str_eq(line, LINE);
    g_autoptr(TlogNote) note = tlog_note_parse(TEXT "\n" LINE, strlen(TEXT "\n" LINE), NULL);
    cr_assert_not_null(note);
    cr_expect_str_eq(note->text, TEXT);
    cr_expect_eq(tlog_note_signed(note, public, NULL, NULL), TRI_YES);
    g_autoptr(GError) error = NULL;
    cr_expect_null(tlog_note_sign(public, TEXT, 0, &error));
    cr_expect_not_null(error);
}

// The same key file for openssl(1) and for us.
Test(note, a_key_file_is_openssls)
{
    g_autoptr(TlogKey) key = peter();
    g_autofree char *pem = tlog_key_pem(key);
    g_autofree char *path = g_build_filename(g_get_tmp_dir(), "tlog-key-XXXXXX", NULL);
    int fd = g_mkstemp(path);
    cr_assert(fd >= 0 && file_write_all(fd, pem, strlen(pem), path, NULL) && file_close(&fd, path, NULL));
    g_autofree char *command = g_strdup_printf("openssl pkey -in %s -pubout -outform DER", path);
    g_autofree char *out = NULL;
    const char *argv[] = {"/bin/sh", "-c", NULL, NULL};
    g_autofree char *encoded = g_strconcat(command, " | base64 -w0", NULL);
    argv[2] = encoded;
    int status = -1;
    cr_assert(
        g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, NULL, &status, NULL));
    g_unlink(path);
    cr_expect_eq(status, 0);
    cr_expect_str_eq(out, "MCowBQYDK2VwAyEAGlzZBxQ8OEx"
                          "B6DDFvOEqqIF+xWSaqr8sMTiLNbLXRNY=");
}

Test(note, what_is_changed_is_not_signed)
{
    g_autoptr(TlogKey) key = peter();
    g_autofree char *whole = g_strdup(TEXT "\n" LINE);
    gsize len = strlen(whole);
    for (gsize i = 0; i < len; i++) {
        char kept = whole[i];
        whole[i] ^= 1;
        g_autoptr(GError) error = NULL;
        g_autoptr(TlogNote) note = tlog_note_parse(whole, len, NULL);
        Tri is = note != NULL ? tlog_note_signed(note, key, NULL, &error) : TRI_NO;
        // The last bits of base 64 that no byte uses are not looked at by any decoder but a strict one: ours is.
        cr_expect_neq(is, TRI_YES, "byte %d", (int)i);
        cr_expect_eq(is == TRI_UNKNOWN, error != NULL);
        whole[i] = kept;
    }
}

Test(note, what_is_none)
{
    static const char *const BAD[] = {
        "",
        "\n",
        TEXT,
        TEXT "\n",
        TEXT LINE,
        TEXT "\nx\n" LINE,
        TEXT "\n" LINE "x",
        "a\tb\n\n" LINE,
        "\xff\n\n" LINE,
    };
    for (guint i = 0; i < G_N_ELEMENTS(BAD); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(TlogNote) note = tlog_note_parse(BAD[i], strlen(BAD[i]), &error);
        cr_expect_null(note, "%u", i);
        cr_expect(g_error_matches(error, BASE_ERROR, BASE_ERROR_DATA), "%u", i);
    }
}

Test(note, verifier_keys_that_are_none)
{
    static const char *const BAD[] = {
        "",
        "PeterNeumann",
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumanm+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+Ahpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    };
    for (guint i = 0; i < G_N_ELEMENTS(BAD); i++) {
        g_autoptr(GError) error = NULL;
        cr_expect_null(tlog_key_from_verifier(BAD[i], &error), "%s", BAD[i]);
        cr_expect_not_null(error);
    }
}

Test(note, cosignatures_say_when)
{
    g_autoptr(TlogKey) witness = tlog_key_new("witness.example.org/one", TLOG_COSIGNS, NULL);
    g_autoptr(TlogKey) log = tlog_key_new("witness.example.org/one", TLOG_SIGNS_NOTES, NULL);
    g_autofree char *verifier = tlog_key_verifier(witness);
    g_autoptr(TlogKey) public = tlog_key_from_verifier(verifier, NULL);
    g_autofree char *line = tlog_note_sign(witness, TEXT, 1679315147, NULL);
    g_autofree char *own = tlog_note_sign(log, TEXT, 0, NULL);
    g_autofree char *whole = g_strconcat(TEXT, "\n", own, line, NULL);
    g_autoptr(TlogNote) note = tlog_note_parse(whole, strlen(whole), NULL);
    int64_t when = 0;
    cr_assert_not_null(note);
    cr_expect_eq(note->lines->len, 2);
    cr_expect_eq(tlog_note_signed(note, public, &when, NULL), TRI_YES);
    cr_expect_eq(when, 1679315147);
    cr_expect_eq(tlog_note_signed(note, log, NULL, NULL), TRI_YES);
}

Test(note, checkpoints)
{
    TlogCheckpoint checkpoint;
    static const char TEXT_OF[] = "example.com/behind-the-sofa\n20852163\n"
                                  "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    cr_assert(tlog_checkpoint_parse(TEXT_OF, &checkpoint, NULL));
    cr_expect_str_eq(checkpoint.origin, "example.com/behind-the-sofa");
    cr_expect_eq(checkpoint.size, 20852163);
    g_autofree char *again = tlog_checkpoint_text(&checkpoint);
    cr_expect_str_eq(again, TEXT_OF);
    tlog_checkpoint_clear(&checkpoint);
    static const char *const BAD[] = {
        "",
        "a\n",
        "a\n1\n",
        "\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "a\n01\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "a\n-1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "a\n99999999999999999999\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2\n",
        "a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="};
    for (guint i = 0; i < G_N_ELEMENTS(BAD); i++)
        cr_expect_not(tlog_checkpoint_parse(BAD[i], &checkpoint, NULL), "%s", BAD[i]);
}

Test(note, proofs_as_text)
{
    g_autoptr(TlogKey) key = peter();
    g_autoptr(GArray) hashes = g_array_new(FALSE, FALSE, sizeof(TlogHash));
    for (guint i = 0; i < 3; i++) {
        TlogHash hash;
        tlog_leaf_hash(&i, 1, &hash);
        g_array_append_val(hashes, hash);
    }
    g_autoptr(GBytes) extra = g_bytes_new_static("{}", 2);
    g_autofree char *text = tlog_proof_text(5, hashes, TEXT "\n" LINE, extra);
    g_autoptr(TlogProof) proof = tlog_proof_parse(text, strlen(text), NULL);
    cr_assert_not_null(proof);
    cr_expect_eq(proof->index, 5);
    cr_expect_eq(proof->proof->len, 3);
    cr_expect(g_bytes_equal(proof->extra, extra));
    cr_expect_eq(tlog_note_signed(proof->note, key, NULL, NULL), TRI_YES);
    // Cut anywhere before the end it is none.
    for (gsize n = 0; n < strlen(text); n++) {
        g_autofree char *cut = g_memdup2(text, n);
        g_autoptr(TlogProof) none = tlog_proof_parse(cut, n, NULL);
        cr_expect_null(none, "%d", (int)n);
    }
}
