// Parsing what a condition asks of the message as a whole: whom it reaches, when it came, what is attached, its links.
#include "policy/internal.h"

#include <string.h>

void message_cond_free(MessageCond *cond)
{
    if (!cond)
        return;
    if (cond->attachment) {
        g_strfreev(cond->attachment->types);
        g_strfreev(cond->attachment->names);
        g_strfreev(cond->attachment->sha256);
    }
    if (cond->header) {
        g_free(cond->header->name);
        g_strfreev(cond->header->values);
    }
    if (cond->link) {
        g_strfreev(cond->link->hosts);
        g_strfreev(cond->link->paths);
    }
    g_free(cond->group);
    g_free(cond->time);
    g_free(cond->attachment);
    g_free(cond->header);
    g_free(cond->link);
    g_strfreev(cond->list_ids);
    g_free(cond);
}

// ---- times -----------------------------------------------------------------------------------------------

int parser_date(PolicyParser *parser, const config_setting_t *setting, const char *key, const char *text)
{
    int year = 0, month = 0, day = 0;
    char rest = 0;
    bool good = text && strlen(text) == 10 &&
                sscanf(text, "%4d-%2d-%2d%c", &year, &month, &day, &rest) == 3 && month >= 1 && day >= 1 &&
                g_date_valid_dmy((GDateDay)day, (GDateMonth)month, (GDateYear)year);
    if (!good)
        parser_mistake(parser, setting, key, "\"%s\" is no date; write it as 2026-09-01", text ? text : "");
    return good ? year * 10000 + month * 100 + day : 0;
}

int parser_minutes(PolicyParser *parser, const config_setting_t *group, const char *key)
{
    g_autofree char *text = parser_string(parser, group, key);
    int hour = 0, minute = 0;
    char rest = 0;
    if (!text)
        return -1;
    bool good = strlen(text) == 5 && sscanf(text, "%2d:%2d%c", &hour, &minute, &rest) == 2 && hour >= 0 &&
                hour <= 24 && minute >= 0 && minute < 60 && hour * 60 + minute <= 24 * 60;
    if (!good)
        parser_mistake(parser, config_setting_get_member(group, key), key,
                       "\"%s\" is no time of day; write it as 18:00", text);
    return good ? hour * 60 + minute : -1;
}

static const char *day_name(int index)
{
    static const char *const names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    return names[index];
}

guint parser_days(PolicyParser *parser, const config_setting_t *group, const char *key)
{
    return parser_mask(parser, group, key, day_name, 7);
}

TimeCond *time_parse(PolicyParser *parser, const config_setting_t *group, const char *key)
{
    static const char *const keys[] = {"days", "from", "until", "calendar", NULL};
    parser_known_keys(parser, group, keys);
    TimeCond *when = g_new0(TimeCond, 1);
    when->days = parser_days(parser, group, "days");
    when->from = parser_minutes(parser, group, "from");
    when->until = parser_minutes(parser, group, "until");
    g_autofree char *calendar = parser_string(parser, group, "calendar");
    when->calendar = calendar ? g_hash_table_lookup(parser->calendars, calendar) : NULL;
    if (calendar && !when->calendar)
        parser_mistake(parser, config_setting_get_member(group, "calendar"), key,
                       "no calendar \"%s\"; define it in section calendars", calendar);
    return when;
}

// ---- groups ----------------------------------------------------------------------------------------------

// A member that must be a group; NULL when it is absent or reported.
static const config_setting_t *cond_group(PolicyParser *parser, const config_setting_t *group,
                                          const char *key)
{
    const config_setting_t *member = config_setting_get_member(group, key);
    bool good = member && config_setting_is_group(member) && config_setting_length(member) > 0;
    if (member && !good)
        parser_mistake(parser, member, key, "must be a group with something in it: { ... }");
    return good ? member : NULL;
}

// A number, or { min max }.
static CountCond count_parse(PolicyParser *parser, const config_setting_t *group, const char *key)
{
    static const char *const keys[] = {"min", "max", NULL};
    CountCond count = {-1, -1};
    const config_setting_t *member = config_setting_get_member(group, key);
    if (member && config_setting_is_group(member)) {
        parser_known_keys(parser, member, keys);
        (void)parser_int(parser, member, "min", 0, G_MAXINT, &count.least);
        (void)parser_int(parser, member, "max", 0, G_MAXINT, &count.most);
        if (count.least < 0 && count.most < 0)
            parser_mistake(parser, member, key, "asks for nothing; give min, max or a number");
    } else if (parser_int(parser, group, key, 0, G_MAXINT, &count.least)) {
        count.most = count.least;
    }
    return count;
}

