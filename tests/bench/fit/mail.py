#!/usr/bin/env python3
"""Generates labelled school mail: a district's import files and messages, each with what a careful reader finds in it and what the standard policy does.

usage: mail.py [--seed N] [--count N] [--half fit|test|both] DIRECTORY

The sentences belong in turn to two halves: mail of half `fit` and mail of half `test` share words, names and forms of numbers, but no sentence, signature,
quoting or footer. The directory gets roster/, the district's lists as CSV, messages/NNNN.eml and labels.jsonl.
"""
import argparse
import datetime
import html
import json
import os
import random
import re
from email.message import EmailMessage
from email.policy import SMTP

import fillers
import forms
import frames
import sayings
from people import DOMAIN, FREE_MAIL, SCHOOL, World

CONTACT = {"phone", "email", "handle", "invite", "street-address", "payment-handle"}
PRIVATE = {"sender", "staff", "unknown"}
DIRECTIONS = {"staff-student": 46, "staff-guardian": 12, "student-staff": 12, "staff-staff": 8, "guardian-staff": 8, "outside-student": 10, "student-student": 4}
PLANS = {"nothing": 20, "written": 46, "signature": 9, "quoted": 10, "forwarded": 4, "carrier": 7, "solicit": 8, "footer": 4, "worksheet": 2, "listed": 2}
CLASSES = {"sender": 40, "other": 14, "organisation": 26, "school": 10, "recipient": 5, "textbook": 5}
KINDS = {"sender": {"phone": 46, "email": 20, "handle": 14, "link": 4, "invite": 5, "street": 6, "payment": 5},
         "other": {"phone": 56, "email": 20, "handle": 8, "link": 4, "street": 9, "payment": 3},
         "organisation": {"phone": 50, "email": 22, "handle": 10, "link": 4, "invite": 2, "street": 9, "payment": 3},
         "school": {"phone": 70, "email": 30}, "recipient": {"phone": 65, "email": 35}, "textbook": {"phone": 70, "email": 30}}
SAYINGS = {"phone": sayings.PHONE, "email": sayings.EMAIL, "handle": sayings.HANDLE, "link": sayings.LINK, "invite": sayings.INVITE, "street": sayings.STREET,
           "payment": sayings.PAYMENT}
SUBJECTS = ["{event_cap}", "{task_cap}", "Re: {task}", "{club_cap} on {day}", "quick question", "Re: {event}", "update", "{day}", "Fwd: schedule", "your note", "hello", "reminder"]
SUBJECT_DETAIL = {"sender": ["[call|text] me {D}", "{D}", "my cell {D}", "new number: {D}", "[use|try] {D} instead", "{me} {D}"],
                  "organisation": ["Tickets {D}", "{org} {D}", "bus company: {D}", "Admissions {D}"]}


def pick(rng, weights):
    return rng.choices(list(weights), list(weights.values()))[0]


