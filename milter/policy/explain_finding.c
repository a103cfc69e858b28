// What is asked of what detection found, in words.
#include "policy/explain.h"

#include <string.h>

static const char *kind_words(int kind)
{
    static const char *const names[KIND_LAST] = {
        [KIND_PHONE] = "a phone number",
        [KIND_EMAIL] = "an e-mail address",
        [KIND_HANDLE] = "the name of an account",
        [KIND_INVITE] = "an invitation to a group",
        [KIND_STREET_ADDRESS] = "a street address",
        [KIND_PAYMENT_HANDLE] = "an account for payments",
        [KIND_SOLICITATION] = "a request to talk elsewhere",
        [KIND_PHRASE] = "words of the lexicon",
        [KIND_STUDENT_RECORD] = "a student's record",
    };
    return names[kind];
}

static const char *owner_words(int owner)
{
    static const char *const names[OWNER_LAST] = {
        [OWNER_UNKNOWN] = "nobody who is known",
        [OWNER_SENDER] = "the sender",
        [OWNER_STAFF] = "one of the staff",
        [OWNER_SCHOOL] = "the school",
        [OWNER_PUBLISHED] = "an organisation whose details are published",
        [OWNER_STUDENT] = "a student",
        [OWNER_GUARDIAN] = "a guardian",
        [OWNER_THIRD_PARTY] = "somebody else",
    };
    return names[owner];
}

static const char *whose_words(int whose)
{
    static const char *const names[WHOSE_LAST] = {
        [WHOSE_SENDER] = "the sender's own",          [WHOSE_RECIPIENT] = "the recipient's own",
        [WHOSE_CHILD] = "a child's of the recipient", [WHOSE_OTHER] = "another person's",
        [WHOSE_NOBODY] = "nobody's who is known",
    };
    return names[whose];
}

static const char *layer_words(int layer)
{
    static const char *const names[LAYER_LAST] = {
        [LAYER_WRITTEN] = "what the sender wrote",
        [LAYER_SIGNATURE] = "the signature",
        [LAYER_QUOTED] = "what is quoted",
        [LAYER_FORWARDED] = "what is forwarded",
        [LAYER_FOOTER] = "a footer",
    };
    return names[layer];
}

static void append(GString *out, const char *before, char *taken)
{
    g_string_append_printf(out, "%s%s", before, taken);
    g_free(taken);
}

static const char *record_words(const char *value)
{
    static const char *const words[][2] = {{"ssn", "a social security number"},
                                           {"student-id", "a student number"},
                                           {"student-names", "a list of students"},
                                           {"record-words", "words of records beside the name"}};
    const char *found = value;
    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        found = strcmp(words[i][0], value) == 0 ? words[i][1] : found;
    return found;
}

static void append_values(GString *out, const FindingCond *finding)
{
    bool phrase = finding->kinds == (1u << KIND_PHRASE),
         record = finding->kinds == (1u << KIND_STUDENT_RECORD);
    g_autoptr(GPtrArray) values = g_ptr_array_new();
    for (guint i = 0; finding->values[i]; i++)
        g_ptr_array_add(values, (gpointer)(record ? record_words(finding->values[i]) : finding->values[i]));
    g_ptr_array_add(values, NULL);
    append(out, phrase ? " of the category " : ": ", explain_choice((char **)values->pdata));
}

static void append_kinds(GString *out, const FindingCond *finding)
{
    const guint contact = (1u << (KIND_SOLICITATION + 1)) - 1;
    if (finding->kinds == contact)
        g_string_append(out, "a contact detail or a request to talk elsewhere");
    else
        append(out, "", explain_mask(finding->kinds, kind_words, KIND_LAST));
    if (finding->values)
        append_values(out, finding);
}

static void append_looks(GString *out, const FindingCond *finding)
{
    if (finding->layers)
        append(out, ", in ", explain_mask(finding->layers, layer_words, LAYER_LAST));
    if (finding->where)
        append(out, ", at ", explain_choice(finding->where));
    if (finding->visibilities)
        append(out, ", in text that is ",
               explain_mask(finding->visibilities, names_visibility, VISIBILITY_SOURCE + 1));
    if (finding->obfuscated != TRI_UNKNOWN)
        g_string_append(out, finding->obfuscated == TRI_YES ? ", in disguise" : ", not in disguise");
    if (finding->obfuscation)
        append(out, ", disguised as ", explain_choice(finding->obfuscation));
    if (finding->sweep_only != TRI_UNKNOWN)
        g_string_append(out, finding->sweep_only == TRI_YES ? ", seen by the raw sweep only"
                                                            : ", seen by more than the raw sweep");
}

char *explain_finding(const FindingCond *finding)
{
    GString *out = g_string_new(NULL);
    if (finding->least > 1)
        g_string_append_printf(out, "at least %d of: ", finding->least);
    append_kinds(out, finding);
    if (finding->owners)
        append(out, ", which belongs to ", explain_mask(finding->owners, owner_words, OWNER_LAST));
    if (finding->whose)
        append(out, ", ", explain_mask(finding->whose, whose_words, WHOSE_LAST));
    append_looks(out, finding);
    if (finding->confidence >= 0)
        g_string_append_printf(out, ", with a confidence of %g or more", finding->confidence);
    return g_string_free(out, FALSE);
}

const char *explain_derived(Derived derived)
{
    static const char *const names[DERIVED_LAST] = {
        [DERIVED_FORWARDED_TO_SELF] = "a recipient is a private address of the sender",
        [DERIVED_PRIVATE_FROM] = "From shows a private address of the sender",
        [DERIVED_PRIVATE_SENDER] = "Sender shows a private address of the sender",
        [DERIVED_PRIVATE_REPLY_TO] = "Reply-To shows a private address of the sender",
        [DERIVED_PRIVATE_TO] = "To shows a private address of the sender",
        [DERIVED_PRIVATE_CC] = "Cc shows a private address of the sender",
        [DERIVED_STAFF_NAME_OUTSIDE] = "an unknown outside address shows the name of one of the staff",
        [DERIVED_STUDENT_DATA] = "the message holds a student's record, or words of school records",
        [DERIVED_RECORD_WORDS] = "the message holds words of school records (section student-data)",
        [DERIVED_STUDENT_COPIED] = "a student is among the recipients",
        [DERIVED_GUARDIAN_COPIED] = "a guardian is among the recipients",
        [DERIVED_AUTOMATIC] = "it is an automatic reply or notice",
        [DERIVED_NULL_SENDER] = "it is a bounce (the envelope names no sender)",
        [DERIVED_IMAGE_ONLY] = "it holds nothing but pictures or video",
        [DERIVED_LATE_HOURS] = "it comes outside the hours of section hours",
        [DERIVED_ONE_TO_ONE] = "it reaches one person only",
        [DERIVED_GUARDIAN_NOT_COPIED] = "it reaches a student without any guardian of theirs",
        [DERIVED_HAS_LINK] = "it holds a link",
        [DERIVED_PURPOSE_STATED] = "it says what it is for, in a phrase of section purpose",
    };
    return names[derived];
}
