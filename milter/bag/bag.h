// bag: what was found for a request, as a BagIt bag (RFC 8493) that its receiver can read and check without us: messages, text,
// attachments, load files, what was redacted and withheld and why, the searches, and a proof for every message from the archive's
// transparency log. Thread rule: bag_write and bag_check run in one thread and start others of their own.
//
//   NAME/bagit.txt bag-info.txt manifest-sha256.txt tagmanifest-sha256.txt      RFC 8493
//   NAME/data/eml/BATES.eml          a message as it was received; BATES.json: its record with the envelope, for those entitled;
//                                    BATES.left-out.txt: names of header fields that are not in it, for the others
//   NAME/data/mbox/messages.mbox     the same messages (mboxrd)
//   NAME/data/text/BATES.txt         what the reader made of it; BATES.001.txt: of its first attachment
//   NAME/data/attachments/BATES.001.pdf
//   NAME/data/redacted/BATES.pdf     the rendition of a message that is redacted, all there is of it but its text
//   NAME/data/loadfile.csv .dat      Concordance; NAME/data/index.psv: delimited by "|"
//   NAME/redactions.csv withheld.csv search-report.html certification.txt VERIFY.txt
//   NAME/checkpoint log.pub proofs/BATES.tlog-proof
#pragma once

#include "base/config.h"
#include "message/message.h"
#include "reader/reader.h"

typedef enum {
    BAG_FULL,
    BAG_REDACTED, // only its rendition
    BAG_WITHHELD, // only its row in withheld.csv
    BAG_TREATMENTS
} BagTreatment;
const char *bag_treatment_name(BagTreatment treatment); // "full", "redacted", "withheld"
// False when `name` is none.
bool bag_treatment_parse(const char *name, BagTreatment *out);

typedef struct {
    char *code;   // of the exemption, as the district cites it
    char *reason; // may be NULL
} BagExemption;

// A message of the bag. Numbers: the message's own is `bates`; its attachments are BATES.001, BATES.002 ... in their order, so
// that a number is one message for ever, whatever is found in it. A..Z, a..z, 0..9, "-" and "_", at most 48.
typedef struct {
    char *record; // id
    char *bates;
    char *custodian; // whose it is, for a person; may be NULL
    BagTreatment treatment;
    GPtrArray *exemptions; // of BagExemption; NULL = none. A withheld message has one at least
    json_t *redactions;    // of redact.h: an array; BAG_REDACTED has one at least
} BagItem;

// Owns all it points to.
typedef struct {
    char *name;        // of the request, "2026-017"
    char *description; // each may be NULL
    char *requester;
    char *custody; // who answers for the records: name, office, address, for the certification
    char *who;     // exports
    char *reason;  // for the event
    int64_t
        time_us; // of the export: every date in the bag; the same spec, checkpoint included, makes the same bytes
    char *
        checkpoint; // a signed checkpoint of the log that the proofs are to lead to; NULL = the newest, or, where the bag was
    // broken off, the one it began with; its time and searches too
    bool envelope; // the receiver may see envelopes and Bcc: see BATES.json and BATES.left-out.txt above
    // An array of searches: {"query", "who", "time" (RFC 3339), "total", "indexed", "archived", "through" (RFC 3339 or null),
    // "unsearchable" (a number), "items": [{"record", "why"}] that could not be searched wholly}, as far as it is known.
    json_t *searches;
    GPtrArray *items; // of BagItem, in order of their numbers
} BagSpec;
BagSpec *bag_spec_new(void); // without items
void bag_spec_free(BagSpec *spec);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BagSpec, bag_spec_free)
// Adds an item with copies of these; fill in the rest.
BagItem *bag_spec_add(BagSpec *spec, const char *record, const char *bates, BagTreatment treatment);
// Adds an exemption, copied; `reason` may be NULL.
void bag_item_exempt(BagItem *item, const char *code, const char *reason);
// For those who have no numbers of a case: PREFIX and `width` figures from `first`. Caller frees.
char *bag_bates(const char *prefix, guint width, guint64 number);

typedef struct {
    guint items, full, redacted, withheld, attachments;
    guint64 files, bytes;  // of the payload
    char *manifest_sha256; // of tagmanifest-sha256.txt, which covers manifest-sha256.txt: all of the bag
    char *checkpoint;      // that the proofs lead to
    GPtrArray
        *warnings; // of char*: what the officer has to look at (a redacted string that stands elsewhere)
} BagResult;
void bag_result_free(BagResult *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BagResult, bag_result_free)

// `step` is one of "messages", "packing", "checking".
typedef void (*BagProgress)(const char *step, guint64 done, guint64 total, void *data);

// Writes the bag to the directory `path`, which must not exist, by way of PATH.part: one that was broken off goes on where it was
// when it is called with the same spec. Only a bag that was read back whole (bag_check) gets its name. Events "export" before a
// byte leaves the archive, with the spec's figures, and "exported" with the manifest's hash. NULL with `error`: USAGE, the spec
// is wrong; NOINPUT or DATA, a record is not there or damaged; TEMPFAIL, no checkpoint covers a record yet; CANTCREAT, PATH is
// there already, or PATH.part is of another spec.
BagResult *bag_write(const Config *config, Readers *readers, const BagSpec *spec, const char *path,
                     BagProgress progress, void *data, GError **error);

// The bag at `bag` as one ZIP file `zip`, for handing it out; dates in it are `time_us`. Step "zip". Nothing is left of one that failed.
bool bag_zip(const char *bag, const char *zip, int64_t time_us, BagProgress progress, void *data,
             GError **error);

// One thing that is wrong with a bag.
typedef void (*BagFinding)(const char *file, const char *what, void *data);
// Reads the bag at `path` (any of RFC 8493 with SHA-256 manifests; of ours, its proofs too): every file of the manifests is there
// and as it says, no other file is in the payload, every proof leads to the checkpoint, signed by `key` (a verifier key; NULL =
// the bag's own log.pub, which shows no more than that nothing broke on the way), and commits to the message where its record is
// there. TRI_NO: something was found; TRI_UNKNOWN with `error`: it is no bag, or cannot be read.
Tri bag_check(const char *path, const char *key, BagFinding finding, BagProgress progress, void *data,
              GError **error);
