#include "keys/keys.h"
#include "store/store.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define RECORD "01KB0000000000000000000000"

typedef struct {
    char *dir;
    Config *config;
} Fixture;

static void fixture_init(Fixture *fixture)
{
    fixture->dir = g_dir_make_tmp("chaperone-keys-XXXXXX", NULL);
    fixture->config = config_defaults();
    g_free(fixture->config->archive.dir);
    fixture->config->archive.dir = g_build_filename(fixture->dir, "archive", NULL);
    GError *error = NULL;
    cr_assert(keys_master_init(fixture->config, &error), "%s", error != NULL ? error->message : "");
}

static char *shell(Fixture *fixture, const char *command, int *status)
{
    g_autofree char *script = g_strdup_printf("cd '%s' && { %s; } 2>&1", fixture->dir, command);
    char *argv[] = {"/bin/bash", "-o", "pipefail", "-c", script, NULL}, *out = NULL;
    int raw;
    cr_assert(g_spawn_sync(NULL, argv, NULL, 0, NULL, NULL, &out, NULL, &raw, NULL));
    *status = WIFEXITED(raw) ? WEXITSTATUS(raw) : -1;
    return out;
}

static void fixture_clear(Fixture *fixture)
{
    int status;
    g_autofree char *out = shell(fixture, "rm -rf \"$PWD\"", &status);
    config_unref(fixture->config);
    g_free(fixture->dir);
}

static void add(Fixture *fixture, const char *record, const RecordKey *key)
{
    GError *error = NULL;
    g_autoptr(Keys) keys = keys_open(fixture->config, &error);
    cr_assert(keys != NULL, "%s", error != NULL ? error->message : "");
    KeysEntry entry = {record, key};
    cr_assert(keys_add(keys, &entry, 1, &error), "%s", error != NULL ? error->message : "");
}

static KeysAnswer ask(Fixture *fixture, const char *record, const RecordKey *key, RecordKey *out, char **why)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KeysRing) ring = keys_ring_new(fixture->config);
    KeysAnswer answer = keys_ring_find(ring, record, key->nonce, out, &error);
    cr_assert((error != NULL) == (answer == KEYS_LOST || answer == KEYS_CLOSED));
    if (why != NULL)
        *why = g_strdup(error != NULL ? error->message : "");
    return answer;
}

static void hex(const void *data, gsize len, char **out)
{
    *out = hex_encode(data, len);
}

Test(keys, a_cipher_gives_back_what_was_sealed_and_openssl_opens_it)
{
    Fixture fixture;
    fixture_init(&fixture);
    RecordKey key;
    guint8 nonce[KEYS_NONCE], tag[KEYS_TAG], sealed[5000], opened[5000];
    char text[5000];
    for (gsize i = 0; i < sizeof text; i++)
        text[i] = (char)('a' + i % 23);
    keys_record_new(&key);
    keys_nonce(&key, 1, nonce);
    cr_assert(memcmp(nonce, key.nonce, KEYS_NONCE) != 0);
    g_autoptr(KeysCipher) seal = keys_cipher_new(&key, nonce, "x.eml", true, NULL);
    cr_assert(keys_cipher_run(seal, text, 1234, sealed, NULL));
    cr_assert(keys_cipher_run(seal, text + 1234, sizeof text - 1234, sealed + 1234, NULL));
    cr_assert(keys_cipher_tag(seal, tag, NULL));
    g_autoptr(KeysCipher) open = keys_cipher_new(&key, nonce, "x.eml", false, NULL);
    cr_assert(keys_cipher_run(open, sealed, sizeof sealed, opened, NULL));
    cr_assert(keys_cipher_fits(open, tag));
    cr_assert(memcmp(opened, text, sizeof text) == 0);
    // Another name, another byte.
    g_autoptr(KeysCipher) other = keys_cipher_new(&key, nonce, "y.eml", false, NULL);
    cr_assert(keys_cipher_run(other, sealed, sizeof sealed, opened, NULL));
    cr_assert_not(keys_cipher_fits(other, tag));
    g_autoptr(KeysCipher) flipped = keys_cipher_new(&key, nonce, "x.eml", false, NULL);
    sealed[17] ^= 1;
    cr_assert(keys_cipher_run(flipped, sealed, sizeof sealed, opened, NULL));
    cr_assert_not(keys_cipher_fits(flipped, tag));
    sealed[17] ^= 1;
    g_autofree char *path = g_build_filename(fixture.dir, "sealed", NULL), *key_hex = NULL, *nonce_hex = NULL;
    cr_assert(g_file_set_contents(path, (char *)sealed, sizeof sealed, NULL));
    hex(key.bytes, KEYS_LEN, &key_hex);
    hex(nonce, KEYS_NONCE, &nonce_hex);
    g_autofree char *command =
        g_strdup_printf("openssl enc -d -aes-256-ctr -K %s -iv %s00000002 -in sealed", key_hex, nonce_hex);
    int status;
    g_autofree char *out = shell(&fixture, command, &status);
    cr_assert_eq(status, 0);
    cr_assert_eq(strlen(out), sizeof text);
    cr_assert(memcmp(out, text, sizeof text) == 0);
    fixture_clear(&fixture);
}

