// What stands around every page.
#include "console/internal.h"

#include <string.h>

const MenuEntry MENU[] = {
    {"/", "menu.home", 0},
    {"/queue", "menu.queue", USER_REVIEWER},
    {"/decisions", "menu.decisions", USER_REVIEWER},
    {"/second", "menu.second", USER_REVIEWER},
    {"/reviews", "menu.reviews", USER_REVIEWER | USER_APPROVER},
    {"/exceptions", "menu.exceptions", USER_REVIEWER | USER_APPROVER | USER_AUDITOR},
    {"/cases", "menu.cases", USER_RECORDS | USER_AUDITOR},
    {"/search", "menu.search", USER_RECORDS | USER_AUDITOR},
    {"/dashboard", "menu.dashboard",
     USER_MAIL_ADMIN | USER_REVIEWER | USER_AUDITOR | USER_APPROVER | USER_RECORDS},
    {"/policy", "menu.policy", USER_MAIL_ADMIN | USER_REVIEWER | USER_AUDITOR | USER_APPROVER},
    {"/roster", "menu.roster", USER_MAIL_ADMIN | USER_REVIEWER | USER_AUDITOR | USER_APPROVER},
    {"/holds", "menu.holds", USER_HOLD_MANAGER | USER_AUDITOR | USER_RECORDS},
    {"/retention", "menu.retention", USER_RECORDS | USER_HOLD_MANAGER | USER_AUDITOR | USER_APPROVER},
    {"/proofs", "menu.proofs", USER_AUDITOR | USER_RECORDS | USER_MAIL_ADMIN},
    {"/access", "menu.access", USER_BREAK_GLASS | USER_AUDITOR | USER_RECORDS},
    {"/account", "menu.account", 0},
};
const gsize MENU_COUNT = G_N_ELEMENTS(MENU);

static bool is_here(const Request *request, const char *path)
{
    gsize len = strlen(path);
    return strcmp(request->path, path) == 0 ||
           (len > 1 && strncmp(request->path, path, len) == 0 && request->path[len] == '/');
}

static void menu(Request *request, Html *html)
{
    html_open(html, "nav", "aria-label", words_get(request->words, "menu.label"), NULL);
    html_open(html, "ul", NULL);
    for (gsize i = 0; i < MENU_COUNT; i++) {
        if (MENU[i].roles != 0 && !request_may(request, MENU[i].roles))
            continue;
        html_open(html, "li", NULL);
        html_say(html, "a", MENU[i].key, "href", MENU[i].path, "aria-current",
                 is_here(request, MENU[i].path) ? "page" : NULL, NULL);
        html_close(html, "li");
    }
    html_close(html, "ul");
    html_close(html, "nav");
}

static void signed_in(Request *request, Html *html)
{
    const User *account = request_user(request);
    html_open(html, "div", "class", "who", NULL);
    html_element(html, "span", account->display, "class", "name", NULL);
    if (account->shortcuts)
        html_say(html, "a", "menu.keys", "href", "/keys", "data-key", "?", NULL);
    form_act(request, html, "/sign-out", "menu.sign-out");
    html_close(html, "div");
}

static void head(Request *request, Html *html, const char *title)
{
    g_autofree char *whole = words_fill(request->words, "layout.title", "page", title, "district",
                                        request->config->district.name, NULL);
    html_open(html, "head", NULL);
    html_void(html, "meta", "charset", "utf-8", NULL);
    html_void(html, "meta", "name", "viewport", "content", "width=device-width, initial-scale=1", NULL);
    html_void(html, "meta", "name", "color-scheme", "content", "light dark", NULL);
    html_element(html, "title", whole, NULL);
    html_void(html, "link", "rel", "stylesheet", "href", "/static/console.css", NULL);
    html_void(html, "link", "rel", "icon", "href", "data:,", NULL);
    html_element(html, "script", NULL, "src", "/static/console.js", "defer", "", NULL);
    html_close(html, "head");
}

