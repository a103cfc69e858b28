// What a message is: when it came, what is attached, its headers, its links, how much of a kind it holds.
#include "fixture.h"

#define ANN "ann@example.org", "ann@example.org"
#define UMA "uma@students.example.org"
#define CALENDARS                                                                                            \
    "calendars = { school-days = { days = [\"mon\", \"tue\", \"wed\", \"thu\", \"fri\"]; from = "            \
    "\"2026-08-25\";"                                                                                        \
    " until = \"2027-06-18\"; closed = [\"2026-11-26/2026-11-27\", \"2027-01-18\"]; };"                      \
    " weekend = { days = [\"sat\", \"sun\"]; closed = []; }; };"
#define AT(name, when, result)                                                                               \
    {                                                                                                        \
        name, ANN, UMA, .date = when, .expect = result                                                       \
    }

// 2026-10-20 is a Tuesday; New York is at -04:00 until 1 November.
Test(what, times)
{
    static const WhenRow rows[] = {
        {"time = { days = \"tue\"; };", AT("day", "2026-10-20T12:00:00-04:00", "hold")},
        {"time = { days = [\"mon\", \"wed\"]; };", AT("another day", "2026-10-20T12:00:00-04:00", "deliver")},
        {"time = { days = \"mon\"; };", AT("the day here", "2026-10-20T03:59:00Z", "hold")},
        {"time = { days = \"tue\"; };", AT("the day there", "2026-10-20T04:00:00Z", "hold")},
        {"time = { from = \"08:00\"; until = \"15:00\"; };",
         AT("first minute", "2026-10-20T08:00:00-04:00", "hold")},
        {"time = { from = \"08:00\"; until = \"15:00\"; };", AT("last", "2026-10-20T14:59:59-04:00", "hold")},
        {"time = { from = \"08:00\"; until = \"15:00\"; };",
         AT("until", "2026-10-20T15:00:00-04:00", "deliver")},
        {"time = { from = \"08:00\"; until = \"15:00\"; };", AT("winter", "2026-12-15T13:00:00Z", "hold")},
        {"time = { from = \"08:00\"; until = \"15:00\"; };",
         AT("summer time", "2026-10-20T11:59:00Z", "deliver")},
        {"time = { from = \"18:00\"; until = \"06:30\"; };",
         AT("evening", "2026-10-20T23:59:00-04:00", "hold")},
        {"time = { from = \"18:00\"; until = \"06:30\"; };",
         AT("past midnight", "2026-10-20T00:00:00-04:00", "hold")},
        {"time = { from = \"18:00\"; until = \"06:30\"; };",
         AT("morning", "2026-10-20T06:30:00-04:00", "deliver")},
        {"time = { from = \"18:00\"; };", AT("from on", "2026-10-20T18:00:00-04:00", "hold")},
        {"time = { until = \"06:30\"; };", AT("up to", "2026-10-20T06:29:00-04:00", "hold")},
        {"time = { until = \"24:00\"; };", AT("all day", "2026-10-20T23:59:59-04:00", "hold")},
        {"time = { calendar = \"school-days\"; };", AT("school day", "2026-10-20T12:00:00-04:00", "hold")},
        {"time = { calendar = \"school-days\"; };", AT("Sunday", "2026-10-18T12:00:00-04:00", "deliver")},
        {"time = { calendar = \"school-days\"; };",
         AT("before the year", "2026-08-24T12:00:00-04:00", "deliver")},
        {"time = { calendar = \"school-days\"; };", AT("first day", "2026-08-25T12:00:00-04:00", "hold")},
        {"time = { calendar = \"school-days\"; };", AT("last day", "2027-06-18T12:00:00-04:00", "hold")},
        {"time = { calendar = \"school-days\"; };",
         AT("after the year", "2027-06-21T12:00:00-04:00", "deliver")},
        {"time = { calendar = \"school-days\"; };",
         AT("closed, a span", "2026-11-27T12:00:00-05:00", "deliver")},
        {"time = { calendar = \"school-days\"; };",
         AT("closed, a day", "2027-01-18T12:00:00-05:00", "deliver")},
        {"time = { calendar = \"school-days\"; };", AT("after it", "2027-01-19T12:00:00-05:00", "hold")},
        {"time = { calendar = \"weekend\"; };", AT("open at both ends", "2031-10-18T12:00:00-04:00", "hold")},
        {"not = { time = { calendar = \"school-days\"; from = \"07:00\"; until = \"16:00\"; }; };",
         AT("outside of both", "2026-10-18T12:00:00-04:00", "hold")},
    };
    whens_check(DISTRICT, CALENDARS, rows, G_N_ELEMENTS(rows));
}

