// Schools and classes, who sits where, families, lists, and what belongs to the school.
#include "feeds/write.h"

#include <stdlib.h>
#include <string.h>

// ---- sources, schools, classes --------------------------------------------------------------------------

static int compare_ranks(const Writing *w, guint32 a, guint32 b)
{
    return write_compare(WRITE_AT(w->model->sources, ModelSource, a)->rank,
                         WRITE_AT(w->model->sources, ModelSource, b)->rank);
}

static bool write_sources(Writing *w, GError **error)
{
    GArray *sources = w->model->sources;
    g_autofree guint32 *rows = write_sorted(w, sources->len, compare_ranks);
    WriteTable *t = write_begin(w, "source", 5, NULL, error);
    bool ok = t != NULL;
    w->source_ids = g_new0(guint32, sources->len + 1);
    for (guint i = 0; ok && i < sources->len; i++) {
        const ModelSource *source = WRITE_AT(sources, ModelSource, rows[i]);
        w->source_ids[rows[i]] = i + 1;
        write_int(t, i + 1);
        write_text(t, source->name);
        write_text(t, source->type);
        write_text(t, source->space);
        write_int(t, source->imported);
        ok = write_row(t, error);
    }
    return write_end(t, ok, error);
}

static int compare_orgs(const Writing *w, guint32 a, guint32 b)
{
    return compare_ranks(w, WRITE_AT(w->model->orgs, ModelOrg, a)->source,
                         WRITE_AT(w->model->orgs, ModelOrg, b)->source);
}

static bool write_orgs(Writing *w, GError **error)
{
    g_autofree guint32 *rows = write_sorted(w, w->model->orgs->len, compare_orgs);
    WriteTable *t = write_begin(w, "org", 6, NULL, error);
    bool ok = t != NULL;
    for (guint i = 0; ok && i < w->model->orgs->len; i++) {
        const ModelOrg *org = WRITE_AT(w->model->orgs, ModelOrg, rows[i]);
        write_int(t, i + 1);
        write_int(t, w->source_ids[org->source]);
        write_text(t, org->oid);
        write_text(t, org->name);
        write_text(t, org->type);
        write_text(t, org->parent);
        ok = write_row(t, error);
    }
    return write_end(t, ok, error);
}

static int compare_classes(const Writing *w, guint32 a, guint32 b)
{
    return compare_ranks(w, WRITE_AT(w->model->classes, ModelClass, a)->source,
                         WRITE_AT(w->model->classes, ModelClass, b)->source);
}

static bool write_classes(Writing *w, GError **error)
{
    GArray *classes = w->model->classes;
    g_autofree guint32 *rows = write_sorted(w, classes->len, compare_classes);
    WriteTable *t = write_begin(w, "class", 8, &w->run->summary->classes, error);
    bool ok = t != NULL;
    w->classes = g_new0(guint32, classes->len + 1);
    for (guint i = 0; ok && i < classes->len; i++) {
        const ModelClass *at = WRITE_AT(classes, ModelClass, rows[i]);
        if (at->dropped)
            continue;
        w->classes[rows[i]] = i + 1;
        write_int(t, i + 1);
        write_int(t, w->source_ids[at->source]);
        write_text(t, at->cid);
        write_text(t, at->title);
        write_text(t, at->school);
        write_text(t, at->kind);
        write_int(t, at->begins);
        write_int(t, at->ends);
        ok = write_row(t, error);
    }
    return write_end(t, ok, error);
}

// ---- seats ----------------------------------------------------------------------------------------------

// Of seats that differ in their end only the last is kept.
static int compare_seats(const Writing *w, guint32 a, guint32 b)
{
    const ModelSeat *one = WRITE_AT(w->model->seats, ModelSeat, a);
    const ModelSeat *other = WRITE_AT(w->model->seats, ModelSeat, b);
    int order = write_compare(w->numbers[one->record], w->numbers[other->record]);
    order = order != 0 ? order : write_compare(one->role, other->role);
    order = order != 0 ? order : write_compare(one->begins, other->begins);
    // 0, no end, is the latest.
    return order != 0 ? order : write_compare(other->ends - 1U, one->ends - 1U);
}

