// Whose words a stretch of the message is: the sender's, or of whom a line above it names.
#include "detect/attribute.h"

#include <string.h>

#define AUTHOR_NAME 60 // bytes of a line that is but a name

bool attribute_is_sender(const AttributeScene *scene, const char *person)
{
    const Party *sender = scene->parties->sender;
    return sender && sender->person && g_strcmp0(sender->person, person) == 0;
}

// What the sender's own words make somebody: a student's detail is a student's also when it is the writer's.
Owner attribute_own(const AttributeScene *scene)
{
    const Party *sender = scene->parties->sender;
    Owner owner = OWNER_SENDER;
    if (sender && sender->role == ROLE_STUDENT)
        owner = OWNER_STUDENT;
    else if (sender && sender->role == ROLE_GUARDIAN)
        owner = OWNER_GUARDIAN;
    return owner;
}

Owner attribute_role_owner(Role role)
{
    static const Owner OWNERS[] = {
        [ROLE_EXTERNAL] = OWNER_THIRD_PARTY, [ROLE_SERVICE] = OWNER_SCHOOL,    [ROLE_LIST] = OWNER_SCHOOL,
        [ROLE_LIST_UNKNOWN] = OWNER_SCHOOL,  [ROLE_GUARDIAN] = OWNER_GUARDIAN, [ROLE_STUDENT] = OWNER_STUDENT,
        [ROLE_STAFF] = OWNER_STAFF};
    return OWNERS[role];
}

// The first mailbox in `text`; NULL when there is none. Caller frees.
static char *attribute_mailbox_in(const AttributeScene *scene, const char *text, gsize len)
{
    const char *at = memchr(text, '@', len);
    char *found = NULL;
    if (at) {
        static const char STOP[] = " \t\r\n<>()[]\"',;:";
        const char *start = at, *end = at;
        while (start > text && !strchr(STOP, start[-1]))
            start--;
        while (end < text + len && !strchr(STOP, *end))
            end++;
        g_autofree char *word = g_strndup(start, (gsize)(end - start));
        found = roster_canonical_address(scene->config, word);
    }
    return found;
}

static void attribute_author_is(const AttributeScene *scene, const Party *party, Author *author)
{
    bool own =
        attribute_is_sender(scene, party->person) ||
        (scene->parties->sender && g_strcmp0(party->canonical, scene->parties->sender->canonical) == 0);
    author->kind = own ? AUTHOR_SENDER : AUTHOR_PARTY;
    author->owner = own ? attribute_own(scene) : attribute_role_owner(party->role);
    author->person = g_strdup(party->person);
}

// The last naming line that begins at or before byte `at`.
static const LayerAuthor *attribute_author_line(const GArray *authors, gsize at)
{
    guint low = 0, high = authors->len;
    while (low < high) {
        guint mid = low + (high - low) / 2;
        if (g_array_index(authors, LayerAuthor, mid).start <= at)
            low = mid + 1;
        else
            high = mid;
    }
    return low ? &g_array_index(authors, LayerAuthor, low - 1) : NULL;
}

bool attribute_is_authors_name(const AttributePassage *passage, gsize start, gsize end)
{
    const LayerAuthor *named = attribute_author_line(passage->authors, start);
    const char *text = passage->passage->text;
    guint words = 0;
    bool ok = named && start >= named->end && end - start <= AUTHOR_NAME;
    g_autofree char *line = ok ? g_strndup(text + named->start, named->end - named->start) : NULL;
    while (ok && start < end) {
        gsize from = start;
        while (start < end && (g_ascii_isalpha(text[start]) || (guchar)text[start] >= 0x80))
            start++;
        g_autofree char *word = g_strndup(text + from, start - from);
        if (*word) {
            ok = strstr(line, word) != NULL && (strlen(word) > 1 || words);
            words++;
        } else {
            ok = !g_ascii_isdigit(text[start]);
            start++;
        }
    }
    return ok && words;
}

// The author that the line above a quoted stretch names: by address, else by the sender's or a recipient's
// name, else the only recipient, whom the message answers.
bool attribute_author(const AttributeScene *scene, const AttributePassage *passage, gsize at, Author *author,
                      GError **error)
{
    const LayerAuthor *named = attribute_author_line(passage->authors, at);
    const char *text = named ? passage->passage->text + named->start : "";
    gsize len = named ? named->end - named->start : 0;
    g_autofree char *mailbox = attribute_mailbox_in(scene, text, len);
    const GPtrArray *rcpts = scene->parties->rcpts;
    bool ok = true;
    *author = (Author){AUTHOR_STRANGER, OWNER_THIRD_PARTY, NULL};
    if (mailbox) {
        g_autoptr(Party) party = roster_resolve(scene->roster, mailbox, error);
        ok = party != NULL;
        if (party)
            attribute_author_is(scene, party, author);
    } else if (named && attribute_names_sender(scene, text, len)) {
        author->kind = AUTHOR_SENDER;
    } else if (!named && rcpts && rcpts->len == 1) {
        const Party *party = g_ptr_array_index(rcpts, 0);
        if (party->role != ROLE_LIST && party->role != ROLE_LIST_UNKNOWN && party->role != ROLE_EXTERNAL)
            attribute_author_is(scene, party, author);
    }
    for (guint i = 0; named && !mailbox && author->kind == AUTHOR_STRANGER && rcpts && i < rcpts->len; i++) {
        const Party *party = g_ptr_array_index(rcpts, i);
        g_autofree char *line = g_utf8_casefold(text, (gssize)len);
        g_autofree char *name = party->name ? g_utf8_casefold(party->name, -1) : NULL;
        if (name && strstr(line, name))
            attribute_author_is(scene, party, author);
    }
    return ok;
}
