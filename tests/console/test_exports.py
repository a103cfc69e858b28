"""Searching within a request and what runs in the background: searches taken in, exports watched, cancelled, gone on with, handed out."""
import hashlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import zipfile

import pytest
from caselab import case, events, filled, lab, new, records, shown  # noqa: F401  (lab: the fixture)
from consolelab import Client, path_of, words
from demo import MIA
from lab import BUILD, TOP, wait_for

WORDS = words()
VERIFY = os.path.join(TOP, "contrib/verify/chaperone_verify.py")


def until(page, state):
    """Loads the page again until the job is there."""
    def there():
        page.reload()
        return page.innerText("#job-state") == WORDS[f"job.state.{state}"]
    wait_for(f"the job is {state}", there, 60, 0.5)


def ready(lab):
    """A request whose records are decided about: 2 responsive, 1 redacted, 1 exempt."""
    id_ = filled(lab)
    for record in records(lab, id_):
        what = {"Re: Roof": ("redact", "--code", "FERPA"), "<b>Lunch</b>": ("exempt", "--code", "(c)", "--reason", "Private")}
        case(lab, "review", id_, record["record"], "--what", *what.get(record["subject"], ("responsive",)))
        if record["subject"] == "Re: Roof":
            path = lab.path(f"{id_}.json")
            subprocess.run([f"{BUILD}/chaperone", "redact", "propose", record["record"], "--config", lab.config, "--out", path], check=True,
                           capture_output=True)
            subprocess.run([f"{BUILD}/chaperone", "redact", "apply", record["record"], "--config", lab.config, "--in", path, "--out", path,
                            "--code", "FERPA", "--words", "Jonah"], check=True, capture_output=True)
            case(lab, "redact", id_, record["record"], path)
    return id_


@pytest.mark.parametrize("script", [True, False])
def test_searching_and_taking_in(lab, browser, accessible, script):
    id_ = new(lab)
    page = lab.as_user(browser, "records", javaScriptEnabled=script)
    page.goto(lab.url + f"/search?case={id_}")
    if script:
        accessible(page)
    page.fill("#q", "roof OR chapter")
    page.click("main form button.main")
    assert page.locator("#hits tbody tr").count() == 5 and "<b>Lunch</b>" in page.innerText("#hits")
    assert re.search(r"\d+ of \d+ records", page.innerText("#coverage"))
    if script:
        accessible(page)
        page.click("summary")
    else:
        page.goto(lab.url + f"/search?case={id_}&q=roof+OR+chapter&subject=Roof")
    if script:
        page.fill("#subject", "Roof")
        page.click("main form button.main")
    assert page.innerText("#asked") == '(roof OR chapter) subject:"Roof"' and page.locator("#hits tbody tr").count() == 3
    assert MIA not in page.innerText("#hits")
    page.check("[name=lines]")
    page.click("main form button.main")
    text = page.innerText("#hits")
    assert MIA in text and "The budget committee met on Monday to talk about the roof" in text
    (view,) = [e["detail"] for e in lab.events("view") if e["detail"].get("matter") == id_]
    assert len(view["records"]) == 3
    asked = events(lab, "search", id_)
    assert [e["detail"]["found"] for e in asked] == [5, 3, 3] and {e["who"] for e in asked} == {"records"}
    page.click(f'form[action="/cases/{id_}/search"] button')
    until(page, "done")
    assert len(records(lab, id_)) == 3 and shown(lab, id_)["searches"][0]["who"] == "records"
    assert "3" in page.innerText("#result")
    if script:
        accessible(page)


def test_a_wrong_query_is_told(lab, browser, accessible):
    id_ = new(lab)
    page = lab.as_user(browser, "records")
    page.goto(lab.url + f"/search?case={id_}&q=roof+AND+colour:red")
    assert "no such field" in page.innerText("#wrong") and page.locator("#hits").count() == 0
    accessible(page)
    assert events(lab, "search", id_) == []


def test_who_may_search(lab, browser):
    id_ = new(lab)
    for name in ("kim", "admin", "holds", "approver"):
        assert lab.as_user(browser, name).goto(lab.url + f"/search?case={id_}&q=roof").status() == 403
    page = lab.as_user(browser, "auditor")
    assert page.goto(lab.url + f"/search?case={id_}&q=roof").status() == 403
    assert page.goto(lab.url + "/search").status() == 200 and id_ not in page.innerText("main")
    case(lab, "close", id_, "--reason", "Withdrawn")
    assert lab.as_user(browser, "records").goto(lab.url + f"/search?case={id_}&q=roof").status() == 403
    assert events(lab, "search", id_) == []


