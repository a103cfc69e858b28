// accounts: who may use the console: names, roles, passwords (Argon2id), codes of an authenticator (RFC 6238), one-time
// sign-ins, sessions and lock-outs. One database (console.database). Every change, every sign-in and every failed one is an event
// of the archive, written before the change is committed: an event may tell of a change that a crash undid, never the reverse.
// Secrets are kept as hashes, but for those of authenticators, which have to be read back: the file is for the filter's user only.
#pragma once

#include "base/config.h"

#include <jansson.h>

// What an account may do; several are added up.
typedef enum {
    USER_MAIL_ADMIN = 1 << 0,   // health; no content of mail
    USER_REVIEWER = 1 << 1,     // held messages and items of the schools in scope
    USER_RECORDS = 1 << 2,      // records-officer: search and export within a case
    USER_HOLD_MANAGER = 1 << 3, // legal holds
    USER_AUDITOR = 1 << 4,      // logs, proofs, coverage; content by a granted case
    USER_APPROVER = 1 << 5,     // exceptions and disposals
    USER_BREAK_GLASS = 1 << 6,  // may ask for and grant access for a time
    USER_ROLES = 7
} UserRole;
// "mail-admin", "reviewer", "records-officer", ...; of one bit.
const char *user_role_name(guint role);
// Bits of "reviewer,auditor". 0 with `error` (USAGE) where a name is none of them, or there is none.
guint user_roles_parse(const char *text, GError **error);
// "reviewer, auditor". Caller frees.
char *user_roles_text(guint roles);

typedef struct {
    char *name;     // lower case: a login or an address
    char *display;  // as others see it; never empty
    char *address;  // by which the roster knows the person; NULL = `name`
    guint roles;    // its own, and of a session's account those granted for now
    guint granted;  // of these those that were granted
    char **schools; // ids; "*" = all; empty = none
    bool has_password, has_totp, disabled;
    char *language; // "en", "es"; "" = what the browser asks for
    char *theme;    // "auto", "light", "dark"
    bool shortcuts; // single keys
    int64_t created_us, last_us /* signed in; 0 = never */, locked_until_us;
} User;
void user_free(User *user);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(User, user_free)
// Is `school` in its scope?
bool user_has_school(const User *user, const char *school);
json_t *user_json(const User *user); // new reference

typedef struct Accounts Accounts; // the database; one thread at a time
Accounts *accounts_open(const Config *config, GError **error);
void accounts_close(Accounts **accounts);
static inline void accounts_close_auto(Accounts *accounts)
{
    accounts_close(&accounts);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Accounts, accounts_close_auto)

// In order of name, those after `after` (NULL = from the first), at most `most`. GPtrArray of User.
GPtrArray *accounts_list(Accounts *accounts, const char *after, guint most, GError **error);
// TRI_NO: *out NULL, no error.
Tri accounts_find(Accounts *accounts, const char *name, User **out, GError **error);

// ---- changes: `who` made them ------------------------------------------------------------------------------

// BASE_ERROR_DATA where there is one of the name, or it is no name. `name`, `display`, `address`, `roles` and `schools` of `account`
// are taken. It has no password: set one, or make a one-time sign-in.
bool accounts_add(Accounts *accounts, const User *user, const char *who, int64_t now_us, GError **error);
// `schools` NULL = left as they are. What the account could do before ends with it: its sessions go.
bool accounts_set_roles(Accounts *accounts, const char *name, guint roles, const char *const *schools,
                        const char *who, int64_t now_us, GError **error);
// Ends its sessions when it is disabled.
bool accounts_set_disabled(Accounts *accounts, const char *name, bool disabled, const char *who,
                           int64_t now_us, GError **error);
// At least 12 characters, not the name, no single character over and over? BASE_ERROR_DATA where not.
bool accounts_password_is_good(const char *name, const char *password, GError **error);
// Such a one; NULL takes it away. Ends its
// sessions but `keep` (a session's id, may be NULL), and a lock.
bool accounts_set_password(Accounts *accounts, const char *name, const char *password, const char *keep,
                           const char *who, int64_t now_us, GError **error);
// `secret` (base 32, of accounts_totp_new) from now on; NULL takes it away.
bool accounts_set_totp(Accounts *accounts, const char *name, const char *secret, const char *who,
                       int64_t now_us, GError **error);
// What the person likes; no event.
bool accounts_set_taste(Accounts *accounts, const char *name, const char *language, const char *theme,
                        bool shortcuts, GError **error);
// A one-time sign-in, good until `*out_until_us`; those made before are void. Its text: caller frees.
char *accounts_make_link(Accounts *accounts, const char *name, const char *who, int64_t now_us,
                         int64_t *out_until_us, GError **error);

// ---- access for a time: asked for by one, given by another ---------------------------------------------------

typedef struct {
    char *id; // ULID
    char *name;
    guint roles;  // 0: content within `matter` alone
    char *matter; // a case; "" = none
    char *why;
    int hours;
    int64_t asked_us, given_us, until_us, ended_us; // 0 = not yet
    char *given_by, *ended_by;                      // NULL = nobody
} AccountGrant;
void account_grant_free(AccountGrant *grant);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AccountGrant, account_grant_free)
typedef enum { GRANT_ASKED, GRANT_GIVEN, GRANT_OVER } GrantState;
GrantState account_grant_state(const AccountGrant *grant, int64_t now_us);

