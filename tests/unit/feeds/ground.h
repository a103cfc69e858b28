// A directory, a configuration whose roster lies in it, and generations made by hand.
#pragma once

#include "feeds/feeds.h"
#include "feeds/generation.h"

typedef struct {
    char *dir;
    Config *config;
} Ground;
void ground_init(Ground *ground);
void ground_clear(Ground *ground);
// Writes `name` below the directory; its path, caller frees.
char *ground_write(const Ground *ground, const char *name, const char *text);
char *ground_path(const Ground *ground, const char *name);
// A generation with one staff member dana@example.org and one student min@students.example.org and what `sql` (may be
// NULL) adds, put in force as "import". Its number, 0 with `error`.
int ground_generation(const Ground *ground, const char *sql, GError **error);
// Runs it on the file, which may be a generation or the link.
void ground_exec(const char *path, const char *sql);
// First column of the first row as text, "" when there is none. Caller frees.
char *ground_ask(const char *path, const char *sql);
