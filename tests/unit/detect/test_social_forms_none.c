// What only looks like a handle.
#include "support.h"

#include <string.h>

static DetectData *data;
static Config *config;

static void none_start(void)
{
    data = support_data();
    config = support_config();
}

static void none_stop(void)
{
    detect_data_unref(data);
    config_unref(config);
}

TestSuite(social_none, .init = none_start, .fini = none_stop);

static void none_check(const char *const *cases, gsize count)
{
    for (gsize i = 0; i < count; i++) {
        gsize len = strlen(cases[i]);
        g_autofree char *copy = g_memdup2(cases[i], len); // of the exact size, for the sanitizer
        Scanned *scanned = support_scan_origin(data, config, copy, len, ORIGIN_TEXT, NULL, "sm");
        g_autofree char *values = support_values(scanned, 0.45);
        cr_expect(eq(str, values, (char *)""), "%s", cases[i]);
        scanned_free(scanned);
    }
}

Test(social_none, words_near_platforms)
{
    static const char *const CASES[] = {
        "Do you have Snapchat? I'm doing a survey there.",
        "Are you on Discord? I'm never there.",
        "I was on Instagram. It's v2.1 now.",
        "I use Discord for a club. It's in room_12.",
        "I use YouTube in class. Search unit_3 for the videos.",
        "Have you got TikTok? It is on page 12.",
        "I'm on Facebook. My name is Carla.",
        "You have Instagram open. Look for the settings.",
        "I found it on Instagram. I'm impressed!",
        "Do you have Discord? I'm 12 years old and may not.",
        "You can message the office. Discord is blocked. It's policy_4 in the handbook.",
        "I have Snapchat, but mine is off.",
        "Add a caption on Instagram, e.g. a.m. or p.m.",
        "Add a title. Discord, 2.5 stars",
        "We talked about Instagram, 24/7 news and TikTok, 2020-2024.",
        "Join the talk on Twitter, 7pm, Room_B",
        "The same on TikTok: 15 seconds.",
        "We had a debate; it was the same on Instagram.",
        "Reading_Log.pdf on Instagram?",
        "Find unit_3 on YouTube",
        "Look up lesson_4 on YouTube.",
        "I'm sharing on Instagram",
        "I am working on Discord bots.",
        "It's trending on TikTok.",
        "This is my Instagram project",
        "Cooking is my TikTok niche",
        "He said: I'm famous on YouTube",
        "I'm back on Facebook",
        "We're live on Instagram",
        "Instagram @ lunch",
        "Snapchat | not allowed",
        "Instagram | 2 hours a day",
        "App\tMinutes\nInstagram\t45\nSnapchat\t30min\n",
        "Platform,Year\nTwitter,2006\nInstagram,2010\n",
        "Instagram,Facebook,TikTok",
        "Twitter\n2006 to 2023",
        "sn.ap, i.n. s.t.a.",
        "a b c d e",
        "i n a row",
        "the 1nst of May and t1ktak",
        "\320\277\321\200\320\270\320\262\320\265\321\202 "
        "\320\264\320\270\321\201\320\272\320\276\321\200\320\264",
        "On Instagram, @ the gym, we met",
        "Discord #general is closed, PO#4471 on Discord",
    };
    none_check(CASES, G_N_ELEMENTS(CASES));
}

