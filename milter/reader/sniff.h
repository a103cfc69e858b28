// reader, inside: what the files that recognise content share (sniff*.c, content.c, cms.c).
#pragma once

#include "reader/internal.h"

// Bytes with their length: a window on somebody else's memory.
typedef struct {
    const guint8 *data;
    gsize len;
} SniffBytes;

bool sniff_has(SniffBytes bytes, gsize at, const char *magic, gsize magic_len);
// `literal` is an array of char with its NUL.
#define SNIFF_HAS(bytes, at, literal) sniff_has(bytes, at, literal, sizeof(literal) - 1)
bool sniff_finds(SniffBytes bytes, const char *needle, gsize needle_len);

// Formats with structure of their own (sniff_binary.c): true when `bytes` is one of them.
bool sniff_container(SniffBytes bytes, SniffClass *out_class, const char **out_type);
// OpenPGP and CMS (sniff_crypt.c).
bool sniff_crypt(SniffBytes bytes, SniffClass *out_class, const char **out_type);
// True when a line of `text` begins an OpenPGP message, wherever it stands.
bool sniff_pgp_inside(SniffBytes text);

// Text (sniff_text.c). Whether the bytes can be text in some character set at all.
bool sniff_is_text(SniffBytes bytes);
// Whether they begin like an e-mail message's header.
bool sniff_is_message(SniffBytes bytes);
// What stands before the message in a file of Apple Mail's: a line with the message's length; 0 = nothing. mailbox.c
gsize mailbox_prefix(SniffBytes bytes);
// Reads a message, or all those of a mailbox file, into `part`. mailbox.c
void mailbox_read(ReaderState *state, guint part, SniffBytes bytes);
// The text format of decoded text: by its beginning, else by label, else by file name; "text/plain" when
// nothing says more.
const char *sniff_text_type(const char *utf8, gsize len, const char *declared, const char *name);

// CMS content types that matter.
typedef enum { CMS_NONE, CMS_OTHER, CMS_SIGNED, CMS_SIGNED_DETACHED, CMS_ENCRYPTED } CmsKind;
// What CMS structure `bytes` is; the content of CMS_SIGNED is appended to `content` unless that is NULL.
// cms.c
CmsKind cms_read(SniffBytes bytes, GByteArray *content);
