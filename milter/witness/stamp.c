// Time stamps of checkpoints (RFC 3161). openssl(1) writes the requests and checks the tokens, as whoever doubts them will.
#include "witness/internal.h"

#include <curl/curl.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN_MAX (256 * 1024)

static char *stamp_dir(const Config *config)
{
    g_autofree char *log = archive_log_dir(config);
    return g_build_filename(log, "timestamps", NULL);
}

static char *stamp_path(const Config *config, guint64 size, const char *suffix)
{
    g_autofree char *dir = stamp_dir(config);
    return g_strdup_printf("%s/%020" G_GUINT64_FORMAT ".%s", dir, size, suffix);
}

// ---- openssl ---------------------------------------------------------------------------------------------

// Runs it; *out_text (may be NULL) gets what it printed. False with `error` naming what it said.
static bool openssl(const char *const *arguments, char **out_text, GError **error)
{
    g_autofree char *said = NULL, *complained = NULL;
    int status = 0;
    g_autoptr(GError) why = NULL;
    bool ok = g_spawn_sync(NULL, (char **)arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &said,
                           &complained, &status, &why) &&
              g_spawn_check_wait_status(status, &why);
    if (!ok) {
        g_strdelimit(g_strstrip(complained != NULL ? complained : g_strdup("")), "\n", ';');
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "openssl ts: %s: %s", why->message,
                    complained != NULL ? complained : "");
    } else if (out_text != NULL)
        *out_text = g_steal_pointer(&said);
    return ok;
}

static bool stamp_query(const char *checkpoint, const char *query, GError **error)
{
    const char *const arguments[] = {"openssl", "ts",    "-query", "-data", checkpoint,
                                     "-sha256", "-cert", "-out",   query,   NULL};
    return openssl(arguments, NULL, error);
}

static bool stamp_check(const Config *config, const char *checkpoint, const char *token, GError **error)
{
    const char *const arguments[] = {"openssl", "ts",       "-verify",
                                     "-data",   checkpoint, "-in",
                                     token,     "-CAfile",  config->witness.timestamp_ca,
                                     NULL};
    return openssl(arguments, NULL, error);
}

// "Time stamp: Nov 23 08:30:00 2026 GMT" of the token in words. Caller frees; NULL with `error`.
static char *stamp_time(const char *token, GError **error)
{
    static const char MARK[] = "Time stamp: ";
    const char *const arguments[] = {"openssl", "ts", "-reply", "-in", token, "-text", NULL};
    g_autofree char *text = NULL;
    if (!openssl(arguments, &text, error))
        return NULL;
    const char *at = strstr(text, MARK);
    if (at == NULL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: no time in it", token);
        return NULL;
    }
    at += strlen(MARK);
    return g_strndup(at, strcspn(at, "\n"));
}

// ---- asking ----------------------------------------------------------------------------------------------

static size_t take_token(char *data, size_t size, size_t count, void *user)
{
    GByteArray *token = user;
    if (token->len + size * count > TOKEN_MAX)
        return 0; // ends the transfer
    g_byte_array_append(token, (const guint8 *)data, (guint)(size * count));
    return size * count;
}

static bool stamp_post(const Config *config, GBytes *query, GByteArray *token, GError **error)
{
    gsize len = 0;
    const void *body = g_bytes_get_data(query, &len);
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/timestamp-query");
    char problem[CURL_ERROR_SIZE] = "";
    long status = 0;
    if (curl != NULL && headers != NULL) {
        curl_easy_setopt(curl, CURLOPT_URL, config->witness.timestamp_url);
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)len);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_token);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, token);
        curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)config->witness.timeout_s);
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, problem);
        if (curl_easy_perform(curl) == CURLE_OK)
            curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    }
    if (status != 200)
        g_set_error(error, BASE_ERROR, BASE_ERROR_UNAVAILABLE, "%s: %s%ld", config->witness.timestamp_url,
                    *problem != '\0' ? problem : "answered ", status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return status == 200;
}

// The token of the checkpoint at `path` into `token_path`, checked first.
static bool stamp_get(const Config *config, const char *path, const char *token_path, GError **error)
{
    g_autofree char *query_path = g_strconcat(token_path, ".query", NULL);
    g_autofree char *fresh = g_strconcat(token_path, ".new", NULL);
    g_autoptr(GByteArray) token = g_byte_array_new();
    g_autoptr(GBytes) query =
        stamp_query(path, query_path, error) ? file_read(query_path, TOKEN_MAX, error) : NULL;
    bool ok = query != NULL && stamp_post(config, query, token, error) &&
              file_write_atomic(fresh, token->data, token->len, 0644, error) &&
              stamp_check(config, path, fresh, error) && file_adopt(fresh, error);
    if (ok && g_rename(fresh, token_path) != 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "%s: %s", token_path, g_strerror(errno));
        ok = false;
    }
    if (!ok)
        g_unlink(fresh);
    g_unlink(query_path);
    return ok;
}

