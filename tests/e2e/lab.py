"""A laboratory: a private Postfix, the milter and a sink in a scratch directory, for the demo and the end-to-end tests.

Everything is started without systemd, on loopback ports, and stopped by pid. The system's Postfix configuration and queue
are neither read nor changed; only its programs and users are used. Needs root.
"""
import atexit
import email.utils
import json
import os
import pwd
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("CHAPERONE_BUILD", os.path.join(TOP, "build"))
SANITIZED = os.path.basename(BUILD) != "build"
DOMAIN = "maplehollow.example.org"
STUDENTS = "students." + DOMAIN

MAIN_CF = """\
compatibility_level = 3.6
config_directory = {dir}/conf
queue_directory = {dir}/queue
data_directory = {dir}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {dir}/log/mail.log
maillog_file_prefixes = {dir}
myhostname = mx.{domain}
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
relay_domains = static:all
smtpd_relay_restrictions = permit_mynetworks, permit_auth_destination, reject
smtpd_authorized_xclient_hosts = 127.0.0.0/8
smtpd_peername_lookup = no
smtp_dns_support_level = disabled
relayhost = [127.0.0.1]:{sink}
message_size_limit = 60000000
header_size_limit = 102400
milter_default_action = tempfail
non_smtpd_milters = {milter}
in_flow_delay = 0
smtputf8_enable = yes
smtpd_client_connection_count_limit = 0
default_process_limit = 120
"""

