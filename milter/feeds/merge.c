#include "feeds/merge.h"

#include "feeds/model_index.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define TOLD_MOST 50 // notes of a kind with names

// ---- entries --------------------------------------------------------------------------------------------

static int compare_entries(const void *left, const void *right, void *data)
{
    const MergeEntry *a = left, *b = right;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    if (a->record != b->record)
        return merge_is_before(data, a->record, b->record) ? -1 : 1;
    return a->row < b->row ? -1 : a->row > b->row;
}

void merge_sort(Merge *merge, GArray *entries)
{
    if (entries->len > 1)
        qsort_r(entries->data, entries->len, sizeof(MergeEntry), compare_entries, merge);
}

guint merge_find(const GArray *entries, guint64 key)
{
    guint low = 0, high = entries->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (merge_entry(entries, middle)->key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low < entries->len && merge_entry(entries, low)->key == key ? low : entries->len;
}

guint merge_end(const GArray *entries, guint from)
{
    guint end = from + 1;
    while (end < entries->len && merge_entry(entries, end)->key == merge_entry(entries, from)->key)
        end++;
    return end;
}

// ---- groups ---------------------------------------------------------------------------------------------

guint32 merge_root(Merge *merge, guint32 record)
{
    guint32 *parent = merge->parent;
    while (parent[record] != record) {
        parent[record] = parent[parent[record]];
        record = parent[record];
    }
    return record;
}

void merge_join(Merge *merge, guint32 a, guint32 b)
{
    guint32 root = merge_root(merge, a), other = merge_root(merge, b);
    if (root == other)
        return;
    if (merge->rank[root] < merge->rank[other]) {
        guint32 swap = root;
        root = other;
        other = swap;
    }
    merge->rank[root] += merge->rank[root] == merge->rank[other];
    merge->parent[other] = root;
    merge->roles[root] |= merge->roles[other];
    if (merge_name_length(merge, merge->named[other]) > merge_name_length(merge, merge->named[root]))
        merge->named[root] = merge->named[other];
}

MergeFit merge_fits(Merge *merge, guint32 a, guint32 b)
{
    const guint8 both = 1 << ROLE_STAFF | 1 << ROLE_STUDENT;
    guint32 left = merge_root(merge, a), right = merge_root(merge, b);
    guint8 one = merge->roles[left] & both, other = merge->roles[right] & both;
    if (one != 0 && other != 0 && (one & other) == 0)
        return FIT_NO_ROLES;
    // Two rows of one source: Jan and Jane are twins rather than one student.
    if ((one & other & 1 << ROLE_STUDENT) != 0 &&
        model_at(merge->model, a)->source == model_at(merge->model, b)->source)
        return merge_names_same(merge, a, b) ? FIT : FIT_NO_NAMES;
    return merge_names_fit(merge, merge->named[left], merge->named[right]) ? FIT : FIT_NO_NAMES;
}

void merge_people_add(Merge *merge, MergePeople *people, guint32 record)
{
    guint32 root = merge_root(merge, record);
    for (guint i = 0; i < people->count; i++)
        if (merge_root(merge, people->records[i]) == root)
            return;
    if (people->count < MERGE_MOST)
        people->records[people->count++] = record;
    else
        people->more = true;
}

void merge_people_join(Merge *merge, MergePeople *people, MergeMay may)
{
    guint apart = 0;
    for (guint i = 0; i < people->count; i++) {
        guint32 record = people->records[i];
        bool joined = false;
        for (guint j = 0; !joined && j < apart; j++) {
            guint32 other = people->records[j];
            joined = merge_root(merge, other) == merge_root(merge, record);
            if (!joined && may(merge, other, record)) {
                merge_join(merge, other, record);
                joined = true;
            }
        }
        if (!joined)
            people->records[apart++] = record;
    }
    people->count = apart;
}

// ---- ids ------------------------------------------------------------------------------------------------

const char *merge_file(const Merge *merge, guint32 record)
{
    const ModelRecord *at = model_at(merge->model, record);
    Str source = g_array_index(merge->model->sources, ModelSource, at->source).name;
    return model_string(merge->model, at->file != 0 ? at->file : source);
}

char *merge_who(const Merge *merge, guint32 record)
{
    g_autofree char *name = merge_name(merge, record);
    const char *file = merge_file(merge, record);
    guint line = model_at(merge->model, record)->line;
    return line > 0 ? g_strdup_printf("%s (%s:%u)", name, file, line)
                    : g_strdup_printf("%s (%s)", name, file);
}

void merge_note(Merge *merge, guint32 record, MergeNote kind, const char *brief, const char *format, ...)
{
    guint line = model_at(merge->model, record)->line;
    if (merge->told[kind] == TOLD_MOST) {
        run_note(merge->run, merge_file(merge, record), line, "%s", brief);
        return;
    }
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    merge->told[kind]++;
    run_note(merge->run, merge_file(merge, record), line, "%s", text);
}

void merge_note_placeholder(Merge *merge, guint32 record, const char *what, const char *value)
{
    g_autofree char *brief = g_strdup_printf(
        "%s: of more than %d people, a placeholder; nobody is joined by it", what, MERGE_MOST);
    merge_note(merge, record, MERGE_PLACEHOLDER, brief,
               "%s %s: of more than %d people, a placeholder; nobody is joined by it", what, value,
               MERGE_MOST);
}

// Is each space that of several sources? By number of source. Caller frees.
static bool *shared_spaces(const Model *model)
{
    GArray *sources = model->sources;
    bool *shared = g_new0(bool, sources->len + 1);
    g_autoptr(GHashTable) first = g_hash_table_new(g_direct_hash, g_direct_equal);
    for (guint i = 0; i < sources->len; i++) {
        gpointer space = GUINT_TO_POINTER(g_array_index(sources, ModelSource, i).space), before;
        if (space == NULL)
            continue;
        if (!g_hash_table_lookup_extended(first, space, NULL, &before)) {
            g_hash_table_insert(first, space, GUINT_TO_POINTER(i));
            continue;
        }
        shared[i] = true;
        shared[GPOINTER_TO_UINT(before)] = true;
    }
    return shared;
}

static void index_ids(Merge *merge)
{
    const Model *model = merge->model;
    g_autofree bool *shared = shared_spaces(model);
    for (guint32 i = 0; i < model->records->len; i++) {
        const ModelRecord *record = model_at(model, i);
        if (!shared[record->source] || record->dropped)
            continue;
        Str space = g_array_index(model->sources, ModelSource, record->source).space;
        MergeEntry entry = {MODEL_KEY(space, record->ext), i, i};
        g_array_append_val(merge->ids, entry);
    }
    merge_sort(merge, merge->ids);
}

static void index_idents(Merge *merge)
{
    const Model *model = merge->model;
    for (guint32 i = 0; i < model->idents->len; i++) {
        const ModelIdent *ident = &g_array_index(model->idents, ModelIdent, i);
        MergeEntry entry = {MODEL_KEY(ident->space, ident->value), ident->record, i};
        g_array_append_val(merge->idents, entry);
    }
    merge_sort(merge, merge->idents);
}

static bool may_share_id(Merge *merge, guint32 a, guint32 b)
{
    return merge_fits(merge, a, b) == FIT;
}

// People left apart under one id. Somebody who is gone may have left it to another.
static void note_apart(Merge *merge, const MergePeople *people, MergeNote kind, const char *what,
                       const char *value)
{
    g_autofree char *brief =
        g_strdup_printf("%s: of two people whose names or kinds differ; they count as two", what);
    for (guint i = 1; i < people->count; i++) {
        guint32 record = people->records[i];
        if (model_at(merge->model, record)->gone != 0 ||
            model_at(merge->model, people->records[0])->gone != 0)
            continue;
        g_autofree char *first = merge_who(merge, people->records[0]), *name = merge_name(merge, record);
        bool roles = merge_fits(merge, people->records[0], record) == FIT_NO_ROLES;
        merge_note(merge, record, kind, brief, "%s %s belongs to %s and to %s, %s; they count as two people",
                   what, value, first, name,
                   roles ? "one on the staff and one a student" : "whose names differ");
    }
}

static void join_same(Merge *merge, const GArray *entries, bool idents)
{
    const Model *model = merge->model;
    for (guint from = 0, end; from < entries->len; from = end) {
        MergePeople people = {0};
        end = merge_end(entries, from);
        if (end == from + 1)
            continue;
        for (guint i = from; i < end; i++)
            merge_people_add(merge, &people, merge_entry(entries, i)->record);
        const char *what = model_string(model, (Str)(merge_entry(entries, from)->key >> 32));
        const char *value = model_string(model, (Str)merge_entry(entries, from)->key);
        if (people.more) {
            merge_note_placeholder(merge, people.records[0], idents ? what : "id", value);
            continue;
        }
        merge_people_join(merge, &people, may_share_id);
        note_apart(merge, &people, idents ? MERGE_IDENT : MERGE_ID, idents ? what : "id", value);
    }
}

// ---- what is told of everybody --------------------------------------------------------------------------

static void number_people(Merge *merge)
{
    guint count = merge->model->records->len;
    g_autofree guint32 *first = g_new(guint32, count + 1);
    memset(first, 0xff, sizeof *first * (count + 1));
    for (guint32 i = 0; i < count; i++) {
        guint32 root = merge_root(merge, i);
        if (first[root] == MODEL_NONE)
            first[root] = i;
        model_at(merge->model, i)->person = first[root];
    }
}

// Of each person the record whose name counts, at the number of the first one; MODEL_NONE where nobody has a name.
static guint32 *leading_records(const Merge *merge)
{
    guint count = merge->model->records->len;
    guint32 *leads = g_new(guint32, count + 1);
    memset(leads, 0xff, sizeof *leads * (count + 1));
    for (guint32 i = 0; i < count; i++) {
        guint32 *lead = &leads[model_at(merge->model, i)->person];
        if (merge_has_name(merge, i) && (*lead == MODEL_NONE || merge_is_before(merge, i, *lead)))
            *lead = i;
    }
    return leads;
}

static void note_name(Merge *merge, guint32 record, guint32 lead)
{
    const ModelRecord *at = model_at(merge->model, record);
    if (lead == MODEL_NONE || merge_names_same(merge, lead, record))
        return;
    guint32 source = model_at(merge->model, lead)->source;
    if (source == at->source)
        return;
    run_note(merge->run, merge_file(merge, record), at->line, "name: not as in %s, which counts",
             model_string(merge->model, g_array_index(merge->model->sources, ModelSource, source).name));
}

static void note_people(Merge *merge)
{
    const guint8 both = 1 << ROLE_STAFF | 1 << ROLE_STUDENT;
    g_autofree guint32 *leads = leading_records(merge);
    for (guint32 i = 0; i < merge->model->records->len; i++) {
        const ModelRecord *record = model_at(merge->model, i);
        note_name(merge, i, leads[record->person]);
        if (record->person == i && (merge->roles[merge_root(merge, i)] & both) == both)
            run_note(merge->run, merge_file(merge, i), record->line,
                     "role: somebody who is on the staff and a student; counts as both");
    }
}

// ---- phones ---------------------------------------------------------------------------------------------

static GArray *phone_entries(Merge *merge)
{
    const Model *model = merge->model;
    GArray *phones = g_array_new(FALSE, FALSE, sizeof(MergeEntry));
    for (guint32 i = 0; i < model->contacts->len; i++) {
        const ModelContact *contact = &g_array_index(model->contacts, ModelContact, i);
        MergeEntry entry = {contact->value, contact->record, i};
        if (contact->kind == KIND_PHONE && contact->use != CONTACT_WORK &&
            model_at(model, contact->record)->gone == 0)
            g_array_append_val(phones, entry);
    }
    merge_sort(merge, phones);
    return phones;
}

// The number is not told: it may be somebody's private one.
static bool note_phone(Merge *merge, guint32 staff, guint32 student)
{
    if (merge_are_family(merge, merge_root(merge, student), merge_root(merge, staff)))
        return false;
    g_autofree char *owner = merge_who(merge, staff);
    merge_note(merge, student, MERGE_PHONE,
               "phone: a student's and of somebody on the staff who is not the guardian",
               "phone: a student's and of %s on the staff, who is not the guardian", owner);
    return true;
}

// A number of a teacher in a student's row is one of the two's mistakes, unless it is the teacher's own child.
static void note_phones(Merge *merge)
{
    g_autoptr(GArray) phones = phone_entries(merge);
    for (guint from = 0, end; from < phones->len; from = end) {
        MergePeople staff = {0}, students = {0};
        bool noted = false;
        end = merge_end(phones, from);
        for (guint i = from; end > from + 1 && i < end; i++) {
            guint32 record = merge_entry(phones, i)->record;
            if (merge_is(merge, record, ROLE_STAFF))
                merge_people_add(merge, &staff, record);
            else if (merge_is(merge, record, ROLE_STUDENT))
                merge_people_add(merge, &students, record);
        }
        for (guint i = 0; !noted && i < staff.count; i++)
            for (guint j = 0; !noted && j < students.count; j++)
                noted = note_phone(merge, staff.records[i], students.records[j]);
    }
}

// ---- all ------------------------------------------------------------------------------------------------

// Places of records by their sources' rank; NULL when that is the order they have. Caller frees.
static guint32 *order_of(const Model *model)
{
    guint count = model->records->len;
    guint32 *order = g_new(guint32, count + 1);
    MergeEntry *entries = g_new(MergeEntry, count + 1);
    Merge plain = {0};
    bool sorted = true;
    for (guint32 i = 0; i < count; i++) {
        guint32 rank = g_array_index(model->sources, ModelSource, model_at(model, i)->source).rank;
        entries[i] = (MergeEntry){rank, i, i};
        sorted = sorted && (i == 0 || entries[i - 1].key <= rank);
    }
    if (!sorted)
        qsort_r(entries, count, sizeof *entries, compare_entries, &plain);
    for (guint32 i = 0; i < count; i++)
        order[entries[i].record] = i;
    if (sorted)
        g_clear_pointer(&order, g_free);
    g_free(entries);
    return order;
}

static void merge_begin(Merge *merge, FeedRun *run)
{
    Model *model = run->model;
    guint count = model->records->len;
    *merge = (Merge){.run = run,
                     .model = model,
                     .parent = g_new(guint32, count + 1),
                     .rank = g_new0(guint8, count + 1),
                     .roles = g_new(guint8, count + 1),
                     .named = g_new(guint32, count + 1),
                     .folded = g_hash_table_new(g_direct_hash, g_direct_equal),
                     .ids = g_array_new(FALSE, FALSE, sizeof(MergeEntry)),
                     .idents = g_array_new(FALSE, FALSE, sizeof(MergeEntry)),
                     .mail = g_array_new(FALSE, FALSE, sizeof(MergeEntry)),
                     .order = order_of(model),
                     .families = g_array_new(FALSE, FALSE, sizeof(guint64))};
    for (guint32 i = 0; i < count; i++) {
        merge->parent[i] = merge->named[i] = i;
        merge->roles[i] = model_at(model, i)->roles;
    }
}

static void merge_clear(Merge *merge)
{
    g_free(merge->parent);
    g_free(merge->rank);
    g_free(merge->roles);
    g_free(merge->named);
    g_free(merge->borrowed);
    g_free(merge->order);
    g_clear_pointer(&merge->anywhere, g_array_unref);
    g_hash_table_unref(merge->folded);
    GArray *arrays[] = {merge->ids, merge->idents, merge->mail, merge->families};
    for (gsize i = 0; i < G_N_ELEMENTS(arrays); i++)
        g_array_unref(arrays[i]);
}

typedef void (*MergeStep)(Merge *merge);

static void join_ids(Merge *merge)
{
    index_ids(merge);
    join_same(merge, merge->ids, false);
}

static void join_idents(Merge *merge)
{
    index_idents(merge);
    join_same(merge, merge->idents, true);
}

bool merge_run(FeedRun *run, GError **error)
{
    // Families are asked twice: what is one person by id or school address tells whose address a child borrows, and
    // that in turn tells who else is one person.
    static const MergeStep steps[] = {
        join_ids,       join_idents,         merge_mail_index,    merge_school_mail,
        merge_resolve,  merge_families,      merge_borrowed_mail, merge_mail,
        merge_families, merge_borrowed_mail, merge_note_mail,     merge_end_mail,
        number_people,  merge_links,         note_people,         note_phones};
    Merge merge;
    if (!model_check(run->model, error))
        return false;
    model_settle(run->model);
    merge_begin(&merge, run);
    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
        run_progress(run, "", "merge", (int64_t)i, G_N_ELEMENTS(steps));
        steps[i](&merge);
    }
    run_progress(run, "", "merge", G_N_ELEMENTS(steps), G_N_ELEMENTS(steps));
    bool ok = merge_check_links(&merge, error);
    merge_clear(&merge);
    return ok && model_check(run->model, error);
}
