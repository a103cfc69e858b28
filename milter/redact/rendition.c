// A message as lines of text.
#include "redact/internal.h"

#include "message/facts.h"

#include <string.h>

// Longer lines are broken at a space: numbers of lines are to find a place by.
#define LINE_MOST 1000

typedef struct {
    const Message *message;
    Rendition *rendition;
    GArray *attachments;  // guint a part: the number of the attachment it is or is in; 0 = the message itself
    GHashTable *headed;   // messages in the message whose header stands there
    GString *text;        // of the section that is being written
    RenditionSection *at; // that section
    guint part;           // of its last passage
    PassageOrigin origin;
    const char *place;
    guint hidden, properties;
    guint line; // number of the next
} Making;

static void section_free(RenditionSection *section)
{
    g_free(section->label);
    g_free(section->text);
    g_free(section->sha256);
    g_array_unref(section->passages);
    g_array_unref(section->starts);
    g_array_unref(section->line_starts);
    g_free(section);
}

void rendition_free(Rendition *rendition)
{
    if (rendition == NULL)
        return;
    g_clear_pointer(&rendition->sections, g_ptr_array_unref);
    g_clear_pointer(&rendition->notes, g_ptr_array_unref);
    g_free(rendition->salt);
    g_free(rendition);
}

// ---- clean text ------------------------------------------------------------------------------------------

// Characters that turn the direction of writing or cannot be seen.
bool rendition_hides(gunichar c)
{
    return c == 0xad || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x2069) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
           (c >= 0xe0000 && c <= 0xe007f);
}

// In place; every byte keeps its place, so that what stands at a place of the passage stands there in the section.
static void clean(char *text, gsize len)
{
    for (char *at = text, *end = text + len; at < end;) {
        gunichar c = g_utf8_get_char(at);
        gsize bytes = (gsize)(g_utf8_next_char(at) - at);
        if (c == '\f' || c == '\v' || (c == '\r' && (at + 1 == end || at[1] != '\n')))
            *at = '\n';
        else if ((c < 0x20 && c != '\n') || (c >= 0x7f && c < 0xa0))
            memset(at, ' ', bytes);
        at += bytes;
    }
}

static void break_lines(char *text, gsize len)
{
    char *start = text, *space = NULL;
    for (char *at = text; at < text + len; at++) {
        if (*at == ' ')
            space = at;
        if (*at != '\n' && (at - start < LINE_MOST || space == NULL))
            continue;
        if (*at != '\n')
            *space = '\n';
        start = *at == '\n' ? at + 1 : space + 1;
        space = NULL;
    }
}

// ---- sections --------------------------------------------------------------------------------------------

static void index_lines(RenditionSection *section)
{
    gsize start = 0;
    for (gsize i = 0; i < section->len; i++) {
        if (section->text[i] != '\n')
            continue;
        g_array_append_val(section->line_starts, start);
        section->lines++;
        start = i + 1;
    }
}

static void section_end(Making *making)
{
    RenditionSection *section = making->at;
    making->at = NULL;
    if (section == NULL)
        return;
    if (making->text->len == 0 || making->text->str[making->text->len - 1] != '\n')
        g_string_append_c(making->text, '\n');
    section->len = making->text->len;
    section->text = g_string_free(g_steal_pointer(&making->text), FALSE);
    clean(section->text, section->len);
    break_lines(section->text, section->len);
    section->sha256 = sha256_hex(section->text, section->len);
    section->first_line = making->line;
    index_lines(section);
    making->line += section->lines;
    g_ptr_array_add(making->rendition->sections, section);
}

// Takes the label.
static void section_begin(Making *making, char *label)
{
    section_end(making);
    making->at = g_new0(RenditionSection, 1);
    making->at->label = label;
    making->at->passages = g_array_new(FALSE, FALSE, sizeof(guint));
    making->at->starts = g_array_new(FALSE, FALSE, sizeof(gsize));
    making->at->line_starts = g_array_new(FALSE, FALSE, sizeof(gsize));
    making->text = g_string_new(NULL);
}

// ---- parts -----------------------------------------------------------------------------------------------

static const Part *part_of(const Message *message, guint part)
{
    return message->parts->pdata[part];
}

static bool is_file(const Part *part)
{
    bool shown = strcmp(part->type, "text/plain") == 0 || strcmp(part->type, "text/html") == 0;
    return part->attachment || (part->name != NULL && *part->name != '\0') ||
           (!shown && part->state != PART_CONTAINER && !g_str_has_prefix(part->type, "multipart/")) ||
           g_str_has_prefix(part->type, "message/");
}

// Numbers attachments of the message itself, in order; parents stand before their children.
static void number_attachments(Making *making)
{
    guint last = 0, none = 0;
    g_array_append_val(making->attachments, none);
    for (guint i = 1; i < making->message->parts->len; i++) {
        const Part *part = part_of(making->message, i);
        guint above = g_array_index(making->attachments, guint, (guint)MAX(part->parent, 0));
        guint number = above != 0 ? above : is_file(part) ? ++last : 0;
        g_array_append_val(making->attachments, number);
    }
}

