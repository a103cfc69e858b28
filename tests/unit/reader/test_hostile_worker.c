// Workers that lie: programs that greet as a reader does and then answer as none should.
#include "fixture.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// %zu: what the pool sends at first; %s: what the worker does with a message.
static const char PROGRAM[] = "#!/usr/bin/python3\n"
                              "import os, socket, struct, time\n"
                              "s = socket.socket(fileno=3)\n"
                              "HEAD = struct.Struct('=IHHQQ')\n"
                              "def head(kind, length, magic=0x43687231):\n"
                              "    return HEAD.pack(magic, kind, 0, 0, length)\n"
                              "s.recv(%zu, socket.MSG_WAITALL)\n"
                              "s.sendall(head(2, 512) + struct.pack('=II504s', 1, 127, b''))\n"
                              "while s.recv(HEAD.size, socket.MSG_WAITALL):\n"
                              "    %s\n";

static char *write_program(const char *dir, const char *answer)
{
    g_autofree char *path = g_build_filename(dir, "reader", NULL);
    g_autofree char *text = g_strdup_printf(PROGRAM, sizeof(ChannelHead) + sizeof(ChannelSetup), answer);
    cr_assert(g_file_set_contents(path, text, -1, NULL));
    cr_assert_eq(g_chmod(path, 0755), 0);
    return g_steal_pointer(&path);
}

static void expect_fact(const char *answer, const char *fact)
{
    g_autofree char *dir = g_dir_make_tmp("chaperone-XXXXXX", NULL);
    g_autofree char *program = write_program(dir, answer);
    g_autoptr(Config) config = fixture_config(1);
    config->reader.wall_ms = 500;
    g_free(config->reader.program);
    config->reader.program = g_strdup(program);
    g_autoptr(ReaderPool) pool = fixture_pool(config);
    gsize len = 0;
    int fd = fixture_message("casserole", &len);
    gint64 start = g_get_monotonic_time();
    g_autoptr(Message) message = fixture_read(pool, fd, len, 0, NULL);
    gint64 took = g_get_monotonic_time() - start;
    close(fd);
    cr_expect_not_null(message, "%s", answer);
    if (message != NULL) {
        cr_expect(message_has_fact(message, fact), "%s: not %s", answer, fact);
        cr_expect(message_has_fact(message, "no-structure"), "%s", answer);
        cr_expect_eq(message->passages->len, 0, "%s", answer);
    }
    cr_expect_lt(took, 3 * 1000 * 1000, "%s", answer);
    g_unlink(program);
    g_rmdir(dir);
}

Test(hostile_worker, lies, .timeout = 60)
{
    static const struct {
        const char *answer, *fact;
    } cases[] = {
        {"s.sendall(head(4, 100) + os.urandom(100))", "reader-refused"},
        {"s.sendall(head(4, 0))", "reader-refused"},
        {"s.sendall(head(4, 1 << 20) + bytes(1 << 20))", "reader-refused"},
        {"s.sendall(head(4, 1 << 40))", "reader-refused"},
        {"s.sendall(head(2, 512) + bytes(512))", "reader-refused"},
        {"s.sendall(head(4, 8, 1) + bytes(8))", "reader-refused"},
        {"s.sendall(b'GET / HTTP/1.1\\r\\nHost: example.org\\r\\n\\r\\n')", "reader-refused"},
        {"s.sendall(head(4, 100) + bytes(50)); os._exit(0)", "reader-crashed"},
        {"os._exit(3)", "reader-crashed"},
        {"os.kill(os.getpid(), 11)", "reader-crashed"},
        {"s.close(); time.sleep(100)", "reader-crashed"},
        {"os.kill(os.getpid(), 27)", "reader-timeout"},
        {"time.sleep(100)", "reader-timeout"},
        {"s.sendall(head(4, 100) + bytes(50)); time.sleep(100)", "reader-timeout"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        expect_fact(cases[i].answer, cases[i].fact);
}

// An answer nobody asked for is not kept for the next message.
Test(hostile_worker, unasked_answer_is_not_taken)
{
    g_autofree char *dir = g_dir_make_tmp("chaperone-XXXXXX", NULL);
    g_autofree char *program = write_program(dir, "os._exit(0)\ns.close()");
    g_autofree char *text = NULL;
    cr_assert(g_file_get_contents(program, &text, NULL, NULL));
    g_autofree char *unasked = g_strdup_printf("%.*ss.sendall(head(4, 0) * 3)\ntime.sleep(100)\n",
                                               (int)(strstr(text, "while") - text), text);
    cr_assert(g_file_set_contents(program, unasked, -1, NULL));
    cr_assert_eq(g_chmod(program, 0755), 0);
    g_autoptr(Config) config = fixture_config(1);
    config->reader.wait_ms = 300;
    g_free(config->reader.program);
    config->reader.program = g_strdup(program);
    g_autoptr(ReaderPool) pool = fixture_pool(config);
    fixture_wait_alive(pool, 2);
    g_usleep(50 * 1000);
    gsize len = 0;
    int fd = fixture_message("casserole", &len);
    g_autoptr(GError) error = NULL;
    g_autoptr(Message) message = fixture_read(pool, fd, len, 0, &error);
    close(fd);
    // Each such worker is let go before it gets a message, or what it sent is refused: never an answer.
    if (message != NULL)
        cr_expect(message_has_fact(message, "reader-refused"));
    else
        cr_expect(g_error_matches(error, BASE_ERROR, BASE_ERROR_TEMPFAIL));
    g_unlink(program);
    g_rmdir(dir);
}
