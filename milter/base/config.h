// The configuration: one libconfig file, checked whole before it is used. Every key, its type, default and
// bounds stand in the table in config_keys.c; an unknown key, a wrong type and a value out of bounds are
// errors that name file, line, key and remedy. A Config is immutable and reference-counted: a reload makes a
// new one. Thread rule: any thread may read a Config it holds a reference to.
#pragma once

#include "base/base.h"

typedef struct {
    char *name;             // of the district, shown in notices
    char **domains;         // mail domains of the district (staff and students), lower case
    char *timezone;         // IANA name: exceptions' dates are local dates
    char **plus_domains;    // domains whose "local+tag" is "local"; "*" = every domain
    char **dotless_domains; // domains that ignore dots in the local part (gmail.com, ...)
} ConfigDistrict;

typedef struct {
    char *socket;       // libmilter notation: unix:/path, inet:port@host
    char *socket_owner; // user and group and octal mode of a unix socket
    char *socket_group;
    char *socket_mode_text;
    int socket_mode;
    char *user; // run as, after the socket is open; "" = stay
    char *group;
    int max_messages;        // messages in work at once
    int wait_ms;             // how long a message waits for its turn, then tempfail
    int inline_budget_ms;    // the pipeline's time per message before the MTA's reply
    int drain_s;             // at TERM: how long messages in work may take to end
    char *spool_dir;         // where large messages are spooled
    int64_t spool_threshold; // bytes kept in memory per message
    char *archive_failure;
    bool archive_failure_hold; // archive failed: true = Postfix HOLD queue, false = 451
    bool add_header;           // adds X-Chaperone to what is delivered
} ConfigMilter;

typedef struct {
    char *program;         // chaperone-reader
    char *user;            // worker's own user when started as root; "" = the daemon's
    int workers;           // processes
    int recycle_after;     // messages, then a new process
    int wait_ms;           // for a free worker
    int wall_ms;           // per message
    int cpu_s;             // per message
    int64_t memory;        // bytes of address space
    bool sandbox_required; // refuse to read where a part of the sandbox cannot be set up
} ConfigReader;

// Attachments: two classes of readers beside those of messages, a cache of what they read.
typedef struct {
    int workers, ocr_workers; // processes that read documents and pictures; that recognise text
    int recycle_after;        // attachments, then a new process
    int wall_ms, cpu_s;       // per attachment
    int ocr_wall_ms;          // per attachment, OCR included
    int message_ms;           // of readers, for all attachments of a message
    int inline_ms;            // all attachments of a message, in the mail path; then pending
    int inline_messages; // messages in the mail path that may wait for attachments at once; others are pending
    int64_t memory;      // address space of a process
    char *ocr;           // students, always, never
    char *ocr_languages;      // tesseract's names, joined by +
    int ocr_pictures;         // pictures and pages of an attachment that are recognised
    int64_t ocr_least_pixels; // smaller pictures hold no text
    char *cache_dir;          // "" = no cache
    int64_t cache_bytes;      // of all files in it
    int cache_days;
} ConfigAttachments;

// hostile-mail.md section 4. What is over a limit is a fact (message/facts.h) and never a pass.
typedef struct {
    int64_t inspect_bytes; // of a message
    int boundary_lines, boundary_params, headers_per_block, params_per_field, colons_per_address_field;
    int64_t field_bytes, header_bytes;
    int depth, parts, addresses;
    int64_t decoded_bytes, text_head, text_tail; // per message; per text part
    int passages;
    int64_t passage_bytes;
    int html_nodes, html_depth;
    int candidates; // per message, in detect
    int findings;   // kept per message
    // Per attachment.
    int64_t attachment_bytes; // of one that is read at all
    int archive_depth, archive_entries, archive_ratio;
    int64_t archive_bytes; // unpacked
    int xml_depth;
    int64_t xml_bytes;
    int64_t picture_pixels;
    int pictures; // decoded
    int pdf_pages;
    int64_t document_text; // bytes of text taken
} ConfigLimits;

typedef struct {
    char *database;
    char *key_file; // 32 bytes hex a line, newest first; made by `chaperone roster import` when missing
    char *sources;  // the sources file; "" = none
    int generations, brake_percent, brake_least, gone_days, rows;
} ConfigRoster;

typedef struct {
    char *file;          // the policy
    char *lists_dir;     // area codes, platforms, free-mail domains, phrases
    char *mode;          // monitor, coach, enforce
    char *unknown_lists; // whom a list reaches whose members the roster cannot tell: outside, students
} ConfigPolicy;

typedef struct {
    char *dir;
    char *origin; // name of this host in segment names; default: host name
    int64_t segment_bytes;
    int64_t min_free_bytes; // below: 451
    int compression;        // zstd level
    int batch_records;      // most records in one group commit
    int queue_records;      // most records waiting for the writer, then 451
    int queue_wait_ms;
    char *log_name;   // of the transparency log; default: the district's first domain, "/" and the origin
    bool sealed;      // each record is encrypted with a key of its own
    char *master_key; // unwraps those keys; "" = DIR.master.key
    char *log_key;    // secret key of its checkpoints, beside it its public half and the newest checkpoint
    int checkpoint_s; // at most so long behind
    bool index_ocr;   // text in pictures goes into the index
} ConfigArchive;

