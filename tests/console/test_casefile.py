"""Requests for records in the browser: clock, records decided about by the many, redaction, fees, letters."""
import csv
import io
import json

import pytest
from caselab import ASKER, case, events, filled, lab, new, records, send, shown  # noqa: F401  (lab: the fixture)
from consolelab import Client, path_of, words
from demo import BEN, JONAH
from lab import wait_for

WORDS = words()


@pytest.mark.parametrize("script", [True, False])
def test_a_case_is_opened(lab, browser, accessible, script):
    page = lab.as_user(browser, "records", javaScriptEnabled=script)
    page.goto(lab.url + "/cases")
    page.click("#new")
    if script:
        accessible(page)
    for name, text in (("title", "Mail about <i>buses</i>"), ("requester", "A. Reporter"), ("contact", ASKER), ("received", "2026-11-02")):
        page.fill(f"[name={name}]", text)
    page.selectOption("[name=clock]", "massachusetts")
    page.click("main button.main")
    id_ = path_of(page).rsplit("/", 1)[1]
    one = shown(lab, id_)
    assert (one["title"], one["requester"], one["received"]) == ("Mail about <i>buses</i>", "A. Reporter", "2026-11-02")
    assert one["due"] in page.innerText(".facts") and "Mail about <i>buses</i>" in page.innerText("h1")
    if script:
        accessible(page)
    assert events(lab, "case-opened", id_)[0]["who"] == "records"
    page.goto(lab.url + "/cases")
    row = page.innerText(f'#cases tr:has(a[href="/cases/{id_}"])')
    assert one["due"] in row and str(abs(one["days_left"])) in row
    if script:
        accessible(page)


def test_what_is_wrong_changes_nothing(lab, browser):
    before = lab.json("case", "list", "--all")
    client = Client(lab)
    client.sign_in("records")
    good = {"csrf": client.csrf("/cases/new"), "title": "T", "requester": "R", "received": "2026-11-02", "clock": "massachusetts"}
    for wrong in ({"received": "2999-01-01"}, {"received": "yesterday"}, {"clock": "none"}, {"title": ""}, {"prefix": "a b"}):
        answer, text = client.ask("POST", "/cases", {**good, **wrong})
        assert answer.status == 400, (wrong, text)
    assert lab.json("case", "list", "--all") == before


def test_extending_fees_and_closing(lab, browser, accessible):
    id_ = new(lab)
    page = lab.as_user(browser, "records")
    page.goto(lab.url + f"/cases/{id_}")
    page.fill('form[action$="/fee"] [name=what]', "Copying")
    page.fill('form[action$="/fee"] [name=quantity]', "2.5")
    page.fill('form[action$="/fee"] [name=each]', "10.10")
    page.click('form[action$="/fee"] button')
    assert "$25.25" in page.innerText("#charged")
    accessible(page)
    page.click("summary:has-text('Extend')")
    page.fill('form[action$="/extend"] [name=days]', "5")
    page.fill('form[action$="/extend"] [name=why]', "Many records")
    page.click('form[action$="/extend"] button')
    assert shown(lab, id_)["extension"] == 5
    page.click("summary:has-text('Close')")
    page.fill('form[action$="/close"] [name=outcome]', "Withdrawn")
    page.click('form[action$="/close"] button')
    assert WORDS["case.is-closed"] in page.innerText("main") and page.locator("main form").count() == 0
    assert shown(lab, id_)["outcome"] == "Withdrawn"
    accessible(page)


