// archive log, checkpoint, prove: what the archive's transparency log says.
#include "archive/archive.h"
#include "cli/archive.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BATCH = 4096 };

// Gives leaves to all that has none, and signs.
static bool log_bring_up(const Config *config, GError **error)
{
    g_autoptr(ArchiveLog) log = archive_log_open(config, error);
    guint fresh = log != NULL ? 1 : 0;
    bool ok = log != NULL;
    while (ok && fresh > 0)
        ok = archive_log_sequence(log, BATCH, &fresh, error);
    return ok && archive_log_publish(log, error);
}

int archive_checkpoint_run(const Config *config, const ArchiveOptions *options, GError **error)
{
    if (options->fresh && !log_bring_up(config, error))
        return base_exit_status(*error);
    g_autoptr(ArchiveCheckpoint) checkpoint = archive_log_checkpoint(config, error);
    if (checkpoint == NULL)
        return base_exit_status(*error);
    if (options->json) {
        g_autofree char *root = tlog_hash_text(&checkpoint->root),
                        *time = clock_format(checkpoint->written_us);
        g_autofree char *dir = archive_log_dir(config);
        json_t *json = json_pack("{s:s, s:I, s:s, s:s, s:s, s:s}", "note", checkpoint->note, "size",
                                 (json_int_t)checkpoint->size, "root", root, "verifier", checkpoint->verifier,
                                 "written", time, "directory", dir);
        return archive_print_json(json);
    }
    fputs(checkpoint->note, stdout);
    if (isatty(STDOUT_FILENO))
        fprintf(stderr, "\nverifier key: %s\n", checkpoint->verifier);
    return 0;
}

static bool prove_write(const char *dir, const char *id, const char *suffix, const void *data, gsize len,
                        GError **error)
{
    g_autofree char *name = g_strconcat(id, suffix, NULL), *path = g_build_filename(dir, name, NULL);
    return file_write_atomic(path, data, len, 0640, error);
}

// The proof and what it is of: with these three files and the verifier key anybody can check it.
static bool prove_files(const char *dir, const ArchiveRecord *record, const char *proof, GError **error)
{
    const char *id = record->ref->id;
    gsize len = 0;
    const void *json = g_bytes_get_data(record->json, &len);
    bool ok = file_make_dirs(dir, 0750, error) && prove_write(dir, id, ".json", json, len, error) &&
              prove_write(dir, id, ".tlog-proof", proof, strlen(proof), error);
    const void *raw = ok && record->raw != NULL ? g_bytes_get_data(record->raw, &len) : NULL;
    return ok && (record->raw == NULL || prove_write(dir, id, ".eml", raw, len, error));
}

int archive_prove_run(const Config *config, const ArchiveOptions *options, GError **error)
{
    if (options->ids == NULL || options->ids[0] == NULL || options->ids[1] != NULL)
        return cli_usage("archive prove wants one ID");
    const char *id = options->ids[0];
    g_autoptr(ArchiveRecord) record = archive_get(config, id, error);
    g_autofree char *text = record != NULL ? archive_log_prove(config, id, error) : NULL;
    g_autoptr(TlogProof) proof = text != NULL ? tlog_proof_parse(text, strlen(text), error) : NULL;
    json_t *detail = archive_options_json(options);
    bool ok = proof != NULL && archive_log_leaf_fits(proof->extra, record->json, record->raw, error) &&
              (options->out == NULL ||
               archive_event_once(config, "prove", options->who, id, detail, clock_now_us(), error)) &&
              (options->out == NULL || prove_files(options->out, record, text, error));
    json_decref(detail);
    if (!ok)
        return base_exit_status(*error);
    if (options->json)
        return archive_print_json(
            json_pack("{s:s, s:I, s:s}", "id", id, "index", (json_int_t)proof->index, "proof", text));
    if (options->out == NULL)
        fputs(text, stdout);
    else
        printf("%s/%s.tlog-proof: leaf %" G_GUINT64_FORMAT " of %s\n", options->out, id, proof->index,
               strchr(proof->note->text, '\n') != NULL ? "the checkpoint at its end" : "a checkpoint");
    return 0;
}
