// archive keys: the keys of a sealed archive.
#include "archive/archive.h"
#include "cli/archive.h"
#include "keys/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static guint words_of(const ArchiveOptions *options)
{
    return options->ids != NULL ? g_strv_length(options->ids) : 0;
}

static bool keys_event(const Config *config, const ArchiveOptions *options, const char *event, json_t *detail,
                       GError **error)
{
    if (options->reason != NULL)
        json_object_set_new(detail, "reason", json_string(options->reason));
    bool ok = archive_event_once(config, event, options->who, NULL, detail, clock_now_us(), error);
    json_decref(detail);
    return ok;
}

// ---- init, rotate ------------------------------------------------------------------------------------------

static int keys_init(const Config *config, const ArchiveOptions *options, GError **error)
{
    if (words_of(options) != 1)
        return cli_usage("archive keys init takes no more words");
    g_autofree char *public = keys_public_path(config), *secret = keys_master_path(config);
    bool ok = keys_master_init(config, error);
    g_autofree char *id = ok ? keys_public_id(public, error) : NULL;
    g_autoptr(Keys) book = id != NULL ? keys_open(config, error) : NULL;
    ok = book != NULL && keys_event(config, options, "key-init", json_pack("{s:s}", "master", id), error);
    if (!ok)
        return base_exit_status(*error);
    if (options->json)
        return archive_print_json(
            json_pack("{s:s, s:s, s:s}", "master", id, "secret", secret, "public", public));
    printf("master key %s\n  secret  %s\n  public  %s\n", id, secret, public);
    printf("Whoever loses the secret key loses the archive: give it to two officers now,\n"
           "  chaperone archive keys escrow NAME PUBLICKEY.pem\n"
           "then set archive.sealed = true and restart.\n");
    return 0;
}

static int keys_rotate_run(const Config *config, const ArchiveOptions *options, GError **error)
{
    if (words_of(options) != 1)
        return cli_usage("archive keys rotate takes no more words");
    g_autofree char *id = NULL;
    guint64 wrapped = 0;
    bool ok = keys_rotate(config, &id, &wrapped, error) &&
              keys_event(config, options, "key-rotation",
                         json_pack("{s:s, s:I}", "master", id, "keys", (json_int_t)wrapped), error);
    if (!ok)
        return base_exit_status(*error);
    if (options->json)
        return archive_print_json(json_pack("{s:s, s:I}", "master", id, "keys", (json_int_t)wrapped));
    printf("master key %s: %" G_GUINT64_FORMAT
           " record keys wrapped to it, escrow renewed, the old one overwritten\n",
           id, wrapped);
    return 0;
}

// ---- escrow, open ------------------------------------------------------------------------------------------

static int keys_escrow(const Config *config, const ArchiveOptions *options, GError **error)
{
    enum { PEM_MAX = 64 * 1024 };
    if (words_of(options) != 3)
        return cli_usage(
            "archive keys escrow wants the officer's NAME and the file of the officer's public key");
    const char *name = options->ids[1], *path = options->ids[2];
    g_autoptr(GBytes) bytes = file_read(path, PEM_MAX, error);
    gsize len = 0;
    const char *data = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;
    g_autofree char *pem = data != NULL ? g_strndup(data, len) : NULL;
    g_autofree char *dir = keys_escrow_dir(config), *public = keys_public_path(config);
    g_autofree char *id = pem != NULL ? keys_public_id(public, error) : NULL;
    g_autofree char *sum = id != NULL ? sha256_hex(pem, strlen(pem)) : NULL;
    bool ok =
        id != NULL && keys_escrow_write(config, name, pem, error) &&
        keys_event(config, options, "key-escrow",
                   json_pack("{s:s, s:s, s:s}", "master", id, "officer", name, "public_sha256", sum), error);
    if (!ok)
        return base_exit_status(*error);
    if (options->json)
        return archive_print_json(json_pack("{s:s, s:s}", "master", id, "officer", name));
    printf("%s/%s.json: the master key, for %s alone; keep a copy of it elsewhere\n", dir, name, name);
    return 0;
}

// No event: it is done where there is no archive, too.
static int keys_open_run(const Config *config, const ArchiveOptions *options, GError **error)
{
    if (words_of(options) != 3)
        return cli_usage("archive keys open wants the escrow FILE and the officer's secret key; --out FILE");
    g_autofree char *usual = keys_master_path(config);
    const char *out = options->out != NULL ? options->out : usual;
    if (!keys_escrow_open(options->ids[1], options->ids[2], out, error))
        return base_exit_status(*error);
    g_autoptr(KeysMaster) master = keys_master_load(out, error);
    if (master == NULL)
        return base_exit_status(*error);
    if (options->json)
        return archive_print_json(
            json_pack("{s:s, s:s}", "master", keys_master_id(master, 0), "secret", out));
    printf("%s: master key %s\n", out, keys_master_id(master, 0));
    return 0;
}

// ---- list --------------------------------------------------------------------------------------------------

