#include "feeds/change.h"
#include "feeds/generation.h"
#include "feeds/run.h"
#include "feeds/settings.h"
#include "roster/schema.h"

#include <jansson.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#define CHANGES_FALLBACK 1000

// In this order files of a directory given by hand are read.
static const FeedImporter *const IMPORTERS[] = {&FEED_ONEROSTER, &FEED_SDS,     &FEED_CLEVER,
                                                &FEED_GOOGLE,    &FEED_LDAP,    &FEED_DISTRICT,
                                                &FEED_ALIASES,   &FEED_MAILMAN, &FEED_SYMPA};

typedef struct {
    const Config *config;
    const GPtrArray *specs;
    const FeedOptions *options;
    int lock;
    InForce now;
    RosterKey key;
    FeedRun *run;
    GPtrArray *inputs; // of FeedInput
    StoreDb *before;   // the generation in force; NULL when there is none of this version
    NextGeneration next;
    FeedDiff *diff;
    bool forced;
} Import;

const FeedImporter *import_importer(const char *type)
{
    for (gsize i = 0; i < G_N_ELEMENTS(IMPORTERS); i++)
        if (strcmp(IMPORTERS[i]->type, type) == 0)
            return IMPORTERS[i];
    return NULL;
}

char *import_types(void)
{
    g_autoptr(GString) out = g_string_new(IMPORTERS[0]->type);
    for (gsize i = 1; i < G_N_ELEMENTS(IMPORTERS); i++)
        g_string_append_printf(out, "%s%s", i + 1 < G_N_ELEMENTS(IMPORTERS) ? ", " : " or ",
                               IMPORTERS[i]->type);
    return g_strdup(out->str);
}

void feed_result_free(FeedResult *result)
{
    if (result == NULL)
        return;
    if (result->summary != NULL)
        g_ptr_array_unref(result->summary->warnings);
    g_free(result->summary);
    feed_diff_free(result->diff);
    g_free(result);
}

// ---- begin and end --------------------------------------------------------------------------------------

static void input_close(FeedInput *input)
{
    const FeedImporter *importer = import_importer(input->spec->type);
    if (input->data != NULL && importer != NULL && importer->close != NULL)
        importer->close(input);
    source_free(input->files);
    input->data = NULL;
    input->files = NULL;
}

static void input_free(FeedInput *input)
{
    input_close(input);
    g_free(input);
}

static void import_clear(Import *import)
{
    if (import->inputs != NULL)
        g_ptr_array_unref(import->inputs);
    store_close(&import->before);
    run_free(import->run);
    feed_diff_free(import->diff);
    next_generation_clear(&import->next);
    in_force_clear(&import->now);
    sodium_memzero(&import->key, sizeof import->key);
    generation_unlock(&import->lock);
}

static bool check_specs(const GPtrArray *specs, bool forgets, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < specs->len; i++) {
        const FeedSpec *spec = specs->pdata[i];
        bool known = import_importer(spec->type) != NULL;
        if (!known || !g_hash_table_add(seen, spec->name)) {
            g_set_error(error, BASE_ERROR, BASE_ERROR_CONFIG, "%s: source %s: %s", spec->where, spec->name,
                        known ? "there are two of this name" : "unknown type");
            return false;
        }
    }
    if (specs->len == 0 && !forgets)
        g_set_error(error, BASE_ERROR, BASE_ERROR_CONFIG,
                    "no sources: name a directory, zip or file, or set roster.sources");
    return specs->len > 0 || forgets;
}

// Is there something to forget?
static bool check_forget(const Import *import, GError **error)
{
    const char *name = import->options->forget;
    g_autoptr(StoreStmt) stmt =
        import->before != NULL ? store_prepare(import->before, "SELECT 1 FROM source WHERE name = ?1", error)
                               : NULL;
    if (import->before != NULL && stmt == NULL)
        return false;
    if (stmt != NULL)
        store_bind_text(stmt, 1, name);
    StoreStep step = stmt != NULL ? store_step(stmt, error) : STORE_DONE;
    if (step == STORE_DONE)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "%s: the roster has no source of this name; `chaperone roster sources` lists them", name);
    return step == STORE_ROW;
}

