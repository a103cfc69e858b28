#include "reader/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define HELLO_MS 20000
#define SEALS    (F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL)
#define CHUNK    (256u * 1024)

static bool os_error(GError **error, const char *what, int code)
{
    g_set_error(error, BASE_ERROR, BASE_ERROR_OS, "reader: %s: %s", what, g_strerror(code));
    return false;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd); // a socket, a pidfd or a read memfd: nothing can be lost
    *fd = -1;
}

// ---- sealing ----------------------------------------------------------------------------------------------

static int sealed_new(GError **error)
{
    int fd = memfd_create("message", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        os_error(error, "cannot make an anonymous file for a message", errno);
    return fd;
}

static int sealed_finish(int fd, bool ok, GError **error)
{
    if (ok && fcntl(fd, F_ADD_SEALS, SEALS) != 0)
        ok = os_error(error, "cannot seal a message", errno);
    if (!ok)
        close_fd(&fd);
    return fd;
}

int reader_seal(const void *raw, gsize len, GError **error)
{
    int fd = sealed_new(error);
    return fd < 0 ? -1 : sealed_finish(fd, file_write_all(fd, raw, len, "message", error), error);
}

// Reads without moving the file's offset, which the caller may be using.
static bool copy_message(int from, int to, gsize len, GError **error)
{
    g_autofree char *chunk = g_malloc(CHUNK);
    for (gsize done = 0; done < len;) {
        ssize_t n = pread(from, chunk, MIN(len - done, CHUNK), (off_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return os_error(error, "cannot read the message's spool file", errno);
        if (n == 0)
            return os_error(error, "the message's spool file is shorter than was said", ENODATA);
        if (!file_write_all(to, chunk, (gsize)n, "message", error))
            return false;
        done += (gsize)n;
    }
    return true;
}

int process_sealed(int fd, gsize len, GError **error)
{
    int seals = fcntl(fd, F_GET_SEALS);
    struct stat st;
    int needed = F_SEAL_WRITE | F_SEAL_SHRINK;
    if (seals >= 0 && (seals & needed) == needed && fstat(fd, &st) == 0 && (guint64)st.st_size >= len)
        return fd;
    int copy = sealed_new(error);
    return copy < 0 ? -1 : sealed_finish(copy, copy_message(fd, copy, len, error), error);
}

// ---- starting ---------------------------------------------------------------------------------------------

static bool setup_user(const char *name, ChannelSetup *setup, GError **error)
{
    struct passwd entry, *found = NULL;
    g_autofree char *space = g_malloc(65536);
    int code = getpwnam_r(name, &entry, space, 65536, &found);
    if (found == NULL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_CONFIG,
                    "reader.user: no user \"%s\"%s%s; make it or set reader.user to "
                    "another (\"\" = the daemon's)",
                    name, code != 0 ? ": " : "", code != 0 ? g_strerror(code) : "");
        return false;
    }
    setup->uid = entry.pw_uid;
    setup->gid = entry.pw_gid;
    return true;
}

ProcessClass process_class(const Config *config, ReaderClass cls)
{
    const ConfigReader *reader = &config->reader;
    const ConfigAttachments *attachments = &config->attachments;
    ProcessClass out = {"messages",      "reader.workers", reader->workers, reader->recycle_after,
                        reader->wall_ms, reader->cpu_s,    reader->memory};
    if (cls == READER_DOCUMENTS)
        out = (ProcessClass){
            "documents",          "attachments.workers", attachments->workers, attachments->recycle_after,
            attachments->wall_ms, attachments->cpu_s,    attachments->memory};
    else if (cls == READER_OCR)
        out = (ProcessClass){"ocr",
                             "attachments.ocr_workers",
                             attachments->ocr_workers,
                             attachments->recycle_after,
                             attachments->ocr_wall_ms,
                             (attachments->ocr_wall_ms + 999) / 1000,
                             attachments->memory};
    return out;
}

static bool setup_languages(const char *languages, ChannelSetup *setup, GError **error)
{
    if (g_strlcpy(setup->languages, languages != NULL ? languages : "", sizeof setup->languages) <
        sizeof setup->languages)
        return true;
    g_set_error(error, BASE_ERROR, BASE_ERROR_CONFIG,
                "attachments.ocr_languages: longer than %zu bytes; name fewer", sizeof setup->languages - 1);
    return false;
}

bool process_setup(const Config *config, ReaderClass cls, ChannelSetup *out_setup, GError **error)
{
    const ProcessClass limits = process_class(config, cls);
    memset(out_setup, 0, sizeof *out_setup);
    g_strlcpy(out_setup->version, CHAPERONE_VERSION, sizeof out_setup->version);
    out_setup->size = sizeof *out_setup;
    out_setup->cls = cls;
    out_setup->limits = config->limits;
    out_setup->memory = limits.memory;
    out_setup->cpu_s = limits.cpu_s;
    out_setup->wall_ms = limits.wall_ms;
    out_setup->recycle_after = limits.recycle_after;
    out_setup->uid = out_setup->gid = -1;
    out_setup->ocr_pictures = config->attachments.ocr_pictures;
    out_setup->ocr_least_pixels = config->attachments.ocr_least_pixels;
    bool wanted = geteuid() == 0 && config->reader.user != NULL && *config->reader.user != '\0';
    return setup_languages(config->attachments.ocr_languages, out_setup, error) &&
           (!wanted || setup_user(config->reader.user, out_setup, error));
}

// The child gets the channel and /dev/null and no signal set-up of ours. Errors can still be
// seen where the sandbox is not required, which is for tests.
static int spawn_actions(posix_spawn_file_actions_t *actions, int fd, bool keep_stderr)
{
    int code = posix_spawn_file_actions_adddup2(actions, fd, CHANNEL_FD);
    for (int i = 0; code == 0 && i < (keep_stderr ? 2 : 3); i++)
        code = posix_spawn_file_actions_addopen(actions, i, "/dev/null", O_RDWR, 0);
    return code == 0 ? posix_spawn_file_actions_addclosefrom_np(actions, CHANNEL_FD + 1) : code;
}

static int spawn_attributes(posix_spawnattr_t *attr)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int code = posix_spawnattr_setsigmask(attr, &none);
    if (code == 0)
        code = posix_spawnattr_setsigdefault(attr, &all);
    return code == 0 ? posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) : code;
}

