"""Pictures of the console with the demo's mail, light and dark: tests/console/screenshots.py [DIR] (default: contrib/screenshots)."""
import json
import os
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "e2e")]

from browser import Browser  # noqa: E402
from consolelab import ConsoleLab  # noqa: E402
from demo import add_accounts, send_all  # noqa: E402
from lab import TOP, wait_for  # noqa: E402

SIZE = {"width": 1280, "height": 860}


def sign_in(lab, browser, name, scheme):
    page = browser.page(viewport=SIZE, colorScheme=scheme)
    page.goto(json.loads(lab.chaperone("user", "sign-in-link", name, "--json"))["url"])
    page.click("main button[type=submit]")
    return page


def take(lab, browser, target, scheme):
    def shot(name):
        page.screenshot({"path": os.path.join(target, f"{name}-{scheme}.png")})
    page = sign_in(lab, browser, "kim", scheme)
    page.goto(lab.url + "/queue")
    shot("queue")
    page.click('#queue a:has-text("private") >> nth=0')
    shot("item")
    page.goto(lab.url + "/dashboard")
    shot("dashboard")


def main():
    target = sys.argv[1] if len(sys.argv) > 1 else os.path.join(TOP, "contrib", "screenshots")
    root = tempfile.mkdtemp(prefix="chaperone-shots-")
    lab, browser = ConsoleLab(root=root, archivist=True), None
    os.makedirs(target, exist_ok=True)
    try:
        lab.start()
        send_all(lab)
        add_accounts(lab)
        wait_for("the index", lambda: (f := lab.json("search", "subject:homework"))["indexed"] == f["archived"] > 0, 60, 0.5)
        wait_for("a checkpoint", lambda: lab.chaperone("archive", "checkpoint", check=False).returncode == 0, 60, 0.5)
        held = [h for h in lab.held() if h["summary"]["subject"] == "Practice"]
        lab.chaperone("quarantine", "release", held[0]["id"], "--reason", "checked with the family", who="kim")
        browser = Browser()
        for scheme in ("light", "dark"):
            take(lab, browser, target, scheme)
    finally:
        if browser:
            browser.close()
        lab.stop()
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
