// What a delta takes away: noted while it is read, done at once for all by model_settle, so that a delta of any size
// takes one walk over the rows.
#include "feeds/model_index.h"

#include <string.h>

#define SEAT_GONE 0x80 // in the role of a seat that was taken away

static guint64 renewal_key(const void *data, guint32 row)
{
    return g_array_index(((const Model *)data)->index->renewals, ModelRenewal, row).record;
}

static guint64 seat_key_of(guint32 class_index, guint32 record, guint8 role)
{
    return MODEL_KEY(class_index << 3 | (role & 7), record);
}

static guint64 seat_key(const void *data, guint32 row)
{
    const ModelSeat *seat = &g_array_index(((const Model *)data)->seats, ModelSeat, row);
    return seat_key_of(seat->class_index, seat->record, seat->role);
}

void model_index_forget(Model *model)
{
    ModelIndex *index = model->index;
    g_clear_pointer(&index->renewals, g_array_unref);
    g_clear_pointer(&index->seat_before, g_array_unref);
    index->class_dropped = index->org_dropped = false;
    rows_clear(&index->renewal_of);
    rows_clear(&index->seats);
}

// ---- while it is read -----------------------------------------------------------------------------------

// The renewal of `record`, made when it is new.
static ModelRenewal *renewal_of(Model *model, guint32 record)
{
    ModelIndex *index = model->index;
    if (index->renewals == NULL) {
        index->renewals = g_array_new(FALSE, FALSE, sizeof(ModelRenewal));
        rows_init(&index->renewal_of, renewal_key, model);
    }
    guint32 at = rows_find(&index->renewal_of, record);
    if (at == ROWS_NONE) {
        ModelRenewal renewal = {.record = record};
        at = index->renewals->len;
        g_array_append_val(index->renewals, renewal);
        rows_put(&index->renewal_of, at);
    }
    return &g_array_index(index->renewals, ModelRenewal, at);
}

void model_renew_posts(Model *model, guint32 record)
{
    renewal_of(model, record)->posts = model->posts->len;
    model_at(model, record)->roles = 0;
}

void model_renew_details(Model *model, guint32 record)
{
    ModelRenewal *renewal = renewal_of(model, record);
    renewal->contacts = model->contacts->len;
    renewal->idents = model->idents->len;
    renewal->relations = model->relations->len;
    renewal->managers = model->managers->len;
}

void model_renew(Model *model, guint32 record)
{
    model_renew_posts(model, record);
    model_renew_details(model, record);
}

void model_index_seat(Model *model, guint32 seat)
{
    ModelIndex *index = model->index;
    if (index->seat_before == NULL)
        return;
    guint32 before = rows_put(&index->seats, seat);
    g_array_append_val(index->seat_before, before);
}

bool model_seat_drop(Model *model, guint32 class_index, guint32 record, Role role)
{
    ModelIndex *index = model->index;
    if (index->seat_before == NULL) {
        index->seat_before = g_array_new(FALSE, FALSE, sizeof(guint32));
        rows_init(&index->seats, seat_key, model);
        for (guint32 i = 0; i < model->seats->len; i++)
            model_index_seat(model, i);
    }
    bool found = false;
    guint32 at = rows_find(&index->seats, seat_key_of(class_index, record, (guint8)role));
    while (at != ROWS_NONE) {
        ModelSeat *seat = &g_array_index(model->seats, ModelSeat, at);
        guint32 *before = &g_array_index(index->seat_before, guint32, at);
        found |= (seat->role & SEAT_GONE) == 0;
        seat->role |= SEAT_GONE;
        at = *before;
        *before = ROWS_NONE;
    }
    return found;
}

void model_class_drop(Model *model, guint32 class_index)
{
    g_array_index(model->classes, ModelClass, class_index).dropped = true;
    model->index->class_dropped = true;
}

void model_org_drop(Model *model, guint32 source, const char *oid)
{
    Str text = model_text(model, oid);
    guint32 at = rows_find(&model->index->orgs, MODEL_KEY(source, text));
    if (at == MODEL_NONE)
        return;
    g_array_index(model->orgs, ModelOrg, at).dropped = true;
    model->index->org_dropped = true;
}

// ---- all at once ----------------------------------------------------------------------------------------

// Is row `row` of a list gone with its record? `length`: where a renewal says how long that list was.
static bool is_gone(const Model *model, guint32 record, guint row, gsize length)
{
    if (record == MODEL_NONE)
        return false;
    if (model_at(model, record)->dropped)
        return true;
    if (model->index->renewals == NULL)
        return false;
    guint32 at = rows_find(&model->index->renewal_of, record);
    if (at == ROWS_NONE)
        return false;
    const ModelRenewal *renewal = &g_array_index(model->index->renewals, ModelRenewal, at);
    return row < G_STRUCT_MEMBER(guint, renewal, length);
}

