// The witness: what it answers, without HTTP.
#include "witness/internal.h"

#include "store/store.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { BUSY_MS = 10000, KEY_MAX = 4096 };

struct Witness {
    GMutex lock; // around the database and one whole answer: look and write are one step
    StoreDb *db;
    TlogKey *key;
    GPtrArray *logs; // of TlogKey
};

static const char *const MIGRATIONS[] = {
    "CREATE TABLE cosigned (origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL);"};

// ---- opening ---------------------------------------------------------------------------------------------

static TlogKey *witness_key(const Config *config, GError **error)
{
    const char *path = config->witness.key_file, *name = config->witness.name;
    if (g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_autoptr(GBytes) bytes = file_read(path, KEY_MAX, error);
        gsize len = 0;
        const char *data = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;
        g_autofree char *pem = bytes != NULL ? g_strndup(data, len) : NULL;
        TlogKey *key = pem != NULL ? tlog_key_from_pem(pem, name, TLOG_COSIGNS, error) : NULL;
        if (pem != NULL)
            sodium_memzero(pem, strlen(pem));
        return key;
    }
    g_autoptr(TlogKey) key = tlog_key_new(name, TLOG_COSIGNS, error);
    g_autofree char *pem = key != NULL ? tlog_key_pem(key) : NULL;
    bool ok =
        pem != NULL && file_write_atomic(path, pem, strlen(pem), 0600, error) && file_adopt(path, error);
    if (pem != NULL)
        sodium_memzero(pem, strlen(pem));
    return ok ? g_steal_pointer(&key) : NULL;
}

static bool witness_logs(Witness *witness, const Config *config, GError **error)
{
    bool ok = true;
    for (char **log = config->witness.logs; ok && *log != NULL; log++) {
        g_autoptr(GError) why = NULL;
        TlogKey *key = tlog_key_from_verifier(*log, &why);
        ok = key != NULL && tlog_key_type(key) == TLOG_SIGNS_NOTES;
        if (key != NULL)
            g_ptr_array_add(witness->logs, key);
        if (!ok)
            g_set_error(error, BASE_ERROR, BASE_ERROR_CONFIG, "witness.logs: %s",
                        why != NULL ? why->message : "a key that cosigns, not a log's");
    }
    return ok;
}

Witness *witness_open(const Config *config, GError **error)
{
    g_autoptr(Witness) witness = g_new0(Witness, 1);
    g_mutex_init(&witness->lock);
    witness->logs = g_ptr_array_new_with_free_func((GDestroyNotify)tlog_key_free);
    if (*config->witness.name == '\0') {
        g_set_error(error, BASE_ERROR, BASE_ERROR_CONFIG,
                    "witness.name: a witness needs a name; write \"witness.DISTRICT.example/1\" or the like");
        return NULL;
    }
    bool ok = (witness->key = witness_key(config, error)) != NULL && witness_logs(witness, config, error) &&
              (witness->db = store_open(config->witness.database, STORE_WRITE, BUSY_MS, error)) != NULL &&
              store_migrate(witness->db, MIGRATIONS, G_N_ELEMENTS(MIGRATIONS), error);
    return ok ? g_steal_pointer(&witness) : NULL;
}

void witness_close(Witness **witness)
{
    if (*witness == NULL)
        return;
    store_close(&(*witness)->db);
    tlog_key_free((*witness)->key);
    g_ptr_array_unref((*witness)->logs);
    g_mutex_clear(&(*witness)->lock);
    g_clear_pointer(witness, g_free);
}

char *witness_verifier(const Witness *witness)
{
    return tlog_key_verifier(witness->key);
}

// ---- a request -------------------------------------------------------------------------------------------

typedef struct {
    guint64 old;
    GArray *proof; // of TlogHash
    TlogNote *note;
    TlogCheckpoint checkpoint;
} Request;

static void request_clear(Request *request)
{
    g_clear_pointer(&request->proof, g_array_unref);
    g_clear_pointer(&request->note, tlog_note_free);
    tlog_checkpoint_clear(&request->checkpoint);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Request, request_clear)

// "old N", N without leading zeroes.
static bool request_old(const char *line, guint64 *out)
{
    const char *number = g_str_has_prefix(line, "old ") ? line + 4 : "";
    bool plain = *number != '\0' && (number[0] != '0' || number[1] == '\0');
    return plain && g_ascii_string_to_unsigned(number, 10, 0, G_MAXINT64, out, NULL);
}

static bool request_parse(const char *body, gsize len, Request *out)
{
    *out = (Request){.proof = g_array_new(FALSE, FALSE, sizeof(TlogHash))};
    const char *gap = g_strstr_len(body, (gssize)len, "\n\n");
    g_autofree char *head = gap != NULL ? g_strndup(body, (gsize)(gap - body)) : g_strdup("");
    g_auto(GStrv) lines = g_strsplit(head, "\n", -1);
    bool ok = gap != NULL && lines[0] != NULL && request_old(lines[0], &out->old);
    for (char **line = lines + (ok ? 1 : 0); ok && *line != NULL; line++) {
        TlogHash hash;
        ok = tlog_hash_parse(*line, strlen(*line), &hash) && out->proof->len < TLOG_PROOF_MAX;
        if (ok)
            g_array_append_val(out->proof, hash);
    }
    if (ok)
        out->note = tlog_note_parse(gap + 2, len - (gsize)(gap + 2 - body), NULL);
    return out->note != NULL && tlog_checkpoint_parse(out->note->text, &out->checkpoint, NULL);
}

