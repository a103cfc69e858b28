#include "roster/canon.h"

#include <string.h>
#include <unicode/uidna.h>

#define DOMAIN_BYTES 1024

char *canon_lower(const char *text)
{
    if (g_str_is_ascii(text))
        return g_ascii_strdown(text, -1);
    GString *out = g_string_sized_new(strlen(text) + 1);
    g_autofree char *composed = g_utf8_normalize(text, -1, G_NORMALIZE_NFC);
    for (const char *p = composed != NULL ? composed : ""; *p != '\0'; p = g_utf8_next_char(p))
        g_string_append_unichar(out, g_unichar_tolower(g_utf8_get_char(p)));
    return g_string_free(out, FALSE);
}

// A-labels as browsers and mail programs make them (UTS 46); NULL when it cannot have any.
static char *to_ascii(const char *domain)
{
    char out[DOMAIN_BYTES] = "";
    UErrorCode status = U_ZERO_ERROR;
    UIDNAInfo info = UIDNA_INFO_INITIALIZER;
    UIDNA *idna = uidna_openUTS46(UIDNA_NONTRANSITIONAL_TO_ASCII, &status);
    int32_t len =
        U_SUCCESS(status) ? uidna_nameToASCII_UTF8(idna, domain, -1, out, sizeof out, &info, &status) : 0;
    bool ok = U_SUCCESS(status) && len > 0 && len < (int32_t)sizeof out && info.errors == 0;
    if (idna != NULL)
        uidna_close(idna);
    return ok ? g_ascii_strdown(out, len) : NULL;
}

char *canon_domain(const char *text)
{
    g_autofree char *lower = g_utf8_validate(text, -1, NULL) ? canon_lower(text) : NULL;
    if (lower == NULL)
        return NULL;
    g_strstrip(lower);
    gsize length = strlen(lower);
    if (length > 0 && lower[length - 1] == '.')
        lower[--length] = '\0';
    if (length == 0 || length > DOMAIN_BYTES || strpbrk(lower, " \t\r\n@<>,;\"") != NULL)
        return NULL;
    char *ascii = g_str_is_ascii(lower) ? NULL : to_ascii(lower);
    return ascii != NULL ? ascii : g_steal_pointer(&lower);
}

// The other name of a mail service whose mailboxes have both.
static void one_service(char **domain)
{
    if (strcmp(*domain, "googlemail.com") == 0) {
        g_free(*domain);
        *domain = g_strdup("gmail.com");
    }
}

static bool names_domain(char **domains, const char *domain)
{
    for (gsize i = 0; domains != NULL && domains[i] != NULL; i++)
        if (strcmp(domains[i], "*") == 0 || g_ascii_strcasecmp(domains[i], domain) == 0)
            return true;
    return false;
}

static void drop_dots(char *local)
{
    char *to = local;
    for (const char *from = local; *from != '\0'; from++)
        if (*from != '.')
            *to++ = *from;
    *to = '\0';
}

// "\"jane doe\"" is the same mailbox as its unquoted form wherever that can be written.
static void unquote(char *local)
{
    gsize length = strlen(local);
    if (length < 3 || local[0] != '"' || local[length - 1] != '"')
        return;
    char *to = local;
    for (gsize i = 1; i + 1 < length; i++) {
        if (local[i] == '\\' && i + 2 < length)
            i++;
        *to++ = local[i];
    }
    *to = '\0';
}

