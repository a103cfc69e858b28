"""A laboratory with a console: accounts of every role, and signing in."""
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))

from lab import TOP, Lab, free_port  # noqa: E402

PASSWORD = "a long way to the library"
# Name -> roles and schools ("*" = all).
ACCOUNTS = {
    "admin": ("mail-admin", []),
    "kim": ("reviewer", ["*"]),
    "lee": ("reviewer", ["*"]),
    "records": ("records-officer", ["*"]),
    "holds": ("hold-manager", ["*"]),
    "auditor": ("auditor", ["*"]),
    "approver": ("approver", ["*"]),
    "glass": ("break-glass,reviewer", ["*"]),
}


class ConsoleLab(Lab):
    """Lab with chaperone-console. `with_mail` False: no Postfix, no milter, for pages that need none."""

    def __init__(self, with_mail=True, **kwargs):
        super().__init__(**kwargs)
        self.with_mail, self.console_port, self.console = with_mail, free_port(), None
        self.console_log = os.path.join(self.dir, "console.log")
        self.cookies = {}  # of those who signed in
        self.url = f"http://127.0.0.1:{self.console_port}"
        self.settings = {**(self.settings or {})}
        self.settings["console"] = (f'listen = "127.0.0.1:{self.console_port}"; database = "{self.path("var/console.db")}";'
                                    f' dir = "{self.path("opt/console")}"; docket = "{self.path("var/docket.db")}"; requests_minute = 1000000; '
                                    + self.settings.get("console", ""))
        self.settings["review"] = f'key_file = "{self.path("var/review.key")}"; ' + self.settings.get("review", "")

    def put_files(self):
        super().put_files()
        target = self.path("opt", "console")
        os.makedirs(target, exist_ok=True)
        source = os.path.join(TOP, "milter", "console", "static")
        for name in os.listdir(source):
            with open(os.path.join(source, name), "rb") as f, open(os.path.join(target, name), "wb") as to:
                to.write(f.read())

    def start_programs(self):
        if self.with_mail:
            super().start_programs()
        self.start_console()
        return self

    def start_console(self):
        self.console, until_ready = self.spawn("chaperone-console", self.console_log, args=("--foreground",))
        until_ready()

    def stop_console(self, how=signal.SIGTERM):
        if self.console is None:
            return None
        if self.console.poll() is None:
            self.console.send_signal(how)
        code = self.console.wait(60)
        self.console = None
        return code

    def stop(self, keep=False):
        if self.console is not None and not self.stopping:
            try:
                self.stop_console()
            except subprocess.TimeoutExpired:
                self.console.kill()
                self.console.wait()
        super().stop(keep)

    # ---- accounts --------------------------------------------------------------------------------------------------

    def add_user(self, name, roles, schools=(), password=PASSWORD, **options):
        more = [word for school in schools for word in ("--school", school)]
        more += [word for key, value in options.items() for word in (f"--{key}", value)]
        if password:
            more.append("--password-stdin")
        return self.chaperone("user", "add", name, "--roles", roles, *more, input=password)

    def add_users(self):
        for name, (roles, schools) in ACCOUNTS.items():
            self.add_user(name, roles, schools)

    def sign_in(self, page, name, password=PASSWORD):
        """Signs in by the form; the page is where that leads to."""
        page.goto(self.url + "/sign-in")
        page.fill("#name", name)
        page.fill("#password", password)
        page.click("main button[type=submit]")
        return page

    def as_user(self, browser, name, fresh=False, **options):
        """A page of its own context, signed in, not yet anywhere: as one did before, `fresh` = with a session of its own."""
        if name in self.cookies and not fresh:
            return browser.page(storageState={"cookies": self.cookies[name], "origins": []}, **options)
        page = browser.page(**options)
        self.sign_in(page, name)
        if urllib.parse.urlsplit(page.url()).path != "/":
            raise RuntimeError(f"{name} was not signed in: {page.url()}\n{page.innerText('main')}")
        self.cookies[name] = page.context().cookies()
        return page

    def events(self, name=None):
        """What the archive was told, as {"event", "who", "record", "detail"}."""
        lines = self.json("archive", "list", "--events")
        return [one for one in lines if name is None or one["event"] == name]


def path_of(page):
    return urllib.parse.urlsplit(page.url()).path


def words():
    """The English texts by key."""
    with open(os.path.join(TOP, "milter", "console", "static", "en.txt"), encoding="utf-8") as f:
        return dict(m.groups() for line in f if (m := re.match(r"(\S+) = (.*)", line)))


class Client:
    """HTTP without a browser: what a browser would never send."""

    def __init__(self, lab):
        self.lab, self.cookies = lab, {}

    def ask(self, method, path, body=None, headers=None):
        link = http.client.HTTPConnection("127.0.0.1", self.lab.console_port, timeout=20)
        cookie = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())} if self.cookies else {}
        if isinstance(body, dict):
            body = urllib.parse.urlencode(body)
            cookie["Content-Type"] = "application/x-www-form-urlencoded"
        link.request(method, path, body, {**cookie, **(headers or {})})
        answer = link.getresponse()
        text = answer.read().decode()
        for value in answer.headers.get_all("Set-Cookie") or []:
            name, rest = value.split("=", 1)
            self.cookies[name] = rest.split(";")[0]
        link.close()
        return answer, text

    def csrf(self, path):
        return re.search(r'name="csrf" value="([^"]+)"', self.ask("GET", path)[1]).group(1)

    def sign_in(self, name, password=PASSWORD, path="/sign-in", **form):
        return self.ask("POST", path, {"csrf": self.csrf(path), "name": name, "password": password, **form})

    def sign_in_once(self, name):
        """By a one-time link, as `chaperone user sign-in-link` makes them."""
        link = json.loads(self.lab.chaperone("user", "sign-in-link", name, "--json"))["link"]
        return self.ask("POST", "/sign-in/once", {"csrf": self.csrf("/sign-in/once"), "link": link})
