// One's own account: password, authenticator, language, looks, shortcuts.
#include "console/internal.h"

#include <string.h>

static void taste_form(Request *request, Html *html)
{
    static const char *const THEMES[] = {"auto", "light", "dark"};
    const User *account = request_user(request);
    html_say(html, "h2", "account.taste", NULL);
    form_post(request, html, "/account/taste", "narrow");
    form_select_begin(html, "language", "account.language");
    form_option_say(html, "", "account.language-auto", *account->language == '\0');
    for (gsize i = 0; i < G_N_ELEMENTS(LANGUAGES); i++) {
        g_autofree char *key = g_strconcat("language.", LANGUAGES[i], NULL);
        form_option_say(html, LANGUAGES[i], key, strcmp(account->language, LANGUAGES[i]) == 0);
    }
    form_select_end(html);
    form_select_begin(html, "theme", "account.theme");
    for (gsize i = 0; i < G_N_ELEMENTS(THEMES); i++) {
        g_autofree char *key = g_strconcat("theme.", THEMES[i], NULL);
        form_option_say(html, THEMES[i], key, strcmp(account->theme, THEMES[i]) == 0);
    }
    form_select_end(html);
    form_check(html, "shortcuts", "on", "account.shortcuts", account->shortcuts);
    html_say(html, "p", "account.shortcuts-hint", "class", "hint", NULL);
    form_button(html, "account.save", NULL, NULL, "main");
    html_close(html, "form");
}

static void old_field(Request *request, Html *html)
{
    if (!request_user(request)->has_password && *request->config->console.pam_service == '\0')
        return;
    form_field(html, "old", "account.old", NULL, "type", "password", "autocomplete", "current-password",
               "required", "", NULL);
}

static void password_form(Request *request, Html *html)
{
    html_say(html, "h2", "account.password", NULL);
    html_say(html, "p", "account.password-hint", "class", "hint", NULL);
    form_post(request, html, "/account/password", "narrow");
    old_field(request, html);
    form_field(html, "new", "account.new", NULL, "type", "password", "autocomplete", "new-password",
               "minlength", "12", "required", "", NULL);
    form_field(html, "again", "account.again", NULL, "type", "password", "autocomplete", "new-password",
               "minlength", "12", "required", "", NULL);
    form_button(html, "account.change", NULL, NULL, "main");
    html_close(html, "form");
}

static bool account_page(Request *request, Reply *reply, const char *wrong)
{
    g_autoptr(Html) html = page_begin(request, "account.title");
    const User *account = request_user(request);
    if (wrong != NULL)
        page_notice(html, "bad", wrong);
    html_open(html, "p", NULL);
    html_words(html, "account.who", "name", account->name, "display", account->display, NULL);
    html_close(html, "p");
    taste_form(request, html);
    password_form(request, html);
    html_say(html, "h2", "account.totp", NULL);
    html_say(html, "p", account->has_totp ? "account.totp-on" : "account.totp-off", NULL);
    html_open(html, "p", NULL);
    html_link_say(html, "/account/totp", account->has_totp ? "account.totp-renew" : "account.totp-begin");
    html_close(html, "p");
    page_end(request, html, reply);
    reply->status = wrong != NULL ? 400 : 200;
    return true;
}

static bool show(Request *request, Reply *reply, GError **error)
{
    return account_page(request, reply, NULL);
}

static bool taste(Request *request, Reply *reply, GError **error)
{
    const char *language = request_form(request, "language"), *theme = request_form(request, "theme");
    bool known =
        language != NULL && (*language == '\0' || strcmp(language, "en") == 0 || strcmp(language, "es") == 0);
    bool look = theme != NULL &&
                (strcmp(theme, "auto") == 0 || strcmp(theme, "light") == 0 || strcmp(theme, "dark") == 0);
    if (!accounts_set_taste(desk_accounts(request->desk), request_who(request), known ? language : "",
                            look ? theme : "auto", request_form(request, "shortcuts") != NULL, error))
        return false;
    reply_redirect(reply, "/account", "said.saved");
    return true;
}

// Whoever guesses the password here is counted like whoever guesses at the door.
static Tri old_fits(Request *request, GError **error)
{
    const char *old = request_form(request, "old");
    if (!limits_take(request->console->entries, request->remote, 1, request->now_us)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_TEMPFAIL, "too many passwords were tried; wait a minute");
        return TRI_UNKNOWN;
    }
    return accounts_password_is(desk_accounts(request->desk), request_who(request), old != NULL ? old : "",
                                request->remote, request->now_us, error);
}