static guint attachment_of(const Making *making, guint part)
{
    return g_array_index(making->attachments, guint, part);
}

// ---- headers ---------------------------------------------------------------------------------------------

static void put_line(GString *out, const char *name, const char *value)
{
    if (value == NULL || *value == '\0')
        return;
    g_autofree char *line = g_strdup(value);
    g_strdelimit(line, "\r\n", ' ');
    g_string_append_printf(out, "%s: %s\n", name, line);
}

static void put_addresses(GString *out, const Message *message, guint part, const char *header)
{
    g_autoptr(GString) all = g_string_new(NULL);
    for (guint i = 0; i < message->addresses->len; i++) {
        const MessageAddress *one = message->addresses->pdata[i];
        if (one->part != part || g_ascii_strcasecmp(one->header, header) != 0)
            continue;
        bool named = one->name != NULL && *one->name != '\0';
        g_string_append_printf(all, "%s%s%s%s%s", all->len > 0 ? "; " : "", named ? one->name : "",
                               named ? " <" : "", one->address, named ? ">" : "");
    }
    put_line(out, header, all->str);
}

// First value of a header of a message in the message.
static const char *inner_header(const Message *message, guint part, const char *header)
{
    const char *value = NULL;
    for (guint i = 0; i < message->passages->len && value == NULL; i++) {
        const Passage *passage = message->passages->pdata[i];
        if (passage->part == part && passage->origin == ORIGIN_HEADER && passage->reading == NULL &&
            g_ascii_strcasecmp(passage->header != NULL ? passage->header : "", header) == 0)
            value = passage->text;
    }
    return value;
}

static void put_header(GString *out, const Message *message, guint part)
{
    static const char *const NAMES[] = {"From", "Sender", "Reply-To", "To", "Cc"};
    for (guint i = 0; i < G_N_ELEMENTS(NAMES); i++)
        put_addresses(out, message, part, NAMES[i]);
    put_line(out, "Date", part == 0 ? message->date : inner_header(message, part, "Date"));
    put_line(out, "Subject", part == 0 ? message->subject : inner_header(message, part, "Subject"));
}

static void make_header(Making *making)
{
    const Message *message = making->message;
    section_begin(making, g_strdup("Header"));
    put_header(making->text, message, 0);
    for (guint i = 1; i < message->parts->len; i++) {
        guint number = attachment_of(making, i), above = (guint)MAX(part_of(message, i)->parent, 0);
        if (number == 0 || attachment_of(making, above) == number)
            continue;
        const char *name = part_of(message, i)->name;
        g_autofree char *field = g_strdup_printf("Attachment %u", number);
        put_line(making->text, field, name != NULL && *name != '\0' ? name : "(without a name)");
    }
    section_end(making);
}

static void make_inner_header(Making *making, guint part)
{
    if (!g_hash_table_add(making->headed, GUINT_TO_POINTER(part)))
        return;
    guint number = attachment_of(making, part);
    section_begin(making, number != 0 ? g_strdup_printf("Attachment %u, header", number)
                                      : g_strdup("Header of a message in it"));
    put_header(making->text, making->message, part);
    if (making->text->len == 0) {
        g_clear_pointer(&making->at, section_free);
        g_string_free(g_steal_pointer(&making->text), TRUE);
    }
    section_end(making);
}

// ---- passages --------------------------------------------------------------------------------------------

// "page 3": says nothing of the message.
static bool place_is_plain(const char *place)
{
    const char *figures = g_str_has_prefix(place, "page ")    ? place + 5
                          : g_str_has_prefix(place, "slide ") ? place + 6
                                                              : NULL;
    return figures != NULL && *figures != '\0' && strspn(figures, "0123456789") == strlen(figures);
}

static char *label_of(const Making *making, const Passage *passage)
{
    guint number = attachment_of(making, passage->part);
    const char *name = passage->origin == ORIGIN_HTML        ? "HTML"
                       : passage->origin == ORIGIN_ATTRIBUTE ? "Words for pictures and fields"
                                                             : "Text";
    if (number == 0)
        return g_strdup(name);
    bool plain = passage->place != NULL && place_is_plain(passage->place);
    return g_strdup_printf("Attachment %u%s%s", number, plain ? ", " : "", plain ? passage->place : "");
}

static bool is_wanted(Making *making, const Passage *passage)
{
    bool never = passage->reading != NULL || passage->origin == ORIGIN_HTML_SOURCE ||
                 passage->origin == ORIGIN_SWEEP || passage->origin == ORIGIN_FILENAME ||
                 passage->origin == ORIGIN_LINK || passage->origin == ORIGIN_PROLOGUE;
    bool properties = !never && passage->origin == ORIGIN_METADATA;
    bool hidden = !never && !properties && passage->visibility != VISIBILITY_SHOWN;
    making->properties += properties;
    making->hidden += hidden;
    return !never && !properties && !hidden;
}

