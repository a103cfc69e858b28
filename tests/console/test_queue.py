"""Held messages in the browser: the list, filters, decisions with preview and undo, a second reviewer, and the sender's own page."""
import re
import uuid

import pytest
from consolelab import ConsoleLab, path_of, words
from demo import ANN, BEN, JONAH, MIA
from lab import DOMAIN, message, wait_for

WORDS = words()
CELL = "Call my cell, 508-555-0142."


@pytest.fixture(scope="module")
def lab():
    lab = ConsoleLab(settings={"console": 'undo_s = 2; comment_length = 5;', "notice": "per_sender_hour = 1000;"})
    lab.settings["review"] += f'console_url = "{lab.url}"; '
    lab.settings["console"] += f' docket = "{lab.path("var/docket.db")}";'
    lab.start()
    lab.add_users()
    lab.add_user(BEN, "reviewer", ["*"])
    lab.add_user("elsewhere", "reviewer", ["no-such-school"])
    yield lab
    lab.stop()


def hold(lab, rcpt=JONAH, text=CELL, subject="Ride"):
    tag = uuid.uuid4().hex
    known = {h["id"] for h in lab.held()}
    assert lab.send(BEN, [rcpt], message(BEN, rcpt, subject, f"{text} {tag}"))[0] == 250
    (id_,) = {h["id"] for h in lab.held()} - known
    return id_, tag


def row(page, id_):
    return page.locator(f'#queue a[href^="/queue/{id_}"]')


def choose(lab, page, id_, action, reason, comment=""):
    page.goto(lab.url + f"/queue/{id_}")
    page.check(f"#action-{action}")
    page.selectOption("#reason", reason)
    page.fill("#comment", comment)
    page.click(f'form.decide button:has-text("{WORDS["decide.preview"]}")')


def confirm(page):
    page.click(f'button:has-text("{WORDS["decide.confirm"]}")')


def state(lab, id_):
    item = lab.json("quarantine", "show", id_)
    return {r["address"]: r["state"] for r in item["recipients"]}


@pytest.mark.parametrize("script", [True, False])
def test_the_list(lab, browser, accessible, script):
    id_, _ = hold(lab)
    page = lab.as_user(browser, "kim", javaScriptEnabled=script)
    page.goto(lab.url + "/queue")
    assert row(page, id_).count() == 1
    text = page.innerText("#queue")
    # Names are veiled.
    assert BEN not in text and JONAH not in text and WORDS["party.staff"] in text
    if script:
        accessible(page)
    page.goto(lab.url + "/queue?rule=no-such-rule")
    assert WORDS["queue.empty"] in page.innerText("main")
    page.goto(lab.url + "/queue?claimed=mine")
    assert row(page, id_).count() == 0


def test_a_filter_is_saved_and_deleted(lab, browser):
    page = lab.as_user(browser, "kim")
    page.goto(lab.url + "/queue?claimed=nobody&order=newest")
    page.click(f'summary:has-text("{WORDS["filter.saved"]}")')
    page.fill('form[action="/queue/filters"] input[name=name]', "new ones <b>")
    page.click('form[action="/queue/filters"] button')
    assert "claimed=nobody" in page.url() and "order=newest" in page.url()
    page.click(f'summary:has-text("{WORDS["filter.saved"]}")')
    assert page.locator('a[href="/queue?claimed=nobody&order=newest"]').count() == 1
    page.click('form[action="/queue/filters/delete"] button')
    assert page.locator('a[href="/queue?claimed=nobody&order=newest"]').count() == 0


def test_of_other_schools_nothing_is_shown(lab, browser):
    id_, _ = hold(lab)
    page = lab.as_user(browser, "elsewhere")
    page.goto(lab.url + "/queue")
    assert row(page, id_).count() == 0 and WORDS["queue.empty"] in page.innerText("main")
    answer = page.goto(lab.url + f"/queue/{id_}")
    assert answer.status() == 403


def test_the_senders_own_page(lab, browser, accessible):
    id_, _ = hold(lab)
    mail = wait_for("the notice", lambda: [d for d in lab.delivered() if d.rcpts == [BEN] and id_ in (d.header("Subject") or "")])
    link = re.search(rb"http://\S+/sender/\S+", mail[0].data).group(0).decode()
    page = browser.page()
    page.goto(link)
    assert WORDS["sender.title"] in page.innerText("h1") and "Ride" in page.innerText("main")
    accessible(page)
    # Looking changes nothing.
    assert state(lab, id_) == {JONAH: "held"}
    page.fill("#text-explain", "It is for the ride home on Friday.")
    page.click(f'button:has-text("{WORDS["sender.explain-go"]}")')
    assert WORDS["said.sender-explained"] in page.innerText("main")
    assert any(s["step"] == "explained" and "ride home" in s["why"] for s in lab.json("quarantine", "show", id_)["steps"])
    page.click(f'button:has-text("{WORDS["sender.withdraw-go"]}")')
    assert WORDS["sender.closed"] in page.innerText("main") and state(lab, id_) == {JONAH: "denied"}
    changed = link[:-6] + ("AAAAAA" if not link.endswith("AAAAAA") else "BBBBBB")
    assert page.goto(changed).status() == 403


