// The shards, as they are written: `index/2026-11.db` holds what was received in that month, `index/state.db` how far the
// segments were read. A shard is committed before the state: what a crash leaves in a shard is met again and left alone.
#include "search/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { BUSY_MS = 10000, OPEN_SHARDS = 3 };

static const char *const SHARD[] = {
    "CREATE TABLE item (id INTEGER PRIMARY KEY, record TEXT NOT NULL UNIQUE, received INTEGER NOT NULL,"
    " size INTEGER NOT NULL, sender TEXT NOT NULL, subject TEXT NOT NULL, action TEXT NOT NULL,"
    " message_hash INTEGER NOT NULL, attachments INTEGER NOT NULL, unsearchable TEXT NOT NULL);"
    "CREATE INDEX item_received ON item (received);"
    "CREATE INDEX item_message ON item (message_hash);"
    "CREATE INDEX item_unsearchable ON item (received) WHERE unsearchable != '';"
    // The first column is the cheapest: what is in another costs two bytes more for each word of each message.
    "CREATE VIRTUAL TABLE text USING fts5(body, sender, recipient, copy, envelope, subject, attachment, "
    "filename,"
    " people, schools, rules, content='', columnsize=0, tokenize=\"unicode61 remove_diacritics 2\");",
    // A transaction's words are written as one piece: many small ones cost most of the time in merging.
    "INSERT INTO text(text, rank) VALUES('hashsize', 33554432);"};

static const char *const STATE[] = {
    "CREATE TABLE place (series TEXT PRIMARY KEY, segment TEXT NOT NULL, byte INTEGER NOT NULL);"
    "CREATE TABLE counted (one INTEGER PRIMARY KEY CHECK (one = 1), records INTEGER NOT NULL, through "
    "INTEGER NOT NULL);"
    "INSERT INTO counted VALUES (1, 0, 0);",
    "CREATE TABLE removal (record TEXT PRIMARY KEY, month INTEGER NOT NULL) WITHOUT ROWID;",
    // Months that are one piece, and their last item then.
    "CREATE TABLE tidy (month INTEGER PRIMARY KEY, last INTEGER NOT NULL);"};

typedef struct {
    int month;
    bool begun; // a transaction
    StoreDb *db;
    StoreStmt *item, *text;
} Shard;

struct SearchIndex {
    char *dir;
    int lock;
    StoreDb *state;
    GPtrArray *shards; // of Shard, those used last at the end
    guint64 added;
    int64_t through_us;
};

// ---- names -----------------------------------------------------------------------------------------------

char *search_dir(const Config *config)
{
    return g_build_filename(config->archive.dir, "index", NULL);
}

int search_month(int64_t received_us)
{
    return clock_local_date(received_us, NULL) / 100;
}

int64_t search_message_hash(const char *message_id)
{
    g_autofree char *hex = sha256_hex(message_id, strlen(message_id));
    hex[15] = '\0'; // 60 bits: no sign
    return (int64_t)g_ascii_strtoull(hex, NULL, 16);
}

char *search_shard_path(const char *dir, int month)
{
    return g_strdup_printf("%s/%04d-%02d.db", dir, month / 100, month % 100);
}

char *search_state_path(const char *dir)
{
    return g_build_filename(dir, "state.db", NULL);
}

static int month_newest_first(gconstpointer a, gconstpointer b)
{
    int one = *(const int *)a, other = *(const int *)b;
    return (one < other) - (one > other);
}

GArray *search_months(const char *dir, GError **error)
{
    g_autoptr(GArray) months = g_array_new(FALSE, FALSE, sizeof(int));
    g_autoptr(GError) why = NULL;
    g_autoptr(GDir) listing = g_dir_open(dir, 0, &why);
    const char *name;
    while (listing != NULL && (name = g_dir_read_name(listing)) != NULL) {
        int year, month, used = 0;
        if (strlen(name) == strlen("2026-11.db") && sscanf(name, "%4d-%2d.db%n", &year, &month, &used) == 2 &&
            used == (int)strlen(name)) {
            int both = year * 100 + month;
            g_array_append_val(months, both);
        }
    }
    if (listing == NULL && !g_error_matches(why, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "%s", why->message);
        return NULL;
    }
    g_array_sort(months, month_newest_first);
    return g_steal_pointer(&months);
}

static char *rebuild_path(const char *dir)
{
    return g_build_filename(dir, "rebuild", NULL);
}

bool search_ask_rebuild(const Config *config, GError **error)
{
    g_autofree char *dir = search_dir(config), *path = rebuild_path(dir);
    return file_make_dirs(dir, 0750, error) && file_write_atomic(path, "", 0, 0640, error) &&
           file_adopt(path, error);
}

