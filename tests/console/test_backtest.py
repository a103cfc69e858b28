"""Backtests from the browser: started, watched, their figures; refused where a policy is wrong; cancelled."""
import datetime
import json

import pytest
from consolelab import Client, ConsoleLab, path_of, words
from demo import BEN, JONAH, MIA
from lab import message, wait_for

WORDS = words()
TODAY = datetime.date.today().isoformat()


@pytest.fixture(scope="module")
def lab():
    lab = ConsoleLab(settings={"notice": "per_sender_hour = 1000;"})
    lab.prepare()
    lab.chaperone("roster", "import", lab.path("import"))
    lab.start_programs()
    lab.add_users()
    lab.add_user("far", "reviewer", ["another-school"])
    assert lab.send(BEN, [MIA], message(BEN, MIA, "Homework", "Read chapter 4."))[0] == 250
    assert lab.send(BEN, [JONAH], message(BEN, JONAH, "Practice", "My cell is 508-555-0142."))[0] == 250
    with open(lab.path("opt/policies/standard.conf"), encoding="utf-8") as f:
        standard = f.read()
    # A candidate that holds homework, and one that is no policy.
    lab.write("opt/policies/candidate.conf", standard.replace('version = "', 'version = "candidate ', 1).replace(
        "rules: (", 'rules: ( { name = "homework"; clause = "T1"; gist = "homework"; severity = 3; action = "hold";'
        ' when: { header: { name = "Subject"; value = [ "*homework*" ]; }; }; },', 1))
    lab.write("opt/policies/broken.conf", "policy: { name = ")
    yield lab
    lab.stop()


def press(page, key):
    page.click(f'main button:text-is("{WORDS[key]}")')


def start(lab, page, policy="standard.conf"):
    page.goto(lab.url + "/policy/backtests")
    page.selectOption("#policy", policy)
    page.fill("#from", TODAY)
    page.fill("#to", TODAY)
    press(page, "backtest.go")


def wait_done(page):
    def done():
        page.reload()
        return WORDS["job.state.running"] not in page.innerText("#job-state")
    wait_for("the backtest", done, 90, 0.5)


def test_a_backtest_from_start_to_figures(lab, browser, accessible):
    page = lab.as_user(browser, "kim")
    page.goto(lab.url + "/policy")
    page.click('a[href="/policy/backtests"]')
    accessible(page)
    start(lab, page, "candidate.conf")
    assert WORDS["said.job-started"] in page.innerText("main"), page.innerText("main")
    wait_done(page)
    assert WORDS["job.state.done"] in page.innerText("#job-state"), page.innerText("main")
    accessible(page)
    rows = dict(zip(page.locator("#totals dt").allInnerTexts(), page.locator("#totals dd").allInnerTexts()))
    assert rows[WORDS["backtest.messages"]] == "2" and rows[WORDS["backtest.new-holds"]] == "1" and rows[WORDS["backtest.failed"]] == "0"
    assert "homework" in page.innerText("#changes") and MIA not in page.innerText("#changes")  # without names
    assert page.locator("svg").count() >= 1
    assert lab.events("backtest")[-1]["who"] == "kim" and lab.events("backtest-seen")
    here = path_of(page)
    client = Client(lab)
    client.sign_in("kim")
    answer, text = client.ask("GET", here + "/json")
    assert answer.status == 200 and json.loads(text)["new_holds"] == 1 and "changes" not in json.loads(text)
    answer, text = client.ask("POST", here + "/csv", {"csrf": client.csrf("/account")})
    assert answer.status == 200 and "homework" in text
    # Figures without messages, for who keeps the mail running; of other schools none are shown.
    admin = lab.as_user(browser, "admin")
    admin.goto(lab.url + here)
    accessible(admin)
    assert admin.locator("#totals").count() == 1 and admin.locator("#changes").count() == 0
    far = Client(lab)
    far.sign_in("far")
    _, text = far.ask("GET", here)
    assert 'id="changes"' in text and "homework</td>" not in text
    assert far.ask("POST", here + "/csv", {"csrf": far.csrf("/account")})[0].status == 403
    page.goto(lab.url + "/policy/backtests")
    assert "candidate.conf" in page.innerText("#backtests")
    accessible(page)


def test_what_is_wrong_is_said_and_not_started(lab, browser):
    page = lab.as_user(browser, "kim")
    start(lab, page, "broken.conf")
    assert "broken.conf:" in page.innerText("main")
    client = Client(lab)
    client.sign_in("kim")
    token = client.csrf("/account")
    form = {"csrf": token, "policy": "standard.conf", "mode": "enforce", "from": TODAY, "to": TODAY}
    for change in ({"policy": "../chaperone.conf"}, {"policy": "nothing.conf"}, {"from": "soon"}, {"to": "2020-01-01"}, {"mode": "wish"}):
        assert client.ask("POST", "/policy/backtests", {**form, **change})[0].status == 400, change
    auditor = Client(lab)
    auditor.sign_in("auditor")
    assert auditor.ask("POST", "/policy/backtests", {**form, "csrf": auditor.csrf("/account")})[0].status == 403
    assert auditor.ask("GET", "/policy/backtests")[0].status == 200
    records = Client(lab)
    records.sign_in("records")
    assert records.ask("GET", "/policy/backtests")[0].status == 403


def test_cancelled_and_again_without_a_script(lab, browser):
    for i in range(60):
        assert lab.send(BEN, [MIA], message(BEN, MIA, f"Homework {i}", f"Read chapter {i}."))[0] == 250
    page = lab.as_user(browser, "kim", javaScriptEnabled=False)
    start(lab, page)
    assert WORDS["said.job-started"] in page.innerText("main")
    if page.locator(f'main button:text-is("{WORDS["job.cancel"]}")').count() == 1:  # else it was faster
        press(page, "job.cancel")
        wait_done(page)
        assert page.innerText("#job-state").strip() in (WORDS["job.state.cancelled"], WORDS["job.state.done"])
    if page.locator(f'main button:text-is("{WORDS["job.again"]}")').count() == 1:
        press(page, "job.again")
        wait_done(page)
    assert WORDS["job.state.done"] in page.innerText("#job-state")
