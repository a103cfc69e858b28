#include "feeds/model_index.h"

#include <sodium.h>
#include <string.h>

#define PUT(array, row) g_array_append_vals(array, &(row), 1)

// ---- what finds rows ------------------------------------------------------------------------------------

static guint64 record_key(const void *data, guint32 row)
{
    const ModelRecord *record = &g_array_index(((const Model *)data)->records, ModelRecord, row);
    return MODEL_KEY(record->source, record->ext);
}

static guint64 class_key(const void *data, guint32 row)
{
    const ModelClass *at = &g_array_index(((const Model *)data)->classes, ModelClass, row);
    return MODEL_KEY(at->source, at->cid);
}

static guint64 org_key(const void *data, guint32 row)
{
    const ModelOrg *org = &g_array_index(((const Model *)data)->orgs, ModelOrg, row);
    return MODEL_KEY(org->source, org->oid);
}

void model_index_classes(Model *model)
{
    ModelIndex *index = model->index;
    rows_clear(&index->classes);
    rows_init(&index->classes, class_key, model);
    for (guint32 i = 0; i < model->classes->len; i++)
        rows_put(&index->classes, i);
}

void model_index_orgs(Model *model)
{
    ModelIndex *index = model->index;
    rows_clear(&index->orgs);
    rows_init(&index->orgs, org_key, model);
    for (guint32 i = 0; i < model->orgs->len; i++)
        rows_put(&index->orgs, i);
}

Model *model_new(const Config *config, const RosterKey *key)
{
    Model *model = g_new0(Model, 1);
    model->config = config;
    if (key != NULL)
        model->key = *key;
    model->sources = g_array_new(FALSE, FALSE, sizeof(ModelSource));
    model->records = g_array_new(FALSE, FALSE, sizeof(ModelRecord));
    model->posts = g_array_new(FALSE, FALSE, sizeof(ModelPost));
    model->contacts = g_array_new(FALSE, FALSE, sizeof(ModelContact));
    model->idents = g_array_new(FALSE, FALSE, sizeof(ModelIdent));
    model->relations = g_array_new(FALSE, FALSE, sizeof(ModelRelation));
    model->managers = g_array_new(FALSE, FALSE, sizeof(ModelManager));
    model->orgs = g_array_new(FALSE, FALSE, sizeof(ModelOrg));
    model->classes = g_array_new(FALSE, FALSE, sizeof(ModelClass));
    model->seats = g_array_new(FALSE, FALSE, sizeof(ModelSeat));
    model->seat_refs = g_array_new(FALSE, FALSE, sizeof(ModelSeatRef));
    model->lists = g_array_new(FALSE, FALSE, sizeof(ModelList));
    model->members = g_array_new(FALSE, FALSE, sizeof(ModelMember));
    model->personal = g_array_new(FALSE, FALSE, sizeof(ModelPersonal));
    model->student_addresses = g_array_new(FALSE, FALSE, sizeof(ModelStudentAddress));
    model->published = g_array_new(FALSE, FALSE, sizeof(ModelPublished));
    model->blocks = g_array_new(FALSE, FALSE, sizeof(ModelBlock));
    model->webmail = g_array_new(FALSE, FALSE, sizeof(ModelWebmail));
    model->tools = g_array_new(FALSE, FALSE, sizeof(ModelTool));
    model->links = g_array_new(FALSE, FALSE, sizeof(ModelLink));
    model->texts = texts_new();
    ModelIndex *index = model->index = g_new0(ModelIndex, 1);
    rows_init(&index->records, record_key, model);
    rows_init(&index->classes, class_key, model);
    rows_init(&index->orgs, org_key, model);
    index->domains = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    char **domains = config != NULL ? config->district.domains : NULL;
    for (gsize i = 0; domains != NULL && domains[i] != NULL; i++)
        g_hash_table_add(index->domains, g_ascii_strdown(domains[i], -1));
    return model;
}

