// Contact details: plain ones by key, those of staff as hashes.
#include "feeds/write.h"

#include <stdlib.h>
#include <string.h>

#define PHONE_TAIL 7

// What keys begin with, as they sort.
typedef enum { HEAD_EMAIL, HEAD_HANDLE, HEAD_INVITE, HEAD_PHONE7, HEAD_PHONE, HEAD_STREET, HEAD_LAST } Head;
static const char *const HEADS[HEAD_LAST] = {"email:", "handle:", "invite:", "phone7:", "phone:", "street:"};

// ---- what is plain --------------------------------------------------------------------------------------

// Addresses that the district or a person's own row gives are known to all; what a family's row tells is the family's.
static bool is_plain(const Writing *w, const ModelContact *contact)
{
    const guint8 family = 1 << ROLE_GUARDIAN | 1 << ROLE_STUDENT;
    guint8 roles = model_at(w->model, contact->record)->roles;
    if ((w->roles[w->numbers[contact->record]] & 1 << ROLE_STAFF) == 0 || contact->use == CONTACT_WORK ||
        ((roles & family) != 0 && (roles & 1 << ROLE_STAFF) == 0))
        return true;
    return contact->kind == KIND_EMAIL && contact->use != CONTACT_PERSONAL;
}

// ---- the address a person is written to -----------------------------------------------------------------

static guint field_rank(const Writing *w, Str field)
{
    guint i = 0;
    while (i < WRITE_FIELDS && w->fields[i] != field)
        i++;
    return i == WRITE_PREVIOUS ? WRITE_FIELDS : i == WRITE_FIELDS ? WRITE_PREVIOUS : i;
}

// Of two of one person.
static bool is_better(const Writing *w, const ModelContact *a, const ModelContact *b)
{
    const Model *model = w->model;
    const ModelRecord *one = model_at(model, a->record), *other = model_at(model, b->record);
    guint one_rank = field_rank(w, a->field), other_rank = field_rank(w, b->field);
    if ((one->gone != 0) != (other->gone != 0))
        return one->gone == 0;
    if (one_rank != other_rank)
        return one_rank < other_rank;
    return WRITE_AT(model->sources, ModelSource, one->source)->rank <
           WRITE_AT(model->sources, ModelSource, other->source)->rank;
}

void write_mails(Writing *w)
{
    static const char *const fields[WRITE_FIELDS] = {"email", "username", "alias", "previous"};
    GArray *contacts = w->model->contacts;
    for (guint i = 0; i < WRITE_FIELDS; i++)
        w->fields[i] = model_text(w->model, fields[i]);
    w->mails = g_new0(guint32, w->people + 2);
    for (guint32 i = 0; i < contacts->len; i++) {
        const ModelContact *contact = WRITE_AT(contacts, ModelContact, i);
        guint32 *mail = &w->mails[w->numbers[contact->record]];
        if (contact->kind != KIND_EMAIL || contact->use == CONTACT_PERSONAL ||
            (*mail != 0 && !is_better(w, contact, WRITE_AT(contacts, ModelContact, *mail - 1))))
            continue;
        const char *at = strrchr(model_string(w->model, contact->value), '@');
        if (at != NULL && model_is_district(w->model, at + 1))
            *mail = i + 1;
    }
}

// ---- plain ones -----------------------------------------------------------------------------------------

static void add_key(Writing *w, GArray *keys, const char *key, Str text, guint32 row)
{
    WriteKey add = {write_head(key), text, row};
    g_array_append_val(keys, add);
}

static const char *key_of(const Writing *w, Head head, Str text)
{
    const char *key = model_string(w->model, text);
    gsize length = head == HEAD_PHONE7 ? strlen(key) : 0;
    return length > PHONE_TAIL ? key + length - PHONE_TAIL : key;
}

static void add_other_keys(Writing *w, GArray *keys, Head head, guint32 row)
{
    const ModelContact *contact = WRITE_AT(w->model->contacts, ModelContact, row);
    g_autoptr(GPtrArray) all = canon_store_keys(contact->kind, model_string(w->model, contact->value));
    for (guint i = 0; i < all->len; i++) {
        const char *key = all->pdata[i];
        if (!g_str_has_prefix(key, HEADS[head]))
            continue;
        Str text = model_text(w->model, key + strlen(HEADS[head]));
        add_key(w, keys, model_string(w->model, text), text, row);
    }
}

// The keys of canon_store_keys; for addresses and numbers, which are most, without making them.
static void add_keys(Writing *w, GArray *keys, Head head, guint32 row)
{
    const ModelContact *contact = WRITE_AT(w->model->contacts, ModelContact, row);
    const char *value = model_string(w->model, contact->value);
    if (contact->kind == KIND_EMAIL) {
        if (head == HEAD_EMAIL)
            add_key(w, keys, value, contact->value, row);
    } else if (contact->kind == KIND_PHONE) {
        if (head == HEAD_PHONE || (head == HEAD_PHONE7 && strlen(value) >= 10))
            add_key(w, keys, key_of(w, head, contact->value), contact->value, row);
    } else {
        add_other_keys(w, keys, head, row);
    }
}

typedef struct {
    const Writing *w;
    Head head;
} Order;