#define GRANT_HOURS_MOST      72 // of roles; content within a case is given for GRANT_CASE_HOURS_MOST at most
#define GRANT_CASE_HOURS_MOST (24 * 90)
#define GRANT_WAIT_HOURS      24 // nobody gives it after that
// `name` asks for roles (who has break-glass may) or, with 0, for content within `matter` (who is an auditor may). `why` in 10 characters or
// more. BASE_ERROR_NOPERM, BASE_ERROR_DATA. Its id: caller frees.
char *accounts_grant_ask(Accounts *accounts, const char *name, guint roles, const char *matter,
                         const char *why, int hours, int64_t now_us, GError **error);
// `by` is another with break-glass of their own, of a matter also a records-officer. BASE_ERROR_NOPERM where not, BASE_ERROR_DATA where
// it was given, ended, or asked too long ago.
bool accounts_grant_give(Accounts *accounts, const char *id, const char *by, int64_t now_us, GError **error);
// Withdrawn, refused or ended before its time: by who asked, or by who might give it.
bool accounts_grant_end(Accounts *accounts, const char *id, const char *by, int64_t now_us, GError **error);
// Newest first, those before id `after` (NULL = from the newest), at most `most`. GPtrArray of AccountGrant.
GPtrArray *accounts_grants(Accounts *accounts, const char *after, guint most, GError **error);
// TRI_NO: *out NULL.
Tri accounts_grant_find(Accounts *accounts, const char *id, AccountGrant **out, GError **error);
// Has `name` content of `matter` granted now?
Tri accounts_is_granted(Accounts *accounts, const char *name, const char *matter, int64_t now_us,
                        GError **error);

// ---- authenticators ----------------------------------------------------------------------------------------

// 160 random bits in base 32. Caller frees.
char *accounts_totp_new(void);
// "otpauth://totp/...". Caller frees.
char *accounts_totp_uri(const char *issuer, const char *name, const char *secret);
// The code of `secret` at `time_s` (SHA-1, 6 digits, 30 s): 0..999999; -1 where `secret` is no base 32.
int accounts_totp_code(const char *secret, int64_t time_s);
// Is `text` the code now, or of the step before or after? `*out_step` gets its step.
bool accounts_totp_check(const char *secret, const char *text, int64_t now_us, int64_t *out_step);

// ---- signing in --------------------------------------------------------------------------------------------

typedef enum {
    ENTER_REFUSED,    // wrong name, password, code or link; disabled; locked: the same answer for all
    ENTER_NEEDS_CODE, // the session is half: only a code makes it whole
    ENTER_NEEDS_TOTP, // the session is whole for setting up an authenticator (console.require_totp)
    ENTER_DONE,
    ENTER_FAILED // could not tell; `error` is set
} Enter;

// `remote` is the address it came from. With a session `*out_cookie` gets its secret: caller frees. A failed try is an event, and
// counts towards the lock. Costs as much for a name that is none. An account without a password of its own is asked of
// console.pam_service: ENTER_FAILED where that cannot tell.
Enter accounts_enter(Accounts *accounts, const char *name, const char *password, const char *remote,
                     int64_t now_us, char **out_cookie, GError **error);
// Is it the password of an account that is signed in? Counts as a try; also TRI_YES where the account has none and no
// console.pam_service is set.
Tri accounts_password_is(Accounts *accounts, const char *name, const char *password, const char *remote,
                         int64_t now_us, GError **error);
// Of a half session `cookie`, which ends; a new one begins.
Enter accounts_enter_code(Accounts *accounts, const char *cookie, const char *code, const char *remote,
                          int64_t now_us, char **out_cookie, GError **error);
// By a one-time sign-in; an authenticator's code is asked for where the account has one.
Enter accounts_enter_link(Accounts *accounts, const char *link, const char *remote, int64_t now_us,
                          char **out_cookie, GError **error);
// Whom a reverse proxy vouches for.
Enter accounts_enter_trusted(Accounts *accounts, const char *name, const char *remote, int64_t now_us,
                             char **out_cookie, GError **error);

typedef enum { SESSION_WHOLE, SESSION_HALF, SESSION_SET_UP } SessionStage;
typedef struct {
    char *id; // for keeping and ending it; no secret
    SessionStage stage;
    char csrf[44];
    int64_t begun_us, seen_us;
    char *how; // "password", "pam", "link", "proxy"
    User *user;
} AccountSession;
void account_session_free(AccountSession *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AccountSession, account_session_free)
// The session of a cookie, with its account as it is now. TRI_NO: there is none, it is over, or the account is disabled.
Tri accounts_session(Accounts *accounts, const char *cookie, int64_t now_us, AccountSession **out,
                     GError **error);
// A session of stage SESSION_SET_UP becomes whole.
bool accounts_session_whole(Accounts *accounts, const char *id, GError **error);
bool accounts_session_end(Accounts *accounts, const char *id, const char *who, int64_t now_us,
                          GError **error);
// All of `name` but `keep` (NULL = all).
bool accounts_sessions_end(Accounts *accounts, const char *name, const char *keep, GError **error);
// Forgets what is over. Number of sessions; -1 with `error`.
int64_t accounts_sweep(Accounts *accounts, int64_t now_us, GError **error);
