// Whom a message is from and to: posts, grades, ages, who teaches whom, and all whom it reaches.
#include "fixture.h"

#define TOM    "tbrook@example.org", "tbrook@example.org" // teaches Mei and Ana; his supervisor is Helen
#define NORA   "nvance@example.org", "nvance@example.org" // teaches Mei, Jonah and Victor
#define HELEN  "hmarsh@example.org", "hmarsh@example.org" // principal
#define JANE   "jokoro@example.org", "jokoro@example.org" // nurse
#define GUS    "ghall@example.org", "ghall@example.org"   // athletic trainer
#define MEI    "mlee@students.example.org"                // grade 10, 15
#define JONAH  "jreed@students.example.org"               // grade 10
#define ANA    "acosta@students.example.org"              // grade 11
#define VICTOR "vhale@students.example.org"               // grade 12, 18, no guardian in the roster
#define NOAH   "nfinch@students.example.org"              // another school
#define HANA   "hana.lee@example.net"                     // Mei's guardian
#define WALTER "wreed@example.net"                        // Jonah's

Test(whom, persons)
{
    static const WhenRow rows[] = {
        {"recipient = { grade = [\"11\", \"12\"]; };",
         {"grade", TOM, MEI "," ANA "," VICTOR "," HANA, .expect = "deliver,hold,hold,deliver"}},
        {"sender = { grade = \"10\"; };",
         {"sender's grade", MEI, MEI, "tbrook@example.org", .expect = "hold"}},
        {"recipient = { adult = true; };",
         {"18 and more", TOM, MEI "," VICTOR ",hmarsh@example.org", .expect = "deliver,hold,deliver"}},
        {"recipient = { adult = false; };",
         {"who is not staff nor known to be 18", TOM, MEI "," VICTOR ",hmarsh@example.org",
          .expect = "hold,deliver,deliver"}},
        {"sender = { position = [\"Nurse\", \"*trainer*\"]; };", {"post", JANE, MEI, .expect = "hold"}},
        {"sender = { position = [\"nurse\", \"*TRAINER*\"]; };", {"pattern", GUS, MEI, .expect = "hold"}},
        {"sender = { position = [\"nurse\", \"*trainer*\"]; };",
         {"another post", TOM, MEI, .expect = "deliver"}},
        {"recipient = { position = \"principal\"; };",
         {"recipient's post", TOM, "hmarsh@example.org,nvance@example.org," MEI,
          .expect = "hold,deliver,deliver"}},
        {"with = { position = \"principal\"; };",
         {"in copy", TOM, "hmarsh@example.org," MEI, .expect = "deliver,hold"}},
    };
    whens_check(PACKS, "", rows, G_N_ELEMENTS(rows));
}

Test(whom, relations)
{
    static const WhenRow rows[] = {
        {"recipient = { teaches = true; };",
         {"teacher", TOM, MEI "," VICTOR "," HANA, .expect = "hold,deliver,deliver"}},
        {"recipient = { teaches = true; };", {"a trip is a class", TOM, JONAH, .expect = "hold"}},
        {"recipient = { role = \"student\"; teaches = false; };",
         {"no teacher of theirs", TOM, MEI "," VICTOR, .expect = "deliver,hold"}},
        {"recipient = { teaches = true; };",
         {"the other way round", MEI, MEI, "tbrook@example.org,lprado@example.org",
          .expect = "hold,deliver"}},
        {"recipient = { teaches = true; };", {"students teach nobody", MEI, MEI, ANA, .expect = "deliver"}},
        {"recipient = { same-class = true; };",
         {"classmates", MEI, MEI, ANA "," NOAH ",nvance@example.org", .expect = "hold,deliver,hold"}},
        {"recipient = { same-class = false; };",
         {"not of a class", MEI, MEI, ANA "," NOAH ",shop@example.com", .expect = "deliver,hold,hold"}},
        {"recipient = { same-school = true; };",
         {"school", TOM, MEI "," NOAH ",shop@example.com", .expect = "hold,deliver,deliver"}},
        {"recipient = { same-school = false; };",
         {"another school", TOM, MEI "," NOAH, .expect = "deliver,hold"}},
        {"recipient = { manager = true; };",
         {"supervisor", TOM, "hmarsh@example.org,nvance@example.org," MEI, .expect = "hold,deliver,deliver"}},
        {"recipient = { managed = true; };",
         {"supervised", HELEN, "tbrook@example.org,superintendent@example.org", .expect = "hold,deliver"}},
        {"recipient = { role = \"student\"; }; not = { with = { manager = true; }; };",
         {"supervisor in copy", TOM, MEI ",hmarsh@example.org", .expect = "deliver,deliver"}},
        {"recipient = { role = \"student\"; }; not = { with = { manager = true; }; };",
         {"a colleague in copy", TOM, MEI ",nvance@example.org", .expect = "hold,deliver"}},
        {"recipient = { role = \"student\"; }; with = { teaches = true; };",
         {"another student of one's own", TOM, MEI "," VICTOR, .expect = "deliver,hold"}},
        {"recipient = { role = \"student\"; }; with = { teaches = true; };",
         {"two of them", TOM, MEI "," ANA, .expect = "hold,hold"}},
    };
    whens_check(PACKS, "", rows, G_N_ELEMENTS(rows));
}

