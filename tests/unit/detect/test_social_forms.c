// Forms in which people give handles, and what only looks like them. All names are made up.
#include "support.h"

#include <string.h>

static DetectData *data;
static Config *config;

static void forms_start(void)
{
    data = support_data();
    config = support_config();
}

static void forms_stop(void)
{
    detect_data_unref(data);
    config_unref(config);
}

TestSuite(social_forms, .init = forms_start, .fini = forms_stop);

typedef struct {
    const char *text, *values;
} FormCase;

static void forms_check(const FormCase *cases, gsize count)
{
    for (gsize i = 0; i < count; i++) {
        gsize len = strlen(cases[i].text);
        g_autofree char *copy = g_memdup2(cases[i].text, len); // of the exact size, for the sanitizer
        Scanned *scanned = support_scan_origin(data, config, copy ? copy : "", len, ORIGIN_TEXT, NULL, "smp");
        g_autofree char *values = support_values(scanned, 0.5);
        cr_expect(eq(str, values, (char *)cases[i].values), "%s", cases[i].text);
        scanned_free(scanned);
    }
}

Test(social_forms, the_name_behind_the_platform)
{
    static const FormCase CASES[] = {
        {"snapchat @ willowbee", "handle:snapchat:willowbee"},
        {"Snap me: tuba.kid", "handle:snapchat:tuba.kid"},
        {"Insta -> oboe_nerd", "handle:instagram:oboe_nerd"},
        {"My IG is ocarina.gal", "handle:instagram:ocarina.gal"},
        {"TikTok: @ocarina.gal", "handle:tiktok:ocarina.gal"},
        {"Discord - mr_marimba", "handle:discord:mr_marimba"},
        {"discord tag: marimba#0420", "handle:discord:marimba#0420"},
        {"Add marimba#0420 on Discord", "handle:discord:marimba#0420"},
        {"telegram: @brasslady", "handle:telegram:brasslady"},
        {"Find me on Telegram, @brasslady", "handle:telegram:brasslady"},
        {"You can find me on Instagram under willowbee.", "handle:instagram:willowbee"},
        {"Hit me up on Snap, it's willowbee7", "handle:snapchat:willowbee7"},
        {"hmu on snap its willowbee7", "handle:snapchat:willowbee7"},
        {"Add me on Snapchat! willow_bee", "handle:snapchat:willow_bee"},
        {"Add me on Snapchat. I'm willowbee there.", "handle:snapchat:willowbee"},
        {"I'm on Discord most evenings; my name there is willowbee", "handle:discord:willowbee"},
        {"I am on Instagram. My username is willowbee.", "handle:instagram:willowbee"},
        {"Message me on Reddit (u/willowbee)", "handle:reddit:willowbee"},
        {"reddit: u/willowbee", "handle:reddit:willowbee"},
        {"My gamertag is WillowBee77", "handle:xbox:willowbee77"},
        {"psn: willow-bee-7", "handle:playstation:willow-bee-7"},
        {"My PSN is willowbee7", "handle:playstation:willowbee7"},
        {"Roblox user: willowbee7", "handle:roblox:willowbee7"},
        {"My Roblox username is WillowBeeBuilds", "handle:roblox:willowbeebuilds"},
        {"Do you have Snapchat? I'm willowbee7", "handle:snapchat:willowbee7"},
        {"Do you have Discord? Mine is willowbee7", "handle:discord:willowbee7"},
        {"do u have insta?? im willow.bee", "handle:instagram:willow.bee"},
        {"Got Snap? It's willowbee7", "handle:snapchat:willowbee7"},
        {"I use Telegram, look for willow_bee", "handle:telegram:willow_bee"},
        {"I use Discord mostly. Username: willowbee", "handle:discord:willowbee"},
        {"Signal: willowbee.07", "handle:signal:willowbee.07"},
        {"My Signal username is willowbee.07", "handle:signal:willowbee.07"},
        {"threads: @willow.bee", "handle:threads:willow.bee"},
        {"bluesky: willowbee.bsky.social", "handle:bluesky:willowbee.bsky.social"},
        {"Find me on Bluesky: @willowbee.bsky.social", "handle:bluesky:willowbee.bsky.social"},
        {"youtube: @willowbeeplays", "handle:youtube:willowbeeplays"},
        {"twitch: willowbee_plays", "handle:twitch:willowbee_plays"},
        {"Line ID: willowbee7", "handle:line:willowbee7"},
        {"WeChat ID: willowbee7", "handle:wechat:willowbee7"},
        {"kik - willowbee7", "handle:kik:willowbee7"},
        {"BeReal: willowbee7", "handle:bereal:willowbee7"},
        {"vsco: willowbee7", "handle:vsco:willowbee7"},
        {"Instagram handle = @willow.bee", "handle:instagram:willow.bee"},
        {"Insta (@willow.bee)", "handle:instagram:willow.bee"},
        {"insta \342\200\223 willow.bee", "handle:instagram:willow.bee"},
        {"insta: \"willow.bee\"", "handle:instagram:willow.bee"},
        {"snap\xf0\x9f\x91\xbb: willowbee7", "handle:snapchat:willowbee7"},
        {"linktree: willowbee7", "handle:linktree:willowbee7"},
        {"my steam is willowbee", "handle:steam:willowbee"},
        {"The pictures are on my insta, you know my cat's name (willow_bee)", "handle:instagram:willow_bee"},
        {"They are all on my snap: first name, then the bug (willow underscore bee).",
         "handle:snapchat:willow_bee"},
        {"Join: discord.gg/xYz9 . I'm\nwillowbee there.", "invite:discord.gg/xYz9 handle:discord:willowbee"},
        {"https://discord.gg/xYz9 (my name there is willowbee)",
         "invite:discord.gg/xYz9 handle:discord:willowbee"},
        {"Join https://chat.whatsapp.com/AbC123dEf, we are all in there",
         "invite:chat.whatsapp.com/AbC123dEf"},
        {"discord.gg/xYz9 it's free, I'm always there", "invite:discord.gg/xYz9"},
        {"I\342\200\231m willowbee on Discord", "handle:discord:willowbee"},
        {"Add me on Snapchat. I\342\200\231m willowbee there.", "handle:snapchat:willowbee"},
        {"Let's continue on Discord, I'm @willowbee.", "handle:discord:willowbee"},
        {"We can go on on Snap, my name there is willow_bee", "handle:snapchat:willow_bee"},
        {"hmu on sn4pchat", ""},
        {"My finsta is willow.bee.2", "handle:instagram:willow.bee.2"},
    };
    forms_check(CASES, G_N_ELEMENTS(CASES));
}

