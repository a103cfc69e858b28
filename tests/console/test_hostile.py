"""Hostile HTML mail (hostile/*.eml) as reviewers see it, in a real browser with scripts on: nothing runs, loads or leaves the frame."""
import glob
import hashlib
import os
import re

import pytest
from consolelab import ConsoleLab, words
from demo import BEN, JONAH
from lab import wait_for

HERE = os.path.dirname(os.path.abspath(__file__))
WORDS = words()
CORPUS = sorted(os.path.splitext(os.path.basename(p))[0] for p in glob.glob(os.path.join(HERE, "hostile", "*.eml")))
CELL = "508-555-0142"
# What a document could act with, and what we never write.
WORKING = ("script,style:not(head > style),link,meta:not([charset]),base,a,area,form,input,button,select,textarea,iframe,frame,frameset,object,embed,applet,"
           "video,audio,source,track,svg,math,template,noscript,marquee,details,dialog,portal,[id],[name],[style],[href],[action],"
           "[srcset],[background],[tabindex],[accesskey],[contenteditable],[autofocus],[draggable],[target]")


def raw_of(name):
    with open(os.path.join(HERE, "hostile", name + ".eml"), "rb") as f:
        return f.read()


@pytest.fixture(scope="module")
def lab():
    lab = ConsoleLab(settings={"notice": "per_sender_hour = 1000;"})
    lab.start()
    lab.add_users()
    yield lab
    lab.stop()


@pytest.fixture(scope="module")
def held(lab):
    """Name of the corpus' message -> id."""
    ids = {}
    for name in CORPUS:
        known = {h["id"] for h in lab.held()}
        assert lab.send(BEN, [JONAH], raw_of(name))[0] == 250
        (ids[name],) = {h["id"] for h in lab.held()} - known
    return ids


def frame_of(page):
    """The one frame of the page, loaded."""
    def found():
        frames = page.frames()
        return frames[1] if len(frames) == 2 and frames[1].evaluate("document.readyState") == "complete" else None
    return wait_for("the frame", found)


def settle(page):
    """Clicks and moves where handlers might wait for it, and gives what is late a while."""
    page.mouse.move(300, 300)
    box = page.locator("iframe").boundingBox() if page.locator("iframe").count() else {"x": 100, "y": 50, "width": 200, "height": 200}
    for part in (0.1, 0.3, 0.5):
        page.mouse.click(box["x"] + 40, box["y"] + box["height"] * part)
    page.waitForTimeout(400)


def harmless(lab, browser, page, url):
    log = browser.log(page)
    assert log["errors"] == []
    away = [r for r in log["requests"] if not (r.startswith(lab.url + "/") or r.startswith("data:image/"))]
    assert away == []
    assert page.url() == url and len(page.context().pages()) == 1
    assert page.context().cookies()[0]["value"] != "taken"


