// reviews: what the pages about review items share.
#pragma once

#include "console/internal.h"
#include "review/routing.h"

// Alerts, patterns and concerns of the reader's schools that the reader is not in, nor their manager: of others nothing is shown, not even
// that they are there.
Tri reviews_may_see(Request *request, Routing *routing, const ReviewItem *item, GError **error);
// The item of the route's first part: NULL with `error` (NOINPUT, NOPERM).
ReviewItem *reviews_item(Request *request, GError **error);
// What it is about, without names: of a rule its gist, else by its kind.
void reviews_title(Request *request, Html *html, const ReviewItem *item);
// When it is to be settled, in words that tell whether that is over.
void reviews_due(Request *request, Html *html, const ReviewItem *item);
// Who of the accounts may be given the item: GPtrArray of User; NULL with `error`.
GPtrArray *reviews_people(Request *request, const ReviewItem *item, GError **error);
// The same of a held message.
GPtrArray *reviews_people_for(Request *request, const HoldItem *about, GError **error);
