// about: what lies behind a person and the roster, for people who look; mail does not ask this. Each call opens the
// generation in force for itself.
#pragma once

#include "roster/roster.h"

typedef struct {
    char *source, *type; // of the sources file; "sis", "oneroster"
    char *id;            // in that source
    char *roles;         // "staff", "guardian, staff"
    bool enabled;
    int gone; // yyyymmdd: since when the source is without it; 0 = it has it
} RosterRecord;
typedef struct {
    char *address, *field; // "email" "username" "alias" "previous" "home" ...
    char *source;          // names of those that have it, parted by ","; NULL: none of them any more
} RosterAddress;
typedef struct {
    char *kind, *source; // "cell"; "own" = registered by hand
} RosterRegistered;
typedef struct {
    char *person, *name, *mail, *roles, *grade, *manager; // NULL where unknown; manager: pid
    bool enabled;
    int gone;
    GPtrArray *records;    // of RosterRecord
    GPtrArray *addresses;  // of RosterAddress
    GPtrArray *registered; // of RosterRegistered
} RosterAbout;
void roster_about_free(RosterAbout *about);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RosterAbout, roster_about_free)
// The person with the id `person`; *out is NULL when there is none. False with `error`.
bool roster_about(const Config *config, const char *person, RosterAbout **out, GError **error);
// What is registered under the canonical `address` and of the person it belongs to. GPtrArray of RosterRegistered;
// NULL with `error`.
GPtrArray *roster_about_registered(const Config *config, const char *address, GError **error);

typedef struct {
    char *name, *type;
    int64_t imported; // Unix seconds
    int64_t people;   // records, without those gone
    int64_t gone;
    int64_t lists, classes;
} RosterSource;
void roster_source_free(RosterSource *source);
// What gave something to the generation in force, by name. GPtrArray of RosterSource; NULL with `error`.
GPtrArray *roster_about_sources(const Config *config, GError **error);