static int compare_keys(const void *a, const void *b, void *data)
{
    const Order *order = data;
    const Writing *w = order->w;
    const WriteKey *one = a, *other = b;
    int result = write_compare(one->head, other->head);
    if (result == 0 && one->text != other->text)
        result = strcmp(key_of(w, order->head, one->text), key_of(w, order->head, other->text));
    if (result != 0)
        return result;
    const ModelContact *left = WRITE_AT(w->model->contacts, ModelContact, one->row);
    const ModelContact *right = WRITE_AT(w->model->contacts, ModelContact, other->row);
    result = write_compare(w->numbers[left->record], w->numbers[right->record]);
    result = result != 0 ? result : write_compare(left->record, right->record);
    result = result != 0 ? result : write_compare(field_rank(w, left->field), field_rank(w, right->field));
    return result != 0 ? result : write_compare(one->row, other->row);
}

static bool write_keys(Writing *w, WriteTable *t, Head head, GArray *keys, GError **error)
{
    g_autoptr(GString) text = g_string_new(HEADS[head]);
    gsize length = text->len;
    bool ok = true;
    for (guint i = 0; ok && i < keys->len; i++) {
        const WriteKey *key = WRITE_AT(keys, WriteKey, i);
        const ModelContact *contact = WRITE_AT(w->model->contacts, ModelContact, key->row);
        g_string_truncate(text, length);
        g_string_append(text, key_of(w, head, key->text));
        write_copy(t, text->str);
        write_int(t, w->numbers[contact->record]);
        write_text(t, contact->field);
        write_int(t, contact->record + 1);
        write_int(t, contact->use);
        ok = write_row(t, error);
    }
    return ok;
}

static bool write_plain(Writing *w, GError **error)
{
    WriteTable *t = write_begin(w, "contact", 5, NULL, error);
    bool ok = t != NULL;
    for (Head head = 0; ok && head < HEAD_LAST; head++) {
        g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(WriteKey));
        Order order = {w, head};
        for (guint32 i = 0; i < w->model->contacts->len; i++) {
            const ModelContact *contact = WRITE_AT(w->model->contacts, ModelContact, i);
            if (w->numbers[contact->record] != 0 && is_plain(w, contact))
                add_keys(w, keys, head, i);
        }
        if (keys->len > 1)
            qsort_r(keys->data, keys->len, sizeof(WriteKey), compare_keys, &order);
        ok = write_keys(w, t, head, keys, error);
    }
    return write_end(t, ok, error);
}

// ---- hashes ---------------------------------------------------------------------------------------------

static bool add_private(Writing *w, const ModelContact *contact, GError **error)
{
    const Model *model = w->model;
    const ModelRecord *record = model_at(model, contact->record);
    Str source = WRITE_AT(model->sources, ModelSource, record->source)->name;
    return model_personal(w->model, contact->record, NULL, model_string(model, contact->field), contact->kind,
                          model_string(model, contact->value), model_string(model, source), error);
}

static int compare_personal(const Writing *w, guint32 a, guint32 b)
{
    return memcmp(WRITE_AT(w->model->personal, ModelPersonal, a)->hash,
                  WRITE_AT(w->model->personal, ModelPersonal, b)->hash, KEY_HASH);
}

static bool write_one_personal(Writing *w, WriteTable *t, const ModelPersonal *row, GError **error)
{
    gsize length = 0;
    const void *sealed = row->sealed != NULL ? g_bytes_get_data(row->sealed, &length) : NULL;
    bool known = row->record != MODEL_NONE;
    write_blob(t, row->hash, sizeof row->hash);
    write_int(t, known ? w->numbers[row->record] : 0);
    write_text(t, known ? 0 : row->owner);
    write_text(t, row->field);
    write_blob(t, sealed, length);
    write_text(t, row->source);
    write_int(t, known ? row->record + 1 : 0);
    w->run->summary->personal += sealed != NULL;
    return write_row(t, error);
}

static bool write_personal(Writing *w, GError **error)
{
    GArray *personal = w->model->personal;
    g_autofree guint32 *rows = write_sorted(w, personal->len, compare_personal);
    WriteTable *t = write_begin(w, "personal", 7, NULL, error);
    bool ok = t != NULL;
    for (guint i = 0; ok && i < personal->len; i++) {
        const ModelPersonal *row = WRITE_AT(personal, ModelPersonal, rows[i]);
        if (row->record == MODEL_NONE || w->numbers[row->record] != 0)
            ok = write_one_personal(w, t, row, error);
    }
    return write_end(t, ok, error);
}

static bool write_private(Writing *w, GError **error)
{
    GArray *contacts = w->model->contacts, *personal = w->model->personal;
    guint told = personal->len; // by sources as such
    bool ok = true;
    for (guint32 i = 0; ok && i < contacts->len; i++) {
        const ModelContact *contact = WRITE_AT(contacts, ModelContact, i);
        if (w->numbers[contact->record] != 0 && !is_plain(w, contact))
            ok = add_private(w, contact, error);
    }
    ok = ok && write_personal(w, error);
    for (guint i = told; i < personal->len; i++)
        g_bytes_unref(WRITE_AT(personal, ModelPersonal, i)->sealed);
    g_array_set_size(personal, told);
    return ok;
}

bool write_contacts(Writing *w, GError **error)
{
    return write_plain(w, error) && write_private(w, error);
}
