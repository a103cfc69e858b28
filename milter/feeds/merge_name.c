// Names of one person as several sources write them: "Hana Lee", "H. Lee-Park", "LEE, Hana Min-ji".
#include "feeds/merge.h"

#include <string.h>

#define WORDS_MOST 16

// Short forms that do not begin the long one. Those of a row are one name.
static const char *const SHORT_FORMS[] = {
    " william bill billy will liam ",
    " robert bob bobby rob robbie ",
    " richard dick rick ricky rich ",
    " james jim jimmy jamie ",
    " john jack johnny jon ",
    " charles chuck charlie ",
    " edward ed eddie ted ned ",
    " theodore ted teddy theo ",
    " henry hank harry ",
    " harold hal harry ",
    " michael mike mick mickey ",
    " joseph joe joey ",
    " stephen steven steve ",
    " david dave davy ",
    " anthony tony antonio ",
    " lawrence laurence larry ",
    " gerald jerry ",
    " jeremiah jerry jeremy ",
    " francis frank fran ",
    " franklin frank ",
    " frederick fred fritz ",
    " andrew andy drew ",
    " alexander alex sandy xander ",
    " benjamin ben benny ",
    " daniel dan danny ",
    " samuel sam sammy ",
    " samantha sam sammy ",
    " ronald ron ronnie ",
    " donald don donnie ",
    " leonard len lenny leo ",
    " patrick pat paddy ",
    " patricia pat patty patti tricia trish ",
    " peter pete ",
    " christopher chris kit topher ",
    " christine christina chris tina chrissy ",
    " nicholas nick nicky ",
    " matthew matt ",
    " thomas tom tommy ",
    " timothy tim ",
    " kenneth ken kenny ",
    " eugene gene ",
    " elizabeth liz beth betty betsy eliza lisa libby bess ",
    " margaret peggy maggie meg marge margie greta ",
    " katherine catherine kathryn kate kathy cathy katie kay ",
    " barbara barb babs ",
    " deborah debra debbie deb ",
    " susan suzanne sue susie ",
    " jennifer jen jenny ",
    " jessica jess jessie ",
    " rebecca becky becca ",
    " victoria vicky vicki tori ",
    " virginia ginny ",
    " cynthia cindy ",
    " dorothy dot dottie ",
    " sandra sandy ",
    " theresa teresa terry tess ",
    " terrence terence terry ",
    " kimberly kim ",
    " pamela pam ",
    " abigail abby gail ",
    " jacqueline jackie ",
    " ann anne anna annie nancy ",
    " mary molly polly ",
    " jose pepe ",
    " francisco paco pancho ",
    " guadalupe lupe ",
};

// ---- words ----------------------------------------------------------------------------------------------

// The words of a name with a blank between; names repeat, and each is taken apart once.
static const char *folded(Merge *merge, Str name)
{
    gpointer found;
    if (name == 0)
        return "";
    if (g_hash_table_lookup_extended(merge->folded, GUINT_TO_POINTER(name), NULL, &found))
        return model_string(merge->model, GPOINTER_TO_UINT(found));
    g_autoptr(GPtrArray) words = canon_words(model_string(merge->model, name), WORDS_MOST);
    g_ptr_array_add(words, NULL);
    g_autofree char *text = g_strjoinv(" ", (char **)words->pdata);
    Str made = model_text(merge->model, text);
    g_hash_table_insert(merge->folded, GUINT_TO_POINTER(name), GUINT_TO_POINTER(made));
    return model_string(merge->model, made);
}

// Does `a`, blanks apart, begin with `b`? `whole`: are they equal?
static bool begins_with(const char *a, const char *b, bool whole)
{
    for (;;) {
        a += *a == ' ';
        b += *b == ' ';
        if (*b == '\0')
            return !whole || *a == '\0';
        if (*a++ != *b++)
            return false;
    }
}

static bool has_word(const char *text, const char *word, gsize length)
{
    for (const char *at = text; *at != '\0'; at += strspn(at, " ")) {
        gsize here = strcspn(at, " ");
        if (here == length && memcmp(at, word, length) == 0)
            return true;
        at += here;
    }
    return false;
}

// Does `text` have all words of `words`?
static bool has_words(const char *text, const char *words)
{
    bool all = true;
    for (const char *at = words; all && *at != '\0'; at += strspn(at, " ")) {
        gsize length = strcspn(at, " ");
        all = has_word(text, at, length);
        at += length;
    }
    return all;
}

