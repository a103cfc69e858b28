"""Requests for records: a clock by law, searches with their coverage, threads and duplicates, review, fees, letters, and the bag that goes out."""
import csv
import datetime
import json
import os
import subprocess
import sys
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest
from demo import ANN, BEN, JONAH, MIA
from lab import BUILD, DOMAIN, TOP, Lab, message, wait_for

ASKER = "reporter@gazette.example.net"
VERIFY = os.path.join(TOP, "contrib/verify/chaperone_verify.py")
LONG = ("The budget committee met on Monday to talk about the roof of the gymnasium, the heating of the west wing and the new buses for the "
        "spring term, and it was agreed that the superintendent writes to the town before the end of the month.")


@pytest.fixture(scope="module")
def lab():
    lab = Lab(settings={"archive": "checkpoint_s = 1;", "cases": 'custody = "Iris Penhale, Records Officer, 1 School Street";'}, archivist=True)
    lab.settings["cases"] += (f' database = "{lab.path("var/cases.db")}"; clocks = "{TOP}/conf/clocks.conf";'
                              f' letters = "{TOP}/conf/letters";')
    lab.start()
    send(lab, BEN, ANN, "Roof", LONG, "<roof-1@example.org>")
    send(lab, ANN, BEN, "Re: Roof", "I agree with all of it, and will call the town on Tuesday about the roof.", "<roof-2@example.org>",
         ["In-Reply-To: <roof-1@example.org>", "References: <roof-1@example.org>"])
    send(lab, BEN, MIA, "Roof", LONG, "<roof-copy@example.org>")
    send(lab, BEN, JONAH, "Roof again", LONG.replace("spring term", "autumn term"), "<roof-near@example.org>")
    send(lab, BEN, JONAH, "Homework", "Read chapter four.", "<homework@example.org>")
    # An answer of a program that names no message, what it answers, and a stranger's of the same subject.
    send(lab, ANN, BEN, "RE: Gutter", "The gutter can wait until June.", "<gutter-2@example.org>")
    send(lab, BEN, ANN, "Gutter", "Shall we mend the gutter this year?", "<gutter-1@example.org>")
    send(lab, JONAH, MIA, "Re: gutter", "Is that the gutter over the gate?", "<gutter-3@example.org>")
    for name in ("plan", "bill"):
        carry(lab, ANN, BEN, "Ledger", "Please see the file about the ledger that is attached to this mail.", f"<{name}@example.org>", name)
    carry(lab, BEN, ANN, "Ledger", "Please see the file about the ledger that is attached to this mail.", "<bill-2@example.org>", "bill")
    wait_for("the index", lambda: all(json.loads(lab.chaperone("search", "--json", w))["total"] == n
                                      for w, n in (("roof", 4), ("gutter", 3), ("ledger", 3))), 60, 0.5)
    yield lab
    lab.stop()


def send(lab, sender, rcpt, subject, text, message_id, headers=()):
    code, answer = lab.send(sender, [rcpt], message(sender, rcpt, subject, text, headers, message_id=message_id))
    assert code == 250, answer


def carry(lab, sender, rcpt, subject, text, message_id, name):
    whole = MIMEMultipart()
    for key, value in (("From", sender), ("To", rcpt), ("Subject", subject), ("Message-ID", message_id),
                       ("Date", "Mon, 02 Nov 2026 10:00:00 -0500")):
        whole[key] = value
    whole.attach(MIMEText(text))
    part = MIMEApplication(f"{name}\n".encode() * 50, "octet-stream")
    part.add_header("Content-Disposition", "attachment", filename="file.bin")
    whole.attach(part)
    code, answer = lab.send(sender, [rcpt], whole.as_bytes().replace(b"\n", b"\r\n"))
    assert code == 250, answer


def case(lab, *args, status=0, who="iris"):
    done = subprocess.run([f"{BUILD}/chaperone", "case", args[0], "--config", lab.config, "--who", who, *args[1:]], capture_output=True,
                          text=True, timeout=300)
    assert done.returncode == status, (done.stdout, done.stderr)
    return done.stdout if status == 0 else done.stderr


