"""What a mail admin meets: readiness, limits, exceptions and roster changes that a running daemon sees, installing."""
import os
import signal
import socket
import subprocess
import uuid

from demo import ANN, BEN, JONAH, LILY, MIA
from lab import DOMAIN, TOP, message, wait_for

CELL = "my cell is 508-555-0142"


def test_readiness_is_told_to_the_service_manager(fresh_lab):
    lab = fresh_lab(start=False)
    lab.set_up()
    path = lab.path("notify.sock")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(path)
        os.chmod(path, 0o777)
        told.settimeout(20)
        lab.start_milter(env={"NOTIFY_SOCKET": path})
        assert b"READY=1" in told.recv(4096)
        lab.milter.send_signal(signal.SIGHUP)
        assert b"RELOADING=1" in told.recv(4096)
        assert b"READY=1" in told.recv(4096)
        lab.milter.send_signal(signal.SIGTERM)
        assert b"STOPPING=1" in told.recv(4096)
        assert lab.stop_milter() == 0


def test_a_message_over_the_limit_is_archived_whole_and_held_for_students(fresh_lab):
    lab = fresh_lab(settings={"limits": 'max_message_size = "64K";'})
    tag = uuid.uuid4().hex
    data = message(BEN, "all", "big", "an ordinary line of an ordinary message\n" * 4000 + tag)
    assert lab.send(BEN, [JONAH, ANN], data)[0] == 250
    record = lab.json("archive", "show", lab.records()[-1]["id"])
    assert {r["address"]: r["action"] for r in record["judgement"]["recipients"]} == {JONAH: "hold", ANN: "deliver"}
    assert "too-large" in str(record["judgement"]["facts"])
    assert tag in lab.chaperone("archive", "show", record["id"], "--raw")
    assert [d.rcpts for d in lab.delivered_with(tag)] == [[ANN]]


def test_exceptions_take_effect_at_once_and_every_use_is_an_event(fresh_lab):
    lab = fresh_lab()

    def action():
        assert lab.send(BEN, [LILY], message(BEN, LILY, "s", f"{CELL} {uuid.uuid4().hex}"))[0] == 250
        record = lab.json("archive", "show", lab.records()[-1]["id"])
        return record["id"], record["judgement"]["recipients"][0]["action"]

    assert action()[1] == "hold"
    lab.write("more.csv", "id,kind,staff,students,values,from,until,approver,guardian_consent,purpose_required\n"
              f"EX-9,approved,{BEN},{LILY},+15085550142,2020-01-01,2099-12-31,{ANN},yes,no\n")
    lab.chaperone("exception", "import", lab.path("more.csv"))
    record, got = action()
    assert got in ("deliver", "tag")
    used = [e for e in lab.json("archive", "list", "--events") if e["event"] == "exception-used" and e["record"] == record]
    assert used
    lab.chaperone("exception", "revoke", "EX-9", "--reason", "the trip is over")
    assert action()[1] == "hold"
    assert "EX-9" in lab.chaperone("exception", "list", "--all"), "revoked ones are kept"


def test_a_new_roster_is_seen_without_a_restart(fresh_lab):
    lab = fresh_lab()
    users = lab.path("import/roster/users.csv")
    assert lab.json("roster", "show", f"new1@{DOMAIN}")["role"] == "service"
    with open(users, "a", encoding="utf-8") as f:
        f.write(f"st-9,,,true,mh-hs,student,new1,,Nia,Newell,,T9,new1@{DOMAIN},,,,10,\n")
    lab.chaperone("roster", "import", lab.path("import"))
    assert lab.send(BEN, [f"new1@{DOMAIN}"], message(BEN, "x", "s", CELL))[0] == 250
    record = lab.json("archive", "show", lab.records()[-1]["id"])
    assert record["judgement"]["recipients"][0]["action"] == "hold"


def test_a_wrong_roster_changes_nothing(fresh_lab):
    lab = fresh_lab()
    with open(lab.path("import/roster/users.csv"), "w", encoding="utf-8") as f:
        f.write("sourcedId,nothing\nx,y\n")
    done = lab.chaperone("roster", "import", lab.path("import"), check=False)
    assert done.returncode == 65 and "users.csv" in done.stderr
    assert lab.json("roster", "show", MIA)["role"] == "student"


def test_check_is_content_with_what_is_shipped(fresh_lab):
    lab = fresh_lab(start=False)
    lab.set_up()
    lab.chaperone("check")


def test_install_and_uninstall(tmp_path):
    build = os.path.basename(os.environ["CHAPERONE_BUILD"])
    san = build.removeprefix("build").removeprefix("-")
    make = ["make", "-C", TOP, f"DESTDIR={tmp_path}", "PREFIX=/usr", *([f"SAN={san}"] if san else [])]
    subprocess.run([*make, "install"], check=True, capture_output=True)
    for path in ("usr/bin/chaperone", "usr/sbin/chaperone-milter", "usr/lib/chaperone/chaperone-reader",
                 "etc/chaperone/chaperone.conf", "etc/chaperone/policies/standard.conf", "etc/chaperone/lists/platforms.txt",
                 "usr/share/man/man1/chaperone.1", "usr/share/man/man5/chaperone.conf.5",
                 "usr/lib/systemd/system/chaperone-milter.service", "usr/lib/systemd/system/chaperone-roster-import.service",
                 "usr/lib/systemd/system/chaperone-roster-import.timer", "etc/chaperone/roster.conf",
                 "usr/share/man/man5/chaperone-roster.conf.5"):
        assert (tmp_path / path).is_file(), path
    (tmp_path / "etc/chaperone/chaperone.conf").write_text("# changed\n")
    subprocess.run([*make, "install"], check=True, capture_output=True)
    assert (tmp_path / "etc/chaperone/chaperone.conf").read_text() == "# changed\n"
    subprocess.run([*make, "uninstall"], check=True, capture_output=True)
    assert not (tmp_path / "usr/bin/chaperone").exists()
    assert (tmp_path / "etc/chaperone/chaperone.conf").exists()
