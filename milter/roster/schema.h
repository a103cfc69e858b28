// schema: the roster file, version 3. It is written whole by an import (feeds/), read by look-ups (this room), and
// changed in place only by exceptions and by what staff register themselves. roster.database is a symbolic link to
// the generation in force ("roster.db.000042"): an import writes the next one beside it and moves the link, so that
// a message sees one generation and a way back is there.
//
// Numbers: `id`s are of this generation only. What outlives it is text: source.name, record.ext, person.pid,
// org.oid, class.cid, addresses. Roles are numbered as in Role; `roles` is a mask of 1 << Role. Dates are yyyymmdd,
// 0 = none; begin included, end excluded. Keys are those of canon_store_keys.
#pragma once

#include "roster/key.h"
#include "roster/roster.h"
#include "store/store.h"

#define SCHEMA_VERSION     3
#define SCHEMA_APPLICATION 1128813651 // "CHRS"

// What an import writes anew. Indexes are made after the rows (SCHEMA_INDEXES).
//
// source   in the order in which they win where they disagree.
// record   a person as one source has it. given, family are NULL where they equal the person's, ext where it is the pid,
//          other texts where they are empty. manager: a record of the manager's. birth: of students only, as in person.
// ident    what tells that records of several sources are one: space "employee", "state", "dn", ...
// person   records merged. `mail`: the school address it is written to. schools: oids joined by ','. What a record that
//          is gone says of roles and posts counts only where all of the person's are gone.
// contact  plain details: mail addresses of everybody; numbers and the like of students and guardians, and work
//          numbers of staff. field: "email" "username" "alias" "previous" "sms" "phone" "home" "work" ...
//          use: 0 as the source did not tell, 1 given by work and to be given to anyone, 2 private. A detail stands there
//          once for each record that has it, an address under the first of the fields above.
// login    those that are no address.
//          Private details of staff are in `personal` only, as hashes.
// post     what somebody is where: role, position ("principal", "counselor", "nurse", ... lower case, or "").
// class    ids are of a source: where several have the same cid or oid, all of them are meant by it.
// link     guardian -> student between persons; relation is what sources said, between records, for the next import.
// name     for each name of staff and students what canon_name makes of it (none for what is no full name): its key
//          in `last`, and all words that must appear.
// list     every list known; known = 0: its members could not be told. list_member.member: an address, or
//          "class:<cid>", "org:<oid>", "role:<role>".
// personal hash, and the value sealed, of staff members' private details. person = 0 where only the address `owner`
//          is known. source "own": registered by hand; carried from generation to generation.
// exception  way: as of Way. recorded: microseconds since 1970, 0 = not known; added: into this roster, when and by whom.
//          consent: for one student of it, on paper; withdrawn ones stay. sha256: of the paper.
// tool     approved tools and official accounts. kind "host" | "handle" | "invite"; value "docs.google.com",
//          "platform:name", "host/path"; tenant: what the link must also carry ("" = nothing).
#define SCHEMA_TABLES                                                                                        \
    "PRAGMA application_id = 1128813651;"                                                                    \
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;"                                   \
    "CREATE TABLE source (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, type TEXT NOT NULL,"            \
    " space TEXT NOT NULL, imported INT NOT NULL);"                                                          \
    "CREATE TABLE record (id INTEGER PRIMARY KEY, source INT NOT NULL, ext TEXT, person INT NOT "            \
    "NULL,"                                                                                                  \
    " given TEXT, family TEXT, preferred_given TEXT, preferred_family TEXT, roles INT NOT NULL,"             \
    " enabled INT NOT NULL, gone INT NOT NULL, birth INT NOT NULL, grade TEXT, login TEXT, manager INT);"    \
    "CREATE TABLE ident (record INT, space TEXT, value TEXT, PRIMARY KEY (record, space, value)) WITHOUT "   \
    "ROWID;"                                                                                                 \
    "CREATE TABLE person (id INTEGER PRIMARY KEY, pid TEXT NOT NULL, given TEXT NOT NULL, family TEXT NOT "  \
    "NULL,"                                                                                                  \
    " roles INT NOT NULL, enabled INT NOT NULL, gone INT NOT NULL, birth INT NOT NULL, grade TEXT,"          \
    " mail TEXT, manager INT NOT NULL, schools TEXT NOT NULL);"                                              \
    "CREATE TABLE post (person INT, role INT, position TEXT, org TEXT, begins INT, ends INT, record INT,"    \
    " PRIMARY KEY (person, role, position, org, record, begins)) WITHOUT ROWID;"                             \
    "CREATE TABLE org (id INTEGER PRIMARY KEY, source INT NOT NULL, oid TEXT NOT NULL, name TEXT NOT NULL,"  \
    " type TEXT NOT NULL, parent TEXT NOT NULL);"                                                            \
    "CREATE TABLE class (id INTEGER PRIMARY KEY, source INT NOT NULL, cid TEXT NOT NULL, title TEXT NOT "    \
    "NULL,"                                                                                                  \
    " school TEXT NOT NULL, kind TEXT NOT NULL, begins INT NOT NULL, ends INT NOT NULL);"                    \
    "CREATE TABLE seat (class INT, person INT, role INT, begins INT, ends INT, record INT,"                  \
    " PRIMARY KEY (class, person, role, begins)) WITHOUT ROWID;"                                             \
    "CREATE TABLE contact (key TEXT, person INT, field TEXT, record INT, use INT NOT NULL DEFAULT 0,"        \
    " PRIMARY KEY (key, person, record)) WITHOUT ROWID;"                                                     \
    "CREATE TABLE login (name TEXT, person INT, PRIMARY KEY (name, person)) WITHOUT ROWID;"                  \
    "CREATE TABLE relation (source INT, a INT, b INT, kind TEXT, PRIMARY KEY (source, a, b, kind)) WITHOUT " \
    "ROWID;"                                                                                                 \
    "CREATE TABLE link (guardian INT, student INT, PRIMARY KEY (guardian, student)) WITHOUT ROWID;"          \
    "CREATE TABLE name (last TEXT, person INT, words TEXT, PRIMARY KEY (last, person, words)) WITHOUT "      \
    "ROWID;"                                                                                                 \
    "CREATE TABLE personal (hash BLOB, person INT, owner TEXT, field TEXT, sealed BLOB, source TEXT, "       \
    "record INT,"                                                                                            \
    " PRIMARY KEY (hash, owner, person, field, source)) WITHOUT ROWID;"                                      \
    "CREATE TABLE student_address (address TEXT, student TEXT, source INT, PRIMARY KEY (address, student, "  \
    "source))"                                                                                               \
    " WITHOUT ROWID;"                                                                                        \
    "CREATE TABLE published (key TEXT, kind TEXT, label TEXT, source INT, PRIMARY KEY (key, kind, label, "   \
    "source))"                                                                                               \
    " WITHOUT ROWID;"                                                                                        \
    "CREATE TABLE block (first INT, last INT, label TEXT, source INT, PRIMARY KEY (first, last, source)) "   \
    "WITHOUT ROWID;"                                                                                         \
    "CREATE TABLE list (address TEXT, source INT, known INT NOT NULL, name TEXT NOT NULL,"                   \
    " PRIMARY KEY (address, source)) WITHOUT ROWID;"                                                         \
    "CREATE TABLE list_member (list TEXT, member TEXT, source INT, PRIMARY KEY (list, member, source)) "     \
    "WITHOUT ROWID;"                                                                                         \
    "CREATE TABLE webmail (domain TEXT, source INT, PRIMARY KEY (domain, source)) WITHOUT ROWID;"            \
    "CREATE TABLE tool (id INTEGER PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, value TEXT NOT "     \
    "NULL,"                                                                                                  \
    " tenant TEXT NOT NULL, begins INT NOT NULL, ends INT NOT NULL, approver TEXT NOT NULL, source INT NOT " \
    "NULL);"                                                                                                 \
    "CREATE TABLE exception (id TEXT PRIMARY KEY, kind TEXT NOT NULL, staff TEXT NOT NULL, students TEXT "   \
    "NOT NULL,"                                                                                              \
    " value_list TEXT NOT NULL, begins INT NOT NULL, ends INT NOT NULL, approver TEXT NOT NULL,"             \
    " guardian_consent INT NOT NULL, purpose_required INT NOT NULL, revoked TEXT, source TEXT NOT NULL,"     \
    " added TEXT NOT NULL, way INT NOT NULL DEFAULT 0, purpose TEXT NOT NULL DEFAULT '',"                    \
    " approval TEXT NOT NULL DEFAULT '', approved INT NOT NULL DEFAULT 0, recorded INT NOT NULL DEFAULT 0)"  \
    " WITHOUT ROWID;"                                                                                        \
    "CREATE TABLE consent (exception TEXT, student TEXT, sha256 TEXT, guardian TEXT NOT NULL,"               \
    " document TEXT NOT NULL, given INT NOT NULL, ends INT NOT NULL, withdrawn TEXT, source TEXT NOT NULL,"  \
    " added TEXT NOT NULL, PRIMARY KEY (exception, student, sha256)) WITHOUT ROWID;"                         \
    "CREATE TABLE history (id INTEGER PRIMARY KEY, at INT NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL,"  \
    " forced INT NOT NULL, counts TEXT NOT NULL, changes TEXT NOT NULL, files TEXT NOT NULL);"

