// Layers of whole messages as mail programs write them, line by line. The fixtures under layers/ are of two halves:
// those of layers/seen stood when the rules were written; those of layers/unseen were written when the rules were done,
// so that their figures tell how the rules do on mail nobody looked at. A change of rules that looks at a message of
// the second half moves it to the first.
//
// Form of a file: `# comment`; `== TITLE` begins a message; `from NAME <ADDRESS>` and `roster NAME` say who sends it;
// every other line is a letter, a bar and the line's text: w(ritten) s(ignature) q(uoted) f(orwarded) x (footer), or a
// blank for an empty line. A backslash at the end of a line stands behind blanks that count.
#include "support.h"

#include "detect/layer.h"

#include <stdio.h>
#include <string.h>

static const char LETTERS[] = "wsqfx";

typedef struct {
    char *title, *from_name, *from_address, *roster;
    GString *text, *want; // a letter a line
} Fixture;

typedef struct {
    guint lines, fixtures, whole; // whole: fixtures without a wrong line
    guint counts[LAYER_LAST][LAYER_LAST];
} Tally;

static void fixture_clear(Fixture *fixture)
{
    g_free(fixture->title);
    g_free(fixture->from_name);
    g_free(fixture->from_address);
    g_free(fixture->roster);
    g_string_free(fixture->text, TRUE);
    g_string_free(fixture->want, TRUE);
    *fixture = (Fixture){0};
}

static GArray *fixture_layers(const DetectData *data, const Fixture *fixture)
{
    Message *message = message_new();
    g_autofree char *text = g_memdup2(fixture->text->str, fixture->text->len + 1);
    Passage *passage =
        message_add_passage(message, 0, ORIGIN_TEXT, VISIBILITY_SHOWN, text, fixture->text->len);
    MessageAddress source = {
        .header = (char *)"From", .name = fixture->from_name, .address = fixture->from_address};
    Party sender = {.name = fixture->roster, .address = fixture->from_address};
    PartyHeader header = {.source = &source, .party = &sender};
    g_autoptr(GPtrArray) headers = g_ptr_array_new();
    g_ptr_array_add(headers, &header);
    Parties parties = {.sender = &sender, .header = headers};
    GArray *marks = layer_find(data, passage, &parties);
    message_free(message);
    return marks;
}

static void fixture_count(const DetectData *data, const Fixture *fixture, const char *file, Tally *tally)
{
    g_autoptr(GArray) marks = fixture_layers(data, fixture);
    bool whole = true;
    gsize at = 0;
    for (gsize i = 0; i < fixture->want->len; i++) {
        gsize end = at + strcspn(fixture->text->str + at, "\n");
        gsize body = at + strspn(fixture->text->str + at, " \t");
        const char *want = strchr(LETTERS, fixture->want->str[i]);
        if (want) {
            Layer got = layer_at(marks, body);
            tally->counts[want - LETTERS][got]++;
            tally->lines++;
            if (got != (Layer)(want - LETTERS)) {
                whole = false;
                fprintf(stderr, "  %s: %s: %c, not %c: %.*s\n", file, fixture->title, LETTERS[got], *want,
                        (int)(end - at), fixture->text->str + at);
            }
        }
        at = end + 1;
    }
    tally->fixtures++;
    tally->whole += whole;
}

static void fixture_from(Fixture *fixture, const char *text)
{
    const char *open = strrchr(text, '<'), *close = open ? strchr(open, '>') : NULL;
    cr_assert(close != NULL, "from %s", text);
    fixture->from_name = g_strstrip(g_strndup(text, (gsize)(open - text)));
    fixture->from_address = g_strndup(open + 1, (gsize)(close - open) - 1);
    if (!*fixture->from_name)
        g_clear_pointer(&fixture->from_name, g_free);
}

static void fixture_line(Fixture *fixture, const char *file, const char *line)
{
    cr_assert(fixture->text != NULL && line[0] && line[1] == '|' && strchr("wsqfx ", line[0]), "%s: %s", file,
              line);
    gsize len = strlen(line + 2);
    g_string_append_c(fixture->want, line[0]);
    g_string_append_len(fixture->text, line + 2, (gssize)(len - (len && line[1 + len] == '\\')));
    g_string_append_c(fixture->text, '\n');
}

static void fixtures_read(const DetectData *data, const char *path, Tally *tally)
{
    g_autofree char *all = NULL;
    cr_assert(g_file_get_contents(path, &all, NULL, NULL), "%s", path);
    g_auto(GStrv) lines = g_strsplit(all, "\n", -1);
    g_autofree char *file = g_path_get_basename(path);
    Fixture fixture = {0};
    for (char **line = lines; *line; line++) {
        bool begins = g_str_has_prefix(*line, "== ");
        if ((begins || !line[1]) && fixture.text) {
            fixture_count(data, &fixture, file, tally);
            fixture_clear(&fixture);
        }
        if (begins)
            fixture = (Fixture){
                .title = g_strdup(*line + 3), .text = g_string_new(NULL), .want = g_string_new(NULL)};
        else if (g_str_has_prefix(*line, "from "))
            fixture_from(&fixture, *line + 5);
        else if (g_str_has_prefix(*line, "roster "))
            fixture.roster = g_strdup(*line + 7);
        else if (**line && **line != '#')
            fixture_line(&fixture, file, *line);
    }
}

static double ratio(guint part, guint all)
{
    return all ? (double)part / all : 1.0;
}

// Prints the figures and holds each against the least it must be.
static void tally_check(const Tally *tally, const char *half, const double *least)
{
    fprintf(stderr, "layers of the %s half: %u messages, %u of them without a wrong line; %u lines\n", half,
            tally->fixtures, tally->whole, tally->lines);
    for (int layer = 0; layer < LAYER_LAST; layer++) {
        guint right = tally->counts[layer][layer], is = 0, said = 0;
        for (int other = 0; other < LAYER_LAST; other++) {
            is += tally->counts[layer][other];
            said += tally->counts[other][layer];
        }
        double recall = ratio(right, is), precision = ratio(right, said);
        fprintf(stderr, "  %-10s precision %.3f (%u/%u)  recall %.3f (%u/%u)\n", layer_name((Layer)layer),
                precision, right, said, recall, right, is);
        cr_expect_geq(precision, least[layer], "%s: precision of %s", half, layer_name((Layer)layer));
        cr_expect_geq(recall, least[layer], "%s: recall of %s", half, layer_name((Layer)layer));
    }
}

static void half_check(const char *half, const double *least)
{
    g_autoptr(DetectData) data = support_data();
    g_autofree char *dir = g_build_filename("tests/unit/detect/layers", half, NULL);
    g_autoptr(GDir) open = g_dir_open(dir, 0, NULL);
    cr_assert(open != NULL, "%s", dir);
    Tally tally = {0};
    for (const char *name; (name = g_dir_read_name(open));) {
        g_autofree char *path = g_build_filename(dir, name, NULL);
        fixtures_read(data, path, &tally);
    }
    cr_assert_gt(tally.lines, 300);
    tally_check(&tally, half, least);
}

Test(layers, seen)
{
    static const double LEAST[] = {0.97, 0.95, 0.97, 0.97, 0.95};
    half_check("seen", LEAST);
}

Test(layers, unseen)
{
    static const double LEAST[] = {0.95, 0.95, 0.97, 0.97, 0.95};
    half_check("unseen", LEAST);
}
