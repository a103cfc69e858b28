// Office Open XML, inside (ooxml*.c). What an entry of the package is, its root element says; what it is called in the document, the
// relationships that lead to it say. Names of entries are only names.
#pragma once

#include "reader/formats/page.h"

typedef struct {
    char *type; // behind its last '/'
    char *url;  // leads out of the package; NULL = no
    int target; // entry; -1 = none
} OoxmlRelation;

typedef struct {
    GPtrArray *relations; // of OoxmlRelation; NULL = none
    char *place;          // "slide 3", "sheet Budget, comments"; NULL = the document's own text
    bool queued, hidden;
} OoxmlEntry;

typedef struct {
    Package package;
    OoxmlEntry *entries;   // by index in the zip file; one more stands for the package itself
    GHashTable *ids;       // "entry id" -> OoxmlRelation, borrowed
    GQueue *queue;         // entries to read, GUINT_TO_POINTER
    bool main;             // what the package is about was met
    bool binary;           // and is a binary workbook
    GHashTable *vanishing; // styles that hide text
    // Of workbooks.
    GString *strings;  // shared strings, a NUL behind each
    GArray *string_at; // gsize: where each begins
    GByteArray *shown; // of each: some cell shows it
} Ooxml;

// ---- relationships and order (ooxml_relations.c) -------------------------------------------------------------

void ooxml_relations_read(Ooxml *ooxml);
void ooxml_relations_clear(Ooxml *ooxml);
// Queues `entry`, unless it was. True when it was not.
bool ooxml_queue(Ooxml *ooxml, int entry, const char *place, bool hidden);
// Queues all that `from` leads to, at places that the relationships name, and tells links.
void ooxml_queue_all(Ooxml *ooxml, guint from);
// The entry that `from` leads to by an attribute of relationships; -1 = none.
int ooxml_related(const Ooxml *ooxml, guint from, const char **attributes);

// ---- ways of reading an entry ----------------------------------------------------------------------------------

typedef struct OoxmlKind OoxmlKind;

// One entry while it is read.
typedef struct {
    Ooxml *ooxml;
    guint entry;
    const OoxmlKind *kind; // by its root element; NULL before that
    char *root;
    Page page;
    void *run; // of the way
} OoxmlPart;

typedef struct {
    XmlHandlers handlers; // their data is the OoxmlPart; the root element comes first
    void (*begin)(OoxmlPart *part);
    void (*end)(OoxmlPart *part);
} OoxmlWay;

struct OoxmlKind {
    const char *root;
    const OoxmlWay *way; // NULL = it holds nothing that people read
    bool main;           // packages are about these
    bool hidden;         // no program shows it
    bool pattern;        // what stands in its placeholders is a prompt
    bool chart;
};

extern const OoxmlWay OOXML_ORDER; // workbooks and presentations: what they list. ooxml_relations.c
extern const OoxmlWay OOXML_TEXT, OOXML_STYLES;     // ooxml_text.c, ooxml_parts.c
extern const OoxmlWay OOXML_SHEET, OOXML_STRINGS;   // ooxml_sheet.c
extern const OoxmlWay OOXML_METADATA, OOXML_VALUES; // ooxml_parts.c

// ---- what they share -----------------------------------------------------------------------------------------

// Whether the on/off attribute `name` is on; `missing` when it is not there.
bool ooxml_is_on(const char **attributes, const char *name, bool missing);
// Texts in attributes: descriptions, prompts, words drawn as pictures.
void ooxml_attributes(OoxmlPart *part, const char **attributes);
// Shared strings, kept within the limit of text. ooxml_sheet.c
void ooxml_strings_add(Ooxml *ooxml, const char *text);
const char *ooxml_strings_get(Ooxml *ooxml, const char *index);
// Adds those that no cell shows as hidden.
void ooxml_strings_end(Ooxml *ooxml);

// Parts of binary workbooks: true when `bytes` is one, and was read. ooxml_binary.c
bool ooxml_binary(Ooxml *ooxml, guint entry, const GByteArray *bytes);
