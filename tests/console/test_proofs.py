"""Checkpoints, proofs and events in the browser, tampering included."""
import os
import re

import pytest
from consolelab import Client, ConsoleLab, words
from demo import BEN, JONAH
from lab import message

WORDS = words()


@pytest.fixture(scope="module")
def lab():
    lab = ConsoleLab()
    lab.start()
    lab.add_users()
    for i in range(3):
        assert lab.send(BEN, [JONAH], message(BEN, JONAH, f"Homework {i}", "Read chapter 4."))[0] == 250
    lab.chaperone("archive", "checkpoint", "--new")
    yield lab
    lab.stop()


def press(page, key):
    page.click(f'button:text-is("{WORDS[key]}")')


def status(page):
    assert page.locator("[role=status]").count() == 1, page.innerText("main")
    return page.innerText("[role=status]")


def test_a_record_is_proved(lab, browser, accessible):
    page = lab.as_user(browser, "auditor")
    page.goto(lab.url + "/proofs")
    accessible(page)
    assert lab.chaperone("archive", "checkpoint").strip() in page.innerText("main").replace("\r", "")
    id_ = lab.records()[0]["id"]
    page.fill("#id", id_)
    press(page, "proofs.prove-go")
    accessible(page)
    assert status(page) == WORDS["proofs.record.yes"]
    proof = page.innerText("pre")
    assert [e["who"] for e in lab.events("prove") if e["record"] == id_] == ["auditor"]
    page.goto(lab.url + "/proofs")
    page.fill("#proof", proof)
    press(page, "proofs.check-go")
    assert status(page) == WORDS["proofs.checked.yes"]
    lines = proof.split("\n")
    at = next(i for i, line in enumerate(lines) if re.fullmatch(r"[A-Za-z0-9+/]{43}=", line))
    lines[at] = ("B" if lines[at][0] == "A" else "A") + lines[at][1:]
    page.goto(lab.url + "/proofs")
    page.fill("#proof", "\n".join(lines))
    press(page, "proofs.check-go")
    assert status(page) == WORDS["proofs.checked.no"]


def test_what_is_not_covered_yet_and_what_is_none(lab, browser):
    assert lab.send(BEN, [JONAH], message(BEN, JONAH, "Late", "Read chapter 5."))[0] == 250
    late = lab.records()[-1]["id"]
    page = lab.as_user(browser, "auditor")
    page.goto(lab.url + f"/proofs?id={late}")
    press(page, "proofs.prove-go")
    assert status(page) == WORDS["proofs.record.unknown"]
    for bad, what in (("nonsense", "is no id"), ("01ARZ3NDEKTSV4RRFFQ69G5FAV", "")):
        page.goto(lab.url + f"/proofs?id={bad}")
        press(page, "proofs.prove-go")
        assert page.locator("[role=status]").count() == 0 and what in page.innerText("main")


def test_an_older_checkpoint(lab, browser):
    older = lab.chaperone("archive", "checkpoint")
    lab.chaperone("archive", "checkpoint", "--new")
    page = lab.as_user(browser, "records")
    page.goto(lab.url + "/proofs")
    page.fill("#checkpoint", older)
    press(page, "proofs.compare-go")
    assert status(page) == WORDS["proofs.compared.yes"]
    page.goto(lab.url + "/proofs")
    page.fill("#checkpoint", older.replace("\n", "x\n", 1))
    press(page, "proofs.compare-go")
    assert status(page) == WORDS["proofs.compared.no"]
    got = Client(lab)
    got.sign_in("auditor")
    answer, text = got.ask("GET", "/proofs/checkpoint")
    assert text == lab.chaperone("archive", "checkpoint") and answer.headers["Content-Disposition"].startswith("attachment")


def test_a_leaf_that_was_changed(lab, browser):
    """A tile with another byte: the record's proof does not hold any more."""
    id_ = lab.records()[0]["id"]
    tiles = os.path.join(lab.path("var/archive/log"), "tile", "0")
    path = max((os.path.join(w, n) for w, _, names in os.walk(tiles) for n in names), key=os.path.getmtime)
    with open(path, "r+b") as f:
        first = f.read(1)
        f.seek(0)
        f.write(bytes([first[0] ^ 1]))
    try:
        page = lab.as_user(browser, "auditor")
        page.goto(lab.url + f"/proofs?id={lab.records()[1]['id']}")
        press(page, "proofs.prove-go")
        assert page.locator("[role=status]").count() == 0 or status(page) != WORDS["proofs.record.yes"], id_
    finally:
        with open(path, "r+b") as f:
            f.write(first)


def test_events_of_a_day(lab, browser, accessible):
    page = lab.as_user(browser, "auditor")
    page.goto(lab.url + "/proofs/events")
    accessible(page)
    assert "signed-in" in page.innerText("#events") and "auditor" in page.innerText("#events")
    page.fill("#kind", "prove")
    press(page, "filter.show")
    kinds = page.locator("#events tbody tr td:nth-child(2)").allInnerTexts()
    assert kinds and set(kinds) == {"prove"}
    page.click('#events tbody tr:first-child td:last-child a')
    assert page.inputValue("#id") == [e["id"] for e in lab.events("prove")][0]
    page.goto(lab.url + "/proofs/events?day=2019-01-01")
    assert WORDS["events.none"] in page.innerText("main")
    viewed = lab.events("events-viewed")[-1]
    assert viewed["who"] == "auditor" and viewed["detail"]["day"] == "2019-01-01"
    client = Client(lab)
    client.sign_in("auditor")
    answer, text = client.ask("GET", "/proofs/events?as=csv&kind=prove")
    assert answer.headers["Content-Type"].startswith("text/csv") and len(text.strip().split("\r\n")) == len(lab.events("prove")) + 1
    client = Client(lab)
    client.sign_in("records")
    assert client.ask("GET", "/proofs/events")[0].status == 403
    client = Client(lab)
    client.sign_in("kim")
    assert client.ask("GET", "/proofs")[0].status == 403
