// A roster file written by hand, row by row, for look-ups that are about the rows and not about an import.
#pragma once

#include "roster/roster.h"

#include <criterion/criterion.h>

#define BOOK_TODAY 20261016

typedef struct {
    char *dir;
    Config *config;
    Roster *roster;
    RosterSession *session;
} Book;

void book_init(Book *book);
void book_clear(Book *book);
// Writes generation `number`: what every test has (book.c) and the rows of `more` (SQL, may be NULL), hashed with the
// newest key, and puts it in force.
void book_write(Book *book, int number, const char *more);
// One staff member's private detail, as the registry keeps it; person 0: `owner` tells.
void book_personal(Book *book, int number, int person, const char *owner, Kind kind, const char *value);
// A session on the generation in force, on `today`.
RosterSession *book_open(Book *book, int today);
// "role account person", with " off" and " partly" where it is so.
char *book_who(Book *book, const char *address);
Party *book_party(Book *book, const char *address);
// Elements sorted and joined with spaces; unrefs the array.
char *book_join(GPtrArray *strings);
