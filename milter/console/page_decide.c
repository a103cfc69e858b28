// Deciding about held messages: first what would happen, then that it happens - after a while in which it can be taken back.
#include "console/held.h"

#include "review/review.h"
#include "review/sender.h"

#include <stdlib.h>
#include <string.h>

enum { TOGETHER = 200, TEXT_MOST = 2000 };

// ---- what is asked for -----------------------------------------------------------------------------------

typedef struct {
    HoldItem *item;
    GPtrArray *items; // of HoldItem: all that are decided together, `item` among them
    DocketAction action;
    char *reason, *comment, *list;
} Asked;

static void asked_clear(Asked *asked)
{
    hold_item_free(asked->item);
    if (asked->items != NULL)
        g_ptr_array_unref(asked->items);
    g_free(asked->reason);
    g_free(asked->comment);
    g_free(asked->list);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Asked, asked_clear)

// Messages that are alike and are decided together, where the reader wants that. Those of another severity are never among them: they are
// of the same rule.
static bool asked_items(Request *request, Asked *asked, GError **error)
{
    bool together = g_strcmp0(request_form(request, "alike"), "yes") == 0;
    asked->items = quarantine_alike(desk_quarantine(request->desk), asked->item->record, held_scope(request),
                                    together ? TOGETHER : 1, error);
    if (asked->items != NULL && !together)
        g_ptr_array_set_size(asked->items, 0);
    bool ok = asked->items != NULL;
    if (ok && !together) {
        HoldItem *same = quarantine_get(desk_quarantine(request->desk), asked->item->record, error);
        ok = same != NULL;
        if (ok)
            g_ptr_array_add(asked->items, same);
    }
    if (ok && g_strcmp0(request_form(request, "duplicates"), "yes") == 0)
        ok = duplicate_items(request, asked->item, asked->items, error);
    for (guint i = 0; ok && i < asked->items->len; i++)
        ok = held_may_decide(request, asked->items->pdata[i], error);
    return ok;
}

static bool asked_read(Request *request, Asked *asked, GError **error)
{
    asked->item = held_item(request, error);
    if (asked->item == NULL)
        return false;
    if (!docket_action_parse(request_form(request, "action"), &asked->action)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "choose what is to happen: release, release and coach, or deny");
        return false;
    }
    asked->reason = request_form_text(request, "reason", 40);
    asked->comment = request_form_text(request, "comment", TEXT_MOST);
    asked->list = request_form_text(request, "list", 500);
    if (*asked->list != '?')
        *asked->list = '\0';
    return asked_items(request, asked, error);
}

static DocketEntry entry_of(Request *request, const Asked *asked, const HoldItem *item)
{
    return (DocketEntry){.record = item->record,
                         .rule = (char *)held_text(item, "rule"),
                         .action = asked->action,
                         .who = (char *)request_who(request),
                         .reason = asked->reason,
                         .comment = asked->comment};
}

// ---- the preview -----------------------------------------------------------------------------------------

static void preview_item(Request *request, Html *html, const HoldItem *item)
{
    html_open(html, "li", NULL);
    html_open(html, "strong", NULL);
    html_mail(html, held_text(item, "subject"));
    html_close(html, "strong");
    html_open(html, "ul", NULL);
    for (guint i = 0; i < item->rcpts->len; i++) {
        const HoldRcpt *rcpt = item->rcpts->pdata[i];
        if (rcpt->state != HOLD_HELD && rcpt->state != HOLD_PENDING)
            continue;
        html_open(html, "li", NULL);
        held_party(request, html, rcpt->address, NULL, false);
        html_close(html, "li");
    }
    html_close(html, "ul");
    html_close(html, "li");
}

static void preview_form(Request *request, Html *html, const Asked *asked)
{
    g_autofree char *path = g_strdup_printf("/queue/%s/decide", asked->item->record);
    g_autofree char *back = g_strdup_printf("/queue/%s%s", asked->item->record, asked->list);
    form_post(request, html, path, NULL);
    form_hidden(html, "action", docket_action_name(asked->action));
    form_hidden(html, "reason", asked->reason);
    form_hidden(html, "comment", asked->comment);
    form_hidden(html, "list", asked->list);
    form_hidden(html, "alike", g_strcmp0(request_form(request, "alike"), "yes") == 0 ? "yes" : "no");
    if (g_strcmp0(request_form(request, "duplicates"), "yes") == 0)
        form_hidden(html, "duplicates", "yes");
    form_hidden(html, "confirm", "yes");
    html_say(html, "button", "decide.confirm", "type", "submit", "class",
             asked->action == DOCKET_DENY ? "danger" : "main", "data-key", "y", "data-confirm", "", NULL);
    html_close(html, "form");
    html_open(html, "p", NULL);
    html_say(html, "a", "decide.back", "href", back, "data-key", "q", NULL);
    html_close(html, "p");
}