// What is kept of before was hashed with the key of before. The first import makes the key; a trial of it makes none
// that would stay.
static bool find_key(Import *import, GError **error)
{
    const char *file = import->config->roster.key_file;
    if (import->now.kind == IN_FORCE_ROSTER) {
        import->before = schema_open_read(import->now.path, error);
        return import->before != NULL &&
               generation_key_of(import->config, import->before, "main", &import->key, error);
    }
    if (!import->options->dry_run || access(file, F_OK) == 0)
        return key_load(file, !import->options->dry_run, &import->key, error);
    char *line = key_make(&import->key, error);
    bool ok = line != NULL;
    key_wipe(line);
    return ok;
}

static bool begin(Import *import, GError **error)
{
    const FeedOptions *options = import->options;
    if (!check_specs(import->specs, options->forget != NULL, error))
        return false;
    if (!options->dry_run) {
        import->lock = generation_lock_import(import->config, options->who, error);
        if (import->lock < 0)
            return false;
    }
    if (!generation_in_force(import->config, &import->now, error) || !find_key(import, error) ||
        (options->forget != NULL && !check_forget(import, error)))
        return false;
    import->run = run_new(import->config, options, &import->key);
    return options->dry_run ? generation_begin_trial(import->config, &import->next, error)
                            : generation_begin(import->config, &import->next, error);
}

// ---- reading --------------------------------------------------------------------------------------------

static bool fail_at(const Import *import, const FeedSpec *spec, GError **error)
{
    if (import->specs->len > 1)
        g_prefix_error(error, "source %s: ", spec->name);
    return false;
}

static bool open_input(Import *import, FeedInput *input, GError **error)
{
    const FeedSpec *spec = input->spec;
    if (spec->path[0] != '\0') {
        input->files = source_open(spec->path, error);
        if (input->files == NULL)
            return fail_at(import, spec, error);
    }
    return import_importer(spec->type)->open(import->run, input, error) || fail_at(import, spec, error);
}

static bool open_inputs(Import *import, GError **error)
{
    import->inputs = g_ptr_array_new_with_free_func((GDestroyNotify)input_free);
    bool ok = true;
    for (guint i = 0; ok && i < import->specs->len; i++) {
        FeedInput *input = g_new0(FeedInput, 1);
        input->spec = import->specs->pdata[i];
        g_ptr_array_add(import->inputs, input);
        ok = open_input(import, input, error);
    }
    return ok;
}

// Sources of this run come first, in their order: those win where names disagree.
static void name_sources(Import *import)
{
    for (guint i = 0; i < import->inputs->len; i++) {
        FeedInput *input = import->inputs->pdata[i];
        const FeedSpec *spec = input->spec;
        input->source = model_source(import->run->model, spec->name, spec->type, spec->ids);
        ModelSource *source = &g_array_index(import->run->model->sources, ModelSource, input->source);
        source->now = true;
        source->imported = clock_now_us() / G_USEC_PER_SEC;
    }
}

static bool read_inputs(Import *import, GError **error)
{
    bool ok = true;
    for (guint i = 0; ok && i < import->inputs->len; i++) {
        FeedInput *input = import->inputs->pdata[i];
        ok = import_importer(input->spec->type)->read(import->run, input, error) ||
             fail_at(import, input->spec, error);
        input_close(input);
    }
    return ok;
}

static bool read_all(Import *import, GError **error)
{
    FeedRun *run = import->run;
    if (!open_inputs(import, error))
        return false;
    name_sources(import);
    return (import->before == NULL || reload_before(run, import->before, import->inputs, error)) &&
           read_inputs(import, error) &&
           (import->before == NULL || reload_after(run, import->before, import->inputs, error)) &&
           merge_run(run, error);
}

// ---- the brake ------------------------------------------------------------------------------------------

static bool is_too_many(const Config *config, guint removed, guint all)
{
    return removed > (guint)config->roster.brake_least &&
           (guint64)removed * 100 > (guint64)all * (guint)config->roster.brake_percent;
}