Test(keys, a_record_key_comes_back_by_its_nonce)
{
    Fixture fixture;
    fixture_init(&fixture);
    RecordKey one, two, back;
    keys_record_new(&one);
    keys_record_new(&two);
    add(&fixture, RECORD, &one);
    add(&fixture, RECORD, &two);
    cr_assert_eq(ask(&fixture, RECORD, &one, &back, NULL), KEYS_FOUND);
    cr_assert(memcmp(&back, &one, sizeof one) == 0);
    cr_assert_eq(ask(&fixture, RECORD, &two, &back, NULL), KEYS_FOUND);
    cr_assert(memcmp(&back, &two, sizeof two) == 0);
    // The same key is not put there twice.
    g_autoptr(Keys) keys = keys_open(fixture.config, NULL);
    KeysEntry again = {RECORD, &one};
    g_autoptr(GError) error = NULL;
    cr_assert_not(keys_add(keys, &again, 1, &error));
    cr_assert(g_error_matches(error, BASE_ERROR, BASE_ERROR_DATA));
    fixture_clear(&fixture);
}

Test(keys, without_the_secret_half_keys_are_added_and_not_read)
{
    Fixture fixture;
    fixture_init(&fixture);
    RecordKey key, back;
    keys_record_new(&key);
    g_autofree char *master = keys_master_path(fixture.config), *away = g_strconcat(master, ".away", NULL);
    cr_assert_eq(g_rename(master, away), 0);
    add(&fixture, RECORD, &key);
    g_autofree char *why = NULL;
    cr_assert_eq(ask(&fixture, RECORD, &key, &back, &why), KEYS_CLOSED);
    cr_assert(strstr(why, "archive.master_key") != NULL, "%s", why);
    g_autoptr(KeysRing) ring = keys_ring_new(fixture.config);
    cr_assert_eq(keys_ring_has(ring, RECORD, key.nonce, NULL), KEYS_FOUND);
    // A key that others may read is refused.
    cr_assert_eq(g_rename(away, master), 0);
    cr_assert_eq(g_chmod(master, 0640), 0);
    g_autofree char *open = NULL;
    cr_assert_eq(ask(&fixture, RECORD, &key, &back, &open), KEYS_CLOSED);
    cr_assert(strstr(open, "chmod 600") != NULL, "%s", open);
    cr_assert_eq(g_chmod(master, 0600), 0);
    cr_assert_eq(ask(&fixture, RECORD, &key, &back, NULL), KEYS_FOUND);
    fixture_clear(&fixture);
}

Test(keys, a_key_that_is_not_there_is_lost_and_not_destroyed)
{
    Fixture fixture;
    fixture_init(&fixture);
    RecordKey key, back;
    keys_record_new(&key);
    g_autofree char *none = NULL;
    cr_assert_eq(ask(&fixture, RECORD, &key, &back, &none), KEYS_CLOSED, "no database is not no key");
    add(&fixture, "01KB0000000000000000000009", &key);
    g_autofree char *lost = NULL;
    cr_assert_eq(ask(&fixture, RECORD, &key, &back, &lost), KEYS_LOST);
    cr_assert(strstr(lost, RECORD) != NULL);
    fixture_clear(&fixture);
}

