// People, each of one record or several, and their names.
#include "feeds/write.h"

#include "feeds/rows.h"

#include <stdlib.h>
#include <string.h>

// ---- who is one person ----------------------------------------------------------------------------------

static int compare_records(const Writing *w, guint32 a, guint32 b)
{
    const ModelRecord *one = model_at(w->model, a), *other = model_at(w->model, b);
    if ((one->gone != 0) != (other->gone != 0))
        return one->gone != 0 ? 1 : -1;
    return write_compare(WRITE_AT(w->model->sources, ModelSource, one->source)->rank,
                         WRITE_AT(w->model->sources, ModelSource, other->source)->rank);
}

// Ids in the order of the people's first records.
static void number_people(Writing *w)
{
    guint count = w->model->records->len;
    g_autofree guint32 *of_first = g_new0(guint32, count + 1);
    w->numbers = g_new0(guint32, count + 1);
    for (guint32 i = 0; i < count; i++) {
        const ModelRecord *record = model_at(w->model, i);
        if (record->dropped)
            continue;
        if (of_first[record->person] == 0)
            of_first[record->person] = ++w->people;
        w->numbers[i] = of_first[record->person];
    }
}

static void gather_records(Writing *w)
{
    guint count = w->model->records->len;
    w->begins = g_new0(guint32, w->people + 3);
    w->group = g_new(guint32, count + 1);
    // While it is filled begins[person + 1] is where the next record of `person` goes.
    for (guint32 i = 0; i < count; i++)
        if (w->numbers[i] != 0)
            w->begins[w->numbers[i] + 2]++;
    for (guint32 person = 1; person <= w->people + 1; person++)
        w->begins[person + 1] += w->begins[person];
    for (guint32 i = 0; i < count; i++)
        if (w->numbers[i] != 0)
            w->group[w->begins[w->numbers[i] + 1]++] = i;
}

guint write_counted(const Writing *w, guint32 person)
{
    guint count = 0, all = write_count(w, person);
    while (count < all && model_at(w->model, write_record(w, person, count))->gone == 0)
        count++;
    return count > 0 ? count : all;
}

void write_group(Writing *w)
{
    number_people(w);
    gather_records(w);
    w->roles = g_new0(guint8, w->people + 2);
    for (guint32 person = 1; person <= w->people; person++) {
        write_sort(w, w->group + w->begins[person], write_count(w, person), compare_records);
        guint counted = write_counted(w, person);
        for (guint i = 0; i < counted; i++)
            w->roles[person] |= model_at(w->model, write_record(w, person, i))->roles;
    }
}

static bool is_gone(const Writing *w, guint32 person)
{
    return model_at(w->model, write_record(w, person, 0))->gone != 0;
}

// What a record that is gone says counts only where the person is gone.
static bool counts(const Writing *w, guint32 record)
{
    guint32 person = w->numbers[record];
    return person != 0 && (model_at(w->model, record)->gone == 0 || is_gone(w, person));
}

// ---- pids -----------------------------------------------------------------------------------------------

static guint64 pid_key(const void *data, guint32 row)
{
    return ((const Str *)data)[row];
}

static bool take_pid(Rows *taken, Str *pids, guint32 person, Str pid)
{
    if (pid == 0 || rows_find(taken, pid) != ROWS_NONE)
        return false;
    pids[person] = pid;
    rows_put(taken, person);
    return true;
}

// The one it had in the generation before: what knows people by it need not be changed.
static void keep_pids(Writing *w, Rows *taken, Str *pids, bool gone)
{
    for (guint32 person = 1; person <= w->people; person++) {
        bool kept = is_gone(w, person) != gone;
        for (guint i = 0; !kept && i < write_count(w, person); i++)
            kept = take_pid(taken, pids, person, model_at(w->model, write_record(w, person, i))->pid);
    }
}

static void make_pid(Writing *w, Rows *taken, Str *pids, guint32 person)
{
    const ModelRecord *first = model_at(w->model, write_record(w, person, 0));
    if (take_pid(taken, pids, person, first->ext))
        return;
    const char *source =
        model_string(w->model, WRITE_AT(w->model->sources, ModelSource, first->source)->name);
    g_autofree char *base = g_strconcat(source, "/", model_string(w->model, first->ext), NULL);
    bool made = take_pid(taken, pids, person, model_text(w->model, base));
    for (guint n = 2; !made; n++) {
        g_autofree char *pid = g_strdup_printf("%s/%u", base, n);
        made = take_pid(taken, pids, person, model_text(w->model, pid));
    }
}

// Of each id. Caller frees.
static Str *make_pids(Writing *w)
{
    Str *pids = g_new0(Str, w->people + 2);
    Rows taken;
    rows_init(&taken, pid_key, pids);
    keep_pids(w, &taken, pids, false);
    keep_pids(w, &taken, pids, true);
    for (guint32 person = 1; person <= w->people; person++)
        if (pids[person] == 0)
            make_pid(w, &taken, pids, person);
    rows_clear(&taken);
    return pids;
}