char *roster_canonical_address(const Config *config, const char *address)
{
    if (address == NULL || !g_utf8_validate(address, -1, NULL) || strlen(address) > 4096)
        return NULL;
    g_autofree char *lower = canon_lower(address);
    g_strstrip(lower);
    gsize length = strlen(lower);
    if (length > 2 && lower[0] == '<' && lower[length - 1] == '>') {
        lower[length - 1] = '\0';
        memmove(lower, lower + 1, length - 1);
    }
    char *at = strrchr(lower, '@');
    if (at == NULL || at == lower || at[1] == '\0')
        return NULL;
    g_autofree char *domain = canon_domain(at + 1);
    if (domain == NULL)
        return NULL;
    one_service(&domain);
    *at = '\0';
    unquote(lower);
    if (lower[0] == '\0' || strpbrk(lower, "\r\n<>") != NULL)
        return NULL;
    char *plus = strchr(lower, '+');
    if (plus != NULL && plus != lower && names_domain(config->district.plus_domains, domain))
        *plus = '\0';
    if (names_domain(config->district.dotless_domains, domain) && strspn(lower, ".") < strlen(lower))
        drop_dots(lower);
    return g_strconcat(lower, "@", domain, NULL);
}

// ---- numbers ------------------------------------------------------------------------------------

char *canon_phone(const char *text)
{
    g_autoptr(GString) digits = g_string_new(NULL);
    bool plus = false;
    const char *p = text;
    if (g_ascii_strncasecmp(p, "tel:", 4) == 0)
        p += 4;
    for (; *p != '\0'; p++) {
        if (g_ascii_isdigit(*p))
            g_string_append_c(digits, *p);
        else if (*p == '+' && digits->len == 0)
            plus = true;
        else if (strchr(" \t-.()/", *p) == NULL)
            break; // an extension, or no number
    }
    bool extension = *p == ',' || *p == ';' || *p == 'x' || *p == 'X' || *p == 'e' || *p == 'E' || *p == '#';
    if (digits->len < 3 || digits->len > 15 || (*p != '\0' && !extension))
        return NULL;
    if (plus)
        return g_strconcat("+", digits->str, NULL);
    if (digits->len == 10)
        return g_strconcat("+1", digits->str, NULL);
    if (digits->len == 11 && digits->str[0] == '1')
        return g_strconcat("+", digits->str, NULL);
    return g_strdup(digits->str);
}

// ---- handles and invites ------------------------------------------------------------------------

char *canon_handle(const char *text)
{
    g_autofree char *lower = canon_lower(text);
    g_strstrip(lower);
    char *colon = strchr(lower, ':');
    if (colon == NULL || colon == lower)
        return NULL;
    *colon = '\0';
    char *name = g_strstrip(colon + 1);
    while (*name == '@' || *name == '$')
        name++;
    if (*name == '\0')
        return NULL;
    g_strstrip(lower);
    const char *platform = strcmp(lower, "x") == 0 ? "twitter" : lower;
    return g_strconcat(platform, ":", name, NULL);
}

char *canon_invite(const char *text)
{
    const char *scheme = strstr(text, "://");
    const char *start = scheme != NULL ? scheme + 3 : text;
    const char *slash = strchr(start, '/');
    if (slash == NULL || slash == start)
        return NULL;
    g_autofree char *raw_host = g_strndup(start, (gsize)(slash - start));
    g_autofree char *host = canon_domain(raw_host);
    g_autofree char *path = g_strndup(slash, strcspn(slash, "?# \t\r\n"));
    gsize length = strlen(path);
    while (length > 0 && path[length - 1] == '/')
        path[--length] = '\0';
    if (host == NULL || length == 0)
        return NULL;
    return g_strconcat(g_str_has_prefix(host, "www.") ? host + 4 : host, path, NULL);
}

// The number in "whatsapp:+14135550190"; NULL for other handles. Borrowed.
static const char *handle_number(const char *handle)
{
    const char *colon = strchr(handle, ':');
    if (colon == NULL || colon[1] != '+' || !g_ascii_isdigit(colon[2]))
        return NULL;
    return colon + 1 + 1 + strspn(colon + 2, "0123456789") == colon + strlen(colon) ? colon + 1 : NULL;
}

// ---- streets ------------------------------------------------------------------------------------

