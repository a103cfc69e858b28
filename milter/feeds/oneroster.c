// OneRoster 1.0, 1.1 and 1.2: the manifest, what each file is, and the order they are read in.
#include "feeds/oneroster.h"

#include <string.h>

#define MANIFEST "manifest.csv"

// ---- columns --------------------------------------------------------------------------------------------

#define CHANGED                                                                                              \
    {                                                                                                        \
        "dateLastModified", COLUMN_OPTIONAL, "dataLastModified"                                              \
    }

static const TableColumn ORGS[] = {
    [O_STATUS] = {"status"}, [O_ID] = {"sourcedId", COLUMN_REQUIRED},
    [O_CHANGED] = CHANGED,   [O_NAME] = {"name", COLUMN_REQUIRED},
    [O_TYPE] = {"type"},     [O_PARENT] = {"parentSourcedId"},
};
static const TableColumn SESSIONS[] = {
    [S_STATUS] = {"status"}, [S_ID] = {"sourcedId", COLUMN_REQUIRED},
    [S_CHANGED] = CHANGED,   [S_BEGINS] = {"startDate", COLUMN_OPTIONAL, "beginDate"},
    [S_ENDS] = {"endDate"},
};
static const TableColumn USERS[] = {
    [U_STATUS] = {"status"},
    [U_ID] = {"sourcedId", COLUMN_REQUIRED},
    [U_CHANGED] = CHANGED,
    [U_ENABLED] = {"enabledUser"},
    [U_ORGS] = {"orgSourcedIds", COLUMN_OPTIONAL, "orgSourcedId"},
    [U_ROLE] = {"role"},
    [U_USERNAME] = {"username"},
    [U_GIVEN] = {"givenName", COLUMN_REQUIRED},
    [U_FAMILY] = {"familyName", COLUMN_REQUIRED},
    [U_PREFERRED_GIVEN] = {"preferredGivenName", COLUMN_OPTIONAL, "prefferedGivenName"},
    [U_PREFERRED_FAMILY] = {"preferredFamilyName", COLUMN_OPTIONAL, "prefferedFamilyName"},
    [U_EMAIL] = {"email", COLUMN_REQUIRED},
    [U_SMS] = {"sms"},
    [U_PHONE] = {"phone"},
    [U_AGENTS] = {"agentSourcedIds", COLUMN_OPTIONAL, "agents"},
    [U_PRIMARY_ORG] = {"primaryOrgSourcedId"},
    [U_OTHER_IDS] = {"userIds", COLUMN_OPTIONAL, "userId"},
    [U_IDENTIFIER] = {"identifier"},
    [U_MASTER] = {"userMasterIdentifier"},
    [U_GRADES] = {"grades", COLUMN_OPTIONAL, "grade"},
    [U_DIRECTORY] = {"activeDirectoryMatchId"},
    [U_PASSWORD] = {"password", COLUMN_DROPPED},
};
static const TableColumn ROLES[] = {
    [R_STATUS] = {"status"},
    [R_ID] = {"sourcedId"},
    [R_CHANGED] = CHANGED,
    [R_USER] = {"userSourcedId", COLUMN_REQUIRED, "userId"},
    [R_ROLE] = {"role", COLUMN_REQUIRED},
    [R_ORG] = {"orgSourcedId"},
    [R_BEGINS] = {"beginDate"},
    [R_ENDS] = {"endDate"},
    [R_GRADE] = {"grade"},
};
static const TableColumn PROFILES[] = {
    [P_STATUS] = {"status"},
    [P_USER] = {"userSourcedId"},
    [P_USERNAME] = {"username"},
    [P_ROLE] = {"role"}, // of another file
    [P_PASSWORD] = {"password", COLUMN_DROPPED},
};
// Of a row only the day of birth is looked at.
static const TableColumn DEMOGRAPHICS[] = {
    [D_STATUS] = {"status"},
    [D_USER] = {"sourcedId", COLUMN_REQUIRED, "userSourcedId"},
    [D_BIRTH] = {"birthDate"},
    [D_SEX] = {"sex", COLUMN_DROPPED},
};
static const TableColumn DEMOGRAPHICS_10[] = {
    [D_STATUS] = {"status"},
    [D_USER] = {"userSourcedId", COLUMN_REQUIRED, "=sourcedId"},
    [D_BIRTH] = {"birthdate", COLUMN_OPTIONAL, "=birthDate"},
    [D_SEX] = {"sex", COLUMN_DROPPED},
};
static const TableColumn RELATIONSHIPS[] = {
    [L_STATUS] = {"status"},
    [L_USER] = {"userSourcedId", COLUMN_REQUIRED},
    [L_OTHER] = {"relationshipUserSourcedId", COLUMN_REQUIRED},
    [L_ROLE] = {"relationshipRole", COLUMN_REQUIRED},
};
static const TableColumn CLASSES[] = {
    [C_STATUS] = {"status"},
    [C_ID] = {"sourcedId", COLUMN_REQUIRED},
    [C_CHANGED] = CHANGED,
    [C_TITLE] = {"title", COLUMN_REQUIRED},
    [C_SCHOOL] = {"schoolSourcedId", COLUMN_OPTIONAL, "orgSourcedId"},
    [C_TERMS] = {"termSourcedIds", COLUMN_OPTIONAL, "termSourcedId"},
    [C_TYPE] = {"classType"},
};
static const TableColumn ENROLLMENTS[] = {
    [E_STATUS] = {"status"},
    [E_CHANGED] = CHANGED,
    [E_CLASS] = {"classSourcedId", COLUMN_REQUIRED},
    [E_USER] = {"userSourcedId", COLUMN_REQUIRED, "userId"},
    [E_ROLE] = {"role", COLUMN_REQUIRED},
    [E_BEGINS] = {"beginDate"},
    [E_ENDS] = {"endDate"},
};

