// Words of the lexicon: what each category finds, and what of school life it leaves alone.
#include "support.h"

#include "detect/phrases_inflect.h"

#include <string.h>

// The surest of `category` in `text`; 0 when there is none.
static double surest(const DetectData *data, const Config *config, const char *text, const char *category,
                     bool *leet)
{
    Scanned *scanned = support_scan(data, config, text, "");
    double best = 0.0;
    lexicon_find(&scanned->scan);
    for (guint i = 0; i < scanned->out->len; i++) {
        const Candidate *candidate = g_ptr_array_index(scanned->out, i);
        cr_expect(candidate->kind == KIND_PHRASE && candidate->start < candidate->end);
        if (strcmp(candidate->value, category) == 0 && candidate->shape > best) {
            best = candidate->shape;
            *leet = support_has(candidate->obfuscation, "leet");
        }
    }
    cr_expect_not(scanned->truncated);
    scanned_free(scanned);
    return best;
}

typedef struct {
    const char *category, *text;
} Case;

static void expect_all(const Case *cases, gsize count, double least, double below)
{
    g_autoptr(DetectData) data = support_data();
    g_autoptr(Config) config = support_config();
    for (gsize i = 0; i < count; i++) {
        bool leet = false;
        double got = surest(data, config, cases[i].text, cases[i].category, &leet);
        cr_expect(got >= least && got < below, "%s: \"%s\": %.2f, not in %.2f..%.2f", cases[i].category,
                  cases[i].text, got, least, below);
    }
}

// Said to somebody's face: what the standard policy holds from staff to a student.
Test(lexicon, severe)
{
    static const Case CASES[] = {
        {"threats", "If you talk again I am going to slap your face."},
        {"threats", "i'm gonna kill you tomorrow"},
        {"threats", "I’ll beat the crap out of you"},
        {"threats", "They will stab him after school"},
        {"threats", "You are going to die for this."},
        {"threats", "You're dead meat"},
        {"threats", "go kill yourself"},
        {"threats", "kys"},
        {"threats", "I know where you live, so be careful"},
        {"threats", "I'm bringing it up: he brought a gun to school"},
        {"threats", "I will shoot up the school"},
        {"threats", "There's a bomb in the cafeteria"},
        {"threats", "I will make you suffer"},
        {"threats", "I will hurt you if you tell anybody"},
        {"threats", "Te voy a matar si hablas"},
        {"threats", "Te voy a romper la cara mañana"},
        {"threats", "voy a llevar una pistola a la escuela"},
        {"sexualised", "send me nudes"},
        {"sexualised", "Send me a sexy pic tonight"},
        {"sexualised", "I want to kiss you so bad"},
        {"sexualised", "your body is amazing, what a hot body, your hot body"},
        {"sexualised", "you look so sexy in that dress"},
        {"sexualised", "Are you still a virgin?"},
        {"sexualised", "take off your shirt for me"},
        {"sexualised", "I keep thinking about your legs"},
        {"sexualised", "you are turning me on"},
        {"sexualised", "we could have sex together"},
        {"sexualised", "mándame fotos sin ropa"},
        {"sexualised", "Estás bien buenota, quiero besarte"},
        {"self-harm", "i want to kill myself"},
        {"self-harm", "I don't want to live anymore"},
        {"self-harm", "I have been cutting myself again"},
        {"self-harm", "took a bunch of pills last night"},
        {"self-harm", "ya no quiero vivir"},
    };
    expect_all(CASES, G_N_ELEMENTS(CASES), 0.7, 1.0);
}

Test(lexicon, categories)
{
    static const Case CASES[] = {
        {"intimacy", "I can't stop thinking about you"},
        {"intimacy", "This is our little secret, ok"},
        {"intimacy", "don't tell your parents I wrote"},
        {"intimacy", "You are so beautiful today"},
        {"intimacy", "come over to my place tonight"},
        {"intimacy", "Te amo, sueño contigo"},
        {"intimacy", "no le digas a nadie"},
        {"bullying", "you are such a loser"},
        {"bullying", "Nobody likes you"},
        {"bullying", "u r so ugly"},
        {"bullying", "You stupid idiot"},
        {"bullying", "eres un inútil"},
        {"hate", "go back to your country"},
        {"hate", "that's so gay"},
        {"hate", "all immigrants should be deported"},
        {"hate", "those wetbacks again"},
        {"profanity", "this is bullshit"},
        {"profanity", "what the f*ck"},
        {"profanity", "No fucking way"},
        {"profanity", "you b*tch"},
        {"profanity", "Hijo de puta"},
        {"drugs-alcohol", "wanna smoke weed after class"},
        {"drugs-alcohol", "I can get you some beer, bring some vodka tonight"},
        {"drugs-alcohol", "let's get drunk together"},
        {"drugs-alcohol", "my dealer has some"},
        {"drugs-alcohol", "vamos a emborracharnos"},
        {"weapons", "He bought a pistol last week"},
        {"weapons", "how to make a pipe bomb"},
        {"weapons", "tengo una navaja"},
        {"political", "Please vote yes on question 2"},
        {"political", "I am running for school committee, donate to my campaign"},
        {"political", "Call your senator and tell her no"},
        {"commercial", "Check out my Etsy shop"},
        {"commercial", "Be your own boss and earn passive income"},
        {"commercial", "Please lend me some money"},
        {"commercial", "código de descuento"},
        {"proselytising", "Come to my church on Sunday"},
        {"proselytising", "Have you accepted? Accept Jesus as your savior today"},
        {"proselytising", "Cristo te ama"},
    };
    expect_all(CASES, G_N_ELEMENTS(CASES), 0.5, 1.0);
}

