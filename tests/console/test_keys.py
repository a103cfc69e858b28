"""Single keys in the browser: off unless the account has them on; nothing is decided by one key."""
import uuid

import pytest
from consolelab import ConsoleLab, path_of, words
from demo import BEN, JONAH
from lab import message, wait_for

WORDS = words()


@pytest.fixture(scope="module")
def lab():
    lab = ConsoleLab(settings={"console": 'undo_s = 1; comment_length = 5;', "notice": "per_sender_hour = 1000;"})
    lab.start()
    lab.add_users()
    yield lab
    lab.stop()


def hold(lab, subject):
    known = {h["id"] for h in lab.held()}
    assert lab.send(BEN, [JONAH], message(BEN, JONAH, subject, f"Call my cell, 508-555-0142. {uuid.uuid4().hex}"))[0] == 250
    (id_,) = {h["id"] for h in lab.held()} - known
    return id_


def state(lab, id_):
    return {r["address"]: r["state"] for r in lab.json("quarantine", "show", id_)["recipients"]}


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def focused(page):
    return page.evaluate("document.activeElement.getAttribute('href') || document.activeElement.textContent")


def wait_path(page, path):
    wait_for(path, lambda: path_of(page) == path)
    page.waitForLoadState("load")  # its script is there


def turn_on(lab, page):
    page.goto(lab.url + "/account")
    page.check("input[name=shortcuts]")
    page.click('form:has(input[name=shortcuts]) button')
    assert page.getAttribute("html", "data-shortcuts") == "on"


def test_keys(lab, browser, accessible):
    ids = [hold(lab, f"Ride {n}") for n in range(3)]
    page = lab.as_user(browser, "kim")
    page.goto(lab.url + "/queue")
    # Off: nothing happens.
    before = focused(page)
    press(page, "j", "o", "?")
    assert path_of(page) == "/queue" and focused(page) == before
    page.goto(lab.url + "/keys")
    assert WORDS["keys.off"] in page.innerText("main")
    turn_on(lab, page)
    # In a list.
    page.goto(lab.url + "/queue")
    press(page, "j", "j", "j", "k")
    assert focused(page) == f"/queue/{ids[1]}"
    press(page, "o")
    wait_path(page, f"/queue/{ids[1]}")
    accessible(page)
    # From message to message.
    press(page, "j")
    wait_path(page, f"/queue/{ids[2]}")
    press(page, "k")
    wait_path(page, f"/queue/{ids[1]}")
    # Keys do nothing in a field.
    page.click("#comment")
    press(page, "d", "j")
    assert page.inputValue("#comment") == "dj" and not page.evaluate("document.querySelector('#action-deny').checked")
    page.fill("#comment", "")
    page.evaluate("document.activeElement.blur()")
    # Deciding: chosen, shown, then two keys.
    press(page, "d", "4")
    assert page.evaluate("document.querySelector('#action-deny').checked") and page.inputValue("#reason") == "policy"
    assert path_of(page) == f"/queue/{ids[1]}"
    press(page, "p")
    wait_path(page, f"/queue/{ids[1]}/decide")
    assert WORDS["preview.title"] in page.innerText("h1")
    press(page, "y")
    assert focused(page) == WORDS["decide.confirm"] and path_of(page) == f"/queue/{ids[1]}/decide"
    assert state(lab, ids[1]) == {JONAH: "held"}
    press(page, "Enter")
    wait_for("the state", lambda: state(lab, ids[1]) == {JONAH: "denied"})
    # Help, from anywhere.
    page.goto(lab.url + "/queue")
    press(page, "?")
    wait_path(page, "/keys")
    accessible(page)
    assert WORDS["keys.on"] in page.innerText("main") and page.locator("#keys tbody tr").count() == 12
