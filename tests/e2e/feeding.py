"""A district's exports for the tests of the roster: a OneRoster zip, the district's own CSVs, a Google Admin export, alias
files; and a sources file that names them."""
import hashlib
import io
import os
import zipfile

from lab import DOMAIN, STUDENTS

USERS = ("sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,"
         "identifier,email,sms,phone,agentSourcedIds,grades,password")
ORGS = "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId"
CLASSES = ("sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,"
           "termSourcedIds,subjects,subjectCodes,periods")
ENROLLMENTS = "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate"
FILES_1_1 = ("academicSessions categories classes classResources courses courseResources demographics enrollments lineItems orgs "
             "resources results users").split()
GOOGLE = ("First Name [Required],Last Name [Required],Email Address [Required],Password [Required],"
          "Password Hash Function [UPLOAD ONLY],Org Unit Path [Required],New Primary Email [UPLOAD ONLY],Status [READ ONLY],"
          "Last Sign In [READ ONLY],Recovery Email,Home Secondary Email,Work Secondary Email,"
          "Recovery Phone [MUST BE IN THE E.164 FORMAT],Work Phone,Home Phone,Mobile Phone,Work Address,Home Address,Employee ID,"
          "Employee Type,Employee Title,Manager Email,Department").split(",")


def csv(head, rows):
    return "\r\n".join([head, *rows]) + "\r\n"


def manifest(modes, version="1.1"):
    return csv("propertyName,value", ["manifest.version,1.0", f"oneroster.version,{version}",
                                      *(f"file.{name},{modes.get(name, 'absent')}" for name in FILES_1_1)])


def user(id_, role, given, family, email="", agents="", grade="", sms="", status="", changed="", school="mh-hs"):
    agents = f'"{agents}"' if "," in agents else agents
    return f"{id_},{status},{changed},true,{school},{role},{id_},,{given},{family},,{id_}-no,{email},{sms},,{agents},{grade},secret"


def google(address, unit, given, family, **more):
    values = {"First Name [Required]": given, "Last Name [Required]": family, "Email Address [Required]": address,
              "Password [Required]": "****", "Org Unit Path [Required]": unit, "Status [READ ONLY]": "Active", **more}
    return ",".join(f'"{values[h]}"' if "," in values.get(h, "") else values.get(h, "") for h in GOOGLE)


class Exports:
    """What a district drops every night; change the parts and write() again."""

    def __init__(self, lab, students=12):
        self.lab = lab
        self.users = {
            "t-1": user("t-1", "teacher", "Ada", "Moreno", f"amoreno@{DOMAIN}"),
            "t-2": user("t-2", "teacher", "Cal", "Ibarra", f"cibarra@{DOMAIN}"),
            "a-1": user("a-1", "administrator", "Pat", "Okafor", f"pokafor@{DOMAIN}"),
            "p-1": user("p-1", "guardian", "Hana", "Lee", "hana.lee@mailbox.example.net", "st-1", sms="5085550171"),
        }
        for i in range(1, students + 1):
            self.users[f"st-{i}"] = user(f"st-{i}", "student", f"Stu{'abcdefghijklmnopqrstuvwxyz'[i % 26]}", f"Lee{i}", f"s{i}@{STUDENTS}", "p-1" if i == 1 else "", "10")
        self.classes = ['c-1,,,Jazz Band,"10,11",,JB-1,scheduled,Band room,mh-hs,,Music,,7']
        self.seats = ["e-1,,,c-1,mh-hs,t-1,teacher,true,,", "e-2,,,c-1,mh-hs,st-1,student,,,", "e-3,,,c-1,mh-hs,st-2,student,,,"]
        self.district = {
            "published.csv": csv("kind,value,label", [f"domain,{DOMAIN},district mail", "phone-block,+15085550100/+15085550129,direct dial"]),
            "personal.csv": csv("address,kind,value", [f"cibarra@{DOMAIN},cell,+15085550144"]),
        }
        self.google = [google(f"amoreno@{DOMAIN}", "/Staff/Teachers", "Ada", "Moreno", **{
            "Recovery Email": "ada.m@mailbox.example.net", "Recovery Phone [MUST BE IN THE E.164 FORMAT]": "+15085550143",
            "Manager Email": f"pokafor@{DOMAIN}", "Employee ID": "E-7"})]
        self.aliases = [f"trip: s1@{STUDENTS}, amoreno@{DOMAIN}", "office: amoreno, cibarra", 'robot: "|/usr/bin/true"']
        self.sources = ["sis", "google", "district", "aliases"]

    def path(self, *names):
        return self.lab.path("feeds", *names)

    def oneroster(self, **files):
        """The zip's files; `files` take the place of those of the same name, None leaves one out."""
        modes = {name: "bulk" for name in ("users", "orgs", "classes", "enrollments")}
        parts = {"manifest.csv": manifest(modes), "users.csv": csv(USERS, self.users.values()),
                 "orgs.csv": csv(ORGS, ["mh-d,,,Maple Hollow,district,1,", "mh-hs,,,Maple Hollow High School,school,2,mh-d"]),
                 "classes.csv": csv(CLASSES, self.classes), "enrollments.csv": csv(ENROLLMENTS, self.seats)}
        parts.update({f"{name}.csv": text for name, text in files.items()})
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
            for name, text in parts.items():
                if text is not None:
                    z.writestr(name, text)
        return out.getvalue()

    def write_oneroster(self, data):
        with open(self.path("oneroster.zip"), "wb") as f:
            f.write(data)

    def settings(self):
        """Entries of the sources file by name."""
        return {
            "sis": f'type = "oneroster"; path = "{self.path("oneroster.zip")}";',
            "google": f'type = "google"; path = "{self.path("google.csv")}";',
            "district": f'type = "district"; path = "{self.path("district")}";',
            "aliases": f'type = "aliases"; path = "{self.path("aliases")}"; list_domain = "{DOMAIN}";',
        }

    def write_sources(self, **more):
        entries = {**{n: s for n, s in self.settings().items() if n in self.sources}, **more}
        self.lab.write("roster.conf", "sources = (\n" + ",\n".join(f'  {{ name = "{n}"; {s} }}' for n, s in entries.items()) + "\n);\n")

    def write(self):
        os.makedirs(self.path("district"), exist_ok=True)
        self.write_oneroster(self.oneroster())
        for name, text in self.district.items():
            self.lab.write(f"feeds/district/{name}", text)
        self.lab.write("feeds/google.csv", csv(",".join(GOOGLE), self.google))
        self.lab.write("feeds/aliases", "\n".join(self.aliases) + "\n")
        self.write_sources()

    def drop(self, *ids):
        """These people, and their enrollments, are no longer in the student information system."""
        for id_ in ids:
            del self.users[id_]
        self.seats = [s for s in self.seats if s.split(",")[5] not in ids]


def in_force(lab):
    """The generation in force: its file's name and the SHA-256 of its bytes."""
    path = os.path.realpath(lab.path("var/roster.db"))
    with open(path, "rb") as f:
        return os.path.basename(path), hashlib.sha256(f.read()).hexdigest()
