// merge: which records are one person. The state that merge*.c share while merge_run works.
#pragma once

#include "feeds/run.h"

// More people than this under one address or number are a placeholder ("none@district"), not one person.
#define MERGE_MOST 8

// What is noted with names and addresses; the first few of each.
typedef enum {
    MERGE_ID,
    MERGE_IDENT,
    MERGE_ADDRESS,
    MERGE_PLACEHOLDER,
    MERGE_TEACHER,
    MERGE_PHONE,
    MERGE_SEAT,
    MERGE_NOTES
} MergeNote;

typedef struct {
    guint64 key; // what records have in common
    guint32 record, row;
} MergeEntry;

typedef struct {
    FeedRun *run;
    Model *model;
    // Groups of records; what is said of a group stands at its root.
    guint32 *parent;
    guint8 *rank, *roles;
    guint32 *named;     // the record with the fullest name
    GHashTable *folded; // of names: Str -> Str of the words
    GArray *ids;        // of MergeEntry: space and id of records whose space has several sources
    GArray *idents;     // of MergeEntry: row of model->idents
    GArray *mail;       // of MergeEntry: address, row of model->contacts; former addresses are left out
    GArray *anywhere;   // of MergeEntry: id; made by the first reference to an id of any source
    guint32 *order;     // of records by their sources' rank; NULL when that is the order they have
    GArray *families;   // of guint64: student and guardian, roots at the time, sorted
    bool *borrowed;     // contacts that are somebody else's; NULL while there are none
    guint told[MERGE_NOTES];
    const ModelRelation *circle; // the first link of two who could each be the other's guardian
} Merge;

// ---- groups (merge.c) -----------------------------------------------------------------------------------

guint32 merge_root(Merge *merge, guint32 record);
void merge_join(Merge *merge, guint32 a, guint32 b);
static inline bool merge_is(Merge *merge, guint32 record, Role role)
{
    return (merge->roles[merge_root(merge, record)] & 1 << role) != 0;
}

typedef enum { FIT, FIT_NO_NAMES, FIT_NO_ROLES } MergeFit;
// Can they be one person, by their names and by what they are?
MergeFit merge_fits(Merge *merge, guint32 a, guint32 b);

// Some people, each by one record.
typedef struct {
    guint32 records[MERGE_MOST];
    guint count;
    bool more; // there are more
} MergePeople;
void merge_people_add(Merge *merge, MergePeople *people, guint32 record);
typedef bool (*MergeMay)(Merge *merge, guint32 a, guint32 b);
// Joins each with the first that `may` allows; those who stay apart are left.
void merge_people_join(Merge *merge, MergePeople *people, MergeMay may);

// Is `a` of a source that counts more than that of `b`, or an earlier record of one?
static inline bool merge_is_before(const Merge *merge, guint32 a, guint32 b)
{
    return merge->order != NULL ? merge->order[a] < merge->order[b] : a < b;
}
// By key, the order of records, row.
void merge_sort(Merge *merge, GArray *entries);
// The first of `key`; `entries->len` when there is none.
guint merge_find(const GArray *entries, guint64 key);
guint merge_end(const GArray *entries, guint from); // of those with the key of `from`
static inline const MergeEntry *merge_entry(const GArray *entries, guint at)
{
    return &g_array_index(entries, MergeEntry, at);
}

// ---- names (merge_name.c) -------------------------------------------------------------------------------

bool merge_has_name(const Merge *merge, guint32 record);
// One of them may have none.
bool merge_names_fit(Merge *merge, guint32 a, guint32 b);
// But for case, accents and signs, and preferred ones being enough.
bool merge_names_same(Merge *merge, guint32 a, guint32 b);
gsize merge_name_length(Merge *merge, guint32 record);
char *merge_name(const Merge *merge, guint32 record); // for notes; caller frees

// ---- notes ----------------------------------------------------------------------------------------------

const char *merge_file(const Merge *merge, guint32 record); // or the source's name
char *merge_who(const Merge *merge, guint32 record);        // "Ann Lee (users.csv:12)"; caller frees
// Notes `format` at the record, or, when enough has been told of `kind`, `brief`, which is the same for all.
G_GNUC_PRINTF(5, 6)
void merge_note(Merge *merge, guint32 record, MergeNote kind, const char *brief, const char *format, ...);
// A number that more than MERGE_MOST have.
void merge_note_placeholder(Merge *merge, guint32 record, const char *what, const char *value);

// ---- addresses (merge_mail.c) ---------------------------------------------------------------------------

void merge_mail_index(Merge *merge);
// People with one school address. What stands in the way is noted later, by merge_mail.
void merge_school_mail(Merge *merge);
// Finds the addresses of guardians in the rows of their children: for the index they are the guardians' alone.
void merge_borrowed_mail(Merge *merge);
void merge_mail(Merge *merge);
void merge_note_mail(Merge *merge);
void merge_end_mail(Merge *merge); // takes borrowed addresses from their rows

// ---- relations (merge_link.c) ---------------------------------------------------------------------------

void merge_resolve(Merge *merge);                           // relations, managers and seats
void merge_families(Merge *merge);                          // fills `families` of what is resolved
void merge_links(Merge *merge);                             // fills model->links and notes what is no link
bool merge_check_links(const Merge *merge, GError **error); // false for a circle of guardians
bool merge_are_family(const Merge *merge, guint32 student, guint32 guardian); // roots