Test(what, late_hours)
{
    static const WhenRow rows[] = {
        {"fact = \"late-hours\";", AT("in hours", "2026-10-20T12:00:00-04:00", "deliver")},
        {"fact = \"late-hours\";", AT("early", "2026-10-20T05:59:00-04:00", "hold")},
        {"fact = \"late-hours\";", AT("late", "2026-10-20T20:00:00-04:00", "hold")},
        {"fact = \"late-hours\";",
         AT("a day that is not in the calendar", "2026-10-18T12:00:00-04:00", "hold")},
    };
    whens_check(DISTRICT,
                CALENDARS "hours = { from = \"06:00\"; until = \"20:00\"; calendar = \"school-days\"; };",
                rows, G_N_ELEMENTS(rows));
    whens_check(DISTRICT, "",
                (const WhenRow[]){{"fact = \"late-hours\";",
                                   AT("no hours are told", "2026-10-20T02:00:00-04:00", "deliver")}},
                1);
}

#define SHA "59c701a6654ac0bbec60b9cd0bb54ddfdb78ae61747cb0103aa1ffb93b3db3f8"
#define PART(name, part, result)                                                                             \
    {                                                                                                        \
        name, ANN, UMA, .parts = part, .expect = result                                                      \
    }

Test(what, attachments)
{
    static const WhenRow rows[] = {
        {"attachment = { type = \"image/*\"; };", PART("type", "image/png 5000 a.png", "hold")},
        {"attachment = { type = \"image/*\"; };", PART("in the text", "inline:image/png 5000", "hold")},
        {"attachment = { type = \"application/pdf\"; };",
         PART("no attachment", "inline:application/pdf 5000", "deliver")},
        {"attachment = { type = \"image/*\"; };",
         PART("another type", "application/pdf 5000 a.pdf", "deliver")},
        {"attachment = { type = \"image/*\"; };", PART("none", NULL, "deliver")},
        {"attachment = { name = [\"*.csv\", \"*.xlsx\"]; };",
         PART("name", "application/octet-stream 9 Grades.XLSX", "hold")},
        {"attachment = { name = \"*.csv\"; };", PART("another name", "text/csv 9 grades.txt", "deliver")},
        {"attachment = { name = \"*.csv\"; };", PART("no name", "text/csv 9", "deliver")},
        {"attachment = { min-size = 5000; };", PART("as large", "image/png 5000", "hold")},
        {"attachment = { min-size = 5000; };", PART("smaller", "image/png 4999", "deliver")},
        {"attachment = { max-size = 5000; };", PART("larger", "image/png 5001", "deliver")},
        {"attachment = { sha256 = \"" SHA "\"; };", PART("hash", "image/png 9 - " SHA, "hold")},
        {"attachment = { sha256 = \"" SHA "\"; };", PART("another hash", "image/png 9 - 00", "deliver")},
        {"attachment = { sha256 = \"" SHA "\"; };", PART("no hash", "image/png 9", "deliver")},
        {"attachment = { state = [\"unread\", \"failed\"]; };",
         PART("state", "image/png 9 - - failed", "hold")},
        {"attachment = { state = [\"unread\", \"failed\"]; };",
         PART("read", "image/png 9 - - read", "deliver")},
        {"attachment = { state = \"skipped\"; };", PART("skipped", "image/png 9 - - skipped", "hold")},
        {"attachment = { type = \"image/*\"; min-size = 5000; };",
         PART("one must be all of it", "image/png 10;application/pdf 9000", "deliver")},
        {"attachment = { type = \"image/*\"; min-size = 5000; };",
         PART("the second is", "application/pdf 9000;image/png 6000", "hold")},
        {"fact = \"image-only\";",
         {"a picture", ANN, UMA, .parts = "image/jpeg 90000 a.jpg", .text = "", .expect = "hold"}},
        {"fact = \"image-only\";",
         {"video", ANN, UMA, .parts = "video/mp4 90000 a.mp4", .text = "look", .expect = "hold"}},
        {"fact = \"image-only\";",
         {"in the text", ANN, UMA, .parts = "inline:image/png 90000", .text = "", .expect = "hold"}},
        {"fact = \"image-only\";",
         {"a logo", ANN, UMA, .parts = "inline:image/png 9000", .text = "Thanks", .expect = "deliver"}},
        {"fact = \"image-only\";", PART("with text", "image/jpeg 90000 a.jpg", "deliver")},
        {"fact = \"image-only\";",
         {"with a document", ANN, UMA, .parts = "image/jpeg 90000;application/pdf 9000", .text = "",
          .expect = "deliver"}},
        {"fact = \"image-only\";", {"nothing at all", ANN, UMA, .text = "", .expect = "deliver"}},
    };
    whens_check(DISTRICT, "", rows, G_N_ELEMENTS(rows));
}

