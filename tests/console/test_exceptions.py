"""Exceptions in the browser: asked for from a held message, approved by another, completed by a consent, and what they release."""
import datetime
import hashlib
import re

import pytest
from consolelab import Client, ConsoleLab, path_of, words
from demo import ANN, BEN, JONAH, LILY, MIA, ROSA
from lab import message, wait_for

WORDS = words()
CELL = "my cell is 508-555-0142"
SECTION = """
exceptions: {
    approved:  { consent = true; document = true; approver = [ "administrator" ]; };
    emergency: { retro-hours = 24; };
};
"""


def day(days):
    return (datetime.date.today() + datetime.timedelta(days)).isoformat()


@pytest.fixture(scope="module")
def lab():
    lab = ConsoleLab(settings={"console": 'undo_s = 1; comment_length = 5;', "notice": "per_sender_hour = 1000;"})
    lab.prepare()
    with open(lab.path("opt/policies/standard.conf"), "a", encoding="utf-8") as f:
        f.write(SECTION)
    lab.chaperone("roster", "import", lab.path("import"))
    lab.start_programs()
    lab.add_users()
    lab.add_user("ann", "approver", ["*"], address=ANN)
    lab.add_user("ben", "approver", ["*"], address=BEN)
    lab.add_user("far", "reviewer", ["another-school"])
    yield lab
    lab.stop()


def press(page, key):
    page.click(f'main button:text-is("{WORDS[key]}")')


def hold(lab, text, sender=BEN, rcpt=MIA):
    known = {h["id"] for h in lab.held()}
    assert lab.send(sender, [rcpt], message(sender, rcpt, "Ride", text))[0] == 250
    (id_,) = {h["id"] for h in lab.held()} - known
    return id_


def states(lab, record):
    return {r["state"] for r in lab.json("quarantine", "show", record)["recipients"]}


def exception(lab, name):
    return next(e for e in lab.json("exception", "list", "--all") if e["id"] == name)


def ask(lab, browser, record, accessible=None):
    """kim asks for an exception from the held message: its name, and the page of what was asked for."""
    page = lab.as_user(browser, "kim")
    page.goto(lab.url + f"/queue/{record}")
    page.click(f'a:text-is("{WORDS["permits.release-with"]}")')
    if accessible:
        accessible(page)
    assert page.inputValue("#staff") == BEN and page.inputValue("#students") == MIA
    assert page.inputValue("#values") == "+15085550142" and page.inputValue("#from") == day(0)
    page.fill("#why", "the team travels on Saturday")
    name = page.inputValue("#id")
    press(page, "permits.ask-go")
    assert WORDS["said.permit-asked"] in page.innerText("main")
    return name, page


