"""What stands around the text of mail: greetings, signatures, quoted and forwarded mail of several clients and languages, footers and disclaimers.

As in sayings.py, the entries of a list belong in turn to the two halves.
"""
import datetime

GREETINGS = {"en": ["Hi {to},", "Dear {to},", "Good morning {to},", "Hello {to},", "Hey {to}!", "{to},", "Hi all,", "Hello everyone,", "Good afternoon,", ""],
             "es": ["Hola {to}:", "Estimado/a {to}:", "Buenos días, {to}:", "Buenas tardes:"]}
CLOSINGS = {"en": ["Thanks,\n{from}", "Best,\n{from}", "Sincerely,\n{fromfull}", "See you soon,\n{title_from}", "Take care,\n{from}", "- {from}", "{from}", "Cheers\n{from}", "", ""],
            "es": ["Saludos,\n{from}", "Atentamente,\n{fromfull}", "Gracias,\n{from}", "Un abrazo,\n{from}"]}

# {C} the writer's own number, {S} the school's (or, for an outsider, the firm's), {E} an own mailbox, {H} an own handle with its platform {HP}
SIGNATURES = [
    "{name}\n{job}\n{school}\nCell: {C}", "--\n{name}, {job}\n{school}\nOffice {S}\nMobile {C}", "{name}\n{job} | {school}\no. {S} | c. {C}", "-- \n{name}\n{C}",
    "{name}\n{job}\n{school}\n{C} (cell)", "__________\n{name}\n{school}\nPhone: {S} ext. {n}\nCell phone: {C}", "{first}\n{C}", "{name}\nPersonal: {C}\nSchool: {S}",
    "--\n{name}\n{job}, {school}\n(w) {S}\n(m) {C}", "{name}\n{school}\nHome {C}", "*{name}*\n{job}\n{school}\nT {S} / M {C}", "{first} {C}",
]
SIGNATURES_OTHER = [  # with a mailbox or a handle of the writer's own
    "{name}\n{job}\n{school}\nPersonal email: {E}", "--\n{name}\n{HP}: {H}", "{name}\n{job}\n{HP} {H}\n{school}", "-- \n{name}\n{E}", "{name} | {E} | {school}", "{first}\n{HP}: {H}",
]
SIGNATURES_SCHOOL = [  # nothing private in it
    "{name}\n{job}\n{school}\n{S}", "--\n{name}, {job}\n{school}\nOffice: {S}, ext. {n}", "{name}\n{school}\nMain: {S}", "-- \n{name}\n{job}\nRoom {n}\n{address}",
    "{name}\n{job}\nPhone: {S} x{n}\nFax: {F}", "*{name}*\n{school}\n\"Every day is a first draft.\"\n{S}", "{name}\n{job}\n{school}\nT: {S}", "{name}\n{address}", "{name}\n{job}",
    "--\n{name}", "{name}\n{school}\nDirect line {S}", "{first}", "Sent from my iPhone", "Get Outlook for iOS", "{name}\nTel. {S}\n{address}",
]

LISTS = [
    "_______________________________________________\n{list} mailing list\n{list}@lists.example.net\nQuestions about the list: {D}", "You received this message because you subscribe to {list}. To stop it, call {D} or reply STOP.",
    "Manage your subscription at https://lists.example.net/{list}. Help: {D}", "To leave {list}, write to leave-{list}@lists.example.net or call {D}.",
]
NEWSLETTERS = [
    "{org}, {street}\nUnsubscribe | Privacy | {D}", "--\nThis newsletter comes from {org}. Phone {D}.",
    "(c) {org}. All rights reserved. Customer care: {D}", "You get this because you bought a ticket. {org}, {street}, {D}",
]
DISCLAIMERS = [
    "CONFIDENTIALITY NOTICE: This message and any attachment is intended only for the person named above and may contain privileged student information. If you received it in error, call {D} and delete it.",
    "This email is a public record of the district and may be disclosed on request. Records officer: {D}.",
    "The information in this e-mail is confidential. If you are not the intended recipient, notify the sender at {D} at once and destroy all copies.",
    "{school} does not discriminate on the basis of race, sex, religion or disability. Civil rights coordinator: {D}.",
    "Please consider the environment before printing this email. Non-discrimination questions may be directed to {D}.",
    "AVISO DE CONFIDENCIALIDAD: este mensaje es solo para su destinatario. Si lo recibió por error, llame al {D}.",
]

MONTHS = {"en": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), "es": "ene feb mar abr may jun jul ago sept oct nov dic".split(),
          "pt": "jan. fev. mar. abr. mai. jun. jul. ago. set. out. nov. dez.".split(), "fr": "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.".split()}
