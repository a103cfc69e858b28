// What a message is judged by, loaded and checked as one.
#include "judge/judge.h"

#include <string.h>

#define MOST_POLICY (1024 * 1024)
#define MOST_TABLE  (16 * 1024 * 1024)

typedef struct {
    Snapshot snapshot;
    int refs;
} SharedSnapshot;

static SharedSnapshot *shared(Snapshot *snapshot)
{
    return (SharedSnapshot *)snapshot;
}

Snapshot *snapshot_ref(Snapshot *snapshot)
{
    g_atomic_int_inc(&shared(snapshot)->refs);
    return snapshot;
}

void snapshot_unref(Snapshot *snapshot)
{
    if (!snapshot || !g_atomic_int_dec_and_test(&shared(snapshot)->refs))
        return;
    g_clear_pointer(&snapshot->config, config_unref);
    g_clear_pointer(&snapshot->policy, policy_unref);
    g_clear_pointer(&snapshot->tables, detect_data_unref);
    g_clear_pointer(&snapshot->roster, roster_unref);
    g_free(snapshot);
}

static void mistake_take(GPtrArray *mistakes, GError **error)
{
    if (*error)
        g_ptr_array_add(mistakes, g_strdup((*error)->message));
    g_clear_error(error);
}

Policy *snapshot_policy(const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = file_read(path, MOST_POLICY, error);
    if (!bytes)
        return NULL;
    gsize len;
    const char *data = g_bytes_get_data(bytes, &len);
    g_autofree char *text = g_strndup(data ? data : "", len);
    g_autofree char *parent = g_path_get_dirname(path);
    g_autofree char *dir = g_canonicalize_filename(parent, NULL);
    if (strlen(text) != len || !g_utf8_validate(text, -1, NULL)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_CONFIG,
                    "%s:0: policy: text: is not UTF-8; save it as UTF-8", path);
        return NULL;
    }
    return policy_parse(path, text, dir, error);
}

static GBytes *table_read(const char *name, void *data, GError **error)
{
    const Config *config = data;
    g_autofree char *path = g_build_filename(config->policy.lists_dir, name, NULL);
    return file_read(path, MOST_TABLE, error);
}

Snapshot *snapshot_new(Config *config, GError **error)
{
    g_autoptr(GPtrArray) mistakes = g_ptr_array_new_with_free_func(g_free);
    SharedSnapshot *own = g_new0(SharedSnapshot, 1);
    Snapshot *snapshot = &own->snapshot;
    own->refs = 1;
    GError *mistake = NULL;
    snapshot->config = config_ref(config);
    if (!mode_parse(config->policy.mode, &snapshot->mode))
        g_ptr_array_add(mistakes,
                        g_strdup_printf("%s: policy.mode: unknown mode \"%s\"; use monitor, coach or enforce",
                                        config->path ? config->path : "configuration", config->policy.mode));
    snapshot->policy = snapshot_policy(config->policy.file, &mistake);
    mistake_take(mistakes, &mistake);
    snapshot->tables = detect_data_new(table_read, config, &mistake);
    mistake_take(mistakes, &mistake);
    snapshot->roster = roster_open(config, &mistake);
    mistake_take(mistakes, &mistake);
    if (mistakes->len > 0) {
        g_ptr_array_add(mistakes, NULL);
        g_autofree char *all = g_strjoinv("\n", (char **)mistakes->pdata);
        g_set_error_literal(error, BASE_ERROR, BASE_ERROR_CONFIG, all);
        g_clear_pointer(&snapshot, snapshot_unref);
    }
    return snapshot;
}

Snapshot *snapshot_load(const char *config_path, GError **error)
{
    g_autoptr(Config) config = config_load(config_path, error);
    return config ? snapshot_new(config, error) : NULL;
}
