// Office Open XML (ECMA-376, transitional and strict): every entry of the package is read, first those that relationships lead to, in
// the document's order, then the others.
#include "reader/formats/ooxml.h"

#include <string.h>

// ---- kinds of parts --------------------------------------------------------------------------------------

static const OoxmlKind OOXML_KINDS[] = {
    {.root = "document", .way = &OOXML_TEXT, .main = true},
    {.root = "wordDocument", .way = &OOXML_TEXT, .main = true},
    {.root = "package", .way = &OOXML_TEXT, .main = true},
    {.root = "hdr", .way = &OOXML_TEXT},
    {.root = "ftr", .way = &OOXML_TEXT},
    {.root = "footnotes", .way = &OOXML_TEXT},
    {.root = "endnotes", .way = &OOXML_TEXT},
    {.root = "comments", .way = &OOXML_TEXT},
    {.root = "glossaryDocument", .way = &OOXML_TEXT, .hidden = true},
    {.root = "presentation", .way = &OOXML_ORDER, .main = true},
    {.root = "sld", .way = &OOXML_TEXT},
    {.root = "notes", .way = &OOXML_TEXT},
    {.root = "sldMaster", .way = &OOXML_TEXT, .pattern = true},
    {.root = "sldLayout", .way = &OOXML_TEXT, .pattern = true},
    {.root = "notesMaster", .way = &OOXML_TEXT, .pattern = true},
    {.root = "handoutMaster", .way = &OOXML_TEXT, .pattern = true},
    {.root = "cmLst", .way = &OOXML_TEXT},
    {.root = "workbook", .way = &OOXML_ORDER, .main = true},
    {.root = "worksheet", .way = &OOXML_SHEET},
    {.root = "chartsheet", .way = &OOXML_SHEET},
    {.root = "dialogsheet", .way = &OOXML_SHEET},
    {.root = "macrosheet", .way = &OOXML_SHEET},
    {.root = "externalLink", .way = &OOXML_SHEET, .hidden = true},
    {.root = "sst", .way = &OOXML_STRINGS},
    {.root = "ThreadedComments", .way = &OOXML_TEXT},
    {.root = "wsDr", .way = &OOXML_TEXT},
    {.root = "xml", .way = &OOXML_TEXT}, // drawings in VML
    {.root = "userShapes", .way = &OOXML_TEXT},
    {.root = "drawing", .way = &OOXML_TEXT},
    {.root = "dataModel", .way = &OOXML_TEXT},
    {.root = "chartSpace", .way = &OOXML_TEXT, .chart = true},
    {.root = "pivotCacheDefinition", .way = &OOXML_VALUES, .hidden = true},
    {.root = "styleSheet", .way = &OOXML_VALUES},
    {.root = "numbering", .way = &OOXML_VALUES},
    {.root = "styles", .way = &OOXML_STYLES},
    {.root = "coreProperties", .way = &OOXML_METADATA},
    {.root = "Properties", .way = &OOXML_METADATA},
    {.root = "VisioDocument", .way = &OOXML_VALUES, .main = true},
    {.root = "PageContents", .way = &OOXML_VALUES},
    {.root = "MasterContents", .way = &OOXML_VALUES, .hidden = true},
    {.root = "Types"},
    {.root = "Relationships"},
    {.root = "calcChain"},
    {.root = "chartStyle"},
    {.root = "cmAuthorLst"},
    {.root = "colorStyle"},
    {.root = "colorsDef"},
    {.root = "commentsEx"},
    {.root = "commentsIds"},
    {.root = "commentsExtensible"},
    {.root = "datastoreItem"},
    {.root = "fonts"},
    {.root = "layoutDef"},
    {.root = "people"},
    {.root = "personList"},
    {.root = "pivotTableDefinition"},
    {.root = "presentationPr"},
    {.root = "settings"},
    {.root = "styleDef"},
    {.root = "table"},
    {.root = "tblStyleLst"},
    {.root = "theme"},
    {.root = "themeManager"},
    {.root = "themeOverride"},
    {.root = "vbaSuppData"},
    {.root = "viewPr"},
    {.root = "webSettings"},
};

// Of what no office program is known to write: text, wherever it stands.
static const OoxmlKind OOXML_OTHER = {.root = "", .way = &OOXML_VALUES, .hidden = true};

static const OoxmlKind *ooxml_kind(const char *root)
{
    const OoxmlKind *found = &OOXML_OTHER;
    for (guint i = 0; i < G_N_ELEMENTS(OOXML_KINDS) && found == &OOXML_OTHER; i++)
        if (strcmp(root, OOXML_KINDS[i].root) == 0)
            found = &OOXML_KINDS[i];
    return found;
}

// ---- what the ways share ---------------------------------------------------------------------------------

