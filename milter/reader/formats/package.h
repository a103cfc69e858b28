// What formats that are zip packages of XML share (package.c).
#pragma once

#include "reader/formats/formats.h"

typedef struct {
    ReaderState *state;
    guint part;
    ZipFile *zip;       // NULL: the document is one XML file
    GHashTable *links;  // told already
    GString *more;      // links past those that are told one by one
    guint metadata;     // values told one by one
    guint texts;        // entries with text so far
    guint parts, facts; // of the message before the package was read
} Package;

// Opens the zip file in `bytes`. False, with the part failed and a fact, when it is none.
bool package_open(Package *package, ReaderState *state, guint part, SniffBytes bytes);
// A document without a zip file around it.
void package_open_flat(Package *package, ReaderState *state, guint part);
// A zip file that only looked like a package is closed and read as the archive it is.
void package_close_archive(Package *package, SniffBytes bytes);
// Tells what is left to tell; a package without text or files in it has the fact no-text.
void package_close(Package *package);

// The entry's bytes; NULL (with a fact) when they cannot be had.
GByteArray *package_entry(const Package *package, guint i);
// The entry as a part of its own: pictures, embedded files. False when a limit forbids more.
bool package_inside(Package *package, guint i, const GByteArray *bytes);
// A link that leads out of the package, once.
void package_link(Package *package, const char *place, const char *url);
// What an XML entry tells about the file: title, author, properties of the user's own. The handlers' data is a PackageMetadata.
typedef struct PackageMetadata PackageMetadata;
PackageMetadata *package_metadata_new(Package *package);
extern const XmlHandlers PACKAGE_METADATA;
void package_metadata_free(PackageMetadata *metadata);

// Entry that `target`, as written in entry `from`, leads to: relative, absolute, percent-encoded; -1 = none.
int package_find(const Package *package, const char *from, const char *target);
// Begins with '<' in some encoding of XML.
bool package_is_xml(const GByteArray *bytes);
// Fonts, folders and the like: they hold nothing that people read.
bool package_is_dead(const char *name, const GByteArray *bytes);
bool package_is_blank(const char *text, gsize len);
bool package_has_suffix(const char *name, const char *suffix);
// The value of attribute `name` in {name, value, ..., NULL}; NULL = none.
const char *package_attribute(const char **attributes, const char *name);
// The target in the code of a field (HYPERLINK "...") or of a formula (HYPERLINK("...", ...)); NULL = none. Caller frees.
char *package_hyperlink(const char *code);
// A number in plain digits: 4.155550142E9 was typed as 4155550142. Caller frees.
char *package_number(const char *value);
