// Where the log's files are, and what every reader does with them.
#include "archive/log_internal.h"

#include <string.h>
#include <sys/stat.h>

enum { NOTE_MAX = 64 * 1024 };

char *archive_log_dir(const Config *config)
{
    return g_build_filename(config->archive.dir, "log", NULL);
}

char *archive_log_key_path(const Config *config)
{
    const char *path = config->archive.log_key;
    return *path != '\0' ? g_strdup(path) : g_strconcat(config->archive.dir, ".log.key", NULL);
}

char *archive_log_name(const Config *config)
{
    const char *name = config->archive.log_name;
    const char *domain = config->district.domains[0] != NULL ? config->district.domains[0] : "localhost";
    return *name != '\0' ? g_strdup(name) : g_strconcat(domain, "/", config->archive.origin, NULL);
}

void archive_checkpoint_free(ArchiveCheckpoint *checkpoint)
{
    if (checkpoint == NULL)
        return;
    g_free(checkpoint->note);
    g_free(checkpoint->verifier);
    g_free(checkpoint);
}

char *log_text_file(const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = file_read(path, NOTE_MAX, error);
    gsize len = 0;
    const char *data = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;
    return bytes != NULL ? g_strndup(data, len) : NULL;
}

bool log_note_check(const char *path, const char *note, const TlogKey *key, TlogCheckpoint *out,
                    GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(TlogNote) parsed = tlog_note_parse(note, strlen(note), &why);
    Tri is = parsed != NULL ? tlog_note_signed(parsed, key, NULL, &why) : TRI_UNKNOWN;
    bool ok = is == TRI_YES && tlog_checkpoint_parse(parsed->text, out, &why);
    *out = ok ? *out : (TlogCheckpoint){0};
    if (ok && strcmp(out->origin, tlog_key_name(key)) != 0) {
        tlog_checkpoint_clear(out);
        ok = false;
    }
    if (!ok)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: no checkpoint of %s: %s", path,
                    tlog_key_name(key),
                    why != NULL ? why->message : "not signed by its key, or of another log");
    return ok;
}

TlogKey *log_verifier(const Config *config, GError **error)
{
    g_autofree char *key_path = archive_log_key_path(config);
    g_autofree char *path = g_strconcat(key_path, ".pub", NULL);
    g_autofree char *text = log_text_file(path, error);
    g_autoptr(GError) why = NULL;
    TlogKey *key = text != NULL ? tlog_key_from_verifier(g_strstrip(text), &why) : NULL;
    if (text != NULL && key == NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: %s", path, why->message);
    return key;
}

static ArchiveCheckpoint *checkpoint_new(const Config *config, const char *path, const char *note,
                                         GError **error)
{
    g_autoptr(TlogKey) key = log_verifier(config, error);
    g_auto(TlogCheckpoint) parsed = {0};
    if (key == NULL || !log_note_check(path, note, key, &parsed, error))
        return NULL;
    ArchiveCheckpoint *checkpoint = g_new0(ArchiveCheckpoint, 1);
    checkpoint->note = g_strdup(note);
    checkpoint->verifier = tlog_key_verifier(key);
    checkpoint->size = parsed.size;
    checkpoint->root = parsed.root;
    return checkpoint;
}

ArchiveCheckpoint *archive_log_checkpoint(const Config *config, GError **error)
{
    g_autofree char *dir = archive_log_dir(config);
    g_autofree char *path = g_build_filename(dir, "checkpoint", NULL);
    g_autofree char *note = log_text_file(path, error);
    struct stat now;
    ArchiveCheckpoint *checkpoint = note != NULL ? checkpoint_new(config, path, note, error) : NULL;
    if (checkpoint != NULL)
        checkpoint->written_us = stat(path, &now) == 0 ? now.st_mtime * G_USEC_PER_SEC : 0;
    return checkpoint;
}

ArchiveCheckpoint *archive_log_checkpoint_of(const Config *config, const char *note, GError **error)
{
    return checkpoint_new(config, "the checkpoint that was given", note, error);
}

// ---- leaves ----------------------------------------------------------------------------------------------

static char *leaf_commit(const guint8 *salt, const void *data, gsize len)
{
    guint8 hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, salt, LOG_SALT);
    crypto_hash_sha256_update(&state, data, len);
    crypto_hash_sha256_final(&state, hash);
    return hex_encode(hash, sizeof hash);
}