void model_free(Model *model)
{
    if (model == NULL)
        return;
    for (guint i = 0; i < model->personal->len; i++)
        g_bytes_unref(g_array_index(model->personal, ModelPersonal, i).sealed);
    GArray *arrays[] = {
        model->seat_refs, model->sources,   model->records,           model->posts,    model->contacts,
        model->idents,    model->relations, model->managers,          model->orgs,     model->classes,
        model->seats,     model->lists,     model->members,           model->personal, model->published,
        model->blocks,    model->webmail,   model->student_addresses, model->tools,    model->links};
    for (gsize i = 0; i < G_N_ELEMENTS(arrays); i++)
        g_array_unref(arrays[i]);
    texts_free(model->texts);
    model_index_forget(model);
    rows_clear(&model->index->records);
    rows_clear(&model->index->classes);
    rows_clear(&model->index->orgs);
    g_hash_table_unref(model->index->domains);
    g_free(model->index);
    sodium_memzero(&model->key, sizeof model->key);
    g_free(model);
}

// ---- texts ----------------------------------------------------------------------------------------------

Str model_text(Model *model, const char *text)
{
    return texts_add(model->texts, text);
}

const char *model_string(const Model *model, Str text)
{
    return texts_at(model->texts, text);
}

bool model_check(const Model *model, GError **error)
{
    if (texts_full(model->texts))
        g_set_error(
            error, BASE_ERROR, BASE_ERROR_DATA,
            "the sources have more than 4 GB of names, ids and addresses: more than a roster can hold");
    return !texts_full(model->texts);
}

// ---- people ---------------------------------------------------------------------------------------------

guint32 model_source(Model *model, const char *name, const char *type, const char *space)
{
    Str text = model_text(model, name);
    guint32 at = 0;
    while (at < model->sources->len && g_array_index(model->sources, ModelSource, at).name != text)
        at++;
    if (at == model->sources->len) {
        ModelSource made = {.name = text, .rank = at};
        PUT(model->sources, made);
    }
    ModelSource *source = &g_array_index(model->sources, ModelSource, at);
    if (type != NULL)
        source->type = model_text(model, type);
    if (space != NULL)
        source->space = model_text(model, space);
    return at;
}

guint32 model_find(const Model *model, guint32 source, const char *ext)
{
    Str text;
    return texts_find(model->texts, ext, &text) ? model_find_text(model, source, text) : MODEL_NONE;
}

guint32 model_find_text(const Model *model, guint32 source, Str ext)
{
    return rows_find(&model->index->records, MODEL_KEY(source, ext));
}

guint32 model_record(Model *model, guint32 source, const char *ext, bool *out_new)
{
    Str text = model_text(model, ext);
    guint32 at = model_find_text(model, source, text);
    if (out_new != NULL)
        *out_new = at == MODEL_NONE;
    if (at != MODEL_NONE)
        return at;
    at = model->records->len;
    ModelRecord record = {.source = source, .ext = text, .person = at, .enabled = true};
    PUT(model->records, record);
    rows_put(&model->index->records, at);
    return at;
}

ModelRecord *model_at(const Model *model, guint32 record)
{
    return &g_array_index(model->records, ModelRecord, record);
}

void model_post(Model *model, guint32 record, Role role, const char *position, const char *org, int begins,
                int ends)
{
    ModelPost post = {.record = record,
                      .position = model_text(model, position),
                      .org = model_text(model, org),
                      .begins = (guint32)begins,
                      .ends = (guint32)ends,
                      .role = (guint8)role};
    PUT(model->posts, post);
    model_at(model, record)->roles |= (guint8)(1 << role);
}

void model_contact(Model *model, guint32 record, Kind kind, const char *canonical, const char *field,
                   ContactUse use)
{
    ModelContact contact = {.record = record,
                            .value = model_text(model, canonical),
                            .field = model_text(model, field),
                            .kind = (guint8)kind,
                            .use = (guint8)use};
    if (contact.value != 0)
        PUT(model->contacts, contact);
}

