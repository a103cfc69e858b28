#include "feeds/generation.h"
#include "roster/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MODE      0640
#define DIGITS_MOST    9
#define LOCK_WAIT_US   (30 * G_USEC_PER_SEC)
#define LOCK_STEP_US   2000
#define LOCK_TEXT_MOST 200

static const char *const BESIDE[] = {"", "-wal", "-shm", "-journal"};

static bool fail(const char *path, const char *what, BaseError code, GError **error)
{
    int saved = errno;
    g_set_error(error, BASE_ERROR, code, "%s: %s: %s", path, what, g_strerror(saved));
    return false;
}

// What SQLite keeps beside it goes first: left alone it would be taken for the next file's of this name.
static void remove_file(const char *path)
{
    for (gsize i = G_N_ELEMENTS(BESIDE); i > 0; i--) {
        g_autofree char *name = g_strconcat(path, BESIDE[i - 1], NULL);
        unlink(name);
    }
}

static bool sync_dir_of(const char *path, GError **error)
{
    g_autofree char *dir = g_path_get_dirname(path);
    return file_sync_dir(dir, error);
}

// ---- what is there --------------------------------------------------------------------------------------

char *generation_path(const Config *config, int id)
{
    return g_strdup_printf("%s.%06d", config->roster.database, id);
}

// 0 when `text` is no number of a generation.
static int parse_number(const char *text)
{
    gsize length = strlen(text);
    bool digits = length >= 6 && length <= DIGITS_MOST && strspn(text, "0123456789") == length;
    return digits ? atoi(text) : 0;
}

static bool pragma(StoreDb *db, const char *sql, int64_t *out, GError **error)
{
    g_autoptr(StoreStmt) stmt = store_prepare(db, sql, error);
    bool ok = stmt != NULL && store_step(stmt, error) == STORE_ROW;
    *out = ok ? store_int(stmt, 0) : 0;
    return ok;
}

void in_force_clear(InForce *in_force)
{
    g_clear_pointer(&in_force->path, g_free);
}

static bool look_into(InForce *out, GError **error)
{
    int64_t application = 0, version = 0, last = 0;
    g_autoptr(StoreDb) db = store_open(out->path, STORE_READ, 5000, error);
    if (db == NULL || !pragma(db, "PRAGMA application_id", &application, error) ||
        !pragma(db, "PRAGMA user_version", &version, error))
        return false;
    if (application != SCHEMA_APPLICATION || version > SCHEMA_VERSION) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: %s", out->path,
                    application != SCHEMA_APPLICATION ? "not a roster; check roster.database"
                                                      : "a roster of a newer program; use that");
        return false;
    }
    out->version = (int)version;
    out->kind = version == SCHEMA_VERSION ? IN_FORCE_ROSTER : IN_FORCE_OLD;
    if (out->kind == IN_FORCE_ROSTER && out->id == 0) {
        if (!pragma(db, "SELECT coalesce(max(id), 0) FROM history", &last, error))
            return false;
        out->id = (int)last;
    }
    return true;
}

bool generation_in_force(const Config *config, InForce *out, GError **error)
{
    const char *database = config->roster.database;
    struct stat st;
    *out = (InForce){.kind = IN_FORCE_NONE};
    if (lstat(database, &st) != 0)
        return errno == ENOENT || fail(database, "cannot look at it", BASE_ERROR_NOINPUT, error);
    // What an import of before left when it was killed at its start.
    if (S_ISREG(st.st_mode) && st.st_size == 0)
        return true;
    out->path = realpath(database, NULL);
    if (out->path == NULL) {
        g_set_error(
            error, BASE_ERROR, BASE_ERROR_NOINPUT,
            "%s: the generation it leads to is missing: %s; restore it from your backup, or remove the link "
            "and import everything anew",
            database, g_strerror(errno));
        return false;
    }
    g_autofree char *prefix = g_path_get_basename(database);
    g_autofree char *name = g_path_get_basename(out->path);
    gsize length = strlen(prefix);
    out->plain = S_ISREG(st.st_mode);
    if (!out->plain && g_str_has_prefix(name, prefix) && name[length] == '.')
        out->id = parse_number(name + length + 1);
    bool ok = look_into(out, error);
    if (!ok)
        in_force_clear(out);
    return ok;
}

