#include "bag/pack.h"

#include "bag/mbox.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MESSAGE_MOST ((gsize)1024 * 1024 * 1024)

// ---- files that grow -------------------------------------------------------------------------------------

typedef struct {
    char *path;
    int fd;
    GString *buffer;
} Sheet;

static bool sheet_open(Sheet *sheet, const BagJob *job, const char *name, GError **error)
{
    sheet->path = g_build_filename(job->bag, name, NULL);
    sheet->buffer = g_string_new(NULL);
    sheet->fd = open(sheet->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (sheet->fd < 0)
        g_set_error(error, BASE_ERROR, BASE_ERROR_CANTCREAT, "%s: cannot create: %s", sheet->path,
                    g_strerror(errno));
    return sheet->fd >= 0;
}

static bool sheet_flush(Sheet *sheet, gsize least, GError **error)
{
    bool ok = sheet->buffer->len < least ||
              file_write_all(sheet->fd, sheet->buffer->str, sheet->buffer->len, sheet->path, error);
    if (ok && sheet->buffer->len >= least)
        g_string_truncate(sheet->buffer, 0);
    return ok;
}

static bool sheet_close(Sheet *sheet, bool ok, GError **error)
{
    ok = ok && sheet_flush(sheet, 0, error);
    if (sheet->fd >= 0)
        ok = file_close(&sheet->fd, sheet->path, ok ? error : NULL) && ok;
    g_free(sheet->path);
    if (sheet->buffer != NULL)
        g_string_free(sheet->buffer, TRUE);
    return ok;
}

typedef enum {
    SHEET_CSV,
    SHEET_DAT,
    SHEET_PSV,
    SHEET_REDACTIONS,
    SHEET_WITHHELD,
    SHEET_MBOX,
    SHEETS
} SheetKind;

typedef struct {
    const BagJob *job;
    BagResult *result;
    Sheet sheets[SHEETS];
    GHashTable *known; // path -> SHA-256
} Packing;

// ---- an item ---------------------------------------------------------------------------------------------

static const char *cell(const json_t *row, const char *column)
{
    return json_string_value(json_object_get(row, column));
}

// Of the From line, without the envelope's own: the first address of FROM.
static char *from_address(const json_t *row)
{
    const char *from = cell(row, "FROM");
    const char *open = from != NULL ? strchr(from, '<') : NULL;
    const char *at = open != NULL ? open + 1 : from;
    return at != NULL ? g_strndup(at, strcspn(at, ">; ")) : NULL;
}

static bool pack_mbox(Packing *packing, const json_t *row, GError **error)
{
    Sheet *sheet = &packing->sheets[SHEET_MBOX];
    const char *name = cell(row, "NATIVEPATH"), *received = cell(row, "DATERECEIVED");
    g_autofree char *path = name != NULL ? g_build_filename(packing->job->bag, name, NULL) : NULL;
    g_autoptr(GBytes) bytes = path != NULL ? file_read(path, MESSAGE_MOST, error) : NULL;
    int64_t us = 0;
    if (bytes == NULL || (received != NULL && !clock_parse(received, &us, error)))
        return path == NULL;
    gsize len = 0;
    const guint8 *data = g_bytes_get_data(bytes, &len);
    g_autofree char *sender = from_address(row), *line = mbox_from_line(sender, us);
    g_autoptr(GByteArray) quoted = mbox_quote(data, len);
    g_string_append(sheet->buffer, line);
    g_string_append_len(sheet->buffer, (const char *)quoted->data, quoted->len);
    g_string_append(sheet->buffer, len == 0 || data[len - 1] != '\n' ? "\n\n" : "\n");
    return true;
}

static void pack_files(Packing *packing, const json_t *files)
{
    for (size_t i = 0; i < json_array_size(files); i++) {
        const json_t *file = json_array_get(files, i);
        g_hash_table_insert(packing->known, g_strdup(cell(file, "path")), g_strdup(cell(file, "sha256")));
    }
}

static void pack_warnings(Packing *packing, const BagItem *item, const json_t *warnings)
{
    for (size_t i = 0; i < json_array_size(warnings); i++) {
        const char *warning = json_string_value(json_array_get(warnings, i));
        g_ptr_array_add(packing->result->warnings, g_strdup_printf("%s: %s", item->bates, warning));
    }
}

static void pack_tables(Packing *packing, const BagItem *item, const json_t *note)
{
    const json_t *rows = json_object_get(note, "rows");
    if (item->treatment == BAG_WITHHELD) {
        table_withheld_row(packing->sheets[SHEET_WITHHELD].buffer, item, json_array_get(rows, 0));
        return;
    }
    table_csv_rows(packing->sheets[SHEET_CSV].buffer, rows);
    table_dat_rows(packing->sheets[SHEET_DAT].buffer, rows);
    table_psv_rows(packing->sheets[SHEET_PSV].buffer, rows);
    table_redactions_rows(packing->sheets[SHEET_REDACTIONS].buffer, item,
                          json_object_get(note, "redactions"));
}

static bool pack_item(Packing *packing, const BagItem *item, GError **error)
{
    BagResult *result = packing->result;
    json_t *note = bag_note(packing->job, item);
    const json_t *rows = json_object_get(note, "rows");
    bool ok = note != NULL;
    if (!ok)
        g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "%s: the note of %s cannot be read", packing->job->work,
                    item->bates);
    result->items++;
    result->full += item->treatment == BAG_FULL;
    result->redacted += item->treatment == BAG_REDACTED;
    result->withheld += item->treatment == BAG_WITHHELD;
    if (ok && item->treatment == BAG_FULL) {
        result->attachments += (guint)json_array_size(rows) - 1;
        ok = pack_mbox(packing, json_array_get(rows, 0), error);
    }
    if (ok) {
        pack_files(packing, json_object_get(note, "files"));
        pack_tables(packing, item, note);
        pack_warnings(packing, item, json_object_get(note, "warnings"));
    }
    for (guint i = 0; ok && i < SHEETS; i++)
        ok = sheet_flush(&packing->sheets[i], BAG_CHUNK, error);
    json_decref(note);
    return ok;
}