def test_released_after_a_while_or_taken_back(lab, browser, accessible):
    id_, tag = hold(lab)
    page = lab.as_user(browser, "kim")
    choose(lab, page, id_, "release", "harmless")
    assert WORDS["preview.title"] in page.innerText("h1") and state(lab, id_) == {JONAH: "held"}
    accessible(page)
    confirm(page)
    page.goto(lab.url + "/decisions")
    accessible(page)
    page.click(f'tr:has(a[href="/queue/{id_}"]) button')
    assert WORDS["said.undone"] in page.innerText("main")
    choose(lab, page, id_, "release", "harmless")
    confirm(page)
    assert wait_for("the delivery", lambda: lab.delivered_with(tag, wait=False))
    wait_for("the state", lambda: state(lab, id_) == {JONAH: "released"})
    item = lab.json("quarantine", "show", id_)
    assert [r["decided_by"] for r in item["recipients"]] == ["kim"]


def test_a_comment_where_the_reason_wants_one(lab, browser):
    id_, _ = hold(lab)
    page = lab.as_user(browser, "kim")
    choose(lab, page, id_, "deny", "other", "no")
    assert "wants a comment" in page.innerText("main")
    choose(lab, page, id_, "deny", "other", "wrong thread")
    confirm(page)
    wait_for("the state", lambda: state(lab, id_) == {JONAH: "denied"})


def test_two_at_once_do_not_decide_twice(lab, browser):
    id_, tag = hold(lab)
    kim, lee = (lab.as_user(browser, name) for name in ("kim", "lee"))
    choose(lab, kim, id_, "release", "harmless")
    choose(lab, lee, id_, "deny", "policy")
    confirm(kim)
    confirm(lee)
    assert "has decided to release it already" in lee.innerText("main")
    wait_for("the state", lambda: state(lab, id_) == {JONAH: "released"})
    assert len(lab.delivered_with(tag)) == 1


def test_nobody_decides_about_themselves(lab, browser):
    id_, _ = hold(lab)
    page = lab.as_user(browser, BEN)
    page.goto(lab.url + f"/queue/{id_}")
    assert page.locator("form.decide").count() == 0 and "somebody else decides" in page.innerText("main")


def test_alike_ones_are_decided_together(lab, browser):
    one, _ = hold(lab, JONAH, CELL, "Bus")
    two, _ = hold(lab, MIA, CELL, "Re: Bus")
    page = lab.as_user(browser, "kim")
    page.goto(lab.url + f"/queue/{one}")
    page.check("#alike")
    page.check("#action-deny")
    page.selectOption("#reason", "policy")
    page.click(f'form.decide button:has-text("{WORDS["decide.preview"]}")')
    assert "2 message" in page.innerText("main")
    confirm(page)
    wait_for("both", lambda: state(lab, one) == {JONAH: "denied"} and state(lab, two) == {MIA: "denied"})


def test_names_are_shown_for_a_reason(lab, browser):
    id_, _ = hold(lab)
    page = lab.as_user(browser, "lee")
    page.goto(lab.url + f"/queue/{id_}")
    assert BEN not in page.innerText(".facts")
    page.click(f'summary:has-text("{WORDS["item.names"]}")')
    page.fill("#why-names, form[action$='/names'] input[name=why]", "to call the teacher")
    page.click(f'button:has-text("{WORDS["item.names-show"]}")')
    assert BEN in page.innerText(".facts") and JONAH in page.innerText(".facts")
    told = [e for e in lab.events("names-revealed") if e["record"] == id_]
    assert [(e["who"], e["detail"]["why"]) for e in told] == [("lee", "to call the teacher")]


def test_one_message(lab, browser, accessible):
    id_, tag = hold(lab)
    page = lab.as_user(browser, "kim")
    page.goto(lab.url + f"/queue/{id_}")
    accessible(page)
    assert tag in page.innerText(".lines") and "508-555-0142" in page.innerText(".lines")
    why = page.innerText(".why")
    assert WORDS["why.title"] in why and "0142" not in why
    page.goto(lab.url + f"/queue/{id_}?tab=headers")
    accessible(page)
    assert "Message-ID" in page.innerText("main")
    page.goto(lab.url + f"/queue/{id_}?tab=attachments")
    assert WORDS["content.no-attachments"] in page.innerText("main")
    page.goto(lab.url + f"/queue/{id_}?tab=history")
    accessible(page)
    views = [e["detail"] for e in lab.events("view") if e["record"] == id_]
    assert {v["what"] for v in views} >= {"text", "headers", "attachments"} and all(v.get("matter") == id_ for v in views)


def test_the_proof_is_checked_before_the_reader(lab, browser):
    id_, _ = hold(lab)
    lab.chaperone("archive", "checkpoint", "--new")
    page = lab.as_user(browser, "kim")
    page.goto(lab.url + f"/queue/{id_}?tab=proof")
    assert WORDS["proof.good"] in page.innerText("main") and "c2sp.org/tlog-proof@v1" in page.innerText("pre")
    assert DOMAIN in page.innerText("pre") and ANN not in page.innerText("pre")
