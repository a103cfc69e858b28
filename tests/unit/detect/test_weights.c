#include "support.h"

#include "detect/attribute.h"

#include <string.h>

typedef struct {
    const char *from,
        *to; // in weights.txt "from" reads "to"; NULL from = the file as it ships, with "to" behind it
} Change;

static GBytes *weights_read(const char *name, void *user, GError **error)
{
    const Change *change = user;
    g_autofree char *path = g_build_filename("conf/lists", name, NULL);
    g_autoptr(GBytes) bytes = file_read(path, 16 << 20, error);
    if (!bytes || strcmp(name, "weights.txt") != 0)
        return g_steal_pointer(&bytes);
    gsize len;
    const char *data = g_bytes_get_data(bytes, &len);
    g_autoptr(GString) text = g_string_new_len(data, (gssize)len);
    if (change->from)
        cr_assert(eq(u32, g_string_replace(text, change->from, change->to, 1), 1), "%s", change->from);
    else
        g_string_append(text, change->to);
    return g_bytes_new(text->str, text->len);
}

static DetectData *weights_with(const char *from, const char *to, GError **error)
{
    Change change = {from, to};
    return detect_data_new(weights_read, &change, error);
}

Test(weights, wrong_tables_are_named)
{
    static const struct {
        const char *from, *to, *says;
    } CASES[] = {
        {NULL, "moon | 1 | 1 | 1 | 1 | 1\n", "there is no feature \"moon\""},
        {NULL, "own | 1 | 1 | 1 | 1 | 1\n", "\"own\" is there twice"},
        {NULL, "bias | 1 | 1 | 1 | 1 | 1\n", "\"bias\" is there twice"},
        {"\nown |", "\n# own |", "no weights of \"own\""},
        {"\nbias |", "\n# bias |", "no weights of \"bias\""},
        {"\nown |", "\nown | high |", "not FEATURE and 5 weights"},
        {"\nown |", "\nown | 1 | 1 | 1 | 1 | much\n# own |", "weight \"much\" is no number"},
        {"\nown |", "\nown | 1 | 1 | 1 | 1 | 2,5\n# own |", "weight \"2,5\" is no number"},
        {"\nown |", "\nown | 1 | 1 | 1 | 1 | 101\n# own |", "weight \"101\" is no number"},
        {"\nown |", "\nown | 1 | 1 | 1 | 1 | nan\n# own |", "weight \"nan\" is no number"},
        {"\nown |", "\nown | 1 | 1 | 1 | 1\n# own |", "not FEATURE and 5 weights"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(GError) error = NULL;
        DetectData *data = weights_with(CASES[i].from, CASES[i].to, &error);
        cr_assert(eq(ptr, data, NULL), "case %zu", i);
        cr_expect(ne(ptr, strstr(error->message, "weights.txt"), NULL), "case %zu: %s", i, error->message);
        cr_expect(ne(ptr, strstr(error->message, CASES[i].says), NULL), "case %zu: %s", i, error->message);
    }
}

// A table in which all weights are 0 but those of `rows`.
static GBytes *weights_plain(const char *name, void *user, GError **error)
{
    if (strcmp(name, "weights.txt") != 0) {
        g_autofree char *path = g_build_filename("conf/lists", name, NULL);
        return file_read(path, 16 << 20, error);
    }
    guint count;
    const AttributeFeature *features = attribute_features(&count);
    g_autoptr(GString) text = g_string_new("[weights]\n");
    const char *const *rows = user;
    for (guint i = 0; i <= count; i++) {
        const char *feature = i < count ? features[i].name : "bias";
        const char *row = NULL;
        for (guint k = 0; !row && rows[k]; k++)
            row = g_str_has_prefix(rows[k], feature) && rows[k][strlen(feature)] == ' ' ? rows[k] : NULL;
        if (row)
            g_string_append_printf(text, "%s\n", row);
        else
            g_string_append_printf(text, "%s | 0 | 0 | 0 | 0 | 0\n", feature);
    }
    return g_bytes_new(text->str, text->len);
}

static guint64 bits_of(const char *const *names)
{
    guint64 bits = 0;
    for (guint i = 0; names[i]; i++)
        bits |= G_GUINT64_CONSTANT(1) << attribute_feature(names[i]);
    return bits;
}

Test(weights, reckoning)
{
    static const char *const ROWS[] = {
        "bias | 0 | 0 | 0.5 | 0 | 0",        "own | 2 | 0 | 0 | 0 | 0",
        "office | -1 | 0 | 1.5 | 1 | 0",     "recipient | 0 | 0 | 0 | 0 | 4",
        "other | -1 | 3 | 0 | 0 | 0",        "disguised | 0.04 | 0 | 0 | 0 | 0",
        "signature | 1.7 | 0 | 0 | 0.2 | 0", NULL};
    static const struct {
        const char *features[4];
        OwnerClass class;
        double confidence; // by hand: exp of the sums, private ones over all
        const char *reckoning;
    } CASES[] = {
        {{NULL}, CLASS_ORGANISATION, 0.469, "organisation rather than sender: bias +0.5"},
        {{"own", NULL}, CLASS_SENDER, 0.697, "sender rather than organisation: own +2.0, bias -0.5"},
        {{"own", "signature", NULL},
         CLASS_SENDER,
         0.915,
         "sender rather than organisation: own +2.0, signature +1.7, bias -0.5"},
        {{"office", NULL},
         CLASS_ORGANISATION,
         0.810,
         "organisation rather than other person: office +1.5, bias +0.5"},
        {{"other", NULL}, CLASS_OTHER, 0.848, "other person rather than organisation: other +3.0, bias -0.5"},
        {{"recipient", NULL},
         CLASS_RECIPIENT,
         0.922,
         "recipient rather than organisation: recipient +4.0, bias -0.5"},
        // what moves nothing to one decimal is not told
        {{"own", "disguised", NULL},
         CLASS_SENDER,
         0.704,
         "sender rather than organisation: own +2.0, bias -0.5"},
    };
    g_autoptr(GError) error = NULL;
    g_autoptr(DetectData) data = detect_data_new(weights_plain, (void *)ROWS, &error);
    cr_assert(ne(ptr, data, NULL), "%s", error ? error->message : "");
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        double confidence = 0;
        g_autofree char *reckoning = NULL;
        OwnerClass class = attribute_weigh(data, bits_of(CASES[i].features), &confidence, &reckoning);
        cr_expect(eq(int, (int)class, (int)CASES[i].class), "case %zu", i);
        cr_expect(epsilon_eq(dbl, confidence, CASES[i].confidence, 0.002), "case %zu: %.4f", i, confidence);
        cr_expect(eq(str, reckoning, (char *)CASES[i].reckoning), "case %zu", i);
        cr_expect(
            eq(int, (int)attribute_weigh(data, bits_of(CASES[i].features), &confidence, NULL), (int)class));
    }
}
