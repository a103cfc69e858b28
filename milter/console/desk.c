// What requests work with, opened once a thread.
#include "console/content.h"

#include <string.h>

enum { CONTENTS = 4 };

struct Desk {
    Content *contents[CONTENTS]; // the newest first
    const Snapshot *read_by;     // only compared
    Console *console;
    Accounts *accounts;
    Review *review;
    Docket *docket;
    Cases *cases;
    Snapshot *snapshot;
    RosterSession *roster;
    int64_t now_us;
};

Desk *desk_new(Console *console, GError **error)
{
    Desk *desk = g_new0(Desk, 1);
    desk->console = console;
    desk->accounts = accounts_open(console->config, error);
    if (desk->accounts == NULL)
        g_clear_pointer(&desk, g_free);
    return desk;
}

static void desk_forget(Desk *desk)
{
    for (gsize i = 0; i < CONTENTS; i++)
        g_clear_pointer(&desk->contents[i], content_free);
}

void desk_free(Desk *desk)
{
    if (desk == NULL)
        return;
    desk_end(desk);
    desk_forget(desk);
    review_close(&desk->review);
    docket_close(&desk->docket);
    cases_close(&desk->cases);
    accounts_close(&desk->accounts);
    g_free(desk);
}

void desk_begin(Desk *desk, Snapshot *snapshot, int64_t now_us)
{
    if (desk->read_by != snapshot)
        desk_forget(desk);
    desk->read_by = snapshot;
    desk->snapshot = snapshot;
    desk->now_us = now_us;
}

void desk_end(Desk *desk)
{
    g_clear_pointer(&desk->roster, roster_session_end);
    g_clear_pointer(&desk->snapshot, snapshot_unref);
}

Accounts *desk_accounts(Desk *desk)
{
    return desk->accounts;
}

const Snapshot *desk_snapshot(Desk *desk)
{
    return desk->snapshot;
}

RosterSession *desk_roster(Desk *desk, GError **error)
{
    if (desk->roster == NULL) {
        int today = clock_local_date(desk->now_us, desk->snapshot->config->district.timezone);
        desk->roster = roster_session_begin(desk->snapshot->roster, today, error);
    }
    return desk->roster;
}

Quarantine *desk_quarantine(Desk *desk)
{
    return desk->console->quarantine;
}

Review *desk_review(Desk *desk, GError **error)
{
    if (desk->review == NULL)
        desk->review = review_open(desk->console->config, error);
    return desk->review;
}

Docket *desk_docket(Desk *desk, GError **error)
{
    if (desk->docket == NULL)
        desk->docket = docket_open(desk->console->config, error);
    return desk->docket;
}

Cases *desk_cases(Desk *desk, GError **error)
{
    if (desk->cases == NULL)
        desk->cases = cases_open(desk->console->config, error);
    return desk->cases;
}

Readers *desk_readers(Desk *desk)
{
    return desk->console->readers;
}

Content *desk_content(Desk *desk, const char *record)
{
    Content *found = NULL;
    for (gsize i = 0; i < CONTENTS && found == NULL; i++)
        if (desk->contents[i] != NULL && strcmp(desk->contents[i]->record->ref->id, record) == 0)
            found = desk->contents[i];
    return found;
}

void desk_keep_content(Desk *desk, Content *content)
{
    content_free(desk->contents[CONTENTS - 1]);
    memmove(desk->contents + 1, desk->contents, (CONTENTS - 1) * sizeof *desk->contents);
    desk->contents[0] = content;
}
