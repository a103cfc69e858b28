// cases, inside.
#pragma once

#include "cases/cases.h"
#include "store/store.h"

struct Cases {
    const Config *config;
    StoreDb *db;
};

// Prepared, with texts bound from 1 on, ended by NULL.
StoreStmt *cases_prepare(Cases *cases, GError **error, const char *sql, ...) G_GNUC_NULL_TERMINATED;
// An event of the case; `detail` is taken and gets "case".
bool cases_event(Cases *cases, const char *event, const char *id, const char *record, json_t *detail,
                 const char *who, int64_t now_us, GError **error);
// A step of an open case: the event, and `change`, which is run where the event is durable. `detail` is taken. `change` NULL: `error` is set
// already.
bool cases_step(Cases *cases, const char *event, const char *id, const char *record, json_t *detail,
                StoreStmt *change, const char *who, int64_t now_us, GError **error);
// The same of a case that may be closed.
bool cases_note(Cases *cases, const char *event, const char *id, json_t *detail, StoreStmt *change,
                const char *who, int64_t now_us, GError **error);
// Fails with DATA where it is closed.
bool cases_is_open(Cases *cases, const char *id, GError **error);

// ---- what makes texts alike (alike.c): pure --------------------------------------------------

// Lower case words, one blank between. Caller frees.
char *alike_plain(const char *text);
// The same of a subject without what mail programs put before an answer ("Re:", "Fwd: Re[2]:"); was there any?
char *alike_subject(const char *subject, bool *out_answers);
// Smallest hashes of its triples of words (Broder's MinHash): texts that share a share of their triples share about that share of these.
#define ALIKE_HASHES 32
typedef struct {
    guint32 least[ALIKE_HASHES];
} AlikeHash;
// False: too short to tell.
bool alike_hash(const char *plain, AlikeHash *out);
// How many of them are the same.
guint alike_shared(const AlikeHash *one, const AlikeHash *other);
#define ALIKE_NEAR 20 // of 32: near duplicates share so many
// Near duplicates share one of these nearly always.
#define ALIKE_BANDS 16
gint64 alike_band(const AlikeHash *hash, int band);

// ---- what belongs together (belong.c) ------------------------------------------------------------------------

// What a record is known by. Zeroed before use.
typedef struct {
    char *text_hash; // of its own text and its attachments; "" = it has neither
    bool tells;      // is `near` set?
    AlikeHash near;
    GPtrArray *kept, *asked; // of char*: what others find its conversation by, and what it finds theirs by
    char *custodian;         // NULL = none of the district's is named
} Traits;
void traits_clear(Traits *traits);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Traits, traits_clear)
void traits_conversation(Traits *traits, const Message *message); // fills kept and asked

// The thread of a record: that of another of the conversation, threads that it connects becoming one; else its own. Caller frees; NULL with
// `error`, as the next.
char *belong_thread(Cases *cases, const char *id, const char *record, const Traits *traits, GError **error);
// The group of a record: that of another with the same text and attachments, else of one with nearly the same text, else its own.
char *belong_group(Cases *cases, const char *id, const char *record, const Traits *traits, bool *out_exact,
                   GError **error);
// So that those which come later find it.
bool belong_keep(Cases *cases, const char *id, const char *record, const Traits *traits, GError **error);
