// Mailboxes that the message's own header fields name: most of them are only how mail is addressed.
#include "detect/attribute.h"

#include <string.h>

bool attribute_is_address(const Passage *passage)
{
    static const char *const FIELDS[] = {
        "From",          "Sender",          "Reply-To",      "Resent-From",
        "Resent-Sender", "Resent-Reply-To", "Mail-Reply-To", "Disposition-Notification-To",
    };
    bool found = false;
    for (guint i = 0;
         passage->origin == ORIGIN_HEADER && passage->header && !found && i < G_N_ELEMENTS(FIELDS); i++)
        found = g_ascii_strcasecmp(passage->header, FIELDS[i]) == 0;
    return found;
}

// "jane@example.org" <jane@example.org> is common, and a list's own address in its fields.
bool attribute_is_expected(const AttributeScene *scene, const Passage *passage, const Finding *finding)
{
    const Party *sender = scene->parties->sender;
    bool subject = passage->header && g_ascii_strcasecmp(passage->header, "Subject") == 0;
    bool field = passage->origin == ORIGIN_NAME || (passage->origin == ORIGIN_HEADER && !subject);
    bool common = finding->owner == OWNER_SCHOOL || finding->owner == OWNER_PUBLISHED ||
                  (sender && g_strcmp0(sender->canonical, finding->value) == 0);
    bool stranger = passage->part == 0 && (!sender || sender->role <= ROLE_LIST_UNKNOWN);
    return finding->kind == KIND_EMAIL && field && (common || (stranger && attribute_is_address(passage)));
}

GHashTable *attribute_header_addresses(const Config *config, const Message *message)
{
    GHashTable *set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < message->addresses->len; i++) {
        const MessageAddress *address = g_ptr_array_index(message->addresses, i);
        char *canonical = roster_canonical_address(config, address->address);
        if (canonical)
            g_hash_table_add(set, canonical);
    }
    return set;
}
