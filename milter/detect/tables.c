// tables: the text tables read, checked and indexed.
#include "detect/tables.h"
#include "detect/tables_data.h"

#include <string.h>

// ---- lines -----------------------------------------------------------------------------------------------

bool tables_wrong(GError **error, const char *name, guint line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, BASE_ERROR, BASE_ERROR_CONFIG, "%s:%u: %s; see the comments in the file", name, line,
                what);
    return false;
}

static void tables_line_free(gpointer data)
{
    TableLine *line = data;
    g_strfreev(line->fields);
    g_free(line);
}

// Fields of one line: split at bars that no backslash stands before.
static char **tables_split(const char *text)
{
    GPtrArray *fields = g_ptr_array_new();
    g_autoptr(GString) field = g_string_new(NULL);
    for (const char *p = text;; p++) {
        if (*p == '\0' || *p == '|') {
            g_ptr_array_add(fields, g_strstrip(g_strdup(field->str)));
            g_string_truncate(field, 0);
        } else if (p[0] == '\\' && p[1] == '|') {
            g_string_append_c(field, *++p);
        } else {
            g_string_append_c(field, *p);
        }
        if (*p == '\0')
            break;
    }
    while (fields->len > 1 && *(char *)g_ptr_array_index(fields, fields->len - 1) == '\0')
        g_free(g_ptr_array_steal_index(fields, fields->len - 1));
    g_ptr_array_add(fields, NULL);
    return (char **)g_ptr_array_free(fields, FALSE);
}

static void tables_add_line(DetectData *data, GPtrArray *lines, char *text, guint number,
                            const char **section)
{
    char *bare = g_strstrip(text);
    gsize len = strlen(bare);
    if (len >= 2 && bare[0] == '[' && bare[len - 1] == ']') {
        bare[len - 1] = '\0';
        *section = g_string_chunk_insert_const(data->sections, bare + 1);
    } else if (len > 0 && bare[0] != '#') {
        TableLine *line = g_new0(TableLine, 1);
        line->section = *section;
        line->fields = tables_split(bare);
        line->n_fields = g_strv_length(line->fields);
        line->line = number;
        g_ptr_array_add(lines, line);
    }
}

static GPtrArray *tables_parse(DetectData *data, const char *name, GBytes *bytes, GError **error)
{
    gsize len;
    const char *start = g_bytes_get_data(bytes, &len);
    if (!g_utf8_validate_len(start ? start : "", len, NULL)) {
        tables_wrong(error, name, 1, "not UTF-8 text");
        return NULL;
    }
    g_autofree char *text = g_strndup(start ? start : "", len);
    g_auto(GStrv) rows = g_strsplit(text, "\n", -1);
    GPtrArray *lines = g_ptr_array_new_with_free_func(tables_line_free);
    const char *section = "";
    for (guint i = 0; rows[i]; i++)
        tables_add_line(data, lines, rows[i], i + 1, &section);
    return lines;
}

const GPtrArray *tables_lines(const DetectData *data, const char *name)
{
    return g_hash_table_lookup(data->tables, name);
}

// ---- checks shared by the tables -------------------------------------------------------------------------

static bool tables_number(const char *name, const TableLine *line, guint field, int least, int most, int *out,
                          GError **error)
{
    guint64 number = 0;
    const char *text = field < line->n_fields ? line->fields[field] : "";
    bool ok = g_ascii_string_to_unsigned(text, 10, (guint64)least, (guint64)most, &number, NULL);
    *out = (int)number;
    if (!ok)
        tables_wrong(error, name, line->line, "field %u is \"%s\", wanted a number from %d to %d", field + 1,
                     text, least, most);
    return ok;
}

static bool tables_fields(const char *name, const TableLine *line, guint least, guint most, GError **error)
{
    bool ok = line->n_fields >= least && line->n_fields <= most;
    if (!ok)
        tables_wrong(error, name, line->line, "%u fields, wanted %u to %u", line->n_fields, least, most);
    return ok;
}

static bool tables_host_name(const char *name, const TableLine *line, const char *host, GError **error)
{
    bool ok = strchr(host, '.') != NULL && strpbrk(host, " /@:") == NULL;
    for (const char *p = host; ok && *p; p++)
        ok = !g_ascii_isupper(*p);
    if (!ok)
        tables_wrong(error, name, line->line, "\"%s\" is not a host name in lower case", host);
    return ok;
}

