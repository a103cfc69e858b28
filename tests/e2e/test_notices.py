"""What senders and reviewers are told, through the real Postfix: templates, languages, reminders, digests."""
import email
import email.policy
import glob
import os
import re
import signal
import sqlite3
import time
import uuid

import pytest

from demo import ANN, BEN, ELENA, JONAH, MIA
from lab import DOMAIN, TOP, message, wait_for

CELL = "my cell is 508-555-0142"
DESK, DEAN = f"desk@{DOMAIN}", f"dean@{DOMAIN}"
REVIEW = {"review": f'reviewers = ( {{ address = "{DESK}", roles = [ "staff" ] }}, '
                    f'{{ address = "{BEN}", schools = [ "mh-hs" ] }}, {{ address = "{DEAN}", digest = "weekly" }} );'
                    " decision_hours = 2;",
          "notice": 'languages = [ "en", "es" ]; per_sender_hour = 1000;'}

SUMMER = "Subject: Summer trip {reference}\n\n{#reasons}\n{rule} cites {clause}\n{/reasons}\nPlease use the trip's own line.\n"


@pytest.fixture(scope="module")
def lab():
    from lab import Lab
    lab = Lab(settings=REVIEW)
    lab.set_up()
    # A rule with a template of its own, in one language; the other falls back.
    policy = lab.path("opt/policies/standard.conf")
    with open(policy, encoding="utf-8") as f:
        text = f.read()
    changed = re.sub(r'(\{ name = "guardian-private-account";)', r'\1 template = "guardians";', text)
    rule = """{ name = "told-of-networks"; clause = [ "T 9" ]; gist = "A network writes to a school address"; action = "coach"; severity = 1;
      remedy = "Use your private address there."; notify = [ "recipients" ];
      when: { sender: { address = "@network.example"; }; recipient: { role = "staff"; }; }; },
    """
    changed = changed.replace('{ name = "guardian-private-account"', rule + '{ name = "guardian-private-account"', 1)
    assert changed != text and rule in changed
    with open(policy, "w", encoding="utf-8") as f:
        f.write(changed)
    for language in ("en", "es"):
        lab.write(f"opt/notices/guardians.{language}.txt", SUMMER)
    lab.start_programs()
    yield lab
    lab.stop()


def hold(lab, sender=BEN, rcpts=(JONAH,), text=CELL):
    tag = uuid.uuid4().hex
    mid = f"<{tag}@{DOMAIN}>"
    assert lab.send(sender, list(rcpts), message(sender, ", ".join(rcpts), "Ride", f"{text} {tag}", message_id=mid))[0] == 250
    (item,) = [h for h in lab.held() if h["id"] == lab.records()[-1]["id"]]
    return item["id"], mid


def mails(lab, rcpt, text):
    """Mails of ours to `rcpt` that hold `text`, parsed."""
    parsed = [(d.rcpts, email.message_from_bytes(d.data, policy=email.policy.default)) for d in lab.delivered()]
    return [m for rcpts, m in parsed if rcpts == [rcpt] and m["Auto-Submitted"] and text in str(m["Subject"]) + m.get_content()]


def one_mail(lab, rcpt, text):
    (mail,) = wait_for("the mail", lambda: mails(lab, rcpt, text), 60, 0.3)
    return mail


def test_held_in_two_languages_with_the_clock(lab):
    record, mid = hold(lab)
    mail = one_mail(lab, BEN, record)
    text = mail.get_content()
    assert mail["Subject"] == f"Held for review: a message you sent (reference {record}) / " \
                              f"Retenido para revisión: un mensaje que usted envió (referencia {record})"
    assert mail["In-Reply-To"] == mid and mail["Auto-Submitted"] == "auto-replied"
    assert "is held for review" in text and "está retenido" in text
    assert "phone number" in text and "número de teléfono" in text and "508-555-0142" not in text and "5085550142" not in text
    assert "El personal da a estudiantes un teléfono" in text and "Envíelo otra vez solo con su número" in text
    assert len(re.findall(r"(?:by|antes de) \d{4}-\d\d-\d\d \d\d:\d\d E[SD]T", text)) == 2
    assert "{" not in text and "the compliance office, ext. 5" in text and "http" not in text


