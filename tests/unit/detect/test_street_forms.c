// Street addresses in the forms people write them, and what only begins with a number.
#include "support.h"

#include <string.h>

static DetectData *data;
static Config *config;

static void street_start(void)
{
    data = support_data();
    config = support_config();
}

static void street_stop(void)
{
    detect_data_unref(data);
    config_unref(config);
}

TestSuite(street_forms, .init = street_start, .fini = street_stop);

// Every text holds one address, whose value begins with `begins`.
typedef struct {
    const char *text, *begins;
} StreetForm;

static void street_check(const StreetForm *forms, gsize count)
{
    for (gsize i = 0; i < count; i++) {
        Scanned *scanned = support_scan(data, config, forms[i].text, "");
        street_find(&scanned->scan);
        const Candidate *first = support_first(scanned, KIND_STREET_ADDRESS);
        const char *value = first ? first->value : "";
        cr_expect(forms[i].begins ? *value && g_str_has_prefix(value, forms[i].begins) : !*value,
                  "%s -> %s, not %s", forms[i].text, value, forms[i].begins);
        scanned_free(scanned);
    }
}

Test(street_forms, suffixes)
{
    static const StreetForm FORMS[] = {
        {"27 Alder Lane", "27 alder lane"},
        {"27 ALDER LN", "27 alder ln"},
        {"27 Alder Ln.", "27 alder ln"},
        {"127 N. Main St.", "127 n main st"},
        {"127 North Main Street", "127 north main street"},
        {"127 Main St N", "127 main st n"},
        {"1420 NW 3rd Ave", "1420 nw 3rd ave"},
        {"1420 3rd Avenue NW", "1420 3rd avenue nw"},
        {"8 Old Mill Rd", "8 old mill rd"},
        {"8 St. James Place", "8 st james place"},
        {"15 Martin Luther King Jr Blvd", "15 martin luther king jr blvd"},
        {"15 Martin Luther King, Jr. Blvd", "15 martin luther king"},
        {"9 O'Neil Ct", "9 oneil ct"},
        {"2200 Avenue of the Pines", "2200 avenue of the pines"},
        {"77 Avenue A, Apt 3", "77 avenue a"},
        {"300 Broadway, Apt 4B, Sample Falls, MA", "300 broadway"},
        {"12 The Crescent, Dover, NH 03820", "12 the crescent"},
        {"45 Pine Hill Dr", "45 pine hill dr"},
        {"6 Lakeshore Ter", "6 lakeshore ter"},
        {"51 Cedar Cir", "51 cedar cir"},
        {"88-12 Queens Blvd", "88-12 queens blvd"},
        {"1234A Elm St", "1234a elm st"},
        {"1234 1/2 Elm St", "1234 1/2 elm st"},
        {"12 1st St", "12 1st st"},
        {"12 First Street", "12 first street"},
        {"27 Alder Lane Apt 3B", "27 alder lane apt 3b"},
        {"27 Alder Lane, Unit 12", "27 alder lane, unit 12"},
        {"27 Alder Lane #3", "27 alder lane"},
        {"27 Alder Lane, 2nd Floor", "27 alder lane"},
        {"500 Sunset Strip Blvd, Ste 200", "500 sunset strip blvd, ste 200"},
        {"W156N8500 Pilgrim Rd, Sample, WI 53051", NULL},
        {"27 alder lane", "27 alder lane"},
        {"i stay at 27 alder ln", "27 alder ln"},
        {"twenty seven Alder Lane", "27 alder lane"},
    };
    street_check(FORMS, G_N_ELEMENTS(FORMS));
}

Test(street_forms, without_a_suffix)
{
    static const StreetForm FORMS[] = {
        {"27 Alder, Sample Falls, MA 01399", "27 alder, sample falls, ma 01399"},
        {"27 Alder\nSample Falls, MA 01399", "27 alder, sample falls, ma 01399"},
        {"1420 Broadway, New York, NY 10018", "1420 broadway, new york, ny 10018"},
        {"300 El Camino Real, Dover, CA 94022", "300 el camino real, dover, ca 94022"},
        {"812 Via Del Mar, Sample Beach, CA 92075", "812 via del mar"},
        {"45 Camino Alto, Apt 6, Dover, CA", "45 camino alto"},
        {"62 Rivermist, Dover, TX 75001", "62 rivermist"},
        {"27 Alder Apt 3, Dover", "27 alder apt 3"},
        {"1600 Parkside Apt 12", "1600 parkside apt 12"},
        {"my address is 62 Rivermist", "62 rivermist"},
        {"I live at 45 Camino Alto", "45 camino alto"},
        {"my house is 1200 Embarcadero", "1200 embarcadero"},
        {"come over to my place: 62 Rivermist", "62 rivermist"},
        {"vivo en 812 Via Del Mar", "812 via del mar"},
        {"62 Rivermist\nDover TX 75001", "62 rivermist"},
        {"We live at 9 Timberline, Dover VT.", "9 timberline"},
        {"Our address: 4500 Old Spanish, Dover, TX 77021-1234", "4500 old spanish"},
    };
    street_check(FORMS, G_N_ELEMENTS(FORMS));
}