static void wrapped_of(Fixture *fixture, const char *record, guint8 out[32])
{
    g_autofree char *path = keys_db_path(fixture->config);
    g_autoptr(StoreDb) db = store_open(path, STORE_READ, 1000, NULL);
    g_autoptr(StoreStmt) get = store_prepare(db, "SELECT wrapped FROM key WHERE record = ?", NULL);
    store_bind_text(get, 1, record);
    cr_assert_eq(store_step(get, NULL), STORE_ROW);
    gsize len;
    memcpy(out, store_blob(get, 0, &len), 32);
}

static bool file_holds(const char *path, const void *needle, gsize len)
{
    g_autofree char *data = NULL;
    gsize n = 0;
    return g_file_get_contents(path, &data, &n, NULL) && memmem(data, n, needle, len) != NULL;
}

Test(keys, what_is_destroyed_is_in_no_file)
{
    Fixture fixture;
    fixture_init(&fixture);
    RecordKey keys[400], back;
    guint8 gone[100][32];
    char ids[400][27];
    g_autoptr(GPtrArray) records = g_ptr_array_new();
    for (guint i = 0; i < 400; i++) {
        g_snprintf(ids[i], sizeof ids[i], "01KB00000000000000000%05u", i);
        keys_record_new(&keys[i]);
        add(&fixture, ids[i], &keys[i]);
    }
    for (guint i = 0; i < 100; i++) {
        g_ptr_array_add(records, ids[i * 4]);
        wrapped_of(&fixture, ids[i * 4], gone[i]);
    }
    GError *error = NULL;
    cr_assert(keys_destroy(fixture.config, records, "01KBDISPOSAL00000000000000", &error), "%s",
              error != NULL ? error->message : "");
    g_autofree char *db = keys_db_path(fixture.config), *wal = g_strconcat(db, "-wal", NULL);
    for (guint i = 0; i < 100; i++) {
        cr_assert_not(file_holds(db, gone[i], 32));
        cr_assert_not(file_holds(wal, gone[i], 32));
        cr_assert_eq(ask(&fixture, ids[i * 4], &keys[i * 4], &back, NULL), KEYS_DESTROYED);
        cr_assert_eq(keys_destroyed(fixture.config, ids[i * 4], NULL), TRI_YES);
        cr_assert_eq(ask(&fixture, ids[i * 4 + 1], &keys[i * 4 + 1], &back, NULL), KEYS_FOUND);
        cr_assert_eq(keys_destroyed(fixture.config, ids[i * 4 + 1], NULL), TRI_NO);
    }
    cr_assert(keys_destroy(fixture.config, records, "again", NULL), "nothing to do is no failure");
    KeysCount count;
    cr_assert(keys_count(fixture.config, &count, NULL));
    cr_assert_eq(count.keys, 300);
    cr_assert_eq(count.destroyed, 100);
    fixture_clear(&fixture);
}

Test(keys, destroying_waits_for_readers)
{
    Fixture fixture;
    fixture_init(&fixture);
    RecordKey key;
    keys_record_new(&key);
    add(&fixture, RECORD, &key);
    add(&fixture, "01KB0000000000000000000001", &key);
    g_autoptr(GPtrArray) records = g_ptr_array_new();
    g_ptr_array_add(records, RECORD);
    pid_t reader = fork();
    if (reader == 0) {
        g_autofree char *path = keys_db_path(fixture.config);
        g_autoptr(StoreDb) db = store_open(path, STORE_READ, 1000, NULL);
        bool held = store_begin_snapshot(db, NULL);
        g_autofree char *flag = g_build_filename(fixture.dir, "held", NULL);
        if (held && g_file_set_contents(flag, "", 0, NULL))
            g_usleep(30 * G_USEC_PER_SEC);
        _exit(0);
    }
    g_autofree char *flag = g_build_filename(fixture.dir, "held", NULL);
    for (int i = 0; i < 500 && !g_file_test(flag, G_FILE_TEST_EXISTS); i++)
        g_usleep(10000);
    g_autoptr(GError) error = NULL;
    bool done = keys_destroy(fixture.config, records, "d", &error);
    cr_assert_eq(keys_destroyed(fixture.config, RECORD, NULL), TRI_UNKNOWN, "not before the log is empty");
    cr_assert_eq(kill(reader, SIGKILL), 0);
    cr_assert_eq(waitpid(reader, NULL, 0), reader);
    cr_assert_not(done);
    cr_assert(g_error_matches(error, BASE_ERROR, BASE_ERROR_TEMPFAIL), "%s", error->message);
    cr_assert_eq(keys_destroyed(fixture.config, RECORD, NULL), TRI_YES);
    fixture_clear(&fixture);
}

