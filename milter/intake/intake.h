// intake: mail that did not come through the milter. Messages that lie in files (EML, mbox, Maildir) and journal reports of
// Exchange and Google become records as the milter's, with what is known of their envelope and where they came from; and
// the MTA's log is compared with what the archive holds.
#pragma once

#include "archive/archive.h"

// ---- what a record of a taken-in message says --------------------------------------------------------------
//
// "envelope": as far as it is known; "mail_from" is left out where it is not. Of a journal report each of "rcpts" has "as" ("to",
// "cc", "bcc", "recipient") and, where the report tells, "expanded" (the list it came through) and "forwarded" (by whom).
// "envelope.received": when the mail system got the message; "received" of the record is when the archive did.
// "intake": {"source", "position", "format", "received_us", "received_from" ("received", "date", "journal", "file", "arrival"),
// "sender_from" ("journal", "return-path", "from-line", "smtp"), "rcpts_from" ("journal", "delivered-to", "smtp"),
// "wrapper" (a journal report: {"kind", "message_id", "offset", "length", "sha256"} of the message in it, or "unreadable"),
// "mbox" ({"kind", "unquoted"})}.
// "message": {"subject", "message_id", "date", "addresses"}; of the message in a report.

// What is known of a message beside its bytes; strings borrowed, NULL = not known.
typedef struct {
    const char *source, *format;
    int64_t position;
    const char *from_line;         // mbox: sender, as the line that begins a message has it
    const char *mbox_kind;         // "mboxrd", ...
    guint unquoted;                // lines that lost a ">"
    const char *sender;            // of the envelope it came with
    const char *const *recipients; // the same; ends with NULL
    const char *queue_id, *client;
    int64_t file_us; // time of the file, or of arrival
    bool arrived;    // by mail, not in a file
    int64_t now_us;
} IntakeHints;
// Metadata of the record for `raw`. New reference. `*out_report` (may be NULL): it is a journal report that was understood.
json_t *intake_meta(GBytes *raw, const IntakeHints *hints, bool *out_report);

// ---- import ------------------------------------------------------------------------------------------------

typedef enum {
    INTAKE_AUTO,
    INTAKE_EML,
    INTAKE_MBOX,
    INTAKE_MBOXRD,
    INTAKE_MBOXO,
    INTAKE_MBOXCL,
    INTAKE_MBOXCL2,
    INTAKE_MAILDIR,
    INTAKE_JOURNAL, // as INTAKE_AUTO: reports are known by their header in every format
    INTAKE_LAST
} IntakeFormat;
// "auto", "eml", ...; INTAKE_LAST for any other.
IntakeFormat intake_format(const char *name);
const char *intake_format_name(IntakeFormat format);

typedef struct {
    guint64 files, messages; // met
    guint64 imported;        // records made
    guint64 already;         // made by an earlier run
    guint64 reports;         // journal reports among `imported`
    guint64 failed, bytes;
} IntakeTally;
typedef struct {
    const char *const *paths; // ends with NULL
    IntakeFormat format;
    const char *state; // NULL = DIR/import.db in the archive
    // What could not be taken in, where and why; `position` -1 = the file.
    void (*failure)(const char *source, int64_t position, const char *why, void *data);
    void (*progress)(guint64 done, guint64 total, void *data); // bytes; may be NULL
    void *data;
} IntakeOrder;
// Takes in all that lies under the paths and is not in yet. Safe to be killed at any time and to be run again: what was taken in
// is known by source, place and SHA-256, nothing else makes two messages one. False with `error` where it had to stop.
bool intake_import(const Config *config, const IntakeOrder *order, IntakeTally *out_tally, GError **error);

// ---- one message that was mailed here ----------------------------------------------------------------------

// Makes a record; NULL with `error`. Durable when it returns. `*out_report` as above.
ArchiveRef *intake_deliver(const Config *config, GBytes *raw, const IntakeHints *hints, bool *out_report,
                           GError **error);

// ---- the MTA's log -----------------------------------------------------------------------------------------

// What Postfix's log says of one queue file.
typedef struct {
    char *queue_id, *message_id, *sender, *client;
    char *parent; // queue id of the message it was made from; NULL = none
    int64_t first_us, last_us;
    bool accepted; // it is in the queue, or was
    bool refused;  // the client was told no
    bool own;      // sent by the filter itself
    bool internal; // made by the MTA: bounces
    bool ended;
} MailFile;
typedef struct {
    GPtrArray *files;          // of MailFile, in order
    GHashTable *by_id;         // queue id -> the newest of `files`, borrowed
    int64_t first_us, last_us; // what the log covers
    guint64 lines;
    GPtrArray *sources; // of char*: what was read
} MailLog;
MailLog *maillog_new(void);
void maillog_free(MailLog *log);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MailLog, maillog_free)
// One line of a log in the order of time; `now_us` tells the year where the line does not.
void maillog_line(MailLog *log, const char *line, int64_t now_us);
// A file and the older ones beside it (FILE.1, FILE.2.gz, FILE-20261122.gz, ...), from the oldest on.
bool maillog_read(MailLog *log, const char *path, GError **error);
// The system's journal; `directory` (may be NULL): another than the system's.
bool maillog_read_journal(MailLog *log, const char *directory, int64_t from_us, int64_t to_us,
                          GError **error);

typedef struct {
    guint64 accepted, matched, refused, own, internal, derived; // of the MTA
    guint64 records, strangers;                                 // with a queue id; without one
    guint64 damaged;    // places of the archive that could not be read
    GPtrArray *missing; // of MailFile, borrowed from the log: accepted, and no record
    GPtrArray *unknown; // of ArchiveRecord (metadata): the log lacks them
    GPtrArray *ours;    // of MailFile, borrowed: taken for the filter's own mail
} Reconciliation;
void reconciliation_free(Reconciliation *found);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Reconciliation, reconciliation_free)
// Of what was accepted in [from_us, to_us); 0 = as far as the log goes. NULL with `error`.
Reconciliation *intake_reconcile(const Config *config, const MailLog *log, int64_t from_us, int64_t to_us,
                                 GError **error);
