// clever: what clever*.c share: one import of the CSV files that Clever takes by SFTP.
#pragma once

#include "feeds/run.h"

typedef enum { CLEVER_STUDENT, CLEVER_STAFF, CLEVER_CONTACT, CLEVER_KINDS } CleverKind;

// FeedInput.data. Ids are unique among the people of one kind only. Those of students are taken as they are; the ids of a
// kind of which one is another kind's as well are all given the kind's name: "staff:12".
typedef struct {
    bool apart[CLEVER_KINDS];
} Clever;

// ---- clever.c -------------------------------------------------------------------------------------------

// A post at a school, once.
void clever_post(Model *model, guint32 record, Role role, const char *position, const char *school);
// yyyymmdd of "8/15/2012" or "2012-08-15"; 0 when it is empty or, with a note, is none.
int clever_date(Table *table, guint column, const char *name);

// ---- clever_ids.c ---------------------------------------------------------------------------------------

// Looks at the ids of all people and tells which kinds are to be kept apart.
bool clever_scan_ids(FeedRun *run, FeedInput *input, GError **error);
// The record's id. Caller frees.
char *clever_ext(const Clever *clever, CleverKind kind, const char *id);
// The staff member, whether this run read people or not; MODEL_NONE when there is none.
guint32 clever_find_staff(const Model *model, guint32 source, const char *id);

// ---- clever_people.c ------------------------------------------------------------------------------------

bool clever_read_people(FeedRun *run, FeedInput *input, GError **error);

// ---- clever_contacts.c ----------------------------------------------------------------------------------

// The contact that a row of students.csv carries.
enum { C_RELATIONSHIP, C_TYPE, C_NAME, C_PHONE, C_EMAIL, C_ID, C_COUNT };
#define CLEVER_CONTACT_COLUMNS                                                                               \
    [C_RELATIONSHIP] = {"Contact_relationship"}, [C_TYPE] = {"Contact_type"}, [C_NAME] = {"Contact_name"},   \
    [C_PHONE] = {"Contact_phone"}, [C_EMAIL] = {"Contact_email"}, [C_ID] = {"Contact_sis_id"}
void clever_contact(FeedRun *run, FeedInput *input, Table *table, guint32 student, const char *student_id);

// ---- clever_classes.c -----------------------------------------------------------------------------------

bool clever_read_schools(FeedRun *run, FeedInput *input, GError **error);
bool clever_read_sections(FeedRun *run, FeedInput *input, GError **error);
