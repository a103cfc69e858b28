// search: the archive's index, a SQLite file with FTS5 a month in `archive.dir/index`, and what is asked of it. Built behind the
// mail path; it can be thrown away and made anew from the segments. A SearchIndex and a Search belong to one thread at a time.
#pragma once

#include "archive/archive.h"

// ---- writing ---------------------------------------------------------------------------------------------

// A record as it is indexed. Strings are borrowed for the call; NULL counts as "".
typedef struct {
    const char *record; // id
    int64_t received_us, size;
    const char *sender;   // envelope sender and From
    const char *to, *cc;  // as the headers have them
    const char *envelope; // every envelope recipient: for those entitled to it
    const char *subject, *body;
    const char *attachment; // text of attachments
    const char *filename;   // names of attachments
    const char *people;     // persons of the roster, their roles: "staff af-stf-1"
    const char *schools;
    const char *rules;  // that fired
    const char *action; // strongest
    const char *message_id;
    const char *unsearchable; // what could not be read, and why, for a person; "" = all text is in the index
    guint attachments;
} SearchDocument;

typedef struct SearchIndex SearchIndex;
// Opens it for writing, makes it. NULL with `error` (TEMPFAIL: another process writes it).
SearchIndex *search_index_open(const Config *config, GError **error);
void search_index_close(SearchIndex **index);
static inline void search_index_close_auto(SearchIndex *index)
{
    search_index_close(&index);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SearchIndex, search_index_close_auto)
// Where indexing stands: places (ArchivePlace) for archive_follow. Caller unrefs. NULL with `error`.
GPtrArray *search_index_places(SearchIndex *index, GError **error);
// Adds a record; one that is there already is left alone. Durable with search_index_commit. False with `error`.
bool search_index_add(SearchIndex *index, const SearchDocument *document, GError **error);
// What was added since the last commit, and how far the segments were read.
bool search_index_commit(SearchIndex *index, const GPtrArray *places, GError **error);
// Throws all of it away: indexing begins again at the first segment.
bool search_index_reset(SearchIndex *index, GError **error);

// When nothing else is to be done: makes a month that is over smaller and quicker to ask; one month a call. `stop` is asked now and
// then; what was done until then is kept. `*out_more` = call again. Not within a transaction. False with `error`.
bool search_index_tidy(SearchIndex *index, bool (*stop)(void *data), void *data, bool *out_more,
                       GError **error);

// Asks whoever writes the index to throw it away and begin again. False with `error`.
bool search_ask_rebuild(const Config *config, GError **error);
// Was that asked? Taken back by search_index_reset.
bool search_rebuild_asked(const Config *config);

// Asks whoever writes the index to take records out of it for good, the words of them too. `records`: of char*; those of one time of
// receipt (`received_us`, of the same order) lie in one shard. Durable when it returns true.
bool search_ask_remove(const Config *config, const GPtrArray *records, const GArray *received_us,
                       GError **error);
// Does what was asked for. One shard a call; `*out_more` = there are others. False with `error`.
bool search_index_remove_asked(SearchIndex *index, bool *out_more, GError **error);
// Is nothing of what was asked for left to be done? TRI_UNKNOWN with `error`.
Tri search_removed(const Config *config, GError **error);

// ---- asking ----------------------------------------------------------------------------------------------

// What was asked, understood. The language: words and "phrases" (all must be there), word* (beginning), OR, NOT or -, parentheses,
// NEAR(a b, 10), FIELD:value with from, to, cc, rcpt, subject, body, attachment, filename, person, role, school, rule, action,
// message-id, id, has:attachment, size:>1M, size:<10K, before:DATE, after:DATE, on:DATE, newer:7d, older:2y, is:unsearchable. Dates are local
// days of district.timezone; before and after leave the day itself out.
typedef struct SearchQuery SearchQuery;
typedef struct {
    const char *timezone; // IANA
    int64_t now_us;       // for newer and older
    bool envelope;        // may rcpt: be asked, and do plain words look there
} SearchTerms;
// NULL with `error` (USAGE): what is wrong and where.
SearchQuery *search_query_parse(const char *text, const SearchTerms *terms, GError **error);
void search_query_free(SearchQuery *query);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SearchQuery, search_query_free)

typedef struct {
    char *record;
    int64_t received_us, size;
    char *sender, *subject, *action, *unsearchable;
    guint attachments;
} SearchHit;
void search_hit_free(SearchHit *hit);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SearchHit, search_hit_free)

typedef struct {
    guint64 total;             // hits, all of them
    GPtrArray *hits;           // of SearchHit, newest first: the page asked for
    guint64 indexed, archived; // coverage: records in the index, records in the archive
    int64_t through_us;        // all records received before it are in the index; 0 = none is
    guint64
        unsearchable; // records of the time asked about that are not wholly in the index: hits may be missing there
    int64_t first_us, last_us; // the time asked about; 0 = open
} SearchResult;
void search_result_free(SearchResult *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SearchResult, search_result_free)
// `limit` hits older than `before` (the id of the last hit of the page before; NULL = the newest); 0 = all. NULL with `error`.
SearchResult *search_run(const Config *config, const SearchQuery *query, guint limit, const char *before,
                         GError **error);

// The newest `limit` hits alone: nothing is counted, so that a page may ask. *out_through_us: as through_us above. GPtrArray of
// SearchHit; NULL with `error`.
GPtrArray *search_newest(const Config *config, const SearchQuery *query, guint limit, int64_t *out_through_us,
                         GError **error);

// Calls `func` for each hour (its beginning) and action ("deliver", "hold", ...) with how many messages were received in it, of those in the
// index; no order. False with `error`.
typedef void (*SearchVolume)(int64_t hour_us, const char *action, guint64 messages, void *data);
bool search_volume(const Config *config, int64_t from_us, int64_t to_us, SearchVolume func, void *data,
                   GError **error);

// The hits of one month, that `received_us` lies in, for asking about one record after the other.
typedef struct SearchMonth SearchMonth;
// NULL with `error`.
SearchMonth *search_month_find(const Config *config, const SearchQuery *query, int64_t received_us,
                               GError **error);
// TRI_UNKNOWN, without an error: the record is not in the index, or not all of its text is.
Tri search_month_has(SearchMonth *month, const char *record);
void search_month_free(SearchMonth *month);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SearchMonth, search_month_free)
