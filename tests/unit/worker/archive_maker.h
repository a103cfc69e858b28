// Archives for tests, by libarchive.
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <glib.h>

typedef struct {
    const char *name;
    int (*format)(struct archive *);
    int (*filter)(struct archive *);
} ArchiveKind;

// tar, packed in all ways, cpio in gzip, 7z, zip; a row without name ends them.
extern const ArchiveKind ARCHIVE_KINDS[];
// `entries` files "folder/note N.txt" of `data` each.
GByteArray *archive_make(const ArchiveKind *kind, const void *data, gsize len, guint entries);
// The sum (CRC-32) that most of them hold of their headers.
guint32 archive_sum(const guint8 *data, gsize len);
// `data` packed by one filter alone.
GByteArray *archive_pack(int (*filter)(struct archive *), const void *data, gsize len);
