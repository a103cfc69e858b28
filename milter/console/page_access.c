// Access for a time: asking for it, giving it, ending it; everybody who might give it is told by mail.
#include "console/internal.h"

#include <string.h>

#define MAY_GIVE (USER_BREAK_GLASS | USER_RECORDS)
#define MAY_ASK  (USER_BREAK_GLASS | USER_AUDITOR)

// ---- telling ---------------------------------------------------------------------------------------------------

static char *base64_lines(const char *text)
{
    g_autofree char *all = g_base64_encode((const guchar *)text, strlen(text));
    GString *out = g_string_new(NULL);
    for (gsize at = 0, len = strlen(all); at < len; at += 76) {
        g_string_append_len(out, all + at, (gssize)MIN(76, len - at));
        g_string_append(out, "\r\n");
    }
    return g_string_free(out, FALSE);
}

static char *mail_text(const Request *request, const AccountGrant *grant, const char *what, const char *rcpt)
{
    g_autofree char *roles = user_roles_text(grant->roles), *hours = g_strdup_printf("%d", grant->hours);
    g_autofree char *subject_key = g_strconcat("access.mail-", what, NULL);
    const Words *words = console_words(request->console, "en");
    g_autofree char *subject = words_fill(words, subject_key, "name", grant->name, NULL);
    g_autofree char *body =
        words_fill(words, "access.mail-body", "name", grant->name, "roles", *roles != '\0' ? roles : "-",
                   "matter", *grant->matter != '\0' ? grant->matter : "-", "why", grant->why, "hours", hours,
                   "who", request_who(request), NULL);
    g_autoptr(GDateTime) now = g_date_time_new_from_unix_utc(request->now_us / G_USEC_PER_SEC);
    g_autofree char *date = g_date_time_format(now, "%a, %d %b %Y %H:%M:%S +0000");
    g_autofree char *text = base64_lines(body);
    g_autofree char *head = g_base64_encode((const guchar *)subject, strlen(subject));
    return g_strdup_printf("From: <%s>\r\nTo: <%s>\r\nSubject: =?UTF-8?B?%s?=\r\nDate: %s\r\nMessage-ID: "
                           "<%s.%s@chaperone>\r\nMIME-Version: 1.0\r\n"
                           "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n"
                           "Auto-Submitted: auto-generated\r\n\r\n%s",
                           request->config->notice.from, rcpt, head, date, grant->id, what, text);
}

// Access stands even where the mail does not go out: it is an event, and the log says who was not told.
static void tell_one(const Request *request, const AccountGrant *grant, const char *what, const User *user)
{
    g_autoptr(GError) error = NULL;
    const char *rcpt = user->address != NULL ? user->address : user->name;
    if (strchr(rcpt, '@') == NULL || *request->config->notice.from == '\0')
        return;
    g_autofree char *mail = mail_text(request, grant, what, rcpt);
    if (!quarantine_send_mail(request->config, "", rcpt, mail, &error))
        log_warn("somebody was not told of access for a time", "account", user->name, "error",
                 error->message);
}

static bool tell_all(Request *request, const char *id, const char *what, GError **error)
{
    g_autoptr(AccountGrant) grant = NULL;
    g_autoptr(GPtrArray) users = accounts_list(desk_accounts(request->desk), NULL, G_MAXINT, error);
    Tri found = accounts_grant_find(desk_accounts(request->desk), id, &grant, error);
    if (users == NULL || found != TRI_YES)
        return false;
    guint roles = USER_BREAK_GLASS | USER_MAIL_ADMIN | (grant->roles == 0 ? USER_RECORDS : 0);
    for (guint i = 0; i < users->len; i++) {
        const User *user = users->pdata[i];
        if (!user->disabled && ((user->roles & roles) != 0 || strcmp(user->name, grant->name) == 0))
            tell_one(request, grant, what, user);
    }
    return true;
}

// ---- the page --------------------------------------------------------------------------------------------------

static void roles_words(Html *html, const Words *words, guint roles)
{
    for (guint i = 0, shown = 0; i < USER_ROLES; i++) {
        if ((roles & 1U << i) == 0)
            continue;
        g_autofree char *key = g_strconcat("role.", user_role_name(1U << i), NULL);
        html_text(html, shown++ > 0 ? ", " : "");
        html_text(html, words_get(words, key));
    }
}

static void actions(Request *request, Html *html, const AccountGrant *grant, GrantState state)
{
    bool own = strcmp(grant->name, request_who(request)) == 0;
    bool gives = request_may(request, grant->roles == 0 ? MAY_GIVE : USER_BREAK_GLASS);
    g_autofree char *give = g_strdup_printf("/access/%s/give", grant->id);
    g_autofree char *end = g_strdup_printf("/access/%s/end", grant->id);
    if (state == GRANT_ASKED && gives && !own)
        form_act(request, html, give, "access.give");
    if (state != GRANT_OVER && (own || gives))
        form_act(request, html, end,
                 state == GRANT_ASKED ? (own ? "access.withdraw" : "access.refuse") : "access.end");
}

static void row(Request *request, Html *html, const AccountGrant *grant)
{
    static const char *const STATES[] = {"access.asked", "access.given", "access.over"};
    GrantState state = account_grant_state(grant, request->now_us);
    html_open(html, "tr", NULL);
    html_element(html, "th", grant->name, "scope", "row", NULL);
    html_open(html, "td", NULL);
    roles_words(html, request->words, grant->roles);
    if (*grant->matter != '\0')
        html_words(html, "access.matter-is", "matter", grant->matter, NULL);
    html_close(html, "td");
    html_element(html, "td", grant->why, NULL);
    html_open(html, "td", NULL);
    page_time(request, html, grant->asked_us);
    html_close(html, "td");
    html_open(html, "td", NULL);
    html_words(html, STATES[state], NULL);
    if (grant->given_by != NULL) {
        html_text(html, " ");
        html_words(html, "access.by", "who", grant->given_by, NULL);
        html_text(html, " ");
        page_time(request, html, grant->until_us);
    }
    html_close(html, "td");
    html_open(html, "td", NULL);
    actions(request, html, grant, state);
    html_close(html, "td");
    html_close(html, "tr");
}