#define KINDS(demographics)                                                                                  \
    {                                                                                                        \
        [SIS_ORGS] = SIS_KIND("orgs.csv", ORGS, sis_org),                                                    \
        [SIS_SESSIONS] = SIS_KIND("academicSessions.csv", SESSIONS, sis_session),                            \
        [SIS_USERS] = SIS_KIND("users.csv", USERS, sis_user),                                                \
        [SIS_ROLES] = SIS_KIND("roles.csv", ROLES, sis_role_row),                                            \
        [SIS_PROFILES] = SIS_KIND("userProfiles.csv", PROFILES, sis_profile),                                \
        [SIS_DEMOGRAPHICS] = SIS_KIND("demographics.csv", demographics, sis_demographics),                   \
        [SIS_RELATIONSHIPS] = SIS_KIND("relationships.csv", RELATIONSHIPS, sis_relationship),                \
        [SIS_CLASSES] = SIS_KIND("classes.csv", CLASSES, sis_class),                                         \
        [SIS_ENROLLMENTS] = SIS_KIND("enrollments.csv", ENROLLMENTS, sis_enrollment),                        \
    }
static const SisKind KINDS_11[SIS_FILES] = KINDS(DEMOGRAPHICS), KINDS_10[SIS_FILES] = KINDS(DEMOGRAPHICS_10);

// ---- one import -----------------------------------------------------------------------------------------

Sis *sis_new(FeedInput *input, const SisKind *kinds)
{
    Sis *sis = g_new0(Sis, 1);
    sis->kinds = kinds;
    sis->seen = g_hash_table_new(NULL, NULL);
    sis->terms = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    sis->primary = g_array_new(FALSE, TRUE, sizeof(Str));
    sis->changes = g_array_new(FALSE, FALSE, sizeof(SisRole));
    sis->rows = g_array_new(FALSE, TRUE, sizeof(guint64));
    input->data = sis;
    return sis;
}