bool ooxml_is_on(const char **attributes, const char *name, bool missing)
{
    const char *value = package_attribute(attributes, name);
    bool off = value != NULL && (strcmp(value, "0") == 0 || g_ascii_strcasecmp(value, "false") == 0 ||
                                 g_ascii_strcasecmp(value, "off") == 0);
    return value != NULL ? !off : missing;
}

void ooxml_attributes(OoxmlPart *part, const char **attributes)
{
    static const char *const NAMES[] = {"alt",    "descr",       "displayText", "error", "errorTitle",
                                        "prompt", "promptTitle", "string",      "title", "tooltip"};
    for (guint i = 0; attributes[i] != NULL; i += 2) {
        bool told = false;
        for (guint k = 0; k < G_N_ELEMENTS(NAMES) && !told; k++)
            told = strcmp(attributes[i], NAMES[k]) == 0;
        if (told)
            page_add_attribute(&part->page, attributes[i + 1]);
        else if (strcmp(attributes[i], "href") == 0)
            package_link(&part->ooxml->package, part->ooxml->entries[part->entry].place, attributes[i + 1]);
    }
}

// ---- one part --------------------------------------------------------------------------------------------

static void ooxml_start(void *data, const char *name, const char **attributes)
{
    OoxmlPart *part = data;
    if (part->kind == NULL) {
        part->root = g_strdup(name);
        part->kind = ooxml_kind(name);
        part->ooxml->main |= part->kind->main;
        if (part->kind->way != NULL)
            part->kind->way->begin(part);
    }
    if (part->kind->way != NULL && part->kind->way->handlers.start != NULL)
        part->kind->way->handlers.start(data, name, attributes);
}

static void ooxml_stop(void *data, const char *name)
{
    OoxmlPart *part = data;
    if (part->kind->way != NULL && part->kind->way->handlers.end != NULL)
        part->kind->way->handlers.end(data, name);
}

static void ooxml_characters(void *data, const char *text, gsize len)
{
    OoxmlPart *part = data;
    if (part->kind != NULL && part->kind->way != NULL && part->kind->way->handlers.text != NULL)
        part->kind->way->handlers.text(data, text, len);
}

// Reads the XML of an entry by its root element. True when it is a page of HTML, which is read otherwise.
static bool ooxml_xml(Ooxml *ooxml, guint entry, const GByteArray *bytes)
{
    static const XmlHandlers HANDLERS = {ooxml_start, ooxml_stop, ooxml_characters};
    Package *package = &ooxml->package;
    OoxmlPart part = {.ooxml = ooxml, .entry = entry};
    page_init(&part.page, package->state);
    xml_parse(package->state, package->part, bytes->data, bytes->len, &HANDLERS, &part);
    bool html = part.root != NULL && g_ascii_strcasecmp(part.root, "html") == 0;
    if (part.kind != NULL && part.kind->way != NULL)
        part.kind->way->end(&part);
    if (!html && part.kind != NULL) {
        bool hidden = part.kind->hidden || ooxml->entries[entry].hidden;
        PassageOrigin origin = part.kind->way == &OOXML_SHEET ? ORIGIN_TABLE : ORIGIN_DOCUMENT;
        page_flush(&part.page, package, origin, hidden ? VISIBILITY_HIDDEN : VISIBILITY_SHOWN,
                   ooxml->entries[entry].place);
    }
    if (part.kind != NULL && strcmp(part.root, "macrosheet") == 0)
        format_note(package->state, package->part, "macros", NULL);
    page_clear(&part.page);
    g_free(part.root);
    return html;
}

// A page of HTML that begins with a document type is no XML for us.
static bool ooxml_is_page(const char *name)
{
    static const char *const SUFFIXES[] = {".htm", ".html", ".xhtml", ".mht", ".mhtml", ".svg"};
    bool page = false;
    for (guint i = 0; i < G_N_ELEMENTS(SUFFIXES) && !page; i++)
        page = package_has_suffix(name, SUFFIXES[i]);
    return page;
}

static bool ooxml_is_macro(const char *name)
{
    return package_has_suffix(name, "vbaProject.bin") || package_has_suffix(name, "vbaProjectSignature.bin");
}

// False when no more files inside may be read.
static bool ooxml_read_entry(Ooxml *ooxml, guint i)
{
    Package *package = &ooxml->package;
    const char *name = zip_name(package->zip, i);
    g_autoptr(GByteArray) bytes = package_entry(package, i);
    bool xml = bytes != NULL && package_is_xml(bytes) && !ooxml_is_page(name);
    bool inside = bytes != NULL && (!xml || ooxml_xml(ooxml, i, bytes)) && !ooxml_binary(ooxml, i, bytes) &&
                  !package_is_dead(name, bytes);
    if (inside && strstr(name, "embeddings/") != NULL)
        format_note(package->state, package->part, "embedded-file", NULL);
    return !inside || package_inside(package, i, bytes);
}

