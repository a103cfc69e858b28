#include "roster/import.h"

#include <sodium.h>
#include <string.h>

#define NOTES_MOST      500
#define NOTE_LINES_MOST 5

typedef struct {
    char *file, *text;
    guint lines[NOTE_LINES_MOST];
    guint count, last;
} ImportNote;

static void note_free(ImportNote *note)
{
    g_free(note->file);
    g_free(note->text);
    g_free(note);
}

static void statement_free(StoreStmt *stmt)
{
    store_finalize(&stmt);
}

void import_note(Import *import, const char *file, guint line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *id = g_strconcat(file, "\n", text, NULL);
    ImportNote *note = g_hash_table_lookup(import->note_of, id);
    if (note == NULL && import->notes->len == NOTES_MOST) {
        import->notes_dropped++;
        return;
    }
    if (note == NULL) {
        note = g_new0(ImportNote, 1);
        note->file = g_strdup(file);
        note->text = g_steal_pointer(&text);
        g_ptr_array_add(import->notes, note);
        g_hash_table_insert(import->note_of, g_steal_pointer(&id), note);
    }
    if (note->count > 0 && note->last == line)
        return;
    note->last = line;
    if (note->count < NOTE_LINES_MOST)
        note->lines[note->count] = line;
    note->count++;
}

static char *note_text(const ImportNote *note)
{
    g_autoptr(GString) out = g_string_new(note->file);
    if (note->lines[0] > 0)
        g_string_append_printf(out, ":%u", note->lines[0]);
    g_string_append_printf(out, ": %s", note->text);
    if (note->count > 1)
        g_string_append(out, " (also line");
    for (guint i = 1; i < note->count && i < NOTE_LINES_MOST; i++)
        g_string_append_printf(out, "%s %u", i > 1 ? "," : note->count > 2 ? "s" : "", note->lines[i]);
    if (note->count > NOTE_LINES_MOST)
        g_string_append_printf(out, " and %u more", note->count - NOTE_LINES_MOST);
    if (note->count > 1)
        g_string_append_c(out, ')');
    return g_strdup(out->str);
}

StoreStmt *import_statement(Import *import, const char *sql, GError **error)
{
    StoreStmt *stmt = g_hash_table_lookup(import->statements, sql);
    if (stmt == NULL) {
        stmt = store_prepare(import->db, sql, error);
        if (stmt != NULL)
            g_hash_table_insert(import->statements, (gpointer)sql, stmt);
    } else {
        store_reset(stmt);
    }
    return stmt;
}

bool import_run(Import *import, GError **error, const char *sql, ...)
{
    StoreStmt *stmt = import_statement(import, sql, error);
    if (stmt == NULL)
        return false;
    va_list args;
    va_start(args, sql);
    int index = 1;
    for (const char *text = va_arg(args, const char *); text != NULL; text = va_arg(args, const char *))
        store_bind_text(stmt, index++, text);
    va_end(args);
    return store_run(stmt, error);
}

Tri import_has(Import *import, const char *sql, const char *a, const char *b, GError **error)
{
    StoreStmt *stmt = import_statement(import, sql, error);
    if (stmt == NULL)
        return TRI_UNKNOWN;
    store_bind_text(stmt, 1, a);
    if (b != NULL)
        store_bind_text(stmt, 2, b);
    StoreStep step = store_step(stmt, error);
    store_reset(stmt);
    return step == STORE_FAILED ? TRI_UNKNOWN : step == STORE_ROW ? TRI_YES : TRI_NO;
}

bool import_file_present(const Import *import, const char *file)
{
    return source_has(import->source, file) != NULL;
}

Tri import_is_district(Import *import, const char *domain, GError **error)
{
    char **own = import->config->district.domains;
    Tri found = TRI_NO;
    for (const char *at = domain; at != NULL && *at != '\0' && found == TRI_NO;) {
        for (gsize i = 0; own != NULL && own[i] != NULL; i++)
            if (g_ascii_strcasecmp(own[i], at) == 0)
                return TRI_YES;
        found = import_has(import, "SELECT 1 FROM published WHERE key = 'domain:' || ?1", at, NULL, error);
        const char *dot = strchr(at, '.');
        at = dot != NULL ? dot + 1 : NULL;
    }
    return found;
}

// ---- the registry's hashes ----------------------------------------------------------------------

typedef struct {
    const char *owner, *person, *field, *source;
} Registered;

