// What belongs together: records of one conversation, and duplicates.
#include "cases/internal.h"

#include <string.h>

enum { IDS_MOST = 200, PEOPLE_MOST = 50 };

void traits_clear(Traits *traits)
{
    g_free(traits->text_hash);
    g_free(traits->custodian);
    if (traits->kept != NULL)
        g_ptr_array_unref(traits->kept);
    if (traits->asked != NULL)
        g_ptr_array_unref(traits->asked);
}

// ---- by what a conversation is known -----------------------------------------------------------------------

static char *key_of(const char *kind, const char *text, const char *more)
{
    g_autofree char *whole = g_strjoin("\n", kind, text, more, NULL);
    return g_compute_checksum_for_string(G_CHECKSUM_SHA256, whole, -1);
}

static guint add_ids(Traits *traits, const char *text)
{
    g_auto(GStrv) parts = g_strsplit_set(text != NULL ? text : "", " \t\r\n,", -1);
    guint count = 0;
    for (char **part = parts; *part != NULL && traits->kept->len < IDS_MOST; part++) {
        char *open = strchr(*part, '<'), *close = open != NULL ? strchr(open, '>') : NULL;
        if (close == NULL || close <= open + 1)
            continue;
        *close = '\0';
        g_ptr_array_add(traits->kept, key_of("id", open + 1, NULL));
        g_ptr_array_add(traits->asked, key_of("id", open + 1, NULL));
        count++;
    }
    return count;
}

// An answer that names no message it answers belongs to what has its subject and its author among the people it is from or to,
// whichever of the two is found first.
static void add_subject(Traits *traits, const Message *message, bool names_none)
{
    bool answers = false;
    g_autofree char *subject = alike_subject(message->subject, &answers);
    guint count = 0;
    for (guint i = 0; *subject != '\0' && i < message->addresses->len && count < PEOPLE_MOST; i++) {
        const MessageAddress *one = message->addresses->pdata[i];
        bool from = strcmp(one->header, "From") == 0;
        if (one->part != 0 || (!from && strcmp(one->header, "To") != 0 && strcmp(one->header, "Cc") != 0))
            continue;
        g_autofree char *address = g_ascii_strdown(one->address, -1);
        g_ptr_array_add(traits->kept, key_of("subject", subject, address));
        g_ptr_array_add(traits->asked, key_of("answer", subject, address));
        if (from && answers && names_none) {
            g_ptr_array_add(traits->kept, key_of("answer", subject, address));
            g_ptr_array_add(traits->asked, key_of("subject", subject, address));
        }
        count++;
    }
}

void traits_conversation(Traits *traits, const Message *message)
{
    traits->kept = g_ptr_array_new_with_free_func(g_free);
    traits->asked = g_ptr_array_new_with_free_func(g_free);
    add_ids(traits, message_header(message, "Message-ID"));
    guint named = add_ids(traits, message_header(message, "In-Reply-To")) +
                  add_ids(traits, message_header(message, "References"));
    add_subject(traits, message, named == 0);
}

// ---- conversations -----------------------------------------------------------------------------------------

// The first text of a query's first row; NULL with or without error. Caller frees.
static char *one_text(StoreStmt *get, bool *out_ok, GError **error)
{
    StoreStep step = get != NULL ? store_step(get, error) : STORE_FAILED;
    *out_ok = step != STORE_FAILED;
    return step == STORE_ROW ? g_strdup(store_text(get, 0)) : NULL;
}

static bool thread_join(Cases *cases, const char *id, const char *from, const char *to, GError **error)
{
    g_autoptr(StoreStmt) set = cases_prepare(
        cases, error, "UPDATE record SET thread = ?3 WHERE matter = ?1 AND thread = ?2", id, from, to, NULL);
    return set != NULL && store_run(set, error);
}

