// generation: the files of the roster. roster.database is a link to the generation in force, "<database>.000042"; an
// import's next one is "<database>.000043.new" until it is whole. The one in force has the highest number of all.
#pragma once

#include "feeds/feeds.h"
#include "roster/key.h"
#include "store/store.h"

// ---- what is there --------------------------------------------------------------------------------------

typedef enum {
    IN_FORCE_NONE,
    IN_FORCE_OLD, // a file of an older version
    IN_FORCE_ROSTER,
} InForceKind;
typedef struct {
    InForceKind kind;
    int id; // 0 unless ROSTER
    int version;
    bool plain; // a file by itself at roster.database
    char *path; // NULL for NONE
} InForce;
void in_force_clear(InForce *in_force);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(InForce, in_force_clear)
bool generation_in_force(const Config *config, InForce *out, GError **error);
// The same; an error unless there is a roster of this version.
bool generation_require(const Config *config, InForce *out, GError **error);

char *generation_path(const Config *config, int id);
// Numbers of the generations whose files are there, rising. GArray of int; NULL with `error`.
GArray *generation_numbers(const Config *config, GError **error);
// Number of the last one before `id` that is there; 0 with `error` when there is none.
int generation_before(const Config *config, int id, GError **error);

// ---- locks ----------------------------------------------------------------------------------------------

// One import at a time: BASE_ERROR_TEMPFAIL naming who is at it. A descriptor; -1 with `error`.
int generation_lock_import(const Config *config, const char *who, GError **error);
// For changes in place, and while what they changed is carried over. Waits.
int generation_lock_change(const Config *config, GError **error);
void generation_unlock(int *fd);

// ---- the next one ---------------------------------------------------------------------------------------

typedef struct {
    int id;
    char *path; // "<database>.000043.new", an empty file that nobody else may read
    int lock;   // of a trial's file
} NextGeneration;
// Under the import's lock. Removes what a killed import left.
bool generation_begin(const Config *config, NextGeneration *out, GError **error);
// For a trial: a file of its own, number 0; wants no lock.
bool generation_begin_trial(const Config *config, NextGeneration *out, GError **error);
// Removes its file unless it is in force.
void next_generation_clear(NextGeneration *next);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NextGeneration, next_generation_clear)

typedef struct {
    const char *who, *what;
    bool forced;
    const char *counts, *changes, *files; // JSON
} GenerationRow;
// Further changes to the next one, within its transaction.
typedef bool (*GenerationFill)(StoreDb *db, void *data, GError **error);
// Carries exceptions, what staff registered and the history over from the one in force, calls `fill` (may be NULL),
// adds `row` and puts it in force. When this fails or the machine stops, the former one is in force as before.
bool generation_commit(const Config *config, NextGeneration *next, const GenerationRow *row,
                       GenerationFill fill, void *data, GError **error);
// The carrying: `now` is attached to `db` as "old", unless there is none. (generation_carry.c)
bool generation_carry(const Config *config, StoreDb *db, const InForce *now, GError **error);
// A copy of the generation file `from` as the next one, still to be committed.
bool generation_copy(const char *from, const NextGeneration *next, GError **error);

// ---- keys -----------------------------------------------------------------------------------------------

// The key that `path`, or the open `db`, was made with, from the key file.
bool generation_key(const Config *config, const char *path, RosterKey *out, GError **error);
bool generation_key_of(const Config *config, StoreDb *db, const char *schema, RosterKey *out, GError **error);
// Rows of `schema`.personal (of source `only`, NULL = all) hashed anew with `to` into main.personal, where the rows of
// `only` are replaced. BASE_ERROR_DATA when one cannot be unsealed.
bool keys_rehash(const Config *config, StoreDb *db, const char *schema, const char *only,
                 const RosterKey *from, const RosterKey *to, GError **error);
// All of the file `path`, which is made one of the key `to`.
bool keys_change(const Config *config, const char *path, const RosterKey *from, const RosterKey *to,
                 GError **error);
