// The log's side: each checkpoint to each peer, with the proof from what that peer saw last.
#include "witness/internal.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#define ANSWER_MAX (64 * 1024)

void peer_free(gpointer data)
{
    Peer *peer = data;
    if (peer != NULL) {
        g_free(peer->url);
        tlog_key_free(peer->key);
        g_free(peer);
    }
}

void witness_word_free(gpointer data)
{
    WitnessWord *word = data;
    g_free(word->name);
    g_free(word->why);
    g_free(word);
}

GPtrArray *peers_of(const Config *config, GError **error)
{
    g_autoptr(GPtrArray) peers = g_ptr_array_new_with_free_func(peer_free);
    bool ok = true;
    for (char **text = config->witness.peers; ok && *text != NULL; text++) {
        g_auto(GStrv) parts = g_strsplit(*text, " ", 2);
        g_autoptr(GError) why = NULL;
        Peer *peer = g_new0(Peer, 1);
        g_ptr_array_add(peers, peer);
        bool url = parts[0] != NULL && parts[1] != NULL &&
                   (g_str_has_prefix(parts[0], "http://") || g_str_has_prefix(parts[0], "https://"));
        peer->key = url ? tlog_key_from_verifier(g_strstrip(parts[1]), &why) : NULL;
        peer->url =
            url ? g_strconcat(parts[0], g_str_has_suffix(parts[0], "/") ? "" : "/", "add-checkpoint", NULL)
                : NULL;
        ok = peer->key != NULL && tlog_key_type(peer->key) == TLOG_COSIGNS;
        if (!ok)
            g_set_error(
                error, BASE_ERROR, BASE_ERROR_CONFIG,
                "witness.peers: \"%s\": write \"https://HOST/PREFIX VERIFIERKEY\", the key of a witness%s%s",
                *text, why != NULL ? ": " : "", why != NULL ? why->message : "");
    }
    return ok ? g_steal_pointer(&peers) : NULL;
}

// ---- one peer --------------------------------------------------------------------------------------------

static size_t take_answer(char *data, size_t size, size_t count, void *user)
{
    GString *answer = user;
    if (answer->len + size * count > ANSWER_MAX)
        return 0; // ends the transfer
    g_string_append_len(answer, data, (gssize)(size * count));
    return size * count;
}

// Status of HTTP; 0 with `*out_why` when there was no answer.
static long post(const Config *config, const Peer *peer, const char *body, GString *answer, char **out_why)
{
    CURL *curl = curl_easy_init();
    long status = 0;
    char problem[CURL_ERROR_SIZE] = "";
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: text/plain; charset=utf-8");
    if (curl != NULL && headers != NULL) {
        curl_easy_setopt(curl, CURLOPT_URL, peer->url);
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)strlen(body));
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_answer);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
        curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)config->witness.timeout_s);
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, problem);
        if (curl_easy_perform(curl) == CURLE_OK)
            curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    }
    if (status == 0)
        *out_why = g_strdup(*problem != '\0' ? problem : "no answer");
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return status;
}

// The request from `old` on. Caller frees; NULL with `error`.
static char *request_text(Tlog *tlog, const ArchiveCheckpoint *checkpoint, guint64 old, GError **error)
{
    g_autoptr(GArray) proof = tlog_consistency(tlog_read, tlog, old, checkpoint->size, error);
    GString *text = g_string_new(NULL);
    g_string_printf(text, "old %" G_GUINT64_FORMAT "\n", old);
    for (guint i = 0; proof != NULL && i < proof->len; i++) {
        g_autofree char *hash = tlog_hash_text(&g_array_index(proof, TlogHash, i));
        g_string_append_printf(text, "%s\n", hash);
    }
    g_string_append_printf(text, "\n%s", checkpoint->note);
    return g_string_free(text, proof == NULL);
}

// The cosignature of `key` among the lines of an answer; NULL when there is none that is right. Caller frees.
static char *answer_line(const ArchiveCheckpoint *checkpoint, const TlogKey *key, const char *lines,
                         int64_t *out_time_s)
{
    g_autofree char *all = g_strconcat(checkpoint->note, lines, NULL);
    g_autoptr(TlogNote) note = tlog_note_parse(all, strlen(all), NULL);
    char *line = NULL;
    g_autofree char *begin = g_strdup_printf("\xe2\x80\x94 %s ", tlog_key_name(key));
    if (note != NULL && tlog_note_signed(note, key, out_time_s, NULL) == TRI_YES)
        for (guint i = 0; line == NULL && i < note->lines->len; i++)
            if (g_str_has_prefix(note->lines->pdata[i], begin))
                line = g_strdup(note->lines->pdata[i]);
    return line;
}

