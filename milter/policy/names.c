#include "policy/internal.h"

const char *action_name(Action action)
{
    static const char *const names[] = {"deliver", "tag", "coach", "hold", "reject"};
    return (guint)action < G_N_ELEMENTS(names) ? names[action] : NULL;
}

const char *mode_name(Mode mode)
{
    static const char *const names[] = {"monitor", "coach", "enforce"};
    return (guint)mode < G_N_ELEMENTS(names) ? names[mode] : NULL;
}

const char *direction_name(Direction direction)
{
    static const char *const names[] = {"internal", "inbound", "outbound", "external"};
    return (guint)direction < G_N_ELEMENTS(names) ? names[direction] : NULL;
}

const char *derived_name(Derived derived)
{
    static const char *const names[DERIVED_LAST] = {
        [DERIVED_FORWARDED_TO_SELF] = "forwarded-to-self",
        [DERIVED_PRIVATE_FROM] = "private-from",
        [DERIVED_PRIVATE_SENDER] = "private-sender",
        [DERIVED_PRIVATE_REPLY_TO] = "private-reply-to",
        [DERIVED_PRIVATE_TO] = "private-to",
        [DERIVED_PRIVATE_CC] = "private-cc",
        [DERIVED_STAFF_NAME_OUTSIDE] = "staff-name-outside",
        [DERIVED_STUDENT_DATA] = "student-data",
        [DERIVED_RECORD_WORDS] = "record-words",
        [DERIVED_STUDENT_COPIED] = "student-copied",
        [DERIVED_GUARDIAN_COPIED] = "guardian-copied",
        [DERIVED_AUTOMATIC] = "automatic",
        [DERIVED_NULL_SENDER] = "null-sender",
        [DERIVED_IMAGE_ONLY] = "image-only",
        [DERIVED_LATE_HOURS] = "late-hours",
        [DERIVED_ONE_TO_ONE] = "one-to-one",
        [DERIVED_GUARDIAN_NOT_COPIED] = "guardian-not-copied",
        [DERIVED_HAS_LINK] = "has-link",
        [DERIVED_PURPOSE_STATED] = "purpose-stated",
    };
    return (guint)derived < DERIVED_LAST ? names[derived] : NULL;
}

static const char *exception_kind_name(int kind)
{
    static const char *const names[EXCEPTION_LAST] = {"trip", "emergency", "approved", "family", "role"};
    return kind >= 0 && kind < EXCEPTION_LAST ? names[kind] : NULL;
}

static const char *whose_name(int whose)
{
    static const char *const names[WHOSE_LAST] = {"sender", "recipient", "child", "other", "nobody"};
    return whose >= 0 && whose < WHOSE_LAST ? names[whose] : NULL;
}

static const char *visibility_name(int visibility)
{
    static const char *const names[] = {"shown", "hidden", "source"};
    return visibility >= 0 && visibility < (int)G_N_ELEMENTS(names) ? names[visibility] : NULL;
}

static const char *notice_name(int notice)
{
    static const char *const names[] = {"sender", "reviewers", "recipients"};
    return notice >= 0 && notice < (int)G_N_ELEMENTS(names) ? names[notice] : NULL;
}

static const char *direction_at(int index)
{
    return direction_name((Direction)index);
}
static const char *role_at(int index)
{
    return role_name((Role)index);
}
static const char *account_at(int index)
{
    return account_name((Account)index);
}
static const char *kind_at(int index)
{
    return kind_name((Kind)index);
}
static const char *owner_at(int index)
{
    return owner_name((Owner)index);
}
static const char *layer_at_index(int index)
{
    return layer_name((Layer)index);
}
static const char *action_at(int index)
{
    return action_name((Action)index);
}
static const char *mode_at(int index)
{
    return mode_name((Mode)index);
}

const NameOf names_direction = direction_at, names_role = role_at, names_account = account_at,
             names_kind = kind_at, names_owner = owner_at, names_layer = layer_at_index,
             names_visibility = visibility_name, names_exception = exception_kind_name,
             names_action = action_at, names_mode = mode_at, names_whose = whose_name,
             names_notice = notice_name;

int names_find(NameOf name_of, int count, const char *text)
{
    for (int i = 0; i < count; i++)
        if (g_strcmp0(name_of(i), text) == 0)
            return i;
    return -1;
}

bool mode_parse(const char *text, Mode *out_mode)
{
    int found = names_find(names_mode, MODE_ENFORCE + 1, text);
    if (found >= 0)
        *out_mode = (Mode)found;
    return found >= 0;
}