static bool pack_items(Packing *packing, BagProgress progress, void *data, GError **error)
{
    static const char *const NAMES[] = {
        [SHEET_CSV] = "data/loadfile.csv", [SHEET_DAT] = "data/loadfile.dat",
        [SHEET_PSV] = "data/index.psv",    [SHEET_REDACTIONS] = "redactions.csv",
        [SHEET_WITHHELD] = "withheld.csv", [SHEET_MBOX] = "data/mbox/messages.mbox"};
    static void (*const HEADS[])(GString *) = {
        [SHEET_CSV] = table_csv_head,           [SHEET_DAT] = table_dat_head,
        [SHEET_PSV] = table_psv_head,           [SHEET_REDACTIONS] = table_redactions_head,
        [SHEET_WITHHELD] = table_withheld_head, [SHEET_MBOX] = NULL};
    const GPtrArray *items = packing->job->spec->items;
    bool ok = true;
    for (guint i = 0; i < SHEETS; i++)
        packing->sheets[i].fd = -1;
    for (guint i = 0; ok && i < SHEETS; i++) {
        ok = sheet_open(&packing->sheets[i], packing->job, NAMES[i], error);
        if (ok && HEADS[i] != NULL)
            HEADS[i](packing->sheets[i].buffer);
    }
    for (guint i = 0; ok && i < items->len; i++) {
        ok = pack_item(packing, items->pdata[i], error);
        if (progress != NULL)
            progress("packing", i + 1, items->len, data);
    }
    for (guint i = 0; i < SHEETS; i++)
        ok = sheet_close(&packing->sheets[i], ok, ok ? error : NULL) && ok;
    return ok;
}

// ---- leftovers -------------------------------------------------------------------------------------------

// Files that a try before this one left and that belong to nothing, and directories without a file.
static bool clear_leftovers(const Packing *packing, GError **error)
{
    static const char *const DIRS[] = {"data/eml",         "data/mbox",     "data/text",
                                       "data/attachments", "data/redacted", "proofs"};
    g_autoptr(GPtrArray) files = manifest_files(packing->job->bag, error);
    bool ok = files != NULL;
    for (guint i = 0; ok && i < files->len; i++) {
        const char *name = files->pdata[i];
        bool item = strchr(name, '/') != NULL && strcmp(name, "data/loadfile.csv") != 0 &&
                    strcmp(name, "data/loadfile.dat") != 0 && strcmp(name, "data/index.psv") != 0 &&
                    strcmp(name, "data/mbox/messages.mbox") != 0;
        g_autofree char *path = g_build_filename(packing->job->bag, name, NULL);
        if (item && !g_hash_table_contains(packing->known, name) && g_unlink(path) != 0) {
            g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "%s: cannot remove: %s", path, g_strerror(errno));
            ok = false;
        }
    }
    for (guint i = 0; ok && i < G_N_ELEMENTS(DIRS); i++) {
        g_autofree char *dir = g_build_filename(packing->job->bag, DIRS[i], NULL);
        if (g_rmdir(dir) != 0 && errno != ENOTEMPTY && errno != EEXIST) {
            g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "%s: %s", dir, g_strerror(errno));
            ok = false;
        }
    }
    return ok;
}

