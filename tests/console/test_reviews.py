"""What people look at beside held messages, in the browser: the list, one item with its record, steps, conflicts of interest, schools."""
import subprocess
import uuid

import pytest
from consolelab import ConsoleLab, words
from demo import BEN, JONAH
from lab import BUILD, message

WORDS = words()
POLICY = """
name = "review";
version = 1;
patterns: { window-days = 30; weights: { one-to-one = 1.0; late = 0.5; image-only = 3.0; near-miss = 4.0; }; alert = 3.0; baseline = false; };
escalations: { mandated-report: { contacts = [ "duty@example.org" ]; hours = 24; legal-hold = true; }; };
rules: (
    { name = "looked-at"; clause = "T 1"; gist = "Somebody is to look at this"; action = "deliver"; alert = true;
      when: { header: { name = "X-Try"; value = [ "alert*" ]; }; }; },
    { name = "to-report"; clause = "T 2"; gist = "This may have to be reported"; action = "tag"; alert = true; escalate = "mandated-report";
      when: { header: { name = "X-Try"; value = [ "report*" ]; }; }; },
    { name = "kept-back"; clause = "T 3"; gist = "Kept back"; action = "hold"; when: { header: { name = "X-Try"; value = [ "hold*" ]; }; }; }
);
"""


@pytest.fixture(scope="module")
def lab():
    lab = ConsoleLab()
    lab.settings["policy"] = f'file = "{lab.path("opt/policies/review.conf")}";'
    lab.prepare()
    lab.write("opt/policies/review.conf", POLICY)
    lab.chaperone("roster", "import", lab.path("import"))
    lab.start_programs()
    lab.add_users()
    lab.add_user(BEN, "reviewer", ["*"])
    lab.add_user("elsewhere", "reviewer", ["no-such-school"])
    yield lab
    lab.stop()