def test_released_once_approved_and_complete(lab, browser, accessible):
    record = hold(lab, CELL)
    name, page = ask(lab, browser, record, accessible)
    accessible(page)
    assert WORDS["permits.own"] in page.innerText("main") and not any(
        e["id"] == name for e in lab.json("exception", "list", "--all"))
    asked = path_of(page)
    # Who it is for does not approve it.
    page = lab.as_user(browser, "ben")
    page.goto(lab.url + asked)
    press(page, "permits.approve-go")
    assert path_of(page) != f"/exceptions/{name}" and not any(e["id"] == name for e in lab.json("exception", "list", "--all"))
    page = lab.as_user(browser, "ann")
    page.goto(lab.url + "/exceptions/asked")
    accessible(page)
    page.click(f'#asked a:text-is("{name}")')
    accessible(page)
    lab.write("approval.pdf", "signed by the principal")
    page.setInputFiles("#approval", lab.path("approval.pdf"))
    page.fill("#note", "for the season")
    press(page, "permits.approve-go")
    assert path_of(page) == f"/exceptions/{name}", page.innerText("main")
    assert WORDS["said.permit-approved"] in page.innerText("main")
    accessible(page)
    made = exception(lab, name)
    assert made["approver"] == ANN and made["approval_sha256"] == hashlib.sha256(b"signed by the principal").hexdigest()
    # A guardian's consent is missing: it covers nothing, and the message waits.
    assert WORDS["permits.flawed"] in page.innerText("main") and states(lab, record) == {"held"}
    reader = lab.as_user(browser, "kim")
    reader.goto(lab.url + f"/queue/{record}")
    assert "consent" in reader.innerText("section.deciding")
    lab.write("consent.pdf", "we agree")
    page.fill("#student", MIA)
    page.fill("#guardian", "Elena Torres")
    page.setInputFiles("#paper", lab.path("consent.pdf"))
    press(page, "permits.attach-go")
    assert WORDS["said.permit-consent"] in page.innerText("main") and WORDS["permits.in-force"] in page.innerText("main")
    assert "consent.pdf" in page.innerText("#consents")
    accessible(page)
    wait_for("the release", lambda: states(lab, record) == {"released"}, 30, 0.3)
    steps = lab.json("quarantine", "show", record)["steps"]
    assert any(s["who"] == "kim" and name in (s["why"] or "") for s in steps)
    assert [e["who"] for e in lab.events() if e["event"] in ("exception-asked", "exception-added", "exception-consent")] == ["kim", "ann", "ann"]
    # From now on it passes by itself, and that is a use.
    assert lab.send(BEN, [MIA], message(BEN, MIA, "Ride", CELL + " again"))[0] == 250
    assert lab.json("archive", "show", lab.records()[-1]["id"])["judgement"]["recipients"][0]["action"] != "hold"
    page.goto(lab.url + f"/exceptions/{name}")
    accessible(page)
    assert page.locator("#uses tbody tr").count() == 1


def test_not_released_where_it_does_not_cover(lab, browser):
    record = hold(lab, CELL + " or write to ben.other@mailbox.example.net", rcpt=JONAH)
    client = Client(lab)
    client.sign_in("kim")
    form = {"csrf": client.csrf("/account"), "record": record, "id": "EX-PART", "kind": "role", "staff": BEN, "students": JONAH,
            "values": "+15085550142", "from": day(0), "until": day(5), "direction": "to-students", "why": "half of it"}
    answer, _ = client.ask("POST", "/exceptions/ask", form)
    assert answer.status == 303
    page = lab.as_user(browser, "ann")
    page.goto(lab.url + answer.headers["Location"].split("?")[0])
    press(page, "permits.approve-go")
    page.goto(lab.url + answer.headers["Location"].split("?")[0])
    assert "still held by" in page.innerText("main") and states(lab, record) == {"held"}


def test_a_form_that_is_wrong_keeps_what_was_written(lab, browser):
    page = lab.as_user(browser, "kim")
    page.goto(lab.url + "/exceptions/ask")
    page.fill("#staff", "nobody@example.org")
    page.fill("#students", MIA)
    page.fill("#values", "+15085550199")
    page.fill("#why", "why not")
    press(page, "permits.ask-go")
    assert "nobody of the staff" in page.innerText("p.bad") and page.inputValue("#staff") == "nobody@example.org"
    assert page.inputValue("#values") == "+15085550199" and page.inputValue("#why") == "why not"
    assert not browser.violations(page)


def test_refused_and_withdrawn(lab, browser):
    record = hold(lab, CELL + " once more", rcpt=LILY)
    client = Client(lab)
    client.sign_in("kim")
    form = {"csrf": client.csrf("/account"), "record": record, "kind": "role", "staff": BEN, "students": LILY, "values": "+15085550142",
            "from": day(0), "until": day(5), "direction": "to-students", "why": "please"}
    first = client.ask("POST", "/exceptions/ask", {**form, "id": "EX-NO"})[0].headers["Location"].split("?")[0]
    second = client.ask("POST", "/exceptions/ask", {**form, "id": "EX-BACK"})[0].headers["Location"].split("?")[0]
    page = lab.as_user(browser, "ann")
    page.goto(lab.url + first)
    page.fill("#refusal", "ask again with dates")
    press(page, "permits.refuse-go")
    assert WORDS["said.permit-refused"] in page.innerText("main")
    page = lab.as_user(browser, "kim")
    page.goto(lab.url + second)
    press(page, "permits.take-back")
    assert WORDS["said.permit-taken-back"] in page.innerText("main")
    page.goto(lab.url + f"/queue/{record}")
    assert WORDS["permits.refused"] in page.innerText("section.deciding") and WORDS["permits.taken-back"] in page.innerText("section.deciding")
    assert not {"EX-NO", "EX-BACK"} & {e["id"] for e in lab.json("exception", "list", "--all")} and states(lab, record) == {"held"}
    # What is settled is not approved any more, and nobody decides about what they asked for.
    other = Client(lab)
    other.sign_in("ann")
    for path in (first, second):
        assert other.ask("POST", path + "/approve", {"csrf": other.csrf("/account")})[0].status == 400
    assert client.ask("POST", first + "/approve", {"csrf": client.csrf("/account")})[0].status == 403