// Rows of model->seats by the id of their class; *out_begins: where the seats of each begin. Caller frees both.
static guint32 *seats_by_class(const Writing *w, guint32 **out_begins)
{
    const GArray *seats = w->model->seats;
    guint classes = w->model->classes->len + 1;
    guint32 *rows = g_new(guint32, seats->len + 1), *begins = g_new0(guint32, classes + 2);
    for (guint32 i = 0; i < seats->len; i++)
        begins[w->classes[WRITE_AT(seats, ModelSeat, i)->class_index] + 2]++;
    for (guint32 id = 0; id < classes; id++)
        begins[id + 2] += begins[id + 1];
    for (guint32 i = 0; i < seats->len; i++)
        rows[begins[w->classes[WRITE_AT(seats, ModelSeat, i)->class_index] + 1]++] = i;
    *out_begins = begins;
    return rows;
}

static bool write_class_seats(Writing *w, WriteTable *t, guint32 class_id, const guint32 *rows, guint count,
                              GError **error)
{
    bool ok = true;
    for (guint i = 0; ok && i < count; i++) {
        const ModelSeat *seat = WRITE_AT(w->model->seats, ModelSeat, rows[i]);
        guint32 person = w->numbers[seat->record];
        if (person == 0)
            continue;
        write_int(t, class_id);
        write_int(t, person);
        write_int(t, seat->role);
        write_int(t, seat->begins);
        write_int(t, seat->ends);
        write_int(t, seat->record + 1);
        ok = write_row(t, error);
    }
    return ok;
}

static bool write_all_seats(Writing *w, GError **error)
{
    g_autofree guint32 *begins = NULL;
    g_autofree guint32 *rows = seats_by_class(w, &begins);
    WriteTable *t = write_begin(w, "seat", 6, &w->run->summary->enrollments, error);
    bool ok = t != NULL;
    for (guint32 id = 1; ok && id <= w->model->classes->len; id++) {
        guint count = begins[id + 1] - begins[id];
        write_sort(w, rows + begins[id], count, compare_seats);
        ok = write_class_seats(w, t, id, rows + begins[id], count, error);
    }
    return write_end(t, ok, error);
}

// ---- families -------------------------------------------------------------------------------------------

typedef struct {
    guint64 ends;
    guint32 source, row;
} Relation;

static int compare_relations(const void *a, const void *b, void *data)
{
    const Writing *w = data;
    const Relation *one = a, *other = b;
    int order = write_compare(one->source, other->source);
    order = order != 0 ? order : write_compare(one->ends, other->ends);
    return order != 0 ? order
                      : write_compare_texts(w, WRITE_AT(w->model->relations, ModelRelation, one->row)->kind,
                                            WRITE_AT(w->model->relations, ModelRelation, other->row)->kind);
}

// Those whose both ends are known.
static GArray *known_relations(Writing *w)
{
    GArray *out = g_array_new(FALSE, FALSE, sizeof(Relation));
    for (guint32 i = 0; i < w->model->relations->len; i++) {
        const ModelRelation *at = WRITE_AT(w->model->relations, ModelRelation, i);
        if (at->record_a == MODEL_NONE || at->record_b == MODEL_NONE || w->numbers[at->record_a] == 0 ||
            w->numbers[at->record_b] == 0)
            continue;
        Relation relation = {(guint64)at->record_a << 32 | at->record_b, w->source_ids[at->source], i};
        g_array_append_val(out, relation);
    }
    if (out->len > 1)
        qsort_r(out->data, out->len, sizeof(Relation), compare_relations, w);
    return out;
}

