// Workers made for a test: a Python program in the place of the reader, which is the real one for the classes that a test leaves
// alone.
#pragma once

#include "fixture.h"

typedef struct {
    char *dir;
    Config *config;
} Hostile;

// Each of `messages`, `documents` and `ocr` is what such a worker does with what it is given, as Python statements joined by "; " or
// indented lines, in which there are: `data` (the bytes), `flags`, answer(NAME, blob=b"") that sends the file NAME of the
// directory as its answer, count() that counts this reading and returns how many there were of the class, `s` the channel,
// head(kind, length, value). NULL = the real worker. The cache is in the directory.
Hostile *hostile_new(const char *messages, const char *documents, const char *ocr);
void hostile_free(Hostile *hostile);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Hostile, hostile_free)
// Writes `message` where answer(name) finds it, and frees it.
void hostile_give(const Hostile *hostile, const char *name, Message *message);
// How often a worker of the class has called count().
guint hostile_count(const Hostile *hostile, ReaderClass cls);
Readers *hostile_readers(const Hostile *hostile);

// A piece with `text` in it and `pictures` that are not read.
Message *hostile_piece(const char *text, guint pictures);
// Bytes that become a waiting attachment and that no format reads: they hold `word`.
GByteArray *hostile_bytes(const char *word);
// A message with `count` attachments of `bytes` (each of GByteArray), called "a0.bin", "a1.bin", ...
Reading *hostile_message(Readers *readers, GByteArray **bytes, guint count);
Reading *hostile_reading(Readers *readers, const char *word); // with one attachment of hostile_bytes(word)

const Part *hostile_part(const Reading *reading, guint nth); // the nth attachment
bool hostile_fact(const Reading *reading, const Part *part, const char *fact, const char **out_detail);
void hostile_remove_dir(const char *dir);