static bool put_hash(Import *import, const Registered *entry, const char *key, GBytes *sealed, GError **error)
{
    unsigned char hash[KEY_HASH];
    StoreStmt *stmt =
        import_statement(import, "INSERT OR IGNORE INTO personal VALUES (?1, ?2, ?3, ?4, ?5, ?6)", error);
    if (stmt == NULL)
        return false;
    key_hash(&import->key, key, hash);
    store_bind_blob(stmt, 1, hash, sizeof hash);
    store_bind_text(stmt, 2, entry->owner);
    store_bind_text(stmt, 3, entry->person);
    store_bind_text(stmt, 4, entry->field);
    gsize len = 0;
    const void *bytes = sealed != NULL ? g_bytes_get_data(sealed, &len) : NULL;
    if (bytes != NULL)
        store_bind_blob(stmt, 5, bytes, len);
    store_bind_text(stmt, 6, entry->source);
    return store_run(stmt, error);
}

// A name by itself ("coach_tb23") can be recognised; its platform or domain is sealed beside it.
static bool put_name(Import *import, const Registered *entry, Kind kind, const char *canonical,
                     GError **error)
{
    bool mail = kind == KIND_EMAIL;
    const char *split = mail ? strrchr(canonical, '@') : strchr(canonical, ':');
    if (split == NULL || (!mail && split[1] == '+'))
        return true;
    g_autofree char *head = g_strndup(canonical, (gsize)(split - canonical));
    g_autofree char *key = g_strconcat(mail ? "name:email:" : "name:handle:", mail ? head : split + 1, NULL);
    g_autoptr(GBytes) sealed = key_seal(&import->key, mail ? split + 1 : head);
    if (sealed == NULL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_SOFTWARE, "personal registry: a name could not be sealed");
        return false;
    }
    return put_hash(import, entry, key, sealed, error);
}

bool import_personal(Import *import, const char *owner, const char *person, const char *field, Kind kind,
                     const char *canonical, const char *source, GError **error)
{
    Registered entry = {owner, person, field, source};
    g_autoptr(GPtrArray) keys = canon_store_keys(kind, canonical);
    bool ok = true;
    for (guint i = 0; ok && i < keys->len; i++)
        ok = put_hash(import, &entry, keys->pdata[i], NULL, error);
    if (ok && (kind == KIND_EMAIL || kind == KIND_HANDLE || kind == KIND_PAYMENT_HANDLE))
        ok = put_name(import, &entry, kind, canonical, error);
    return ok;
}

// ---- begin and end ------------------------------------------------------------------------------

static void import_free(Import *import)
{
    g_hash_table_unref(import->statements);
    g_hash_table_unref(import->note_of);
    g_ptr_array_unref(import->notes);
    store_close(&import->db);
    source_free(import->source);
    roster_summary_free(import->summary);
    g_free(import->who);
    sodium_memzero(&import->key, sizeof import->key);
    g_free(import);
}

// A trial without a roster to try it on works in memory and makes no files.
static bool open_files(Import *import, bool dry_run, bool renew, GError **error)
{
    const ConfigRoster *files = &import->config->roster;
    bool fresh = !g_file_test(files->database, G_FILE_TEST_EXISTS);
    bool has_key = g_file_test(files->key_file, G_FILE_TEST_EXISTS);
    if (dry_run && (fresh || !has_key)) {
        if (!fresh && !renew) {
            g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "%s: missing; restore it from your backup",
                        files->key_file);
            return false;
        }
        if (sodium_init() < 0) {
            g_set_error(error, BASE_ERROR, BASE_ERROR_OS, "the system gives no randomness");
            return false;
        }
        randombytes_buf(&import->key, sizeof import->key);
        import->db = schema_open_write(":memory:", error);
        return import->db != NULL;
    }
    if (!key_load(files->key_file, fresh || renew, &import->key, error))
        return false;
    import->db = schema_open_write(files->database, error);
    return import->db != NULL;
}

Import *import_begin(const Config *config, Source *source, bool dry_run, bool renew, GError **error)
{
    Import *import = g_new0(Import, 1);
    import->config = config;
    import->source = source;
    import->summary = g_new0(RosterSummary, 1);
    import->summary->warnings = g_ptr_array_new_with_free_func(g_free);
    import->notes = g_ptr_array_new_with_free_func((GDestroyNotify)note_free);
    import->note_of = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    // By the literal's address: hashing its text for every row would cost more than the row.
    import->statements =
        g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, (GDestroyNotify)statement_free);
    // Indexes are filled in no order: with less memory their pages would go to the disk again and again.
    if (open_files(import, dry_run, renew, error) &&
        store_exec(import->db, "PRAGMA cache_size = -262144; PRAGMA temp_store = MEMORY;", error) &&
        store_begin(import->db, error)) {
        if (schema_check_key(import->db, &import->key, config->roster.key_file, renew, error))
            return import;
        store_rollback(import->db);
    }
    import_free(import);
    return NULL;
}

bool import_end(Import *import, bool keep, GError **error)
{
    bool ok = true;
    g_hash_table_remove_all(import->statements);
    if (keep)
        ok = store_commit(import->db, error);
    if (!keep || !ok)
        store_rollback(import->db);
    import_free(import);
    return ok;
}