static bool preview(Request *request, Reply *reply, const Asked *asked)
{
    guint rcpts = 0;
    for (guint i = 0; i < asked->items->len; i++)
        rcpts += ((const HoldItem *)asked->items->pdata[i])->rcpts->len;
    g_autofree char *messages = g_strdup_printf("%u", asked->items->len);
    g_autofree char *people = g_strdup_printf("%u", rcpts);
    g_autofree char *seconds = g_strdup_printf("%d", request->config->console.undo_s);
    g_autofree char *what = g_strconcat("preview.", docket_action_name(asked->action), NULL);
    g_autoptr(Html) html = page_begin(request, "preview.title");
    html_open(html, "p", NULL);
    html_words(html, what, "messages", messages, "people", people, NULL);
    html_text(html, " ");
    html_words(html, "preview.undo", "seconds", seconds, NULL);
    html_close(html, "p");
    html_open(html, "ul", NULL);
    for (guint i = 0; i < asked->items->len; i++)
        preview_item(request, html, asked->items->pdata[i]);
    html_close(html, "ul");
    preview_form(request, html, asked);
    page_end(request, html, reply);
    return true;
}

// ---- deciding --------------------------------------------------------------------------------------------

// All, or up to the first that cannot be: what was decided before it stands, and can be taken back like any.
static bool confirm(Request *request, Reply *reply, const Asked *asked, GError **error)
{
    Docket *docket = desk_docket(request->desk, error);
    bool ok = docket != NULL;
    for (guint i = 0; ok && i < asked->items->len; i++) {
        int64_t id = 0;
        const DocketEntry entry = entry_of(request, asked, asked->items->pdata[i]);
        ok = docket_decide(docket, &entry, request->now_us, &id, error);
    }
    if (!ok)
        return false;
    // On to the next of the list.
    HoldFilter filter = {.schools = held_scope(request), .most = 1};
    g_autofree char *key = hold_item_key(asked->item);
    filter.after = key;
    g_autoptr(GPtrArray) next =
        quarantine_page(desk_quarantine(request->desk), &filter, request->now_us, error);
    if (next == NULL)
        return false;
    g_autofree char *path =
        next->len > 0 ? g_strdup_printf("/queue/%s%s", ((HoldItem *)next->pdata[0])->record, asked->list)
                      : g_strconcat("/queue", asked->list, NULL);
    reply_redirect(reply, path, "said.decided");
    return true;
}

static bool decide(Request *request, Reply *reply, GError **error)
{
    g_auto(Asked) asked = {0};
    if (!asked_read(request, &asked, error))
        return false;
    const DocketEntry entry = entry_of(request, &asked, asked.item);
    if (!docket_entry_check(request->config, &entry, error))
        return false;
    return g_strcmp0(request_form(request, "confirm"), "yes") == 0 ? confirm(request, reply, &asked, error)
                                                                   : preview(request, reply, &asked);
}

// ---- other steps -----------------------------------------------------------------------------------------

static void back_to(Reply *reply, const char *record, const char *said)
{
    g_autofree char *path = g_strconcat("/queue/", record, NULL);
    reply_redirect(reply, path, said);
}

static bool claim(Request *request, Reply *reply, GError **error)
{
    g_autoptr(HoldItem) item = held_item(request, error);
    if (item == NULL || !held_may_decide(request, item, error) ||
        !quarantine_claim(desk_quarantine(request->desk), item->record, request_who(request), request->now_us,
                          error))
        return false;
    back_to(reply, item->record, "said.claimed");
    return true;
}

static char *words_wanted(Request *request, const char *name, GError **error)
{
    g_autofree char *text = request_form_text(request, name, TEXT_MOST);
    if (*text == '\0') {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "write some words: they are kept with the step");
        return NULL;
    }
    return g_steal_pointer(&text);
}

static bool note(Request *request, Reply *reply, GError **error)
{
    g_autoptr(HoldItem) item = held_item(request, error);
    g_autofree char *text = item != NULL ? words_wanted(request, "text", error) : NULL;
    if (text == NULL || !quarantine_note(desk_quarantine(request->desk), item->record, request_who(request),
                                         text, request->now_us, error))
        return false;
    back_to(reply, item->record, "said.noted");
    return true;
}

