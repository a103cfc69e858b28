"""Held messages once more, in the browser: a second look, opening again, the history of two people, questions, duplicates, single keys."""
import os
import re
import subprocess
import uuid

import pytest
from consolelab import ConsoleLab, words
from demo import BEN, JONAH, MIA, NOAH
from lab import BUILD, message, wait_for

WORDS = words()
CELL = "Call my cell, 508-555-0142."


@pytest.fixture(scope="module")
def lab():
    lab = ConsoleLab(settings={"console": 'undo_s = 1; comment_length = 5; sample_percent = 100;', "notice": "per_sender_hour = 1000;"})
    lab.settings["review"] += f'console_url = "{lab.url}"; '
    lab.start()
    lab.add_users()
    lab.add_user(BEN, "reviewer", ["*"])
    yield lab
    lab.stop()


def hold(lab, rcpt=JONAH, text=CELL, subject="Ride"):
    tag = uuid.uuid4().hex
    known = {h["id"] for h in lab.held()}
    assert lab.send(BEN, [rcpt], message(BEN, rcpt, subject, f"{text} {tag}"))[0] == 250
    (id_,) = {h["id"] for h in lab.held()} - known
    return id_, tag


def state(lab, id_):
    return {r["address"]: r["state"] for r in lab.json("quarantine", "show", id_)["recipients"]}


def decide(lab, page, id_, action, reason, until):
    page.goto(lab.url + f"/queue/{id_}")
    page.check(f"#action-{action}")
    page.selectOption("#reason", reason)
    page.click(f'form.decide button:has-text("{WORDS["decide.preview"]}")')
    page.click(f'button:has-text("{WORDS["decide.confirm"]}")')
    wait_for("the state", lambda: state(lab, id_) == {JONAH: until})


def unfold(page):
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true;")


def test_a_second_look_is_blind_and_counts(lab, browser, accessible):
    kim, lee = (lab.as_user(browser, name) for name in ("kim", "lee"))
    ids = []
    for _ in range(2):
        id_, tag = hold(lab)
        decide(lab, kim, id_, "deny", "policy", "denied")
        ids.append((id_, tag))
    # Not one's own decisions.
    kim.goto(lab.url + "/second")
    assert WORDS["second.none"] in kim.innerText("main") and kim.locator("form.decide").count() == 0
    for n, (id_, tag) in enumerate(ids):
        lee.goto(lab.url + "/second")
        accessible(lee)
        text = lee.innerText("main")
        assert tag in text and id_ in text and WORDS["why.title"] in text
        assert WORDS["hold.denied"] not in lee.innerText(".facts") and "kim" not in text and BEN not in lee.innerText(".facts")
        lee.check("#releases-no" if n == 0 else "#releases-yes")
        lee.fill("#comment", "" if n == 0 else "the school's own number")
        lee.click("form.decide button")
        assert WORDS["said.looked"] in lee.innerText("main")
    assert WORDS["second.none"] in lee.innerText("main")
    # It changes nothing.
    assert all(state(lab, id_) == {JONAH: "denied"} for id_, _ in ids)
    lee.goto(lab.url + "/second/figures")
    accessible(lee)
    assert "2 looked at twice" in lee.innerText("#agreement") and "50 %" in lee.innerText("#agreement")
    assert "the school's own number" in lee.innerText("main") and ids[1][0] in lee.innerText("main")
    told = [(e["who"], e["detail"]["releases"]) for e in lab.events("second-look")]
    assert told == [("lee", False), ("lee", True)]


def test_nobody_looks_again_at_their_own_message(lab, browser):
    id_, _ = hold(lab)
    decide(lab, lab.as_user(browser, "kim"), id_, "deny", "policy", "denied")
    page = lab.as_user(browser, BEN)
    page.goto(lab.url + "/second")
    assert WORDS["second.none"] in page.innerText("main")
    token = page.evaluate("document.querySelector('input[name=csrf]').value")
    code = page.evaluate(f"fetch('/second/{id_}', {{method: 'POST', body: new URLSearchParams({{csrf: '{token}', releases: 'yes'}})}})"
                         ".then((r) => r.status)")
    assert code == 403 and not [e for e in lab.events("second-look") if e["record"] == id_]


