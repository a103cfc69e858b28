// The single keys there are, for those who have them on.
#include "console/internal.h"

static const struct {
    const char *keys, *what;
} KEYS[] = {
    {"j", "keys.next"},       {"k", "keys.previous"}, {"o", "keys.open"},          {"q", "keys.back"},
    {"h", "keys.html"},       {"r", "keys.release"},  {"c", "keys.coach"},         {"d", "keys.deny"},
    {"1 - 6", "keys.reason"}, {"p", "keys.preview"},  {"y Enter", "keys.confirm"}, {"?", "keys.help"},
};

static void keys_cell(Html *html, const char *keys)
{
    g_auto(GStrv) all = g_strsplit(keys, " ", -1);
    html_open(html, "th", "scope", "row", NULL);
    for (guint i = 0; all[i] != NULL; i++) {
        html_text(html, i > 0 ? " " : "");
        html_element(html, "kbd", all[i], NULL);
    }
    html_close(html, "th");
}

static bool keys(Request *request, Reply *reply, GError **error)
{
    bool on = request_user(request)->shortcuts;
    g_autoptr(Html) html = page_begin(request, "keys.title");
    html_say(html, "p", on ? "keys.on" : "keys.off", NULL);
    html_open(html, "p", NULL);
    html_link_say(html, "/account", "menu.account");
    html_close(html, "p");
    html_open(html, "table", "id", "keys", "class", "narrow", NULL);
    html_say(html, "caption", "keys.caption", NULL);
    html_open(html, "thead", NULL);
    html_open(html, "tr", NULL);
    html_say(html, "th", "keys.key", "scope", "col", NULL);
    html_say(html, "th", "keys.does", "scope", "col", NULL);
    html_close(html, "thead");
    html_open(html, "tbody", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(KEYS); i++) {
        html_open(html, "tr", NULL);
        keys_cell(html, KEYS[i].keys);
        html_say(html, "td", KEYS[i].what, NULL);
        html_close(html, "tr");
    }
    html_close(html, "table");
    html_say(html, "p", "keys.careful", "class", "hint", NULL);
    page_end(request, html, reply);
    return true;
}

static const Route ROUTES[] = {{"GET", "/keys", ROUTE_SIGNED_IN, keys}};
const RouteTable KEYS_ROUTES = {ROUTES, G_N_ELEMENTS(ROUTES)};
