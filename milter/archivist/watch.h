// archivist: what follows the archive behind the mail path: alerts, escalations, reports and patterns become review items.
#pragma once

#include "archivist/internal.h"

// Two threads: one takes what is added to the archive and sends the mail of review items, one looks for reported messages. What
// they did stands in review.database with the places they read to: a process that dies at any moment goes on there.
typedef struct Watch Watch;
Watch *watch_new(Snapshot *snapshot, Readers *readers, GError **error);
void watch_free(Watch *watch); // NULL is a no-op; waits for what is at work
void watch_stop(Watch *watch); // begins nothing more
void watch_set_snapshot(Watch *watch, Snapshot *snapshot);
void watch_poke(Watch *watch); // something was added
bool watch_idle(
    Watch *watch); // nothing is left to take since the last poke, or it fails and waits for another try
bool watch_failing(Watch *watch);
// The end of what is at work, waited for at most until `end` (monotonic). False when something still is.
bool watch_ended(Watch *watch, gint64 end);

// The messages that the report of `item` is about (of ReviewFound), looked for in the archive of the last review.concern_days.
// Empty when there is none; NULL with `error` when it could not be told. `stop` ends the search. (concern.c)
GPtrArray *concern_search(const Config *config, Readers *readers, const ReviewItem *item,
                          bool (*stop)(void *data), void *data, GError **error);

// What a report tells of the message it is about. (report.c)
typedef struct Report Report;
Report *report_read(const Config *config, Readers *readers, const ArchiveRecord *record, GError **error);
void report_free(Report *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Report, report_free)
// Ways to a message, the surest first.
typedef enum { WAY_ATTACHED, WAY_FORWARDED, WAY_REPLY, WAY_REFERENCE, WAY_NONE } ReportWay;
ReportWay report_names(const Report *report, const char *message_id);
// Could a record with this subject be it?
bool report_subject_is(const Report *report, const char *subject);
// What of the message in `record` (with its bytes) the report holds, for a person; NULL when it is not that message. False with
// `error` when it could not be read.
bool report_holds(const Report *report, const Config *config, Readers *readers, const ArchiveRecord *record,
                  char **out_what, GError **error);
