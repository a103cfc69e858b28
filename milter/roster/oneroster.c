// OneRoster 1.1 and 1.2 bulk files, and the relationships.csv of their relative SDS. Passwords are never
// read.
#include "roster/import.h"

#include <string.h>

#define USERS         "users.csv"
#define ROLES         "roles.csv"
#define RELATIONSHIPS "relationships.csv"

// ---- roles --------------------------------------------------------------------------------------

static const struct {
    const char *name;
    Role role;
} ROLE_OF[] = {
    {"teacher", ROLE_STAFF},
    {"administrator", ROLE_STAFF},
    {"aide", ROLE_STAFF},
    {"proctor", ROLE_STAFF},
    {"counselor", ROLE_STAFF},
    {"principal", ROLE_STAFF},
    {"districtAdministrator", ROLE_STAFF},
    {"siteAdministrator", ROLE_STAFF},
    {"systemAdministrator", ROLE_STAFF},
    {"staff", ROLE_STAFF},
    {"faculty", ROLE_STAFF},
    {"professor", ROLE_STAFF},
    {"guardian", ROLE_GUARDIAN},
    {"parent", ROLE_GUARDIAN},
    {"relative", ROLE_GUARDIAN},
    {"student", ROLE_STUDENT},
};

// ROLE_EXTERNAL for an empty field. A role nobody knows is counted as staff: that is the role most rules
// watch.
static Role role_of(Table *table, guint column)
{
    const char *text = table_get(table, column);
    if (text[0] == '\0')
        return ROLE_EXTERNAL;
    for (gsize i = 0; i < G_N_ELEMENTS(ROLE_OF); i++)
        if (strcmp(ROLE_OF[i].name, text) == 0)
            return ROLE_OF[i].role;
    for (gsize i = 0; i < G_N_ELEMENTS(ROLE_OF); i++) {
        if (g_ascii_strcasecmp(ROLE_OF[i].name, text) == 0) {
            table_note(table, "role: `%s` should be written `%s`", text, ROLE_OF[i].name);
            return ROLE_OF[i].role;
        }
    }
    table_note(table, "role: `%.40s` is not known; counted as staff", text);
    return ROLE_STAFF;
}

static bool put_role(Import *import, const char *person, Role role, GError **error)
{
    StoreStmt *stmt = import_statement(import, "INSERT OR IGNORE INTO person_role VALUES (?1, ?2)", error);
    if (stmt == NULL)
        return false;
    store_bind_text(stmt, 1, person);
    store_bind_int(stmt, 2, role);
    return store_run(stmt, error);
}

// A list "a,b" in one field: `each` for every element that is not empty.
typedef bool (*ListFunc)(Import *import, const char *id, const char *element, guint line, GError **error);
static bool each_of_list(Import *import, const char *id, const char *list, guint line, ListFunc each,
                         GError **error)
{
    bool ok = true;
    for (const char *at = list; ok && *at != '\0';) {
        gsize length = strcspn(at, ",");
        g_autofree char *element = g_strstrip(g_strndup(at, length));
        if (element[0] != '\0')
            ok = each(import, id, element, line, error);
        at += length + (at[length] == ',' ? 1 : 0);
    }
    return ok;
}

static bool put_org(Import *import, const char *person, const char *org, guint line, GError **error)
{
    return import_run(import, error, "INSERT OR IGNORE INTO person_org VALUES (?1, ?2)", person, org, NULL);
}

enum { R_STATUS, R_USER, R_ROLE, R_ORG, R_BEGIN, R_END, R_CHANGED };
static const TableColumn ROLE_COLUMNS[] = {
    [R_STATUS] = {"status"},
    [R_USER] = {"userSourcedId", COLUMN_REQUIRED, "userId"},
    [R_ROLE] = {"role", COLUMN_REQUIRED},
    [R_ORG] = {"orgSourcedId"},
    [R_BEGIN] = {"beginDate", COLUMN_OPTIONAL, "roleStartDate"},
    [R_END] = {"endDate", COLUMN_OPTIONAL, "roleEndDate"},
    [R_CHANGED] = {"dateLastModified", COLUMN_OPTIONAL, "dataLastModified"},
};

