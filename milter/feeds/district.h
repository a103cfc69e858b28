// district: the district's own CSV files, a reader each.
#pragma once

#include "feeds/header.h"

typedef bool (*DistrictRead)(FeedRun *run, FeedInput *input, GError **error);

// TABLE_EACH that notes columns nobody reads.
#define DISTRICT_EACH(run, input, file, columns, row, error)                                                 \
    (header_note_others(run, (input)->files, file, columns, G_N_ELEMENTS(columns)),                          \
     TABLE_EACH(run, input, file, columns, row, error))
// A date that is written and is none fails: what is limited in time must not become unlimited. 0 when empty.
bool district_date(Table *table, guint column, int *out, GError **error);
// Somebody by roster id or school address.
ModelRef district_ref(FeedRun *run, const char *text);

// district_registry.c
bool district_read_personal(FeedRun *run, FeedInput *input, GError **error);
bool district_read_students(FeedRun *run, FeedInput *input, GError **error);
bool district_read_published(FeedRun *run, FeedInput *input, GError **error);
bool district_read_webmail(FeedRun *run, FeedInput *input, GError **error);
bool district_read_tools(FeedRun *run, FeedInput *input, GError **error);
// district_people.c
bool district_read_guardians(FeedRun *run, FeedInput *input, GError **error);
bool district_read_groups(FeedRun *run, FeedInput *input, GError **error);
bool district_read_lists(FeedRun *run, FeedInput *input, GError **error);