// School life, as it is written every day.
Test(lexicon, near_misses)
{
    static const Case CASES[] = {
        {"threats", "Please kill the lights when you leave the lab."},
        {"threats", "We shoot hoops at lunch; I will shoot you an email about it."},
        {"threats", "I'll shoot you a text message copy of the schedule"},
        {"threats", "The dead line is Friday, you're dead on with your estimate."},
        {"threats", "We will beat you at chess next week!"},
        {"threats", "I am going to beat you to the cafeteria"},
        {"threats", "Break a leg tonight!"},
        {"threats", "I will hit you up with the link after class."},
        {"threats", "I'll cut you some slack on the essay"},
        {"threats", "That exam killed me, and I bombed the quiz"},
        {"threats", "Don't kill yourself over this homework."},
        {"threats", "I will fight for you at the meeting"},
        {"threats", "I'm coming for you with the van at 3"},
        {"threats", "They will make you pay for the lost book"},
        {"threats", "I would never hurt you"},
        {"threats", "I think it might hurt you if you lift it like that."},
        {"threats", "If anyone says they will kill you, tell an adult at once."},
        {"threats", "In act 3 of the play, chapter 2 of the reader, Macbeth decides to kill him"},
        {"threats", "A fire drill and a bomb threat drill are planned"},
        {"threats", "Read \"I will kill you\" and explain the line in your essay about Hamlet."},
        {"weapons", "Use the bomb calorimeter; bring a glue gun and call shotgun"},
        {"weapons", "Put it in bullet points, and rifle through the files"},
        {"weapons", "The history lesson is about the guns of World War II"},
        {"sexualised", "Join the breast cancer walk on Saturday"},
        {"sexualised", "It is so hot today that you look hot in the gym"},
        {"sexualised", "We dissect chicken breasts and look with the naked eye"},
        {"sexualised", "The naked mole rats arrived. Moby Dick is due Monday."},
        {"sexualised", "Cells and sexual reproduction, chapter 7; sex education form attached"},
        {"sexualised", "Kiss Me Kate rehearsal at 4"},
        {"sexualised", "We fly to the Virgin Islands"},
        {"sexualised", "Send me the pictures of your project"},
        {"drugs-alcohol", "We weed the garden on Earth Day, then have a pot luck"},
        {"drugs-alcohol", "Health unit 4: the effects of cocaine, worksheet attached"},
        {"drugs-alcohol", "Amino acids and rubbing alcohol in the lab"},
        {"drugs-alcohol", "Get high scores on the SAT"},
        {"drugs-alcohol", "Root beer floats for the whole grade"},
        {"bullying", "You are not stupid, you just need practice."},
        {"bullying", "You are a star and a great leader"},
        {"hate", "There is a chink in the armor of this argument"},
        {"hate", "The fire retardant curtains arrived"},
        {"profanity", "The class passed the mass quiz in Scunthorpe on the bass"},
        {"profanity", "Dick Cockburn teaches shiitake cooking; Mr. Hancock assesses"},
        {"profanity", "I can't, the cents and the shots of the batch"},
        {"intimacy", "We love you all, thank you for a great year!"},
        {"intimacy", "Secret Santa starts Monday, don't tell anyone about the surprise"},
        {"intimacy", "My favorite part is thinking of ways to help"},
        {"political", "Vote for your favorite mascot by Friday"},
        {"political", "Vote for student council president"},
        {"political", "In AP Gov we study the republican party and the ballot initiative, chapter 5"},
        {"commercial", "The bake sale is on Friday; bring two dollars"},
        {"proselytising", "World religions, unit 2: read about the gospel of Mark"},
        {"self-harm", "I almost died laughing, this homework"},
        {"self-harm", "Suicide prevention training for staff: call 988, handbook page 4"},
        {"self-harm", "Juliet's suicide in act 5 of the play, essay due"},
        {"confidential", "The IEP meeting is at 3"}, // counts beside a student's name only
    };
    expect_all(CASES, G_N_ELEMENTS(CASES), 0.0, 0.5);
}

