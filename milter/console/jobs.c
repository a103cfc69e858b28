// Jobs, seen from the console: starting, what became of them.
#include "console/jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { JSON_MOST = 16 << 20, LIST_MOST = 1000, TRIES = 20, TRY_US = 50000 };

extern char **environ;

const char *job_state_name(JobState state)
{
    static const char *const NAMES[JOB_STATES] = {"running", "done", "failed", "cancelled", "broken"};
    return NAMES[state];
}

void job_free(Job *job)
{
    if (job == NULL)
        return;
    g_free(job->id);
    g_free(job->matter);
    g_free(job->dir);
    json_decref(job->order);
    json_decref(job->progress);
    json_decref(job->result);
    g_free(job);
}

static char *matter_dir(const Config *config, const char *matter)
{
    return g_build_filename(config->archive.dir, "exports", matter, NULL);
}

char *job_bag(const Job *job)
{
    return g_build_filename(job->dir, job->matter, NULL);
}

char *job_zip(const Job *job)
{
    g_autofree char *name = g_strconcat(job->matter, ".zip", NULL);
    return g_build_filename(job->dir, name, NULL);
}

// ---- reading ---------------------------------------------------------------------------------------------

// NULL where there is none that can be read.
static json_t *read_json(const char *dir, const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_autoptr(GBytes) bytes = file_read(path, JSON_MOST, NULL);
    gsize len = 0;
    const char *data = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;
    return data != NULL ? json_loadb(data, len, 0, NULL) : NULL;
}

// Whoever works at it holds its lock. TRI_UNKNOWN with `error`.
static Tri is_running(const char *dir, GError **error)
{
    g_autofree char *path = g_build_filename(dir, "lock", NULL);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "%s: %s", path, g_strerror(errno));
        return TRI_UNKNOWN;
    }
    bool taken = flock(fd, LOCK_SH | LOCK_NB) != 0;
    close(fd);
    return taken ? TRI_YES : TRI_NO;
}

static JobState state_of(bool running, const json_t *result)
{
    const char *text = json_string_value(json_object_get(result, "state"));
    JobState state = JOB_BROKEN;
    for (int i = 0; text != NULL && i < JOB_STATES; i++)
        state = strcmp(text, job_state_name(i)) == 0 ? (JobState)i : state;
    return running ? JOB_RUNNING : state;
}

Job *job_get(const Config *config, const char *matter, const char *id, GError **error)
{
    g_autofree char *parent = matter_dir(config, matter), *dir = g_build_filename(parent, id, NULL);
    json_t *order = ulid_parse(id, NULL) ? read_json(dir, "job.json") : NULL;
    if (order == NULL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "%s has no job \"%s\"", matter, id);
        return NULL;
    }
    g_autoptr(Job) job = g_new0(Job, 1);
    *job =
        (Job){.id = g_strdup(id), .matter = g_strdup(matter), .dir = g_steal_pointer(&dir), .order = order};
    Tri running = is_running(job->dir, error);
    job->progress = read_json(job->dir, "progress.json");
    job->result = running == TRI_NO ? read_json(job->dir, "result.json") : NULL;
    job->state = state_of(running == TRI_YES, job->result);
    g_autofree char *bag = job_bag(job);
    job->has_files = running == TRI_NO && g_file_test(bag, G_FILE_TEST_IS_DIR);
    return running != TRI_UNKNOWN ? g_steal_pointer(&job) : NULL;
}

static int newest_first(gconstpointer one, gconstpointer other)
{
    return strcmp(*(const char *const *)other, *(const char *const *)one);
}

// ids of a case's jobs, newest first.
static GPtrArray *list_ids(const Config *config, const char *matter)
{
    GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *path = matter_dir(config, matter);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;)
        if (ulid_parse(name, NULL))
            g_ptr_array_add(ids, g_strdup(name));
    g_ptr_array_sort(ids, newest_first);
    return ids;
}

