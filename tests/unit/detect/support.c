#include "support.h"

#include <glib/gstdio.h>
#include <string.h>

static GBytes *support_read(const char *name, void *data, GError **error)
{
    g_autofree char *path = g_build_filename("conf/lists", name, NULL);
    return file_read(path, 16 << 20, error);
}

DetectData *support_data(void)
{
    g_autoptr(GError) error = NULL;
    DetectData *data = detect_data_new(support_read, NULL, &error);
    cr_assert(ne(ptr, data, NULL), "%s", error ? error->message : "");
    return data;
}

Config *support_config(void)
{
    return config_defaults();
}

Scanned *support_scan_origin(const DetectData *data, const Config *config, const char *text, gsize len,
                             PassageOrigin origin, const char *header, const char *which)
{
    Scanned *scanned = g_new0(Scanned, 1);
    scanned->message = message_new();
    scanned->parties = g_new0(Parties, 1);
    Passage *passage = message_add_passage(scanned->message, 0, origin, VISIBILITY_SHOWN, text, len);
    passage->header = g_strdup(header);
    scanned->view = view_new(passage, 0);
    view_words(scanned->view, data);
    scanned->out = g_ptr_array_new_with_free_func((GDestroyNotify)candidate_free);
    scanned->scan = (DetectScan){.data = data,
                                 .config = config,
                                 .message = scanned->message,
                                 .parties = scanned->parties,
                                 .view = scanned->view,
                                 .out = scanned->out,
                                 .truncated = &scanned->truncated};
    for (const char *p = which; *p; p++) {
        if (*p == 's')
            social_find(&scanned->scan);
        else if (*p == 'm')
            mailbox_find(&scanned->scan);
        else
            phone_find(&scanned->scan);
    }
    return scanned;
}

Scanned *support_scan(const DetectData *data, const Config *config, const char *text, const char *which)
{
    return support_scan_origin(data, config, text, strlen(text), ORIGIN_TEXT, NULL, which);
}

void scanned_free(Scanned *scanned)
{
    g_ptr_array_unref(scanned->out);
    view_free(scanned->view);
    message_free(scanned->message);
    g_free(scanned->parties);
    g_free(scanned);
}

static gint support_by_place(gconstpointer a, gconstpointer b)
{
    const Candidate *x = *(const Candidate *const *)a, *y = *(const Candidate *const *)b;
    return x->start < y->start ? -1 : x->start > y->start;
}

char *support_values(const Scanned *scanned, double least)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_ptr_array_sort(scanned->out, support_by_place);
    for (guint i = 0; i < scanned->out->len; i++) {
        const Candidate *candidate = g_ptr_array_index(scanned->out, i);
        if (candidate->shape < least)
            continue;
        g_string_append_printf(out, "%s%s:%s%s", out->len ? " " : "", kind_name(candidate->kind),
                               candidate->value ? "" : "?",
                               candidate->value ? candidate->value : candidate->name);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

const Candidate *support_first(const Scanned *scanned, Kind kind)
{
    const Candidate *found = NULL;
    for (guint i = 0; i < scanned->out->len && !found; i++) {
        const Candidate *candidate = g_ptr_array_index(scanned->out, i);
        if (candidate->kind == kind)
            found = candidate;
    }
    return found;
}

bool support_has(const GPtrArray *list, const char *word)
{
    bool found = false;
    for (guint i = 0; i < list->len && !found; i++)
        found = strcmp(g_ptr_array_index(list, i), word) == 0;
    return found;
}

void support_remove(char *dir)
{
    GDir *open = g_dir_open(dir, 0, NULL);
    for (const char *name; open && (name = g_dir_read_name(open));) {
        g_autofree char *path = g_build_filename(dir, name, NULL);
        (void)g_unlink(path);
    }
    if (open)
        g_dir_close(open);
    cr_expect(zero(int, g_rmdir(dir)));
    g_free(dir);
}
