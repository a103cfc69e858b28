// Relationships of a package: what leads where, in which order it is read and what it is called.
#include "reader/formats/ooxml.h"

#include <string.h>

// ---- reading them ----------------------------------------------------------------------------------------

static void relation_free(gpointer data)
{
    OoxmlRelation *relation = data;
    g_free(relation->type);
    g_free(relation->url);
    g_free(relation);
}

typedef struct {
    Ooxml *ooxml;
    guint source;
    const char *from; // its name
} RelationsRun;

static void relations_start(void *data, const char *name, const char **attributes)
{
    RelationsRun *run = data;
    Ooxml *ooxml = run->ooxml;
    const char *id = package_attribute(attributes, "Id"), *type = package_attribute(attributes, "Type");
    const char *target = package_attribute(attributes, "Target");
    const char *mode = package_attribute(attributes, "TargetMode");
    if (strcmp(name, "Relationship") != 0 || target == NULL)
        return;
    bool outside = mode != NULL && g_ascii_strcasecmp(mode, "External") == 0;
    OoxmlRelation *relation = g_new0(OoxmlRelation, 1);
    const char *slash = type != NULL ? strrchr(type, '/') : NULL;
    relation->type = g_strdup(slash != NULL ? slash + 1 : type != NULL ? type : "");
    relation->url = outside ? g_strdup(target) : NULL;
    relation->target = outside ? -1 : package_find(&ooxml->package, run->from, target);
    OoxmlEntry *entry = &ooxml->entries[run->source];
    if (entry->relations == NULL)
        entry->relations = g_ptr_array_new_with_free_func(relation_free);
    g_ptr_array_add(entry->relations, relation);
    if (id != NULL)
        g_hash_table_replace(ooxml->ids, g_strdup_printf("%u %s", run->source, id), relation);
}

// "word/_rels/document.xml.rels" tells of "word/document.xml", "_rels/.rels" of the package.
static void relations_of(Ooxml *ooxml, guint i)
{
    static const XmlHandlers HANDLERS = {.start = relations_start};
    const char *name = zip_name(ooxml->package.zip, i), *mark = g_strrstr(name, "_rels/");
    g_autofree char *from = g_strndup(name, strlen(name) - strlen(".rels"));
    if (mark != NULL)
        memmove(from + (mark - name), from + (mark - name) + 6, strlen(from + (mark - name) + 6) + 1);
    int source = *from != '\0' ? zip_find(ooxml->package.zip, from) : (int)zip_count(ooxml->package.zip);
    g_autoptr(GByteArray) bytes = package_entry(&ooxml->package, i);
    RelationsRun run = {ooxml, source >= 0 ? (guint)source : i, from};
    if (bytes != NULL)
        xml_parse(ooxml->package.state, ooxml->package.part, bytes->data, bytes->len, &HANDLERS, &run);
}

void ooxml_relations_read(Ooxml *ooxml)
{
    guint count = zip_count(ooxml->package.zip);
    ooxml->entries = g_new0(OoxmlEntry, (gsize)count + 1);
    ooxml->ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    ooxml->queue = g_queue_new();
    for (guint i = 0; i < count; i++) {
        if (package_has_suffix(zip_name(ooxml->package.zip, i), ".rels")) {
            ooxml->entries[i].queued = true;
            relations_of(ooxml, i);
        }
    }
}

void ooxml_relations_clear(Ooxml *ooxml)
{
    for (guint i = 0; i <= zip_count(ooxml->package.zip); i++) {
        g_clear_pointer(&ooxml->entries[i].relations, g_ptr_array_unref);
        g_free(ooxml->entries[i].place);
    }
    g_hash_table_unref(ooxml->ids);
    g_queue_free(ooxml->queue);
    g_free(ooxml->entries);
}

int ooxml_related(const Ooxml *ooxml, guint from, const char **attributes)
{
    int found = -1;
    for (guint i = 0; attributes[i] != NULL && found < 0; i += 2) {
        g_autofree char *key =
            strcmp(attributes[i], "id") == 0 ? g_strdup_printf("%u %s", from, attributes[i + 1]) : NULL;
        const OoxmlRelation *relation = key != NULL ? g_hash_table_lookup(ooxml->ids, key) : NULL;
        found = relation != NULL ? relation->target : -1;
    }
    return found;
}

// ---- the queue -------------------------------------------------------------------------------------------

bool ooxml_queue(Ooxml *ooxml, int entry, const char *place, bool hidden)
{
    bool fresh = entry >= 0 && !ooxml->entries[entry].queued;
    if (fresh) {
        ooxml->entries[entry].queued = true;
        ooxml->entries[entry].hidden = hidden;
        ooxml->entries[entry].place = g_strdup(place);
        g_queue_push_tail(ooxml->queue, GUINT_TO_POINTER((guint)entry));
    }
    return fresh;
}

