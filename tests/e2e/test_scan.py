"""`chaperone scan` and the daemon judge by one code path: the same input gives the same decision."""
import json
import os
import uuid

from demo import BEN, JONAH, MESSAGES
from lab import message


def comparable(judgement):
    """What must agree: everything but the masked values."""
    return {
        "direction": judgement["direction"], "mode": judgement["mode"], "policy": judgement["policy"],
        "recipients": judgement["recipients"], "facts": judgement["facts"],
        "parties": judgement["parties"],
        "findings": [(f["kind"], f["where"], f["owner"], round(f["confidence"], 6), f["span"]) for f in judgement["findings"]],
        "reasons": [(r["rule"], r["clause"], r["action"], r["recipients"], r["findings"]) for r in judgement["reasons"]],
    }


def test_daemon_and_scan_agree(fresh_lab):
    lab = fresh_lab()
    batch = []
    for i, (_, sender, rcpts, subject, text, headers, login) in enumerate(MESSAGES):
        data = message(sender, ", ".join(rcpts), subject, text, headers)
        assert lab.send(sender, rcpts, data, login=login, client=None if login else "203.0.113.9")[0] == 250
    rows = lab.records()
    assert len(rows) == len(MESSAGES)
    for i, row in enumerate(rows):
        record = lab.json("archive", "show", row["id"])
        raw = lab.path(f"{i}.eml")
        import subprocess
        with open(raw, "wb") as f:
            subprocess.run([f"{os.environ['CHAPERONE_BUILD']}/chaperone", "archive", "--config", lab.config, "show", row["id"],
                            "--raw"], stdout=f, check=True)
        batch.append({"id": row["id"], "file": f"{i}.eml", "from": record["envelope"]["mail_from"],
                      "to": [r["address"] for r in record["envelope"]["rcpts"]], "auth": record["envelope"].get("auth_login"),
                      "date": record["envelope"]["received"]})
    lab.write("batch.jsonl", "".join(json.dumps(b) + "\n" for b in batch))
    out = [json.loads(l) for l in lab.chaperone("scan", "--batch", lab.path("batch.jsonl")).splitlines()]
    assert [o["id"] for o in out] == [b["id"] for b in batch]
    for o in out:
        record = lab.json("archive", "show", o["id"])
        assert comparable(o) == comparable(record["judgement"]), record["message"]["subject"]
    assert any(r["action"] == "hold" for o in out for r in o["recipients"])


def test_scan_one_file_from_standard_input(lab):
    data = message(BEN, JONAH, "s", "text my cell 508-555-0142").decode()
    out = json.loads(lab.chaperone("scan", "--from", BEN, "--to", JONAH, "--auth", BEN, "--json", "-", input=data))
    assert out["recipients"] == [{"address": JONAH, "action": "hold", "rules": out["recipients"][0]["rules"]}]
    text = lab.chaperone("scan", "--from", BEN, "--to", JONAH, "--auth", BEN, "-", input=data)
    assert "hold" in text and "508" in text


def test_scan_reports_bad_input(lab):
    done = lab.chaperone("scan", "--from", BEN, "--to", JONAH, "/nonexistent.eml", check=False)
    assert done.returncode == 66 and "/nonexistent.eml" in done.stderr
    lab.write("bad.jsonl", '{"id": "1", "file": "x"\n')
    done = lab.chaperone("scan", "--batch", lab.path("bad.jsonl"), check=False)
    assert done.returncode == 65 and "bad.jsonl:1" in done.stderr
