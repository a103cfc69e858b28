#include "detect/phone.h"
#include "detect/phone_world.h"
#include "detect/tables.h"

#include <string.h>

// Exchanges and area codes begin with 2..9; N11 is a service; ten equal digits are a filler.
static bool nanp_is_plausible(const DetectData *data, const char *digits)
{
    int npa = (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
    bool same = true;
    for (gsize i = 1; i < 10; i++)
        same = same && digits[i] == digits[0];
    return tables_npa(data, npa) != NPA_NONE && digits[3] >= '2' && !(digits[4] == '1' && digits[5] == '1') &&
           !same;
}

char *phone_nanp(const DetectData *data, const char *digits, gsize n)
{
    const char *ten = n == 11 && digits[0] == '1' ? digits + 1 : digits;
    bool ok = (n == 10 || ten != digits) && nanp_is_plausible(data, ten);
    return ok ? g_strdup_printf("+1%.10s", ten) : NULL;
}

char *phone_value(const DetectData *data, const char *digits, gsize n, bool plus)
{
    char *value = NULL;
    if (!plus || digits[0] == '1')
        value = phone_nanp(data, digits, n);
    if (!value && (plus || n > 10) && n <= 15 && digits[0] != '1' && tables_country(data, digits, n)) {
        g_autofree char *abroad = g_strdup_printf("+%.*s", (int)n, digits);
        char written[PHONE_WORLD_VALUE];
        // A plan that grew since the library was made: its length is right.
        value = phone_world(abroad, n + 1, written) == PHONE_WORLD_YES ? g_strdup(written)
                                                                       : g_steal_pointer(&abroad);
    }
    if (!value && !plus && n == 7 && digits[0] >= '2')
        value = g_strndup(digits, n);
    if (!value && !plus && n >= 3 && n <= 6)
        value = g_strndup(digits, n);
    return value;
}

void phone_describe(const DetectData *data, Candidate *candidate)
{
    const char *value = candidate->value;
    const char *hotline = tables_hotline(data, value);
    if (hotline)
        candidate_evidence(candidate, "hotline: %s", hotline);
    if (g_str_has_prefix(value, "+1") && strlen(value) == 12) {
        int npa = (value[2] - '0') * 100 + (value[3] - '0') * 10 + (value[4] - '0');
        NpaClass class = tables_npa(data, npa);
        if (class == NPA_TOLL_FREE || class == NPA_PREMIUM)
            candidate_evidence(candidate, class == NPA_PREMIUM ? "premium rate" : "toll-free");
        else
            candidate_evidence(candidate, "NPA %d %s", npa, tables_npa_place(data, npa));
    } else if (value[0] == '+') {
        const char *country = tables_country(data, value + 1, strlen(value + 1));
        if (country)
            candidate_evidence(candidate, "country: %s", country);
    }
}
