// Who is whose guardian and whose supervisor: references resolved, now that everybody is known.
#include "feeds/merge.h"
#include "feeds/model_index.h"

#include <stdlib.h>
#include <string.h>

#define SEATS_MOST 50 // notes of members with their names
#define STUDENT    (1 << ROLE_STUDENT)
#define GUARDIAN   (1 << ROLE_GUARDIAN)

// ---- references -----------------------------------------------------------------------------------------

// Where the entries of a reference begin; their length when there are none.
static guint entries_of(const Merge *merge, ModelRef ref, const GArray **out)
{
    const Model *model = merge->model;
    if (ref.by == REF_ADDRESS) {
        *out = merge->mail;
        return merge_find(merge->mail, ref.text);
    }
    if (ref.by == REF_ID) {
        *out = merge->ids;
        Str space = g_array_index(model->sources, ModelSource, ref.source).space;
        return merge_find(merge->ids, MODEL_KEY(space, ref.text));
    }
    *out = merge->idents;
    const char *text = model_string(model, ref.text), *colon = strchr(text, ':');
    g_autofree char *name = colon != NULL ? g_strndup(text, (gsize)(colon - text)) : NULL;
    Str space, value;
    if (colon == NULL || !texts_find(model->texts, name, &space) ||
        !texts_find(model->texts, colon + 1, &value))
        return merge->idents->len;
    return merge_find(merge->idents, MODEL_KEY(space, value));
}

// Of several the first with a role of `wanted`, else the first.
static guint32 pick(Merge *merge, const GArray *entries, guint at, guint8 wanted)
{
    if (at == entries->len)
        return MODEL_NONE;
    const MergeEntry *first = merge_entry(entries, at), *best = NULL;
    for (guint i = 0; best == NULL && at + i < entries->len && i < MERGE_MOST; i++) {
        const MergeEntry *entry = merge_entry(entries, at + i);
        if (entry->key == first->key && (merge->roles[merge_root(merge, entry->record)] & wanted) != 0)
            best = entry;
    }
    return best != NULL ? best->record : first->record;
}

static void index_anywhere(Merge *merge)
{
    const Model *model = merge->model;
    if (merge->anywhere != NULL)
        return;
    merge->anywhere = g_array_new(FALSE, FALSE, sizeof(MergeEntry));
    for (guint32 i = 0; i < model->records->len; i++) {
        MergeEntry entry = {model_at(model, i)->ext, i, i};
        if (!model_at(model, i)->dropped)
            g_array_append_val(merge->anywhere, entry);
    }
    merge_sort(merge, merge->anywhere);
}

// Whoever has the id in any source: the only one, or the only one with a role of `wanted`.
static guint32 pick_only(Merge *merge, Str id, guint8 wanted)
{
    MergePeople all = {0}, fit = {0};
    index_anywhere(merge);
    const GArray *entries = merge->anywhere;
    guint at = merge_find(entries, id);
    for (guint i = at; i < entries->len && !all.more && merge_entry(entries, i)->key == id; i++) {
        guint32 record = merge_entry(entries, i)->record;
        merge_people_add(merge, &all, record);
        if ((merge->roles[merge_root(merge, record)] & wanted) != 0)
            merge_people_add(merge, &fit, record);
    }
    if (all.more)
        return MODEL_NONE;
    return fit.count == 1 ? fit.records[0] : all.count == 1 ? all.records[0] : MODEL_NONE;
}

// The record meant; MODEL_NONE when there is none.
static guint32 resolve(Merge *merge, ModelRef ref, guint8 wanted)
{
    const Model *model = merge->model;
    if (ref.by == REF_ID && ref.source == MODEL_NONE)
        return pick_only(merge, ref.text, wanted);
    guint32 own = ref.by == REF_ID ? model_find_text(model, ref.source, ref.text) : MODEL_NONE;
    if (own != MODEL_NONE && !model_at(model, own)->dropped)
        return own;
    const GArray *entries;
    guint at = entries_of(merge, ref, &entries);
    return pick(merge, entries, at, wanted);
}

