// Zip packages of XML: their entries, links and what they tell about themselves.
#include "reader/formats/package.h"
#include "reader/html.h"

#include <math.h>
#include <string.h>

#define PACKAGE_LINKS  1000u // that get a passage of their own
#define PACKAGE_VALUES 200u  // values that do

// ---- the package -----------------------------------------------------------------------------------------

void package_open_flat(Package *package, ReaderState *state, guint part)
{
    *package = (Package){.state = state,
                         .part = part,
                         .links = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                         .more = g_string_new(NULL),
                         .parts = state->message->parts->len,
                         .facts = state->message->facts->len};
    ((Part *)state->message->parts->pdata[part])->state = PART_READ;
}

bool package_open(Package *package, ReaderState *state, guint part, SniffBytes bytes)
{
    package_open_flat(package, state, part);
    package->zip = zip_open(state, part, bytes);
    bool told = state->message->facts->len > package->facts;
    if (package->zip == NULL) {
        ((Part *)state->message->parts->pdata[part])->state = PART_FAILED;
        if (!told)
            format_note(state, part, "damaged", "no entries");
    }
    return package->zip != NULL;
}

static void package_clear(Package *package)
{
    g_clear_pointer(&package->zip, zip_close);
    g_hash_table_unref(package->links);
    g_string_free(package->more, TRUE);
}

void package_close_archive(Package *package, SniffBytes bytes)
{
    Part *info = package->state->message->parts->pdata[package->part];
    g_free(info->sniffed);
    info->sniffed = g_strdup("application/zip");
    package_clear(package);
    unpack_read(package->state, package->part, bytes);
}

void package_close(Package *package)
{
    const Message *message = package->state->message;
    format_text(package->state, package->part, ORIGIN_DATA, VISIBILITY_HIDDEN, "links", package->more->str,
                package->more->len);
    bool quiet = package->texts == 0 && message->parts->len == package->parts;
    if (quiet && message->facts->len == package->facts)
        format_note(package->state, package->part, "no-text", NULL);
    package_clear(package);
}

// ---- entries ---------------------------------------------------------------------------------------------

GByteArray *package_entry(const Package *package, guint i)
{
    return zip_extract(package->zip, i, (gsize)package->state->limits->archive_bytes);
}

bool package_inside(Package *package, guint i, const GByteArray *bytes)
{
    const char *name = zip_name(package->zip, i), *slash = strrchr(name, '/');
    return bytes->len == 0 || format_inside(package->state, package->part, slash != NULL ? slash + 1 : name,
                                            "", bytes->data, bytes->len);
}

bool package_is_xml(const GByteArray *bytes)
{
    gsize at = 0;
    bool skip = true;
    // Marks of encodings, and every other byte of UTF-16.
    while (skip && at < bytes->len && at < 64) {
        guint8 c = bytes->data[at];
        skip = c == 0xef || c == 0xbb || c == 0xbf || c == 0xff || c == 0xfe || c == 0 || g_ascii_isspace(c);
        at += skip;
    }
    return at < bytes->len && bytes->data[at] == '<';
}

bool package_is_blank(const char *text, gsize len)
{
    bool blank = true;
    for (gsize i = 0; i < len && blank; i++)
        blank = g_ascii_isspace(text[i]);
    return blank;
}

bool package_has_suffix(const char *name, const char *suffix)
{
    gsize len = strlen(name), want = strlen(suffix);
    return len >= want && g_ascii_strcasecmp(name + len - want, suffix) == 0;
}

bool package_is_dead(const char *name, const GByteArray *bytes)
{
    // Fonts whose first bytes are masked. Others are told by what they are.
    static const char *const SUFFIXES[] = {"/", ".odttf", ".fntdata"};
    const char *type = NULL;
    bool dead = false;
    for (guint i = 0; i < G_N_ELEMENTS(SUFFIXES) && !dead; i++)
        dead = package_has_suffix(name, SUFFIXES[i]);
    if (!dead && bytes != NULL)
        sniff_content(bytes->data, bytes->len, "application/octet-stream", NULL, &type);
    return dead || (type != NULL && g_str_has_prefix(type, "font/")) ||
           (bytes != NULL && bytes->len >= 4 && memcmp(bytes->data, "OTTO", 4) == 0);
}

// `from` without its last step, and `target`, with "." and ".." walked. Caller frees.
static char *package_path(const char *from, const char *target)
{
    const char *slash = strrchr(from, '/');
    g_autofree char *base =
        *target == '/' || slash == NULL ? g_strdup("") : g_strndup(from, (gsize)(slash - from) + 1);
    g_autofree char *whole = g_strconcat(base, target, NULL);
    g_strdelimit(whole, "\\", '/');
    g_auto(GStrv) steps = g_strsplit(whole, "/", -1);
    g_autoptr(GPtrArray) kept = g_ptr_array_new();
    for (guint i = 0; steps[i] != NULL; i++) {
        if (strcmp(steps[i], "..") == 0)
            g_ptr_array_set_size(kept, (gint)(kept->len - (kept->len > 0)));
        else if (*steps[i] != '\0' && strcmp(steps[i], ".") != 0)
            g_ptr_array_add(kept, steps[i]);
    }
    g_ptr_array_add(kept, NULL);
    return g_strjoinv("/", (char **)kept->pdata);
}

