// The users that Google's Admin console exports. Its header changes with the years; columns are known by their names
// without the remarks in brackets. Passwords are never read.
#include "feeds/header.h"
#include "feeds/run.h"
#include "feeds/units.h"

#include <string.h>

enum {
    G_GIVEN,
    G_FAMILY,
    G_EMAIL,
    G_UNIT,
    G_STATUS,
    G_RECOVERY_EMAIL,
    G_HOME_EMAIL,
    G_WORK_EMAIL,
    G_RECOVERY_PHONE,
    G_WORK_PHONE,
    G_HOME_PHONE,
    G_MOBILE,
    G_HOME_ADDRESS,
    G_EMPLOYEE,
    G_TYPE,
    G_TITLE,
    G_MANAGER,
    G_DEPARTMENT,
    G_PASSWORD,
    G_SEEN
};
static const TableColumn COLUMNS[] = {
    [G_GIVEN] = {"First Name", COLUMN_REQUIRED},
    [G_FAMILY] = {"Last Name", COLUMN_REQUIRED},
    [G_EMAIL] = {"Email Address", COLUMN_REQUIRED},
    [G_UNIT] = {"Org Unit Path", COLUMN_REQUIRED},
    [G_STATUS] = {"Status"},
    [G_RECOVERY_EMAIL] = {"Recovery Email"},
    [G_HOME_EMAIL] = {"Home Secondary Email", COLUMN_OPTIONAL, "=Secondary Email"},
    [G_WORK_EMAIL] = {"Work Secondary Email"},
    [G_RECOVERY_PHONE] = {"Recovery Phone"},
    [G_WORK_PHONE] = {"Work Phone", COLUMN_OPTIONAL, "=Work Phone 1"},
    [G_HOME_PHONE] = {"Home Phone", COLUMN_OPTIONAL, "=Home Phone 1"},
    [G_MOBILE] = {"Mobile Phone", COLUMN_OPTIONAL, "=Mobile Phone 1"},
    [G_HOME_ADDRESS] = {"Home Address", COLUMN_OPTIONAL, "=Home Address 1"},
    [G_EMPLOYEE] = {"Employee ID", COLUMN_OPTIONAL, "=Employee Id"},
    [G_TYPE] = {"Employee Type"},
    [G_TITLE] = {"Employee Title"},
    [G_MANAGER] = {"Manager Email"},
    [G_DEPARTMENT] = {"Department"},
    [G_PASSWORD] = {"Password", COLUMN_DROPPED, "=Password Hash Function"},
    [G_SEEN] = {"Last Sign In", COLUMN_DROPPED},
};

static const char *const TELLING[] = {"First Name", "Last Name", "Email Address", "Org Unit Path", NULL};

// ---- files ----------------------------------------------------------------------------------------------

// Those that look like the export; the only file of a source is taken for one in any case.
static Tri find_files(const Source *files, GPtrArray *out, GError **error)
{
    bool ok = true;
    for (guint i = 0; ok && i < source_count(files); i++) {
        const char *name = source_name(files, i);
        bool csv = strlen(name) > 4 && g_ascii_strcasecmp(name + strlen(name) - 4, ".csv") == 0;
        Tri mine = csv || source_is_single(files) ? header_has(files, name, TELLING, error) : TRI_NO;
        ok = mine != TRI_UNKNOWN;
        if (mine == TRI_YES)
            g_ptr_array_add(out, (gpointer)name);
    }
    return !ok ? TRI_UNKNOWN : out->len > 0 ? TRI_YES : TRI_NO;
}

static Tri google_recognise(const Source *files, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    return find_files(files, names, error);
}

static bool google_open(FeedRun *run, FeedInput *input, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    Tri any = find_files(input->files, names, error);
    if (any == TRI_UNKNOWN)
        return false;
    // The error of a single file with another header tells the column that is missing.
    if (any == TRI_NO && source_count(input->files) == 1)
        g_ptr_array_add(names, (gpointer)source_name(input->files, 0));
    if (names->len == 0) {
        g_set_error(
            error, BASE_ERROR, BASE_ERROR_NOINPUT,
            "%s: no user export in it: a CSV file with the columns `First Name [Required]`, `Email Address "
            "[Required]`, `Org Unit Path [Required]`",
            source_path(input->files));
        return false;
    }
    input->replaces = COVERS_PEOPLE;
    input->data = g_steal_pointer(&names);
    return true;
}

static void google_close(FeedInput *input)
{
    g_ptr_array_unref(input->data);
}

// ---- roles ----------------------------------------------------------------------------------------------

static Role role_of(const FeedSpec *spec, Table *table, const char **out_position)
{
    const struct {
        const char *on;
        guint column;
    } rules[] = {{"unit", G_UNIT}, {"type", G_TYPE}, {"title", G_TITLE}, {"department", G_DEPARTMENT}};
    Role role = ROLE_LAST;
    *out_position = "";
    for (gsize i = 0; i < G_N_ELEMENTS(rules); i++)
        if (run_role(spec, rules[i].on, table_get(table, rules[i].column), &role, out_position))
            return role;
    role = units_role(table_get(table, G_UNIT));
    if (role == ROLE_LAST)
        table_note(
            table,
            "Org Unit Path: nothing tells what people of this unit are; counted as staff; write a rule "
            "into `roles` of the source");
    return role == ROLE_LAST ? ROLE_STAFF : role;
}