static bool count_key(const char *record, const RecordKey *key, void *data)
{
    guint *n = data;
    (*n)++;
    return true;
}

Test(keys, a_new_master_key_opens_all_and_the_old_one_nothing)
{
    Fixture fixture;
    fixture_init(&fixture);
    int status;
    RecordKey keys[1200], back;
    KeysEntry entries[1200];
    char ids[1200][27];
    for (guint i = 0; i < 1200; i++) {
        g_snprintf(ids[i], sizeof ids[i], "01KB00000000000000000%05u", i);
        keys_record_new(&keys[i]);
        entries[i] = (KeysEntry){ids[i], &keys[i]};
    }
    {
        g_autoptr(Keys) book = keys_open(fixture.config, NULL);
        cr_assert(keys_add(book, entries, 1200, NULL));
        g_autofree char *copied = shell(&fixture, "cp archive.master.key old.key", &status);
        g_autofree char *id = NULL;
        guint64 wrapped = 0;
        GError *error = NULL;
        cr_assert(keys_rotate(fixture.config, &id, &wrapped, &error), "%s",
                  error != NULL ? error->message : "");
        cr_assert_eq(wrapped, 1200);
        g_autofree char *public = keys_public_path(fixture.config), *now = keys_public_id(public, NULL);
        cr_assert_str_eq(id, now);
        // A writer that was there before goes on with the new one.
        RecordKey late;
        keys_record_new(&late);
        KeysEntry entry = {"01KB0000000000000000099999", &late};
        cr_assert(keys_add(book, &entry, 1, NULL));
        cr_assert_eq(ask(&fixture, entry.record, &late, &back, NULL), KEYS_FOUND);
    }
    for (guint i = 0; i < 1200; i += 97) {
        cr_assert_eq(ask(&fixture, ids[i], &keys[i], &back, NULL), KEYS_FOUND);
        cr_assert(memcmp(&back, &keys[i], sizeof back) == 0);
    }
    KeysCount count;
    cr_assert(keys_count(fixture.config, &count, NULL));
    cr_assert_eq(count.old, 0);
    guint n = 0;
    cr_assert(keys_each(fixture.config, NULL, count_key, &n, NULL));
    cr_assert_eq(n, 1201);
    g_autofree char *back_again = shell(&fixture, "cp -p old.key archive.master.key", &status), *why = NULL;
    cr_assert_eq(ask(&fixture, ids[5], &keys[5], &back, &why), KEYS_CLOSED, "the old one opens nothing");
    fixture_clear(&fixture);
}

Test(keys, a_rotation_that_was_cut_short_goes_on)
{
    Fixture fixture;
    fixture_init(&fixture);
    RecordKey key, back;
    keys_record_new(&key);
    add(&fixture, RECORD, &key);
    int status;
    // As it is when only the file was written: the new key before the old one.
    g_autofree char *out =
        shell(&fixture,
              "openssl genpkey -algorithm X25519 > both && cat archive.master.key >> both && "
              "cat both > archive.master.key",
              &status);
    cr_assert_eq(status, 0, "%s", out);
    cr_assert_eq(ask(&fixture, RECORD, &key, &back, NULL), KEYS_FOUND, "both open");
    g_autofree char *id = NULL;
    guint64 wrapped = 0;
    cr_assert(keys_rotate(fixture.config, &id, &wrapped, NULL));
    cr_assert_eq(wrapped, 1);
    cr_assert_eq(ask(&fixture, RECORD, &key, &back, NULL), KEYS_FOUND);
    g_autofree char *master = keys_master_path(fixture.config);
    g_autoptr(KeysMaster) now = keys_master_load(master, NULL);
    cr_assert_str_eq(keys_master_id(now, 0), id);
    cr_assert_null(keys_master_id(now, 1));
    fixture_clear(&fixture);
}

