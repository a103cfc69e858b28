#include "feeds/diff.h"

#include <sodium.h>
#include <string.h>

static const char *const KINDS[DIFF_KINDS] = {
    [DIFF_REMOVED] = "removed",
    [DIFF_RETURNED] = "returned",
    [DIFF_ROLE] = "role",
    [DIFF_LINK_REMOVED] = "guardian-removed",
    [DIFF_LINK_ADDED] = "guardian-added",
    [DIFF_ADDRESS] = "address-moved",
    [DIFF_RENAMED] = "renamed",
    [DIFF_ADDED] = "added",
};

static void change_free(FeedChange *change)
{
    g_free(change->kind);
    g_free(change->person);
    g_free(change->name);
    g_free(change->before);
    g_free(change->after);
    g_free(change);
}

void feed_diff_free(FeedDiff *diff)
{
    if (diff == NULL)
        return;
    g_ptr_array_unref(diff->changes);
    g_free(diff);
}

// ---- samples --------------------------------------------------------------------------------------------

static bool read_person(DiffSide *side, guint32 id, char **out_pid, char **out_name, GError **error)
{
    store_reset(side->person);
    store_bind_int(side->person, 1, id);
    if (store_step(side->person, error) != STORE_ROW) {
        if (error != NULL && *error == NULL)
            g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "a roster without its person %u", id);
        return false;
    }
    if (out_pid != NULL)
        *out_pid = g_strdup(store_text(side->person, 0));
    if (out_name != NULL)
        *out_name =
            g_strstrip(g_strjoin(" ", store_text(side->person, 1), store_text(side->person, 2), NULL));
    store_reset(side->person);
    return true;
}

char *diff_pid(DiffSide *side, guint32 id, GError **error)
{
    char *pid = NULL;
    return read_person(side, id, &pid, NULL, error) ? pid : NULL;
}

char *diff_name(DiffSide *side, guint32 id, GError **error)
{
    char *name = NULL;
    return read_person(side, id, NULL, &name, error) ? name : NULL;
}

bool diff_count(Diff *diff, DiffKind kind)
{
    FeedDiff *out = diff->diff;
    guint *const counts[DIFF_KINDS] = {
        [DIFF_REMOVED] = &out->removed,
        [DIFF_RETURNED] = &out->returned,
        [DIFF_ROLE] = &out->roles,
        [DIFF_LINK_REMOVED] = &out->links_removed,
        [DIFF_LINK_ADDED] = &out->links_added,
        [DIFF_ADDRESS] = &out->addresses_moved,
        [DIFF_RENAMED] = &out->renamed,
        [DIFF_ADDED] = &out->added,
    };
    (*counts[kind])++;
    bool wanted = diff->samples[kind]->len < diff->most;
    out->cut |= !wanted;
    return wanted;
}

bool diff_add(Diff *diff, DiffKind kind, DiffSide *side, guint32 id, char *before, char *after,
              GError **error)
{
    FeedChange *change = g_new0(FeedChange, 1);
    change->kind = g_strdup(KINDS[kind]);
    change->before = before;
    change->after = after;
    bool ok = read_person(side, id, &change->person, &change->name, error);
    if (ok)
        g_ptr_array_add(diff->samples[kind], change);
    else
        change_free(change);
    return ok;
}

// At most `most` of all, as many of each kind as of any other where there are.
static void take_samples(Diff *diff)
{
    guint share[DIFF_KINDS] = {0}, left = diff->most;
    bool more = true;
    while (left > 0 && more) {
        more = false;
        for (gsize i = 0; i < DIFF_KINDS && left > 0; i++)
            if (share[i] < diff->samples[i]->len) {
                share[i]++;
                left--;
                more = true;
            }
    }
    for (gsize i = 0; i < DIFF_KINDS; i++) {
        GPtrArray *samples = diff->samples[i];
        diff->diff->cut |= share[i] < samples->len;
        for (guint k = 0; k < share[i]; k++)
            g_ptr_array_add(diff->diff->changes, g_steal_pointer(&samples->pdata[k]));
    }
}

static void sample_free(gpointer change)
{
    if (change != NULL)
        change_free(change);
}

// ---- people ---------------------------------------------------------------------------------------------

static char *roles_text(guint8 roles)
{
    g_autoptr(GString) out = g_string_new(NULL);
    for (int role = ROLE_LAST - 1; role > ROLE_EXTERNAL; role--)
        if ((roles & 1 << role) != 0)
            g_string_append_printf(out, "%s%s", out->len > 0 ? ", " : "", role_name((Role)role));
    return g_strdup(out->len > 0 ? out->str : role_name(ROLE_EXTERNAL));
}

