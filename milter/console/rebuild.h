// rebuild: the HTML of a message as HTML of our own. It is parsed (libxml2) and written anew from an allow-list of elements; of their
// attributes only a few stay. Nothing in it works: links, forms and what is elsewhere are shown as text with their targets, pictures are
// what the caller gives. Style is read for what a reader should know (bold, hidden) and else left out, so that what mail programs hide is
// seen. Pure; any thread.
#pragma once

#include "console/internal.h"

// A picture by what stands in `src` ("cid:...", "data:..."), as a data: address that is safe to show; NULL = is not shown. Caller frees.
typedef char *(*RebuildPicture)(const char *src, void *data);

typedef struct {
    RebuildPicture picture; // NULL = none is shown
    void *data;
    bool blurred; // pictures have the class "blur"
} RebuildOptions;

typedef struct {
    guint links, pictures, shown, remote; // pictures: all of them; shown: those in it; remote: of elsewhere
    bool cut; // there is more than is shown: of bytes, elements, depth, attributes or time
} RebuildReport;

// Writes what `utf8` (valid, `len` bytes) shows into `html`, and closes what it opened.
void rebuild_html(Html *html, const char *utf8, gsize len, const RebuildOptions *options, RebuildReport *out);
// The style of documents with rebuilt HTML: the classes above. Text for a <style> element.
extern const char *const REBUILD_STYLE;

// Bytes of a picture that browsers show and nothing else (PNG, JPEG, GIF, WebP by their first bytes): as a data: address. NULL for
// others, and for those over 4 MiB. Caller frees.
char *rebuild_picture(const void *data, gsize len);

// HTML as browsers take it, for a parser that takes comments, raw text and what comes behind </html> otherwise, and whose time is quadratic
// in the attributes of a tag: without comments, declarations, scripts and style sheets; raw text is escaped; ends before the first tag
// with more than `attributes` (`*out_cut`, else left as it is). Caller frees.
GString *rebuild_tidy(const char *utf8, gsize len, guint attributes, bool *out_cut);