DAYS = {"en": "Mon Tue Wed Thu Fri Sat Sun".split(), "es": "lun mar mié jue vie sáb dom".split(), "pt": "seg. ter. qua. qui. sex. sáb. dom.".split(),
        "fr": "lun. mar. mer. jeu. ven. sam. dim.".split()}

# client, language, how the lines before the quoted text read, whether its lines carry ">"
QUOTES = [
    ("gmail", "en", "On {wd}, {mon} {d}, {y} at {h}:{mi} PM {name} <{addr}> wrote:", True),
    ("apple", "en", "> On {mon} {d}, {y}, at {h}:{mi} PM, {name} <{addr}> wrote:\n>", True),
    ("outlook", "en", "From: {name} <{addr}>\nSent: {wd}, {mon} {d}, {y} {h}:{mi} PM\nTo: {toname} <{toaddr}>\nSubject: {subject}\n", False),
    ("outlook-line", "en", "________________________________\nFrom: {name} <{addr}>\nSent: {wd}, {mon} {d}, {y} {h}:{mi} PM\nTo: {toname}\nSubject: {subject}\n", False),
    ("original", "en", "-----Original Message-----\nFrom: {name} [mailto:{addr}]\nSent: {wd}, {mon} {d}, {y} {h}:{mi} PM\nTo: {toname}\nSubject: {subject}\n", False),
    ("yahoo", "en", "On {wd}, {mon} {d}, {y} at {h}:{mi} PM, {name}\n<{addr}> wrote:\n", True),
    ("thunderbird", "en", "On {m}/{d}/{y} {h}:{mi} PM, {name} wrote:", True),
    ("outlook-mobile", "en", "Get Outlook for Android\n________________________________\nFrom: {name} <{addr}>\nSent: {wd}, {mon} {d}, {y} {h}:{mi}:12 PM\nTo: {toname} <{toaddr}>\nSubject: Re: {subject}\n", False),
    ("gmail", "es", "El {wd}, {d} {mon} {y} a las {h}:{mi}, {name} (<{addr}>) escribió:", True),
    ("outlook", "es", "De: {name} <{addr}>\nEnviado: {wd}, {d} de {mon} de {y} {h}:{mi}\nPara: {toname} <{toaddr}>\nAsunto: {subject}\n", False),
    ("gmail", "pt", "Em {wd}, {d} de {mon} de {y} às {h}:{mi}, {name} <{addr}> escreveu:", True),
    ("outlook", "pt", "De: {name} <{addr}>\nEnviada em: {wd}, {d} de {mon} de {y} {h}:{mi}\nPara: {toname} <{toaddr}>\nAssunto: {subject}\n", False),
    ("gmail", "fr", "Le {wd} {d} {mon} {y} à {h}:{mi}, {name} <{addr}> a écrit :", True),
    ("outlook", "fr", "De : {name} <{addr}>\nEnvoyé : {wd} {d} {mon} {y} {h}:{mi}\nÀ : {toname} <{toaddr}>\nObjet : {subject}\n", False),
]
FORWARDS = [
    ("gmail", "---------- Forwarded message ---------\nFrom: {name} <{addr}>\nDate: {wd}, {mon} {d}, {y} at {h}:{mi} PM\nSubject: {subject}\nTo: <{toaddr}>\n"),
    ("apple", "Begin forwarded message:\n\nFrom: {name} <{addr}>\nSubject: {subject}\nDate: {mon} {d}, {y} at {h}:{mi}:05 PM EST\nTo: {toname} <{toaddr}>\n"),
    ("outlook", "From: {name} <{addr}>\nSent: {wd}, {mon} {d}, {y} {h}:{mi} PM\nTo: {toname} <{toaddr}>\nSubject: {subject}\n"),
    ("thunderbird", "-------- Forwarded Message --------\nSubject: \t{subject}\nDate: \t{wd}, {d} {mon} {y} {h}:{mi}:00 -0500\nFrom: \t{name} <{addr}>\nTo: \t{toaddr}\n"),
    ("gmail-es", "---------- Forwarded message ---------\nDe: {name} <{addr}>\nDate: {d} {mon} {y} {h}:{mi}\nSubject: {subject}\nTo: {toname} <{toaddr}>\n"),
    ("yahoo", "----- Forwarded Message -----\nFrom: {name} <{addr}>\nTo: {toname} <{toaddr}>\nSent: {wd}, {mon} {d}, {y}, {h}:{mi} PM\nSubject: {subject}\n"),
]


def date_words(rng, language):
    day = datetime.date(2026, 9, 1) + datetime.timedelta(days=rng.randrange(90))
    return {"wd": DAYS[language][day.weekday()], "mon": MONTHS[language][day.month - 1], "d": day.day, "m": day.month, "y": day.year, "h": rng.randrange(1, 12),
            "mi": f"{rng.randrange(60):02d}"}


def prefixed(text, mark="> "):
    return "\n".join((mark + line).rstrip() for line in text.split("\n"))