void model_ident(Model *model, guint32 record, const char *space, const char *value)
{
    ModelIdent ident = {
        .record = record, .space = model_text(model, space), .value = model_text(model, value)};
    if (ident.value != 0)
        PUT(model->idents, ident);
}

ModelRef model_ref(Model *model, RefBy by, guint32 source, const char *text)
{
    return (ModelRef){.by = (guint8)by, .source = source, .text = model_text(model, text)};
}

void model_relation(Model *model, guint32 source, ModelRef a, ModelRef b, const char *kind, const char *file,
                    guint line)
{
    ModelRelation relation = {.a = a,
                              .b = b,
                              .record_a = MODEL_NONE,
                              .record_b = MODEL_NONE,
                              .kind = model_text(model, kind),
                              .source = source,
                              .line = line,
                              .file = model_text(model, file)};
    PUT(model->relations, relation);
}

void model_manager(Model *model, guint32 record, ModelRef manager)
{
    ModelManager row = {.record = record, .manager = manager, .person = MODEL_NONE};
    if (manager.text != 0)
        PUT(model->managers, row);
}

// ---- schools and classes --------------------------------------------------------------------------------

void model_org(Model *model, guint32 source, const char *oid, const char *name, const char *type,
               const char *parent)
{
    ModelOrg org = {.source = source,
                    .oid = model_text(model, oid),
                    .name = model_text(model, name),
                    .type = model_text(model, type),
                    .parent = model_text(model, parent)};
    guint32 at = rows_find(&model->index->orgs, MODEL_KEY(source, org.oid));
    if (at != MODEL_NONE) {
        g_array_index(model->orgs, ModelOrg, at) = org;
        return;
    }
    PUT(model->orgs, org);
    rows_put(&model->index->orgs, model->orgs->len - 1);
}

guint32 model_class_find(const Model *model, guint32 source, const char *cid)
{
    Str text;
    if (!texts_find(model->texts, cid, &text))
        return MODEL_NONE;
    guint32 at = rows_find(&model->index->classes, MODEL_KEY(source, text));
    return at != MODEL_NONE && !g_array_index(model->classes, ModelClass, at).dropped ? at : MODEL_NONE;
}

guint32 model_class(Model *model, guint32 source, const char *cid, const char *title, const char *school,
                    const char *kind, int begins, int ends)
{
    ModelClass row = {.source = source,
                      .cid = model_text(model, cid),
                      .title = model_text(model, title),
                      .school = model_text(model, school),
                      .kind = model_text(model, kind),
                      .begins = (guint32)begins,
                      .ends = (guint32)ends};
    guint32 at = model_class_find(model, source, cid);
    if (at != MODEL_NONE) {
        g_array_index(model->classes, ModelClass, at) = row;
        return at;
    }
    at = model->classes->len;
    PUT(model->classes, row);
    rows_put(&model->index->classes, at);
    return at;
}

void model_seat(Model *model, guint32 class_index, guint32 record, Role role, int begins, int ends)
{
    ModelSeat seat = {.class_index = class_index,
                      .record = record,
                      .begins = (guint32)begins,
                      .ends = (guint32)ends,
                      .role = (guint8)role};
    PUT(model->seats, seat);
    model_index_seat(model, model->seats->len - 1);
}

void model_seat_ref(Model *model, guint32 class_index, ModelRef who, Role role, int begins, int ends,
                    const char *file, guint line)
{
    ModelSeatRef row = {.class_index = class_index,
                        .who = who,
                        .begins = (guint32)begins,
                        .ends = (guint32)ends,
                        .line = line,
                        .file = model_text(model, file),
                        .role = (guint8)role};
    PUT(model->seat_refs, row);
}

// ---- lists, details, tools ------------------------------------------------------------------------------

void model_list(Model *model, guint32 source, const char *address, const char *name, bool known)
{
    ModelList list = {.source = source,
                      .address = model_text(model, address),
                      .name = model_text(model, name),
                      .known = known};
    PUT(model->lists, list);
}