char *belong_thread(Cases *cases, const char *id, const char *record, const Traits *traits, GError **error)
{
    g_autofree char *thread = NULL;
    bool ok = true;
    for (guint i = 0; ok && i < traits->asked->len; i++) {
        g_autoptr(StoreStmt) get =
            cases_prepare(cases, error,
                          "SELECT r.thread FROM reference f JOIN record r ON r.matter = f.matter AND "
                          "r.record = f.record WHERE f.matter = ?1 AND f.hash = ?2 LIMIT 1",
                          id, traits->asked->pdata[i], NULL);
        g_autofree char *found = one_text(get, &ok, error);
        store_finalize(&get);
        if (found != NULL && thread != NULL && strcmp(found, thread) != 0)
            ok = thread_join(cases, id, found, thread, error);
        else if (found != NULL && thread == NULL)
            thread = g_steal_pointer(&found);
    }
    return !ok ? NULL : thread != NULL ? g_steal_pointer(&thread) : g_strdup(record);
}

// ---- duplicates --------------------------------------------------------------------------------------------

// A near duplicate among those that share a band. *out NULL = none.
static bool near_of(Cases *cases, const char *id, const AlikeHash *hash, char **out, GError **error)
{
    *out = NULL;
    bool ok = true;
    for (int band = 0; ok && *out == NULL && band < ALIKE_BANDS; band++) {
        g_autoptr(StoreStmt) get =
            cases_prepare(cases, error,
                          "SELECT r.grp, r.near FROM band b JOIN record r ON r.matter = b.matter"
                          " AND r.record = b.record WHERE b.matter = ?1 AND b.band = ?2 LIMIT 2000",
                          id, NULL);
        StoreStep step = STORE_FAILED;
        if (get != NULL)
            store_bind_int(get, 2, alike_band(hash, band));
        while (get != NULL && *out == NULL && (step = store_step(get, error)) == STORE_ROW) {
            gsize len = 0;
            const void *near = store_blob(get, 1, &len);
            AlikeHash other;
            if (len != sizeof other)
                continue;
            memcpy(&other, near, sizeof other);
            if (alike_shared(hash, &other) >= ALIKE_NEAR)
                *out = g_strdup(store_text(get, 0));
        }
        ok = get != NULL && step != STORE_FAILED;
    }
    return ok;
}

char *belong_group(Cases *cases, const char *id, const char *record, const Traits *traits, bool *out_exact,
                   GError **error)
{
    bool ok = true;
    g_autoptr(StoreStmt) get = cases_prepare(
        cases, error, "SELECT grp FROM record WHERE matter = ? AND text_hash = ? AND text_hash != '' LIMIT 1",
        id, traits->text_hash, NULL);
    g_autofree char *found = one_text(get, &ok, error);
    *out_exact = found != NULL;
    if (ok && found == NULL && traits->tells)
        ok = near_of(cases, id, &traits->near, &found, error);
    return !ok ? NULL : found != NULL ? g_steal_pointer(&found) : g_strdup(record);
}

// ---- for those that come later -----------------------------------------------------------------------------

static bool put_kept(Cases *cases, const char *id, const char *record, const Traits *traits, GError **error)
{
    bool ok = true;
    for (guint i = 0; ok && i < traits->kept->len; i++) {
        g_autoptr(StoreStmt) put =
            cases_prepare(cases, error, "INSERT OR IGNORE INTO reference VALUES(?, ?, ?)", id,
                          traits->kept->pdata[i], record, NULL);
        ok = put != NULL && store_run(put, error);
    }
    return ok;
}

static bool put_bands(Cases *cases, const char *id, const char *record, const Traits *traits, GError **error)
{
    bool ok = true;
    for (int band = 0; ok && traits->tells && band < ALIKE_BANDS; band++) {
        g_autoptr(StoreStmt) put =
            cases_prepare(cases, error, "INSERT OR IGNORE INTO band(matter, record, band) VALUES(?, ?, ?)",
                          id, record, NULL);
        if (put != NULL)
            store_bind_int(put, 3, alike_band(&traits->near, band));
        ok = put != NULL && store_run(put, error);
    }
    return ok;
}

bool belong_keep(Cases *cases, const char *id, const char *record, const Traits *traits, GError **error)
{
    return put_kept(cases, id, record, traits, error) && put_bands(cases, id, record, traits, error);
}
