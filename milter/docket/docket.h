// docket: what reviewers decide about held messages, before it takes effect and after. A decision waits for its undo window, and
// for a second reviewer where its rule wants one; then docket_run carries it out through the quarantine, once. A sample of what was decided
// is looked at again by somebody who does not see the first decision. From both: how often each rule is right, how often reviewers agree.
// Also what each reviewer keeps: saved filters.
#pragma once

#include "quarantine/quarantine.h"

typedef enum {
    DOCKET_RELEASE,
    DOCKET_COACH, // release, and the sender is told what the policy says
    DOCKET_DENY,
    DOCKET_ACTIONS
} DocketAction;
const char *docket_action_name(DocketAction action); // "release", "coach", "deny"
bool docket_action_parse(const char *text, DocketAction *out);

typedef enum {
    DOCKET_SECOND, // waits for a second reviewer
    DOCKET_WAITING,
    DOCKET_DOING,
    DOCKET_DONE,
    DOCKET_UNDONE,
    DOCKET_FAILED,
    DOCKET_STATES
} DocketState;
const char *docket_state_name(DocketState state);

typedef struct {
    int64_t id;
    char *record, *rule;
    DocketAction action;
    DocketState state;
    char *who, *second; // second: NULL = nobody
    char *reason;       // a word: "false-positive", "permitted", "harmless", "policy", "safety", "other"
    char *comment;
    char *failure; // why it could not be carried out
    int64_t made_us, due_us;
} DocketEntry;
void docket_entry_free(DocketEntry *entry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DocketEntry, docket_entry_free)

typedef struct Docket Docket; // the database; one thread at a time
Docket *docket_open(const Config *config, GError **error);
void docket_close(Docket **docket);
static inline void docket_close_auto(Docket *docket)
{
    docket_close(&docket);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Docket, docket_close_auto)

// Takes a decision: `entry`'s record, rule, action, who, reason and comment are taken. It takes effect at made_us + console.undo_s, once a
// second one has confirmed it where its rule is in console.four_eyes and it releases. False with `error`: TEMPFAIL, somebody has decided about the record already and it
// has not taken effect yet; DATA, a reason that is none, or a comment too short for it (console.comment_reasons, comment_length).
// Would such a decision be taken: its reason and comment? False with `error`.
bool docket_entry_check(const Config *config, const DocketEntry *entry, GError **error);
bool docket_decide(Docket *docket, const DocketEntry *entry, int64_t now_us, int64_t *out_id, GError **error);
// Takes it back while it waits. Only who made it. DATA when it is too late.
bool docket_undo(Docket *docket, int64_t id, const char *who, int64_t now_us, GError **error);
// A second reviewer agrees (not who made it), or sends it back: the message is open again. Each an event.
bool docket_confirm(Docket *docket, int64_t id, const char *who, bool agrees, const char *comment,
                    int64_t now_us, GError **error);
// What waits or is being done for a record: *out NULL = nothing. False with `error`.
bool docket_live(Docket *docket, const char *record, DocketEntry **out, GError **error);
// NULL with `error` (NOINPUT: there is none).
DocketEntry *docket_get(Docket *docket, int64_t id, GError **error);
// All decisions about it, oldest first. GPtrArray of DocketEntry.
GPtrArray *docket_of(Docket *docket, const char *record, GError **error);
// Those in that state, oldest first: of `who`, or of all where it is NULL. GPtrArray of DocketEntry.
GPtrArray *docket_list(Docket *docket, DocketState state, const char *who, guint most, GError **error);
// Carries out what is due; what a crash left half done is looked at again. How many; -1 with `error`. What the quarantine refuses is FAILED, with the reason.
int docket_run(Docket *docket, Quarantine *quarantine, int64_t now_us, GError **error);

// What took effect, the newest first: of `who`, or of all where it is NULL; those before `before` (0 = from the newest). GPtrArray of
// DocketEntry.
GPtrArray *docket_done(Docket *docket, const char *who, int64_t before, guint most, GError **error);

// ---- opened again ----------------------------------------------------------------------------------------

// A denied message is held again, and is decided about as at first. False with `error`: TEMPFAIL, a decision about it has not taken
// effect yet; else as quarantine_reopen.
bool docket_reopen(Docket *docket, Quarantine *quarantine, const char *record, const char *who,
                   const char *why, int64_t now_us, GError **error);
// A released message cannot be taken back. What is thought of it now stands beside the decision: an event. `why` must not be empty.
bool docket_judge_again(Docket *docket, const char *record, const char *who, bool releases, const char *why,
                        int64_t now_us, GError **error);
typedef struct {
    char *who, *why;
    bool releases;
    int64_t made_us;
} DocketVerdict;
// Of a record, oldest first. GPtrArray of DocketVerdict.
GPtrArray *docket_verdicts(Docket *docket, const char *record, GError **error);

// `record` is another copy of `original`, which stands for it: an event. DATA where they are the same, or `original` is itself a
// duplicate.
bool docket_duplicate(Docket *docket, const char *record, const char *original, const char *who,
                      int64_t now_us, GError **error);
// Which it is a duplicate of: *out NULL = of none; caller frees. False with `error`.
bool docket_original(Docket *docket, const char *record, char **out, GError **error);
// At most 200. GPtrArray of char*.
GPtrArray *docket_duplicates(Docket *docket, const char *original, GError **error);

