// Guardian links and addresses of two generations.
#include "feeds/diff.h"

#include <stdlib.h>
#include <string.h>

#define HOLDERS_MOST 16 // of one address; more of them are nobody's

// ---- links ----------------------------------------------------------------------------------------------

// Guardian and student as they are now; of people who are there no more those of before, and `lost`.
typedef struct {
    guint32 guardian, student;
    bool lost;
} Link;

static int compare_links(const void *a, const void *b)
{
    const Link *one = a, *other = b;
    if (one->lost != other->lost)
        return one->lost - other->lost;
    if (one->guardian != other->guardian)
        return one->guardian < other->guardian ? -1 : 1;
    return one->student < other->student ? -1 : one->student > other->student;
}

static void sort_links(GArray *links)
{
    guint kept = 0;
    if (links->len > 1)
        qsort(links->data, links->len, sizeof(Link), compare_links);
    for (guint i = 0; i < links->len; i++) {
        const Link *link = &g_array_index(links, Link, i);
        if (kept == 0 || compare_links(&g_array_index(links, Link, kept - 1), link) != 0)
            g_array_index(links, Link, kept++) = *link;
    }
    g_array_set_size(links, kept);
}

static bool read_links(const DiffSide *side, bool former, GArray *out, GError **error)
{
    if (side->db == NULL)
        return true;
    g_autoptr(StoreStmt) stmt = store_prepare(side->db, "SELECT guardian, student FROM link", error);
    StoreStep step = STORE_FAILED;
    while (stmt != NULL && (step = store_step(stmt, error)) == STORE_ROW) {
        int64_t guardian = store_int(stmt, 0), student = store_int(stmt, 1);
        if (guardian <= 0 || guardian > side->last || student <= 0 || student > side->last)
            continue;
        Link link = {(guint32)guardian, (guint32)student, false};
        link.lost = former && (side->other[guardian] == 0 || side->other[student] == 0);
        if (former && !link.lost)
            link = (Link){side->other[guardian], side->other[student], false};
        g_array_append_val(out, link);
    }
    sort_links(out);
    return step == STORE_DONE;
}

// The student's change, and the guardian's id.
static bool add_link(Diff *diff, DiffKind kind, const Link *link, GError **error)
{
    DiffSide *side = link->lost ? &diff->from : &diff->to;
    if (!diff_count(diff, kind))
        return true;
    char *guardian = diff_pid(side, link->guardian, error);
    bool removed = kind == DIFF_LINK_REMOVED;
    return guardian != NULL && diff_add(diff, kind, side, link->student, removed ? guardian : NULL,
                                        removed ? NULL : guardian, error);
}

bool diff_links(Diff *diff, GError **error)
{
    g_autoptr(GArray) before = g_array_new(FALSE, FALSE, sizeof(Link));
    g_autoptr(GArray) now = g_array_new(FALSE, FALSE, sizeof(Link));
    bool ok = read_links(&diff->from, true, before, error) && read_links(&diff->to, false, now, error);
    guint i = 0, k = 0;
    diff->diff->links = before->len;
    while (ok && (i < before->len || k < now->len)) {
        int order = i == before->len ? 1
                    : k == now->len
                        ? -1
                        : compare_links(&g_array_index(before, Link, i), &g_array_index(now, Link, k));
        if (order < 0)
            ok = add_link(diff, DIFF_LINK_REMOVED, &g_array_index(before, Link, i), error);
        else if (order > 0)
            ok = add_link(diff, DIFF_LINK_ADDED, &g_array_index(now, Link, k), error);
        i += order <= 0;
        k += order >= 0;
    }
    return ok;
}

// ---- addresses ------------------------------------------------------------------------------------------

// The rows of one address, and where the next one's begin.
typedef struct {
    DiffSide *side;
    StoreStmt *stmt;
    StoreStep step;
    GString *key;
    guint32 holders[HOLDERS_MOST]; // those who are there; where nobody is, those who are gone
    guint count;
    bool gone, many;
} Addresses;

static bool addresses_open(Addresses *a, DiffSide *side, GError **error)
{
    *a = (Addresses){.side = side, .key = g_string_new(NULL)};
    a->stmt = store_prepare(side->db,
                            "SELECT key, person FROM contact WHERE key >= 'email:' AND key < 'email;'"
                            " AND field <> 'previous' ORDER BY key",
                            error);
    a->step = a->stmt != NULL ? store_step(a->stmt, error) : STORE_FAILED;
    return a->step != STORE_FAILED;
}

static void addresses_clear(Addresses *a)
{
    store_finalize(&a->stmt);
    if (a->key != NULL)
        g_string_free(a->key, TRUE);
}

static void add_holder(Addresses *a, guint32 id)
{
    bool gone = diff_is_gone(a->side, id);
    if (gone && !a->gone)
        return;
    if (!gone && a->gone) {
        a->gone = false;
        a->count = 0;
    }
    for (guint i = 0; i < a->count; i++)
        if (a->holders[i] == id)
            return;
    if (a->count < HOLDERS_MOST)
        a->holders[a->count++] = id;
    else
        a->many = true;
}

// To the next address. False at the end, or when `step` is STORE_FAILED.
static bool addresses_next(Addresses *a, GError **error)
{
    if (a->step != STORE_ROW)
        return false;
    a->count = 0;
    a->gone = true;
    a->many = false;
    g_string_assign(a->key, store_text(a->stmt, 0));
    while (a->step == STORE_ROW && strcmp(store_text(a->stmt, 0), a->key->str) == 0) {
        int64_t id = store_int(a->stmt, 1);
        if (id > 0 && id <= a->side->last)
            add_holder(a, (guint32)id);
        a->step = store_step(a->stmt, error);
    }
    return a->step != STORE_FAILED;
}

static bool is_moved(const Addresses *from, const Addresses *to)
{
    bool moved = from->count > 0 && to->count > 0 && !to->gone && !from->many && !to->many;
    for (guint i = 0; moved && i < from->count; i++)
        for (guint k = 0; moved && k < to->count; k++)
            moved = from->side->other[from->holders[i]] != to->holders[k];
    return moved;
}

// The new holder's change: whose it was, and which.
static bool add_moved(Diff *diff, const Addresses *from, const Addresses *to, GError **error)
{
    if (!diff_count(diff, DIFF_ADDRESS))
        return true;
    char *before = diff_pid(from->side, from->holders[0], error);
    return before != NULL && diff_add(diff, DIFF_ADDRESS, to->side, to->holders[0], before,
                                      g_strdup(to->key->str + strlen("email:")), error);
}

bool diff_addresses(Diff *diff, GError **error)
{
    Addresses from = {.key = NULL}, to = {.key = NULL};
    bool ok = addresses_open(&from, &diff->from, error) && addresses_open(&to, &diff->to, error);
    bool one = ok && addresses_next(&from, error), other = one && addresses_next(&to, error);
    while (ok && one && other) {
        int order = strcmp(from.key->str, to.key->str);
        if (order == 0 && is_moved(&from, &to))
            ok = add_moved(diff, &from, &to, error);
        one = order > 0 || addresses_next(&from, error);
        other = order < 0 || addresses_next(&to, error);
    }
    ok = ok && from.step != STORE_FAILED && to.step != STORE_FAILED;
    addresses_clear(&from);
    addresses_clear(&to);
    return ok;
}
