#include "feeds/ldap.h"

#include <string.h>

#define TEXTS_MOST 200

typedef struct {
    char *dn, *text;
    guint count;
} Note;

struct LdapNotes {
    GPtrArray *all; // of Note
    GHashTable *of; // text -> Note
};

static void note_free(Note *note)
{
    g_free(note->dn);
    g_free(note->text);
    g_free(note);
}

LdapNotes *ldap_notes_new(void)
{
    LdapNotes *notes = g_new0(LdapNotes, 1);
    notes->all = g_ptr_array_new_with_free_func((GDestroyNotify)note_free);
    notes->of = g_hash_table_new(g_str_hash, g_str_equal);
    return notes;
}

void ldap_notes_free(LdapNotes *notes)
{
    if (notes == NULL)
        return;
    g_hash_table_unref(notes->of);
    g_ptr_array_unref(notes->all);
    g_free(notes);
}

void ldap_notes_add(LdapNotes *notes, const char *dn, const char *text)
{
    Note *note = g_hash_table_lookup(notes->of, text);
    if (note == NULL && notes->all->len < TEXTS_MOST) {
        note = g_new0(Note, 1);
        note->dn = g_strdup(dn);
        note->text = g_strdup(text);
        g_ptr_array_add(notes->all, note);
        g_hash_table_insert(notes->of, note->text, note);
    }
    if (note != NULL)
        note->count++;
}

void ldap_notes_end(LdapNotes *notes, FeedRun *run, const char *file)
{
    for (guint i = 0; i < notes->all->len; i++) {
        const Note *note = notes->all->pdata[i];
        if (note->count == 1)
            run_note(run, file, 0, "%s: %s", note->dn, note->text);
        else
            run_note(run, file, 0, "%s: %s (and %u more)", note->dn, note->text, note->count - 1);
    }
    g_hash_table_remove_all(notes->of);
    g_ptr_array_set_size(notes->all, 0);
}
