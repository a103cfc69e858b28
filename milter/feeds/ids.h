// ids: which row has an id, for files whose every row names one of millions: one place to look at instead of the four
// that the model's texts and records want. Built for one file and thrown away.
#pragma once

#include <glib.h>

#define IDS_NONE G_MAXUINT32

typedef struct Ids Ids;
Ids *ids_new(void);
void ids_free(Ids *ids);
void ids_put(Ids *ids, const char *id, guint32 row);
// Ids are told by a keyed hash of 64 bits: that two of ten million have the same one is as likely as 1 to 300,000, and
// nobody can make them.
guint32 ids_find(const Ids *ids, const char *id);
