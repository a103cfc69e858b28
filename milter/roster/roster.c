// The open roster and its sessions: a pool of connections to the generation in force, each with its statements
// prepared as they are needed. An import puts another generation in place: sessions that begin then see it, those at
// work keep theirs.
#include "roster/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MOST_WEBMAIL_FILE (4 * 1024 * 1024)
#define IDLE_KEPT         8 // a burst opens many; a few are enough to keep
#define OPEN_TRIES        5 // each lost to an import that put a generation in place meanwhile
#define ORG_DEPTH         32

typedef struct {
    dev_t device;
    ino_t inode;
} Generation;

struct Roster {
    gint refs;
    Config *config;
    GHashTable *webmail; // shipped list
    GMutex lock;
    GQueue idle;         // of RosterSession
    Generation in_force; // as last seen
    GMutex classes_lock;
    Classes *classes; // of classes_of, while connections to it have them: an inode is somebody else's later
    Generation classes_of;
    guint classes_users;
};

struct RosterSession {
    Roster *roster; // a reference while at work
    StoreDb *db;
    Generation generation;
    RosterKey key; // the one the generation was made with
    int today;
    GPtrArray *domains;
    Classes *classes;
    GHashTable *org_roles;
    Tri tools;           // TRI_UNKNOWN: not asked yet
    GHashTable *lists;   // of the message at work
    GHashTable *unnamed; // pairs of words in its text that are nobody's names
    guint reached;
    StoreStmt *stmts[Q_LAST];
};

static const char *const SQL[Q_LAST] = {
#define X(name, sql) [Q_##name] = sql,
    SESSION_QUERIES(X)
#undef X
};

static void let_classes(RosterSession *session)
{
    Roster *roster = session->roster;
    g_mutex_lock(&roster->classes_lock);
    if (session->classes != NULL && session->classes == roster->classes && --roster->classes_users == 0)
        g_clear_pointer(&roster->classes, classes_unref);
    g_clear_pointer(&session->classes, classes_unref);
    g_mutex_unlock(&roster->classes_lock);
}

static void session_free(RosterSession *session)
{
    let_classes(session);
    for (int i = 0; i < Q_LAST; i++)
        store_finalize(&session->stmts[i]);
    store_close(&session->db);
    g_clear_pointer(&session->domains, g_ptr_array_unref);
    g_clear_pointer(&session->org_roles, g_hash_table_unref);
    g_clear_pointer(&session->lists, g_hash_table_unref);
    g_clear_pointer(&session->unnamed, g_hash_table_unref);
    explicit_bzero(&session->key, sizeof session->key);
    g_free(session);
}

// ---- connections --------------------------------------------------------------------------------

static bool same_generation(const Generation *a, const Generation *b)
{
    return a->device == b->device && a->inode == b->inode;
}

static bool find_generation(const char *path, Generation *out, GError **error)
{
    struct stat st;
    if (stat(path, &st) == 0) {
        *out = (Generation){st.st_dev, st.st_ino};
        return true;
    }
    g_set_error(error, BASE_ERROR, errno == ENOENT ? BASE_ERROR_NOINPUT : BASE_ERROR_IO, "%s: %s%s", path,
                g_strerror(errno),
                errno == ENOENT ? "; there is no roster, run `chaperone roster import`" : "");
    return false;
}

// Look-ups with another key than the import's would find nobody's details and call that an answer.
static bool read_key(RosterSession *session, const Config *config, GError **error)
{
    gsize len = 0;
    g_autoptr(StoreStmt) stmt =
        store_prepare(session->db, "SELECT value FROM meta WHERE name = 'key'", error);
    StoreStep step = stmt != NULL ? store_step(stmt, error) : STORE_FAILED;
    if (step == STORE_DONE)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "%s: the roster is empty; run `chaperone roster import`", config->roster.database);
    if (step != STORE_ROW)
        return false;
    const void *check = store_blob(stmt, 0, &len);
    return key_choose(config->roster.key_file, check, len, &session->key, error);
}

static RosterSession *connect_to(Roster *roster, const char *path, const Generation *generation,
                                 GError **error)
{
    RosterSession *session = g_new0(RosterSession, 1);
    session->roster = roster;
    session->generation = *generation;
    session->tools = TRI_UNKNOWN;
    session->db = schema_open_read(path, error);
    // Look-ups touch few pages of a large file, again and again, from many connections.
    if (session->db != NULL && store_exec(session->db, "PRAGMA mmap_size = 2147418112", error) &&
        read_key(session, roster->config, error))
        return session;
    session_free(session);
    return NULL;
}

// One try. *out_moved: another generation was put in place while it was opened.
static RosterSession *connect_once(Roster *roster, bool *out_moved, GError **error)
{
    const char *database = roster->config->roster.database;
    Generation before, after;
    *out_moved = false;
    if (!find_generation(database, &before, error))
        return NULL;
    g_autofree char *path = realpath(database, NULL);
    RosterSession *session = connect_to(roster, path != NULL ? path : database, &before, error);
    *out_moved = !find_generation(database, &after, NULL) || !same_generation(&before, &after);
    if (*out_moved && session != NULL)
        session_free(g_steal_pointer(&session));
    return session;
}

