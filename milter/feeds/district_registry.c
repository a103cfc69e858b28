// Who owns a number, an address, a name: personal.csv, students-personal.csv, published.csv, webmail.csv, tools.csv.
#include "feeds/change.h"
#include "feeds/district.h"

#include <string.h>

#define BLOCK_NUMBERS 1000000 // a block over many exchanges would turn strangers' numbers into the school's

// ---- personal.csv ---------------------------------------------------------------------------------------

enum { P_ADDRESS, P_KIND, P_VALUE };
static const TableColumn PERSONAL[] = {[P_ADDRESS] = {"address", COLUMN_REQUIRED},
                                       [P_KIND] = {"kind", COLUMN_REQUIRED},
                                       [P_VALUE] = {"value", COLUMN_REQUIRED}};

static bool read_personal(FeedRun *run, FeedInput *input, Table *table, GError **error)
{
    Kind kind = KIND_LAST;
    const char *name = table_get(table, P_KIND), *remedy = "";
    g_autofree char *owner = table_address(table, P_ADDRESS, error);
    if (owner == NULL)
        return false;
    if (!change_personal_kind(name, &kind))
        return table_fail(table, P_KIND, error, "`%.40s` is not one of %s", name, change_personal_kinds());
    g_autofree char *value = change_personal_value(run->config, kind, table_get(table, P_VALUE), &remedy);
    g_autoptr(GPtrArray) keys = value != NULL ? model_personal_keys(kind, value) : NULL;
    if (keys == NULL || keys->len == 0)
        return table_fail(table, P_VALUE, error, "not a %s; write %s", kind_name(kind), remedy);
    run_expect(run, EXPECT_STAFF, owner, "address: nobody of the staff has it; kept under the address",
               table_file(table), table_line(table));
    return model_personal(run->model, MODEL_NONE, owner, name, kind, value, input->spec->name, error);
}

bool district_read_personal(FeedRun *run, FeedInput *input, GError **error)
{
    return DISTRICT_EACH(run, input, "personal.csv", PERSONAL, read_personal, error);
}

// ---- students-personal.csv ------------------------------------------------------------------------------

enum { S_STUDENT, S_ADDRESS };
static const TableColumn STUDENTS[] = {
    [S_STUDENT] = {"student", COLUMN_REQUIRED}, [S_ADDRESS] = {"address", COLUMN_REQUIRED}};

static bool read_student(FeedRun *run, FeedInput *input, Table *table, GError **error)
{
    g_autofree char *student = table_address(table, S_STUDENT, error);
    g_autofree char *address = student != NULL ? table_address(table, S_ADDRESS, error) : NULL;
    if (address == NULL)
        return false;
    run_expect(run, EXPECT_STUDENT, student, "student: no student has this address", table_file(table),
               table_line(table));
    model_student_address(run->model, input->source, address, student);
    return true;
}

bool district_read_students(FeedRun *run, FeedInput *input, GError **error)
{
    return DISTRICT_EACH(run, input, "students-personal.csv", STUDENTS, read_student, error);
}

// ---- published.csv --------------------------------------------------------------------------------------