def new(lab, clock="massachusetts", *more):
    return case(lab, "new", "--title", "Mail about the roof", "--requester", "A. Reporter", "--contact", ASKER, "--clock", clock, *more).strip()


def records(lab, id_):
    return {r["subject"] + "/" + r["record"][-4:]: r for r in json.loads(case(lab, "records", id_, "--json"))}


def by_subject(lab, id_, subject):
    return [r for r in json.loads(case(lab, "records", id_, "--json")) if r["subject"] == subject]


def events(lab, name, id_):
    return [e for e in lab.json("archive", "list", "--events") if e["event"] == name and e["detail"].get("case") == id_]


def test_a_case_has_a_clock(lab):
    monday = datetime.date.today() - datetime.timedelta(days=datetime.date.today().weekday() + 28)
    id_ = new(lab, "massachusetts", "--received", str(monday))
    shown = json.loads(case(lab, "show", id_, "--json"))
    assert shown["received"] == str(monday) and shown["days_left"] < 0 and shown["holidays_known"]
    due = datetime.date.fromisoformat(shown["due"])
    assert 14 <= (due - monday).days <= 18 and due.weekday() < 5
    assert "LATE" in case(lab, "list")
    assert json.loads(case(lab, "show", new(lab, "minnesota-public"), "--json"))["due"] == ""
    assert "no clock" in case(lab, "new", "--title", "x", "--requester", "y", "--clock", "nowhere", status=64)
    assert "a day that has been" in case(lab, "new", "--title", "x", "--requester", "y", "--clock", "ferpa", "--received", "2099-01-01", status=65)
    assert [e["who"] for e in events(lab, "case-opened", id_)] == ["iris"]
    assert "allows 30" in case(lab, "extend", id_, "--days", "31", "--reason", "many", status=65)
    case(lab, "extend", id_, "--days", "30", "--reason", "many records")
    assert json.loads(case(lab, "show", id_, "--json"))["extension"] == 30


def test_a_search_brings_records_in_threads_and_groups(lab):
    id_ = new(lab)
    found = json.loads(case(lab, "search", id_, "roof", "--json"))
    assert found["hits"] == found["added"] == 4 and found["indexed"] == found["archived"] and found["unsearchable"] == 0
    roof, answer, near = by_subject(lab, id_, "Roof"), by_subject(lab, id_, "Re: Roof"), by_subject(lab, id_, "Roof again")
    assert len(roof) == 2 and answer[0]["thread"] == roof[0]["thread"] and near[0]["thread"] == near[0]["record"]
    assert roof[1]["group"] == roof[0]["record"] and roof[1]["exact"] and roof[1]["thread"] != roof[0]["thread"]
    assert near[0]["group"] == roof[0]["record"] and not near[0]["exact"] and answer[0]["group"] == answer[0]["record"]
    again = json.loads(case(lab, "search", id_, "roof OR chapter", "--json"))
    assert again["added"] == 1 and again["known"] == 4
    searches = json.loads(case(lab, "show", id_, "--json"))["searches"]
    assert [(s["query"], s["total"], s["added"]) for s in searches] == [("roof", 4, 4), ("roof OR chapter", 5, 1)]
    assert len(events(lab, "case-search", id_)) == 2
    assert searches[0]["items"] == [] and searches[0]["envelope"] is False
    assert "no case" in case(lab, "search", "1999-001", "roof", status=66)


def test_answers_that_name_nothing(lab):
    for order in (("from:awhitfield gutter", "gutter"), ("gutter -subject:re", "gutter")):
        id_ = new(lab)
        for query in order:
            case(lab, "search", id_, query)
        threads = {r["subject"]: r["thread"] for r in json.loads(case(lab, "records", id_, "--json"))}
        assert threads["RE: Gutter"] == threads["Gutter"] != threads["Re: gutter"], threads


def test_the_same_words_with_another_file_are_another_record(lab):
    id_ = new(lab)
    case(lab, "search", id_, "ledger")
    plan, bill, again = json.loads(case(lab, "records", id_, "--json"))
    assert not bill["exact"] and again["exact"] and plan["group"] == bill["group"] == again["group"]


