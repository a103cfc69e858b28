// change: exceptions and what staff register: read from files, and changed in place.
#pragma once

#include "feeds/run.h"

// A change of the generation in force: all of it or nothing, and never while an import carries rows over.
typedef bool (*ChangeFunc)(StoreDb *db, void *data, GError **error);
bool change_in_place(const Config *config, ChangeFunc func, void *data, GError **error);

// exceptions.csv of `input` into run->exceptions. (exception_row.c)
bool change_read_exceptions(FeedRun *run, FeedInput *input, GError **error);
// A canonical copy. NULL with *out_field and *out_what (caller frees) telling what is wrong.
RosterException *exception_row_canonical(const Config *config, const RosterException *raw,
                                         const char **out_field, char **out_what);
// What keeps an exception from ever applying, in words; NULL when nothing does.
const char *exception_row_flaw(const RosterException *exception);
bool exception_row_id(const char *id); // easy to type and to print
char *
exception_row_sha256(const char *text);    // lower case; "" for none; NULL when it is no hash. Caller frees.
bool exception_row_text(const char *text); // short enough, and UTF-8
// Notes whom they name and the generation written at `path` does not know, and which of them `before` (NULL = nothing)
// has as revoked; counts those there will be.
bool change_check_exceptions(FeedRun *run, const char *path, StoreDb *before, GError **error);
// consents.csv of `input` into run->consents. (change_consent.c)
bool change_read_consents(FeedRun *run, FeedInput *input, GError **error);
// Notes which of them are for exceptions and students that are not there. `db`: the generation they go to; `before`: that in force.
bool change_check_consents(FeedRun *run, StoreDb *db, StoreDb *before, GError **error);
// Those of consents.csv, when it was read, in place of what an earlier one gave (`source`); withdrawn ones stay so.
bool change_put_consents(FeedRun *run, StoreDb *db, const char *source, GError **error);

// Those of exceptions.csv, when it was read, in place of what an earlier one gave.
bool change_put_exceptions(FeedRun *run, StoreDb *db, GError **error);

// The kinds of personal.csv and `chaperone roster personal`: "cell", "email", ...; false for others.
bool change_personal_kind(const char *text, Kind *out);
const char *change_personal_kinds(void); // in words, for a message
// Canonical value of `text`; NULL with *out_remedy when it is none. Caller frees.
char *change_personal_value(const Config *config, Kind kind, const char *text, const char **out_remedy);
