// digest: what waits for a reviewer, by school.
#pragma once

#include "review/routing.h"

typedef struct {
    RoutingSchool *school; // id "" for messages that have to do with none; borrowed by nobody
    GPtrArray *items;      // of HoldItem, borrowed, the oldest first
    guint overdue;
} DigestSchool;

typedef struct {
    char *reviewer;     // whose; NULL = of schools, whoever reviews
    char *why;          // why the reviewer gets it, of the first item
    const char *period; // "daily", "weekly", "none"
    GPtrArray *schools; // of DigestSchool
    guint count, overdue;
} Digest;
void digest_free(Digest *digest);

// Held messages and who reviews them, as of one moment.
typedef struct {
    GPtrArray *items;   // of HoldItem
    GPtrArray *digests; // of Digest: of each reviewer that has any, in order of address
    Digest *schools;    // all of it, each message under each of its schools
    guint unrouted;     // messages that nobody is there for
} Digests;
void digests_free(Digests *digests);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Digests, digests_free)
// `done` is called (may be NULL) after each message.
Digests *digest_collect(const Config *config, Quarantine *quarantine, Routing *routing, int64_t now_us,
                        void (*done)(guint64 now, guint64 total, void *data), void *data, GError **error);
// What the template "digest" is filled with. Caller frees.
TemplateData *digest_data(const Config *config, const Digest *digest, int64_t now_us);
json_t *digest_json(const Config *config, const Digest *digest, int64_t now_us); // new reference
// Is it to be sent now, `last_us` being when one was sent last (0 = never)? Daily ones once a local day, weekly ones once a week;
// one that holds nothing is not sent.
bool digest_is_due(const Config *config, const Digest *digest, int64_t last_us, int64_t now_us);