// ---- persons --------------------------------------------------------------------------------------------

// The record that names the person.
static const ModelRecord *named_record(const Writing *w, guint32 person)
{
    guint count = write_count(w, person);
    const ModelRecord *named = NULL;
    for (guint i = 0; named == NULL && i < count; i++) {
        const ModelRecord *record = model_at(w->model, write_record(w, person, i));
        if ((record->given | record->family) != 0)
            named = record;
    }
    return named != NULL ? named : model_at(w->model, write_record(w, person, 0));
}

// Birth dates of staff are nobody's business here.
static bool keeps_birth(const Writing *w, guint32 person)
{
    return (w->roles[person] & (1 << ROLE_STUDENT | 1 << ROLE_STAFF)) == 1 << ROLE_STUDENT;
}

static gpointer record_key(guint32 record)
{
    return GUINT_TO_POINTER(record + 1);
}

// Record -> row of model->managers. Caller frees.
static GHashTable *managers_of(const Writing *w)
{
    GHashTable *managers = g_hash_table_new(g_direct_hash, g_direct_equal);
    for (guint i = 0; i < w->model->managers->len; i++) {
        const ModelManager *manager = WRITE_AT(w->model->managers, ModelManager, i);
        if (manager->person != MODEL_NONE)
            g_hash_table_insert(managers, record_key(manager->record), GUINT_TO_POINTER(manager->person + 1));
    }
    return managers;
}

static guint32 manager_of(const Writing *w, GHashTable *managers, guint32 person)
{
    guint32 found = 0;
    for (guint i = 0; found == 0 && i < write_count(w, person); i++) {
        guint32 record = write_record(w, person, i);
        found = GPOINTER_TO_UINT(g_hash_table_lookup(managers, record_key(record)));
    }
    return found != 0 ? w->numbers[found - 1] : 0;
}

typedef struct {
    const Str *pids;
    GHashTable *managers;
    const guint32 *posts; // sorted by person
    guint post;           // the next
    GString *schools;
} People;

static bool names_school(const GString *schools, const char *oid)
{
    gsize length = strlen(oid);
    bool found = false;
    for (const char *at = schools->str; !found && *at != '\0';) {
        gsize here = strcspn(at, ",");
        found = here == length && memcmp(at, oid, length) == 0;
        at += here + (at[here] == ',');
    }
    return found;
}

static void add_schools(const Writing *w, People *people, guint32 person)
{
    g_string_truncate(people->schools, 0);
    for (; people->post < w->model->posts->len; people->post++) {
        const ModelPost *post = WRITE_AT(w->model->posts, ModelPost, people->posts[people->post]);
        if (w->numbers[post->record] > person)
            break;
        const char *oid = model_string(w->model, post->org);
        if (w->numbers[post->record] < person || oid[0] == '\0' || !counts(w, post->record) ||
            names_school(people->schools, oid))
            continue;
        if (people->schools->len > 0)
            g_string_append_c(people->schools, ',');
        g_string_append(people->schools, oid);
    }
}

typedef struct {
    Str grade;
    guint32 gone, birth;
    bool enabled;
} Facts;

static Facts facts_of(const Writing *w, guint32 person)
{
    Facts facts = {.grade = 0};
    guint counted = write_counted(w, person);
    for (guint i = 0; i < counted; i++) {
        const ModelRecord *record = model_at(w->model, write_record(w, person, i));
        facts.grade = facts.grade != 0 ? facts.grade : record->grade;
        facts.birth = facts.birth != 0 ? facts.birth : record->birth;
        facts.gone = MAX(facts.gone, record->gone);
        facts.enabled |= record->enabled;
    }
    return facts;
}

static void count_person(FeedSummary *summary, guint8 roles)
{
    summary->people++;
    summary->staff += (roles & 1 << ROLE_STAFF) != 0;
    summary->students += (roles & 1 << ROLE_STUDENT) != 0;
    summary->guardians += (roles & 1 << ROLE_GUARDIAN) != 0;
}

static bool write_person(Writing *w, WriteTable *t, People *people, guint32 person, GError **error)
{
    const ModelRecord *named = named_record(w, person);
    Facts facts = facts_of(w, person);
    guint32 mail = w->mails[person];
    add_schools(w, people, person);
    if (facts.gone == 0)
        count_person(w->run->summary, w->roles[person]);
    write_int(t, person);
    write_text(t, people->pids[person]);
    write_text(t, named->given);
    write_text(t, named->family);
    write_int(t, w->roles[person]);
    write_int(t, facts.enabled);
    write_int(t, facts.gone);
    write_int(t, keeps_birth(w, person) ? facts.birth : 0);
    write_text_or_null(t, facts.grade);
    write_text_or_null(t, mail != 0 ? WRITE_AT(w->model->contacts, ModelContact, mail - 1)->value : 0);
    write_int(t, manager_of(w, people->managers, person));
    write_copy(t, people->schools->str);
    return write_row(t, error);
}

