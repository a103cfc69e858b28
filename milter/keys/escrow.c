#include "keys/internal.h"

#include <jansson.h>
#include <string.h>

enum { SECRETS_MAX = 64 * 1024 };

static bool name_is_clean(const char *name, GError **error)
{
    bool clean =
        name[0] != '\0' && name[0] != '.' && strlen(name) <= 64 &&
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.@") == strlen(name);
    if (!clean)
        g_set_error(error, BASE_ERROR, BASE_ERROR_USAGE,
                    "\"%s\": an officer's name is 1 to 64 letters, digits, -, _, . and @", name);
    return clean;
}

// ---- writing -----------------------------------------------------------------------------------------------

static json_t *escrow_json(const char *name, const char *pem, const MasterPair *officer,
                           const KeysMaster *master, GBytes *secrets)
{
    gsize len = 0;
    const guint8 *data = g_bytes_get_data(secrets, &len);
    g_autofree guint8 *sealed = g_malloc(len + crypto_box_SEALBYTES);
    if (crypto_box_seal(sealed, data, len, officer->public) != 0)
        return NULL;
    g_autofree char *text = g_base64_encode(sealed, len + crypto_box_SEALBYTES);
    json_t *ids = json_array();
    for (guint i = 0; keys_master_id(master, i) != NULL; i++)
        json_array_append_new(ids, json_string(keys_master_id(master, i)));
    return json_pack("{s:s, s:o, s:s, s:s}", "name", name, "master", ids, "officer", pem, "sealed", text);
}

static void secrets_wipe(gpointer data)
{
    GByteArray *bytes = data;
    sodium_memzero(bytes->data, bytes->len);
    g_byte_array_unref(bytes);
}

// The file of the master key, as it stands there.
static GBytes *secrets_read(const Config *config, GError **error)
{
    g_autofree char *path = keys_master_path(config);
    GBytes *bytes = file_read(path, SECRETS_MAX, error);
    gsize len = 0;
    guint8 *data = bytes != NULL ? g_bytes_unref_to_data(bytes, &len) : NULL;
    GByteArray *array = data != NULL ? g_byte_array_new_take(data, len) : NULL;
    return array != NULL ? g_bytes_new_with_free_func(array->data, array->len, secrets_wipe, array) : NULL;
}

bool keys_escrow_write(const Config *config, const char *name, const char *officer_pem, GError **error)
{
    g_autofree char *master_path = keys_master_path(config), *dir = keys_escrow_dir(config);
    MasterPair officer;
    if (!name_is_clean(name, error) || !pem_public(officer_pem, strlen(officer_pem), name, &officer, error))
        return false;
    g_autoptr(KeysMaster) master = keys_master_load(master_path, error);
    g_autoptr(GBytes) secrets = master != NULL ? secrets_read(config, error) : NULL;
    json_t *json = secrets != NULL ? escrow_json(name, officer_pem, &officer, master, secrets) : NULL;
    char *text = json != NULL ? json_dumps(json, JSON_INDENT(2)) : NULL;
    g_autofree char *path = g_strdup_printf("%s/%s.json", dir, name);
    bool ok = text != NULL && file_make_dirs(dir, 0750, error) &&
              file_write_atomic(path, text, strlen(text), 0640, error) && file_adopt(path, error);
    if (secrets != NULL && text == NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_SOFTWARE, "%s: cannot be written", path);
    free(text);
    json_decref(json);
    return ok;
}

// ---- reading -----------------------------------------------------------------------------------------------

static json_t *escrow_read(const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = file_read(path, 4 * SECRETS_MAX, error);
    gsize len = 0;
    const char *text = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;
    json_error_t where;
    json_t *json = text != NULL ? json_loadb(text, len, JSON_REJECT_DUPLICATES, &where) : NULL;
    bool ok =
        json_is_string(json_object_get(json, "name")) && json_is_string(json_object_get(json, "officer")) &&
        json_is_string(json_object_get(json, "sealed")) && json_is_array(json_object_get(json, "master"));
    if (text != NULL && !ok) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: no master key in escrow", path);
        g_clear_pointer(&json, json_decref);
    }
    return json;
}

json_t *keys_escrow_list(const Config *config, GError **error)
{
    g_autofree char *dir = keys_escrow_dir(config), *public = keys_public_path(config);
    g_autofree char *now = keys_public_id(public, error);
    g_autoptr(GDir) open = now != NULL ? g_dir_open(dir, 0, NULL) : NULL;
    json_t *list = now != NULL ? json_array() : NULL;
    const char *name;
    while (list != NULL && open != NULL && (name = g_dir_read_name(open)) != NULL) {
        if (name[0] == '.' || !g_str_has_suffix(name, ".json"))
            continue;
        g_autofree char *path = g_build_filename(dir, name, NULL);
        json_t *one = escrow_read(path, error);
        if (one == NULL) {
            g_clear_pointer(&list, json_decref);
            break;
        }
        const json_t *ids = json_object_get(one, "master");
        const char *newest = json_string_value(json_array_get(ids, 0));
        json_object_set_new(one, "current", json_boolean(g_strcmp0(newest, now) == 0));
        json_object_del(one, "sealed");
        json_array_append_new(list, one);
    }
    return list;
}

bool keys_escrow_open(const char *escrow_path, const char *secret_path, const char *out_path, GError **error)
{
    g_autoptr(KeysMaster) officer = keys_master_load(secret_path, error);
    json_t *json = officer != NULL ? escrow_read(escrow_path, error) : NULL;
    if (json == NULL)
        return false;
    gsize len = 0;
    g_autofree guint8 *sealed = g_base64_decode(json_string_value(json_object_get(json, "sealed")), &len);
    g_autoptr(KeysMaster) master = master_empty();
    g_autofree guint8 *text = g_malloc0(len + 1);
    bool opened = false;
    for (guint i = 0; i < officer->pairs->len && !opened && len > crypto_box_SEALBYTES; i++) {
        const MasterPair *pair = &g_array_index(officer->pairs, MasterPair, i);
        opened = crypto_box_seal_open(text, sealed, len, pair->public, pair->secret) == 0;
    }
    if (!opened)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOPERM, "%s: not sealed to the key in %s", escrow_path,
                    secret_path);
    bool ok = opened && !g_file_test(out_path, G_FILE_TEST_EXISTS) &&
              pem_secrets((char *)text, len - crypto_box_SEALBYTES, escrow_path, master->pairs, error) &&
              master_write(out_path, master, error);
    if (opened && !ok && (error == NULL || *error == NULL))
        g_set_error(error, BASE_ERROR, BASE_ERROR_CANTCREAT, "%s: there already; nothing is written over it",
                    out_path);
    sodium_memzero(text, len);
    json_decref(json);
    return ok;
}
