// People: who they are, what they are where, whose they are. Passwords are never read.
#include "feeds/oneroster.h"

#include <stdlib.h>
#include <string.h>

// ---- roles ----------------------------------------------------------------------------------------------

// `position`: what is said of staff.
static const struct {
    const char *name, *position;
    Role role;
} ROLES[] = {
    {"student", "", ROLE_STUDENT},
    {"teacher", "teacher", ROLE_STAFF},
    {"guardian", "", ROLE_GUARDIAN},
    {"parent", "", ROLE_GUARDIAN},
    {"relative", "", ROLE_GUARDIAN},
    {"administrator", "administrator", ROLE_STAFF},
    {"aide", "aide", ROLE_STAFF},
    {"counselor", "counselor", ROLE_STAFF},
    {"districtAdministrator", "district administrator", ROLE_STAFF},
    {"principal", "principal", ROLE_STAFF},
    {"proctor", "proctor", ROLE_STAFF},
    {"siteAdministrator", "site administrator", ROLE_STAFF},
    {"systemAdministrator", "system administrator", ROLE_STAFF},
    {"staff", "", ROLE_STAFF},
    {"faculty", "teacher", ROLE_STAFF},
    {"professor", "teacher", ROLE_STAFF},
    {"adjunct", "teacher", ROLE_STAFF},
    {"nurse", "nurse", ROLE_STAFF},
    {"coach", "coach", ROLE_STAFF},
    {"substitute", "substitute", ROLE_STAFF},
};
#define POSITION_MOST 40
#define ROLES_MOST    1000 // of one person, in a delta

// A role nobody knows is counted as staff: that is the role most rules watch.
bool sis_role(Table *table, guint column, Role *out_role, char **out_position)
{
    const char *text = table_get(table, column);
    if (g_ascii_strncasecmp(text, "ext:", 4) == 0)
        text += 4;
    *out_position = NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(ROLES); i++) {
        if (g_ascii_strcasecmp(ROLES[i].name, text) != 0)
            continue;
        if (strcmp(ROLES[i].name, text) != 0)
            table_note(table, "role: `%s` should be written `%s`", text, ROLES[i].name);
        *out_role = ROLES[i].role;
        *out_position = g_strdup(ROLES[i].position);
        return true;
    }
    if (text[0] == '\0')
        return false;
    g_autofree char *cut = g_utf8_substring(text, 0, MIN(g_utf8_strlen(text, -1), POSITION_MOST));
    table_note(table, "role: `%s` is not known; counted as staff", table_get(table, column));
    *out_role = ROLE_STAFF;
    *out_position = canon_lower(cut);
    return true;
}

bool sis_role_row(FeedRun *run, FeedInput *input, Table *table, GError **error)
{
    Sis *sis = input->data;
    SisRole row = {.begins = table_date(table, R_BEGINS), .ends = table_date(table, R_ENDS)};
    bool delta = sis->modes[SIS_ROLES] == SIS_DELTA;
    g_autofree char *position = NULL;
    SisFate fate = sis_status(sis, table, error);
    if (fate == ROW_FAILED || (fate == ROW_DELETED && !delta))
        return fate != ROW_FAILED;
    if (table_get(table, R_USER)[0] == '\0' || table_get(table, R_ROLE)[0] == '\0') {
        bool user = table_get(table, R_USER)[0] == '\0';
        if (fate == ROW_KEPT)
            return table_fail(table, user ? R_USER : R_ROLE, error,
                              user ? "empty; every role is somebody's"
                                   : "empty; write teacher, student, ...");
        table_note(table, "status: deleted, but not which role of whom; nothing deleted");
        return true;
    }
    sis_role(table, R_ROLE, &row.role, &position);
    row.record = model_find(run->model, input->source, table_get(table, R_USER));
    if (row.record == MODEL_NONE) {
        table_note(table, "userSourcedId: no such user in the roster");
        return true;
    }
    const char *org = table_get(table, R_ORG), *grade = table_get(table, R_GRADE);
    if (org[0] == '\0' && row.record < sis->primary->len)
        org = model_string(run->model, g_array_index(sis->primary, Str, row.record));
    ModelRecord *record = model_at(run->model, row.record);
    if (row.role == ROLE_STUDENT && grade[0] != '\0')
        record->grade = model_text(run->model, grade);
    if (!delta) {
        model_post(run->model, row.record, row.role, position, org, row.begins, row.ends);
        return true;
    }
    row.position = model_text(run->model, position);
    row.org = model_text(run->model, org);
    row.deleted = fate == ROW_DELETED;
    row.order = sis->changes->len;
    g_array_append_val(sis->changes, row);
    return true;
}

