#include "bag/internal.h"

#include <string.h>
#include <sys/stat.h>

#define NOTE_MOST    ((gsize)1024 * 1024)
#define MESSAGE_MOST ((gsize)1024 * 1024 * 1024)

typedef struct {
    const char *path;
    BagFinding finding;
    BagProgress progress;
    void *data;
    guint64 done, total; // files
    guint found;
    // Of the proofs.
    TlogKey *key;
    char *note; // the checkpoint
} Check;

static void found(Check *check, const char *file, const char *what)
{
    check->found++;
    if (check->finding != NULL)
        check->finding(file, what, check->data);
}

static void step(Check *check)
{
    check->done++;
    if (check->progress != NULL)
        check->progress("checking", MIN(check->done, check->total), check->total, check->data);
}

static char *in_bag(const Check *check, const char *name)
{
    return g_build_filename(check->path, name, NULL);
}

static bool is_there(const Check *check, const char *name)
{
    struct stat now;
    g_autofree char *path = in_bag(check, name);
    return lstat(path, &now) == 0;
}

// ---- manifests -------------------------------------------------------------------------------------------

// Every file of the manifest, and into `listed` its name.
static void check_lines(Check *check, const GPtrArray *lines, GHashTable *listed)
{
    for (guint i = 0; i < lines->len; i++) {
        const ManifestLine *line = lines->pdata[i];
        g_autofree char *path = in_bag(check, line->path);
        g_autoptr(GError) why = NULL;
        g_autofree char *hash = manifest_hash(path, NULL, &why);
        if (!g_hash_table_add(listed, g_strdup(line->path)))
            found(check, line->path, "listed twice");
        if (hash == NULL)
            found(check, line->path, is_there(check, line->path) ? "cannot be read" : "is not there");
        else if (strcmp(hash, line->sha256) != 0)
            found(check, line->path, "is not what the manifest says: it was changed");
        step(check);
    }
}

// What is there and in no manifest.
static void check_strays(Check *check, const GPtrArray *files, GHashTable *listed)
{
    for (guint i = 0; i < files->len; i++) {
        const char *name = files->pdata[i];
        if (!g_hash_table_contains(listed, name) && !g_str_has_prefix(name, "tagmanifest-"))
            found(check, name, "is in no manifest: it was slipped in");
    }
}

// "bytes.files" of bag-info.txt, where it has one.
static void check_oxum(Check *check, const GPtrArray *files)
{
    g_autofree char *path = in_bag(check, "bag-info.txt");
    g_autoptr(GBytes) bytes = file_read(path, NOTE_MOST, NULL);
    gsize len = 0;
    const char *data = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;
    g_autofree char *text = g_strndup(data != NULL ? data : "", len);
    const char *at = strstr(text, "Payload-Oxum: ");
    guint64 size = 0, count = 0;
    for (guint i = 0; at != NULL && i < files->len; i++) {
        g_autofree char *file = in_bag(check, files->pdata[i]);
        struct stat now;
        bool payload = g_str_has_prefix(files->pdata[i], "data/") && lstat(file, &now) == 0;
        size += payload ? (guint64)now.st_size : 0;
        count += payload;
    }
    g_autofree char *want =
        g_strdup_printf("Payload-Oxum: %" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT "\n", size, count);
    if (at != NULL && !g_str_has_prefix(at, want))
        found(check, "bag-info.txt", "the payload is not of the size it says");
}

static bool check_manifests(Check *check, GError **error)
{
    static const char *const NAMES[] = {"tagmanifest-sha256.txt", "manifest-sha256.txt"};
    g_autoptr(GPtrArray) files = manifest_files(check->path, error);
    g_autoptr(GHashTable) listed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    bool ok = files != NULL;
    check->total = ok ? files->len : 0;
    for (guint i = 0; ok && i < G_N_ELEMENTS(NAMES); i++) {
        g_autofree char *path = in_bag(check, NAMES[i]);
        g_autoptr(GPtrArray) lines = manifest_read(path, error);
        ok = lines != NULL;
        if (ok)
            check_lines(check, lines, listed);
    }
    if (ok) {
        check_strays(check, files, listed);
        check_oxum(check, files);
    }
    return ok;
}

// ---- proofs ----------------------------------------------------------------------------------------------

static char *read_text(const Check *check, const char *name, GError **error)
{
    g_autofree char *path = in_bag(check, name);
    g_autoptr(GBytes) bytes = file_read(path, NOTE_MOST, error);
    gsize len = 0;
    const char *data = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;
    return bytes != NULL ? g_strndup(data != NULL ? data : "", len) : NULL;
}

// NULL when there is no such file.
static GBytes *read_beside(const Check *check, const char *dir, const char *number, const char *ending)
{
    g_autofree char *name = g_strconcat(dir, number, ending, NULL), *path = in_bag(check, name);
    return is_there(check, name) ? file_read(path, MESSAGE_MOST, NULL) : NULL;
}

