"""Checkpoints that others keep: by mail once a day, stamped by an authority (RFC 3161; openssl's own, with a certificate of its own)."""
import http.server
import json
import os
import subprocess
import sys
import threading

import pytest
from demo import BEN, JONAH
from lab import DOMAIN, TOP, Lab, message, wait_for

CLERK = f"clerk@{DOMAIN}"
VERIFY = os.path.join(TOP, "contrib/verify/chaperone_verify.py")
CNF = """
[tsa]
default_tsa = one
[one]
serial = {dir}/serial
signer_cert = {dir}/tsa.pem
certs = {dir}/ca.pem
signer_key = {dir}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
[ext]
extendedKeyUsage = critical,timeStamping
"""


class Authority:
    """openssl ts behind HTTP."""

    def __init__(self, dir_):
        self.dir, self.broken, self.asked = str(dir_), False, 0
        self.file("tsa.cnf", CNF.format(dir=self.dir))
        self.file("serial", "01\n")
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "30", "-subj",
                     "/O=Example Time/CN=Example CA")
        self.openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/O=Example Time/CN=Stamps")
        self.openssl("x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30", "-out",
                     "tsa.pem", "-extfile", "tsa.cnf", "-extensions", "ext")
        authority = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # pylint: disable=invalid-name
                query = self.rfile.read(int(self.headers["Content-Length"]))
                assert self.headers["Content-Type"] == "application/timestamp-query"
                answer = authority.answer(query)
                self.send_response(200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args):  # pylint: disable=arguments-differ
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def file(self, name, text):
        with open(os.path.join(self.dir, name), "w", encoding="utf-8") as f:
            f.write(text)

    def openssl(self, *args):
        subprocess.run(["openssl", *args], cwd=self.dir, check=True, capture_output=True, timeout=60)

    def answer(self, query):
        self.asked += 1
        with open(os.path.join(self.dir, "q"), "wb") as f:
            f.write(query)
        self.openssl("ts", "-reply", "-config", "tsa.cnf", "-section", "one", "-queryfile", "q", "-out", "r")
        with open(os.path.join(self.dir, "r"), "rb") as f:
            data = f.read()
        return data[:-1] + bytes([data[-1] ^ 1]) if self.broken else data


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    authority = Authority(tmp_path_factory.mktemp("tsa"))
    yield authority
    authority.server.shutdown()


@pytest.fixture(scope="module")
def lab(authority):
    lab = Lab(archivist=True)
    lab.settings = {"archive": "checkpoint_s = 1;",
                    "witness": f'mail = [ "{CLERK}" ]; timestamp_url = "{authority.url}"; timestamp_ca = "{lab.path("opt/ca.pem")}";'}
    lab.set_up()
    with open(os.path.join(authority.dir, "ca.pem"), encoding="utf-8") as f:
        lab.write("opt/ca.pem", f.read())
    lab.start_programs()
    yield lab
    lab.stop()


def size(lab):
    done = lab.chaperone("archive", "checkpoint", "--json", check=False)
    return json.loads(done.stdout)["size"] if done.returncode == 0 else 0


def send(lab):
    before = size(lab)
    assert lab.send(BEN, [JONAH], message(BEN, JONAH, "hello", "hello"))[0] == 250
    wait_for("a checkpoint", lambda: size(lab) > before, 30, 0.2)


def letters(lab):
    return [d for d in lab.delivered() if d.rcpts == [CLERK]]


def stamps(lab):
    done = lab.chaperone("witness", "stamps", "--json", check=False)
    return json.loads(done.stdout)


def verify(lab, *args):
    return subprocess.run([sys.executable, VERIFY, "archive", lab.path("var/archive"), "--key", lab.path("var/archive.log.key.pub"), *args],
                          capture_output=True, text=True, timeout=120)


def test_once_a_day_by_itself(lab, authority):
    send(lab)
    wait_for("a letter", lambda: letters(lab), 30)
    wait_for("a stamp", lambda: stamps(lab), 30)
    asked = authority.asked
    send(lab)
    send(lab)
    assert len(letters(lab)) == 1 and authority.asked == asked
    text = letters(lab)[0].data.decode()
    assert "checkpoint of" in letters(lab)[0].header("Subject") and DOMAIN in text and letters(lab)[0].header("Date")


def test_a_letter_and_a_stamp_prove_what_the_log_was(lab, tmp_path):
    send(lab)
    assert "stamped" in lab.chaperone("witness", "stamp")
    newest = stamps(lab)[0]
    assert newest["size"] == size(lab) and newest["time"].endswith("GMT") and not newest["why"]
    lab.chaperone("witness", "mail")
    send(lab)
    letter = tmp_path / "letter.eml"
    letter.write_bytes(letters(lab)[-1].data)
    stamped = lab.path("var/archive/log/timestamps", f"{newest['size']:020d}.checkpoint")
    good = verify(lab, "--before", str(letter), "--before", stamped)
    assert good.returncode == 0, good.stdout + good.stderr
    with open(stamped, encoding="utf-8") as f:
        lines = f.read().split("\n")
    lines[1] = str(newest["size"] - 1)
    changed = tmp_path / "changed"
    changed.write_text("\n".join(lines), encoding="utf-8")
    assert "signature" in verify(lab, "--before", str(changed)).stdout
    done = subprocess.run(["openssl", "ts", "-verify", "-data", stamped, "-in", stamped.replace(".checkpoint", ".tsr"), "-CAfile",
                           lab.path("opt/ca.pem")], capture_output=True, text=True, timeout=60)
    assert "Verification: OK" in done.stdout + done.stderr


def test_a_wrong_token_is_not_taken(lab, authority):
    send(lab)
    authority.broken = True
    try:
        done = lab.chaperone("witness", "stamp", check=False)
    finally:
        authority.broken = False
    assert done.returncode == 65 and "openssl ts" in done.stderr
    assert all(not s["why"] for s in stamps(lab)) and stamps(lab)[0]["size"] < size(lab)


def test_a_stamp_that_was_changed_is_named(lab):
    send(lab)
    lab.chaperone("witness", "stamp")
    path = lab.path("var/archive/log/timestamps", f"{size(lab):020d}.checkpoint")
    with open(path, "a", encoding="utf-8") as f:
        f.write("x")
    done = lab.chaperone("witness", "stamps", check=False)
    assert done.returncode == 65 and "openssl ts" in done.stdout
    os.unlink(path)


def test_what_is_not_set_is_named(lab):
    kept = lab.settings.pop("witness")
    lab.write_config()
    for step, key in (("stamp", "witness.timestamp_url"), ("mail", "witness.mail")):
        done = lab.chaperone("witness", step, check=False)
        assert done.returncode == 78 and key in done.stderr
    lab.settings["witness"] = kept
    lab.write_config()