static bool ask(Request *request, Reply *reply, GError **error)
{
    g_autoptr(HoldItem) item = held_item(request, error);
    g_autofree char *text = item != NULL ? words_wanted(request, "text", error) : NULL;
    RosterSession *session = text != NULL ? desk_roster(request->desk, error) : NULL;
    g_autofree char *asked = NULL;
    if (session == NULL ||
        !sender_act(request->config, desk_quarantine(request->desk), session, item->record, SENDER_ASK,
                    held_text(item, "sender"), request_who(request), text, request->now_us, &asked, error))
        return false;
    back_to(reply, item->record, "said.asked");
    return true;
}

static bool question(Request *request, Reply *reply, GError **error)
{
    g_autoptr(HoldItem) item = held_item(request, error);
    g_autofree char *text =
        item != NULL && held_may_decide(request, item, error) ? words_wanted(request, "text", error) : NULL;
    RosterSession *session = text != NULL ? desk_roster(request->desk, error) : NULL;
    if (session == NULL || !sender_question(desk_quarantine(request->desk), session, item,
                                            request_who(request), text, request->now_us, error))
        return false;
    back_to(reply, item->record, "said.question");
    return true;
}

static bool names(Request *request, Reply *reply, GError **error)
{
    g_autoptr(HoldItem) item = held_item(request, error);
    g_autofree char *why = item != NULL ? words_wanted(request, "why", error) : NULL;
    Docket *docket = why != NULL ? desk_docket(request->desk, error) : NULL;
    if (docket == NULL ||
        !docket_reveal(docket, item->record, request_who(request), why, request->now_us, error))
        return false;
    back_to(reply, item->record, NULL);
    return true;
}

// A person sees that it may have to be reported: an item with a clock and a legal hold, as a rule would have opened it.
static bool escalate(Request *request, Reply *reply, GError **error)
{
    g_autoptr(HoldItem) item = held_item(request, error);
    g_autofree char *text = item != NULL ? words_wanted(request, "text", error) : NULL;
    Review *review = text != NULL ? desk_review(request->desk, error) : NULL;
    if (review == NULL)
        return false;
    g_autofree char *key = g_strconcat("escalation:", item->record, ":console", NULL);
    g_autofree char *title = g_strdup_printf("Escalated by %s", request_who(request));
    json_t *summary = json_pack("{s:s, s:s, s:s, s:s}", "rule", held_text(item, "rule"), "gist",
                                held_text(item, "gist"), "why", text, "who", request_who(request));
    g_autoptr(GPtrArray) parties = g_ptr_array_new_with_free_func((GDestroyNotify)review_party_free);
    g_ptr_array_add(
        parties, review_party_new(held_text(item, "sender"), NULL, held_text(item, "sender_role"), "sender"));
    const ReviewNew from = {.kind = REVIEW_ESCALATION,
                            .key = key,
                            .title = title,
                            .summary = summary,
                            .record = item->record,
                            .why = "escalated by a reviewer",
                            .parties = parties,
                            .due_us = request->now_us + 24 * 3600 * (int64_t)G_USEC_PER_SEC,
                            .legal_hold = true};
    char id[ULID_LEN + 1];
    bool ok = review_add(review, &from, request->now_us, id, error) &&
              quarantine_note(desk_quarantine(request->desk), item->record, request_who(request), title,
                              request->now_us, error);
    json_decref(summary);
    if (ok)
        back_to(reply, item->record, "said.escalated");
    return ok;
}

// ---- decisions that wait ---------------------------------------------------------------------------------

static void entry_row(Request *request, Html *html, const DocketEntry *entry, const char *step)
{
    g_autofree char *item = g_strconcat("/queue/", entry->record, NULL);
    g_autofree char *action = g_strconcat("action.", docket_action_name(entry->action), NULL);
    g_autofree char *path = g_strdup_printf("/decisions/%" G_GINT64_FORMAT "/%s", entry->id, step);
    html_open(html, "tr", NULL);
    html_open(html, "th", "scope", "row", NULL);
    html_link(html, item, entry->record);
    html_close(html, "th");
    html_say(html, "td", action, NULL);
    html_element(html, "td", entry->who, NULL);
    html_element(html, "td", entry->rule, NULL);
    html_open(html, "td", NULL);
    page_time(request, html, entry->due_us);
    html_close(html, "td");
    html_open(html, "td", NULL);
    if (strcmp(step, "undo") == 0) {
        form_act(request, html, path, "docket.undo");
    } else if (strcmp(step, "second") == 0) {
        form_post(request, html, path, NULL);
        form_button(html, "docket.agree", "agrees", "yes", "main");
        form_button(html, "docket.disagree", "agrees", "no", NULL);
        html_close(html, "form");
    } else {
        html_mail(html, entry->failure);
    }
    html_close(html, "td");
    html_close(html, "tr");
}

