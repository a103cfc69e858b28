#include "book.h"

#include "roster/canon.h"
#include "roster/key.h"
#include "roster/schema.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

// Masks of roles: guardian 16, student 32, staff 64.
static const char EVERYBODY[] =
    "INSERT INTO source VALUES (1, 'sis', 'oneroster', 'sis', 0), (2, 'aliases', 'aliases', 'aliases', 0),"
    " (3, 'mailman', 'mailman', 'mailman', 0);"
    "INSERT INTO org VALUES (1, 1, 'all', 'Sample District', 'district', ''),"
    " (2, 1, 'hs', 'High School', 'school', 'all'), (3, 1, 'office', 'Office', 'department', 'all'),"
    " (4, 1, 'round', 'Round', 'school', 'trip'), (5, 1, 'trip', 'Trip', 'school', 'round');"
    "INSERT INTO person VALUES"
    " (1, 'stf-1', 'Dana Lynn', 'Whitlock', 64, 1, 0, 19800101, NULL, 'dana@example.org', 2, 'hs,office'),"
    " (2, 'stf-2', 'Pat', 'Okafor', 64, 1, 0, 0, NULL, 'pat@example.org', 0, 'hs'),"
    " (3, 'stu-1', 'Min', 'Lee', 32, 1, 0, 20081016, '12', 'min@students.example.org', 0, 'hs'),"
    " (4, 'stu-2', 'Ana', 'Ortiz', 32, 1, 0, 20081017, '12', 'ana@students.example.org', 0, 'hs'),"
    " (5, 'stu-3', 'Eli', 'Rourke', 32, 0, 0, 0, '9', 'eli@students.example.org', 0, 'hs'),"
    " (6, 'par-1', 'Hana', 'Lee', 16, 1, 0, 0, NULL, NULL, 0, ''),"
    " (7, 'stf-3', 'Sam', 'Rourke', 80, 1, 0, 0, NULL, 'sam@example.org', 1, 'hs'),"
    " (8, 'stf-4', 'Old', 'Teacher', 64, 1, 20260901, 0, NULL, 'jsmith@example.org', 0, 'hs'),"
    " (9, 'stu-4', 'Jane', 'Smith', 32, 1, 0, 20080229, '11', 'jsmith@example.org', 0, 'hs'),"
    " (10, 'stf-5', 'Gone', 'Away', 64, 1, 20260901, 0, NULL, 'gone@example.org', 0, 'hs'),"
    " (11, 'stf-6', 'Sum', 'Merbreak', 64, 1, 0, 0, NULL, 'summer@example.org', 0, 'hs');"
    "INSERT INTO contact (key, person, field, record) VALUES ('email:dana@example.org', 1, 'email', 1),"
    " ('email:d.whitlock@example.org', 1, 'alias', 1), ('email:dana.lynn@example.org', 1, 'previous', 1),"
    " ('email:dana@out.example.net', 1, 'email', 1), ('phone:+14135550110', 1, 'work', 1),"
    " ('phone7:5550110', 1, 'work', 1),"
    " ('email:pat@example.org', 2, 'email', 2), ('email:min@students.example.org', 3, 'email', 3),"
    " ('email:ana@students.example.org', 4, 'email', 4), ('phone:+14135550166', 4, 'sms', 4),"
    " ('email:eli@students.example.org', 5, 'email', 5), ('email:hana@example.net', 6, 'email', 6),"
    " ('phone:+15085550142', 6, 'phone', 6), ('email:sam@example.org', 7, 'email', 7),"
    " ('email:sam.home@example.net', 7, 'email', 7), ('phone:+14135550184', 7, 'sms', 7),"
    " ('email:jsmith@example.org', 8, 'previous', 8), ('email:jsmith@example.org', 9, 'email', 9),"
    " ('email:gone@example.org', 10, 'email', 10), ('email:shared@example.net', 6, 'email', 6),"
    " ('email:shared@example.net', 10, 'email', 10), ('email:shared@example.net', 3, 'previous', 3),"
    " ('email:summer@example.org', 11, 'email', 11);"
    "UPDATE contact SET use = 1 WHERE field = 'work';"
    "INSERT INTO login VALUES ('dana', 1), ('both', 2), ('both', 7), ('jsmith', 8), ('jsmith', 9);"
    "INSERT INTO post VALUES (1, 6, 'counselor', 'hs', 20260801, 20270701, 1), (1, 6, '', 'office', 0, 0, 1),"
    " (1, 6, 'coach', 'hs', 20250801, 20261016, 1), (1, 6, 'nurse', 'hs', 20261016, 0, 1),"
    " (2, 6, 'principal', 'hs', 0, 0, 2), (3, 5, '', 'hs', 0, 0, 3), (6, 4, '', 'hs', 0, 0, 6),"
    " (7, 6, 'teacher', 'hs', 20250801, 20260701, 7), (7, 4, '', 'hs', 20260701, 0, 7),"
    " (11, 6, 'teacher', 'hs', 20250801, 20260701, 11), (1, 6, 'tutor', 'round', 0, 0, 1);"
    "INSERT INTO class VALUES (1, 1, 'eng', 'English', 'hs', 'class', 20260801, 20270701),"
    " (2, 1, 'band', 'Band', 'hs', 'class', 0, 0), (3, 1, 'past', 'Last year', 'hs', 'class', 20250801, "
    "20260701),"
    " (4, 1, 'club', 'Chess', 'hs', 'club', 20250801, 20260701);"
    "INSERT INTO seat VALUES (1, 1, 6, 0, 0, 1), (1, 3, 5, 0, 0, 3), (1, 4, 5, 20261017, 0, 4),"
    " (2, 1, 5, 0, 0, 1), (2, 3, 5, 20260801, 20261016, 3), (2, 4, 5, 20261016, 0, 4), (2, 4, 5, 20250801, "
    "20260101, 4),"
    " (2, 7, 6, 0, 0, 7), (3, 1, 6, 0, 0, 1), (3, 3, 5, 0, 0, 3), (4, 7, 6, 0, 20270101, 7), (4, 5, 5, 0, "
    "20270101, 5);"
    "INSERT INTO link VALUES (6, 3), (7, 5);"
    "INSERT INTO student_address VALUES ('min.plays@example.net', 'min@students.example.org', 1),"
    " ('who@example.net', 'nobody@students.example.org', 1);"
    "INSERT INTO published VALUES ('domain:example.org', 'domain', 'mail', 1),"
    " ('domain:xn--bcher-kva.example', 'domain', 'mail', 1), ('phone:988', 'phone', 'Lifeline', 1);"
    "INSERT INTO exception (id, kind, staff, students, value_list, begins, ends, approver, guardian_consent, "
    "purpose_required, revoked, source, added) VALUES ('EX-1', 'approved', 'd.whitlock@example.org', "
    "'class:band', '*', "
    "20261010, 20261020,"
    " 'pat@example.org', 1, 0, NULL, 'file', ''), ('EX-2', 'approved', 'jsmith@example.org', '*', '*', "
    "20261010, 20261020,"
    " 'pat@example.org', 1, 0, NULL, 'file', '');";

