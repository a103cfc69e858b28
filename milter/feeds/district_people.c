// Who belongs to whom: guardians.csv, groups.csv, lists.csv.
#include "feeds/district.h"
#include "feeds/guardian.h"
#include "feeds/lists.h"

#include <string.h>

// ---- guardians.csv --------------------------------------------------------------------------------------

enum { G_STUDENT, G_GIVEN, G_FAMILY, G_EMAIL, G_PHONE, G_RELATION, G_ID };
static const TableColumn GUARDIANS[] = {[G_STUDENT] = {"student", COLUMN_REQUIRED},
                                        [G_GIVEN] = {"given", COLUMN_REQUIRED},
                                        [G_FAMILY] = {"family", COLUMN_REQUIRED},
                                        [G_EMAIL] = {"email", COLUMN_REQUIRED},
                                        [G_PHONE] = {"phone"},
                                        [G_RELATION] = {"relation"},
                                        [G_ID] = {"id"}};

static bool read_guardian(FeedRun *run, FeedInput *input, Table *table, GError **error)
{
    const char *student = table_get(table, G_STUDENT);
    if (student[0] == '\0')
        return table_fail(table, G_STUDENT, error, "empty; write the student's roster id or school address");
    const Guardian guardian = {.ext = table_get(table, G_ID),
                               .given = table_get(table, G_GIVEN),
                               .family = table_get(table, G_FAMILY),
                               .email = table_get(table, G_EMAIL),
                               .phone = table_get(table, G_PHONE),
                               .relation = table_get(table, G_RELATION),
                               .student = student};
    guardian_put(run, input, table, &guardian, district_ref(run, student));
    return true;
}

bool district_read_guardians(FeedRun *run, FeedInput *input, GError **error)
{
    return DISTRICT_EACH(run, input, "guardians.csv", GUARDIANS, read_guardian, error);
}

// ---- groups.csv -----------------------------------------------------------------------------------------

enum { U_GROUP, U_TITLE, U_KIND, U_SCHOOL, U_MEMBER, U_ROLE, U_BEGINS, U_ENDS, U_LIST };
static const TableColumn GROUPS[] = {[U_GROUP] = {"group", COLUMN_REQUIRED},
                                     [U_TITLE] = {"title"},
                                     [U_KIND] = {"kind"},
                                     [U_SCHOOL] = {"school"},
                                     [U_MEMBER] = {"member", COLUMN_REQUIRED},
                                     [U_ROLE] = {"role", COLUMN_REQUIRED},
                                     [U_BEGINS] = {"begins"},
                                     [U_ENDS] = {"ends"},
                                     [U_LIST] = {"list"}};

static bool check_group(Table *table, GError **error)
{
    static const char *const kinds[] = {"", "group", "team", "club", "trip", "class", NULL};
    const char *group = table_get(table, U_GROUP), *kind = table_get(table, U_KIND);
    // Exceptions name groups in lists parted by ";".
    if (group[0] == '\0' || strchr(group, ';') != NULL)
        return table_fail(table, U_GROUP, error, "empty, or with a `;`; write an id such as chess-club");
    if (!g_strv_contains(kinds, kind))
        return table_fail(table, U_KIND, error, "`%.40s` is not one of group, team, club, trip, class", kind);
    return true;
}

// A group is what all its rows say of it; its days are those from the first to the last that a row tells.
static guint32 put_group(FeedRun *run, FeedInput *input, Table *table, int begins, int ends)
{
    Model *model = run->model;
    const char *group = table_get(table, U_GROUP), *kind = table_get(table, U_KIND);
    const char *title = table_get(table, U_TITLE), *school = table_get(table, U_SCHOOL);
    guint32 at = model_class_find(model, input->source, group);
    if (at == MODEL_NONE)
        return model_class(model, input->source, group, title, school, kind[0] != '\0' ? kind : "group",
                           begins, ends);
    Str texts[] = {model_text(model, title), model_text(model, school), model_text(model, kind)};
    ModelClass *row = &g_array_index(model->classes, ModelClass, at);
    if ((row->title != 0 && texts[0] != 0 && row->title != texts[0]) ||
        (row->school != 0 && texts[1] != 0 && row->school != texts[1]) ||
        (texts[2] != 0 && row->kind != texts[2]))
        table_note(table, "title, school or kind of the group: not as in its first row, which counts");
    row->title = row->title != 0 ? row->title : texts[0];
    row->school = row->school != 0 ? row->school : texts[1];
    row->begins = row->begins == 0 || begins == 0 ? 0 : MIN(row->begins, (guint32)begins);
    row->ends = row->ends == 0 || ends == 0 ? 0 : MAX(row->ends, (guint32)ends);
    return at;
}

