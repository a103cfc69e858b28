// What rows name and other sources are to know: noted at the end where nobody does.
#include "feeds/run.h"

#define FOUND_CLASS (1u << 30)
#define FOUND_ORG   (1u << 29)

typedef struct {
    Str text, what, file;
    guint32 line;
    guint8 kind; // FeedExpected
} Expected;

void run_expect(FeedRun *run, FeedExpected kind, const char *text, const char *what, const char *file,
                guint line)
{
    if (run->expected == NULL)
        run->expected = g_array_new(FALSE, FALSE, sizeof(Expected));
    const Expected row = {.text = model_text(run->model, text),
                          .what = model_text(run->model, what),
                          .file = model_text(run->model, file),
                          .line = line,
                          .kind = (guint8)kind};
    g_array_append_val(run->expected, row);
}

// By number of the person's first record. Caller frees.
static guint8 *roles_of_people(const Model *model)
{
    guint8 *roles = g_new0(guint8, model->records->len + 1);
    for (guint32 i = 0; i < model->records->len; i++)
        roles[model_at(model, i)->person] |= model_at(model, i)->dropped ? 0 : model_at(model, i)->roles;
    return roles;
}

static void add_found(GHashTable *wanted, Str text, guint mask)
{
    gpointer key = GUINT_TO_POINTER(text), found;
    if (g_hash_table_lookup_extended(wanted, key, NULL, &found))
        g_hash_table_insert(wanted, key, GUINT_TO_POINTER(GPOINTER_TO_UINT(found) | mask));
}

static void find_all(const Model *model, GHashTable *wanted)
{
    g_autofree guint8 *roles = roles_of_people(model);
    for (guint i = 0; i < model->contacts->len; i++) {
        const ModelContact *contact = &g_array_index(model->contacts, ModelContact, i);
        if (contact->kind == KIND_EMAIL)
            add_found(wanted, contact->value, roles[model_at(model, contact->record)->person]);
    }
    for (guint i = 0; i < model->classes->len; i++)
        add_found(wanted, g_array_index(model->classes, ModelClass, i).cid, FOUND_CLASS);
    for (guint i = 0; i < model->orgs->len; i++)
        add_found(wanted, g_array_index(model->orgs, ModelOrg, i).oid, FOUND_ORG);
}

void run_note_expected(FeedRun *run)
{
    static const guint masks[] = {[EXPECT_STAFF] = 1u << ROLE_STAFF,
                                  [EXPECT_STUDENT] = 1u << ROLE_STUDENT,
                                  [EXPECT_CLASS] = FOUND_CLASS,
                                  [EXPECT_ORG] = FOUND_ORG};
    if (run->expected == NULL)
        return;
    g_autoptr(GHashTable) wanted = g_hash_table_new(g_direct_hash, g_direct_equal);
    for (guint i = 0; i < run->expected->len; i++)
        g_hash_table_insert(wanted, GUINT_TO_POINTER(g_array_index(run->expected, Expected, i).text), NULL);
    find_all(run->model, wanted);
    for (guint i = 0; i < run->expected->len; i++) {
        const Expected *row = &g_array_index(run->expected, Expected, i);
        guint found = GPOINTER_TO_UINT(g_hash_table_lookup(wanted, GUINT_TO_POINTER(row->text)));
        if ((found & masks[row->kind]) == 0)
            run_note(run, model_string(run->model, row->file), row->line, "%s",
                     model_string(run->model, row->what));
    }
    g_clear_pointer(&run->expected, g_array_unref);
}