MASTER_CF = """\
127.0.0.1:{port} inet n - n - - smtpd
    -o smtpd_milters={milter}
127.0.0.1:{release} inet n - n - - smtpd
    -o smtpd_milters=
    -o receive_override_options=no_milters,no_unknown_recipient_checks,no_header_body_checks
    -o smtpd_authorized_xclient_hosts=
pickup unix n - n 1 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(what, test, seconds=30, step=0.05):
    end = time.monotonic() + seconds
    while True:
        result = test()
        if result:
            return result
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(step)


def port_open(port):
    with socket.socket() as s:
        s.settimeout(1)
        return s.connect_ex(("127.0.0.1", port)) == 0


def message(sender, to, subject, body, headers=(), message_id=None):
    """A plain message as bytes with CRLF; `headers` are further header lines."""
    lines = [f"From: {sender}", f"To: {to}", f"Subject: {subject}", f"Date: {email.utils.formatdate()}",
             f"Message-ID: {message_id or email.utils.make_msgid(domain=DOMAIN)}", *headers]
    if not any(h.lower().startswith("content-type:") for h in headers):
        lines += ["MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"]
    text = "\r\n".join(lines) + "\r\n\r\n" + body.replace("\r\n", "\n").replace("\n", "\r\n")
    return (text + "\r\n").encode("utf-8", "surrogateescape")


class Delivered:
    """One message that reached the outside world: envelope and bytes."""

    def __init__(self, path):
        with open(path, "rb") as f:
            raw = f.read()
        self.mail_from, self.rcpts, lines = "", [], raw.split(b"\n")
        at = 0
        for at, line in enumerate(lines):
            m = re.match(rb"X-(Client-Addr|Client-Proto|Helo-Args|Mail-Args|Rcpt-Args): ?(.*)", line)
            if not m:
                break
            address = re.search(rb"<([^>]*)>", m.group(2))
            if m.group(1) == b"Mail-Args" and address:
                self.mail_from = address.group(1).decode("utf-8", "replace")
            if m.group(1) == b"Rcpt-Args" and address:
                self.rcpts.append(address.group(1).decode("utf-8", "replace"))
        self.data = b"\n".join(lines[at:])

    def header(self, name):
        head = re.split(rb"\r?\n\r?\n", self.data, maxsplit=1)[0].decode("utf-8", "replace")
        m = re.search(rf"^{name}:[ \t]*(.*(?:\r?\n[ \t].*)*)", head, re.M | re.I)
        return m.group(1).strip() if m else None


class Lab:
    queue = None  # directory with an empty queue of Postfix

    def __init__(self, root=None, settings="", postfix="", district=None, user="nobody", archivist=False):
        self.own_root = root is None
        self.dir = root or tempfile.mkdtemp(prefix="chaperone-lab-")
        os.chmod(self.dir, 0o755)
        self.settings, self.postfix_settings, self.user = settings, postfix, user
        self.district = district or os.path.join(HERE, "district")
        self.port, self.release_port, self.sink_port = free_port(), free_port(), free_port()
        self.socket = os.path.join(self.dir, "run", "chaperone.sock")
        self.config = os.path.join(self.dir, "chaperone.conf")
        self.milter = self.sink = self.archivist = None
        self.with_archivist = archivist
        self.postfix_running = False
        self.milter_log = os.path.join(self.dir, "milter.log")
        self.archivist_log = os.path.join(self.dir, "archivist.log")
        self.stopping = False
        atexit.register(self.stop)

    # ---- setting up ------------------------------------------------------------------------------------------------

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)

    def put_files(self):
        """What the daemon needs once it is nobody: a checkout below a home directory is closed to it."""
        for name in ("policies", "lists", "notices"):
            shutil.copytree(os.path.join(TOP, "conf", name), self.path("opt", name), dirs_exist_ok=True)
        shutil.copy2(os.path.join(BUILD, "chaperone-reader"), self.path("opt", "chaperone-reader"))

    def write_config(self, more=""):
        """The configuration; `more` and self.settings are whole groups' inner lines: {"milter": "wait_ms = 5;"}."""
        groups = {
            "district": f'name = "Maple Hollow Public Schools"; domains = [ "{DOMAIN}" ];',
            "milter": f'socket = "unix:{self.socket}"; socket_group = "postfix"; user = "{self.user}";\n'
                      f'  spool_dir = "{self.path("var/spool")}"; spool_threshold = "256K";'
                      f' inline_budget_ms = {60000 if SANITIZED else 10000};',
            "reader": f'program = "{self.path("opt/chaperone-reader")}"; workers = 2;'
                      + (' sandbox_required = false; wall_ms = 60000; wait_ms = 60000;' if SANITIZED else ''),
            # Without an archivist nothing may be left pending.
            "attachments": f'cache_dir = "{self.path("var/attachments")}"; workers = 1; ocr_workers = 1; ocr_languages = "eng";'
                           f' inline_ms = 30000; inline_messages = 50;',
            "roster": f'database = "{self.path("var/roster.db")}"; key_file = "{self.path("var/personal.key")}";',
            "policy": f'file = "{self.path("opt/policies/standard.conf")}"; lists_dir = "{self.path("opt/lists")}";',
            "archive": f'dir = "{self.path("var/archive")}"; origin = "lab"; min_free_bytes = "1M";',
            "quarantine": f'database = "{self.path("var/quarantine.db")}"; release_port = {self.release_port};'
                          f' maillog = "{self.path("postfix/log/mail.log")}";',
            "review": f'database = "{self.path("var/review.db")}";',
            "retention": f'database = "{self.path("var/retention.db")}";',
            "cases": f'database = "{self.path("var/cases.db")}";',
            "notice": f'from = "chaperone@{DOMAIN}"; contact = "the compliance office, ext. 5";'
                      f' dir = "{self.path("opt/notices")}"; database = "{self.path("var/notices.db")}";',
        }
        for extra in (self.settings or {}, more or {}):
            for name, lines in extra.items():
                # A later setting takes the place of an earlier one.
                values = dict(one.split("=", 1) for one in re.findall(r"\w+ = (?:\"[^\"]*\"|\[[^]]*\]|[^;])*", groups.get(name, "") + lines))
                groups[name] = " ".join(f"{key.strip()} = {value.strip()};" for key, value in values.items())
        self.write("chaperone.conf", "".join(f"{name} = {{\n  {lines}\n}};\n" for name, lines in groups.items()))
        return self.config

    def prepare(self):
        """Directories, programs' files and the configuration."""
        user = pwd.getpwnam(self.user) if self.user else None
        for name in ("run", "var", "var/spool", "sink", "import"):
            os.makedirs(self.path(name), exist_ok=True)
        if user:
            for name in ("run", "var", "var/spool"):
                os.chown(self.path(name), user.pw_uid, user.pw_gid)
        os.chown(self.path("sink"), pwd.getpwnam("nobody").pw_uid, -1)
        shutil.copytree(self.district, self.path("import"), dirs_exist_ok=True)
        self.put_files()
        self.write_config()

    def set_up(self):
        self.prepare()
        self.chaperone("roster", "import", self.path("import"))

    def start(self):
        self.set_up()
        return self.start_programs()

    def start_programs(self):
        self.start_sink()
        self.start_milter()
        if self.with_archivist:
            self.start_archivist()
        self.start_postfix()
        return self

    def start_sink(self, port=None):
        self.sink = subprocess.Popen(
            ["smtp-sink", "-u", "nobody", "-d", self.path("sink", "%M."), f"127.0.0.1:{port or self.sink_port}", "1000"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for("sink", lambda: port_open(self.sink_port))

    def spawn(self, program, log_path, env=None, args=()):
        """Starts a daemon; returns it and what waits until it is ready."""
        started = os.path.getsize(log_path) if os.path.exists(log_path) else 0
        with open(log_path, "ab") as log:
            process = subprocess.Popen([f"{BUILD}/{program}", "--config", self.config, *args], stdout=log, stderr=log,
                                       env={**os.environ, **(env or {})})

        def ready():
            if process.poll() is not None:
                with open(log_path, encoding="utf-8", errors="replace") as f:
                    raise RuntimeError(f"{program} ended with {process.returncode}:\n{f.read()[-3000:]}")
            with open(log_path, "rb") as f:
                f.seek(started)
                return b": ready " in f.read()
        return process, lambda: wait_for(program, ready, 60)

    def start_milter(self, wait=True, env=None):
        self.milter, until_ready = self.spawn("chaperone-milter", self.milter_log, env)
        if wait:
            until_ready()

    def start_archivist(self, wait=True, env=None):
        self.archivist, until_ready = self.spawn("chaperone-archivist", self.archivist_log, env)
        if wait:
            until_ready()

    def start_postfix(self):
        dir_ = self.path("postfix")
        for name in ("conf", "queue", "log", "data"):
            os.makedirs(os.path.join(dir_, name), exist_ok=True)
        os.chmod(dir_, 0o755)
        os.chown(os.path.join(dir_, "data"), pwd.getpwnam("postfix").pw_uid, -1)
        os.chmod(os.path.join(dir_, "data"), 0o700)
        values = {"dir": dir_, "domain": DOMAIN, "sink": self.sink_port, "milter": "unix:" + self.socket,
                  "port": self.port, "release": self.release_port}
        self.write("postfix/conf/main.cf", MAIN_CF.format(**values) + self.postfix_settings)
        self.write("postfix/conf/master.cf", MASTER_CF.format(**values))
        self.make_queue()
        self.postfix("start")
        self.postfix_running = True
        wait_for("postfix", lambda: port_open(self.port) and port_open(self.release_port), 20)

    def make_queue(self):
        """Postfix takes seconds to make the directories of a queue: those of the first laboratory are copied for the others."""
        if Lab.queue is None:
            self.postfix("check")
            Lab.queue = tempfile.mkdtemp(prefix="chaperone-queue-")
            atexit.register(shutil.rmtree, Lab.queue, ignore_errors=True)
            subprocess.run(["cp", "-a", self.path("postfix/queue"), Lab.queue], check=True)
        elif not os.listdir(self.path("postfix/queue")):
            subprocess.run(["cp", "-a", os.path.join(Lab.queue, "queue"), self.path("postfix")], check=True)
            self.write("postfix/queue/quick-start", "")  # nothing that has to be looked at

    def postfix(self, *args):
        return subprocess.run(["postfix", "-c", self.path("postfix/conf"), *args], check=True, capture_output=True)

    # ---- stopping --------------------------------------------------------------------------------------------------

    def stop_milter(self, how=signal.SIGTERM, seconds=60):
        if self.milter is None:
            return None
        if self.milter.poll() is None:
            self.milter.send_signal(how)
        code = self.milter.wait(seconds)
        self.milter = None
        return code

    def stop_archivist(self, how=signal.SIGTERM, seconds=60):
        if self.archivist is None:
            return None
        if self.archivist.poll() is None:
            self.archivist.send_signal(how)
        code = self.archivist.wait(seconds)
        self.archivist = None
        return code

    def stop(self, keep=False):
        if self.stopping:
            return
        self.stopping = True
        if self.postfix_running:
            subprocess.run(["postfix", "-c", self.path("postfix/conf"), "stop"], capture_output=True)
            pid_file = self.path("postfix/queue/pid/master.pid")
            try:
                with open(pid_file, encoding="ascii") as f:
                    pid = int(f.read())
                wait_for("postfix to end", lambda: not os.path.exists(f"/proc/{pid}"), 20)
            except (OSError, ValueError, TimeoutError):
                pass
        try:
            self.stop_milter()
        except subprocess.TimeoutExpired:
            self.milter.kill()
            self.milter.wait()
        try:
            self.stop_archivist()
        except subprocess.TimeoutExpired:
            self.archivist.kill()
            self.archivist.wait()
        if self.sink:
            self.sink.terminate()
            self.sink.wait()
        if self.own_root and not keep:
            shutil.rmtree(self.dir, ignore_errors=True)

    # ---- using -----------------------------------------------------------------------------------------------------

    def chaperone(self, *args, check=True, input=None, who=None):
        """Runs the command; returns its output as text."""
        env = {**os.environ, **({"SUDO_USER": who} if who else {})}
        command = [f"{BUILD}/chaperone", args[0], "--config", self.config, *args[1:]]
        done = subprocess.run(command, capture_output=True, text=True, input=input, env=env, timeout=300)
        if check and done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout if check else done

    def json(self, *args):
        return json.loads(self.chaperone(*args, "--json"))

    def connect(self, login=None, client=None, port=None):
        smtp = smtplib.SMTP("127.0.0.1", port or self.port, timeout=120)
        smtp.ehlo("client.example.net")
        if login or client:
            words = ([f"LOGIN={login}"] if login else []) + ([f"ADDR={client}", "NAME=client.example.net"] if client else [])
            code, text = smtp.docmd("XCLIENT", " ".join(words))
            if code != 220:
                raise RuntimeError(f"XCLIENT: {code} {text}")
            smtp.ehlo("client.example.net")
        return smtp

    def send(self, sender, rcpts, data, login=True, client=None, smtp=None, options=()):
        """Sends through SMTP; `login` True = the sender's own login. Returns the server's last (code, text)."""
        rcpts = [rcpts] if isinstance(rcpts, str) else rcpts
        own = smtp is None
        smtp = smtp or self.connect(sender if login is True else login or None, client)
        try:
            code, text = smtp.docmd("MAIL", f"FROM:<{sender}> " + " ".join(options))
            if code != 250:
                return code, text
            for rcpt in rcpts:
                code, text = smtp.docmd("RCPT", f"TO:<{rcpt}>")
                if code != 250:
                    return code, text
            return smtp.data(data)
        finally:
            if own:
                try:
                    smtp.quit()
                except smtplib.SMTPException:
                    pass

    def log(self):
        try:
            with open(self.milter_log, encoding="utf-8", errors="replace") as f:
                return f.read()
        except OSError:
            return ""

    def wait_queue_empty(self, seconds=60):
        def empty():
            out = subprocess.run(["postqueue", "-c", self.path("postfix/conf"), "-j"], capture_output=True).stdout
            return not out.strip()
        wait_for("empty queue", empty, seconds, 0.1)

    def delivered(self, wait=True):
        """All that reached the outside world so far."""
        if wait:
            self.wait_queue_empty()
        names = sorted(os.listdir(self.path("sink")))
        return [Delivered(self.path("sink", n)) for n in names if os.path.getsize(self.path("sink", n)) > 0]

    def delivered_with(self, text, wait=True):
        """Those that hold `text`, our own notices apart."""
        return [d for d in self.delivered(wait) if text.encode() in d.data and not d.header("X-Chaperone-Notice")]

    def held(self, state=None):
        return self.json("quarantine", "list", *(["--state", state] if state else []))

    def records(self):
        return self.json("archive", "list")

    def milter_children(self):
        return [int(p) for p in os.listdir("/proc") if p.isdigit() and parent_of(p) == self.milter.pid]


def parent_of(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
            return int(f.read().rsplit(")", 1)[1].split()[1])
    except (OSError, IndexError):
        return -1