static RosterSession *connect_new(Roster *roster, GError **error)
{
    GError *failed = NULL;
    RosterSession *session = NULL;
    bool moved = true;
    for (int i = 0; i < OPEN_TRIES && session == NULL && moved; i++) {
        g_clear_error(&failed);
        session = connect_once(roster, &moved, &failed);
    }
    if (session == NULL && failed == NULL)
        g_set_error(&failed, BASE_ERROR, BASE_ERROR_TEMPFAIL, "%s: imports follow each other too fast",
                    roster->config->roster.database);
    if (failed != NULL)
        g_propagate_error(error, failed);
    return session;
}

// ---- the roster ---------------------------------------------------------------------------------

// One domain a line; `#` begins a comment.
static bool read_webmail(Roster *roster, GError **error)
{
    g_autofree char *path = g_build_filename(roster->config->policy.lists_dir, "webmail.txt", NULL);
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return true;
    g_autoptr(GBytes) content = file_read(path, MOST_WEBMAIL_FILE, error);
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

Roster *roster_open(const Config *config, GError **error)
{
    Roster *roster = g_new0(Roster, 1);
    roster->refs = 1;
    roster->config = config_ref((Config *)config);
    roster->webmail = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_mutex_init(&roster->lock);
    g_mutex_init(&roster->classes_lock);
    g_queue_init(&roster->idle);
    RosterSession *first = connect_new(roster, error);
    if (first != NULL) {
        roster->in_force = first->generation;
        g_queue_push_head(&roster->idle, first);
    }
    if (first == NULL || !read_webmail(roster, error))
        g_clear_pointer(&roster, roster_unref);
    return roster;
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
    g_queue_clear_full(&roster->idle, (GDestroyNotify)session_free);
    g_mutex_clear(&roster->lock);
    g_mutex_clear(&roster->classes_lock);
    g_hash_table_unref(roster->webmail);
    config_unref(roster->config);
    g_free(roster);
}

// ---- sessions -----------------------------------------------------------------------------------

// An idle connection to the generation in force; those to others are closed. NULL when there is none.
static RosterSession *take_idle(Roster *roster, const Generation *in_force)
{
    RosterSession *taken = NULL;
    GQueue old = G_QUEUE_INIT;
    g_mutex_lock(&roster->lock);
    roster->in_force = *in_force;
    while (taken == NULL && !g_queue_is_empty(&roster->idle)) {
        RosterSession *session = g_queue_pop_head(&roster->idle);
        if (same_generation(&session->generation, in_force))
            taken = session;
        else
            g_queue_push_head(&old, session);
    }
    g_mutex_unlock(&roster->lock);
    g_queue_clear_full(&old, (GDestroyNotify)session_free);
    return taken;
}

RosterSession *roster_session_begin(Roster *roster, int today, GError **error)
{
    Generation in_force;
    if (!find_generation(roster->config->roster.database, &in_force, error))
        return NULL;
    RosterSession *session = take_idle(roster, &in_force);
    if (session == NULL)
        session = connect_new(roster, error);
    if (session == NULL)
        return NULL;
    if (!store_begin_snapshot(session->db, error)) {
        session_free(session);
        return NULL;
    }
    roster_ref(roster);
    session->today = today;
    return session;
}

void roster_session_end(RosterSession *session)
{
    if (session == NULL)
        return;
    Roster *roster = session->roster;
    for (int i = 0; i < Q_LAST; i++)
        if (session->stmts[i] != NULL)
            store_reset(session->stmts[i]);
    store_rollback(session->db);
    g_clear_pointer(&session->lists, g_hash_table_unref);
    g_clear_pointer(&session->unnamed, g_hash_table_unref);
    session->reached = 0;
    g_mutex_lock(&roster->lock);
    bool keep = roster->idle.length < IDLE_KEPT && same_generation(&session->generation, &roster->in_force);
    if (keep)
        g_queue_push_head(&roster->idle, session);
    g_mutex_unlock(&roster->lock);
    if (!keep)
        session_free(session);
    roster_unref(roster);
}

const Config *session_config(RosterSession *session)
{
    return session->roster->config;
}

const RosterKey *session_key(RosterSession *session)
{
    return &session->key;
}

int session_today(RosterSession *session)
{
    return session->today;
}

GHashTable *session_lists(RosterSession *session)
{
    if (session->lists == NULL)
        session->lists = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)party_free);
    return session->lists;
}

GHashTable *session_unnamed(RosterSession *session)
{
    if (session->unnamed == NULL)
        session->unnamed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return session->unnamed;
}

guint *session_reached(RosterSession *session)
{
    return &session->reached;
}

bool session_shipped_webmail(RosterSession *session, const char *domain)
{
    return g_hash_table_contains(session->roster->webmail, domain);
}

// ---- statements ---------------------------------------------------------------------------------