static bool put_member(FeedRun *run, Table *table, guint32 group, int begins, int ends, GError **error)
{
    const char *member = table_get(table, U_MEMBER);
    g_autofree char *name = g_ascii_strdown(table_get(table, U_ROLE), -1);
    Role role = ROLE_LAST;
    if (member[0] == '\0')
        return true;
    if (!role_parse(name, &role) || (role != ROLE_STAFF && role != ROLE_STUDENT))
        return table_fail(table, U_ROLE, error, "`%.40s` is neither staff nor student", name);
    model_seat_ref(run->model, group, district_ref(run, member), role, begins, ends, table_file(table),
                   table_line(table));
    return true;
}

static bool put_group_list(Lists *lists, Table *table, GError **error)
{
    if (table_get(table, U_LIST)[0] == '\0')
        return true;
    g_autofree char *address = table_address(table, U_LIST, error);
    g_autofree char *member = g_strconcat("class:", table_get(table, U_GROUP), NULL);
    if (address == NULL)
        return false;
    lists_add(lists, address, table_get(table, U_TITLE));
    return lists_member(lists, address, member, error);
}

static bool read_group(FeedRun *run, FeedInput *input, Table *table, GError **error)
{
    int begins, ends;
    if (!check_group(table, error) || !district_date(table, U_BEGINS, &begins, error) ||
        !district_date(table, U_ENDS, &ends, error))
        return false;
    if (ends != 0 && ends < begins)
        return table_fail(table, U_ENDS, error, "before `begins`");
    ends = table_day_after(ends);
    guint32 group = put_group(run, input, table, begins, ends);
    return put_member(run, table, group, begins, ends, error) && put_group_list(input->data, table, error);
}

// Addresses of groups are a source of their own, so that lists.csv and groups.csv each replace what is theirs.
static guint32 groups_source(FeedRun *run, const FeedInput *input)
{
    g_autofree char *name = g_strconcat(input->spec->name, "/groups", NULL);
    guint32 source = model_source(run->model, name, input->spec->type, name);
    ModelSource *at = &g_array_index(run->model->sources, ModelSource, source);
    at->imported = g_array_index(run->model->sources, ModelSource, input->source).imported;
    at->now = true;
    lists_forget(run->model, source);
    return source;
}

bool district_read_groups(FeedRun *run, FeedInput *input, GError **error)
{
    g_autoptr(Lists) lists = lists_new(run, groups_source(run, input));
    input->data = lists;
    bool ok = DISTRICT_EACH(run, input, "groups.csv", GROUPS, read_group, error);
    input->data = NULL;
    return ok;
}

// ---- lists.csv ------------------------------------------------------------------------------------------

enum { L_LIST, L_MEMBER, L_NAME };
static const TableColumn LISTS[] = {
    [L_LIST] = {"list", COLUMN_REQUIRED}, [L_MEMBER] = {"member", COLUMN_REQUIRED}, [L_NAME] = {"name"}};

// "class:x", "org:x", "role:x". False with `error` for what stands after the colon being no such thing.
static bool check_reference(FeedRun *run, Table *table, const char *member, bool *out_is, GError **error)
{
    const char *colon = strchr(member, ':'), *rest = colon != NULL ? colon + 1 : "";
    bool class_id = g_str_has_prefix(member, "class:"), org = g_str_has_prefix(member, "org:");
    Role role = ROLE_LAST;
    *out_is = class_id || org || g_str_has_prefix(member, "role:");
    if (!*out_is)
        return true;
    if (class_id && rest[0] != '\0')
        run_expect(run, EXPECT_CLASS, rest, "member: no such class in the roster", table_file(table),
                   table_line(table));
    else if (org && rest[0] != '\0')
        run_expect(run, EXPECT_ORG, rest, "member: no such school in the roster", table_file(table),
                   table_line(table));
    else if (class_id || org)
        return table_fail(table, L_MEMBER, error, "no id after `%s`", member);
    else if (!role_parse(rest, &role) || role < ROLE_GUARDIAN)
        return table_fail(table, L_MEMBER, error,
                          "`%.40s` is none of role:student, role:staff, role:guardian", member);
    return true;
}

static bool read_list(FeedRun *run, FeedInput *input, Table *table, GError **error)
{
    const char *member = table_get(table, L_MEMBER);
    g_autofree char *list = table_address(table, L_LIST, error);
    bool reference = false;
    if (list == NULL || !check_reference(run, table, member, &reference, error))
        return false;
    lists_add(input->data, list, table_get(table, L_NAME));
    if (member[0] == '\0' || strcmp(member, "?") == 0) {
        lists_unknown(input->data, list);
        return true;
    }
    g_autofree char *address = reference ? NULL : table_address(table, L_MEMBER, error);
    if (address == NULL && !reference)
        return false;
    if (g_strcmp0(address, list) == 0)
        table_note(table, "member: the list itself");
    return lists_member(input->data, list, address != NULL ? address : member, error);
}

bool district_read_lists(FeedRun *run, FeedInput *input, GError **error)
{
    g_autoptr(Lists) lists = lists_new(run, input->source);
    input->data = lists;
    bool ok = DISTRICT_EACH(run, input, "lists.csv", LISTS, read_list, error);
    input->data = NULL;
    return ok;
}
