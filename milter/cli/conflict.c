// Nobody decides about their own message, one they received, or their manager's - or two do, and both names are kept.
#include "cli/conflict.h"
#include "judge/judge.h"
#include "review/routing.h"

#include <string.h>

static bool conflict_second(const ConflictAsk *ask, Routing *routing, const HoldItem *item, const char *why,
                            GError **error)
{
    g_autofree char *other = NULL;
    if (ask->second == NULL || g_ascii_strcasecmp(ask->second, ask->who) == 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOPERM,
                    "%s: %s: somebody else decides, or --second NAME stands beside you", item->record, why);
        return false;
    }
    Tri conflict = routing_conflict(routing, ask->second, item, &other, error);
    if (conflict == TRI_YES)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOPERM, "%s: %s: somebody else stands beside you",
                    item->record, other);
    return conflict == TRI_NO;
}

bool conflict_check(const ConflictAsk *ask, const HoldItem *item, char **out_note, GError **error)
{
    g_autoptr(Roster) roster = roster_open(ask->config, error);
    int today = clock_local_date(ask->now_us, ask->config->district.timezone);
    g_autoptr(RosterSession) session = roster != NULL ? roster_session_begin(roster, today, error) : NULL;
    g_autoptr(Routing) routing = session != NULL ? routing_new(ask->config, session) : NULL;
    g_autofree char *why = NULL;
    Tri conflict = routing != NULL ? routing_conflict(routing, ask->who, item, &why, error) : TRI_UNKNOWN;
    *out_note = NULL;
    if (conflict == TRI_YES && conflict_second(ask, routing, item, why, error))
        *out_note = g_strdup_printf("break-glass: %s decides beside %s; %s", ask->who, ask->second, why);
    return conflict == TRI_NO || *out_note != NULL;
}
