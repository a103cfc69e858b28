// OpenDocument packages and flat files: text, spreadsheets, presentations, drawings and their templates.
#include "reader/formats/odf.h"

#include <string.h>

// Programs' own settings, and pictures of what is read as text.
static bool odf_is_dead(const char *name)
{
    static const char *const PREFIXES[] = {"Configurations2/", "META-INF/", "Thumbnails/",
                                           "ObjectReplacements/"};
    static const char *const NAMES[] = {"layout-cache", "manifest.rdf", "mimetype", "settings.xml"};
    bool dead = package_has_suffix(name, "/settings.xml") || package_is_dead(name, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(PREFIXES) && !dead; i++)
        dead = g_str_has_prefix(name, PREFIXES[i]);
    for (guint i = 0; i < G_N_ELEMENTS(NAMES) && !dead; i++)
        dead = strcmp(name, NAMES[i]) == 0;
    return dead;
}

// What a step of reading takes: styles first, they say what the content hides; then the content; then all the rest.
typedef enum { ODF_STYLES, ODF_CONTENT, ODF_REST, ODF_STEPS } OdfStep;

static OdfStep odf_step(const char *name)
{
    return strcmp(name, "styles.xml") == 0    ? ODF_STYLES
           : strcmp(name, "content.xml") == 0 ? ODF_CONTENT
                                              : ODF_REST;
}

static bool odf_is_text(const char *name)
{
    const char *slash = strrchr(name, '/'), *base = slash != NULL ? slash + 1 : name;
    return strcmp(base, "content.xml") == 0 || strcmp(base, "styles.xml") == 0 ||
           strcmp(base, "meta.xml") == 0;
}

// False when no more files inside may be read.
static bool odf_entry(Odf *odf, guint i)
{
    Package *package = &odf->package;
    const char *name = zip_name(package->zip, i);
    bool macro = g_str_has_prefix(name, "Basic/") || g_str_has_prefix(name, "Scripts/");
    if (macro)
        format_note(package->state, package->part, "macros", NULL);
    g_autoptr(GByteArray) bytes = macro || odf_is_dead(name) ? NULL : package_entry(package, i);
    bool text = bytes != NULL && odf_is_text(name) && package_is_xml(bytes);
    const char *place = strcmp(name, "styles.xml") == 0 ? "headers and footers"
                        : strchr(name, '/') != NULL     ? "object"
                                                        : NULL;
    if (text)
        odf_text(odf, place, place, bytes);
    return text || bytes == NULL || package_is_dead(name, bytes) || package_inside(package, i, bytes);
}

static bool odf_is_encrypted(Odf *odf)
{
    int manifest = zip_find(odf->package.zip, "META-INF/manifest.xml");
    g_autoptr(GByteArray) bytes = manifest >= 0 ? package_entry(&odf->package, (guint)manifest) : NULL;
    return bytes != NULL && sniff_finds((SniffBytes){bytes->data, bytes->len}, "encryption-data", 15);
}

static void odf_package(Odf *odf)
{
    Package *package = &odf->package;
    bool going = true;
    for (OdfStep step = ODF_STYLES; step < ODF_STEPS; step++)
        for (guint i = 0; going && i < zip_count(package->zip); i++)
            if (odf_step(zip_name(package->zip, i)) == step)
                going = odf_entry(odf, i);
}

static void odf_begin(Odf *odf)
{
    odf->hiding = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

void odf_read(ReaderState *state, guint part, SniffBytes bytes)
{
    Odf odf = {.pages = 0};
    odf_begin(&odf);
    bool open = package_open(&odf.package, state, part, bytes);
    bool content = open && zip_find(odf.package.zip, "content.xml") >= 0;
    bool archive = open && !content && zip_find(odf.package.zip, "mimetype") < 0;
    // A package of Office that begins as one of these do: either program reads what is its own.
    bool office = open && zip_find(odf.package.zip, "[Content_Types].xml") >= 0;
    if (content && odf_is_encrypted(&odf))
        format_fail(state, part, "encrypted", "an OpenDocument file with a password");
    else if (content)
        odf_package(&odf);
    else if (open && !archive)
        format_fail(state, part, "damaged", "no content");
    if (archive)
        package_close_archive(&odf.package, bytes);
    else
        package_close(&odf.package);
    g_hash_table_unref(odf.hiding);
    if (office && !archive) {
        format_note(state, part, "archive-mismatch", "OpenDocument and Office Open XML in one file");
        ooxml_read(state, part, bytes);
    }
}

void odf_flat_read(ReaderState *state, guint part, SniffBytes bytes)
{
    Odf odf = {.pages = 0};
    odf_begin(&odf);
    package_open_flat(&odf.package, state, part);
    g_autoptr(GByteArray) copy = g_byte_array_new();
    g_byte_array_append(copy, bytes.data, (guint)bytes.len);
    odf_text(&odf, "headers and footers", NULL, copy);
    package_close(&odf.package);
    g_hash_table_unref(odf.hiding);
}
