// What scan prints: an explanation for people, or JSON.
#include "cli/cli.h"
#include "cli/scan.h"

#include <stdio.h>
#include <stdlib.h>

static const char *colour_of(const ScanStyle *style, Action action)
{
    static const char *const colours[] = {"\033[32m", "\033[36m", "\033[33m", "\033[31m", "\033[31;1m"};
    return style->colour ? colours[action] : "";
}

static const char *colour_end(const ScanStyle *style)
{
    return style->colour ? "\033[0m" : "";
}

static void print_party(const char *label, const Party *party)
{
    g_autofree char *address = cli_clean(party->address), *name = cli_clean(party->name);
    printf("  %-5s %s  (%s", label, *address ? address : "<>", role_name(party->role));
    if (party->person)
        printf(", %s account%s%s", account_name(party->account), party->name ? ", " : "",
               party->name ? name : "");
    if (party->role == ROLE_LIST && party->members)
        printf(" of %u%s", party->members->len,
               party_reaches(party, ROLE_STUDENT) ? ", reaches students" : "");
    if (party->partly)
        printf(", not all known");
    printf(")");
}

static void print_finding(const Finding *finding, const ScanStyle *style)
{
    g_autofree char *masked = finding->value ? detect_mask(finding->kind, finding->value) : NULL;
    g_autofree char *text = cli_clean(style->mask ? masked : finding->text),
                    *where = cli_clean(finding->where);
    g_autofree char *value = cli_clean(style->mask ? masked : finding->value);
    printf("    %s \"%s\" in %s (%s): %s, %.2f", kind_name(finding->kind), text, where,
           layer_name(finding->layer), owner_name(finding->owner), finding->confidence);
    if (style->evidence)
        printf(" = %s", value);
    for (guint i = 0; i < finding->obfuscation->len; i++)
        printf("%s%s", i ? ", " : "; disguised: ", (const char *)finding->obfuscation->pdata[i]);
    printf("\n");
    for (guint i = 0; style->evidence && i < finding->evidence->len; i++) {
        g_autofree char *evidence = cli_clean(finding->evidence->pdata[i]);
        printf("      %s\n", evidence);
    }
    if (style->evidence && finding->reckoning)
        printf("      %s\n", finding->reckoning);
}

static void print_reason(const ScanJob *job, const Reason *reason, const ScanStyle *style)
{
    const Judgement *judgement = job->judgement;
    printf("\n  %s%s%s  %s  [%s]", colour_of(style, reason->effective), action_name(reason->effective),
           colour_end(style), reason->rule, reason->clause);
    if (reason->effective != reason->action)
        printf("  (the rule says %s)", action_name(reason->action));
    printf("\n    %s\n", reason->gist ? reason->gist : "");
    for (guint i = 0; i < reason->findings->len; i++)
        print_finding(judgement->detection->findings->pdata[g_array_index(reason->findings, guint, i)],
                      style);
    for (guint i = 0; i < reason->facts->len; i++) {
        const char *meaning = NULL, *name = reason->facts->pdata[i];
        (void)message_fact_lookup(name, NULL, &meaning);
        printf("    fact %s%s%s\n", name, meaning ? ": " : "", meaning ? meaning : "");
    }
    for (guint i = 0; i < reason->rcpts->len; i++) {
        const RcptDecision *rcpt = judgement->decision->rcpts->pdata[g_array_index(reason->rcpts, guint, i)];
        g_autofree char *address = cli_clean(rcpt->address);
        printf("    for %s\n", address);
    }
    for (guint i = 0; i < reason->tries->len; i++) {
        const ExceptionTry *try = reason->tries->pdata[i];
        g_autofree char *student = cli_clean(try->student);
        printf("    exception %s (%s): %s\n", try->id, student, try->why);
    }
    if (reason->remedy)
        printf("    -> %s\n", reason->remedy);
}

void scan_print(const ScanJob *job, const ScanStyle *style)
{
    const Judgement *judgement = job->judgement;
    const Decision *decision = judgement->decision;
    g_autofree char *path = cli_clean(job->path);
    printf("%s: %s, policy %s %s, mode %s\n", path, direction_name(decision->direction), decision->policy,
           decision->version, mode_name(decision->mode));
    print_party("from", judgement->parties->sender);
    printf(" by %s\n", judgement->parties->sender_by);
    for (guint i = 0; i < decision->rcpts->len; i++) {
        Action action = ((const RcptDecision *)decision->rcpts->pdata[i])->action;
        print_party("to", judgement->parties->rcpts->pdata[i]);
        printf(": %s%s%s\n", colour_of(style, action), action_name(action), colour_end(style));
    }
    for (guint i = 0; i < decision->reasons->len; i++)
        print_reason(job, decision->reasons->pdata[i], style);
    if (decision->reasons->len == 0)
        printf("  no rule fired\n");
    if (style->evidence) {
        printf("\n  all findings\n");
        for (guint i = 0; i < judgement->detection->findings->len; i++)
            print_finding(judgement->detection->findings->pdata[i], style);
        for (guint i = 0; i < judgement->message->facts->len; i++) {
            const Fact *fact = judgement->message->facts->pdata[i];
            g_autofree char *detail = cli_clean(fact->detail);
            printf("    fact %s, part %d: %s\n", fact->name, fact->part, detail);
        }
    }
    printf("\n");
}

bool scan_print_json(const ScanJob *job, bool mask)
{
    json_t *json = judgement_to_json(job->judgement, job->envelope, job->id, mask);
    char *line = json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(6));
    bool good = line && printf("%s\n", line) > 0;
    free(line);
    json_decref(json);
    return good;
}