bool generation_require(const Config *config, InForce *out, GError **error)
{
    if (!generation_in_force(config, out, error))
        return false;
    if (out->kind == IN_FORCE_ROSTER)
        return true;
    g_set_error(error, BASE_ERROR, out->kind == IN_FORCE_NONE ? BASE_ERROR_NOINPUT : BASE_ERROR_DATA,
                "%s: %s; run `chaperone roster import`", config->roster.database,
                out->kind == IN_FORCE_NONE ? "there is no roster" : "a roster of an older program");
    in_force_clear(out);
    return false;
}

static int compare_numbers(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

typedef void (*NameFunc)(const char *path, const char *rest, void *data);

// Calls `func` for each file "<database>.<rest>".
static bool each_file(const Config *config, NameFunc func, void *data, GError **error)
{
    g_autofree char *path = g_path_get_dirname(config->roster.database);
    g_autofree char *base = g_path_get_basename(config->roster.database);
    g_autofree char *prefix = g_strconcat(base, ".", NULL);
    g_autoptr(GError) problem = NULL;
    GDir *dir = g_dir_open(path, 0, &problem);
    if (dir == NULL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "%s: %s", path, problem->message);
        return false;
    }
    const char *name;
    while ((name = g_dir_read_name(dir)) != NULL)
        if (g_str_has_prefix(name, prefix)) {
            g_autofree char *full = g_build_filename(path, name, NULL);
            func(full, name + strlen(prefix), data);
        }
    g_dir_close(dir);
    return true;
}

static void add_number(const char *path, const char *rest, void *data)
{
    int number = parse_number(rest);
    if (number > 0)
        g_array_append_val((GArray *)data, number);
}

GArray *generation_numbers(const Config *config, GError **error)
{
    g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(int));
    if (!each_file(config, add_number, numbers, error))
        return NULL;
    g_array_sort(numbers, compare_numbers);
    return g_steal_pointer(&numbers);
}

int generation_before(const Config *config, int id, GError **error)
{
    g_autoptr(GArray) numbers = generation_numbers(config, error);
    int found = 0;
    for (guint i = 0; numbers != NULL && i < numbers->len; i++)
        if (g_array_index(numbers, int, i) < id)
            found = g_array_index(numbers, int, i);
    if (numbers != NULL && found == 0)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT,
                    "%s: there is no generation before %d; see `chaperone roster history`",
                    config->roster.database, id);
    return found;
}

// ---- locks ----------------------------------------------------------------------------------------------

static int open_lock(const Config *config, const char *name, char **out_path, GError **error)
{
    g_autofree char *dir = g_path_get_dirname(config->roster.database);
    *out_path = g_strconcat(config->roster.database, name, NULL);
    if (!file_make_dirs(dir, 0750, error))
        return -1;
    int fd = open(*out_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    if (fd < 0) {
        fail(*out_path, "cannot open", errno == EACCES ? BASE_ERROR_NOPERM : BASE_ERROR_CANTCREAT, error);
    } else if (!file_adopt(*out_path, error)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

void generation_unlock(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

int generation_lock_import(const Config *config, const char *who, GError **error)
{
    g_autofree char *path = NULL, *now = clock_format(clock_now_us());
    char text[LOCK_TEXT_MOST + 1];
    int fd = open_lock(config, ".import.lock", &path, error);
    if (fd < 0)
        return -1;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        ssize_t got = pread(fd, text, LOCK_TEXT_MOST, 0);
        text[got > 0 ? got : 0] = '\0';
        g_set_error(error, BASE_ERROR, BASE_ERROR_TEMPFAIL,
                    "%s: another import is at work%s%s; try again later", path, got > 0 ? ": " : "",
                    g_strchomp(text));
        generation_unlock(&fd);
        return -1;
    }
    g_snprintf(text, sizeof text, "process %d of %.100s since %.19sZ\n", (int)getpid(), who, now);
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, strlen(text), 0) != (ssize_t)strlen(text)) {
        fail(path, "cannot write", BASE_ERROR_IO, error);
        generation_unlock(&fd);
    }
    return fd;
}

int generation_lock_change(const Config *config, GError **error)
{
    g_autofree char *path = NULL;
    int fd = open_lock(config, ".change.lock", &path, error);
    int64_t until = g_get_monotonic_time() + LOCK_WAIT_US;
    while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (g_get_monotonic_time() < until) {
            g_usleep(LOCK_STEP_US);
        } else {
            g_set_error(error, BASE_ERROR, BASE_ERROR_TEMPFAIL, "%s: the roster is being changed; try again",
                        path);
            generation_unlock(&fd);
        }
    }
    return fd;
}