// ---- users ----------------------------------------------------------------------------------------------

// The elements of a list "a,b" in one field that are not empty. *at moves on; NULL at the end. Caller frees.
static char *next_element(const char **at)
{
    char *element = NULL;
    while (element == NULL && **at != '\0') {
        gsize length = strcspn(*at, ",");
        element = g_strstrip(g_strndup(*at, length));
        *at += length + ((*at)[length] == ',' ? 1 : 0);
        if (element[0] == '\0')
            g_clear_pointer(&element, g_free);
    }
    return element;
}

static void add_posts(FeedRun *run, Table *table, guint32 record)
{
    Role role;
    g_autofree char *position = NULL;
    if (!sis_role(table, U_ROLE, &role, &position))
        return;
    const char *at = table_get(table, U_ORGS), *primary = table_get(table, U_PRIMARY_ORG);
    bool any = false, has_primary = primary[0] == '\0';
    for (char *org = next_element(&at); org != NULL; org = next_element(&at)) {
        model_post(run->model, record, role, position, org, 0, 0);
        has_primary = has_primary || strcmp(org, primary) == 0;
        any = true;
        g_free(org);
    }
    if (!has_primary || !any)
        model_post(run->model, record, role, position, primary, 0, 0);
}

static void add_agents(FeedRun *run, const FeedInput *input, Table *table, const char *id)
{
    Model *model = run->model;
    const char *at = table_get(table, U_AGENTS);
    for (char *agent = next_element(&at); agent != NULL; agent = next_element(&at)) {
        model_relation(model, input->source, model_ref(model, REF_ID, input->source, id),
                       model_ref(model, REF_ID, input->source, agent), "agent", table_file(table),
                       table_line(table));
        g_free(agent);
    }
}

// "{Type:Id}".
static void add_other_ids(FeedRun *run, Table *table, guint32 record)
{
    const char *at = table_get(table, U_OTHER_IDS);
    for (char *pair = next_element(&at); pair != NULL; pair = next_element(&at)) {
        gsize length = strlen(pair);
        char *colon = strchr(pair, ':');
        if (pair[0] == '{' && pair[length - 1] == '}' && colon != NULL && colon > pair + 1) {
            pair[length - 1] = *colon = '\0';
            g_autofree char *type = canon_lower(pair + 1), *space = g_strconcat("type:", type, NULL);
            model_ident(run->model, record, space, g_strstrip(colon + 1));
        } else {
            table_note(table, "userIds: not written as {Type:Id}; not used");
        }
        g_free(pair);
    }
}

static void add_idents(FeedRun *run, const FeedInput *input, Table *table, guint32 record)
{
    const char *identifier = table_get(table, U_IDENTIFIER), *directory = table_get(table, U_DIRECTORY);
    g_autofree char *space = g_strconcat("identifier:", input->spec->ids, NULL);
    model_ident(run->model, record, space, identifier);
    model_ident(run->model, record, "master", table_get(table, U_MASTER));
    add_other_ids(run, table, record);
    g_autofree char *address = roster_canonical_address(run->config, directory);
    if (address != NULL)
        run_add_email(run, record, directory, "username", CONTACT_ASK, table_file(table), table_line(table));
    else
        model_ident(run->model, record, "directory", directory);
}