// Counted among those of before: a role that somebody loses is taken away as well.
static void count_before(FeedDiff *out, guint8 roles, guint8 kept)
{
    const struct {
        Role role;
        guint *all, *removed;
    } counts[] = {{ROLE_STAFF, &out->staff, &out->staff_removed},
                  {ROLE_STUDENT, &out->students, &out->students_removed},
                  {ROLE_GUARDIAN, &out->guardians, &out->guardians_removed}};
    for (gsize i = 0; i < G_N_ELEMENTS(counts); i++)
        if ((roles & 1 << counts[i].role) != 0) {
            (*counts[i].all)++;
            *counts[i].removed += (kept & 1 << counts[i].role) == 0;
        }
}

static bool compare_person(Diff *diff, guint32 id, GError **error)
{
    DiffSide *from = &diff->from, *to = &diff->to;
    guint32 now = from->other[id];
    bool was = diff_is_active(from, id), is = now != 0 && diff_is_active(to, now), ok = true;
    if (was)
        count_before(diff->diff, from->roles[id], is ? to->roles[now] : 0);
    if (was && !is && diff_count(diff, DIFF_REMOVED))
        ok = diff_add(diff, DIFF_REMOVED, from, id, roles_text(from->roles[id]), NULL, error);
    if (!was && is && diff_count(diff, DIFF_RETURNED))
        ok = diff_add(diff, DIFF_RETURNED, to, now, NULL, roles_text(to->roles[now]), error);
    // Several of before may be one person now.
    if (now == 0 || to->other[now] != id || !ok)
        return ok;
    if (from->roles[id] != to->roles[now] && diff_count(diff, DIFF_ROLE))
        ok = diff_add(diff, DIFF_ROLE, to, now, roles_text(from->roles[id]), roles_text(to->roles[now]),
                      error);
    if (ok && from->names[id] != to->names[now] && diff_count(diff, DIFF_RENAMED)) {
        char *before = diff_name(from, id, error), *after = before != NULL ? diff_name(to, now, error) : NULL;
        ok = after != NULL && diff_add(diff, DIFF_RENAMED, to, now, before, after, error);
        if (after == NULL)
            g_free(before);
    }
    return ok;
}

static bool compare_people(Diff *diff, GError **error)
{
    bool ok = true;
    for (guint32 id = 1; ok && id <= diff->from.last; id++)
        if (diff_is_here(&diff->from, id))
            ok = compare_person(diff, id, error);
    for (guint32 id = 1; ok && id <= diff->to.last; id++)
        if (diff_is_here(&diff->to, id) && diff->to.other[id] == 0 && diff_count(diff, DIFF_ADDED))
            ok = diff_add(diff, DIFF_ADDED, &diff->to, id, NULL, roles_text(diff->to.roles[id]), error);
    return ok;
}

// ---- all ------------------------------------------------------------------------------------------------

static bool side_open(DiffSide *side, const char *path, GError **error)
{
    side->db = schema_open_read(path, error);
    // Both files are read from end to end.
    if (side->db == NULL || !store_exec(side->db, "PRAGMA mmap_size = 2147418112", error))
        return false;
    side->person = store_prepare(side->db, "SELECT pid, given, family FROM person WHERE id = ?1", error);
    return side->person != NULL;
}

static void side_clear(DiffSide *side)
{
    store_finalize(&side->person);
    store_close(&side->db);
    g_free(side->names);
    g_free(side->roles);
    g_free(side->states);
    g_free(side->other);
}

FeedDiff *diff_files(const char *from, const char *to, guint changes_most, GError **error)
{
    Diff diff = {.diff = g_new0(FeedDiff, 1), .most = changes_most};
    diff.diff->changes = g_ptr_array_new_with_free_func((GDestroyNotify)change_free);
    for (gsize i = 0; i < DIFF_KINDS; i++)
        diff.samples[i] = g_ptr_array_new_with_free_func(sample_free);
    randombytes_buf(diff.key, sizeof diff.key);
    bool ok = (from == NULL || side_open(&diff.from, from, error)) && side_open(&diff.to, to, error) &&
              diff_match(&diff, error) && compare_people(&diff, error) && diff_links(&diff, error) &&
              (from == NULL || diff_addresses(&diff, error));
    if (ok)
        take_samples(&diff);
    else
        g_clear_pointer(&diff.diff, feed_diff_free);
    for (gsize i = 0; i < DIFF_KINDS; i++)
        g_ptr_array_unref(diff.samples[i]);
    side_clear(&diff.from);
    side_clear(&diff.to);
    return diff.diff;
}
