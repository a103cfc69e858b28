#include "keys/internal.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *keys_db_path(const Config *config)
{
    return g_strconcat(config->archive.dir, ".keys.db", NULL);
}

char *keys_public_path(const Config *config)
{
    return g_strconcat(config->archive.dir, ".master.pub", NULL);
}

char *keys_master_path(const Config *config)
{
    const char *path = config->archive.master_key;
    return *path != '\0' ? g_strdup(path) : g_strconcat(config->archive.dir, ".master.key", NULL);
}

char *keys_escrow_dir(const Config *config)
{
    return g_strconcat(config->archive.dir, ".master.escrow", NULL);
}

// ---- secret halves -----------------------------------------------------------------------------------------

static void pair_wipe(gpointer pair)
{
    sodium_memzero(pair, sizeof(MasterPair));
}

KeysMaster *master_empty(void)
{
    KeysMaster *master = g_new0(KeysMaster, 1);
    master->pairs = g_array_sized_new(FALSE, FALSE, sizeof(MasterPair), 8);
    g_array_set_clear_func(master->pairs, pair_wipe);
    return master;
}

void keys_master_free(KeysMaster *master)
{
    if (master == NULL)
        return;
    g_array_unref(master->pairs);
    g_free(master);
}

const char *keys_master_id(const KeysMaster *master, guint nth)
{
    return nth < master->pairs->len ? g_array_index(master->pairs, MasterPair, nth).id : NULL;
}

const MasterPair *master_find(const KeysMaster *master, const char *id)
{
    const MasterPair *found = NULL;
    for (guint i = 0; i < master->pairs->len && found == NULL; i++) {
        const MasterPair *pair = &g_array_index(master->pairs, MasterPair, i);
        found = strcmp(pair->id, id) == 0 ? pair : NULL;
    }
    return found;
}

static bool is_private(const char *path, GError **error)
{
    struct stat now;
    if (stat(path, &now) != 0)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOPERM,
                    "%s: %s: the archive is sealed, and its master key is not here: read on the host that "
                    "has it, or set archive.master_key to its file",
                    path, g_strerror(errno));
    else if ((now.st_mode & 077) != 0)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOPERM,
                    "%s: others than its owner may read the master key: chmod 600 %s", path, path);
    else
        return true;
    return false;
}

static KeysMaster *secrets_load(const char *path, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(KeysMaster) master = master_empty();
    GBytes *bytes = file_read(path, KEYS_PEM_MAX, &why);
    if (bytes == NULL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOPERM,
                    "%s: the archive is sealed, and who runs this may not read its master key", why->message);
        return NULL;
    }
    gsize len = 0;
    gpointer data = g_bytes_unref_to_data(bytes, &len);
    bool ok = pem_secrets(data, len, path, master->pairs, error);
    sodium_memzero(data, len);
    g_free(data);
    return ok ? g_steal_pointer(&master) : NULL;
}

KeysMaster *keys_master_load(const char *path, GError **error)
{
    return is_private(path, error) ? secrets_load(path, error) : NULL;
}

bool master_make(MasterPair *out)
{
    guint8 seed[crypto_box_SECRETKEYBYTES];
    randombytes_buf(seed, sizeof seed);
    *out = (MasterPair){0};
    memcpy(out->secret, seed, sizeof seed);
    sodium_memzero(seed, sizeof seed);
    bool ok = crypto_scalarmult_base(out->public, out->secret) == 0;
    g_autofree char *hash = sha256_hex(out->public, sizeof out->public);
    g_strlcpy(out->id, hash, sizeof out->id);
    return ok;
}

// A file that takes another's place belongs to whom that did; a new one to the owner of its directory.
static bool keep_owner(const char *path, bool was, const struct stat *before, GError **error)
{
    if (!was || geteuid() != 0)
        return file_adopt(path, error);
    bool ok = chown(path, before->st_uid, before->st_gid) == 0;
    if (!ok)
        g_set_error(error, BASE_ERROR, BASE_ERROR_IO, "%s: cannot be given to its owner: %s", path,
                    g_strerror(errno));
    return ok;
}

bool master_write(const char *path, const KeysMaster *master, GError **error)
{
    struct stat before;
    bool was = stat(path, &before) == 0;
    // Never grown: what was left behind in memory would not be overwritten.
    gsize room = 256 * (gsize)master->pairs->len + 1, at = 0;
    char *text = g_malloc0(room);
    bool ok = true;
    for (guint i = 0; ok && i < master->pairs->len; i++) {
        char *pem = pem_of_secret(&g_array_index(master->pairs, MasterPair, i), error);
        ok = pem != NULL && at + strlen(pem) < room;
        if (ok)
            at += g_strlcpy(text + at, pem, room - at);
        pem_wipe(pem);
    }
    ok = ok && file_write_atomic(path, text, at, 0600, error) && keep_owner(path, was, &before, error);
    sodium_memzero(text, room);
    g_free(text);
    return ok;
}

// ---- public half -------------------------------------------------------------------------------------------

bool master_public_load(const char *path, MasterPair *out, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(GBytes) bytes = file_read(path, KEYS_PEM_MAX, &why);
    gsize len = 0;
    const char *text = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;
    if (text == NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_CONFIG,
                    "%s: archive.sealed is set, and there is no public master key: `chaperone archive keys "
                    "init` makes one, or copy it from the host that has the secret one",
                    why->message);
    return text != NULL && pem_public(text, len, path, out, error);
}

bool master_public_write(const char *path, const MasterPair *pair, GError **error)
{
    g_autofree char *pem = pem_of_public(pair, error);
    return pem != NULL && file_write_atomic(path, pem, strlen(pem), 0644, error) && file_adopt(path, error);
}

char *keys_public_id(const char *path, GError **error)
{
    MasterPair pair;
    return master_public_load(path, &pair, error) ? g_strdup(pair.id) : NULL;
}

// The public half of a secret one that is there: one that an earlier call made and was cut off, or that came out of escrow.
static bool init_public(const char *path, const char *public, GError **error)
{
    g_autoptr(KeysMaster) master = keys_master_load(path, error);
    return master != NULL && master_public_write(public, &g_array_index(master->pairs, MasterPair, 0), error);
}

static bool init_both(const char *path, const char *public, GError **error)
{
    g_autoptr(KeysMaster) master = master_empty();
    MasterPair pair;
    bool ok = master_make(&pair);
    g_array_append_val(master->pairs, pair);
    ok = ok && master_write(path, master, error) && master_public_write(public, &pair, error);
    sodium_memzero(&pair, sizeof pair);
    return ok;
}

bool keys_master_init(const Config *config, GError **error)
{
    g_autofree char *path = keys_master_path(config), *public = keys_public_path(config);
    g_autofree char *parent = g_path_get_dirname(public);
    if (g_file_test(public, G_FILE_TEST_EXISTS)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_CANTCREAT,
                    "%s: there already; a master key is never written over: `chaperone archive keys rotate` "
                    "makes a new one",
                    public);
        return false;
    }
    return file_make_dirs(parent, 0750, error) &&
           (g_file_test(path, G_FILE_TEST_EXISTS) ? init_public(path, public, error)
                                                  : init_both(path, public, error));
}
