// The district's own CSV files: personal, published, lists, students-personal, webmail.
#include "roster/import.h"

#include <string.h>

typedef bool (*RowFunc)(Import *import, Table *table, GError **error);

// Replaces what `wipe` deletes by the rows of `file`, when it is there.
static bool replace(Import *import, const char *file, const char *wipe, const TableColumn *columns,
                    guint count, RowFunc row, GError **error)
{
    if (!import_file_present(import, file))
        return true;
    g_autoptr(Table) table = table_open(import, file, columns, count, error);
    bool ok = table != NULL && store_exec(import->db, wipe, error);
    CsvStep step = CSV_END;
    while (ok && (step = table_next(table, error)) == CSV_ROW)
        ok = row(import, table, error);
    return ok && step == CSV_END;
}

static Tri knows_address(Import *import, const char *address, Role role, GError **error)
{
    const char *number = role == ROLE_STAFF ? "5" : "4";
    return import_has(import,
                      "SELECT 1 FROM contact c JOIN person_role r ON r.person = c.person "
                      "WHERE c.key = 'email:' || ?1 AND r.role = ?2",
                      address, number, error);
}

// ---- personal -----------------------------------------------------------------------------------

enum { P_ADDRESS, P_KIND, P_VALUE };
static const TableColumn PERSONAL_COLUMNS[] = {
    [P_ADDRESS] = {"address", COLUMN_REQUIRED},
    [P_KIND] = {"kind", COLUMN_REQUIRED},
    [P_VALUE] = {"value", COLUMN_REQUIRED},
};
static const struct {
    const char *name;
    Kind kind;
} PERSONAL_KINDS[] = {
    {"email", KIND_EMAIL},
    {"cell", KIND_PHONE},
    {"home-phone", KIND_PHONE},
    {"phone", KIND_PHONE},
    {"home-address", KIND_STREET_ADDRESS},
    {"handle", KIND_HANDLE},
    {"payment-handle", KIND_PAYMENT_HANDLE},
    {"invite", KIND_INVITE},
};

static bool personal_kind(Table *table, Kind *out, GError **error)
{
    const char *text = table_get(table, P_KIND);
    for (gsize i = 0; i < G_N_ELEMENTS(PERSONAL_KINDS); i++) {
        if (strcmp(PERSONAL_KINDS[i].name, text) == 0) {
            *out = PERSONAL_KINDS[i].kind;
            return true;
        }
    }
    return table_fail(
        table, P_KIND, error,
        "`%.40s` is not one of email, cell, home-phone, phone, home-address, handle, payment-handle, invite",
        text);
}

static bool import_personal_row(Import *import, Table *table, GError **error)
{
    Kind kind = KIND_LAST;
    g_autofree char *owner = table_address(table, P_ADDRESS, error);
    if (owner == NULL || !personal_kind(table, &kind, error))
        return false;
    g_autofree char *value = canon_value(import->config, kind, table_get(table, P_VALUE));
    if (value == NULL || (kind == KIND_PHONE && value[0] != '+'))
        return table_fail(table, P_VALUE, error, "not a %s; write %s", kind_name(kind),
                          kind == KIND_PHONE    ? "+14135550142"
                          : kind == KIND_EMAIL  ? "name@domain"
                          : kind == KIND_INVITE ? "host/path"
                                                : "platform:name");
    Tri known = knows_address(import, owner, ROLE_STAFF, error);
    if (known == TRI_NO)
        table_note(table, "address: nobody of the staff has it; kept under the address");
    import->summary->personal++;
    return known != TRI_UNKNOWN &&
           import_personal(import, owner, "", table_get(table, P_KIND), kind, value, "personal.csv", error);
}

// ---- students' private addresses ----------------------------------------------------------------

enum { S_STUDENT, S_ADDRESS };
static const TableColumn STUDENT_COLUMNS[] = {
    [S_STUDENT] = {"student", COLUMN_REQUIRED}, [S_ADDRESS] = {"address", COLUMN_REQUIRED}};