StoreStmt *session_query(RosterSession *session, SessionQuery query, const char *a, const char *b,
                         GError **error)
{
    StoreStmt *stmt = session->stmts[query];
    if (stmt == NULL)
        stmt = session->stmts[query] = store_prepare(session->db, SQL[query], error);
    else
        store_reset(stmt);
    if (stmt != NULL && a != NULL)
        store_bind_text(stmt, 1, a);
    if (stmt != NULL && b != NULL)
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

Tri session_row(StoreStmt *stmt, GError **error)
{
    StoreStep step = stmt != NULL ? store_step(stmt, error) : STORE_FAILED;
    if (stmt != NULL)
        store_reset(stmt);
    return step == STORE_FAILED ? TRI_UNKNOWN : step == STORE_ROW ? TRI_YES : TRI_NO;
}

Tri session_has(RosterSession *session, SessionQuery query, const char *a, const char *b, GError **error)
{
    return session_row(session_query(session, query, a, b, error), error);
}

// ---- read once a connection ---------------------------------------------------------------------

GPtrArray *session_domains(RosterSession *session, GError **error)
{
    if (session->domains == NULL)
        session->domains = session_column(session, Q_DOMAINS, NULL, NULL, error);
    return session->domains;
}

Tri session_has_tools(RosterSession *session, GError **error)
{
    if (session->tools == TRI_UNKNOWN)
        session->tools = session_has(session, Q_ANY_TOOL, NULL, NULL, error);
    return session->tools;
}

// The first session of a generation reads them for all; one that still works on another reads its own.
const Classes *session_classes(RosterSession *session, GError **error)
{
    Roster *roster = session->roster;
    if (session->classes != NULL)
        return session->classes;
    g_mutex_lock(&roster->classes_lock);
    if (roster->classes != NULL && same_generation(&roster->classes_of, &session->generation))
        session->classes = classes_ref(roster->classes);
    else
        session->classes = classes_read(session, error);
    if (session->classes != NULL && session->classes != roster->classes) {
        classes_unref(roster->classes);
        roster->classes = classes_ref(session->classes);
        roster->classes_of = session->generation;
        roster->classes_users = 0;
    }
    roster->classes_users += session->classes != NULL;
    g_mutex_unlock(&roster->classes_lock);
    return session->classes;
}

static void org_add(GHashTable *roles, const char *oid, guint mask)
{
    guint known = GPOINTER_TO_UINT(g_hash_table_lookup(roles, oid));
    g_hash_table_insert(roles, g_strdup(oid), GUINT_TO_POINTER(known | mask));
}

// Everybody of an org is of those above it, too. Parents may form a loop: the way up is short.
static void orgs_upward(GHashTable *roles, GHashTable *parents, const char *oid)
{
    guint mask = GPOINTER_TO_UINT(g_hash_table_lookup(roles, oid));
    const char *parent = g_hash_table_lookup(parents, oid);
    for (int depth = 0; parent != NULL && depth < ORG_DEPTH; depth++) {
        org_add(roles, parent, mask);
        parent = g_hash_table_lookup(parents, parent);
    }
}

static bool read_orgs(RosterSession *session, GHashTable *roles, GHashTable *parents, GError **error)
{
    StoreStep step = STORE_FAILED;
    StoreStmt *stmt = session_query(session, Q_ORGS, NULL, NULL, error);
    while (stmt != NULL && (step = store_step(stmt, error)) == STORE_ROW) {
        org_add(roles, store_text(stmt, 0), 0);
        const char *parent = store_text(stmt, 1);
        if (parent != NULL && parent[0] != '\0')
            g_hash_table_insert(parents, g_strdup(store_text(stmt, 0)), g_strdup(parent));
    }
    if (stmt != NULL)
        store_reset(stmt);
    return step == STORE_DONE;
}

static bool read_org_roles(RosterSession *session, GHashTable *roles, GError **error)
{
    StoreStep step = STORE_FAILED;
    StoreStmt *stmt = session_query(session, Q_ORG_ROLES, NULL, NULL, error);
    while (stmt != NULL && (step = store_step(stmt, error)) == STORE_ROW) {
        int64_t role = store_int(stmt, 1);
        const char *oid = store_text(stmt, 0);
        if (oid != NULL && oid[0] != '\0' && role >= 0 && role < ROLE_LAST)
            org_add(roles, oid, 1u << role);
    }
    if (stmt != NULL)
        store_reset(stmt);
    return step == STORE_DONE;
}

GHashTable *session_org_roles(RosterSession *session, GError **error)
{
    if (session->org_roles != NULL)
        return session->org_roles;
    g_autoptr(GHashTable) roles = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) parents = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    if (!read_orgs(session, roles, parents, error) || !read_org_roles(session, roles, error))
        return NULL;
    g_autofree char **oids = (char **)g_hash_table_get_keys_as_array(parents, NULL);
    for (gsize i = 0; oids[i] != NULL; i++)
        orgs_upward(roles, parents, oids[i]);
    session->org_roles = g_steal_pointer(&roles);
    return session->org_roles;
}