class Mail:
    """One message while it is made."""

    def __init__(self, composer, direction):
        self.composer, self.world, self.rng, self.direction = composer, composer.world, composer.rng, direction
        rng, world = self.rng, self.world
        self.sender, self.rcpts = self.parties()
        self.spanish = rng.random() < (0.3 if "guardian" in direction else 0.12)
        self.labels, self.tags = [], [direction]
        self.html_forms = {}      # text as written -> its HTML
        self.paragraphs, self.hidden, self.card = [], "", None
        self.subject, self.display, self.reply_to = None, None, None
        self.signature, self.tail, self.footer = "", "", ""
        self.tail_html, self.bottom = None, False
        self.format = rng.choices(["plain", "both", "html"], [45, 35, 20])[0]
        self.school_phone = world.block_phone() if rng.random() < 0.4 else world.phone()
        self.lower = self.sender.role == "student" and rng.random() < 0.5
        self.pool = {}

    def parties(self):
        rng, world = self.rng, self.world
        left, right = self.direction.split("-")
        groups = {"staff": world.staff, "student": world.students, "guardian": world.guardians}
        if left == "outside":
            sender = world.stranger()
            sender.role = "external"
            sender.org = self.composer.organisation()
            sender.address = f"{sender.given[0].lower()}.{sender.family.lower()}@{self.composer.domain(sender.org)}"
        else:
            sender = rng.choice(groups[left])
        count = 1 if right != "student" or rng.random() < 0.75 else rng.randrange(2, 5)
        choice = [p for p in groups[right] if p is not sender]
        if left == "guardian":
            return sender, [rng.choice(choice)]
        return sender, rng.sample(choice, count)

    # ---- words ----

    def expand(self, text, extra=None):
        """Choices and words in braces; {D} stays."""
        rng = self.rng
        while True:
            m = re.search(r"\[([^\[\]]*\|[^\[\]]*)\]", text)
            if not m:
                break
            text = text[:m.start()] + rng.choice(m.group(1).split("|")) + text[m.end():]
        for _ in range(40):
            m = re.search(r"\{(?!D2?\}|ST\})(\w+)\}", text)
            if not m:
                break
            text = text[:m.start()] + str(self.word(m.group(1), extra or {})) + text[m.end():]
        return re.sub(r" +([,.;?!])", r"\1", re.sub(r"  +", " ", text)).strip()

    def word(self, name, extra):
        rng = self.rng
        if name in extra:
            return extra[name]
        if name.endswith("_cap"):
            word = self.expand("{" + name[:-4] + "}", extra)
            return word[:1].upper() + word[1:]
        if re.fullmatch(r"[od]\d+|d|h8", name):
            n = int(name[1:] or 1)
            return "".join(rng.choice("0123456789abcdef" if name[0] == "h" else "0123456789") for _ in range(n))
        if name in ("given", "family", "name"):
            return rng.choice([p for p in self.world.students]).given if name == "given" else rng.choice(self.world.students).family
        if name == "org":
            return self.composer.organisation()
        simple = {"n": rng.randrange(2, 40), "year": rng.randrange(1870, 1960), "me": self.sender.given,
                  "day_es": rng.choice(["lunes", "martes", "jueves", "viernes"]), "kin_es": rng.choice(sayings.KIN_ES)}
        return simple[name] if name in simple else rng.choice(sayings.WORDS[name])

    def say(self, sentences, extra=None, fits=None):
        """One of the half's sentences, made up; one that `fits`, where there is such a one."""
        choice = self.composer.half(sentences)
        text = self.expand(self.rng.choice([s for s in choice if not fits or fits(s)] or choice), extra)
        return text.lower().replace("{d}", "{D}").replace("{d2}", "{D2}").replace("{st}", "{ST}").rstrip(".") if self.lower else text

    def filler(self):
        roll = self.rng.random()
        if self.spanish:
            return self.say(fillers.ORDINARY_ES)
        if roll < 0.68:
            return self.say(fillers.ORDINARY)
        if roll < 0.86:
            self.tags.append("decoy")
            return self.say(fillers.DECOYS)
        self.tags.append("talk")
        return self.say(fillers.TALK)

    # ---- details ----

    def detail(self, kind, cls, writer, other, disguise):
        """(text, label, word for the platform) of a new detail of class `cls`; `writer` wrote it, `other` is somebody else."""
        rng, world = self.rng, self.world
        owner = {"sender": writer, "other": other, "recipient": self.rcpts[0]}.get(cls)
        known = owner.known if owner and owner.role != "stranger" and rng.random() < 0.35 else {}
        label = {"kind": kind, "cls": "organisation" if cls == "textbook" else cls, "obfuscation": "none", "must_find": cls in ("sender", "other", "recipient"),
                 "person": owner.id if owner and owner.role in ("staff", "student", "guardian") else None}
        word = None
        if kind == "phone":
            world_wide = cls in ("sender", "other", "organisation") and rng.random() < 0.05
            value = known.get("phone") or (forms.world_value(rng) if world_wide else None)
            if not value:
                block = cls == "school" and rng.random() < 0.4
                value = world.block_phone() if block else world.phone(cls == "organisation" and rng.random() < 0.15)
            text, label["obfuscation"] = forms.phone(rng, value, disguise, self.spanish)
            if not disguise and known.get("phone") and rng.random() < 0.15:
                text, label["obfuscation"] = f"{value[5:8]}-{value[8:]}", "no-area-code"
            elif not disguise and cls == "sender" and value.startswith("+1") and rng.random() < 0.06:
                text, label["obfuscation"] = rng.choice([f"{value[2:]}@{rng.choice(forms.GATEWAYS)}", f"wa.me/{value[1:]}", f"https://wa.me/{value[1:]}", f"tel:{value}"]), "link"
        elif kind == "email":
            value = known.get("email") or self.mailbox(cls, owner)
            text, label["obfuscation"] = forms.email(rng, value, disguise, self.spanish, "email" in known)
        elif kind in ("handle", "link"):
            label["kind"] = "handle"
            known_handle = known.get("handle") if kind == "handle" else None
            which, name = known_handle.split(":") if known_handle else (forms.platform(rng), self.handle_name(cls, owner))
            value = f"{which}:{name}"
            link = forms.handle_link(rng, name, which) if kind == "link" else None
            word, text, label["obfuscation"] = forms.handle(rng, name, which, disguise and not link)
            if link:
                text, label["obfuscation"] = link, "none"
            elif kind == "link":
                text = f"{word}: {text}"
        elif kind == "invite":
            value, text, word = forms.invite(rng)
        elif kind == "street":
            label["kind"] = "street-address"
            street = world.street()
            text = known.get("street-address", "").title() or street["text"]
            value = text.lower()
        else:
            label["kind"] = "payment-handle"
            word = rng.choice(["Venmo", "Cash App", "PayPal"])
            name = self.handle_name(cls, owner).replace(".", "-").replace("_", "-")
            value, text = {"Venmo": (f"venmo:{name}", "@" + name), "Cash App": (f"cashapp:${name.replace('-', '')}", "$" + name.replace("-", "")),
                           "PayPal": (f"paypal:{name.replace('-', '')}", f"paypal.me/{name.replace('-', '')}")}[word]
            if word == "Venmo" and rng.random() < 0.2:
                text = f"venmo.com/u/{name}"
        label.update(value=value, text=text)
        label["owner"], label["owner_also"] = self.owner(cls, writer, owner, bool(known))
        return text, label, word

    def owner(self, cls, writer, person, known):
        """The owner a careful reader names, and those that are right as well."""
        role = {"sender": self.sender.role if writer is self.sender else writer.role, "recipient": person.role if person else "external"}.get(cls)
        if cls in ("organisation", "textbook"):
            return "third-party", ["published"]
        if cls == "school":
            return "school", ["published"]
        if cls == "other":
            return ("staff", ["unknown"]) if person.role == "staff" else ("unknown", ["student", "guardian"] if person.role == "student" else [])
        if role == "external":
            return ("sender", ["third-party"]) if writer is self.sender else ("third-party", [])
        if role == "staff":
            return ("sender", []) if writer is self.sender and cls == "sender" else ("staff", [] if known else ["unknown"])
        return role, []

    def mailbox(self, cls, person):
        rng = self.rng
        if cls == "school":
            return f"{rng.choice(['office', 'nurse', 'guidance', 'attendance', 'helpdesk', 'registrar', self.sender.family.lower()])}@{DOMAIN}"
        if cls == "textbook":
            return f"{rng.choice(['user', 'jane.sample', 'name', 'test1', 'abc', 'romeo'])}@{rng.choice(['example.com', 'verona.example', 'mail.example'])}"
        if cls == "organisation":
            domain = self.composer.domain(self.composer.organisation())
            stranger = self.world.stranger()
            if rng.random() < 0.1:
                return f"{domain.split('.')[0]}{rng.choice(['', '.office', '.info'])}@{rng.choice(FREE_MAIL[:3])}"
            return rng.choice(["info", "tickets", "admissions", "contact", "events", "groups", "education", "hello", f"{stranger.given[0].lower()}{stranger.family.lower()}",
                               f"{stranger.given.lower()}.{stranger.family.lower()}", "scholars", "front.desk", "entries"]) + "@" + domain
        return self.world.mailbox(person, rng.choice(FREE_MAIL) if rng.random() < 0.9 else f"{person.family.lower()}.example.net")

    def handle_name(self, cls, person):
        if cls == "organisation":
            base = self.composer.domain(self.composer.organisation()).split(".")[0]
            return (base + self.rng.choice(["", "", "_official", "hq", "ma"]))[:26]
        return self.world.handle(person)

    def detail_sentence(self, cls, kind, writer, layer, where="body", disguise=None):
        """A sentence with a detail in it, whose label is kept."""
        rng = self.rng
        if disguise is None:
            disguise = cls in ("sender", "other") and layer == "written" and rng.random() < 0.2
        other = self.world.stranger()
        if cls == "other" and rng.random() < 0.35:
            pool = self.world.staff if rng.random() < 0.75 else self.world.students
            other = rng.choice([p for p in pool if p is not self.sender and p is not writer and p not in self.rcpts])
        text, label, word = self.detail(kind, cls, writer, other, disguise)
        lists = SAYINGS[kind]
        es = f"{cls} es"
        sentences = lists[es] if self.spanish and es in lists and layer == "written" and len(lists[es]) > 1 else lists[cls]
        extra = {"me": writer.given, "given": other.given, "family": other.family, "name": self.rcpts[0].given, "P": word or "",
                 "kin": self.expand("{kin_f}" if other.female else "{kin_m}"), "his": "her" if other.female else "his", "him": "her" if other.female else "him",
                 "he": "she" if other.female else "he", "his_cap": "Her" if other.female else "His"}
        fits = None
        if cls == "other" and other.role != "stranger":
            fits = lambda s: "{given}" in s and "{kin}" not in s  # noqa: E731
        elif label["obfuscation"] == "no-area-code":  # a short number is told by a word for it
            fits = lambda s: re.search(r"cell|call|number|phone|text|llám|celular", s, re.I)  # noqa: E731
        say = self.say(sentences, extra, fits)
        label.update(layer=layer, where=where)
        self.labels.append(label)
        if "{ST}" in say:
            say = say.replace("{ST}", self.common_street("organisation", layer))
        if "{D2}" in say:
            fax, twin, _ = self.detail("phone", cls, writer, None, False)
            self.labels.append(dict(twin, layer=layer, where=where))
            say = say.replace("{D2}", fax)
        return say.replace("{D}", text)

    # ---- what is in the message ----

    def write(self, plan):
        rng = self.rng
        self.tags.append("plan:" + plan)
        self.paragraphs = [" ".join(self.filler() for _ in range(rng.randrange(1, 4))) for _ in range(rng.choice([0, 1, 1, 2, 3]))]
        getattr(self, "plan_" + plan)()
        if plan != "signature" and rng.random() < 0.4 and self.sender.role != "student":
            self.sign(frames.SIGNATURES_SCHOOL)
        if plan not in ("footer", "nothing") and rng.random() < 0.1 and self.sender.role != "student":
            self.plan_footer()
        if not self.paragraphs:
            self.paragraphs = [self.filler()]

    def plan_nothing(self):
        self.paragraphs += [self.filler() for _ in range(self.rng.randrange(1, 4))]

    def put(self, sentence):
        """Into a paragraph, or as one of its own."""
        rng = self.rng
        roll = rng.random()
        if roll < 0.5 or not self.paragraphs:
            if roll < 0.35 and not self.lower:
                sentence = rng.choice([sentence + " " + self.filler(), self.filler() + " " + sentence, sentence])
            self.paragraphs.insert(rng.randrange(len(self.paragraphs) + 1), sentence)
        else:
            at = rng.randrange(len(self.paragraphs))
            self.paragraphs[at] = self.paragraphs[at] + " " + sentence

    def classes(self):
        weights = dict(CLASSES)
        if len(self.rcpts) > 1 or self.rcpts[0].role == "external":
            del weights["recipient"]
        if self.direction == "outside-student":
            weights.update(sender=25, other=3, organisation=60, school=2)
        return pick(self.rng, weights)

    def plan_written(self):
        rng = self.rng
        if rng.random() < 0.18:  # hardly a message: the detail and a line
            self.paragraphs = []
        cls = self.classes()
        self.put(self.detail_sentence(cls, pick(rng, KINDS[cls]), self.sender, "written"))
        if rng.random() < 0.18:
            cls = self.classes()
            self.put(self.detail_sentence(cls, pick(rng, KINDS[cls]), self.sender, "written"))

    def sign(self, styles, writer=None, layer="signature"):
        """A signature's text; its details are labelled with `layer`."""
        rng, writer = self.rng, writer or self.sender
        styles = self.composer.half(styles)
        if writer.role in ("student", "guardian") and rng.random() < 0.85:  # they write from no office
            styles = [s for s in styles if not re.search(r"\{[SF]\}|address", s)]
        style = rng.choice(styles)
        job = self.expand("{title}") if writer.role == "staff" else rng.choice(["Coordinator", "Program Manager", "Parent", "Owner", ""])
        school = f"{SCHOOL} High School" if writer.role == "staff" else getattr(writer, "org", None) or self.composer.organisation()
        text = style.replace("{name}", writer.name).replace("{first}", writer.given).replace("{job}", job).replace("{school}", school)
        text = text.replace("{n}", str(rng.randrange(100, 900)))
        if "{address}" in text:
            text = text.replace("{address}", self.common_street("school" if writer.role == "staff" else "organisation", layer))
        for slot, kind, cls in (("{C}", "phone", "sender"), ("{S}", "phone", "school"), ("{F}", "phone", "school"), ("{E}", "email", "sender"), ("{H}", "handle", "sender")):
            if slot in text:
                text = self.sign_detail(text, slot, kind, cls, writer, layer)
        text = "\n".join(line for line in text.split("\n") if line.strip(" |,"))
        if writer is self.sender and layer == "signature":
            self.signature = text
        return text

    def sign_detail(self, text, slot, kind, cls, writer, layer):
        if cls == "school" and writer.role != "staff":
            cls = "organisation"
        found, label, word = self.detail(kind, cls, writer, None, False)
        if cls == "school" and self.rng.random() < 0.93:  # a district lists its blocks of numbers
            label["value"], label["obfuscation"] = self.world.block_phone(), "no-area-code"
        if label["obfuscation"] == "no-area-code":
            found, label["obfuscation"] = forms.phone(self.rng, label["value"])
            label["text"] = found
        label.update(layer=layer, where=layer)
        if cls == "organisation" and not (writer is self.sender and writer.role == "external"):
            label.update(cls=None, owner_also=[*label["owner_also"], writer.role, "sender"])  # the writer's, at work: both are right
        self.labels.append(label)
        return text.replace(slot, found).replace("{HP}", word or "")

    def common_street(self, cls, layer):
        """An address that anybody may have, labelled."""
        _, label, _ = self.detail("street", cls, self.sender, None, False)
        label.update(layer=layer, where="body" if layer == "written" else layer)
        self.labels.append(label)
        return label["text"]

    def plan_signature(self):
        self.sign(frames.SIGNATURES if self.rng.random() < 0.75 else frames.SIGNATURES_OTHER)

    def plan_footer(self):
        rng = self.rng
        outside = self.sender.role == "external"
        lists = outside or rng.random() < 0.3
        text = rng.choice(self.composer.half(frames.NEWSLETTERS if outside else frames.LISTS if lists else frames.DISCLAIMERS))
        found, label, _ = self.detail("phone", "organisation" if lists else "school", self.sender, None, False)
        if label["obfuscation"] == "no-area-code":
            found, label["obfuscation"] = forms.phone(rng, label["value"])
            label["text"] = found
        label.update(layer="footer", where="footer")
        label["owner_also"] += ["school", "third-party"]
        self.labels.append(label)
        self.footer = text.replace("{D}", found).replace("{list}", rng.choice(["parents", "boosters", "band-news"])).replace("{org}", self.composer.organisation())
        self.footer = self.footer.replace("{school}", f"{SCHOOL} Public Schools")
        for address in re.findall(r"[\w-]+@[\w.]+\w", self.footer):
            self.labels.append({"kind": "email", "cls": None, "obfuscation": "none", "must_find": False, "person": None, "value": address, "text": address,
                                "owner": "third-party", "owner_also": ["school"], "layer": "footer", "where": "footer"})
        if "{street}" in self.footer:
            self.footer = self.footer.replace("{street}", self.common_street("organisation", "footer"))

    def plan_worksheet(self):
        """An exercise of several lines; its details are nobody's, disguised or not."""
        rng = self.rng
        head, lines = rng.choice(self.composer.half(sayings.WORKSHEETS))
        kind = "phone" if rng.random() < 0.8 else "email"
        out = [self.expand(head)]
        for line in lines:
            text = self.expand(line)
            if "{D}" in text:
                found, label, _ = self.detail(kind, "textbook", self.sender, None, kind == "phone" and rng.random() < 0.2)
                if "\n" in found:
                    found, label["obfuscation"] = forms.phone(rng, label["value"])
                label.update(layer="written", where="body", text=found)
                self.labels.append(label)
                text = text.replace("{D}", found)
            out.append(text)
        marks = rng.choice(["", "- ", "n"])
        out[1:] = [(f"{i}. " if marks == "n" else marks) + line for i, line in enumerate(out[1:], 1)]
        self.paragraphs.append(rng.choice(["\n", "\n", "\n\n"]).join(out))

    def plan_listed(self):
        """What the school has of several recipients, a line each."""
        if len(self.rcpts) < 2:
            return self.plan_written()
        rng = self.rng
        shape = rng.choice(["{0}: {1}", "{0} - {1}", "{0} {1}", "{0} ({1})", "{1} = {0}"] if rng.random() < 0.1 else ["{0}: {1}", "{0} - {1}", "{0} {1}"])
        out = [rng.choice(["These are the numbers we have:", "Please check your numbers.", "Contact sheet for the trip, correct?", "Numbers on file:"])]
        for rcpt in self.rcpts:
            found, label, _ = self.detail("phone", "recipient", self.sender, None, False)
            label.update(layer="written", where="body", person=rcpt.id, owner=rcpt.role, owner_also=[])
            self.labels.append(label)
            out.append(shape.format(rng.choice([rcpt.given, rcpt.name, f"{rcpt.given} {rcpt.family[0]}."]), found))
        self.paragraphs.append("\n".join(out))
        return None

    def plan_solicit(self):
        rng = self.rng
        es = self.spanish and rng.random() < 0.8
        which = rng.choice(sorted(sayings.SOLICIT_ES if es else sayings.SOLICIT))
        say = self.say((sayings.SOLICIT_ES if es else sayings.SOLICIT)[which])
        self.labels.append({"kind": "offchannel-solicitation", "value": which, "text": say, "where": "body", "layer": "written", "owner": self.sender.role, "owner_also": [],
                            "cls": None, "obfuscation": "none", "must_find": self.direction in ("staff-student", "student-staff", "staff-guardian"), "person": None})
        self.put(say)

    # ---- other people's mail ----

    def author(self, layer):
        """Who wrote the quoted mail, and to whom."""
        rng, world = self.rng, self.world
        roll = rng.random()
        if layer == "quoted" and roll < 0.6:
            return self.rcpts[0], self.sender
        if roll < 0.7:
            return self.sender, self.rcpts[0]
        if roll < 0.82:
            return rng.choice([p for p in world.staff if p is not self.sender and p not in self.rcpts]), self.sender
        guardians = [g for p in self.rcpts for g in p.guardians if g.role == "guardian"] or world.guardians
        if roll < 0.92:
            return rng.choice(guardians), self.sender
        stranger = world.stranger()
        stranger.role, stranger.org = "external", self.composer.organisation()
        stranger.address = f"{stranger.given[0].lower()}.{stranger.family.lower()}@{self.composer.domain(stranger.org)}"
        return stranger, self.sender

    def foreign_text(self, author, layer):
        rng = self.rng
        lower, self.lower = self.lower, author.role == "student" and rng.random() < 0.5
        lines = [self.filler() for _ in range(rng.randrange(0, 3))]
        roll = rng.random()
        if roll < 0.75:
            cls = pick(rng, {"sender": 60, "other": 0 if author.role == "external" else 14, "organisation": 26})
            lines.append(self.detail_sentence(cls, pick(rng, KINDS[cls]), author, layer, layer))
        text = "\n\n".join(lines or [self.filler()])
        if roll > 0.6:
            text += "\n\n" + self.sign(frames.SIGNATURES if rng.random() < 0.6 else frames.SIGNATURES_SCHOOL, author, layer)
        self.lower = lower
        return text

    def shown(self, people, layer):
        """The mailboxes that a header in the text shows, as details that may be found."""
        for person in people:
            inside = person.address.endswith(DOMAIN)
            if not inside and person is not self.sender and person not in self.rcpts:
                owner = person.role if person.role == "guardian" else "third-party"
                self.labels.append({"kind": "email", "cls": None, "obfuscation": "none", "must_find": False, "person": person.id, "value": person.address, "text": person.address,
                                    "owner": owner, "owner_also": [], "layer": layer, "where": layer})

    def plan_quoted(self):
        rng = self.rng
        author, to = self.author("quoted")
        client, language, head, marked = rng.choice(self.composer.half(frames.QUOTES))
        text = self.foreign_text(author, "quoted")
        words = frames.date_words(rng, language)
        head = head.format(name=author.name, addr=author.address, toname=to.name, toaddr=to.address, subject=self.expand("{task}"), **words)
        self.shown([author, to], "quoted")
        self.tags.append(f"client:{client}-{language}")
        if self.format != "plain":
            self.tail_html = self.quoted_html(client, re.sub(r"^> ?", "", head, flags=re.M), text)
        self.bottom = marked and rng.random() < 0.15
        self.tail = head + "\n\n" + frames.prefixed(text) if marked and client != "apple" else head + ("\n" + frames.prefixed(text) if client == "apple" else "\n" + text)

    def quoted_html(self, client, head, text):
        inner = "".join(f"<div>{self.to_html(p)}</div><div><br></div>" for p in text.split("\n\n"))
        head = self.to_html(head.strip())
        if client == "gmail":
            return f'<br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">{head}<br></div><blockquote class="gmail_quote" style="margin:0 0 0 .8ex;border-left:1px solid #ccc">{inner}</blockquote></div>'
        if client.startswith("outlook") or client == "original":
            return f'<hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr"><font face="Calibri">{head}</font></div>{inner}'
        return f'<br><div>{head}</div><blockquote type="cite">{inner}</blockquote>'

    def plan_forwarded(self):
        rng = self.rng
        author, to = self.author("forwarded")
        client, head = rng.choice(self.composer.half(frames.FORWARDS))
        text = self.foreign_text(author, "forwarded")
        words = frames.date_words(rng, "es" if client.endswith("-es") else "en")
        head = head.format(name=author.name, addr=author.address, toname=to.name, toaddr=to.address, subject=self.expand("{task}"), **words)
        self.subject = "Fwd: " + self.expand("{task}")
        self.shown([author, to], "forwarded")
        self.tags.append("client:" + client)
        self.tail = head + "\n" + text
        if self.format != "plain":
            self.tail_html = self.quoted_html("gmail" if client.startswith("gmail") else "other", head, text)
        if client == "outlook":  # nothing in it tells a forward from an answer
            for label in self.labels:
                label["layer"] = "quoted" if label["layer"] == "forwarded" else label["layer"]

    # ---- odd places ----

    def plan_carrier(self):
        rng = self.rng
        which = rng.choice(["subject", "display", "reply-to", "tags", "hidden", "link", "table", "card", "subject", "link"])
        self.tags.append("carrier:" + which)
        getattr(self, "carrier_" + which.replace("-", "_"))()

    def labelled(self, kind, cls, where, obfuscation=None, disguise=False):
        found, label, word = self.detail(kind, cls, self.sender, self.world.stranger(), disguise)
        if label["obfuscation"] in ("no-area-code", "link"):
            found, label["obfuscation"] = forms.phone(self.rng, label["value"])
            label["text"] = found
        label.update(layer="written", where=where, obfuscation=obfuscation or label["obfuscation"])
        self.labels.append(label)
        return found, label, word

    def carrier_subject(self):
        cls = "sender" if self.rng.random() < 0.75 else "organisation"
        found, _, _ = self.labelled("phone", cls, "subject", disguise=self.rng.random() < 0.15)
        self.subject = self.expand(self.rng.choice(self.composer.half(SUBJECT_DETAIL[cls]))).replace("{D}", found).replace("\n", " ")

    def carrier_display(self):
        if self.rng.random() < 0.6:
            self.display = f"{self.sender.name} {self.labelled('phone', 'sender', 'header')[0]}"
        else:
            found, _, word = self.labelled("handle", "sender", "header")
            self.display = f"{self.sender.name} ({word}: {found})"

    def carrier_reply_to(self):
        found, label, _ = self.labelled("email", "sender", "header")
        self.reply_to = label["text"] = label["value"]

    def carrier_tags(self):
        self.format = "html"
        found, label, _ = self.labelled("phone", "sender", "html", "html-tags")
        if len(found) < 8:
            return
        a, b = sorted(self.rng.sample(range(2, len(found) - 1), 2))
        tag = self.rng.choice(["b", "span", "i", "font color=\"#111\""])
        end = tag.split()[0]
        self.html_forms[found] = f"{html.escape(found[:a])}<{tag}>{html.escape(found[a:b])}</{end}>{html.escape(found[b:])}"
        self.put(self.say(sayings.PHONE["sender"]).replace("{D}", found))

    def carrier_hidden(self):
        self.format = "html"
        found, label, _ = self.labelled("phone", "sender", "html", "hidden-html")
        say = self.say(sayings.PHONE["sender"]).replace("{D}", found)
        style = self.rng.choice(["display:none", "font-size:0", "color:#ffffff;background-color:#ffffff", "visibility:hidden", "max-height:0;overflow:hidden"])
        self.hidden = f'<div style="{style}">{html.escape(say)}</div>'

    def carrier_link(self):
        rng = self.rng
        self.format = "html"
        cls = "sender" if rng.random() < 0.65 else "organisation"
        kind = rng.choice(["phone", "phone", "email", "link"])
        found, label, _ = self.labelled(kind, cls, "link", "link-target")
        href = found
        if kind == "phone":
            href = rng.choice([f"tel:{label['value']}", f"sms:{label['value']}", f"https://wa.me/{label['value'][1:]}"]) if cls == "sender" else f"tel:{label['value']}"
        elif kind == "email":
            href = "mailto:" + label["value"]
        elif "." not in found or " " in found:
            which, name = label["value"].split(":")
            href = f"https://www.instagram.com/{name}/"
            label["value"] = f"instagram:{name}"
        href = href if ":" in href.split("/")[0] else "https://" + href
        words = rng.choice(["call me", "my page", "here", "write to me", "this is me"]) if cls == "sender" else rng.choice(["the box office", "call the museum", "the theater's page", "customer service"])
        sentence = self.filler() + " LINKHERE"
        self.html_forms["LINKHERE"] = f'<a href="{html.escape(href)}">{words}</a>'
        label["text"] = href
        self.paragraphs.append(sentence)

    def carrier_table(self):
        self.format = "html"
        found, label, _ = self.labelled("phone", "sender", "html", "split")
        value = label["value"]
        if not value.startswith("+1") or len(value) != 12:
            return self.put(self.say(sayings.PHONE["sender"]).replace("{D}", found))
        cells = "".join(f"<td>{x}</td>" for x in forms.groups(value))
        self.html_forms["TABLEHERE"] = f"<table><tr>{cells}</tr></table>"
        self.paragraphs.append(self.rng.choice(["my number", "call me", "my cell"]) + " TABLEHERE")

    def carrier_card(self):
        rng = self.rng
        cls = pick(rng, {"sender": 50, "other": 20, "organisation": 30})
        found, label, _ = self.labelled("phone", cls, "attachment:card.vcf")
        stranger = self.world.stranger()
        name = {"sender": self.sender.name, "other": stranger.name, "organisation": ""}[cls]
        lines = ["BEGIN:VCARD", "VERSION:3.0"]
        if name:
            lines += [f"FN:{name}", f"N:{name.split()[-1]};{name.split()[0]};;;"]
        if cls == "organisation":
            org = self.composer.organisation()
            lines += [f"FN:{org}", f"ORG:{org}"]
        lines += [f"TEL;TYPE={'CELL' if cls != 'organisation' else 'WORK'}:{found}", "END:VCARD"]
        self.card = "\r\n".join(lines) + "\r\n"

    # ---- the message ----

    def to_html(self, text):
        out = html.escape(text, quote=False)
        for found, form in self.html_forms.items():
            out = out.replace(html.escape(found, quote=False), form, 1)
        return out.replace("\n", "<br>")

    def greeting(self):
        language = "es" if self.spanish else "en"
        to = self.rcpts[0].given if len(self.rcpts) == 1 and self.rcpts[0].role != "staff" else ("team" if len(self.rcpts) > 1 else f"{self.rcpts[0].title} {self.rcpts[0].family}")
        return self.rng.choice(self.composer.half(frames.GREETINGS[language])).replace("{to}", to)

    def closing(self):
        text = self.rng.choice(self.composer.half(frames.CLOSINGS["es" if self.spanish else "en"]))
        title = f"{self.sender.title} {self.sender.family}" if self.sender.role == "staff" else self.sender.given
        return text.replace("{fromfull}", self.sender.name).replace("{title_from}", title).replace("{from}", self.sender.given)

    def build(self):
        greeting = self.greeting() if self.rng.random() < 0.75 else ""
        closing = self.closing() if not self.signature or self.rng.random() < 0.4 else ""
        own = "\n\n".join(x for x in [greeting, *self.paragraphs, closing] if x)
        own_all = own + ("\n\n" + self.signature if self.signature else "")
        text = self.tail + "\n\n" + own_all if self.bottom else own_all + ("\n\n" + self.tail if self.tail else "")
        text += "\n\n" + self.footer if self.footer else ""
        message = EmailMessage(policy=SMTP)
        name = self.display or self.sender.name
        message["From"] = f"\"{name}\" <{self.sender.address}>"
        message["To"] = ", ".join(f"{p.name} <{p.address}>" for p in self.rcpts)
        message["Subject"] = self.subject or self.expand(self.rng.choice(SUBJECTS))
        date = datetime.datetime(2026, 10, 1, 8, 0) + datetime.timedelta(minutes=self.rng.randrange(60 * 24 * 60))
        message["Date"] = date.strftime("%a, %d %b %Y %H:%M:%S -0400")
        if self.reply_to:
            message["Reply-To"] = self.reply_to
        if self.format != "html":
            message.set_content(text + "\n")
        if self.format != "plain":
            body = "".join(f"<p>{self.to_html(p)}</p>" for p in own.split("\n\n"))
            sig = f"<div class=\"sig\">{self.to_html(self.signature)}</div>" if self.signature else ""
            tail = self.tail_html or (f"<div>{self.to_html(self.tail)}</div>" if self.tail else "")
            foot = f"<div style=\"font-size:10px\">{self.to_html(self.footer)}</div>" if self.footer else ""
            page = f"<html><body>{body}{self.hidden}{sig}{tail}{foot}</body></html>\n"
            if self.format == "html":
                message.set_content(page, subtype="html")
            else:
                message.add_alternative(page, subtype="html")
        if self.card:
            message.add_attachment(self.card.encode(), maintype="text", subtype="vcard", filename="card.vcf")
        return message, date.strftime("%Y-%m-%dT%H:%M:%S-04:00")

    # ---- what the policy does ----

    def expect(self):
        actions, also, why = {}, [], "nothing private"
        for rcpt in self.rcpts:
            action, more, why = self.action(rcpt)
            actions[rcpt.address] = action
            also += [{"rcpt": rcpt.address, "action": a} for a in more]
        return {"action_per_rcpt": actions, "acceptable": also, "why": why}

    def action(self, rcpt):
        contact = [f for f in self.labels if f["kind"] in CONTACT]
        private = [f for f in contact if f["owner"] in PRIVATE]
        asks = [f for f in self.labels if f["kind"] not in CONTACT]
        if self.direction == "staff-student":
            others = [f for f in contact if f["owner"] == "student" and f["person"] != rcpt.id]
            if private or asks:
                return "hold", [], f"{(private or asks)[0]['kind']} of the sender or another private person"
            return ("hold", ["coach"], "another student's detail") if others else ("deliver", ["tag"], "nothing private")
        if self.direction == "staff-guardian":
            if any(f["kind"] in ("email", "handle", "invite", "payment-handle") for f in private):
                return "coach", ["tag"], "a private account to a guardian"
            return ("tag", ["deliver", "coach"], "a private number to a guardian") if private or asks else ("deliver", ["tag"], "nothing private")
        if self.direction == "student-staff":
            own = [f for f in contact if f["owner"] in PRIVATE | {"student"}]
            return ("tag", [], "a private detail") if own or asks else ("deliver", [], "nothing private")
        return "deliver", [], "no rule for this direction"


