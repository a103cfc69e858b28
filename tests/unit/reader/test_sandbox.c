// The sandbox tried from inside: chaperone-reader --self-test.
#include "fixture.h"

#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

// Runs the self-test in the sandbox of `cls` and returns its wait status; `*out_text` is what it printed. Standard
// input stays open and silent.
static int self_test_class(const char *cls, const char *name, const char *without, const char *without2,
                           char **out_text)
{
    g_autofree char *program = fixture_program();
    const char *argv[] = {program, "--self-test", name, cls, without, without2, NULL};
    int in = -1, out = -1, status = 0;
    GPid pid = 0;
    g_autoptr(GError) error = NULL;
    cr_assert(g_spawn_async_with_pipes(NULL, (char **)argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid,
                                       &in, &out, NULL, &error),
              "%s", error != NULL ? error->message : "");
    g_autoptr(GString) text = g_string_new(NULL);
    char block[512];
    for (ssize_t n; (n = read(out, block, sizeof block)) > 0;)
        g_string_append_len(text, block, n);
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    close(in);
    close(out);
    *out_text = g_string_free(g_steal_pointer(&text), FALSE);
    return status;
}

static int self_test(const char *name, const char *without, const char *without2, char **out_text)
{
    return self_test_class("messages", name, without, without2, out_text);
}

static bool has_layer(const char *name)
{
    g_autofree char *text = NULL;
    cr_assert_eq(self_test("layers", NULL, NULL, &text), 0);
    g_autofree char *first = g_strndup(text, strcspn(text, "\n"));
    return strstr(first, name) != NULL;
}

static void skip_where_instrumented(void)
{
    if (fixture_instrumented())
        cr_skip_test("a sanitizer is built in");
}

// What must be in force on every system; the rest depends on kernel and container.
Test(sandbox, mandatory_layers)
{
    skip_where_instrumented();
    cr_expect(has_layer("limits"));
    cr_expect(has_layer("no-new-privileges"));
    cr_expect(has_layer("seccomp"));
    cr_expect_eq(has_layer("user"), geteuid() == 0);
}

static const char *const CLASSES[] = {"messages", "documents", "ocr"};

// Those that read attachments have read some by then, in the sandbox.
static void expect_refused(const char *cls, const char *name, int sig)
{
    g_autofree char *text = NULL;
    int status = self_test_class(cls, name, NULL, NULL, &text);
    if (sig == 0)
        cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s %s: %d %s", cls, name, status, text);
    else
        cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == sig, "%s %s: %d %s", cls, name, status, text);
    if (strcmp(cls, "messages") != 0)
        cr_expect_not_null(strstr(text, "read: a document, a picture"), "%s %s: %s", cls, name, text);
}

Test(sandbox, forbidden_calls, .timeout = 120)
{
    static const struct {
        const char *name;
        int sig; // 0 = refused with an error
    } cases[] = {
        {"open-file", 0},        {"write-file", 0}, {"memory", 0},      {"socket", SIGSYS},
        {"fork", SIGSYS},        {"exec", SIGSYS},  {"signal", SIGSYS}, {"ptrace", SIGSYS},
        {"exec-memory", SIGSYS}, {"cpu", SIGPROF},  {"wall", SIGALRM},
    };
    skip_where_instrumented();
    for (gsize c = 0; c < G_N_ELEMENTS(CLASSES); c++)
        for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
            expect_refused(CLASSES[c], cases[i].name, cases[i].sig);
}

// The layers stand without each other.
Test(sandbox, layers_alone)
{
    static const struct {
        const char *name, *needs, *without2;
    } cases[] = {
        {"open-file", "root", "landlock"},
        {"open-file", "landlock", "namespaces"},
        {"write-file", "landlock", "namespaces"},
        {"socket", "namespaces", NULL},
        {"memory", "limits", NULL},
        {"exec", "root", NULL},
    };
    skip_where_instrumented();
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        if (!has_layer(cases[i].needs))
            continue;
        for (gsize c = 0; c < G_N_ELEMENTS(CLASSES); c++) {
            g_autofree char *text = NULL;
            int status = self_test_class(CLASSES[c], cases[i].name, "seccomp", cases[i].without2, &text);
            cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s %s without %s: %d %s", CLASSES[c],
                      cases[i].name, cases[i].without2, status, text);
        }
    }
}

// The tests above can fail: with nothing but privileges dropped, a file opens.
Test(sandbox, self_test_tells_what_is_not_refused)
{
    skip_where_instrumented();
    g_autofree char *program = fixture_program();
    const char *argv[] = {program, "--self-test", "open-file", "seccomp", "landlock", "namespaces", NULL};
    g_autofree char *text = NULL;
    int status = 0;
    cr_assert(g_spawn_sync(NULL, (char **)argv, NULL, 0, NULL, NULL, &text, NULL, &status, NULL));
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 1, "%d %s", status, text);
}

Test(sandbox, wrong_names_are_usage_errors)
{
    g_autofree char *text = NULL, *text2 = NULL;
    cr_expect_eq(WEXITSTATUS(self_test("no-such-test", NULL, NULL, &text)), BASE_ERROR_USAGE);
    cr_expect_eq(WEXITSTATUS(self_test("layers", "no-such-layer", NULL, &text2)), BASE_ERROR_USAGE);
}
