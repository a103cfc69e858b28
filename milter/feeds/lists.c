#include "feeds/lists.h"

#include "feeds/model_index.h"

#include <string.h>

struct Lists {
    FeedRun *run;
    guint32 source, members;
    Rows rows, member_rows; // of model->lists and model->members
};

static guint64 list_key(const void *data, guint32 row)
{
    return g_array_index(((const Model *)data)->lists, ModelList, row).address;
}

static guint64 member_key(const void *data, guint32 row)
{
    const ModelMember *member = &g_array_index(((const Model *)data)->members, ModelMember, row);
    return MODEL_KEY(member->list, member->member);
}

Lists *lists_new(FeedRun *run, guint32 source)
{
    Lists *lists = g_new0(Lists, 1);
    lists->run = run;
    lists->source = source;
    rows_init(&lists->rows, list_key, run->model);
    rows_init(&lists->member_rows, member_key, run->model);
    return lists;
}

void lists_free(Lists *lists)
{
    if (lists == NULL)
        return;
    rows_clear(&lists->rows);
    rows_clear(&lists->member_rows);
    g_free(lists);
}

static ModelList *list_of(Lists *lists, const char *address)
{
    Model *model = lists->run->model;
    guint32 at = rows_find(&lists->rows, model_text(model, address));
    return at != ROWS_NONE ? &g_array_index(model->lists, ModelList, at) : NULL;
}

void lists_add(Lists *lists, const char *address, const char *name)
{
    Model *model = lists->run->model;
    ModelList *list = list_of(lists, address);
    if (list == NULL) {
        model_list(model, lists->source, address, name, true);
        rows_put(&lists->rows, model->lists->len - 1);
    } else if (list->name == 0) {
        list->name = model_text(model, name);
    }
}

void lists_unknown(Lists *lists, const char *address)
{
    lists_add(lists, address, "");
    list_of(lists, address)->known = false;
}

bool lists_member(Lists *lists, const char *address, const char *member, GError **error)
{
    Model *model = lists->run->model;
    lists_add(lists, address, "");
    if (rows_find(&lists->member_rows, MODEL_KEY(model_text(model, address), model_text(model, member))) !=
        ROWS_NONE)
        return true;
    if (lists->members++ == LISTS_MEMBERS) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: more than %d members of lists", address,
                    LISTS_MEMBERS);
        return false;
    }
    model_member(model, lists->source, address, member);
    rows_put(&lists->member_rows, model->members->len - 1);
    return true;
}

void lists_forget(Model *model, guint32 source)
{
    guint kept = 0;
    for (guint i = 0; i < model->lists->len; i++) {
        ModelList list = g_array_index(model->lists, ModelList, i);
        if (list.source != source)
            g_array_index(model->lists, ModelList, kept++) = list;
    }
    g_array_set_size(model->lists, kept);
    kept = 0;
    for (guint i = 0; i < model->members->len; i++) {
        ModelMember member = g_array_index(model->members, ModelMember, i);
        if (member.source != source)
            g_array_index(model->members, ModelMember, kept++) = member;
    }
    g_array_set_size(model->members, kept);
}

char *lists_address(const FeedRun *run, const FeedSpec *spec, const char *text)
{
    g_autofree char *whole =
        strchr(text, '@') == NULL && text[0] != '\0' ? g_strconcat(text, "@", spec->list_domain, NULL) : NULL;
    return roster_canonical_address(run->config, whole != NULL ? whole : text);
}

bool lists_check_domain(const FeedSpec *spec, GError **error)
{
    if (spec->list_domain != NULL && spec->list_domain[0] != '\0')
        return true;
    g_set_error(error, BASE_ERROR, BASE_ERROR_CONFIG,
                "%s: list_domain: missing; write the domain of lists and members that are written without "
                "one, or set "
                "district.domains",
                spec->where != NULL ? spec->where : spec->name);
    return false;
}