def test_list_calendar_and_what_is_taken_back(lab, browser, accessible):
    lab.chaperone("exception", "add", "--id", "EX-TRIP", "--kind", "trip", "--staff", ROSA, "--student", MIA, "--value", "+15085550143",
                  "--from", day(-1), "--until", day(5), "--approver", ANN, "--purpose", "=HYPERLINK(1)")
    lab.chaperone("exception", "add", "--id", "EX-OLD", "--kind", "trip", "--staff", ROSA, "--student", MIA, "--value", "+15085550143",
                  "--from", day(-30), "--until", day(-20), "--approver", ANN)
    page = lab.as_user(browser, "auditor")
    page.goto(lab.url + "/exceptions")
    accessible(page)
    assert "EX-TRIP" in page.innerText("#exceptions") and "EX-OLD" not in page.innerText("#exceptions")
    assert WORDS["permits.expiring"] in page.innerText('#exceptions tr:has-text("EX-TRIP")')
    page.selectOption("#standing", "expired")
    press(page, "permits.filter")
    assert "EX-OLD" in page.innerText("#exceptions") and "EX-TRIP" not in page.innerText("#exceptions")
    page.goto(lab.url + "/exceptions/calendar")
    accessible(page)
    assert "EX-TRIP" in page.innerText(f"#ends-{day(5)[:7]}") and "EX-OLD" not in page.innerText("main")
    page.goto(lab.url + "/exceptions/EX-TRIP")
    assert page.locator('form[action$="/revoke"], form[action$="/consent"]').count() == 0  # of who audits
    client = Client(lab)
    client.sign_in("auditor")
    answer, text = client.ask("GET", "/exceptions.csv")
    assert answer.status == 200 and re.search(r"^\"?EX-OLD\"?,", text, re.M) and lab.events("exceptions-exported")
    form = {"csrf": client.csrf("/account"), "why": "x"}
    assert client.ask("POST", "/exceptions/EX-TRIP/revoke", form)[0].status == 403
    page = lab.as_user(browser, "ann")
    page.goto(lab.url + "/exceptions/EX-TRIP")
    page.fill("#why", "the trip is off")
    press(page, "permits.revoke-go")
    assert WORDS["said.permit-revoked"] in page.innerText("main") and exception(lab, "EX-TRIP")["revoked"]
    assert lab.events("exception-revoked")[-1]["who"] == "ann"


def test_those_of_other_schools(lab):
    client = Client(lab)
    client.sign_in("far")
    assert "EX-TRIP" not in client.ask("GET", "/exceptions?standing=all")[1]
    assert client.ask("GET", "/exceptions/EX-TRIP")[0].status == 403
    admin = Client(lab)
    admin.sign_in("admin")
    assert admin.ask("GET", "/exceptions")[0].status == 403


def test_without_a_script(lab, browser):
    record = hold(lab, CELL + " without script", rcpt=LILY)
    page = lab.as_user(browser, "kim", javaScriptEnabled=False)
    page.goto(lab.url + f"/exceptions/ask?record={record}")
    page.fill("#why", "no script here")
    press(page, "permits.ask-go")
    assert WORDS["said.permit-asked"] in page.innerText("main")