def test_decisions_for_groups_and_what_is_disputed(lab):
    id_ = new(lab)
    case(lab, "search", id_, "roof")
    roof, answer = by_subject(lab, id_, "Roof")[0], by_subject(lab, id_, "Re: Roof")[0]
    assert "wants the code" in case(lab, "review", id_, answer["record"], "--what", "exempt", status=65)
    assert "3 records" in case(lab, "review", id_, roof["record"], "--what", "responsive", "--group")
    case(lab, "review", id_, answer["record"], "--what", "exempt", "--code", "c.4 s.7(26)(d)", "--reason", "deliberation")
    shown = json.loads(case(lab, "show", id_, "--json"))
    assert shown["responsive"] == 3 and shown["exempt"] == 1 and shown["undecided"] == 0
    case(lab, "review", id_, answer["record"], "--what", "responsive", who="omar")
    after = by_subject(lab, id_, "Re: Roof")[0]
    assert after["what"] == "responsive" and after["disputed"] and after["who"] == "omar"
    assert len(events(lab, "case-review", id_)) == 3
    assert json.loads(case(lab, "show", id_, "--json"))["disputed"] == 1
    assert "has no code" in case(lab, "review", id_, answer["record"], "--what", "responsive", "--code", "(d)", status=65)
    beside = {r["record"]: r for r in json.loads(case(lab, "group", id_, answer["record"], "--json"))}
    assert set(beside) == {roof["record"], answer["record"]}
    assert [(d["who"], d["what"], d["code"]) for d in beside[answer["record"]]["decisions"]] == [
        ("iris", "exempt", "c.4 s.7(26)(d)"), ("omar", "responsive", "")]
    assert "omar: responsive" in case(lab, "group", id_, answer["record"])
    # Another code is another decision; who comes to agree ends the dispute.
    case(lab, "review", id_, answer["record"], "--what", "exempt", "--code", "(c)", who="omar")
    assert by_subject(lab, id_, "Re: Roof")[0]["disputed"]
    case(lab, "review", id_, answer["record"], "--what", "exempt", "--code", "(c)")
    assert not by_subject(lab, id_, "Re: Roof")[0]["disputed"]
    assert "is not in case" in case(lab, "review", id_, "01ARZ3NDEKTSV4RRFFQ69G5FAV", "--what", "responsive", status=66)
    case(lab, "close", id_, "--reason", "withdrawn")
    assert "is closed" in case(lab, "review", id_, answer["record"], "--what", "responsive", status=65)


def test_fees_and_letters(lab):
    late = new(lab, "massachusetts", "--received", str(datetime.date.today() - datetime.timedelta(days=60)))
    out = json.loads(case(lab, "fee", late, "segregation", "--quantity", "2.5", "--cents", "2500", "--json"))
    assert out["total"] == 6250 and out["charged"] == 0 and "after the time" in out["why"]
    assert "after the time" in case(lab, "fee", late, "postage", "--cents", "100")
    id_ = new(lab)
    assert "no more than there is" in case(lab, "fee", id_, "copies", "--quantity", "-1", "--cents", "5", status=65)
    assert json.loads(case(lab, "fee", id_, "copies", "--quantity", "50", "--cents", "5", "--json"))["charged"] == 250
    assert json.loads(case(lab, "fee", id_, "too many", "--quantity", "-10", "--cents", "5", "--json"))["charged"] == 200
    id_ = new(lab)
    assert json.loads(case(lab, "fee", id_, "copies", "--quantity", "40", "--cents", "5", "--json"))["charged"] == 200
    letter = json.loads(case(lab, "letter", id_, "acknowledgement", "--text", "We look at the mail of the committee.", "--json"))
    assert id_ in letter["subject"] and "A. Reporter" in letter["text"] and "950 CMR" in letter["text"] and not letter["sent"]
    assert "the mail of the committee" in letter["text"] and "{" not in letter["text"]
    case(lab, "letter", id_, "acknowledgement", "--send")
    mail = wait_for("the letter", lambda: [d for d in lab.delivered() if d.rcpts == [ASKER]])
    assert id_ in mail[-1].header("Subject") and mail[-1].header("Date")
    assert [e["detail"]["to"] for e in events(lab, "case-letter", id_)] == [ASKER]
    assert "no name of a letter" in case(lab, "letter", id_, "../x", status=64)
    long = "First line.\n" + "x" * 900 + "\nLast line."
    assert long in case(lab, "letter", id_, "denial", "--text", long, "--by-hand")
    letters = json.loads(case(lab, "show", id_, "--json"))["letters"]
    assert [(l["letter"], l["to"]) for l in letters] == [("acknowledgement", ASKER), ("denial", None)]
    assert "has none" in case(lab, "letter", id_, "extension", status=65)
    case(lab, "extend", id_, "--days", "10", "--reason", "many records")
    for name in ("extension", "denial", "production"):
        assert "{" not in json.loads(case(lab, "letter", id_, name, "--json"))["text"]