// Asks one peer; its line is appended to `lines`.
static WitnessWord *ask(const Config *config, const Peer *peer, Tlog *tlog,
                        const ArchiveCheckpoint *checkpoint, GString *lines)
{
    WitnessWord *word = g_new0(WitnessWord, 1);
    word->name = g_strdup(tlog_key_name(peer->key));
    guint64 old = checkpoint->size; // most often it saw this one, or says what it saw
    long status = 0;
    for (guint try = 0; try < 2; try++) {
        g_autoptr(GString) answer = g_string_new(NULL);
        g_autoptr(GError) error = NULL;
        g_autofree char *request = request_text(tlog, checkpoint, old, &error);
        g_clear_pointer(&word->why, g_free);
        status = request != NULL ? post(config, peer, request, answer, &word->why) : 0;
        g_autofree char *line =
            status == 200 ? answer_line(checkpoint, peer->key, answer->str, &word->time_s) : NULL;
        if (line != NULL) {
            g_string_append(lines, line);
            break;
        }
        guint64 seen = 0;
        g_strstrip(answer->str);
        bool again = status == 409 &&
                     g_ascii_string_to_unsigned(answer->str, 10, 0, checkpoint->size, &seen, NULL) &&
                     seen != old;
        old = seen;
        if (word->why == NULL)
            word->why = error != NULL
                            ? g_strdup(error->message)
                            : g_strdup_printf(
                                  status == 200 ? "its cosignature is not right" : "it answered %ld", status);
        if (!again)
            break;
    }
    return word;
}

GPtrArray *witness_collect(const Config *config, GError **error)
{
    g_autoptr(GPtrArray) peers = peers_of(config, error);
    g_autoptr(ArchiveCheckpoint) checkpoint = peers != NULL ? archive_log_checkpoint(config, error) : NULL;
    g_autofree char *dir = archive_log_dir(config), *path = g_build_filename(dir, "witnessed", NULL);
    g_autoptr(Tlog) tlog = checkpoint != NULL ? tlog_open(dir, checkpoint->size, error) : NULL;
    if (tlog == NULL)
        return NULL;
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(witness_word_free);
    g_autoptr(GString) lines = g_string_new(NULL);
    for (guint i = 0; i < peers->len; i++)
        g_ptr_array_add(words, ask(config, peers->pdata[i], tlog, checkpoint, lines));
    g_autofree char *note = g_strconcat(checkpoint->note, lines->str, NULL);
    bool ok = lines->len == 0 ||
              (file_write_atomic(path, note, strlen(note), 0644, error) && file_adopt(path, error));
    return ok ? g_steal_pointer(&words) : NULL;
}

// ---- what they said --------------------------------------------------------------------------------------

GPtrArray *witness_words(const Config *config, guint64 *out_size, GError **error)
{
    g_autofree char *dir = archive_log_dir(config), *path = g_build_filename(dir, "witnessed", NULL);
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(witness_word_free);
    g_autoptr(GPtrArray) peers = peers_of(config, error);
    if (out_size != NULL)
        *out_size = 0;
    if (peers == NULL || !g_file_test(path, G_FILE_TEST_EXISTS))
        return peers != NULL ? g_steal_pointer(&words) : NULL;
    g_autoptr(GBytes) bytes = file_read(path, ANSWER_MAX, error);
    gsize len = 0;
    const char *data = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;
    g_autoptr(TlogNote) note = bytes != NULL ? tlog_note_parse(data, len, error) : NULL;
    g_auto(TlogCheckpoint) checkpoint = {0};
    bool ok = note != NULL && tlog_checkpoint_parse(note->text, &checkpoint, error);
    for (guint i = 0; ok && i < peers->len; i++) {
        const Peer *peer = peers->pdata[i];
        WitnessWord *word = g_new0(WitnessWord, 1);
        g_autoptr(GError) why = NULL;
        g_ptr_array_add(words, word);
        word->name = g_strdup(tlog_key_name(peer->key));
        Tri is = tlog_note_signed(note, peer->key, &word->time_s, &why);
        if (is != TRI_YES)
            word->why = g_strdup(why != NULL ? why->message : "has not cosigned it");
    }
    if (ok && out_size != NULL)
        *out_size = checkpoint.size;
    return ok ? g_steal_pointer(&words) : NULL;
}