static void free_job(gpointer job)
{
    job_free(job);
}

GPtrArray *job_list(const Config *config, const char *matter, const char *after, guint most, GError **error)
{
    g_autoptr(GPtrArray) ids = list_ids(config, matter);
    g_autoptr(GPtrArray) jobs = g_ptr_array_new_with_free_func(free_job);
    bool ok = true;
    for (guint i = 0; ok && i < ids->len && jobs->len < most; i++) {
        if (after != NULL && strcmp(ids->pdata[i], after) >= 0)
            continue;
        Job *job = job_get(config, matter, ids->pdata[i], error);
        ok = job != NULL;
        if (ok)
            g_ptr_array_add(jobs, job);
    }
    return ok ? g_steal_pointer(&jobs) : NULL;
}

// ---- starting --------------------------------------------------------------------------------------------

// The lock, for the process to inherit. -1 with `error` (TEMPFAIL: somebody works at it).
static int take_lock(const char *dir, GError **error)
{
    g_autofree char *path = g_build_filename(dir, "lock", NULL);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    bool taken = false;
    // Those who look at it hold it for a moment.
    for (int i = 0; fd >= 0 && !taken && i < TRIES; i++) {
        taken = flock(fd, LOCK_EX | LOCK_NB) == 0;
        if (!taken)
            g_usleep(TRY_US);
    }
    if (fd >= 0 && taken)
        return fd;
    g_set_error(error, BASE_ERROR, fd >= 0 ? BASE_ERROR_TEMPFAIL : BASE_ERROR_CANTCREAT,
                fd >= 0 ? "%s: it runs already" : "%s: cannot be made", path);
    if (fd >= 0)
        close(fd);
    return -1;
}

static int spawn_with(const char *const argv[], int lock, pid_t *out)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    if (posix_spawn_file_actions_init(&actions) != 0 || posix_spawnattr_init(&attr) != 0)
        return ENOMEM;
    int code = posix_spawn_file_actions_adddup2(&actions, lock, JOB_LOCK_FD);
    if (code == 0)
        code = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
    if (code == 0)
        code = posix_spawn_file_actions_addclosefrom_np(&actions, JOB_LOCK_FD + 1);
    if (code == 0)
        code = posix_spawnattr_setsigmask(&attr, &none);
    if (code == 0)
        code = posix_spawnattr_setsigdefault(&attr, &all);
    if (code == 0)
        code = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (code == 0)
        code = posix_spawn(out, argv[0], &actions, &attr, (char *const *)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attr);
    return code;
}

// What is spawned makes the process that works, and ends.
static bool run(const Config *config, const char *dir, int lock, GError **error)
{
    const char *const argv[] = {"/proc/self/exe", "--config", config->path, "--job", dir, NULL};
    pid_t pid = 0;
    int status = 0;
    // dup2 onto itself would leave the lock to be closed.
    int high = fcntl(lock, F_DUPFD_CLOEXEC, JOB_LOCK_FD + 1);
    int code = high >= 0 ? spawn_with(argv, high, &pid) : errno;
    if (high >= 0)
        close(high);
    bool ok = code == 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!ok)
        g_set_error(error, BASE_ERROR, BASE_ERROR_OS, "%s: the job did not start: %s", dir,
                    code != 0 ? g_strerror(code) : "the log tells why");
    return ok;
}

static bool write_json(const char *dir, const char *name, const json_t *json, GError **error)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    char *text = json_dumps(json, JSON_INDENT(1) | JSON_SORT_KEYS);
    bool ok = file_write_atomic(path, text, strlen(text), 0640, error);
    free(text);
    return ok;
}

