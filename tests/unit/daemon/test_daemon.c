#include "daemon/daemon.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

// ---- gate ------------------------------------------------------------------------------------------------

static void count_tick(void *data)
{
    ++*(int *)data;
}

Test(gate, bounds_those_inside_and_gives_up_in_time)
{
    Gate *gate = gate_new(2);
    int ticks = 0;
    cr_expect(gate_enter(gate, 0, 10, NULL, NULL));
    cr_expect(gate_enter(gate, 0, 10, NULL, NULL));
    int64_t began = g_get_monotonic_time();
    cr_expect_not(gate_enter(gate, 80, 10, count_tick, &ticks));
    cr_expect_geq(g_get_monotonic_time() - began, 75 * 1000);
    cr_expect_geq(ticks, 1, "who waits long tells the MTA");
    gate_leave(gate);
    cr_expect(gate_enter(gate, 0, 10, NULL, NULL));
    cr_expect_eq(gate_drain(gate, 10), 2);
    gate_leave(gate);
    gate_leave(gate);
    cr_expect_eq(gate_drain(gate, 1000), 0);
    gate_free(gate);
}

static gpointer close_later(gpointer gate)
{
    g_usleep(30000);
    gate_close(gate);
    return NULL;
}

Test(gate, closing_sends_those_away_who_wait)
{
    Gate *gate = gate_new(1);
    cr_expect(gate_enter(gate, 0, 10, NULL, NULL));
    GThread *closer = g_thread_new("close", close_later, gate);
    int64_t began = g_get_monotonic_time();
    cr_expect_not(gate_enter(gate, 20000, 1000, NULL, NULL));
    cr_expect_lt(g_get_monotonic_time() - began, 10 * G_TIME_SPAN_SECOND);
    g_thread_join(closer);
    gate_leave(gate);
    cr_expect_not(gate_enter(gate, 0, 10, NULL, NULL), "closed for good");
    gate_free(gate);
}

typedef struct {
    Gate *gate;
    gint inside, most;
} Crowd;

static gpointer visit(gpointer data)
{
    Crowd *crowd = data;
    for (int i = 0; i < 50; i++) {
        if (!gate_enter(crowd->gate, 5000, 1000, NULL, NULL))
            return GINT_TO_POINTER(1);
        int now = g_atomic_int_add(&crowd->inside, 1) + 1, most = g_atomic_int_get(&crowd->most);
        while (now > most && !g_atomic_int_compare_and_exchange(&crowd->most, most, now))
            most = g_atomic_int_get(&crowd->most);
        g_usleep(100);
        g_atomic_int_add(&crowd->inside, -1);
        gate_leave(crowd->gate);
    }
    return NULL;
}

Test(gate, never_lets_in_more)
{
    Crowd crowd = {.gate = gate_new(3)};
    GThread *threads[12];
    for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("visit", visit, &crowd);
    for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
        cr_expect_null(g_thread_join(threads[i]));
    cr_expect_leq(crowd.most, 3);
    cr_expect_geq(crowd.most, 2);
    gate_free(crowd.gate);
}

// ---- intake ----------------------------------------------------------------------------------------------

static void check_bytes(Intake *intake, gsize expected)
{
    g_autoptr(GError) error = NULL;
    int fd = intake_fd(intake, &error);
    cr_assert_geq(fd, 0, "%s", error != NULL ? error->message : "");
    cr_expect_eq(intake_size(intake), (int64_t)expected);
    gsize total = 0;
    for (guint8 block[1000];;) {
        ssize_t n = read(fd, block, sizeof block);
        cr_assert_geq(n, 0);
        if (n == 0)
            break;
        for (ssize_t i = 0; i < n; i++, total++)
            cr_assert_eq(block[i], (guint8)(total % 251), "byte %zu", total);
    }
    cr_expect_eq(total, expected);
}

Test(intake, keeps_every_byte_on_both_sides_of_the_threshold)
{
    static const gsize SIZES[] = {0, 1, 4095, 4096, 4097, 100000};
    g_autofree char *dir = g_dir_make_tmp("chaperone-intake-XXXXXX", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(SIZES); i++) {
        Intake *intake = intake_new(4096, dir);
        for (gsize at = 0; at < SIZES[i];) {
            gsize len = MIN(777, SIZES[i] - at);
            g_autofree guint8 *chunk = g_malloc(len);
            for (gsize j = 0; j < len; j++)
                chunk[j] = (guint8)((at + j) % 251);
            cr_assert(intake_add(intake, chunk, len, NULL));
            at += len;
        }
        check_bytes(intake, SIZES[i]);
        check_bytes(intake, SIZES[i]);
        intake_free(intake);
    }
    cr_expect_eq(g_rmdir(dir), 0, "spool files have no names");
}

Test(intake, refuses_everything_after_a_failure)
{
    Intake *intake = intake_new(4096, "/nonexistent");
    g_autofree guint8 *data = g_malloc0(5000);
    g_autoptr(GError) error = NULL;
    cr_expect_not(intake_add(intake, data, 5000, &error));
    cr_expect_not_null(strstr(error->message, "/nonexistent"));
    g_clear_error(&error);
    cr_expect_not(intake_add(intake, data, 1, &error));
    g_clear_error(&error);
    cr_expect_lt(intake_fd(intake, &error), 0);
    intake_free(intake);
}
