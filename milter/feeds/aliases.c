// Aliases of Postfix and sendmail: /etc/aliases and the texts of virtual alias maps. Each becomes a list.
#include "feeds/lines.h"
#include "feeds/lists.h"
#include "feeds/recipients.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define ENTRY_BYTES  (8 * 1024 * 1024) // of an alias with its continuation lines
#define INCLUDE_MOST 100               // files that one alias may include, directly or not
#define INCLUDES_ALL 20000             // read for all aliases of a source

typedef enum { STYLE_UNKNOWN, STYLE_ALIASES, STYLE_VIRTUAL } Style;

typedef struct {
    FeedRun *run;
    FeedInput *input;
    Lists *lists;
    char *root;           // where included files may be; NULL: nowhere
    GHashTable *excluded; // domains of virtual maps, which are no names
    Style style;
    const char *file;
    guint line, entries, included;
    GError **error; // of the entry in work
    // Of the alias in work.
    char *list;
    GPtrArray *includes; // of char*: real paths, each once
    bool unknown;
    guint members;
} Aliases;

// ---- members --------------------------------------------------------------------------------------------

// Not an include file that would lead out of the source's own directory, or that is none.
static char *include_path(const Aliases *aliases, const char *text)
{
    g_autofree char *path = g_path_is_absolute(text) ? g_strdup(text)
                            : aliases->root != NULL  ? g_build_filename(aliases->root, text, NULL)
                                                     : NULL;
    char *real = path != NULL ? realpath(path, NULL) : NULL;
    struct stat status;
    gsize length = aliases->root != NULL ? strlen(aliases->root) : 0;
    bool below = real != NULL && aliases->root != NULL && strncmp(real, aliases->root, length) == 0 &&
                 (real[length] == '/' || g_str_equal(aliases->root, "/"));
    char *out = below && stat(real, &status) == 0 && S_ISREG(status.st_mode) ? g_strdup(real) : NULL;
    free(real);
    return out;
}

static void put_include(Aliases *aliases, const char *text)
{
    g_autofree char *path = include_path(aliases, text);
    if (path == NULL || aliases->includes->len == INCLUDE_MOST || aliases->included == INCLUDES_ALL) {
        run_note(aliases->run, aliases->file, aliases->line,
                 "%s: includes a file that is not read (missing, not below the source's directory, or one of "
                 "more than %d); its members count as unknown",
                 aliases->list, INCLUDE_MOST);
        aliases->unknown = true;
        return;
    }
    for (guint i = 0; i < aliases->includes->len; i++)
        if (strcmp(aliases->includes->pdata[i], path) == 0)
            return;
    g_ptr_array_add(aliases->includes, g_steal_pointer(&path));
    aliases->included++;
}

static bool put_address(Aliases *aliases, const char *text)
{
    g_autofree char *address = lists_address(aliases->run, aliases->input->spec, text);
    if (address == NULL) {
        run_note(aliases->run, aliases->file, aliases->line,
                 "%s: a member that is no mail address; its members count as not all known", aliases->list);
        aliases->unknown = true;
        return true;
    }
    if (strcmp(address, aliases->list) == 0)
        return true;
    aliases->members++;
    return lists_member(aliases->lists, aliases->list, address, aliases->error);
}

static bool put_recipient(RecipientKind kind, const char *text, void *data)
{
    Aliases *aliases = data;
    switch (kind) {
    case RECIPIENT_ADDRESS:
        return put_address(aliases, text);
    case RECIPIENT_INCLUDE:
        put_include(aliases, text);
        break;
    case RECIPIENT_OTHER: // a command, a file
        aliases->unknown = true;
        break;
    }
    return true;
}

// ---- included files -------------------------------------------------------------------------------------

static bool read_include(Aliases *aliases, const char *path, GError **error)
{
    g_autofree char *name = g_path_get_basename(path);
    g_autoptr(Source) files = source_open_file(path, name, error);
    g_autoptr(Lines) lines =
        files != NULL ? lines_open(aliases->run, aliases->input, files, name, error) : NULL;
    CsvStep step = lines != NULL ? CSV_ROW : CSV_FAILED;
    bool ok = lines != NULL;
    while (ok && step == CSV_ROW) {
        step = lines_next(lines, error);
        ok = step != CSV_FAILED;
        const char *text = ok && step == CSV_ROW ? lines_text(lines) : "#";
        if (text[strspn(text, " \t")] != '#')
            ok = recipients_each(text, put_recipient, aliases);
    }
    return ok;
}