static bool overlap(const char *a, const char *b)
{
    return has_words(a, b) || has_words(b, a);
}

static bool is_short_form(const char *a, const char *b)
{
    gsize first = strcspn(a, " "), second = strcspn(b, " ");
    bool found = false;
    for (gsize i = 0; !found && i < G_N_ELEMENTS(SHORT_FORMS); i++)
        found = has_word(SHORT_FORMS[i] + 1, a, first) && has_word(SHORT_FORMS[i] + 1, b, second);
    return found;
}

// ---- names ----------------------------------------------------------------------------------------------

typedef struct {
    const char *given[2], *family[2]; // as on paper, preferred
} Names;

static Names names_of(Merge *merge, guint32 record)
{
    const ModelRecord *at = model_at(merge->model, record);
    return (Names){{folded(merge, at->given), folded(merge, at->preferred_given)},
                   {folded(merge, at->family), folded(merge, at->preferred_family)}};
}

static bool given_fits(const char *a, const char *b)
{
    return begins_with(a, b, false) || begins_with(b, a, false) || overlap(a, b) || is_short_form(a, b);
}

static bool family_fits(const char *a, const char *b)
{
    return begins_with(a, b, true) || overlap(a, b);
}

typedef bool (*Fits)(const char *a, const char *b);

// Of each there are one or two; none at all fits everything.
static bool any_fits(const char *const a[2], const char *const b[2], Fits fits)
{
    bool empty_a = a[0][0] == '\0' && a[1][0] == '\0', empty_b = b[0][0] == '\0' && b[1][0] == '\0';
    bool found = empty_a || empty_b;
    for (guint i = 0; !found && i < 4; i++) {
        const char *left = a[i / 2], *right = b[i % 2];
        found = left[0] != '\0' && right[0] != '\0' && fits(left, right);
    }
    return found;
}

// Where a source writes the whole name into one field, its words are compared.
static bool whole_fits(const Names *a, const Names *b)
{
    g_autofree char *left = g_strconcat(a->given[0], " ", a->family[0], NULL);
    g_autofree char *right = g_strconcat(b->given[0], " ", b->family[0], NULL);
    return overlap(g_strstrip(left), g_strstrip(right));
}

bool merge_has_name(const Merge *merge, guint32 record)
{
    const ModelRecord *at = model_at(merge->model, record);
    return (at->given | at->family | at->preferred_given | at->preferred_family) != 0;
}

bool merge_names_fit(Merge *merge, guint32 a, guint32 b)
{
    const ModelRecord *one = model_at(merge->model, a), *other = model_at(merge->model, b);
    if (a == b || (one->given == other->given && one->family == other->family) || !merge_has_name(merge, a) ||
        !merge_has_name(merge, b))
        return true;
    Names left = names_of(merge, a), right = names_of(merge, b);
    if (left.family[0][0] == '\0' || right.family[0][0] == '\0' || left.given[0][0] == '\0' ||
        right.given[0][0] == '\0')
        return whole_fits(&left, &right);
    return any_fits(left.family, right.family, family_fits) && any_fits(left.given, right.given, given_fits);
}

static bool is_equal(const char *a, const char *b)
{
    return begins_with(a, b, true);
}

bool merge_names_same(Merge *merge, guint32 a, guint32 b)
{
    const ModelRecord *one = model_at(merge->model, a), *other = model_at(merge->model, b);
    if ((one->given == other->given && one->family == other->family) || !merge_has_name(merge, a) ||
        !merge_has_name(merge, b))
        return true;
    Names left = names_of(merge, a), right = names_of(merge, b);
    return any_fits(left.family, right.family, is_equal) && any_fits(left.given, right.given, is_equal);
}

gsize merge_name_length(Merge *merge, guint32 record)
{
    const ModelRecord *at = model_at(merge->model, record);
    return strlen(model_string(merge->model, at->given)) + strlen(model_string(merge->model, at->family));
}

char *merge_name(const Merge *merge, guint32 record)
{
    const ModelRecord *at = model_at(merge->model, record);
    const char *given = model_string(merge->model, at->given);
    const char *family = model_string(merge->model, at->family);
    if (given[0] == '\0' && family[0] == '\0')
        return g_strdup(model_string(merge->model, at->ext));
    return g_strdup_printf("%s%s%s", given, given[0] != '\0' && family[0] != '\0' ? " " : "", family);
}
