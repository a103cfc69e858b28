// document: what of a message goes into the index.
#pragma once

#include "message/message.h"
#include "search/search.h"

// Strings of its own, for SearchDocument's to borrow.
typedef struct {
    char *record, *action;
    int64_t received_us, size;
    GString *sender, *to, *cc, *envelope, *body, *attachment, *filename, *people, *schools, *rules,
        *unsearchable;
    char *subject, *message_id;
    guint attachments;
} Document;
void document_free(Document *document);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Document, document_free)
// Of a record with the metadata `meta`, read as `message`.
Document *document_new(const json_t *meta, const Message *message);
SearchDocument document_borrow(const Document *document);
