#include "export.h"

#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

static void new_run(Export *sis)
{
    static const RosterKey key;
    run_free(sis->run);
    sis->run = run_new(sis->ground.config, &sis->options, &key);
}

void export_init(Export *sis, const FeedImporter *importer)
{
    *sis = (Export){.importer = importer,
                    .spec = {.name = "sis", .type = (char *)importer->type, .ids = "sis"},
                    .options = {.today = 20261014, .who = "test"}};
    ground_init(&sis->ground);
    sis->spec.path = ground_path(&sis->ground, "export");
    g_autofree char *readme = ground_write(&sis->ground, "export/readme.txt", "x");
    new_run(sis);
}

void export_clear(Export *sis)
{
    run_free(sis->run);
    g_free(sis->spec.path);
    ground_clear(&sis->ground);
}

void export_put(Export *sis, const char *file, const char *text)
{
    g_autofree char *name = g_build_filename("export", file, NULL), *path = ground_path(&sis->ground, name);
    if (text == NULL)
        cr_assert(unlink(path) == 0);
    else
        g_free(ground_write(&sis->ground, name, text));
}

char *export_read(Export *sis)
{
    g_autoptr(GError) error = NULL;
    FeedInput *input = &sis->last;
    *input = (FeedInput){.spec = &sis->spec, .files = source_open(sis->spec.path, &error)};
    bool ok = input->files != NULL && sis->importer->open(sis->run, input, &error);
    input->source = model_source(sis->run->model, "sis", sis->spec.type, "sis");
    ok = ok && sis->importer->read(sis->run, input, &error);
    if (input->data != NULL)
        sis->importer->close(input);
    source_free(input->files);
    cr_expect(ok == (error == NULL));
    model_settle(sis->run->model);
    run_end_notes(sis->run);
    return error != NULL ? g_strdup(error->message) : NULL;
}

void export_before(Export *sis)
{
    g_autofree char *failed = export_read(sis);
    cr_assert(failed == NULL, "%s", failed);
    g_autoptr(Source) files = source_open(sis->spec.path, NULL);
    for (guint i = 0; i < source_count(files); i++)
        export_put(sis, source_name(files, i), NULL);
    g_ptr_array_set_size(sis->run->summary->warnings, 0);
    for (guint i = 0; i < sis->run->model->records->len; i++)
        model_at(sis->run->model, i)->seen = false;
}

bool export_warns(Export *sis, const char *start)
{
    GPtrArray *warnings = sis->run->summary->warnings;
    bool found = false;
    for (guint i = 0; i < warnings->len && !found; i++)
        found = g_str_has_prefix(warnings->pdata[i], start);
    return found;
}

char *export_warnings(Export *sis)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < sis->run->summary->warnings->len; i++)
        g_string_append_printf(out, "%s\n", (char *)sis->run->summary->warnings->pdata[i]);
    return g_string_free(out, FALSE);
}

// ---- what the model has ---------------------------------------------------------------------------------

static const char *text(const Export *sis, Str str)
{
    return model_string(sis->run->model, str);
}

