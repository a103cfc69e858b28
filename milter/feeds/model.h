// model: everybody and everything a run knows, in memory, compact: about 100 bytes a person, 20 an enrollment. Importers
// and the reload of the former generation fill it; merge.c says which records are one person; write.c writes it down.
// Not thread-safe.
#pragma once

#include "roster/canon.h"
#include "roster/key.h"
#include "roster/roster.h"

typedef struct Model Model;
typedef guint32 Str; // a text of the model; 0 = ""
#define MODEL_NONE G_MAXUINT32

// ---- rows ---------------------------------------------------------------------------------------

typedef struct {
    Str name, type, space;
    guint32 rank; // sources of a lower one win where they disagree; outlives a run that reads some of them
    int64_t imported; // Unix seconds
    bool now;         // read by this run
} ModelSource;

typedef struct {
    guint32 source;
    Str ext; // id in the source
    Str pid; // of its person in the generation before; 0 = was not there
    Str given, family, preferred_given, preferred_family;
    Str login, grade;
    guint32 birth, gone; // yyyymmdd; gone: since when a bulk export is without it
    guint32 line;
    Str file;
    guint32 person; // merge.c: index of the first record of the same person
    guint8 roles;   // mask of 1 << Role, from posts and importers
    bool enabled;
    bool dropped; // delta: to be deleted
    bool seen;    // by this run
} ModelRecord;

typedef struct {
    guint32 record;
    Str position, org; // org: oid
    guint32 begins, ends;
    guint8 role;
} ModelPost;

// WORK details may be given to anyone; PERSONAL ones of staff are hashed; ASK: personal if the person is staff. Of
// students and guardians all are kept plain.
typedef enum { CONTACT_ASK, CONTACT_WORK, CONTACT_PERSONAL } ContactUse;
typedef struct {
    guint32 record;
    Str value; // canonical
    Str field;
    guint8 kind; // Kind
    guint8 use;
} ModelContact;

// Somebody, before everybody is known.
typedef enum { REF_ID, REF_ADDRESS, REF_IDENT } RefBy;
typedef struct {
    guint8 by;
    guint32
        source; // REF_ID: whose id, MODEL_NONE: that of any source (none if it is several people's); else unused
    Str text; // id; canonical address; "space:value"
} ModelRef;

typedef struct {
    guint32 record;
    Str space, value;
} ModelIdent;
typedef struct {
    ModelRef a, b;              // either way round: merge.c keeps what is between a student and a guardian
    guint32 record_a, record_b; // merge.c: the records they are; MODEL_NONE
    Str kind; // "agent": told by a person's own row; "guardian" "parent" "relative": by a row of its own
    guint32 source, line;
    Str file;
} ModelRelation;
typedef struct {
    guint32 record;
    ModelRef manager;
    guint32 person; // merge.c: the record that `manager` is, the first of its person; MODEL_NONE
} ModelManager;
typedef struct {
    guint32 source;
    Str oid, name, type, parent;
    bool dropped; // delta: gone after model_settle
} ModelOrg;
typedef struct {
    guint32 source;
    Str cid, title, school, kind; // kind: "class" "group" "team" "club" "trip"
    guint32 begins, ends;
    bool dropped; // delta: gone after model_settle
} ModelClass;
typedef struct {
    guint32 class_index, record;
    guint32 begins, ends;
    guint8 role; // ROLE_STAFF teaches, ROLE_STUDENT learns
} ModelSeat;
// A seat of somebody not known yet: merge.c makes a ModelSeat of it, or notes at file:line that nobody is that.
typedef struct {
    guint32 class_index;
    ModelRef who;
    guint32 begins, ends, line;
    Str file;
    guint8 role;
} ModelSeatRef;
typedef struct {
    guint32 source;
    Str address, name;
    bool known; // its members
} ModelList;
typedef struct {
    guint32 source;
    Str list, member; // member: canonical address, "class:<cid>", "org:<oid>", "role:<role>"
} ModelMember;
typedef struct {
    unsigned char hash[KEY_HASH];
    guint32 record; // MODEL_NONE: only `owner` is known
    Str owner;      // canonical school address; 0 where record tells
    Str field, source;
    GBytes *sealed; // NULL for additional keys of the same value
} ModelPersonal;
typedef struct {
    guint32 source;
    Str address, student;
} ModelStudentAddress;
typedef struct {
    guint32 source;
    Str key, kind, label;
} ModelPublished;
typedef struct {
    guint32 source;
    int64_t first, last;
    Str label;
} ModelBlock;
typedef struct {
    guint32 source;
    Str domain;
} ModelWebmail;
typedef struct {
    guint32 source;
    Str name, kind, value, tenant, approver;
    guint32 begins, ends;
} ModelTool;