static bool ooxml_entry(Ooxml *ooxml, guint i)
{
    const char *name = zip_name(ooxml->package.zip, i);
    bool macro = ooxml_is_macro(name);
    if (macro)
        format_note(ooxml->package.state, ooxml->package.part, "macros", NULL);
    // What a printer is told is no text.
    bool dead = macro || package_is_dead(name, NULL) || strstr(name, "printerSettings") != NULL;
    return dead || ooxml_read_entry(ooxml, i);
}

// ---- the package -----------------------------------------------------------------------------------------

// What a part needs to be understood comes before it.
static bool ooxml_before(Ooxml *ooxml, guint i)
{
    const GPtrArray *relations = ooxml->entries[i].relations;
    bool going = true;
    for (guint k = 0; going && relations != NULL && k < relations->len; k++) {
        const OoxmlRelation *relation = relations->pdata[k];
        bool needed = strcmp(relation->type, "styles") == 0 || strcmp(relation->type, "sharedStrings") == 0;
        if (!needed || relation->target < 0 || ooxml->entries[relation->target].queued)
            continue;
        ooxml->entries[relation->target].queued = true;
        going = ooxml_entry(ooxml, (guint)relation->target);
    }
    return going;
}

static bool ooxml_walk(Ooxml *ooxml)
{
    bool going = true;
    while (going && !g_queue_is_empty(ooxml->queue)) {
        guint i = GPOINTER_TO_UINT(g_queue_pop_head(ooxml->queue));
        going = ooxml_before(ooxml, i) && ooxml_entry(ooxml, i);
        ooxml_queue_all(ooxml, i);
    }
    return going;
}

// A binary workbook's parts are records, and its strings come before itself.
static bool ooxml_is_binary(const Ooxml *ooxml)
{
    const GPtrArray *relations = ooxml->entries[zip_count(ooxml->package.zip)].relations;
    bool binary = false;
    for (guint k = 0; relations != NULL && k < relations->len && !binary; k++) {
        const OoxmlRelation *relation = relations->pdata[k];
        binary = strcmp(relation->type, "officeDocument") == 0 && relation->target >= 0 &&
                 package_has_suffix(zip_name(ooxml->package.zip, (guint)relation->target), ".bin");
    }
    return binary;
}

// Thumbnails of the package stay out: they show again what the first page says.
static bool ooxml_is_thumbnail(const Ooxml *ooxml, guint i)
{
    const GPtrArray *relations = ooxml->entries[zip_count(ooxml->package.zip)].relations;
    bool thumbnail = false;
    for (guint k = 0; relations != NULL && k < relations->len && !thumbnail; k++) {
        const OoxmlRelation *relation = relations->pdata[k];
        thumbnail = relation->target == (int)i && strcmp(relation->type, "thumbnail") == 0;
    }
    return thumbnail;
}

static void ooxml_package(Ooxml *ooxml)
{
    Package *package = &ooxml->package;
    guint count = zip_count(package->zip);
    ooxml_relations_read(ooxml);
    ooxml->binary = ooxml_is_binary(ooxml);
    ooxml_queue_all(ooxml, count);
    bool going = ooxml_walk(ooxml);
    bool related = ooxml->main;
    for (guint i = 0; going && i < count; i++) {
        bool left =
            !ooxml->entries[i].queued && strcmp(zip_name(package->zip, i), "[Content_Types].xml") != 0;
        if (left && !ooxml_is_thumbnail(ooxml, i) &&
            ooxml_queue(ooxml, (int)i, related ? zip_name(package->zip, i) : NULL, false))
            going = ooxml_walk(ooxml);
    }
    ooxml_strings_end(ooxml);
    ooxml_relations_clear(ooxml);
}

// Other packages of the same make (XPS, NuGet) and folders that happen to be called as those of Office's are archives.
static bool ooxml_is_archive(const Ooxml *ooxml, bool typed)
{
    const Part *info = ooxml->package.state->message->parts->pdata[ooxml->package.part];
    return !typed || (!ooxml->main && strcmp(info->sniffed, "application/vnd.openxmlformats-package") == 0);
}

void ooxml_read(ReaderState *state, guint part, SniffBytes bytes)
{
    Ooxml ooxml = {.strings = g_string_new(NULL),
                   .string_at = g_array_new(FALSE, FALSE, sizeof(gsize)),
                   .shown = g_byte_array_new(),
                   .vanishing = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
    bool open = package_open(&ooxml.package, state, part, bytes);
    bool typed = open && zip_find(ooxml.package.zip, "[Content_Types].xml") >= 0;
    if (typed)
        ooxml_package(&ooxml);
    bool archive = open && ooxml_is_archive(&ooxml, typed);
    if (open && !archive && !ooxml.main)
        format_note(state, part, "damaged", "a package without its main part");
    if (archive)
        package_close_archive(&ooxml.package, bytes);
    else
        package_close(&ooxml.package);
    g_string_free(ooxml.strings, TRUE);
    g_array_unref(ooxml.string_at);
    g_byte_array_unref(ooxml.shown);
    g_hash_table_unref(ooxml.vanishing);
}
