// formats, inside the reader's worker: what the readers of attachments share. A reader gets bytes that were recognised as its
// format and adds passages, parts and facts to the message. It trusts nothing in them: every count, size and depth is bounded
// by the limits and by what is left of the attachment's budget, and what could not be read is a fact, never silence.
// One thread; no files, no processes, no network (the sandbox sees to it).
#pragma once

#include "reader/content.h"
#include "reader/sniff.h"

// What one attachment may still spend, over everything nested in it. limits: config.h
typedef struct Attachment {
    const AttachmentOptions *options;
    guint depth;      // of archives and embedded files
    guint entries;    // of archives so far
    gsize unpacked;   // bytes so far
    gsize packed;     // bytes of the attachment itself, for the ratio
    gsize text;       // bytes of text taken
    bool limited;     // the fact archive-limit is told
    guint pictures;   // decoded so far
    guint recognised; // pictures and pages that went through OCR
    gint64 deadline;  // of OCR, g_get_monotonic_time: what is left after it is picture-unread
} Attachment;

// Reads `bytes` of a format into part `part` and sets the part's state (PART_READ, PART_FAILED, PART_CONTAINER).
typedef void (*FormatReader)(ReaderState *state, guint part, SniffBytes bytes);

// The reader of content that sniff_content named `type`; NULL = not read (fact "unread"). formats.c
FormatReader format_lookup(const char *type);

// ---- for the readers (formats.c) ---------------------------------------------------------------------------

// Adds `len` bytes of valid UTF-8 that stand at `place` ("page 3", "sheet Budget", "slide 2, notes"; NULL = nowhere special),
// within the limit of text (fact incomplete). NULL when nothing was added.
Passage *format_text(ReaderState *state, guint part, PassageOrigin origin, Visibility visibility,
                     const char *place, const char *utf8, gsize len);
// A link target.
void format_link(ReaderState *state, guint part, const char *place, const char *url);
// Something the file says about itself; nothing when `value` is NULL or empty.
void format_metadata(ReaderState *state, guint part, const char *name, const char *value);
// A file inside: becomes a part of its own below `part` and is read as what it is, within the limits of depth, entries and
// unpacked bytes. `type` is its label in lower case, "" when it has none. False (and the fact archive-limit) when a limit forbids
// it or any more of them.
bool format_inside(ReaderState *state, guint part, const char *name, const char *type, const void *data,
                   gsize len);
// Counts `len` unpacked bytes before they are made: false (and the fact archive-limit) when bytes or ratio would be over.
bool format_afford(ReaderState *state, guint part, gsize len);
// The part's state and a fact about it, with its name and `detail` (may be NULL).
void format_fail(ReaderState *state, guint part, const char *fact, const char *detail);
void format_note(ReaderState *state, guint part, const char *fact, const char *detail);

// ---- readers -----------------------------------------------------------------------------------------------

void pdf_read(ReaderState *state, guint part,
              SniffBytes bytes); // pdf.c: text, annotations, forms, links, metadata, files
void ooxml_read(ReaderState *state, guint part,
                SniffBytes bytes); // ooxml*.c: DOCX, XLSX, PPTX, with and without macros
void odf_read(ReaderState *state, guint part, SniffBytes bytes); // odf.c: ODT, ODS, ODP, templates, flat XML
void odf_flat_read(ReaderState *state, guint part, SniffBytes bytes); // odf.c: the same in one XML file
void epub_read(ReaderState *state, guint part, SniffBytes bytes);     // epub.c
void doc_read(ReaderState *state, guint part, SniffBytes bytes);      // doc.c: Word 97-2003
void xls_read(ReaderState *state, guint part, SniffBytes bytes);      // xls.c: Excel 97-2003
void ppt_read(ReaderState *state, guint part, SniffBytes bytes);      // ppt.c: PowerPoint 97-2003
void outlook_read(ReaderState *state, guint part, SniffBytes bytes);  // outlook.c: .msg
void tnef_read(ReaderState *state, guint part, SniffBytes bytes);     // tnef.c: winmail.dat
void unpack_read(ReaderState *state, guint part,
                 SniffBytes bytes); // unpack.c: zip, 7z, tar, gzip, bzip2, xz, rar
void picture_read(ReaderState *state, guint part,
                  SniffBytes bytes); // picture.c: PNG, JPEG, GIF, TIFF, WebP, BMP, HEIC

void metafile_read(ReaderState *state, guint part, SniffBytes bytes); // metafile.c: EMF, WMF
void object_read(ReaderState *state, guint part,
                 SniffBytes bytes); // object.c: OLE storages of no document's kind

// ---- pictures (picture.c, code.c, ocr.c), for documents that hold some ---------------------------------------

// An 8 bit grey picture of `width` x `height`, rows of `stride` bytes, that stands at `place` of `part`: its codes, and its text
// where OCR is wanted and it is large enough to hold some; where it is not wanted, the part's `pictures` is counted up.
// `resolution` in dots an inch, 0 = not known.
void picture_search(ReaderState *state, guint part, const char *place, const guint8 *grey, guint width,
                    guint height, gsize stride, guint resolution);
// Opens what the libraries of a class need from files, before the sandbox closes. False with `note` set when a language of
// OCR is not installed. ocr.c, formats.c
bool formats_warm_up(const AttachmentOptions *options, GString *note);

// ---- zip files, for formats that are some (zip.c) ------------------------------------------------------------

// A zip file's directory: entries by name, both of the central directory and of the local headers.
typedef struct ZipFile ZipFile;
// NULL when `bytes` is not a zip file that can be read. `bytes` are borrowed.
ZipFile *zip_open(ReaderState *state, guint part, SniffBytes bytes);
void zip_close(ZipFile *zip);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ZipFile, zip_close)
guint zip_count(const ZipFile *zip);
const char *zip_name(const ZipFile *zip, guint i); // valid UTF-8, as written otherwise; borrowed
bool zip_encrypted(const ZipFile *zip, guint i);
// Index of the entry called `name` (case-insensitive, "\\" is "/"); -1 = none.
int zip_find(const ZipFile *zip, const char *name);
// The entry's bytes, at most `max` and within the limits (format_afford). NULL (with a fact of the part) when they cannot be had.
GByteArray *zip_extract(ZipFile *zip, guint i, gsize max);

// ---- XML of documents (xml.c) ------------------------------------------------------------------------------

// libxml2's SAX parser in safe clothes: no document types (refused: false, fact damaged), no entities, no network; depth, bytes and
// attributes are limited (false, fact incomplete). The handlers have heard all that came before. `name` and `attributes` are local
// names (namespace prefixes off); attributes is {name, value, ..., NULL}.
typedef struct {
    void (*start)(void *data, const char *name, const char **attributes);
    void (*end)(void *data, const char *name);
    void (*text)(void *data, const char *text, gsize len);
} XmlHandlers;
bool xml_parse(ReaderState *state, guint part, const void *bytes, gsize len, const XmlHandlers *handlers,
               void *data);

// ---- OLE compound files (ole.c, on libgsf) -------------------------------------------------------------------

typedef struct OleFile OleFile;
OleFile *ole_open(SniffBytes bytes); // NULL = cannot be read
void ole_close(OleFile *ole);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OleFile, ole_close)
// The stream at `path` ("WordDocument", "__attach_version1.0_#00000000/__substg1.0_37010102"), at most `max` bytes; NULL = none.
GByteArray *ole_stream(OleFile *ole, const char *path, gsize max);
// Names of the entries of storage `path` ("" = the root), in order; GPtrArray of char*. NULL = none such.
GPtrArray *ole_list(OleFile *ole, const char *path);