void sis_close(FeedInput *input)
{
    Sis *sis = input->data;
    if (sis == NULL)
        return;
    g_hash_table_unref(sis->seen);
    g_hash_table_unref(sis->terms);
    sis_end_enrollments(sis);
    g_array_unref(sis->rows);
    g_array_unref(sis->primary);
    g_array_unref(sis->changes);
    g_free(sis);
    input->data = NULL;
}

static bool is_there(const Sis *sis, const FeedInput *input, SisFile file)
{
    return sis->kinds[file].name != NULL && source_has(input->files, sis->kinds[file].name) != NULL;
}

// ---- rows -----------------------------------------------------------------------------------------------

SisFate sis_status(Sis *sis, Table *table, GError **error)
{
    const char *status = table_get(table, 0);
    bool delta = sis->modes[sis->file] == SIS_DELTA;
    bool gone = g_ascii_strcasecmp(status, "tobedeleted") == 0,
         active = g_ascii_strcasecmp(status, "active") == 0;
    if (delta && status[0] == '\0') {
        table_fail(table, 0, error,
                   "empty in a delta: write active or tobedeleted in each row, or say bulk in " MANIFEST);
        return ROW_FAILED;
    }
    if (delta && !gone && !active) {
        table_note(table, "status: neither active nor tobedeleted; taken as active");
    } else if (!delta && status[0] != '\0' && gone) {
        table_note(table, "status: marked as deleted");
    } else if (!delta && status[0] != '\0' && !active) {
        table_note(table, "status: neither active nor tobedeleted; taken as active");
    } else if (!delta && status[0] != '\0' && sis->manifest && !sis->noted) {
        // Once: all rows will be like this one.
        table_note(table, "status: filled in a bulk file; it should be empty");
        sis->noted = true;
    }
    return gone ? ROW_DELETED : ROW_KEPT;
}

// Of a row: its hash, and in these bits its line.
#define SEEN_LINES 0x3ffffffu

static guint64 row_hash(const Table *table, guint columns)
{
    guint64 hash = 14695981039346656037u;
    for (guint i = 0; i < columns; i++) {
        for (const char *at = table_get(table, i); *at != '\0'; at++)
            hash = (hash ^ (guint8)*at) * 1099511628211u;
        hash = (hash ^ 0xff) * 1099511628211u;
    }
    return (hash & ~(guint64)SEEN_LINES) | MIN(table_line(table), SEEN_LINES);
}

static bool is_same_row(guint64 a, guint64 b)
{
    return ((a ^ b) & ~(guint64)SEEN_LINES) == 0;
}

bool sis_is_repeated(FeedRun *run, Sis *sis, Table *table, const char *id, guint columns)
{
    void *key = GUINT_TO_POINTER(model_text(run->model, id));
    guint64 row = row_hash(table, columns), before = GPOINTER_TO_SIZE(g_hash_table_lookup(sis->seen, key));
    if (before == 0)
        g_hash_table_insert(sis->seen, key, GSIZE_TO_POINTER(row));
    else if (is_same_row(row, before))
        table_note(table, "sourcedId: there already, in the same row");
    else
        table_note(table, "sourcedId: there already, in another row; the first counts");
    return before != 0;
}

Tri sis_is_repeated_user(Sis *sis, Table *table, guint32 record, GError **error)
{
    if (sis->rows->len <= record)
        g_array_set_size(sis->rows, record + 1);
    guint64 row = row_hash(table, U_PASSWORD), *before = &g_array_index(sis->rows, guint64, record);
    if (*before == 0) {
        *before = row;
        return TRI_NO;
    }
    if (!is_same_row(row, *before)) {
        table_fail(table, U_ID, error,
                   "`%.80s` is in line %u already, with other data; an id is one person's",
                   table_get(table, U_ID), (guint)(*before & SEEN_LINES));
        return TRI_UNKNOWN;
    }
    table_note(table, "sourcedId: there already, in the same row");
    return TRI_YES;
}

