#include "fixture.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

extern void __asan_init(void) __attribute__((weak));
extern void __tsan_init(void) __attribute__((weak));

bool fixture_instrumented(void)
{
    return __asan_init != NULL || __tsan_init != NULL;
}

char *fixture_program(void)
{
    const char *build = g_getenv("BUILD");
    return g_build_filename(build != NULL ? build : "build", "chaperone-reader", NULL);
}

Config *fixture_config(int workers)
{
    Config *config = config_defaults();
    g_free(config->reader.program);
    config->reader.program = fixture_program();
    config->reader.workers = workers;
    config->reader.sandbox_required = !fixture_instrumented();
    return config;
}

ReaderPool *fixture_pool(const Config *config)
{
    g_autoptr(GError) error = NULL;
    ReaderPool *pool = reader_pool_new(config, READER_MESSAGES, &error);
    cr_assert_not_null(pool, "%s", error != NULL ? error->message : "");
    return pool;
}

Message *fixture_read(ReaderPool *pool, int fd, gsize len, int budget_ms, GError **error)
{
    g_autoptr(Reading) reading = reader_pool_read(pool, fd, len, budget_ms, error);
    return reading != NULL ? g_steal_pointer(&reading->message) : NULL;
}

int fixture_message(const char *word, gsize *out_len)
{
    g_autofree char *raw = g_strdup_printf("From: a@example.org\r\nTo: b@example.net\r\nSubject: lunch\r\n"
                                           "Message-ID: <1@example.org>\r\n\r\nToday: %s.\r\n",
                                           word);
    g_autoptr(GError) error = NULL;
    *out_len = strlen(raw);
    int fd = reader_seal(raw, *out_len, &error);
    cr_assert_geq(fd, 0, "%s", error != NULL ? error->message : "");
    return fd;
}

bool fixture_has_text(const Message *message, const char *word)
{
    for (guint i = 0; i < message->passages->len; i++)
        if (strstr(((const Passage *)message->passages->pdata[i])->text, word) != NULL)
            return true;
    return false;
}

void fixture_read_well(ReaderPool *pool)
{
    gsize len = 0;
    g_autoptr(GError) error = NULL;
    int fd = fixture_message("casserole", &len);
    g_autoptr(Message) message = fixture_read(pool, fd, len, 0, &error);
    close(fd);
    cr_assert_not_null(message, "%s", error != NULL ? error->message : "");
    cr_expect(fixture_has_text(message, "casserole"));
    cr_expect_not(message_has_fact(message, "reader-crashed"));
    cr_expect_not(message_has_fact(message, "reader-timeout"));
    cr_expect_not(message_has_fact(message, "reader-refused"));
    cr_expect_not(message_has_fact(message, "no-structure"));
}

static bool is_worker(const char *pid)
{
    g_autofree char *path = g_build_filename("/proc", pid, "stat", NULL);
    g_autofree char *text = NULL;
    int parent = 0;
    if (!g_ascii_isdigit(*pid) || !g_file_get_contents(path, &text, NULL, NULL))
        return false;
    const char *after = strrchr(text, ')');
    return after != NULL && strstr(text, "(chaperone-reade") != NULL &&
           sscanf(after, ") %*c %d", &parent) == 1 && parent == getpid();
}

static gint newest_first(gconstpointer a, gconstpointer b)
{
    return *(const int *)b - *(const int *)a;
}

// Dead, and its end of the channel closed with it?
static bool is_dead(int pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", pid);
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return true;
    const char *state = strrchr(text, ')');
    return state == NULL || (state[1] == ' ' && strchr("ZX", state[2]) != NULL);
}

guint fixture_signal_workers(int sig)
{
    guint count = 0;
    g_autoptr(GArray) pids = g_array_new(FALSE, FALSE, sizeof(int));
    g_autoptr(GDir) dir = g_dir_open("/proc", 0, NULL);
    cr_assert_not_null(dir);
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;)
        if (is_worker(name)) {
            int pid = atoi(name);
            g_array_append_val(pids, pid);
        }
    g_array_sort(pids, newest_first);
    for (guint i = 0; i < pids->len; i++) {
        count += kill((pid_t)g_array_index(pids, int, i), sig) == 0;
        for (int wait = 0; sig == SIGKILL && wait < 2000 && !is_dead(g_array_index(pids, int, i)); wait++)
            g_usleep(1000); // a process takes a moment to die
    }
    return count;
}

void fixture_wait_alive(ReaderPool *pool, guint count)
{
    ReaderStats stats = {0};
    for (int i = 0; i < 1000 && stats.alive < count; i++) {
        reader_pool_stats(pool, &stats);
        g_usleep(10 * 1000);
    }
    cr_assert_geq(stats.alive, count);
}

void fixture_wait_idle(Readers *readers, ReaderClass cls, guint count)
{
    ReaderStats stats = {0};
    for (int i = 0; i < 1000 && stats.alive < count; i++) {
        readers_stats(readers, cls, &stats);
        g_usleep(10 * 1000);
    }
    cr_assert_geq(stats.alive, count);
}
