// The page a sender reaches by the link of a notice: looking changes nothing; withdrawing, explaining and asking are forms.
#include "console/held.h"

#include "review/sender.h"
#include "review/token.h"

#include <string.h>

enum { TEXT_MOST = 2000 };

// The link's token, and the message it is for. False with `error` (NOPERM, with why it does not hold).
static bool sender_open(Request *request, ReviewToken *token, HoldItem **out, GError **error)
{
    const char *why = NULL;
    Tri holds = review_token_check(request->config->review.key_file, request->args[0], request->now_us, token,
                                   &why, error);
    if (holds == TRI_NO)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOPERM, "%s", why);
    if (holds != TRI_YES)
        return false;
    *out = quarantine_get(desk_quarantine(request->desk), token->item, error);
    return *out != NULL;
}

static bool is_open(const HoldItem *item)
{
    bool open = false;
    for (guint i = 0; i < item->rcpts->len; i++) {
        HoldState state = ((HoldRcpt *)item->rcpts->pdata[i])->state;
        open = open || state == HOLD_HELD || state == HOLD_PENDING;
    }
    return open;
}

static void sender_facts(Request *request, Html *html, const HoldItem *item)
{
    int64_t deadline_us = quarantine_deadline(request->config, item->held_us);
    html_open(html, "dl", "class", "facts", NULL);
    html_say(html, "dt", "sender.subject", NULL);
    html_open(html, "dd", NULL);
    html_mail(html, held_text(item, "subject"));
    html_close(html, "dd");
    html_say(html, "dt", "sender.to", NULL);
    html_open(html, "dd", NULL);
    for (guint i = 0; i < item->rcpts->len; i++) {
        html_text(html, i > 0 ? ", " : "");
        html_mail(html, ((HoldRcpt *)item->rcpts->pdata[i])->address);
    }
    html_close(html, "dd");
    html_say(html, "dt", "sender.why", NULL);
    html_open(html, "dd", NULL);
    const json_t *reasons = json_object_get(item->summary, "reasons");
    for (size_t i = 0; i < json_array_size(reasons); i++) {
        const json_t *reason = json_array_get(reasons, i);
        if (json_is_false(json_object_get(reason, "notify_sender")))
            continue;
        html_open(html, "p", NULL);
        html_mail(html, json_string_value(json_object_get(reason, "gist")));
        html_text(html, " (");
        html_text(html, json_string_value(json_object_get(reason, "clause")));
        html_text(html, ") ");
        html_mail(html, json_string_value(json_object_get(reason, "remedy")));
        html_close(html, "p");
    }
    html_close(html, "dd");
    if (deadline_us > 0) {
        html_say(html, "dt", "sender.deadline", NULL);
        html_open(html, "dd", NULL);
        page_time(request, html, deadline_us);
        html_close(html, "dd");
    }
    html_close(html, "dl");
}

static void sender_form(Request *request, Html *html, const char *step, const char *title, const char *hint,
                        const char *button, bool words, const char *class)
{
    g_autofree char *path = g_strdup_printf("/sender/%s/%s", request->args[0], step);
    g_autofree char *id = g_strconcat("text-", step, NULL);
    html_say(html, "h2", title, NULL);
    html_say(html, "p", hint, NULL);
    form_post(request, html, path, "narrow");
    if (words) {
        html_open(html, "div", "class", "field", NULL);
        html_say(html, "label", "sender.words", "for", id, NULL);
        html_element(html, "textarea", NULL, "id", id, "name", "text", "maxlength", "2000", "required", "",
                     NULL);
        html_close(html, "div");
    }
    form_button(html, button, NULL, NULL, class);
    html_close(html, "form");
}

static bool sender_show(Request *request, Reply *reply, GError **error)
{
    g_auto(ReviewToken) token = {0};
    g_autoptr(HoldItem) item = NULL;
    if (!sender_open(request, &token, &item, error))
        return false;
    g_autoptr(Html) html = page_begin(request, "sender.title");
    sender_facts(request, html, item);
    if (is_open(item)) {
        sender_form(request, html, "explain", "sender.explain", "sender.explain-hint", "sender.explain-go",
                    true, "main");
        sender_form(request, html, "ask", "sender.ask", "sender.ask-hint", "sender.ask-go", true, NULL);
        sender_form(request, html, "withdraw", "sender.withdraw", "sender.withdraw-hint",
                    "sender.withdraw-go", false, "danger");
    } else {
        page_notice(html, "note", "sender.closed");
    }
    page_end(request, html, reply);
    return true;
}

static bool sender_do(Request *request, Reply *reply, SenderAct act, const char *said, GError **error)
{
    g_auto(ReviewToken) token = {0};
    g_autoptr(HoldItem) item = NULL;
    if (!sender_open(request, &token, &item, error))
        return false;
    g_autofree char *text = request_form_text(request, "text", TEXT_MOST);
    g_autofree char *asked = NULL;
    RosterSession *session = desk_roster(request->desk, error);
    if (act != SENDER_WITHDRAW && *text == '\0') {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "write some words: without them nobody can judge it");
        return false;
    }
    if (session == NULL ||
        !sender_act(request->config, desk_quarantine(request->desk), session, token.item, act, token.sender,
                    NULL, *text != '\0' ? text : NULL, request->now_us, &asked, error))
        return false;
    g_autofree char *path = g_strconcat("/sender/", request->args[0], NULL);
    reply_redirect(reply, path, said);
    return true;
}

static bool sender_withdraw(Request *request, Reply *reply, GError **error)
{
    return sender_do(request, reply, SENDER_WITHDRAW, "said.sender-withdrawn", error);
}

static bool sender_explain(Request *request, Reply *reply, GError **error)
{
    return sender_do(request, reply, SENDER_EXPLAIN, "said.sender-explained", error);
}

static bool sender_ask(Request *request, Reply *reply, GError **error)
{
    return sender_do(request, reply, SENDER_ASK, "said.sender-asked", error);
}

static const Route ROUTES[] = {
    {"GET", "/sender/:token", ROUTE_PUBLIC, sender_show},
    {"POST", "/sender/:token/withdraw", ROUTE_PUBLIC, sender_withdraw},
    {"POST", "/sender/:token/explain", ROUTE_PUBLIC, sender_explain},
    {"POST", "/sender/:token/ask", ROUTE_PUBLIC, sender_ask},
};
const RouteTable SENDER_ROUTES = {ROUTES, G_N_ELEMENTS(ROUTES)};
