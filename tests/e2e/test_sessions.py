"""libmilter's ways: every reset, several messages a connection, disconnects, XCLIENT, signals (all with a real Postfix)."""
import os
import signal
import socket
import threading
import time
import uuid

import pytest

from demo import ANN, BEN, JONAH, MIA
from lab import Lab, message, wait_for

HOLD = "text my cell 508-555-0142"


def note(tag, text="See you in class."):
    return message(BEN, JONAH, "s", f"{text} {tag}")


def test_two_messages_a_connection_with_different_verdicts(lab):
    one, two, three = (uuid.uuid4().hex for _ in range(3))
    smtp = lab.connect(BEN)
    assert lab.send(BEN, [JONAH], note(one), smtp=smtp)[0] == 250
    assert lab.send(BEN, [JONAH], note(two, HOLD), smtp=smtp)[0] == 250
    assert lab.send(BEN, [JONAH, ANN], note(three), smtp=smtp)[0] == 250
    smtp.quit()
    assert len(lab.delivered_with(one)) == 1
    assert len(lab.delivered_with(two)) == 0
    assert sorted(r for d in lab.delivered_with(three) for r in d.rcpts) == sorted([JONAH, ANN])


@pytest.mark.parametrize("stage", ["ehlo", "mail", "rcpt", "data"])
@pytest.mark.parametrize("how", ["rset", "disconnect", "quit"])
def test_resets_at_every_stage(lab, stage, how):
    tag = uuid.uuid4().hex
    smtp = lab.connect(BEN)
    if stage != "ehlo":
        assert smtp.docmd("MAIL", f"FROM:<{BEN}>")[0] == 250
    if stage in ("rcpt", "data"):
        assert smtp.docmd("RCPT", f"TO:<{JONAH}>")[0] == 250
    if stage == "data":
        assert smtp.docmd("DATA")[0] == 354
        smtp.send(b"Subject: half\r\n\r\nhalf of " + tag.encode())
        smtp.sock.close()
        smtp.close()
    elif how == "rset":
        assert smtp.rset()[0] == 250
        assert lab.send(BEN, [JONAH], note(tag), smtp=smtp)[0] == 250
        smtp.quit()
        assert len(lab.delivered_with(tag)) == 1
    elif how == "quit":
        smtp.quit()
    else:
        smtp.sock.shutdown(socket.SHUT_RDWR)
        smtp.close()
    # The filter is as it was: the next message goes its way.
    after = uuid.uuid4().hex
    assert lab.send(BEN, [JONAH], note(after))[0] == 250
    assert len(lab.delivered_with(after)) == 1
    if stage == "data":
        assert not lab.delivered_with(tag)


def test_all_recipients_refused_by_the_mta_then_a_message(lab):
    tag = uuid.uuid4().hex
    smtp = lab.connect(BEN)
    assert smtp.docmd("MAIL", f"FROM:<{BEN}>")[0] == 250
    assert smtp.docmd("RCPT", "TO:<bad address>")[0] >= 500
    assert smtp.rset()[0] == 250
    assert lab.send(BEN, [JONAH], note(tag), smtp=smtp)[0] == 250
    smtp.quit()
    assert len(lab.delivered_with(tag)) == 1


def test_xclient_reconnects_carry_the_new_client(lab):
    tag = uuid.uuid4().hex
    smtp = lab.connect(BEN)
    assert lab.send(BEN, [ANN], note(tag), smtp=smtp)[0] == 250
    smtp.docmd("XCLIENT", f"LOGIN={ANN} ADDR=203.0.113.8")
    smtp.ehlo("again")
    assert lab.send(ANN, [BEN], note(tag), smtp=smtp)[0] == 250
    smtp.quit()
    rows = lab.records()[-2:]
    envelopes = [lab.json("archive", "show", r["id"])["envelope"] for r in rows]
    assert [(e["client_addr"], e["auth_login"]) for e in envelopes] == [("127.0.0.1", BEN), ("203.0.113.8", ANN)]


def test_every_log_line_of_a_message_has_its_keys(lab):
    tag = uuid.uuid4().hex
    assert lab.send(BEN, [JONAH], note(tag, HOLD))[0] == 250
    record = lab.records()[-1]["id"]
    (line,) = [l for l in lab.log().splitlines() if f"record={record}" in l and ": message " in l]
    for key in ("queue_id=", "rule=", "action=hold", "policy="):
        assert key in line


def test_hup_keeps_the_old_configuration_when_the_new_one_is_wrong(lab):
    good = open(lab.config, encoding="utf-8").read()
    try:
        lab.write("chaperone.conf", good.replace('mode = "', 'mode = "x') + "\nnonsense = { };\n")
        lab.milter.send_signal(signal.SIGHUP)
        wait_for("refusal", lambda: "reload refused" in lab.log())
        tag = uuid.uuid4().hex
        assert lab.send(BEN, [JONAH], note(tag, HOLD))[0] == 250
        assert not lab.delivered_with(tag)
    finally:
        lab.write("chaperone.conf", good)
    lab.milter.send_signal(signal.SIGHUP)
    wait_for("reload", lambda: "configuration reloaded" in lab.log())


