// Reviewers are reminded of what they have not decided in time.
#include "review/routing.h"

#define WHO "chaperone"

static char *reasons_of(const GPtrArray *routes)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < routes->len; i++) {
        const ReviewRoute *route = routes->pdata[i];
        g_string_append_printf(text, "%s%s (%s)", i > 0 ? ", " : "", route->address, route->why);
    }
    if (routes->len == 0)
        g_string_append(text, "nobody: no reviewer, principal or supervisor is known for it");
    return g_string_free(text, FALSE);
}

// One step for all of them: it counts the reminder.
static bool remind_of(Quarantine *quarantine, const HoldItem *item, const GPtrArray *routes, int64_t now_us,
                      GError **error)
{
    g_autoptr(GPtrArray) rcpts = g_ptr_array_new();
    g_autofree char *whom = reasons_of(routes);
    g_autoptr(TemplateData) data = template_data_new();
    for (guint i = 0; i < routes->len; i++)
        g_ptr_array_add(rcpts, ((const ReviewRoute *)routes->pdata[i])->address);
    if (routes->len == 1)
        template_set(data, "routed", ((const ReviewRoute *)routes->pdata[0])->why);
    if (routes->len == 0)
        log_warn("held message past its time has no reviewer; see review.reviewers", "record", item->record);
    return quarantine_mail(quarantine, "reminder", item, rcpts, data, WHO, "reminded", whom, now_us, error);
}

int routing_remind(const Config *config, Quarantine *quarantine, Roster *roster, guint most, int64_t now_us,
                   GError **error)
{
    if (*config->notice.from == '\0')
        return 0;
    g_autoptr(GPtrArray) items = quarantine_overdue(quarantine, most, now_us, error);
    if (items == NULL || items->len == 0)
        return items == NULL ? -1 : 0;
    g_autoptr(RosterSession) session =
        roster_session_begin(roster, clock_local_date(now_us, config->district.timezone), error);
    g_autoptr(Routing) routing = session != NULL ? routing_new(config, session) : NULL;
    int reminded = session != NULL ? 0 : -1;
    for (guint i = 0; reminded >= 0 && i < items->len; i++) {
        g_autoptr(GPtrArray) routes = routing_reviewers(routing, items->pdata[i], error);
        bool ok = routes != NULL && remind_of(quarantine, items->pdata[i], routes, now_us, error);
        reminded = ok ? reminded + 1 : -1;
    }
    return reminded;
}