static bool check_brake(const Import *import, GError **error)
{
    const FeedDiff *diff = import->diff;
    const struct {
        const char *name;
        guint removed, all;
    } shares[] = {{"staff", diff->staff_removed, diff->staff},
                  {"students", diff->students_removed, diff->students},
                  {"guardians", diff->guardians_removed, diff->guardians},
                  {"guardian links", diff->links_removed, diff->links}};
    g_autoptr(GString) over = g_string_new(NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(shares); i++)
        if (is_too_many(import->config, shares[i].removed, shares[i].all))
            g_string_append_printf(over, "%s%u of %u %s", over->len > 0 ? ", " : "", shares[i].removed,
                                   shares[i].all, shares[i].name);
    if (over->len == 0)
        return true;
    g_set_error(error, BASE_ERROR, BASE_ERROR_NOPERM,
                "this import would take away %s, more than %d %% (roster.brake_percent); nothing was "
                "changed; if that is "
                "right, import again with --force",
                over->str, import->config->roster.brake_percent);
    return false;
}

// ---- the record of it -----------------------------------------------------------------------------------

static char *dumped(json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT), *out = g_strdup(text);
    free(text);
    json_decref(json);
    return out;
}

static json_t *text_json(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    return json_string(valid);
}

static char *counts_json(const FeedSummary *s)
{
    const struct {
        const char *name;
        guint count;
    } counts[] = {{"people", s->people},
                  {"staff", s->staff},
                  {"students", s->students},
                  {"guardians", s->guardians},
                  {"links", s->links},
                  {"classes", s->classes},
                  {"enrollments", s->enrollments},
                  {"lists", s->lists},
                  {"members", s->members},
                  {"personal", s->personal},
                  {"published", s->published},
                  {"student_addresses", s->student_addresses},
                  {"webmail", s->webmail},
                  {"tools", s->tools},
                  {"exceptions", s->exceptions},
                  {"warnings", s->warnings->len}};
    json_t *json = json_object();
    for (gsize i = 0; i < G_N_ELEMENTS(counts); i++)
        json_object_set_new(json, counts[i].name, json_integer(counts[i].count));
    return dumped(json);
}

char *import_changes_json(const FeedDiff *d)
{
    const struct {
        const char *name;
        guint count;
    } counts[] = {{"added", d->added},
                  {"removed", d->removed},
                  {"returned", d->returned},
                  {"roles", d->roles},
                  {"links_added", d->links_added},
                  {"links_removed", d->links_removed},
                  {"addresses_moved", d->addresses_moved},
                  {"renamed", d->renamed}};
    json_t *json = json_object();
    for (gsize i = 0; i < G_N_ELEMENTS(counts); i++)
        json_object_set_new(json, counts[i].name, json_integer(counts[i].count));
    return dumped(json);
}

static char *files_json(const GPtrArray *reads)
{
    json_t *json = json_array();
    for (guint i = 0; i < reads->len; i++) {
        const FeedRead *read = reads->pdata[i];
        json_array_append_new(json, json_pack("{s:o, s:o, s:I, s:I, s:s}", "source", text_json(read->source),
                                              "file", text_json(read->file), "bytes", (json_int_t)read->bytes,
                                              "rows", (json_int_t)read->rows, "sha256", read->sha256));
    }
    return dumped(json);
}

static bool put_exceptions(StoreDb *db, void *data, GError **error)
{
    return change_put_exceptions(((Import *)data)->run, db, error);
}

static bool commit(Import *import, GError **error)
{
    g_autofree char *counts = counts_json(import->run->summary), *changes = import_changes_json(import->diff),
                    *files = files_json(import->run->reads);
    const char *forget = import->options->forget;
    g_autofree char *what = forget != NULL ? g_strconcat("forget ", forget, NULL) : g_strdup("import");
    const GenerationRow row = {.who = import->options->who,
                               .what = what,
                               .forced = import->forced,
                               .counts = counts,
                               .changes = changes,
                               .files = files};
    return generation_commit(import->config, &import->next, &row, put_exceptions, import, error);
}

// ---- all of it ------------------------------------------------------------------------------------------

