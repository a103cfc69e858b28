// Zip files for tests, honest and not.
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct ZipMaker ZipMaker;
ZipMaker *zip_maker_new(void);
void zip_maker_free(ZipMaker *maker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ZipMaker, zip_maker_free)
// Deflated.
void zip_maker_add(ZipMaker *maker, const char *name, const void *data, gsize len);
// What the lies are about.
typedef struct {
    const char *local_name, *central_name; // NULL = no such header
    guint16 flags, method;
    const void *data; // as it stands
    gsize len;
    guint32 size; // said to be, unpacked
    gint64 place; // of the local header, as the central directory says; -1 = where it is
    const void *extra;
    guint16 extra_len;
} ZipLie;
void zip_maker_lie(ZipMaker *maker, const ZipLie *lie);
// Bytes between the entries.
void zip_maker_junk(ZipMaker *maker, const void *data, gsize len);
// How many bytes there are so far: where the next local header comes.
gsize zip_maker_place(const ZipMaker *maker);
// `len` bytes deflated as they stand in a zip file.
GByteArray *zip_maker_deflate(const void *data, gsize len);
// A local header alone: `len` is only said.
void zip_maker_sizes(ZipMaker *maker, const ZipLie *lie);
GByteArray *zip_maker_end(ZipMaker *maker);
// With an end record of zip64.
GByteArray *zip_maker_end_large(ZipMaker *maker);