def test_an_export(lab, browser, accessible):
    id_ = filled(lab)
    page = lab.as_user(browser, "records")
    page.goto(lab.url + f"/cases/{id_}/exports")
    assert WORDS["exports.undecided"].replace("{n}", "4") in page.innerText("main")
    page.fill("#reason", "The request")
    page.click("main form.narrow button.main")
    assert "decide about" in page.innerText("main") and not os.path.exists(lab.path("var", "archive", "exports", id_))
    id_ = ready(lab)
    page = lab.as_user(browser, "records")
    page.goto(lab.url + f"/cases/{id_}/exports")
    accessible(page)
    page.fill("#reason", "The request")
    page.click("main form.narrow button.main")
    until(page, "done")
    accessible(page)
    job = path_of(page)
    text = page.innerText("#result")
    (made,) = shown(lab, id_)["exports"]
    assert (made["full"], made["redacted"], made["withheld"], made["who"]) == (2, 1, 1, "records") and made["manifest"] in text
    # What is handed out is the bag that was told of, and it is right.
    client = Client(lab)
    client.sign_in("records")
    csrf = client.csrf(job)
    got = download(client, job + "/zip", {"csrf": csrf})
    with zipfile.ZipFile(io.BytesIO(got)) as whole:
        assert whole.testzip() is None
        whole.extractall(lab.path("out"))
    bag = lab.path("out", id_)
    with open(os.path.join(bag, "tagmanifest-sha256.txt"), "rb") as f:
        assert hashlib.sha256(f.read()).hexdigest() == made["manifest"]
    checked = subprocess.run([sys.executable, VERIFY, "bag", bag, "--key", os.path.join(bag, "log.pub")], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    everything = b"".join(open(os.path.join(d, f), "rb").read() for d, _, names in os.walk(bag) for f in names)
    assert b"415-555-0142" not in everything and b"is not for lunch" not in everything
    name = page.locator("#files th[scope=row]").first().innerText()
    with open(os.path.join(bag, name), "rb") as f:
        assert download(client, job + "/file", {"csrf": csrf, "file": name}) == f.read()
    for wrong in ("../job.json", "/etc/passwd", "bagit.txt/../../job.json", ""):
        assert client.ask("POST", job + "/file", {"csrf": csrf, "file": wrong})[0].status == 404, wrong
    out = events(lab, "export-handed-out", id_)
    assert [e["detail"]["file"] for e in out] == [f"{id_}.zip", name] and out[0]["detail"]["manifest"] == made["manifest"]
    # Gone from here, known still.
    page.click('form[action$="/delete"] button')
    assert page.locator('form[action$="/zip"]').count() == 0 and made["manifest"] in page.innerText("#result")
    left = os.listdir(lab.path("var", "archive", "exports", id_, job.rsplit("/", 1)[1]))
    assert sorted(left) == ["job.json", "lock", "progress.json", "result.json"]
    assert client.ask("POST", job + "/zip", {"csrf": csrf})[0].status == 404


def download(client, path, form):
    import http.client
    import urllib.parse
    link = http.client.HTTPConnection("127.0.0.1", client.lab.console_port, timeout=30)
    link.request("POST", path, urllib.parse.urlencode(form), {"Cookie": "; ".join(f"{k}={v}" for k, v in client.cookies.items()),
                                                              "Content-Type": "application/x-www-form-urlencoded"})
    answer = link.getresponse()
    body = answer.read()
    assert answer.status == 200, body
    assert answer.headers["Content-Type"] == "application/octet-stream" and answer.headers["Content-Disposition"].startswith("attachment")
    return body


def test_one_is_cancelled_and_gone_on_with(lab, browser, accessible):
    """Both places are taken, so that it waits for its turn as long as we like."""
    import fcntl
    id_ = ready(lab)
    os.makedirs(lab.path("var", "archive", "exports"), exist_ok=True)
    slots = [open(lab.path("var", "archive", "exports", f"slot-{i}.lock"), "w") for i in range(2)]
    for slot in slots:
        fcntl.flock(slot, fcntl.LOCK_EX)
        os.chmod(slot.name, 0o666)
    page = lab.as_user(browser, "records")
    page.goto(lab.url + f"/cases/{id_}/exports")
    page.fill("#reason", "The request")
    page.click("main form.narrow button.main")
    job = path_of(page)
    assert page.innerText("#job-state") == WORDS["job.state.running"] and page.locator("#job progress").count() == 1
    accessible(page)
    # A second one of the kind is refused.
    client = Client(lab)
    client.sign_in("records")
    csrf = client.csrf(job)
    assert client.ask("POST", f"/cases/{id_}/exports", {"csrf": csrf, "reason": "Again"})[0].status == 503
    page.goto(lab.url + job)
    page.click('form[action$="/cancel"] button')
    until(page, "cancelled")
    assert [e["who"] for e in events(lab, "job-cancelled", id_)] == ["records"] and shown(lab, id_)["exports"] == []
    page.click('form[action$="/again"] button')
    assert page.innerText("#job-state") == WORDS["job.state.running"]
    # Killed where it waits, it is told as broken off, and goes on too.
    workers = [int(p) for p in os.listdir("/proc") if p.isdigit() and job.rsplit("/", 1)[1] in cmdline(p)]
    assert len(workers) == 1
    os.kill(workers[0], signal.SIGKILL)
    until(page, "broken")
    for slot in slots:
        slot.close()
    page.click('form[action$="/again"] button')
    until(page, "done")
    assert len(shown(lab, id_)["exports"]) == 1


def cmdline(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            return f.read().decode(errors="replace")
    except OSError:
        return ""


def test_the_page_changes_by_itself(lab, browser):
    id_ = ready(lab)
    page = lab.as_user(browser, "records")
    page.goto(lab.url + f"/cases/{id_}/exports")
    page.fill("#reason", "The request")
    page.click("main form.narrow button.main")
    wait_for("the state to change", lambda: page.innerText("#job-state") == WORDS["job.state.done"], 60, 0.5)
