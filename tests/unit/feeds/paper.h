// Rosters on paper: a few lines of text made into a model, and the files written of it asked.
//
//   sis:t1 staff+guardian Given/Family what=value ...    a person as a source has it; '_' in a value is a blank
//       mail= user= alias= prev=  addresses by field     sms=  a number           work=  one given by work
//       recovery=  a private address                     pref=Given/Family        login= grade= birth= gone=
//       off=1  disabled           pid=  of before        id=space:value           boss=source:ext
//       post=role.position.org.begins.ends (the rest may be left out)
//   ! source name type space          ! org source oid name type parent
//   ! class source cid title school kind begins ends
//   ! seat source:cid source:ext role begins ends
//   ! link source kind source:ext source:ext       relation
//   ! list source address known name               ! member source list member
//   ! personal source owner field number           ! student source address student
//   ! published source key kind label              ! block source first last label
//   ! webmail source domain                        ! tool source name kind value tenant begins ends approver
//   - source:ext                                   a delta's deletion
#pragma once

#include "feeds/run.h"
#include "ground.h"

typedef struct {
    Ground ground;
    RosterKey key;
    FeedOptions options;
} Paper;
void paper_init(Paper *paper); // of 2026-11-22; example.org is the district
void paper_clear(Paper *paper);

FeedRun *paper_run(const Paper *paper);
void paper_fill(FeedRun *run, const char *text);
// Merges what `text` says and writes it as the file `name`. Its path, caller frees.
char *paper_write(const Paper *paper, const char *name, const char *text);
// The same of what is in the run's model already.
char *paper_end(const Paper *paper, FeedRun *run, const char *name);
// The first column of all rows, parted by blanks; NULL is "-". Caller frees.
char *paper_ask(const char *path, const char *sql);
// Every table row by row.
char *paper_dump(const char *path);
