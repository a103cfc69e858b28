// What the files of the search room share.
#pragma once

#include "search/search.h"
#include "store/store.h"

// ---- shards (index.c) ------------------------------------------------------------------------------------

char *search_dir(const Config *config);
// The month of a record, yyyymm in UTC, as shards are named.
int search_month(int64_t received_us);
// What a shard keeps of a Message-ID, without angle brackets.
int64_t search_message_hash(const char *message_id);
char *search_shard_path(const char *dir, int month);
// Months there are, newest first. GArray of int; NULL with `error`.
GArray *search_months(const char *dir, GError **error);
// The state's database, which the shards stand behind.
char *search_state_path(const char *dir);

// Brings the state's database to its newest form.
bool search_state_ready(StoreDb *state, GError **error);
// Takes out what was asked for of one month (remove.c). `*out_left`: words of it stayed, and the index is to be made anew.
bool search_remove_asked(StoreDb *state, const char *dir, bool *out_left, bool *out_more, GError **error);

// Makes one month that is over one piece (tidy.c). `*out_more`: there was something to do, and others may be left.
bool search_tidy(StoreDb *state, const char *dir, bool (*stop)(void *data), void *data, bool *out_more,
                 GError **error);

// ---- queries (query.c) -----------------------------------------------------------------------------------

// A query is a condition of SQL on the table `item` of a shard, with `?` for each of `values`.
struct SearchQuery {
    char *where;
    GPtrArray *values; // of char*: text parameters, in order
    int64_t first_us,
        last_us; // no hit is outside; 0 = open. last_us is the first microsecond that does not count
};