static void put_post(FeedRun *run, const FeedSpec *spec, Table *table, guint32 record)
{
    const char *position;
    Role role = role_of(spec, table, &position);
    g_autofree char *title = role == ROLE_STAFF ? canon_lower(table_get(table, G_TITLE)) : g_strdup("");
    model_post(run->model, record, role, position[0] != '\0' ? position : title, "", 0, 0);
}

// ---- contacts -------------------------------------------------------------------------------------------

// A recovery address at the district is another account, often the help desk's, and nobody's private one.
static void put_private_email(FeedRun *run, Table *table, guint32 record, guint column, const char *field)
{
    const char *text = table_get(table, column);
    g_autofree char *address = roster_canonical_address(run->config, text);
    if (address != NULL && model_is_district(run->model, strrchr(address, '@') + 1))
        table_note(table, "%s: an address of the district, which is nobody's private one; not kept",
                   COLUMNS[column].name);
    else
        run_add_email(run, record, text, field, CONTACT_PERSONAL, table_file(table), table_line(table));
}

static void put_contacts(FeedRun *run, Table *table, guint32 record)
{
    static const struct {
        guint column;
        const char *field;
        ContactUse use;
    } phones[] = {{G_RECOVERY_PHONE, "recovery-phone", CONTACT_PERSONAL},
                  {G_HOME_PHONE, "home-phone", CONTACT_PERSONAL},
                  {G_MOBILE, "cell", CONTACT_PERSONAL},
                  {G_WORK_PHONE, "work", CONTACT_WORK}};
    const char *file = table_file(table);
    guint line = table_line(table);
    run_add_email(run, record, table_get(table, G_EMAIL), "email", CONTACT_ASK, file, line);
    run_add_email(run, record, table_get(table, G_WORK_EMAIL), "alias", CONTACT_ASK, file, line);
    put_private_email(run, table, record, G_RECOVERY_EMAIL, "recovery-email");
    put_private_email(run, table, record, G_HOME_EMAIL, "home-email");
    for (gsize i = 0; i < G_N_ELEMENTS(phones); i++)
        run_add_phone(run, record, table_get(table, phones[i].column), phones[i].field, phones[i].use, file,
                      line);
    g_autofree char *home = canon_value(run->config, KIND_STREET_ADDRESS, table_get(table, G_HOME_ADDRESS));
    if (home != NULL)
        model_contact(run->model, record, KIND_STREET_ADDRESS, home, "home-address", CONTACT_PERSONAL);
}

// ---- people ---------------------------------------------------------------------------------------------

static void put_manager(FeedRun *run, Table *table, guint32 record)
{
    const char *text = table_get(table, G_MANAGER);
    g_autofree char *address = roster_canonical_address(run->config, text);
    if (address != NULL)
        model_manager(run->model, record, model_ref(run->model, REF_ADDRESS, 0, address));
    else if (text[0] != '\0')
        table_note(table, "Manager Email: not a mail address; not kept");
}

static bool is_enabled(const char *status)
{
    return g_ascii_strncasecmp(status, "suspended", strlen("suspended")) != 0 &&
           g_ascii_strncasecmp(status, "archived", strlen("archived")) != 0;
}

static void put_names(FeedRun *run, Table *table, guint32 record)
{
    Model *model = run->model;
    Str given = model_text(model, table_get(table, G_GIVEN)),
        family = model_text(model, table_get(table, G_FAMILY));
    Str file = model_text(model, table_file(table));
    ModelRecord *at = model_at(model, record);
    at->given = given;
    at->family = family;
    at->file = file;
    at->line = table_line(table);
    at->enabled = is_enabled(table_get(table, G_STATUS));
    at->seen = true;
}

// A student's number is no employee's: the two may be equal by accident.
static void put_number(FeedRun *run, Table *table, guint32 record)
{
    bool student = (model_at(run->model, record)->roles & 1 << ROLE_STUDENT) != 0;
    model_ident(run->model, record, student ? "student" : "employee", table_get(table, G_EMPLOYEE));
}

static bool read_row(FeedRun *run, FeedInput *input, Table *table, GError **error)
{
    g_autofree char *address = table_address(table, G_EMAIL, error);
    if (address == NULL)
        return false;
    guint32 record = model_record(run->model, input->source, address, NULL);
    if (model_at(run->model, record)->seen) {
        table_note(table, "Email Address: there is a row with it before; not read again");
        return true;
    }
    put_names(run, table, record);
    put_post(run, input->spec, table, record);
    put_number(run, table, record);
    put_contacts(run, table, record);
    put_manager(run, table, record);
    return true;
}

static bool google_read(FeedRun *run, FeedInput *input, GError **error)
{
    const GPtrArray *names = input->data;
    bool ok = true;
    for (guint i = 0; ok && i < names->len; i++)
        ok = TABLE_EACH(run, input, names->pdata[i], COLUMNS, read_row, error);
    return ok;
}

const FeedImporter FEED_GOOGLE = {.type = "google",
                                  .recognise = google_recognise,
                                  .open = google_open,
                                  .read = google_read,
                                  .close = google_close};
