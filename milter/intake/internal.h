// What the files of the intake room share. The way of an import: walk.c finds files, mbox.c cuts them into messages, meta.c
// makes metadata of a message (header.c, journal.c), import.c puts them into the archive and state.c remembers it.
#pragma once

#include "base/mail_date.h"
#include "intake/intake.h"

// No message is larger: what is, is named and left out.
#define INTAKE_MOST ((gsize)512 * 1024 * 1024)

// ---- header.c ------------------------------------------------------------------------------------------------

typedef struct {
    char *name, *value; // unfolded, valid UTF-8, not decoded
} IntakeField;
typedef struct {
    GPtrArray *fields; // of IntakeField
    gsize body;        // where the body begins
    bool known;        // there is a field that only mail has
} IntakeHeader;
IntakeHeader *header_parse(const char *data, gsize len);
void header_free(IntakeHeader *header);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IntakeHeader, header_free)
// The first field of that name; NULL = none.
const char *header_value(const IntakeHeader *header, const char *name);
// RFC 2047 words decoded; caller frees.
char *header_decode(const char *value);
typedef struct {
    char *name, *address;
} IntakeAddress;
void intake_address_free(gpointer data);
// Of IntakeAddress: what an address field lists.
GPtrArray *header_addresses(const char *value);
// A parameter of Content-Type and the like; caller frees, NULL = none.
char *header_parameter(const char *value, const char *name);

// ---- journal.c -----------------------------------------------------------------------------------------------

typedef struct {
    const char *kind;      // "exchange", "google"
    char *unreadable;      // why it was not understood; NULL = it was
    char *sender, *behalf; // NULL = the report does not say
    json_t *rcpts;         // as records have them
    gsize offset, length;  // of the message in the report, as it stands there
    GBytes *inner;         // that message, its transfer encoding taken off
} JournalReport;
// NULL where the message is no journal report.
JournalReport *journal_parse(const IntakeHeader *header, const char *data, gsize len);
void journal_free(JournalReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(JournalReport, journal_free)

// ---- mbox.c --------------------------------------------------------------------------------------------------

typedef struct {
    int64_t position; // of the line that begins it
    GBytes *raw;      // NULL where it is too large
    char *sender;     // from that line
    int64_t line_us;  // the time in that line; 0 = none
    guint unquoted;
} MboxMessage;
// False ends the reading.
typedef bool (*MboxEach)(const MboxMessage *message, void *data);
// Does the text begin as a file of mbox does?
bool mbox_begins(const char *data, gsize len);
// Which of the four kinds it is: INTAKE_MBOXRD, ... INTAKE_LAST with `error` when it cannot be read.
IntakeFormat mbox_kind(int fd, const char *path, GError **error);
bool mbox_read(int fd, const char *path, IntakeFormat kind, MboxEach func, void *data, GError **error);

// ---- walk.c --------------------------------------------------------------------------------------------------

typedef struct {
    char *path, *source; // source: what it is known by
    IntakeFormat format;
    int64_t size, mtime_ns;
    guint64 messages; // met in it
} IntakeFile;
// Of IntakeFile, in a fixed order; what is no file is told to order->failure and counted.
GPtrArray *walk_files(const IntakeOrder *order, guint64 *failed);

// ---- state.c: what was taken in ------------------------------------------------------------------------------

typedef struct IntakeState IntakeState;
IntakeState *state_open(const char *path, GError **error);
void state_close(IntakeState **state);
static inline void state_close_auto(IntakeState *state)
{
    state_close(&state);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IntakeState, state_close_auto)
// Decides about what an earlier run was about to take in when it ended: is it in the archive?
bool state_settle(IntakeState *state, const Config *config, GError **error);
// Is all of it in, as it is now? `*out_messages`: how many.
Tri state_file_done(IntakeState *state, const IntakeFile *file, guint64 *out_messages, GError **error);
// Is this message in? `hash`: hex.
Tri state_has(IntakeState *state, const char *source, int64_t position, const char *hash, GError **error);
bool state_begin(IntakeState *state, GError **error);
bool state_commit(IntakeState *state, GError **error);
void state_rollback(IntakeState *state);
// Inside of these: about to be taken in under an id; taken in; all of a file taken in; could not be.
bool state_intend(IntakeState *state, const char *source, int64_t position, const char *hash, const char *id,
                  int64_t now_us, GError **error);
bool state_done(IntakeState *state, const char *id, GError **error);
bool state_finish_file(IntakeState *state, const IntakeFile *file, GError **error);
bool state_fail(IntakeState *state, const char *source, int64_t position, const char *why, int64_t now_us,
                GError **error);
