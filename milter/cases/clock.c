// By when a request is to be answered.
#include "cases/internal.h"

#include <libconfig.h>
#include <string.h>

static void free_profile(gpointer data)
{
    CaseProfile *profile = data;
    g_free(profile->name);
    g_free(profile->basis);
    g_free(profile->what);
    g_free(profile);
}

void case_clocks_free(CaseClocks *clocks)
{
    if (clocks == NULL)
        return;
    g_ptr_array_unref(clocks->profiles);
    g_hash_table_unref(clocks->closed);
    g_free(clocks);
}

const CaseProfile *case_clocks_profile(const CaseClocks *clocks, const char *name)
{
    const CaseProfile *found = NULL;
    for (guint i = 0; found == NULL && i < clocks->profiles->len; i++) {
        const CaseProfile *profile = clocks->profiles->pdata[i];
        found = strcmp(profile->name, name) == 0 ? profile : NULL;
    }
    return found;
}

// ---- reading ---------------------------------------------------------------------------------------------

typedef struct {
    const char *path;
    CaseClocks *clocks;
    GString *mistakes;
} ClockReading;

static void mistake(ClockReading *reading, const config_setting_t *at, const char *what)
{
    g_string_append_printf(reading->mistakes, "%s%s:%d: %s", reading->mistakes->len > 0 ? "\n" : "",
                           reading->path, at != NULL ? (int)config_setting_source_line(at) : 1, what);
}

static int date_of(const char *text)
{
    int64_t us = 0;
    return text != NULL && strlen(text) == 10 && clock_parse(text, &us, NULL) ? clock_local_date(us, NULL)
                                                                              : 0;
}

static void read_profile(ClockReading *reading, config_setting_t *at)
{
    static const char *const KEYS[] = {"name",     "basis",     "what",          "days",
                                       "business", "extension", "fee-when-late", NULL};
    const char *name = NULL, *basis = "", *what = "";
    int business = 0, fee = 1, days = 0, extension = 0;
    for (int i = 0; i < config_setting_length(at); i++)
        if (!g_strv_contains(KEYS, config_setting_name(config_setting_get_elem(at, (guint)i))))
            mistake(reading, config_setting_get_elem(at, (guint)i), "unknown key of a clock");
    config_setting_lookup_string(at, "basis", &basis);
    config_setting_lookup_string(at, "what", &what);
    config_setting_lookup_int(at, "days", &days);
    config_setting_lookup_int(at, "extension", &extension);
    config_setting_lookup_bool(at, "business", &business);
    config_setting_lookup_bool(at, "fee-when-late", &fee);
    if (config_setting_lookup_string(at, "name", &name) != CONFIG_TRUE || *name == '\0')
        mistake(reading, at, "a clock wants a name");
    else if (days < 0 || days > 3660 || extension < 0 || extension > 3660)
        mistake(reading, at, "days and extension: 0 to 3660");
    else if (case_clocks_profile(reading->clocks, name) != NULL)
        mistake(reading, at, "there is a clock of this name already");
    else {
        CaseProfile *profile = g_new0(CaseProfile, 1);
        *profile = (CaseProfile){g_strdup(name), g_strdup(basis), g_strdup(what), days,
                                 business != 0,  extension,       fee != 0};
        g_ptr_array_add(reading->clocks->profiles, profile);
    }
}

static void read_closed(ClockReading *reading, config_setting_t *at)
{
    for (int i = 0; at != NULL && i < config_setting_length(at); i++) {
        int date = date_of(config_setting_get_string_elem(at, i));
        if (date == 0)
            mistake(reading, at, "holidays: dates, as \"2026-11-26\"");
        g_hash_table_add(reading->clocks->closed, GINT_TO_POINTER(date));
        reading->clocks->closed_until = MAX(reading->clocks->closed_until, date / 10000);
    }
}

static void read_all(ClockReading *reading, config_t *file)
{
    config_setting_t *profiles = config_lookup(file, "clocks");
    for (int i = 0; profiles != NULL && i < config_setting_length(profiles); i++)
        read_profile(reading, config_setting_get_elem(profiles, (guint)i));
    if (reading->clocks->profiles->len == 0)
        mistake(reading, profiles, "there is no clock: write clocks: ( { name = ...; days = ...; } );");
    read_closed(reading, config_lookup(file, "holidays"));
}

CaseClocks *case_clocks_load(const char *path, GError **error)
{
    enum { FILE_MOST = 1 << 20 };
    g_autoptr(GBytes) bytes = file_read(path, FILE_MOST, error);
    if (bytes == NULL)
        return NULL;
    gsize len = 0;
    const char *data = g_bytes_get_data(bytes, &len);
    g_autofree char *text = g_strndup(data != NULL ? data : "", len);
    g_autoptr(CaseClocks) clocks = g_new0(CaseClocks, 1);
    clocks->profiles = g_ptr_array_new_with_free_func(free_profile);
    clocks->closed = g_hash_table_new(NULL, NULL);
    g_autoptr(GString) mistakes = g_string_new(NULL);
    ClockReading reading = {path, clocks, mistakes};
    config_t file;
    config_init(&file);
    if (config_read_string(&file, text) == CONFIG_TRUE)
        read_all(&reading, &file);
    else
        g_string_append_printf(mistakes, "%s:%d: %s", path, config_error_line(&file),
                               config_error_text(&file));
    config_destroy(&file);
    if (mistakes->len > 0)
        g_set_error(error, BASE_ERROR, BASE_ERROR_CONFIG, "%s", mistakes->str);
    return mistakes->len == 0 ? g_steal_pointer(&clocks) : NULL;
}

// ---- reckoning -------------------------------------------------------------------------------------------

static GDate day_of(int date)
{
    GDate day;
    g_date_clear(&day, 1);
    g_date_set_dmy(&day, (GDateDay)(date % 100), (GDateMonth)(date / 100 % 100), (GDateYear)(date / 10000));
    return day;
}

static int date_number(const GDate *day)
{
    return (int)g_date_get_year(day) * 10000 + (int)g_date_get_month(day) * 100 + (int)g_date_get_day(day);
}

static bool is_closed(const CaseClocks *clocks, const GDate *day)
{
    GDateWeekday weekday = g_date_get_weekday(day);
    return weekday == G_DATE_SATURDAY || weekday == G_DATE_SUNDAY ||
           g_hash_table_contains(clocks->closed, GINT_TO_POINTER(date_number(day)));
}

int case_due(const CaseClocks *clocks, const CaseProfile *profile, int received, int extension)
{
    GDate day = day_of(received);
    int left = profile->days > 0 ? profile->days + extension : 0;
    if (left == 0)
        return 0;
    while (left > 0) {
        g_date_add_days(&day, 1);
        left -= !profile->business || !is_closed(clocks, &day);
    }
    GDate open = day;
    while (is_closed(clocks, &open))
        g_date_subtract_days(&open, 1);
    return date_number(&open) > received ? date_number(&open) : date_number(&day);
}

int case_days_left(const CaseClocks *clocks, const CaseProfile *profile, int today, int due)
{
    GDate from = day_of(MIN(today, due)), until = day_of(MAX(today, due));
    int days = 0;
    while (g_date_compare(&from, &until) < 0) {
        g_date_add_days(&from, 1);
        days += !profile->business || !is_closed(clocks, &from);
    }
    return due < today ? -days : days;
}
