// routing: who is to look at a held message. Those whom review.reviewers names for a school of the sender or of a student it
// goes to, and for the sender's role; where they are none, the principals of these schools; where these are none, the
// sender's supervisor. Nobody is asked about what they wrote or received, or what their own supervisor wrote.
#pragma once

#include "quarantine/quarantine.h"
#include "roster/roster.h"

typedef struct {
    char *address;
    char *person; // roster id; NULL for a mailbox that is no person's
    char *why;    // "reviewer for Riverbend High School", "principal of ...", "supervisor of the sender"
} ReviewRoute;
void routing_route_free(ReviewRoute *route);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReviewRoute, routing_route_free)

typedef struct Routing Routing; // remembers whom it looked up; lives no longer than its session, one thread
Routing *routing_new(const Config *config, RosterSession *session);
void routing_free(Routing *routing);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Routing, routing_free)

// A school an item has to do with.
typedef struct {
    char *id, *name;
} RoutingSchool;
// Those of the sender and of the students it goes to, members of lists included; where these are none, those of the staff it
// goes to. GPtrArray of RoutingSchool, in order of id; NULL with `error`.
GPtrArray *routing_schools(Routing *routing, const HoldItem *item, GError **error);
// GPtrArray of ReviewRoute, each person once; empty when there is nobody. NULL with `error`.
GPtrArray *routing_reviewers(Routing *routing, const HoldItem *item, GError **error);
// Whom `sender` may ask: the supervisor by the roster, else the principal of a school of theirs. *out NULL when there is
// nobody. False with `error`.
bool routing_supervisor(Routing *routing, const char *sender, ReviewRoute **out, GError **error);
// Does `route` stand for `school`, as its reviewer's `schools` say? Routes by the roster stand for all.
bool routing_is_for(const Routing *routing, const ReviewRoute *route, const RoutingSchool *school);

// May `who` - an address, or a login of the district - not decide about the item: their own message, one they are a recipient
// of, or their manager's, or that manager's manager's? TRI_YES with `*out_why` (caller frees); a login that is no person of the
// roster has no conflict. TRI_UNKNOWN with `error`.
Tri routing_conflict(Routing *routing, const char *who, const HoldItem *item, char **out_why, GError **error);

// What review.reviewers names and the roster has not: a line each. GPtrArray of char*; NULL with `error`.
GPtrArray *routing_unknown_schools(const Config *config, RosterSession *session, GError **error);

// Reminds reviewers of held messages whose time is over (quarantine_overdue), the first `most`. Number of messages they were
// reminded of; -1 with `error`.
int routing_remind(const Config *config, Quarantine *quarantine, Roster *roster, guint most, int64_t now_us,
                   GError **error);