int package_find(const Package *package, const char *from, const char *target)
{
    g_autofree char *path = package_path(from, target);
    int found = zip_find(package->zip, path);
    g_autofree char *plain = found < 0 ? g_uri_unescape_string(path, NULL) : NULL;
    return plain != NULL ? zip_find(package->zip, plain) : found;
}

const char *package_attribute(const char **attributes, const char *name)
{
    const char *value = NULL;
    for (guint i = 0; attributes[i] != NULL && value == NULL; i += 2)
        value = strcmp(attributes[i], name) == 0 ? attributes[i + 1] : NULL;
    return value;
}

// ---- links -----------------------------------------------------------------------------------------------

void package_link(Package *package, const char *place, const char *url)
{
    g_autofree char *plain = url != NULL ? html_percent(url) : NULL;
    if (plain != NULL)
        g_strstrip(plain);
    // Places in the document and on somebody's disk lead nowhere.
    if (plain == NULL || *plain == '\0' || *plain == '#' || g_ascii_strncasecmp(plain, "file:", 5) == 0 ||
        g_hash_table_contains(package->links, plain))
        return;
    if (g_hash_table_size(package->links) < PACKAGE_LINKS)
        format_link(package->state, package->part, place, plain);
    else if (package->more->len <= (gsize)package->state->limits->document_text)
        g_string_append_printf(package->more, "%s\n", plain);
    package->texts++;
    g_hash_table_add(package->links, g_steal_pointer(&plain));
}

char *package_hyperlink(const char *code)
{
    const char *at = strstr(code, "HYPERLINK");
    if (at == NULL)
        return NULL;
    at += strlen("HYPERLINK");
    at += strspn(at, " (");
    // Switches first: \l names a place in the document itself.
    if (*at == '\\' || *at == '\0')
        return NULL;
    bool quoted = *at == '"';
    at += quoted;
    return g_strndup(at, strcspn(at, quoted ? "\"" : " \\"));
}

char *package_number(const char *value)
{
    double number = g_ascii_strtod(value, NULL);
    char plain[G_ASCII_DTOSTR_BUF_SIZE];
    if (strpbrk(value, "eE.") == NULL || !isfinite(number))
        return g_strdup(value);
    bool whole = fabs(number) < 1e15 && number == floor(number);
    return g_strdup(g_ascii_formatd(plain, sizeof plain, whole ? "%.0f" : "%.15g", number));
}

// ---- metadata --------------------------------------------------------------------------------------------

struct PackageMetadata {
    Package *package;
    GString *text, *more;
    char *property; // that the user named; NULL = none
};

// What programs count and write for themselves.
static bool metadata_is_dull(const char *name)
{
    static const char *const NAMES[] = {
        "AppVersion",
        "Application",
        "Characters",
        "CharactersWithSpaces",
        "DocSecurity",
        "HiddenSlides",
        "HyperlinksChanged",
        "Lines",
        "LinksUpToDate",
        "MMClips",
        "Notes",
        "Pages",
        "Paragraphs",
        "PresentationFormat",
        "ScaleCrop",
        "SharedDoc",
        "Slides",
        "Template",
        "TotalTime",
        "Words",
        "bool",
        "created",
        "creation-date",
        "date",
        "editing-cycles",
        "editing-duration",
        "filetime",
        "generator",
        "i4",
        "identifier",
        "lastPrinted",
        "modified",
        "print-date",
        "revision",
    };
    bool dull = false;
    for (guint i = 0; i < G_N_ELEMENTS(NAMES) && !dull; i++)
        dull = strcmp(name, NAMES[i]) == 0;
    return dull;
}

static void metadata_start(void *data, const char *name, const char **attributes)
{
    PackageMetadata *run = data;
    const char *given = package_attribute(attributes, "name");
    g_string_truncate(run->text, 0);
    if (given != NULL) {
        g_free(run->property);
        run->property = g_strdup(given);
    }
}

static void metadata_end(void *data, const char *name)
{
    PackageMetadata *run = data;
    const char *key = run->property != NULL ? run->property : name;
    g_strstrip(run->text->str);
    bool told = *run->text->str != '\0' && (run->property != NULL || !metadata_is_dull(name));
    if (told && run->package->metadata++ < PACKAGE_VALUES)
        format_metadata(run->package->state, run->package->part, key, run->text->str);
    else if (told && run->more->len <= (gsize)run->package->state->limits->document_text)
        g_string_append_printf(run->more, "%s: %s\n", key, run->text->str);
    g_string_truncate(run->text, 0);
    if (strcmp(name, "property") == 0 || strcmp(name, "user-defined") == 0)
        g_clear_pointer(&run->property, g_free);
}

static void metadata_text(void *data, const char *text, gsize len)
{
    g_string_append_len(((PackageMetadata *)data)->text, text, (gssize)len);
}

const XmlHandlers PACKAGE_METADATA = {metadata_start, metadata_end, metadata_text};

PackageMetadata *package_metadata_new(Package *package)
{
    PackageMetadata *run = g_new0(PackageMetadata, 1);
    run->package = package;
    run->text = g_string_new(NULL);
    run->more = g_string_new(NULL);
    return run;
}

void package_metadata_free(PackageMetadata *run)
{
    format_metadata(run->package->state, run->package->part, "other properties", run->more->str);
    g_string_free(run->text, TRUE);
    g_string_free(run->more, TRUE);
    g_free(run->property);
    g_free(run);
}
