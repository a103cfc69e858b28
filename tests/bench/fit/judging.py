"""Runs the batch scan over a directory of labelled mail, and matches what it finds with what the labels say."""
import json
import os
import re
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
BUILD = os.environ.get("CHAPERONE_BUILD", os.path.join(TOP, "build"))
LISTS = os.path.join(TOP, "conf", "lists")
CONTACT = ["phone", "email", "handle", "invite", "street-address", "payment-handle"]
SOLICITATION = "offchannel-solicitation"


def labels(directory):
    with open(os.path.join(directory, "labels.jsonl"), encoding="utf-8") as f:
        return [json.loads(line) for line in f if line.strip()]


def table(directory, name, column):
    try:
        with open(os.path.join(directory, name), encoding="utf-8-sig", newline="") as f:
            import csv
            return [row for row in csv.DictReader(f) if column in row]
    except FileNotFoundError:
        return []


def domains(directory):
    """The district's own domains."""
    return {row["value"].lower() for row in table(directory, "published.csv", "kind") if row["kind"] == "domain"}


def scan(directory, lists=LISTS, timeout=1200):
    """What the batch scan prints of every message of `directory`, by id."""
    with tempfile.TemporaryDirectory(prefix="chaperone-accuracy-") as work:
        config = os.path.join(work, "chaperone.conf")
        with open(config, "w", encoding="utf-8") as f:
            names = ", ".join(f'"{d}"' for d in sorted(domains(directory)) or ["example.org"])
            f.write(f'district = {{ name = "Accuracy"; domains = [ {names} ]; }};\n'
                    f'reader = {{ program = "{BUILD}/chaperone-reader"; }};\n'
                    'roster = { database = "roster.db"; key_file = "roster.key"; };\n'
                    f'policy = {{ file = "{TOP}/conf/policies/standard.conf"; lists_dir = "{lists}"; }};\n'
                    'archive = { dir = "archive"; };\n'
                    'attachments = { cache_dir = "attachments"; };\n')
        batch = os.path.join(work, "batch.jsonl")
        with open(batch, "w", encoding="utf-8") as f:
            for label in labels(directory):
                envelope = label["envelope"]
                f.write(json.dumps({"id": label["id"], "file": os.path.join(os.path.abspath(directory), "messages", label["id"] + ".eml"), "from": envelope["from"],
                                    "to": envelope["rcpts"], "auth": envelope["auth"], "date": label["date"]}) + "\n")
        program = os.path.join(BUILD, "chaperone")
        taken = subprocess.run([program, "roster", "import", "--config", config, directory], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout, check=False)
        if taken.returncode:
            raise RuntimeError(f"roster import: {taken.stdout.decode('utf-8', 'replace')}")
        run = subprocess.run([program, "scan", "--config", config, "--batch", batch], stdout=subprocess.PIPE, timeout=timeout, check=True)
    return {out["id"]: out for out in map(json.loads, run.stdout.decode("utf-8").splitlines())}


# ---- do a label and a finding name the same detail? ----------------------------------------------------------------------------------------------

def digits(text):
    found = re.sub(r"\D", "", text.split("@")[0].split(";")[0])
    return found[1:] if len(found) == 11 and found[0] == "1" else found


def mailbox(value):
    local, _, domain = value.lower().removeprefix("mailto:").partition("@")
    return local.split("+")[0].replace(".", ""), domain.split(".")[0]


def name_of(value):
    """The part of a handle, profile link or payment handle that its owner chose."""
    value = re.sub(r"^https?://(www\.)?", "", value.lower()).split("?")[0].rstrip("/")
    return re.split(r"[:/]", value)[-1].lstrip("@$#+").replace("-", "").replace("$", "")


NUMBER_WORDS = {w: i for i, w in enumerate("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split())}
NUMBER_WORDS.update({w: 10 * i for i, w in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)})


def street_key(value):
    """House number and first letters of the street, or the number of the box."""
    text = re.sub(r"[^\w ]", " ", value.lower())
    box = re.search(r"\bbox +(\w+)", text)
    if box:
        return "box", box.group(1)
    words, head = text.split(), ""
    while words and words[0] in NUMBER_WORDS:  # "twenty two seventeen"
        number = NUMBER_WORDS[words.pop(0)]
        if number >= 20 and words and NUMBER_WORDS.get(words[0], 99) < 10:
            number += NUMBER_WORDS[words.pop(0)]
        head += str(number)
    if not head and words and words[0][0].isdigit():
        head = words.pop(0)
    words = [w for w in words if w not in ("n", "s", "e", "w", "north", "south", "east", "west") and not w[0].isdigit()]
    return head, words[0][:5] if words else ""


def same(label, finding):
    kind, other = label["kind"], finding["kind"]
    mine, theirs = label["value"], finding["value"] or ""
    if kind == SOLICITATION or other == SOLICITATION:
        return kind == other
    if kind == "phone":
        a, b = digits(mine), digits(theirs)
        if other == "phone":
            return a == b or (min(len(a), len(b)) >= 7 and (a.endswith(b) or b.endswith(a)))
        return len(b) >= 10 and a.endswith(b[-10:])
    if kind == "email":
        a, b = mailbox(mine), mailbox(theirs)
        return a[0] == (b[0] if other == "email" else name_of(theirs)) and (other != "email" or not b[1] or a[1] == b[1])
    if kind == "street-address" or other == "street-address":
        return kind == other and street_key(mine) == street_key(theirs)
    return other in ("handle", "invite", "payment-handle") and name_of(mine) == name_of(theirs)


def neutral(label, finding, home):
    """A finding without a label that is neither right nor wrong: a correspondent's or the district's address, a request beside a detail."""
    value = (finding["value"] or "").lower()
    if finding["kind"] == "email":
        envelope = {a.lower() for a in [label["envelope"]["from"], *label["envelope"]["rcpts"]] if a}
        domain = value.split("@")[-1]
        return value in envelope or any(domain == d or domain.endswith("." + d) for d in home)
    return finding["kind"] == SOLICITATION and any(f["kind"] != SOLICITATION for f in label["findings"])


def merged(found):
    """Labels of one message, those of one detail as one."""
    out = []
    for label in found:
        twin = next((x for x in out if x["kind"] == label["kind"] and same(x, label)), None)
        if twin:
            twin["must_find"] |= label["must_find"]
            twin["owners"].add(label["owner"])
        else:
            out.append(dict(label, owners={label["owner"], *label.get("owner_also", [])}))
    return out