// Calls with each of the words "a, b c, d" of `list`.
static void tables_each_word(const char *list, void (*func)(const char *word, void *data), void *data)
{
    g_auto(GStrv) words = g_strsplit(list, ",", -1);
    for (guint i = 0; words[i]; i++)
        if (*g_strstrip(words[i]) != '\0')
            func(words[i], data);
}

// ---- area codes and countries ----------------------------------------------------------------------------

static const char *const NPA_SECTIONS[] = {NULL,        "us",       "canada", "caribbean",
                                           "toll-free", "personal", "premium"};

static bool tables_load_npa(DetectData *data, const char *name, const TableLine *line, GError **error)
{
    int npa = 0, class = NPA_NONE;
    for (int i = NPA_US; i <= NPA_PREMIUM; i++)
        if (strcmp(line->section, NPA_SECTIONS[i]) == 0)
            class = i;
    bool ok = tables_fields(name, line, 2, 2, error) && tables_number(name, line, 0, 200, 999, &npa, error);
    if (ok && class == NPA_NONE)
        ok = tables_wrong(error, name, line->line, "section [%s] is no kind of area code", line->section);
    if (ok && data->npa[npa] != NPA_NONE)
        ok = tables_wrong(error, name, line->line, "area code %d stands twice", npa);
    if (ok) {
        data->npa[npa] = (guint8) class;
        data->npa_place[npa] = line->fields[1];
    }
    return ok;
}

static bool tables_load_country(DetectData *data, const char *name, const TableLine *line, GError **error)
{
    int code, least, most;
    bool ok = tables_fields(name, line, 4, 4, error) && tables_number(name, line, 0, 1, 999, &code, error) &&
              tables_number(name, line, 1, 4, 14, &least, error) &&
              tables_number(name, line, 2, 4, 14, &most, error);
    if (ok) {
        data->countries[code].least = (guint8)least;
        data->countries[code].most = (guint8)most;
        data->countries[code].name = line->fields[3];
    }
    return ok;
}

NpaClass tables_npa(const DetectData *data, int npa)
{
    return npa >= 0 && npa < 1000 ? data->npa[npa] : NPA_NONE;
}

const char *tables_npa_place(const DetectData *data, int npa)
{
    return npa >= 0 && npa < 1000 && data->npa_place[npa] ? data->npa_place[npa] : "";
}

const char *tables_country(const DetectData *data, const char *digits, gsize n)
{
    const char *found = NULL;
    int code = 0;
    for (gsize i = 0; i < 3 && i < n && !found; i++) {
        code = code * 10 + (digits[i] - '0');
        gsize rest = n - i - 1;
        if (data->countries[code].name && rest >= data->countries[code].least &&
            rest <= data->countries[code].most)
            found = data->countries[code].name;
    }
    return found;
}

// ---- hotlines, mail services, approved tools -------------------------------------------------------------

static bool tables_load_hotline(DetectData *data, const char *name, const TableLine *line, GError **error)
{
    bool is_short = strcmp(line->section, "short") == 0;
    bool ok = tables_fields(name, line, 2, 2, error);
    const char *digits = ok ? line->fields[0] + (is_short ? 0 : 1) : "";
    if (ok && (strspn(digits, "0123456789") != strlen(digits) || *digits == '\0' ||
               (!is_short && line->fields[0][0] != '+')))
        ok = tables_wrong(error, name, line->line, "\"%s\" is no %s", line->fields[0],
                          is_short ? "short code" : "number like +18005550199");
    if (ok)
        g_hash_table_insert(data->hotlines, line->fields[0], line->fields[1]);
    return ok;
}

typedef struct {
    DetectData *data;
    const TableLine *line;
    PlatformNamed named;
} WordLoad;

// Longer words share the last bit.
static guint32 tables_length_bit(gsize len)
{
    return (guint32)1 << MIN(len, 31);
}

static guint32 tables_second_bit(const char *word, gsize len)
{
    return (guint32)1 << (len > 1 ? (guchar)word[1] % 32 : 0);
}

static void tables_may_add(WordsMay *may, const char *word)
{
    gsize len = strlen(word);
    may->lengths[(guchar)*word] |= tables_length_bit(len);
    may->seconds[(guchar)*word] |= tables_second_bit(word, len);
}