def test_what_shipped_rules_tell_senders_has_its_spanish():
    with open(os.path.join(TOP, "conf/notices/words.es.txt"), encoding="utf-8") as f:
        known = {line.split(" = ")[0] for line in f if " = " in line}
    missing = []
    for path in glob.glob(os.path.join(TOP, "conf/policies/**/*.conf"), recursive=True):
        with open(path, encoding="utf-8") as f:
            text = re.sub(r"(?m)^ *#.*$", "", f.read())
        for rule in re.split(r'\{ name = "|(?=^purpose: \{)', text, flags=re.M)[1:]:
            if re.search(r'action = "(?:coach|hold|reject)"', rule):
                missing += [(os.path.basename(path), said) for said in re.findall(r'(?:gist|remedy) = "([^"]*)"', rule) if said not in known]
    assert not missing


def test_denied_with_the_reviewers_reason(lab):
    record, _ = hold(lab)
    lab.chaperone("quarantine", "deny", record, "--reason", "use the office line")
    mail = one_mail(lab, BEN, "Not delivered")
    assert record in mail["Subject"]
    text = mail.get_content()
    assert "The reviewer's reason: use the office line" in text and "no se entregará" in text


def test_a_rules_own_template(lab):
    tag = uuid.uuid4().hex
    private = "bcarter.home@mailbox.example.net"
    data = message(BEN, ELENA, "Note", f"write me at {private} {tag}")
    assert lab.send(BEN, [ELENA], data)[0] == 250
    record = lab.json("archive", "show", lab.records()[-1]["id"])
    assert "guardian-private-account" in [r["rule"] for r in record["judgement"]["reasons"]]
    mail = one_mail(lab, BEN, "Summer trip")
    assert "guardian-private-account cites" in mail.get_content() and record["id"] in mail["Subject"]


def test_staff_is_told_of_what_it_was_sent(lab):
    tags = [uuid.uuid4().hex for _ in range(2)]
    for tag in tags:
        data = message("news@network.example", f"{BEN}, {JONAH}", "Welcome", f"Confirm your address. {tag}", ["Precedence: bulk"])
        assert lab.send("news@network.example", [BEN, JONAH], data, login=False, client="203.0.113.9")[0] == 250
    assert all(sorted(r for d in lab.delivered_with(tag) for r in d.rcpts) == sorted([BEN, JONAH]) for tag in tags)
    told = wait_for("the notice", lambda: [d for d in lab.delivered() if (d.header("X-Chaperone-Notice") or "").startswith("told")])
    assert [d.rcpts for d in told] == [[BEN]] and b"school address" in told[0].data and b"Use your private address there." in told[0].data
    assert b"network.example" in told[0].data and "una vez por semana".encode() in told[0].data


def test_reviewers_are_reminded_when_the_clock_runs_out(lab):
    record, _ = hold(lab)
    assert not mails(lab, DESK, record)
    lab.stop_milter()
    with sqlite3.connect(lab.path("var/quarantine.db")) as db:
        db.execute("UPDATE item SET held_us = held_us - 3 * 3600000000 WHERE record = ?", (record,))
    lab.start_milter()
    mail = one_mail(lab, DESK, record)
    assert "time over since 1 h" in mail["Subject"] and mail["From"].addresses[0].addr_spec == f"chaperone@{DOMAIN}"
    assert "508" not in mail.get_content() and CELL not in mail.get_content()
    one_mail(lab, DEAN, record)
    # Ben is a reviewer of the school, and wrote it.
    assert not [m for m in mails(lab, BEN, record) if "time over" in m["Subject"]]
    steps = [s for s in lab.json("quarantine", "show", record)["steps"] if s["step"] == "reminded"]
    assert len(steps) == 1 and DESK in steps[0]["why"] and BEN not in steps[0]["why"]
    time.sleep(5)
    assert len(mails(lab, DESK, record)) == 1, "once a day"


