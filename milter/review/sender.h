// sender: what the sender of a held message may do about it.
#pragma once

#include "quarantine/quarantine.h"
#include "roster/roster.h"

// Mails the question `text` of reviewer `who` to the item's sender, with the link by which they answer. False with `error`: DATA where the roster does
// not know them: nobody outside is told that a message is held.
bool sender_question(Quarantine *quarantine, RosterSession *session, const HoldItem *item, const char *who,
                     const char *text, int64_t now_us, GError **error);

typedef enum { SENDER_WITHDRAW, SENDER_EXPLAIN, SENDER_ASK } SenderAct;

// Does it, as `sender`, who must be the item's (by From or by the envelope, any address of the same person). `text`: the sender's words; needed
// to explain, may be NULL else. `by`: who does it for them; NULL = themselves. SENDER_ASK mails the supervisor that the roster
// knows, else the principal of a school of theirs; *out_asked (caller frees) gets whom. False with `error`: NOPERM for somebody else's message,
// UNAVAILABLE where there is nobody to ask.
bool sender_act(const Config *config, Quarantine *quarantine, RosterSession *session, const char *record,
                SenderAct act, const char *sender, const char *by, const char *text, int64_t now_us,
                char **out_asked, GError **error);
