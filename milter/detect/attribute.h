// attribution, inside: what is known around a candidate, what it weighs, whose the detail then is. Private to
// detect.
#pragma once

#include "detect/internal.h"
#include "detect/layer.h"
#include "detect/phrases.h"

// What speaks for one owner or another. X(name, scope, sender, other person, organisation, school,
// recipient): the weights add up; the greatest sum wins. Scopes: NEAR and PARAGRAPH are the sections of
// labels.txt of that name, looked for beside the detail or in its paragraph; OWN is worked out in
// attribute_context.c.
// clang-format off
#define ATTRIBUTE_FEATURES(X) \
    X("own",                  NEAR,       2.6,  0.0,  0.0,  0.0,  0.0) \
    X("personal",             NEAR,       1.4,  1.4, -0.3, -0.3,  0.3) \
    X("office",               NEAR,      -0.6, -0.6,  2.2,  1.0,  0.0) \
    X("other",                NEAR,      -1.0,  3.6,  0.0,  0.0,  0.0) \
    X("recipient",            NEAR,      -0.5,  0.0,  0.0,  0.0,  2.8) \
    X("school",               NEAR,      -0.4, -0.4,  0.0,  2.4,  0.0) \
    X("group",                NEAR,      -0.8,  0.0,  1.8,  0.3,  0.0) \
    X("organisation",         PARAGRAPH,  0.0,  0.0,  1.3,  0.0,  0.0) \
    X("textbook",             PARAGRAPH,  0.0,  0.0,  1.7,  0.0,  0.0) \
    X("somebody's",           OWN,       -0.5,  1.0,  0.2,  0.0,  0.0) \
    X("signature",            OWN,        1.7,  0.0,  0.0,  0.2,  0.0) \
    X("footer",               OWN,        0.0,  0.0,  1.4,  0.0,  0.0) \
    X("sender's full name",   OWN,        3.6,  0.0,  0.0,  0.0,  0.0) \
    X("sender's family name", OWN,        2.4,  0.0,  0.0,  0.0,  0.0) \
    X("sender's given name",  OWN,        1.6,  0.0,  0.0,  0.0,  0.0) \
    X("sender named beside",  OWN,        0.8,  0.0,  0.0,  0.0,  0.0) \
    X("sender's header",      OWN,        5.0,  0.0,  0.0,  0.0,  0.0) \
    X("disguised",            OWN,        2.2,  0.4,  0.0,  0.0,  0.0) \
    X("short message",        OWN,        1.0,  0.0,  0.0,  0.0,  0.0) \
    X("free-mail address",    OWN,        0.9,  0.6,  0.0,  0.0,  0.0) \
    X("organisation's domain", OWN,       0.0,  0.0,  2.0,  0.0,  0.0) \
    X("role mailbox",         OWN,       -1.0, -0.5,  2.2,  0.0,  0.0) \
    X("invite",               OWN,        1.8,  0.0,  0.0,  0.0,  0.0) \
    X("payment",              OWN,        1.6,  0.0,  0.0,  0.0,  0.0) \
    X("teacher-like name",    OWN,        1.6,  0.0,  0.0,  0.0,  0.0) \
    X("toll-free number",     OWN,       -2.0, -2.0,  3.0,  0.5,  0.0) \
    X("outside sender",       OWN,       -0.8,  0.0,  0.6,  0.0,  0.0) \
    X("recipient named beside", OWN,      0.0,  0.0,  0.0,  0.0,  2.8) \
    X("exercise",             OWN,        0.0,  0.0,  1.5,  0.0,  0.0) \
    X("sender's card",        OWN,        3.4,  0.0,  0.0,  0.0,  0.0) \
    X("somebody's card",      OWN,        0.0,  1.5,  0.0,  0.0,  0.0) \
    X("organisation's card",  OWN,        0.0,  0.0,  1.5,  0.0,  0.0) \
    X("student writes",       OWN,        0.7,  0.0,  0.0,  0.0,  0.0) \
    X("stands alone",         OWN,        1.2,  1.9,  0.0,  0.0,  0.0) \
    X("nothing told",         OWN,        0.0,  0.0,  0.9,  0.0,  0.0)
// clang-format on

typedef enum { SCOPE_NEAR, SCOPE_PARAGRAPH, SCOPE_OWN } AttributeScope;
typedef enum {
    CLASS_SENDER,
    CLASS_OTHER,
    CLASS_ORGANISATION,
    CLASS_SCHOOL,
    CLASS_RECIPIENT,
    CLASS_LAST
} OwnerClass;

typedef struct {
    const char *name;
    AttributeScope scope;
    double weight[CLASS_LAST];
} AttributeFeature;
const AttributeFeature *attribute_features(guint *out_count);
// Number of feature `name`; the name must be in the table.
guint attribute_feature(const char *name);

// A set of features (bits by number) -> the class of greatest sum and how sure that is, 0..1.
OwnerClass attribute_weigh(guint64 features, double *out_confidence);

// What is prepared once for a passage.
typedef struct {
    const Passage *passage;
    const DetectView *view;
    DetectView *own_view; // where the caller had none
    const GArray *marks;
    GArray *tokens, *hits; // of labels.txt; sorted by place
    GArray *authors;
    bool exercise; // several words of exercises stand in it
} AttributePassage;

typedef struct {
    const DetectData *data;
    const Config *config;
    const Message *message;
    const Parties *parties;
    RosterSession *roster;
    char **names;   // of the sender, lower case: given names, family name last
    gsize written;  // bytes that the sender wrote in the message's shown text
    Tri *organised; // its shown text speaks of an organisation; unknown until it is asked (attribute_alone.c)
} AttributeScene;

// Does the detail, of which `features` are known, stand nearly alone in its subject, file name, link, field or text?
bool attribute_stands_alone(const AttributeScene *scene, const AttributePassage *passage,
                            const Candidate *candidate, Layer layer, guint64 features);

// Features of `candidate`, which stands in layer `layer`; `before` and `after` are where other details end
// and begin (bytes of the passage). False when the roster could not tell.
bool attribute_context(const AttributeScene *scene, const AttributePassage *passage,
                       const Candidate *candidate, Layer layer, gsize before, gsize after,
                       guint64 *out_features, GError **error);
// The recipient whose name stands right before the candidate ("Maya K.: 413-..."), where there are several;
// NULL.
const Party *attribute_named_recipient(const AttributeScene *scene, const AttributePassage *passage,
                                       gsize start);
// Does `text` (any case) hold the sender's given or family name as words?
bool attribute_names_sender(const AttributeScene *scene, const char *text, gsize len);

// Findings of one value become one: the surest, first place first; what the others tell is kept (findings.c).
void findings_merge(GPtrArray *findings, const Message *message);

// ---- whose words (attribute_author.c) ----

typedef enum { AUTHOR_SENDER, AUTHOR_PARTY, AUTHOR_STRANGER } AuthorKind;
typedef struct {
    AuthorKind kind;
    Owner owner;
    char *person;
} Author;
// Who wrote the quoted or forwarded text at byte `at`; the caller frees author->person. False when the roster
// could not tell.
bool attribute_author(const AttributeScene *scene, const AttributePassage *passage, gsize at, Author *author,
                      GError **error);
bool attribute_is_sender(const AttributeScene *scene, const char *person);
// What the sender's own words make a detail: a student's is a student's also when it is the writer's.
Owner attribute_own(const AttributeScene *scene);
Owner attribute_role_owner(Role role);