void book_init(Book *book)
{
    memset(book, 0, sizeof *book);
    book->dir = g_dir_make_tmp("chaperone-book-XXXXXX", NULL);
    cr_assert_not_null(book->dir);
    book->config = config_defaults();
    char **texts[] = {&book->config->roster.database, &book->config->roster.key_file,
                      &book->config->policy.lists_dir};
    static const char *const names[] = {"roster.db", "roster.key", "lists"};
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_free(*texts[i]);
        *texts[i] = g_build_filename(book->dir, names[i], NULL);
    }
    book_write(book, 1, NULL);
}

void book_clear(Book *book)
{
    roster_session_end(book->session);
    roster_unref(book->roster);
    config_unref(book->config);
    GDir *dir = g_dir_open(book->dir, 0, NULL);
    const char *name;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(book->dir, name, NULL);
        g_unlink(path);
    }
    if (dir != NULL)
        g_dir_close(dir);
    g_rmdir(book->dir);
    g_free(book->dir);
}

static char *file_of(const Book *book, int number)
{
    return g_strdup_printf("%s.%06d", book->config->roster.database, number);
}

static void must(bool ok, GError *error)
{
    cr_assert(ok, "%s", error != NULL ? error->message : "failed");
}

// As an import does for everybody, from the names in the rows.
static void add_names(StoreDb *db)
{
    GError *error = NULL;
    g_autoptr(StoreStmt) get = store_prepare(db, "SELECT id, given, family FROM person", &error);
    g_autoptr(StoreStmt) put = store_prepare(db, "INSERT OR IGNORE INTO name VALUES (?1, ?2, ?3)", &error);
    must(get != NULL && put != NULL, error);
    while (store_step(get, &error) == STORE_ROW) {
        g_autofree char *key = NULL, *words = NULL;
        if (!canon_name(store_text(get, 1), store_text(get, 2), &key, &words))
            continue;
        store_bind_text(put, 1, key);
        store_bind_int(put, 2, store_int(get, 0));
        store_bind_text(put, 3, words);
        must(store_run(put, &error), error);
    }
}

