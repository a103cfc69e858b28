// Approved tools and official accounts (tools.csv): is a link, an invite or a handle one of them, today?
#include "roster/internal.h"

#include <string.h>

#define HOST_SUFFIXES 8
#define PATH_PREFIXES 8

typedef struct {
    RosterSession *session;
    const char *host, *rest; // for the tenant's mark
    RosterTool *best;
} ToolSearch;

// ---- the tenant's mark --------------------------------------------------------------------------

static bool is_inner(char c, bool host)
{
    return g_ascii_isalnum(c) || c == '-' || c == '_' || (c == '.' && !host);
}

// Does `mark` stand in `text` as a whole part?
static bool has_part(const char *text, const char *mark, bool host)
{
    gsize len = strlen(mark);
    for (const char *at = strstr(text, mark); at != NULL; at = strstr(at + 1, mark))
        if ((at == text || !is_inner(at[-1], host)) && !is_inner(at[len], host))
            return true;
    return false;
}

// "example" in example.tool.test, "example.org" in /a/example.org/ and in ?user=jane%40example.org.
static bool has_tenant(const ToolSearch *search, const char *tenant)
{
    if (tenant == NULL || tenant[0] == '\0')
        return true;
    g_autofree char *mark = canon_lower(tenant);
    g_autofree char *plain = g_uri_unescape_string(search->rest, NULL);
    bool valid = plain != NULL && g_utf8_validate(plain, -1, NULL);
    g_autofree char *rest = canon_lower(valid ? plain : search->rest);
    return (search->host != NULL && has_part(search->host, mark, true)) || has_part(rest, mark, false);
}

// ---- rows ---------------------------------------------------------------------------------------

static RosterTool *tool_of_row(StoreStmt *stmt, const ToolSearch *search)
{
    int today = session_today(search->session);
    RosterTool *tool = g_new0(RosterTool, 1);
    tool->name = g_strdup(store_text(stmt, 0));
    tool->value = g_strdup(store_text(stmt, 2));
    tool->tenant = g_strdup(store_text(stmt, 3));
    tool->from = (int)store_int(stmt, 4);
    tool->until = (int)store_int(stmt, 5);
    tool->approver = g_strdup(store_text(stmt, 6));
    tool->in_force =
        tool->from <= today && (tool->until == 0 || tool->until > today) && has_tenant(search, tool->tenant);
    return tool;
}

static bool is_better(const RosterTool *one, const RosterTool *other)
{
    if (other == NULL || one->in_force != other->in_force)
        return other == NULL || one->in_force;
    return strlen(one->value) > strlen(other->value);
}

static bool ask(ToolSearch *search, const char *value, const char *kind, GError **error)
{
    StoreStep step = STORE_FAILED;
    StoreStmt *stmt = session_query(search->session, Q_TOOLS, value, NULL, error);
    while (stmt != NULL && (step = store_step(stmt, error)) == STORE_ROW) {
        if (g_strcmp0(store_text(stmt, 1), kind) != 0)
            continue;
        RosterTool *tool = tool_of_row(stmt, search);
        if (is_better(tool, search->best)) {
            RosterTool *worse = search->best;
            search->best = tool;
            tool = worse;
        }
        roster_tool_free(tool);
    }
    if (stmt != NULL)
        store_reset(stmt);
    return step == STORE_DONE;
}

// "host/path" of the link's path and of what it begins with.
static bool ask_paths(ToolSearch *search, const char *host, const char *path, GError **error)
{
    bool ok = true;
    gsize len = strlen(path);
    guint slashes = 0;
    for (gsize i = 1; ok && i <= len && slashes < PATH_PREFIXES; i++) {
        if (i < len && path[i] != '/')
            continue;
        g_autofree char *value = g_strdup_printf("%s%.*s", host, (int)i, path);
        ok = ask(search, value, "invite", error);
        slashes++;
    }
    return ok;
}

static bool ask_link(ToolSearch *search, GError **error)
{
    gsize len = strcspn(search->rest, "?#");
    while (len > 0 && search->rest[len - 1] == '/')
        len--;
    g_autofree char *path = search->rest[0] == '/' ? g_strndup(search->rest, len) : g_strdup("");
    bool ok = true;
    const char *at = search->host;
    for (int i = 0; ok && at != NULL && strchr(at, '.') != NULL && i < HOST_SUFFIXES; i++) {
        ok = ask(search, at, "host", error) && (path[0] == '\0' || ask_paths(search, at, path, error));
        at = strchr(at, '.') + 1;
    }
    return ok;
}

static bool ask_handle(ToolSearch *search, GError **error)
{
    g_autofree char *handle = canon_handle(search->rest);
    return handle == NULL || ask(search, handle, "handle", error);
}

bool roster_tool(RosterSession *session, const char *host, const char *rest, RosterTool **out, GError **error)
{
    *out = NULL;
    Tri any = session_has_tools(session, error);
    bool valid = rest == NULL || g_utf8_validate(rest, -1, NULL);
    g_autofree char *name = host != NULL ? canon_domain(host) : NULL;
    if (any != TRI_YES || !valid || (host != NULL && name == NULL))
        return any != TRI_UNKNOWN;
    ToolSearch search = {session, name, rest != NULL ? rest : "", NULL};
    bool ok = name != NULL ? ask_link(&search, error) : ask_handle(&search, error);
    if (ok)
        *out = search.best;
    else
        roster_tool_free(search.best);
    return ok;
}

bool tool_of_value(RosterSession *session, Kind kind, const char *canonical, RosterTool **out, GError **error)
{
    const char *slash = strchr(canonical, '/');
    *out = NULL;
    if (kind == KIND_HANDLE || kind == KIND_PAYMENT_HANDLE)
        return roster_tool(session, NULL, canonical, out, error);
    if (kind != KIND_INVITE || slash == NULL)
        return true;
    g_autofree char *host = g_strndup(canonical, (gsize)(slash - canonical));
    return roster_tool(session, host, slash, out, error);
}