Test(whom, groups)
{
    static const WhenRow rows[] = {
        {"group = { one-to-one = true; };", {"alone", TOM, MEI, .expect = "hold"}},
        {"group = { one-to-one = true; };", {"in copy", TOM, MEI "," HANA, .expect = "deliver,deliver"}},
        {"group = { one-to-one = true; };", {"twice the same", TOM, MEI "," MEI, .expect = "hold,hold"}},
        {"group = { one-to-one = true; };",
         {"own copy", TOM, MEI ",tbrook@example.org", .expect = "hold,hold"}},
        {"group = { one-to-one = true; };",
         {"own private copy", TOM, MEI ",tom.brook.band@mail.example.net", .expect = "hold,hold"}},
        {"group = { one-to-one = false; };", {"a list", TOM, "jazz-band@example.org", .expect = "hold"}},
        {"group = { students = 2; };", {"of a list", TOM, "jazz-band@example.org", .expect = "hold"}},
        {"group = { students = 2; };",
         {"each once", TOM, "jazz-band@example.org," MEI, .expect = "hold,hold"}},
        {"group = { students = { min = 3; }; };",
         {"beside a list", TOM, "jazz-band@example.org," JONAH, .expect = "hold,hold"}},
        {"group = { students = { max = 1; }; };", {"at most", TOM, MEI "," ANA, .expect = "deliver,deliver"}},
        {"group = { students = 0; };", {"none", TOM, "nvance@example.org", .expect = "hold"}},
        {"group = { recipients = 3; };",
         {"everybody but the sender", TOM, MEI "," HANA ",shop@example.com,tbrook@example.org",
          .expect = "hold,hold,hold,hold"}},
        {"group = { staff = 1; guardians = 1; outsiders = 1; };",
         {"by role", TOM, "nvance@example.org," HANA ",shop@example.com", .expect = "hold,hold,hold"}},
        {"group = { staff = 1; guardians = 1; outsiders = 1; };",
         {"one less", TOM, "nvance@example.org," HANA, .expect = "deliver,deliver"}},
    };
    whens_check(PACKS, "", rows, G_N_ELEMENTS(rows));
}

Test(whom, guardians_in_copy)
{
    static const WhenRow rows[] = {
        {"guardians = \"all\";", {"all", TOM, MEI "," HANA, .expect = "hold,hold"}},
        {"guardians = \"all\";",
         {"of one only", TOM, MEI "," JONAH "," HANA, .expect = "deliver,deliver,deliver"}},
        {"guardians = \"some\";", {"some", TOM, MEI "," JONAH "," HANA, .expect = "hold,hold,hold"}},
        {"guardians = \"some\";", {"all are not some", TOM, MEI "," HANA, .expect = "deliver,deliver"}},
        {"guardians = \"none\";", {"none", TOM, MEI "," JONAH, .expect = "hold,hold"}},
        {"guardians = \"none\";", {"another's guardian", TOM, MEI "," WALTER, .expect = "hold,hold"}},
        {"guardians = \"none\";", {"whose guardians are not known", TOM, VICTOR, .expect = "hold"}},
        {"guardians = \"none\";", {"no student", TOM, HANA, .expect = "deliver"}},
        {"guardians = \"all\";",
         {"by lists", NORA, MEI "," JONAH ",bio-families@example.org", .expect = "hold,hold,hold"}},
        {"fact = \"guardian-not-copied\";",
         {"fact", TOM, MEI "," JONAH "," HANA, .expect = "hold,hold,hold"}},
        {"fact = \"guardian-not-copied\";", {"copied", TOM, MEI "," HANA, .expect = "deliver,deliver"}},
        {"fact = \"guardian-not-copied\";", {"no student to copy for", TOM, HANA, .expect = "deliver"}},
        {"fact = \"one-to-one\";", {"fact of one", TOM, MEI, .expect = "hold"}},
        {"fact = \"one-to-one\";", {"fact of two", TOM, MEI "," ANA, .expect = "deliver,deliver"}},
    };
    whens_check(PACKS, "", rows, G_N_ELEMENTS(rows));
}
