"""The district that generated mail is about: people, their contact details, and the files a roster import takes.

Everybody and everything is invented: numbers of 555-01xx and of the ranges set aside for drama, domains of example.org,
example.net and .example.
"""
import csv
import os

DOMAIN = "tamarackridge.example.org"
STUDENTS = "stu." + DOMAIN
SCHOOL = "Tamarack Ridge"
FREE_MAIL = ["gmail.example", "yahoo.example", "outlook.example", "icloud.example", "proton.example", "hometown.example.net"]
AREA_CODES = [201, 203, 207, 208, 213, 216, 217, 225, 228, 239, 248, 253, 260, 267, 281, 301, 303, 309, 312, 315, 318, 320, 336, 347, 360, 385, 401,
              406, 408, 412, 417, 425, 434, 458, 469, 475, 503, 507, 513, 518, 520, 531, 540, 551, 559, 563, 570, 575, 580, 585, 602, 605, 608, 614, 619,
              626, 630, 646, 651, 657, 662, 678, 701, 703, 706, 712, 715, 719, 724, 727, 732, 737, 740, 747, 757, 762, 763, 770, 775, 781, 785, 802, 804,
              806, 808, 810, 814, 818, 828, 830, 843, 850, 856, 860, 864, 870, 878, 901, 904, 908, 910, 915, 918, 920, 925, 928, 931, 936, 940, 947, 952,
              956, 959, 970, 973, 978, 980, 985]
BLOCK = 413  # the district's own: +1413555010x to 012x
GIVEN_F = ("Adaeze Agnes Alma Anneke Beatriz Bettina Brenda Camille Carolina Celia Chiara Constance Dalia Delphine Dolores Edith Elena Esperanza Fatima "
           "Fiona Gloria Greta Guadalupe Hanna Harriet Hazel Imani Ingrid Irene Jocelyn Judith Keisha Kirsten Lakshmi Leonor Lorraine Lucille Magda Marisol "
           "Maureen Mei Mireya Nadia Nkechi Noreen Odette Olga Paloma Petra Phoebe Ramona Renata Rosalind Ruth Sabine Shauna Sigrid Soledad Tamsin Thea "
           "Ursula Valeria Verity Wanda Winifred Xiomara Yasmin Yuki Zainab Zora").split()
GIVEN_M = ("Abel Alistair Amir Anselm Arturo Bartholomew Boris Brendan Casimir Cedric Clement Conrad Cyrus Darnell Desmond Diego Dmitri Edmund Efrain "
           "Elias Emeka Ernesto Fabian Felix Francisco Gareth Gilbert Gordon Gustavo Hakeem Hector Horace Hugo Ibrahim Ignacio Ivan Jerome Joaquin Julius "
           "Kaito Kenneth Kwame Lamar Leopold Lionel Lucian Malcolm Marek Matthias Milo Mohan Nathaniel Nestor Nikolai Octavio Omari Orson Pascal Percy "
           "Quentin Ramiro Rashid Reuben Roland Rufus Salvador Sandeep Silas Stefan Tariq Thaddeus Tobias Ulrich Vikram Wallace Wendell Yusuf Zoltan").split()
FAMILY = ("Abernathy Achterberg Adeyemi Aldana Amundsen Arroyo Balasubramanian Banks Barrientos Beaumont Bhatt Birdsong Blankenship Boyle Brandvold Buchanan "
          "Caballero Carmody Castellanos Chaudhry Cho Claybourne Cobb Cordova Crane Dabrowski Dandridge Delacroix Dombrowski Dryden Eklund Ellery Escobedo "
          "Farrow Feng Figueroa Fitch Fontaine Fujimoto Gallego Garrity Ghosh Glover Gonsalves Greenbaum Gutierrez Haddad Halvorsen Hargrove Hathaway Hayashi "
          "Herrera Hollis Huang Ibarra Igwe Ingersoll Jablonski Jankowski Jimenez Kaplan Kearney Kessler Kowalczyk Krishnan Laidlaw Lamont Larrabee Leung "
          "Lockhart Lozano MacAllister Madrigal Mahoney Mancuso Marchetti Mbeki McElroy Medrano Mendelsohn Meriwether Molina Nakagawa Nasser Nyberg Obregon "
          "Odom Okafor Oyelaran Pacheco Palmquist Papadakis Pellegrino Penhallow Quintana Quigley Rahimi Redfern Renfrow Robledo Rosenthal Sandoval Santangelo "
          "Saunders Schofield Seberg Shelby Sinclair Sorensen Stanhope Strickland Suarez Tanaka Thibodeau Tolliver Trujillo Umeh Underhill Uribe Valenzuela "
          "Vandermeer Villanueva Wainwright Weatherby Whitfield Wozniak Yamamoto Yoder Zambrano Zielinski").split()
