// An attachment's reading takes its place in the message it came with.
#include "message/message.h"

#include <string.h>

typedef struct {
    Message *message;
    guint part;  // that is replaced by the piece's part 0
    guint first; // index that the piece's part 1 got
    guint kept;  // parts of the piece that found room, part 0 included
} Graft;

static guint graft_index(const Graft *graft, guint of_piece)
{
    return of_piece == 0 ? graft->part : graft->first + of_piece - 1;
}

static void graft_top(const Graft *graft, const Part *top)
{
    Part *part = graft->message->parts->pdata[graft->part];
    part->state = top->state;
    part->blob = -1;
    part->pictures = top->pictures;
    g_free(part->sniffed);
    part->sniffed = g_strdup(top->sniffed);
}

static void graft_parts(Graft *graft, const Message *piece, guint max_parts)
{
    const Part *top = graft->message->parts->pdata[graft->part];
    g_autofree char *above = g_strdup(top->path);
    guint depth = top->depth;
    for (guint i = 1; i < piece->parts->len && graft->message->parts->len < max_parts; i++) {
        const Part *from = piece->parts->pdata[i];
        g_autofree char *path = g_strconcat(above, from->path, NULL);
        Part *part =
            message_add_part(graft->message, (int)graft_index(graft, (guint)from->parent), path, from->type);
        g_free(part->sniffed);
        part->sniffed = g_strdup(from->sniffed);
        part->depth = depth + from->depth;
        part->name = g_strdup(from->name);
        part->charset = g_strdup(from->charset);
        part->encoding = g_strdup(from->encoding);
        part->content_id = g_strdup(from->content_id);
        part->attachment = from->attachment;
        part->state = from->state == PART_WAITING ? PART_UNREAD : from->state;
        part->size = from->size;
        part->sha256 = g_strdup(from->sha256);
        part->pictures = from->pictures;
        graft->kept = i + 1;
    }
}

static gsize passages_size(const Message *message)
{
    gsize size = 0;
    for (guint i = 0; i < message->passages->len; i++)
        size += ((const Passage *)message->passages->pdata[i])->len;
    return size;
}

static void graft_passage(const Graft *graft, const Passage *from)
{
    Passage *passage = message_add_passage(graft->message, graft_index(graft, from->part), from->origin,
                                           from->visibility, from->text, from->len);
    passage->header = g_strdup(from->header);
    passage->place = g_strdup(from->place);
    passage->reading = g_strdup(from->reading);
    passage->marks = from->marks != NULL ? g_array_copy(from->marks) : NULL;
    passage->map = from->map != NULL ? g_array_copy(from->map) : NULL;
}

// False when something was left out.
static bool graft_passages(const Graft *graft, const Message *piece, guint max_passages, gsize max_bytes)
{
    gsize size = passages_size(graft->message);
    bool whole = true;
    for (guint i = 0; i < piece->passages->len; i++) {
        const Passage *from = piece->passages->pdata[i];
        bool room = graft->message->passages->len < max_passages && size + from->len <= max_bytes;
        if (room && from->part < graft->kept) {
            graft_passage(graft, from);
            size += from->len;
        } else {
            whole = false;
        }
    }
    return whole;
}

static void graft_rest(const Graft *graft, const Message *piece)
{
    for (guint i = 0; i < piece->addresses->len; i++) {
        const MessageAddress *from = piece->addresses->pdata[i];
        if (from->part < graft->kept)
            message_add_address(graft->message, from->header, graft_index(graft, from->part), from->instance,
                                from->name, from->address);
    }
    for (guint i = 0; i < piece->facts->len; i++) {
        const Fact *from = piece->facts->pdata[i];
        bool kept = from->part < (int)graft->kept;
        guint part = from->part < 0 || !kept ? graft->part : graft_index(graft, (guint)from->part);
        message_add_fact(graft->message, from->name, (int)part, from->detail);
    }
}

void message_graft(Message *message, guint part, const Message *piece, guint max_parts, guint max_passages,
                   gsize max_bytes)
{
    Graft graft = {.message = message, .part = part, .first = message->parts->len, .kept = 1};
    graft_top(&graft, piece->parts->pdata[0]);
    graft_parts(&graft, piece, max_parts);
    bool whole = graft.kept == piece->parts->len;
    whole &= graft_passages(&graft, piece, max_passages, max_bytes);
    graft_rest(&graft, piece);
    if (!whole)
        message_add_fact(message, "incomplete", (int)part, "more parts or text than are kept");
}