static int spawn(const char *program, int fd, bool keep_stderr, pid_t *out_pid)
{
    char *argv[] = {"chaperone-reader", NULL};
    // The sandbox forbids threads: OpenMP, which the recognition of text uses, must not want any.
    char *envp[] = {"OMP_THREAD_LIMIT=1", NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attr);
    int code = spawn_actions(&actions, fd, keep_stderr);
    if (code == 0)
        code = spawn_attributes(&attr);
    if (code == 0)
        code = posix_spawn(out_pid, program, &actions, &attr, argv, envp);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

static bool launch(const Config *config, ReaderProcess *out, GError **error)
{
    const char *program = config->reader.program;
    int ends[2] = {-1, -1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return os_error(error, "cannot make a socket pair", errno);
    int code = spawn(program, ends[1], !config->reader.sandbox_required, &out->pid);
    close_fd(&ends[1]);
    out->fd = ends[0];
    if (code != 0) {
        out->pid = 0;
        close_fd(&out->fd);
        g_set_error(error, BASE_ERROR, BASE_ERROR_UNAVAILABLE,
                    "%s: cannot start the reader: %s; install chaperone-reader there or "
                    "set reader.program",
                    program, g_strerror(code));
        return false;
    }
    // Not reaped yet, so the pid is still its own.
    out->pidfd = pidfd_open(out->pid, 0);
    return out->pidfd >= 0 || os_error(error, "cannot watch the reader's process", errno);
}

static bool greet(const Config *config, const ChannelSetup *setup, ReaderProcess *process,
                  ChannelHello *out_hello, GError **error)
{
    gint64 deadline = g_get_monotonic_time() + HELLO_MS * 1000ll;
    g_autoptr(GBytes) payload = NULL;
    ChannelHead head = {.kind = CHANNEL_SETUP, .length = sizeof *setup};
    ChannelResult result = channel_send(process->fd, head, setup, -1, deadline);
    if (result == CHANNEL_OK)
        result =
            channel_receive(process->fd, CHANNEL_HELLO, sizeof *out_hello, deadline, NULL, &payload, NULL);
    if (result == CHANNEL_OK && g_bytes_get_size(payload) != sizeof *out_hello)
        result = CHANNEL_REFUSED;
    if (result != CHANNEL_OK) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_UNAVAILABLE,
                    "%s: the reader %s before it was ready; run it with \"--self-test "
                    "layers\" to see why, and check reader.memory",
                    config->reader.program, result == CHANNEL_TIMEOUT ? "took too long" : "ended");
        return false;
    }
    memcpy(out_hello, g_bytes_get_data(payload, NULL), sizeof *out_hello);
    out_hello->note[sizeof out_hello->note - 1] = '\0';
    if (!out_hello->ready)
        g_set_error(error, BASE_ERROR, BASE_ERROR_UNAVAILABLE, "%s: %s", config->reader.program,
                    out_hello->note);
    return out_hello->ready != 0;
}