// ---- the next one ---------------------------------------------------------------------------------------

typedef struct {
    int in_force; // 0: numbers above it are nobody's leavings
    int last;
} Leavings;

// A trial that still runs holds its file's lock.
static void remove_trial(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
        remove_file(path);
    generation_unlock(&fd);
}

static void remove_leavings(const char *path, const char *rest, void *data)
{
    Leavings *leavings = data;
    int number = parse_number(rest);
    bool orphan = leavings->in_force > 0 && number > leavings->in_force;
    if (g_str_has_suffix(rest, ".new") || orphan)
        remove_file(path);
    else if (g_str_has_prefix(rest, "trial.") && strchr(rest, '-') == NULL)
        remove_trial(path);
    else
        leavings->last = MAX(leavings->last, number);
}

static bool make_file(const char *path, GError **error)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
    if (fd < 0)
        return fail(path, "cannot create", BASE_ERROR_CANTCREAT, error);
    return file_close(&fd, path, error) && file_adopt(path, error);
}

bool generation_begin(const Config *config, NextGeneration *out, GError **error)
{
    g_auto(InForce) now = {0};
    *out = (NextGeneration){.lock = -1};
    if (!generation_in_force(config, &now, error))
        return false;
    Leavings leavings = {.in_force = now.plain ? 0 : now.id, .last = now.id};
    if (!each_file(config, remove_leavings, &leavings, error))
        return false;
    g_autofree char *path = generation_path(config, leavings.last + 1);
    out->id = leavings.last + 1;
    out->path = g_strconcat(path, ".new", NULL);
    return make_file(out->path, error);
}

bool generation_begin_trial(const Config *config, NextGeneration *out, GError **error)
{
    g_autofree char *dir = g_path_get_dirname(config->roster.database);
    g_autofree char *base = g_path_get_basename(config->roster.database);
    g_autofree char *name = g_strconcat(base, ".trial.XXXXXX", NULL);
    *out = (NextGeneration){.lock = -1};
    out->path = g_build_filename(access(dir, W_OK) == 0 ? dir : g_get_tmp_dir(), name, NULL);
    out->lock = g_mkstemp_full(out->path, O_RDWR | O_CLOEXEC, 0600);
    if (out->lock < 0) {
        fail(out->path, "cannot create", BASE_ERROR_CANTCREAT, error);
        g_clear_pointer(&out->path, g_free);
        return false;
    }
    return flock(out->lock, LOCK_EX | LOCK_NB) == 0 || fail(out->path, "cannot lock", BASE_ERROR_OS, error);
}

void next_generation_clear(NextGeneration *next)
{
    if (next->path != NULL)
        remove_file(next->path);
    g_clear_pointer(&next->path, g_free);
    // A zeroed one holds no descriptor either.
    if (next->lock > 0)
        generation_unlock(&next->lock);
}

