// A condition in words: what it asks of the message, and how its branches join.
#include "policy/explain.h"

#include <string.h>

void explain_line(Explainer *explainer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_ptr_array_add(explainer->lines, g_strdup_printf("%*s%s", (int)explainer->level * 2, "", text));
}

// ---- the message as a whole ------------------------------------------------------------------------------

static void explain_count(Explainer *explainer, const CountCond *count, GroupCount which)
{
    static const char *const one[GROUP_LAST] = {"person beside the sender", "student", "member of staff",
                                                "guardian", "person outside the district"};
    static const char *const many[GROUP_LAST] = {"people beside the sender", "students", "members of staff",
                                                 "guardians", "people outside the district"};
    const char *people = MAX(count->least, count->most) == 1 ? one[which] : many[which];
    if (count->least >= 0 && count->least == count->most)
        explain_line(explainer, "- it reaches exactly %d %s", count->least, people);
    else if (count->least >= 0 && count->most >= 0)
        explain_line(explainer, "- it reaches %d to %d %s", count->least, count->most, people);
    else if (count->least >= 0)
        explain_line(explainer, "- it reaches at least %d %s", count->least, people);
    else if (count->most >= 0)
        explain_line(explainer, "- it reaches at most %d %s", count->most, people);
}

static void explain_group(Explainer *explainer, const GroupCond *group)
{
    for (int i = 0; i < GROUP_LAST; i++)
        explain_count(explainer, &group->counts[i], (GroupCount)i);
    if (group->one_to_one != TRI_UNKNOWN)
        explain_line(explainer, group->one_to_one == TRI_YES
                                    ? "- it reaches one person only, members of lists counted"
                                    : "- it reaches more than one person, members of lists counted");
}

static const char *calendar_name(const Policy *policy, const Calendar *calendar)
{
    GHashTableIter iter;
    gpointer name, value;
    g_hash_table_iter_init(&iter, policy->calendars);
    while (g_hash_table_iter_next(&iter, &name, &value))
        if (value == calendar)
            return name;
    return "?";
}

static const char *day_words(int day)
{
    static const char *const names[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                        "Friday", "Saturday", "Sunday"};
    return names[day];
}

static void explain_time(Explainer *explainer, const TimeCond *when)
{
    g_autoptr(GString) out = g_string_new("- it comes");
    if (when->days) {
        g_autofree char *days = explain_mask(when->days, day_words, 7);
        g_string_append_printf(out, " on %s", days);
    }
    if (when->from >= 0)
        g_string_append_printf(out, " from %02d:%02d on", when->from / 60, when->from % 60);
    if (when->until >= 0)
        g_string_append_printf(out, " until %02d:%02d%s", when->until / 60, when->until % 60,
                               when->from > when->until ? " of the next day" : "");
    if (when->calendar)
        g_string_append_printf(out, ", on a day of the calendar %s",
                               calendar_name(explainer->policy, when->calendar));
    explain_line(explainer, "%s", out->str);
}

static void append_choice(GString *out, const char *before, char *const *texts)
{
    g_autofree char *choice = texts ? explain_choice(texts) : NULL;
    if (choice)
        g_string_append_printf(out, "%s%s", before, choice);
}

static const char *state_words(int state)
{
    static const char *const names[] = {"was read",         "is of no format that is read",
                                        "failed to read",   "is a container",
                                        "waits to be read", "was not read"};
    return names[state];
}

static void explain_attachment(Explainer *explainer, const AttachmentCond *attachment)
{
    g_autoptr(GString) out = g_string_new("- something is attached");
    append_choice(out, " of the type ", attachment->types);
    append_choice(out, " with the name ", attachment->names);
    append_choice(out, " with the SHA-256 ", attachment->sha256);
    if (attachment->states) {
        g_autofree char *states = explain_mask(attachment->states, state_words, PART_SKIPPED + 1);
        g_string_append_printf(out, " that %s", states);
    }
    if (attachment->least >= 0)
        g_string_append_printf(out, ", %d bytes or more", attachment->least);
    if (attachment->most >= 0)
        g_string_append_printf(out, ", %d bytes or less", attachment->most);
    explain_line(explainer, "%s", out->str);
}