#define HEAD(name, head, result)                                                                             \
    {                                                                                                        \
        name, ANN, UMA, .headers = head, .expect = result                                                    \
    }

Test(what, headers)
{
    static const WhenRow rows[] = {
        {"header = { name = \"X-Campaign\"; };", HEAD("there", "x-campaign=7", "hold")},
        {"header = { name = \"X-Campaign\"; };", HEAD("another", "X-Other=7", "deliver")},
        {"header = { name = \"Subject\"; value = [\"*confirm*\", \"welcome*\"]; };",
         HEAD("value", "Subject=Please Confirm your e-mail", "hold")},
        {"header = { name = \"Subject\"; value = \"welcome*\"; };",
         HEAD("not at its beginning", "Subject=You are welcome", "deliver")},
        {"header = { name = \"X-A\"; value = \"two\"; };", HEAD("any instance", "X-A=one;X-A=two", "hold")},
        {"list-id = \"*.example.org\";", HEAD("list", "List-Id=The band <band.lists.example.org>", "hold")},
        {"list-id = \"*.example.org\";", HEAD("without brackets", "List-Id=band.example.org", "hold")},
        {"list-id = \"*.example.org\";",
         HEAD("its words", "List-Id=band.example.org <band.example.net>", "deliver")},
        {"list-id = \"*.example.org\";", HEAD("no list", NULL, "deliver")},
    };
    whens_check(DISTRICT, "", rows, G_N_ELEMENTS(rows));
}

#define LINK(name, link, result)                                                                             \
    {                                                                                                        \
        name, ANN, UMA, .links = link, .expect = result                                                      \
    }

Test(what, links)
{
    static const WhenRow rows[] = {
        {"link = { host = \"evite.com\"; };", LINK("host", "evite.com /e/1", "hold")},
        {"link = { host = \"evite.com\"; };", LINK("sub-domain", "www.evite.com /e/1", "hold")},
        {"link = { host = \"evite.com\"; };", LINK("another", "notevite.com /e/1", "deliver")},
        {"link = { host = \"*.band.us\"; };", LINK("pattern", "x.band.us /", "hold")},
        {"link = { host = \"*.band.us\"; };", LINK("the domain is none of them", "band.us /", "deliver")},
        {"link = { path = \"/join/*\"; };", LINK("path", "a.example.com /join/7", "hold")},
        {"link = { path = \"/join/*\"; };", LINK("another path", "a.example.com /about", "deliver")},
        {"link = { layer = \"quoted\"; };", LINK("layer", "a.example.com / quoted", "hold")},
        {"link = { layer = \"written\"; };", LINK("another layer", "a.example.com / footer", "deliver")},
        {"link = { host = \"evite.com\"; path = \"/join/*\"; };",
         LINK("one must be all of it", "evite.com /about;a.example.com /join/7", "deliver")},
        {"link = { approved = true; };", LINK("of the registry", "files.example.com /example.org/a", "hold")},
        {"link = { approved = true; };", LINK("another tenant", "files.example.com /other.org/a", "deliver")},
        {"link = { approved = false; };",
         LINK("that is not approved", "files.example.com /other.org/a", "hold")},
        {"link = { approved = true; };",
         LINK("of the shipped list", "tool.example.com / written yes", "hold")},
        {"link = { approved = true; };",
         LINK("the registry comes first", "files.example.com /other.org/a written yes", "deliver")},
        {"link = { approved = false; };", LINK("nobody's tool", "tool.example.com /", "hold")},
        {"link = { approved = false; };", LINK("no link", NULL, "deliver")},
        {"fact = \"has-link\";", LINK("fact", "a.example.com /", "hold")},
        {"fact = \"has-link\";", LINK("no fact", NULL, "deliver")},
    };
    whens_check(DISTRICT, "", rows, G_N_ELEMENTS(rows));
}

