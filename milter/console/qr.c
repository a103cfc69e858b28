// QR codes as SVG that stands in the page: nothing is loaded, nothing is styled in place.
#include "console/internal.h"

#include <qrencode.h>

enum { QUIET = 4 };

static char *modules_path(const QRcode *code)
{
    GString *path = g_string_new(NULL);
    for (int y = 0; y < code->width; y++)
        for (int x = 0; x < code->width; x++) {
            int run = 0;
            while (x + run < code->width && (code->data[y * code->width + x + run] & 1) != 0)
                run++;
            if (run > 0)
                g_string_append_printf(path, "M%d %dh%dv1h-%dz", x + QUIET, y + QUIET, run, run);
            x += run;
        }
    return g_string_free(path, FALSE);
}

bool qr_draw(Html *html, const char *text, const char *key)
{
    QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
    if (code == NULL)
        return false;
    g_autofree char *path = modules_path(code);
    g_autofree char *box = g_strdup_printf("0 0 %d %d", code->width + 2 * QUIET, code->width + 2 * QUIET);
    html_open(html, "svg", "class", "qr", "viewBox", box, "role", "img", "aria-labelledby", "qr-title", NULL);
    html_say(html, "title", key, "id", "qr-title", NULL);
    html_element(html, "rect", NULL, "width", "100%", "height", "100%", "fill", "#fff", NULL);
    html_element(html, "path", NULL, "d", path, "fill", "#000", NULL);
    html_close(html, "svg");
    QRcode_free(code);
    return true;
}
