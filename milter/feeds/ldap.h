// ldap: a directory (OpenLDAP, Active Directory) as a source: people, and groups as lists. Groups are read first, so
// that role rules may name them, then people; then what groups have for members is looked up where people left it open.
#pragma once

#include "feeds/run.h"

#include <ldap.h>

// ---- filters ------------------------------------------------------------------------------------

// Postfix's placeholders: %s address, %u local part, %d domain, %1..%9 labels of the domain from its end, %S %U %D the
// same, %% a per cent sign. False with `error`, which says what is wrong with the filter.
bool ldap_filter_check(const char *filter, GError **error);
// The filter of everybody: %s and %u are anything; with %d or %1 one part of an (|...) for each domain and for what is
// below it.
char *ldap_filter_all(const char *filter, char **domains);
// The filter for one address, its parts escaped (RFC 4515); NULL when the address is without a part it wants.
char *ldap_filter_one(const char *filter, const char *address);
bool ldap_filter_has_address(const char *filter); // any placeholder of an address
char *ldap_filter_escape(const char *value);

// ---- entries ------------------------------------------------------------------------------------

typedef enum {
    LDAP_AT_CLASS,
    LDAP_AT_GUID,
    LDAP_AT_UUID,
    LDAP_AT_ID, // id_attribute
    LDAP_AT_GIVEN,
    LDAP_AT_FAMILY,
    LDAP_AT_DISPLAY,
    LDAP_AT_CN,
    LDAP_AT_MAIL,
    LDAP_AT_PROXY,
    LDAP_AT_ALTERNATE,
    LDAP_AT_LOCAL,
    LDAP_AT_UPN,
    LDAP_AT_SAM,
    LDAP_AT_UID,
    LDAP_AT_PHONE,
    LDAP_AT_OTHER_PHONE,
    LDAP_AT_IP,
    LDAP_AT_OTHER_IP,
    LDAP_AT_HOME,
    LDAP_AT_OTHER_HOME,
    LDAP_AT_MOBILE,
    LDAP_AT_OTHER_MOBILE,
    LDAP_AT_HOME_ADDRESS,
    LDAP_AT_EMPLOYEE_ID,
    LDAP_AT_EMPLOYEE_NUMBER,
    LDAP_AT_TYPE,
    LDAP_AT_TITLE,
    LDAP_AT_DEPARTMENT,
    LDAP_AT_DEPARTMENT_NUMBER,
    LDAP_AT_MANAGER,
    LDAP_AT_MEMBER_OF,
    LDAP_AT_CONTROL,
    LDAP_AT_LOCK,
    LDAP_AT_MEMBER,
    LDAP_AT_UNIQUE_MEMBER,
    LDAP_AT_MEMBER_UID,
    LDAP_AT_MEMBER_URL,
    LDAP_AT_LAST
} LdapAttribute;
const char *ldap_entry_name(LdapAttribute attribute); // NULL for LDAP_AT_ID

typedef struct {
    char *dn, *key;                  // key: ldap_entry_key of dn
    GPtrArray *values[LDAP_AT_LAST]; // of char*, UTF-8; binary ids in hex; NULL = none
    bool bad[LDAP_AT_LAST];          // a value was no text, or too long, and is left out
    guint member_next;               // Active Directory gave members up to here only; 0 = all
    bool member_more;
} LdapEntry;
LdapEntry *ldap_entry_new(const char *dn);
void ldap_entry_free(LdapEntry *entry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LdapEntry, ldap_entry_free)
// Adds a value of the attribute `description` ("member;range=0-1499"); others than those above are ignored.
// `id_attribute` may be "".
void ldap_entry_add(LdapEntry *entry, const char *id_attribute, const char *description, const void *data,
                    gsize len);
// Notes that the server gave `description`, though perhaps no value.
void ldap_entry_range(LdapEntry *entry, const char *description);
const char *ldap_entry_first(const LdapEntry *entry, LdapAttribute attribute); // NULL when there is none
bool ldap_entry_is(const LdapEntry *entry, const char *const *classes);        // is one of its object classes
// A DN for comparing: one spelling of blanks, escapes and case. Caller frees; NULL when it is no text or too long.
char *ldap_entry_key(const char *dn);
// OUs of a DN from the root on: "/Schools/Staff". Caller frees.
char *ldap_entry_unit(const char *dn);
// The attributes to ask for; caller frees the array, not the names.
const char **ldap_entry_wanted(const char *id_attribute);

