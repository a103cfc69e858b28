#include "intake/internal.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DEPTH_MOST = 100 };

typedef struct {
    const IntakeOrder *order;
    GPtrArray *files;
    GQueue dirs; // of Dir: still to be read
    guint64 *failed;
} Walk;
typedef struct {
    char *path;
    guint depth;
} Dir;

static void file_free(gpointer data)
{
    IntakeFile *file = data;
    g_free(file->path);
    g_free(file->source);
    g_free(file);
}

static void walk_fail(Walk *walk, const char *path, const char *why)
{
    (*walk->failed)++;
    walk->order->failure(path, -1, why, walk->order->data);
}

// A Maildir message keeps the part of its name before the colon when it is read or answered, and goes from new to cur.
static char *maildir_source(const char *path)
{
    g_autofree char *name = g_path_get_basename(path), *dir = g_path_get_dirname(path);
    g_autofree char *maildir = g_path_get_dirname(dir);
    name[strcspn(name, ":")] = '\0';
    return g_build_filename(maildir, name, NULL);
}

static void add_file(Walk *walk, const char *path, const struct stat *st, bool maildir)
{
    IntakeFile *file = g_new0(IntakeFile, 1);
    file->path = g_strdup(path);
    file->source = maildir ? maildir_source(path) : g_strdup(path);
    file->format = maildir ? INTAKE_MAILDIR : walk->order->format;
    file->size = st->st_size;
    file->mtime_ns = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
    g_ptr_array_add(walk->files, file);
}

static void add_path(Walk *walk, const char *path, guint depth, bool maildir)
{
    struct stat st;
    if (lstat(path, &st) != 0) {
        walk_fail(walk, path, g_strerror(errno));
    } else if (S_ISDIR(st.st_mode) && depth >= DEPTH_MOST) {
        walk_fail(walk, path, "too many directories in one another; import it by itself");
    } else if (S_ISDIR(st.st_mode)) {
        Dir *dir = g_new0(Dir, 1);
        *dir = (Dir){g_strdup(path), depth};
        g_queue_push_tail(&walk->dirs, dir);
    } else if (S_ISREG(st.st_mode)) {
        add_file(walk, path, &st, maildir);
    } else {
        walk_fail(walk, path, S_ISLNK(st.st_mode) ? "a symbolic link; name what it leads to" : "no file");
    }
}

static bool has_dir(const char *path, const char *name)
{
    g_autofree char *sub = g_build_filename(path, name, NULL);
    return g_file_test(sub, G_FILE_TEST_IS_DIR);
}

static int name_order(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// Names in `path`, sorted; NULL when it cannot be read, which is told.
static GPtrArray *list_dir(Walk *walk, const char *path)
{
    DIR *dir = opendir(path);
    if (dir == NULL) {
        walk_fail(walk, path, g_strerror(errno));
        return NULL;
    }
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    const struct dirent *entry;
    while (errno = 0, (entry = readdir(dir)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            g_ptr_array_add(names, g_strdup(entry->d_name));
    if (errno != 0)
        walk_fail(walk, path, g_strerror(errno));
    closedir(dir);
    g_ptr_array_sort(names, name_order);
    return names;
}

// cur and new hold messages, tmp what is not delivered yet; other directories are folders, files a program's own.
static void walk_maildir(Walk *walk, const Dir *dir, const GPtrArray *names)
{
    static const char *const HOLD[] = {"cur", "new"};
    for (gsize k = 0; k < G_N_ELEMENTS(HOLD); k++) {
        g_autofree char *sub = g_build_filename(dir->path, HOLD[k], NULL);
        g_autoptr(GPtrArray) messages = list_dir(walk, sub);
        for (guint i = 0; messages != NULL && i < messages->len; i++) {
            g_autofree char *path = g_build_filename(sub, messages->pdata[i], NULL);
            add_path(walk, path, dir->depth + 2, true);
        }
    }
    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        g_autofree char *path = g_build_filename(dir->path, name, NULL);
        bool own = strcmp(name, "cur") == 0 || strcmp(name, "new") == 0 || strcmp(name, "tmp") == 0;
        if (!own && g_file_test(path, G_FILE_TEST_IS_DIR))
            add_path(walk, path, dir->depth + 1, false);
    }
}

static void walk_dir(Walk *walk, const Dir *dir)
{
    IntakeFormat format = walk->order->format;
    g_autoptr(GPtrArray) names = list_dir(walk, dir->path);
    bool maildir = has_dir(dir->path, "cur") && has_dir(dir->path, "new") &&
                   (format == INTAKE_AUTO || format == INTAKE_JOURNAL || format == INTAKE_MAILDIR);
    if (names != NULL && maildir) {
        walk_maildir(walk, dir, names);
        return;
    }
    for (guint i = 0; names != NULL && i < names->len; i++) {
        g_autofree char *path = g_build_filename(dir->path, names->pdata[i], NULL);
        // Of a tree of Maildirs nothing else is wanted.
        if (format != INTAKE_MAILDIR || g_file_test(path, G_FILE_TEST_IS_DIR))
            add_path(walk, path, dir->depth + 1, false);
    }
}

GPtrArray *walk_files(const IntakeOrder *order, guint64 *failed)
{
    Walk walk = {.order = order,
                 .files = g_ptr_array_new_with_free_func(file_free),
                 .dirs = G_QUEUE_INIT,
                 .failed = failed};
    for (const char *const *path = order->paths; *path != NULL; path++) {
        char *real = realpath(*path, NULL);
        if (real == NULL)
            walk_fail(&walk, *path, g_strerror(errno));
        else
            add_path(&walk, real, 0, false);
        free(real);
        Dir *dir;
        while ((dir = g_queue_pop_head(&walk.dirs)) != NULL) {
            walk_dir(&walk, dir);
            g_free(dir->path);
            g_free(dir);
        }
    }
    return walk.files;
}