Test(street_forms, boxes_and_rural_routes)
{
    static const StreetForm FORMS[] = {
        {"PO Box 142", "po box 142"},
        {"P.O. Box 142", "po box 142"},
        {"P O Box 142", "po box 142"},
        {"POB 142, Dover NH 03820", "po box 142"},
        {"Post Office Box 142", "po box 142"},
        {"P. O. BOX 142", "po box 142"},
        {"PO Box #142", "po box 142"},
        {"PO Box A, Dover, NH 03820", "po box a"},
        {"RR 2 Box 142", "rr 2 box 142"},
        {"R.R. 2, Box 142", "rr 2"},
        {"Rural Route 2, Box 142", "rr 2"},
        {"RFD 2 Box 14", "rr 2 box 14"},
        {"HC 61 Box 14", "hc 61 box 14"},
        {"PMB 14, 27 Alder Lane", "27 alder lane"},
        {"PSC 802 Box 74, APO AE 09499", "psc 802 box 74"},
    };
    street_check(FORMS, G_N_ELEMENTS(FORMS));
}

Test(street_forms, numbered_roads)
{
    static const StreetForm FORMS[] = {
        {"880 Route 9", "880 route 9"},
        {"880 Rte 9", "880 rte 9"},
        {"880 Rt. 9, Hadley", "880 rt 9"},
        {"4521 Highway 12", "4521 highway 12"},
        {"4521 Hwy 12 E", "4521 hwy 12"},
        {"4521 US Highway 12", "4521 us highway 12"},
        {"4521 US Hwy 12 South", "4521 us hwy 12"},
        {"4521 State Route 12", "4521 state route 12"},
        {"4521 State Road 46", "4521 state road 46"},
        {"4521 County Road 300", "4521 county road 300"},
        {"4521 County Rd 300 N", "4521 county rd 300"},
        {"4521 CR 300, Dover, IN", "4521 cr 300"},
        {"4521 SR 46, Dover, IN 47401", "4521 sr 46"},
        {"4521 Farm to Market Road 1488", "4521 farm to market road 1488"},
        {"4521 FM 1488, Dover, TX 77354", "4521 fm 1488"},
        {"4521 Interstate 35", "4521 interstate 35"},
        {"4521 Township Road 12", "4521 township road 12"},
        {"4521 Old Highway 12", "4521 old highway 12"},
        {"4521 State Highway 46", "4521 state highway 46"},
        {"4521 Ranch Road 620", "4521 ranch road 620"},
    };
    street_check(FORMS, G_N_ELEMENTS(FORMS));
}

Test(street_forms, spanish)
{
    static const StreetForm FORMS[] = {
        {"Calle Luna 27", "27 calle luna"},
        {"vivo en la calle Luna 27", "27 calle luna"},
        {"mi casa está en calle Luna #27", "27 calle luna"},
        {"27 Calle Luna", "27 calle luna"},
        {"Avenida Juárez 120", "120 avenida juárez"},
        {"Av. Juárez 120, Col. Centro", "120 av juárez"},
        {"calle Luna número 27", "27 calle luna"},
        {"27 Avenida Del Sol", "27 avenida del sol"},
        {"Calle de la Luna, 27", "27 calle de la luna"},
        {"27 Paseo Verde", "27 paseo verde"},
        {"1200 Camino Real", "1200 camino real"},
        {"Calle 8 #142", "142 calle 8"},
    };
    street_check(FORMS, G_N_ELEMENTS(FORMS));
}

Test(street_forms, over_lines)
{
    static const StreetForm FORMS[] = {
        {"Jane Doe\n27 Alder Lane\nSample Falls, MA 01399", "27 alder lane, sample falls, ma 01399"},
        {"27 Alder Lane\nApt 3\nSample Falls, MA 01399", "27 alder lane, apt 3"},
        {"> 27 Alder Lane\n> Sample Falls, MA 01399", "27 alder lane"},
        {"27 Alder Lane | Sample Falls | MA | 01399", "27 alder lane"},
        {"27 Alder Lane\tSample Falls\tMA\t01399", "27 alder lane, sample falls, ma"},

        {"２７ Alder Lane", "27 alder lane"},
        {"27 Al\u200bder La\u200bne", "27 alder lane"},
        {"27-Alder-Lane", "27 alder lane"},
    };
    street_check(FORMS, G_N_ELEMENTS(FORMS));
}

