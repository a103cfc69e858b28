#include "views.h"

#include <criterion/criterion.h>
#include <string.h>

#define EACH(array, type, at)                                                                                \
    for (type *at = (type *)(void *)(array)->data, *end_##at = (type *)(void *)(array)->data + (array)->len; \
         at < end_##at; at++)

static const char *text(const Export *export_, Str str)
{
    return model_string(export_->run->model, str);
}

char *view_lists(const Export *export_)
{
    const Model *model = export_->run->model;
    GString *out = g_string_new(NULL);
    EACH(model->lists, ModelList, list)
    {
        g_string_append_printf(out, "%s%s%s%s%s:", text(export_, list->address),
                               list->known ? "" : " unknown", list->name != 0 ? " (" : "",
                               text(export_, list->name), list->name != 0 ? ")" : "");
        EACH(model->members, ModelMember, member)
        {
            if (member->list == list->address && member->source == list->source)
                g_string_append_printf(out, " %s", text(export_, member->member));
        }
        g_string_append_c(out, '\n');
    }
    return g_string_free(out, FALSE);
}

char *view_personal(const Export *export_)
{
    const Model *model = export_->run->model;
    GString *out = g_string_new(NULL);
    EACH(model->personal, ModelPersonal, row)
    {
        if (row->sealed == NULL)
            continue;
        gsize length;
        const void *data = g_bytes_get_data(row->sealed, &length);
        g_autofree char *plain = key_unseal(&model->key, data, length);
        cr_expect(row->record == MODEL_NONE);
        g_string_append_printf(out, "%s %s %s %s\n", text(export_, row->owner), text(export_, row->field),
                               plain, text(export_, row->source));
    }
    return g_string_free(out, FALSE);
}

char *view_published(const Export *export_)
{
    GString *out = g_string_new(NULL);
    EACH(export_->run->model->published, ModelPublished, row)
    g_string_append_printf(out, "%s %s %s\n", text(export_, row->key), text(export_, row->kind),
                           text(export_, row->label));
    return g_string_free(out, FALSE);
}

char *view_blocks(const Export *export_)
{
    GString *out = g_string_new(NULL);
    EACH(export_->run->model->blocks, ModelBlock, row)
    g_string_append_printf(out, "%" G_GINT64_FORMAT "-%" G_GINT64_FORMAT " %s\n", row->first, row->last,
                           text(export_, row->label));
    return g_string_free(out, FALSE);
}

char *view_tools(const Export *export_)
{
    GString *out = g_string_new(NULL);
    EACH(export_->run->model->tools, ModelTool, row)
    g_string_append_printf(out, "%s %s %s [%s] %u-%u %s\n", text(export_, row->name),
                           text(export_, row->kind), text(export_, row->value), text(export_, row->tenant),
                           row->begins, row->ends, text(export_, row->approver));
    return g_string_free(out, FALSE);
}

static void put_ref(const Export *export_, GString *out, ModelRef ref)
{
    const char *mark = ref.by == REF_ADDRESS ? "" : ref.source == MODEL_NONE ? "*" : "#";
    g_string_append_printf(out, "%s%s", mark, text(export_, ref.text));
}

char *view_relations(const Export *export_)
{
    GString *out = g_string_new(NULL);
    EACH(export_->run->model->relations, ModelRelation, row)
    {
        put_ref(export_, out, row->a);
        g_string_append_printf(out, " %s ", text(export_, row->kind));
        put_ref(export_, out, row->b);
        g_string_append_c(out, '\n');
    }
    return g_string_free(out, FALSE);
}

char *view_groups(const Export *export_)
{
    const Model *model = export_->run->model;
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < model->classes->len; i++) {
        const ModelClass *at = &g_array_index(model->classes, ModelClass, i);
        g_string_append_printf(out, "%s %s (%s)@%s %u-%u\n", text(export_, at->cid), text(export_, at->kind),
                               text(export_, at->title), text(export_, at->school), at->begins, at->ends);
        EACH(model->seat_refs, ModelSeatRef, seat)
        {
            if (seat->class_index != i)
                continue;
            g_string_append_printf(out, " %s ", role_name(seat->role));
            put_ref(export_, out, seat->who);
            g_string_append_printf(out, " %u-%u\n", seat->begins, seat->ends);
        }
    }
    return g_string_free(out, FALSE);
}

char *view_use(const Export *export_, const char *id)
{
    static const char *const uses[] = {
        [CONTACT_ASK] = "ask", [CONTACT_WORK] = "work", [CONTACT_PERSONAL] = "private"};
    const Model *model = export_->run->model;
    guint32 record = model_find(model, export_->last.source, id);
    GString *out = g_string_new(NULL);
    EACH(model->contacts, ModelContact, at)
    {
        if (at->record == record)
            g_string_append_printf(out, "%s=%s %s\n", text(export_, at->field), text(export_, at->value),
                                   uses[at->use]);
    }
    return g_string_free(out, FALSE);
}

char *view_manager(const Export *export_, const char *id)
{
    const Model *model = export_->run->model;
    guint32 record = model_find(model, export_->last.source, id);
    GString *out = g_string_new(NULL);
    EACH(model->managers, ModelManager, at)
    {
        if (at->record == record)
            put_ref(export_, out, at->manager);
    }
    return g_string_free(out, FALSE);
}

void view_read(Export *export_, const char *fails, ...)
{
    va_list args;
    va_start(args, fails);
    for (const char *name = va_arg(args, const char *); name != NULL; name = va_arg(args, const char *))
        export_put(export_, name, va_arg(args, const char *));
    va_end(args);
    g_autofree char *error = export_read(export_);
    if (fails == NULL)
        cr_assert(error == NULL, "%s", error);
    else
        cr_assert(error != NULL && strstr(error, fails) != NULL, "`%s` lacks `%s`", error, fails);
}

void view_is(const char *what, char *got, const char *expect)
{
    cr_expect(strcmp(got, expect) == 0, "%s:\n`%s`\nexpected:\n`%s`", what, got, expect);
    g_free(got);
}