static bool read_includes(Aliases *aliases, GError **error)
{
    bool ok = true;
    // Included files may include others: the array grows under way.
    for (guint i = 0; ok && i < aliases->includes->len; i++)
        ok = read_include(aliases, aliases->includes->pdata[i], error);
    return ok;
}

// ---- one alias ------------------------------------------------------------------------------------------

static bool put_alias(Aliases *aliases, const char *name, const char *members, GError **error)
{
    g_autofree char *list = lists_address(aliases->run, aliases->input->spec, name);
    if (list == NULL) {
        run_note(aliases->run, aliases->file, aliases->line, "a name that makes no mail address; not read");
        return true;
    }
    aliases->list = list;
    aliases->includes = g_ptr_array_new_with_free_func(g_free);
    aliases->unknown = false;
    aliases->members = 0;
    aliases->error = error;
    bool ok = recipients_each(members, put_recipient, aliases) && read_includes(aliases, error);
    // An alias to itself and to nobody else is how a mailbox is written.
    if (ok && aliases->unknown)
        lists_unknown(aliases->lists, list);
    g_ptr_array_unref(aliases->includes);
    aliases->list = NULL;
    return ok;
}

static Style style_of(const char *file, const char *text)
{
    g_autofree char *lower = g_ascii_strdown(file, -1);
    if (strstr(lower, "virtual") != NULL)
        return STYLE_VIRTUAL;
    if (strstr(lower, "aliases") != NULL)
        return STYLE_ALIASES;
    gsize length = recipients_name_length(text, ":");
    const char *after = text + length + strspn(text + length, " \t");
    return after[0] == ':' ? STYLE_ALIASES : STYLE_VIRTUAL;
}

// "name: members" or "name members". False when the line is neither; *out_name: unquoted, caller frees.
static bool split_entry(Style style, const char *text, char **out_name, const char **out_members)
{
    bool colon = style == STYLE_ALIASES;
    gsize length = recipients_name_length(text, colon ? ":" : "");
    const char *rest = text + length + strspn(text + length, " \t");
    if (length == 0 || rest[0] == '\0' || (colon && rest[0] != ':'))
        return false;
    *out_name = recipients_unquote(text, length);
    *out_members = rest + (colon ? 1 : 0);
    return true;
}

static bool is_domain_row(const Aliases *aliases, const char *name)
{
    g_autofree char *domain =
        aliases->style == STYLE_VIRTUAL && strchr(name, '@') == NULL ? canon_domain(name) : NULL;
    return domain != NULL && g_hash_table_contains(aliases->excluded, domain);
}

static bool read_entry(Aliases *aliases, const char *text, GError **error)
{
    g_autofree char *name = NULL;
    const char *members;
    if (aliases->style == STYLE_VIRTUAL && text[0] == '/') {
        run_note(aliases->run, aliases->file, aliases->line,
                 "a pattern; whom it means cannot be told; not read");
        return true;
    }
    if (!split_entry(aliases->style, text, &name, &members)) {
        run_note(aliases->run, aliases->file, aliases->line, "not `%s`; not read",
                 aliases->style == STYLE_ALIASES ? "name: member, ..." : "name member, ...");
        return true;
    }
    aliases->entries++;
    if (name[0] == '@') {
        run_note(aliases->run, aliases->file, aliases->line,
                 "%.80s: takes every other address of the domain; such a row is no list; not read", name);
        return true;
    }
    return is_domain_row(aliases, name) || put_alias(aliases, name, members, error);
}

// ---- one file -------------------------------------------------------------------------------------------

typedef bool (*EntryFunc)(Aliases *aliases, const char *text, GError **error);

static bool end_entry(Aliases *aliases, GString *entry, EntryFunc func, GError **error)
{
    if (entry->len == 0)
        return true;
    if (aliases->style == STYLE_UNKNOWN)
        aliases->style = style_of(aliases->file, entry->str);
    bool ok = func(aliases, entry->str, error);
    g_string_truncate(entry, 0);
    return ok;
}

// A line that begins with a blank continues the one before; comments and empty lines end nothing.
static bool take_line(Aliases *aliases, Lines *lines, GString *entry, EntryFunc func, GError **error)
{
    const char *text = lines_text(lines);
    gsize blank = strspn(text, " \t\r\f");
    if (text[blank] == '\0' || text[blank] == '#')
        return true;
    if (blank == 0) {
        if (!end_entry(aliases, entry, func, error))
            return false;
        aliases->line = lines_line(lines);
    }
    if (entry->len + strlen(text) > ENTRY_BYTES) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s:%u: an alias of more than %d bytes",
                    aliases->file, aliases->line, ENTRY_BYTES);
        return false;
    }
    g_string_append(entry, blank == 0 ? text : text + blank - 1);
    return true;
}