static void said(Request *request, Html *html)
{
    const char *key = request_query(request, "said");
    if (key != NULL && g_str_has_prefix(key, "said.") && words_has(request->words, key))
        page_notice(html, "good", key);
}

Html *page_begin_text(Request *request, const char *title)
{
    Html *html = html_new(request->words);
    const User *account = request->session != NULL ? request_user(request) : NULL;
    bool whole = account != NULL && request->session->stage == SESSION_WHOLE;
    const char *theme = account != NULL ? account->theme : "auto";
    html_open(html, "html", "lang", words_language(request->words), "data-theme", theme, "data-shortcuts",
              account != NULL && account->shortcuts ? "on" : NULL, NULL);
    head(request, html, title);
    html_open(html, "body", NULL);
    html_say(html, "a", "layout.skip", "href", "#main", "class", "skip", NULL);
    html_open(html, "header", "class", "top", NULL);
    html_open(html, "p", "class", "brand", NULL);
    html_element(html, "a", "chaperone", "href", "/", NULL);
    html_element(html, "span", request->config->district.name, NULL);
    html_close(html, "p");
    if (whole)
        menu(request, html);
    if (account != NULL)
        signed_in(request, html);
    html_close(html, "header");
    html_open(html, "main", "id", "main", "tabindex", "-1", NULL);
    html_open(html, "h1", NULL);
    html_mail(html, title);
    html_close(html, "h1");
    said(request, html);
    return html;
}

Html *page_begin(Request *request, const char *title)
{
    return page_begin_text(request, words_get(request->words, title));
}

void page_end(Request *request, Html *html, Reply *reply)
{
    html_close(html, "main");
    gsize len = 0;
    const char *text = html_finish(html, &len);
    g_string_assign(reply->body, "<!DOCTYPE html>\n");
    g_string_append_len(reply->body, text, (gssize)len);
    reply_header(reply, "Content-Type", "text/html; charset=utf-8");
}

void page_time(Request *request, Html *html, int64_t us)
{
    g_autofree char *machine = clock_format(us);
    g_autofree char *local = clock_format_local(us, request->config->district.timezone);
    html_element(html, "time", local, "datetime", machine, NULL);
}

void page_notice(Html *html, const char *kind, const char *key)
{
    html_open(html, "p", "class", kind, "role", strcmp(kind, "bad") == 0 ? "alert" : "status", NULL);
    html_words(html, key, NULL);
    html_close(html, "p");
}

char *page_query_with(const Request *request, const char *name, const char *value)
{
    GString *path = g_string_new(request->path);
    char mark = '?';
    for (guint i = 0; i <= request->query->len; i++) {
        const RequestPart *part = i < request->query->len ? request->query->pdata[i] : NULL;
        const char *key = part != NULL ? part->name : name;
        const char *text = part != NULL ? part->data->str : value;
        bool stale =
            part != NULL && (strcmp(key, name) == 0 || strcmp(key, "after") == 0 || strcmp(key, "said") == 0);
        if (stale || text == NULL)
            continue;
        g_autofree char *left = g_uri_escape_string(key, NULL, FALSE),
                        *right = g_uri_escape_string(text, NULL, FALSE);
        g_string_append_printf(path, "%c%s=%s", mark, left, right);
        mark = '&';
    }
    return g_string_free(path, FALSE);
}

void page_more(Request *request, Html *html, const char *last_key)
{
    bool is_first = request_query(request, "after") == NULL;
    if (is_first && last_key == NULL)
        return;
    html_open(html, "nav", "class", "paging", "aria-label", words_get(request->words, "paging.label"), NULL);
    g_autofree char *first = page_query_with(request, "after", NULL);
    if (!is_first)
        html_link_say(html, first, "paging.first");
    g_autofree char *next = last_key != NULL ? page_query_with(request, "after", last_key) : NULL;
    if (next != NULL)
        html_say(html, "a", "paging.next", "href", next, "rel", "next", NULL);
    html_close(html, "nav");
}
