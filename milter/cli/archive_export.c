#include "bag/mbox.h"
#include "cli/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// An export grows under PATH.partial, is read back and compared, and only then gets its name.
typedef struct {
    guint64 damage; // met in the archive
    const ArchiveOptions *options;
    bool mbox;
    char *partial;
    int fd;           // of the mbox file, or of the directory
    int64_t offset;   // in the mbox file
    GHashTable *seen; // ids
    GArray *written;  // of Written
    GError *error;    // what ended it
    gint64 shown_us;
} Export;

// What was written, for reading it back.
typedef struct {
    char id[ULID_LEN + 1];
    int64_t offset, length; // in the mbox file: the quoted message
    char sha256[2 * crypto_hash_sha256_BYTES + 1];
} Written;

static bool fail(Export *export, BaseError code, const char *what, const char *path)
{
    g_set_error(&export->error, BASE_ERROR, code, "%s: %s: %s", path, what, g_strerror(errno));
    return false;
}

// ---- mboxrd -----------------------------------------------------------------------------------------------

static bool put(Export *export, const void *data, gsize len)
{
    export->offset += (int64_t)len;
    return file_write_all(export->fd, data, len, export->partial, &export->error);
}

static bool write_mbox(Export *export, const ArchiveRecord *record, const guint8 *data, gsize len,
                       Written *written)
{
    const char *sender =
        json_string_value(json_object_get(json_object_get(record->meta, "envelope"), "mail_from"));
    g_autofree char *line =
        mbox_from_line(sender, json_integer_value(json_object_get(record->meta, "received_us")));
    g_autoptr(GByteArray) quoted = mbox_quote(data, len);
    bool open_line = len == 0 || data[len - 1] != '\n';
    if (!put(export, line, strlen(line)))
        return false;
    written->offset = export->offset;
    written->length = quoted->len;
    return put(export, quoted->data, quoted->len) && put(export, "\n\n", open_line ? 2 : 1);
}

// ---- a directory of files --------------------------------------------------------------------------------

static bool write_file(Export *export, const char *name, const void *data, gsize len)
{
    int fd = openat(export->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail(export, BASE_ERROR_CANTCREAT, "cannot create", name);
    bool ok = file_write_all(fd, data, len, name, &export->error);
    return file_close(&fd, name, ok ? &export->error : NULL) && ok;
}

static bool write_eml(Export *export, const ArchiveRecord *record, const guint8 *data, gsize len)
{
    g_autofree char *eml = g_strconcat(record->ref->id, ".eml", NULL);
    g_autofree char *json = g_strconcat(record->ref->id, ".json", NULL);
    g_autofree char *meta = json_dumps(record->meta, JSON_COMPACT | JSON_SORT_KEYS);
    if (meta == NULL) {
        g_set_error(&export->error, BASE_ERROR, BASE_ERROR_SOFTWARE, "%s: metadata cannot be written", json);
        return false;
    }
    return write_file(export, eml, data, len) && write_file(export, json, meta, strlen(meta));
}

// ---- all records -----------------------------------------------------------------------------------------

// False ends the export.
static bool export_one(const ArchiveRecord *record, void *data)
{
    Export *export = data;
    Written written = {0};
    gsize len;
    const guint8 *raw = g_bytes_get_data(record->raw, &len);
    g_strlcpy(written.id, record->ref->id, sizeof written.id);
    g_strlcpy(written.sha256, record->ref->sha256, sizeof written.sha256);
    if (!g_hash_table_add(export->seen, g_strdup(written.id))) {
        fprintf(stderr, "chaperone: not exported: %s: the second record of this id\n", written.id);
        export->damage++;
        return true;
    }
    bool ok =
        export->mbox ? write_mbox(export, record, raw, len, &written) : write_eml(export, record, raw, len);
    if (ok)
        g_array_append_val(export->written, written);
    gint64 now = g_get_monotonic_time();
    if (ok && now - export->shown_us > G_USEC_PER_SEC / 10) {
        cli_progress("exporting", export->written->len, 0);
        export->shown_us = now;
    }
    return ok;
}

static void export_damage(const char *segment, int64_t offset, const char *what, void *data)
{
    archive_print_damage(segment, offset, what, &((Export *)data)->damage);
}

// By id: what is missing or damaged is named, and the others are exported all the same.
static void export_ids(const Config *config, Export *export)
{
    for (char **id = export->options->ids; *id != NULL && export->error == NULL; id++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(ArchiveRecord) record = archive_get(config, *id, &error);
        if (record == NULL || record->raw == NULL) {
            fprintf(stderr, "chaperone: not exported: %s: %s\n", *id,
                    error != NULL ? error->message : "an event");
            export->damage++;
        } else {
            export_one(record, export);
        }
    }
}

static void export_all(const Config *config, Export *export)
{
    ArchiveQuery query = export->options->query;
    query.want_raw = true;
    if (export->options->ids[0] != NULL)
        export_ids(config, export);
    else
        archive_each(config, &query, export_one, export_damage, export, &export->error);
}

// ---- reading back ----------------------------------------------------------------------------------------

static GByteArray *read_back(Export *export, const Written *written)
{
    GByteArray *data = g_byte_array_new();
    g_byte_array_set_size(data, (guint)written->length);
    for (gsize done = 0; done < data->len;) {
        ssize_t n = pread(export->fd, data->data + done, data->len - done, written->offset + (int64_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            g_byte_array_unref(data);
            return NULL;
        }
        done += (gsize)n;
    }
    return data;
}

static char *hash_back(Export *export, const Written *written)
{
    if (!export->mbox) {
        g_autofree char *path = g_strdup_printf("%s/%s.eml", export->partial, written->id);
        g_autoptr(GBytes) bytes = file_read(path, G_MAXSIZE, NULL);
        return bytes != NULL ? sha256_hex(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)) : NULL;
    }
    g_autoptr(GByteArray) quoted = read_back(export, written);
    g_autoptr(GByteArray) data = quoted != NULL ? mbox_unquote(quoted->data, quoted->len) : NULL;
    return data != NULL ? sha256_hex(data->data, data->len) : NULL;
}

static bool verify_all(Export *export)
{
    if (syncfs(export->fd) != 0)
        return fail(export, BASE_ERROR_IO, "cannot sync", export->partial);
    for (guint i = 0; i < export->written->len; i++) {
        const Written *written = &g_array_index(export->written, Written, i);
        g_autofree char *hash = hash_back(export, written);
        cli_progress("verifying", i + 1, export->written->len);
        if (g_strcmp0(hash, written->sha256) == 0)
            continue;
        g_set_error(&export->error, BASE_ERROR, BASE_ERROR_IO,
                    "%s: record %s does not read back as it was written", export->partial, written->id);
        return false;
    }
    return true;
}

// ---- the way of an export --------------------------------------------------------------------------------

static bool record_export(const Config *config, Export *export, const char *event)
{
    json_t *detail = archive_options_json(export->options);
    if (export->written->len > 0 || export->damage > 0) {
        json_object_set_new(detail, "count", json_integer(export->written->len));
        json_object_set_new(detail, "failed", json_integer((json_int_t) export->damage));
    }
    bool ok =
        archive_event_once(config, event, export->options->who, NULL, detail, clock_now_us(), &export->error);
    json_decref(detail);
    return ok;
}

static bool begin(Export *export)
{
    const char *out = export->options->out, *path = export->partial;
    struct stat now;
    if (lstat(out, &now) == 0) {
        g_set_error(&export->error, BASE_ERROR, BASE_ERROR_CANTCREAT,
                    "%s: is there already; exports overwrite nothing", out);
        return false;
    }
    if (!export->mbox && mkdir(path, 0700) != 0)
        return fail(export, BASE_ERROR_CANTCREAT, "cannot make directory", path);
    export->fd = export->mbox ? open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)
                              : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return export->fd >= 0 || fail(export, BASE_ERROR_CANTCREAT, "cannot create", path);
}

