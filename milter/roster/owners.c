// Whose a contact detail is, by exact match.
#include "roster/internal.h"

#include <string.h>

#define OWNERS_MOST 64 // that one detail has

static void add_owner(GPtrArray *out, Owner owner, const char *person, char *label)
{
    for (guint i = 0; i < out->len; i++) {
        const RosterOwner *known = out->pdata[i];
        if (known->owner == owner && g_strcmp0(known->person, person) == 0) {
            g_free(label);
            return;
        }
    }
    RosterOwner *found = g_new0(RosterOwner, 1);
    found->owner = owner;
    found->person = g_strdup(person);
    found->label = label;
    g_ptr_array_add(out, found);
}

// A row of a street address or a district domain is the school's; the rest may be given to anyone.
static bool add_published(RosterSession *session, const char *key, GPtrArray *out, GError **error)
{
    StoreStmt *stmt = session_query(session, Q_PUBLISHED, key, NULL, error);
    if (stmt == NULL)
        return false;
    StoreStep step;
    while ((step = store_step(stmt, error)) == STORE_ROW) {
        bool school = g_strcmp0(store_text(stmt, 0), "address") == 0;
        add_owner(out, school ? OWNER_SCHOOL : OWNER_PUBLISHED, NULL,
                  g_strconcat(school ? "school: " : "published: ", store_text(stmt, 1), NULL));
    }
    store_reset(stmt);
    return step == STORE_DONE;
}

static bool add_block(RosterSession *session, const char *phone, GPtrArray *out, GError **error)
{
    bool tail = phone[0] != '+' && strlen(phone) == 7;
    if (phone[0] != '+' && !tail)
        return true;
    StoreStmt *stmt =
        session_query(session, tail ? Q_BLOCK_TAIL : Q_BLOCK, phone + (tail ? 0 : 1), NULL, error);
    if (stmt == NULL)
        return false;
    StoreStep step;
    while ((step = store_step(stmt, error)) == STORE_ROW)
        add_owner(out, OWNER_SCHOOL, NULL,
                  g_strdup_printf("number block +%s/+%s", store_text(stmt, 0), store_text(stmt, 1)));
    store_reset(stmt);
    return step == STORE_DONE;
}

static bool add_domain(RosterSession *session, const char *mailbox, GPtrArray *out, GError **error)
{
    const char *at = strrchr(mailbox, '@');
    Tri district = at != NULL ? roster_is_district_domain(session, at + 1, error) : TRI_NO;
    if (district == TRI_YES)
        add_owner(out, OWNER_SCHOOL, NULL, g_strconcat("district domain ", at + 1, NULL));
    return district != TRI_UNKNOWN;
}

static bool add_registered(RosterSession *session, const char *key, GPtrArray *out, GError **error)
{
    g_autoptr(GPtrArray) owners = people_registered(session, key, error);
    for (guint i = 0; owners != NULL && i < owners->len; i++) {
        const RosterOwner *owner = owners->pdata[i];
        add_owner(out, OWNER_STAFF, owner->person, g_strdup(owner->label));
    }
    return owners != NULL;
}

// An official account or invite while it is approved.
static bool add_tool(RosterSession *session, Kind kind, const char *value, GPtrArray *out, GError **error)
{
    g_autoptr(RosterTool) tool = NULL;
    if (!tool_of_value(session, kind, value, &tool, error))
        return false;
    if (tool != NULL && tool->in_force)
        add_owner(out, OWNER_PUBLISHED, NULL, g_strconcat("approved: ", tool->name, NULL));
    return true;
}

// Of staff the roster keeps in plain only addresses and what their work gives them.
static void add_contact(const Person *person, Kind kind, GPtrArray *out)
{
    Role role = person_strongest(person->roles);
    bool guardian = person->roles & (1u << ROLE_GUARDIAN);
    if (role == ROLE_STAFF && kind != KIND_EMAIL && person->work)
        add_owner(out, OWNER_SCHOOL, NULL, g_strdup_printf("staff member's %s", person->field));
    else if (role == ROLE_STAFF)
        add_owner(
            out, OWNER_STAFF, person->pid,
            g_strconcat(guardian ? "guardian's row of a staff member: " : "roster: ", person->field, NULL));
    else if (role == ROLE_STUDENT)
        add_owner(out, OWNER_STUDENT, person->pid, g_strconcat("student's ", person->field, NULL));
    else if (role == ROLE_GUARDIAN)
        add_owner(out, OWNER_GUARDIAN, person->pid, g_strconcat("guardian's ", person->field, NULL));
}

