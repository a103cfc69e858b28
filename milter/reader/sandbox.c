#include "reader/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#define STACK_BYTES (8u * 1024 * 1024)

// Set by the linker when a sanitizer is built in: it needs terabytes of address space and calls of its own.
extern void __asan_init(void) __attribute__((weak));
extern void __tsan_init(void) __attribute__((weak));

static bool sandbox_instrumented(void)
{
    return __asan_init != NULL || __tsan_init != NULL;
}

static bool missing(GString *note, const char *what, int code)
{
    g_string_append_printf(note, "%s%s: %s", note->len > 0 ? "; " : "", what, g_strerror(code));
    return false;
}

// ---- clocks -----------------------------------------------------------------------------------------------

static bool clock_set(int which, gint64 ms)
{
    struct itimerval timer = {.it_value = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000}};
    return setitimer(which, &timer, NULL) == 0;
}

// Nobody handles SIGPROF and SIGALRM: they end the process. The wall clock is the pool's; this one is for
// when it is gone.
bool sandbox_clocks(const ChannelSetup *setup)
{
    gint64 cpu_ms = setup != NULL ? (gint64)setup->cpu_s * 1000 : 0;
    gint64 wall_ms = setup != NULL ? (gint64)setup->wall_ms + 1000 : 0;
    return clock_set(ITIMER_PROF, cpu_ms) && clock_set(ITIMER_REAL, wall_ms);
}

// ---- namespaces and root ----------------------------------------------------------------------------------

static bool proc_write(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    return close(fd) == 0 && ok;
}

#define OWN_SPACES (CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP)

// Who may not make namespaces gets a user namespace first, where it may; the capabilities it has there are
// dropped with the others. The map needs a process whose /proc entries are its own.
static bool enter_user_namespaces(GString *note)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();
    if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0 || unshare(CLONE_NEWUSER | OWN_SPACES) != 0)
        return missing(note, "namespaces", errno);
    g_autofree char *uids = g_strdup_printf("%u %u 1", (guint)uid, (guint)uid);
    g_autofree char *gids = g_strdup_printf("%u %u 1", (guint)gid, (guint)gid);
    if (!proc_write("/proc/self/setgroups", "deny") || !proc_write("/proc/self/gid_map", gids) ||
        !proc_write("/proc/self/uid_map", uids))
        missing(note, "user namespace map", errno);
    return true;
}

static bool enter_empty_root(GString *note)
{
    bool ok = mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
              mount("none", "/proc", "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
                    "size=4k,nr_inodes=2,mode=555") == 0 &&
              chdir("/proc") == 0;
    // The old root comes to lie over the new one and is taken off. On an initramfs there is no pivoting.
    if (ok && syscall(SYS_pivot_root, ".", ".") == 0)
        ok = umount2(".", MNT_DETACH) == 0;
    else
        ok = ok && chroot(".") == 0;
    ok = ok && chdir("/") == 0;
    return ok || missing(note, "empty root", errno);
}

// ---- user and privileges ----------------------------------------------------------------------------------

static bool become_user(const ChannelSetup *setup, GString *note)
{
    if (setup->uid < 0) // not asked for
        return false;
    uid_t uid = (uid_t)setup->uid;
    gid_t gid = (gid_t)setup->gid;
    bool ok = setgroups(0, NULL) == 0 && setresgid(gid, gid, gid) == 0 && setresuid(uid, uid, uid) == 0;
    return ok || missing(note, "own user", errno);
}

static bool drop_privileges(GString *note)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
    // Fails once past the last capability, or where nothing may be dropped because nothing is held.
    for (int cap = 0; prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0; cap++)
        continue;
    bool ok = syscall(SYS_capset, &head, none) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
              prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
    return ok || missing(note, "no-new-privileges", errno);
}

// ---- landlock ---------------------------------------------------------------------------------------------

// The kernel's struct as of ABI 6; older kernels are given the part they know.
typedef struct {
    guint64 fs, net, scoped;
} LandlockRules;