// A role that has ended still tells who somebody is: it is kept.
static bool import_role(Import *import, Table *table, GError **error)
{
    const char *user = table_get(table, R_USER), *org = table_get(table, R_ORG);
    Role role = role_of(table, R_ROLE);
    if (user[0] == '\0')
        return table_fail(table, R_USER, error, "empty; every role is somebody's");
    if (role == ROLE_EXTERNAL)
        return table_fail(table, R_ROLE, error, "empty; write teacher, student, guardian, ...");
    table_date(table, R_BEGIN);
    table_date(table, R_END);
    if (table_is_deleted(table, R_STATUS))
        return true;
    return put_role(import, user, role, error) && (org[0] == '\0' || put_org(import, user, org, 0, error));
}

typedef bool (*RowFunc)(Import *import, Table *table, GError **error);

// Runs `row` over the rows of `file`; notes a file that has none.
static bool each_row(Import *import, const char *file, const TableColumn *columns, guint count, RowFunc row,
                     GError **error)
{
    g_autoptr(Table) table = table_open(import, file, columns, count, error);
    bool ok = table != NULL, any = false;
    CsvStep step = CSV_END;
    while (ok && (step = table_next(table, error)) == CSV_ROW) {
        any = true;
        ok = row(import, table, error);
    }
    if (ok && step == CSV_END && !any)
        import_note(import, file, 1, "a header and no rows");
    return ok && step == CSV_END;
}
#define EACH_ROW(import, file, columns, row, error)                                                          \
    each_row(import, file, columns, G_N_ELEMENTS(columns), row, error)

// ---- relationships ------------------------------------------------------------------------------

enum { L_USER, L_OTHER, L_ROLE };
static const TableColumn RELATIONSHIP_COLUMNS[] = {
    [L_USER] = {"userSourcedId", COLUMN_REQUIRED},
    [L_OTHER] = {"relationshipUserSourcedId", COLUMN_REQUIRED},
    [L_ROLE] = {"relationshipRole", COLUMN_REQUIRED},
};

static bool put_agent(Import *import, const char *file, const char *a, const char *b, guint line,
                      GError **error)
{
    StoreStmt *stmt = import_statement(import, "INSERT INTO agent VALUES (?1, ?2, ?3, ?4)", error);
    if (stmt == NULL)
        return false;
    store_bind_text(stmt, 1, a);
    store_bind_text(stmt, 2, b);
    store_bind_int(stmt, 3, line);
    store_bind_text(stmt, 4, file);
    return store_run(stmt, error);
}

static bool import_relationship(Import *import, Table *table, GError **error)
{
    const char *user = table_get(table, L_USER), *other = table_get(table, L_OTHER);
    const char *role = table_get(table, L_ROLE);
    bool guardian = g_ascii_strcasecmp(role, "guardian") == 0 || g_ascii_strcasecmp(role, "parent") == 0 ||
                    g_ascii_strcasecmp(role, "relative") == 0;
    if (user[0] == '\0' || other[0] == '\0')
        return table_fail(table, user[0] == '\0' ? L_USER : L_OTHER, error, "empty");
    if (!guardian) {
        table_note(table, "relationshipRole: `%.40s` is no guardian; not used", role);
        return true;
    }
    // Guardians have no row in this dialect's roles.csv.
    return put_agent(import, RELATIONSHIPS, user, other, 0, error) &&
           import_run(import, error,
                      "INSERT OR IGNORE INTO person_role SELECT ?1, 3 WHERE NOT EXISTS "
                      "(SELECT 1 FROM person_role WHERE person = ?1)",
                      other, NULL);
}

// ---- users --------------------------------------------------------------------------------------

enum {
    U_ID,
    U_STATUS,
    U_CHANGED,
    U_ENABLED,
    U_ORGS,
    U_ROLE,
    U_USERNAME,
    U_GIVEN,
    U_FAMILY,
    U_PREFERRED_GIVEN,
    U_PREFERRED_FAMILY,
    U_EMAIL,
    U_SMS,
    U_PHONE,
    U_AGENTS,
    U_PRIMARY_ORG,
    U_PASSWORD,
    U_OTHER_IDS,
    U_GRADES
};
static const TableColumn USER_COLUMNS[] = {
    [U_ID] = {"sourcedId", COLUMN_REQUIRED},
    [U_STATUS] = {"status"},
    [U_CHANGED] = {"dateLastModified", COLUMN_OPTIONAL, "dataLastModified"},
    [U_ENABLED] = {"enabledUser"},
    [U_ORGS] = {"orgSourcedIds"},
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
    [U_PASSWORD] = {"password", COLUMN_DROPPED},
    [U_OTHER_IDS] = {"userIds", COLUMN_OPTIONAL, "userId"},
    [U_GRADES] = {"grades", COLUMN_OPTIONAL, "grade"},
};