// ---- the manifest ---------------------------------------------------------------------------------------

enum { M_NAME, M_VALUE };
static const TableColumn MANIFEST_COLUMNS[] = {
    [M_NAME] = {"propertyName", COLUMN_REQUIRED},
    [M_VALUE] = {"value", COLUMN_REQUIRED},
};

typedef enum { SAID_NOTHING, SAID_ABSENT, SAID_BULK, SAID_DELTA } Said;
typedef struct {
    Said said[SIS_FILES];
    guint lines[SIS_FILES];
    bool any, delta; // files are named; one of them as delta
} Manifest;

static void manifest_file(const Sis *sis, Manifest *manifest, Table *table, const char *name)
{
    static const char *const modes[] = {
        [SAID_ABSENT] = "absent", [SAID_BULK] = "bulk", [SAID_DELTA] = "delta"};
    const char *value = table_get(table, M_VALUE);
    Said said = SAID_NOTHING;
    for (int i = SAID_ABSENT; i <= SAID_DELTA; i++)
        if (g_ascii_strcasecmp(modes[i], value) == 0)
            said = (Said)i;
    if (value[0] == '\0')
        table_note(table, "file.%s: no value; it should be absent, bulk or delta", name);
    else if (said == SAID_NOTHING)
        table_note(table, "file.%s: `%.40s` is not known; it should be absent, bulk or delta", name, value);
    manifest->any = true;
    for (int i = 0; i < SIS_FILES; i++) {
        const char *file = sis->kinds[i].name;
        if (g_ascii_strncasecmp(name, file, strlen(name)) != 0 || strcmp(file + strlen(name), ".csv") != 0)
            continue;
        manifest->said[i] = said;
        manifest->lines[i] = table_line(table);
        manifest->delta = manifest->delta || said == SAID_DELTA;
    }
}

static void manifest_row(const Sis *sis, Manifest *manifest, Table *table)
{
    const char *name = table_get(table, M_NAME), *value = table_get(table, M_VALUE);
    if (g_str_has_prefix(name, "file."))
        manifest_file(sis, manifest, table, name + strlen("file."));
    else if (strcmp(name, "oneroster.version") == 0 && !g_str_has_prefix(value, "1."))
        table_note(table, "oneroster.version: `%.40s` is not known; read as 1.2", value);
    else if (g_str_has_prefix(name, "source.") && strcmp(value, "absent") == 0)
        table_note(table, "%.40s: `absent` is no name; left empty if there is none", name);
}

static bool read_manifest(FeedRun *run, FeedInput *input, Manifest *manifest, GError **error)
{
    g_autoptr(Table) table =
        table_open(run, input, MANIFEST, MANIFEST_COLUMNS, G_N_ELEMENTS(MANIFEST_COLUMNS), error);
    CsvStep step = table != NULL ? CSV_ROW : CSV_FAILED;
    while (step == CSV_ROW) {
        step = table_next(table, error);
        if (step == CSV_ROW)
            manifest_row(input->data, manifest, table);
    }
    return step == CSV_END;
}

// ---- which file is what ---------------------------------------------------------------------------------

static bool fail_half(FeedInput *input, GError **error, const char *what)
{
    g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: half an export: %s", source_path(input->files),
                what);
    return false;
}