// What is wrong with the proof; NULL = nothing.
static const char *proof_mistake(const Check *check, const TlogProof *proof, const char *number)
{
    g_auto(TlogCheckpoint) checkpoint = {0};
    gsize len = 0;
    const void *leaf = proof->extra != NULL ? g_bytes_get_data(proof->extra, &len) : NULL;
    TlogHash hash;
    if (leaf == NULL)
        return "a proof without its leaf";
    if (tlog_note_signed(proof->note, check->key, NULL, NULL) != TRI_YES ||
        !tlog_checkpoint_parse(proof->note->text, &checkpoint, NULL) ||
        strcmp(checkpoint.origin, tlog_key_name(check->key)) != 0)
        return "its checkpoint is not signed by the log's key";
    tlog_leaf_hash(leaf, len, &hash);
    if (!tlog_check_inclusion(proof->index, checkpoint.size, &hash, proof->proof, &checkpoint.root))
        return "its leaf is not under the checkpoint";
    g_autoptr(GBytes) json = read_beside(check, "data/eml/", number, ".json");
    g_autoptr(GBytes) raw = read_beside(check, "data/eml/", number, ".eml");
    if (json != NULL && !archive_log_leaf_fits(proof->extra, json, raw, NULL))
        return "its leaf is not that of the message and its record";
    return NULL;
}

static void check_proof(Check *check, const char *name)
{
    g_autoptr(GError) why = NULL;
    g_autofree char *text = read_text(check, name, &why);
    g_autoptr(TlogProof) proof = text != NULL ? tlog_proof_parse(text, strlen(text), &why) : NULL;
    g_autofree char *base = g_path_get_basename(name);
    g_autofree char *number = g_strndup(base, strlen(base) - strlen(".tlog-proof"));
    const char *mistake = proof != NULL ? proof_mistake(check, proof, number) : why->message;
    if (mistake != NULL)
        found(check, name, mistake);
    else if (strstr(text, check->note) == NULL)
        found(check, name, "it leads to another checkpoint than the bag's");
}

static bool check_key(Check *check, const char *key, GError **error)
{
    g_autofree char *own = read_text(check, "log.pub", error);
    if (own == NULL)
        return false;
    check->key = tlog_key_from_verifier(key != NULL ? key : g_strstrip(own), error);
    if (check->key != NULL && key != NULL && strcmp(key, g_strstrip(own)) != 0)
        found(check, "log.pub", "is another key than the one given");
    check->note = check->key != NULL ? read_text(check, "checkpoint", error) : NULL;
    return check->note != NULL;
}

static bool check_proofs(Check *check, const char *key, GError **error)
{
    if (!is_there(check, "log.pub") && key == NULL)
        return true; // a bag of others
    g_autofree char *dir = in_bag(check, "proofs");
    g_autoptr(GPtrArray) files = NULL;
    bool ok = check_key(check, key, error);
    g_autoptr(TlogNote) note = ok ? tlog_note_parse(check->note, strlen(check->note), NULL) : NULL;
    if (ok && (note == NULL || tlog_note_signed(note, check->key, NULL, NULL) != TRI_YES))
        found(check, "checkpoint", "is not signed by the log's key");
    if (ok && is_there(check, "proofs"))
        ok = (files = manifest_files(dir, error)) != NULL;
    for (guint i = 0; ok && files != NULL && i < files->len; i++) {
        g_autofree char *name = g_build_filename("proofs", files->pdata[i], NULL);
        if (g_str_has_suffix(name, ".tlog-proof"))
            check_proof(check, name);
        else
            found(check, name, "is no proof");
    }
    return ok;
}

// ---- a bag -----------------------------------------------------------------------------------------------

static bool check_declaration(Check *check, GError **error)
{
    g_autofree char *text = read_text(check, "bagit.txt", error);
    bool ok = text != NULL && g_str_has_prefix(text, "BagIt-Version: 1.0\n") &&
              strstr(text, "\nTag-File-Character-Encoding: UTF-8") != NULL;
    if (text != NULL && !ok)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s/bagit.txt: no bag of BagIt 1.0 in UTF-8",
                    check->path);
    return ok;
}

Tri bag_check(const char *path, const char *key, BagFinding finding, BagProgress progress, void *data,
              GError **error)
{
    Check check = {.path = path, .finding = finding, .progress = progress, .data = data};
    bool ok = check_declaration(&check, error) && check_manifests(&check, error) &&
              check_proofs(&check, key, error);
    g_clear_pointer(&check.key, tlog_key_free);
    g_free(check.note);
    return !ok ? TRI_UNKNOWN : check.found > 0 ? TRI_NO : TRI_YES;
}