def test_records_are_decided_about(lab, browser, accessible):
    id_ = filled(lab)
    page = lab.as_user(browser, "records")
    page.goto(lab.url + f"/cases/{id_}/records")
    accessible(page)
    text = page.innerText("#records")
    assert "<b>Lunch</b>" in text and WORDS["records.same-as"] in text
    subjects = [one.strip() for one in page.locator("#records tbody tr:not(.thread) th a:first-child").allInnerTexts()]
    assert subjects.index("Re: Roof") == subjects.index("Roof") + 1  # the answer beside what it answers, though a copy came between
    lunch = next(r for r in records(lab, id_) if "Lunch" in r["subject"])
    page.check(f'[name=record][value="{lunch["record"]}"]')
    page.selectOption("#what", "not-responsive")
    page.click(".bulk button.main")
    assert path_of(page) == f"/cases/{id_}/records" and WORDS["said.case-decided"] in page.innerText("main")
    # An exemption wants its code; refused, nothing is decided.
    rest = [r["record"] for r in records(lab, id_) if r["what"] == "undecided"]
    assert len(rest) == 3
    for record in rest:
        page.check(f'[name=record][value="{record}"]')
    page.selectOption("#what", "exempt")
    page.click(".bulk button.main")
    assert "wants the code" in page.innerText("main") and shown(lab, id_)["undecided"] == 3
    page.goto(lab.url + f"/cases/{id_}/records?show=undecided&order=time")
    assert page.locator("#records [name=record]").count() == 3
    for record in rest[:2]:
        page.check(f'[name=record][value="{record}"]')
    page.check("[name=group]")
    page.selectOption("#what", "responsive")
    page.click(".bulk button.main")
    one = shown(lab, id_)
    assert (one["responsive"], one["not_responsive"], one["undecided"]) == (3, 1, 0)  # the copy too
    assert len(events(lab, "case-review", id_)) == 2
    page = lab.as_user(browser, "records")
    page.goto(lab.url + f"/cases/{id_}")
    accessible(page)
    assert "roof" in page.innerText("#searches")


def test_letters(lab, browser, accessible):
    id_ = filled(lab)
    page = lab.as_user(browser, "records")
    page.goto(lab.url + f"/cases/{id_}/letters")
    accessible(page)
    page.selectOption("[name=letter]", "acknowledgement")
    page.fill("textarea[name=text]", "We thank you for <your> letter.\nIt came on Monday.")
    page.click("main form button.main")
    text = page.innerText("#letter-text")
    assert "A. Reporter" in text and "We thank you for <your> letter." in text and id_ in page.innerText("main")
    accessible(page)
    assert json.loads(case(lab, "show", id_, "--json"))["letters"] == []
    page.click("button[value=hand]")
    (letter,) = shown(lab, id_)["letters"]
    assert letter["to"] is None and "<your> letter.\n" in letter["text"] and letter["who"] == "records"
    assert WORDS["letters.by-hand"] in page.innerText("#letters")
    accessible(page)


def test_who_may_look(lab, browser):
    id_ = filled(lab)
    record = records(lab, id_)[0]["record"]
    for name in ("kim", "admin", "holds"):
        page = lab.as_user(browser, name)
        for path in ("/cases", f"/cases/{id_}", f"/cases/{id_}/records", f"/cases/{id_}/letters"):
            assert page.goto(lab.url + path).status() == 403, (name, path)
    page = lab.as_user(browser, "auditor")
    assert page.goto(lab.url + "/cases").status() == 200 and id_ not in page.innerText("main")
    assert page.goto(lab.url + f"/cases/{id_}/records").status() == 403
    page.goto(lab.url + "/access")
    page.fill("[name=matter]", id_)
    page.fill("[name=why]", "The yearly audit of requests")
    page.click("main form.narrow button.main")
    lab_officer = lab.as_user(browser, "records")
    lab_officer.goto(lab.url + "/access")
    lab_officer.click(f'tr:has-text("{id_}") form[action$="/give"] button')
    assert page.goto(lab.url + f"/cases/{id_}/records").status() == 200
    assert page.locator("#records tr").count() > 3 and page.locator("main [name=record]").count() == 0
    client = Client(lab)
    client.sign_in("auditor")
    csrf = client.csrf("/access")
    answer, _ = client.ask("POST", f"/cases/{id_}/review", {"csrf": csrf, "record": record, "what": "responsive"})
    assert answer.status == 403 and shown(lab, id_)["undecided"] == 4


def test_one_record(lab, browser, accessible):
    id_ = filled(lab)
    record = next(r for r in records(lab, id_) if r["subject"] == "Re: Roof")["record"]
    page = lab.as_user(browser, "records")
    page.goto(lab.url + f"/cases/{id_}/records")
    page.click(f'#records a[href$="/{record}"]')
    assert "I agree with all of it" in page.innerText(".lines")
    related = page.innerText("#related")
    assert WORDS["record.thread"] in related and WORDS["record.itself"] in related
    accessible(page)
    page.goto(lab.url + f"/cases/{id_}/records/{record}?tab=headers")
    assert "roof-1@example.org" in page.innerText("main")
    views = [e["detail"] for e in lab.events("view") if e["record"] == record and e["detail"].get("matter") == id_]
    assert [v["what"] for v in views] == ["text", "headers"]
    page.goto(lab.url + f"/cases/{id_}/records/{record}")
    page.selectOption("#what", "exempt")
    page.fill("#code", "M.G.L. c. 4 s. 7(26)(c)")
    page.fill("#why", "Privacy")
    page.click("form.decide button.main")
    assert "M.G.L. c. 4 s. 7(26)(c)" in page.innerText("#decisions") and WORDS["what.exempt"] in page.innerText("#what-now")
    assert page.getAttribute("#next", "href") != page.url()
    # A record of no case, and one of another case, is not shown here.
    homework = next(r["id"] for r in lab.records() if r["id"] not in {x["record"] for x in records(lab, id_)})
    assert page.goto(lab.url + f"/cases/{id_}/records/{homework}").status() == 404


