#include "feeds/model.h"
#include "ground.h"
#include "roster/schema.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LINE_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define LINE_C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

static Ground ground;

static void set_up(void)
{
    ground_init(&ground);
}

static void tear_down(void)
{
    ground_clear(&ground);
}

TestSuite(keys, .init = set_up, .fini = tear_down);

static GBytes *check_of(const RosterKey *key)
{
    unsigned char hash[KEY_HASH];
    key_hash(key, "key", hash);
    return g_bytes_new(hash, sizeof hash);
}

static RosterKey key_of(const char *line)
{
    RosterKey key;
    g_autofree char *path = ground_write(&ground, "one.key", line);
    cr_assert(key_load(path, false, &key, NULL));
    return key;
}

static bool has_key(const char *path, const char *line)
{
    const RosterKey wanted = key_of(line);
    RosterKey got;
    g_autoptr(GBytes) check = check_of(&wanted);
    return key_choose(path, g_bytes_get_data(check, NULL), g_bytes_get_size(check), &got, NULL) &&
           memcmp(&got, &wanted, sizeof got) == 0;
}

// ---- the file -------------------------------------------------------------------------------------------

Test(keys, file)
{
    static const struct {
        const char *text, *expect; // NULL: a key is found
    } cases[] = {
        {LINE_A "\n", NULL},
        {LINE_A, NULL},
        {"# made in August\n\n" LINE_A "\r\n# before that\n" LINE_B "\n", NULL},
        {"", "k.key:1: not a key of 64 hexadecimal digits"},
        {"# nothing else\n", "k.key:1: not a key of 64 hexadecimal digits"},
        {"# x\n" LINE_A "0\n", "k.key:2: not a key of 64 hexadecimal digits"},
        {"xx" LINE_A "\n", "k.key:1: not a key of 64 hexadecimal digits"},
        {"zzaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", "k.key:1: not a key"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        RosterKey key;
        g_autoptr(GError) error = NULL;
        g_autofree char *path = ground_write(&ground, "k.key", cases[i].text);
        bool ok = key_load(path, false, &key, &error);
        cr_expect(ok == (cases[i].expect == NULL), "case %zu: %s", i, ok ? "loaded" : error->message);
        if (!ok)
            cr_expect(error->code == BASE_ERROR_DATA && strstr(error->message, cases[i].expect) != NULL, "%s",
                      error->message);
    }
}

Test(keys, newest_and_chosen)
{
    RosterKey key;
    g_autoptr(GError) error = NULL;
    g_autofree char *path = ground_write(&ground, "k.key", "# two\n" LINE_A "\n" LINE_B "\n");
    const RosterKey newest = key_of(LINE_A), unknown = key_of(LINE_C);
    cr_expect(key_load(path, false, &key, NULL) && memcmp(&key, &newest, sizeof key) == 0);
    cr_expect(has_key(path, LINE_A) && has_key(path, LINE_B) && !has_key(path, LINE_C));
    g_autoptr(GBytes) check = check_of(&unknown);
    cr_expect(!key_choose(path, g_bytes_get_data(check, NULL), KEY_HASH, &key, &error));
    cr_assert(error != NULL && error->code == BASE_ERROR_DATA);
    cr_expect(strstr(error->message, "restore the key file") != NULL, "%s", error->message);
    g_clear_error(&error);
    cr_expect(!key_choose(path, NULL, 0, &key, &error), "a roster that names no key");
}

Test(keys, made_when_missing)
{
    RosterKey key, again;
    struct stat st;
    g_autoptr(GError) error = NULL;
    g_autofree char *path = ground_path(&ground, "new/k.key");
    cr_expect(!key_load(path, false, &key, &error) && error->code == BASE_ERROR_NOINPUT);
    cr_expect(key_load(path, true, &key, NULL) && key_load(path, true, &again, NULL));
    cr_expect(memcmp(&key, &again, sizeof key) == 0);
    cr_expect(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
}

Test(keys, added_and_removed)
{
    struct stat st;
    g_autofree char *path = ground_write(&ground, "k.key", "# since August\n" LINE_A "\n# before\n" LINE_B);
    cr_assert(chmod(path, 0440) == 0);
    cr_expect(key_add(path, LINE_C, NULL));
    cr_expect(stat(path, &st) == 0 && (st.st_mode & 0777) == 0440, "the mode stays");
    cr_expect(has_key(path, LINE_A) && has_key(path, LINE_B) && has_key(path, LINE_C));
    const RosterKey a = key_of(LINE_A);
    g_autoptr(GPtrArray) checks = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    g_autoptr(GError) error = NULL;
    cr_expect(key_keep(path, checks, &error) == -1 && error != NULL, "never all of them");
    g_ptr_array_add(checks, check_of(&a));
    cr_expect(key_keep(path, checks, NULL) == 2);
    cr_expect(has_key(path, LINE_A) && !has_key(path, LINE_B) && !has_key(path, LINE_C));
    g_autofree char *text = NULL;
    cr_assert(g_file_get_contents(path, &text, NULL, NULL));
    cr_expect_str_eq(text, "# since August\n" LINE_A "\n# before\n");
    cr_expect(key_keep(path, checks, NULL) == 0);
}

Test(keys, a_key_a_kind)
{
    const RosterKey key = key_of(LINE_A);
    for (gsize i = 0; i < KEY_KINDS; i++)
        for (gsize j = 0; j < i; j++)
            cr_expect(memcmp(key.hash[i], key.hash[j], 32) != 0, "%zu and %zu", i, j);
    // With the key of one kind alone nothing of another kind can be recognised.
    static const char *const texts[] = {"phone:1",  "phone7:1",     "email:1",  "handle:1", "invite:1",
                                        "street:1", "name:email:1", "phoney:1", "key",      ""};
    static const int kinds[] = {0, 0, 1, 2, 3, 4, 6, 7, 7, 7};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        unsigned char whole[KEY_HASH], alone[KEY_HASH];
        RosterKey one = {0};
        memcpy(one.hash[kinds[i]], key.hash[kinds[i]], 32);
        key_hash(&key, texts[i], whole);
        key_hash(&one, texts[i], alone);
        cr_expect(memcmp(whole, alone, sizeof whole) == 0, "%s is not hashed as kind %d", texts[i], kinds[i]);
    }
}

Test(keys, sealed)
{
    const RosterKey a = key_of(LINE_A), b = key_of(LINE_B);
    g_autoptr(GBytes) sealed = key_seal(&a, "phone:+14135550142");
    gsize len = 0;
    const char *data = g_bytes_get_data(sealed, &len);
    g_autofree char *plain = key_unseal(&a, data, len);
    cr_expect_str_eq(plain, "phone:+14135550142");
    cr_expect(key_unseal(&b, data, len) == NULL);
    for (gsize cut = 0; cut < len; cut++) {
        g_autofree char *exact = g_memdup2(data, cut);
        cr_expect(key_unseal(&a, exact, cut) == NULL, "the first %zu bytes", cut);
    }
}

// ---- rotating -------------------------------------------------------------------------------------------

static void put_personal(const char *path, const RosterKey *key, const char *source, const char *owner,
                         Kind kind, const char *canonical)
{
    g_autoptr(StoreDb) db = store_open(path, STORE_WRITE, 5000, NULL);
    g_autoptr(GPtrArray) keys = model_personal_keys(kind, canonical);
    g_autofree char *plain = g_strconcat(kind_name(kind), ":", canonical, NULL);
    g_autoptr(GBytes) sealed = key_seal(key, plain);
    for (guint i = 0; i < keys->len; i++) {
        unsigned char hash[KEY_HASH];
        g_autoptr(StoreStmt) stmt =
            store_prepare(db, "INSERT INTO personal VALUES (?1, ?2, ?3, 'x', ?4, ?5, 1)", NULL);
        key_hash(key, keys->pdata[i], hash);
        store_bind_blob(stmt, 1, hash, sizeof hash);
        store_bind_int(stmt, 2, owner[0] == '\0' ? 1 : 0);
        store_bind_text(stmt, 3, owner);
        if (i == 0)
            store_bind_blob(stmt, 4, g_bytes_get_data(sealed, NULL), g_bytes_get_size(sealed));
        store_bind_text(stmt, 5, source);
        cr_assert(store_run(stmt, NULL));
    }
}

// How many of the value's hashes are in the generation in force, of how many.
static char *found(const RosterKey *key, Kind kind, const char *canonical)
{
    g_autoptr(GPtrArray) keys = model_personal_keys(kind, canonical);
    guint count = 0;
    for (guint i = 0; i < keys->len; i++) {
        unsigned char hash[KEY_HASH];
        key_hash(key, keys->pdata[i], hash);
        g_autofree char *hex = hex_encode(hash, sizeof hash);
        g_autofree char *sql = g_strdup_printf("SELECT count(*) FROM personal WHERE hash = x'%s'", hex);
        g_autofree char *got = ground_ask(ground.config->roster.database, sql);
        count += (guint)atoi(got);
    }
    return g_strdup_printf("%u of %u", count, keys->len);
}

static void expect_found(const RosterKey *key, const char *phone, const char *email)
{
    g_autofree char *own = found(key, KIND_PHONE, "+14135550142");
    g_autofree char *given = found(key, KIND_EMAIL, "dana.home@mail.example.net");
    cr_expect_str_eq(own, phone);
    cr_expect_str_eq(given, email);
}

static RosterKey key_in_force(void)
{
    RosterKey key;
    g_autoptr(GError) error = NULL;
    cr_assert(generation_key(ground.config, ground.config->roster.database, &key, &error), "%s",
              error->message);
    return key;
}

static void make_with_details(void)
{
    cr_assert(ground_generation(&ground, NULL, NULL) == 1);
    const RosterKey key = key_in_force();
    put_personal(ground.config->roster.database, &key, "own", "dana@example.org", KIND_PHONE, "+14135550142");
    put_personal(ground.config->roster.database, &key, "google", "", KIND_EMAIL,
                 "dana.home@mail.example.net");
}

Test(keys, rotate)
{
    g_autoptr(GError) error = NULL;
    ground.config->roster.generations = 2;
    make_with_details();
    const RosterKey old = key_in_force();
    expect_found(&old, "2 of 2", "2 of 2");
    cr_expect(feeds_key_rotate(ground.config, "tester", &error) == 2, "%s",
              error != NULL ? error->message : "");
    const RosterKey new = key_in_force();
    cr_expect(memcmp(&old, &new, sizeof old) != 0);
    expect_found(&new, "2 of 2", "2 of 2");
    expect_found(&old, "0 of 2", "0 of 2");
    g_autofree char *what =
        ground_ask(ground.config->roster.database, "SELECT what FROM history WHERE id = 2");
    cr_expect_str_eq(what, "key rotated");
    // The generation before still wants the old key.
    cr_expect(feeds_key_prune(ground.config, NULL) == 0);
    // The way back to it ends with the key in force.
    cr_expect(feeds_rollback(ground.config, 1, "tester", &error) == 3, "%s",
              error != NULL ? error->message : "");
    expect_found(&new, "2 of 2", "2 of 2");
    const RosterKey after = key_in_force();
    cr_expect(memcmp(&after, &new, sizeof new) == 0);
    cr_expect(feeds_key_prune(ground.config, NULL) == 0);
    cr_expect(feeds_rollback(ground.config, 2, "tester", NULL) == 4);
    cr_expect(feeds_key_prune(ground.config, NULL) == 1, "nothing is left of the old key's time");
    expect_found(&new, "2 of 2", "2 of 2");
}

Test(keys, what_cannot_be_unsealed)
{
    static const char *const spoil[] = {
        "UPDATE personal SET sealed = x'00' WHERE sealed IS NOT NULL AND source = 'google'",
        "UPDATE personal SET sealed = NULL WHERE source = 'google'",
        "UPDATE personal SET sealed = NULL WHERE source = 'own'",
    };
    make_with_details();
    g_autofree char *file = NULL;
    cr_assert(g_file_get_contents(ground.config->roster.key_file, &file, NULL, NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(spoil); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *now = NULL, *keep = ground_path(&ground, "keep"), *last = NULL;
        g_autofree char *copy = g_strdup_printf("VACUUM INTO '%s'", keep);
        ground_exec(ground.config->roster.database, copy);
        ground_exec(ground.config->roster.database, spoil[i]);
        cr_expect(feeds_key_rotate(ground.config, "tester", &error) == 0, "case %zu", i);
        cr_expect(error != NULL && error->code == BASE_ERROR_DATA);
        cr_assert(g_file_get_contents(ground.config->roster.key_file, &now, NULL, NULL));
        cr_expect_str_eq(now, file, "the key file is as it was");
        last = ground_ask(ground.config->roster.database, "SELECT max(id) FROM history");
        cr_expect_str_eq(last, "1");
        g_autofree char *real = ground_path(&ground, "roster.db.000001");
        cr_assert(rename(keep, real) == 0);
    }
}
