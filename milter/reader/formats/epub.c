// EPUB: chapters in the order of the spine as HTML, titles and authors as metadata, pictures as files inside.
#include "reader/formats/package.h"

#include <string.h>

typedef struct {
    Package package;
    guint opf;         // the package document
    GHashTable *items; // id -> entry + 1
    GPtrArray *spine;  // of char*: ids
    bool *read;        // by entry
    bool locked;       // entries other than fonts are encrypted
    PackageMetadata *metadata;
} Epub;

// ---- lists -----------------------------------------------------------------------------------------------

typedef struct {
    Epub *epub;
    int opf;
} ContainerRun;

static void container_start(void *data, const char *name, const char **attributes)
{
    ContainerRun *run = data;
    const char *path = package_attribute(attributes, "full-path");
    if (run->opf < 0 && strcmp(name, "rootfile") == 0 && path != NULL)
        run->opf = package_find(&run->epub->package, "", path);
}

static void opf_start(void *data, const char *name, const char **attributes)
{
    Epub *epub = data;
    const char *id = package_attribute(attributes, "id"), *href = package_attribute(attributes, "href");
    const char *idref = package_attribute(attributes, "idref");
    if (strcmp(name, "item") == 0 && id != NULL && href != NULL) {
        int entry = package_find(&epub->package, zip_name(epub->package.zip, epub->opf), href);
        if (entry >= 0)
            g_hash_table_replace(epub->items, g_strdup(id), GUINT_TO_POINTER((guint)entry + 1));
    } else if (strcmp(name, "itemref") == 0 && idref != NULL) {
        g_ptr_array_add(epub->spine, g_strdup(idref));
    }
    PACKAGE_METADATA.start(epub->metadata, name, attributes);
}

static void opf_end(void *data, const char *name)
{
    PACKAGE_METADATA.end(((Epub *)data)->metadata, name);
}

static void opf_text(void *data, const char *text, gsize len)
{
    PACKAGE_METADATA.text(((Epub *)data)->metadata, text, len);
}

// Fonts are only masked.
static void encryption_start(void *data, const char *name, const char **attributes)
{
    Epub *epub = data;
    const char *algorithm = package_attribute(attributes, "Algorithm");
    if (strcmp(name, "EncryptionMethod") == 0 && algorithm != NULL)
        epub->locked |=
            strstr(algorithm, "idpf.org/2008/embedding") == NULL && strstr(algorithm, "pdf/enc#RC") == NULL;
}

static bool epub_parse(Epub *epub, int entry, const XmlHandlers *handlers, void *data)
{
    const Package *package = &epub->package;
    g_autoptr(GByteArray) bytes = entry >= 0 ? package_entry(package, (guint)entry) : NULL;
    if (entry >= 0)
        epub->read[entry] = true;
    return bytes != NULL && xml_parse(package->state, package->part, bytes->data, bytes->len, handlers, data);
}

// ---- chapters --------------------------------------------------------------------------------------------

static bool epub_is_page(const char *name, const GByteArray *bytes)
{
    static const char *const SUFFIXES[] = {".xhtml", ".html", ".htm", ".xml", ".svg", ".ncx"};
    bool page = false;
    for (guint i = 0; i < G_N_ELEMENTS(SUFFIXES) && !page; i++)
        page = package_has_suffix(name, SUFFIXES[i]);
    return page || package_is_xml(bytes);
}

static void epub_page(Epub *epub, const char *place, const GByteArray *bytes)
{
    Package *package = &epub->package;
    const Message *message = package->state->message;
    const char *fact = NULL;
    guint before = message->passages->len;
    g_autoptr(GPtrArray) readings = charset_readings(bytes->data, bytes->len, NULL, &fact);
    for (guint i = 0; i < readings->len; i++) {
        const CharsetReading *reading = readings->pdata[i];
        html_read(package->state, package->part, reading->text, reading->len, reading->reading);
    }
    for (guint i = before; i < message->passages->len; i++) {
        Passage *passage = message->passages->pdata[i];
        if (passage->part == package->part && passage->place == NULL)
            passage->place = g_strdup(place);
    }
    package->texts += message->passages->len > before;
}

static bool epub_is_dead(const char *name)
{
    return g_str_has_prefix(name, "META-INF/") || strcmp(name, "mimetype") == 0 ||
           package_has_suffix(name, ".css") || package_has_suffix(name, ".opf");
}

// False when no more files inside may be read.
static bool epub_entry(Epub *epub, guint i, const char *place)
{
    const char *name = zip_name(epub->package.zip, i);
    bool dead = epub->read[i] || epub_is_dead(name) || package_is_dead(name, NULL);
    g_autoptr(GByteArray) bytes = dead ? NULL : package_entry(&epub->package, i);
    bool page = bytes != NULL && epub_is_page(name, bytes);
    epub->read[i] = true;
    if (page)
        epub_page(epub, place, bytes);
    return page || bytes == NULL || package_is_dead(name, bytes) || package_inside(&epub->package, i, bytes);
}

static void epub_chapters(Epub *epub)
{
    bool going = true;
    for (guint i = 0; going && i < epub->spine->len; i++) {
        guint entry = GPOINTER_TO_UINT(g_hash_table_lookup(epub->items, epub->spine->pdata[i]));
        g_autofree char *place = g_strdup_printf("chapter %u", i + 1);
        going = entry == 0 || epub_entry(epub, entry - 1, place);
    }
    for (guint i = 0; going && i < zip_count(epub->package.zip); i++)
        going = epub_entry(epub, i, zip_name(epub->package.zip, i));
}

// ---- the book --------------------------------------------------------------------------------------------

static void epub_book(Epub *epub)
{
    static const XmlHandlers CONTAINER = {.start = container_start}, OPF = {opf_start, opf_end, opf_text},
                             ENCRYPTION = {.start = encryption_start};
    Package *package = &epub->package;
    ContainerRun container = {epub, -1};
    epub->read = g_new0(bool, zip_count(package->zip));
    epub->items = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    epub->spine = g_ptr_array_new_with_free_func(g_free);
    epub->metadata = package_metadata_new(package);
    epub_parse(epub, zip_find(package->zip, "META-INF/encryption.xml"), &ENCRYPTION, epub);
    epub_parse(epub, zip_find(package->zip, "META-INF/container.xml"), &CONTAINER, &container);
    epub->opf = (guint)MAX(container.opf, 0);
    if (container.opf < 0)
        format_note(package->state, package->part, "damaged", "no list of its chapters");
    epub_parse(epub, container.opf, &OPF, epub);
    package_metadata_free(epub->metadata);
    if (epub->locked)
        format_fail(package->state, package->part, "encrypted", "a book with encrypted pages");
    else
        epub_chapters(epub);
    g_free(epub->read);
    g_hash_table_unref(epub->items);
    g_ptr_array_unref(epub->spine);
}

void epub_read(ReaderState *state, guint part, SniffBytes bytes)
{
    Epub epub = {.locked = false};
    bool open = package_open(&epub.package, state, part, bytes);
    // A file of Office that begins as a book does: its programs read it as their own.
    bool office = open && zip_find(epub.package.zip, "[Content_Types].xml") >= 0;
    bool archive = open && zip_find(epub.package.zip, "META-INF/container.xml") < 0 &&
                   zip_find(epub.package.zip, "mimetype") < 0;
    if (open && !archive)
        epub_book(&epub);
    if (archive)
        package_close_archive(&epub.package, bytes);
    else
        package_close(&epub.package);
    if (office && !archive) {
        format_note(state, part, "archive-mismatch", "EPUB and Office Open XML in one file");
        ooxml_read(state, part, bytes);
    }
}