static void entry_table(Request *request, Html *html, const GPtrArray *entries, const char *title,
                        const char *step)
{
    static const char *const KEYS[] = {"item.reference", "decisions.action", "decisions.who",
                                       "queue.rule",     "decisions.when",   "decisions.step"};
    html_say(html, "h2", title, NULL);
    if (entries->len == 0) {
        html_say(html, "p", "decisions.none", NULL);
        return;
    }
    html_open(html, "div", "class", "scroll", "tabindex", "0", "role", "region", "aria-label",
              words_get(request->words, title), NULL);
    html_open(html, "table", NULL);
    html_open(html, "thead", NULL);
    html_open(html, "tr", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(KEYS); i++)
        html_say(html, "th", KEYS[i], "scope", "col", NULL);
    html_close(html, "thead");
    html_open(html, "tbody", NULL);
    for (guint i = 0; i < entries->len; i++)
        entry_row(request, html, entries->pdata[i], step);
    html_close(html, "table");
    html_close(html, "div");
}

static bool decisions(Request *request, Reply *reply, GError **error)
{
    static const struct {
        DocketState state;
        bool mine;
        const char *title, *step;
    } PARTS[] = {{DOCKET_SECOND, false, "decisions.second", "second"},
                 {DOCKET_WAITING, true, "decisions.waiting", "undo"},
                 {DOCKET_FAILED, true, "decisions.failed", "failed"}};
    Docket *docket = desk_docket(request->desk, error);
    if (docket == NULL)
        return false;
    g_autoptr(Html) html = page_begin(request, "decisions.title");
    html_open(html, "p", NULL);
    html_link_say(html, "/decisions/done", "reopen.title");
    html_close(html, "p");
    bool ok = true;
    for (gsize i = 0; ok && i < G_N_ELEMENTS(PARTS); i++) {
        const char *who = PARTS[i].mine ? request_who(request) : NULL;
        g_autoptr(GPtrArray) entries = docket_list(docket, PARTS[i].state, who, PAGE_ROWS, error);
        ok = entries != NULL;
        if (ok)
            entry_table(request, html, entries, PARTS[i].title, PARTS[i].step);
    }
    page_end(request, html, reply);
    return ok;
}

static bool undo(Request *request, Reply *reply, GError **error)
{
    Docket *docket = desk_docket(request->desk, error);
    int64_t id = g_ascii_strtoll(request->args[0], NULL, 10);
    if (docket == NULL || !docket_undo(docket, id, request_who(request), request->now_us, error))
        return false;
    reply_redirect(reply, "/decisions", "said.undone");
    return true;
}

static bool second(Request *request, Reply *reply, GError **error)
{
    Docket *docket = desk_docket(request->desk, error);
    int64_t id = g_ascii_strtoll(request->args[0], NULL, 10);
    bool agrees = g_strcmp0(request_form(request, "agrees"), "yes") == 0;
    g_autofree char *comment = request_form_text(request, "comment", TEXT_MOST);
    g_autoptr(DocketEntry) entry = docket != NULL ? docket_get(docket, id, error) : NULL;
    g_autoptr(HoldItem) item =
        entry != NULL ? quarantine_get(desk_quarantine(request->desk), entry->record, error) : NULL;
    if (item == NULL || !held_may_decide(request, item, error) ||
        !docket_confirm(docket, id, request_who(request), agrees, comment, request->now_us, error))
        return false;
    reply_redirect(reply, "/decisions", agrees ? "said.agreed" : "said.sent-back");
    return true;
}

static const Route ROUTES[] = {
    {"POST", "/queue/:id/decide", USER_REVIEWER, decide},
    {"POST", "/queue/:id/claim", USER_REVIEWER, claim},
    {"POST", "/queue/:id/note", USER_REVIEWER, note},
    {"POST", "/queue/:id/ask", USER_REVIEWER, ask},
    {"POST", "/queue/:id/question", USER_REVIEWER, question},
    {"POST", "/queue/:id/names", USER_REVIEWER, names},
    {"POST", "/queue/:id/escalate", USER_REVIEWER, escalate},
    {"GET", "/decisions", USER_REVIEWER, decisions},
    {"POST", "/decisions/:id/undo", USER_REVIEWER, undo},
    {"POST", "/decisions/:id/second", USER_REVIEWER, second},
};
const RouteTable DECIDE_ROUTES = {ROUTES, G_N_ELEMENTS(ROUTES)};