Test(social_forms, the_name_before_the_platform)
{
    static const FormCase CASES[] = {
        {"Find me as willow_bee on Instagram", "handle:instagram:willow_bee"},
        {"Find me as WillowBee on Instagram.", "handle:instagram:willowbee"},
        {"I'm willowbee on Discord", "handle:discord:willowbee"},
        {"It's willowbee7 on Snap", "handle:snapchat:willowbee7"},
        {"its willowbee7 on ig", "handle:instagram:willowbee7"},
        {"willow.bee is my insta", "handle:instagram:willow.bee"},
        {"@willowbee is my Snap", "handle:snapchat:willowbee"},
        {"willowbee7 is my discord name", "handle:discord:willowbee7"},
        {"Add willowbee7 (discord)", "handle:discord:willowbee7"},
        {"add willow_bee on snap", "handle:snapchat:willow_bee"},
        {"@willowbee (Snapchat)", "handle:snapchat:willowbee"},
        {"@willowbee (IG)", "handle:instagram:willowbee"},
        {"@willowbee [insta]", "handle:instagram:willowbee"},
        {"willowbee7 - Snapchat", "handle:snapchat:willowbee7"},
        {"@willowbee | Instagram", "handle:instagram:willowbee"},
        {"@willowbee, Snapchat", "handle:snapchat:willowbee"},
        {"look up willow_bee on TikTok", "handle:tiktok:willow_bee"},
        {"Look for me on TikTok as willowbee", "handle:tiktok:willowbee"},
        {"Follow willow.bee on Insta for more", "handle:instagram:willow.bee"},
        {"DM @willowbee on Instagram", "handle:instagram:willowbee"},
        {"I go by willowbee on Snapchat", "handle:snapchat:willowbee"},
        {"my name is willowbee7 on roblox", "handle:roblox:willowbee7"},
        {"u/willowbee on Reddit", "handle:reddit:willowbee"},
        {"Search willow_bee in Telegram", "handle:telegram:willow_bee"},
        {"@willowbee on IG", "handle:instagram:willowbee"},
        {"@willowbee on X", "handle:twitter:willowbee"},
    };
    forms_check(CASES, G_N_ELEMENTS(CASES));
}

