// Contacts of students: of them, those become guardians who are family or stand in for it.
#include "feeds/clever.h"

#include "feeds/guardian.h"

#include <string.h>

// What tells that a contact is to be called, and is nobody's guardian.
static const char *const NO_GUARDIAN[] = {"emergency", "medical",  "doctor", "physician",
                                          "dentist",   "neighbor", "friend", "self",
                                          "teacher",   "school",   "case",   "social"};

static bool has_word(const char *text, const char *const *words, gsize count)
{
    g_autoptr(GPtrArray) found = canon_words(text, 16);
    for (guint i = 0; i < found->len; i++)
        for (gsize j = 0; j < count; j++)
            if (g_str_has_prefix(found->pdata[i], words[j]))
                return true;
    return false;
}

// An emergency contact who is the mother is the mother.
static bool is_guardian(const char *relationship, const char *type)
{
    if (guardian_is_family(relationship) || guardian_is_family(type))
        return true;
    return !has_word(relationship, NO_GUARDIAN, G_N_ELEMENTS(NO_GUARDIAN)) &&
           !has_word(type, NO_GUARDIAN, G_N_ELEMENTS(NO_GUARDIAN));
}

void clever_contact(FeedRun *run, FeedInput *input, Table *table, guint32 student, const char *student_id)
{
    const char *relationship = table_get(table, C_RELATIONSHIP), *id = table_get(table, C_ID);
    const char *name = table_get(table, C_NAME), *email = table_get(table, C_EMAIL);
    const char *phone = table_get(table, C_PHONE);
    if (id[0] == '\0' && name[0] == '\0' && email[0] == '\0' && phone[0] == '\0')
        return;
    if (!is_guardian(relationship, table_get(table, C_TYPE))) {
        table_note(table, "a contact who is no guardian (emergency, doctor, ...); not kept");
        return;
    }
    g_autofree char *given = NULL, *family = NULL;
    guardian_split_name(name, &given, &family);
    g_autofree char *ext = id[0] != '\0' ? clever_ext(input->data, CLEVER_CONTACT, id) : NULL;
    const Guardian guardian = {.ext = ext,
                               .given = given,
                               .family = family,
                               .email = email,
                               .phone = phone,
                               .relation = relationship,
                               .student = student_id};
    guardian_put(run, input, table, &guardian, model_ref(run->model, REF_ID, input->source, student_id));
}