// The manifest is a hint; what a file's first row says of itself counts where that leaves no doubt.
static bool settle_mode(FeedRun *run, FeedInput *input, const Manifest *manifest, SisFile file,
                        const char *status, GError **error)
{
    Sis *sis = input->data;
    const char *name = sis->kinds[file].name;
    Said said = manifest->said[file];
    bool filled = status != NULL && status[0] != '\0';
    if (said == SAID_DELTA && status != NULL && !filled) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "%s:2: status: empty, as in a bulk file, but " MANIFEST
                    ":%u says delta: read as a delta it would "
                    "change nobody, read as bulk it would take away everyone not in it; correct one of them",
                    name, manifest->lines[file]);
        return false;
    }
    bool delta = said == SAID_DELTA || (said < SAID_BULK && manifest->delta && filled);
    sis->modes[file] = delta ? SIS_DELTA : SIS_BULK;
    if (said == SAID_ABSENT)
        run_note(run, MANIFEST, manifest->lines[file], "file.%.*s: absent, but %s is there; read as %s",
                 (int)strlen(name) - 4, name, name, delta ? "delta" : "bulk");
    else if (manifest->lines[file] == 0 && manifest->any && file != SIS_RELATIONSHIPS)
        run_note(run, MANIFEST, 0, "%s is not in it; read as %s", name, delta ? "delta" : "bulk");
    return true;
}

// Reads the header and a row.
static bool open_file(FeedRun *run, FeedInput *input, const Manifest *manifest, SisFile file, GError **error)
{
    Sis *sis = input->data;
    const SisKind *kind = &sis->kinds[file];
    g_autoptr(Table) table = table_open(run, input, kind->name, kind->columns, kind->count, error);
    CsvStep step = table != NULL ? table_next(table, error) : CSV_FAILED;
    if (step == CSV_FAILED)
        return false;
    if (file == SIS_USERS && !table_has(table, U_ROLE) && !is_there(sis, input, SIS_ROLES) &&
        manifest->said[file] != SAID_DELTA) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "%s:1: column `role` is missing and there is no roles.csv; export one of them",
                    table_file(table));
        return false;
    }
    return settle_mode(run, input, manifest, file, step == CSV_ROW ? table_get(table, 0) : NULL, error);
}

// What belongs together must come together.
static bool check_set(FeedInput *input, const Manifest *manifest, guint there, GError **error)
{
    const Sis *sis = input->data;
    const SisMode *modes = sis->modes;
    if (modes[SIS_USERS] == SIS_ABSENT && modes[SIS_ROLES] == SIS_BULK)
        return fail_half(input, error, "users.csv is missing; roles.csv is imported together with it");
    if (modes[SIS_USERS] == SIS_ABSENT && modes[SIS_RELATIONSHIPS] != SIS_ABSENT && sis->sds)
        return fail_half(input, error,
                         "users.csv is missing; relationships.csv is imported together with it");
    if (modes[SIS_ROLES] != SIS_ABSENT && modes[SIS_USERS] != SIS_ABSENT &&
        modes[SIS_ROLES] != modes[SIS_USERS])
        return fail_half(input, error, "of users.csv and roles.csv one is bulk and the other a delta");
    for (int i = SIS_PROFILES; i <= SIS_DEMOGRAPHICS; i++)
        if (modes[SIS_USERS] == SIS_BULK && modes[i] == SIS_DELTA)
            return fail_half(input, error,
                             "users.csv is bulk, but userProfiles.csv or demographics.csv a delta");
    for (int i = 0; i < SIS_FILES; i++) {
        Said said = manifest->said[i];
        bool missing = said == SAID_BULK || (said == SAID_DELTA && there > 0);
        if (modes[i] != SIS_ABSENT || !missing)
            continue;
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    MANIFEST ":%u: %s should be there and is not; was the export cut?", manifest->lines[i],
                    sis->kinds[i].name);
        return false;
    }
    return true;
}

