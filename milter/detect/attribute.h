// attribution, inside: what is known around a candidate, what it weighs, whose the detail then is. Private to
// detect.
#pragma once

#include "detect/internal.h"
#include "detect/layer.h"
#include "detect/phrases.h"
#include "detect/tables.h"

// What speaks for one owner or another. X(name, scope): NEAR, SENTENCE and PARAGRAPH are the sections of labels.txt of
// that name, looked for beside the detail, in its sentence or in its paragraph; OWN is worked out in
// attribute_context.c. What each weighs stands in weights.txt.
// clang-format off
#define ATTRIBUTE_FEATURES(X) \
    X("own", NEAR) \
    X("personal", NEAR) \
    X("office", NEAR) \
    X("other", NEAR) \
    X("recipient", NEAR) \
    X("school", NEAR) \
    X("group", NEAR) \
    X("first-person", SENTENCE) \
    X("second-person", SENTENCE) \
    X("third-person", SENTENCE) \
    X("organisation", PARAGRAPH) \
    X("textbook", PARAGRAPH) \
    X("organisation in the sentence", OWN) \
    X("textbook in the sentence", OWN) \
    X("between quotation marks", OWN) \
    X("alone in its sentence", OWN) \
    X("somebody's", OWN) \
    X("signature", OWN) \
    X("street in a signature", OWN) \
    X("footer", OWN) \
    X("sender's full name", OWN) \
    X("sender's family name", OWN) \
    X("sender's given name", OWN) \
    X("sender named beside", OWN) \
    X("sender's header", OWN) \
    X("disguised", OWN) \
    X("short message", OWN) \
    X("free-mail address", OWN) \
    X("organisation's domain", OWN) \
    X("role mailbox", OWN) \
    X("invite", OWN) \
    X("payment", OWN) \
    X("teacher-like name", OWN) \
    X("toll-free number", OWN) \
    X("outside sender", OWN) \
    X("recipient named beside", OWN) \
    X("exercise", OWN) \
    X("exercises around", OWN) \
    X("sender's card", OWN) \
    X("somebody's card", OWN) \
    X("organisation's card", OWN) \
    X("student writes", OWN) \
    X("stands alone", OWN) \
    X("nothing told", OWN)
// clang-format on

typedef enum { SCOPE_NEAR, SCOPE_SENTENCE, SCOPE_PARAGRAPH, SCOPE_OWN } AttributeScope;
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
} AttributeFeature;
const AttributeFeature *attribute_features(guint *out_count);
// Number of feature `name`; the name must be in the table.
guint attribute_feature(const char *name);

// A logistic model: the sums of the weights, through softmax, are the chances of the classes. Row ATTRIBUTE_MOST is
// what counts without any feature.
#define ATTRIBUTE_MOST 63
typedef struct {
    double row[ATTRIBUTE_MOST + 1][CLASS_LAST];
    guint64 known; // a bit a row that was read
} AttributeWeights;
// Takes a line of weights.txt, "feature | sender | other | organisation | school | recipient"; the end of the file
// checks that no feature is missing. False with `error`.
bool attribute_weights_line(AttributeWeights *weights, const char *file, const TableLine *line,
                            GError **error);
bool attribute_weights_end(const AttributeWeights *weights, const char *file, GError **error);

// A set of features (bits by number) -> the class. First it is decided whether the detail is a private person's (sender,
// other), anybody's to have (organisation, school) or the recipient's, then whose; `out_confidence` is the chance of
// the first. `out_reckoning` (may be NULL) gets what counted for it against the next best class; caller frees.
OwnerClass attribute_weigh(const DetectData *data, guint64 features, double *out_confidence,
                           char **out_reckoning);

// What is prepared once for a passage.
typedef struct {
    const Passage *passage;
    DetectView *view;
    DetectView *own_view; // where the caller had none
    const GArray *marks;
    const GArray *tokens; // of the view
    GArray *hits;         // of labels.txt; sorted by place
    GArray *authors;
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

// Does anything in `features` speak for one owner?
bool attribute_told(guint64 features);
// Does the detail, of which `features` are known, stand nearly alone in its subject, file name, link, field or text?
bool attribute_stands_alone(const AttributeScene *scene, const AttributePassage *passage,
                            const Candidate *candidate, Layer layer, guint64 features);

// Those of them that the words around it tell (attribute_words.c).
guint64 attribute_words(const AttributeScene *scene, const AttributePassage *passage,
                        const Candidate *candidate, Layer layer, gsize before, gsize after);
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

// ---- the message's own header (attribute_header.c) ----

// Is the passage an address that the header names for the writer (From, Reply-To and the like)?
bool attribute_is_address(const Passage *passage);
// Is the finding an address that the header, but for its subject, has to show: the sender's, the school's, a stranger's
// own?
bool attribute_is_expected(const AttributeScene *scene, const Passage *passage, const Finding *finding);
// The canonical addresses of the message's header fields: a set; caller unrefs.
GHashTable *attribute_header_addresses(const Config *config, const Message *message);

// Findings of one value become one: the surest, first place first; what the others tell is kept (findings.c). What the
// sweep finds is left out where it is one of `addresses`, or a piece of what stands elsewhere, as its coded form has it.
void findings_merge(GPtrArray *findings, const Message *message, GHashTable *addresses);

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
// Is the stretch [start, end) of quoted or forwarded text, less signs, the name of its author, as the line above the
// text has it?
bool attribute_is_authors_name(const AttributePassage *passage, gsize start, gsize end);
// What the sender's own words make a detail: a student's is a student's also when it is the writer's.
Owner attribute_own(const AttributeScene *scene);
Owner attribute_role_owner(Role role);