// ---- the wire -----------------------------------------------------------------------------------

typedef struct LdapWire LdapWire;
// Connects, encrypts, binds. NULL with `error`: BASE_ERROR_TEMPFAIL when it is down, _NOPERM for bad credentials,
// _CONFIG for settings and certificates.
LdapWire *ldap_wire_open(const FeedSpec *spec, GError **error);
void ldap_wire_close(LdapWire *wire);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LdapWire, ldap_wire_close)
guint ldap_wire_referrals(const LdapWire *wire); // met and not followed

// False with `error` ends the search.
typedef bool (*LdapEntryFunc)(const LdapEntry *entry, void *data, GError **error);
// All below `base`, page by page, as it comes. `key`: of the sources file, for errors.
bool ldap_wire_search(LdapWire *wire, const char *base, const char *filter, const char *key,
                      LdapEntryFunc func, void *data, GError **error);
// One entry; *out NULL when it is not there or may not be read. `attribute` NULL: all that are wanted.
bool ldap_wire_read(LdapWire *wire, const char *dn, const char *attribute, LdapEntry **out, GError **error);

// ---- notes --------------------------------------------------------------------------------------

// A directory has no lines: a defect is told once, with the first entry that has it and how many more do.
typedef struct LdapNotes LdapNotes;
LdapNotes *ldap_notes_new(void);
void ldap_notes_free(LdapNotes *notes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LdapNotes, ldap_notes_free)
void ldap_notes_add(LdapNotes *notes, const char *dn, const char *text);
void ldap_notes_end(LdapNotes *notes, FeedRun *run, const char *file);

// ---- people -------------------------------------------------------------------------------------

typedef struct {
    char *value; // canonical
    const char *field;
    Kind kind;
    ContactUse use;
} LdapDetail;

typedef struct {
    char *ext, *given, *family, *login, *employee;
    char *manager;   // key of a DN
    char *address;   // the first of its addresses, canonical; NULL = none
    GArray *details; // of LdapDetail
    Role role;
    char *position;
    char *why;    // the role
    bool guessed; // nothing told the role
    bool enabled;
    GPtrArray *defects; // of const char*
} LdapPerson;
#define LDAP_NO_RULE (-1)
// `group_rule`: index of the first rule on "group" that fits by the groups that were read; LDAP_NO_RULE.
LdapPerson *ldap_person_new(const Config *config, const FeedSpec *spec, const LdapEntry *entry,
                            int group_rule);
void ldap_person_free(LdapPerson *person);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LdapPerson, ldap_person_free)
bool ldap_person_is(const LdapEntry *entry); // no group, computer, contact
// Addresses of an entry, canonical, the primary one first; out_defects (of const char*, may be NULL) gets what is wrong.
GPtrArray *ldap_person_addresses(const Config *config, const LdapEntry *entry, GPtrArray *out_defects);

// ---- groups -------------------------------------------------------------------------------------

typedef struct LdapGroups LdapGroups;
// Texts of groups are kept in run->model.
LdapGroups *ldap_groups_new(FeedRun *run, const FeedInput *input, LdapWire *wire, LdapNotes *notes);
void ldap_groups_free(LdapGroups *groups);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LdapGroups, ldap_groups_free)
bool ldap_groups_read(LdapGroups *groups, const char *filter, GError **error);
guint ldap_groups_count(const LdapGroups *groups);
int ldap_groups_rule(const LdapGroups *groups, const LdapEntry *person);
// A person was read. `address` NULL: it has none.
void ldap_groups_person(LdapGroups *groups, const LdapEntry *entry, const char *address);
// Looks up members that are still unknown, then puts the lists into the model.
bool ldap_groups_lists(LdapGroups *groups, GError **error);
bool ldap_groups_is(const LdapEntry *entry);

// ---- between them -------------------------------------------------------------------------------

const char *ldap_spec_people(const FeedSpec *spec); // the default where it has none
const char *ldap_spec_groups(const FeedSpec *spec);
// Settings that need no directory. False with `error`.
bool ldap_spec_check(const FeedSpec *spec, GError **error);
#define LDAP_PASSWORD_MOST 1024
// The first line of password_file, which nobody else may read.
bool ldap_spec_password(const FeedSpec *spec, char out[LDAP_PASSWORD_MOST], GError **error);
