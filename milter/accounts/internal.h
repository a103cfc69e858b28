// accounts, inside.
#pragma once

#include "accounts/accounts.h"
#include "archive/archive.h"
#include "store/store.h"

struct Accounts {
    Config *config;
    StoreDb *db;
};

// Runs a statement that changes an account, then the event that tells of it, in a transaction that the caller began; `detail` is taken. BASE_ERROR_DATA where it
// changes nothing: there is no account `name`. Consumes `stmt`.
bool accounts_change(Accounts *accounts, StoreStmt *stmt, const char *event, const char *name, json_t *detail,
                     const char *who, int64_t now_us, GError **error);
bool accounts_event(Accounts *accounts, const char *event, const char *name, json_t *detail, const char *who,
                    int64_t now_us, GError **error);
// Commits where `ok`, else rolls back. What it was worth.
bool accounts_finish(Accounts *accounts, bool ok, GError **error);

// 32 random bytes, in the alphabet of URLs without padding (43 characters); and what is kept of such a text, in hex. Caller frees.
char *secret_new(void);
char *secret_hash(const char *text);

// Argon2id over `password`; caller frees, NULL with `error`. It takes 64 MiB while it is made.
char *password_hash(const char *password, GError **error);
// A NULL `hash` costs the same and fits nothing.
bool password_fits(const char *hash, const char *password);

// Does console.pam_service know `name` by `password`? TRI_UNKNOWN with `error`. Blocks as long as its modules do.
Tri pam_fits(const ConfigConsole *console, const char *name, const char *password, const char *remote,
             GError **error);

// Adds the roles that are granted to it at `now_us`.
bool grants_add(Accounts *accounts, User *user, int64_t now_us, GError **error);

// A new session of `name`. Its cookie; caller frees, NULL with `error`.
char *session_begin(Accounts *accounts, const char *name, SessionStage stage, const char *how, int64_t now_us,
                    GError **error);