def test_digests(lab):
    mine, _ = hold(lab)
    anns, _ = hold(lab, sender=ANN, rcpts=(MIA,))
    digest = lab.json("quarantine", "digest")
    by = {r["reviewer"]: r for r in digest["reviewers"]}
    ids = {who: {i["id"] for s in r["schools"] for i in s["items"]} for who, r in by.items()}
    assert {mine, anns} <= ids[DESK] and {mine, anns} <= ids[DEAN]
    assert anns in ids[BEN] and mine not in ids[BEN], "nobody reviews their own"
    assert by[DEAN]["period"] == "weekly" and digest["without_reviewer"] == 0
    assert digest["messages"] == by[DESK]["count"] == len(lab.held("held"))
    (school,) = lab.json("quarantine", "digest", "--school", "mh-hs")["schools"]
    assert {mine, anns} <= {i["id"] for i in school["items"]}
    assert mine in lab.chaperone("quarantine", "digest", "--reviewer", DESK)
    sent = lab.chaperone("quarantine", "digest", "--send")
    assert sent.count("sent to") == 3
    mail = one_mail(lab, DESK, "Held messages to review")
    assert mine in mail.get_content() and anns in mail.get_content() and "508" not in mail.get_content()
    assert lab.chaperone("quarantine", "digest", "--send") == "", "they have theirs of today"
    assert "sent to " + DESK in lab.chaperone("quarantine", "digest", "--send", "--reviewer", DESK)
    events = [e["detail"] for e in lab.json("archive", "list", "--events") if e["event"] == "digest-sent"]
    assert {e["to"] for e in events} == {DESK, DEAN, BEN} and len(events) == 4


def test_check_warns_of_schools_that_are_unknown(lab):
    assert lab.json("check")["warnings"] == []
    lab.write_config({"review": 'reviewers = ( { address = "a@example.org", schools = [ "mh-hs", "mh-xs" ] } );'})
    assert [w for w in lab.json("check")["warnings"] if '"mh-xs"' in w] and "warning: review.reviewers" in lab.chaperone("check")
    lab.write_config()


def test_a_digest_that_cannot_be_sent_is_sent_by_the_next_run(fresh_lab):
    lab = fresh_lab(settings=REVIEW)
    record, _ = hold(lab)
    port = lab.release_port
    lab.write_config({"quarantine": "release_port = 1;"})
    done = lab.chaperone("quarantine", "digest", "--send", check=False)
    assert done.returncode == 75 and DESK in done.stderr
    lab.write_config({"quarantine": f"release_port = {port};"})
    assert lab.chaperone("quarantine", "digest", "--send").count("sent to") == 2
    one_mail(lab, DESK, "Held messages to review")


def test_principals_review_where_nobody_is_named(fresh_lab):
    lab = fresh_lab(start=False)
    lab.prepare()
    with open(lab.path("import/roster/users.csv"), "a", encoding="utf-8") as f:
        f.write(f"s-9,,,true,mh-hs,principal,pgreen,,Pia,Green,,S9,pgreen@{DOMAIN},,,,,\n")
    lab.chaperone("roster", "import", lab.path("import"))
    lab.start_programs()
    record, _ = hold(lab)
    (reviewer,) = lab.json("quarantine", "digest")["reviewers"]
    assert reviewer["reviewer"] == f"pgreen@{DOMAIN}" and reviewer["why"].startswith("principal of ")
    own, _ = hold(lab, sender=f"pgreen@{DOMAIN}")
    digest = lab.json("quarantine", "digest")
    assert own not in str(digest["reviewers"]) and record in str(digest["reviewers"]) and digest["without_reviewer"] == 1


def test_wrong_templates_are_refused(fresh_lab):
    lab = fresh_lab()
    before, _ = hold(lab)
    name = lab.path("opt/notices/held.en.txt")
    with open(name, encoding="utf-8") as f:
        good = f.read()
    lab.write("opt/notices/held.en.txt", good.replace("{subject}", "{subjekt}"))
    done = lab.chaperone("check", check=False)
    assert done.returncode == 78 and "held.en.txt:8: there is no {subjekt} here" in done.stderr
    lab.milter.send_signal(signal.SIGHUP)
    wait_for("the refusal", lambda: "reload refused" in lab.log(), 20)
    record, _ = hold(lab)
    one_mail(lab, BEN, record)
    done = lab.chaperone("quarantine", "deny", before, "--reason", "no", check=False)
    assert done.returncode == 78 and lab.json("quarantine", "show", before)["recipients"][0]["state"] == "held"
    lab.write("opt/notices/held.en.txt", good)
    lab.chaperone("check")
    os.unlink(lab.path("opt/notices/coach.en.txt"))
    done = lab.chaperone("check", check=False)
    assert done.returncode == 78 and "coach.en.txt: is missing" in done.stderr
