// The other importers of files: the first byte says which, form feeds part the files; then what merging makes of them.
#include "feeds/run.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FILES_MOST 5
static const struct {
    const FeedImporter *importer;
    const char *files[FILES_MOST];
} KINDS[] = {
    {&FEED_CLEVER, {"students.csv", "teachers.csv", "staff.csv", "sections.csv", "enrollments.csv"}},
    {&FEED_GOOGLE, {"users.csv"}},
    {&FEED_DISTRICT, {"guardians.csv", "groups.csv", "lists.csv", "published.csv", "personal.csv"}},
    {&FEED_DISTRICT, {"tools.csv", "webmail.csv", "students-personal.csv", "exceptions.csv", "consents.csv"}},
    {&FEED_ALIASES, {"aliases", "virtual", "one", "two"}},
    {&FEED_MAILMAN, {"band.txt", "chess@example.org"}},
    {&FEED_SYMPA, {"band.dump"}}};

typedef struct {
    Config *config;
    char *dir;
} Ground;

static void put(const Ground *ground, const char *file, const uint8_t *data, size_t size)
{
    g_autofree char *path = g_build_filename(ground->dir, file, NULL);
    g_assert(size == 0 || g_file_set_contents_full(path, (const char *)data, (gssize)size,
                                                   G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}

static void put_all(const Ground *ground, const char *const *files, const uint8_t *data, const uint8_t *end)
{
    for (size_t i = 0; i < FILES_MOST && files[i] != NULL; i++) {
        const uint8_t *feed = data < end ? memchr(data, '\f', (size_t)(end - data)) : NULL;
        const uint8_t *to = feed != NULL ? feed : end;
        put(ground, files[i], data, (size_t)(to - data));
        data = feed != NULL ? feed + 1 : end;
    }
}

static void remove_all(const Ground *ground, const char *const *files)
{
    for (size_t i = 0; i < FILES_MOST && files[i] != NULL; i++) {
        g_autofree char *path = g_build_filename(ground->dir, files[i], NULL);
        unlink(path);
    }
}

static bool read_source(const Ground *ground, const FeedImporter *importer, FeedRun *run)
{
    const FeedSpec spec = {.name = "own",
                           .type = (char *)importer->type,
                           .path = ground->dir,
                           .ids = "own",
                           .list_domain = "example.org",
                           .where = "conf:1"};
    g_autoptr(GError) error = NULL;
    FeedInput input = {.spec = &spec, .files = source_open(ground->dir, &error)};
    bool ok = input.files != NULL && importer->open(run, &input, &error);
    input.source = model_source(run->model, "own", importer->type, "own");
    ok = ok && importer->read(run, &input, &error);
    g_assert(ok == (error == NULL));
    if (input.data != NULL && importer->close != NULL)
        importer->close(&input);
    source_free(input.files);
    return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Ground ground;
    static const RosterKey key;
    if (ground.dir == NULL) {
        ground.config = config_defaults();
        ground.dir = g_dir_make_tmp("fuzz-feeds-XXXXXX", NULL);
        g_assert(ground.dir != NULL);
    }
    if (size == 0)
        return 0;
    size_t kind = data[0] % G_N_ELEMENTS(KINDS);
    const FeedOptions options = {.today = 20261014, .who = "fuzz"};
    g_autoptr(FeedRun) run = run_new(ground.config, &options, &key);
    g_autoptr(GError) error = NULL;
    put_all(&ground, KINDS[kind].files, data + 1, data + size);
    if (read_source(&ground, KINDS[kind].importer, run))
        g_assert(merge_run(run, &error));
    run_end_notes(run);
    remove_all(&ground, KINDS[kind].files);
    return 0;
}
