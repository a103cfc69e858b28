// oneroster: what the readers of OneRoster and of its relative, School Data Sync, share. A kind of file is a table of
// columns and what is done with a row; the two formats differ in columns only.
#pragma once

#include "feeds/ids.h"
#include "feeds/run.h"

typedef enum {
    SIS_ORGS,
    SIS_SESSIONS,
    SIS_USERS,
    SIS_ROLES,
    SIS_PROFILES,
    SIS_DEMOGRAPHICS,
    SIS_RELATIONSHIPS,
    SIS_CLASSES,
    SIS_ENROLLMENTS,
    SIS_FILES
} SisFile; // in the order they are read in

typedef enum { SIS_ABSENT, SIS_BULK, SIS_DELTA } SisMode;

typedef struct {
    const char *name;
    const TableColumn *columns; // the first is `status`
    guint count;
    TableRow row;
} SisKind;
#define SIS_KIND(file, table, func)                                                                          \
    {                                                                                                        \
        .name = file, .columns = table, .count = G_N_ELEMENTS(table), .row = func                            \
    }

// One import; FeedInput.data.
typedef struct {
    const SisKind *kinds; // SIS_FILES of them; those without a name are not of the format
    bool sds, manifest;
    SisMode modes[SIS_FILES];
    SisFile file;         // being read
    bool noted;           // what is alike in all rows of it
    GHashTable *seen;     // Str of an id -> hash of its row, of the file being read; not of users
    GArray *rows;         // of guint32, by record: hash of its row in users.csv
    GHashTable *terms;    // Str of an academic session -> SisTerm
    GArray *primary;      // of Str, by record: the school a role without one is at
    GArray *changes;      // of SisRole, of a delta
    guint idents;         // that there were before users.csv was read
    Ids *users, *classes; // while enrollments.csv is read
} Sis;
typedef struct {
    int begins, ends;
} SisTerm;
typedef struct {
    guint32 record, order;
    Str position, org;
    int begins, ends;
    Role role;
    bool deleted;
} SisRole;

// ---- oneroster.c ----------------------------------------------------------------------------------------

Sis *sis_new(FeedInput *input, const SisKind *kinds);
void sis_close(FeedInput *input);
// Checks the headers and modes of all files there and sets what is covered.
bool sis_open(FeedRun *run, FeedInput *input, GError **error);
bool sis_read(FeedRun *run, FeedInput *input, GError **error);
// Is this School Data Sync (1), OneRoster (0) or neither (-1)? False with `error`: a header cannot be read.
bool sis_tell(const Source *files, int *out_which, GError **error);

// What a row's `status` says of it.
typedef enum { ROW_FAILED, ROW_KEPT, ROW_DELETED } SisFate;
SisFate sis_status(Sis *sis, Table *table, GError **error);
// Was `id` in this file before? Noted when it was, and the first row counts.
bool sis_is_repeated(FeedRun *run, Sis *sis, Table *table, const char *id, guint columns);
// The same of users; another row of the same id fails: nobody can tell which of the two somebody is.
Tri sis_is_repeated_user(Sis *sis, Table *table, guint32 record, GError **error);

// ---- oneroster_users.c ----------------------------------------------------------------------------------

// The role and position a name stands for. False with an empty name.
bool sis_role(Table *table, guint column, Role *out_role, char **out_position);
bool sis_user(FeedRun *run, FeedInput *input, Table *table, GError **error);
bool sis_role_row(FeedRun *run, FeedInput *input, Table *table, GError **error);
bool sis_profile(FeedRun *run, FeedInput *input, Table *table, GError **error);
bool sis_demographics(FeedRun *run, FeedInput *input, Table *table, GError **error);
bool sis_relationship(FeedRun *run, FeedInput *input, Table *table, GError **error);
// When all files of people are read.
bool sis_end_people(FeedRun *run, FeedInput *input, GError **error);

enum {
    U_STATUS,
    U_ID,
    U_CHANGED,
    U_ENABLED,
    U_ORGS,
    U_ROLE,
    U_USERNAME,
    U_GIVEN,
    U_FAMILY,
    U_PREFERRED_GIVEN,
    U_PREFERRED_FAMILY,
    U_EMAIL,
    U_SMS,
    U_PHONE,
    U_AGENTS,
    U_PRIMARY_ORG,
    U_OTHER_IDS,
    U_IDENTIFIER,
    U_MASTER,
    U_GRADES,
    U_DIRECTORY,
    U_PASSWORD,
};
enum { R_STATUS, R_ID, R_CHANGED, R_USER, R_ROLE, R_ORG, R_BEGINS, R_ENDS, R_GRADE };
enum { P_STATUS, P_USER, P_USERNAME, P_ROLE, P_PASSWORD };
enum { D_STATUS, D_USER, D_BIRTH, D_SEX };
enum { L_STATUS, L_USER, L_OTHER, L_ROLE };

// ---- oneroster_classes.c --------------------------------------------------------------------------------

bool sis_org(FeedRun *run, FeedInput *input, Table *table, GError **error);
bool sis_session(FeedRun *run, FeedInput *input, Table *table, GError **error);
bool sis_class(FeedRun *run, FeedInput *input, Table *table, GError **error);
bool sis_enrollment(FeedRun *run, FeedInput *input, Table *table, GError **error);
// When classes.csv is read, and before and after enrollments.csv is.
void sis_end_classes(FeedRun *run, FeedInput *input);
void sis_begin_enrollments(FeedRun *run, FeedInput *input);
void sis_end_enrollments(Sis *sis);

enum { O_STATUS, O_ID, O_CHANGED, O_NAME, O_TYPE, O_PARENT };
enum { S_STATUS, S_ID, S_CHANGED, S_BEGINS, S_ENDS };
enum { C_STATUS, C_ID, C_CHANGED, C_TITLE, C_SCHOOL, C_TERMS, C_TYPE };
enum { E_STATUS, E_CHANGED, E_CLASS, E_USER, E_ROLE, E_BEGINS, E_ENDS };