def nothing_works(frame):
    assert frame.evaluate(f"[...document.querySelectorAll({WORKING!r})].map((one) => one.outerHTML)") == []
    handlers = "[...document.querySelectorAll('*')].flatMap((one) => [...one.attributes]).filter((a) => /^on/i.test(a.name)).length"
    assert frame.evaluate(handlers) == 0
    sources = frame.evaluate("[...document.images].map((one) => one.getAttribute('src'))")
    assert all(re.match(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+$", one) for one in sources)


@pytest.mark.parametrize("name", CORPUS)
def test_in_the_item(lab, browser, held, name):
    page = lab.as_user(browser, "kim")
    url = lab.url + f"/queue/{held[name]}?tab=html&pictures=clear"
    page.goto(url)
    frame = frame_of(page)
    title = page.title()
    nothing_works(frame)
    assert CELL in frame.evaluate("document.body.innerText")
    assert "The end." in frame.evaluate("document.body.innerText") or name == "nesting"
    settle(page)
    assert page.title() == title and len(page.frames()) == 2
    harmless(lab, browser, page, url)


@pytest.mark.parametrize("name", CORPUS)
def test_by_itself(lab, browser, held, name):
    """Whoever opens the frame as a page has no more than its sandbox."""
    page = lab.as_user(browser, "kim")
    url = lab.url + f"/queue/{held[name]}/html?pictures=clear"
    policy = page.goto(url).headers()["content-security-policy"]
    assert policy.startswith("sandbox;") and "allow-" not in policy and "default-src 'none'" in policy
    assert page.title() == WORDS["html.frame"]
    nothing_works(page)
    settle(page)
    harmless(lab, browser, page, url)


@pytest.mark.parametrize("name", ["scripts", "handlers", "svg-mathml", "broken", "links", "styles", "pictures"])
def test_the_corpus_bites(browser, name):
    """The same HTML without the console does what it must not: what the other tests look for can be seen."""
    raw = raw_of(name).decode()
    html = raw[raw.index("<html>"):raw.rindex("</html>") + 7]
    page = browser.page()
    page.setContent(html, {"waitUntil": "domcontentloaded"})
    page.waitForTimeout(300)
    log = browser.log(page)
    if name == "links":
        assert page.evaluate("document.links.length") > 5
    else:
        assert log["errors"] or any("collector" in r for r in log["requests"])


def test_links_and_the_hidden_are_seen(lab, browser, held):
    page = lab.as_user(browser, "kim")
    page.goto(lab.url + f"/queue/{held['links']}?tab=html")
    text = frame_of(page).evaluate("document.body.innerText")
    assert "Here [http://collector.example.net/here]" in text and "[javascript:alert('data')" not in text
    assert "[javascript:alert('link')]" in text and "[http://office.example.org@collector.example.net/]" in text
    page.goto(lab.url + f"/queue/{held['styles']}?tab=html")
    assert frame_of(page).evaluate("document.querySelector('.unseen').innerText") == "hidden words"
    page.goto(lab.url + f"/queue/{held['entities-bidi']}?tab=html")
    text = frame_of(page).evaluate("document.body.innerText")
    assert "<script>alert('entities')</script>" in text and "invoice[U+202E]fdp.exe" in text and "zero[U+200B]width" in text
    page.goto(lab.url + f"/queue/{held['nesting']}?tab=html")
    assert WORDS["html.cut"] in frame_of(page).evaluate("document.body.innerText")


def pictures(frame):
    return frame.evaluate("[...document.images].map((one) => [one.alt, one.className, one.naturalWidth])")


def test_pictures_only_when_asked(lab, browser, held, accessible):
    page = lab.as_user(browser, "kim")
    page.goto(lab.url + f"/queue/{held['pictures']}?tab=html")
    assert pictures(frame_of(page)) == [] and "[http://collector.example.net/tracker.gif]" in frame_of(page).evaluate("document.body.innerText")
    accessible(page)
    page.click(f"text={WORDS['html.pictures']}")
    frame = wait_for("blurred pictures", lambda: (f := frame_of(page)) and pictures(f) and f)
    assert pictures(frame) == [["one", "blur", 8], ["data", "blur", 8]]
    assert frame.evaluate("getComputedStyle(document.images[0]).filter").startswith("blur(")
    page.click(f"text={WORDS['html.clear']}")
    frame = wait_for("clear pictures", lambda: (f := frame_of(page)) and pictures(f) == [["one", "", 8], ["data", "", 8]] and f)
    assert frame.evaluate("getComputedStyle(document.images[0]).filter") == "none"
    views = [e["detail"]["what"] for e in lab.events("view") if e["record"] == held["pictures"] and e["who"] == "kim"]
    assert {"html", "html with blurred pictures", "html with pictures"} <= set(views)


def test_without_script_the_frame_is_there(lab, browser, held):
    page = lab.as_user(browser, "kim", javaScriptEnabled=False)
    page.goto(lab.url + f"/queue/{held['styles']}?tab=html")
    assert page.locator("iframe.mail").getAttribute("sandbox") == ""
    assert CELL in page.frameLocator("iframe.mail").locator("body").innerText()


def test_files_are_handed_out_for_a_reason(lab, browser, held, accessible):
    id_ = held["pictures"]
    page = lab.as_user(browser, "kim")
    page.goto(lab.url + f"/queue/{id_}?tab=attachments")
    accessible(page)
    assert "<b>page.html" in page.innerText(".message")
    actions = page.locator("form[action*='/part/']")
    assert actions.count() >= 1
    form = actions.last()
    page.click(f"details:has(form[action='{form.getAttribute('action')}']) summary")
    accessible(page)
    csrf = form.locator("[name=csrf]").inputValue()
    answer = page.context().request().post(lab.url + form.getAttribute("action"), {"form": {"csrf": csrf, "reason": " "}})
    assert answer.status() == 400
    before = len(lab.events("view"))
    answer = page.context().request().post(lab.url + form.getAttribute("action"), {"form": {"csrf": csrf, "reason": "to look at the page"}})
    body, headers = answer.body(), answer.headers()
    assert answer.status() == 200 and headers["content-type"] == "application/octet-stream" and headers["x-content-type-options"] == "nosniff"
    assert headers["content-disposition"].startswith("attachment;") and "<" not in headers["content-disposition"]
    view = lab.events("view")[-1]
    assert len(lab.events("view")) == before + 1
    assert view["who"] == "kim" and view["detail"]["reason"] == "to look at the page" and hashlib.sha256(body).hexdigest() in view["detail"]["what"]


def test_the_message_itself(lab, browser, held):
    id_ = held["pictures"]
    page = lab.as_user(browser, "lee")
    page.goto(lab.url + f"/queue/{id_}?tab=attachments")
    csrf = page.locator("[name=csrf]").first().inputValue()
    assert page.goto(lab.url + f"/queue/{id_}/raw").status() == 405
    request = page.context().request()
    assert request.post(lab.url + f"/queue/{id_}/raw", {"form": {"csrf": csrf}}).status() == 400
    assert request.post(lab.url + f"/queue/{id_}/raw", {"form": {"reason": "x"}}).status() == 403
    answer = request.post(lab.url + f"/queue/{id_}/raw", {"form": {"csrf": csrf, "reason": "the parent asks"}})
    assert answer.status() == 200 and answer.headers()["content-disposition"] == f'attachment; filename="{id_}.eml"'
    assert b"<script>alert('attached')</script>" in answer.body()
    assert [e["detail"]["reason"] for e in lab.events("view") if e["record"] == id_ and e["detail"]["what"] == "raw"] == ["the parent asks"]
    admin = lab.as_user(browser, "admin")
    assert admin.goto(lab.url + f"/queue/{id_}/html").status() == 403