Test(social_forms, one_name_on_several_platforms)
{
    static const FormCase CASES[] = {
        {"IG / Snap: @willowbee", "handle:snapchat:willowbee handle:instagram:willowbee"},
        {"IG & TikTok: @willowbee", "handle:tiktok:willowbee handle:instagram:willowbee"},
        {"Instagram and TikTok: @willowbee", "handle:tiktok:willowbee handle:instagram:willowbee"},
        {"I'm willowbee7 on Snap and Insta", "handle:snapchat:willowbee7 handle:instagram:willowbee7"},
        {"@willowbee on Instagram and TikTok", "handle:instagram:willowbee handle:tiktok:willowbee"},
        {"@willowbee on Insta/TikTok", "handle:instagram:willowbee handle:tiktok:willowbee"},
        {"my insta is willow.bee, same @ on tiktok", "handle:instagram:willow.bee handle:tiktok:willow.bee"},
        {"insta: willow.bee (same on snap)", "handle:instagram:willow.bee handle:snapchat:willow.bee"},
        {"Discord: willowbee7. Same name on Roblox.", "handle:discord:willowbee7 handle:roblox:willowbee7"},
    };
    forms_check(CASES, G_N_ELEMENTS(CASES));
}

Test(social_forms, rows_and_lists)
{
    static const FormCase CASES[] = {
        {"Snapchat | willowbee7", "handle:snapchat:willowbee7"},
        {"Snapchat\twillowbee7", "handle:snapchat:willowbee7"},
        {"Instagram\twillow.bee\nSnapchat\twillowbee7\n",
         "handle:instagram:willow.bee handle:snapchat:willowbee7"},
        {"Contact,Name\nSnapchat,willowbee7\nInstagram,willow.bee\n",
         "handle:snapchat:willowbee7 handle:instagram:willow.bee"},
        {"Snapchat:\nwillowbee7", "handle:snapchat:willowbee7"},
        {"Snapchat\nwillowbee7\n", "handle:snapchat:willowbee7"},
        {"- Snap: willowbee7\n- Insta: willow.bee\n",
         "handle:snapchat:willowbee7 handle:instagram:willow.bee"},
        {"* discord: willowbee7\n* psn: bee-7-willow\n",
         "handle:discord:willowbee7 handle:playstation:bee-7-willow"},
        {"Find me here:\nIG willow.bee\nSC willowbee7\n",
         "handle:instagram:willow.bee handle:snapchat:willowbee7"},
        {"sc: willowbee7 | ig: willow.bee", "handle:snapchat:willowbee7 handle:instagram:willow.bee"},
    };
    forms_check(CASES, G_N_ELEMENTS(CASES));
}

Test(social_forms, names_in_words)
{
    static const FormCase CASES[] = {
        {"my insta is sam dot r underscore nine nine", "handle:instagram:sam.r_99"},
        {"find me on snap: jay underscore 07", "handle:snapchat:jay_07"},
        {"snap is jay underscore zero seven", "handle:snapchat:jay_07"},
        {"my snap is willow dash bee", "handle:snapchat:willow-bee"},
        {"insta: willow (dot) bee", "handle:instagram:willow.bee"},
        {"insta: willow(underscore)bee", "handle:instagram:willow_bee"},
        {"my discord is willow hashtag 0420", "handle:discord:willow#0420"},
        {"It is willow underscore bee on Snapchat", "handle:snapchat:willow_bee"},
        {"Look me up on Instagram, willow dot bee dot art", "handle:instagram:willow.bee.art"},
        {"I am on Instagram as at willow dot bee", "handle:instagram:willow.bee"},
        {"mi insta es sauce punto verde", "handle:instagram:sauce.verde"},
        {"mi snap es sauce guion bajo verde", "handle:snapchat:sauce_verde"},
        {"mi snap es sauce gui\303\263n bajo siete", "handle:snapchat:sauce_7"},
    };
    forms_check(CASES, G_N_ELEMENTS(CASES));
}

