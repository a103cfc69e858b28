#include "paper.h"

#include "roster/schema.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

void paper_init(Paper *paper)
{
    ground_init(&paper->ground);
    memset(&paper->key, 0x5a, sizeof paper->key);
    paper->options = (FeedOptions){.today = 20261122, .who = "test"};
}

void paper_clear(Paper *paper)
{
    ground_clear(&paper->ground);
}

FeedRun *paper_run(const Paper *paper)
{
    return run_new(paper->ground.config, &paper->options, &paper->key);
}

// ---- words ----------------------------------------------------------------------------------------------

static guint8 roles_of(const char *text)
{
    g_auto(GStrv) names = g_strsplit(text, "+", -1);
    guint8 roles = 0;
    for (gsize i = 0; names[i] != NULL; i++) {
        Role role = ROLE_EXTERNAL;
        if (strcmp(names[i], "none") != 0)
            cr_assert(role_parse(names[i], &role), "%s", names[i]);
        roles |= role != ROLE_EXTERNAL ? (guint8)(1 << role) : 0;
    }
    return roles;
}

static guint32 source_of(Model *model, const char *name)
{
    guint32 at = model_source(model, name, NULL, NULL);
    ModelSource *source = &g_array_index(model->sources, ModelSource, at);
    if (source->type == 0)
        source->type = model_text(model, name);
    if (source->space == 0)
        source->space = source->name;
    return at;
}

// "source:ext" parted.
static guint32 split(Model *model, const char *text, const char **out_rest)
{
    const char *colon = strchr(text, ':');
    cr_assert_not_null(colon, "%s", text);
    g_autofree char *name = g_strndup(text, (gsize)(colon - text));
    *out_rest = colon + 1;
    return source_of(model, name);
}

static guint32 find(Model *model, const char *text)
{
    const char *ext;
    guint32 source = split(model, text, &ext), at = model_find(model, source, ext);
    cr_assert_neq(at, MODEL_NONE, "%s", text);
    return at;
}

static ModelRef ref(Model *model, const char *text)
{
    const char *ext;
    guint32 source = split(model, text, &ext);
    return model_ref(model, REF_ID, source, ext);
}

// ---- people ---------------------------------------------------------------------------------------------

static void add_post(Model *model, guint32 record, const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, ".", 5);
    guint count = g_strv_length(parts);
    Role role;
    cr_assert(role_parse(parts[0], &role));
    model_post(model, record, role, count > 1 ? parts[1] : "", count > 2 ? parts[2] : "",
               count > 3 ? atoi(parts[3]) : 0, count > 4 ? atoi(parts[4]) : 0);
}

static bool add_contact(Model *model, guint32 record, const char *key, const char *value)
{
    static const struct {
        const char *key, *field;
        Kind kind;
        ContactUse use;
    } fields[] = {{"mail", "email", KIND_EMAIL, CONTACT_ASK},
                  {"user", "username", KIND_EMAIL, CONTACT_ASK},
                  {"alias", "alias", KIND_EMAIL, CONTACT_ASK},
                  {"prev", "previous", KIND_EMAIL, CONTACT_ASK},
                  {"sms", "sms", KIND_PHONE, CONTACT_ASK},
                  {"work", "work", KIND_PHONE, CONTACT_WORK},
                  {"recovery", "recovery", KIND_EMAIL, CONTACT_PERSONAL},
                  {"handle", "handle", KIND_HANDLE, CONTACT_ASK},
                  {"home", "home", KIND_STREET_ADDRESS, CONTACT_ASK}};
    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
        if (strcmp(fields[i].key, key) == 0) {
            model_contact(model, record, fields[i].kind, value, fields[i].field, fields[i].use);
            return true;
        }
    return false;
}

static void add_pair(Model *model, const char *text, Str *given, Str *family)
{
    g_auto(GStrv) names = g_strsplit(text, "/", 2);
    *given = model_text(model, names[0]);
    *family = model_text(model, names[1]);
}

static void add_fact(Model *model, guint32 at, const char *word)
{
    g_auto(GStrv) pair = g_strsplit(word, "=", 2);
    cr_assert_not_null(pair[1], "%s", word);
    const char *key = pair[0], *value = g_strdelimit(pair[1], "_", ' ');
    ModelRecord *record = model_at(model, at);
    const char *colon = strchr(value, ':');
    if (add_contact(model, at, key, value))
        return;
    if (strcmp(key, "pref") == 0) {
        add_pair(model, value, &record->preferred_given, &record->preferred_family);
    } else if (strcmp(key, "login") == 0) {
        record->login = model_text(model, value);
    } else if (strcmp(key, "grade") == 0) {
        record->grade = model_text(model, value);
    } else if (strcmp(key, "pid") == 0) {
        record->pid = model_text(model, value);
    } else if (strcmp(key, "birth") == 0) {
        record->birth = (guint32)atoi(value);
    } else if (strcmp(key, "gone") == 0) {
        record->gone = (guint32)atoi(value);
        record->enabled = false;
    } else if (strcmp(key, "off") == 0) {
        record->enabled = false;
    } else if (strcmp(key, "post") == 0) {
        add_post(model, at, value);
    } else if (strcmp(key, "id") == 0) {
        g_autofree char *space = g_strndup(value, (gsize)(colon - value));
        model_ident(model, at, space, colon + 1);
    } else if (strcmp(key, "boss") == 0) {
        model_manager(model, at, ref(model, value));
    } else {
        cr_assert_fail("%s", word);
    }
}