Test(social_none, words_about_platforms)
{
    static const char *const CASES[] = {
        "Follow our students on Instagram!",
        "Follow the band on Facebook for pictures.",
        "Like us on Facebook and follow us on X.",
        "The Discord outage lasted two hours.",
        "Discord is blocked on school devices.",
        "The Instagram lawsuit is in the news again.",
        "We read an article: Snapchat streaks and sleep.",
        "Snapchat, Instagram and TikTok are not allowed in class.",
        "Snapchat - not in class, please.",
        "TikTok: the debate about a ban",
        "TikTok: good or bad?",
        "Instagram: harmless fun?",
        "Discord: what parents need to know",
        "YouTube: Crash Course episode 12",
        "YouTube - Photosynthesis explained in 5 minutes",
        "Twitter (now X) changed its rules in 2023.",
        "On Twitter in 2016, candidates wrote 3.5 times more.",
        "Instagram @ 5pm: we go live with the choir concert",
        "Instagram live @ 6:30",
        "Threads by 9th graders will be hung in the hall",
        "We will analyse the Twitter thread by Friday.",
        "Why is Reddit called the front page of the internet?",
        "Instagram was founded in 2010 by two students.",
        "Facebook's IPO was in 2012.",
        "Telegram, 1917: the Zimmermann note",
        "The Zimmermann telegram is on page 214.",
        "The telegram read: arriving_monday",
        "My Instagram is private.",
        "My Instagram is full of cat pictures.",
        "His Instagram is boring.",
        "Is your Snapchat public?",
        "Her Discord is muted during class.",
        "The school's Instagram has been updated.",
        "Do you have Instagram? I'm asking for the survey.",
        "Do you have Discord? I'm curious how many of you use it.",
        "I'm on Facebook too much.",
        "It's on YouTube.",
        "I'm late. It's on Instagram already.",
        "Find it on YouTube.",
        "Look for Photosynthesis on YouTube.",
        "Look for Hamlet on YouTube.",
        "Search Khan Academy on YouTube.",
        "Find the recording on YouTube under Concerts.",
        "Watch the speech on YouTube at home.",
        "Add captions (Instagram)",
        "The post (Facebook) was taken down.",
        "Add music on TikTok with the plus sign.",
        "Students post as influencers on Instagram.",
        "An influencer on Instagram earns 3x more than on TikTok.",
        "Is it safe? - Instagram",
        "Who is on Snapchat as of today?",
        "Snapchat as a teaching tool",
        "Instagram as evidence in court",
        "Twitter as news",
        "Roblox is a platform where students learn to code.",
        "Roblox club meets Tuesday, room 14B.",
        "Minecraft: Education Edition v1.20.12",
        "Minecraft 1.20.4 is on the lab computers.",
        "Discord v0.0.28 will not start",
        "Steam 3.0 is out",
        "Xbox 360 vs. PlayStation 5",
        "PlayStation 4 and Xbox One raffle",
        "Line 42: missing semicolon",
        "Line: y = 2x_1 + 3",
        "line 12a and line 12b",
        "Signal: 2.4GHz",
        "signal the driver when it is your stop",
        "The signal is 5v_max",
        "band practice: 3rd period",
        "Band: b_flat clarinets meet in room 12",
        "Session: session_4 starts at 9",
        "session 3b is in the gym",
        "steam at 100.5 degrees",
        "STEAM: k-5 family night",
        "matrix: a_ij times b_jk",
        "Matrix A_1 on X",
        "epic: beowulf_2 pages 4-9",
        "threads: 4 per inch",
        "kick: left foot",
        "Kick off at 7pm",
        "Message my kin on X",
        "plot y_1 on x",
        "solve for x: 2x_1",
        "f(x) = x_2 on x > 0",
        "IG: income group",
        "SC: small claims",
        "DC: 1600 Pennsylvania Ave visit",
        "Washington DC - March 3-7",
        "trip to DC: itinerary_v2",
        "Columbia, SC - regional finals",
        "TT - time trial",
        "CSS @media (max-width: 600px) { .snap { color: red } }",
        "@import url(x.css);\n@media print { }",
        "git log @{upstream}",
        "@Override public void line() {}",
        "    @param snap the snapshot\n    @return x",
        "meet @ the gym",
        "Practice @ 5pm @ field 2",
        "tickets @ $5, students @ $3",
        "scroll-snap: x mandatory",
        "scroll-snap-type: x_mandatory",
        "twitter:card summary_large_image",
        "<meta name=\"twitter:site\" content=\"site\">",
        "Please remind: lab_report is due",
        "remind me on Friday",
        "Whats the homework?",
        "Whats due_date for unit_3",
        "The zap: 120v",
        "QQ plot: resid_1",
        "Spotify: Study Mix",
        "Search on Spotify: lofi",
        "Goodreads: 4.2 stars",
        "Strava 5k results",
        "Strava: 5.2 miles",
        "rumble strips, kick drums and a locket",
        "Fortnite - Chapter 5",
        "Valorant 9.0 patch",
        "WhatsApp groups for parents are run by the PTO.",
        "WhatsApp: 2 billion users",
        "Hangouts was replaced by Chat.",
        "FaceTime with grandma_day",
    };
    none_check(CASES, G_N_ELEMENTS(CASES));
}