static bool finish(Export *export)
{
    const char *out = export->options->out;
    struct stat now;
    int moved = renameat2(AT_FDCWD, export->partial, AT_FDCWD, out, RENAME_NOREPLACE);
    if (moved != 0 && errno == EINVAL && lstat(out, &now) != 0) // a file system without that flag
        moved = rename(export->partial, out);
    if (moved != 0)
        return fail(export, BASE_ERROR_CANTCREAT, "cannot rename to its final name", export->partial);
    g_autofree char *dir = g_path_get_dirname(out);
    return file_sync_dir(dir, &export->error);
}

static bool run(const Config *config, Export *export)
{
    // Recorded before a byte leaves the archive, and again with the count.
    if (!begin(export) || !record_export(config, export, "export"))
        return false;
    export_all(config, export);
    return export->error == NULL && verify_all(export) && record_export(config, export, "exported") &&
           finish(export);
}

static int check_options(const ArchiveOptions *options)
{
    bool selected =
        options->ids[0] != NULL || options->from != NULL || options->to != NULL || options->address != NULL;
    if (options->out == NULL || *options->out == '\0')
        return cli_usage("archive export wants --out PATH");
    if (g_strcmp0(options->format, "eml") != 0 && g_strcmp0(options->format, "mbox") != 0)
        return cli_usage("archive export wants --format eml or --format mbox");
    if (!selected)
        return cli_usage("archive export wants --id, --from, --to or --address");
    if (options->ids[0] != NULL && (options->from != NULL || options->to != NULL || options->address != NULL))
        return cli_usage("archive export takes ids, or --from, --to and --address");
    return options->events ? cli_usage("archive export writes messages, not events") : 0;
}

int archive_export_run(const Config *config, const ArchiveOptions *options, GError **error)
{
    if (options->bag != NULL)
        return archive_bag_run(config, options, error);
    int status = check_options(options);
    if (status != 0)
        return status;
    g_autofree char *partial = g_strconcat(options->out, ".partial", NULL);
    Export export = {
        .options = options, .mbox = strcmp(options->format, "mbox") == 0, .partial = partial, .fd = -1};
    export.written = g_array_new(FALSE, FALSE, sizeof(Written));
    export.seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    bool ok = run(config, &export);
    guint count = export.written->len;
    bool left = !ok && export.fd >= 0;
    g_array_unref(export.written);
    g_hash_table_unref(export.seen);
    if (export.fd >= 0)
        close(export.fd);
    if (!ok) {
        g_propagate_error(error, export.error);
        if (left)
            fprintf(stderr, "chaperone: what was written is in %s and is not complete\n", partial);
        return base_exit_status(*error);
    }
    printf("%u message%s exported to %s and read back; %" G_GUINT64_FORMAT " failed\n", count,
           count == 1 ? "" : "s", options->out, export.damage);
    return export.damage > 0 ? BASE_ERROR_DATA : 0;
}