bool generation_copy(const char *from, const NextGeneration *next, GError **error)
{
    g_autoptr(StoreDb) db = store_open(from, STORE_READ, 30000, error);
    g_autoptr(StoreStmt) copy = db != NULL && store_exec(db, "PRAGMA query_only = OFF", error)
                                    ? store_prepare(db, "VACUUM INTO ?1", error)
                                    : NULL;
    if (copy == NULL)
        return false;
    store_bind_text(copy, 1, next->path);
    return store_run(copy, error);
}

// ---- putting it in force --------------------------------------------------------------------------------

bool generation_key_of(const Config *config, StoreDb *db, const char *schema, RosterKey *out, GError **error)
{
    g_autofree char *sql = g_strdup_printf("SELECT value FROM %s.meta WHERE name = 'key'", schema);
    g_autoptr(StoreStmt) stmt = store_prepare(db, sql, error);
    StoreStep step = stmt != NULL ? store_step(stmt, error) : STORE_FAILED;
    gsize len = 0;
    const void *check = step == STORE_ROW ? store_blob(stmt, 0, &len) : NULL;
    return step != STORE_FAILED && key_choose(config->roster.key_file, check, len, out, error);
}

bool generation_key(const Config *config, const char *path, RosterKey *out, GError **error)
{
    g_autoptr(StoreDb) db = schema_open_read(path, error);
    return db != NULL && generation_key_of(config, db, "main", out, error);
}

static bool attach(StoreDb *db, const char *path, GError **error)
{
    g_autoptr(StoreStmt) stmt = store_prepare(db, "ATTACH ?1 AS old", error);
    if (stmt == NULL)
        return false;
    store_bind_text(stmt, 1, path);
    return store_run(stmt, error);
}

static bool add_row(StoreDb *db, int id, const GenerationRow *row, GError **error)
{
    g_autoptr(StoreStmt) stmt = store_prepare(db,
                                              "INSERT INTO history (id, at, who, what, forced, counts, "
                                              "changes, files) VALUES (?1, ?2, ?3, ?4, ?5, ?6, "
                                              "?7, ?8)",
                                              error);
    if (stmt == NULL)
        return false;
    const char *texts[] = {row->who, row->what};
    const char *json[] = {row->counts, row->changes, row->files};
    store_bind_int(stmt, 1, id);
    store_bind_int(stmt, 2, clock_now_us() / G_USEC_PER_SEC);
    for (int i = 0; i < 2; i++)
        store_bind_text(stmt, 3 + i, texts[i]);
    store_bind_int(stmt, 5, row->forced);
    for (int i = 0; i < 3; i++)
        store_bind_text(stmt, 6 + i, json[i]);
    return store_run(stmt, error);
}

// All of it in the one file, nothing left beside it.
static bool settle(StoreDb *db, const char *path, GError **error)
{
    int64_t busy = 1;
    if (!pragma(db, "PRAGMA wal_checkpoint(TRUNCATE)", &busy, error))
        return false;
    if (busy != 0)
        g_set_error(error, BASE_ERROR, BASE_ERROR_TEMPFAIL, "%s: another program is at it", path);
    return busy == 0;
}

static bool complete(const Config *config, const NextGeneration *next, const InForce *now,
                     const GenerationRow *row, GenerationFill fill, void *data, GError **error)
{
    // Opening it so makes it a file in WAL mode, as changes in place want it.
    g_autoptr(StoreDb) db = store_open(next->path, STORE_WRITE, 30000, error);
    if (db == NULL || (now->kind != IN_FORCE_NONE && !attach(db, now->path, error)) ||
        !store_begin(db, error))
        return false;
    bool ok = generation_carry(config, db, now, error) && (fill == NULL || fill(db, data, error)) &&
              add_row(db, next->id, row, error) && store_commit(db, error);
    if (!ok)
        store_rollback(db);
    return ok && (now->kind == IN_FORCE_NONE || store_exec(db, "DETACH old", error)) &&
           settle(db, next->path, error);
}