enum { B_KIND, B_VALUE, B_LABEL };
static const TableColumn PUBLISHED[] = {
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

static bool put_block(FeedRun *run, FeedInput *input, Table *table, GError **error)
{
    g_auto(GStrv) ends = g_strsplit(table_get(table, B_VALUE), "/", 3);
    bool pair = g_strv_length(ends) == 2;
    g_autofree char *first = pair ? canon_phone(ends[0]) : NULL;
    g_autofree char *last = pair ? canon_phone(ends[1]) : NULL;
    bool valid = first != NULL && last != NULL && first[0] == '+' && last[0] == '+' &&
                 strlen(first) == strlen(last) && strcmp(first, last) <= 0;
    if (!valid)
        return table_fail(table, B_VALUE, error, "not a block of numbers; write +14135550100/+14135550139");
    int64_t from = g_ascii_strtoll(first + 1, NULL, 10), to = g_ascii_strtoll(last + 1, NULL, 10);
    if (to - from >= BLOCK_NUMBERS)
        return table_fail(table, B_VALUE, error,
                          "a block of a million numbers or more; write the blocks you have");
    model_block(run->model, input->source, from, to, table_get(table, B_LABEL));
    return true;
}

static bool put_domain(FeedRun *run, FeedInput *input, Table *table, GError **error)
{
    const char *text = table_get(table, B_VALUE);
    g_autofree char *domain = canon_domain(text);
    if (domain == NULL || strchr(domain, '.') == NULL)
        return table_fail(table, B_VALUE, error, "`%.80s` is not a domain", text);
    g_autofree char *key = g_strconcat("domain:", domain, NULL);
    model_published(run->model, input->source, key, "domain", table_get(table, B_LABEL));
    return true;
}

static bool put_value(FeedRun *run, FeedInput *input, Table *table, Kind kind, GError **error)
{
    const char *text = table_get(table, B_VALUE);
    g_autofree char *value = canon_value(run->config, kind, text);
    g_autoptr(GPtrArray) keys = value != NULL ? canon_store_keys(kind, value) : NULL;
    if (keys == NULL || keys->len == 0)
        return table_fail(table, B_VALUE, error, "`%.80s` is not a %s", text, kind_name(kind));
    for (guint i = 0; i < keys->len; i++)
        model_published(run->model, input->source, keys->pdata[i], table_get(table, B_KIND),
                        table_get(table, B_LABEL));
    return true;
}

static bool read_published(FeedRun *run, FeedInput *input, Table *table, GError **error)
{
    const char *kind = table_get(table, B_KIND);
    if (strcmp(kind, "domain") == 0)
        return put_domain(run, input, table, error);
    if (strcmp(kind, "phone-block") == 0)
        return put_block(run, input, table, error);
    for (gsize i = 0; i < G_N_ELEMENTS(PUBLISHED_KINDS); i++)
        if (strcmp(PUBLISHED_KINDS[i].name, kind) == 0)
            return put_value(run, input, table, PUBLISHED_KINDS[i].kind, error);
    return table_fail(
        table, B_KIND, error,
        "`%.40s` is not one of domain, phone, phone-block, email, handle, invite, address, payment-handle",
        kind);
}

bool district_read_published(FeedRun *run, FeedInput *input, GError **error)
{
    return DISTRICT_EACH(run, input, "published.csv", PUBLISHED, read_published, error);
}

// ---- webmail.csv ----------------------------------------------------------------------------------------

static const TableColumn WEBMAIL[] = {{"domain", COLUMN_REQUIRED}};

static bool read_webmail(FeedRun *run, FeedInput *input, Table *table, GError **error)
{
    g_autofree char *domain = canon_domain(table_get(table, 0));
    if (domain == NULL)
        return table_fail(table, 0, error, "not a domain");
    model_webmail(run->model, input->source, domain);
    return true;
}

bool district_read_webmail(FeedRun *run, FeedInput *input, GError **error)
{
    return DISTRICT_EACH(run, input, "webmail.csv", WEBMAIL, read_webmail, error);
}

// ---- tools.csv ------------------------------------------------------------------------------------------

enum { T_NAME, T_KIND, T_VALUE, T_TENANT, T_FROM, T_UNTIL, T_APPROVER };
static const TableColumn TOOLS[] = {[T_NAME] = {"name", COLUMN_REQUIRED},
                                    [T_KIND] = {"kind", COLUMN_REQUIRED},
                                    [T_VALUE] = {"value", COLUMN_REQUIRED},
                                    [T_TENANT] = {"tenant"},
                                    [T_FROM] = {"from"},
                                    [T_UNTIL] = {"until"},
                                    [T_APPROVER] = {"approver"}};

// Canonical; NULL when it is none of the kind. Caller frees.
static char *tool_value(const char *kind, const char *text)
{
    if (strcmp(kind, "host") == 0) {
        g_autofree char *host = canon_domain(text);
        bool whole = host != NULL && strchr(host, '.') != NULL && strpbrk(host, "/:") == NULL;
        return whole ? g_steal_pointer(&host) : NULL;
    }
    return strcmp(kind, "handle") == 0 ? canon_handle(text) : canon_invite(text);
}

static bool read_tool(FeedRun *run, FeedInput *input, Table *table, GError **error)
{
    const char *kind = table_get(table, T_KIND), *name = table_get(table, T_NAME);
    int from, until;
    if (strcmp(kind, "host") != 0 && strcmp(kind, "handle") != 0 && strcmp(kind, "invite") != 0)
        return table_fail(table, T_KIND, error, "`%.40s` is not one of host, handle, invite", kind);
    g_autofree char *value = tool_value(kind, table_get(table, T_VALUE));
    if (name[0] == '\0')
        return table_fail(table, T_NAME, error, "empty; write what the tool is called");
    if (value == NULL)
        return table_fail(table, T_VALUE, error, "no %s; write %s", kind,
                          strcmp(kind, "host") == 0     ? "docs.tool.example"
                          : strcmp(kind, "handle") == 0 ? "platform:name"
                                                        : "host/path");
    if (!district_date(table, T_FROM, &from, error) || !district_date(table, T_UNTIL, &until, error))
        return false;
    if (until != 0 && until < from)
        return table_fail(table, T_UNTIL, error, "before `from`");
    g_autofree char *tenant = canon_lower(table_get(table, T_TENANT));
    model_tool(run->model, input->source, name, kind, value, tenant, from, table_day_after(until),
               table_get(table, T_APPROVER));
    return true;
}

bool district_read_tools(FeedRun *run, FeedInput *input, GError **error)
{
    return DISTRICT_EACH(run, input, "tools.csv", TOOLS, read_tool, error);
}
