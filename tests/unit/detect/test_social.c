#include "support.h"

#include <string.h>

static DetectData *data;
static Config *config;

static void social_start(void)
{
    data = support_data();
    config = support_config();
}

static void social_stop(void)
{
    detect_data_unref(data);
    config_unref(config);
}

TestSuite(social, .init = social_start, .fini = social_stop);

typedef struct {
    const char *text, *values;
} SocialCase;

static void social_check(const SocialCase *cases, gsize count, double least)
{
    for (gsize i = 0; i < count; i++) {
        Scanned *scanned = support_scan(data, config, cases[i].text, "smp");
        g_autofree char *values = support_values(scanned, least);
        cr_expect(eq(str, values, (char *)cases[i].values), "case %zu: %s", i, cases[i].text);
        scanned_free(scanned);
    }
}

Test(social, links)
{
    static const SocialCase CASES[] = {
        {"https://chat.whatsapp.com/AbC123dEf", "invite:chat.whatsapp.com/AbC123dEf"},
        {"join: discord.gg/xYz9", "invite:discord.gg/xYz9"},
        {"hxxps://discord[.]gg/xYz9", "invite:discord.gg/xYz9"},
        {"https://discord.com/invite/xYz9.", "invite:discord.com/invite/xYz9"},
        {"t.me/+AAbbCC", "invite:t.me/+AAbbCC"},
        {"https://t.me/joinchat/AAbb", "invite:t.me/joinchat/AAbb"},
        {"t.me/coach_tb", "handle:telegram:coach_tb"},
        {"https://signal.group/#CjQKIabc", "invite:signal.group/#CjQKIabc"},
        {"https://groupme.com/join_group/123/abc", "invite:groupme.com/join_group/123/abc"},
        {"band.us/n/a1b2", "invite:band.us/n/a1b2"},
        {"www.remind.com/join/period3", "invite:remind.com/join/period3"},
        {"(https://www.instagram.com/jane.doe/)", "handle:instagram:jane.doe"},
        {"https://instagram.com/jane.doe?igsh=abc", "handle:instagram:jane.doe"},
        {"snapchat.com/add/jdoe_99", "handle:snapchat:jdoe_99"},
        {"https://www.tiktok.com/@jane.doe?lang=en", "handle:tiktok:jane.doe"},
        {"x.com/janedoe", "handle:twitter:janedoe"},
        {"https://mobile.twitter.com/JaneDoe", "handle:twitter:janedoe"},
        {"facebook.com/jane.doe.9", "handle:facebook:jane.doe.9"},
        {"https://www.facebook.com/profile.php?id=1000123", "handle:facebook:1000123"},
        {"https://bsky.app/profile/jane.example.org", "handle:bluesky:jane.example.org"},
        {"reddit.com/u/jdoe", "handle:reddit:jdoe"},
        {"youtube.com/@JaneDoe", "handle:youtube:janedoe"},
        {"https://www.linkedin.com/in/jane-doe-1", "handle:linkedin:jane-doe-1"},
        {"https://steamcommunity.com/id/jdoe", "handle:steam:jdoe"},
        {"https://venmo.com/u/jane-doe", "payment-handle:venmo:jane-doe"},
        {"cash.app/$janedoe", "payment-handle:cashapp:$janedoe"},
        {"paypal.me/janedoe/20", ""},
        {"https://paypal.me/janedoe", "payment-handle:paypal:janedoe"},
        {"https://inst\u0430gram.com/jane.doe", "handle:instagram:jane.doe"},
        {"https://safe.example/?url=https%3A%2F%2Fdiscord.gg%2FxYz9&data=1", "invite:discord.gg/xYz9"},
        {"https://urldefense.com/v3/__https://discord.gg/xYz9__;!!abc", "invite:discord.gg/xYz9"},
        {"https://someone@discord.gg/xYz9", "invite:discord.gg/xYz9"},
        {"https://linktr.ee/jane.doe", "handle:linktree:jane.doe"},
        {"all my socials: jane-doe.carrd.co", "handle:carrd:jane-doe"},
        {"https://janedoe.tumblr.com/", "handle:tumblr:janedoe"},
        {"bio.link/janedoe", "handle:bio.link:janedoe"},
        {"lichess.org/@/JaneDoe", "handle:chess:janedoe"},
        {"https://open.spotify.com/user/janedoe99", "handle:spotify:janedoe99"},
        {"https://www.roblox.com/share?code=a1b2c3&type=Profile", "invite:roblox.com/share?a1b2c3"},
        {"https://disboard.org/server/123456789", "invite:disboard.org/server/123456789"},
        {"zalo.me/14135550142", "phone:+14135550142"},
    };
    social_check(CASES, G_N_ELEMENTS(CASES), 0.9);
}