static void part(GString *out)
{
    if (out->len > 0)
        g_string_append_c(out, '/');
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *sorted(GString *out)
{
    g_auto(GStrv) rows = g_strsplit(out->str, "/", -1);
    qsort(rows, g_strv_length(rows), sizeof *rows, compare_texts);
    g_string_free(out, TRUE);
    return g_strjoinv("/", rows);
}

static void put_dates(GString *out, guint32 begins, guint32 ends)
{
    if (begins != 0 || ends != 0)
        g_string_append_printf(out, " %u-%u", begins, ends);
}

char *export_person(Export *sis, const char *id)
{
    const Model *model = sis->run->model;
    guint32 record = model_find(model, sis->last.source, id);
    if (record == MODEL_NONE || model_at(model, record)->dropped)
        return g_strdup("-");
    const ModelRecord *at = model_at(model, record);
    GString *out = g_string_new(NULL);
    g_string_append_printf(out, "%s %s", text(sis, at->given), text(sis, at->family));
    if (at->preferred_given != 0 || at->preferred_family != 0)
        g_string_append_printf(out, " (%s %s)", text(sis, at->preferred_given),
                               text(sis, at->preferred_family));
    if (at->login != 0)
        g_string_append_printf(out, " login=%s", text(sis, at->login));
    if (at->grade != 0)
        g_string_append_printf(out, " grade=%s", text(sis, at->grade));
    if (at->birth != 0)
        g_string_append_printf(out, " born=%u", at->birth);
    g_string_append_printf(out, "%s%s:", at->gone != 0 ? " gone" : "", at->enabled ? "" : " off");
    GString *posts = g_string_new(NULL);
    guint8 roles = 0;
    for (guint i = 0; i < model->posts->len; i++) {
        const ModelPost *post = &g_array_index(model->posts, ModelPost, i);
        if (post->record != record)
            continue;
        part(posts);
        g_string_append_printf(posts, "%s", role_name(post->role));
        if (post->position != 0)
            g_string_append_printf(posts, " %s", text(sis, post->position));
        if (post->org != 0)
            g_string_append_printf(posts, "@%s", text(sis, post->org));
        put_dates(posts, post->begins, post->ends);
        roles |= (guint8)(1 << post->role);
    }
    cr_expect_eq(roles, at->roles);
    g_autofree char *list = sorted(posts);
    g_string_append_printf(out, " %s", list);
    return g_string_free(out, FALSE);
}

char *export_contacts(Export *sis, const char *id)
{
    const Model *model = sis->run->model;
    guint32 record = model_find(model, sis->last.source, id);
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < model->contacts->len; i++) {
        const ModelContact *at = &g_array_index(model->contacts, ModelContact, i);
        if (at->record != record)
            continue;
        part(out);
        g_string_append_printf(out, "%s=%s", text(sis, at->field), text(sis, at->value));
    }
    return sorted(out);
}

char *export_idents(Export *sis, const char *id)
{
    const Model *model = sis->run->model;
    guint32 record = model_find(model, sis->last.source, id);
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < model->idents->len; i++) {
        const ModelIdent *at = &g_array_index(model->idents, ModelIdent, i);
        if (at->record != record)
            continue;
        part(out);
        g_string_append_printf(out, "%s=%s", text(sis, at->space), text(sis, at->value));
    }
    return sorted(out);
}

char *export_relations(Export *sis)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < sis->run->model->relations->len; i++) {
        const ModelRelation *at = &g_array_index(sis->run->model->relations, ModelRelation, i);
        cr_expect(at->a.by == REF_ID && at->b.by == REF_ID);
        part(out);
        g_string_append_printf(out, "%s %s %s", text(sis, at->a.text), text(sis, at->kind),
                               text(sis, at->b.text));
    }
    return sorted(out);
}

char *export_orgs(Export *sis)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < sis->run->model->orgs->len; i++) {
        const ModelOrg *at = &g_array_index(sis->run->model->orgs, ModelOrg, i);
        part(out);
        g_string_append_printf(out, "%s %s %s<%s", text(sis, at->oid), text(sis, at->name),
                               text(sis, at->type), text(sis, at->parent));
    }
    return sorted(out);
}

char *export_classes(Export *sis)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < sis->run->model->classes->len; i++) {
        const ModelClass *at = &g_array_index(sis->run->model->classes, ModelClass, i);
        part(out);
        g_string_append_printf(out, "%s %s@%s", text(sis, at->cid), text(sis, at->title),
                               text(sis, at->school));
        put_dates(out, at->begins, at->ends);
    }
    return sorted(out);
}

char *export_seats(Export *sis)
{
    const Model *model = sis->run->model;
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < model->seats->len; i++) {
        const ModelSeat *at = &g_array_index(model->seats, ModelSeat, i);
        part(out);
        g_string_append_printf(
            out, "%s %s %s", text(sis, g_array_index(model->classes, ModelClass, at->class_index).cid),
            at->role == ROLE_STAFF ? "teacher" : "student", text(sis, model_at(model, at->record)->ext));
        put_dates(out, at->begins, at->ends);
    }
    return sorted(out);
}