def test_denied_opened_again_released_late(lab, browser, accessible):
    id_, tag = hold(lab)
    page = lab.as_user(browser, "kim")
    decide(lab, page, id_, "deny", "policy", "denied")
    page.goto(lab.url + "/decisions/done")
    accessible(page)
    page.click(f'#done a[href="/queue/{id_}"]')
    unfold(page)
    accessible(page)
    page.fill("#why-reopen", "The number is the school's.")
    page.click(f'button:has-text("{WORDS["reopen.open-go"]}")')
    assert WORDS["said.reopened"] in page.innerText("main") and state(lab, id_) == {JONAH: "held"}
    assert [(e["who"], e["detail"]["why"]) for e in lab.events("quarantine-reopen") if e["record"] == id_] == [("kim", "The number is the school's.")]
    assert not lab.delivered_with(tag)
    decide(lab, page, id_, "release", "false-positive", "released")
    assert [d.rcpts for d in lab.delivered_with(tag)] == [[JONAH]]
    # What was delivered stays delivered: it is judged again for the record only.
    page.goto(lab.url + f"/queue/{id_}")
    assert page.locator("#why-reopen").count() == 0
    unfold(page)
    page.fill("#why-judge", "It was her private number after all.")
    page.click(f'button:has-text("{WORDS["reopen.judge-go"]}")')
    assert "It was her private number after all." in page.innerText("main") and state(lab, id_) == {JONAH: "released"}
    assert [e["detail"]["releases"] for e in lab.events("judged-again") if e["record"] == id_] == [False]


def test_what_the_sender_took_back_stays_closed(lab, browser):
    id_, _ = hold(lab)
    lab.chaperone("quarantine", "withdraw", id_, "--as", BEN)
    assert state(lab, id_) == {JONAH: "denied"}
    page = lab.as_user(browser, "kim")
    page.goto(lab.url + f"/queue/{id_}")
    unfold(page)
    page.fill("#why-reopen", "Why not?")
    page.click(f'button:has-text("{WORDS["reopen.open-go"]}")')
    assert "its sender took it back" in page.innerText("main") and state(lab, id_) == {JONAH: "denied"}