static bool write_next(Import *import, GError **error)
{
    FeedRun *run = import->run;
    const FeedOptions *options = import->options;
    guint most = options->changes_most > 0 ? options->changes_most : CHANGES_FALLBACK;
    if (!write_file(run, import->next.path, error) ||
        !change_check_exceptions(run, import->next.path, import->before, error))
        return false;
    run_end_notes(run);
    // What follows reads the files: the memory is better used for those.
    g_clear_pointer(&run->model, model_free);
    store_close(&import->before);
    run_progress(run, "", "compare", 0, 0);
    import->diff = diff_files(import->now.kind == IN_FORCE_ROSTER ? import->now.path : NULL,
                              import->next.path, most, error);
    return import->diff != NULL;
}

static FeedResult *take_result(Import *import)
{
    FeedResult *result = g_new0(FeedResult, 1);
    result->summary = g_steal_pointer(&import->run->summary);
    result->diff = g_steal_pointer(&import->diff);
    result->generation = import->next.id;
    return result;
}

static bool run_import(Import *import, GError **error)
{
    const FeedOptions *options = import->options;
    if (!begin(import, error) || !read_all(import, error) || !write_next(import, error))
        return false;
    // Forced is what would have been refused.
    bool free_way = import->now.kind != IN_FORCE_ROSTER || check_brake(import, options->force ? NULL : error);
    import->forced = !free_way && options->force;
    free_way = free_way || options->force;
    if (!free_way && options->refused != NULL) {
        *options->refused = take_result(import);
        (*options->refused)->generation = 0;
    }
    return free_way && (options->dry_run || commit(import, error));
}

FeedResult *feeds_import(const Config *config, const GPtrArray *specs, const FeedOptions *options,
                         GError **error)
{
    Import import = {.config = config, .specs = specs, .options = options, .lock = -1, .next = {.lock = -1}};
    if (options->refused != NULL)
        *options->refused = NULL;
    FeedResult *result = run_import(&import, error) ? take_result(&import) : NULL;
    import_clear(&import);
    return result;
}

// ---- paths given by hand --------------------------------------------------------------------------------

// The configured source of the type where there is just one, read from `path`.
static FeedSpec *spec_for(const Config *config, const GPtrArray *configured, const char *type,
                          const char *path)
{
    const FeedSpec *only = NULL;
    guint count = 0;
    for (guint i = 0; i < configured->len; i++) {
        const FeedSpec *spec = configured->pdata[i];
        if (strcmp(spec->type, type) == 0) {
            only = spec;
            count++;
        }
    }
    return count == 1 ? settings_copy(only, path) : settings_new(config, type, type, path);
}

GPtrArray *feeds_recognise(const Config *config, const char *path, GError **error)
{
    g_autoptr(GPtrArray) configured = feeds_sources(config, error);
    g_autoptr(Source) files = configured != NULL ? source_open(path, error) : NULL;
    g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func((GDestroyNotify)feed_spec_free);
    if (files == NULL)
        return NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(IMPORTERS); i++) {
        Tri mine = IMPORTERS[i]->recognise != NULL ? IMPORTERS[i]->recognise(files, error) : TRI_NO;
        if (mine == TRI_UNKNOWN)
            return NULL;
        if (mine == TRI_YES)
            g_ptr_array_add(out, spec_for(config, configured, IMPORTERS[i]->type, path));
    }
    if (out->len > 0)
        return g_steal_pointer(&out);
    g_set_error(
        error, BASE_ERROR, BASE_ERROR_NOINPUT,
        "%s: no roster file in it; users.csv, students.csv, personal.csv, published.csv, lists.csv, ... are "
        "looked for; a file of another kind wants an entry in roster.sources that tells its type",
        path);
    return NULL;
}

FeedResult *feeds_import_path(const Config *config, const char *path, bool dry_run, int today, GError **error)
{
    g_autoptr(GPtrArray) specs = feeds_recognise(config, path, error);
    const FeedOptions options = {.dry_run = dry_run, .force = true, .today = today, .who = g_get_user_name()};
    return specs != NULL ? feeds_import(config, specs, &options, error) : NULL;
}
