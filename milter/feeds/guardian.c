#include "feeds/guardian.h"

#include <string.h>

static const struct {
    const char *begins, *kind;
} RELATIONS[] = {
    {"mother", "parent"},     {"father", "parent"},     {"parent", "parent"},   {"mom", "parent"},
    {"dad", "parent"},        {"step", "parent"},       {"madre", "parent"},    {"padre", "parent"},
    {"guardian", "guardian"}, {"legal", "guardian"},    {"foster", "guardian"}, {"custod", "guardian"},
    {"famil", "guardian"},    {"host", "guardian"},     {"grand", "relative"},  {"aunt", "relative"},
    {"uncle", "relative"},    {"relative", "relative"}, {"sister", "relative"}, {"brother", "relative"},
    {"sibling", "relative"},  {"cousin", "relative"}};

// NULL when no word of it is known.
static const char *kind_of(const char *relation)
{
    g_autoptr(GPtrArray) words = canon_words(relation, 16);
    for (guint i = 0; i < words->len; i++)
        for (gsize j = 0; j < G_N_ELEMENTS(RELATIONS); j++)
            if (g_str_has_prefix(words->pdata[i], RELATIONS[j].begins))
                return RELATIONS[j].kind;
    return NULL;
}

bool guardian_is_family(const char *relation)
{
    return kind_of(relation) != NULL;
}

void guardian_split_name(const char *text, char **out_given, char **out_family)
{
    const char *comma = strchr(text, ','), *blank = strrchr(text, ' ');
    if (comma != NULL) {
        *out_family = g_strndup(text, (gsize)(comma - text));
        *out_given = g_strdup(comma + 1);
    } else {
        *out_given = g_strndup(text, blank != NULL ? (gsize)(blank - text) : 0);
        *out_family = g_strdup(blank != NULL ? blank + 1 : text);
    }
    g_strstrip(*out_given);
    g_strstrip(*out_family);
}

// NULL when there is nothing to know them by. Caller frees.
static char *ext_of(const FeedRun *run, const Guardian *guardian)
{
    if (guardian->ext != NULL && guardian->ext[0] != '\0')
        return g_strdup(guardian->ext);
    char *address = roster_canonical_address(run->config, guardian->email);
    char *phone = address == NULL ? canon_phone(guardian->phone) : NULL;
    if (address != NULL || (phone != NULL && phone[0] == '+'))
        return address != NULL ? address : phone;
    g_free(phone);
    bool named = guardian->given[0] != '\0' || guardian->family[0] != '\0';
    g_autofree char *name = g_strdup_printf("%s %s/%s", guardian->given, guardian->family, guardian->student);
    return named ? canon_lower(name) : NULL;
}

// Does the record have it from an earlier row? Its details are among the last.
static bool has_contact(const Model *model, guint32 record, Str value)
{
    for (guint i = model->contacts->len; i > 0; i--) {
        const ModelContact *contact = &g_array_index(model->contacts, ModelContact, i - 1);
        if (contact->record != record)
            break;
        if (contact->value == value)
            return true;
    }
    return false;
}

static void put_details(FeedRun *run, Table *table, guint32 record, const Guardian *guardian)
{
    Model *model = run->model;
    g_autofree char *address = roster_canonical_address(run->config, guardian->email);
    g_autofree char *phone = canon_phone(guardian->phone);
    if (address == NULL || !has_contact(model, record, model_text(model, address)))
        run_add_email(run, record, guardian->email, "email", CONTACT_ASK, table_file(table),
                      table_line(table));
    if (phone == NULL || !has_contact(model, record, model_text(model, phone)))
        run_add_phone(run, record, guardian->phone, "phone", CONTACT_ASK, table_file(table),
                      table_line(table));
}

static void put_record(FeedRun *run, Table *table, guint32 record, const Guardian *guardian)
{
    Model *model = run->model;
    Str given = model_text(model, guardian->given), family = model_text(model, guardian->family);
    Str file = model_text(model, table_file(table));
    ModelRecord *at = model_at(model, record);
    if (at->given == 0 && at->family == 0) {
        at->given = given;
        at->family = family;
    } else if (family != 0 && (at->given != given || at->family != family)) {
        table_note(table, "the guardian's name is not as in line %u, which counts", at->line);
    }
    if (at->seen)
        return;
    at->seen = true;
    at->file = file;
    at->line = table_line(table);
    model_post(model, record, ROLE_GUARDIAN, "", "", 0, 0);
}

void guardian_put(FeedRun *run, FeedInput *input, Table *table, const Guardian *guardian, ModelRef student)
{
    Model *model = run->model;
    g_autofree char *ext = ext_of(run, guardian);
    if (ext == NULL) {
        table_note(table, "a guardian without id, name, address and number; not kept");
        return;
    }
    const char *kind = kind_of(guardian->relation);
    guint32 record = model_record(model, input->source, ext, NULL);
    put_record(run, table, record, guardian);
    put_details(run, table, record, guardian);
    model_relation(model, input->source, model_ref(model, REF_ID, input->source, ext), student,
                   kind != NULL ? kind : "guardian", table_file(table), table_line(table));
}
