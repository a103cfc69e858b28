// How far a long piece of work is: one line on stderr, drawn over itself, and only on a terminal.
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BAR     24
#define DRAW_US (100 * 1000)
#define COLUMNS 80
#define TICK_MS 500

static bool can_draw(void)
{
    return isatty(STDERR_FILENO) && g_strcmp0(g_getenv("TERM"), "dumb") != 0;
}

static gsize columns(void)
{
    struct winsize size;
    bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
    return known ? size.ws_col - 1u : COLUMNS - 1;
}

// "1234567" as "1,234,567". Caller frees.
static char *grouped(guint64 number)
{
    g_autofree char *digits = g_strdup_printf("%" G_GUINT64_FORMAT, number);
    GString *out = g_string_new(NULL);
    for (const char *at = digits; *at != '\0'; at++) {
        if (at != digits && (digits + strlen(digits) - at) % 3 == 0)
            g_string_append_c(out, ',');
        g_string_append_c(out, *at);
    }
    return g_string_free(out, FALSE);
}

static void draw(const char *what, guint64 done, guint64 total)
{
    g_autoptr(GString) line = g_string_new(what);
    g_autofree char *count = grouped(done);
    if (total > 0) {
        guint64 part = MIN(done, total);
        int full = (int)((double)part / (double)total * BAR);
        g_autofree char *of = grouped(total);
        g_string_append_printf(line, "  [%.*s%.*s] %3d%%  %s of %s", full, "########################",
                               BAR - full, "------------------------",
                               (int)((double)part * 100 / (double)total), count, of);
    } else if (done > 0) {
        g_string_append_printf(line, "  %s", count);
    }
    // What is cut must not be cut inside a character.
    gsize room = columns();
    if (g_utf8_validate(line->str, (gssize)line->len, NULL) && g_utf8_strlen(line->str, -1) > (glong)room)
        g_string_truncate(line, (gsize)(g_utf8_offset_to_pointer(line->str, (glong)room) - line->str));
    fprintf(stderr, "\r%s\033[K", line->str);
}

void cli_progress(const char *what, guint64 done, guint64 total)
{
    if (!can_draw())
        return;
    draw(what, done, total);
    if (total > 0 && done >= total)
        fputc('\n', stderr);
}

void cli_progress_step(CliProgress *progress, const char *source, const char *step, guint64 done,
                       guint64 total)
{
    if (!can_draw())
        return;
    g_autofree char *what =
        source != NULL && source[0] != '\0' ? g_strdup_printf("%s: %s", source, step) : g_strdup(step);
    gint64 now = g_get_monotonic_time();
    bool other = g_strcmp0(what, progress->what) != 0;
    if (!other && now - progress->drawn_us < DRAW_US && done < total)
        return;
    if (other) {
        g_free(progress->what);
        progress->what = g_steal_pointer(&what);
    }
    progress->drawn_us = now;
    draw(progress->what, done, total);
}

void cli_progress_end(CliProgress *progress)
{
    if (progress->what != NULL)
        fputs("\r\033[K", stderr);
    g_clear_pointer(&progress->what, g_free);
}

// ---- work that cannot say how far it is ---------------------------------------------------------

struct CliWorking {
    const char *what;
    GMutex lock;
    GCond ended;
    bool end;
    GThread *thread;
};

static gpointer tick(gpointer data)
{
    CliWorking *working = data;
    gint64 began = g_get_monotonic_time();
    g_mutex_lock(&working->lock);
    while (!working->end) {
        fprintf(stderr, "\r%s ... %d s\033[K", working->what,
                (int)((g_get_monotonic_time() - began) / G_USEC_PER_SEC));
        g_cond_wait_until(&working->ended, &working->lock, g_get_monotonic_time() + TICK_MS * 1000);
    }
    g_mutex_unlock(&working->lock);
    fputs("\r\033[K", stderr);
    return NULL;
}

CliWorking *cli_working_begin(const char *what)
{
    if (!can_draw())
        return NULL;
    CliWorking *working = g_new0(CliWorking, 1);
    working->what = what;
    g_mutex_init(&working->lock);
    g_cond_init(&working->ended);
    working->thread = g_thread_new("working", tick, working);
    return working;
}

void cli_working_end(CliWorking *working)
{
    if (working == NULL)
        return;
    g_mutex_lock(&working->lock);
    working->end = true;
    g_cond_signal(&working->ended);
    g_mutex_unlock(&working->lock);
    g_thread_join(working->thread);
    g_mutex_clear(&working->lock);
    g_cond_clear(&working->ended);
    g_free(working);
}