static bool tables_may(const WordsMay *may, const char *word, gsize len)
{
    return len > 0 && (may->lengths[(guchar)*word] & tables_length_bit(len)) != 0 &&
           (may->seconds[(guchar)*word] & tables_second_bit(word, len)) != 0;
}

static void tables_add_provider(const char *word, void *data)
{
    WordLoad *load = data;
    g_hash_table_insert(load->data->providers, g_strdup(word), load->line->fields[0]);
    tables_may_add(&load->data->provider_may, word);
    spots_add(&load->data->spots, SPOT_PROVIDER, word);
}

static bool tables_load_webmail(DetectData *data, const char *name, const TableLine *line, GError **error)
{
    bool ok = tables_fields(name, line, 1, 2, error) && tables_host_name(name, line, line->fields[0], error);
    if (ok) {
        WordLoad load = {data, line, NAMED_NO};
        g_hash_table_add(data->webmail, line->fields[0]);
        if (line->n_fields > 1)
            tables_each_word(line->fields[1], tables_add_provider, &load);
    }
    return ok;
}

static bool tables_load_approved(DetectData *data, const char *name, const TableLine *line, GError **error)
{
    bool ok = tables_fields(name, line, 2, 2, error);
    if (ok) {
        g_auto(GStrv) parts = g_strsplit(line->fields[0], "/", 2);
        ok = tables_host_name(name, line, parts[0] ? parts[0] : "", error);
        if (ok)
            g_hash_table_insert(data->approved, line->fields[0], line->fields[1]);
    }
    return ok;
}

const char *tables_hotline(const DetectData *data, const char *value)
{
    return g_hash_table_lookup(data->hotlines, value);
}

bool tables_is_webmail(const DetectData *data, const char *domain)
{
    return g_hash_table_contains(data->webmail, domain);
}

const char *tables_mail_provider(const DetectData *data, const char *word, gsize len)
{
    char key[64];
    bool may = len < sizeof key && tables_may(&data->provider_may, word, len);
    if (may) {
        memcpy(key, word, len);
        key[len] = '\0';
    }
    return may ? g_hash_table_lookup(data->providers, key) : NULL;
}

const char *tables_approved(const DetectData *data, const char *host, const char *path)
{
    const char *name = NULL;
    g_auto(GStrv) segments = g_strsplit(path && *path == '/' ? path + 1 : "", "/", 2);
    const char *first = segments[0] ? segments[0] : "";
    for (const char *at = host; at && !name; at = strchr(at, '.') ? strchr(at, '.') + 1 : NULL) {
        g_autofree char *with_path = g_strconcat(at, "/", first, NULL);
        name = g_hash_table_lookup(data->approved, at);
        if (!name)
            name = g_hash_table_lookup(data->approved, with_path);
    }
    return name;
}

// ---- platforms -------------------------------------------------------------------------------------------

static void tables_add_platform_word(const char *word, void *data)
{
    WordLoad *load = data;
    PlatformWord *entry = g_new0(PlatformWord, 1);
    entry->platform = load->line->fields[0];
    entry->named = load->named;
    g_hash_table_insert(load->data->platform_words, g_strdup(word), entry);
    tables_may_add(&load->data->platform_may, word);
    spots_add(&load->data->spots, SPOT_PLATFORM, word);
    char first[] = {word[0], '\0'}; // its letters one by one
    spots_add(&load->data->spots, SPOT_PLATFORM, first);
}

static void tables_add_plain_word(const char *word, void *data)
{
    WordLoad *load = data;
    g_hash_table_add(load->data->plain_words, g_strdup(word));
}

static bool tables_load_names(DetectData *data, const char *name, const TableLine *line, GError **error)
{
    static const PlatformNamed NAMED[] = {NAMED_CLEARLY, NAMED_LOOSELY, NAMED_COMMON};
    bool ok = tables_fields(name, line, 2, 4, error);
    WordLoad load = {data, line, NAMED_NO};
    for (guint i = 0; ok && i + 1 < line->n_fields; i++) {
        load.named = NAMED[i];
        tables_each_word(line->fields[i + 1], tables_add_platform_word, &load);
    }
    return ok;
}

