// model_index: how the model finds its rows and remembers what a delta takes away. For model*.c and merge*.c.
#pragma once

#include "feeds/model.h"
#include "feeds/rows.h"
#include "feeds/texts.h"

#define MODEL_KEY(high, low) ((guint64)(high) << 32 | (low))

// How long the lists of rows were when a record was renewed: its rows before that count no more.
typedef struct {
    guint32 record;
    guint posts, contacts, idents, relations, managers;
} ModelRenewal;

typedef struct ModelIndex {
    Rows records, classes, orgs;
    GHashTable *domains; // the district's, configured and published
    // Made by the first thing that a delta takes away; NULL before.
    GArray *renewals; // of ModelRenewal
    Rows renewal_of;
    Rows seats;          // the last seat of each class, record and role
    GArray *seat_before; // of guint32: of each seat the one before it of the same
    bool class_dropped, org_dropped;
} ModelIndex;

guint32 model_find_text(const Model *model, guint32 source, Str ext);
void model_index_classes(Model *model); // anew
void model_index_orgs(Model *model);
void model_index_seat(Model *model, guint32 seat); // a seat just made
void model_index_forget(Model *model);             // what a delta took away
