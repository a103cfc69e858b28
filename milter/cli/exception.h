// exception, inside: what the files of the subcommand share.
#pragma once

#include "cli/cli.h"
#include "exceptions/exceptions.h"

typedef struct {
    char *config_path, *who, *why;
    gboolean dry_run, json, all, withdraw;
    char *id, *kind, *staff, *from, *until, *approver, *direction, *purpose, *approval, *approved;
    char **students, **values;
    gboolean consent, purpose_required;
    char *consents, *guardian, *document, *given, *to;
    gint within; // days to the end that count as soon
} ExceptionOptions;

// A step: `argument` is what follows it, NULL where it takes none. Exit status; 0 with `error` where that tells it.
typedef int (*ExceptionStep)(const Config *config, const ExceptionOptions *options, const char *argument,
                             GError **error);
int cli_exception_import(const Config *config, const ExceptionOptions *options, const char *path,
                         GError **error);
int cli_exception_add(const Config *config, const ExceptionOptions *options, const char *argument,
                      GError **error);
int cli_exception_revoke(const Config *config, const ExceptionOptions *options, const char *id,
                         GError **error);
int cli_exception_consent(const Config *config, const ExceptionOptions *options, const char *id,
                          GError **error);
int cli_exception_report(const Config *config, const ExceptionOptions *options, const char *argument,
                         GError **error);
int cli_exception_export(const Config *config, const ExceptionOptions *options, const char *dir,
                         GError **error);