static void add_contacts(FeedRun *run, Table *table, guint32 record)
{
    const char *file = table_file(table), *login = table_get(table, U_USERNAME);
    guint line = table_line(table);
    run_add_email(run, record, table_get(table, U_EMAIL), "email", CONTACT_ASK, file, line);
    run_add_phone(run, record, table_get(table, U_SMS), "sms", CONTACT_ASK, file, line);
    run_add_phone(run, record, table_get(table, U_PHONE), "phone", CONTACT_ASK, file, line);
    g_autofree char *lower = canon_lower(login), *address = roster_canonical_address(run->config, login);
    model_at(run->model, record)->login = model_text(run->model, lower);
    if (address != NULL)
        run_add_email(run, record, login, "username", CONTACT_ASK, file, line);
}

static void put_row(FeedRun *run, Table *table, guint32 record, bool inactive)
{
    Model *model = run->model;
    const char *at = table_get(table, U_GRADES);
    g_autofree char *grade = next_element(&at);
    ModelRecord *row = model_at(model, record);
    row->given = model_text(model, table_get(table, U_GIVEN));
    row->family = model_text(model, table_get(table, U_FAMILY));
    row->preferred_given = model_text(model, table_get(table, U_PREFERRED_GIVEN));
    row->preferred_family = model_text(model, table_get(table, U_PREFERRED_FAMILY));
    row->grade = model_text(model, grade);
    row->enabled = table_flag(table, U_ENABLED, true) && !inactive;
    row->seen = true;
    row->dropped = false;
    row->gone = 0;
    row->file = model_text(model, table_file(table));
    row->line = table_line(table);
}

// The school of roles that name none. Records made before this import have none either.
static void put_primary(FeedRun *run, Sis *sis, Table *table, guint32 record)
{
    if (table_get(table, U_PRIMARY_ORG)[0] == '\0')
        return;
    if (sis->primary->len <= record)
        g_array_set_size(sis->primary, record + 1);
    g_array_index(sis->primary, Str, record) = model_text(run->model, table_get(table, U_PRIMARY_ORG));
}

// Deleted by a delta is the same as missing in a bulk file: known for a time, as not enabled.
static void drop_user(FeedRun *run, FeedInput *input, Table *table, const char *id)
{
    Sis *sis = input->data;
    if (sis->modes[SIS_USERS] != SIS_DELTA)
        return;
    guint32 record = model_find(run->model, input->source, id);
    if (record == MODEL_NONE) {
        table_note(table, "status: deleted, but no such user is in the roster");
        return;
    }
    ModelRecord *row = model_at(run->model, record);
    row->gone = row->gone != 0 ? row->gone : (guint32)run->options->today;
    row->enabled = false;
}

bool sis_user(FeedRun *run, FeedInput *input, Table *table, GError **error)
{
    Sis *sis = input->data;
    const char *id = table_get(table, U_ID);
    bool made = false, own_roles = table_has(table, U_ROLE);
    if (id[0] == '\0')
        return table_fail(table, U_ID, error, "empty; every user needs an id");
    SisFate fate = sis_status(sis, table, error);
    if (fate != ROW_KEPT) {
        if (fate == ROW_DELETED)
            drop_user(run, input, table, id);
        return fate != ROW_FAILED;
    }
    guint32 record = model_record(run->model, input->source, id, &made);
    Tri repeated = sis_is_repeated_user(sis, table, record, error);
    if (repeated != TRI_NO)
        return repeated == TRI_YES;
    if (!made) {
        model_renew_details(run->model, record);
        if (own_roles)
            model_renew_posts(run->model, record);
    }
    put_row(run, table, record, g_ascii_strcasecmp(table_get(table, U_STATUS), "inactive") == 0);
    if (own_roles)
        add_posts(run, table, record);
    put_primary(run, sis, table, record);
    add_contacts(run, table, record);
    add_idents(run, input, table, record);
    add_agents(run, input, table, id);
    return true;
}

// ---- profiles, demographics, relationships --------------------------------------------------------------

