"""The demo: a fictitious district's mail through a private Postfix, the milter and back out; what became of it and why."""
import base64
import json
import os
import re
import shutil
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "console")]

from consolelab import Client, ConsoleLab  # noqa: E402
from lab import BUILD, DOMAIN, STUDENTS, message, wait_for  # noqa: E402

BEN, ROSA, ANN = f"bcarter@{DOMAIN}", f"rdelgado@{DOMAIN}", f"awhitfield@{DOMAIN}"
MIA, JONAH, LILY, NOAH = (f"{n}@{STUDENTS}" for n in ("mtorres28", "jreed28", "lchen27", "ncarter27"))
ACCOUNTS = {"kim": "reviewer", "pat": "records-officer,auditor", "lou": "approver,hold-manager", "sam": "mail-admin"}  # of the console
ELENA = "elena.torres@mailbox.example.net"
HTML = ["MIME-Version: 1.0", "Content-Type: text/html; charset=utf-8"]


def encrypted_zip():
    body = base64.encodebytes(b"PK\x03\x04\x14\x00\x01\x00\x08\x00" + bytes(20) + b"\x08\x00\x00\x00plan.txt" + bytes(range(64)))
    return ("--b1\r\nContent-Type: text/plain\r\n\r\nThe plan is attached; you know the password.\r\n--b1\r\n"
            "Content-Type: application/zip; name=\"plan.zip\"\r\nContent-Disposition: attachment; filename=\"plan.zip\"\r\n"
            "Content-Transfer-Encoding: base64\r\n\r\n" + body.decode() + "--b1--\r\n")


