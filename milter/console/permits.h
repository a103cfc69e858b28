// permits: what the pages about exceptions share, and releasing what waits for one.
#pragma once

#include "console/internal.h"

#include "exceptions/exceptions.h"

#define PERMITS_SEEN (USER_REVIEWER | USER_APPROVER | USER_AUDITOR)
enum { PERMIT_PAPER_MOST = 16 * 1024 * 1024 };

// May the reader see what is about `staff`? Reviewers those of their schools; who approves or audits, all. TRI_UNKNOWN with `error`.
Tri permit_is_seen(Request *request, RosterSession *session, const char *staff, GError **error);
// The SHA-256 of the file uploaded as `name`, or of what stands in the field `name`_sha256; "" where there is neither. *out_name: what the file is
// called; borrowed. Caller frees; NULL with `error` (DATA: no hash).
char *permit_paper(const Request *request, const char *name, const char **out_name, GError **error);
void permit_fact(Html *html, const char *key, const char *value); // nothing where there is no value
// A date of a form's field as yyyymmdd; 0 where it is none.
int permit_date(const Request *request, const char *name);
// Fields of a form for the paper `name`: the file, or its hash.
void permit_paper_fields(Html *html, const char *name, const char *key);

// Messages that wait for an approved exception which is in force now, and are held by no rule any more: the decision to release them goes
// into the docket, by who asked. What became of each is kept with what was asked for. False with `error`.
bool permits_carry(const Config *config, Docket *docket, Quarantine *quarantine, Readers *readers,
                   int64_t now_us, GError **error);