static void put_passage(Making *making, guint index, const Passage *passage)
{
    if (passage->header != NULL && *passage->header != '\0')
        g_string_append_printf(making->text, "%s: ", passage->header);
    gsize start = making->text->len;
    g_array_append_val(making->at->passages, index);
    g_array_append_val(making->at->starts, start);
    g_string_append_len(making->text, passage->text, (gssize)passage->len);
    if (making->text->len > 0 && making->text->str[making->text->len - 1] != '\n')
        g_string_append_c(making->text, '\n');
}

// Names of files in archives, of sheets: words of the message, and so in its text.
static void put_place(Making *making, const Passage *passage)
{
    const Part *part = part_of(making->message, passage->part);
    guint above = (guint)MAX(part->parent, 0);
    bool inner = attachment_of(making, passage->part) != 0 &&
                 attachment_of(making, above) == attachment_of(making, passage->part);
    g_autofree char *name = g_strdup(inner && part->name != NULL ? part->name : "");
    g_autofree char *place =
        g_strdup(passage->place != NULL && !place_is_plain(passage->place) ? passage->place : "");
    g_strdelimit(name, "\r\n", ' ');
    g_strdelimit(place, "\r\n", ' ');
    if (*name != '\0' || *place != '\0')
        g_string_append_printf(making->text, "[%s%s%s]\n", name, *name != '\0' && *place != '\0' ? ", " : "",
                               place);
}

static void make_passages(Making *making)
{
    const Message *message = making->message;
    for (guint i = 0; i < message->passages->len; i++) {
        const Passage *passage = message->passages->pdata[i];
        if (passage->origin == ORIGIN_HEADER || passage->origin == ORIGIN_NAME) {
            if (passage->part > 0)
                make_inner_header(making, passage->part);
            continue;
        }
        if (!is_wanted(making, passage))
            continue;
        bool same = making->at != NULL && making->part == passage->part &&
                    making->origin == passage->origin && g_strcmp0(making->place, passage->place) == 0;
        if (!same) {
            section_begin(making, label_of(making, passage));
            put_place(making, passage);
        }
        making->part = passage->part;
        making->origin = passage->origin;
        making->place = passage->place;
        put_passage(making, i, passage);
    }
    section_end(making);
}

// ---- what is not in it -----------------------------------------------------------------------------------

static void make_notes(Making *making)
{
    const Message *message = making->message;
    GPtrArray *notes = making->rendition->notes;
    for (guint i = 0; i < message->facts->len; i++) {
        const Fact *fact = message->facts->pdata[i];
        FactClass cls = FACT_ODD;
        const char *meaning = NULL;
        if (message_fact_lookup(fact->name, &cls, &meaning) == NULL || cls != FACT_UNREADABLE)
            continue;
        guint number = fact->part > 0 ? attachment_of(making, (guint)fact->part) : 0;
        char *note = number != 0 ? g_strdup_printf("Attachment %u: %s", number, meaning)
                                 : g_strdup_printf("The message: %s", meaning);
        if (g_ptr_array_find_with_equal_func(notes, note, g_str_equal, NULL))
            g_free(note);
        else
            g_ptr_array_add(notes, note);
    }
    if (making->hidden > 0)
        g_ptr_array_add(notes, g_strdup_printf("%u stretches of text that no program shows", making->hidden));
    if (making->properties > 0)
        g_ptr_array_add(notes, g_strdup_printf("%u properties of files", making->properties));
}

Rendition *rendition_new(const Message *message, const json_t *meta)
{
    Rendition *rendition = g_new0(Rendition, 1);
    rendition->sections = g_ptr_array_new_with_free_func((GDestroyNotify)section_free);
    rendition->notes = g_ptr_array_new_with_free_func(g_free);
    rendition->salt = g_strdup(json_string_value(json_object_get(meta, "salt")));
    g_autoptr(GArray) attachments = g_array_new(FALSE, FALSE, sizeof(guint));
    g_autoptr(GHashTable) headed = g_hash_table_new(NULL, NULL);
    Making making = {
        .message = message, .rendition = rendition, .attachments = attachments, .headed = headed, .line = 1};
    number_attachments(&making);
    make_header(&making);
    make_passages(&making);
    make_notes(&making);
    return rendition;
}

// ---- lines -----------------------------------------------------------------------------------------------

guint rendition_line(const Rendition *rendition, guint section, gsize at)
{
    const RenditionSection *here = rendition->sections->pdata[section];
    guint low = 0, high = here->lines;
    while (high - low > 1) {
        guint middle = low + (high - low) / 2;
        if (g_array_index(here->line_starts, gsize, middle) <= at)
            low = middle;
        else
            high = middle;
    }
    return here->first_line + low;
}

char *rendition_text(const Rendition *rendition)
{
    GPtrArray *none = g_ptr_array_new();
    g_autoptr(Draft) draft = draft_new(rendition, none);
    g_ptr_array_unref(none);
    return draft_text(draft, NULL);
}