class Composer:
    def __init__(self, seed, half):
        self.rng = random.Random(seed)
        self.world = World(random.Random(seed))
        self.world.rng = self.rng
        self.which = half

    def half(self, sentences):
        """Those of a list that belong to this half; all where both are asked for or there is only one."""
        if self.which == "both" or len(sentences) < 2:
            return sentences
        return sentences[0::2] if self.which == "fit" else sentences[1::2]

    def organisation(self):
        rng = self.rng
        text = rng.choice(sayings.WORDS["orgname"])
        return text.replace("{orgkind}", rng.choice(sayings.WORDS["orgkind"])).replace("{town}", rng.choice(sayings.WORDS["town"]))

    def domain(self, organisation):
        words = [w for w in re.findall(r"[a-z]+", organisation.lower()) if w != "the"]
        return "".join(words)[:24] + self.rng.choice([".example.org", ".example.com", ".example.net", ".example"])

    def message(self):
        while True:
            mail = Mail(self, pick(self.rng, DIRECTIONS))
            mail.write(pick(self.rng, PLANS))
            if len({(f["kind"], f["value"]) for f in mail.labels}) == len(mail.labels):
                return mail


def generate(directory, seed, count, half):
    """Writes the district and `count` messages into `directory`."""
    composer = Composer(seed * 1000 + {"fit": 1, "test": 2, "both": 3}[half], half)
    os.makedirs(os.path.join(directory, "messages"), exist_ok=True)
    composer.world.write(directory)
    with open(os.path.join(directory, "labels.jsonl"), "w", encoding="utf-8") as f:
        for number in range(1, count + 1):
            mail = composer.message()
            message, date = mail.build()
            with open(os.path.join(directory, "messages", f"{number:05d}.eml"), "wb") as out:
                out.write(message.as_bytes())
            sender = mail.sender.address
            inside = sender.endswith(DOMAIN)
            label = {"id": f"{number:05d}", "envelope": {"from": sender, "rcpts": [p.address for p in mail.rcpts], "auth": sender if inside else None}, "date": date,
                     "expect": mail.expect(), "findings": mail.labels, "tags": sorted(set(mail.tags)) + ["lang:" + ("es" if mail.spanish else "en")]}
            f.write(json.dumps(label, ensure_ascii=False) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--half", choices=["fit", "test", "both"], default="both")
    parser.add_argument("directory")
    args = parser.parse_args()
    generate(args.directory, args.seed, args.count, args.half)


if __name__ == "__main__":
    main()
