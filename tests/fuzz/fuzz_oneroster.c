// The OneRoster reader, manifest and all, and what merging makes of it: form feeds part the files; the first of the
// export is read as what was before the rest.
#include "feeds/run.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const FILES[] = {"users.csv",       "roles.csv", "demographics.csv",    "classes.csv",
                                    "enrollments.csv", "orgs.csv",  "academicSessions.csv"};

typedef struct {
    Config *config;
    char *dir;
} Ground;

static void ground_clear(Ground *ground)
{
    for (size_t i = 0; i < G_N_ELEMENTS(FILES); i++) {
        g_autofree char *path = g_build_filename(ground->dir, FILES[i], NULL);
        unlink(path);
    }
    g_autofree char *manifest = g_build_filename(ground->dir, "manifest.csv", NULL);
    unlink(manifest);
}

static void put(const Ground *ground, const char *file, const uint8_t *data, size_t size)
{
    g_autofree char *path = g_build_filename(ground->dir, file, NULL);
    g_assert(size == 0 || g_file_set_contents_full(path, (const char *)data, (gssize)size,
                                                   G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}

// Writes what stands up to the next form feed; returns what is left.
static const uint8_t *put_next(const Ground *ground, const char *file, const uint8_t *data,
                               const uint8_t *end)
{
    const uint8_t *feed = data < end ? memchr(data, '\f', (size_t)(end - data)) : NULL;
    const uint8_t *to = feed != NULL ? feed : end;
    put(ground, file, data, (size_t)(to - data));
    return feed != NULL ? feed + 1 : end;
}

static bool read_export(const Ground *ground, FeedRun *run)
{
    static const FeedSpec spec = {.name = "sis", .type = "oneroster", .ids = "sis"};
    g_autoptr(GError) error = NULL;
    FeedInput input = {.spec = &spec, .files = source_open(ground->dir, &error)};
    bool ok = input.files != NULL && FEED_ONEROSTER.open(run, &input, &error);
    input.source = model_source(run->model, "sis", "oneroster", "sis");
    ok = ok && FEED_ONEROSTER.read(run, &input, &error);
    g_assert(ok == (error == NULL));
    FEED_ONEROSTER.close(&input);
    source_free(input.files);
    model_settle(run->model);
    return ok;
}

static Ground *ground_new(void)
{
    Ground *ground = g_new0(Ground, 1);
    ground->config = config_defaults();
    ground->config->roster.rows = 10000;
    ground->dir = g_strdup("/dev/shm/fuzz-oneroster-XXXXXX");
    g_assert(mkdtemp(ground->dir) != NULL);
    return ground;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Ground *ground;
    static const RosterKey key;
    static const FeedOptions options = {.today = 20261014, .who = "fuzz"};
    if (ground == NULL)
        ground = ground_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(FeedRun) run = run_new(ground->config, &options, &key);
    const uint8_t *at = data, *end = data + size;
    at = put_next(ground, "users.csv", at, end);
    bool ok = read_export(ground, run);
    ground_clear(ground);
    at = put_next(ground, "manifest.csv", at, end);
    for (size_t i = 0; i < G_N_ELEMENTS(FILES); i++)
        at = put_next(ground, FILES[i], at, end);
    ok = read_export(ground, run) || ok;
    ground_clear(ground);
    if (ok)
        merge_run(run, &error);
    run_end_notes(run);
    return 0;
}