NICKNAMES = ("bluejay trailhead oboe_nerd gardenwitch slowpoke nightowl paperboat rivercat saltbox kettlebell mapleleafs quiltfox tinroof banjo driftwood "
             "sundog coffeebean lakeside pinecone drumline goalie spindrift moth harbor chalkdust redbarn sparrow thistle orbit snowplow puddle").split()
STREETS = ("Alder, Barnstable, Bellweather, Birch, Blackberry, Brookside, Cedar, Chandler, Cider Mill, Clover, Copper Hill, Cranberry, Dogwood, Eastman, "
           "Elderberry, Falmouth, Fern Hollow, Fieldstone, Foxglove, Garrison, Granite, Hawthorne, Hemlock, Hickory, Holly, Hope, Huckleberry, Ivy, "
           "Jasper, Juniper, Kestrel, Larch, Laurel, Lilac, Linden, Magnolia, Marlborough, Meadowlark, Mill, Mill Pond, Mulberry, Oak Hollow, Orchard, "
           "Osprey, Partridge, Peach Tree, Pepperell, Persimmon, Pheasant, Poplar, Quarry, Raspberry, Redwood, Rosewood, Saddle, Sassafras, Spruce, "
           "Sumac, Sycamore, Tanglewood, Thornbury, Timber, Tulip, Union, Walnut, Whippoorwill, Willow, Windmill, Winter, Yarrow").split(", ")
SUFFIXES = ["Street", "St", "St.", "Avenue", "Ave", "Ave.", "Road", "Rd", "Lane", "Ln", "Drive", "Dr", "Court", "Ct", "Place", "Circle", "Terrace", "Way",
            "Boulevard", "Blvd", "Parkway", "Trail"]
TOWNS = [("Eastbrook", "MA", "01377"), ("Lower Falls", "CT", "06077"), ("Marlin Bay", "OR", "97199"), ("Sugar Notch", "OH", "44699"),
         ("Tamarack", "MN", "55799"), ("Cold Spring", "TX", "78699"), ("North Haven", "NC", "27599"), ("Prairie View", "KS", "67099")]
USER_COLUMNS = ["sourcedId", "status", "dateLastModified", "enabledUser", "orgSourcedIds", "role", "username", "userIds", "givenName", "familyName",
                "middleName", "identifier", "email", "sms", "phone", "agentSourcedIds", "grades", "password"]


class Person:
    def __init__(self, role, number, given, family, female):
        self.role, self.number, self.given, self.family, self.female = role, number, given, family, female
        self.id = f"tr-{role}-{number:04d}"
        self.name = f"{given} {family}"
        self.address = None
        self.known = {}     # kind -> value the registry has
        self.children = []
        self.guardians = []
        self.registered_address = None

    @property
    def title(self):
        return "Ms." if self.female else "Mr."


def plain(word):
    return "".join(c for c in word.lower() if c.isalnum())