static bool password(Request *request, Reply *reply, GError **error)
{
    const char *new = request_form(request, "new"), *again = request_form(request, "again");
    if (new == NULL || again == NULL || strcmp(new, again) != 0)
        return account_page(request, reply, "account.differs");
    Tri fits = old_fits(request, error);
    if (fits != TRI_YES)
        return fits == TRI_NO && account_page(request, reply, "account.wrong-old");
    g_autoptr(GError) bad = NULL;
    if (!accounts_set_password(desk_accounts(request->desk), request_who(request), new, request->session->id,
                               request_who(request), request->now_us, &bad)) {
        if (bad->code == BASE_ERROR_DATA)
            return account_page(request, reply, "account.weak");
        g_propagate_error(error, g_steal_pointer(&bad));
        return false;
    }
    reply_redirect(reply, "/account", "said.password");
    return true;
}

static bool totp_form(Request *request, Reply *reply, const char *secret, const char *wrong)
{
    g_autoptr(Html) html = page_begin(request, "totp.title");
    g_autofree char *issuer = g_strdup_printf("chaperone %s", request->config->district.name);
    g_autofree char *uri = accounts_totp_uri(issuer, request_who(request), secret);
    if (wrong != NULL)
        page_notice(html, "bad", wrong);
    html_say(html, "p", "totp.hint", NULL);
    qr_draw(html, uri, "totp.qr");
    html_open(html, "p", NULL);
    html_words(html, "totp.by-hand", NULL);
    html_text(html, " ");
    html_element(html, "code", secret, "class", "secret", NULL);
    html_close(html, "p");
    form_post(request, html, "/account/totp", "narrow");
    form_hidden(html, "secret", secret);
    old_field(request, html);
    form_field(html, "code", "enter.code", NULL, "inputmode", "numeric", "autocomplete", "one-time-code",
               "required", "", NULL);
    form_button(html, "totp.confirm", NULL, NULL, "main");
    html_close(html, "form");
    page_end(request, html, reply);
    reply->status = wrong != NULL ? 400 : 200;
    return true;
}

static bool totp_page(Request *request, Reply *reply, GError **error)
{
    if (request->session->stage == SESSION_HALF) {
        reply_redirect(reply, "/sign-in/code", NULL);
        return true;
    }
    g_autofree char *secret = accounts_totp_new();
    return totp_form(request, reply, secret, NULL);
}

static bool totp(Request *request, Reply *reply, GError **error)
{
    g_autofree char *secret = request_form_text(request, "secret", 64),
                    *code = request_form_text(request, "code", 32);
    int64_t step = 0;
    if (request->session->stage == SESSION_HALF) {
        reply_redirect(reply, "/sign-in/code", NULL);
        return true;
    }
    if (strlen(secret) < 32 || accounts_totp_code(secret, 0) < 0) {
        reply_error(request, reply, 400, "error.bad");
        return true;
    }
    // An open session is not enough to put one's own authenticator in the place of another's.
    Tri fits = old_fits(request, error);
    if (fits != TRI_YES)
        return fits == TRI_NO && totp_form(request, reply, secret, "account.wrong-old");
    if (!accounts_totp_check(secret, code, request->now_us, &step))
        return totp_form(request, reply, secret, "enter.wrong-code");
    if (!accounts_set_totp(desk_accounts(request->desk), request_who(request), secret, request_who(request),
                           request->now_us, error) ||
        !accounts_session_whole(desk_accounts(request->desk), request->session->id, error))
        return false;
    reply_redirect(reply, "/account", "said.totp");
    return true;
}

static const Route ROUTES[] = {
    {"GET", "/account", ROUTE_SIGNED_IN, show},
    {"POST", "/account/taste", ROUTE_SIGNED_IN, taste},
    {"POST", "/account/password", ROUTE_SIGNED_IN, password},
    {"GET", "/account/totp", ROUTE_HALF, totp_page},
    {"POST", "/account/totp", ROUTE_HALF, totp},
};
const RouteTable ACCOUNT_ROUTES = {ROUTES, G_N_ELEMENTS(ROUTES)};