typedef struct {
    char **peers; // "URL VERIFIERKEY" of the witnesses that cosign our checkpoints
    int timeout_s;
    char **mail;         // who gets a checkpoint by mail, once a day
    char *timestamp_url; // of an authority that stamps a checkpoint a day (RFC 3161); "" = none
    char *timestamp_ca;  // certificates that its tokens are checked against
    char *name;          // our own, as a witness of others
    char **logs;         // verifier keys of the logs we cosign
    char *listen;        // "127.0.0.1:8350"
    char *database;      // what we cosigned
    char *key_file;
} ConfigWitness;

typedef struct {
    char *database;
    char *release_host; // the re-injection listener without the milter
    int release_port;
    int release_timeout_s;
    char *maillog; // Postfix's log, to settle a release that died half way; "" = ask the reviewer
    int claim_minutes;
} ConfigQuarantine;

typedef struct {
    char *from;          // address of the notices
    char *contact;       // whom a sender may ask
    int per_sender_hour; // most notices a sender gets in an hour; more are counted in one
    char *dir;           // of their templates
    char *database;      // the register of notices to staff
    char **languages;    // a notice says all of it in each
} ConfigNotice;

// Somebody who reviews held messages.
typedef struct {
    char *address;
    char **schools; // ids or names; "*" = all
    char **roles;   // of the sender; "*" = any
    char *digest;   // "daily", "weekly", "none"
} ConfigReviewer;

typedef struct {
    char *database;
    int due_hours;         // an item is to be closed so long after it was opened
    char *concern_address; // mail to it is a report of a concern; "" = none
    int concern_days;      // how far back the reported message is looked for
    int64_t pattern_rows;  // most days of pairs kept
    int decision_hours;    // a held message is to be decided so long after it came; 0 = no clock
    char *console_url;     // where senders act on held messages; "" = notices have no link
    int link_days;         // how long such a link is good for
    char *key_file;        // what such links are signed with
    GPtrArray *reviewers;  // of ConfigReviewer
} ConfigReview;

// The web console and its accounts.
typedef struct {
    char *listen;      // "127.0.0.1:8340"
    char *certificate; // PEM files; "" = no TLS
    char *key;
    char *proxy_header; // names who is signed in, where the request has the secret; "" = no such proxy
    char *proxy_secret_file;
    char *pam_service, *pam_dir;
    char *database; // accounts and sessions
    char *dir;      // stylesheet, script and texts
    int threads, connections;
    int requests_minute; // of an address
    int64_t body_bytes;  // of a request
    int session_hours, idle_minutes;
    int lock_after, lock_minutes; // failed sign-ins
    int sign_in_minutes;          // how long a one-time sign-in is good for
    bool require_totp;
    char *docket;           // reviewers' decisions
    int undo_s;             // until one takes effect
    char **four_eyes;       // rules that two reviewers release by
    int sample_percent;     // of decisions, looked at again
    char **comment_reasons; // that want a comment
    int comment_length;
} ConfigConsole;

typedef struct {
    char *schedule; // "" = none
    char *database;
    int hold_cooling_days;
    bool proposer_approves; // may who proposed a disposal approve it too
} ConfigRetention;

// Requests for records.
typedef struct {
    char *database;
    char *clocks;  // by when they are to be answered
    char *letters; // directory of templates
    char *custody; // who answers for the records
} ConfigCases;

typedef struct {
    char *target;
    char *level;
} ConfigLog;

typedef struct {
    char *path; // of the file
    ConfigDistrict district;
    ConfigMilter milter;
    ConfigReader reader;
    ConfigAttachments attachments;
    ConfigLimits limits;
    ConfigRoster roster;
    ConfigPolicy policy;
    ConfigArchive archive;
    ConfigWitness witness;
    ConfigQuarantine quarantine;
    ConfigNotice notice;
    ConfigReview review;
    ConfigConsole console;
    ConfigRetention retention;
    ConfigCases cases;
    ConfigLog log;
} Config;

// Loads and checks `path`. Every mistake in the file is collected; `error` (BASE_ERROR_CONFIG) holds them
// all, a line each, "path:line: key: what is wrong; remedy". Relative paths in the file are relative to its
// directory.
Config *config_load(const char *path, GError **error);
// All defaults, for tests and for `chaperone scan` without --config. Cannot fail.
Config *config_defaults(void);
Config *config_ref(Config *config);
void config_unref(Config *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Config, config_unref)
// Is the address (NULL allowed) of one of district.domains or a domain below one?
bool config_is_ours(const Config *config, const char *address);

// Walks all keys: path ("milter.socket"), type name, default and meaning. For `chaperone config keys` and the
// lint.
typedef void (*ConfigKeyFunc)(const char *path, const char *type, const char *fallback, const char *meaning,
                              void *data);
void config_each_key(ConfigKeyFunc func, void *data);
// Space separated keys whose values differ and which a running daemon cannot take over (sockets, users, paths
// that are open). Caller frees; NULL when there are none.
char *config_needs_restart(const Config *now, const Config *next);
