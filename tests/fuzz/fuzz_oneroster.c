// The OneRoster reader, manifest and all, and what merging makes of it: form feeds part the files; the first is read as
// what was before the rest. A file that does not begin with "!" gets the header it should have.
#include "feeds/run.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
    const char *name, *header;
} FILES[] = {
    {"manifest.csv", "propertyName,value\n"},
    {"users.csv",
     "sourcedId,status,role,givenName,familyName,email,agentSourcedIds,orgSourcedIds,userIds,grades,phone\n"},
    {"roles.csv", "sourcedId,status,userSourcedId,role,orgSourcedId,beginDate,endDate\n"},
    {"demographics.csv", "sourcedId,status,birthDate,sex\n"},
    {"classes.csv", "sourcedId,status,title,termSourcedIds\n"},
    {"enrollments.csv", "status,classSourcedId,userSourcedId,role,beginDate,endDate\n"},
    {"orgs.csv", "sourcedId,status,name\n"},
    {"academicSessions.csv", "sourcedId,status,startDate,endDate\n"},
};
#define USERS 1

typedef struct {
    Config *config;
    char *dir;
} Ground;

static void ground_clear(Ground *ground)
{
    for (size_t i = 0; i < G_N_ELEMENTS(FILES); i++) {
        g_autofree char *path = g_build_filename(ground->dir, FILES[i].name, NULL);
        unlink(path);
    }
}

// Writes what stands up to the next form feed; returns what is left.
static const uint8_t *put_next(const Ground *ground, size_t file, const uint8_t *data, const uint8_t *end)
{
    const uint8_t *feed = data < end ? memchr(data, '\f', (size_t)(end - data)) : NULL;
    const uint8_t *to = feed != NULL ? feed : end;
    g_autofree char *path = g_build_filename(ground->dir, FILES[file].name, NULL);
    g_autoptr(GString) text = g_string_new(data < to && data[0] == '!' ? "" : FILES[file].header);
    if (data < to)
        g_string_append_len(text, (const char *)data + (text->len == 0), to - data - (text->len == 0));
    g_assert(data == to || g_file_set_contents_full(path, text->str, (gssize)text->len,
                                                    G_FILE_SET_CONTENTS_NONE, 0600, NULL));
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
    at = put_next(ground, USERS, at, end);
    bool ok = read_export(ground, run);
    ground_clear(ground);
    for (size_t i = 0; i < G_N_ELEMENTS(FILES); i++)
        at = put_next(ground, i, at, end);
    ok = read_export(ground, run) || ok;
    ground_clear(ground);
    if (ok)
        merge_run(run, &error);
    run_end_notes(run);
    return 0;
}