bool search_rebuild_asked(const Config *config)
{
    g_autofree char *dir = search_dir(config), *path = rebuild_path(dir);
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

// ---- opening ---------------------------------------------------------------------------------------------

static void shard_free(gpointer data)
{
    Shard *shard = data;
    store_finalize(&shard->item);
    store_finalize(&shard->text);
    if (shard->db != NULL)
        store_rollback(shard->db);
    store_close(&shard->db);
    g_free(shard);
}

bool search_state_ready(StoreDb *state, GError **error)
{
    return store_migrate(state, STATE, G_N_ELEMENTS(STATE), error);
}

static int index_lock(const char *dir, GError **error)
{
    g_autofree char *path = g_build_filename(dir, "lock", NULL);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd < 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_CANTCREAT, "%s: %s", path, g_strerror(errno));
    } else if (!file_adopt(path, error) || flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (error != NULL && *error == NULL)
            g_set_error(error, BASE_ERROR, BASE_ERROR_TEMPFAIL, "%s: another process writes the index", dir);
        close(fd);
        fd = -1;
    }
    return fd;
}

SearchIndex *search_index_open(const Config *config, GError **error)
{
    g_autoptr(SearchIndex) index = g_new0(SearchIndex, 1);
    index->dir = search_dir(config);
    index->lock = -1;
    index->shards = g_ptr_array_new_with_free_func(shard_free);
    g_autofree char *path = search_state_path(index->dir);
    bool ok = file_make_dirs(index->dir, 0750, error) && (index->lock = index_lock(index->dir, error)) >= 0 &&
              (index->state = store_open(path, STORE_WRITE, BUSY_MS, error)) != NULL &&
              search_state_ready(index->state, error);
    return ok ? g_steal_pointer(&index) : NULL;
}

void search_index_close(SearchIndex **index)
{
    if (*index == NULL)
        return;
    g_ptr_array_unref((*index)->shards);
    store_close(&(*index)->state);
    if ((*index)->lock >= 0)
        close((*index)->lock);
    g_free((*index)->dir);
    g_clear_pointer(index, g_free);
}

GPtrArray *search_index_places(SearchIndex *index, GError **error)
{
    g_autoptr(GPtrArray) places = g_ptr_array_new_with_free_func((GDestroyNotify)archive_place_free);
    g_autoptr(StoreStmt) stmt = store_prepare(index->state, "SELECT series, segment, byte FROM place", error);
    StoreStep step = stmt != NULL ? STORE_ROW : STORE_FAILED;
    while (stmt != NULL && (step = store_step(stmt, error)) == STORE_ROW) {
        ArchivePlace *place = g_new0(ArchivePlace, 1);
        place->series = g_strdup(store_text(stmt, 0));
        place->segment = g_strdup(store_text(stmt, 1));
        place->offset = store_int(stmt, 2);
        g_ptr_array_add(places, place);
    }
    return step == STORE_DONE ? g_steal_pointer(&places) : NULL;
}

// ---- adding ----------------------------------------------------------------------------------------------

