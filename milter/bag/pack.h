// pack: what belongs to all items of a bag, made of their notes.
#pragma once

#include "bag/internal.h"

// The note of an item; NULL = there is none that can be read. A new reference. write.c
json_t *bag_note(const BagJob *job, const BagItem *item);

// Writes all but the items themselves, manifests last, and counts. False with `error`.
bool pack_all(const BagJob *job, BagResult *result, BagProgress progress, void *data, GError **error);
