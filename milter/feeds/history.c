#include "feeds/generation.h"
#include "feeds/run.h"
#include "feeds/settings.h"
#include "roster/schema.h"

#include <string.h>
#include <unistd.h>

#define CHANGES_FALLBACK 1000

void feed_generation_free(FeedGeneration *generation)
{
    if (generation == NULL)
        return;
    g_free(generation->who);
    g_free(generation->what);
    g_free(generation->counts);
    g_free(generation->changes);
    g_free(generation->files);
    g_free(generation);
}

static FeedGeneration *read_row(const Config *config, StoreStmt *stmt, const InForce *now)
{
    FeedGeneration *row = g_new0(FeedGeneration, 1);
    row->id = (int)store_int(stmt, 0);
    row->at = store_int(stmt, 1);
    row->who = g_strdup(store_text(stmt, 2));
    row->what = g_strdup(store_text(stmt, 3));
    row->forced = store_int(stmt, 4) != 0;
    row->counts = g_strdup(store_text(stmt, 5));
    row->changes = g_strdup(store_text(stmt, 6));
    row->files = g_strdup(store_text(stmt, 7));
    g_autofree char *path = generation_path(config, row->id);
    row->present = row->id == now->id || access(path, F_OK) == 0;
    return row;
}

GPtrArray *feeds_history(const Config *config, GError **error)
{
    g_auto(InForce) now = {0};
    g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func((GDestroyNotify)feed_generation_free);
    g_autoptr(StoreDb) db =
        generation_require(config, &now, error) ? schema_open_read(now.path, error) : NULL;
    g_autoptr(StoreStmt) stmt =
        db != NULL ? store_prepare(db,
                                   "SELECT id, at, who, what, forced, counts, changes, files FROM history "
                                   "ORDER BY id DESC",
                                   error)
                   : NULL;
    StoreStep step = STORE_FAILED;
    while (stmt != NULL && (step = store_step(stmt, error)) == STORE_ROW)
        g_ptr_array_add(out, read_row(config, stmt, &now));
    return step == STORE_DONE ? g_steal_pointer(&out) : NULL;
}

// The file of generation `id`; NULL with `error` when it is there no more.
static char *file_of(const Config *config, const InForce *now, int id, GError **error)
{
    g_autofree char *path = id == now->id ? g_strdup(now->path) : generation_path(config, id);
    if (id > 0 && access(path, F_OK) == 0)
        return g_steal_pointer(&path);
    g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT,
                "%s: generation %d is not there; see `chaperone roster history`", config->roster.database,
                id);
    return NULL;
}

FeedDiff *feeds_diff(const Config *config, int from, int to, guint changes_most, GError **error)
{
    g_auto(InForce) now = {0};
    if (!generation_require(config, &now, error))
        return NULL;
    int last = to > 0 ? to : now.id;
    int first = from > 0 ? from : generation_before(config, last, error);
    g_autofree char *old = first > 0 ? file_of(config, &now, first, error) : NULL;
    g_autofree char *next = old != NULL ? file_of(config, &now, last, error) : NULL;
    return next != NULL ? diff_files(old, next, changes_most > 0 ? changes_most : CHANGES_FALLBACK, error)
                        : NULL;
}

// ---- the way back ---------------------------------------------------------------------------------------

// Private details are kept as they are now: with the key in force.
static bool take_key_in_force(const Config *config, const InForce *now, const NextGeneration *next,
                              GError **error)
{
    RosterKey from, to;
    bool ok = generation_key(config, next->path, &from, error) &&
              generation_key(config, now->path, &to, error) &&
              (memcmp(&from, &to, sizeof from) == 0 || keys_change(config, next->path, &from, &to, error));
    memset(&from, 0, sizeof from);
    memset(&to, 0, sizeof to);
    return ok;
}

// What the history said of the numbers in `id`; "{}" when it says nothing.
static char *counts_of(const Config *config, int id)
{
    g_autoptr(GPtrArray) history = feeds_history(config, NULL);
    for (guint i = 0; history != NULL && i < history->len; i++) {
        const FeedGeneration *row = history->pdata[i];
        if (row->id == id)
            return g_strdup(row->counts);
    }
    return g_strdup("{}");
}

static int put_back(const Config *config, const InForce *now, int to, const char *who, GError **error)
{
    g_auto(NextGeneration) next = {.lock = -1};
    g_autofree char *from = file_of(config, now, to, error);
    if (from == NULL || !generation_begin(config, &next, error) || !generation_copy(from, &next, error) ||
        !take_key_in_force(config, now, &next, error))
        return 0;
    g_autoptr(FeedDiff) diff = diff_files(now->path, next.path, 1, error);
    if (diff == NULL)
        return 0;
    g_autofree char *what = g_strdup_printf("rollback to %d", to), *counts = counts_of(config, to);
    g_autofree char *changes = import_changes_json(diff);
    const GenerationRow row = {.who = who, .what = what, .counts = counts, .changes = changes, .files = "[]"};
    return generation_commit(config, &next, &row, NULL, NULL, error) ? next.id : 0;
}

int feeds_rollback(const Config *config, int to, const char *who, GError **error)
{
    g_auto(InForce) now = {0};
    int lock = generation_lock_import(config, who, error), made = 0;
    if (lock >= 0 && generation_require(config, &now, error)) {
        int target = to > 0 ? to : generation_before(config, now.id, error);
        if (target == now.id)
            g_set_error(error, BASE_ERROR, BASE_ERROR_USAGE, "generation %d is in force already", target);
        else if (target > 0)
            made = put_back(config, &now, target, who, error);
    }
    generation_unlock(&lock);
    return made;
}

char *feeds_generation_path(const Config *config, int id)
{
    return generation_path(config, id);
}