static void add_person(Model *model, char **words)
{
    const char *ext;
    guint32 source = split(model, words[0], &ext), at = model_record(model, source, ext, NULL);
    ModelRecord *record = model_at(model, at);
    record->roles |= roles_of(words[1]);
    record->gone = 0;
    record->enabled = true;
    record->seen = true;
    add_pair(model, g_strdelimit(words[2], "_", ' '), &record->given, &record->family);
    for (gsize i = 3; words[i] != NULL; i++)
        add_fact(model, at, words[i]);
}

// ---- the rest -------------------------------------------------------------------------------------------

static void add_seat(Model *model, char **words)
{
    const char *cid;
    guint32 source = split(model, words[0], &cid), at = model_class_find(model, source, cid);
    Role role;
    cr_assert_neq(at, MODEL_NONE, "%s", words[0]);
    cr_assert(role_parse(words[2], &role));
    model_seat(model, at, find(model, words[1]), role, atoi(words[3]), atoi(words[4]));
}

static void add_other(Model *model, const char *what, char **w)
{
    guint32 source = strcmp(what, "seat") != 0 ? source_of(model, w[0]) : 0;
    for (gsize i = 1; w[i] != NULL; i++)
        g_strdelimit(w[i], "_", ' ');
    if (strcmp(what, "source") == 0)
        model_source(model, w[0], w[1], w[2]);
    else if (strcmp(what, "org") == 0)
        model_org(model, source, w[1], w[2], w[3], w[4]);
    else if (strcmp(what, "class") == 0)
        model_class(model, source, w[1], w[2], w[3], w[4], atoi(w[5]), atoi(w[6]));
    else if (strcmp(what, "seat") == 0)
        add_seat(model, w);
    else if (strcmp(what, "link") == 0)
        model_relation(model, source, ref(model, w[2]), ref(model, w[3]), w[1], "paper", 1);
    else if (strcmp(what, "list") == 0)
        model_list(model, source, w[1], w[3], atoi(w[2]) != 0);
    else if (strcmp(what, "member") == 0)
        model_member(model, source, w[1], w[2]);
    else if (strcmp(what, "personal") == 0)
        cr_assert(model_personal(model, MODEL_NONE, w[1], w[2], KIND_PHONE, w[3], w[0], NULL));
    else if (strcmp(what, "student") == 0)
        model_student_address(model, source, w[1], w[2]);
    else if (strcmp(what, "published") == 0)
        model_published(model, source, w[1], w[2], w[3]);
    else if (strcmp(what, "block") == 0)
        model_block(model, source, g_ascii_strtoll(w[1], NULL, 10), g_ascii_strtoll(w[2], NULL, 10), w[3]);
    else if (strcmp(what, "webmail") == 0)
        model_webmail(model, source, w[1]);
    else if (strcmp(what, "tool") == 0)
        model_tool(model, source, w[1], w[2], w[3], w[4], atoi(w[5]), atoi(w[6]), w[7]);
    else
        cr_assert_fail("%s", what);
}

void paper_fill(FeedRun *run, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (gsize i = 0; lines[i] != NULL; i++) {
        g_auto(GStrv) words = g_strsplit(g_strstrip(lines[i]), " ", -1);
        if (words[0] == NULL || words[0][0] == '\0')
            continue;
        if (strcmp(words[0], "!") == 0)
            add_other(run->model, words[1], words + 2);
        else if (strcmp(words[0], "-") == 0)
            model_at(run->model, find(run->model, words[1]))->dropped = true;
        else
            add_person(run->model, words);
    }
}

// ---- files ----------------------------------------------------------------------------------------------

char *paper_end(const Paper *paper, FeedRun *run, const char *name)
{
    g_autoptr(GError) error = NULL;
    char *path = ground_path(&paper->ground, name);
    cr_assert(merge_run(run, &error), "%s", error != NULL ? error->message : "");
    cr_assert(write_file(run, path, &error), "%s", error != NULL ? error->message : "");
    return path;
}

char *paper_write(const Paper *paper, const char *name, const char *text)
{
    g_autoptr(FeedRun) run = paper_run(paper);
    paper_fill(run, text);
    return paper_end(paper, run, name);
}

// Rows end with `end`.
static void ask(StoreDb *db, const char *sql, const char *end, GString *out)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(StoreStmt) stmt = store_prepare(db, sql, &error);
    cr_assert_not_null(stmt, "%s", error != NULL ? error->message : "");
    StoreStep step;
    while ((step = store_step(stmt, &error)) == STORE_ROW) {
        const char *text = store_text(stmt, 0);
        g_string_append_printf(out, "%s%s", text != NULL ? text : "-", end);
    }
    cr_assert_eq(step, STORE_DONE, "%s", error != NULL ? error->message : "");
}

char *paper_ask(const char *path, const char *sql)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(StoreDb) db = schema_open_read(path, &error);
    cr_assert_not_null(db, "%s", error != NULL ? error->message : "");
    ask(db, sql, " ", out);
    return g_strchomp(g_strdup(out->str));
}

char *paper_dump(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) tables = g_string_new(NULL), out = g_string_new(NULL);
    g_autoptr(StoreDb) db = schema_open_read(path, &error);
    cr_assert_not_null(db, "%s", error != NULL ? error->message : "");
    ask(db,
        "SELECT 'SELECT ''' || m.name || ' '' || ' || group_concat('quote(' || c.name || ')', ' || '','' || "
        "')"
        " || ' FROM ' || m.name || ' ORDER BY 1' FROM sqlite_master m JOIN pragma_table_info(m.name) c"
        " WHERE m.type = 'table' GROUP BY m.name ORDER BY m.name",
        "\n", tables);
    g_auto(GStrv) each = g_strsplit(tables->str, "\n", -1);
    for (gsize i = 0; each[i] != NULL && each[i][0] != '\0'; i++)
        ask(db, each[i], "\n", out);
    return g_strdup(out->str);
}