class World:
    """The district. The same seed makes the same people."""

    def __init__(self, rng, staff=45, students=140):
        self.rng = rng
        self.used_names, self.used_phones, self.used_mailboxes = set(), set(), set()
        self.staff = [self.person("staff", n) for n in range(staff)]
        self.students = [self.person("student", n) for n in range(students)]
        self.guardians = []
        for student in self.students[: students * 2 // 3]:
            guardian = self.person("guardian", len(self.guardians), family=student.family)
            guardian.children.append(student)
            student.guardians.append(guardian)
            self.guardians.append(guardian)
        for person in self.staff:
            # Half of the staff's details are on file with human resources.
            if rng.random() < 0.6:
                person.known["phone"] = self.phone()
            if rng.random() < 0.6:
                person.known["email"] = self.mailbox(person, rng.choice(FREE_MAIL))
            if rng.random() < 0.3:
                person.known["handle"] = rng.choice(["instagram", "snapchat", "discord", "tiktok"]) + ":" + self.handle(person)
            if rng.random() < 0.3:
                person.known["street-address"] = self.street()["text"].lower()
        for person in self.guardians:
            if rng.random() < 0.5:
                person.known["phone"] = self.phone()
        for person in self.students:
            if rng.random() < 0.2:
                person.known["email"] = self.mailbox(person, rng.choice(FREE_MAIL))
        self.teams = [self.students[i::12] for i in range(12)]

    def person(self, role, number, family=None):
        rng = self.rng
        while True:
            female = rng.random() < 0.5
            given = rng.choice(GIVEN_F if female else GIVEN_M)
            name = (given, family or rng.choice(FAMILY))
            if name not in self.used_names:
                break
        self.used_names.add(name)
        person = Person(role, number, name[0], name[1], female)
        local = plain(person.given)[0] + plain(person.family)
        if role == "student":
            local += str(27 + number % 5)
        while local in self.used_mailboxes:
            local += str(rng.randrange(2, 9))
        self.used_mailboxes.add(local)
        if role == "guardian":
            person.address = self.mailbox(person, rng.choice(FREE_MAIL))
        else:
            person.address = f"{local}@{STUDENTS if role == 'student' else DOMAIN}"
        return person

    def stranger(self):
        """Somebody whom no register knows."""
        while True:
            person = self.person("stranger", self.rng.randrange(9999))
            person.address = None
            return person

    # ---- details ----

    def phone(self, toll_free=False):
        rng = self.rng
        while True:
            code = rng.choice([800, 833, 844, 855, 866, 877, 888]) if toll_free else rng.choice(AREA_CODES)
            value = f"+1{code}55501{rng.randrange(100):02d}"
            if value not in self.used_phones or len(self.used_phones) > 6000:
                self.used_phones.add(value)
                return value

    def block_phone(self):
        return f"+1{BLOCK}55501{self.rng.randrange(0, 30):02d}"

    def mailbox(self, person, domain):
        rng = self.rng
        given, family = plain(person.given), plain(person.family)
        style = rng.randrange(9)
        local = [f"{given}.{family}", f"{given[0]}{family}{rng.randrange(60, 99)}", f"{given}{rng.randrange(100, 999)}", f"{family}.{given}",
                 f"{given}_{family}", f"{family}{rng.randrange(3, 99)}", rng.choice(NICKNAMES) + str(rng.randrange(10, 99)),
                 f"{given}{family[0]}{rng.randrange(10, 99)}", f"the.{family}s"][style]
        while f"{local}@{domain}" in self.used_mailboxes:
            local += str(rng.randrange(2, 9))
        self.used_mailboxes.add(f"{local}@{domain}")
        return f"{local}@{domain}"

    def handle(self, person):
        rng = self.rng
        given, family = plain(person.given), plain(person.family)
        return rng.choice([f"{given}_{family}", f"{given}.{family}{rng.randrange(9)}", f"{given[0]}{family}{rng.randrange(10, 99)}",
                           f"{rng.choice(NICKNAMES)}_{rng.randrange(10, 99)}", f"{rng.choice(NICKNAMES)}.{given}", f"{given}{rng.randrange(100, 999)}",
                           f"{given}_makes_{rng.choice(NICKNAMES).split('_')[0]}", f"the_real_{given}{rng.randrange(9)}",
                           f"{'ms' if person.female else 'mr'}_{family}_{rng.randrange(10, 99)}"])[:28]

    def street(self):
        rng = self.rng
        number, name, suffix = rng.randrange(3, 1890), rng.choice(STREETS), rng.choice(SUFFIXES)
        unit = rng.choice(["", "", "", "", f", Apt {rng.randrange(1, 20)}", f" #{rng.randrange(1, 40)}", f", Unit {rng.choice('ABCD')}"])
        town, state, code = rng.choice(TOWNS)
        tail = rng.choice(["", "", f", {town}", f", {town}, {state} {code}", f" in {town}"])
        return {"text": f"{number} {name} {suffix}{unit}{tail}", "number": number, "name": name}

    # ---- files ----

    def write(self, directory):
        os.makedirs(os.path.join(directory, "roster"), exist_ok=True)
        rows = []
        for person in self.staff + self.students + self.guardians:
            role = {"staff": "teacher"}.get(person.role, person.role)
            agents = ",".join(p.id for p in person.guardians + person.children)
            rows.append([person.id, "", "", "true", "tr-high", role, person.address, "", person.given, person.family, "", "", person.address,
                         person.known.get("phone", "") if role == "guardian" else "", "", agents, "", ""])
        self.table(directory, "roster/users.csv", USER_COLUMNS, rows)
        self.table(directory, "roster/manifest.csv", ["propertyName", "value"], [["manifest.version", "1.0"], ["oneroster.version", "1.1"]])
        self.table(directory, "roster/orgs.csv", ["sourcedId", "status", "dateLastModified", "name", "type", "identifier", "parentSourcedId"],
                   [["tr-district", "", "", f"{SCHOOL} Public Schools", "district", "1", ""], ["tr-high", "", "", f"{SCHOOL} High School", "school", "2", "tr-district"]])
        columns = ["sourcedId", "status", "dateLastModified", "title", "grades", "courseSourcedId", "classCode", "classType", "location", "schoolSourcedId",
                   "termSourcedIds", "subjects", "subjectCodes", "periods"]
        self.table(directory, "roster/classes.csv", columns, [[f"tr-cls-{i}", "", "", f"Group {i}", "10", "", f"G{i}", "scheduled", str(i), "tr-high", "", "", "", ""]
                                                              for i in range(len(self.teams))])
        enrolled = [(i, p, "student") for i, team in enumerate(self.teams) for p in team] + [(i, self.staff[i], "teacher") for i in range(len(self.teams))]
        columns = ["sourcedId", "status", "dateLastModified", "classSourcedId", "schoolSourcedId", "userSourcedId", "role", "primary", "beginDate", "endDate"]
        self.table(directory, "roster/enrollments.csv", columns, [[f"tr-enr-{n}", "", "", f"tr-cls-{i}", "tr-high", p.id, role, "", "", ""]
                                                                  for n, (i, p, role) in enumerate(enrolled)])
        kinds = {"phone": "cell", "email": "email", "handle": "handle", "street-address": "home-address"}
        self.table(directory, "personal.csv", ["address", "kind", "value"],
                   [[p.address, kinds[kind], value] for p in self.staff for kind, value in sorted(p.known.items())])
        self.table(directory, "published.csv", ["kind", "value", "label"],
                   [["domain", DOMAIN, "mail and web"], ["phone-block", f"+1{BLOCK}5550100/+1{BLOCK}5550129", "direct numbers"]])
        self.table(directory, "students-personal.csv", ["student", "address"], [[p.address, p.known["email"]] for p in self.students if "email" in p.known])
        self.table(directory, "webmail.csv", ["domain"], [[d] for d in FREE_MAIL])
        self.table(directory, "lists.csv", ["list", "member"], [[f"team{i}@{DOMAIN}", f"class:tr-cls-{i}"] for i in range(len(self.teams))])
        self.table(directory, "exceptions.csv", ["id", "kind", "staff", "students", "values", "from", "until", "approver", "guardian_consent", "purpose_required"], [])

    @staticmethod
    def table(directory, name, columns, rows):
        with open(os.path.join(directory, name), "w", encoding="utf-8", newline="") as f:
            writer = csv.writer(f, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(rows)