static Shard *shard_open(SearchIndex *index, int month, GError **error)
{
    Shard *shard = g_new0(Shard, 1);
    shard->month = month;
    g_autofree char *path = search_shard_path(index->dir, month);
    bool ok = (shard->db = store_open(path, STORE_WRITE, BUSY_MS, error)) != NULL &&
              store_migrate(shard->db, SHARD, G_N_ELEMENTS(SHARD), error) &&
              (shard->item = store_prepare(
                   shard->db,
                   "INSERT OR IGNORE INTO item (record, received, size, sender, subject, action,"
                   " message_hash, attachments, unsearchable) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                   error)) != NULL &&
              (shard->text =
                   store_prepare(shard->db,
                                 "INSERT INTO text (rowid, body, sender, recipient, copy, envelope, subject,"
                                 " attachment, filename, people, schools, rules)"
                                 " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                                 error)) != NULL;
    if (ok)
        g_ptr_array_add(index->shards, shard);
    else
        shard_free(shard);
    return ok ? shard : NULL;
}

// The shard of a month, in a transaction. NULL with `error`.
static Shard *shard_of(SearchIndex *index, int month, GError **error)
{
    Shard *shard = NULL;
    for (guint i = 0; shard == NULL && i < index->shards->len; i++)
        if (((Shard *)index->shards->pdata[i])->month == month)
            shard = index->shards->pdata[i];
    if (shard == NULL)
        shard = shard_open(index, month, error);
    if (shard != NULL && !shard->begun)
        shard->begun = store_begin(shard->db, error);
    return shard != NULL && shard->begun ? shard : NULL;
}

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static void bind_item(StoreStmt *stmt, const SearchDocument *document)
{
    store_bind_text(stmt, 1, document->record);
    store_bind_int(stmt, 2, document->received_us);
    store_bind_int(stmt, 3, document->size);
    store_bind_text(stmt, 4, or_empty(document->sender));
    store_bind_text(stmt, 5, or_empty(document->subject));
    store_bind_text(stmt, 6, or_empty(document->action));
    store_bind_int(stmt, 7, search_message_hash(or_empty(document->message_id)));
    store_bind_int(stmt, 8, document->attachments);
    store_bind_text(stmt, 9, or_empty(document->unsearchable));
}

static bool add_text(Shard *shard, const SearchDocument *document, GError **error)
{
    const char *const texts[] = {document->body,       document->sender,   document->to,
                                 document->cc,         document->envelope, document->subject,
                                 document->attachment, document->filename, document->people,
                                 document->schools,    document->rules};
    store_bind_int(shard->text, 1, store_last_rowid(shard->db));
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        store_lend_text(shard->text, (int)i + 2, or_empty(texts[i]));
    return store_run(shard->text, error);
}

bool search_index_add(SearchIndex *index, const SearchDocument *document, GError **error)
{
    Shard *shard = shard_of(index, search_month(document->received_us), error);
    if (shard == NULL)
        return false;
    bind_item(shard->item, document);
    bool ok = store_run(shard->item, error);
    if (ok && store_changes(shard->db) > 0) {
        ok = add_text(shard, document, error);
        index->added++;
        index->through_us = MAX(index->through_us, document->received_us);
    }
    return ok;
}

static bool commit_places(SearchIndex *index, const GPtrArray *places, GError **error)
{
    g_autoptr(StoreStmt) stmt =
        store_prepare(index->state, "INSERT OR REPLACE INTO place VALUES (?, ?, ?)", error);
    bool ok = stmt != NULL;
    for (guint i = 0; ok && i < places->len; i++) {
        const ArchivePlace *place = places->pdata[i];
        if (place->segment == NULL)
            continue;
        store_bind_text(stmt, 1, place->series);
        store_bind_text(stmt, 2, place->segment);
        store_bind_int(stmt, 3, place->offset);
        ok = store_run(stmt, error);
    }
    return ok;
}

static bool commit_counts(SearchIndex *index, GError **error)
{
    g_autoptr(StoreStmt) stmt = store_prepare(
        index->state, "UPDATE counted SET records = records + ?, through = max(through, ?)", error);
    if (stmt != NULL) {
        store_bind_int(stmt, 1, (int64_t)index->added);
        store_bind_int(stmt, 2, index->through_us);
    }
    return stmt != NULL && store_run(stmt, error);
}

bool search_index_commit(SearchIndex *index, const GPtrArray *places, GError **error)
{
    bool ok = true;
    for (guint i = 0; ok && i < index->shards->len; i++) {
        Shard *shard = index->shards->pdata[i];
        ok = !shard->begun || store_commit(shard->db, error);
        shard->begun = shard->begun && !ok;
    }
    // Months pass: the first are closed.
    if (!ok || index->shards->len > OPEN_SHARDS)
        g_ptr_array_remove_range(index->shards, 0,
                                 ok ? index->shards->len - OPEN_SHARDS : index->shards->len);
    ok = ok && store_begin(index->state, error) && commit_places(index, places, error) &&
         commit_counts(index, error) && store_commit(index->state, error);
    if (!ok)
        store_rollback(index->state);
    index->added = 0;
    index->through_us = 0;
    return ok;
}

// ---- beginning again -------------------------------------------------------------------------------------

static bool remove_file(const char *path, GError **error)
{
    bool ok = g_unlink(path) == 0 || errno == ENOENT;
    if (!ok)
        g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "%s: cannot remove: %s", path, g_strerror(errno));
    return ok;
}

bool search_index_reset(SearchIndex *index, GError **error)
{
    static const char *const SUFFIXES[] = {"", "-wal", "-shm"};
    g_ptr_array_set_size(index->shards, 0);
    index->added = 0;
    bool ok = store_exec(
        index->state,
        "BEGIN; DELETE FROM place; DELETE FROM tidy; UPDATE counted SET records = 0, through = 0; COMMIT",
        error);
    g_autoptr(GArray) months = ok ? search_months(index->dir, error) : NULL;
    for (guint i = 0; months != NULL && ok && i < months->len; i++)
        for (guint s = 0; ok && s < G_N_ELEMENTS(SUFFIXES); s++) {
            g_autofree char *shard = search_shard_path(index->dir, g_array_index(months, int, i));
            g_autofree char *path = g_strconcat(shard, SUFFIXES[s], NULL);
            ok = remove_file(path, error);
        }
    g_autofree char *asked = rebuild_path(index->dir);
    return ok && months != NULL && remove_file(asked, error);
}

// ---- taking out ------------------------------------------------------------------------------------------

bool search_index_remove_asked(SearchIndex *index, bool *out_more, GError **error)
{
    bool left = false;
    // A shard that stands open would keep the old pages in use.
    g_ptr_array_set_size(index->shards, 0);
    bool ok = search_remove_asked(index->state, index->dir, &left, out_more, error);
    if (left)
        log_warn("words of destroyed records stayed in the index: it is made anew", "index", index->dir);
    return ok && (!left || search_index_reset(index, error));
}

// ---- months that are over --------------------------------------------------------------------------------

bool search_index_tidy(SearchIndex *index, bool (*stop)(void *data), void *data, bool *out_more,
                       GError **error)
{
    g_ptr_array_set_size(index->shards, 0);
    return search_tidy(index->state, index->dir, stop, data, out_more, error);
}
