#include "register/register.h"

#include <string.h>

#define FILE_MAX  (4 * 1024 * 1024)
#define FILES_MAX 200

static char *register_dir(const Config *config)
{
    return g_build_filename(config->archive.dir, "policies", NULL);
}

// ---- the files of a policy -------------------------------------------------------------------------------

// What the lines @include "FILE" of `text` name, relative to the policy's directory.
static GPtrArray *register_includes(const char *text)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL && names->len < FILES_MAX; line++) {
        const char *at = *line + strspn(*line, " \t");
        const char *open = g_str_has_prefix(at, "@include") ? strchr(at, '"') : NULL;
        const char *close = open != NULL ? strchr(open + 1, '"') : NULL;
        if (close != NULL)
            g_ptr_array_add(names, g_strndup(open + 1, (gsize)(close - open) - 1));
    }
    return names;
}

static GBytes *register_copy(const char *from, const char *to, GError **error)
{
    g_autofree char *dir = g_path_get_dirname(to);
    g_autoptr(GBytes) bytes = file_read(from, FILE_MAX, error);
    gsize len = 0;
    const void *data = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;
    bool ok = bytes != NULL && file_make_dirs(dir, 0750, error) &&
              file_write_atomic(to, data, len, 0640, error) && file_adopt(to, error);
    return ok ? g_steal_pointer(&bytes) : NULL;
}

// Copies the policy and what it includes below `dir`; names the files in `files`. False with `error`.
static bool register_keep(const char *path, const char *dir, json_t *files, GError **error)
{
    g_autofree char *base = g_path_get_basename(path), *parent = g_path_get_dirname(path);
    g_autofree char *whole = g_build_filename(dir, base, NULL);
    g_autoptr(GBytes) bytes = register_copy(path, whole, error);
    if (bytes == NULL)
        return false;
    json_array_append_new(files, json_string(base));
    gsize len = 0;
    const char *data = g_bytes_get_data(bytes, &len);
    g_autofree char *text = g_strndup(data != NULL ? data : "", len);
    g_autoptr(GPtrArray) names = register_includes(text);
    bool ok = true;
    for (guint i = 0; ok && i < names->len; i++) {
        const char *name = names->pdata[i];
        // A file from elsewhere is kept by its last name: nothing is written outside of `dir`.
        bool plain = !g_path_is_absolute(name) && strstr(name, "..") == NULL;
        g_autofree char *last = g_path_get_basename(name);
        g_autofree char *from =
            g_path_is_absolute(name) ? g_strdup(name) : g_build_filename(parent, name, NULL);
        g_autofree char *to = g_build_filename(dir, plain ? name : last, NULL);
        g_autoptr(GBytes) copied = register_copy(from, to, error);
        ok = copied != NULL;
        json_array_append_new(files, json_string(plain ? name : last));
    }
    return ok;
}

// ---- noting it -------------------------------------------------------------------------------------------

static char *register_last(const char *dir)
{
    g_autofree char *path = g_build_filename(dir, "current", NULL);
    g_autoptr(GBytes) bytes = file_read(path, 128, NULL);
    gsize len = 0;
    const char *data = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;
    return data != NULL ? g_strstrip(g_strndup(data, len)) : NULL;
}

bool register_policy(const Config *config, const Policy *policy, const char *path, const char *who,
                     const char *why, int64_t now_us, bool *out_new, GError **error)
{
    const char *sha256 = policy_sha256(policy);
    g_autofree char *dir = register_dir(config), *last = register_last(dir);
    g_autofree char *kept = g_build_filename(dir, sha256, NULL),
                    *current = g_build_filename(dir, "current", NULL);
    bool fresh = g_strcmp0(last, sha256) != 0;
    if (out_new != NULL)
        *out_new = fresh;
    if (!fresh)
        return true;
    json_t *files = json_array();
    json_t *detail =
        json_pack("{s:s, s:s, s:s, s:O, s:s*, s:s*}", "name", policy_name(policy), "version",
                  policy_version(policy), "sha256", sha256, "files", files, "why", why, "before", last);
    g_autofree char *line = g_strconcat(sha256, "\n", NULL);
    // The event first: a crash behind it writes it twice, and never leaves a policy in force that nothing tells of.
    bool ok = register_keep(path, kept, files, error) &&
              archive_event_once(config, "policy", who, NULL, detail, now_us, error) &&
              file_write_atomic(current, line, strlen(line), 0640, error) && file_adopt(current, error);
    json_decref(files);
    json_decref(detail);
    return ok;
}

// ---- history ---------------------------------------------------------------------------------------------

static bool register_take(const ArchiveRecord *record, void *data)
{
    const char *event = json_string_value(json_object_get(record->meta, "event"));
    const json_t *detail = json_object_get(record->meta, "detail");
    if (g_strcmp0(event, "policy") == 0) {
        json_t *one = json_copy((json_t *)detail);
        json_object_set(one, "time", json_object_get(record->meta, "time"));
        json_object_set(one, "who", json_object_get(record->meta, "who"));
        json_array_append_new(data, one);
    }
    return true;
}

json_t *register_history(const Config *config, GError **error)
{
    json_t *history = json_array();
    ArchiveQuery query = {.events = true};
    if (!archive_each(config, &query, register_take, NULL, history, error)) {
        json_decref(history);
        history = NULL;
    }
    return history;
}
