// The district's own CSV files: each optional, each replacing only what it tells.
#include "feeds/district.h"

#include "feeds/change.h"

#include <string.h>

// In this order: domains are known before people.
static const struct {
    const char *name;
    guint covers;
    DistrictRead read;
} FILES[] = {{"published.csv", COVERS_PUBLISHED, district_read_published},
             {"webmail.csv", COVERS_WEBMAIL, district_read_webmail},
             {"guardians.csv", COVERS_PEOPLE | COVERS_RELATIONS, district_read_guardians},
             {"personal.csv", COVERS_PERSONAL, district_read_personal},
             {"students-personal.csv", COVERS_STUDENT_ADDRESSES, district_read_students},
             {"groups.csv", COVERS_CLASSES | COVERS_SEATS, district_read_groups},
             {"lists.csv", COVERS_LISTS, district_read_lists},
             {"tools.csv", COVERS_TOOLS, district_read_tools},
             {"exceptions.csv", COVERS_EXCEPTIONS, change_read_exceptions},
             {"consents.csv", COVERS_EXCEPTIONS, change_read_consents}};

// ---- what the readers share -----------------------------------------------------------------------------

bool district_date(Table *table, guint column, int *out, GError **error)
{
    const char *text = table_get(table, column);
    *out = table_parse_date(text);
    return *out != 0 || text[0] == '\0' ||
           table_fail(table, column, error, "`%.40s` is not a date; write YYYY-MM-DD", text);
}

ModelRef district_ref(FeedRun *run, const char *text)
{
    g_autofree char *address = roster_canonical_address(run->config, text);
    return address != NULL ? model_ref(run->model, REF_ADDRESS, 0, address)
                           : model_ref(run->model, REF_ID, MODEL_NONE, text);
}

// ---- the source -----------------------------------------------------------------------------------------

static Tri district_recognise(const Source *files, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(FILES); i++)
        if (source_has(files, FILES[i].name) != NULL)
            return TRI_YES;
    return TRI_NO;
}

// What is left of a name when it may be misspelt: letters, without those that make a plural.
static char *likeness(const char *name)
{
    GString *out = g_string_new(NULL);
    for (; *name != '\0' && *name != '.'; name++)
        if (g_ascii_isalpha(*name) && g_ascii_tolower(*name) != 's')
            g_string_append_c(out, g_ascii_tolower(*name));
    return g_string_free(out, FALSE);
}

// "guardian.csv" lies there for good, and nobody reads it.
static void note_misspelt(FeedRun *run, const FeedInput *input, const char *file)
{
    g_autofree char *name = likeness(file);
    for (gsize i = 0; i < G_N_ELEMENTS(FILES); i++) {
        g_autofree char *own = likeness(FILES[i].name);
        if (strcmp(own, name) == 0 && g_ascii_strcasecmp(FILES[i].name, file) != 0 &&
            source_has(input->files, FILES[i].name) == NULL)
            run_note(run, file, 0, "not read; should it be called %s?", FILES[i].name);
    }
}

static bool district_open(FeedRun *run, FeedInput *input, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(FILES); i++)
        if (source_has(input->files, FILES[i].name) != NULL)
            input->replaces |= FILES[i].covers;
    for (guint i = 0; i < source_count(input->files); i++)
        note_misspelt(run, input, source_name(input->files, i));
    if (input->replaces != 0)
        return true;
    g_autoptr(GString) names = g_string_new(NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(FILES); i++)
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", FILES[i].name);
    g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "%s: none of the district's files in it: %s",
                source_path(input->files), names->str);
    return false;
}

static bool district_read(FeedRun *run, FeedInput *input, GError **error)
{
    bool ok = true;
    for (gsize i = 0; ok && i < G_N_ELEMENTS(FILES); i++)
        if (source_has(input->files, FILES[i].name) != NULL)
            ok = FILES[i].read(run, input, error);
    return ok;
}

const FeedImporter FEED_DISTRICT = {
    .type = "district", .recognise = district_recognise, .open = district_open, .read = district_read};