static bool write_relations(Writing *w, GError **error)
{
    g_autoptr(GArray) rows = known_relations(w);
    WriteTable *t = write_begin(w, "relation", 4, NULL, error);
    bool ok = t != NULL;
    for (guint i = 0; ok && i < rows->len; i++) {
        const Relation *row = WRITE_AT(rows, Relation, i);
        write_int(t, row->source);
        write_int(t, (int64_t)(row->ends >> 32) + 1);
        write_int(t, (int64_t)(guint32)row->ends + 1);
        write_text(t, WRITE_AT(w->model->relations, ModelRelation, row->row)->kind);
        ok = write_row(t, error);
    }
    return write_end(t, ok, error);
}

static int compare_links(const Writing *w, guint32 a, guint32 b)
{
    const ModelLink *one = WRITE_AT(w->model->links, ModelLink, a);
    const ModelLink *other = WRITE_AT(w->model->links, ModelLink, b);
    int order = write_compare(w->numbers[one->guardian], w->numbers[other->guardian]);
    return order != 0 ? order : write_compare(w->numbers[one->student], w->numbers[other->student]);
}

static bool write_links(Writing *w, GError **error)
{
    g_autofree guint32 *rows = write_sorted(w, w->model->links->len, compare_links);
    WriteTable *t = write_begin(w, "link", 2, &w->run->summary->links, error);
    bool ok = t != NULL;
    for (guint i = 0; ok && i < w->model->links->len; i++) {
        const ModelLink *link = WRITE_AT(w->model->links, ModelLink, rows[i]);
        guint32 guardian = w->numbers[link->guardian], student = w->numbers[link->student];
        if (guardian == 0 || student == 0 || guardian == student)
            continue;
        write_int(t, guardian);
        write_int(t, student);
        ok = write_row(t, error);
    }
    return write_end(t, ok, error);
}

bool write_seats(Writing *w, GError **error)
{
    return write_all_seats(w, error) && write_relations(w, error) && write_links(w, error);
}

// ---- lists ----------------------------------------------------------------------------------------------

static int compare_lists(const Writing *w, guint32 a, guint32 b)
{
    const ModelList *one = WRITE_AT(w->model->lists, ModelList, a);
    const ModelList *other = WRITE_AT(w->model->lists, ModelList, b);
    int order = write_compare_texts(w, one->address, other->address);
    order = order != 0 ? order : compare_ranks(w, one->source, other->source);
    // A source that tells the members once knows them.
    return order != 0 ? order : other->known - one->known;
}

static bool write_lists(Writing *w, GError **error)
{
    g_autofree guint32 *rows = write_sorted(w, w->model->lists->len, compare_lists);
    WriteTable *t = write_begin(w, "list", 4, &w->run->summary->lists, error);
    bool ok = t != NULL;
    for (guint i = 0; ok && i < w->model->lists->len; i++) {
        const ModelList *list = WRITE_AT(w->model->lists, ModelList, rows[i]);
        write_text(t, list->address);
        write_int(t, w->source_ids[list->source]);
        write_int(t, list->known);
        write_text(t, list->name);
        ok = write_row(t, error);
    }
    return write_end(t, ok, error);
}

static int compare_members(const Writing *w, guint32 a, guint32 b)
{
    const ModelMember *one = WRITE_AT(w->model->members, ModelMember, a);
    const ModelMember *other = WRITE_AT(w->model->members, ModelMember, b);
    int order = write_compare_texts(w, one->list, other->list);
    order = order != 0 ? order : write_compare_texts(w, one->member, other->member);
    return order != 0 ? order : compare_ranks(w, one->source, other->source);
}

static bool write_members(Writing *w, GError **error)
{
    g_autofree guint32 *rows = write_sorted(w, w->model->members->len, compare_members);
    WriteTable *t = write_begin(w, "list_member", 3, &w->run->summary->members, error);
    bool ok = t != NULL;
    for (guint i = 0; ok && i < w->model->members->len; i++) {
        const ModelMember *member = WRITE_AT(w->model->members, ModelMember, rows[i]);
        write_text(t, member->list);
        write_text(t, member->member);
        write_int(t, w->source_ids[member->source]);
        ok = write_row(t, error);
    }
    return write_end(t, ok, error);
}

// ---- what is the school's -------------------------------------------------------------------------------