void model_member(Model *model, guint32 source, const char *list, const char *member)
{
    ModelMember row = {
        .source = source, .list = model_text(model, list), .member = model_text(model, member)};
    PUT(model->members, row);
}

// A name by itself ("coach_tb23") can be recognised.
static void add_name_key(GPtrArray *keys, Kind kind, const char *canonical)
{
    bool mail = kind == KIND_EMAIL;
    const char *split = mail ? strrchr(canonical, '@') : strchr(canonical, ':');
    if (split == NULL || (!mail && split[1] == '+'))
        return;
    g_autofree char *local = mail ? g_strndup(canonical, (gsize)(split - canonical)) : NULL;
    g_ptr_array_add(keys, g_strconcat(mail ? "name:email:" : "name:handle:", mail ? local : split + 1, NULL));
}

GPtrArray *model_personal_keys(Kind kind, const char *canonical)
{
    GPtrArray *keys = canon_store_keys(kind, canonical);
    if (kind == KIND_EMAIL || kind == KIND_HANDLE || kind == KIND_PAYMENT_HANDLE)
        add_name_key(keys, kind, canonical);
    return keys;
}

bool model_personal(Model *model, guint32 record, const char *owner, const char *field, Kind kind,
                    const char *canonical, const char *source, GError **error)
{
    g_autoptr(GPtrArray) keys = model_personal_keys(kind, canonical);
    g_autofree char *whole = g_strconcat(kind_name(kind), ":", canonical, NULL);
    g_autoptr(GBytes) sealed = keys->len > 0 ? key_seal(&model->key, whole) : NULL;
    if (keys->len > 0 && sealed == NULL) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_OS,
                    "the system gives no randomness to seal a private detail");
        return false;
    }
    ModelPersonal row = {.record = record,
                         .owner = record == MODEL_NONE ? model_text(model, owner) : 0,
                         .field = model_text(model, field),
                         .source = model_text(model, source)};
    for (guint i = 0; i < keys->len; i++) {
        key_hash(&model->key, keys->pdata[i], row.hash);
        row.sealed = i == 0 ? g_steal_pointer(&sealed) : NULL;
        PUT(model->personal, row);
    }
    return true;
}

void model_student_address(Model *model, guint32 source, const char *address, const char *student)
{
    ModelStudentAddress row = {
        .source = source, .address = model_text(model, address), .student = model_text(model, student)};
    PUT(model->student_addresses, row);
}

void model_published(Model *model, guint32 source, const char *key, const char *kind, const char *label)
{
    ModelPublished row = {.source = source,
                          .key = model_text(model, key),
                          .kind = model_text(model, kind),
                          .label = model_text(model, label)};
    PUT(model->published, row);
    if (g_str_has_prefix(key, "domain:"))
        g_hash_table_add(model->index->domains, g_strdup(key + strlen("domain:")));
}

void model_block(Model *model, guint32 source, int64_t first, int64_t last, const char *label)
{
    ModelBlock row = {.source = source, .first = first, .last = last, .label = model_text(model, label)};
    PUT(model->blocks, row);
}

void model_webmail(Model *model, guint32 source, const char *domain)
{
    ModelWebmail row = {.source = source, .domain = model_text(model, domain)};
    PUT(model->webmail, row);
}

void model_tool(Model *model, guint32 source, const char *name, const char *kind, const char *value,
                const char *tenant, int begins, int ends, const char *approver)
{
    ModelTool row = {.source = source,
                     .name = model_text(model, name),
                     .kind = model_text(model, kind),
                     .value = model_text(model, value),
                     .tenant = model_text(model, tenant),
                     .approver = model_text(model, approver),
                     .begins = (guint32)begins,
                     .ends = (guint32)ends};
    PUT(model->tools, row);
}

bool model_is_district(const Model *model, const char *domain)
{
    for (const char *at = domain; at != NULL && *at != '\0';) {
        if (g_hash_table_contains(model->index->domains, at))
            return true;
        const char *dot = strchr(at, '.');
        at = dot != NULL ? dot + 1 : NULL;
    }
    return false;
}