def test_redaction(lab, browser, accessible):
    id_ = filled(lab)
    record = next(r for r in records(lab, id_) if r["subject"] == "Re: Roof")["record"]
    case(lab, "review", id_, record, "--what", "redact", "--code", "FERPA")
    page = lab.as_user(browser, "records")
    page.goto(lab.url + f"/cases/{id_}/records/{record}")
    page.click(f'a[href$="/redact"]')
    assert "415-555-0142" in page.innerText("#redactions")
    accessible(page)
    page.fill("#words", "call the town nowhere")
    page.fill("#code", "FERPA")
    page.click("main form button.main")
    assert "nowhere in the message" in page.innerText("main")
    page = lab.as_user(browser, "records")
    page.goto(lab.url + f"/cases/{id_}/records/{record}/redact")
    page.fill("#words", "Jonah")
    page.fill("#code", "FERPA")
    page.click("main form button.main")
    assert WORDS["said.redacted"] in page.innerText("main")
    kept = next(r for r in records(lab, id_) if r["record"] == record)["redactions"]
    assert {r["kind"] for r in kept} >= {"phone", "words"} and all(r["code"] == "FERPA" and r["reviewer"] == "records" for r in kept)
    marks = " ".join(page.locator(".lines mark").allInnerTexts())
    assert "415-555-0142" in marks and "Jonah" in marks
    accessible(page)
    # One is taken back.
    page.uncheck('#redactions tr:has-text("Jonah") [name=redact]')
    page.uncheck("[name=everywhere]")
    page.click("main form button.main")
    left = next(r for r in records(lab, id_) if r["record"] == record)["redactions"]
    assert len(left) == len(kept) - 1 and events(lab, "case-redacted", id_)
    client = Client(lab)
    client.sign_in("records")
    path = f"/cases/{id_}/records/{record}"
    csrf = client.csrf(path + "/redact")
    answer, text = client.ask("POST", path + "/rendition", {"csrf": csrf, "do": "text"})
    assert answer.status == 200 and "415-555-0142" not in text and "[REDACTED FERPA]" in text and "Jonah" in text
    # What a form says of who gave a code is not believed.
    forged = {**left[0], "reviewer": "superintendent", "code": "NONE", "time": "2020-01-01T00:00:00Z"}
    answer, text = client.ask("POST", path + "/redact", {"csrf": csrf, "redact": json.dumps(forged)})
    assert answer.status == 303
    (now,) = next(r for r in records(lab, id_) if r["record"] == record)["redactions"]
    assert (now["reviewer"], now["code"]) == ("records", "FERPA")
    for wrong in ("{", json.dumps({**left[0], "to": 10**9}), json.dumps({**left[0], "section": 99})):
        assert client.ask("POST", path + "/redact", {"csrf": csrf, "redact": wrong})[0].status == 400


def test_the_list_as_csv(lab, browser):
    send(lab, BEN, JONAH, '=HYPERLINK("x")', "A formula about the gutter.", "<formula@example.org>")
    wait_for("the index", lambda: json.loads(lab.chaperone("search", "--json", "gutter"))["total"] == 1, 60, 0.5)
    id_ = filled(lab)
    case(lab, "search", id_, "gutter")
    client = Client(lab)
    client.sign_in("records")
    answer, text = client.ask("GET", f"/cases/{id_}/records.csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert answer.status == 200 and [r["record"] for r in rows] == [r["record"] for r in records(lab, id_)] and len(rows) == 5
    assert rows[-1]["subject"] == "'=HYPERLINK(\"x\")" and {r["decision"] for r in rows} == {"undecided"}
    assert [e["who"] for e in events(lab, "case-listed", id_)] == ["records"]