bool sis_profile(FeedRun *run, FeedInput *input, Table *table, GError **error)
{
    if (!table_has(table, P_USERNAME)) {
        Sis *sis = input->data;
        if (table_has(table, P_ROLE) && !sis->noted)
            table_note(table, "these are the columns of roles.csv; not read");
        sis->noted = true;
        return true;
    }
    SisFate fate = sis_status(input->data, table, error);
    const char *login = table_get(table, P_USERNAME);
    guint32 record =
        fate == ROW_KEPT ? model_find(run->model, input->source, table_get(table, P_USER)) : MODEL_NONE;
    if (fate == ROW_KEPT && record == MODEL_NONE)
        table_note(table, "userSourcedId: no such user in the roster");
    if (record == MODEL_NONE || login[0] == '\0')
        return fate != ROW_FAILED;
    g_autofree char *lower = canon_lower(login), *address = roster_canonical_address(run->config, login);
    if (model_at(run->model, record)->login == 0)
        model_at(run->model, record)->login = model_text(run->model, lower);
    if (address != NULL)
        run_add_email(run, record, login, "username", CONTACT_ASK, table_file(table), table_line(table));
    return true;
}

bool sis_demographics(FeedRun *run, FeedInput *input, Table *table, GError **error)
{
    SisFate fate = sis_status(input->data, table, error);
    if (fate != ROW_KEPT)
        return fate != ROW_FAILED;
    guint32 record = model_find(run->model, input->source, table_get(table, D_USER));
    int birth = table_date(table, D_BIRTH);
    if (record == MODEL_NONE)
        table_note(table, "sourcedId: no such user in the roster");
    else
        model_at(run->model, record)->birth = (guint32)birth;
    return true;
}

bool sis_relationship(FeedRun *run, FeedInput *input, Table *table, GError **error)
{
    static const char *const family[] = {"guardian", "parent", "relative"};
    Model *model = run->model;
    const char *user = table_get(table, L_USER), *other = table_get(table, L_OTHER), *kind = NULL;
    SisFate fate = sis_status(input->data, table, error);
    if (fate != ROW_KEPT)
        return fate != ROW_FAILED;
    if (user[0] == '\0' || other[0] == '\0')
        return table_fail(table, user[0] == '\0' ? L_USER : L_OTHER, error, "empty");
    for (gsize i = 0; i < G_N_ELEMENTS(family); i++)
        if (g_ascii_strcasecmp(table_get(table, L_ROLE), family[i]) == 0)
            kind = family[i];
    if (kind == NULL) {
        table_note(table, "relationshipRole: `%.40s` is no guardian; not used", table_get(table, L_ROLE));
        return true;
    }
    guint32 record = model_find(model, input->source, other);
    if (record == MODEL_NONE)
        table_note(table, "relationshipUserSourcedId: no such user in the roster");
    else if (model_at(model, record)->roles == 0) // guardians have no row in this format's roles.csv
        model_post(model, record, ROLE_GUARDIAN, "", "", 0, 0);
    model_relation(model, input->source, model_ref(model, REF_ID, input->source, user),
                   model_ref(model, REF_ID, input->source, other), kind, table_file(table),
                   table_line(table));
    return true;
}

// ---- roles of a delta -----------------------------------------------------------------------------------