static bool check_layers(const Config *config, const ChannelSetup *setup, const ChannelHello *hello,
                         GError **error)
{
    guint mandatory = LAYER_BIT_LIMITS | LAYER_BIT_NO_NEW_PRIVS | LAYER_BIT_SECCOMP |
                      (setup->uid >= 0 ? LAYER_BIT_USER : 0);
    guint absent = mandatory & ~hello->layers;
    if (absent == 0 || !config->reader.sandbox_required)
        return true;
    g_autofree char *names = channel_layer_names(absent);
    g_set_error(error, BASE_ERROR, BASE_ERROR_UNAVAILABLE,
                "%s: the sandbox lacks %s (%s); allow it on this system, or set "
                "reader.sandbox_required = false to read without",
                config->reader.program, names, hello->note);
    return false;
}

bool process_start(const Config *config, const ChannelSetup *setup, ReaderProcess *out,
                   ChannelHello *out_hello, GError **error)
{
    *out = READER_PROCESS_NONE;
    bool ok = launch(config, out, error) && greet(config, setup, out, out_hello, error) &&
              check_layers(config, setup, out_hello, error);
    if (!ok)
        process_end(out, 1000, NULL);
    return ok;
}

// ---- ending -----------------------------------------------------------------------------------------------

static bool wait_exit(const ReaderProcess *process, int wait_ms)
{
    gint64 end = g_get_monotonic_time() + wait_ms * 1000ll;
    struct pollfd p = {.fd = process->pidfd, .events = POLLIN};
    for (;;) {
        gint64 left = end - g_get_monotonic_time();
        int n = poll(&p, 1, (int)MAX((left + 999) / 1000, 0));
        if (n > 0 || (n < 0 && errno != EINTR) || left <= 0)
            return n > 0;
    }
}

static bool collect(ReaderProcess *process, int *out_status)
{
    int status = 0;
    pid_t got;
    do {
        got = waitpid(process->pid, &status, WNOHANG);
    } while (got < 0 && errno == EINTR);
    if (got == 0)
        return false;
    if (out_status != NULL)
        *out_status = got > 0 ? status : 0;
    close_fd(&process->pidfd);
    process->pid = 0;
    return true;
}

bool process_reap(ReaderProcess *process)
{
    return process->pid == 0 || collect(process, NULL);
}

bool process_end(ReaderProcess *process, int wait_ms, int *out_status)
{
    close_fd(&process->fd);
    if (process->pid == 0)
        return true;
    // Not allowed to (the daemon has changed its user since): the closed channel and the worker's own clocks
    // end it.
    kill(process->pid, SIGKILL);
    if (process->pidfd >= 0)
        wait_exit(process, wait_ms);
    return collect(process, out_status);
}

// ---- reading ----------------------------------------------------------------------------------------------

bool process_is_ready(const ReaderProcess *process)
{
    struct pollfd p[] = {{.fd = process->fd, .events = POLLIN}, {.fd = process->pidfd, .events = POLLIN}};
    return process->pid > 0 && poll(p, G_N_ELEMENTS(p), 0) == 0;
}

// Says how a worker that closed its channel ended, which tells its own clocks from crashes.
static ReadOutcome cause_of_death(ReaderProcess *process, char **out_detail)
{
    int status = 0;
    wait_exit(process, 1000);
    if (!process_end(process, 0, &status)) {
        *out_detail = g_strdup("closed its channel");
        return READ_CRASHED;
    }
    int sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (sig == SIGPROF || sig == SIGXCPU || sig == SIGALRM) {
        *out_detail = g_strdup(sig == SIGALRM ? "out of time" : "out of processor time");
        return READ_TIMED_OUT;
    }
    *out_detail =
        sig != 0 ? g_strdup_printf("signal %d (%s)", sig, sigdescr_np(sig) != NULL ? sigdescr_np(sig) : "?")
                 : g_strdup_printf("exit status %d", WEXITSTATUS(status));
    return READ_CRASHED;
}