static bool stamp_ready(const Config *config, GError **error)
{
    if (*config->witness.timestamp_url == '\0' || *config->witness.timestamp_ca == '\0') {
        g_set_error(
            error, BASE_ERROR, BASE_ERROR_CONFIG,
            "witness.timestamp_url and witness.timestamp_ca are not set: name an authority and the file of "
            "its certificates");
        return false;
    }
    return true;
}

bool witness_stamp(const Config *config, guint64 *out_size, GError **error)
{
    g_autoptr(ArchiveCheckpoint) checkpoint =
        stamp_ready(config, error) ? archive_log_checkpoint(config, error) : NULL;
    if (checkpoint == NULL)
        return false;
    *out_size = checkpoint->size;
    g_autofree char *dir = stamp_dir(config);
    g_autofree char *path = stamp_path(config, checkpoint->size, "checkpoint");
    g_autofree char *token = stamp_path(config, checkpoint->size, "tsr");
    if (g_file_test(token, G_FILE_TEST_EXISTS))
        return true;
    return file_make_dirs(dir, 0755, error) &&
           file_write_atomic(path, checkpoint->note, strlen(checkpoint->note), 0644, error) &&
           file_adopt(path, error) && stamp_get(config, path, token, error);
}

// ---- looking ---------------------------------------------------------------------------------------------

static void stamp_free(gpointer data)
{
    WitnessStamp *stamp = data;
    g_free(stamp->time);
    g_free(stamp->why);
    g_free(stamp);
}

static int names_newest(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)b, *(char *const *)a);
}

static GPtrArray *stamp_names(const char *dir)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) open = g_dir_open(dir, 0, NULL);
    const char *name;
    while (open != NULL && (name = g_dir_read_name(open)) != NULL)
        if (g_str_has_suffix(name, ".tsr"))
            g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, names_newest);
    return names;
}

// Does the log as it is now begin with what was stamped, and did we sign that?
static bool stamp_continues(const Config *config, const ArchiveCheckpoint *now, const char *path,
                            guint64 size, GError **error)
{
    g_autofree char *dir = archive_log_dir(config);
    g_autoptr(GBytes) bytes = file_read(path, TOKEN_MAX, error);
    gsize len = 0;
    const char *data = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;
    g_autoptr(TlogNote) note = bytes != NULL ? tlog_note_parse(data, len, error) : NULL;
    g_autoptr(TlogKey) key = note != NULL ? tlog_key_from_verifier(now->verifier, error) : NULL;
    g_auto(TlogCheckpoint) then = {0};
    TlogHash root;
    if (key == NULL || !tlog_checkpoint_parse(note->text, &then, error))
        return false;
    g_autoptr(Tlog) log = then.size <= now->size ? tlog_open(dir, now->size, error) : NULL;
    bool ok = log != NULL && tlog_root(tlog_read, log, then.size, &root, error);
    if ((ok || log == NULL) && (error == NULL || *error == NULL)) {
        ok = ok && then.size == size && tlog_hash_equal(&root, &then.root) &&
             tlog_note_signed(note, key, NULL, error) == TRI_YES;
        if (!ok && (error == NULL || *error == NULL))
            g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: the log does not begin with it", path);
    }
    return ok;
}

static WitnessStamp *stamp_look(const Config *config, const ArchiveCheckpoint *now, guint64 size)
{
    WitnessStamp *stamp = g_new0(WitnessStamp, 1);
    g_autoptr(GError) error = NULL;
    g_autofree char *path = stamp_path(config, size, "checkpoint"), *token = stamp_path(config, size, "tsr");
    stamp->size = size;
    if (stamp_check(config, path, token, &error) && stamp_continues(config, now, path, size, &error))
        stamp->time = stamp_time(token, &error);
    if (stamp->time == NULL)
        stamp->why = g_strdup(error->message);
    return stamp;
}

GPtrArray *witness_stamps(const Config *config, guint most, GError **error)
{
    g_autoptr(GPtrArray) stamps = g_ptr_array_new_with_free_func(stamp_free);
    g_autofree char *dir = stamp_dir(config);
    g_autoptr(GPtrArray) names = stamp_names(dir);
    g_autoptr(ArchiveCheckpoint) now = names->len > 0 ? archive_log_checkpoint(config, error) : NULL;
    if (names->len > 0 && now == NULL)
        return NULL;
    for (guint i = 0; i < MIN(names->len, most); i++)
        g_ptr_array_add(stamps, stamp_look(config, now, g_ascii_strtoull(names->pdata[i], NULL, 10)));
    return g_steal_pointer(&stamps);
}
