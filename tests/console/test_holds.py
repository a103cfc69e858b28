"""Legal holds and approvals of disposals in the browser, up to the certificate."""
import pytest
from consolelab import Client, ConsoleLab, words
from demo import ANN, BEN
from lab import message, wait_for

WORDS = words()
SCHEDULE = """
retention = {
    name = "test"; version = "1"; adopted = "School Committee, 2026-11-01";
    classes = ( { name = "transitory"; title = "At once"; days = 0; trigger = "sent"; item = "T-1"; } );
    rules = ( { name = "menus"; class = "transitory"; when = { subject = "menu"; }; } );
};
"""


@pytest.fixture(scope="module")
def lab():
    lab = ConsoleLab(archivist=True, settings={"archive": "checkpoint_s = 1;",
                                               "retention": 'schedule = "retention.conf"; hold_cooling_days = 0;'})
    lab.prepare()
    lab.write("retention.conf", SCHEDULE)
    lab.chaperone("roster", "import", lab.path("import"))
    lab.start_programs()
    lab.add_users()
    lab.add_user("holds2", "hold-manager", ["*"])
    lab.add_user("approver2", "approver", ["*"])
    yield lab
    lab.stop()


def press(page, key):
    page.click(f'button:text-is("{WORDS[key]}")')


def test_a_hold_is_placed_and_released_by_two(lab, browser, accessible):
    page = lab.as_user(browser, "holds")
    page.goto(lab.url + "/holds")
    accessible(page)
    page.click(f'summary:has-text("{WORDS["holds.place"]}")')
    page.fill("#matter", "Bus accident")
    page.fill("#people", f"{ANN}\n{BEN}")
    page.fill("#query", "subject:bus")
    page.fill("#why", "counsel's letter")
    press(page, "holds.place-go")
    assert WORDS["said.hold-placed"] in page.innerText("main")
    accessible(page)
    (hold,) = lab.json("hold", "list")
    assert hold["matter"] == "Bus accident" and hold["placed_by"] == "holds" and ANN in page.innerText("main")
    # A query that is none changes nothing.
    page.goto(lab.url + "/holds")
    page.click(f'summary:has-text("{WORDS["holds.place"]}")')
    page.fill("#matter", "Wrong")
    page.fill("#query", "size:nonsense")
    page.fill("#why", "a slip")
    press(page, "holds.place-go")
    assert len(lab.json("hold", "list")) == 1
    page.goto(lab.url + f"/holds/{hold['id']}")
    page.fill('form[action$="/release"] input[name=why]', "settled")
    press(page, "holds.release-go")
    assert WORDS["said.hold-asked"] in page.innerText("main") and WORDS["holds.mine"] in page.innerText("main")
    other = lab.as_user(browser, "holds2")
    other.goto(lab.url + f"/holds/{hold['id']}")
    accessible(other)
    other.fill('form[action$="/keep"] input[name=why]', "not yet")
    press(other, "holds.keep-go")
    assert WORDS["said.hold-kept"] in other.innerText("main")
    page.goto(lab.url + f"/holds/{hold['id']}")
    page.fill('form[action$="/release"] input[name=why]', "settled now")
    press(page, "holds.release-go")
    other.goto(lab.url + f"/holds/{hold['id']}")
    other.fill('form[action$="/release"] input[name=why]', "agreed")
    press(other, "holds.confirm-go")
    assert WORDS["said.hold-released"] in other.innerText("main") and WORDS["holds.released"] in other.innerText("main")
    assert [e["who"] for e in lab.events() if e["event"].startswith("legal-hold-release")][-1] == "holds2"
    reader = lab.as_user(browser, "auditor")
    reader.goto(lab.url + "/holds?all=1")
    accessible(reader)
    assert "Bus accident" in reader.innerText("#holds") and reader.locator("form.main, form[action='/holds']").count() == 0
    client = Client(lab)
    client.sign_in("auditor")
    form = {"csrf": client.csrf("/account"), "matter": "x", "query": "subject:x", "why": "x"}
    assert client.ask("POST", "/holds", form)[0].status == 403


def test_two_approve_a_disposal(lab, browser, accessible):
    assert lab.send(ANN, [BEN], message(ANN, BEN, "menu of Monday", "Soup."))[0] == 250
    lab.stop_milter()
    wait_for("the index", lambda: (f := lab.json("search", "subject:menu"))["indexed"] == f["archived"] and f["total"] == 1, 60, 0.3)
    wait_for("a checkpoint", lambda: lab.chaperone("archive", "checkpoint", check=False).returncode == 0, 60, 0.3)
    lab.chaperone("dispose", "propose", "--reason", "yearly", who="records")
    (disposal,) = lab.json("dispose", "list")
    for number, who in enumerate(("approver", "approver2")):
        page = lab.as_user(browser, who)
        page.goto(lab.url + "/retention")
        accessible(page)
        page.click(f'a[href="/retention/{disposal["id"]}"]')
        accessible(page)
        assert "transitory" in page.innerText("main")
        page.fill("#authorization", "RC-2026-17")
        page.fill('form[action$="/approve"] input[name=why]', "looked at it")
        press(page, "disposal.approve-go")  # without saying that one is sure
        assert WORDS["said.disposal-approved"] not in page.innerText("main")
        page.goto(lab.url + f"/retention/{disposal['id']}")
        page.fill("#authorization", "RC-2026-17")
        page.fill('form[action$="/approve"] input[name=why]', "looked at it")
        page.check("input[name=sure]")
        press(page, "disposal.approve-go")
        assert WORDS["said.disposal-approved"] in page.innerText("main")
        assert len(lab.json("dispose", "show", disposal["id"])["approvals"]) == number + 1
    lab.chaperone("dispose", "execute", disposal["id"], "--wait", "60", who="records")
    page = lab.as_user(browser, "auditor")
    page.goto(lab.url + f"/retention/{disposal['id']}")
    accessible(page)
    assert WORDS["disposal.certificate"] in page.innerText("main")
    client = Client(lab)
    client.sign_in("auditor")
    answer, text = client.ask("GET", f"/retention/{disposal['id']}/certificate")
    assert answer.status == 200 and disposal["id"] in text and "RC-2026-17" in text
    assert client.ask("POST", f"/retention/{disposal['id']}/approve", {"csrf": client.csrf("/account"), "why": "x", "sure": "yes"})[0].status == 403
