// rosterlook: how long a resolved look-up takes. Asks the roster of a configuration who random addresses of a district
// made by mkdistrict are, and prints JSON: median, p95 and p99 in microseconds, per kind of address.
//
//   rosterlook CONFIG TODAY COUNT STAFF STUDENTS GUARDIANS
#include "roster/roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static char *address(const char *kind, GRand *rand, const long *most)
{
    guint32 pick = g_rand_int(rand);
    if (strcmp(kind, "staff") == 0)
        return g_strdup_printf("t%ld@example.org", pick % most[0]);
    if (strcmp(kind, "student") == 0)
        return g_strdup_printf("S%ld@Students.Example.org", pick % most[1]);
    if (strcmp(kind, "guardian") == 0)
        return g_strdup_printf("g%ld@example.net", pick % most[2]);
    return g_strdup_printf("stranger%u@example.com", pick);
}

static bool measure(RosterSession *session, const char *kind, long count, const long *most, GError **error)
{
    g_autofree double *times = g_new(double, count);
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);
    for (long i = 0; i < count; i++) {
        g_autofree char *who = address(kind, rand, most);
        double begin = now_us();
        g_autoptr(Party) party = roster_resolve(session, who, error);
        times[i] = now_us() - begin;
        if (party == NULL)
            return false;
        if (strcmp(kind, "external") != 0 && party->person == NULL) {
            g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s is nobody's", who);
            return false;
        }
    }
    qsort(times, (size_t)count, sizeof *times, compare);
    printf("\"%s\": {\"median_us\": %.1f, \"p95_us\": %.1f, \"p99_us\": %.1f}", kind, times[count / 2],
           times[count * 95 / 100], times[count * 99 / 100]);
    return true;
}

int main(int argc, char **argv)
{
    static const char *const kinds[] = {"staff", "student", "guardian", "external"};
    g_autoptr(GError) error = NULL;
    if (argc != 7)
        return 64;
    const long most[] = {atol(argv[4]), atol(argv[5]), atol(argv[6])};
    g_autoptr(Config) config = config_load(argv[1], &error);
    g_autoptr(Roster) roster = config != NULL ? roster_open(config, &error) : NULL;
    bool ok = roster != NULL;
    putchar('{');
    // Twice: the second pass finds the file in memory, as a milter at work does.
    for (int pass = 0; ok && pass < 2; pass++) {
        printf("%s\"%s\": {", pass > 0 ? ", " : "", pass > 0 ? "warm" : "first");
        for (size_t i = 0; ok && i < G_N_ELEMENTS(kinds); i++) {
            g_autoptr(RosterSession) session = roster_session_begin(roster, atoi(argv[2]), &error);
            if (i > 0)
                printf(", ");
            ok = session != NULL && measure(session, kinds[i], atol(argv[3]), most, &error);
        }
        putchar('}');
    }
    puts("}");
    if (!ok)
        fprintf(stderr, "rosterlook: %s\n", error != NULL ? error->message : "failed");
    return ok ? 0 : 1;
}