Test(social_forms, platforms_in_disguise)
{
    static const FormCase CASES[] = {
        {"sn@p: willowbee7", "handle:snapchat:willowbee7"},
        {"my sn4p is willowbee7", "handle:snapchat:willowbee7"},
        {"disc0rd: willowbee7", "handle:discord:willowbee7"},
        {"add me on d1scord willowbee7", "handle:discord:willowbee7"},
        {"my 1nsta is willow.bee", "handle:instagram:willow.bee"},
        {"inst@: willow.bee", "handle:instagram:willow.bee"},
        {"sn@pchat: willowbee7", "handle:snapchat:willowbee7"},
        {"tik-tok: willow.bee", "handle:tiktok:willow.bee"},
        {"t1kt0k: willow.bee", "handle:tiktok:willow.bee"},
        {"snap chat: willowbee7", "handle:snapchat:willowbee7"},
        {"s n a p: willowbee7", "handle:snapchat:willowbee7"},
        {"i.n.s.t.a: willow.bee", "handle:instagram:willow.bee"},
        {"i n s t a g r a m - willow.bee", "handle:instagram:willow.bee"},
        {"s.n.a.p is willowbee7", "handle:snapchat:willowbee7"},
        {"\xef\xbd\x93\xef\xbd\x8e\xef\xbd\x81\xef\xbd\x90: willowbee7", "handle:snapchat:willowbee7"},
        {"sn\xd0\xb0p: willowbee7", "handle:snapchat:willowbee7"},
    };
    forms_check(CASES, G_N_ELEMENTS(CASES));
}

Test(social_forms, spanish)
{
    static const FormCase CASES[] = {
        {"mi insta es sauce.verde", "handle:instagram:sauce.verde"},
        {"Mi Instagram es sauceverde.", "handle:instagram:sauceverde"},
        {"agr\303\251game al snap como sauceverde", "handle:snapchat:sauceverde"},
        {"agr\303\251game en snap: sauce_verde", "handle:snapchat:sauce_verde"},
        {"agregame al disc sauce_verde", "handle:discord:sauce_verde"},
        {"b\303\272scame en TikTok, soy sauce_verde", "handle:tiktok:sauce_verde"},
        {"b\303\272scame en Instagram como sauceverde", "handle:instagram:sauceverde"},
        {"s\303\255gueme en instagram @sauceverde", "handle:instagram:sauceverde"},
        {"me encuentras en Telegram como @sauceverde", "handle:telegram:sauceverde"},
        {"mi usuario de Instagram es sauceverde", "handle:instagram:sauceverde"},
        {"mi usuario en discord es sauce_verde", "handle:discord:sauce_verde"},
        {"mi cuenta de snap es sauce_verde", "handle:snapchat:sauce_verde"},
        {"soy sauce_verde en snap", "handle:snapchat:sauce_verde"},
        {"estoy sauce_verde en insta", "handle:instagram:sauce_verde"},
        {"estoy en insta como sauceverde", "handle:instagram:sauceverde"},
        {"\302\277Tienes snap? Soy sauce_verde", "handle:snapchat:sauce_verde"},
        {"sauce_verde es mi insta", "handle:instagram:sauce_verde"},
        {"a\303\261\303\241"
         "deme a discord: sauce_verde",
         "handle:discord:sauce_verde"},
        {"meu insta \303\251 sauce.verde", "handle:instagram:sauce.verde"},
        {"me segue no insta: @sauceverde", "handle:instagram:sauceverde"},
        {"mon insta est sauce.verte", "handle:instagram:sauce.verte"},
    };
    forms_check(CASES, G_N_ELEMENTS(CASES));
}

// The work grows as the text does.
Test(social_forms, linear, .timeout = 60)
{
    static const char *const UNITS[] = {"add me on discord ",
                                        "i'm on snap. ",
                                        "find me on insta, it's ",
                                        "(snap ",
                                        "my insta is ",
                                        "snap and insta and ",
                                        "same on snap ",
                                        "i n s t a ",
                                        "s.n.a.p.",
                                        "sn@p ",
                                        "d1sc0rd ",
                                        "discord a#1234 ",
                                        "x dot y on snap ",
                                        "@a on snap and insta ",
                                        "\321\201n\320\260p ",
                                        "have discord i'm i'm i'm i'm ",
                                        "snap\n",
                                        "snap|",
                                        "snap:",
                                        "discord.gg/x i'm ",
                                        "a.tumblr.com "};
    for (gsize i = 0; i < G_N_ELEMENTS(UNITS); i++) {
        guint64 work[2];
        for (guint k = 0; k < 2; k++) {
            g_autoptr(GString) text = g_string_new(NULL);
            while (text->len < (k ? 400000 : 100000))
                g_string_append(text, UNITS[i]);
            Scanned *scanned = support_scan(data, config, text->str, "s");
            work[k] = scanned->scan.work + 1;
            scanned_free(scanned);
        }
        // what names platforms without end is cut short, and said to be
        cr_expect(le(u64, work[1], 6 * work[0] + 1000), "%s", UNITS[i]);
    }
}