static void explain_link(Explainer *explainer, const LinkCond *link)
{
    g_autoptr(GString) out = g_string_new("- it holds a link");
    append_choice(out, " to ", link->hosts);
    append_choice(out, " with the path ", link->paths);
    if (link->layers) {
        g_autofree char *layers = explain_mask(link->layers, names_layer, LAYER_LAST);
        g_string_append_printf(out, " in the part %s", layers);
    }
    if (link->approved != TRI_UNKNOWN)
        g_string_append(out, link->approved == TRI_YES ? " to a tool that is approved on that day"
                                                       : " that leads to no tool approved on that day");
    explain_line(explainer, "%s", out->str);
}

void explain_message(Explainer *explainer, const MessageCond *message)
{
    static const char *const copied[] = {
        [COPIED_ALL] = "- a guardian of each student it reaches is copied",
        [COPIED_SOME] = "- guardians of some students it reaches are copied, not of all",
        [COPIED_NONE] = "- it reaches students, and no guardian of theirs is copied"};
    if (message->group)
        explain_group(explainer, message->group);
    if (message->guardians != COPIED_NOT_ASKED)
        explain_line(explainer, "%s", copied[message->guardians]);
    if (message->time)
        explain_time(explainer, message->time);
    if (message->attachment)
        explain_attachment(explainer, message->attachment);
    if (message->header) {
        g_autofree char *values = message->header->values ? explain_choice(message->header->values) : NULL;
        explain_line(explainer, "- it has the header field %s%s%s", message->header->name, values ? ": " : "",
                     values ? values : "");
    }
    if (message->link)
        explain_link(explainer, message->link);
    if (message->list_ids) {
        g_autofree char *ids = explain_choice(message->list_ids);
        explain_line(explainer, "- it comes through the list %s", ids);
    }
}

// ---- facts -----------------------------------------------------------------------------------------------

static GPtrArray *fact_meanings(const FactCond *fact)
{
    static const char *const classes[] = {
        [FACT_UNREADABLE] = "something in it could not be read (class:unreadable)",
        [FACT_AMBIGUOUS] = "mail programs may read it in different ways (class:ambiguous)",
        [FACT_ODD] = "something in it is odd (class:odd)"};
    GPtrArray *out = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < G_N_ELEMENTS(classes); i++)
        if (fact->classes & (1u << i))
            g_ptr_array_add(out, g_strdup(classes[i]));
    for (guint i = 0; i < fact->names->len; i++) {
        const char *meaning = NULL, *name = fact->names->pdata[i];
        (void)message_fact_lookup(name, NULL, &meaning);
        g_ptr_array_add(out, g_strdup_printf("fact %s: %s", name, meaning ? meaning : "of the reader"));
    }
    for (int i = 0; i < DERIVED_LAST; i++)
        if (fact->derived & (1u << i))
            g_ptr_array_add(out, g_strdup(explain_derived((Derived)i)));
    return out;
}

static void explain_fact(Explainer *explainer, const FactCond *fact)
{
    g_autoptr(GPtrArray) meanings = fact_meanings(fact);
    if (meanings->len > 1)
        explain_line(explainer, "- one of these is so:");
    explainer->level += meanings->len > 1;
    for (guint i = 0; i < meanings->len; i++)
        explain_line(explainer, "- %s", (const char *)meanings->pdata[i]);
    explainer->level -= meanings->len > 1;
}

// ---- the whole -------------------------------------------------------------------------------------------