static void set_covers(FeedInput *input)
{
    const Sis *sis = input->data;
    static const struct {
        SisFile file;
        guint covers;
    } files[] = {{SIS_USERS, COVERS_PEOPLE},
                 {SIS_RELATIONSHIPS, COVERS_RELATIONS},
                 {SIS_ORGS, COVERS_ORGS},
                 {SIS_CLASSES, COVERS_CLASSES},
                 {SIS_ENROLLMENTS, COVERS_SEATS}};
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        if (sis->modes[files[i].file] == SIS_BULK)
            input->replaces |= files[i].covers;
        else if (sis->modes[files[i].file] == SIS_DELTA)
            input->changes |= files[i].covers;
    }
    // Without users.csv these add to the people of before.
    if (sis->modes[SIS_USERS] == SIS_ABSENT)
        for (int i = SIS_ROLES; i <= SIS_DEMOGRAPHICS; i++)
            if (sis->modes[i] != SIS_ABSENT)
                input->changes |= COVERS_PEOPLE;
    // Guardians of this format are told by that file only.
    if (sis->sds && sis->modes[SIS_USERS] == SIS_BULK)
        input->replaces |= COVERS_RELATIONS;
    // Enrollments to be changed need their classes while they are.
    if (sis->modes[SIS_ENROLLMENTS] == SIS_DELTA && sis->modes[SIS_CLASSES] == SIS_BULK) {
        input->replaces &= ~(guint)COVERS_CLASSES;
        input->changes |= COVERS_CLASSES;
    }
}

bool sis_open(FeedRun *run, FeedInput *input, GError **error)
{
    Sis *sis = input->data;
    Manifest manifest = {.any = false};
    guint there = 0;
    sis->manifest = !sis->sds && source_has(input->files, MANIFEST) != NULL;
    bool ok = !sis->manifest || read_manifest(run, input, &manifest, error);
    for (int i = 0; ok && i < SIS_FILES; i++)
        if (is_there(sis, input, i)) {
            ok = open_file(run, input, &manifest, i, error);
            there++;
        }
    if (!ok || !check_set(input, &manifest, there, error))
        return false;
    if (there == 0 && sis->manifest)
        run_note(run, MANIFEST, 0, "no file with it: nothing has changed");
    if (there == 0 && !sis->manifest)
        g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT,
                    "%s: neither users.csv nor another file of this type", source_path(input->files));
    set_covers(input);
    return there > 0 || sis->manifest;
}

// ---- reading --------------------------------------------------------------------------------------------

// A delta changes something.
static bool check_former(const FeedRun *run, const FeedInput *input, GError **error)
{
    const Model *model = run->model;
    bool known = input->changes == 0;
    for (guint i = 0; i < model->records->len && !known; i++)
        known = model_at(model, i)->source == input->source;
    for (guint i = 0; i < model->classes->len && !known; i++)
        known = g_array_index(model->classes, ModelClass, i).source == input->source;
    for (guint i = 0; i < model->orgs->len && !known; i++)
        known = g_array_index(model->orgs, ModelOrg, i).source == input->source;
    if (!known)
        g_set_error(
            error, BASE_ERROR, BASE_ERROR_DATA,
            "%s: a delta, but the roster has nothing of source `%s` that it could change; import a bulk "
            "export first",
            source_path(input->files), input->spec->name);
    return known;
}

static bool end_file(FeedRun *run, FeedInput *input, SisFile file, GError **error)
{
    Sis *sis = input->data;
    if (file == SIS_CLASSES)
        sis_end_classes(run, input);
    if (file == SIS_ENROLLMENTS)
        sis_end_enrollments(sis);
    g_hash_table_remove_all(sis->seen);
    return file != SIS_RELATIONSHIPS || sis_end_people(run, input, error);
}

bool sis_read(FeedRun *run, FeedInput *input, GError **error)
{
    Sis *sis = input->data;
    bool ok = check_former(run, input, error);
    sis->idents = run->model->idents->len;
    for (int i = 0; ok && i < SIS_FILES; i++) {
        const SisKind *kind = &sis->kinds[i];
        sis->file = (SisFile)i;
        sis->noted = false;
        if (i == SIS_ENROLLMENTS && sis->modes[i] != SIS_ABSENT)
            sis_begin_enrollments(run, input);
        if (sis->modes[i] != SIS_ABSENT)
            ok = table_each(run, input, kind->name, kind->columns, kind->count, kind->row, error);
        ok = ok && end_file(run, input, sis->file, error);
    }
    return ok;
}

