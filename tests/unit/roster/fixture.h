// A small district in a directory of its own: its files, a configuration, the roster made from them.
#pragma once

#include "roster/roster.h"

#include <criterion/criterion.h>

#define FIXTURE_TODAY 20261016

typedef struct {
    char *dir;   // of everything
    char *input; // the export
    Config *config;
    Roster *roster;
    RosterSession *session;
} Fixture;

void fixture_init(Fixture *fixture);
void fixture_clear(Fixture *fixture);
// Writes `text` as file `name` of the export; NULL removes it.
void fixture_put(Fixture *fixture, const char *name, const char *text);
// The whole district: people, classes, lists, registry, published, exceptions.
void fixture_put_district(Fixture *fixture);
// Imports; must succeed.
void fixture_import(Fixture *fixture);
// A session on what was imported.
RosterSession *fixture_open(Fixture *fixture);
// "role account person" of an address.
char *fixture_who(Fixture *fixture, const char *address);
// "owner:person owner:person" of a value.
char *fixture_owners(Fixture *fixture, Kind kind, const char *value);
// Elements joined with spaces; unrefs the array.
char *fixture_join(GPtrArray *strings);