// Keeps the rows of `array` that are not gone; all rows of these lists begin with their record.
static void settle_rows(const Model *model, GArray *array, gsize length)
{
    guint size = g_array_get_element_size(array), kept = 0;
    for (guint i = 0; i < array->len; i++) {
        char *row = array->data + (gsize)i * size;
        if (is_gone(model, *(const guint32 *)(const void *)row, i, length))
            continue;
        if (kept != i)
            memcpy(array->data + (gsize)kept * size, row, size);
        kept++;
    }
    g_array_set_size(array, kept);
}

static bool is_dropped(const Model *model, ModelRef ref)
{
    guint32 record = ref.by == REF_ID ? model_find_text(model, ref.source, ref.text) : MODEL_NONE;
    return record != MODEL_NONE && model_at(model, record)->dropped;
}

static void settle_relations(Model *model)
{
    guint kept = 0;
    for (guint i = 0; i < model->relations->len; i++) {
        ModelRelation *at = &g_array_index(model->relations, ModelRelation, i);
        bool own = at->a.by == REF_ID && at->a.source == at->source;
        guint32 teller = own ? model_find_text(model, at->a.source, at->a.text) : MODEL_NONE;
        if (!is_gone(model, teller, i, G_STRUCT_OFFSET(ModelRenewal, relations)) &&
            !is_dropped(model, at->a) && !is_dropped(model, at->b))
            g_array_index(model->relations, ModelRelation, kept++) = *at;
    }
    g_array_set_size(model->relations, kept);
}

static void settle_personal(Model *model)
{
    guint kept = 0;
    for (guint i = 0; i < model->personal->len; i++) {
        ModelPersonal *at = &g_array_index(model->personal, ModelPersonal, i);
        if (at->record != MODEL_NONE && model_at(model, at->record)->dropped)
            g_bytes_unref(at->sealed);
        else
            g_array_index(model->personal, ModelPersonal, kept++) = *at;
    }
    g_array_set_size(model->personal, kept);
}

// The classes' new numbers. Caller frees.
static guint32 *settle_classes(Model *model)
{
    guint32 *numbers = g_new(guint32, model->classes->len + 1), kept = 0;
    for (guint32 i = 0; i < model->classes->len; i++) {
        ModelClass *at = &g_array_index(model->classes, ModelClass, i);
        numbers[i] = at->dropped ? MODEL_NONE : kept;
        if (!at->dropped)
            g_array_index(model->classes, ModelClass, kept++) = *at;
    }
    g_array_set_size(model->classes, kept);
    return numbers;
}

static void settle_seat_refs(Model *model, const guint32 *classes)
{
    guint kept = 0;
    for (guint i = 0; i < model->seat_refs->len; i++) {
        ModelSeatRef ref = g_array_index(model->seat_refs, ModelSeatRef, i);
        ref.class_index = classes[ref.class_index];
        if (ref.class_index != MODEL_NONE)
            g_array_index(model->seat_refs, ModelSeatRef, kept++) = ref;
    }
    g_array_set_size(model->seat_refs, kept);
}

static void settle_seats(Model *model, const guint32 *classes)
{
    guint kept = 0;
    for (guint i = 0; i < model->seats->len; i++) {
        ModelSeat seat = g_array_index(model->seats, ModelSeat, i);
        bool gone = (seat.role & SEAT_GONE) != 0 || model_at(model, seat.record)->dropped;
        seat.class_index = classes[seat.class_index];
        if (!gone && seat.class_index != MODEL_NONE)
            g_array_index(model->seats, ModelSeat, kept++) = seat;
    }
    g_array_set_size(model->seats, kept);
}

static void settle_orgs(Model *model)
{
    guint kept = 0;
    for (guint i = 0; i < model->orgs->len; i++) {
        ModelOrg org = g_array_index(model->orgs, ModelOrg, i);
        if (!org.dropped)
            g_array_index(model->orgs, ModelOrg, kept++) = org;
    }
    g_array_set_size(model->orgs, kept);
    model_index_orgs(model);
}

static bool has_dropped(const Model *model)
{
    bool dropped = false;
    for (guint32 i = 0; !dropped && i < model->records->len; i++)
        dropped = model_at(model, i)->dropped;
    return dropped;
}

void model_settle(Model *model)
{
    ModelIndex *index = model->index;
    bool people = index->renewals != NULL || has_dropped(model);
    if (people) {
        settle_relations(model);
        settle_rows(model, model->posts, G_STRUCT_OFFSET(ModelRenewal, posts));
        settle_rows(model, model->contacts, G_STRUCT_OFFSET(ModelRenewal, contacts));
        settle_rows(model, model->idents, G_STRUCT_OFFSET(ModelRenewal, idents));
        settle_rows(model, model->managers, G_STRUCT_OFFSET(ModelRenewal, managers));
        settle_personal(model);
    }
    if (people || index->seat_before != NULL || index->class_dropped) {
        g_autofree guint32 *numbers = settle_classes(model);
        settle_seats(model, numbers);
        settle_seat_refs(model, numbers);
        model_index_classes(model);
    }
    if (index->org_dropped)
        settle_orgs(model);
    model_index_forget(model);
}