static bool import_student_row(Import *import, Table *table, GError **error)
{
    g_autofree char *student = table_address(table, S_STUDENT, error);
    g_autofree char *address = student != NULL ? table_address(table, S_ADDRESS, error) : NULL;
    if (address == NULL)
        return false;
    Tri known = knows_address(import, student, ROLE_STUDENT, error);
    if (known == TRI_NO)
        table_note(table, "student: no student has this address");
    import->summary->student_addresses++;
    return known != TRI_UNKNOWN &&
           import_run(import, error, "INSERT OR IGNORE INTO student_address VALUES (?1, ?2)", address,
                      student, NULL);
}

bool district_import_people(Import *import, GError **error)
{
    return replace(import, "personal.csv", "DELETE FROM personal WHERE source = 'personal.csv'",
                   PERSONAL_COLUMNS, G_N_ELEMENTS(PERSONAL_COLUMNS), import_personal_row, error) &&
           replace(import, "students-personal.csv", "DELETE FROM student_address", STUDENT_COLUMNS,
                   G_N_ELEMENTS(STUDENT_COLUMNS), import_student_row, error);
}

// ---- published ----------------------------------------------------------------------------------

enum { B_KIND, B_VALUE, B_LABEL };
static const TableColumn PUBLISHED_COLUMNS[] = {
    [B_KIND] = {"kind", COLUMN_REQUIRED}, [B_VALUE] = {"value", COLUMN_REQUIRED}, [B_LABEL] = {"label"}};
static const struct {
    const char *name;
    Kind kind;
} PUBLISHED_KINDS[] = {
    {"phone", KIND_PHONE},
    {"email", KIND_EMAIL},
    {"handle", KIND_HANDLE},
    {"invite", KIND_INVITE},
    {"address", KIND_STREET_ADDRESS},
    {"payment-handle", KIND_PAYMENT_HANDLE},
};

static bool put_block(Import *import, Table *table, GError **error)
{
    g_auto(GStrv) ends = g_strsplit(table_get(table, B_VALUE), "/", 3);
    bool pair = g_strv_length(ends) == 2;
    g_autofree char *first = pair ? canon_phone(ends[0]) : NULL;
    g_autofree char *last = pair ? canon_phone(ends[1]) : NULL;
    bool valid = first != NULL && last != NULL && first[0] == '+' && last[0] == '+' &&
                 strlen(first) == strlen(last) && strcmp(first, last) <= 0;
    if (!valid)
        return table_fail(table, B_VALUE, error, "not a block of numbers; write +14135550100/+14135550139");
    // A block over many exchanges would turn strangers' numbers into the school's.
    if (g_ascii_strtoll(last + 1, NULL, 10) - g_ascii_strtoll(first + 1, NULL, 10) >= 1000000)
        return table_fail(table, B_VALUE, error,
                          "a block of a million numbers or more; write the blocks you have");
    return import_run(import, error, "INSERT OR REPLACE INTO block VALUES (?1, ?2, ?3)", first + 1, last + 1,
                      table_get(table, B_LABEL), NULL);
}

static bool put_published(Import *import, const char *key, Table *table, GError **error)
{
    return import_run(import, error, "INSERT OR IGNORE INTO published VALUES (?1, ?2, ?3)", key,
                      table_get(table, B_KIND), table_get(table, B_LABEL), NULL);
}

static bool put_domain(Import *import, Table *table, GError **error)
{
    const char *text = table_get(table, B_VALUE);
    g_autofree char *domain = canon_domain(text);
    if (domain == NULL || strchr(domain, '.') == NULL)
        return table_fail(table, B_VALUE, error, "`%.80s` is not a domain", text);
    g_autofree char *key = g_strconcat("domain:", domain, NULL);
    return put_published(import, key, table, error);
}

