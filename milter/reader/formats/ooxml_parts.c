// Parts of a package that are no text of their own: styles that hide, formats and labels that show words, properties, data.
#include "reader/formats/ooxml.h"

#include <string.h>

#define STYLE_STEPS 20 // of styles that are based on each other

// ---- styles ----------------------------------------------------------------------------------------------

typedef struct {
    GHashTable *based; // style -> style it is based on
    char *style;       // that is being read
} StylesRun;

static void styles_begin(OoxmlPart *part)
{
    StylesRun *run = g_new0(StylesRun, 1);
    run->based = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    part->run = run;
}

static void styles_start(void *data, const char *name, const char **attributes)
{
    OoxmlPart *part = data;
    StylesRun *run = part->run;
    const char *value = package_attribute(attributes, "val");
    if (strcmp(name, "style") == 0) {
        g_free(run->style);
        run->style = g_strdup(package_attribute(attributes, "styleId"));
    } else if (run->style != NULL && strcmp(name, "basedOn") == 0 && value != NULL) {
        g_hash_table_replace(run->based, g_strdup(run->style), g_strdup(value));
    } else if (run->style != NULL && strcmp(name, "vanish") == 0) {
        g_hash_table_remove(run->based, run->style);
        if (ooxml_is_on(attributes, "val", true))
            g_hash_table_add(part->ooxml->vanishing, g_strdup(run->style));
    }
}

static void styles_end(OoxmlPart *part)
{
    StylesRun *run = part->run;
    GHashTable *vanishing = part->ooxml->vanishing;
    bool more = g_hash_table_size(vanishing) > 0;
    for (guint step = 0; more && step < STYLE_STEPS; step++) {
        GHashTableIter iter;
        gpointer style, base;
        more = false;
        g_hash_table_iter_init(&iter, run->based);
        while (g_hash_table_iter_next(&iter, &style, &base)) {
            if (g_hash_table_contains(vanishing, base))
                more |= g_hash_table_add(vanishing, g_strdup(style));
        }
    }
    g_hash_table_unref(run->based);
    g_free(run->style);
    g_free(run);
}

const OoxmlWay OOXML_STYLES = {{.start = styles_start}, styles_begin, styles_end};

// ---- properties ------------------------------------------------------------------------------------------

static void properties_begin(OoxmlPart *part)
{
    part->run = package_metadata_new(&part->ooxml->package);
}

static void properties_start(void *data, const char *name, const char **attributes)
{
    PACKAGE_METADATA.start(((OoxmlPart *)data)->run, name, attributes);
}

static void properties_stop(void *data, const char *name)
{
    PACKAGE_METADATA.end(((OoxmlPart *)data)->run, name);
}

static void properties_text(void *data, const char *text, gsize len)
{
    PACKAGE_METADATA.text(((OoxmlPart *)data)->run, text, len);
}

static void properties_end(OoxmlPart *part)
{
    package_metadata_free(part->run);
}

const OoxmlWay OOXML_METADATA = {
    {properties_start, properties_stop, properties_text}, properties_begin, properties_end};

// ---- data ------------------------------------------------------------------------------------------------

// Words that a cell's format or a list's label shows: long enough to say something.
#define VALUES_LABEL 8u

static void values_none(OoxmlPart *part)
{
}

// Without the marks that make letters of a format stand for themselves.
static void values_label(Page *page, const char *code)
{
    GString *text = g_string_new(NULL);
    for (; *code != '\0'; code++)
        if (*code != '"' && *code != '\\')
            g_string_append_c(text, *code);
    page_add_attribute(page, text->str);
    g_string_free(text, TRUE);
}

static void values_start(void *data, const char *name, const char **attributes)
{
    OoxmlPart *part = data;
    static const struct {
        const char *element, *attribute;
        gsize least;
    } SHOWN[] = {{"numFmt", "formatCode", VALUES_LABEL}, {"lvlText", "val", VALUES_LABEL}, {"s", "v", 1}};
    for (guint i = 0; i < G_N_ELEMENTS(SHOWN); i++) {
        const char *value =
            strcmp(name, SHOWN[i].element) == 0 ? package_attribute(attributes, SHOWN[i].attribute) : NULL;
        if (value != NULL && strlen(value) >= SHOWN[i].least)
            values_label(&part->page, value);
    }
    page_line_end(&part->page);
}

static void values_stop(void *data, const char *name)
{
    page_line_end(&((OoxmlPart *)data)->page);
}

static void values_text(void *data, const char *text, gsize len)
{
    if (!package_is_blank(text, len))
        page_add(&((OoxmlPart *)data)->page, false, text, len);
}

const OoxmlWay OOXML_VALUES = {{values_start, values_stop, values_text}, values_none, values_none};
