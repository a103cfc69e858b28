// What the console tells the archive.
#include "console/internal.h"

bool console_tell(Request *request, const char *event, const char *record, json_t *detail, GError **error)
{
    bool ok = archive_event_once(request->config, event, request_who(request), record, detail,
                                 request->now_us, error);
    json_decref(detail);
    return ok;
}

bool console_view_log(Request *request, const char *record, const char *what, const char *reason,
                      const char *matter, GError **error)
{
    bool given = (reason != NULL && *reason != '\0') || (matter != NULL && *matter != '\0');
    if (!given) {
        g_set_error(error, BASE_ERROR, BASE_ERROR_USAGE, "whoever looks at a message says why");
        return false;
    }
    return console_tell(request, "view", record,
                        json_pack("{s:s, s:s?, s:s?, s:s}", "what", what, "reason", reason, "matter", matter,
                                  "through", "console"),
                        error);
}