// Does somebody have it, though it does not tell who?
static bool is_ambiguous(Merge *merge, ModelRef ref)
{
    if (ref.by != REF_ID || ref.source != MODEL_NONE)
        return false;
    index_anywhere(merge);
    return merge_find(merge->anywhere, ref.text) < merge->anywhere->len;
}

// ---- relations ------------------------------------------------------------------------------------------

typedef enum { LINK, LINK_NOBODY, LINK_SEVERAL, LINK_SELF, LINK_CIRCLE, LINK_OTHERS } LinkKind;

// `out`: student and guardian, roots.
static LinkKind link_of(Merge *merge, guint32 record_a, guint32 record_b, guint32 *out_student,
                        guint32 *out_guardian)
{
    if (record_a == MODEL_NONE || record_b == MODEL_NONE)
        return LINK_NOBODY;
    guint32 a = merge_root(merge, record_a), b = merge_root(merge, record_b);
    bool ab = (merge->roles[a] & STUDENT) != 0 && (merge->roles[b] & GUARDIAN) != 0;
    bool ba = (merge->roles[b] & STUDENT) != 0 && (merge->roles[a] & GUARDIAN) != 0;
    *out_student = ab ? a : b;
    *out_guardian = ab ? b : a;
    if (a == b)
        return LINK_SELF;
    if (ab && ba)
        return LINK_CIRCLE;
    return ab || ba ? LINK : LINK_OTHERS;
}

// An address in rows of both generations, as young children have their guardian's, means the one that makes sense; so
// does an id that several have.
static bool resolve_as(Merge *merge, ModelRelation *relation, guint8 wanted_a, guint8 wanted_b)
{
    guint32 student, guardian;
    relation->record_a = resolve(merge, relation->a, wanted_a);
    relation->record_b = resolve(merge, relation->b, wanted_b);
    return link_of(merge, relation->record_a, relation->record_b, &student, &guardian) == LINK;
}

static bool is_exact(ModelRef ref)
{
    return ref.by == REF_ID && ref.source != MODEL_NONE;
}

static void resolve_relation(Merge *merge, ModelRelation *relation)
{
    if (resolve_as(merge, relation, STUDENT, GUARDIAN) || (is_exact(relation->a) && is_exact(relation->b)))
        return;
    if (!resolve_as(merge, relation, GUARDIAN, STUDENT))
        resolve_as(merge, relation, 0, 0);
}

static void resolve_seat(Merge *merge, const ModelSeatRef *seat)
{
    const char *text = model_string(merge->model, seat->who.text),
               *file = model_string(merge->model, seat->file);
    guint32 record = resolve(merge, seat->who, (guint8)(1 << seat->role));
    if (record != MODEL_NONE)
        model_seat(merge->model, seat->class_index, record, seat->role, (int)seat->begins, (int)seat->ends);
    else if (is_ambiguous(merge, seat->who))
        run_note(merge->run, file, seat->line, "an id that several people have; not kept");
    else if (merge->told[MERGE_SEAT]++ < SEATS_MOST)
        run_note(merge->run, file, seat->line, "%s: somebody who is in no source; not kept", text);
    else
        run_note(merge->run, file, seat->line, "somebody who is in no source; not kept");
}

void merge_resolve(Merge *merge)
{
    Model *model = merge->model;
    for (guint i = 0; i < model->relations->len; i++)
        resolve_relation(merge, &g_array_index(model->relations, ModelRelation, i));
    for (guint i = 0; i < model->managers->len; i++) {
        ModelManager *manager = &g_array_index(model->managers, ModelManager, i);
        manager->person = resolve(merge, manager->manager, 1 << ROLE_STAFF);
    }
    for (guint i = 0; i < model->seat_refs->len; i++)
        resolve_seat(merge, &g_array_index(model->seat_refs, ModelSeatRef, i));
}

static int compare_families(const void *left, const void *right)
{
    guint64 a = *(const guint64 *)left, b = *(const guint64 *)right;
    return a < b ? -1 : a > b;
}