def test_hup_takes_over_a_new_mode(fresh_lab):
    lab = fresh_lab()
    lab.write_config({"policy": 'mode = "monitor";'})
    lab.milter.send_signal(signal.SIGHUP)
    wait_for("reload", lambda: "configuration reloaded" in lab.log())
    tag = uuid.uuid4().hex
    assert lab.send(BEN, [JONAH], note(tag, HOLD))[0] == 250
    assert len(lab.delivered_with(tag)) == 1
    record = lab.json("archive", "show", lab.records()[-1]["id"])
    assert record["judgement"]["reasons"][0]["action"] == "hold", "what would have been done is recorded"


def test_hups_faster_than_the_daemon_can_take(fresh_lab):
    lab = fresh_lab()
    end = time.monotonic() + 3
    while time.monotonic() < end:
        os.kill(lab.milter.pid, signal.SIGHUP)
    assert lab.milter.poll() is None
    wait_for("reload", lambda: "configuration reloaded" in lab.log())
    tag = uuid.uuid4().hex
    assert lab.send(BEN, [JONAH], note(tag))[0] == 250


def test_term_ends_at_once_and_leaves_no_socket(fresh_lab):
    lab = fresh_lab()
    assert lab.send(BEN, [JONAH], note("x"))[0] == 250
    began = time.monotonic()
    assert lab.stop_milter() == 0
    assert time.monotonic() - began < 4
    assert not os.path.exists(lab.socket)
    code, _ = lab.send(BEN, [JONAH], note("y"))
    assert code == 451, "without the filter nothing is taken"
    lab.start_milter()
    assert lab.send(BEN, [JONAH], note("z"))[0] == 250


def test_term_answers_what_is_in_flight(fresh_lab):
    lab = fresh_lab()
    answers = []

    def one(i):
        try:
            answers.append((i, lab.send(BEN, [JONAH], note(f"inflight-{i}-"))[0]))
        except OSError:
            answers.append((i, None))

    threads = [threading.Thread(target=one, args=(i,)) for i in range(40)]
    for t in threads:
        t.start()
    time.sleep(0.15)
    assert lab.stop_milter() == 0
    for t in threads:
        t.join()
    assert len(answers) == 40
    lab.start_milter()
    texts = [lab.chaperone("archive", "show", r["id"], "--raw") for r in lab.records()]
    for i, code in answers:
        recorded = any(f"inflight-{i}-" in t for t in texts)
        assert code != 250 or recorded, "a 250 without a record"
        assert code in (250, 451, 421, None)


def test_the_socket_has_its_rights(lab):
    st = os.stat(lab.socket)
    assert oct(st.st_mode & 0o777) == "0o660"


def test_a_second_daemon_does_not_steal_the_socket(lab):
    other = Lab(root=lab.dir)
    other.own_root, other.config, other.milter_log = False, lab.config, lab.path("second.log")
    other.start_milter(wait=False)
    assert other.milter.wait(20) != 0
    other.milter = None
    assert "another daemon answers there" in other.log()
    assert lab.send(BEN, [JONAH], note("still here"))[0] == 250


def test_refuses_to_start_on_what_check_refuses(fresh_lab):
    lab = fresh_lab(start=False)
    lab.set_up()
    lab.write_config({"milter": "max_mesages = 5;"})
    check = lab.chaperone("check", check=False)
    assert check.returncode == 78 and "chaperone.conf:" in check.stderr + check.stdout
    lab.start_milter(wait=False)
    assert lab.milter.wait(20) == 78
    lab.milter = None
    assert "milter.max_mesages: unknown key" in lab.log()


def test_inet_socket(fresh_lab):
    from lab import free_port
    port = free_port()
    lab = fresh_lab(start=False)
    lab.socket_setting = port
    lab.set_up()
    text = open(lab.config, encoding="utf-8").read().replace(f"unix:{lab.socket}", f"inet:{port}@127.0.0.1")
    lab.write("chaperone.conf", text)
    lab.start_sink()
    lab.start_milter()
    lab.start_postfix()
    for stage in ("smtpd_milters", "non_smtpd_milters"):
        main = open(lab.path("postfix/conf/master.cf"), encoding="utf-8").read()
        lab.write("postfix/conf/master.cf", main.replace(f"unix:{lab.socket}", f"inet:127.0.0.1:{port}"))
    lab.postfix("reload")
    time.sleep(1)
    tag = uuid.uuid4().hex
    assert lab.send(BEN, [JONAH], note(tag))[0] == 250
    assert len(lab.delivered_with(tag)) == 1
    assert lab.stop_milter() == 0
