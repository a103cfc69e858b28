"""Detection beside packages for Node.js that know phones, addresses and links: the same messages, the same labels, one run.

The packages get the text that a reader is shown (subject, text, HTML without what it hides). What they are not made for is not asked of them: each is scored on
the kinds it knows, and nobody on what only a link's target or hidden text holds. Domains in .example read .com for them, since they go by lists of domains.
"""
import collections
import email
import email.policy
import html.parser
import json
import os
import re
import shutil
import subprocess
import tempfile

import judging

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGES = ["libphonenumber-js", "linkifyjs", "redact-pii", "@microsoft/recognizers-text-sequence"]
KINDS = {"chaperone": ["phone", "email", "handle", "street-address"], "libphonenumber-js": ["phone"], "linkifyjs": ["email", "handle"],
         "redact-pii": ["phone", "email", "street-address"], "recognizers-text": ["phone", "email", "handle"]}
NOT_SHOWN = {"hidden-html", "link-target"}
BLOCKS = {"p", "div", "br", "tr", "td", "table", "li", "ul", "hr", "blockquote"}


class Shown(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.text, self.hidden = [], []

    def handle_starttag(self, tag, attrs):
        style = dict(attrs).get("style") or ""
        if tag not in ("br", "hr", "img", "meta"):
            self.hidden.append(tag in ("style", "script", "title") or bool(re.search(r"display:none|font-size:0|visibility:hidden|max-height:0|color:#fff", style)))
        if tag in BLOCKS:
            self.text.append("\n")

    def handle_endtag(self, tag):
        if self.hidden and tag not in ("br", "hr"):
            self.hidden.pop()
        if tag in BLOCKS:
            self.text.append("\n")

    def handle_data(self, data):
        if not any(self.hidden):
            self.text.append(data)


def shown(path):
    """The text that a message shows."""
    with open(path, "rb") as f:
        message = email.message_from_binary_file(f, policy=email.policy.default)
    out = [str(message["subject"] or ""), str(message["from"] or "").split("<")[0]]
    body = message.get_body(("plain", "html"))
    for part in message.walk():
        if part is not body and (part.get_content_type() != "text/vcard"):
            continue
        try:
            text = part.get_content()
        except (LookupError, ValueError, KeyError):
            continue
        if isinstance(text, bytes):
            text = text.decode("utf-8", "replace")
        if part.get_content_type() == "text/html":
            reader = Shown()
            reader.feed(text)
            text = "".join(reader.text)
        out.append(text)
    return re.sub(r"(@[\w.-]+)\.example\b(?!\.\w)", r"\1.com", "\n\n".join(out))


def install(directory):
    """Whether npm could install the packages."""
    if not shutil.which("npm") or not shutil.which("node"):
        print("peers: npm or node is not installed; nothing to compare with")
        return False
    run = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", directory, *PACKAGES], stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, timeout=600, check=False)
    if run.returncode:
        print(f"peers: npm install failed; nothing to compare with\n{run.stdout.decode('utf-8', 'replace')[-2000:]}")
    return run.returncode == 0


def ask(directory, messages, labels):
    """What every package finds, by message, and the seconds each took."""
    lines = "".join(json.dumps({"id": label["id"], "text": shown(os.path.join(messages, "messages", label["id"] + ".eml"))}) + "\n" for label in labels)
    run = subprocess.run(["node", os.path.join(HERE, "peers.js")], input=lines.encode(), stdout=subprocess.PIPE, cwd=directory, timeout=1800, check=True)
    rows = [json.loads(line) for line in run.stdout.decode("utf-8").splitlines()]
    return {row["id"]: row["found"] for row in rows[:-1]}, rows[-1]["spent"]


def names(kind, value, detail):
    """Does what a package found name the labelled detail?"""
    if kind == "link":
        return detail["kind"] in ("handle", "invite", "payment-handle") and judging.name_of(detail["value"]) in value.lower().replace("-", "") or \
            detail["kind"] == "phone" and len(judging.digits(detail["value"])) >= 7 and judging.digits(detail["value"]) in re.sub(r"\D", "", value)
    if kind == "handle" and detail["kind"] not in ("handle", "payment-handle"):
        return False
    return judging.same(detail, {"kind": kind, "value": value.strip()})


def compare(directory, labels, outs, seconds, as_json):
    with tempfile.TemporaryDirectory(prefix="chaperone-peers-") as work:
        if not install(work):
            return
        found, spent = ask(work, directory, labels)
    home = judging.domains(directory)
    tally = collections.defaultdict(lambda: [0, 0, 0, 0])  # (peer, kind) -> recalled, to recall, right, found
    for label in labels:
        details = judging.merged(label["findings"])
        peers = dict(found[label["id"]])
        peers["chaperone"] = [[f["kind"], f["value"] or ""] for f in outs[label["id"]]["findings"]]
        for peer, kinds in KINDS.items():
            mine = peers[peer]
            for detail in details:
                kind = "handle" if detail["kind"] in ("invite", "payment-handle") else detail["kind"]
                if kind in kinds and detail["must_find"] and detail["obfuscation"] not in NOT_SHOWN and detail["where"] != "header":
                    row = tally[peer, kind]
                    row[1] += 1
                    row[0] += any(names(k, v, detail) for k, v in mine)
            for kind, value in mine:
                kind_of = "handle" if kind in ("invite", "payment-handle") else kind
                if kind_of not in kinds:  # links and mentions may be anything: no fault
                    continue
                right = any(names(kind, value, detail) for detail in details)
                if right or not judging.neutral(label, {"kind": kind_of, "value": value}, home):
                    row = tally[peer, kind_of]
                    row[3] += 1
                    row[2] += right
    show(tally, dict(spent, chaperone=seconds), len(labels), as_json)


def show(tally, spent, count, as_json):
    if as_json:
        print(json.dumps({"peers": {f"{peer} {kind}": row for (peer, kind), row in sorted(tally.items())}, "seconds": spent}))
        return
    print("peers on the same messages: what must be found, on the kinds each knows")
    print(f"  {'':20} {'':16} {'recall':>22} {'precision':>22}   ms a message")
    for peer in KINDS:
        for kind in KINDS[peer]:
            recalled, wanted, right, all_found = tally[peer, kind]
            recall = f"{recalled}/{wanted} {recalled / wanted:.3f}" if wanted else "-"
            precision = f"{right}/{all_found} {right / all_found:.3f}" if all_found else "-"
            print(f"  {peer:20} {kind:16} {recall:>22} {precision:>22}   {1000 * spent[peer] / count:.2f}")
