// Members of lists, a file a list: what Mailman's `list_members -f` or `mailman members` print, and Sympa's dumps.
#include "feeds/lines.h"
#include "feeds/lists.h"

#include <string.h>

typedef struct {
    FeedRun *run;
    FeedInput *input;
    Lists *lists;
    Lines *lines;
    const char *list; // canonical
    guint members, known;
} Reading;
typedef bool (*LineFunc)(Reading *reading, char *text, GError **error);

// ---- which list -----------------------------------------------------------------------------------------

// The list that a file is named after: "band.txt", "band@example.org", "band.dump". NULL when it is none.
static char *list_of_file(const FeedRun *run, const FeedSpec *spec, const char *file)
{
    static const char *const endings[] = {".txt", ".dump", ".members", ".list"};
    g_autofree char *name = g_strdup(file);
    for (gsize i = 0; i < G_N_ELEMENTS(endings); i++) {
        if (g_str_has_suffix(name, endings[i])) {
            name[strlen(name) - strlen(endings[i])] = '\0';
            break;
        }
    }
    return strpbrk(name, " \t") == NULL ? lists_address(run, spec, name) : NULL;
}

static bool put_member(Reading *reading, char *text, GError **error)
{
    g_autofree char *address = lists_address(reading->run, reading->input->spec, g_strstrip(text));
    reading->members++;
    if (address == NULL || strpbrk(address, " \t") != NULL) {
        lines_note(reading->lines,
                   "not a mail address; the list counts as one whose members are not all known");
        lists_unknown(reading->lists, reading->list);
        return true;
    }
    reading->known++;
    return lists_member(reading->lists, reading->list, address, error);
}

// ---- Mailman --------------------------------------------------------------------------------------------

static bool read_mailman_line(Reading *reading, char *text, GError **error)
{
    g_strstrip(text);
    char *open = strrchr(text, '<'), *close = open != NULL ? strchr(open, '>') : NULL;
    char *comment = strstr(text, " (");
    if (text[0] == '\0' || text[0] == '#' || g_str_has_suffix(text, " has no members"))
        return true;
    if (close != NULL) {
        *close = '\0';
        return put_member(reading, open + 1, error);
    }
    if (comment != NULL)
        *comment = '\0';
    return put_member(reading, text, error);
}

// ---- Sympa ----------------------------------------------------------------------------------------------

// Stanzas of "key value" lines; only the address is taken.
static bool read_sympa_line(Reading *reading, char *text, GError **error)
{
    g_strstrip(text);
    gsize length = strcspn(text, " \t");
    bool email = length == strlen("email") && g_ascii_strncasecmp(text, "email", length) == 0;
    return !email || put_member(reading, text + length, error);
}

// ---- both -----------------------------------------------------------------------------------------------

static bool read_lines(Reading *reading, LineFunc func, GError **error)
{
    CsvStep step = CSV_ROW;
    bool ok = true;
    while (ok && step == CSV_ROW) {
        step = lines_next(reading->lines, error);
        ok = step == CSV_END || (step == CSV_ROW && func(reading, lines_text(reading->lines), error));
    }
    return ok;
}

static bool read_file(FeedRun *run, FeedInput *input, Lists *lists, const char *file, LineFunc func,
                      GError **error)
{
    g_autofree char *list = list_of_file(run, input->spec, file);
    if (list == NULL) {
        run_note(run, file, 0, "not named after a list; not read");
        return true;
    }
    g_autoptr(Lines) lines = lines_open(run, input, input->files, file, error);
    if (lines == NULL)
        return false;
    Reading reading = {.run = run, .input = input, .lists = lists, .lines = lines, .list = list};
    lists_add(lists, list, "");
    if (!read_lines(&reading, func, error))
        return false;
    if (reading.known == 0 && lines_line(lines) > 1 && func == read_sympa_line) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "%s:1: no `email` line in it; write the list's members with `sympa dump`", file);
        return false;
    }
    if (reading.members > 0 && reading.known == 0) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA,
                    "%s:1: not one mail address in it; is this a list's members?", file);
        return false;
    }
    if (reading.members == 0)
        run_note(run, file, 1, "a list without members");
    return true;
}

static bool read_files(FeedRun *run, FeedInput *input, LineFunc func, GError **error)
{
    g_autoptr(Lists) lists = lists_new(run, input->source);
    bool ok = true;
    for (guint i = 0; ok && i < source_count(input->files); i++)
        ok = read_file(run, input, lists, source_name(input->files, i), func, error);
    return ok;
}

static bool members_open(FeedRun *run, FeedInput *input, GError **error)
{
    input->replaces = COVERS_LISTS;
    if (source_count(input->files) > 0)
        return lists_check_domain(input->spec, error);
    g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT, "%s: no files; a file a list is looked for",
                source_path(input->files));
    return false;
}

static bool mailman_read(FeedRun *run, FeedInput *input, GError **error)
{
    return read_files(run, input, read_mailman_line, error);
}

static bool sympa_read(FeedRun *run, FeedInput *input, GError **error)
{
    return read_files(run, input, read_sympa_line, error);
}

const FeedImporter FEED_MAILMAN = {.type = "mailman", .open = members_open, .read = mailman_read};
const FeedImporter FEED_SYMPA = {.type = "sympa", .open = members_open, .read = sympa_read};
