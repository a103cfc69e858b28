"""Headless Chromium through Playwright: `browser.page().goto(url)`, with the names that Playwright has in JavaScript
(https://playwright.dev/docs/api/class-page): page.getByRole("button", {"name": "Sign in"}).click()."""
import base64
import json
import os
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))


class BrowserError(Exception):
    pass


class Remote:
    """Something that lives in the browser's process; attributes are its methods."""

    def __init__(self, link, handle, names=()):
        self._link, self._handle, self._names = link, handle, names

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return Remote(self._link, self._handle, (*self._names, name))

    def __call__(self, *args):
        return self._link.call(self._handle, self._names, args)


class Link:
    def __init__(self):
        self.process = subprocess.Popen(["node", os.path.join(HERE, "browser.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.count = 0

    def call(self, handle, names, args):
        self.count += 1
        sent = [{"handle": a._handle} if isinstance(a, Remote) else a for a in args]
        self.process.stdin.write(json.dumps({"id": self.count, "on": handle, "names": list(names), "args": sent}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise BrowserError("the browser's process ended")
        return self.value(json.loads(line))

    def value(self, answer):
        if "error" in answer:
            raise BrowserError(answer["error"])
        if "handle" in answer:
            return Remote(self, answer["handle"])
        if "bytes" in answer:
            return base64.b64decode(answer["bytes"])
        return [self.value(one) for one in answer["list"]] if "list" in answer else answer["value"]


class Browser:
    """One Chromium; a context is a person's own cookies."""

    def __init__(self):
        self.link = Link()
        self.chromium = self.link.call(None, ["launch"], [{
            "executablePath": shutil.which("chromium"), "args": ["--no-sandbox", "--disable-dev-shm-usage"]}])

    def context(self, **options):
        """javaScriptEnabled, colorScheme, locale, viewport, ignoreHTTPSErrors, ..."""
        return self.chromium.newContext({"locale": "en-US", **options})

    def page(self, **options):
        return self.context(**options).newPage()

    def violations(self, page, **options):
        """What axe-core finds on the page as it is now."""
        return self.link.call(None, ["check"], [page, options])

    def log(self, page):
        """{"errors", "requests"}: what its console complained of, dialogs, and every address it asked for."""
        return self.link.call(None, ["log"], [page])

    def close(self):
        try:
            self.chromium.close()
        finally:
            self.link.process.stdin.close()
            self.link.process.wait(20)