static bool put_agent_of_user(Import *import, const char *id, const char *agent, guint line, GError **error)
{
    return put_agent(import, USERS, id, agent, line, error);
}

static Role strongest_role(Import *import, const char *person, GError **error)
{
    StoreStmt *stmt = import_statement(import, "SELECT max(role) FROM person_role WHERE person = ?1", error);
    if (stmt == NULL)
        return ROLE_LAST;
    store_bind_text(stmt, 1, person);
    StoreStep step = store_step(stmt, error);
    Role role = step == STORE_ROW ? (Role)store_int(stmt, 0) : ROLE_EXTERNAL;
    store_reset(stmt);
    return step == STORE_FAILED ? ROLE_LAST : role;
}

static bool put_contact(Import *import, const char *id, Kind kind, const char *canonical, const char *field,
                        GError **error)
{
    g_autoptr(GPtrArray) keys = canon_store_keys(kind, canonical);
    bool ok = true;
    for (guint i = 0; ok && i < keys->len; i++)
        ok = import_run(import, error, "INSERT OR IGNORE INTO contact VALUES (?1, ?2, ?3)",
                        (char *)keys->pdata[i], id, field, NULL);
    return ok;
}

static bool import_email(Import *import, Table *table, const char *id, Role role, GError **error)
{
    const char *text = table_get(table, U_EMAIL);
    if (text[0] == '\0')
        return true;
    g_autofree char *address = roster_canonical_address(import->config, text);
    if (address == NULL) {
        table_note(table, "email: not a mail address; not kept");
        return true;
    }
    Tri district = import_is_district(import, strrchr(address, '@') + 1, error);
    if (district == TRI_NO && (role == ROLE_STAFF || role == ROLE_STUDENT))
        table_note(table, "email: outside the district's domains; it counts as a private address (domains: "
                          "district.domains and the domain rows of published.csv)");
    return district != TRI_UNKNOWN && put_contact(import, id, KIND_EMAIL, address, "email", error);
}

// The login name; where it is an address it is one more of the person's.
static bool import_username(Import *import, Table *table, const char *id, GError **error)
{
    const char *text = table_get(table, U_USERNAME);
    if (text[0] == '\0')
        return true;
    g_autofree char *login = canon_lower(text);
    g_autofree char *address = roster_canonical_address(import->config, text);
    return import_run(import, error, "INSERT OR IGNORE INTO login VALUES (?1, ?2)", login, id, NULL) &&
           (address == NULL || put_contact(import, id, KIND_EMAIL, address, "username", error));
}

// Numbers of staff go to the registry, as hashes; a family's are kept to be told from theirs.
static bool import_number(Import *import, Table *table, guint column, const char *id, Role role,
                          GError **error)
{
    const char *text = table_get(table, column), *field = USER_COLUMNS[column].name;
    if (text[0] == '\0')
        return true;
    g_autofree char *phone = canon_phone(text);
    if (phone == NULL || phone[0] != '+') {
        table_note(table, "%s: not a telephone number; not kept", field);
        return true;
    }
    if (role != ROLE_STAFF)
        return put_contact(import, id, KIND_PHONE, phone, field, error);
    g_autofree char *label = g_strconcat("roster ", field, NULL);
    return import_personal(import, "", id, label, KIND_PHONE, phone, USERS, error);
}

static bool put_staff_name(Import *import, const char *id, const char *given, const char *family,
                           GError **error)
{
    g_autoptr(GPtrArray) first = canon_words(given, 8), last = canon_words(family, 8);
    if (first->len == 0 || last->len == 0)
        return true;
    g_autoptr(GString) words = g_string_new(first->pdata[0]);
    for (guint i = 0; i < last->len; i++)
        g_string_append_printf(words, " %s", (char *)last->pdata[i]);
    return import_run(import, error, "INSERT OR IGNORE INTO staff_name VALUES (?1, ?2, ?3)",
                      (char *)last->pdata[last->len - 1], id, words->str, NULL);
}

