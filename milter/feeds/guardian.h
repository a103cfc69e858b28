// guardian: a guardian told by a row about a student: of the district's guardians.csv, of Clever's students.csv.
#pragma once

#include "feeds/run.h"

typedef struct {
    const char *ext; // NULL: made of the address, else the number, else the name and `student`
    const char *given, *family;
    const char *email, *phone;
    const char *relation; // as found: "Mother"
    const char *student;
} Guardian;

// Makes the record or adds to it, and its relation to `student`.
void guardian_put(FeedRun *run, FeedInput *input, Table *table, const Guardian *guardian, ModelRef student);
// Is it a word for a parent, a grandparent, a legal guardian, ...?
bool guardian_is_family(const char *relation);
// "Hana Lee" or "Lee, Hana". Caller frees both.
void guardian_split_name(const char *text, char **out_given, char **out_family);