static bool leaf_unhex(const char *hex, guint8 *out, gsize len)
{
    gsize n = 0;
    return hex != NULL && sodium_hex2bin(out, len, hex, strlen(hex), NULL, &n, NULL) == 0 && n == len;
}

char *log_leaf(const json_t *meta, const void *json, gsize len, const char *frame, GError **error)
{
    guint8 salt[LOG_SALT], sum[crypto_hash_sha256_BYTES];
    const char *event = json_string_value(json_object_get(meta, "event"));
    const char *sha256 = json_string_value(json_object_get(meta, "sha256"));
    if (!leaf_unhex(json_string_value(json_object_get(meta, "salt")), salt, sizeof salt) ||
        (event == NULL && !leaf_unhex(sha256, sum, sizeof sum))) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "a record without its salt or its SHA-256");
        return NULL;
    }
    g_autofree char *commits = leaf_commit(salt, json, len);
    json_t *leaf =
        json_pack("{s:O, s:s, s:I, s:s, s:i}", "id", json_object_get(meta, "id"), "meta", commits, "t",
                  (json_int_t)decoded_time(meta), "type", event != NULL ? event : "capture", "v", 1);
    if (leaf != NULL && event == NULL) {
        g_autofree char *rec = leaf_commit(salt, sum, sizeof sum);
        json_object_set_new(leaf, "rec", json_string(rec));
    }
    if (leaf != NULL && frame != NULL)
        json_object_set_new(leaf, "frame", json_string(frame));
    char *text = leaf != NULL ? encode_json(leaf, error) : NULL;
    if (leaf == NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "a record without an id");
    json_decref(leaf);
    return text;
}

static bool leaf_has_hex(const json_t *leaf, const char *key)
{
    guint8 sum[crypto_hash_sha256_BYTES];
    return leaf_unhex(json_string_value(json_object_get(leaf, key)), sum, sizeof sum);
}

json_t *log_leaf_parse(const void *leaf, gsize len, const char *id)
{
    enum { MEMBERS = 6 }; // id, meta, rec, t, type, v
    json_error_t where;
    json_t *json = json_loadb(leaf, len, JSON_REJECT_DUPLICATES, &where);
    bool ok = json_object_size(json) == MEMBERS &&
              g_strcmp0(json_string_value(json_object_get(json, "id")), id) == 0 &&
              g_strcmp0(json_string_value(json_object_get(json, "type")), "capture") == 0 &&
              json_integer_value(json_object_get(json, "v")) == 1 &&
              json_is_integer(json_object_get(json, "t")) && leaf_has_hex(json, "meta") &&
              leaf_has_hex(json, "rec");
    if (!ok)
        g_clear_pointer(&json, json_decref);
    return json;
}

char *log_leaf_framed(const void *leaf, gsize len, const char *id, const char *frame, GError **error)
{
    json_t *json = log_leaf_parse(leaf, len, id);
    if (json != NULL)
        json_object_set_new(json, "frame", json_string(frame));
    char *text = json != NULL ? encode_json(json, error) : NULL;
    if (json == NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "a sealed record without its leaf");
    json_decref(json);
    return text;
}

bool archive_log_leaf_fits(GBytes *leaf, GBytes *json, GBytes *raw, GError **error)
{
    gsize len = 0, json_len = 0, raw_len = 0;
    const char *text = g_bytes_get_data(leaf, &len), *json_text = g_bytes_get_data(json, &json_len);
    json_error_t where;
    json_t *meta = json_loadb(json_text, json_len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &where);
    bool ok = json_is_object(meta);
    if (ok && raw != NULL) {
        const void *bytes = g_bytes_get_data(raw, &raw_len);
        g_autofree char *sum = sha256_hex(bytes, raw_len);
        ok = g_strcmp0(sum, json_string_value(json_object_get(meta, "sha256"))) == 0;
    }
    // What the frame was is not asked here: a message and its metadata are what somebody holds.
    json_t *said = json_loadb(text, len, JSON_REJECT_DUPLICATES, &where);
    const char *frame = json_string_value(json_object_get(said, "frame"));
    g_autofree char *want = ok ? log_leaf(meta, json_text, json_len, frame, NULL) : NULL;
    json_decref(said);
    ok = want != NULL && strlen(want) == len && memcmp(want, text, len) == 0;
    if (!ok)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "the leaf does not commit to this record: the record was changed, or is another");
    json_decref(meta);
    return ok;
}
