// The open roster and its sessions: a pool of database connections, each with its statements prepared as they
// are needed.
#include "roster/internal.h"

#include <string.h>

#define LEAST_WEBMAIL_FILE (4 * 1024 * 1024)

struct Roster {
    gint refs;
    Config *config;
    RosterKey key;
    GHashTable *webmail; // shipped list
    GMutex lock;
    GQueue idle; // of RosterSession
};

struct RosterSession {
    Roster *roster;
    StoreDb *db;
    StoreStmt *stmts[Q_LAST];
};

static const char *const SQL[Q_LAST] = {
#define X(name, sql) [Q_##name] = sql,
    SESSION_QUERIES(X)
#undef X
};

static void session_free(RosterSession *session)
{
    for (int i = 0; i < Q_LAST; i++)
        store_finalize(&session->stmts[i]);
    store_close(&session->db);
    g_free(session);
}

// One domain a line; `#` begins a comment.
static bool read_webmail(Roster *roster, GError **error)
{
    g_autofree char *path = g_build_filename(roster->config->policy.lists_dir, "webmail.txt", NULL);
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return true;
    g_autoptr(GBytes) content = file_read(path, LEAST_WEBMAIL_FILE, error);
    if (content == NULL)
        return false;
    gsize len = 0;
    const char *data = g_bytes_get_data(content, &len);
    g_autofree char *text = g_strndup(data != NULL ? data : "", len);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (gsize i = 0; lines[i] != NULL; i++) {
        lines[i][strcspn(lines[i], "# \t\r")] = '\0';
        char *domain = canon_domain(lines[i]);
        if (domain != NULL)
            g_hash_table_add(roster->webmail, domain);
    }
    return true;
}

// Look-ups with another key than the import's would find nobody's details and call that an answer.
static bool check_key(Roster *roster, GError **error)
{
    unsigned char hash[KEY_HASH];
    gsize len = 0;
    g_autoptr(StoreDb) db = schema_open_read(roster->config->roster.database, error);
    if (db == NULL)
        return false;
    g_autoptr(StoreStmt) stmt = store_prepare(db, "SELECT value FROM meta WHERE name = 'key'", error);
    StoreStep step = stmt != NULL ? store_step(stmt, error) : STORE_FAILED;
    const void *known = step == STORE_ROW ? store_blob(stmt, 0, &len) : NULL;
    if (step == STORE_DONE)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "%s: the roster is empty; run `chaperone roster import`",
                    roster->config->roster.database);
    if (step != STORE_ROW)
        return false;
    key_hash(&roster->key, "key", hash);
    if (known != NULL && len == sizeof hash && memcmp(known, hash, len) == 0)
        return true;
    g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                "%s: not the key this roster was made with; restore it from your backup",
                roster->config->roster.key_file);
    return false;
}

Roster *roster_open(const Config *config, GError **error)
{
    Roster *roster = g_new0(Roster, 1);
    roster->refs = 1;
    roster->config = config_ref((Config *)config);
    roster->webmail = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_mutex_init(&roster->lock);
    g_queue_init(&roster->idle);
    if (!g_file_test(config->roster.database, G_FILE_TEST_EXISTS))
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT,
                    "%s: there is no roster; run `chaperone roster import`", config->roster.database);
    else if (key_load(config->roster.key_file, false, &roster->key, error) && check_key(roster, error) &&
             read_webmail(roster, error))
        return roster;
    roster_unref(roster);
    return NULL;
}

Roster *roster_ref(Roster *roster)
{
    g_atomic_int_inc(&roster->refs);
    return roster;
}

void roster_unref(Roster *roster)
{
    if (roster == NULL || !g_atomic_int_dec_and_test(&roster->refs))
        return;
    for (RosterSession *session = g_queue_pop_head(&roster->idle); session != NULL;
         session = g_queue_pop_head(&roster->idle))
        session_free(session);
    g_mutex_clear(&roster->lock);
    g_hash_table_unref(roster->webmail);
    config_unref(roster->config);
    memset(&roster->key, 0, sizeof roster->key);
    g_free(roster);
}

