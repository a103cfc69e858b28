// What goes back.
#include "console/internal.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

Reply *reply_new(void)
{
    Reply *reply = g_new0(Reply, 1);
    *reply = (Reply){.status = 200,
                     .body = g_string_new(NULL),
                     .headers = g_ptr_array_new_with_free_func(g_free),
                     .fd = -1};
    return reply;
}

void reply_free(Reply *reply)
{
    if (reply == NULL)
        return;
    g_string_free(reply->body, TRUE);
    g_ptr_array_unref(reply->headers);
    g_free(reply->csp);
    if (reply->fd >= 0)
        close(reply->fd);
    g_free(reply);
}

void reply_header(Reply *reply, const char *name, const char *value)
{
    // A line break would begin a header of its own.
    char *copy = g_strdup(value);
    g_strdelimit(copy, "\r\n", ' ');
    g_ptr_array_add(reply->headers, g_strdup(name));
    g_ptr_array_add(reply->headers, copy);
}

void reply_redirect(Reply *reply, const char *path, const char *said)
{
    bool own = path[0] == '/' && path[1] != '/' && path[1] != '\\';
    g_autofree char *where =
        said != NULL && own
            ? g_strdup_printf("%s%csaid=%s", path, strchr(path, '?') != NULL ? '&' : '?', said)
            : g_strdup(own ? path : "/");
    reply->status = 303;
    reply_header(reply, "Location", where);
}

static char *harmless_name(const char *name)
{
    GString *out = g_string_new(NULL);
    for (const char *p = name; *p != '\0' && out->len < 100; p++)
        g_string_append_c(out, g_ascii_isalnum(*p) || strchr("-_.", *p) != NULL ? *p : '_');
    while (out->len > 0 && out->str[0] == '.')
        g_string_erase(out, 0, 1);
    if (out->len == 0)
        g_string_append(out, "file");
    return g_string_free(out, FALSE);
}

void reply_download(Reply *reply, const char *name, const char *type, const void *data, gsize len)
{
    static const char *const TYPES[] = {"text/csv; charset=utf-8", "application/json",
                                        "text/plain; charset=utf-8", "application/pdf"};
    const char *known = "application/octet-stream";
    for (gsize i = 0; i < G_N_ELEMENTS(TYPES); i++)
        if (type != NULL && strncmp(TYPES[i], type, strlen(type)) == 0)
            known = TYPES[i];
    g_autofree char *harmless = harmless_name(name);
    g_autofree char *how = g_strdup_printf("attachment; filename=\"%s\"", harmless);
    reply_header(reply, "Content-Type", known);
    reply_header(reply, "Content-Disposition", how);
    g_free(reply->csp);
    reply->csp = g_strdup("default-src 'none'; sandbox; frame-ancestors 'none'");
    g_string_append_len(reply->body, data, (gssize)len);
}

bool reply_file(Reply *reply, const char *name, const char *type, const char *path, GError **error)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "%s: no file that can be read", path);
        if (fd >= 0)
            close(fd);
        return false;
    }
    reply_download(reply, name, type, "", 0);
    reply->fd = fd;
    reply->fd_len = st.st_size;
    return true;
}

void reply_csv_cell(GString *out, const char *text, bool is_last)
{
    g_string_append_c(out, '"');
    if (*text != '\0' && strchr("=+-@\t\r", *text) != NULL)
        g_string_append_c(out, '\'');
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '"')
            g_string_append_c(out, '"');
        g_string_append_c(out, *p);
    }
    g_string_append(out, is_last ? "\"\r\n" : "\",");
}

void reply_sandboxed(Reply *reply, const char *document, gsize len)
{
    reply_header(reply, "Content-Type", "text/html; charset=utf-8");
    g_free(reply->csp);
    reply->csp = g_strdup("sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
                          "form-action 'none'; base-uri 'none'; frame-ancestors 'self'");
    g_string_append_len(reply->body, document, (gssize)len);
}

const char *reply_cookie_name(const Console *console, bool of_session)
{
    return console->is_secure ? (of_session ? "__Host-chaperone" : "__Host-chaperone-visitor")
                              : (of_session ? "chaperone" : "chaperone-visitor");
}

static void set_cookie(const Request *request, Reply *reply, bool of_session, const char *value)
{
    g_autofree char *text =
        g_strdup_printf("%s=%s; Path=/; HttpOnly; SameSite=Strict%s%s",
                        reply_cookie_name(request->console, of_session), value != NULL ? value : "",
                        value != NULL ? "" : "; Max-Age=0", request->console->is_secure ? "; Secure" : "");
    reply_header(reply, "Set-Cookie", text);
}

void reply_session(const Request *request, Reply *reply, const char *cookie)
{
    set_cookie(request, reply, true, cookie);
}

void reply_visitor(const Request *request, Reply *reply)
{
    set_cookie(request, reply, false, request->visitor);
}
