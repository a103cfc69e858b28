// detectcost: what detection costs in processor time, without the reader and the daemon. Prints JSON: microseconds a
// message over ordinary mail (a file of texts, separated by lines of "%%"), and seconds for texts that are made to be dear,
// at several sizes, so that growth shows, with the facts detection told of the largest.
//
//   detectcost CONFIG SENDER RECIPIENT TEXTS [ROUNDS [ordinary | NAME [MEGABYTES]]]
// With "ordinary" no dear text; with a NAME only the dear texts whose name holds it, at one size.
#include "detect/detect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct {
    Config *config;
    Roster *roster;
    RosterSession *session;
    DetectData *data;
    const char *sender, *rcpt;
} Bench;

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static GBytes *read_table(const char *name, void *data, GError **error)
{
    const Bench *bench = data;
    g_autofree char *path = g_build_filename(bench->config->policy.lists_dir, name, NULL);
    return file_read(path, 16 << 20, error);
}

// One message of one passage: microseconds in detection; findings are counted into *found, and the names of the facts go
// into `facts` where it is not NULL.
static double judge(const Bench *bench, const char *text, gsize len, guint *found, GString *facts)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Message) message = message_new();
    g_autoptr(Envelope) envelope = envelope_new();
    message_add_passage(message, 0, ORIGIN_TEXT, VISIBILITY_SHOWN, text, len);
    message_add_address(message, "From", 0, 0, NULL, bench->sender);
    g_free(envelope->mail_from);
    envelope->mail_from = g_strdup(bench->sender);
    envelope_add_rcpt(envelope, bench->rcpt, NULL);
    g_autoptr(Parties) parties = roster_resolve_message(bench->session, envelope, message, &error);
    double begin = now_us();
    g_autoptr(Detection) detection =
        parties ? detect_run(bench->data, bench->config, message, parties, bench->session, &error) : NULL;
    double took = now_us() - begin;
    if (!detection) {
        fprintf(stderr, "detectcost: %s\n", error ? error->message : "failed");
        exit(1);
    }
    *found += detection->findings->len;
    for (guint i = 0; facts && i < detection->facts->len; i++)
        g_string_append_printf(facts, "%s\"%s\"", i ? ", " : "",
                               (char *)g_ptr_array_index(detection->facts, i));
    return took;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void ordinary(const Bench *bench, const char *path, int rounds)
{
    g_autofree char *all = NULL;
    if (!g_file_get_contents(path, &all, NULL, NULL))
        exit(66);
    g_auto(GStrv) texts = g_strsplit(all, "\n%%\n", -1);
    guint count = g_strv_length(texts), found = 0;
    gsize bytes = 0;
    g_autofree double *means = g_new0(double, rounds);
    for (int r = 0; r < rounds; r++) {
        bytes = 0;
        for (guint i = 0; i < count; i++) {
            bytes += strlen(texts[i]);
            means[r] += judge(bench, texts[i], strlen(texts[i]), &found, NULL);
        }
        means[r] /= count;
    }
    qsort(means, (size_t)rounds, sizeof *means, compare);
    printf("\"ordinary\": {\"messages\": %u, \"mean_bytes\": %.0f, \"findings\": %.2f, \"us\": %.1f}", count,
           (double)bytes / count, (double)found / rounds / count, means[rounds / 2]);
}

