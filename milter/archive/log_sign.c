// Other notes than checkpoints, by the log's key.
#include "archive/log_internal.h"

#include <string.h>

char *archive_log_sign(const Config *config, const char *text, GError **error)
{
    g_autofree char *name = archive_log_name(config), *path = archive_log_key_path(config);
    g_autofree char *first = g_strconcat(name, "\n", NULL);
    if (g_str_has_prefix(text, first) || !g_str_has_suffix(text, "\n")) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_SOFTWARE,
                    "a note that could be taken for a checkpoint, or has no end");
        return NULL;
    }
    g_autofree char *pem = log_text_file(path, error);
    g_autoptr(GError) why = NULL;
    g_autoptr(TlogKey) key = pem != NULL ? tlog_key_from_pem(pem, name, TLOG_SIGNS_NOTES, &why) : NULL;
    if (pem != NULL)
        sodium_memzero(pem, strlen(pem));
    if (why != NULL)
        g_set_error(error, BASE_ERROR, BASE_ERROR_DATA, "%s: %s", path, why->message);
    g_autofree char *line = key != NULL ? tlog_note_sign(key, text, 0, error) : NULL;
    return line != NULL ? g_strconcat(text, "\n", line, NULL) : NULL;
}