void merge_families(Merge *merge)
{
    GArray *families = merge->families;
    guint32 student, guardian;
    g_array_set_size(families, 0);
    const GArray *relations = merge->model->relations;
    for (guint i = 0; i < relations->len; i++) {
        const ModelRelation *at = &g_array_index(relations, ModelRelation, i);
        if (link_of(merge, at->record_a, at->record_b, &student, &guardian) != LINK)
            continue;
        guint64 family = MODEL_KEY(student, guardian);
        g_array_append_val(families, family);
    }
    if (families->len > 1)
        qsort(families->data, families->len, sizeof(guint64), compare_families);
    guint kept = 0;
    for (guint i = 0; i < families->len; i++) {
        guint64 family = g_array_index(families, guint64, i);
        if (kept == 0 || g_array_index(families, guint64, kept - 1) != family)
            g_array_index(families, guint64, kept++) = family;
    }
    g_array_set_size(families, kept);
}

bool merge_are_family(const Merge *merge, guint32 student, guint32 guardian)
{
    guint64 family = MODEL_KEY(student, guardian);
    const GArray *all = merge->families;
    return all->len > 0 && bsearch(&family, all->data, all->len, sizeof(guint64), compare_families) != NULL;
}

// ---- what comes of it -----------------------------------------------------------------------------------

static void note_relation(Merge *merge, const ModelRelation *relation)
{
    static const char *const WHY[] = {
        [LINK_NOBODY] = "a link to somebody who is in no source; not kept",
        [LINK_SEVERAL] = "a link by an id that several people have; not kept",
        [LINK_SELF] = "a link of somebody to the same person; not kept",
        [LINK_CIRCLE] = "a link of two people who could each be the other's guardian",
        [LINK_OTHERS] = "a link that is not between a student and a guardian; not kept",
    };
    guint32 student, guardian;
    LinkKind kind = link_of(merge, relation->record_a, relation->record_b, &student, &guardian);
    if (kind == LINK)
        return;
    if (kind == LINK_CIRCLE && merge->circle == NULL)
        merge->circle = relation;
    if (kind == LINK_NOBODY && (is_ambiguous(merge, relation->a) || is_ambiguous(merge, relation->b)))
        kind = LINK_SEVERAL;
    Str source = g_array_index(merge->model->sources, ModelSource, relation->source).name;
    run_note(merge->run, model_string(merge->model, relation->file != 0 ? relation->file : source),
             relation->line, "%s", WHY[kind]);
}

static void end_managers(Merge *merge)
{
    Model *model = merge->model;
    for (guint i = 0; i < model->managers->len; i++) {
        ModelManager *manager = &g_array_index(model->managers, ModelManager, i);
        guint32 person = model_at(model, manager->record)->person;
        if (manager->person == MODEL_NONE)
            run_note(merge->run, merge_file(merge, manager->record), model_at(model, manager->record)->line,
                     "manager: somebody who is in no source; not kept");
        else
            manager->person = model_at(model, manager->person)->person;
        if (manager->person == person)
            manager->person = MODEL_NONE;
    }
}

void merge_links(Merge *merge)
{
    Model *model = merge->model;
    g_array_set_size(model->links, 0);
    for (guint i = 0; i < merge->families->len; i++) {
        guint64 family = g_array_index(merge->families, guint64, i);
        ModelLink link = {.guardian = model_at(model, (guint32)family)->person,
                          .student = model_at(model, (guint32)(family >> 32))->person};
        g_array_append_val(model->links, link);
    }
    for (guint i = 0; i < model->relations->len; i++)
        note_relation(merge, &g_array_index(model->relations, ModelRelation, i));
    end_managers(merge);
}

bool merge_check_links(const Merge *merge, GError **error)
{
    const ModelRelation *circle = merge->circle;
    if (circle == NULL)
        return true;
    Str source = g_array_index(merge->model->sources, ModelSource, circle->source).name;
    g_set_error(
        error, BASE_ERROR, BASE_ERROR_DATA,
        "%s:%u: guardian: two people who are students and guardians both are linked, and each could be the "
        "other's guardian; correct the role of one of them or take the link out",
        model_string(merge->model, circle->file != 0 ? circle->file : source), circle->line);
    return false;
}
