"""Access for a time: two people, an end, and everybody concerned is told, through a real Postfix."""
import base64
import email

import pytest
from consolelab import ConsoleLab, path_of, words
from lab import DOMAIN

WORDS = words()


@pytest.fixture(scope="module")
def lab():
    lab = ConsoleLab().start()
    lab.add_users()
    lab.add_user(f"second@{DOMAIN}", "break-glass")
    yield lab
    lab.stop()


def ask(lab, page, why="The reviewer is ill and this cannot wait"):
    page.goto(lab.url + "/access")
    page.check("input[name=role][value=hold-manager]")
    page.fill("#why", why)
    page.fill("#hours", "2")
    page.click("form[action='/access'] button.main")
    assert WORDS["said.access-asked"] in page.innerText("main")


@pytest.mark.parametrize("script", [True, False])
def test_two_people(lab, browser, accessible, script):
    asking = lab.as_user(browser, "glass", fresh=True, javaScriptEnabled=script)
    giving = lab.as_user(browser, f"second@{DOMAIN}", fresh=True, javaScriptEnabled=script)
    ask(lab, asking)
    # Whoever asked can only withdraw it.
    assert asking.locator("form[action$='/give']").count() == 0
    giving.goto(lab.url + "/access")
    if script:
        accessible(giving)
    giving.locator("form[action$='/give'] button").first().click()
    assert WORDS["said.access-given"] in giving.innerText("main")
    asking.goto(lab.url + "/")
    assert WORDS["role.hold-manager"] in asking.innerText("main")
    asking.goto(lab.url + "/access")
    if script:
        accessible(asking)
    asking.locator("form[action$='/end'] button").first().click()
    asking.goto(lab.url + "/")
    assert WORDS["role.hold-manager"] not in asking.innerText("main")
    given = lab.events("access-given")[-1]
    assert given["who"] == f"second@{DOMAIN}" and given["detail"]["account"] == "glass" and given["detail"]["roles"] == "hold-manager"
    told = [d for d in lab.delivered() if d.rcpts == [f"second@{DOMAIN}"]]
    texts = [base64.b64decode(email.message_from_bytes(d.data).get_payload()).decode() for d in told]
    assert len(texts) >= 3 and all("glass" in text and "cannot wait" in text for text in texts)


def test_not_for_others(lab, browser):
    page = lab.as_user(browser, "kim")
    page.goto(lab.url + "/access")
    assert page.innerText("h1") == WORDS["error.forbidden"]
    page.goto(lab.url + "/")
    assert page.locator("nav a[href='/access']").count() == 0


def test_forged_gift(lab, browser):
    """Whoever asked posts the form of those who give."""
    asking = lab.as_user(browser, "glass", fresh=True)
    ask(lab, asking, "Another reason that is long enough")
    form = asking.locator("form[action$='/end']").first()
    end = form.getAttribute("action")
    asking.evaluate(f"document.querySelector(\"form[action='{end}']\").action = '{end.replace('/end', '/give')}'")
    asking.locator(f"form[action='{end.replace('/end', '/give')}'] button").click()
    assert asking.innerText("h1") == WORDS["error.forbidden"] and path_of(asking).endswith("/give")
    asking.goto(lab.url + "/")
    assert WORDS["role.hold-manager"] not in asking.innerText("main")
