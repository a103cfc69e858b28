/* report - what is counted, and how it is printed. */
#define _GNU_SOURCE
#include "report.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>

struct result result;

const char *const verdict_names[VERDICTS] = {"continue", "accept",   "quarantine",
                                             "reject",   "tempfail", "discard"};

const char *const failure_names[FAILURES] = {"connect", "eof", "timeout", "protocol"};

const struct command_name event_names[EVENTS] = {
    {SMFIC_OPTNEG, "optneg"}, {SMFIC_CONNECT, "connect"}, {SMFIC_HELO, "helo"},     {SMFIC_MAIL, "mail"},
    {SMFIC_RCPT, "rcpt"},     {SMFIC_DATA, "data"},       {SMFIC_HEADER, "header"}, {SMFIC_EOH, "eoh"},
    {SMFIC_BODY, "body"},     {SMFIC_BODYEOB, "eom"},     {SMFIC_MACRO, "macro"},   {SMFIC_ABORT, "abort"},
    {SMFIC_QUIT, "quit"}};

const struct command_name change_names[CHANGES] = {
    {SMFIR_ADDHEADER, "addheader"}, {SMFIR_INSHEADER, "insheader"},     {SMFIR_CHGHEADER, "chgheader"},
    {SMFIR_ADDRCPT, "addrcpt"},     {SMFIR_ADDRCPT_PAR, "addrcpt_par"}, {SMFIR_DELRCPT, "delrcpt"},
    {SMFIR_CHGFROM, "chgfrom"},     {SMFIR_REPLBODY, "replbody"},       {SMFIR_QUARANTINE, "quarantine"}};

static const struct command_name reply_names[] = {
    {SMFIC_OPTNEG, "optneg"},       {SMFIR_CONTINUE, "continue"}, {SMFIR_ACCEPT, "accept"},
    {SMFIR_REJECT, "reject"},       {SMFIR_TEMPFAIL, "tempfail"}, {SMFIR_DISCARD, "discard"},
    {SMFIR_REPLYCODE, "replycode"}, {SMFIR_SHUTDOWN, "shutdown"}, {SMFIR_CONN_FAIL, "conn_fail"},
    {SMFIR_SKIP, "skip"},           {SMFIR_PROGRESS, "progress"}};

size_t name_index(const struct command_name *names, size_t count, char c)
{
    size_t i = 0;

    while (i < count && names[i].command != c)
        i++;
    return i;
}

void add_latency(struct latencies *list, int64_t ns)
{
    GROW(list->us, list->count, list->cap);
    list->us[list->count++] = (uint32_t)((ns < 0 ? 0 : ns) / 1000);
}

void reset_results(void)
{
    free(result.session.us);
    free(result.message.us);
    free(result.eom.us);
    memset(&result, 0, sizeof result);
    getrusage(RUSAGE_SELF, &result.usage);
    result.start = now_ns();
}

static void print_text(const char *data, size_t len)
{
    enum { LIMIT = 300 };

    for (size_t i = 0; i < len && i < LIMIT; i++) {
        unsigned char c = (unsigned char)data[i];

        if (c == '\0')
            fputs(i + 1 < len ? " | " : "", stdout);
        else if (c == '\r' || c == '\n')
            fputs(c == '\r' ? "\\r" : "\\n", stdout);
        else if (isprint(c) || c >= 0x80)
            putchar(c);
        else
            printf("\\x%02x", c);
    }
    if (len > LIMIT)
        printf(" ... (%zu bytes)", len);
    putchar('\n');
}

void dump_event(const char *packet, size_t len)
{
    char command = packet[MILTER_LEN_BYTES];
    const char *data = packet + MILTER_LEN_BYTES + 1;
    size_t index = name_index(event_names, EVENTS, command);

    len -= MILTER_LEN_BYTES + 1;
    printf("> %s ", index < EVENTS ? event_names[index].name : "?");
    if (command == SMFIC_MACRO) {
        index = name_index(event_names, EVENTS, data[0]);
        printf("for %s: ", index < EVENTS ? event_names[index].name : "?");
        data++, len--;
    } else if (command == SMFIC_OPTNEG) {
        printf("version %u actions 0x%x events 0x%x\n", get_u32(data), get_u32(data + 4), get_u32(data + 8));
        return;
    } else if (command == SMFIC_CONNECT) {
        size_t name = strlen(data) + 1;

        printf("%s %c ", data, data[name]);
        data += name + 3, len -= name + 3;
    }
    print_text(data, len);
}

