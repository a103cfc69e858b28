"""Every page that a link leads to, for every role, in both languages: it answers, is whole HTML under the page's policy, in words and not in their
keys, with nothing from outside; and one page of each kind in the browser, as axe-core sees it."""
import collections
import html.parser
import json
import re

import pytest
from consolelab import ACCOUNTS, Client, ConsoleLab, words
from demo import ANN, send_all
from lab import TOP, wait_for

KEYS = set(words())
VOID = {"meta", "link", "input", "br", "img", "hr", "line", "rect", "path", "circle", "col"}
MOST = 250
ULID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.links, self.outside, self.scripts, self.words, self.open, self.ids, self.twice, self.wrong = [], [], [], [], [], set(), set(), []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "a" and (attrs.get("href") or "").startswith("/"):
            self.links.append(attrs["href"].split("#")[0])
        for name in ("href", "src", "action", "formaction", "data"):
            value = attrs.get(name) or ""
            if re.match(r"(?:[a-z]+:)?//|[a-z]+:", value) and not re.match(r"data:(?:image/|,$)", value):
                self.outside.append(value)
        if "style" in attrs or any(name.startswith("on") for name in attrs):
            self.scripts.append(f"<{tag} {attrs}>")
        if "id" in attrs:
            if attrs["id"] in self.ids:
                self.twice.add(attrs["id"])
            self.ids.add(attrs["id"])

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data):
        if self.open and self.open[-1] == "script" and data.strip():
            self.scripts.append(data)
        self.words.append(data.strip())


@pytest.fixture(scope="module")
def lab():
    lab = ConsoleLab(archivist=True, settings={"notice": "per_sender_hour = 1000;", "archive": "checkpoint_s = 1;",
                                               "cases": f'clocks = "{TOP}/conf/clocks.conf"; letters = "{TOP}/conf/letters";'})
    lab.start()
    lab.add_users()
    lab.chaperone("exception", "add", "--id", "EX-TRIP", "--kind", "trip", "--staff", ANN, "--student", "*", "--value", "*",
                  "--from", "2026-01-01", "--until", "2099-01-01", "--approver", "bcarter@" + ANN.split("@")[1])
    send_all(lab)
    wait_for("the index", lambda: (f := lab.json("search", "subject:homework"))["indexed"] == f["archived"] > 0, 60, 0.5)
    case = lab.chaperone("case", "new", "--title", "Mail about practice", "--requester", "A parent", "--clock", "massachusetts",
                         who="records").strip()
    lab.chaperone("case", "search", case, "subject:practice", who="records")
    held = [h["id"] for h in lab.held()]
    lab.chaperone("quarantine", "release", held[0], "--reason", "checked", who="kim")
    yield lab
    lab.stop()


def kind_of(path):
    """A path with what is of one thing only taken out."""
    path = ULID.sub("*", path.split("?")[0])
    return re.sub(r"^/(policy/rule|cases|static)/[^/]+|/(exceptions)/EX-[^/]+", r"/\1\2/*", path)


def crawl(client, language):
    """Path -> text of every page that links lead to; a few of each kind."""
    waiting, seen, kinds, pages = collections.deque(["/"]), {"/"}, collections.Counter(), {}
    while waiting and len(pages) < MOST:
        path = waiting.popleft()
        answer, text = client.ask("GET", path, headers={"Accept-Language": language})
        if answer.status in (302, 303):
            following = [answer.headers["Location"]]
        else:
            assert answer.status == 200, f"{path}: {answer.status}\n{text[-1500:]}"
            if "text/html" not in answer.headers["Content-Type"]:
                assert answer.headers["Content-Disposition"].startswith("attachment"), path
                continue
            pages[path] = (answer, text)
            following = Page(text).links
        for link in following:
            if link not in seen and not link.startswith("/sign-out"):
                seen.add(link)
                kinds[kind_of(link), "?" in link] += 1
                if kinds[kind_of(link), "?" in link] <= 3:
                    waiting.append(link)
    return pages


@pytest.mark.parametrize("name", sorted(ACCOUNTS))
def test_every_link_leads_to_a_sound_page(lab, name):
    client = Client(lab)
    client.sign_in(name)
    counts = []
    for language in ("en", "es"):
        pages = crawl(client, language)
        counts.append(len(pages))
        for path, (answer, text) in pages.items():
            page = Page(text)
            csp = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in csp and "unsafe" not in csp, path
            assert not page.outside and not page.scripts, f"{path}: {page.outside} {page.scripts}"
            assert not page.wrong and not page.open, f"{path}: {page.wrong} {page.open}"
            assert not page.twice, f"{path}: ids that stand twice: {page.twice}"
            bare = {word for word in page.words if word in KEYS and "." in word}
            assert not bare, f"{path}: keys instead of words: {bare}"
            assert re.search(rf'<html lang="{language}"', text), path
    assert min(counts) > 5 and abs(counts[0] - counts[1]) <= 2, counts


def test_one_page_of_each_kind_in_the_browser(lab, browser, accessible):
    seen = set()
    for name in ("kim", "records", "auditor", "approver"):
        client = Client(lab)
        client.sign_in(name)
        kinds = {kind_of(path): path for path in crawl(client, "en")}
        page = lab.as_user(browser, name, colorScheme="dark" if name in ("records", "approver") else "light")
        for kind in sorted(set(kinds) - seen):
            page.goto(lab.url + kinds[kind])
            accessible(page)
        seen |= set(kinds)
    assert len(seen) > 30, seen