static GroupCond *reach_parse(PolicyParser *parser, const config_setting_t *group)
{
    static const char *const keys[] = {"recipients", "students",   "staff", "guardians",
                                       "outsiders",  "one-to-one", NULL};
    const config_setting_t *member = cond_group(parser, group, "group");
    if (!member)
        return NULL;
    GroupCond *reach = g_new0(GroupCond, 1);
    parser_known_keys(parser, member, keys);
    for (int i = 0; i < GROUP_LAST; i++)
        reach->counts[i] = count_parse(parser, member, keys[i]);
    reach->one_to_one = parser_bool(parser, member, "one-to-one");
    return reach;
}

static const char *copied_name(int index)
{
    static const char *const names[] = {"all", "some", "none"};
    return names[index];
}

static const char *part_state_name(int state)
{
    static const char *const names[] = {"read", "unread", "failed", "container", "waiting", "skipped"};
    return names[state];
}

static bool is_sha256(const char *text)
{
    return strlen(text) == 64 && strspn(text, "0123456789abcdefABCDEF") == 64;
}

static AttachmentCond *attachment_parse(PolicyParser *parser, const config_setting_t *group)
{
    static const char *const keys[] = {"type", "name", "sha256", "state", "min-size", "max-size", NULL};
    const config_setting_t *member = cond_group(parser, group, "attachment");
    if (!member)
        return NULL;
    AttachmentCond *attachment = g_new0(AttachmentCond, 1);
    parser_known_keys(parser, member, keys);
    attachment->types = parser_strings(parser, member, "type");
    attachment->names = parser_strings(parser, member, "name");
    attachment->sha256 = parser_strings(parser, member, "sha256");
    attachment->states = parser_mask(parser, member, "state", part_state_name, PART_SKIPPED + 1);
    attachment->least = attachment->most = -1;
    (void)parser_int(parser, member, "min-size", 0, G_MAXINT, &attachment->least);
    (void)parser_int(parser, member, "max-size", 0, G_MAXINT, &attachment->most);
    for (guint i = 0; attachment->sha256 && attachment->sha256[i]; i++)
        if (!is_sha256(attachment->sha256[i]))
            parser_mistake(parser, config_setting_get_member(member, "sha256"), "sha256",
                           "\"%s\" is no SHA-256; sha256sum gives its 64 figures", attachment->sha256[i]);
    return attachment;
}

static HeaderCond *header_parse(PolicyParser *parser, const config_setting_t *group)
{
    static const char *const keys[] = {"name", "value", NULL};
    const config_setting_t *member = cond_group(parser, group, "header");
    if (!member)
        return NULL;
    HeaderCond *header = g_new0(HeaderCond, 1);
    parser_known_keys(parser, member, keys);
    header->name = parser_string(parser, member, "name");
    header->values = parser_strings(parser, member, "value");
    if (!header->name)
        parser_mistake(parser, member, "name", "is missing; say which header: name = \"X-Campaign\"");
    return header;
}

static LinkCond *link_parse(PolicyParser *parser, const config_setting_t *group)
{
    static const char *const keys[] = {"host", "path", "approved", "layer", NULL};
    const config_setting_t *member = cond_group(parser, group, "link");
    if (!member)
        return NULL;
    LinkCond *link = g_new0(LinkCond, 1);
    parser_known_keys(parser, member, keys);
    link->hosts = parser_strings(parser, member, "host");
    link->paths = parser_strings(parser, member, "path");
    link->approved = parser_bool(parser, member, "approved");
    link->layers = parser_mask(parser, member, "layer", names_layer, LAYER_LAST);
    for (guint i = 0; link->hosts && link->hosts[i]; i++)
        if (strpbrk(link->hosts[i], "/:@ "))
            parser_mistake(parser, config_setting_get_member(member, "host"), "host",
                           "\"%s\" is no host; write \"example.com\", and what follows it as path",
                           link->hosts[i]);
    return link;
}

MessageCond *message_cond_parse(PolicyParser *parser, const config_setting_t *group)
{
    static const char *const keys[] = {"group",   "guardians", "time", "attachment",
                                       "list-id", "header",    "link"};
    bool any = false;
    for (guint i = 0; i < G_N_ELEMENTS(keys) && !any; i++)
        any = config_setting_get_member(group, keys[i]) != NULL;
    if (!any)
        return NULL;
    MessageCond *cond = g_new0(MessageCond, 1);
    const config_setting_t *when = cond_group(parser, group, "time");
    cond->group = reach_parse(parser, group);
    cond->time = when ? time_parse(parser, when, "time") : NULL;
    cond->attachment = attachment_parse(parser, group);
    cond->header = header_parse(parser, group);
    cond->link = link_parse(parser, group);
    cond->list_ids = parser_strings(parser, group, "list-id");
    int copied = parser_name(parser, group, "guardians", copied_name, 3);
    cond->guardians = copied < 0 ? COPIED_NOT_ASKED : (CopiedCond)(copied + 1);
    return cond;
}