static const char *const STREET_WORDS[][2] = {
    {"street", "st"},      {"st", "st"},     {"road", "rd"},      {"rd", "rd"},     {"avenue", "ave"},
    {"av", "ave"},         {"ave", "ave"},   {"lane", "ln"},      {"ln", "ln"},     {"drive", "dr"},
    {"dr", "dr"},          {"court", "ct"},  {"ct", "ct"},        {"place", "pl"},  {"pl", "pl"},
    {"boulevard", "blvd"}, {"blvd", "blvd"}, {"terrace", "ter"},  {"ter", "ter"},   {"circle", "cir"},
    {"cir", "cir"},        {"way", "way"},   {"parkway", "pkwy"}, {"pkwy", "pkwy"}, {"highway", "hwy"},
    {"hwy", "hwy"},        {"square", "sq"}, {"sq", "sq"},        {"trail", "trl"}, {"trl", "trl"},
    {"alley", "aly"},      {"aly", "aly"},   {"loop", "loop"},    {"route", "rte"}, {"rte", "rte"},
};
static const char *const COMPASS[][2] = {{"north", "n"}, {"south", "s"}, {"east", "e"}, {"west", "w"}};
static const char *const UNITS[] = {"apt", "apartment", "unit", "suite", "ste", "no"};

static const char *street_word(const char *word)
{
    for (gsize i = 0; i < G_N_ELEMENTS(STREET_WORDS); i++)
        if (strcmp(STREET_WORDS[i][0], word) == 0)
            return STREET_WORDS[i][1];
    return NULL;
}

static const char *compass_word(const char *word)
{
    for (gsize i = 0; i < G_N_ELEMENTS(COMPASS); i++)
        if (strcmp(COMPASS[i][0], word) == 0)
            return COMPASS[i][1];
    return word;
}

static bool is_unit(const char *word)
{
    for (gsize i = 0; i < G_N_ELEMENTS(UNITS); i++)
        if (strcmp(UNITS[i], word) == 0)
            return true;
    return false;
}

// First word of the town in words[at..], past a compass point and a unit; "" when there is none.
static const char *town_word(GPtrArray *words, guint at)
{
    if (at < words->len && is_unit(words->pdata[at]))
        at += 2;
    if (at < words->len && strchr("nsew", ((char *)words->pdata[at])[0]) != NULL &&
        ((char *)words->pdata[at])[1] == '\0')
        at++;
    return at < words->len && !g_ascii_isdigit(*(char *)words->pdata[at]) ? words->pdata[at] : "";
}

// Splits a street address into its line ("902 old quarry rd") and the first word of the town.
static bool split_street(const char *text, char **out_line, char **out_town)
{
    g_autofree char *first = g_strndup(text, strcspn(text, ",\n"));
    g_autoptr(GPtrArray) before = canon_words(first, 32);
    g_autoptr(GPtrArray) words = canon_words(text, 32);
    g_autoptr(GString) line = g_string_new(NULL);
    guint end = 0;
    for (guint i = 2; i < words->len && end == 0; i++)
        if (street_word(words->pdata[i]) != NULL)
            end = i + 1;
    // "5 Court Street": a later street word of the same line is the one.
    while (end > 0 && end < before->len && street_word(words->pdata[end]) != NULL)
        end++;
    if (end == 0 || end > before->len)
        end = before->len;
    for (guint i = 0; i < end; i++) {
        const char *word = i >= 2 ? street_word(words->pdata[i]) : NULL;
        g_string_append_printf(line, "%s%s", i > 0 ? " " : "",
                               word != NULL ? word : compass_word(words->pdata[i]));
    }
    if (end < 2)
        return false;
    *out_town = g_strdup(town_word(words, end));
    *out_line = g_strdup(line->str);
    return true;
}

// ---- keys ---------------------------------------------------------------------------------------

