"""What a policy would have done: the same code over archived mail, against what was decided; the roster of the day; pages and tables."""
import csv
import json
import re
import subprocess
import uuid
import xml.etree.ElementTree

import pytest

from demo import ANN, BEN, JONAH, LILY
from lab import BUILD, Lab, message

CELL = "text my cell 508-555-0142"


@pytest.fixture(scope="module")
def lab():
    """A month of mail under a policy that only watches: nothing was held."""
    lab = Lab(settings={"policy": 'mode = "monitor";', "notice": "per_sender_hour = 1000;"}).start()
    for i in range(6):
        send(lab, "homework", f"Please bring your book, page {i}.")
    for i in range(3):
        send(lab, "call me <b>&", f"{CELL} {i}")
    send(lab, "=1+2 two pupils", CELL, rcpts=(JONAH, LILY, ANN))
    yield lab
    lab.stop()


def send(lab, subject, text, rcpts=(JONAH,), sender=BEN):
    code, answer = lab.send(sender, list(rcpts), message(sender, ", ".join(rcpts), subject, f"{text} {uuid.uuid4().hex}"))
    assert code == 250, answer


def run(lab, *args):
    return subprocess.run([f"{BUILD}/chaperone", "policy", "backtest", "--config", lab.config, *args], capture_output=True, text=True,
                          timeout=300)


def backtest(lab, *args):
    done = run(lab, "--json", *args)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_what_enforcing_would_have_held(lab):
    found = backtest(lab, "--sample", "100")
    assert (found["messages"], found["recipients"], found["failed"]) == (10, 12, 0)
    assert found["new_holds"] == 5 and found["released"] == 0
    assert found["actions"]["deliver"]["hold"] + found["actions"]["tag"]["hold"] == 5
    assert found["rules"]["staff-private-detail"]["now"] == 5
    assert found["roles"]["staff"] == {"then": 0, "now": 5}
    assert {c["to"] for c in found["changes"]} == {JONAH, LILY}
    assert all(c["now"] == "hold" and "staff-private-detail" in c["rules_now"] for c in found["changes"])


def test_the_mode_of_then_changes_nothing(lab):
    found = backtest(lab, "--mode", "monitor")
    assert found["new_holds"] == 0 and found["changed"] == 0


def test_another_policy_and_its_times(lab):
    """A policy with one rule of its own; a time without mail."""
    path = lab.path("small.conf")
    with open(path, "w", encoding="utf-8") as f:
        f.write('name = "small"; version = 1; rules: ( { name = "books"; clause = [ "X 1" ]; gist = "Numbers"; action = "coach";\n'
                '  when: { recipient: { role = "student"; }; finding: { kind = "phone"; }; }; } );\n')
    found = backtest(lab, path)
    assert found["policy"].startswith("small ") and found["rules"]["books"]["now"] == 5 and found["new_holds"] == 0
    assert found["actions"]["deliver"]["coach"] + found["actions"]["tag"]["coach"] + found["actions"]["hold"]["coach"] == 5
    none = backtest(lab, path, "--from", "2020-01-01", "--to", "2020-12-31")
    assert none["messages"] == 0


def test_tables_and_pages(lab):
    table, page = lab.path("changes.csv"), lab.path("page.html")
    text = run(lab, "--csv", table, "--html", page, "--sample", "2").stdout
    assert "new holds 5" in text and "2 of 5 changes shown" in text
    with open(table, encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    assert len(rows) == 5 and {r["now"] for r in rows} == {"hold"}
    assert any(r["subject"].startswith("'=1+2") for r in rows), "a formula of a spreadsheet"
    with open(page, encoding="utf-8") as f:
        html = f.read()
    assert "call me &lt;b&gt;&amp;" in html and "<script" not in html and not re.search(r"(src|href)=", html)
    body = html[html.index("<body>"):html.index("</html>")]
    root = xml.etree.ElementTree.fromstring(body)  # well-formed, SVG and all
    assert len(root.findall(".//svg")) == 3 and len(root.findall(".//table")) == 5


def test_it_is_recorded_and_decides_nothing(lab):
    events = [e for e in lab.json("archive", "list", "--events") if e["event"] == "backtest"]
    assert events and not lab.held()


def test_the_roster_of_the_day(lab):
    """Who was a student when the mail came is one then, whatever the next import says."""
    before = backtest(lab)
    assert before["roster_of_the_day"] == before["messages"]


def test_what_is_wrong_is_named(lab):
    for args, says in ((("--mode", "loud"), "--mode"), (("--from", "soon"), "soon"), (("/nonexistent.conf",), "nonexistent")):
        done = run(lab, *args)
        assert done.returncode != 0 and says in done.stderr, done.stderr
