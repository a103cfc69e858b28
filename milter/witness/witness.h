// witness: two logs that watch each other, as c2sp.org/tlog-witness has it: a witness cosigns (c2sp.org/tlog-cosignature) a log's
// checkpoint when it continues the one it cosigned before. answer.c is the witness without HTTP, serve.c its server, submit.c the
// log's side.
#pragma once

#include "archive/archive.h"
#include "tlog/tlog.h"

// ---- being a witness -------------------------------------------------------------------------------------

typedef struct Witness Witness; // what was cosigned, in a database; thread-safe
// witness.database and witness.key_file, both made where they are not; `logs` are verifier keys of the logs it knows
// (witness.logs). NULL with `error`.
Witness *witness_open(const Config *config, GError **error);
void witness_close(Witness **witness);
static inline void witness_close_auto(Witness *witness)
{
    witness_close(&witness);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Witness, witness_close_auto)
// The witness's own verifier key. Caller frees.
char *witness_verifier(const Witness *witness);

typedef struct {
    guint status;     // of HTTP
    const char *type; // content type; static
    char *body;
} WitnessAnswer;
void witness_answer_clear(WitnessAnswer *answer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(WitnessAnswer, witness_answer_clear)
// add-checkpoint: 200 with the cosignature, which is durable before; 400, 403, 404, 409 and 422 as the specification has them; 500
// with a log line where the database fails. `now_s` is the time that is signed.
void witness_add_checkpoint(Witness *witness, const char *body, gsize len, int64_t now_s, WitnessAnswer *out);

typedef struct WitnessServer WitnessServer;
// Serves POST /add-checkpoint at witness.listen ("127.0.0.1:8350"), in threads of its own. NULL with `error`.
WitnessServer *witness_serve(Witness *witness, const Config *config, GError **error);
void witness_server_free(WitnessServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WitnessServer, witness_server_free)

// ---- being witnessed -------------------------------------------------------------------------------------

// What one witness has said of a checkpoint.
typedef struct {
    char *name;
    int64_t time_s; // 0 = it has not cosigned
    char *why;      // not; NULL = it has
} WitnessWord;
// Submits the newest checkpoint to each of witness.peers ("URL VERIFIERKEY"), and writes it with their cosignatures to `DIR/log/witnessed`
// when at least one cosigned. GPtrArray of WitnessWord; NULL with `error` where there is no checkpoint or the file cannot be written.
// May take `witness.timeout_s` for each peer.
GPtrArray *witness_collect(const Config *config, GError **error);
// ---- told to others in other ways (stamp.c, letter.c) ----------------------------------------------------

// A checkpoint that an authority stamped (RFC 3161).
typedef struct {
    guint64 size;
    char *time; // as the token says: "Nov 23 08:30:00 2026 GMT"; NULL where it is wrong
    char *why;  // what is wrong with it; NULL = it is in order
} WitnessStamp;
// Has witness.timestamp_url stamp the newest checkpoint; token and checkpoint stand in `DIR/log/timestamps`, checked by
// openssl(1). `*out_size`: of the tree. False with `error`; what is stamped already is not stamped again.
bool witness_stamp(const Config *config, guint64 *out_size, GError **error);
// Those of the newest `most` stamps, newest first, each checked: its token against witness.timestamp_ca, its checkpoint against our
// key and against the log as it is now. GPtrArray of WitnessStamp; NULL with `error`.
GPtrArray *witness_stamps(const Config *config, guint most, GError **error);
// Mails the newest checkpoint to each of witness.mail. How many; -1 with `error`, those before it were mailed.
int witness_mail_all(const Config *config, int64_t now_us, GError **error);

// What the cosignatures of `DIR/log/witnessed` say, each checked. `*out_size` (may be NULL): of the tree they are of. NULL with
// `error` where the file is wrong; empty where there is none.
GPtrArray *witness_words(const Config *config, guint64 *out_size, GError **error);