static int keys_list(const Config *config, const ArchiveOptions *options, GError **error)
{
    if (words_of(options) != 1)
        return cli_usage("archive keys list takes no more words");
    KeysCount count;
    g_autoptr(GError) why = NULL;
    g_autofree char *public = keys_public_path(config), *path = keys_master_path(config);
    g_autofree char *id = keys_public_id(public, error);
    json_t *officers =
        id != NULL && keys_count(config, &count, error) ? keys_escrow_list(config, error) : NULL;
    if (officers == NULL)
        return base_exit_status(*error);
    g_autoptr(KeysMaster) master = keys_master_load(path, &why);
    bool fits = master != NULL && g_strcmp0(keys_master_id(master, 0), id) == 0;
    if (options->json)
        return archive_print_json(json_pack("{s:s, s:b, s:I, s:I, s:I, s:o, s:b}", "master", id,
                                            "secret_here", fits, "keys", (json_int_t)count.keys, "destroyed",
                                            (json_int_t)count.destroyed, "old", (json_int_t)count.old,
                                            "escrow", officers, "sealed", config->archive.sealed));
    printf("master key %s: the secret half is %s\n", id,
           fits             ? "here"
           : master != NULL ? "another's"
                            : "not here, or not to be read by you: this host writes and cannot read");
    printf("%" G_GUINT64_FORMAT " record keys, %" G_GUINT64_FORMAT " destroyed\n", count.keys,
           count.destroyed);
    if (count.old > 0)
        printf("%" G_GUINT64_FORMAT
               " are wrapped to an older master key: run `chaperone archive keys rotate`\n",
               count.old);
    for (size_t i = 0; i < json_array_size(officers); i++) {
        const json_t *one = json_array_get(officers, i);
        printf("escrow: %s%s\n", json_string_value(json_object_get(one, "name")),
               json_is_true(json_object_get(one, "current")) ? "" : ", of an older master key");
    }
    if (json_array_size(officers) < 2)
        printf("escrow: with fewer than two officers a lost key is a lost archive\n");
    json_decref(officers);
    return 0;
}

// ---- export ------------------------------------------------------------------------------------------------

typedef struct {
    int fd;
    const char *path;
    guint64 count;
    GError *error;
} Exporting;

static bool export_key(const char *record, const RecordKey *key, void *data)
{
    Exporting *exporting = data;
    g_autofree char *nonce = hex_encode(key->nonce, KEYS_NONCE);
    char *hex = hex_encode(key->bytes, KEYS_LEN);
    char *line = g_strdup_printf("{\"key\":\"%s\",\"nonce\":\"%s\",\"record\":\"%s\"}\n", hex, nonce, record);
    bool ok = file_write_all(exporting->fd, line, strlen(line), exporting->path, &exporting->error);
    exporting->count++;
    memset(hex, 0, strlen(hex));
    memset(line, 0, strlen(line));
    g_free(hex);
    g_free(line);
    return ok;
}

static bool export_to(const Config *config, const char *path, const GPtrArray *records, guint64 *out_count,
                      GError **error)
{
    Exporting exporting = {.fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), .path = path};
    if (exporting.fd < 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_CANTCREAT, "%s: cannot be made: %s", path,
                    g_strerror(errno));
        return false;
    }
    bool ok = keys_each(config, records, export_key, &exporting, error) && exporting.error == NULL &&
              file_datasync(exporting.fd, path, error);
    if (exporting.error != NULL)
        g_propagate_error(error, exporting.error);
    ok = file_close(&exporting.fd, path, ok ? error : NULL) && ok;
    if (!ok)
        unlink(path);
    *out_count = exporting.count;
    return ok;
}

static int keys_export(const Config *config, const ArchiveOptions *options, GError **error)
{
    guint words = words_of(options);
    if (words < 2 || options->out == NULL)
        return cli_usage("archive keys export wants record IDs, or \"all\", and --out FILE");
    bool all = words == 2 && strcmp(options->ids[1], "all") == 0;
    g_autoptr(GPtrArray) records = g_ptr_array_new();
    json_t *named = json_array();
    for (guint i = 1; !all && i < words; i++) {
        g_ptr_array_add(records, options->ids[i]);
        json_array_append_new(named, json_string(options->ids[i]));
    }
    guint64 count = 0;
    bool ok =
        keys_event(config, options, "key-export",
                   json_pack("{s:o, s:b, s:s}", "records", named, "all", all, "file", options->out), error) &&
        export_to(config, options->out, all ? NULL : records, &count, error);
    if (!ok)
        return base_exit_status(*error);
    if (options->json)
        return archive_print_json(json_pack("{s:s, s:I}", "file", options->out, "keys", (json_int_t)count));
    printf("%s: %" G_GUINT64_FORMAT " record keys, in clear: who has it reads these records\n", options->out,
           count);
    return 0;
}

// ---- all of them -------------------------------------------------------------------------------------------

int archive_keys_run(const Config *config, const ArchiveOptions *options, GError **error)
{
    static const struct {
        const char *name;
        int (*run)(const Config *config, const ArchiveOptions *options, GError **error);
    } STEPS[] = {{"init", keys_init},     {"escrow", keys_escrow},     {"list", keys_list},
                 {"open", keys_open_run}, {"rotate", keys_rotate_run}, {"export", keys_export}};
    const char *name = words_of(options) > 0 ? options->ids[0] : "";
    for (gsize i = 0; i < G_N_ELEMENTS(STEPS); i++)
        if (strcmp(name, STEPS[i].name) == 0)
            return STEPS[i].run(config, options, error);
    return cli_usage("archive keys wants init, escrow, list, open, rotate or export");
}