static bool tables_load_links(DetectData *data, const char *name, const TableLine *line, GError **error)
{
    static const char *const KINDS[] = {"handle", "invite", "phone", "payment"};
    int kind = -1;
    bool ok = tables_fields(name, line, 4, 4, error) && tables_host_name(name, line, line->fields[0], error);
    for (int i = 0; ok && i < (int)G_N_ELEMENTS(KINDS); i++)
        if (strcmp(line->fields[1], KINDS[i]) == 0)
            kind = i;
    if (ok && (kind < 0 || line->fields[3][0] != '/'))
        ok = tables_wrong(error, name, line->line,
                          "wanted HOST | handle, invite, phone or payment | PLATFORM | /PATH");
    if (ok) {
        HostRule *rule = g_new0(HostRule, 1);
        rule->kind = (HostKind)kind;
        rule->platform = line->fields[2];
        g_autoptr(GString) path = g_string_new(line->fields[3] + 1);
        g_string_replace(path, "?", "/?", 1);
        rule->steps = g_strsplit(path->str, "/", -1);
        rule->n_steps = g_strv_length(rule->steps);
        GPtrArray *rules = g_hash_table_lookup(data->hosts, line->fields[0]);
        if (!rules) {
            rules = g_ptr_array_new_with_free_func(tables_rule_free);
            g_hash_table_insert(data->hosts, line->fields[0], rules);
        }
        g_ptr_array_add(rules, rule);
    }
    return ok;
}

static void tables_add_reserved(const char *word, void *data)
{
    WordLoad *load = data;
    g_hash_table_add(load->data->reserved, g_strconcat(load->line->fields[0], "/", word, NULL));
}

static bool tables_load_reserved(DetectData *data, const char *name, const TableLine *line, GError **error)
{
    bool ok = tables_fields(name, line, 2, 2, error);
    WordLoad load = {data, line, NAMED_NO};
    if (ok)
        tables_each_word(line->fields[1], tables_add_reserved, &load);
    return ok;
}

static bool tables_load_platforms(DetectData *data, const char *name, const TableLine *line, GError **error)
{
    bool ok;
    if (strcmp(line->section, "names") == 0) {
        ok = tables_load_names(data, name, line, error);
    } else if (strcmp(line->section, "links") == 0) {
        ok = tables_load_links(data, name, line, error);
    } else if (strcmp(line->section, "words") == 0) {
        WordLoad load = {data, line, NAMED_NO};
        ok = tables_fields(name, line, 1, 1, error);
        if (ok)
            tables_each_word(line->fields[0], tables_add_plain_word, &load);
    } else if (strcmp(line->section, "reserved") == 0) {
        ok = tables_load_reserved(data, name, line, error);
    } else if (strcmp(line->section, "shorteners") == 0) {
        ok = tables_fields(name, line, 1, 1, error) && tables_host_name(name, line, line->fields[0], error);
        if (ok)
            g_hash_table_add(data->shorteners, line->fields[0]);
    } else if (strcmp(line->section, "sms-gateways") == 0) {
        ok = tables_fields(name, line, 2, 2, error) && tables_host_name(name, line, line->fields[0], error);
        if (ok)
            g_hash_table_insert(data->gateways, line->fields[0], line->fields[1]);
    } else {
        ok = tables_wrong(error, name, line->line, "there is no section [%s]", line->section);
    }
    return ok;
}

const char *tables_sms_gateway(const DetectData *data, const char *domain)
{
    return g_hash_table_lookup(data->gateways, domain);
}

PlatformNamed tables_platform(const DetectData *data, const char *word, gsize len, const char **out_platform)
{
    char key[64];
    const PlatformWord *entry = NULL;
    if (len < sizeof key && tables_may(&data->platform_may, word, len)) {
        memcpy(key, word, len);
        key[len] = '\0';
        entry = g_hash_table_lookup(data->platform_words, key);
    }
    if (entry && out_platform)
        *out_platform = entry->platform;
    return entry ? entry->named : NAMED_NO;
}

const GPtrArray *tables_host(const DetectData *data, const char *host)
{
    return g_hash_table_lookup(data->hosts, host);
}

bool tables_reserved(const DetectData *data, const char *platform, const char *segment)
{
    g_autofree char *own = g_strconcat(platform, "/", segment, NULL);
    g_autofree char *all = g_strconcat("*/", segment, NULL);
    return g_hash_table_contains(data->reserved, own) || g_hash_table_contains(data->reserved, all);
}

