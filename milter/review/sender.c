#include "review/sender.h"
#include "review/routing.h"

#include <string.h>

static const char *item_sender(const HoldItem *item)
{
    const char *sender = json_string_value(json_object_get(item->summary, "sender"));
    return sender != NULL ? sender : item->mail_from;
}

// Are both addresses of one person, or the same?
static Tri is_same(RosterSession *session, const char *one, const char *other, GError **error)
{
    if (g_ascii_strcasecmp(one, other) == 0)
        return TRI_YES;
    g_autoptr(Party) first = roster_resolve(session, one, error);
    g_autoptr(Party) second = first != NULL ? roster_resolve(session, other, error) : NULL;
    if (second == NULL)
        return TRI_UNKNOWN;
    return (first->person != NULL && g_strcmp0(first->person, second->person) == 0) ||
                   strcmp(first->canonical, second->canonical) == 0
               ? TRI_YES
               : TRI_NO;
}

static bool sender_check(RosterSession *session, const HoldItem *item, const char *sender, GError **error)
{
    Tri is = is_same(session, item_sender(item), sender, error);
    if (is == TRI_NO)
        is = is_same(session, item->mail_from, sender, error);
    if (is == TRI_NO)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOPERM, "%s: %s did not send this message", item->record,
                    sender);
    return is == TRI_YES;
}

static bool sender_ask(const Config *config, Quarantine *quarantine, RosterSession *session,
                       const HoldItem *item, const char *sender, const char *text, int64_t now_us,
                       char **out_asked, GError **error)
{
    g_autoptr(Routing) routing = routing_new(config, session);
    g_autoptr(ReviewRoute) route = NULL;
    if (!routing_supervisor(routing, sender, &route, error))
        return false;
    if (route == NULL) {
        g_set_error(
            error, BASE_ERROR, BASE_ERROR_UNAVAILABLE,
            "%s: the roster knows no supervisor of %s and no principal of their schools; explain it instead",
            item->record, sender);
        return false;
    }
    g_autoptr(GPtrArray) rcpts = g_ptr_array_new();
    g_autoptr(TemplateData) data = template_data_new();
    g_ptr_array_add(rcpts, route->address);
    template_set(data, "who", sender);
    template_set(data, "routed", route->why);
    if (text != NULL)
        template_set(data, "why", text);
    bool ok = quarantine_mail(quarantine, "asked", item, rcpts, data, sender, "asked", route->address, now_us,
                              error);
    if (ok)
        *out_asked = g_strdup(route->address);
    return ok;
}

bool sender_act(const Config *config, Quarantine *quarantine, RosterSession *session, const char *record,
                SenderAct act, const char *sender, const char *by, const char *text, int64_t now_us,
                char **out_asked, GError **error)
{
    g_autofree char *words = by != NULL
                                 ? g_strdup_printf("%s%s(by %s, for the sender)", text != NULL ? text : "",
                                                   text != NULL ? " " : "", by)
                                 : g_strdup(text);
    g_autoptr(HoldItem) item = quarantine_get(quarantine, record, error);
    bool ok = item != NULL && sender_check(session, item, sender, error);
    if (ok && act == SENDER_WITHDRAW)
        ok = quarantine_sender_withdraw(quarantine, record, sender, words, now_us, error);
    else if (ok && act == SENDER_EXPLAIN)
        ok = quarantine_sender_explain(quarantine, record, sender, words, now_us, error);
    else if (ok)
        ok = sender_ask(config, quarantine, session, item, sender, words, now_us, out_asked, error);
    return ok;
}

bool sender_question(Quarantine *quarantine, RosterSession *session, const HoldItem *item, const char *who,
                     const char *text, int64_t now_us, GError **error)
{
    const char *sender = item_sender(item);
    g_autoptr(GError) unlinked = NULL;
    g_autoptr(Party) party = roster_resolve(session, sender, error);
    if (party == NULL)
        return false;
    if (party->person == NULL || party->account != ACCOUNT_SCHOOL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "%s: its sender is nobody of the district's: they are not told that it is held",
                    item->record);
        return false;
    }
    g_autofree char *link = quarantine_link(quarantine, item->record, sender, now_us, &unlinked);
    if (unlinked != NULL) // a question without its link is better than none
        log_warn("question without a link", "record", item->record, "error", unlinked->message);
    g_autoptr(GPtrArray) rcpts = g_ptr_array_new();
    g_autoptr(TemplateData) data = template_data_new();
    g_ptr_array_add(rcpts, (char *)sender);
    template_set(data, "who", who);
    template_set(data, "why", text);
    if (link != NULL)
        template_set(data, "link", link);
    return quarantine_mail(quarantine, "question", item, rcpts, data, who, "question", text, now_us, error);
}