def alert(lab, kind="alert"):
    """A delivered message that a rule wants looked at: the tag in it, and its item."""
    tag = uuid.uuid4().hex
    assert lab.send(BEN, [JONAH], message(BEN, JONAH, f"Plan {tag}", f"The plan for Monday {tag}.", [f"X-Try: {kind}"]))[0] == 250
    done = subprocess.run([f"{BUILD}/chaperone-archivist", "--config", lab.config, "--once", "--foreground"], capture_output=True,
                          text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    wanted = "escalation" if kind == "report" else "alert"
    (item,) = [i for i in lab.json("review", "list", "--kind", wanted, "--state", "any") if tag in (i["summary"].get("subject") or "")]
    return tag, item["id"]


def item_of(lab, id_):
    return lab.json("review", "show", id_)


def steps(lab, id_):
    return [(s["who"], s["step"], s["why"]) for s in item_of(lab, id_)["steps"]]


def act(page, step, **fields):
    """Opens a step's form, fills it and sends it."""
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true;")
    for name, text in fields.items():
        page.fill(f'form[action$="/{step}"] [name={name}]', text)
    page.click(f'form[action$="/{step}"] button')


@pytest.mark.parametrize("script", [True, False])
def test_the_list(lab, browser, accessible, script):
    _, id_ = alert(lab)
    page = lab.as_user(browser, "kim", javaScriptEnabled=script)
    page.goto(lab.url + "/reviews?kind=alert")
    assert page.locator(f'#reviews a[href="/reviews/{id_}"]').count() == 1
    text = page.innerText("#reviews")
    assert "Somebody is to look at this" in text and BEN not in text and JONAH not in text
    if script:
        accessible(page)
    values = page.evaluate("[...document.querySelectorAll('select[name=school] option')].map((one) => one.value)")
    found = []
    for school in values[1:]:
        page.goto(lab.url + f"/reviews?kind=alert&school={school}")
        found += [school] * page.locator(f'#reviews a[href="/reviews/{id_}"]').count()
    assert 0 < len(found) < len(values) - 1
    for query in ("kind=concern", "kind=alert&state=closed", "kind=alert&claimed=mine"):
        page.goto(lab.url + "/reviews?" + query)
        assert page.locator(f'#reviews a[href="/reviews/{id_}"]').count() == 0, query


def test_one_item_and_its_record(lab, browser, accessible):
    tag, id_ = alert(lab)
    page = lab.as_user(browser, "kim")
    page.goto(lab.url + f"/reviews/{id_}")
    accessible(page)
    assert "looked-at" in page.innerText(".facts") and BEN not in page.innerText("main")
    (record,) = [r["record"] for r in item_of(lab, id_)["records"]]
    page.click(f'a:has-text("{record}")')
    accessible(page)
    assert f"The plan for Monday {tag}." in page.innerText(".lines")
    page.goto(lab.url + f"/reviews/{id_}?record={record}&tab=headers")
    assert "Message-ID" in page.innerText("main")
    views = [e["detail"] for e in lab.events("view") if e["record"] == record]
    assert {v["what"] for v in views} == {"text", "headers"} and all(v["matter"] == id_ for v in views)
    # Only records of the item are shown in it.
    other = next(r["id"] for r in lab.records() if r["id"] != record)
    assert page.goto(lab.url + f"/reviews/{id_}?record={other}").status() == 404
    page.goto(lab.url + f"/reviews/{id_}")
    act(page, "names", why="to call the parents")
    assert BEN in page.innerText("main")
    assert [e["who"] for e in lab.events("names-revealed") if e["record"] == id_] == ["kim"]


def test_steps(lab, browser, accessible):
    _, id_ = alert(lab, "report")
    kim, lee = (lab.as_user(browser, name) for name in ("kim", "lee"))
    kim.goto(lab.url + f"/reviews/{id_}")
    accessible(kim)
    assert WORDS["review.report-by"] in kim.innerText(".facts") and WORDS["review.kept"] in kim.innerText(".facts")
    assert kim.locator('form[action$="/keep"]').count() == 0
    act(kim, "claim")
    act(kim, "contact", why="Hotline, 508-555-0199, no answer")
    assert WORDS["said.contact"] in kim.innerText("main")
    # Who has not claimed it cannot close it, but can take it over with words.
    lee.goto(lab.url + f"/reviews/{id_}")
    assert lee.locator('form[action$="/close"]').count() == 0
    act(lee, "claim", why="kim is away")
    act(lee, "close", why="It was reported.", told="The hotline, reference 4711")
    assert WORDS["said.closed"] in lee.innerText("main") and lee.locator(".deciding").count() == 0
    item = item_of(lab, id_)
    assert item["state"] == "closed" and item["told"] == "The hotline, reference 4711"
    done = steps(lab, id_)
    assert ("kim", "contact", "Hotline, 508-555-0199, no answer") in done and ("lee", "claimed", "kim is away") in done
    assert [e["who"] for e in lab.events("review-contact") if e["detail"]["item"] == id_] == ["kim"]


def test_given_to_somebody_and_put_on_hold(lab, browser):
    _, id_ = alert(lab)
    page = lab.as_user(browser, "kim")
    page.goto(lab.url + f"/reviews/{id_}")
    # Nobody who is in it is among those it may be given to, nor who sees other schools only.
    values = page.evaluate("[...document.querySelectorAll('select[name=to] option')].map((one) => one.value)")
    assert "lee" in values and "approver" in values and not {BEN, "elsewhere", "admin"} & set(values)
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true;")
    page.selectOption("select[name=to]", "lee")
    act(page, "assign", why="your school")
    assert item_of(lab, id_)["claimed_by"] == "lee" and ("kim", "assigned", "to lee: your school") in steps(lab, id_)
    act(page, "keep", why="a complaint is expected")
    item = item_of(lab, id_)
    assert item["legal_hold"]
    (record,) = [r["record"] for r in item["records"]]
    assert [e["record"] for e in lab.events("legal-hold") if e["detail"]["item"] == id_] == [record]
    # Its record is kept from disposal now.
    lab.chaperone("hold", "refresh")
    assert any(id_ in h["matter"] for h in lab.json("hold", "list"))


def test_who_is_in_it_does_not_see_it(lab, browser):
    _, id_ = alert(lab)
    for name in (BEN, "elsewhere"):
        page = lab.as_user(browser, name)
        page.goto(lab.url + "/reviews")
        assert page.locator(f'#reviews a[href="/reviews/{id_}"]').count() == 0
        assert page.goto(lab.url + f"/reviews/{id_}").status() == 403
    page = lab.as_user(browser, "admin")
    assert page.goto(lab.url + "/reviews").status() == 403


def test_a_pattern_over_time(lab, browser, accessible):
    for _ in range(3):
        assert lab.send(BEN, [JONAH], message(BEN, JONAH, "Plan", "The plan for Tuesday."))[0] == 250
    alert(lab)
    (item,) = lab.json("review", "list", "--kind", "pattern")
    page = lab.as_user(browser, "kim")
    page.goto(lab.url + "/reviews?kind=pattern")
    page.click(f'#reviews a[href="/reviews/{item["id"]}"]')
    accessible(page)
    counts = item["summary"]["counts"]
    assert f'{item["summary"]["score"]:.1f}' in page.innerText("h1")
    assert f'{WORDS["sign.one-to-one"]}: {counts["one-to-one"]}' in page.innerText(".facts") and counts["one-to-one"] >= 4
    assert BEN not in page.innerText("main") and JONAH not in page.innerText("main")


def test_the_score_stands_in_the_history_of_the_two(lab, browser, accessible):
    assert lab.send(BEN, [JONAH], message(BEN, JONAH, "Plan", "The plan.", ["X-Try: hold"]))[0] == 250
    alert(lab)
    (held,) = lab.held()
    page = lab.as_user(browser, "kim")
    page.goto(lab.url + f"/queue/{held['id']}?tab=history")
    accessible(page)
    (pair,) = lab.json("review", "pairs")
    assert f"{pair['score']:.1f}" in page.innerText("#score") and pair["score"] > 3
    row = [int(one) for one in page.evaluate("[...document.querySelectorAll('#days tbody tr:first-child td')].map((one) => one.textContent)")]
    assert row[0] == pair["counts"]["one-to-one"] and row[1] == pair["by_staff"]