static void answer(WitnessAnswer *out, guint status, const char *type, char *body)
{
    *out = (WitnessAnswer){status, type, body};
}

void witness_answer_clear(WitnessAnswer *answer)
{
    g_clear_pointer(&answer->body, g_free);
}

static void answer_plain(WitnessAnswer *out, guint status, const char *text)
{
    answer(out, status, "text/plain; charset=utf-8", g_strconcat(text, "\n", NULL));
}

// The status of the signatures: 0 = one of the log's keys signed it.
static guint request_signed(const Witness *witness, const Request *request)
{
    guint status = 404;
    for (guint i = 0; status != 0 && i < witness->logs->len; i++) {
        const TlogKey *key = witness->logs->pdata[i];
        if (strcmp(tlog_key_name(key), request->checkpoint.origin) == 0)
            status = tlog_note_signed(request->note, key, NULL, NULL) == TRI_YES ? 0 : 403;
    }
    return status;
}

// What was cosigned last of the origin; size 0 where nothing was. False with `error`.
static bool witness_last(Witness *witness, const char *origin, guint64 *out_size, TlogHash *out_root,
                         GError **error)
{
    g_autoptr(StoreStmt) stmt =
        store_prepare(witness->db, "SELECT size, root FROM cosigned WHERE origin = ?", error);
    if (stmt != NULL)
        store_bind_text(stmt, 1, origin);
    StoreStep step = stmt != NULL ? store_step(stmt, error) : STORE_FAILED;
    gsize len = 0;
    const void *root = step == STORE_ROW ? store_blob(stmt, 1, &len) : NULL;
    *out_size = step == STORE_ROW ? (guint64)store_int(stmt, 0) : 0;
    if (step == STORE_ROW && len == TLOG_HASH)
        memcpy(out_root->bytes, root, TLOG_HASH);
    else if (step == STORE_ROW)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "the witness's database holds no root of %s", origin);
    return step == STORE_DONE || (step == STORE_ROW && len == TLOG_HASH);
}

static bool witness_keep(Witness *witness, const TlogCheckpoint *checkpoint, GError **error)
{
    g_autoptr(StoreStmt) stmt =
        store_prepare(witness->db, "INSERT OR REPLACE INTO cosigned VALUES (?, ?, ?)", error);
    if (stmt != NULL) {
        store_bind_text(stmt, 1, checkpoint->origin);
        store_bind_int(stmt, 2, (int64_t)checkpoint->size);
        store_bind_blob(stmt, 3, checkpoint->root.bytes, TLOG_HASH);
    }
    return stmt != NULL && store_run(stmt, error);
}

static bool answer_conflict(WitnessAnswer *out, guint64 size)
{
    answer(out, 409, "text/x.tlog.size", g_strdup_printf("%" G_GUINT64_FORMAT "\n", size));
    return true;
}

// With the lock held. False with `error` where the database failed.
static bool witness_decide(Witness *witness, const Request *request, int64_t now_s, WitnessAnswer *out,
                           GError **error)
{
    const TlogCheckpoint *checkpoint = &request->checkpoint;
    guint64 size = 0;
    TlogHash root = {{0}};
    if (!witness_last(witness, checkpoint->origin, &size, &root, error))
        return false;
    if (request->old != size)
        return answer_conflict(out, size);
    if (size == checkpoint->size && size > 0 && !tlog_hash_equal(&root, &checkpoint->root))
        return answer_conflict(out, size);
    if (!tlog_check_consistency(size, &root, checkpoint->size, &checkpoint->root, request->proof) &&
        !(size == 0 && checkpoint->size == 0 && request->proof->len == 0)) {
        answer_plain(out, 422, "the proof does not show that the log continues what was cosigned");
        return true;
    }
    g_autofree char *line = tlog_note_sign(witness->key, request->note->text, now_s, error);
    if (line == NULL || !witness_keep(witness, checkpoint, error))
        return false;
    answer(out, 200, "text/plain; charset=utf-8", g_steal_pointer(&line));
    return true;
}

void witness_add_checkpoint(Witness *witness, const char *body, gsize len, int64_t now_s, WitnessAnswer *out)
{
    g_auto(Request) request = {0};
    g_autoptr(GError) error = NULL;
    *out = (WitnessAnswer){0};
    if (len > WITNESS_BODY_MAX || !request_parse(body, len, &request)) {
        answer_plain(out, 400, "no request as c2sp.org/tlog-witness has it");
        return;
    }
    guint refused = request_signed(witness, &request);
    if (refused != 0) {
        answer_plain(out, refused,
                     refused == 404 ? "this witness does not know the log" : "not signed by the log's key");
    } else if (request.old > request.checkpoint.size) {
        answer_plain(out, 400, "the old size is larger than the checkpoint's");
    } else {
        g_mutex_lock(&witness->lock);
        bool ok = witness_decide(witness, &request, now_s, out, &error);
        g_mutex_unlock(&witness->lock);
        if (!ok) {
            log_error("a checkpoint was not cosigned", "origin", request.checkpoint.origin, "error",
                      error->message);
            witness_answer_clear(out);
            answer_plain(out, 500, "the witness cannot keep what it cosigns");
        }
    }
}