static bool add_contacts(RosterSession *session, const char *key, Kind kind, GPtrArray *out, GError **error)
{
    StoreStep step = STORE_FAILED;
    guint least = out->len;
    StoreStmt *stmt = session_query(session, Q_CONTACT, key, NULL, error);
    while (stmt != NULL && (step = store_step(stmt, error)) == STORE_ROW && out->len - least < OWNERS_MOST) {
        g_autoptr(Person) person = person_of_row(stmt);
        add_contact(person, kind, out);
    }
    if (stmt != NULL)
        store_reset(stmt);
    return step != STORE_FAILED;
}

static bool add_student_mailbox(RosterSession *session, const char *mailbox, GPtrArray *out, GError **error)
{
    g_autoptr(GPtrArray) students = session_column(session, Q_STUDENT_ADDRESS, mailbox, NULL, error);
    bool ok = students != NULL;
    for (guint i = 0; ok && i < students->len; i++) {
        g_autofree char *person = NULL;
        ok = people_pid(session, students->pdata[i], &person, error);
        if (ok)
            add_owner(out, OWNER_STUDENT, person != NULL ? person : students->pdata[i],
                      g_strdup("student's private address"));
    }
    return ok;
}

static int owner_rank(Owner owner)
{
    static const Owner order[] = {OWNER_SCHOOL, OWNER_PUBLISHED, OWNER_STAFF, OWNER_STUDENT, OWNER_GUARDIAN};
    for (gsize i = 0; i < G_N_ELEMENTS(order); i++)
        if (order[i] == owner)
            return (int)i;
    return (int)G_N_ELEMENTS(order);
}

static int compare_owners(gconstpointer a, gconstpointer b)
{
    const RosterOwner *one = *(RosterOwner *const *)a, *other = *(RosterOwner *const *)b;
    return owner_rank(one->owner) - owner_rank(other->owner);
}

GPtrArray *roster_owners(RosterSession *session, Kind kind, const char *canonical, GError **error)
{
    g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func((GDestroyNotify)roster_owner_free);
    g_autofree char *value = canon_value(session_config(session), kind, canonical);
    if (value == NULL)
        return g_steal_pointer(&out);
    g_autoptr(GPtrArray) keys = canon_query_keys(kind, value);
    bool ok = true;
    if (kind == KIND_EMAIL)
        ok = add_domain(session, value, out, error);
    bool school = out->len > 0; // a person's school address is the school's
    for (guint i = 0; ok && i < keys->len; i++) {
        const char *key = keys->pdata[i];
        if (g_str_has_prefix(key, "phone"))
            ok = add_block(session, strchr(key, ':') + 1, out, error);
        ok = ok && add_published(session, key, out, error);
        if (!school)
            ok = ok && add_registered(session, key, out, error) &&
                 add_contacts(session, key, kind, out, error);
    }
    ok = ok && add_tool(session, kind, value, out, error);
    if (ok && kind == KIND_EMAIL && !school)
        ok = add_student_mailbox(session, value, out, error);
    g_ptr_array_sort(out, compare_owners);
    return ok ? g_steal_pointer(&out) : NULL;
}

// ---- names without platform or domain -----------------------------------------------------------

typedef struct {
    int64_t person; // 0: `owner` tells
    char *owner, *pid;
} Holder;

static void holder_clear(Holder *holder)
{
    g_free(holder->owner);
    g_free(holder->pid);
}

// Who has something registered under the name that `key` is made of.
static bool read_holders(RosterSession *session, const char *key, GArray *out, GError **error)
{
    unsigned char hash[KEY_HASH];
    key_hash(session_key(session), key, hash);
    StoreStep step = STORE_FAILED;
    StoreStmt *stmt = session_query(session, Q_PERSONAL, NULL, NULL, error);
    if (stmt == NULL)
        return false;
    store_bind_blob(stmt, 1, hash, sizeof hash);
    while ((step = store_step(stmt, error)) == STORE_ROW) {
        Holder holder = {store_int(stmt, 3), g_strdup(store_text(stmt, 0)), g_strdup(store_text(stmt, 1))};
        g_array_append_val(out, holder);
    }
    store_reset(stmt);
    return step == STORE_DONE;
}

