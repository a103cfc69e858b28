// notice: the register of notices to staff: what they were told about monitoring and about policies, in which words, since
// when, to whom it was sent and who has acknowledged it (Conn. Gen. Stat. 31-48d; T-P8, C-II).
//
// The database (notice.database) tells who; the words of each notice, and every step, are events of the archive too.
#pragma once

#include "archive/archive.h"
#include "base/config.h"

typedef struct NoticeRegister NoticeRegister; // one thread at a time
NoticeRegister *notice_open(const Config *config, GError **error);
void notice_close(NoticeRegister **notices);
static inline void notice_close_auto(NoticeRegister *notices)
{
    notice_close(&notices);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NoticeRegister, notice_close_auto)

typedef struct {
    char *id;      // ULID
    char *kind;    // name of the template: "connecticut", "policy-change"
    char *title;   // its Subject
    char *text;    // as it was issued; NULL in lists
    char *sha256;  // of the text
    int effective; // local date yyyymmdd
    int64_t issued_us;
    char *who;
    char *withdrawn; // "2026-11-01 by admin: reason"; NULL = it stands
    guint sent, acknowledged;
} Notice;
void notice_free(Notice *notice);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Notice, notice_free)

// Puts a notice into the register: durable, with its event, when it returns true. `text` is what stands there from now on.
bool notice_issue(NoticeRegister *notices, const char *kind, const char *title, const char *text,
                  int effective, const char *who, int64_t now_us, char out_id[ULID_LEN + 1], GError **error);
// It is not in force any more; what was sent and acknowledged stays. DATA when it is withdrawn already.
bool notice_withdraw(NoticeRegister *notices, const char *id, const char *who, const char *why,
                     int64_t now_us, GError **error);
// Newest first. GPtrArray of Notice, without texts.
GPtrArray *notice_list(NoticeRegister *notices, GError **error);
// `id` may be cut short as long as it is one notice's. NULL with `error` (NOINPUT: no such notice).
Notice *notice_get(NoticeRegister *notices, const char *id, GError **error);
// Is it in force on `today`: effective, and not withdrawn?
bool notice_in_force(const Notice *notice, int today);

// ---- who got it, who acknowledged it ---------------------------------------------------------------------

// Of one person; `person` is the roster's id, else the address.
typedef struct {
    char *person, *address;
    int64_t sent_us;  // 0 = not sent from here
    int acknowledged; // local date; 0 = not
    char *how;        // "signed form", "training portal", ...
    char *source;     // file it was imported from, or "command"
} NoticeReceipt;
void notice_receipt_free(NoticeReceipt *receipt);

// Takes receipts down (of NoticeReceipt): first the event, in pieces of 500 people, then the rows in one transaction. What is
// there already is kept; an acknowledgment fills in what was only sent. `*out_new`: how many were new.
bool notice_record(NoticeRegister *notices, const char *id, const GPtrArray *receipts, const char *who,
                   int64_t now_us, guint *out_new, GError **error);
// person -> NoticeReceipt. NULL with `error`.
GHashTable *notice_receipts(NoticeRegister *notices, const char *id, GError **error);

// What was in force on `today`, for the steps of reviewers: [{"id", "kind", "sha256"}]. New reference; NULL with `error`.
json_t *notice_stamp(const Config *config, int today, GError **error);