// ---- manifests -------------------------------------------------------------------------------------------

static bool manifest_add(const Packing *packing, GString *manifest, const char *name, guint64 *bytes,
                         GError **error)
{
    g_autofree char *path = g_build_filename(packing->job->bag, name, NULL), *encoded = manifest_encode(name);
    const char *known = g_hash_table_lookup(packing->known, name);
    g_autofree char *computed = NULL;
    struct stat now;
    if (known == NULL)
        computed = manifest_hash(path, NULL, error);
    if (known == NULL && computed == NULL)
        return false;
    if (lstat(path, &now) != 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "%s: %s", path, g_strerror(errno));
        return false;
    }
    *bytes += (guint64)now.st_size;
    g_string_append_printf(manifest, "%s  %s\n", known != NULL ? known : computed, encoded);
    return true;
}

// Of the payload, or of all that is beside it.
static GString *manifest_text(const Packing *packing, bool payload, guint64 *out_files, guint64 *out_bytes,
                              GError **error)
{
    g_autoptr(GPtrArray) files = manifest_files(packing->job->bag, error);
    GString *manifest = g_string_new(NULL);
    bool ok = files != NULL;
    for (guint i = 0; ok && i < files->len; i++) {
        const char *name = files->pdata[i];
        if (g_str_has_prefix(name, "data/") != payload || g_str_has_prefix(name, "tagmanifest-"))
            continue;
        ok = manifest_add(packing, manifest, name, out_bytes, error);
        (*out_files)++;
    }
    if (!ok)
        g_string_free(g_steal_pointer(&manifest), TRUE);
    return manifest;
}

static bool put_text(const BagJob *job, const char *name, char *text, GError **error)
{
    bool ok = bag_put(job, NULL, name, text, strlen(text), error);
    g_free(text);
    return ok;
}

static bool put_manifest(const Packing *packing, bool payload, const char *name, GError **error)
{
    BagResult *result = packing->result;
    guint64 files = 0, bytes = 0;
    GString *manifest = manifest_text(packing, payload, &files, &bytes, error);
    bool ok = manifest != NULL && bag_put(packing->job, NULL, name, manifest->str, manifest->len, error);
    if (ok && payload) {
        result->files = files;
        result->bytes = bytes;
    } else if (ok) {
        result->manifest_sha256 = sha256_hex(manifest->str, manifest->len);
    }
    if (manifest != NULL)
        g_string_free(manifest, TRUE);
    return ok;
}

static bool pack_papers(const Packing *packing, GError **error)
{
    const BagJob *job = packing->job;
    BagResult *result = packing->result;
    result->checkpoint = g_strdup(job->checkpoint->note);
    return put_text(job, "search-report.html", report_html(job, result), error) &&
           put_text(job, "VERIFY.txt", paper_verify(job), error) &&
           put_text(job, "certification.txt", paper_certification(job, result), error) &&
           put_text(job, "checkpoint", g_strdup(job->checkpoint->note), error) &&
           put_text(job, "log.pub", g_strconcat(job->checkpoint->verifier, "\n", NULL), error) &&
           put_text(job, "bagit.txt", g_strdup("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"),
                    error) &&
           put_manifest(packing, true, "manifest-sha256.txt", error) &&
           put_text(job, "bag-info.txt", paper_info(job, result), error) &&
           put_manifest(packing, false, "tagmanifest-sha256.txt", error);
}

bool pack_all(const BagJob *job, BagResult *result, BagProgress progress, void *data, GError **error)
{
    Packing packing = {.job = job, .result = result};
    packing.known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    bool ok = pack_items(&packing, progress, data, error) && clear_leftovers(&packing, error) &&
              pack_papers(&packing, error);
    g_hash_table_unref(packing.known);
    return ok;
}
