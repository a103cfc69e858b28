// Proofs of single records, and the seals of whole segments.
#include "archive/log_internal.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

json_t *log_seal(const char *dir, const char *segment, GError **error)
{
    g_autofree char *path = g_build_filename(dir, segment, NULL);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat now;
    if (fd < 0 || fstat(fd, &now) != 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "%s: cannot read segment", path);
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    g_autofree char *hash = encode_hash_fd(fd, now.st_size, error);
    close(fd);
    return hash != NULL ? json_pack("{s:s, s:s, s:I, s:s, s:i}", "segment", segment, "sha256", hash, "size",
                                    (json_int_t)now.st_size, "type", "segment-seal", "v", 1)
                        : NULL;
}

// The leaf's number, under the checkpoint.
static bool prove_find(const Config *config, const char *id, guint64 size, guint64 *out_index, GError **error)
{
    LogDb db;
    if (!log_db_open(&db, config, STORE_READ, error))
        return false;
    Tri has = log_db_find(&db, id, out_index, error);
    log_db_close(&db);
    if (has == TRI_NO)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT,
                    "%s: the archive's log has no leaf of it; is chaperone-archivist running?", id);
    else if (has == TRI_YES && *out_index >= size)
        g_set_error(error, BASE_ERROR, BASE_ERROR_TEMPFAIL,
                    "%s: no checkpoint covers its leaf yet; try again in a minute", id);
    return has == TRI_YES && *out_index < size;
}

char *archive_log_prove(const Config *config, const char *id, GError **error)
{
    g_autoptr(ArchiveCheckpoint) checkpoint = archive_log_checkpoint(config, error);
    return checkpoint != NULL ? archive_log_prove_under(config, id, checkpoint, error) : NULL;
}

char *archive_log_prove_under(const Config *config, const char *id, const ArchiveCheckpoint *checkpoint,
                              GError **error)
{
    guint64 index = 0;
    g_autofree char *dir = archive_log_dir(config);
    if (!prove_find(config, id, checkpoint->size, &index, error))
        return NULL;
    g_autoptr(Tlog) tlog = tlog_open(dir, checkpoint->size, error);
    g_autoptr(GBytes) leaf = tlog != NULL ? tlog_entry(tlog, index, error) : NULL;
    g_autoptr(GArray) proof =
        leaf != NULL ? tlog_inclusion(tlog_read, tlog, index, checkpoint->size, error) : NULL;
    if (proof == NULL)
        return NULL;
    gsize len = 0;
    const void *data = g_bytes_get_data(leaf, &len);
    TlogHash hash;
    tlog_leaf_hash(data, len, &hash);
    g_autofree char *key = log_leaf_key(data, len);
    if (g_strcmp0(key, id) != 0 ||
        !tlog_check_inclusion(index, checkpoint->size, &hash, proof, &checkpoint->root)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "%s: leaf %" G_GUINT64_FORMAT " of %s is not its own, or not under the checkpoint; run "
                    "chaperone archive verify",
                    id, index, dir);
        return NULL;
    }
    return tlog_proof_text(index, proof, checkpoint->note, leaf);
}