static bool write_persons(Writing *w, const Str *pids, const guint32 *posts, GHashTable *managers,
                          GError **error)
{
    g_autoptr(GString) schools = g_string_new(NULL);
    WriteTable *t = write_begin(w, "person", 12, NULL, error);
    People people = {.pids = pids, .managers = managers, .posts = posts, .schools = schools};
    bool ok = t != NULL;
    for (guint32 person = 1; ok && person <= w->people; person++)
        ok = write_person(w, t, &people, person, error);
    return write_end(t, ok, error);
}

// ---- records --------------------------------------------------------------------------------------------

static bool write_one_record(Writing *w, WriteTable *t, const Str *pids, GHashTable *managers, guint32 at,
                             GError **error)
{
    const ModelRecord *record = model_at(w->model, at);
    guint32 person = w->numbers[at];
    const ModelRecord *named = named_record(w, person);
    guint32 manager = GPOINTER_TO_UINT(g_hash_table_lookup(managers, record_key(at)));
    write_int(t, at + 1);
    write_int(t, w->source_ids[record->source]);
    write_unless(t, record->ext, pids[person]);
    write_int(t, person);
    write_unless(t, record->given, named->given);
    write_unless(t, record->family, named->family);
    write_text_or_null(t, record->preferred_given);
    write_text_or_null(t, record->preferred_family);
    write_int(t, record->roles);
    write_int(t, record->enabled);
    write_int(t, record->gone);
    write_int(t, keeps_birth(w, person) ? record->birth : 0);
    write_text_or_null(t, record->grade);
    write_text_or_null(t, record->login);
    write_int_or_null(t, manager);
    return write_row(t, error);
}

static bool write_records(Writing *w, const Str *pids, GHashTable *managers, GError **error)
{
    WriteTable *t = write_begin(w, "record", 15, NULL, error);
    bool ok = t != NULL;
    for (guint32 i = 0; ok && i < w->model->records->len; i++)
        if (w->numbers[i] != 0)
            ok = write_one_record(w, t, pids, managers, i, error);
    return write_end(t, ok, error);
}

static int compare_posts(const Writing *w, guint32 a, guint32 b)
{
    const ModelPost *one = WRITE_AT(w->model->posts, ModelPost, a);
    const ModelPost *other = WRITE_AT(w->model->posts, ModelPost, b);
    int order = write_compare(w->numbers[one->record], w->numbers[other->record]);
    order = order != 0 ? order : write_compare(one->role, other->role);
    order = order != 0 ? order : write_compare_texts(w, one->position, other->position);
    order = order != 0 ? order : write_compare_texts(w, one->org, other->org);
    order = order != 0 ? order : write_compare(one->record, other->record);
    return order != 0 ? order : write_compare(one->begins, other->begins);
}

static bool write_posts(Writing *w, const guint32 *posts, GError **error)
{
    WriteTable *t = write_begin(w, "post", 7, NULL, error);
    bool ok = t != NULL;
    for (guint i = 0; ok && i < w->model->posts->len; i++) {
        const ModelPost *post = WRITE_AT(w->model->posts, ModelPost, posts[i]);
        if (!counts(w, post->record))
            continue;
        write_int(t, w->numbers[post->record]);
        write_int(t, post->role);
        write_text(t, post->position);
        write_text(t, post->org);
        write_int(t, post->begins);
        write_int(t, post->ends);
        write_int(t, post->record + 1);
        ok = write_row(t, error);
    }
    return write_end(t, ok, error);
}

static int compare_idents(const Writing *w, guint32 a, guint32 b)
{
    const ModelIdent *one = WRITE_AT(w->model->idents, ModelIdent, a);
    const ModelIdent *other = WRITE_AT(w->model->idents, ModelIdent, b);
    int order = write_compare(one->record, other->record);
    order = order != 0 ? order : write_compare_texts(w, one->space, other->space);
    return order != 0 ? order : write_compare_texts(w, one->value, other->value);
}

static bool write_idents(Writing *w, GError **error)
{
    g_autofree guint32 *rows = write_sorted(w, w->model->idents->len, compare_idents);
    WriteTable *t = write_begin(w, "ident", 3, NULL, error);
    bool ok = t != NULL;
    for (guint i = 0; ok && i < w->model->idents->len; i++) {
        const ModelIdent *ident = WRITE_AT(w->model->idents, ModelIdent, rows[i]);
        if (w->numbers[ident->record] == 0)
            continue;
        write_int(t, ident->record + 1);
        write_text(t, ident->space);
        write_text(t, ident->value);
        ok = write_row(t, error);
    }
    return write_end(t, ok, error);
}

bool write_people(Writing *w, GError **error)
{
    g_autofree guint32 *posts = write_sorted(w, w->model->posts->len, compare_posts);
    g_autofree Str *pids = make_pids(w);
    g_autoptr(GHashTable) managers = managers_of(w);
    return write_persons(w, pids, posts, managers, error) && write_records(w, pids, managers, error) &&
           write_posts(w, posts, error) && write_idents(w, error);
}