static const struct {
    const char *name, *piece;
} DEAR[] = {
    {"digits", "4135550142"},
    {"digits and blanks", "413 555 0142 "},
    {"single digits", "4 "},
    {"dates and sums", "10/12/2026 1,234.56 "},
    {"plus and digits", "+44 20 7946 0958 "},
    {"numbers in words", "four one three five five five oh one four two "},
    {"numbers in one word", "fouronethree"},
    {"tens and units", "forty-two twenty one "},
    {"at signs", "@"},
    {"spaced at signs", "a @ b "},
    {"single letters and @", "j a n e @ g m "},
    {"addresses", "a.b@example.com "},
    {"at dot", "jane dot doe at gmail dot com "},
    {"at in brackets", "(at)"},
    {"dots in words", "x dot "},
    {"zero width", "\xe2\x80\x8b"},
    {"zero width in digits", "4\xe2\x80\x8b"
                             "1\xe2\x80\x8b"},
    {"right to left", "\xe2\x80\xae"
                      "abc 413 "},
    {"full width", "\xef\xbc\x94\xef\xbc\x91\xef\xbc\x93"},
    {"ligatures", "\xef\xb7\xba"},
    {"cyrillic", "\xd0\xb0\xd0\xbe\xd1\x81 "},
    {"cyrillic hosts", "gm\xd0\xb0il.com/a "},
    {"combining", "e\xcc\x81"},
    {"combining only", "\xcc\x81"},
    {"handles", "snap: a_b_c "},
    {"platforms", "snap insta tiktok "},
    {"names without platform", "@a_b_c "},
    {"links", "https://discord.gg/abc "},
    {"links in links", "https://a.b/?u=https%3A%2F%2Fa.b%2F%3Fu%3D"},
    {"hosts", "a.b."},
    {"colons", "tel:"},
    {"text me", "text me on snap "},
    {"house numbers", "12 Oak "},
    {"streets", "12 Oak St Apt 4 "},
    {"boxes", "p o box "},
    {"payment", "venmo cash app @"},
    {"dots", "."},
    {"slashes", "http://a/"},
    {"brackets", "[.]([{"},
    {"quotes", "> "},
    {"quoting", ">>>>"},
    {"lines", "a\n"},
    {"empty lines", "\n"},
    {"from lines", "From: a@b.c\n"},
    {"header blocks", "From: A\nSent: B\nTo: C\n"},
    {"reply lines", "On Mon, A B wrote:\n"},
    {"replies without end", "On Mon, "},
    {"signatures", "-- \nJane\n"},
    {"quotation marks", "\""},
    {"dollars", "$jane "},
    {"letters", "oil0o1lI"},
    {"one word", "a"},
    {"labels", "my cell is home office ext "},
    {"plus and lone digits", "+44 2 0 7 9 "},
    {"countries, no cue", "52 55 5123 4567 8"},
    {"countries, cued", "call 52 55 5123 456 "},
    {"places of numbers", "first 3 413 then last 4 "},
    {"fillers", "4 is the number with "},
    {"list numbers", "1. 4\n"},
    {"bars", "4|1|"},
    {"blanks before figures", "          4"},
    {"keys' letters", "800-FLO"},
    {"area codes behind", "555-0142 area "},
    {"a service and names", "gmail a_bcd1 "},
    {"a service and marked names", "my gmail account a_bcd1 "},
    {"services", "gmail "},
    {"marks in brackets", "a [at"},
    {"remarks", " no spaces at "},
    {"names said in words", "jane four nine at "},
    {"letters parted", "a-b-@-c-"},
    {"dots spelled", " . . dot dot"},
    {"dots in quotes", "a\"dot\""},
    {"one word at", "aatgmaildotcom"},
    {"streets, bare", "12 Oak Elm Ash, "},
    {"numbered roads", "12 us state county road "},
    {"streets, kind first", "calle de la "},
    {"number signs", "12 # "},
    {"rural routes", "rr 2 box "},
    {"lexicon", "i will never kill you if he said "},
    {"signs for letters", "k!ll a$$ "},
    {"student rows", "Jane Doe,123-45-6789,5551234,2009-01-02\n"},
    {"record words", "iep 504 gpa "},
};

static const gsize SIZES[] = {64000, 1000000, 10000000};

// Seconds for `piece` over and over, `size` bytes of it; the better of two when they do not take long.
static double dear_size(const Bench *bench, const char *piece, gsize size, GString *facts)
{
    gsize n = strlen(piece), times = size / n;
    g_autofree char *text = g_malloc(times * n + 1);
    for (gsize t = 0; t < times; t++)
        memcpy(text + t * n, piece, n);
    guint found = 0;
    g_string_truncate(facts, 0);
    double took = judge(bench, text, times * n, &found, facts);
    if (took < 1e6)
        took = MIN(took, judge(bench, text, times * n, &found, NULL));
    return took / 1e6;
}

static void dear(const Bench *bench, const char *name, const gsize *sizes, guint count)
{
    g_autoptr(GString) facts = g_string_new(NULL);
    bool first = true;
    printf("\"sizes\": [");
    for (guint s = 0; s < count; s++)
        printf("%s%zu", s ? ", " : "", sizes[s]);
    printf("], \"dear\": {");
    for (guint i = 0; i < G_N_ELEMENTS(DEAR); i++) {
        if (name && !strstr(DEAR[i].name, name))
            continue;
        printf("%s\"%s\": {\"seconds\": [", first ? "" : ", ", DEAR[i].name);
        for (guint s = 0; s < count; s++)
            printf("%s%.4f", s ? ", " : "", dear_size(bench, DEAR[i].piece, sizes[s], facts));
        printf("], \"facts\": [%s]}", facts->str);
        fflush(stdout);
        first = false;
    }
    putchar('}');
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    if (argc < 5)
        return 64;
    Bench bench = {.sender = argv[2], .rcpt = argv[3]};
    bench.config = config_load(argv[1], &error);
    bench.roster = bench.config ? roster_open(bench.config, &error) : NULL;
    bench.session = bench.roster ? roster_session_begin(bench.roster, 20261120, &error) : NULL;
    bench.data = bench.session ? detect_data_new(read_table, &bench, &error) : NULL;
    if (bench.data) {
        const char *name = argc > 6 ? argv[6] : NULL;
        gsize one = 1000000 * (argc > 7 ? (gsize)atoi(argv[7]) : 1);
        putchar('{');
        if (!name || strcmp(name, "ordinary") == 0)
            ordinary(&bench, argv[4], argc > 5 ? atoi(argv[5]) : 5);
        if (!name)
            printf(", ");
        if (!name || strcmp(name, "ordinary") != 0)
            dear(&bench, name, name ? &one : SIZES, name ? 1 : G_N_ELEMENTS(SIZES));
        puts("}");
    } else {
        fprintf(stderr, "detectcost: %s\n", error ? error->message : "failed");
    }
    bool ok = bench.data != NULL;
    detect_data_unref(bench.data);
    roster_session_end(bench.session);
    roster_unref(bench.roster);
    config_unref(bench.config);
    return ok ? 0 : 1;
}