Test(street_forms, near_misses)
{
    static const char *const TEXTS[] = {
        "Read page 12 Angry Men tonight",
        "We watched 12 Angry Men.",
        "12 Angry Men is a play by Reginald Rose",
        "7 Up and chips",
        "a 3 point line",
        "the 3 point line drive",
        "10 minute drive",
        "a 10 mile run",
        "5 K Run on Sunday",
        "5K Fun Run",
        "Grade 4 Circle Time",
        "4 Square at recess",
        "Unit 3 Lesson 4 Review",
        "Chapter 12 Heart of Darkness",
        "Section 8 Housing",
        "Act 3 Scene 2",
        "Act 2 Scene 1 Court of the Duke",
        "101 Dalmatians",
        "20 Questions",
        "50 States Quiz, MA and NH",
        "Room 12 Pine Hall",
        "Bus 14 Oak Street stop",
        "2 Corinthians 5",
        "1 Samuel 17",
        "3 Doors Down",
        "8 Mile Road is a film",

        "10 Things I Hate About You",
        "The 39 Steps",
        "1984 Animal Farm",
        "1776 Common Sense",
        "In 1812 Napoleon marched on Moscow",
        "In 1620 Plymouth was founded",
        "2026 Spring Concert",

        "2026 Fall Run",
        "5 Golden Rings",
        "12 Days of Christmas",

        "Top 10 Ways to study",
        "3 Ways to find the area",
        "4 Quarters Make a Dollar",
        "100 Years War",
        "30 Years War",
        "the 2 Kings Court",
        "at 7 PM Park Hall",
        "8 AM Drive",
        "9 Grade 10 Court",
        "25 Students Place",
        "Group 4 Main Street project",
        "Week 5 Highway Safety",
        "Period 3 Algebra Way",
        "score 21-14 Lane",
        "10:30 Park Street",
        "$20 Park Place",
        "2.5 Main Street",
        "#4 Oak Street team",
        "Team 4 Elm Street",
        "3rd Grade Lane",
        "Question 5 Road map",
        "Step 2 Drive the car",
        "Problem 14 Square root",
        "25 Square feet",
        "4 Square inches",
        "40 acres and a mule",
        "60 Minutes",
        "7 Habits of Highly Effective People",
        "90 Day Plan",

        "16 Candles",
        "500 Days of Summer",
        "9 to 5",
        "24 Hour Drive Time",
        "1 Way Street",
        "2 Way Street",
        "2 Lane Road",
        "4 Lane Highway",
        "3 Step Trail",
        "1 Mile Run",
        "2 Mile Walk",
        "100 Meter Run",
        "400 Meter Dash",
        "1st Place",
        "2nd place finish",
        "3 place value",
        "4 Place Value Charts",
        "15 Point Drive",
        "25 Point Run",
        "a 20 Yard Drive",

        "50 Word Summary",
        "1000 Piece Puzzle",
        "Form 1040 Schedule C",
        "Title IX 504 Plan",
        "504 Plan, IEP",
        "Room 101, MA",
        "11 Grade, NH",
        "30 students, MA",
        "12 books OR 5 articles",
        "5 points OR 10 points",
        "9 lives, ME",
        "I have 3 cats IN the house",
        "I live at 7 all day",
        "we live at 5 PM",
        "live at 8 on Channel 5",
        "my house has 3 Dogs",
        "my address book has 20 Names",
        "my place is 2 Miles away",
        "our place in line is 12 Today",
        "my house is 10 Minutes away",
        "come over at 5 Friday",
        "come by at 7 Tomorrow",
        "I'm at 95 Percent",
        "pick me up at 6 Tonight",
        "I am at 3 Sorry",
        "page 27, Lane County",
        "27 Alder",
        "Alder Lane",
        "27 Lane",
        "Street 27",
        "box 142",
        "Box Office 142",
        "PO 142",
        "PO Number 142",
        "Post Office opens at 9",
        "HC 61",
        "RR 2",
        "P.O. box",
        "box 12 of raisins",
        "calle",
        "Calle 13 is a band",
        "una calle larga",
        "en la calle hay 20 personas",
        "Route 66",
        "Highway 12 is closed",
        "Route 9 at 5 PM",
        "the 5 Highway exits",
        "I-95 North",
        "Interstate 35 in Texas",
        "exit 14 Route 9",
        "Take 2 Route 9",
        "mile 20 Highway 12 crossing",
        "Grades 9-12 Main Office",
        "K-12 Circle",
        "5-7 Park",
        "2-3 Hill sprints",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(TEXTS); i++) {
        StreetForm form = {TEXTS[i], NULL};
        Scanned *scanned = support_scan(data, config, form.text, "");
        street_find(&scanned->scan);
        const Candidate *first = support_first(scanned, KIND_STREET_ADDRESS);
        cr_expect(first == NULL || first->shape < 0.5, "%s -> %s (%.2f)", form.text,
                  first ? first->value : "", first ? first->shape : 0.0);
        scanned_free(scanned);
    }
}