def indexed(lab):
    done = subprocess.run([f"{BUILD}/chaperone-archivist", "--config", lab.config, "--once", "--foreground"], capture_output=True,
                          text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_the_history_of_two_people(lab, browser, accessible):
    one, two = uuid.uuid4().hex, uuid.uuid4().hex
    assert lab.send(BEN, [MIA], message(BEN, MIA, "Homework", f"Read chapter 4. {one}"))[0] == 250
    assert lab.send(MIA, [BEN], message(MIA, BEN, "Re: Homework", f"Thank you! {two}"))[0] == 250
    assert lab.send(BEN, [NOAH], message(BEN, NOAH, "Other", "Read chapter 5."))[0] == 250
    id_, _ = hold(lab, MIA)
    indexed(lab)
    page = lab.as_user(browser, "kim")
    page.goto(lab.url + f"/queue/{id_}?tab=history")
    accessible(page)
    rows = page.locator("#passed tbody tr")
    text = page.innerText("#passed")
    assert rows.count() == 3 and page.locator("svg.chart circle").count() == 2 and page.locator("svg.chart rect").count() == 1
    assert page.locator("svg.chart .held").count() == 1 and WORDS["hold.held"] in text and WORDS["pair.did-deliver"] in text
    # Nothing of what was said, and no names.
    whole = page.innerText("main")
    assert one not in whole and two not in whole and "chapter 4" not in whole and BEN not in whole and MIA not in whole
    assert [v["detail"]["matter"] for v in lab.events("view") if v["record"] == id_ and "history" in v["detail"]["what"]] == [id_]


def test_the_conversation_beside_the_message(lab, browser, accessible):
    first, asked, answered, other = (uuid.uuid4().hex for _ in range(4))
    subject = f"Trip {first[:6]}"
    assert lab.send(BEN, [MIA], message(BEN, MIA, subject, f"Are you coming? {first}", message_id=f"<{first}@example.org>"))[0] == 250
    assert lab.send(MIA, [BEN], message(MIA, BEN, "Re: " + subject, f"Yes. {asked}", [f"In-Reply-To: <{first}@example.org>"]))[0] == 250
    assert lab.send(BEN, [MIA], message(BEN, MIA, "Something else", f"Not of it. {other}"))[0] == 250
    known = {h["id"] for h in lab.held()}
    assert lab.send(BEN, [MIA], message(BEN, MIA, "Re: " + subject, f"{CELL} {answered}",
                                        [f"References: <{first}@example.org> <{asked}@example.org>"]))[0] == 250
    (id_,) = {h["id"] for h in lab.held()} - known
    indexed(lab)
    page = lab.as_user(browser, "kim")
    page.goto(lab.url + f"/queue/{id_}?tab=thread")
    accessible(page)
    assert page.locator("#thread tbody tr").count() == 3 and MIA not in page.innerText("#thread")
    assert WORDS["thread.this"] in page.innerText("#thread tbody tr >> nth=2")
    page.click('#thread tbody tr:nth-child(2) a')
    accessible(page)
    assert asked in page.innerText("#thread-text") and other not in page.innerText("main")
    shown = [e for e in lab.events("view") if e["detail"].get("matter") == id_ and e.get("record") != id_]
    assert len(shown) == 1 and shown[0]["who"] == "kim" and shown[0]["detail"]["what"] == "text"
    # Nothing that is not of it is shown for the asking.
    stranger = next(r["id"] for r in lab.records() if r["id"] not in page.content() and r["id"] != id_)
    page.goto(lab.url + f"/queue/{id_}?tab=thread&show={stranger}")
    assert page.locator("#thread-text").count() == 0


def test_given_to_another_reviewer(lab, browser, accessible):
    id_, _ = hold(lab)
    page = lab.as_user(browser, "kim")
    page.goto(lab.url + f"/queue/{id_}")
    unfold(page)
    offered = page.locator('form[action$="/assign"] option').allInnerTexts()
    assert "lee" in offered and BEN not in offered and "auditor" not in offered  # it is Ben's own message
    page.selectOption('form[action$="/assign"] select', "lee")
    page.fill("#why-assign", "you know the team")
    page.click(f'form[action$="/assign"] button:has-text("{WORDS["review.assign-go"]}")')
    assert WORDS["said.assigned"] in page.innerText("main")
    item = lab.json("quarantine", "show", id_)
    assert item["claimed_by"] == "lee" and any(s["step"] == "assign" and "you know the team" in s["why"] for s in item["steps"])
    assert [e["who"] for e in lab.events() if e.get("record") == id_ and e["event"].endswith("assign")] == ["kim"]
    lee = lab.as_user(browser, "lee")
    lee.goto(lab.url + "/queue?claimed=mine")
    assert lee.locator(f'#queue a[href^="/queue/{id_}"]').count() == 1
    # From then on it is lee's to give away.
    page.goto(lab.url + f"/queue/{id_}")
    unfold(page)
    page.selectOption('form[action$="/assign"] select', "kim")
    page.fill("#why-assign", "back")
    page.click(f'form[action$="/assign"] button:has-text("{WORDS["review.assign-go"]}")')
    assert "claimed by lee" in page.innerText("main")


def test_without_an_index_the_history_says_so(lab, browser):
    id_, _ = hold(lab, MIA)
    os.rename(lab.path("var/archive/index"), lab.path("var/archive/index-away"))
    try:
        page = lab.as_user(browser, "kim")
        page.goto(lab.url + f"/queue/{id_}?tab=history")
        assert WORDS["pair.no-index"] in page.innerText("main")
    finally:
        os.rename(lab.path("var/archive/index-away"), lab.path("var/archive/index"))


def test_the_sender_is_asked(lab, browser):
    id_, tag = hold(lab)
    page = lab.as_user(browser, "kim")
    page.goto(lab.url + f"/queue/{id_}")
    unfold(page)
    page.fill('form[action$="/question"] textarea', "Whose number is it?")
    page.click(f'button:has-text("{WORDS["item.question-go"]}")')
    assert WORDS["said.question"] in page.innerText("main")
    (mail,) = wait_for("the question", lambda: [d for d in lab.delivered() if b"Whose number is it?" in d.data])
    assert mail.rcpts == [BEN] and id_ in mail.header("Subject") and tag.encode() not in mail.data
    link = re.search(rb"http://\S+/sender/\S+", mail.data).group(0).decode()
    own = browser.page()
    own.goto(link)
    own.fill("#text-explain", "The school's second line.")
    own.click(f'button:has-text("{WORDS["sender.explain-go"]}")')
    page.goto(lab.url + f"/queue/{id_}?tab=history")
    assert "The school's second line." in page.innerText("main")
    assert [e["who"] for e in lab.events("quarantine-question") if e["record"] == id_] == ["kim"]


def test_duplicates_are_decided_with_or_as_the_other(lab, browser, accessible):
    (one, _), (two, _), (three, _) = (hold(lab, subject=f"Copy {n}") for n in range(3))
    page = lab.as_user(browser, "kim")

    def mark(id_, of):
        page.goto(lab.url + f"/queue/{id_}")
        unfold(page)
        page.fill('form[action$="/duplicate"] input[name=of]', of)
        page.click(f'button:has-text("{WORDS["duplicate.go"]}")')
    mark(two, one.lower())
    assert WORDS["said.duplicate"] in page.innerText("main") and page.locator(f'main a[href="/queue/{one}"]').count() >= 1
    accessible(page)
    mark(one, three)
    assert "is a duplicate of this one" in page.innerText("main")
    page.goto(lab.url + f"/queue/{one}")
    page.check("#duplicates")
    page.check("#action-deny")
    page.selectOption("#reason", "policy")
    page.click(f'form.decide button:has-text("{WORDS["decide.preview"]}")')
    assert "2 message" in page.innerText("main")
    page.click(f'button:has-text("{WORDS["decide.confirm"]}")')
    wait_for("both", lambda: state(lab, one) == state(lab, two) == {JONAH: "denied"})
    # Of a message that is decided already: the same is proposed.
    mark(three, one)
    assert page.evaluate("document.querySelector('#action-deny').checked") and page.inputValue("#reason") == "policy"
    assert one in page.inputValue("#comment")
    assert state(lab, three) == {JONAH: "held"}
    assert [(e["record"], e["detail"]["of"]) for e in lab.events("duplicate")] == [(two, one), (three, one)]
