"""The dashboard, what decisions propose, and the roster, in the browser."""
import os
import shutil
import time

import pytest
from consolelab import Client, ConsoleLab, words
from demo import ANN, BEN, ELENA, JONAH, MIA
from lab import message, wait_for
from test_queue import choose, confirm, hold

WORDS = words()


@pytest.fixture(scope="module")
def lab():
    lab = ConsoleLab(archivist=True, settings={"console": "undo_s = 0; comment_length = 5;", "notice": "per_sender_hour = 1000;",
                                               "archive": "checkpoint_s = 1;"})
    lab.settings["review"] += f'console_url = "{lab.url}"; '
    lab.start()
    lab.add_users()
    yield lab
    lab.stop()


@pytest.fixture(scope="module")
def decided(lab, browser):
    """Ten messages of one number: five were held for nothing, five rightly. One was delivered as it was."""
    page = lab.as_user(browser, "kim")
    for i in range(10):
        id_, _ = hold(lab, subject=f"Ride {i}", text="Running late? My cell is 508-555-0142.")
        choose(lab, page, id_, "release" if i < 5 else "deny", "false-positive" if i < 5 else "policy")
        confirm(page)
    assert lab.send(BEN, [JONAH], message(BEN, JONAH, "Homework", "Read chapter 4."))[0] == 250
    assert lab.send(BEN, [MIA], message(BEN, MIA, "Still open", "Running late? My cell is 508-555-0142."))[0] == 250
    wait_for("the index", lambda: lab.json("search", "id:01ARZ3NDEKTSV4RRFFQ69G5FAV")["indexed"] >= 12, 60)
    wait_for("a checkpoint", lambda: lab.chaperone("archive", "checkpoint", check=False).returncode == 0, 90)
    return page


def card(page, key):
    return page.innerText(f'.cards li:has-text("{WORDS[key]}") strong')


@pytest.mark.parametrize("who", ["kim", "admin", "auditor", "approver", "records"])
def test_figures_for_everybody_and_no_content(lab, browser, accessible, decided, who):
    page = lab.as_user(browser, who)
    page.goto(lab.url + "/dashboard")
    accessible(page)
    assert card(page, "dashboard.decided") == "10" and card(page, "queue.count-open") == "1"
    text = page.innerText("main")
    assert "508-555" not in text and "Ride" not in text and BEN not in text
    today = time.strftime("%Y-%m-%d")
    page.click(f'figure:has(#chart-mail) summary')
    row = page.innerText(f'figure:has(#chart-mail) tbody tr:last-child')
    assert row.split() [1:] == ["1", "11", "0"], (today, row)
    page.click(f'figure:has(#chart-decisions) summary')
    assert page.innerText(f'figure:has(#chart-decisions) tbody tr:last-child').split()[1:] == ["5", "5"]
    assert page.locator("svg.chart rect").count() >= 4
    assert WORDS["dashboard.checkpoint"] in text and WORDS["dashboard.not-told"] not in text
    rule = page.innerText('tr:has(th:has-text("staff-private-detail"))')
    assert rule.split()[-1] == "%" and rule.split()[-2] == "50"


def test_without_the_archivist_it_says_what_is_missing(browser):
    other = ConsoleLab(with_mail=False)
    other.start()
    try:
        other.add_users()
        page = other.as_user(browser, "admin")
        page.goto(other.url + "/dashboard")
        text = page.innerText("main")
        assert WORDS["dashboard.not-told"] in text and WORDS["dashboard.none-decided"] in text
    finally:
        other.stop()


def test_proposals_have_their_evidence_and_change_nothing(lab, browser, accessible, decided):
    page = lab.as_user(browser, "kim")
    page.goto(lab.url + "/dashboard/proposals")
    accessible(page)
    text = page.innerText("main")
    assert 'mode = "coach";' in text and "5 of 10 decided messages were false positives" in text
    assert "phone,**********42," in text and "508-555-0142" not in text
    assert page.locator('section.proposal a[href^="/queue/"]').count() >= 3
    assert Client(lab).ask("GET", "/dashboard/proposals")[0].status == 303
    assert lab.as_user(browser, "auditor").goto(lab.url + "/dashboard/proposals").status() == 403


def test_who_is_this_address(lab, browser, accessible):
    page = lab.as_user(browser, "kim")
    page.goto(lab.url + "/roster")
    accessible(page)
    page.fill("#address", MIA)
    page.click(f'button:has-text("{WORDS["roster.look-up"]}")')
    accessible(page)
    text = page.innerText("main")
    assert "Mia" in text and "Torres" in text and WORDS["party.student"] in text and WORDS["roster.guardians"] in text and "Elena" in text
    assert MIA not in page.url()
    told = lab.events("roster-viewed")[-1]
    assert told["who"] == "kim" and told["detail"]["address"] == MIA
    # Guardians are for those who decide.
    page = lab.as_user(browser, "admin")
    page.goto(lab.url + "/roster")
    page.fill("#address", MIA)
    page.click(f'button:has-text("{WORDS["roster.look-up"]}")')
    assert "Elena" not in page.innerText("section")
    for address, what in ((ELENA, "party.guardian"), (ANN, "party.staff"), ("nobody@example.net", "party.external")):
        page.fill("#address", address)
        page.click(f'button:has-text("{WORDS["roster.look-up"]}")')
        assert WORDS[what] in page.innerText("section")
    page.fill("#address", "no address")
    page.click(f'button:has-text("{WORDS["roster.look-up"]}")')
    assert "is no address" in page.innerText("main")


def test_imports_and_what_they_changed(lab, browser, accessible):
    path = lab.path("district-2")
    shutil.copytree(lab.district, path)
    with open(os.path.join(path, "roster", "users.csv"), encoding="utf-8") as f:
        lines = f.read().splitlines()
    kept = [line for line in lines if "Lily" not in line]
    assert len(kept) < len(lines)
    with open(os.path.join(path, "roster", "users.csv"), "w", encoding="utf-8") as f:
        f.write("\n".join(kept) + "\n")
    lab.chaperone("roster", "import", "--force", path)
    page = lab.as_user(browser, "auditor")
    page.goto(lab.url + "/roster")
    page.click('a[href^="/roster/changes/"] >> nth=0')
    accessible(page)
    assert "Lily" in page.innerText("main") and "removed" in page.innerText("main")