static bool enter_landlock(GString *note)
{
    int abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 1)
        return missing(note, "landlock", errno);
    static const guint fs_bits[] = {13, 14, 15, 15, 16};
    LandlockRules rules = {.fs = (1ull << fs_bits[MIN(abi, 5) - 1]) - 1, .net = 3, .scoped = 3};
    gsize size = abi >= 6 ? sizeof rules : abi >= 4 ? 2 * sizeof(guint64) : sizeof(guint64);
    int fd = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
    if (fd < 0)
        return missing(note, "landlock", errno);
    bool ok = syscall(SYS_landlock_restrict_self, fd, 0) == 0 || missing(note, "landlock", errno);
    return close(fd) == 0 && ok;
}

// ---- limits -----------------------------------------------------------------------------------------------

static bool limit(int resource, guint64 value)
{
    struct rlimit r;
    if (getrlimit(resource, &r) != 0)
        return false;
    rlim_t most = r.rlim_max == RLIM_INFINITY ? value : MIN(value, r.rlim_max);
    r = (struct rlimit){most, most};
    return setrlimit(resource, &r) == 0;
}

// RLIMIT_CPU bounds the process's whole life, in case its clocks are tampered with. Descriptors: 0-2, the
// channel, one message.
static bool enter_limits(const ChannelSetup *setup, GString *note)
{
    guint64 life_s = (guint64)setup->cpu_s * (guint64)setup->recycle_after + 1;
    bool ok = limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_NPROC, 0) &&
              limit(RLIMIT_MEMLOCK, 0) && limit(RLIMIT_MSGQUEUE, 0) && limit(RLIMIT_NOFILE, CHANNEL_FD + 2) &&
              limit(RLIMIT_STACK, STACK_BYTES) && limit(RLIMIT_CPU, life_s) &&
              limit(RLIMIT_AS, (guint64)setup->memory);
    // Where the error output is a file, what a library complains there is refused, and no reason to die.
    ok = ok && signal(SIGXFSZ, SIG_IGN) != SIG_ERR;
    return ok || missing(note, "limits", errno);
}

// ---- seccomp ----------------------------------------------------------------------------------------------

static bool allow_plain(scmp_filter_ctx filter)
{
    static const int calls[] = {
        SCMP_SYS(read),
        SCMP_SYS(write),
        SCMP_SYS(writev),
        SCMP_SYS(close),
        SCMP_SYS(munmap),
        SCMP_SYS(mremap),
        SCMP_SYS(brk),
        SCMP_SYS(madvise),
        SCMP_SYS(futex),
        SCMP_SYS(sched_yield),
        SCMP_SYS(clock_gettime),
        SCMP_SYS(clock_getres),
        SCMP_SYS(gettimeofday),
        SCMP_SYS(time),
        SCMP_SYS(getrandom),
        SCMP_SYS(sysinfo),
        SCMP_SYS(exit),
        SCMP_SYS(exit_group),
        SCMP_SYS(rt_sigprocmask),
        SCMP_SYS(rt_sigreturn),
        SCMP_SYS(restart_syscall),
        SCMP_SYS(getpid),
        SCMP_SYS(gettid),
        SCMP_SYS(getuid),
        SCMP_SYS(geteuid),
        SCMP_SYS(getgid),
        SCMP_SYS(getegid),
        SCMP_SYS(getrusage),
    };
    bool ok = true;
    for (gsize i = 0; ok && i < G_N_ELEMENTS(calls); i++)
        ok = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0) == 0;
    return ok;
}

// Calls that libraries make on the way to something they can do without (character set tables, locales,
// terminals): they are told no, and live. Everything else that is not allowed kills.
static bool refuse_gently(scmp_filter_ctx filter)
{
    static const int calls[] = {
        SCMP_SYS(open),      SCMP_SYS(openat),     SCMP_SYS(stat),       SCMP_SYS(lstat),
        SCMP_SYS(fstat),     SCMP_SYS(statx),      SCMP_SYS(newfstatat), SCMP_SYS(access),
        SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(readlink),   SCMP_SYS(readlinkat),
        SCMP_SYS(getcwd),    SCMP_SYS(ioctl),      SCMP_SYS(lseek),      SCMP_SYS(fcntl),
        SCMP_SYS(prlimit64), SCMP_SYS(getrlimit),  SCMP_SYS(uname),      SCMP_SYS(sched_getaffinity),
    };
    bool ok = true;
    for (gsize i = 0; ok && i < G_N_ELEMENTS(calls); i++)
        ok = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOENT), calls[i], 0) == 0;
    return ok;
}