static RosterSession *session_new(Roster *roster, GError **error)
{
    StoreDb *db = schema_open_read(roster->config->roster.database, error);
    if (db == NULL)
        return NULL;
    RosterSession *session = g_new0(RosterSession, 1);
    session->db = db;
    return session;
}

RosterSession *roster_session_begin(Roster *roster, GError **error)
{
    g_mutex_lock(&roster->lock);
    RosterSession *session = g_queue_pop_head(&roster->idle);
    g_mutex_unlock(&roster->lock);
    if (session == NULL)
        session = session_new(roster, error);
    if (session == NULL)
        return NULL;
    if (!store_begin_snapshot(session->db, error)) {
        session_free(session);
        return NULL;
    }
    session->roster = roster_ref(roster);
    return session;
}

void roster_session_end(RosterSession *session)
{
    if (session == NULL)
        return;
    Roster *roster = g_steal_pointer(&session->roster);
    for (int i = 0; i < Q_LAST; i++)
        if (session->stmts[i] != NULL)
            store_reset(session->stmts[i]);
    store_rollback(session->db);
    // A burst opens many; a few are enough to keep.
    enum { IDLE_KEPT = 8 };
    g_mutex_lock(&roster->lock);
    bool keep = roster->idle.length < IDLE_KEPT;
    if (keep)
        g_queue_push_head(&roster->idle, session);
    g_mutex_unlock(&roster->lock);
    if (!keep)
        session_free(session);
    roster_unref(roster);
}

StoreStmt *session_query(RosterSession *session, SessionQuery query, const char *a, const char *b,
                         GError **error)
{
    StoreStmt *stmt = session->stmts[query];
    if (stmt == NULL)
        stmt = session->stmts[query] = store_prepare(session->db, SQL[query], error);
    if (stmt == NULL)
        return NULL;
    store_reset(stmt);
    if (a != NULL)
        store_bind_text(stmt, 1, a);
    if (b != NULL)
        store_bind_text(stmt, 2, b);
    return stmt;
}

GPtrArray *session_column(RosterSession *session, SessionQuery query, const char *a, const char *b,
                          GError **error)
{
    StoreStmt *stmt = session_query(session, query, a, b, error);
    if (stmt == NULL)
        return NULL;
    g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(g_free);
    StoreStep step;
    while ((step = store_step(stmt, error)) == STORE_ROW)
        g_ptr_array_add(out, g_strdup(store_text(stmt, 0)));
    store_reset(stmt);
    return step == STORE_DONE ? g_steal_pointer(&out) : NULL;
}

bool session_value(RosterSession *session, SessionQuery query, const char *a, const char *b, char **out,
                   GError **error)
{
    StoreStmt *stmt = session_query(session, query, a, b, error);
    *out = NULL;
    if (stmt == NULL)
        return false;
    StoreStep step = store_step(stmt, error);
    if (step == STORE_ROW)
        *out = g_strdup(store_text(stmt, 0));
    store_reset(stmt);
    return step != STORE_FAILED;
}

Tri session_has(RosterSession *session, SessionQuery query, const char *a, const char *b, GError **error)
{
    StoreStmt *stmt = session_query(session, query, a, b, error);
    StoreStep step = stmt != NULL ? store_step(stmt, error) : STORE_FAILED;
    if (stmt != NULL)
        store_reset(stmt);
    return step == STORE_FAILED ? TRI_UNKNOWN : step == STORE_ROW ? TRI_YES : TRI_NO;
}

const Config *session_config(RosterSession *session)
{
    return session->roster->config;
}

const RosterKey *session_key(RosterSession *session)
{
    return &session->roster->key;
}

bool session_shipped_webmail(RosterSession *session, const char *domain)
{
    return g_hash_table_contains(session->roster->webmail, domain);
}