static char *canon_street(const char *text)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree char *lower = canon_lower(text);
    g_strstrip(lower);
    for (const char *p = lower; *p != '\0'; p++)
        if (!g_ascii_isspace(*p))
            g_string_append_c(out, *p);
        else if (out->len > 0 && out->str[out->len - 1] != ' ')
            g_string_append_c(out, ' ');
    return out->len > 0 ? g_strdup(out->str) : NULL;
}

char *canon_value(const Config *config, Kind kind, const char *text)
{
    switch (kind) {
    case KIND_PHONE:
        return canon_phone(text);
    case KIND_EMAIL:
        return roster_canonical_address(config, text);
    case KIND_HANDLE:
    case KIND_PAYMENT_HANDLE:
        return canon_handle(text);
    case KIND_INVITE:
        return canon_invite(text);
    case KIND_STREET_ADDRESS:
        return canon_street(text);
    case KIND_SOLICITATION:
    case KIND_PHRASE:
    case KIND_STUDENT_RECORD:
    case KIND_LAST:
        break;
    }
    return NULL;
}

Kind canon_guess(const char *text)
{
    g_autofree char *phone = canon_phone(text);
    const char *colon = strchr(text, ':');
    if (phone != NULL)
        return KIND_PHONE;
    if (colon != NULL && colon != text && colon[1] != '/')
        return KIND_HANDLE;
    if (strchr(text, '@') != NULL)
        return KIND_EMAIL;
    if (strchr(text, '/') != NULL)
        return KIND_INVITE;
    return g_ascii_isdigit(text[0]) ? KIND_STREET_ADDRESS : KIND_LAST;
}

static void add_phone_keys(GPtrArray *keys, const char *phone, bool store)
{
    gsize length = strlen(phone);
    g_ptr_array_add(keys, g_strconcat("phone:", phone, NULL));
    if (store && length >= 10)
        g_ptr_array_add(keys, g_strconcat("phone7:", phone + length - 7, NULL));
    else if (!store && length == 7 && phone[0] != '+')
        g_ptr_array_add(keys, g_strconcat("phone7:", phone, NULL));
}

static void add_street_keys(GPtrArray *keys, const char *street, bool store)
{
    g_autofree char *line = NULL, *town = NULL;
    if (!split_street(street, &line, &town))
        return;
    if (store || town[0] == '\0')
        g_ptr_array_add(keys, g_strconcat("street:", line, NULL));
    if (store || town[0] != '\0')
        g_ptr_array_add(keys, g_strconcat("street:", line, "|", town, NULL));
    if (!store && town[0] != '\0')
        g_ptr_array_add(keys, g_strconcat("street:", line, "|", NULL));
}

static GPtrArray *keys_of(Kind kind, const char *canonical, bool store)
{
    GPtrArray *keys = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *handle = NULL;
    switch (kind) {
    case KIND_PHONE:
        add_phone_keys(keys, canonical, store);
        break;
    case KIND_EMAIL:
        g_ptr_array_add(keys, g_strconcat("email:", canonical, NULL));
        break;
    case KIND_HANDLE:
    case KIND_PAYMENT_HANDLE:
        handle = canon_handle(canonical);
        if (handle != NULL)
            g_ptr_array_add(keys, g_strconcat("handle:", handle, NULL));
        if (handle != NULL && handle_number(handle) != NULL)
            add_phone_keys(keys, handle_number(handle), store);
        break;
    case KIND_INVITE:
        g_ptr_array_add(keys, g_strconcat("invite:", canonical, NULL));
        break;
    case KIND_STREET_ADDRESS:
        add_street_keys(keys, canonical, store);
        break;
    case KIND_SOLICITATION:
    case KIND_PHRASE:
    case KIND_STUDENT_RECORD:
    case KIND_LAST:
        break;
    }
    return keys;
}

GPtrArray *canon_store_keys(Kind kind, const char *canonical)
{
    return keys_of(kind, canonical, true);
}

GPtrArray *canon_query_keys(Kind kind, const char *canonical)
{
    return keys_of(kind, canonical, false);
}