static bool write_published(Writing *w, GError **error)
{
    WriteTable *t = write_begin(w, "published", 4, &w->run->summary->published, error);
    bool ok = t != NULL;
    for (guint i = 0; ok && i < w->model->published->len; i++) {
        const ModelPublished *row = WRITE_AT(w->model->published, ModelPublished, i);
        write_text(t, row->key);
        write_text(t, row->kind);
        write_text(t, row->label);
        write_int(t, w->source_ids[row->source]);
        ok = write_row(t, error);
    }
    return write_end(t, ok, error);
}

static bool write_blocks(Writing *w, GError **error)
{
    WriteTable *t = write_begin(w, "block", 4, &w->run->summary->published, error);
    bool ok = t != NULL;
    for (guint i = 0; ok && i < w->model->blocks->len; i++) {
        const ModelBlock *row = WRITE_AT(w->model->blocks, ModelBlock, i);
        write_int(t, row->first);
        write_int(t, row->last);
        write_text(t, row->label);
        write_int(t, w->source_ids[row->source]);
        ok = write_row(t, error);
    }
    return write_end(t, ok, error);
}

static int compare_student_addresses(const Writing *w, guint32 a, guint32 b)
{
    const ModelStudentAddress *one = WRITE_AT(w->model->student_addresses, ModelStudentAddress, a);
    const ModelStudentAddress *other = WRITE_AT(w->model->student_addresses, ModelStudentAddress, b);
    int order = write_compare_texts(w, one->address, other->address);
    order = order != 0 ? order : write_compare_texts(w, one->student, other->student);
    return order != 0 ? order : compare_ranks(w, one->source, other->source);
}

static bool write_student_addresses(Writing *w, GError **error)
{
    GArray *addresses = w->model->student_addresses;
    g_autofree guint32 *rows = write_sorted(w, addresses->len, compare_student_addresses);
    WriteTable *t = write_begin(w, "student_address", 3, &w->run->summary->student_addresses, error);
    bool ok = t != NULL;
    for (guint i = 0; ok && i < addresses->len; i++) {
        const ModelStudentAddress *row = WRITE_AT(addresses, ModelStudentAddress, rows[i]);
        write_text(t, row->address);
        write_text(t, row->student);
        write_int(t, w->source_ids[row->source]);
        ok = write_row(t, error);
    }
    return write_end(t, ok, error);
}

static bool write_webmail(Writing *w, GError **error)
{
    WriteTable *t = write_begin(w, "webmail", 2, &w->run->summary->webmail, error);
    bool ok = t != NULL;
    for (guint i = 0; ok && i < w->model->webmail->len; i++) {
        const ModelWebmail *row = WRITE_AT(w->model->webmail, ModelWebmail, i);
        write_text(t, row->domain);
        write_int(t, w->source_ids[row->source]);
        ok = write_row(t, error);
    }
    return write_end(t, ok, error);
}

static bool write_tools(Writing *w, GError **error)
{
    WriteTable *t = write_begin(w, "tool", 9, &w->run->summary->tools, error);
    bool ok = t != NULL;
    for (guint i = 0; ok && i < w->model->tools->len; i++) {
        const ModelTool *tool = WRITE_AT(w->model->tools, ModelTool, i);
        const Str texts[] = {tool->name, tool->kind, tool->value, tool->tenant};
        write_int(t, i + 1);
        for (int k = 0; k < 4; k++)
            write_text(t, texts[k]);
        write_int(t, tool->begins);
        write_int(t, tool->ends);
        write_text(t, tool->approver);
        write_int(t, w->source_ids[tool->source]);
        ok = write_row(t, error);
    }
    return write_end(t, ok, error);
}

bool write_rest(Writing *w, GError **error)
{
    return write_sources(w, error) && write_orgs(w, error) && write_classes(w, error) &&
           write_lists(w, error) && write_members(w, error) && write_published(w, error) &&
           write_blocks(w, error) && write_student_addresses(w, error) && write_webmail(w, error) &&
           write_tools(w, error);
}
