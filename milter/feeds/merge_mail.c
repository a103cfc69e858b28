// People by their mail addresses.
#include "feeds/merge.h"
#include "feeds/model_index.h"

#include <string.h>

#define PREVIOUS    "previous"
#define FAMILY_MOST 64 // rows of one address among which children and guardians are looked for

// ---- the index ------------------------------------------------------------------------------------------

void merge_mail_index(Merge *merge)
{
    Model *model = merge->model;
    Str previous = model_text(model, PREVIOUS);
    for (guint32 i = 0; i < model->contacts->len; i++) {
        const ModelContact *contact = &g_array_index(model->contacts, ModelContact, i);
        MergeEntry entry = {contact->value, contact->record, i};
        if (contact->kind == KIND_EMAIL && contact->field != previous)
            g_array_append_val(merge->mail, entry);
    }
    merge_sort(merge, merge->mail);
}

static bool is_school(const Merge *merge, Str address)
{
    const char *at = strrchr(model_string(merge->model, address), '@');
    return at != NULL && model_is_district(merge->model, at + 1);
}

static bool is_student(Merge *merge, guint32 record)
{
    return merge_is(merge, record, ROLE_STUDENT);
}

static bool is_staff(Merge *merge, guint32 record)
{
    return merge_is(merge, record, ROLE_STAFF);
}

static bool is_guardian_only(Merge *merge, guint32 record)
{
    return merge->roles[merge_root(merge, record)] == 1 << ROLE_GUARDIAN;
}

// ---- who may be one by an address -----------------------------------------------------------------------

static bool may_share_school(Merge *merge, guint32 a, guint32 b)
{
    bool generations = (is_student(merge, a) && is_guardian_only(merge, b)) ||
                       (is_student(merge, b) && is_guardian_only(merge, a));
    return !generations && merge_fits(merge, a, b) == FIT;
}

// Brothers and sisters write from one private address.
static bool may_share_private(Merge *merge, guint32 a, guint32 b)
{
    return !is_student(merge, a) && !is_student(merge, b) && merge_fits(merge, a, b) == FIT;
}

void merge_school_mail(Merge *merge)
{
    const GArray *mail = merge->mail;
    for (guint from = 0, end; from < mail->len; from = end) {
        MergePeople people = {0};
        end = merge_end(mail, from);
        if (end == from + 1 || !is_school(merge, (Str)merge_entry(mail, from)->key))
            continue;
        for (guint i = from; i < end; i++)
            merge_people_add(merge, &people, merge_entry(mail, i)->record);
        if (!people.more)
            merge_people_join(merge, &people, may_share_school);
    }
}

// ---- borrowed addresses ---------------------------------------------------------------------------------

static bool is_borrowed(Merge *merge, guint from, guint end, guint32 student)
{
    guint32 root = merge_root(merge, student);
    bool found = false;
    for (guint i = from; !found && i < end; i++)
        found = merge_are_family(merge, root, merge_root(merge, merge_entry(merge->mail, i)->record));
    return found;
}

static void borrow(Merge *merge, const MergeEntry *entry)
{
    Model *model = merge->model;
    if (merge->borrowed == NULL)
        merge->borrowed = g_new0(bool, model->contacts->len + 1);
    merge->borrowed[entry->row] = true;
    run_note(merge->run, merge_file(merge, entry->record), model_at(model, entry->record)->line,
             "%s: of a student equal to that of a guardian; counted as the guardian's only",
             model_string(model, g_array_index(model->contacts, ModelContact, entry->row).field));
}

void merge_borrowed_mail(Merge *merge)
{
    GArray *mail = merge->mail;
    guint kept = 0;
    for (guint from = 0, end; from < mail->len; from = end) {
        end = merge_end(mail, from);
        for (guint i = from; end > from + 1 && end - from <= FAMILY_MOST && i < end; i++)
            if (is_student(merge, merge_entry(mail, i)->record) &&
                is_borrowed(merge, from, end, merge_entry(mail, i)->record))
                borrow(merge, merge_entry(mail, i));
    }
    for (guint i = 0; merge->borrowed != NULL && i < mail->len; i++)
        if (!merge->borrowed[merge_entry(mail, i)->row])
            g_array_index(mail, MergeEntry, kept++) = *merge_entry(mail, i);
    if (merge->borrowed != NULL)
        g_array_set_size(mail, kept);
}

void merge_end_mail(Merge *merge)
{
    GArray *contacts = merge->model->contacts;
    guint kept = 0;
    if (merge->borrowed == NULL)
        return;
    for (guint i = 0; i < contacts->len; i++)
        if (!merge->borrowed[i])
            g_array_index(contacts, ModelContact, kept++) = g_array_index(contacts, ModelContact, i);
    g_array_set_size(contacts, kept);
}

// ---- the personal registry ------------------------------------------------------------------------------

static guint64 personal_key(const void *data, guint32 row)
{
    guint64 key;
    memcpy(&key, g_array_index(((const Model *)data)->personal, ModelPersonal, row).hash, sizeof key);
    return key;
}

static Rows registry(const Model *model)
{
    Rows rows;
    rows_init(&rows, personal_key, model);
    for (guint32 i = 0; i < model->personal->len; i++)
        rows_put(&rows, i);
    return rows;
}

