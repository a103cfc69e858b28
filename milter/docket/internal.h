// docket, inside.
#pragma once

#include "docket/docket.h"
#include "store/store.h"

struct Docket {
    const Config *config;
    StoreDb *db;
};

#define ENTRY_COLUMNS                                                                                        \
    "id, record, rule, action, state, who, second, reason, comment, failure, made_us, due_us"
DocketEntry *docket_entry_of(StoreStmt *row);
GPtrArray *docket_entries(StoreStmt *get, GError **error);
// Prepared, with texts bound from 1 on, ended by NULL.
StoreStmt *docket_prepare(Docket *docket, GError **error, const char *sql, ...) G_GNUC_NULL_TERMINATED;
bool docket_set_state(Docket *docket, int64_t id, DocketState from, DocketState to, const char *failure,
                      GError **error);
