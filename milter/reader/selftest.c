// The sandbox tried from inside. Every attempt returns 0 when the system refused it; the worse refusals are
// deadly.
#include "reader/selftest.h"

#include "reader/process.h"
#include "reader/sandbox.h"
#include "reader/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int attempt_layers(void)
{
    return 0;
}

static int attempt_open_file(void)
{
    return open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0 ? 0 : 1;
}

static int attempt_write_file(void)
{
    return open("/tmp/chaperone-self-test", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) < 0 ? 0 : 1;
}

// Loopback is there on every host; in an empty network it is down.
static int attempt_socket(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(9), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    return fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0 ? 0 : 1;
}

static int attempt_fork(void)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    if (pid > 0)
        waitpid(pid, NULL, 0);
    return pid < 0 ? 0 : 1;
}

static int attempt_exec(void)
{
    char *argv[] = {"/bin/true", NULL};
    char *envp[] = {NULL};
    return execve(argv[0], argv, envp) < 0 ? 0 : 1;
}

static int attempt_signal(void)
{
    return kill(getppid(), 0) < 0 ? 0 : 1;
}

static int attempt_ptrace(void)
{
    return ptrace(PTRACE_SEIZE, getppid(), NULL, NULL) < 0 ? 0 : 1;
}

static int attempt_exec_memory(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? 0 : 1;
}

static int attempt_memory(void)
{
    void *p =
        mmap(NULL, 1u << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? 0 : 1;
}

static int attempt_spin(gint64 seconds)
{
    gint64 end = g_get_monotonic_time() + seconds * G_USEC_PER_SEC;
    while (g_get_monotonic_time() < end)
        continue;
    return 1;
}

static int attempt_cpu(void)
{
    return attempt_spin(10);
}

static int attempt_wall(void)
{
    char byte;
    return read(0, &byte, 1) < 0 ? 0 : 1;
}

static const struct {
    const char *name;
    int (*attempt)(void);
} ATTEMPTS[] = {
    {"layers", attempt_layers},
    {"open-file", attempt_open_file},
    {"write-file", attempt_write_file},
    {"socket", attempt_socket},
    {"fork", attempt_fork},
    {"exec", attempt_exec},
    {"signal", attempt_signal},
    {"ptrace", attempt_ptrace},
    {"exec-memory", attempt_exec_memory},
    {"memory", attempt_memory},
    {"cpu", attempt_cpu},
    {"wall", attempt_wall},
};

typedef struct {
    ReaderClass cls;
    guint wanted; // layers
    int (*attempt)(void);
} SelfTest;

static bool prepare(const SelfTest *test, ChannelSetup *out_setup)
{
    g_autoptr(Config) config = config_defaults();
    g_autoptr(GError) error = NULL;
    g_free(config->attachments.ocr_languages);
    config->attachments.ocr_languages = g_strdup("eng");
    config->reader.memory = 512 << 20;
    bool ok = process_setup(config, test->cls, out_setup, &error);
    if (!ok)
        fprintf(stderr, "%s\n", error->message);
    return ok;
}

// In the sandbox, in the time that a worker of the class has.
static bool read_in_sandbox(const ChannelSetup *setup)
{
    AttachmentOptions options;
    worker_options(setup, &options);
    bool ok = sandbox_clocks(setup) && selftest_read(&options);
    g_free(options.languages);
    puts(ok ? "read: a document, a picture" : "read: not what should be");
    return ok;
}

static int try(const SelfTest *test, ChannelSetup setup)
{
    setup.cpu_s = 1;
    setup.wall_ms = test->attempt == attempt_cpu ? 60000 : 2000; // of the two clocks, the one that is tried
    fflush(stdout);
    if (!sandbox_clocks(&setup))
        return BASE_ERROR_OS;
    int status = test->attempt();
    int code = errno;
    if (test->attempt != attempt_layers)
        printf("%s\n", status == 0 ? g_strerror(code) : "not refused");
    return status;
}

static int run(const SelfTest *test)
{
    ChannelSetup setup;
    g_autoptr(GString) note = g_string_new(NULL);
    bool reads = test->cls != READER_MESSAGES;
    if (!prepare(test, &setup))
        return BASE_ERROR_CONFIG;
    bool ok = !reads || worker_warm_up(&setup, note);
    if (ok) {
        g_autofree char *names = channel_layer_names(sandbox_enter(test->wanted, &setup, note));
        printf("in force: %s\n", names);
    }
    if (note->len > 0)
        printf("not in force: %s\n", note->str);
    return ok && (!reads || read_in_sandbox(&setup)) ? try(test, setup) : BASE_ERROR_SOFTWARE;
}

static bool parse_word(const char *word, SelfTest *test)
{
    static const char *const classes[] = {"messages", "documents", "ocr"};
    guint bit = channel_layer_lookup(word);
    test->wanted &= ~bit;
    for (guint i = 0; bit == 0 && i < G_N_ELEMENTS(classes); i++)
        if (strcmp(word, classes[i]) == 0) {
            test->cls = (ReaderClass)i;
            return true;
        }
    return bit != 0;
}

int selftest_run(int argc, char **argv)
{
    SelfTest test = {.cls = READER_MESSAGES, .wanted = LAYER_BIT_ALL};
    for (int i = 1; i < argc; i++)
        if (!parse_word(argv[i], &test)) {
            fprintf(stderr, "no layer and no class %s\n", argv[i]);
            return BASE_ERROR_USAGE;
        }
    for (gsize i = 0; i < G_N_ELEMENTS(ATTEMPTS); i++)
        if (strcmp(argv[0], ATTEMPTS[i].name) == 0)
            test.attempt = ATTEMPTS[i].attempt;
    if (test.attempt != NULL)
        return run(&test);
    fprintf(stderr, "no self-test %s\n", argv[0]);
    return BASE_ERROR_USAGE;
}
