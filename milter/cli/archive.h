// archive, inside: what the files of the subcommand share.
#pragma once

#include "archive/archive.h"
#include "cli/cli.h"

typedef struct {
    char *config_path, *from, *to, *address, *format, *out, *reason;
    char **ids; // --id and the words after the step
    gint limit; // 0 = all
    gboolean json, raw, events, fresh;
    char *who;
    char *state, *sender, *queue_id, *client; // import, journal
    char **maillogs;                          // reconcile
    ArchiveQuery query;
    // export --bag, check-bag
    char *bag, *search, *ids_file, *name, *about, *requester, *custody, *prefix, *key;
    gboolean envelope;
} ArchiveOptions;

// What was asked for, for the event that records it. New reference.
json_t *archive_options_json(const ArchiveOptions *options);
// Damage met while reading, on stderr; `data` counts it (a guint64).
void archive_print_damage(const char *segment, int64_t offset, const char *what, guint64 *count);
// `text` on one line of a terminal, at most `most` characters; caller frees.
char *archive_plain(const char *text, gsize most);

// Prints `json`, which it takes. Exit status.
int archive_print_json(json_t *json);

// Exit status; `error` where it is set tells why.
int archive_checkpoint_run(const Config *config, const ArchiveOptions *options, GError **error);
int archive_prove_run(const Config *config, const ArchiveOptions *options, GError **error);
int archive_export_run(const Config *config, const ArchiveOptions *options, GError **error);
// The options of bags, for a context that takes them. They point into `options`.
GOptionGroup *archive_bag_group(ArchiveOptions *options);
void archive_bag_clear(ArchiveOptions *options);
int archive_bag_run(const Config *config, const ArchiveOptions *options, GError **error);
int archive_check_bag_run(const Config *config, const ArchiveOptions *options, GError **error);
int archive_import_run(const Config *config, const ArchiveOptions *options, GError **error);
int archive_journal_run(const Config *config, const ArchiveOptions *options, GError **error);
int archive_keys_run(const Config *config, const ArchiveOptions *options, GError **error);
int archive_reconcile_run(const Config *config, const ArchiveOptions *options, GError **error);