void read_answer_clear(ReadAnswer *answer)
{
    g_clear_pointer(&answer->message, message_free);
    g_clear_pointer(&answer->detail, g_free);
    close_fd(&answer->blob);
}

// Every part's bytes lie inside the blob, and all of them are no more than it holds: nobody reads the same bytes a
// thousand times.
static bool check_blob(const ReadAnswer *answer)
{
    gsize left = answer->blob_len;
    bool ok = true;
    for (guint i = 0; ok && i < answer->message->parts->len; i++) {
        const Part *part = answer->message->parts->pdata[i];
        if (part->blob < 0)
            continue;
        ok = (guint64)part->blob <= answer->blob_len && part->size <= answer->blob_len - (gsize)part->blob &&
             part->size <= left;
        left -= ok ? part->size : 0;
    }
    return ok;
}

static void check_answer(GBytes *bytes, ReadAnswer *out)
{
    g_autoptr(GError) error = NULL;
    out->outcome = READ_REFUSED;
    out->message = message_from_bytes(bytes, &error);
    if (out->message == NULL)
        out->detail = g_strdup(error->message);
    else if (!check_blob(out))
        out->detail = g_strdup("an attachment that lies outside the bytes sent");
    else
        out->outcome = READ_ANSWERED;
    if (out->outcome != READ_ANSWERED)
        g_clear_pointer(&out->message, message_free);
}

static ChannelResult ask(const ReaderProcess *process, const ReadRequest *request, gint64 deadline)
{
    ChannelHead head = {.kind = CHANNEL_READ,
                        .flags = (request->sweep_only ? CHANNEL_SWEEP_ONLY : 0) |
                                 (request->keep ? CHANNEL_KEEP : 0),
                        .value = request->len};
    g_autoptr(GBytes) payload = NULL;
    if (request->attachment != NULL) {
        payload = channel_pack_attachment(request->attachment);
        head.kind = CHANNEL_ATTACHMENT;
        head.length = g_bytes_get_size(payload);
    }
    return channel_send(process->fd, head, payload != NULL ? g_bytes_get_data(payload, NULL) : NULL,
                        request->sealed, deadline);
}

// The file is this side's own and made only when something comes: a message without attachments pays nothing, and a worker
// needs neither files nor the right to write any.
static ChannelResult receive_blob(const ReaderProcess *process, gsize len, gint64 deadline, ReadAnswer *out)
{
    out->blob = sealed_new(NULL);
    ChannelResult result =
        out->blob >= 0 ? channel_receive_more(process->fd, len, deadline, out->blob) : CHANNEL_REFUSED;
    out->blob = sealed_finish(out->blob, result == CHANNEL_OK, NULL);
    out->blob_len = len;
    return result == CHANNEL_OK && out->blob < 0 ? CHANNEL_REFUSED : result;
}

static ChannelResult receive(const ReaderProcess *process, const ReadRequest *request, gint64 deadline,
                             GBytes **out_bytes, ReadAnswer *out)
{
    ChannelHead head = {0};
    ChannelResult result =
        channel_receive(process->fd, CHANNEL_ANSWER, request->max_answer, deadline, &head, out_bytes, NULL);
    if (result == CHANNEL_OK && head.value > request->max_blob)
        result = CHANNEL_REFUSED;
    if (result == CHANNEL_OK && head.value > 0)
        result = receive_blob(process, (gsize)head.value, deadline, out);
    return result;
}

void process_read(ReaderProcess *process, const ReadRequest *request, gint64 deadline, ReadAnswer *out)
{
    g_autoptr(GBytes) bytes = NULL;
    *out = READ_ANSWER_NONE;
    ChannelResult result = ask(process, request, deadline);
    if (result == CHANNEL_OK)
        result = receive(process, request, deadline, &bytes, out);
    switch (result) {
    case CHANNEL_OK:
        process->served++;
        check_answer(bytes, out);
        break;
    case CHANNEL_TIMEOUT:
        out->detail = g_strdup("no answer in time");
        break;
    case CHANNEL_REFUSED:
        out->outcome = READ_REFUSED;
        out->detail = g_strdup("not an answer, or larger than limits.decoded_bytes allows");
        break;
    case CHANNEL_CLOSED:
    default:
        out->outcome = cause_of_death(process, &out->detail);
    }
    if (out->outcome != READ_ANSWERED)
        close_fd(&out->blob);
}