bool tables_plain_word(const DetectData *data, const char *word)
{
    return g_hash_table_contains(data->plain_words, word);
}

bool tables_is_shortener(const DetectData *data, const char *host)
{
    bool is = false;
    for (const char *p = host; !is && p; p = strchr(p, '.') ? strchr(p, '.') + 1 : NULL)
        is = g_hash_table_contains(data->shorteners, p);
    return is;
}

// ---- all of them -----------------------------------------------------------------------------------------

static bool tables_load_weights(DetectData *data, const char *name, const TableLine *line, GError **error)
{
    return attribute_weights_line(&data->weights, name, line, error);
}

static bool tables_load_signatures(DetectData *data, const char *name, const TableLine *line, GError **error)
{
    const char *wrong = layer_words_add(data->sign_words, line->section, line->fields);
    return !wrong || tables_wrong(error, name, line->line, "%s", wrong);
}

typedef struct {
    const char *name;
    bool (*load)(DetectData *data, const char *name, const TableLine *line,
                 GError **error); // NULL: a phrase book
} Table;
static const Table TABLES[] = {
    {"area-codes.txt", tables_load_npa},
    {"country-codes.txt", tables_load_country},
    {"hotlines.txt", tables_load_hotline},
    {"webmail.txt", tables_load_webmail},
    {"approved-tools.txt", tables_load_approved},
    {"platforms.txt", tables_load_platforms},
    {"weights.txt", tables_load_weights},
    {"signatures.txt", tables_load_signatures},
    {"phrases.txt", NULL},
    {"disclaimers.txt", NULL},
    {"labels.txt", NULL},
    {"lexicon.txt", NULL},
};

// The one table that a district may do without.
static bool tables_load_disclaimers(DetectData *data, DetectReadTable read, void *read_data, GError **error)
{
    static const char NAME[] = "disclaimers-local.txt";
    GError *missing = NULL;
    g_autoptr(GBytes) bytes = read(NAME, read_data, &missing);
    bool none = g_error_matches(missing, BASE_ERROR, BASE_ERROR_NOINPUT);
    g_autoptr(GPtrArray) lines = bytes ? tables_parse(data, NAME, bytes, error) : NULL;
    if (lines)
        data->disclaimers = disclaimer_book_new(NAME, lines, error);
    if (none)
        g_clear_error(&missing);
    else if (missing)
        g_propagate_error(error, missing);
    return none || data->disclaimers != NULL;
}

bool tables_load(DetectData *data, DetectReadTable read, void *read_data, GError **error)
{
    bool ok = true;
    for (gsize i = 0; ok && i < G_N_ELEMENTS(TABLES); i++) {
        const Table *table = &TABLES[i];
        g_autoptr(GBytes) bytes = read(table->name, read_data, error);
        GPtrArray *lines = bytes ? tables_parse(data, table->name, bytes, error) : NULL;
        ok = lines != NULL;
        if (ok)
            g_hash_table_insert(data->tables, (gpointer)table->name, lines);
        for (guint n = 0; ok && table->load && n < lines->len; n++)
            ok = table->load(data, table->name, g_ptr_array_index(lines, n), error);
        if (ok && !table->load) {
            PhraseBook *book = phrases_new(table->name, lines, data->words, error);
            ok = book != NULL;
            if (ok)
                g_hash_table_insert(data->books, (gpointer)table->name, book);
        }
    }
    ok = ok && tables_load_disclaimers(data, read, read_data, error);
    ok = ok && attribute_weights_end(&data->weights, "weights.txt", error);
    if (ok) {
        GHashTableIter iter;
        gpointer book;
        phrases_words_finish(data->words);
        g_hash_table_iter_init(&iter, data->books);
        while (g_hash_table_iter_next(&iter, NULL, &book))
            phrases_finish(book);
    }
    return ok;
}

const PhraseBook *tables_book(const DetectData *data, const char *name)
{
    return g_hash_table_lookup(data->books, name);
}

const PhraseWords *tables_words(const DetectData *data)
{
    return data->words;
}

const LayerWords *tables_sign_words(const DetectData *data)
{
    return data->sign_words;
}

const DisclaimerBook *tables_disclaimers(const DetectData *data)
{
    return data->disclaimers;
}

const SpotTable *tables_spots(const DetectData *data)
{
    return &data->spots;
}