Test(keys, officers_get_the_master_key_out_of_escrow)
{
    Fixture fixture;
    fixture_init(&fixture);
    int status;
    RecordKey key, back;
    keys_record_new(&key);
    add(&fixture, RECORD, &key);
    g_autofree char *made =
        shell(&fixture,
              "umask 077; for i in one two; do openssl genpkey -algorithm X25519 > $i.key && "
              "openssl pkey -pubout < $i.key > $i.pub; done; "
              "openssl genpkey -algorithm ED25519 | openssl pkey -pubout > wrong.pub",
              &status);
    cr_assert_eq(status, 0, "%s", made);
    g_autofree char *public = g_build_filename(fixture.dir, "one.pub", NULL), *pem = NULL;
    g_autofree char *wrong_path = g_build_filename(fixture.dir, "wrong.pub", NULL), *wrong = NULL;
    cr_assert(g_file_get_contents(public, &pem, NULL, NULL));
    cr_assert(g_file_get_contents(wrong_path, &wrong, NULL, NULL));
    cr_assert(keys_escrow_write(fixture.config, "clerk@example.org", pem, NULL));
    cr_assert_not(keys_escrow_write(fixture.config, "../clerk", pem, NULL));
    g_autoptr(GError) error = NULL;
    cr_assert_not(keys_escrow_write(fixture.config, "clerk2", wrong, &error));
    cr_assert(g_error_matches(error, BASE_ERROR, BASE_ERROR_DATA));
    g_autofree char *id = NULL;
    guint64 wrapped;
    cr_assert(keys_rotate(fixture.config, &id, &wrapped, NULL));
    json_t *list = keys_escrow_list(fixture.config, NULL);
    cr_assert_eq(json_array_size(list), 1);
    cr_assert(json_is_true(json_object_get(json_array_get(list, 0), "current")), "rotation renews escrow");
    cr_assert_eq(json_array_size(json_object_get(json_array_get(list, 0), "master")), 1);
    json_decref(list);
    g_autofree char *lost = shell(&fixture, "rm archive.master.key", &status);
    g_autofree char *dir = keys_escrow_dir(fixture.config), *master = keys_master_path(fixture.config);
    g_autofree char *file = g_build_filename(dir, "clerk@example.org.json", NULL);
    g_autofree char *one = g_build_filename(fixture.dir, "one.key", NULL);
    g_autofree char *two = g_build_filename(fixture.dir, "two.key", NULL);
    g_autoptr(GError) other = NULL;
    cr_assert_not(keys_escrow_open(file, two, master, &other));
    cr_assert(g_error_matches(other, BASE_ERROR, BASE_ERROR_NOPERM));
    GError *why = NULL;
    cr_assert(keys_escrow_open(file, one, master, &why), "%s", why != NULL ? why->message : "");
    struct stat now;
    cr_assert_eq(stat(master, &now), 0);
    cr_assert_eq(now.st_mode & 0777, 0600);
    cr_assert_eq(ask(&fixture, RECORD, &key, &back, NULL), KEYS_FOUND);
    cr_assert_not(keys_escrow_open(file, one, master, NULL), "nothing is written over");
    fixture_clear(&fixture);
}

Test(keys, a_first_key_is_never_written_over)
{
    Fixture fixture;
    fixture_init(&fixture);
    g_autoptr(GError) error = NULL;
    cr_assert_not(keys_master_init(fixture.config, &error));
    cr_assert(g_error_matches(error, BASE_ERROR, BASE_ERROR_CANTCREAT));
    g_autofree char *public = keys_public_path(fixture.config);
    cr_assert_eq(g_unlink(public), 0);
    g_autoptr(GError) none = NULL;
    g_autoptr(Keys) keys = keys_open(fixture.config, &none);
    cr_assert_null(keys);
    cr_assert(strstr(none->message, "keys init") != NULL, "%s", none->message);
    // The public half alone is made anew, of the same key.
    g_autofree char *master = keys_master_path(fixture.config);
    g_autoptr(KeysMaster) before = keys_master_load(master, NULL);
    cr_assert(keys_master_init(fixture.config, NULL));
    g_autofree char *id = keys_public_id(public, NULL);
    cr_assert_str_eq(id, keys_master_id(before, 0));
    fixture_clear(&fixture);
}