// All rows; GArrays of the types above, appended to by the functions below. merge.c adds `links`.
typedef struct {
    guint32 guardian, student; // records: the first of each person
} ModelLink;
struct Model {
    const Config *config;
    RosterKey key;
    GArray *sources, *records, *posts, *contacts, *idents, *relations, *managers, *orgs, *classes, *seats,
        *seat_refs, *lists, *members, *personal, *student_addresses, *published, *blocks, *webmail, *tools;
    GArray *links;
    struct ModelTexts *texts;
    struct ModelIndex *index;
};

Model *model_new(const Config *config, const RosterKey *key); // key may be NULL: nothing will be sealed
void model_free(Model *model);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Model, model_free)

// ---- texts --------------------------------------------------------------------------------------

Str model_text(Model *model, const char *text);         // the same text is kept once; NULL is ""
const char *model_string(const Model *model, Str text); // as long as the model

// ---- filling ------------------------------------------------------------------------------------

// The source `name`, made when it is new. Its index.
// `type` and `space` replace what was there unless they are NULL.
guint32 model_source(Model *model, const char *name, const char *type, const char *space);
// The record of `ext` in the source; MODEL_NONE when there is none.
guint32 model_find(const Model *model, guint32 source, const char *ext);
// The same, made when it is new.
guint32 model_record(Model *model, guint32 source, const char *ext, bool *out_new);
ModelRecord *model_at(const Model *model, guint32 record); // until the next record is made
void model_post(Model *model, guint32 record, Role role, const char *position, const char *org, int begins,
                int ends);
void model_contact(Model *model, guint32 record, Kind kind, const char *canonical, const char *field,
                   ContactUse use);
void model_ident(Model *model, guint32 record, const char *space, const char *value);
ModelRef model_ref(Model *model, RefBy by, guint32 source, const char *text);
void model_relation(Model *model, guint32 source, ModelRef a, ModelRef b, const char *kind, const char *file,
                    guint line);
void model_manager(Model *model, guint32 record, ModelRef manager);
void model_org(Model *model, guint32 source, const char *oid, const char *name, const char *type,
               const char *parent); // replaces what was under `oid`
// MODEL_NONE when there is none.
guint32 model_class_find(const Model *model, guint32 source, const char *cid);
guint32 model_class(Model *model, guint32 source, const char *cid, const char *title, const char *school,
                    const char *kind, int begins, int ends); // replaces what was under `cid`
void model_seat(Model *model, guint32 class_index, guint32 record, Role role, int begins, int ends);
void model_seat_ref(Model *model, guint32 class_index, ModelRef who, Role role, int begins, int ends,
                    const char *file, guint line);
void model_list(Model *model, guint32 source, const char *address, const char *name, bool known);
void model_member(Model *model, guint32 source, const char *list, const char *member);
// Hashes under each of model_personal_keys, and seals "kind:canonical" with the first. `owner` counts when `record` is
// MODEL_NONE. False with `error`: no randomness.
bool model_personal(Model *model, guint32 record, const char *owner, const char *field, Kind kind,
                    const char *canonical, const char *source, GError **error);
// Keys of a staff member's detail: those of canon_store_keys, and for names "name:email:local", "name:handle:name".
// GPtrArray of char*, caller unrefs; empty when the value gives none.
GPtrArray *model_personal_keys(Kind kind, const char *canonical);
void model_student_address(Model *model, guint32 source, const char *address, const char *student);
void model_published(Model *model, guint32 source, const char *key, const char *kind, const char *label);
void model_block(Model *model, guint32 source, int64_t first, int64_t last, const char *label);
void model_webmail(Model *model, guint32 source, const char *domain);
void model_tool(Model *model, guint32 source, const char *name, const char *kind, const char *value,
                const char *tenant, int begins, int ends, const char *approver);

// Delta: forgets a record's posts (with its roles), contacts, idents, manager and the relations that its source told
// with the record as `a`, before they are read anew. Like the drops below done by model_settle.
void model_renew(Model *model, guint32 record);
void model_renew_posts(Model *model, guint32 record);   // posts and roles only
void model_renew_details(Model *model, guint32 record); // all but these
// Delta: takes one enrollment away, whatever its dates. False when there is none.
bool model_seat_drop(Model *model, guint32 class_index, guint32 record, Role role);
void model_class_drop(Model *model, guint32 class_index); // with its seats
void model_org_drop(Model *model, guint32 source, const char *oid);
// Takes away what was renewed and dropped, and all rows of dropped records (which stay, `dropped`). Numbers of classes
// change, those of records do not. Called by merge_run, and by whoever walks over the rows before.
void model_settle(Model *model);
// False with `error`: more texts than fit.
bool model_check(const Model *model, GError **error);

// Is `domain` (A-labels) one of the district's: district.domains, published ones, their sub-domains?
bool model_is_district(const Model *model, const char *domain);