void dump_reply(char command, const char *data, size_t len)
{
    size_t change = name_index(change_names, CHANGES, command);
    size_t reply = name_index(reply_names, COUNT(reply_names), command);

    if (change < CHANGES)
        printf("< CHANGE %s ", change_names[change].name);
    else if (reply < COUNT(reply_names))
        printf("< %s ", reply_names[reply].name);
    else
        printf("< unknown 0x%02x ", (unsigned char)command);

    if (command == SMFIC_OPTNEG && len >= MILTER_OPTLEN) {
        printf("version %u actions 0x%x events 0x%x ", get_u32(data), get_u32(data + 4), get_u32(data + 8));
        for (data += MILTER_OPTLEN, len -= MILTER_OPTLEN; len > 5;) {
            size_t list = strnlen(data + 4, len - 4) + 5;

            printf("macros[%u]=\"%.*s\" ", get_u32(data), (int)(list - 5), data + 4);
            if (list > len)
                break;
            data += list, len -= list;
        }
        putchar('\n');
        return;
    }
    if ((command == SMFIR_INSHEADER || command == SMFIR_CHGHEADER) && len > 4) {
        printf("[%u] ", get_u32(data));
        data += 4, len -= 4;
    }
    print_text(data, len);
}

static int compare_us(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left;
    uint32_t b = *(const uint32_t *)right;

    return (a > b) - (a < b);
}

static double percentile_ms(const struct latencies *list, double percent)
{
    size_t rank;

    if (list->count == 0)
        return 0;
    rank = (size_t)(percent / 100 * (double)list->count + 0.999999);
    return list->us[rank > 0 ? rank - 1 : 0] / 1000.0;
}

static void print_latencies(const char *name, struct latencies *list, const char *end)
{
    double sum = 0;

    if (list->count > 0)
        qsort(list->us, list->count, sizeof *list->us, compare_us);
    for (size_t i = 0; i < list->count; i++)
        sum += list->us[i];
    printf("    \"%s\": {\"count\": %zu, \"mean\": %.3f, \"p50\": %.3f, "
           "\"p90\": %.3f, \"p99\": %.3f, \"max\": %.3f}%s\n",
           name, list->count, list->count ? sum / (double)list->count / 1000 : 0, percentile_ms(list, 50),
           percentile_ms(list, 90), percentile_ms(list, 99), percentile_ms(list, 100), end);
}

static void print_string(const char *text)
{
    putchar('"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            printf("\\%c", *text);
        else if ((unsigned char)*text < ' ')
            printf("\\u%04x", *text);
        else
            putchar(*text);
    }
    putchar('"');
}

static void print_counts(const char *name, const char *const *names, const uint64_t *counts, size_t count)
{
    printf("  \"%s\": {", name);
    for (size_t i = 0; i < count; i++)
        printf("%s\"%s\": %" PRIu64, i ? ", " : "", names[i], counts[i]);
    puts("},");
}

static void print_command_counts(const char *name, const struct command_name *names, const uint64_t *counts,
                                 size_t count)
{
    const char *separator = "";

    printf("  \"%s\": {", name);
    for (size_t i = 0; i < count; i++) {
        if (counts[i] == 0)
            continue;
        printf("%s\"%s\": %" PRIu64, separator, names[i].name, counts[i]);
        separator = ", ";
    }
    puts("},");
}

static double cpu_seconds(const struct rusage *usage)
{
    return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
           (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e6;
}

void print_report(const struct report_info *info)
{
    double seconds = (double)(result.end - result.start) / NS_PER_S;
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    if (seconds <= 0)
        seconds = 1e-9;
    puts("{");
    printf("  \"label\": ");
    print_string(info->label ? info->label : info->target);
    printf(",\n  \"target\": ");
    print_string(info->target);
    printf(",\n  \"corpus\": {\"files\": %zu, \"bytes\": %" PRIu64 "},\n", info->files, info->bytes);
    printf("  \"concurrency\": %ld,\n  \"per_connection\": %ld,\n"
           "  \"offered_rate\": %.3f,\n",
           info->concurrency, info->per_connection, info->rate);
    printf("  \"messages\": %" PRIu64 ",\n  \"seconds\": %.6f,\n"
           "  \"messages_per_second\": %.2f,\n"
           "  \"megabytes_per_second\": %.3f,\n",
           result.messages, seconds, (double)result.messages / seconds,
           (double)result.message_bytes / seconds / 1e6);
    printf("  \"sessions\": %" PRIu64 ",\n  \"connect_retries\": %" PRIu64 ",\n", result.sessions,
           result.connect_retries);
    printf("  \"bytes\": {\"messages\": %" PRIu64 ", \"sent\": %" PRIu64 ", \"received\": %" PRIu64 "},\n",
           result.message_bytes, result.bytes_sent, result.bytes_received);
    print_counts("replies", verdict_names, result.verdicts, VERDICTS);
    print_command_counts("decided_at", event_names, result.decided_at, EVENTS);
    print_command_counts("changes", change_names, result.changes, CHANGES);
    printf("  \"recipients_refused\": %" PRIu64 ",\n  \"progress\": %" PRIu64 ",\n", result.rcpts_refused,
           result.progress);
    print_counts("failures", failure_names, result.failures, FAILURES);
    puts("  \"latency_ms\": {");
    print_latencies("session", &result.session, ",");
    print_latencies("message", &result.message, ",");
    print_latencies("eom", &result.eom, "");
    puts("  },");
    printf("  \"client_cpu\": %.4f\n}\n", (cpu_seconds(&usage) - cpu_seconds(&result.usage)) / seconds);
}