static void explain_who(Explainer *explainer, const char *subject, const PartyCond *party)
{
    g_autoptr(GPtrArray) asked = party ? explain_party(party) : NULL;
    for (guint i = 0; asked && i < asked->len; i++)
        explain_line(explainer, "- %s %s", subject, (const char *)asked->pdata[i]);
}

static void explain_with(Explainer *explainer, const PartyCond *party)
{
    g_autoptr(GPtrArray) asked = explain_party(party);
    g_ptr_array_add(asked, NULL);
    g_autofree char *all = g_strjoinv(" and ", (char **)asked->pdata);
    explain_line(explainer, "- another recipient, or a member of a list that is one, %s", all);
}

static void explain_direction(Explainer *explainer, guint directions)
{
    static const char *const words[] = {[DIRECTION_INTERNAL] = "stays within the district",
                                        [DIRECTION_INBOUND] = "comes in from outside",
                                        [DIRECTION_OUTBOUND] = "goes out of the district",
                                        [DIRECTION_EXTERNAL] = "goes from outside to outside"};
    g_autoptr(GPtrArray) named = g_ptr_array_new();
    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        if (directions & (1u << i))
            g_ptr_array_add(named, (gpointer)words[i]);
    g_ptr_array_add(named, NULL);
    g_autofree char *all = explain_choice((char **)named->pdata);
    explain_line(explainer, "- this copy %s", all);
}

// A branch of several lines becomes a bullet of its own.
static void explain_branch(Explainer *explainer, const Condition *branch)
{
    Explainer inner = {explainer->policy, g_ptr_array_new_with_free_func(g_free), explainer->level};
    explain_condition(&inner, branch);
    g_autofree char *indent = g_strnfill(explainer->level * 2 + 2, ' ');
    guint top = 0;
    for (guint i = 0; i < inner.lines->len; i++)
        top += !g_str_has_prefix(inner.lines->pdata[i], indent);
    if (top > 1)
        explain_line(explainer, "- all of this is so:");
    for (guint i = 0; i < inner.lines->len; i++)
        g_ptr_array_add(explainer->lines,
                        g_strdup_printf("%s%s", top > 1 ? "  " : "", (const char *)inner.lines->pdata[i]));
    g_ptr_array_unref(inner.lines);
}

static void explain_branches(Explainer *explainer, const GPtrArray *branches, const char *head)
{
    if (!branches)
        return;
    explain_line(explainer, "- %s", head);
    explainer->level++;
    for (guint i = 0; i < branches->len; i++)
        explain_branch(explainer, branches->pdata[i]);
    explainer->level--;
}

void explain_condition(Explainer *explainer, const Condition *condition)
{
    for (guint i = 0; condition->all && i < condition->all->len; i++)
        explain_condition(explainer, condition->all->pdata[i]);
    explain_who(explainer, "the sender", condition->sender);
    explain_who(explainer, "the recipient", condition->recipient);
    if (condition->with)
        explain_with(explainer, condition->with);
    if (condition->directions)
        explain_direction(explainer, condition->directions);
    g_autofree char *finding = condition->finding ? explain_finding(condition->finding) : NULL;
    if (finding)
        explain_line(explainer, "- the message holds %s", finding);
    if (condition->fact)
        explain_fact(explainer, condition->fact);
    if (condition->message)
        explain_message(explainer, condition->message);
    explain_branches(explainer, condition->any,
                     condition->any && condition->any->len == 1 ? "this is so:" : "one of these is so:");
    explain_branches(explainer, condition->none,
                     condition->none && condition->none->len == 1 ? "this is not so:"
                                                                  : "none of these is so:");
}

char *explain_text(const Policy *policy, const Condition *condition)
{
    Explainer explainer = {policy, g_ptr_array_new_with_free_func(g_free), 0};
    explain_condition(&explainer, condition);
    g_ptr_array_add(explainer.lines, NULL);
    char *text = g_strjoinv("\n", (char **)explainer.lines->pdata);
    g_ptr_array_unref(explainer.lines);
    return text;
}
