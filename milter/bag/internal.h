// bag, inside: what its files share. The way of a bag: write.c has each item written (item.c, with what the receiver may see by
// native.c and text by text.c) and noted in PATH.part/work, packs what belongs to all of them (tables.c, mbox.c, report.c, papers.c,
// manifest.c), has it checked (check.c) and gives it its name.
#pragma once

#include "archive/archive.h"
#include "bag/bag.h"

#define BAG_CHUNK (64 * 1024)

// ---- spec.c ------------------------------------------------------------------------------------------------------

// False with `error` (USAGE), naming the item.
bool spec_check(const BagSpec *spec, GError **error);
// All of the spec but its time, checkpoint and searches: what a broken-off bag must have been of. Caller frees.
char *spec_text(const BagSpec *spec);

// ---- what is being written ---------------------------------------------------------------------------------------

// Only read by the threads that write items.
typedef struct {
    const Config *config;
    Readers *readers;
    const BagSpec *spec;
    int64_t time_us;
    json_t *searches;   // NULL = none
    GHashTable *places; // id -> ArchiveRef
    ArchiveCheckpoint *checkpoint;
    char *work; // PATH.part/work
    char *bag;  // PATH.part/bag
} BagJob;

// Writes the file `name` of the bag, in a directory that is there, and adds {"path", "size", "sha256"} to `files`
// (may be NULL). False with `error`.
bool bag_put(const BagJob *job, json_t *files, const char *name, const void *data, gsize len, GError **error);

// ---- item.c ------------------------------------------------------------------------------------------------------

// An item that is done, as its note says it: {"files": [...], "rows": [{COLUMN: text}], "redactions": [...], "warnings": [...]}.
// A new reference; NULL with `error`. Called from several threads.
json_t *item_write(const BagJob *job, const BagItem *item, GError **error);

// MD5HASH, SHA256HASH and FILESIZE of a row.
void row_hashes(json_t *row, const void *data, gsize len);

// ---- redacted.c ----------------------------------------------------------------------------------------------

// Writes the rendition of a redacted message and fills in its note, which has its row. False with `error`.
bool redacted_write(const BagJob *job, const BagItem *item, const ArchiveRecord *record, json_t *note,
                    GError **error);

// ---- native.c ----------------------------------------------------------------------------------------------------

typedef struct {
    GBytes *bytes;
    GPtrArray *left_out; // of char*: names of fields that are not in it, as they stood there
    bool unwrapped;      // a journal report's message without the report
} BagNative;
void native_free(BagNative *native);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BagNative, native_free)
// The message as the receiver may have it: as it was received for those entitled to envelopes, else without what tells of
// recipients that its To and Cc do not name. NULL with `error` (DATA).
BagNative *native_of(const ArchiveRecord *record, bool envelope, GError **error);

// ---- text.c ------------------------------------------------------------------------------------------------------

// Numbers (guint) of the parts that are attachments of the message itself, in order. Before their bytes are read: Part.blob tells.
GArray *text_attachments(const Message *message);
// What people read of the message itself, its header lines first. Caller frees.
char *text_of_message(const Message *message, const GArray *attachments, bool envelope);
// Of the attachment `part` and what is in it. Caller frees.
char *text_of_attachment(const Message *message, const GArray *attachments, guint part);
// What could not be read, in words, of the message itself (`part` 0) or an attachment; "" = nothing. Caller frees.
char *text_unread(const Message *message, const GArray *attachments, guint part);
// The addresses of a header, "Name <address>; ...". Caller frees.
char *text_addresses(const Message *message, const char *header);

// ---- tables.c ----------------------------------------------------------------------------------------------------

// A cell of a table that programs of tables open: a formula is none. With `separator`, quoted.
void table_csv_cell(GString *out, const char *text, char separator);
// Names of the columns of the load files, NULL-ended.
extern const char *const TABLE_COLUMNS[];
// loadfile.csv, loadfile.dat and index.psv. Each takes `rows` ({COLUMN: text}) of one item.
void table_csv_head(GString *out);
void table_csv_rows(GString *out, const json_t *rows);
void table_dat_head(GString *out);
void table_dat_rows(GString *out, const json_t *rows);
void table_psv_head(GString *out);
void table_psv_rows(GString *out, const json_t *rows);
void table_redactions_head(GString *out);
void table_redactions_rows(GString *out, const BagItem *item, const json_t *redactions);
void table_withheld_head(GString *out);
void table_withheld_row(GString *out, const BagItem *item, const json_t *row);

// ---- report.c, papers.c ------------------------------------------------------------------------------------------

// Each caller frees.
char *report_html(const BagJob *job, const BagResult *result);
char *paper_info(const BagJob *job, const BagResult *result);
char *paper_verify(const BagJob *job);
char *paper_certification(const BagJob *job, const BagResult *result);

// ---- manifest.c --------------------------------------------------------------------------------------------------

// Paths of all files below `dir`, relative, sorted. NULL with `error`: what is no file or directory there is an error.
GPtrArray *manifest_files(const char *dir, GError **error);
// Hex; caller frees. `*out_size` may be NULL.
char *manifest_hash(const char *path, guint64 *out_size, GError **error);
typedef struct {
    char *path, *sha256;
} ManifestLine;
// "manifest-sha256.txt" as it stands, of ManifestLine. NULL with `error` (DATA).
GPtrArray *manifest_read(const char *path, GError **error);
// Paths as RFC 8493, 2.1.3 has them: LF, CR and "%" encoded. Caller frees.
char *manifest_encode(const char *path);
