// withdraw, explain, ask: what a sender does about a held message, done on their behalf.
#include "cli/quarantine.h"
#include "review/sender.h"

#include <stdio.h>
#include <string.h>

static int act(Quarantine *quarantine, const QuarantineOptions *options, const char *record, SenderAct what,
               const char *said, GError **error)
{
    if (options->as == NULL)
        return cli_usage("--as ADDRESS is wanted: the sender it is done for");
    g_autofree char *asked = NULL;
    g_autoptr(Roster) roster = roster_open(options->config, error);
    int today = clock_local_date(options->now_us, options->config->district.timezone);
    g_autoptr(RosterSession) session = roster != NULL ? roster_session_begin(roster, today, error) : NULL;
    bool self = g_ascii_strcasecmp(options->who, options->as) == 0;
    if (session == NULL || (what == SENDER_ASK && !quarantine_ready_notices(quarantine, error)) ||
        !sender_act(options->config, quarantine, session, record, what, options->as,
                    self ? NULL : options->who, options->why, options->now_us, &asked, error))
        return base_exit_status(*error);
    printf("%s: %s%s\n", record, said, asked != NULL ? asked : "");
    return 0;
}

int quarantine_run_withdraw(Quarantine *quarantine, const QuarantineOptions *options, const char *record,
                            GError **error)
{
    return act(quarantine, options, record, SENDER_WITHDRAW, "withdrawn", error);
}

int quarantine_run_explain(Quarantine *quarantine, const QuarantineOptions *options, const char *record,
                           GError **error)
{
    if (options->why == NULL)
        return cli_usage("explain wants --reason TEXT: the sender's words");
    return act(quarantine, options, record, SENDER_EXPLAIN, "explained", error);
}

int quarantine_run_ask(Quarantine *quarantine, const QuarantineOptions *options, const char *record,
                       GError **error)
{
    return act(quarantine, options, record, SENDER_ASK, "asked ", error);
}