#define FOUND(name, found, result)                                                                           \
    {                                                                                                        \
        name, ANN, "shop@example.com", .findings = found, .expect = result                                   \
    }

Test(what, counts)
{
    static const WhenRow rows[] = {
        {"finding = { kind = \"phone\"; min-count = 2; };",
         FOUND("one", "phone sender +14135550199", "deliver")},
        {"finding = { kind = \"phone\"; min-count = 2; };",
         FOUND("two", "phone sender +14135550199;phone sender +14135550198", "hold")},
        {"finding = { kind = \"phone\"; min-count = 2; };",
         FOUND("one told twice", "phone sender +14135550199;phone unknown +14135550199", "deliver")},
        {"finding = { kind = \"phone\"; min-count = 2; };",
         FOUND("of another kind", "phone sender +14135550199;email sender a@example.net", "deliver")},
        {"finding = { min-count = 2; };",
         FOUND("any kind", "phone sender +14135550199;email sender a@example.net", "hold")},
        {"finding = { kind = \"phone\"; owner = \"sender\"; min-count = 2; };",
         FOUND("that fit", "phone sender +14135550199;phone school +14135550198", "deliver")},
        {"finding = { kind = \"student-record\"; min-count = 5; };",
         FOUND("a list", "student-record student student-names 0.9 written - 5", "hold")},
        {"finding = { kind = \"student-record\"; min-count = 5; };",
         FOUND("a shorter list", "student-record student student-names 0.9 written - 4", "deliver")},
        {"finding = { kind = \"student-record\"; min-count = 5; };",
         FOUND("a list told for each of its students",
               "student-record student student-names 0.9 written s-1 3;student-record student student-names "
               "0.9 "
               "written s-2 3;student-record student student-names 0.9 written s-3 3",
               "deliver")},
        {"finding = { kind = \"student-record\"; value = \"student-id\"; min-count = 2; };",
         FOUND("two students' numbers",
               "student-record student student-id 0.9 written s-1 1;student-record student student-id 0.9 "
               "written s-2 1",
               "hold")},
    };
    whens_check(DISTRICT, "", rows, G_N_ELEMENTS(rows));
}

Test(what, values)
{
    static const WhenRow rows[] = {
        {"finding = { kind = \"handle\"; value = \"telegram:*\"; };",
         FOUND("a messenger's account", "handle sender telegram:runners", "hold")},
        {"finding = { kind = \"handle\"; value = \"telegram:*\"; };",
         FOUND("the word elsewhere", "handle sender instagram:telegram", "deliver")},
        {"finding = { kind = \"handle\"; value = \"telegram:runners\"; };",
         FOUND("the value", "handle sender telegram:runners", "hold")},
        {"finding = { kind = \"handle\"; value = \"telegram:run\"; };",
         FOUND("a beginning of it", "handle sender telegram:runners", "deliver")},
        {"finding = { kind = \"invite\"; value = \"a.example/?x\"; };",
         FOUND("only '*' makes a pattern", "invite sender a.example/?x", "hold")},
        {"finding = { kind = \"invite\"; value = \"a.example/?x\"; };",
         FOUND("so this is another", "invite sender a.example/yx", "deliver")},
    };
    whens_check(DISTRICT, "", rows, G_N_ELEMENTS(rows));
}

Test(what, purposes)
{
    static const WhenRow rows[] = {
        {"fact = \"purpose-stated\";",
         {"stated", ANN, UMA, .text = "For emergencies during the trip only.", .expect = "hold"}},
        {"fact = \"purpose-stated\";",
         {"a gap", ANN, UMA, .text = "Only use this for school purposes", .expect = "hold"}},
        {"fact = \"purpose-stated\";", {"not stated", ANN, UMA, .text = "Call me.", .expect = "deliver"}},
        {"fact = \"purpose-stated\";",
         {"quoted", ANN, UMA, .text = "Yes.\n> For emergencies only.\n", .expect = "deliver"}},
    };
    whens_check(DISTRICT, "purpose = { clause = \"P\"; phrases = [\"emergenc*\", \"only ... purposes\"]; };",
                rows, G_N_ELEMENTS(rows));
}