static RosterSummary *take_summary(Import *import)
{
    RosterSummary *summary = g_steal_pointer(&import->summary);
    for (guint i = 0; i < import->notes->len; i++)
        g_ptr_array_add(summary->warnings, note_text(import->notes->pdata[i]));
    if (import->notes_dropped > 0)
        g_ptr_array_add(summary->warnings, g_strdup_printf("and %u more warnings", import->notes_dropped));
    return summary;
}

// ---- manifest -----------------------------------------------------------------------------------

static bool check_manifest_row(Table *table, GError **error)
{
    const char *name = table_get(table, 0), *value = table_get(table, 1);
    if (strcmp(name, "oneroster.version") == 0 && strcmp(value, "1.1") != 0 && strcmp(value, "1.2") != 0)
        table_note(table, "oneroster.version: neither 1.1 nor 1.2");
    if (!g_str_has_prefix(name, "file."))
        return true;
    if (strcmp(value, "delta") == 0)
        return table_fail(table, 1, error,
                          "%s is a delta; an import replaces what was there: export it as bulk", name);
    if (value[0] == '\0')
        table_note(table, "%s: no value", name);
    return true;
}

static bool check_manifest(Import *import, GError **error)
{
    static const TableColumn columns[] = {{"propertyName", COLUMN_REQUIRED, NULL},
                                          {"value", COLUMN_REQUIRED, NULL}};
    if (!import_file_present(import, "manifest.csv"))
        return true;
    g_autoptr(Table) table = table_open(import, "manifest.csv", columns, G_N_ELEMENTS(columns), error);
    bool ok = table != NULL;
    CsvStep step = CSV_END;
    while (ok && (step = table_next(table, error)) == CSV_ROW)
        ok = check_manifest_row(table, error);
    return ok && step == CSV_END;
}

static bool check_names(Import *import, const char *path, GError **error)
{
    static const char *const read[] = {"users.csv",
                                       "orgs.csv",
                                       "classes.csv",
                                       "enrollments.csv",
                                       "personal.csv",
                                       "published.csv",
                                       "students-personal.csv",
                                       "lists.csv",
                                       "exceptions.csv",
                                       "webmail.csv",
                                       "roles.csv",
                                       "relationships.csv",
                                       "manifest.csv"};
    static const char *const others[] = {"userProfiles.csv", "academicSessions.csv", "courses.csv",
                                         "demographics.csv"};
    bool any = false;
    for (gsize i = 0; i < G_N_ELEMENTS(read); i++)
        any |= import_file_present(import, read[i]);
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++) {
        const char *name = source_has(import->source, others[i]);
        if (name != NULL && strcmp(name, others[i]) != 0)
            import_note(import, name, 0, "the file's name should be %s; it is not read", others[i]);
    }
    if (!any)
        g_set_error(
            error, BASE_ERROR, BASE_ERROR_NOINPUT,
            "%s: no roster file in it; users.csv, personal.csv, published.csv, lists.csv, ... are looked for",
            path);
    return any;
}

RosterSummary *roster_import(const Config *config, const char *path, bool dry_run, GError **error)
{
    Source *source = source_open(path, error);
    if (source == NULL)
        return NULL;
    bool renew = source_has(source, "users.csv") != NULL && source_has(source, "personal.csv") != NULL;
    Import *import = import_begin(config, source, dry_run, renew, error);
    if (import == NULL)
        return NULL;
    bool ok = check_names(import, path, error) && check_manifest(import, error) &&
              district_import_published(import, error) && oneroster_import(import, error) &&
              district_import_people(import, error) && district_import_lists(import, error) &&
              oneroster_relate(import, error) && exception_import(import, true, error);
    g_autoptr(RosterSummary) summary = ok ? take_summary(import) : NULL;
    ok = import_end(import, ok && !dry_run, ok ? error : NULL) && ok;
    return ok ? g_steal_pointer(&summary) : NULL;
}

int roster_exceptions_import(const Config *config, const char *csv_path, bool dry_run, RosterSummary *summary,
                             GError **error)
{
    Source *source = source_open_file(csv_path, "exceptions.csv", error);
    Import *import = source != NULL ? import_begin(config, source, dry_run, false, error) : NULL;
    if (import == NULL)
        return -1;
    bool ok = exception_import(import, false, error);
    g_autoptr(RosterSummary) mine = ok ? take_summary(import) : NULL;
    ok = import_end(import, ok && !dry_run, ok ? error : NULL) && ok;
    if (!ok)
        return -1;
    for (guint i = 0; i < mine->warnings->len; i++)
        g_ptr_array_add(summary->warnings, g_strdup(mine->warnings->pdata[i]));
    summary->exceptions += mine->exceptions;
    return (int)mine->exceptions;
}
