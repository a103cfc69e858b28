// Signing in and out.
#include "console/internal.h"

#include <string.h>

// A wrong answer tells nothing of what was wrong.
static bool form(Request *request, Reply *reply, const char *wrong)
{
    g_autoptr(Html) html = page_begin(request, "enter.title");
    if (wrong != NULL)
        page_notice(html, "bad", wrong);
    form_post(request, html, "/sign-in", "narrow");
    form_field(html, "name", "enter.name", NULL, "autocomplete", "username", "autocapitalize", "none",
               "required", "", NULL);
    form_field(html, "password", "enter.password", NULL, "type", "password", "autocomplete",
               "current-password", "required", "", NULL);
    form_button(html, "enter.go", NULL, NULL, "main");
    html_close(html, "form");
    html_open(html, "p", NULL);
    html_link_say(html, "/sign-in/once", "enter.have-once");
    html_close(html, "p");
    page_end(request, html, reply);
    reply->status = wrong != NULL ? 403 : 200;
    return true;
}

static bool code_form(Request *request, Reply *reply, const char *wrong)
{
    g_autoptr(Html) html = page_begin(request, "enter.code-title");
    if (wrong != NULL)
        page_notice(html, "bad", wrong);
    html_say(html, "p", "enter.code-hint", NULL);
    form_post(request, html, "/sign-in/code", "narrow");
    form_field(html, "code", "enter.code", NULL, "inputmode", "numeric", "autocomplete", "one-time-code",
               "required", "", NULL);
    form_button(html, "enter.go", NULL, NULL, "main");
    html_close(html, "form");
    page_end(request, html, reply);
    reply->status = wrong != NULL ? 403 : 200;
    return true;
}

static bool once_form(Request *request, Reply *reply, const char *wrong)
{
    g_autoptr(Html) html = page_begin(request, "enter.once-title");
    if (wrong != NULL)
        page_notice(html, "bad", wrong);
    html_say(html, "p", "enter.once-hint", NULL);
    form_post(request, html, "/sign-in/once", "narrow");
    // The script fills it from the address's fragment, which no server and no log gets to see.
    form_field(html, "link", "enter.once", NULL, "autocomplete", "off", "autocapitalize", "none",
               "spellcheck", "false", "required", "", "data-fragment", "", NULL);
    form_button(html, "enter.go", NULL, NULL, "main");
    html_close(html, "form");
    page_end(request, html, reply);
    reply->status = wrong != NULL ? 403 : 200;
    return true;
}

typedef bool (*EnterForm)(Request *request, Reply *reply, const char *wrong);

static bool entered(Request *request, Reply *reply, Enter enter, const char *cookie, EnterForm again,
                    const char *wrong)
{
    switch (enter) {
    case ENTER_DONE:
        reply_session(request, reply, cookie);
        reply_redirect(reply, "/", NULL);
        return true;
    case ENTER_NEEDS_CODE:
        reply_session(request, reply, cookie);
        reply_redirect(reply, "/sign-in/code", NULL);
        return true;
    case ENTER_NEEDS_TOTP:
        reply_session(request, reply, cookie);
        reply_redirect(reply, "/account/totp", NULL);
        return true;
    case ENTER_REFUSED:
        return again(request, reply, wrong);
    case ENTER_FAILED:
        break;
    }
    return false;
}

// Sign-ins are counted on their own: whoever guesses gets fewer tries than whoever reads.
static bool may_try(Request *request, Reply *reply)
{
    if (limits_take(request->console->entries, request->remote, 1, request->now_us))
        return true;
    reply_error(request, reply, 429, "error.often");
    return false;
}

static bool sign_in_page(Request *request, Reply *reply, GError **error)
{
    if (request->session != NULL && request->session->stage == SESSION_WHOLE) {
        reply_redirect(reply, "/", NULL);
        return true;
    }
    return form(request, reply, NULL);
}

static bool sign_in(Request *request, Reply *reply, GError **error)
{
    if (!may_try(request, reply))
        return true;
    g_autofree char *name = request_form_text(request, "name", 254), *cookie = NULL;
    const char *password = request_form(request, "password");
    Enter enter = accounts_enter(desk_accounts(request->desk), name,
                                 password != NULL && strlen(password) <= 1024 ? password : "",
                                 request->remote, request->now_us, &cookie, error);
    return entered(request, reply, enter, cookie, form, "enter.wrong");
}

static bool code_page(Request *request, Reply *reply, GError **error)
{
    if (request->session->stage != SESSION_HALF) {
        reply_redirect(reply, "/", NULL);
        return true;
    }
    return code_form(request, reply, NULL);
}

static bool code(Request *request, Reply *reply, GError **error)
{
    if (!may_try(request, reply))
        return true;
    g_autofree char *text = request_form_text(request, "code", 32), *cookie = NULL;
    Enter enter = accounts_enter_code(desk_accounts(request->desk), request->cookie, text, request->remote,
                                      request->now_us, &cookie, error);
    return entered(request, reply, enter, cookie, code_form, "enter.wrong-code");
}

static bool once_page(Request *request, Reply *reply, GError **error)
{
    return once_form(request, reply, NULL);
}

static bool once(Request *request, Reply *reply, GError **error)
{
    if (!may_try(request, reply))
        return true;
    g_autofree char *link = request_form_text(request, "link", 200), *cookie = NULL;
    Enter enter = accounts_enter_link(desk_accounts(request->desk), link, request->remote, request->now_us,
                                      &cookie, error);
    return entered(request, reply, enter, cookie, once_form, "enter.wrong-once");
}

static bool sign_out(Request *request, Reply *reply, GError **error)
{
    if (!accounts_session_end(desk_accounts(request->desk), request->session->id, request_who(request),
                              request->now_us, error))
        return false;
    reply_session(request, reply, NULL);
    reply_redirect(reply, "/sign-in", "said.signed-out");
    return true;
}

static const Route ROUTES[] = {
    {"GET", "/sign-in", ROUTE_PUBLIC, sign_in_page},   {"POST", "/sign-in", ROUTE_PUBLIC, sign_in},
    {"GET", "/sign-in/code", ROUTE_HALF, code_page},   {"POST", "/sign-in/code", ROUTE_HALF, code},
    {"GET", "/sign-in/once", ROUTE_PUBLIC, once_page}, {"POST", "/sign-in/once", ROUTE_PUBLIC, once},
    {"POST", "/sign-out", ROUTE_HALF, sign_out},
};
const RouteTable ENTER_ROUTES = {ROUTES, G_N_ELEMENTS(ROUTES)};
