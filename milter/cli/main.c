// The chaperone command: one file a subcommand; here only the table of them.
#include "cli/cli.h"

#include <locale.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *what;
} COMMANDS[] = {
    {"check", cli_check, "check configuration, policy, lists and roster"},
    {"scan", cli_scan, "judge message files as the daemon would"},
    {"policy", cli_policy, "explain, test and check policies against their clauses"},
    {"roster", cli_roster, "import the roster, show who is who, diff and rollback"},
    {"exception", cli_exception, "import, add, list and revoke exceptions"},
    {"archive", cli_archive, "list, show, verify and export the archive"},
    {"search", cli_search, "search the archive by words, fields and times"},
    {"case", cli_case, "requests for records: clocks, searches, review, letters, export"},
    {"redact", cli_redact, "black out what a receiver may not have, and check that it is gone"},
    {"witness", cli_witness, "cosign others' logs, and have others cosign ours"},
    {"quarantine", cli_quarantine, "list, show, claim, release and deny held messages"},
    {"review", cli_review, "list, show, claim and close alerts, patterns, concerns and escalations"},
    {"user", cli_user, "accounts of the console: add, roles, passwords, one-time sign-ins"},
    {"notice", cli_notice, "tell staff about monitoring and policies, and who has acknowledged it"},
    {"hold", cli_hold, "place, list, add to and release legal holds"},
    {"retention", cli_retention, "check the retention schedule, tell what is due and why"},
    {"dispose", cli_dispose, "propose, approve and carry out the destruction of records"},
    {"learn", cli_learn, "find the district's own disclaimers in the archive"},
    {"config", cli_config, "list the configuration keys"},
};

static int usage(FILE *out)
{
    fprintf(out, "usage: chaperone COMMAND [OPTION...]\n\n");
    for (gsize i = 0; i < G_N_ELEMENTS(COMMANDS); i++)
        fprintf(out, "  %-11s %s\n", COMMANDS[i].name, COMMANDS[i].what);
    fprintf(out, "\n`chaperone COMMAND --help` tells more; chaperone(1) tells all.\n");
    return out == stdout ? 0 : BASE_ERROR_USAGE;
}

int main(int argc, char **argv)
{
    setlocale(LC_ALL, "");
    GError *error = NULL;
    if (sodium_init() < 0 || !log_setup("stderr", "chaperone", LOG_WARN_LEVEL, &error)) {
        fprintf(stderr, "chaperone: cannot start: %s\n", error != NULL ? error->message : "no randomness");
        return BASE_ERROR_OS;
    }
    if (argc < 2)
        return usage(stderr);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)
        return usage(stdout);
    if (strcmp(argv[1], "--version") == 0) {
        printf("chaperone %s\n", CHAPERONE_VERSION);
        return 0;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(COMMANDS); i++)
        if (strcmp(argv[1], COMMANDS[i].name) == 0)
            return COMMANDS[i].run(argc - 1, argv + 1);
    fprintf(stderr, "chaperone: no command \"%s\"\n", argv[1]);
    return usage(stderr);
}
