// cli: the chaperone command. One file a subcommand; each gets argv[0] = its own name and returns an exit
// status of sysexits(3). Output goes to stdout, errors to stderr as "chaperone: ...".
#pragma once

#include "base/config.h"

#include <jansson.h>

int cli_archive(int argc, char **argv);
int cli_search(int argc, char **argv);
int cli_witness(int argc, char **argv);
int cli_case(int argc, char **argv);
int cli_check(int argc, char **argv);
int cli_config(int argc, char **argv);
int cli_dispose(int argc, char **argv);
int cli_exception(int argc, char **argv);
int cli_hold(int argc, char **argv);
int cli_learn(int argc, char **argv);
int cli_notice(int argc, char **argv);
int cli_policy(int argc, char **argv);
int cli_quarantine(int argc, char **argv);
int cli_redact(int argc, char **argv);
int cli_retention(int argc, char **argv);
int cli_review(int argc, char **argv);
int cli_roster(int argc, char **argv);
int cli_scan(int argc, char **argv);
int cli_user(int argc, char **argv);

// ---- what the subcommands share (common.c) ---------------------------------------------------------------

#define CLI_CONFIG_DEFAULT CHAPERONE_SYSCONFDIR "/chaperone/chaperone.conf"
// `given` (of --config), or the default where it is NULL. Borrowed.
const char *cli_config_path(const char *given);

// Prints `error` as "chaperone: message" (each line of it) and returns its exit status; frees it. For `return
// cli_fail(e)`.
int cli_fail(GError *error);
// Prints a usage error with the hint to --help; returns EX_USAGE.
int cli_usage(const char *format, ...) G_GNUC_PRINTF(1, 2);
// Time that `text` of an option names: a bare date is a day where the district is, as an end the end of that day.
// NULL is 0. False with `error`.
bool cli_time(const Config *config, const char *text, bool is_end, int64_t *out_us, GError **error);
// Who runs the command: SUDO_USER where it is set, else the login name. Caller frees; never NULL or empty.
char *cli_who(void);

// A progress bar on stderr, only where it is a terminal (progress.c). `total` 0 = unknown. Call with done == total to
// end it.
void cli_progress(const char *what, guint64 done, guint64 total);
// The same for work of many steps: one line, drawn over itself at most ten times a second, wiped by the end.
typedef struct {
    char *what;
    gint64 drawn_us;
} CliProgress;
void cli_progress_step(CliProgress *progress, const char *source, const char *step, guint64 done,
                       guint64 total);
void cli_progress_end(CliProgress *progress);
// Work that cannot say how far it is: shows the seconds it has taken. NULL, a no-op for the end, where stderr is no
// terminal. `what` must live as long.
typedef struct CliWorking CliWorking;
CliWorking *cli_working_begin(const char *what);
void cli_working_end(CliWorking *working);
// Text of a message or an export for a terminal: no control character gets through; NULL is "-". Caller frees.
char *cli_clean(const char *text);
// What `reason` of `judgement` (as records and held messages keep it) found, a line each. GPtrArray of char*.
GPtrArray *cli_found(const json_t *judgement, const json_t *reason);
// True when `fd` is a terminal and NO_COLOR is not set.
bool cli_colour(int fd);