static bool put_value(Import *import, Table *table, Kind kind, GError **error)
{
    const char *text = table_get(table, B_VALUE);
    g_autofree char *value = canon_value(import->config, kind, text);
    if (value == NULL)
        return table_fail(table, B_VALUE, error, "`%.80s` is not a %s", text, kind_name(kind));
    g_autoptr(GPtrArray) keys = canon_store_keys(kind, value);
    if (keys->len == 0)
        return table_fail(table, B_VALUE, error, "`%.80s` is not a %s", text, kind_name(kind));
    bool ok = true;
    for (guint i = 0; ok && i < keys->len; i++)
        ok = put_published(import, keys->pdata[i], table, error);
    return ok;
}

static bool import_published_row(Import *import, Table *table, GError **error)
{
    const char *kind = table_get(table, B_KIND);
    import->summary->published++;
    if (strcmp(kind, "domain") == 0)
        return put_domain(import, table, error);
    if (strcmp(kind, "phone-block") == 0)
        return put_block(import, table, error);
    for (gsize i = 0; i < G_N_ELEMENTS(PUBLISHED_KINDS); i++)
        if (strcmp(PUBLISHED_KINDS[i].name, kind) == 0)
            return put_value(import, table, PUBLISHED_KINDS[i].kind, error);
    return table_fail(
        table, B_KIND, error,
        "`%.40s` is not one of domain, phone, phone-block, email, handle, invite, address, payment-handle",
        kind);
}

bool district_import_published(Import *import, GError **error)
{
    return replace(import, "published.csv", "DELETE FROM published; DELETE FROM block;", PUBLISHED_COLUMNS,
                   G_N_ELEMENTS(PUBLISHED_COLUMNS), import_published_row, error);
}

// ---- lists and webmail --------------------------------------------------------------------------

enum { M_LIST, M_MEMBER };
static const TableColumn LIST_COLUMNS[] = {
    [M_LIST] = {"list", COLUMN_REQUIRED}, [M_MEMBER] = {"member", COLUMN_REQUIRED}};

static bool import_list_row(Import *import, Table *table, GError **error)
{
    const char *member = table_get(table, M_MEMBER);
    g_autofree char *list = table_address(table, M_LIST, error);
    g_autofree char *address = NULL;
    if (list == NULL)
        return false;
    if (g_str_has_prefix(member, "class:")) {
        Tri known =
            import_has(import, "SELECT 1 FROM class WHERE id = ?1", member + strlen("class:"), NULL, error);
        if (known == TRI_UNKNOWN)
            return false;
        if (known == TRI_NO)
            table_note(table, "member: no such class in the roster");
    } else if ((address = table_address(table, M_MEMBER, error)) == NULL) {
        return false;
    } else if (strcmp(address, list) == 0) {
        table_note(table, "member: the list itself");
    }
    Tri begun = import_has(import, "SELECT 1 FROM list_member WHERE list = ?1", list, NULL, error);
    if (begun == TRI_UNKNOWN)
        return false;
    import->summary->lists += begun == TRI_NO ? 1 : 0;
    import->summary->members++;
    return import_run(import, error, "INSERT OR IGNORE INTO list_member VALUES (?1, ?2)", list,
                      address != NULL ? address : member, NULL);
}

static const TableColumn WEBMAIL_COLUMNS[] = {{"domain", COLUMN_REQUIRED}};

static bool import_webmail_row(Import *import, Table *table, GError **error)
{
    g_autofree char *domain = canon_domain(table_get(table, 0));
    if (domain == NULL)
        return table_fail(table, 0, error, "not a domain");
    import->summary->webmail++;
    return import_run(import, error, "INSERT OR IGNORE INTO webmail VALUES (?1)", domain, NULL);
}

bool district_import_lists(Import *import, GError **error)
{
    return replace(import, "lists.csv", "DELETE FROM list_member", LIST_COLUMNS, G_N_ELEMENTS(LIST_COLUMNS),
                   import_list_row, error) &&
           replace(import, "webmail.csv", "DELETE FROM webmail", WEBMAIL_COLUMNS,
                   G_N_ELEMENTS(WEBMAIL_COLUMNS), import_webmail_row, error);
}