static bool sync_file(const char *path, GError **error)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return fail(path, "cannot open", BASE_ERROR_IO, error);
    bool ok =
        (fchmod(fd, FILE_MODE) == 0 && fsync(fd) == 0) || fail(path, "cannot sync", BASE_ERROR_IO, error);
    return file_close(&fd, path, ok ? error : NULL) && ok;
}

// A file by itself at roster.database gets a second name before the link takes its own.
static bool set_aside(const Config *config, const InForce *now, GError **error)
{
    g_autofree char *aside = now->kind == IN_FORCE_ROSTER && now->id > 0
                                 ? generation_path(config, now->id)
                                 : g_strconcat(config->roster.database, ".v1", NULL);
    if (!now->plain || now->kind == IN_FORCE_NONE)
        return true;
    g_autoptr(StoreDb) db = store_open(now->path, STORE_WRITE, 30000, error);
    if (db == NULL || !settle(db, now->path, error))
        return false;
    store_close(&db);
    return link(now->path, aside) == 0 || errno == EEXIST ||
           fail(aside, "cannot keep the roster of before under this name", BASE_ERROR_CANTCREAT, error);
}

static bool switch_link(const Config *config, const char *target, GError **error)
{
    const char *database = config->roster.database;
    g_autofree char *link_path = g_strconcat(database, ".link.new", NULL);
    g_autofree char *name = g_path_get_basename(target);
    unlink(link_path);
    if (symlink(name, link_path) != 0)
        return fail(link_path, "cannot make the link", BASE_ERROR_CANTCREAT, error);
    if (file_adopt(link_path, error) && (rename(link_path, database) == 0 ||
                                         fail(database, "cannot put the link", BASE_ERROR_CANTCREAT, error)))
        return sync_dir_of(database, error);
    unlink(link_path);
    return false;
}

// Older ones than are to be kept. A reader that has one open keeps it until it ends.
static void prune(const Config *config, int in_force)
{
    g_autoptr(GArray) numbers = generation_numbers(config, NULL);
    int kept = 0;
    for (guint i = numbers != NULL ? numbers->len : 0; i > 0; i--) {
        int number = g_array_index(numbers, int, i - 1);
        if (number == in_force || ++kept <= config->roster.generations)
            continue;
        g_autofree char *path = generation_path(config, number);
        remove_file(path);
    }
}

static void remove_plain_leavings(const Config *config)
{
    for (gsize i = 1; i < G_N_ELEMENTS(BESIDE); i++) {
        g_autofree char *name = g_strconcat(config->roster.database, BESIDE[i], NULL);
        unlink(name);
    }
}

static bool put_in_force(const Config *config, NextGeneration *next, const InForce *now, GError **error)
{
    g_autofree char *path = generation_path(config, next->id);
    if (!sync_file(next->path, error) || !file_adopt(next->path, error) || !set_aside(config, now, error))
        return false;
    if (rename(next->path, path) != 0)
        return fail(path, "cannot rename into place", BASE_ERROR_CANTCREAT, error);
    g_free(next->path);
    next->path = g_steal_pointer(&path);
    if (!sync_dir_of(next->path, error) || !switch_link(config, next->path, error))
        return false;
    g_clear_pointer(&next->path, g_free);
    if (now->plain)
        remove_plain_leavings(config);
    return sync_dir_of(config->roster.database, error);
}

bool generation_commit(const Config *config, NextGeneration *next, const GenerationRow *row,
                       GenerationFill fill, void *data, GError **error)
{
    g_auto(InForce) now = {0};
    // Most of it goes to the disk before changes in place have to wait.
    if (!sync_file(next->path, error))
        return false;
    int lock = generation_lock_change(config, error);
    bool ok = lock >= 0 && generation_in_force(config, &now, error) &&
              complete(config, next, &now, row, fill, data, error) && put_in_force(config, next, &now, error);
    if (ok)
        prune(config, next->id);
    generation_unlock(&lock);
    return ok;
}