static void table(Request *request, Html *html, const GPtrArray *grants)
{
    static const char *const HEADS[] = {"access.who",  "access.what",  "access.why",
                                        "access.when", "access.state", "access.act"};
    html_open(html, "div", "class", "scroll", NULL);
    html_open(html, "table", NULL);
    html_say(html, "caption", "access.list", NULL);
    html_open(html, "thead", NULL);
    html_open(html, "tr", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(HEADS); i++)
        html_say(html, "th", HEADS[i], "scope", "col", NULL);
    html_close(html, "thead");
    html_open(html, "tbody", NULL);
    for (guint i = 0; i < MIN(grants->len, PAGE_ROWS); i++)
        row(request, html, grants->pdata[i]);
    html_close(html, "div");
}

static void ask_form(Request *request, Html *html)
{
    bool roles = (request_user(request)->roles & ~request_user(request)->granted & USER_BREAK_GLASS) != 0;
    html_say(html, "h2", "access.ask", NULL);
    html_say(html, "p", "access.ask-hint", "class", "hint", NULL);
    form_post(request, html, "/access", "narrow");
    if (roles) {
        html_open(html, "fieldset", NULL);
        html_say(html, "legend", "access.roles", NULL);
        for (guint i = 0; i < USER_ROLES; i++) {
            g_autofree char *key = g_strconcat("role.", user_role_name(1U << i), NULL);
            if (((request_user(request)->roles | USER_BREAK_GLASS) & 1U << i) == 0)
                form_check(html, "role", user_role_name(1U << i), key, false);
        }
        html_close(html, "fieldset");
    }
    form_field(html, "matter", "access.matter", request_query(request, "matter"), "maxlength", "200", NULL);
    form_area(html, "why", "access.why", NULL, "required", "", "minlength", "10", "maxlength", "2000", NULL);
    form_field(html, "hours", "access.hours", "4", "type", "number", "min", "1", "max", "2160", "required",
               "", NULL);
    form_button(html, "access.ask-go", NULL, NULL, "main");
    html_close(html, "form");
}

static bool access_page(Request *request, Reply *reply, GError **error)
{
    g_autoptr(GPtrArray) grants =
        accounts_grants(desk_accounts(request->desk), request_query(request, "after"), PAGE_ROWS + 1, error);
    if (grants == NULL)
        return false;
    g_autoptr(Html) html = page_begin(request, "access.title");
    if (grants->len > 0)
        table(request, html, grants);
    else
        html_say(html, "p", "access.none", NULL);
    const AccountGrant *last = grants->len > PAGE_ROWS ? grants->pdata[PAGE_ROWS - 1] : NULL;
    page_more(request, html, last != NULL ? last->id : NULL);
    if (request_may(request, MAY_ASK))
        ask_form(request, html);
    page_end(request, html, reply);
    return true;
}

static bool ask(Request *request, Reply *reply, GError **error)
{
    g_autoptr(GPtrArray) chosen = request_form_all(request, "role");
    g_autofree char *matter = request_form_text(request, "matter", 200),
                    *why = request_form_text(request, "why", 2000);
    g_autofree char *hours = request_form_text(request, "hours", 8), *id = NULL;
    guint64 number = 0;
    guint roles = 0;
    for (guint i = 0; i < chosen->len; i++) {
        guint role = user_roles_parse(chosen->pdata[i], error);
        if (role == 0)
            return false;
        roles |= role;
    }
    if (!g_ascii_string_to_unsigned(hours, 10, 1, GRANT_CASE_HOURS_MOST, &number, error)) {
        (*error)->domain = BASE_ERROR;
        (*error)->code = BASE_ERROR_DATA;
        return false;
    }
    id = accounts_grant_ask(desk_accounts(request->desk), request_who(request), roles, matter, why,
                            (int)number, request->now_us, error);
    if (id == NULL || !tell_all(request, id, "asked", error))
        return false;
    reply_redirect(reply, "/access", "said.access-asked");
    return true;
}

static bool give(Request *request, Reply *reply, GError **error)
{
    if (!accounts_grant_give(desk_accounts(request->desk), request->args[0], request_who(request),
                             request->now_us, error) ||
        !tell_all(request, request->args[0], "given", error))
        return false;
    reply_redirect(reply, "/access", "said.access-given");
    return true;
}

static bool end(Request *request, Reply *reply, GError **error)
{
    if (!accounts_grant_end(desk_accounts(request->desk), request->args[0], request_who(request),
                            request->now_us, error) ||
        !tell_all(request, request->args[0], "ended", error))
        return false;
    reply_redirect(reply, "/access", "said.access-ended");
    return true;
}

static const Route ROUTES[] = {
    {"GET", "/access", MAY_ASK | MAY_GIVE, access_page},
    {"POST", "/access", MAY_ASK, ask},
    {"POST", "/access/:id/give", MAY_GIVE, give},
    {"POST", "/access/:id/end", MAY_ASK | MAY_GIVE, end},
};
const RouteTable ACCESS_ROUTES = {ROUTES, G_N_ELEMENTS(ROUTES)};