#define SCHEMA_INDEXES                                                                                       \
    "CREATE INDEX record_person ON record (person);"                                                         \
    "CREATE INDEX ident_value ON ident (value);"                                                             \
    "CREATE UNIQUE INDEX person_pid ON person (pid);"                                                        \
    "CREATE INDEX seat_person ON seat (person, class, role, begins, ends);"                                  \
    "CREATE INDEX link_student ON link (student, guardian);"                                                 \
    "CREATE INDEX contact_person ON contact (person) WHERE field <> 'email' AND key GLOB 'email:*';"         \
    "CREATE INDEX class_cid ON class (cid);"                                                                 \
    "CREATE INDEX org_oid ON org (oid);"                                                                     \
    "CREATE INDEX personal_owner ON personal (owner) WHERE owner <> '';"                                     \
    "CREATE INDEX personal_person ON personal (person) WHERE person <> 0;"                                   \
    "CREATE INDEX tool_value ON tool (value);"                                                               \
    "CREATE INDEX exception_staff ON exception (staff);"

// Opens the generation in force, or another one, for look-ups; refuses what is not a roster of this version.
StoreDb *schema_open_read(const char *path, GError **error);
// Opens it for changes in place (exceptions, personal).
StoreDb *schema_open_change(const char *path, GError **error);