// ---- exceptions asked for (asked.c) ----------------------------------------------------------------------

typedef enum {
    ASKED_OPEN,
    ASKED_APPROVED,
    ASKED_REFUSED,
    ASKED_WITHDRAWN, // by who asked
    ASKED_STATES
} AskedState;
const char *asked_state_name(AskedState state); // "open", "approved", "refused", "withdrawn"

// A reviewer asks for an exception; another, who may approve, decides. What is approved is put into the roster by the caller.
typedef struct {
    char *id; // ULID
    json_t *
        exception; // {"id", "kind", "staff", "students": [..], "values": [..], "from", "until", "direction", "purpose", ...}
    char *record; // a held message that waits for it; "" = none
    char *who, *why;
    AskedState state;
    char *by, *note; // who decided, and what they say; "" = nobody
    int64_t asked_us, decided_us;
    bool waits; // `record` is to be released once the exception covers it
    char *came; // what became of that: "" = nothing yet
} ExceptionAsk;
void exception_ask_free(ExceptionAsk *asked);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ExceptionAsk, exception_ask_free)

// `asked`'s exception, record, who and why are taken: an event. At most 200 open ones of one person: DATA. *out_id gets the id.
bool docket_ask(Docket *docket, const ExceptionAsk *asked, int64_t now_us, char out_id[ULID_LEN + 1],
                GError **error);
// From ASKED_OPEN to `state`: an event "exception-refused" or "exception-withdrawn"; of an approved one the caller has told already. NOPERM: who asked
// does not approve or refuse, and nobody else withdraws; DATA: it is not open any more.
bool docket_ask_settle(Docket *docket, const char *id, AskedState state, const char *by, const char *note,
                       int64_t now_us, GError **error);
// Would docket_ask_settle be taken? The same errors.
bool docket_ask_may(Docket *docket, const char *id, AskedState state, const char *by, ExceptionAsk **out,
                    GError **error);
// What became of the release that waits for it: `came`, in words; it goes on waiting, or not.
bool docket_ask_came(Docket *docket, const char *id, const char *came, bool waits, GError **error);
// TRI_NO: *out NULL.
Tri docket_asked_find(Docket *docket, const char *id, ExceptionAsk **out, GError **error);
// Newest first: those before the id `before` (NULL = from the newest); open ones only, or all; about `record`, or about any where it is
// NULL. GPtrArray of ExceptionAsk.
GPtrArray *docket_asked(Docket *docket, bool open, const char *record, const char *before, guint most,
                        GError **error);
// Approved ones with a message that waits for them; the oldest first, at most 100. GPtrArray of ExceptionAsk.
GPtrArray *docket_asked_waiting(Docket *docket, GError **error);

// ---- looked at twice -------------------------------------------------------------------------------------

// Records to look at again, decided by others than `who`, not decided twice yet; console.sample_percent of all. Oldest first. GPtrArray of
// char*: nothing tells what was decided. Those after the record `after`; NULL = from the first.
GPtrArray *docket_sample(Docket *docket, const char *who, const char *after, guint most, GError **error);
// `who`'s own decision about such a record; it changes nothing. NOPERM for who decided it, DATA when it is not (or no more) to be looked at.
bool docket_look(Docket *docket, const char *record, const char *who, bool releases, const char *comment,
                 int64_t now_us, GError **error);

// Of those looked at twice since `from_us`, by the first decision: {"both_release", "both_deny", "first_releases", "second_releases" (one of the two
// releases and the other does not), "kappa" (Cohen's; null where there is nothing to tell), "rules": [{"rule", "looked", "agreed"}]}. New reference.
json_t *docket_agreement(Docket *docket, int64_t from_us, GError **error);
// Those on which the two do not agree, looked at before `before_us` (0 = the newest first). GPtrArray of DocketLook.
typedef struct {
    char *record, *rule, *first, *second, *comment; // who decided, who looked again and what they say
    DocketAction action;
    int64_t looked_us;
} DocketLook;
GPtrArray *docket_disagreements(Docket *docket, int64_t before_us, guint most, GError **error);

// {"rules": [{"rule", "decided", "false_positive", "released", "denied"}], "looked": n, "agreed": n, "decided": n, "p50_s", "p95_s", "hours":
// [[beginning of the hour in us, action, n], ...]}: of what was decided since `from_us`; times from held to decided. New reference; NULL with `error`.
json_t *docket_figures(Docket *docket, int64_t from_us, GError **error);

// ---- names -----------------------------------------------------------------------------------------------

// From now on, for eight hours, `who` is shown the names of those in the message: an event with `why`, which must not be empty.
bool docket_reveal(Docket *docket, const char *record, const char *who, const char *why, int64_t now_us,
                   GError **error);
Tri docket_reveals(Docket *docket, const char *record, const char *who, int64_t now_us, GError **error);

// ---- saved filters ---------------------------------------------------------------------------------------

typedef struct {
    char *name, *query;
} DocketFilter;
// GPtrArray of DocketFilter, by name.
GPtrArray *docket_filters(Docket *docket, const char *who, GError **error);
// `query` NULL takes it away. At most 50 each; DATA for more.
bool docket_filter_set(Docket *docket, const char *who, const char *name, const char *query, GError **error);
