// The first page: what there is to do for somebody with these roles.
#include "console/held.h"

static void roles(Request *request, Html *html)
{
    const User *account = request_user(request);
    html_say(html, "h2", "home.roles", NULL);
    html_open(html, "ul", NULL);
    for (guint i = 0; i < USER_ROLES; i++) {
        if ((account->roles & 1U << i) == 0)
            continue;
        g_autofree char *key = g_strconcat("role.", user_role_name(1U << i), NULL);
        g_autofree char *hint = g_strconcat(key, ".hint", NULL);
        html_open(html, "li", NULL);
        html_say(html, "strong", key, NULL);
        html_text(html, " ");
        html_words(html, hint, NULL);
        html_close(html, "li");
    }
    html_close(html, "ul");
}

static char *number_of(const json_t *counts, const char *name)
{
    return g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(counts, name)));
}

// A reviewer sees what their schools have; a mail admin how many there are of all.
static bool count_held(Request *request, Html *html, GError **error)
{
    guint64 pending = 0;
    int64_t oldest_us = 0;
    bool reviews = request_may(request, USER_REVIEWER);
    HoldFilter filter = {.schools = reviews ? held_scope(request) : NULL};
    json_t *counts = counts_get(request, &filter, error);
    bool ok = counts != NULL &&
              quarantine_pending_count(desk_quarantine(request->desk), &pending, &oldest_us, error);
    if (ok) {
        g_autofree char *open = number_of(counts, "open"), *overdue = number_of(counts, "overdue");
        g_autofree char *mine = number_of(counts, "mine");
        g_autofree char *waiting = g_strdup_printf("%" G_GUINT64_FORMAT, pending);
        html_open(html, "p", NULL);
        html_words(html, "home.held", "held", open, "overdue", overdue, "pending", waiting, NULL);
        if (reviews) {
            html_text(html, " ");
            html_words(html, "home.mine", "mine", mine, NULL);
            html_text(html, " ");
            html_link_say(html, "/queue", "home.queue");
        }
        html_close(html, "p");
    }
    json_decref(counts);
    return ok;
}

static bool home(Request *request, Reply *reply, GError **error)
{
    g_autoptr(Html) html = page_begin(request, "home.title");
    if (request_may(request, USER_REVIEWER | USER_MAIL_ADMIN) && !count_held(request, html, error))
        return false;
    roles(request, html);
    page_end(request, html, reply);
    return true;
}

static const Route ROUTES[] = {{"GET", "/", ROUTE_SIGNED_IN, home}};
const RouteTable HOME_ROUTES = {ROUTES, G_N_ELEMENTS(ROUTES)};