// The staff member of a registry row; MODEL_NONE when there is none.
static guint32 registered(Merge *merge, guint32 row)
{
    const ModelPersonal *personal = &g_array_index(merge->model->personal, ModelPersonal, row);
    const GArray *mail = merge->mail;
    if (personal->record != MODEL_NONE)
        return is_staff(merge, personal->record) ? personal->record : MODEL_NONE;
    guint at = personal->owner != 0 ? merge_find(mail, personal->owner) : mail->len;
    guint32 found = MODEL_NONE;
    for (guint i = at; found == MODEL_NONE && i < mail->len && i - at < MERGE_MOST; i++)
        if (merge_entry(mail, i)->key == personal->owner && is_staff(merge, merge_entry(mail, i)->record))
            found = merge_entry(mail, i)->record;
    return found;
}

// The staff member whose private address the registry says this is.
static guint32 registered_owner(Merge *merge, const Rows *rows, Str address)
{
    unsigned char hash[KEY_HASH];
    guint64 key;
    g_autofree char *text = g_strconcat("email:", model_string(merge->model, address), NULL);
    key_hash(&merge->model->key, text, hash);
    memcpy(&key, hash, sizeof key);
    guint32 row = rows_find(rows, key);
    if (row == ROWS_NONE ||
        memcmp(g_array_index(merge->model->personal, ModelPersonal, row).hash, hash, sizeof hash) != 0)
        return MODEL_NONE;
    return registered(merge, row);
}

// ---- all addresses --------------------------------------------------------------------------------------

// The row of a guardian with the address of a teacher is that teacher's as a guardian, though the name be the
// husband's; but when there is a guardian's row of the teacher's name, the other one is somebody else.
static void join_family(Merge *merge, MergePeople *people)
{
    guint staff = 0, guardians = 0, guardian = 0;
    guint32 teacher = MODEL_NONE;
    for (guint i = 0; i < people->count; i++) {
        if (is_staff(merge, people->records[i])) {
            staff++;
            teacher = people->records[i];
        } else if (is_guardian_only(merge, people->records[i])) {
            guardians++;
            guardian = i;
        }
    }
    if (staff != 1 || guardians != 1 || merge_is(merge, teacher, ROLE_GUARDIAN) ||
        merge_is(merge, teacher, ROLE_STUDENT))
        return;
    guint32 record = people->records[guardian];
    g_autofree char *name = merge_name(merge, record), *who = merge_who(merge, teacher);
    merge_note(merge, record, MERGE_TEACHER,
               "a guardian of another name with the address of somebody on the staff: counted as one person",
               "%s, a guardian, has the address of %s of the staff: counted as one person", name, who);
    merge_join(merge, teacher, record);
    people->records[guardian] = people->records[--people->count];
}

static void merge_one(Merge *merge, guint from, guint end, const Rows *rows)
{
    MergePeople people = {0};
    Str address = (Str)merge_entry(merge->mail, from)->key;
    bool guardians = false;
    for (guint i = from; i < end; i++) {
        guint32 record = merge_entry(merge->mail, i)->record;
        merge_people_add(merge, &people, record);
        guardians |= is_guardian_only(merge, record);
    }
    if (people.more)
        return;
    guint32 owner = guardians && rows->count > 0 ? registered_owner(merge, rows, address) : MODEL_NONE;
    if (owner != MODEL_NONE)
        merge_people_add(merge, &people, owner);
    if (people.count < 2)
        return;
    merge_people_join(merge, &people, is_school(merge, address) ? may_share_school : may_share_private);
    join_family(merge, &people);
}

void merge_mail(Merge *merge)
{
    Rows rows = registry(merge->model);
    for (guint from = 0, end; from < merge->mail->len; from = end) {
        end = merge_end(merge->mail, from);
        merge_one(merge, from, end, &rows);
    }
    rows_clear(&rows);
}

// ---- what is left ---------------------------------------------------------------------------------------

// Two guardians share an address, and a teacher and the husband; that two of others do is a mistake of one. Not so
// of what somebody who is gone has left.
static bool is_conflict(Merge *merge, guint32 a, guint32 b)
{
    bool guardian_a = is_guardian_only(merge, a), guardian_b = is_guardian_only(merge, b);
    if (model_at(merge->model, a)->gone != 0 || model_at(merge->model, b)->gone != 0)
        return false;
    if (guardian_a && guardian_b)
        return false;
    if (guardian_a || guardian_b)
        return !merge_is(merge, guardian_a ? b : a, ROLE_GUARDIAN);
    return true;
}

static void note_conflicts(Merge *merge, const char *address, const MergePeople *people)
{
    for (guint i = 1; i < people->count; i++) {
        guint32 record = people->records[i];
        guint j = 0;
        while (j < i && !is_conflict(merge, people->records[j], record))
            j++;
        if (j == i)
            continue;
        g_autofree char *first = merge_who(merge, people->records[j]), *name = merge_name(merge, record);
        merge_note(merge, record, MERGE_ADDRESS,
                   "an address that belongs to somebody else too; they count as two people",
                   "address %s belongs to %s and to %s; they count as two people", address, first, name);
    }
}

void merge_note_mail(Merge *merge)
{
    const GArray *mail = merge->mail;
    for (guint from = 0, end; from < mail->len; from = end) {
        MergePeople people = {0};
        end = merge_end(mail, from);
        const char *address = model_string(merge->model, (Str)merge_entry(mail, from)->key);
        for (guint i = from; end > from + 1 && i < end; i++)
            merge_people_add(merge, &people, merge_entry(mail, i)->record);
        if (people.more)
            merge_note_placeholder(merge, people.records[0], "address", address);
        else
            note_conflicts(merge, address, &people);
    }
}