Test(lexicon, signs_for_letters)
{
    g_autoptr(DetectData) data = support_data();
    g_autoptr(Config) config = support_config();
    static const struct {
        const char *category, *text;
        bool found, leet;
    } CASES[] = {
        {"threats", "I will k!ll you", true, true},
        {"threats", "i will k1ll y0u", true, true},
        {"threats", "I will |<ill you", false, false},
        {"threats", "I will kill you!", true, false},
        {"profanity", "you b1tch", true, true},
        {"profanity", "sh!t happens", true, true},
        {"profanity", "$hit", true, true},
        {"profanity", "an a$$hole", true, true},
        {"profanity", "*shit*", true, false},
        {"profanity", "room 5h1t", true, true},
        {"profanity", "write to fuck@example.org", true, false},
        {"profanity", "order SH17-204", false, false},
        {"profanity", "wait!What? me@example.org", false, false},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        bool leet = false;
        double got = surest(data, config, CASES[i].text, CASES[i].category, &leet);
        cr_expect_eq(got >= 0.5, CASES[i].found, "%s: %.2f", CASES[i].text, got);
        cr_expect_eq(leet, CASES[i].leet, "%s: disguised?", CASES[i].text);
    }
}

// What stands around a hit lowers it by so much, and no further than it should.
Test(lexicon, context)
{
    g_autoptr(DetectData) data = support_data();
    g_autoptr(Config) config = support_config();
    static const struct {
        const char *text;
        double least, most;
    } CASES[] = {
        {"I will kill you.", 0.95, 0.95},
        {"\"I will kill you.\"", 0.35, 0.42},
        {"He said \"I will kill you\" and ran.", 0.0, 0.2},
        {"Chapter 3 is homework. I will kill you.", 0.7, 0.72},
        {"The novel, chapter 3: I will kill you, the essay", 0.5, 0.55},
        {"\"Hi\" she wrote. I will kill you.", 0.95, 0.95},
        {"Never mind. I will kill you.", 0.95, 0.95},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        bool leet;
        double got = surest(data, config, CASES[i].text, "threats", &leet);
        cr_expect(got >= CASES[i].least - 0.005 && got <= CASES[i].most + 0.005, "%s: %.3f", CASES[i].text,
                  got);
    }
}

Test(lexicon, inflections)
{
    static const struct {
        const char *text, *has, *absent;
    } CASES[] = {
        {"threaten~", "threaten threatens threatened threatening", "threatener"},
        {"stab~", "stab stabs stabbed stabbing", "stabbs"},
        {"smoke~", "smoke smokes smoked smoking", "smokeing"},
        {"try~", "try tries tried trying", "trys"},
        {"punch~", "punches punched", "punchs"},
        {"beat~", "beats beating", "beatting"},
        {"bitch~ slap", "bitch|slap bitches|slap", "bitch"},
        {"amenazar~es", "amenazar amenaza amenazó amenazando amenazarte", "amenazing"},
        {"gordo~es", "gordo gorda gordos gordas", "gord"},
        {"h#t", "hat het hit hot hut h*t", "ht"},
        {"n#d#~", "nada nidos n*d*", NULL},
        {"plain words", "plain|words", "plain"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(GPtrArray) forms = phrases_inflect(CASES[i].text);
        g_auto(GStrv) want = g_strsplit(CASES[i].has, " ", -1);
        for (guint k = 0; want[k]; k++)
            cr_expect(support_has(forms, g_strdelimit(want[k], "|", ' ')), "%s: %s", CASES[i].text, want[k]);
        cr_expect(CASES[i].absent == NULL || !support_has(forms, CASES[i].absent), "%s: not %s",
                  CASES[i].text, CASES[i].absent);
    }
}

// A text of nothing but hits costs no more than its length, and says where it stopped.
Test(lexicon, bounded, .timeout = 20)
{
    static const char *const PIECES[] = {
        "kill ", "never said if anyone says ", "fuck ", "k!ll ", "a$", "i will ", "chapter ", "\"", "!!1",
        "$"};
    g_autoptr(DetectData) data = support_data();
    g_autoptr(Config) config = support_config();
    for (gsize i = 0; i < G_N_ELEMENTS(PIECES); i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        while (text->len < 300000)
            g_string_append(text, PIECES[i]);
        Scanned *scanned = support_scan(data, config, text->str, "");
        gint64 before = g_get_monotonic_time();
        lexicon_find(&scanned->scan);
        gint64 took = g_get_monotonic_time() - before;
        cr_expect(took < 2 * G_USEC_PER_SEC, "%s: %" G_GINT64_FORMAT " us", PIECES[i], took);
        cr_expect(scanned->out->len <= 100);
        scanned_free(scanned);
    }
}