// ---- telling them apart ---------------------------------------------------------------------------------

// The header's fields, lower case, between commas (",sourcedid,status,"); "," for an empty file. *out is NULL when the
// file is not there. False with `error`: it cannot be read.
static bool read_header(const Source *files, const char *file, char **out, GError **error)
{
    *out = NULL;
    if (source_has(files, file) == NULL)
        return true;
    g_autoptr(SourceStream) stream = source_stream(files, file, error);
    g_autoptr(CsvReader) reader =
        stream != NULL ? csv_new(source_stream_name(stream), source_read, stream) : NULL;
    CsvStep step = reader != NULL ? csv_next(reader, error) : CSV_FAILED;
    if (step == CSV_FAILED)
        return false;
    g_autoptr(GString) line = g_string_new(",");
    for (guint i = 0; i < csv_count(reader); i++) {
        g_autofree char *name = g_ascii_strdown(csv_field(reader, i), -1);
        g_string_append_printf(line, "%s,", name);
    }
    *out = g_strdup(line->str);
    return true;
}

static bool has(const char *header, const char *name)
{
    return header != NULL && strstr(header, name) != NULL;
}

// Columns of users.csv that no other format has together.
static bool is_user_header(const char *header)
{
    static const char *const names[] = {",role,",       ",roles,",     ",username,", ",givenname,",
                                        ",familyname,", ",sourcedid,", ",email,",    ",enableduser,"};
    guint known = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        known += has(header, names[i]);
    return header != NULL && (known >= 2 || strcmp(header, ",") == 0);
}

bool sis_tell(const Source *files, int *out_which, GError **error)
{
    static const char *const others[] = {"orgs.csv", "academicSessions.csv", "demographics.csv",
                                         "userProfiles.csv", "enrollments.csv"};
    g_autofree char *users = NULL, *roles = NULL, *relationships = NULL, *classes = NULL;
    if (!read_header(files, "users.csv", &users, error) || !read_header(files, "roles.csv", &roles, error) ||
        !read_header(files, "relationships.csv", &relationships, error) ||
        !read_header(files, "classes.csv", &classes, error))
        return false;
    bool manifest = source_has(files, MANIFEST) != NULL;
    bool any = is_user_header(users) || has(roles, "sourcedid,") || has(relationships, "sourcedid,") ||
               has(classes, "sourcedid,");
    for (gsize i = 0; i < G_N_ELEMENTS(others) && !any && !manifest; i++) {
        g_autofree char *header = NULL;
        if (!read_header(files, others[i], &header, error))
            return false;
        any = has(header, "sourcedid,");
    }
    bool sds =
        has(users, ",activedirectorymatchid,") ||
        (has(roles, ",usersourcedid,") && !has(roles, ",sourcedid,")) ||
        (has(relationships, ",relationshiprole,") && !has(users, ",role,") && !has(roles, ",sourcedid,")) ||
        (has(classes, ",orgsourcedid,") && !has(users, ",enableduser,"));
    *out_which = manifest ? 0 : !any ? -1 : sds ? 1 : 0;
    return true;
}

static Tri recognise(const Source *files, GError **error)
{
    int which;
    return !sis_tell(files, &which, error) ? TRI_UNKNOWN : which == 0 ? TRI_YES : TRI_NO;
}

static bool open_oneroster(FeedRun *run, FeedInput *input, GError **error)
{
    sis_new(input, source_has(input->files, MANIFEST) != NULL ? KINDS_11 : KINDS_10);
    return sis_open(run, input, error);
}

const FeedImporter FEED_ONEROSTER = {.type = "oneroster",
                                     .recognise = recognise,
                                     .open = open_oneroster,
                                     .read = sis_read,
                                     .close = sis_close};
