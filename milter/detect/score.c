// score: the weights, and from what is known around a detail to whose it is and how sure that is.
#include "detect/attribute.h"

#include <math.h>
#include <string.h>

#define FEATURE_ROW(name, scope, sender, other, organisation, school, recipient)                             \
    {name, SCOPE_##scope, {sender, other, organisation, school, recipient}},
static const AttributeFeature FEATURES[] = {ATTRIBUTE_FEATURES(FEATURE_ROW)};
#undef FEATURE_ROW
G_STATIC_ASSERT(G_N_ELEMENTS(FEATURES) <= 64);

const AttributeFeature *attribute_features(guint *out_count)
{
    *out_count = G_N_ELEMENTS(FEATURES);
    return FEATURES;
}

guint attribute_feature(const char *name)
{
    guint i = 0;
    while (i < G_N_ELEMENTS(FEATURES) && strcmp(FEATURES[i].name, name) != 0)
        i++;
    g_assert(i < G_N_ELEMENTS(FEATURES));
    return i;
}

OwnerClass attribute_weigh(guint64 features, double *out_confidence)
{
    double sum[CLASS_LAST] = {0};
    for (guint i = 0; i < G_N_ELEMENTS(FEATURES); i++)
        for (guint k = 0; features >> i & 1 && k < CLASS_LAST; k++)
            sum[k] += FEATURES[i].weight[k];
    OwnerClass best = CLASS_ORGANISATION;
    for (guint k = 0; k < CLASS_LAST; k++)
        if (sum[k] > sum[best])
            best = (OwnerClass)k;
    double second = -INFINITY;
    for (guint k = 0; k < CLASS_LAST; k++)
        if (k != best)
            second = fmax(second, sum[k]);
    *out_confidence = 1.0 / (1.0 + exp(second - sum[best]));
    return best;
}
