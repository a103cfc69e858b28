// score: the weights, and from what is known around a detail to whose it is and how sure that is.
#include "detect/attribute.h"

#include "detect/tables_data.h"

#include <math.h>
#include <string.h>

#define FEATURE_ROW(name, scope) {name, SCOPE_##scope},
static const AttributeFeature FEATURES[] = {ATTRIBUTE_FEATURES(FEATURE_ROW)};
#undef FEATURE_ROW
G_STATIC_ASSERT(G_N_ELEMENTS(FEATURES) <= ATTRIBUTE_MOST);

static const char *const CLASS_NAMES[CLASS_LAST] = {"sender", "other person", "organisation", "school",
                                                    "recipient"};

const AttributeFeature *attribute_features(guint *out_count)
{
    *out_count = G_N_ELEMENTS(FEATURES);
    return FEATURES;
}

static guint feature_find(const char *name)
{
    guint i = 0;
    while (i < G_N_ELEMENTS(FEATURES) && strcmp(FEATURES[i].name, name) != 0)
        i++;
    return i;
}

guint attribute_feature(const char *name)
{
    guint i = feature_find(name);
    g_assert(i < G_N_ELEMENTS(FEATURES));
    return i;
}

// ---- the table -------------------------------------------------------------------------------------------

bool attribute_weights_line(AttributeWeights *weights, const char *file, const TableLine *line,
                            GError **error)
{
    bool bias = strcmp(line->fields[0], "bias") == 0;
    guint row = bias ? ATTRIBUTE_MOST : feature_find(line->fields[0]);
    if (!bias && row == G_N_ELEMENTS(FEATURES))
        return tables_wrong(error, file, line->line, "there is no feature \"%s\"", line->fields[0]);
    if (line->n_fields != CLASS_LAST + 1)
        return tables_wrong(error, file, line->line, "not FEATURE and %d weights", CLASS_LAST);
    if (weights->known >> row & 1)
        return tables_wrong(error, file, line->line, "\"%s\" is there twice; leave one", line->fields[0]);
    for (guint k = 0; k < CLASS_LAST; k++) {
        char *end = NULL;
        double value = g_ascii_strtod(line->fields[k + 1], &end);
        if (*end || end == line->fields[k + 1] || !(fabs(value) <= 100.0))
            return tables_wrong(error, file, line->line, "weight \"%s\" is no number from -100 to 100",
                                line->fields[k + 1]);
        weights->row[row][k] = value;
    }
    weights->known |= G_GUINT64_CONSTANT(1) << row;
    return true;
}

bool attribute_weights_end(const AttributeWeights *weights, const char *file, GError **error)
{
    const char *missing = weights->known >> ATTRIBUTE_MOST & 1 ? NULL : "bias";
    for (guint i = 0; !missing && i < G_N_ELEMENTS(FEATURES); i++)
        missing = weights->known >> i & 1 ? NULL : FEATURES[i].name;
    return !missing || tables_wrong(error, file, 0, "no weights of \"%s\"; add its line", missing);
}

// ---- weighing --------------------------------------------------------------------------------------------

typedef enum { STANDING_PRIVATE, STANDING_COMMON, STANDING_RECIPIENT, STANDING_LAST } Standing;

static Standing score_standing(OwnerClass cls)
{
    static const Standing OF[CLASS_LAST] = {STANDING_PRIVATE, STANDING_PRIVATE, STANDING_COMMON,
                                            STANDING_COMMON, STANDING_RECIPIENT};
    return OF[cls];
}

static void score_chances(const AttributeWeights *weights, guint64 features, double *chance)
{
    double most = -INFINITY, total = 0.0;
    for (guint k = 0; k < CLASS_LAST; k++) {
        chance[k] = weights->row[ATTRIBUTE_MOST][k];
        for (guint64 bits = features; bits; bits &= bits - 1)
            chance[k] += weights->row[__builtin_ctzll(bits)][k];
        most = fmax(most, chance[k]);
    }
    for (guint k = 0; k < CLASS_LAST; k++)
        total += chance[k] = exp(chance[k] - most);
    for (guint k = 0; k < CLASS_LAST; k++)
        chance[k] /= total;
}

// The greatest of those `may` allows; with `other` the greatest of another standing than `best`.
static OwnerClass score_best(const double *chance, Standing standing, bool other)
{
    OwnerClass best = CLASS_LAST;
    for (guint k = 0; k < CLASS_LAST; k++)
        if ((score_standing((OwnerClass)k) == standing) != other &&
            (best == CLASS_LAST || chance[k] > chance[best]))
            best = (OwnerClass)k;
    return best;
}

static int score_by_size(gconstpointer a, gconstpointer b, gpointer data)
{
    const double *counts = data;
    double one = fabs(counts[*(const guint *)a]), other = fabs(counts[*(const guint *)b]);
    return (one < other) - (one > other);
}

// "sender rather than organisation: own +2.6, signature +1.7"
static char *score_reckoning(const AttributeWeights *weights, guint64 features, OwnerClass best,
                             OwnerClass next)
{
    double counts[ATTRIBUTE_MOST + 1] = {0};
    g_autoptr(GArray) order = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint i = 0; i <= ATTRIBUTE_MOST; i++) {
        bool counted = i == ATTRIBUTE_MOST || (features >> i & 1);
        counts[i] = counted ? weights->row[i][best] - weights->row[i][next] : 0.0;
        if (fabs(counts[i]) >= 0.05)
            g_array_append_val(order, i);
    }
    g_array_sort_with_data(order, score_by_size, counts);
    GString *out = g_string_new(NULL);
    g_string_append_printf(out, "%s rather than %s", CLASS_NAMES[best], CLASS_NAMES[next]);
    for (guint i = 0; i < order->len; i++) {
        guint row = g_array_index(order, guint, i);
        g_string_append_printf(out, "%s %s %+.1f", i ? "," : ":",
                               row == ATTRIBUTE_MOST ? "bias" : FEATURES[row].name, counts[row]);
    }
    return g_string_free(out, FALSE);
}

OwnerClass attribute_weigh(const DetectData *data, guint64 features, double *out_confidence,
                           char **out_reckoning)
{
    double chance[CLASS_LAST], standing[STANDING_LAST] = {0};
    score_chances(&data->weights, features, chance);
    Standing top = STANDING_COMMON;
    for (guint k = 0; k < CLASS_LAST; k++)
        standing[score_standing((OwnerClass)k)] += chance[k];
    for (guint s = 0; s < STANDING_LAST; s++)
        if (standing[s] > standing[top])
            top = (Standing)s;
    OwnerClass best = score_best(chance, top, false);
    *out_confidence = standing[top];
    if (out_reckoning)
        *out_reckoning = score_reckoning(&data->weights, features, best, score_best(chance, top, true));
    return best;
}