# What the newcomer sees it as, sender, recipients, subject, text, further headers, login (False: from outside).
MESSAGES = [
    ("a teacher's homework note", BEN, [MIA, JONAH], "Homework", "Read chapter 4 and answer questions 1 to 6.", (), True),
    ("a teacher's private cell number", BEN, [JONAH], "Practice", "Running late? My cell is 508-555-0142.", (), True),
    ("the same number, spelled out", BEN, [JONAH], "Practice again",
     "My number is five oh eight, five five five, oh one four two.", (), True),
    ("the school's own number", BEN, [JONAH], "Office hours", "Call the front office at (508) 555-0110.", (), True),
    ("a trip leader with an exception", ROSA, [MIA], "Festival trip",
     "For your safety on the trip, in an emergency call my cell: 508-555-0143.", (), True),
    ("one student, one colleague", BEN, [MIA, ANN], "Meet results", "Add me on Snapchat: coach_bc and I will send pictures.", (), True),
    ("a list that hides students", ROSA, [f"jazz-band@{DOMAIN}"], "Sectional",
     "We meet at my house, 18 Orchard Lane, Maple Hollow, MA 01234.", (), True),
    ("a coach writing from his private mail", "ben.carter.coach@webmail.example", [JONAH], "Hi", "It's me, answer here please.", (), False),
    ("a link that hides a number in HTML", BEN, [LILY], "Link",
     '<p>Questions? <a href="https://wa.me/15085550142">Write me</a>.</p>', HTML, True),
    ("an encrypted attachment for a student", BEN, [LILY], "Plan", encrypted_zip(),
     ["MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="b1"'], True),
    ("a parent's message to a teacher", ELENA, [BEN], "Mia is sick",
     "Mia stays home today. You can reach me at 508-555-0171.\n\nElena Torres", (), False),
    ("a father who teaches at the school", BEN, [NOAH], "Dinner", "Call me on my cell 508-555-0142 when you are done.", (), True),
    ("a student's answer", MIA, [BEN], "Re: Homework", "Thank you! Is question 6 about mitosis?", (), True),
]


def say(text=""):
    print(text, flush=True)


def clip(text, width):
    return text if len(text) <= width else text[:width - 1] + "…"


def send_all(lab):
    for i, (_, sender, rcpts, subject, text, headers, login) in enumerate(MESSAGES):
        data = message(sender, ", ".join(rcpts), subject, text, [*headers, f"X-Demo: {i}"])
        code, answer = lab.send(sender, rcpts, data, login=login, client=None if login else "203.0.113.9")
        if code != 250:
            sys.exit(f"demo: message {i + 1} was not taken: {code} {answer.decode()}")


def show_table(lab, records):
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    marks = {"deliver": "32", "tag": "32", "coach": "33", "hold": "31", "reject": "31"}
    say(f"{'':2}  {'message':40} {'to':33} {'became':9} why")
    for i, (what, _, _, _, _, _, _) in enumerate(MESSAGES):
        judgement = records[i]["judgement"]
        for j, rcpt in enumerate(judgement["recipients"]):
            reason = next((r for r in judgement["reasons"] if rcpt["address"] in r["recipients"]), None)
            clauses = [] if reason is None else reason["clause"].split("; ")
            why = "" if reason is None else f"{reason.get('gist') or reason['rule']} [{clauses[0]}{', ...' if clauses[1:] else ''}]"
            covered = [] if reason is None else [t["exception"] for t in reason["exceptions_tried"] if t["used"]]
            if reason is not None and reason["findings"]:
                finding = judgement["findings"][reason["findings"][0]]
                why += f": {finding['kind']} {finding['value']} in {finding['where']}"
            elif reason is not None and reason.get("facts"):
                why += f": {reason['facts'][0]}"
            if covered and rcpt["action"] in ("deliver", "tag"):
                why = f"covered by exception {covered[0]}: " + why[0].lower() + why[1:]
            action = f"{rcpt['action']:9}"
            if colour:
                action = f"\033[{marks[rcpt['action']]}m{action}\033[0m"
            number = f"{i + 1:2}" if j == 0 else "  "
            say(f"{number}  {clip(what if j == 0 else '', 40):40} {clip(rcpt['address'].split('@')[0], 33):33} {action} {why}")


def demo_records(lab):
    by_subject = {}
    for row in lab.records():
        record = json.loads(lab.chaperone("archive", "show", row["id"], "--json"))
        by_subject[record["message"]["subject"]] = record
    return [by_subject[m[3]] for m in MESSAGES]


def add_accounts(lab):
    for name, roles in ACCOUNTS.items():
        lab.add_user(name, roles, ["*"], password=None, **({"address": ANN} if "approver" in roles else {}))


def show_console(lab):
    """What a reviewer's browser gets, without one."""
    add_accounts(lab)
    client = Client(lab)
    client.sign_in_once("kim")
    page = client.ask("GET", "/queue")[1]
    rows = re.findall(r'<a href="(/queue/[0-9A-Z]{26})', page)
    item = client.ask("GET", rows[0])[1]
    why = re.search(r'class="why".*?</section>', item, re.S)
    text = re.sub(r"\s*\n\s*", "\n", re.sub(r"<[^>]+>", "\n", why.group(0).split(">", 1)[1])).strip()
    say(f"The same in a browser, at {lab.url}: kim, a reviewer, sees {len(rows)} held messages. Why the newest is held, on its page:\n")
    for line in text.splitlines()[:12]:
        say("    | " + clip(line, 140))


def run(lab, began):
    say(f"Started in {lab.dir}: Postfix on port {lab.port}, chaperone-milter, chaperone-archivist and chaperone-console behind it, a sink as the outside world.")
    who = lab.json("roster", "show", BEN)
    say(f"Its roster knows who writes to whom; {BEN}, for example, is {who['name']}, {who['role']}.\n")
    send_all(lab)
    say(f"{len(MESSAGES)} messages went in by SMTP; each got its 250 and is in the archive. What became of them:\n")
    show_table(lab, demo_records(lab))
    out = lab.delivered()
    inside = {r for d in out if "X-Chaperone-Notice" not in d.data.decode(errors='replace') for r in d.rcpts}
    say(f"\nPostfix handed on {len(out)} messages. Jonah's mailbox got: "
        + ", ".join(sorted(d.header("Subject") for d in out if JONAH in d.rcpts)))
    notices = wait_for("notices", lambda: [d for d in lab.delivered() if d.header("X-Chaperone-Notice")], 30)
    say(f"The senders of held messages were told; the first notice to {notices[0].rcpts[0]} begins:\n")
    for line in notices[0].data.decode().replace("\r", "").split("\n\n", 1)[1].splitlines()[:12]:
        say("    | " + line)
    held = lab.held()
    item = next(h for h in held if h["summary"]["subject"] == "Practice")
    say(f"\nReviewers see {len(held)} held messages. One of them, with `chaperone quarantine show`:\n")
    for line in lab.chaperone("quarantine", "show", item["id"]).splitlines():
        say("    | " + clip(line, 140))
    say("\nThe principal knows that Jonah's ride fell through and releases it:\n")
    say("    $ chaperone quarantine release " + item["id"] + ' --reason "ride home, checked with the family"')
    say("    | " + lab.chaperone("quarantine", "release", item["id"], "--reason", "ride home, checked with the family",
                               who="awhitfield").strip())
    got = wait_for("the released message", lambda: [d for d in lab.delivered_with("My cell is 508-555-0142") if JONAH in d.rcpts])
    say(f"    it reached {', '.join(got[0].rcpts)}, byte for byte behind its Resent-Message-ID.")
    again = lab.chaperone("quarantine", "release", item["id"], "--reason", "twice", check=False)
    say(f"    a second release is refused: {again.stderr.strip()}\n")
    show_console(lab)
    say("\nNothing is lost: `chaperone archive verify` reads every record back.\n")
    for line in lab.chaperone("archive", "verify").splitlines():
        say("    | " + line)
    say(f"\nDone in {time.monotonic() - began:.0f} s." if inside else "")


def link_of(lab, name):
    return json.loads(lab.chaperone("user", "sign-in-link", name, "--json"))["url"]


def main():
    began = time.monotonic()
    if os.geteuid() != 0:
        sys.exit("demo: needs root, because Postfix's master does")
    root = tempfile.mkdtemp(prefix="chaperone-demo-")
    lab = ConsoleLab(root=root, archivist=True)
    keep = os.environ.get("KEEP") == "1"
    try:
        lab.start()
        run(lab, began)
        if keep:
            say(f"\nKept running. Send mail:    smtp to 127.0.0.1 port {lab.port}"
                f"\nLook at the quarantine:     {os.path.join(BUILD, 'chaperone')} quarantine list --config {lab.config}"
                f"\nThe console:                {lab.url}, where each of these signs in once (`chaperone user sign-in-link` makes more):"
                + "".join(f"\n    {name:4} {roles:26} {link_of(lab, name)}" for name, roles in ACCOUNTS.items()) +
                f"\nLook at the log:            {lab.milter_log}"
                f"\nStop it:                    kill {lab.milter.pid} {lab.archivist.pid} {lab.console.pid} {lab.sink.pid}; "
                f"postfix -c {lab.path('postfix/conf')} stop; rm -r {root}")
            lab.stopping = True  # nothing is stopped at exit
    finally:
        if not keep:
            lab.stop()
            shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
