// Who is who in two generations: by pid, and where that changed by what a source calls them.
#include "feeds/diff.h"

#include <sodium.h>
#include <string.h>

// Texts and what they stand for.
typedef struct {
    ModelTexts *texts;
    GArray *names; // of guint32: texts
    GArray *ids;   // of guint32: the person of each
    Rows rows;     // of both
} Names;

static guint64 name_key(const void *data, guint32 row)
{
    return g_array_index(((const Names *)data)->names, guint32, row);
}

static void names_init(Names *names)
{
    *names = (Names){.texts = texts_new(),
                     .names = g_array_new(FALSE, FALSE, sizeof(guint32)),
                     .ids = g_array_new(FALSE, FALSE, sizeof(guint32))};
    rows_init(&names->rows, name_key, names);
}

static void names_clear(Names *names)
{
    texts_free(names->texts);
    g_array_unref(names->names);
    g_array_unref(names->ids);
    rows_clear(&names->rows);
}

static void names_add(Names *names, const char *text, guint32 id)
{
    guint32 name = texts_add(names->texts, text);
    if (name == 0 || rows_find(&names->rows, name) != ROWS_NONE)
        return;
    g_array_append_val(names->names, name);
    g_array_append_val(names->ids, id);
    rows_put(&names->rows, names->ids->len - 1);
}

// 0 when it is not there.
static guint32 names_find(const Names *names, const char *text)
{
    guint32 name;
    guint32 row =
        texts_find(names->texts, text, &name) && name != 0 ? rows_find(&names->rows, name) : ROWS_NONE;
    return row != ROWS_NONE ? g_array_index(names->ids, guint32, row) : 0;
}

// ---- people ---------------------------------------------------------------------------------------------

static guint64 hash_name(const Diff *diff, GString *buffer, const char *given, const char *family)
{
    unsigned char out[crypto_shorthash_BYTES];
    guint64 hash;
    G_STATIC_ASSERT(sizeof out == sizeof hash && sizeof diff->key == crypto_shorthash_KEYBYTES);
    g_string_assign(buffer, given != NULL ? given : "");
    g_string_append_c(buffer, '\n');
    g_string_append(buffer, family != NULL ? family : "");
    crypto_shorthash(out, (const unsigned char *)buffer->str, buffer->len, diff->key);
    memcpy(&hash, out, sizeof hash);
    return hash;
}

static bool make_side(DiffSide *side, GError **error)
{
    int64_t last = 0;
    if (side->db != NULL) {
        g_autoptr(StoreStmt) stmt = store_prepare(side->db, "SELECT coalesce(max(id), 0) FROM person", error);
        if (stmt == NULL || store_step(stmt, error) != STORE_ROW)
            return false;
        last = store_int(stmt, 0);
    }
    if (last < 0 || last >= G_MAXUINT32 - 1) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "a damaged roster: more people than there can be");
        return false;
    }
    side->last = (guint32)last;
    side->names = g_new0(guint64, side->last + 1);
    side->roles = g_new0(guint8, side->last + 1);
    side->states = g_new0(guint8, side->last + 1);
    side->other = g_new0(guint32, side->last + 1);
    return true;
}

// Reads the people of `side`; of the former ones it makes `pids`, by which those of now are found.
static bool read_side(Diff *diff, DiffSide *side, Names *pids, GError **error)
{
    if (!make_side(side, error) || side->db == NULL)
        return side->names != NULL;
    bool former = side == &diff->from;
    g_autoptr(GString) buffer = g_string_new(NULL);
    g_autoptr(StoreStmt) stmt = store_prepare(
        side->db, "SELECT id, pid, given, family, roles, enabled, gone FROM person WHERE id > 0", error);
    StoreStep step = STORE_FAILED;
    while (stmt != NULL && (step = store_step(stmt, error)) == STORE_ROW) {
        guint32 id = (guint32)store_int(stmt, 0), other = former ? 0 : names_find(pids, store_text(stmt, 1));
        side->names[id] = hash_name(diff, buffer, store_text(stmt, 2), store_text(stmt, 3));
        side->roles[id] = (guint8)store_int(stmt, 4);
        side->states[id] = (guint8)(DIFF_HERE | (store_int(stmt, 5) != 0 ? DIFF_ENABLED : 0) |
                                    (store_int(stmt, 6) != 0 ? DIFF_GONE : 0));
        if (former)
            names_add(pids, store_text(stmt, 1), id);
        if (other != 0) {
            side->other[id] = other;
            diff->from.other[other] = id;
        }
    }
    return step == STORE_DONE;
}

// ---- those whose pid changed ----------------------------------------------------------------------------

typedef void (*RecordFunc)(Diff *diff, Names *records, const char *name, guint32 person);

static bool each_record(Diff *diff, DiffSide *side, Names *records, RecordFunc func, GError **error)
{
    g_autoptr(GString) name = g_string_new(NULL);
    g_autoptr(StoreStmt) stmt = store_prepare(
        side->db,
        "SELECT s.name, ifnull(r.ext, p.pid), r.person FROM record r CROSS JOIN source s ON s.id = r.source "
        "CROSS JOIN person p ON p.id = r.person",
        error);
    StoreStep step = STORE_FAILED;
    while (stmt != NULL && (step = store_step(stmt, error)) == STORE_ROW) {
        int64_t person = store_int(stmt, 2);
        if (person <= 0 || person > side->last)
            continue;
        g_string_assign(name, store_text(stmt, 0));
        g_string_append_c(name, '\n');
        g_string_append(name, store_text(stmt, 1));
        func(diff, records, name->str, (guint32)person);
    }
    return step == STORE_DONE;
}

static void note_record(Diff *diff, Names *records, const char *name, guint32 person)
{
    if (diff_is_here(&diff->from, person) && diff->from.other[person] == 0)
        names_add(records, name, person);
}

static void match_record(Diff *diff, Names *records, const char *name, guint32 person)
{
    guint32 former = names_find(records, name);
    if (former == 0 || diff->from.other[former] != 0)
        return;
    diff->from.other[former] = person;
    if (diff->to.other[person] == 0)
        diff->to.other[person] = former;
}

static bool is_any_lost(const DiffSide *from)
{
    bool lost = false;
    for (guint32 id = 1; !lost && id <= from->last; id++)
        lost = diff_is_here(from, id) && from->other[id] == 0;
    return lost;
}

static bool match_records(Diff *diff, GError **error)
{
    Names records;
    if (diff->from.db == NULL || !is_any_lost(&diff->from))
        return true;
    names_init(&records);
    bool ok = each_record(diff, &diff->from, &records, note_record, error) &&
              each_record(diff, &diff->to, &records, match_record, error);
    names_clear(&records);
    return ok;
}

bool diff_match(Diff *diff, GError **error)
{
    Names pids;
    names_init(&pids);
    bool ok = read_side(diff, &diff->from, &pids, error) && read_side(diff, &diff->to, &pids, error);
    names_clear(&pids);
    return ok && match_records(diff, error);
}