static void add_key(Book *book, StoreDb *db)
{
    GError *error = NULL;
    RosterKey key;
    unsigned char hash[KEY_HASH];
    must(key_load(book->config->roster.key_file, true, &key, &error), error);
    key_hash(&key, "key", hash);
    g_autoptr(StoreStmt) put = store_prepare(db, "INSERT INTO meta VALUES ('key', ?1)", &error);
    must(put != NULL, error);
    store_bind_blob(put, 1, hash, sizeof hash);
    must(store_run(put, &error), error);
}

void book_write(Book *book, int number, const char *more)
{
    GError *error = NULL;
    g_autofree char *path = file_of(book, number);
    g_autofree char *link = g_strconcat(book->config->roster.database, ".link", NULL);
    g_autofree char *base = g_path_get_basename(path);
    StoreDb *db = store_open(path, STORE_WRITE, 1000, &error);
    must(db != NULL, error);
    must(store_exec(db, SCHEMA_TABLES, &error) && store_exec(db, EVERYBODY, &error), error);
    must(more == NULL || store_exec(db, more, &error), error);
    add_names(db);
    add_key(book, db);
    must(store_exec(db, SCHEMA_INDEXES, &error), error);
    g_autofree char *version = g_strdup_printf("PRAGMA user_version = %d", SCHEMA_VERSION);
    must(store_exec(db, version, &error), error);
    store_close(&db);
    cr_assert_eq(symlink(base, link), 0);
    cr_assert_eq(g_rename(link, book->config->roster.database), 0);
}

void book_personal(Book *book, int number, int person, const char *owner, Kind kind, const char *value)
{
    GError *error = NULL;
    RosterKey key;
    g_autofree char *path = file_of(book, number);
    g_autoptr(StoreDb) db = store_open(path, STORE_WRITE, 1000, &error);
    must(db != NULL && key_load(book->config->roster.key_file, false, &key, &error), error);
    g_autofree char *canonical = canon_value(book->config, kind, value);
    g_autoptr(GPtrArray) keys = canon_store_keys(kind, canonical);
    for (guint i = 0; i < keys->len; i++) {
        unsigned char hash[KEY_HASH];
        key_hash(&key, keys->pdata[i], hash);
        g_autoptr(StoreStmt) put =
            store_prepare(db, "INSERT INTO personal VALUES (?1, ?2, ?3, 'cell', NULL, 'own', 0)", &error);
        must(put != NULL, error);
        store_bind_blob(put, 1, hash, sizeof hash);
        store_bind_int(put, 2, person);
        store_bind_text(put, 3, owner);
        must(store_run(put, &error), error);
    }
}

RosterSession *book_open(Book *book, int today)
{
    GError *error = NULL;
    roster_session_end(g_steal_pointer(&book->session));
    if (book->roster == NULL)
        book->roster = roster_open(book->config, &error);
    must(book->roster != NULL, error);
    book->session = roster_session_begin(book->roster, today, &error);
    must(book->session != NULL, error);
    return book->session;
}

Party *book_party(Book *book, const char *address)
{
    GError *error = NULL;
    g_autofree char *copy = g_strdup(address); // exact size, so that an overrun is seen
    Party *party = roster_resolve(book->session, copy, &error);
    must(party != NULL, error);
    return party;
}

char *book_who(Book *book, const char *address)
{
    g_autoptr(Party) party = book_party(book, address);
    return g_strdup_printf("%s %s %s%s%s", role_name(party->role), account_name(party->account),
                           party->person != NULL ? party->person : "-", party->enabled ? "" : " off",
                           party->partly ? " partly" : "");
}

static int compare_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char *book_join(GPtrArray *strings)
{
    cr_assert_not_null(strings);
    g_autoptr(GString) out = g_string_new(NULL);
    g_ptr_array_sort(strings, compare_text);
    for (guint i = 0; i < strings->len; i++)
        g_string_append_printf(out, "%s%s", i > 0 ? " " : "", (char *)strings->pdata[i]);
    g_ptr_array_unref(strings);
    return g_strdup(out->str);
}