// What the target of a relationship of `type` is called, where `owner` is called that. Caller frees.
static char *relation_place(const char *type, const char *owner)
{
    static const struct {
        const char *type, *place;
        bool alone; // shared by many owners
    } PLACES[] = {
        {"header", "header", false},
        {"footer", "footer", false},
        {"footnotes", "footnotes", false},
        {"endnotes", "endnotes", false},
        {"comments", "comments", false},
        {"threadedComment", "comments", false},
        {"notesSlide", "notes", false},
        {"chart", "chart", false},
        {"chartEx", "chart", false},
        {"diagramData", "diagram", false},
        {"diagramDrawing", "diagram", false},
        {"drawing", "drawing", false},
        {"vmlDrawing", "drawing", false},
        {"glossaryDocument", "building blocks", true},
        {"customXml", "custom data", true},
        {"slideMaster", "master", true},
        {"slideLayout", "layout", true},
        {"notesMaster", "notes master", true},
        {"handoutMaster", "handout master", true},
        {"externalLink", "other workbook", true},
        {"pivotCacheDefinition", "pivot table", true},
    };
    const char *place = NULL;
    bool alone = false;
    for (guint i = 0; i < G_N_ELEMENTS(PLACES) && place == NULL; i++) {
        if (strcmp(type, PLACES[i].type) == 0) {
            place = PLACES[i].place;
            alone = PLACES[i].alone;
        }
    }
    if (place == NULL || owner == NULL || alone)
        return g_strdup(place != NULL ? place : owner);
    return g_str_has_suffix(owner, place) ? g_strdup(owner) : g_strdup_printf("%s, %s", owner, place);
}

void ooxml_queue_all(Ooxml *ooxml, guint from)
{
    const OoxmlEntry *entry = &ooxml->entries[from];
    for (guint i = 0; entry->relations != NULL && i < entry->relations->len; i++) {
        const OoxmlRelation *relation = entry->relations->pdata[i];
        // A thumbnail shows what the first page says.
        if (strcmp(relation->type, "thumbnail") == 0)
            continue;
        // Where a template lies is nothing that a reader gets to see.
        if (relation->url != NULL && strcmp(relation->type, "attachedTemplate") != 0)
            package_link(&ooxml->package, entry->place, relation->url);
        g_autofree char *place = relation_place(relation->type, entry->place);
        ooxml_queue(ooxml, relation->target, place, entry->hidden);
    }
}

// ---- what lists other parts ------------------------------------------------------------------------------

typedef struct {
    guint slides;
    GString *name; // of a defined name; it holds a constant or a formula
    bool in_name;
} OrderRun;

static void order_begin(OoxmlPart *part)
{
    OrderRun *run = g_new0(OrderRun, 1);
    run->name = g_string_new(NULL);
    part->run = run;
}

static void order_end(OoxmlPart *part)
{
    OrderRun *run = part->run;
    g_string_free(run->name, TRUE);
    g_free(run);
}

static void order_start(void *data, const char *name, const char **attributes)
{
    OoxmlPart *part = data;
    OrderRun *run = part->run;
    g_autofree char *place = NULL;
    const char *title = package_attribute(attributes, "name");
    if (strcmp(name, "sldId") == 0) {
        place = g_strdup_printf("slide %u", ++run->slides);
        ooxml_queue(part->ooxml, ooxml_related(part->ooxml, part->entry, attributes), place, false);
    } else if (strcmp(name, "sheet") == 0) {
        const char *state = package_attribute(attributes, "state");
        place = g_strdup_printf("sheet %s", title != NULL ? title : "?");
        ooxml_queue(part->ooxml, ooxml_related(part->ooxml, part->entry, attributes), place,
                    state != NULL && strcmp(state, "visible") != 0);
        // A name can be a sentence, and stands under the sheet for all to see.
        page_add_attribute(&part->page, title);
    } else if (strcmp(name, "definedName") == 0 && title != NULL && !g_str_has_prefix(title, "_xlnm.")) {
        run->in_name = true;
        g_string_printf(run->name, "%s ", title);
    }
}

static void order_stop(void *data, const char *name)
{
    OoxmlPart *part = data;
    OrderRun *run = part->run;
    if (run->in_name && strcmp(name, "definedName") == 0) {
        page_add_hidden(&part->page, run->name->str);
        run->in_name = false;
    }
}

static void order_text(void *data, const char *text, gsize len)
{
    OrderRun *run = ((OoxmlPart *)data)->run;
    if (run->in_name)
        g_string_append_len(run->name, text, (gssize)len);
}

const OoxmlWay OOXML_ORDER = {{order_start, order_stop, order_text}, order_begin, order_end};