static bool import_staff_names(Import *import, Table *table, const char *id, GError **error)
{
    const char *given[] = {table_get(table, U_GIVEN), table_get(table, U_PREFERRED_GIVEN)};
    const char *family[] = {table_get(table, U_FAMILY), table_get(table, U_PREFERRED_FAMILY)};
    bool ok = true;
    for (int i = 0; ok && i < 4; i++)
        ok = put_staff_name(import, id, given[i & 1], family[i >> 1], error);
    return ok;
}

static bool put_person(Import *import, Table *table, const char *id, GError **error)
{
    bool gone = table_is_deleted(table, U_STATUS);
    bool enabled = table_flag(table, U_ENABLED, true) && !gone;
    Tri known = import_has(import, "SELECT 1 FROM person WHERE id = ?1", id, NULL, error);
    if (known == TRI_YES)
        table_note(table, "sourcedId: there already; both rows count as one person");
    if (known != TRI_NO)
        return known == TRI_YES;
    import->summary->people++;
    return import_run(import, error, "INSERT INTO person VALUES (?1, ?2, ?3, ?4)", id,
                      table_get(table, U_GIVEN), table_get(table, U_FAMILY), enabled ? "1" : "0", NULL);
}

static bool import_user(Import *import, Table *table, GError **error)
{
    const char *id = table_get(table, U_ID), *primary = table_get(table, U_PRIMARY_ORG);
    guint line = 0;
    if (id[0] == '\0')
        return table_fail(table, U_ID, error, "empty; every user needs an id");
    Role own = role_of(table, U_ROLE);
    if (!put_person(import, table, id, error) || (own != ROLE_EXTERNAL && !put_role(import, id, own, error)))
        return false;
    Role role = strongest_role(import, id, error);
    if (role == ROLE_EXTERNAL)
        table_note(table, "role: none here or in roles.csv; the user counts as nobody");
    line = table_line(table);
    bool ok = role != ROLE_LAST && import_email(import, table, id, role, error) &&
              import_username(import, table, id, error) &&
              import_number(import, table, U_SMS, id, role, error) &&
              import_number(import, table, U_PHONE, id, role, error) &&
              each_of_list(import, id, table_get(table, U_ORGS), line, put_org, error) &&
              (primary[0] == '\0' || put_org(import, id, primary, line, error)) &&
              each_of_list(import, id, table_get(table, U_AGENTS), line, put_agent_of_user, error);
    return ok && (role != ROLE_STAFF || import_staff_names(import, table, id, error));
}

static bool check_role_column(Import *import, GError **error)
{
    g_autoptr(Table) table = table_open(import, USERS, USER_COLUMNS, G_N_ELEMENTS(USER_COLUMNS), error);
    if (table == NULL)
        return false;
    if (table_has(table, U_ROLE) || import_file_present(import, ROLES))
        return true;
    g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                "users.csv:1: column `role` is missing and there is no roles.csv; export one of them");
    return false;
}

static bool import_people(Import *import, GError **error)
{
    static const char *const tables[] = {"person", "person_role", "person_org", "contact",
                                         "login",  "agent",       "staff_name"};
    bool ok = true;
    for (gsize i = 0; ok && i < G_N_ELEMENTS(tables); i++) {
        g_autofree char *sql = g_strdup_printf("DELETE FROM %s", tables[i]);
        ok = store_exec(import->db, sql, error);
    }
    if (!ok || !import_run(import, error, "DELETE FROM personal WHERE source = 'users.csv'", NULL))
        return false;
    if (import_file_present(import, ROLES) && !EACH_ROW(import, ROLES, ROLE_COLUMNS, import_role, error))
        return false;
    if (import_file_present(import, RELATIONSHIPS) &&
        !EACH_ROW(import, RELATIONSHIPS, RELATIONSHIP_COLUMNS, import_relationship, error))
        return false;
    return check_role_column(import, error) && EACH_ROW(import, USERS, USER_COLUMNS, import_user, error);
}

// ---- schools, classes, enrolments ---------------------------------------------------------------

enum { O_ID, O_STATUS, O_NAME };
static const TableColumn ORG_COLUMNS[] = {
    [O_ID] = {"sourcedId", COLUMN_REQUIRED}, [O_STATUS] = {"status"}, [O_NAME] = {"name", COLUMN_REQUIRED}};

static bool import_org(Import *import, Table *table, GError **error)
{
    if (table_get(table, O_ID)[0] == '\0')
        return table_fail(table, O_ID, error, "empty");
    return table_is_deleted(table, O_STATUS) ||
           import_run(import, error, "INSERT OR REPLACE INTO org VALUES (?1, ?2)", table_get(table, O_ID),
                      table_get(table, O_NAME), NULL);
}

