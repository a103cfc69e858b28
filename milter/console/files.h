// files: a message with the bytes of what is in it, for pages that show HTML and pictures and hand files out.
#pragma once

#include "console/held.h"

typedef struct {
    ArchiveRecord *record;
    Reading *reading;  // ->message: read again, attachments not looked into; its HTML as ORIGIN_MARKUP
    const char *bytes; // of all parts, mapped; NULL = there are none
} Files;

// Reads the message of `item` again. False with `error`; `*out` is cleared by files_clear in any case.
bool files_read(Request *request, const HoldItem *item, Files *out, GError **error);
void files_clear(Files *files);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Files, files_clear)
// The part numbered so ("1.2") of the message itself whose bytes are there; NULL = there is none.
const Part *files_part(const Files *files, const char *path);
// Its `size` bytes. Borrowed.
const char *files_bytes(const Files *files, const Part *part);
// A picture by the address that HTML has for it ("cid:...", "data:image/..."), as RebuildPicture; `data` is a Files.
char *files_picture(const char *src, void *data);

// What a reader may do with the part `part` of a message's reading, below its name: hand it out for a reason. Written into the page of
// attachments.
void parts_actions(Request *request, Html *html, const char *record, const Message *message, guint part);
// Below all attachments: their pictures, in a frame, blurred first; and the message itself as it is kept.
void parts_whole(Request *request, Html *html, const char *record, const Message *message);
// The frame in which the message's HTML is shown, and how pictures in it are shown.
void html_frame(Request *request, Html *html, const char *record);