static bool allow_with_arguments(scmp_filter_ctx f)
{
    const uint32_t ok = SCMP_ACT_ALLOW;
    return seccomp_rule_add(f, ok, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0 &&
           seccomp_rule_add(f, ok, SCMP_SYS(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0 &&
           seccomp_rule_add(f, ok, SCMP_SYS(recvmsg), 1, SCMP_A0(SCMP_CMP_EQ, CHANNEL_FD)) == 0 &&
           seccomp_rule_add(f, ok, SCMP_SYS(sendto), 1, SCMP_A0(SCMP_CMP_EQ, CHANNEL_FD)) == 0 &&
           seccomp_rule_add(f, ok, SCMP_SYS(setitimer), 1, SCMP_A0(SCMP_CMP_EQ, ITIMER_PROF)) == 0 &&
           seccomp_rule_add(f, ok, SCMP_SYS(setitimer), 1, SCMP_A0(SCMP_CMP_EQ, ITIMER_REAL)) == 0 &&
           // abort(3), so that the pool sees SIGABRT and not a forbidden call
           seccomp_rule_add(f, ok, SCMP_SYS(tgkill), 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid())) == 0;
}

static bool enter_seccomp(GString *note)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (filter == NULL)
        return missing(note, "seccomp", ENOMEM);
    bool ok = allow_plain(filter) && refuse_gently(filter) && allow_with_arguments(filter);
    int code = ok ? -seccomp_load(filter) : EINVAL;
    seccomp_release(filter);
    return code == 0 || missing(note, "seccomp", code);
}

// ---- all of it --------------------------------------------------------------------------------------------

// Root makes the namespaces before it becomes somebody else; without that privilege it is the other way
// round.
static guint enter_spaces_and_user(guint wanted, const ChannelSetup *setup, GString *note)
{
    guint in_force = 0;
    bool spaces = (wanted & LAYER_BIT_NAMESPACES) != 0;
    bool own = spaces && unshare(OWN_SPACES) == 0;
    bool root = own && (wanted & LAYER_BIT_ROOT) && enter_empty_root(note);
    if ((wanted & LAYER_BIT_USER) && become_user(setup, note))
        in_force |= LAYER_BIT_USER;
    if (spaces && !own) {
        own = enter_user_namespaces(note);
        root = own && (wanted & LAYER_BIT_ROOT) && enter_empty_root(note);
    }
    return in_force | (own ? LAYER_BIT_NAMESPACES : 0) | (root ? LAYER_BIT_ROOT : 0);
}

// The order matters: what needs privileges or system calls that a later layer takes away comes first.
guint sandbox_enter(guint wanted, const ChannelSetup *setup, GString *note)
{
    guint in_force = 0;
    if (sandbox_instrumented()) {
        g_string_append(note, "a sanitizer is built in, which cannot work in a sandbox");
        return 0;
    }
    in_force |= enter_spaces_and_user(wanted, setup, note);
    if ((wanted & LAYER_BIT_NO_NEW_PRIVS) && drop_privileges(note))
        in_force |= LAYER_BIT_NO_NEW_PRIVS;
    if ((wanted & LAYER_BIT_LANDLOCK) && enter_landlock(note))
        in_force |= LAYER_BIT_LANDLOCK;
    if ((wanted & LAYER_BIT_LIMITS) && enter_limits(setup, note))
        in_force |= LAYER_BIT_LIMITS;
    if ((wanted & LAYER_BIT_SECCOMP) && enter_seccomp(note))
        in_force |= LAYER_BIT_SECCOMP;
    return in_force;
}