// Two of a kind would do the same twice.
static bool is_free(const Config *config, const char *matter, const char *kind, GError **error)
{
    g_autoptr(GPtrArray) jobs = job_list(config, matter, NULL, LIST_MOST, error);
    bool taken = false;
    for (guint i = 0; jobs != NULL && i < jobs->len; i++) {
        const Job *job = jobs->pdata[i];
        taken = taken || (job->state == JOB_RUNNING &&
                          g_strcmp0(json_string_value(json_object_get(job->order, "kind")), kind) == 0);
    }
    if (taken)
        g_set_error(error, BASE_ERROR, BASE_ERROR_TEMPFAIL,
                    "%s: one like it runs already; wait for it, or cancel it", matter);
    return jobs != NULL && !taken;
}

static bool start_in(const Config *config, const char *dir, const json_t *order, GError **error)
{
    bool ok = file_make_dirs(dir, 0750, error) && write_json(dir, "job.json", order, error);
    int lock = ok ? take_lock(dir, error) : -1;
    ok = lock >= 0 && run(config, dir, lock, error);
    if (lock >= 0)
        close(lock);
    return ok;
}

char *job_start(const Config *config, const char *matter, json_t *order, const char *who, int64_t now_us,
                GError **error)
{
    char id[ULID_LEN + 1];
    g_autofree char *parent = matter_dir(config, matter), *created = clock_format(now_us);
    json_object_set_new(order, "case", json_string(matter));
    json_object_set_new(order, "who", json_string(who));
    json_object_set_new(order, "created", json_string(created));
    const char *kind = json_string_value(json_object_get(order, "kind"));
    bool ok = is_free(config, matter, kind, error) && ulid_new(now_us, id, error);
    g_autofree char *dir = ok ? g_build_filename(parent, id, NULL) : NULL;
    ok = ok && start_in(config, dir, order, error);
    json_decref(order);
    return ok ? g_strdup(id) : NULL;
}

bool job_again(const Config *config, const Job *job, GError **error)
{
    static const char *const OLD[] = {"result.json", "cancel"};
    int lock = take_lock(job->dir, error);
    bool ok = lock >= 0;
    for (gsize i = 0; ok && i < G_N_ELEMENTS(OLD); i++) {
        g_autofree char *path = g_build_filename(job->dir, OLD[i], NULL);
        ok = unlink(path) == 0 || errno == ENOENT;
        if (!ok)
            g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "%s: %s", path, g_strerror(errno));
    }
    ok = ok && run(config, job->dir, lock, error);
    if (lock >= 0)
        close(lock);
    return ok;
}

bool job_cancel(const Job *job, GError **error)
{
    g_autofree char *path = g_build_filename(job->dir, "cancel", NULL);
    return file_write_atomic(path, "", 0, 0640, error);
}

// ---- taking away -----------------------------------------------------------------------------------------

static bool remove_tree(const char *path, int deep, GError **error)
{
    struct stat st;
    bool ok = lstat(path, &st) == 0;
    if (!ok && errno == ENOENT)
        return true;
    if (ok && S_ISDIR(st.st_mode) && deep > 0) {
        g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
        for (const char *name; ok && dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
            g_autofree char *below = g_build_filename(path, name, NULL);
            ok = remove_tree(below, deep - 1, error);
        }
    }
    if (!ok || (S_ISDIR(st.st_mode) ? rmdir(path) : unlink(path)) == 0)
        return ok;
    g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "%s: %s", path, g_strerror(errno));
    return false;
}

bool job_delete_files(const Job *job, GError **error)
{
    enum { DEEP_MOST = 16 };
    g_autofree char *bag = job_bag(job), *zip = job_zip(job), *part = g_strconcat(bag, ".part", NULL),
                    *zip_part = g_strconcat(zip, ".part", NULL);
    int lock = take_lock(job->dir, error);
    bool ok = lock >= 0 && remove_tree(bag, DEEP_MOST, error) && remove_tree(part, DEEP_MOST, error) &&
              remove_tree(zip, 0, error) && remove_tree(zip_part, 0, error);
    if (lock >= 0)
        close(lock);
    return ok;
}
