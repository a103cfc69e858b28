// Notes, checkpoints, proofs, verifier keys and key files from strangers: what parses must come out as it went in.
#include "tlog/tlog.h"

#include <string.h>

static void try_note(const char *text, gsize len)
{
    g_autoptr(TlogNote) note = tlog_note_parse(text, len, NULL);
    if (note == NULL)
        return;
    GString *again = g_string_new(note->text);
    g_string_append_c(again, '\n');
    for (guint i = 0; i < note->lines->len; i++)
        g_string_append(again, note->lines->pdata[i]);
    g_assert(again->len == len && memcmp(again->str, text, len) == 0);
    g_string_free(again, TRUE);
    g_autoptr(TlogKey) key =
        tlog_key_from_verifier("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", NULL);
    g_assert(key != NULL);
    tlog_note_signed(note, key, NULL, NULL);
    g_auto(TlogCheckpoint) checkpoint = {0};
    if (tlog_checkpoint_parse(note->text, &checkpoint, NULL)) {
        g_autofree char *back = tlog_checkpoint_text(&checkpoint);
        g_assert(strncmp(back, note->text, strlen(back)) == 0);
    }
}

static void try_proof(const char *text, gsize len)
{
    g_autoptr(TlogProof) proof = tlog_proof_parse(text, len, NULL);
    if (proof == NULL)
        return;
    TlogHash hash = {{0}};
    tlog_check_inclusion(proof->index, proof->index + 1 + len, &hash, proof->proof, &hash);
    tlog_check_consistency(proof->index, &hash, proof->index + len, &hash, proof->proof);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    g_autofree char *exact = len > 0 ? g_memdup2(data, len) : g_malloc(1),
                    *text = g_strndup((const char *)data, len);
    try_note(exact, len);
    try_proof(exact, len);
    g_autoptr(TlogKey) verifier = tlog_key_from_verifier(text, NULL);
    g_autoptr(TlogKey) secret = tlog_key_from_pem(text, "example.org/log", TLOG_SIGNS_NOTES, NULL);
    return 0;
}
