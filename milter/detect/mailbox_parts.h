// mailbox, inside: the pieces of an address as people write them, and where its two halves meet.
#pragma once

#include "detect/mailbox.h"

#define LOCAL_MOST 64

// Where an address divides: the mark between local part and domain.
typedef enum {
    AT_SIGN,    // @, %40
    AT_SPACED,  // blanks beside the @
    AT_BRACKET, // (at), [at]
    AT_WORD,    // at, arroba, between blanks
} AtMark;

typedef struct {
    DetectScan *scan;
    AtMark mark;
    gsize mark_start, mark_end;
    gsize start, end; // of the whole
    GString *local, *domain;
    bool spelled_dot; // " dot " or "[.]" stood for a dot
    bool spaced;      // letter by letter
    bool split;       // over two lines
    bool said;        // figures said as words, or told to be one word
} Mailbox;

// ---- pieces (mailbox_parts.c) ----------------------------------------------------------------------------

bool mailbox_local_char(char c);
bool mailbox_label_char(char c);
// Over characters of `set` from `at` on, at most `most`; before `at` where `step` is -1, not before `floor`.
gsize mailbox_skip(const DetectView *view, gsize at, int step, gsize floor, const char *set, gsize most);
// A dot in one of its disguises at `at`: its length with the blanks around it; 0 = none.
gsize mailbox_dot(const DetectView *view, gsize at);
// Local part that ends at `end`, dots and marks spelled or not.
void mailbox_read_local(Mailbox *box, gsize end);
// Domain that begins at `at`.
void mailbox_read_domain(Mailbox *box, gsize at);
// "j a n e @ g m a i l . c o m": single characters parted alike, on both sides of the mark. False, and nothing read,
// where they are not.
bool mailbox_read_spaced(Mailbox *box);
// "(no space)", ", all one word": before the remark that ends at `end`; `end` when there is none.
gsize mailbox_before_remark(const DetectView *view, gsize end);
// Behind the one that begins at `at`; `at` when there is none.
gsize mailbox_after_remark(const DetectView *view, gsize at);
// The words before the local part are of it: "jane doe, all one word".
void mailbox_join_words(Mailbox *box);
// Words that are nobody's mailbox.
bool mailbox_is_word(const char *local);
// A word of no language: figures or marks stand in it.
bool mailbox_is_made_up(const char *local);

// ---- handing on (mailbox.c) ------------------------------------------------------------------------------

void mailbox_emit(Mailbox *box, double shape, bool no_domain);
// A word about writing stands shortly before.
bool mailbox_cued(DetectScan *scan, gsize start);

// ---- services without their ending (mailbox_provider.c) --------------------------------------------------

// The mail service named at `at`: its domain, and where the name ends.
const char *mailbox_provider(const DetectScan *scan, gsize at, gsize *end);
// "jane@gmail", "jane at gmail,com".
void mailbox_try_provider(Mailbox *box);
// Names beside or near the name of a service: "my gmail is jdoe99".
void mailbox_find_providers(DetectScan *scan);
// A name at `at` that is none of the language's words: its length; 0 when there is none.
gsize mailbox_name_at(const DetectView *view, gsize at);
// Hands on `local` at `domain`, which [start, end) names.
void mailbox_emit_name(DetectScan *scan, gsize start, gsize end, const char *local, const char *domain,
                       double shape);

// ---- away from the service's name (mailbox_apart.c) ------------------------------------------------------

// "My account is jdoe99. It's with gmail.": the name nearest to the service at [start, end) that is said to be a
// mailbox's.
void mailbox_apart(DetectScan *scan, gsize start, gsize end, const char *domain);