static int compare_changes(gconstpointer left, gconstpointer right)
{
    const SisRole *a = left, *b = right;
    if (a->record != b->record)
        return a->record < b->record ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static int compare_posts(gconstpointer left, gconstpointer right)
{
    const ModelPost *a = left, *b = right;
    return a->record < b->record ? -1 : a->record > b->record;
}

// What those had been whose roles change, sorted.
static GArray *former_posts(const Model *model, const GArray *changes)
{
    g_autoptr(GHashTable) changed = g_hash_table_new(NULL, NULL);
    GArray *posts = g_array_new(FALSE, FALSE, sizeof(ModelPost));
    for (guint i = 0; i < changes->len; i++)
        g_hash_table_add(changed, GUINT_TO_POINTER(g_array_index(changes, SisRole, i).record));
    for (guint i = 0; i < model->posts->len; i++) {
        ModelPost *post = &g_array_index(model->posts, ModelPost, i);
        if (g_hash_table_contains(changed, GUINT_TO_POINTER(post->record)))
            g_array_append_vals(posts, post, 1);
    }
    g_array_sort(posts, compare_posts);
    return posts;
}

static bool is_same_post(const SisRole *change, const ModelPost *post)
{
    return change->role == post->role && change->position == post->position && change->org == post->org;
}

static void put_post(Model *model, const ModelPost *post)
{
    model_post(model, post->record, post->role, model_string(model, post->position),
               model_string(model, post->org), (int)post->begins, (int)post->ends);
}

// Rows of roles.csv are told by role and school: the roster does not keep their ids. Of rows about one of these the
// last counts.
static void change_roles(Model *model, const SisRole *changes, guint count, const ModelPost *posts,
                         guint before)
{
    model_renew_posts(model, changes->record);
    for (guint i = 0; i < before; i++) {
        bool same = false;
        for (guint j = 0; j < count && !same; j++)
            same = is_same_post(&changes[j], &posts[i]);
        if (!same)
            put_post(model, &posts[i]);
    }
    for (guint i = 0; i < count; i++) {
        const ModelPost post = {.record = changes[i].record,
                                .position = changes[i].position,
                                .org = changes[i].org,
                                .begins = (guint32)changes[i].begins,
                                .ends = (guint32)changes[i].ends,
                                .role = (guint8)changes[i].role};
        bool last = !changes[i].deleted;
        for (guint j = i + 1; j < count && last; j++)
            last = !is_same_post(&changes[j], &post);
        if (last)
            put_post(model, &post);
    }
}

static bool apply_changes(Model *model, GArray *changes, GError **error)
{
    g_array_sort(changes, compare_changes);
    g_autoptr(GArray) posts = former_posts(model, changes);
    guint post = 0;
    for (guint from = 0, to; from < changes->len; from = to) {
        const SisRole *first = &g_array_index(changes, SisRole, from);
        for (to = from; to < changes->len && g_array_index(changes, SisRole, to).record == first->record;)
            to++;
        guint begin = post;
        while (post < posts->len && g_array_index(posts, ModelPost, post).record == first->record)
            post++;
        if (to - from > ROLES_MOST || post - begin > ROLES_MOST) {
            g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "roles.csv: user `%s` has more than %d roles",
                        model_string(model, model_at(model, first->record)->ext), ROLES_MOST);
            return false;
        }
        change_roles(model, first, to - from, &g_array_index(posts, ModelPost, begin), post - begin);
    }
    return true;
}

// ---- the end --------------------------------------------------------------------------------------------

// The number a staff member has in the student information system is, as a rule, the employee number of other sources.
static void add_employee_numbers(FeedRun *run, const FeedInput *input, const Sis *sis)
{
    Model *model = run->model;
    g_autofree char *space = g_strconcat("identifier:", input->spec->ids, NULL);
    Str wanted = model_text(model, space);
    for (guint i = sis->idents, end = model->idents->len; i < end; i++) {
        ModelIdent ident = g_array_index(model->idents, ModelIdent, i);
        if (ident.space == wanted && (model_at(model, ident.record)->roles & 1 << ROLE_STAFF) != 0)
            model_ident(model, ident.record, "employee", model_string(model, ident.value));
    }
}

bool sis_end_people(FeedRun *run, FeedInput *input, GError **error)
{
    Sis *sis = input->data;
    Model *model = run->model;
    if (!apply_changes(model, sis->changes, error))
        return false;
    add_employee_numbers(run, input, sis);
    if (sis->modes[SIS_USERS] == SIS_ABSENT)
        return true;
    for (guint32 i = 0; i < model->records->len; i++) {
        const ModelRecord *at = model_at(model, i);
        if (at->source == input->source && at->seen && !at->dropped && at->roles == 0)
            run_note(run, model_string(model, at->file), at->line,
                     "role: none here or in %s; the user counts as nobody",
                     sis->sds ? "roles.csv and relationships.csv" : "roles.csv");
    }
    return true;
}
