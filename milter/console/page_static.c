// Stylesheet and script: the only files there are.
#include "console/internal.h"

static bool file(Request *request, Reply *reply, guint which, const char *type)
{
    gsize len = 0;
    const char *data = g_bytes_get_data(request->console->files[which], &len);
    reply->keep = true;
    reply_header(reply, "Content-Type", type);
    g_string_append_len(reply->body, data, (gssize)len);
    return true;
}

static bool stylesheet(Request *request, Reply *reply, GError **error)
{
    return file(request, reply, 0, "text/css; charset=utf-8");
}

static bool script(Request *request, Reply *reply, GError **error)
{
    return file(request, reply, 1, "text/javascript; charset=utf-8");
}

static bool robots(Request *request, Reply *reply, GError **error)
{
    reply_header(reply, "Content-Type", "text/plain; charset=utf-8");
    g_string_append(reply->body, "User-agent: *\nDisallow: /\n");
    return true;
}

static const Route ROUTES[] = {
    {"GET", "/static/console.css", ROUTE_PUBLIC, stylesheet},
    {"GET", "/static/console.js", ROUTE_PUBLIC, script},
    {"GET", "/robots.txt", ROUTE_PUBLIC, robots},
};
const RouteTable STATIC_ROUTES = {ROUTES, G_N_ELEMENTS(ROUTES)};