static bool each_entry(Aliases *aliases, EntryFunc func, GError **error)
{
    g_autoptr(Lines) lines =
        lines_open(aliases->run, aliases->input, aliases->input->files, aliases->file, error);
    g_autoptr(GString) entry = g_string_new(NULL);
    CsvStep step = CSV_ROW;
    bool ok = lines != NULL;
    while (ok && step == CSV_ROW) {
        step = lines_next(lines, error);
        ok = step == CSV_END || (step == CSV_ROW && take_line(aliases, lines, entry, func, error));
    }
    return ok && end_entry(aliases, entry, func, error);
}

// "example.org anything" says that the map knows the domain; such rows are told from names by the other rows.
static bool find_domain(Aliases *aliases, const char *text, GError **error)
{
    gsize length = aliases->style == STYLE_VIRTUAL ? recipients_name_length(text, "") : 0;
    g_autofree char *name = recipients_unquote(text, length);
    const char *at = strrchr(name, '@');
    char *domain = at != NULL ? canon_domain(at + 1) : NULL;
    if (domain != NULL)
        g_hash_table_add(aliases->excluded, domain);
    return true;
}

static bool read_file(Aliases *aliases, const char *file, GError **error)
{
    aliases->file = file;
    aliases->style = STYLE_UNKNOWN;
    aliases->entries = 0;
    g_hash_table_remove_all(aliases->excluded);
    if (!each_entry(aliases, find_domain, error) || !each_entry(aliases, read_entry, error))
        return false;
    if (aliases->entries > 0)
        return true;
    if (aliases->style == STYLE_UNKNOWN) {
        run_note(aliases->run, file, 1, "no aliases in it");
        return true;
    }
    g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s:%u: no alias in it; is this an aliases file?", file,
                aliases->line);
    return false;
}

// ---- the source -----------------------------------------------------------------------------------------

// Maps made of the texts ("aliases.db") are not read.
static bool is_ours(const char *name)
{
    static const char *const endings[] = {"", ".txt", ".map", ".cf", ".aliases"};
    g_autofree char *lower = g_ascii_strdown(name, -1);
    bool begins = g_str_has_prefix(lower, "aliases") || g_str_has_prefix(lower, "virtual");
    const char *dot = strrchr(lower, '.');
    for (gsize i = 0; begins && i < G_N_ELEMENTS(endings); i++)
        if (strcmp(dot != NULL ? dot : "", endings[i]) == 0)
            return true;
    return false;
}

static bool is_read(const Source *files, guint index)
{
    return source_is_single(files) || is_ours(source_name(files, index));
}

static Tri aliases_recognise(const Source *files, GError **error)
{
    for (guint i = 0; i < source_count(files); i++)
        if (is_ours(source_name(files, i)))
            return TRI_YES;
    return TRI_NO;
}

static bool aliases_open(FeedRun *run, FeedInput *input, GError **error)
{
    bool any = false;
    for (guint i = 0; !any && i < source_count(input->files); i++)
        any = is_read(input->files, i);
    input->replaces = COVERS_LISTS;
    if (any)
        return lists_check_domain(input->spec, error);
    g_set_error(error, BASE_ERROR, BASE_ERROR_NOINPUT,
                "%s: no file named aliases* or virtual*; name the file itself", source_path(input->files));
    return false;
}

// The directory that the source is, or that its file is in. NULL for a zip. Caller frees.
static char *root_of(const Source *files)
{
    const char *path = source_path(files);
    bool directory = g_file_test(path, G_FILE_TEST_IS_DIR);
    if (!directory && !source_is_single(files))
        return NULL;
    g_autofree char *dir = directory ? g_strdup(path) : g_path_get_dirname(path);
    char *real = realpath(dir, NULL), *out = g_strdup(real);
    free(real);
    return out;
}

static bool aliases_read(FeedRun *run, FeedInput *input, GError **error)
{
    g_autoptr(Lists) lists = lists_new(run, input->source);
    g_autoptr(GHashTable) excluded = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree char *root = root_of(input->files);
    Aliases aliases = {.run = run, .input = input, .lists = lists, .root = root, .excluded = excluded};
    bool ok = true;
    for (guint i = 0; ok && i < source_count(input->files); i++)
        if (is_read(input->files, i))
            ok = read_file(&aliases, source_name(input->files, i), error);
    return ok;
}

const FeedImporter FEED_ALIASES = {
    .type = "aliases", .recognise = aliases_recognise, .open = aliases_open, .read = aliases_read};