def test_the_bag_keeps_its_numbers(lab, tmp_path):
    id_ = new(lab, "massachusetts", "--prefix", "ROOF-")
    case(lab, "search", id_, "roof")
    roof, answer = by_subject(lab, id_, "Roof")[0], by_subject(lab, id_, "Re: Roof")[0]
    assert "undecided" in case(lab, "export", id_, "--out", str(tmp_path / "no"), status=65)
    case(lab, "review", id_, roof["record"], "--what", "responsive", "--group")
    case(lab, "review", id_, answer["record"], "--what", "exempt", "--code", "(d)", "--reason", "deliberation")
    wait_for("the log", lambda: lab.chaperone("archive", "prove", answer["record"], check=False).returncode == 0, 60, 0.5)
    first = json.loads(case(lab, "export", id_, "--out", str(tmp_path / "one"), "--json"))
    assert first["full"] == 3 and first["withheld"] == 1
    names = sorted(os.listdir(tmp_path / "one/data/eml"))
    assert [n for n in names if n.endswith(".eml")] == ["ROOF-000001.eml", "ROOF-000003.eml", "ROOF-000004.eml"]
    with open(tmp_path / "one/withheld.csv", encoding="utf-8-sig") as f:
        withheld = list(csv.reader(f))
    assert any("ROOF-000002" in cell for cell in withheld[1]) and any("(d)" in cell for cell in withheld[1])
    report = (tmp_path / "one/search-report.html").read_text(encoding="utf-8")
    assert "roof" in report and "Iris Penhale" in (tmp_path / "one/certification.txt").read_text(encoding="utf-8")
    made = json.loads(case(lab, "show", id_, "--json"))["exports"]
    assert [(m["who"], m["full"], m["withheld"], m["manifest"]) for m in made] == [("iris", 3, 1, first["manifest"])]
    assert [e["detail"]["manifest"] for e in events(lab, "case-produced", id_)] == [first["manifest"]]
    assert "case " + id_ in case(lab, "new", "--title", "x", "--requester", "y", "--clock", "ferpa", "--prefix", "roof-", status=65)
    # What is found later comes behind, and what has a number keeps it.
    case(lab, "search", id_, "chapter")
    case(lab, "review", id_, by_subject(lab, id_, "Homework")[0]["record"], "--what", "responsive")
    case(lab, "export", id_, "--out", str(tmp_path / "two"))
    again = sorted(n for n in os.listdir(tmp_path / "two/data/eml") if n.endswith(".eml"))
    assert again == ["ROOF-000001.eml", "ROOF-000003.eml", "ROOF-000004.eml", "ROOF-000005.eml"]
    with open(tmp_path / "one/data/eml/ROOF-000003.eml", "rb") as a, open(tmp_path / "two/data/eml/ROOF-000003.eml", "rb") as b:
        assert a.read() == b.read()
    done = subprocess.run([sys.executable, VERIFY, "bag", str(tmp_path / "two"), "--key", lab.path("var/archive.log.key.pub")],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert DOMAIN in (tmp_path / "two/data/loadfile.csv").read_text(encoding="utf-8-sig")
