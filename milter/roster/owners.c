// Whose a contact detail is, by exact match.
#include "roster/internal.h"

#include <string.h>

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
                  g_strdup_printf("number block +%s/+%s", store_text(stmt, 1), store_text(stmt, 2)));
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

typedef struct {
    char *person, *field;
    Role role;
} Contact;

static void contact_clear(Contact *contact)
{
    g_free(contact->person);
    g_free(contact->field);
}

// A guardian's row of somebody who is staff as well tells a detail of that staff member.
static bool add_contact(RosterSession *session, const Contact *contact, GPtrArray *out, GError **error)
{
    g_autofree char *staff = NULL, *wanted = g_strdup_printf("%d", ROLE_STAFF);
    if (contact->role == ROLE_STAFF)
        add_owner(out, OWNER_STAFF, contact->person, g_strdup_printf("roster: %s", contact->field));
    if (contact->role == ROLE_STUDENT)
        add_owner(out, OWNER_STUDENT, contact->person, g_strdup_printf("student's %s", contact->field));
    if (contact->role != ROLE_GUARDIAN)
        return true;
    if (!session_value(session, Q_IS_STAFF_TOO, contact->person, wanted, &staff, error))
        return false;
    if (staff != NULL)
        add_owner(out, OWNER_STAFF, staff,
                  g_strdup_printf("guardian's row of a staff member: %s", contact->field));
    add_owner(out, OWNER_GUARDIAN, contact->person, g_strdup_printf("guardian's %s", contact->field));
    return true;
}

static bool add_contacts(RosterSession *session, const char *key, GPtrArray *out, GError **error)
{
    StoreStmt *stmt = session_query(session, Q_CONTACT_PERSON, key, NULL, error);
    g_autoptr(GArray) contacts = g_array_new(FALSE, FALSE, sizeof(Contact));
    g_array_set_clear_func(contacts, (GDestroyNotify)contact_clear);
    if (stmt == NULL)
        return false;
    StoreStep step;
    while ((step = store_step(stmt, error)) == STORE_ROW) {
        Contact contact = {g_strdup(store_text(stmt, 0)), g_strdup(store_text(stmt, 1)),
                           (Role)store_int(stmt, 2)};
        g_array_append_val(contacts, contact);
    }
    store_reset(stmt);
    bool ok = step == STORE_DONE;
    for (guint i = 0; ok && i < contacts->len; i++)
        ok = add_contact(session, &g_array_index(contacts, Contact, i), out, error);
    return ok;
}

static bool add_student_mailbox(RosterSession *session, const char *mailbox, GPtrArray *out, GError **error)
{
    g_autoptr(GPtrArray) students = session_column(session, Q_STUDENT_ADDRESS, mailbox, NULL, error);
    bool ok = students != NULL;
    for (guint i = 0; ok && i < students->len; i++) {
        g_autofree char *person = NULL;
        Role role = ROLE_EXTERNAL;
        ok = people_of_address(session, students->pdata[i], &person, &role, error);
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
            ok = ok && add_registered(session, key, out, error) && add_contacts(session, key, out, error);
    }
    if (ok && kind == KIND_EMAIL && !school)
        ok = add_student_mailbox(session, value, out, error);
    g_ptr_array_sort(out, compare_owners);
    return ok ? g_steal_pointer(&out) : NULL;
}

// ---- names without platform or domain -----------------------------------------------------------

static char *whole_value(Kind kind, const char *name, const char *rest)
{
    if (kind == KIND_EMAIL)
        return g_strconcat(name, "@", rest, NULL);
    const char *sign = kind == KIND_PAYMENT_HANDLE && strcmp(rest, "cashapp") == 0 ? "$" : "";
    return g_strconcat(rest, ":", sign, name, NULL);
}

typedef struct {
    char *owner, *person;
    GBytes *sealed;
} Named;

static void named_clear(Named *named)
{
    g_free(named->owner);
    g_free(named->person);
    g_bytes_unref(named->sealed);
}

static bool read_named(RosterSession *session, const char *key, GArray *out, GError **error)
{
    unsigned char hash[KEY_HASH];
    key_hash(session_key(session), key, hash);
    StoreStmt *stmt = session_query(session, Q_PERSONAL_NAMED, NULL, NULL, error);
    if (stmt == NULL)
        return false;
    store_bind_blob(stmt, 1, hash, sizeof hash);
    StoreStep step;
    while ((step = store_step(stmt, error)) == STORE_ROW) {
        gsize len = 0;
        const void *sealed = store_blob(stmt, 2, &len);
        Named named = {g_strdup(store_text(stmt, 0)), g_strdup(store_text(stmt, 1)),
                       g_bytes_new(sealed, len)};
        g_array_append_val(out, named);
    }
    store_reset(stmt);
    return step == STORE_DONE;
}

// Is the registry row `person`'s? Its owner may stand there by address, and a person may have several rows.
static Tri is_owned(RosterSession *session, const Named *named, const char *person, GError **error)
{
    g_autofree char *owner = NULL;
    Role role = ROLE_EXTERNAL;
    if (strcmp(named->person, person) == 0 || strcmp(named->owner, person) == 0)
        return TRI_YES;
    if (named->owner[0] == '\0')
        return TRI_NO;
    if (!people_of_address(session, named->owner, &owner, &role, error))
        return TRI_UNKNOWN;
    return owner != NULL && strcmp(owner, person) == 0 ? TRI_YES : TRI_NO;
}

GPtrArray *roster_values_named(RosterSession *session, const char *person, Kind kind, const char *name,
                               GError **error)
{
    g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(Named));
    g_array_set_clear_func(rows, (GDestroyNotify)named_clear);
    bool known = kind == KIND_EMAIL || kind == KIND_HANDLE || kind == KIND_PAYMENT_HANDLE;
    if (!known || person == NULL || name == NULL || !g_utf8_validate(name, -1, NULL))
        return g_steal_pointer(&out);
    g_autofree char *lower = canon_lower(name);
    const char *bare = g_strstrip(lower);
    while (*bare == '@' || *bare == '$')
        bare++;
    g_autofree char *key = g_strconcat(kind == KIND_EMAIL ? "name:email:" : "name:handle:", bare, NULL);
    if (!read_named(session, key, rows, error))
        return NULL;
    for (guint i = 0; i < rows->len; i++) {
        const Named *named = &g_array_index(rows, Named, i);
        gsize len = 0;
        const void *sealed = g_bytes_get_data(named->sealed, &len);
        g_autofree char *rest = key_unseal(session_key(session), sealed, len);
        Tri owned = is_owned(session, named, person, error);
        if (owned == TRI_UNKNOWN)
            return NULL;
        if (owned == TRI_YES && rest != NULL)
            g_ptr_array_add(out, whole_value(kind, bare, rest));
    }
    return g_steal_pointer(&out);
}
