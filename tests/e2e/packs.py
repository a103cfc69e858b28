"""The policy packs, their tests, and the messages of these as `chaperone policy test` makes them."""
import base64
import datetime
import json
import os
import zoneinfo

from lab import TOP

ROSTER = os.path.join(TOP, "tests/packs/roster")
POLICIES = os.path.join(TOP, "conf/policies")
NAMES = ["worcester", "northborough-southborough", "wem-428", "thomaston", "cambridge"]
ZONE = zoneinfo.ZoneInfo("America/New_York")


def load(name):
    with open(os.path.join(POLICIES, "tests", name + ".jsonl"), encoding="utf-8") as f:
        return [json.loads(line) for line in f if line.strip() and not line.lstrip().startswith(("#", "//"))]


def rcpts(test):
    return test["to"] if isinstance(test["to"], list) else [test["to"]]


def received(test):
    """When the message comes, with its zone."""
    text = test["date"]
    when = datetime.datetime.fromisoformat(text if "T" in text else text + "T12:00:00")
    return when if when.tzinfo else when.replace(tzinfo=ZONE)


def field(name, value):
    if not value.isascii():
        value = "=?UTF-8?B?" + base64.b64encode(value.encode()).decode() + "?="
    return f"{name}: {value}\n"


def raw(test):
    """The bytes of the message, with CRLF."""
    if "file" in test:
        with open(os.path.join(POLICIES, "tests", test["file"]), "rb") as f:
            return f.read()
    text = test.get("message")
    if text is None:
        date = received(test).astimezone(datetime.timezone.utc).strftime("%a, %d %b %Y %H:%M:%S +0000")
        more = test.get("headers", {})
        head = {"From": test["from"], "To": ", ".join(rcpts(test)), "Subject": test.get("subject", "-"), "Date": date,
                "Message-ID": "<test@policy.invalid>"}
        text = "".join(field(k, v) for k, v in head.items() if v and k not in more)
        text += "".join(field(k, v) for k, v in more.items())
        text += "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n" + test["text"]
    return text.replace("\r\n", "\n").replace("\n", "\r\n").encode()