// Is it `person`? The registry may know its people by address only.
static Tri is_held_by(RosterSession *session, const Holder *holder, const char *person, GError **error)
{
    g_autofree char *pid = NULL;
    if (g_strcmp0(holder->pid, person) == 0 || g_strcmp0(holder->owner, person) == 0)
        return TRI_YES;
    if (holder->owner == NULL || holder->owner[0] == '\0')
        return TRI_NO;
    if (!people_pid(session, holder->owner, &pid, error))
        return TRI_UNKNOWN;
    return g_strcmp0(pid, person) == 0 ? TRI_YES : TRI_NO;
}

// The value in "email:jane@example.net", "handle:platform:jane" when its name is `name`; as it is to be compared with
// findings of `kind`. NULL otherwise. Caller frees.
static char *value_named(const char *whole, Kind kind, const char *name)
{
    gsize len = strlen(name);
    if (kind == KIND_EMAIL) {
        const char *address = g_str_has_prefix(whole, "email:") ? whole + strlen("email:") : "";
        return strncmp(address, name, len) == 0 && address[len] == '@' ? g_strdup(address) : NULL;
    }
    const char *handle = g_str_has_prefix(whole, "handle:")           ? whole + strlen("handle:")
                         : g_str_has_prefix(whole, "payment-handle:") ? whole + strlen("payment-handle:")
                                                                      : "";
    const char *own = strchr(handle, ':');
    if (own == NULL || strcmp(own + 1, name) != 0)
        return NULL;
    bool dollar = kind == KIND_PAYMENT_HANDLE && g_str_has_prefix(handle, "cashapp:");
    return g_strdup_printf("%.*s:%s%s", (int)(own - handle), handle, dollar ? "$" : "", name);
}

static bool add_values(RosterSession *session, const Holder *holder, Kind kind, const char *name,
                       GPtrArray *out, GError **error)
{
    StoreStep step = STORE_FAILED;
    StoreStmt *stmt = session_query(session, Q_SEALED, NULL, NULL, error);
    if (stmt == NULL)
        return false;
    store_bind_int(stmt, 1, holder->person);
    store_bind_text(stmt, 2, holder->owner != NULL ? holder->owner : "");
    while ((step = store_step(stmt, error)) == STORE_ROW) {
        gsize len = 0;
        const void *sealed = store_blob(stmt, 0, &len);
        g_autofree char *whole = key_unseal(session_key(session), sealed, len);
        char *value = whole != NULL ? value_named(whole, kind, name) : NULL;
        if (value != NULL && !g_ptr_array_find_with_equal_func(out, value, g_str_equal, NULL))
            g_ptr_array_add(out, value);
        else
            g_free(value);
    }
    store_reset(stmt);
    return step == STORE_DONE;
}

GPtrArray *roster_values_named(RosterSession *session, const char *person, Kind kind, const char *name,
                               GError **error)
{
    g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GArray) holders = g_array_new(FALSE, FALSE, sizeof(Holder));
    g_array_set_clear_func(holders, (GDestroyNotify)holder_clear);
    bool known = kind == KIND_EMAIL || kind == KIND_HANDLE || kind == KIND_PAYMENT_HANDLE;
    if (!known || person == NULL || name == NULL || !g_utf8_validate(name, -1, NULL))
        return g_steal_pointer(&out);
    g_autofree char *lower = canon_lower(name);
    const char *bare = g_strstrip(lower);
    while (*bare == '@' || *bare == '$')
        bare++;
    g_autofree char *key = g_strconcat(kind == KIND_EMAIL ? "name:email:" : "name:handle:", bare, NULL);
    if (!read_holders(session, key, holders, error))
        return NULL;
    for (guint i = 0; i < holders->len; i++) {
        const Holder *holder = &g_array_index(holders, Holder, i);
        Tri held = is_held_by(session, holder, person, error);
        if (held == TRI_UNKNOWN || (held == TRI_YES && !add_values(session, holder, kind, bare, out, error)))
            return NULL;
    }
    return g_steal_pointer(&out);
}
