// libFuzzer target: any text through views and finders. What it checks beside memory: spans lie in the
// passage.
// tests/fuzz/run starts it in build/fuzz, two levels below the tables.
#include "detect/internal.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static GBytes *fuzz_read(const char *name, void *data, GError **error)
{
    g_autofree char *path = g_build_filename("../../conf/lists", name, NULL);
    return file_read(path, 16 << 20, error);
}

static void fuzz_check(const Candidate *candidate, const Passage *passage)
{
    bool ok = candidate->start <= candidate->end && candidate->end <= passage->len && candidate->shape >= 0 &&
              candidate->shape <= 1 && (candidate->value || candidate->name);
    if (!ok)
        g_error("candidate %s at %zu..%zu of %zu", candidate->value, candidate->start, candidate->end,
                passage->len);
}

// The first byte chooses the origin; the rest is the text, made valid UTF-8 as the reader does.
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static DetectData *data;
    static Config *config;
    if (!data) {
        g_autoptr(GError) error = NULL;
        data = detect_data_new(fuzz_read, NULL, &error);
        config = config_defaults();
        if (!data)
            g_error("%s", error->message);
    }
    static void (*const FINDERS[])(DetectScan *) = {social_find, mailbox_find, phone_find,
                                                    street_find, payment_find, solicit_find};
    g_autofree char *text =
        size > 0 ? g_utf8_make_valid((const char *)bytes + 1, (gssize)size - 1) : g_strdup("");
    g_autoptr(Message) message = message_new();
    Parties parties = {0};
    bool truncated = false;
    Passage *passage = message_add_passage(message, 0, size > 0 ? bytes[0] % ORIGIN_LAST : ORIGIN_TEXT,
                                           VISIBILITY_SHOWN, text, strlen(text));
    DetectView *view = view_new(passage, 0);
    view_words(view, data);
    g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func((GDestroyNotify)candidate_free);
    g_autoptr(GArray) marks = layer_find(data, passage, &parties);
    DetectScan scan = {.data = data,
                       .config = config,
                       .message = message,
                       .parties = &parties,
                       .view = view,
                       .out = out,
                       .truncated = &truncated};
    for (gsize i = 0; i < G_N_ELEMENTS(FINDERS); i++)
        FINDERS[i](&scan);
    for (guint i = 0; i < out->len; i++)
        fuzz_check(g_ptr_array_index(out, i), passage);
    view_free(view);
    return 0;
}