enum { C_ID, C_STATUS, C_TITLE, C_SCHOOL };
static const TableColumn CLASS_COLUMNS[] = {
    [C_ID] = {"sourcedId", COLUMN_REQUIRED},
    [C_STATUS] = {"status"},
    [C_TITLE] = {"title", COLUMN_REQUIRED},
    [C_SCHOOL] = {"schoolSourcedId", COLUMN_OPTIONAL, "orgSourcedId"},
};

static bool import_class(Import *import, Table *table, GError **error)
{
    if (table_get(table, C_ID)[0] == '\0')
        return table_fail(table, C_ID, error, "empty");
    if (table_is_deleted(table, C_STATUS))
        return true;
    import->summary->classes++;
    return import_run(import, error, "INSERT OR REPLACE INTO class VALUES (?1, ?2, ?3)",
                      table_get(table, C_ID), table_get(table, C_TITLE), table_get(table, C_SCHOOL), NULL);
}

enum { E_STATUS, E_CLASS, E_USER, E_ROLE, E_BEGIN, E_END };
static const TableColumn ENROLLMENT_COLUMNS[] = {
    [E_STATUS] = {"status"},
    [E_CLASS] = {"classSourcedId", COLUMN_REQUIRED},
    [E_USER] = {"userSourcedId", COLUMN_REQUIRED, "userId"},
    [E_ROLE] = {"role", COLUMN_REQUIRED},
    [E_BEGIN] = {"beginDate"},
    [E_END] = {"endDate"},
};

static bool put_enrollment(Import *import, Table *table, const char *role, GError **error)
{
    StoreStmt *stmt =
        import_statement(import, "INSERT OR REPLACE INTO enrollment VALUES (?1, ?2, ?3, ?4, ?5)", error);
    if (stmt == NULL)
        return false;
    store_bind_text(stmt, 1, table_get(table, E_CLASS));
    store_bind_text(stmt, 2, table_get(table, E_USER));
    store_bind_text(stmt, 3, role);
    store_bind_int(stmt, 4, table_date(table, E_BEGIN));
    store_bind_int(stmt, 5, table_date(table, E_END));
    return store_run(stmt, error);
}

static bool import_enrollment(Import *import, Table *table, GError **error)
{
    const char *class_id = table_get(table, E_CLASS), *user = table_get(table, E_USER);
    if (class_id[0] == '\0' || user[0] == '\0')
        return table_fail(table, class_id[0] == '\0' ? E_CLASS : E_USER, error, "empty");
    if (table_is_deleted(table, E_STATUS))
        return true;
    Role role = role_of(table, E_ROLE);
    Tri known_user = import_has(import, "SELECT 1 FROM person WHERE id = ?1", user, NULL, error);
    Tri known_class = import_has(import, "SELECT 1 FROM class WHERE id = ?1", class_id, NULL, error);
    if (known_user == TRI_NO)
        table_note(table, "userSourcedId: no such user in the roster");
    if (known_class == TRI_NO)
        table_note(table, "classSourcedId: no such class in the roster");
    import->summary->enrollments++;
    return known_user != TRI_UNKNOWN && known_class != TRI_UNKNOWN &&
           put_enrollment(import, table, role == ROLE_STUDENT ? "student" : "teacher", error);
}

bool oneroster_import(Import *import, GError **error)
{
    if (import_file_present(import, USERS)) {
        if (!import_people(import, error))
            return false;
    } else if (import_file_present(import, ROLES) || import_file_present(import, RELATIONSHIPS)) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "users.csv is missing; roles.csv and relationships.csv are imported together with it");
        return false;
    }
    if (import_file_present(import, "orgs.csv") &&
        (!import_run(import, error, "DELETE FROM org", NULL) ||
         !EACH_ROW(import, "orgs.csv", ORG_COLUMNS, import_org, error)))
        return false;
    if (import_file_present(import, "classes.csv") &&
        (!import_run(import, error, "DELETE FROM class", NULL) ||
         !EACH_ROW(import, "classes.csv", CLASS_COLUMNS, import_class, error)))
        return false;
    return !import_file_present(import, "enrollments.csv") ||
           (import_run(import, error, "DELETE FROM enrollment", NULL) &&
            EACH_ROW(import, "enrollments.csv", ENROLLMENT_COLUMNS, import_enrollment, error));
}
