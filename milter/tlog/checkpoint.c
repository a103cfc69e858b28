#include "tlog/tlog.h"

#include <string.h>

#define PROOF_MAGIC "c2sp.org/tlog-proof@v1"
#define PROOF_BYTES (256 * 1024)

void tlog_checkpoint_clear(TlogCheckpoint *checkpoint)
{
    g_clear_pointer(&checkpoint->origin, g_free);
}

char *tlog_checkpoint_text(const TlogCheckpoint *checkpoint)
{
    g_autofree char *root = tlog_hash_text(&checkpoint->root);
    return g_strdup_printf("%s\n%" G_GUINT64_FORMAT "\n%s\n", checkpoint->origin, checkpoint->size, root);
}

// A decimal number without leading zeroes that fills [text, text + len).
static bool checkpoint_number(const char *text, gsize len, guint64 *out)
{
    bool ok = len > 0 && len <= 19 && (text[0] != '0' || len == 1);
    guint64 value = 0;
    for (gsize i = 0; ok && i < len; i++) {
        ok = g_ascii_isdigit(text[i]);
        value = value * 10 + (guint64)(text[i] - '0');
    }
    *out = value;
    return ok;
}

// The next line of `*at`, which it moves behind it: its length, without its end; -1 = there is none.
static gssize checkpoint_line(const char **at, const char *end, const char **out_line)
{
    const char *line = *at, *stop = line < end ? memchr(line, '\n', (gsize)(end - line)) : NULL;
    *out_line = line;
    if (stop != NULL)
        *at = stop + 1;
    return stop != NULL ? stop - line : -1;
}

bool tlog_checkpoint_parse(const char *text, TlogCheckpoint *out, GError **error)
{
    const char *at = text, *end = text + strlen(text), *origin, *size, *root;
    gssize origin_len = checkpoint_line(&at, end, &origin);
    gssize size_len = checkpoint_line(&at, end, &size);
    gssize root_len = checkpoint_line(&at, end, &root);
    *out = (TlogCheckpoint){0};
    bool ok = origin_len > 0 && size_len > 0 && root_len > 0 &&
              checkpoint_number(size, (gsize)size_len, &out->size) &&
              tlog_hash_parse(root, (gsize)root_len, &out->root);
    if (ok)
        out->origin = g_strndup(origin, (gsize)origin_len);
    else
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "not a checkpoint: a line of its origin, one of its size and one of its root are wanted");
    return ok;
}

char *tlog_proof_text(guint64 index, const GArray *proof, const char *checkpoint, GBytes *extra)
{
    GString *text = g_string_new(PROOF_MAGIC "\n");
    if (extra != NULL) {
        gsize len = 0;
        const guint8 *bytes = g_bytes_get_data(extra, &len);
        g_autofree char *base64 = g_base64_encode(bytes, len);
        g_string_append_printf(text, "extra %s\n", base64);
    }
    g_string_append_printf(text, "index %" G_GUINT64_FORMAT "\n", index);
    for (guint i = 0; i < proof->len; i++) {
        g_autofree char *hash = tlog_hash_text(&g_array_index(proof, TlogHash, i));
        g_string_append_printf(text, "%s\n", hash);
    }
    g_string_append_printf(text, "\n%s", checkpoint);
    return g_string_free(text, FALSE);
}

void tlog_proof_free(TlogProof *proof)
{
    if (proof != NULL) {
        g_clear_pointer(&proof->proof, g_array_unref);
        g_clear_pointer(&proof->note, tlog_note_free);
        g_clear_pointer(&proof->extra, g_bytes_unref);
        g_free(proof);
    }
}

static bool proof_extra(TlogProof *proof, const char *line, gssize len)
{
    g_autofree char *base64 = g_strndup(line, (gsize)len);
    gsize bytes = 0;
    guchar *data = g_base64_decode(base64, &bytes);
    proof->extra = g_bytes_new_take(data, bytes);
    return true;
}

// The lines of hashes, and the empty one behind them.
static bool proof_hashes(TlogProof *proof, const char **at, const char *end)
{
    const char *line;
    gssize len;
    bool ok = true;
    while (ok && (len = checkpoint_line(at, end, &line)) > 0) {
        TlogHash hash;
        ok = tlog_hash_parse(line, (gsize)len, &hash) && proof->proof->len < TLOG_PROOF_MAX;
        if (ok)
            g_array_append_val(proof->proof, hash);
    }
    return ok && len == 0;
}

TlogProof *tlog_proof_parse(const char *text, gsize len, GError **error)
{
    g_autoptr(TlogProof) proof = g_new0(TlogProof, 1);
    proof->proof = g_array_new(FALSE, FALSE, sizeof(TlogHash));
    const char *at = text, *end = text + len, *line;
    gssize n = len <= PROOF_BYTES ? checkpoint_line(&at, end, &line) : -1;
    bool ok = n == (gssize)strlen(PROOF_MAGIC) && memcmp(line, PROOF_MAGIC, (gsize)n) == 0 &&
              (n = checkpoint_line(&at, end, &line)) > 0;
    if (ok && n > 6 && memcmp(line, "extra ", 6) == 0)
        ok = proof_extra(proof, line + 6, n - 6) && (n = checkpoint_line(&at, end, &line)) > 0;
    ok = ok && n > 6 && memcmp(line, "index ", 6) == 0 &&
         checkpoint_number(line + 6, (gsize)n - 6, &proof->index) && proof_hashes(proof, &at, end);
    if (!ok)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "not a proof: \"" PROOF_MAGIC "\", an index, hashes and a checkpoint are wanted");
    if (ok)
        proof->note = tlog_note_parse(at, (gsize)(end - at), error);
    return proof->note != NULL ? g_steal_pointer(&proof) : NULL;
}