Test(social, links_that_are_nobodys)
{
    static const SocialCase CASES[] = {
        {"https://www.instagram.com/p/Cabc123/", ""},
        {"https://www.instagram.com/explore/", ""},
        {"https://twitter.com/intent/tweet?text=hi", ""},
        {"https://twitter.com/jane/status/123456", ""},
        {"https://www.facebook.com/sharer.php?u=https%3A%2F%2Fexample.org", ""},
        {"https://www.facebook.com/policies", ""},
        {"https://www.tiktok.com/@jane/video/123", ""},
        {"https://www.youtube.com/watch?v=abc", ""},
        {"https://help.instagram.com/519522125107875", ""},
        {"https://meet.google.com/abc-defg-hij", ""},
        {"https://carrd.co/docs", ""},
        {"https://www.carrd.co", ""},
        {"https://janedoe.tumblr.com/post/123/a-poem", ""},
        {"https://open.spotify.com/track/4cOdK2wGLETKBW3PvgPWqT", ""},
        {"https://wattpad.com/story/123-a-tale", ""},
        {"https://zoom.us/j/4135550142?pwd=x", ""},
        {"https://district.zoom.us/j/4135550142", ""},
        {"https://teams.microsoft.com/l/meetup-join/19%3ameeting", ""},
        {"https://classroom.google.com/c/NDEzNTU1MDE0Mg", ""},
        {"https://forms.gle/4135550142", ""},
        {"https://bit.ly/4135550142", ""},
        {"https://example.org/a/4135550142/b", ""},
        {"end.Then another", ""},
    };
    social_check(CASES, G_N_ELEMENTS(CASES), 0.0);
}

Test(social, handles)
{
    static const SocialCase CASES[] = {
        {"snap: jdoe_99", "handle:snapchat:jdoe_99"},
        {"Snapchat - jdoe_99", "handle:snapchat:jdoe_99"},
        {"my insta is jane.d0e", "handle:instagram:jane.d0e"},
        {"my instagram is janedoe, ok", "handle:instagram:janedoe"},
        {"ig - @janedoe", "handle:instagram:janedoe"},
        {"IG/Snap: jdoe_99", "handle:snapchat:jdoe_99 handle:instagram:jdoe_99"},
        {"find me on TikTok as jane_makes", "handle:tiktok:jane_makes"},
        {"add me on discord grz#1234", "handle:discord:grz#1234"},
        {"discord: grz_dev", "handle:discord:grz_dev"},
        {"mi insta es jane_doe", "handle:instagram:jane_doe"},
        {"@janedoe on instagram", "handle:instagram:janedoe"},
        {"jdoe_99 on snapchat", "handle:snapchat:jdoe_99"},
        {"follow me on twitter @JaneDoe", "handle:twitter:janedoe"},
        {"Instagram: janedoe", "handle:instagram:janedoe"},
        {"telegram username: jane_d", "handle:telegram:jane_d"},
        {"tik tok: jane.makes", "handle:tiktok:jane.makes"},
        {"my snap username is coachtb23", "handle:snapchat:coachtb23"},
        {"kik jdoe99, add me", "handle:kik:jdoe99"},
        {"add me on kik jdoe99", "handle:kik:jdoe99"},
        {"i'm janedoe on discord", "handle:discord:janedoe"},
        {"insta: jane dot doe", "handle:instagram:jane.doe"},
        {"my snap is jane underscore doe", "handle:snapchat:jane_doe"},
        {"look for jane dot doe dot art on instagram", "handle:instagram:jane.doe.art"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        Scanned *scanned = support_scan(data, config, CASES[i].text, "smp");
        g_autofree char *values = support_values(scanned, 0.59);
        cr_expect(eq(str, values, (char *)CASES[i].values), "case %zu: %s", i, CASES[i].text);
        scanned_free(scanned);
    }
}

Test(social, words_about_platforms)
{
    static const SocialCase CASES[] = {
        {"Instagram account policy", ""},
        {"The Instagram app is blocked on school devices.", ""},
        {"Snapchat and TikTok are not allowed", ""},
        {"Instagram is down today", ""},
        {"Discord: see the handbook", ""},
        {"solve x: 5 and y: 7", ""},
        {"Subject line: homework", ""},
        {"Signal: turn left", ""},
        {"marching band: practice at 5", ""},
        {"post it on facebook by Friday", ""},
        {"my youtube video is due", ""},
        {"follow the school on Twitter for updates", ""},
        {"steam engines of 1850", ""},
        {"put that on Instagram later", ""},
        {"a unit on Twitter and the news", ""},
        {"@Test void x() {}", ""},
    };
    social_check(CASES, G_N_ELEMENTS(CASES), 0.5);
}

Test(social, names_without_platform)
{
    Scanned *scanned = support_scan(data, config, "add me: coach_tb23", "smp");
    const Candidate *candidate = support_first(scanned, KIND_HANDLE);
    cr_assert(ne(ptr, (void *)candidate, NULL));
    cr_expect(eq(ptr, candidate->value, NULL));
    cr_expect(eq(str, candidate->name, "coach_tb23"));
    scanned_free(scanned);
}
