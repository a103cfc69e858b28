// What people are called and log in as.
#include "feeds/write.h"

#include <stdlib.h>
#include <string.h>

#define NAMES_MOST 16 // of one person, told apart before their words are

typedef struct {
    guint64 head;
    guint32 at, person; // in `texts`: the key and, after its NUL, the words
} NameRow;

typedef struct {
    Writing *w;
    GArray *rows; // of NameRow
    GString *texts;
    guint64 seen[NAMES_MOST]; // given and family
    guint count;
} Naming;

static void add_name(Naming *naming, guint32 person, Str given, Str family)
{
    guint64 name = (guint64)given << 32 | family;
    char *key = NULL, *words = NULL;
    for (guint i = 0; i < naming->count; i++)
        if (naming->seen[i] == name)
            return;
    if (naming->count < NAMES_MOST)
        naming->seen[naming->count++] = name;
    const Model *model = naming->w->model;
    if (given == 0 || family == 0 ||
        !canon_name(model_string(model, given), model_string(model, family), &key, &words))
        return;
    NameRow row = {write_head(key), (guint32)naming->texts->len, person};
    g_array_append_val(naming->rows, row);
    g_string_append_len(naming->texts, key, (gssize)strlen(key) + 1);
    g_string_append_len(naming->texts, words, (gssize)strlen(words) + 1);
    g_free(key);
    g_free(words);
}

// Either form of the given name goes with either of the family name.
static void add_names_of(Naming *naming, guint32 person)
{
    const Writing *w = naming->w;
    naming->count = 0;
    for (guint i = 0; i < write_count(w, person); i++) {
        const ModelRecord *record = model_at(w->model, write_record(w, person, i));
        const Str given[] = {record->given, record->preferred_given};
        const Str family[] = {record->family, record->preferred_family};
        for (guint k = 0; k < 4; k++)
            add_name(naming, person, given[k & 1], family[k >> 1]);
    }
}

static int compare_names(const void *a, const void *b, void *data)
{
    const NameRow *one = a, *other = b;
    const char *texts = data, *left = texts + one->at, *right = texts + other->at;
    int order = write_compare(one->head, other->head);
    order = order != 0 ? order : strcmp(left, right);
    order = order != 0 ? order : write_compare(one->person, other->person);
    return order != 0 ? order : strcmp(left + strlen(left) + 1, right + strlen(right) + 1);
}

static bool write_name_rows(Writing *w, const Naming *naming, GError **error)
{
    WriteTable *t = write_begin(w, "name", 3, NULL, error);
    bool ok = t != NULL;
    for (guint i = 0; ok && i < naming->rows->len; i++) {
        const NameRow *row = WRITE_AT(naming->rows, NameRow, i);
        const char *key = naming->texts->str + row->at;
        write_copy(t, key);
        write_int(t, row->person);
        write_copy(t, key + strlen(key) + 1);
        ok = write_row(t, error);
    }
    return write_end(t, ok, error);
}

static bool write_full_names(Writing *w, GError **error)
{
    Naming naming = {.w = w, .rows = g_array_new(FALSE, FALSE, sizeof(NameRow)), .texts = g_string_new(NULL)};
    for (guint32 person = 1; person <= w->people; person++)
        if ((w->roles[person] & (1 << ROLE_STAFF | 1 << ROLE_STUDENT)) != 0)
            add_names_of(&naming, person);
    if (naming.rows->len > 1)
        qsort_r(naming.rows->data, naming.rows->len, sizeof(NameRow), compare_names, naming.texts->str);
    bool ok = write_name_rows(w, &naming, error);
    g_array_unref(naming.rows);
    g_string_free(naming.texts, TRUE);
    return ok;
}

// ---- logins ---------------------------------------------------------------------------------------------

static int compare_logins(const void *a, const void *b, void *data)
{
    const WriteKey *one = a, *other = b;
    const Writing *w = data;
    int order = write_compare(one->head, other->head);
    order = order != 0 ? order : write_compare_texts(w, one->text, other->text);
    return order != 0 ? order : write_compare(one->row, other->row);
}

static bool write_logins(Writing *w, GError **error)
{
    g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(WriteKey));
    for (guint32 i = 0; i < w->model->records->len; i++) {
        Str login = model_at(w->model, i)->login;
        const char *text = model_string(w->model, login);
        WriteKey key = {write_head(text), login, w->numbers[i]};
        if (login != 0 && key.row != 0 && strchr(text, '@') == NULL)
            g_array_append_val(keys, key);
    }
    if (keys->len > 1)
        qsort_r(keys->data, keys->len, sizeof(WriteKey), compare_logins, w);
    WriteTable *t = write_begin(w, "login", 2, NULL, error);
    bool ok = t != NULL;
    for (guint i = 0; ok && i < keys->len; i++) {
        const WriteKey *key = WRITE_AT(keys, WriteKey, i);
        write_text(t, key->text);
        write_int(t, key->row);
        ok = write_row(t, error);
    }
    return write_end(t, ok, error);
}

bool write_names(Writing *w, GError **error)
{
    return write_full_names(w, error) && write_logins(w, error);
}
