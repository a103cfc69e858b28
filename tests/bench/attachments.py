"""Attachments: what each format adds to a message's time with and without the cache, what a flood of slow ones does to text mail,
and what the processes' memory comes to. Every figure beside text mail of the same run.

usage: attachments.py [SECONDS]
"""
import io
import json
import os
import random
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))

from demo import BEN, JONAH  # noqa: E402
from documents import docx, pdf, tarred, with_attachment, zipped  # noqa: E402
from lab import BUILD, Lab, message  # noqa: E402
from load import cpu_and_rss  # noqa: E402

WORDS = ("the a of bus trip music band practice homework chapter lab report field museum lunch form family school week page draft concert "
         "science history reading math team coach library project poster sign deadline morning evening class room").split()


def prose(rng, words):
    return " ".join(rng.choice(WORDS) for _ in range(words)) + "."


def picture(rng, text):
    from PIL import Image, ImageDraw
    image = Image.new("RGB", (1240, 900), (250, 250, 245))
    draw = ImageDraw.Draw(image)
    for line in range(14):
        draw.text((60, 40 + 55 * line), text[line * 50:(line + 1) * 50], fill=(20, 20, 30), font_size=34) \
            if hasattr(draw, "font_size") else draw.text((60, 40 + 55 * line), text[line * 50:(line + 1) * 50], fill=(20, 20, 30))
    draw.point((rng.randrange(1240), rng.randrange(900)), (0, 0, 0))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()


def sheet(rng):
    rows = "".join(f'<row><c t="inlineStr"><is><t>{prose(rng, 3)}</t></is></c><c><v>{rng.randrange(10**6)}</v></c></row>' for _ in range(600))
    return zipped({"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<workbook/>",
                   "xl/worksheets/sheet1.xml": f"<worksheet><sheetData>{rows}</sheetData></worksheet>"})


FORMATS = {
    "text": None,
    "pdf": lambda rng: ("application/pdf", pdf(prose(rng, 60))),
    "docx": lambda rng: ("application/octet-stream", docx(prose(rng, 3000))),
    "xlsx": lambda rng: ("application/octet-stream", sheet(rng)),
    "zip": lambda rng: ("application/zip", zipped({f"{i}.txt": prose(rng, 400) for i in range(8)})),
    "tar.gz": lambda rng: ("application/gzip", tarred({f"{i}.txt": prose(rng, 400).encode() for i in range(8)}, "gz")),
    "jpeg": lambda rng: ("image/jpeg", picture(rng, prose(rng, 120))),
}


def write_corpus(folder, name, count, rng):
    os.makedirs(folder, exist_ok=True)
    for i in range(count):
        make = FORMATS[name]
        if make is None:
            data = message(BEN, JONAH, f"note {i}", prose(rng, 350))
        else:
            kind, content = make(rng)
            data = message(BEN, JONAH, f"note {i}", with_attachment(f"note.{name}", kind, content, prose(rng, 350)),
                           ["MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="b1"'])
        with open(os.path.join(folder, f"{i:05}.eml"), "wb") as f:
            f.write(data)
        with open(os.path.join(folder, f"{i:05}.env"), "w", encoding="ascii") as f:
            f.write(f"from: {BEN}\nrcpt: {JONAH}\nauth: bcarter\n")


def load(socket, corpus, *options):
    out = subprocess.run([f"{BUILD}/milterload", *options, "unix:" + socket, corpus], capture_output=True, text=True)
    if out.returncode != 0:
        sys.exit(f"milterload: {out.stdout[-500:]}{out.stderr[-1500:]}")
    return json.loads(out.stdout)


def row(label, result, extra=""):
    latency = result["latency_ms"]["message"]
    print(f"{label:26} {result['messages_per_second']:8.1f} {latency['p50']:9.2f} {latency['p99']:9.2f}  {extra}", flush=True)


def by_format(lab, seconds, rng):
    print(f"{'attachment':26} {'msg/s':>8} {'p50 ms':>9} {'p99 ms':>9}")
    for name in FORMATS:
        count = 40 if name == "jpeg" else 300
        folder = lab.path("corpus", name)
        write_corpus(folder, name, count, rng)
        first = load(lab.socket, folder, "-c", "2", "-k", "5", "-n", str(count))
        again = load(lab.socket, folder, "-c", "2", "-k", "5", "-d", str(seconds))
        row(name + (", never seen" if name != "text" else ""), first)
        if name != "text":
            row(name + ", from the cache", again)


def flood(lab, seconds, rng):
    """Text mail alone, and while pictures come many times faster than they can be read."""
    write_corpus(lab.path("corpus", "flood"), "jpeg", 300, rng)
    text = lab.path("corpus", "text")
    alone = [load(lab.socket, text, "-c", "4", "-k", "5", "-r", "50", "-d", str(seconds)) for _ in range(3)]
    slow = subprocess.Popen([f"{BUILD}/milterload", "-c", "8", "-k", "5", "-r", "20", "-d", str(4 * seconds + 4), "unix:" + lab.socket,
                             lab.path("corpus", "flood")], stdout=subprocess.PIPE, text=True)
    beside = [load(lab.socket, text, "-c", "4", "-k", "5", "-r", "50", "-d", str(seconds)) for _ in range(3)]
    pids = [lab.milter.pid, *lab.milter_children()]
    memory = [cpu_and_rss([pid])[1] for pid in pids]
    slow.wait()
    for label, runs in (("text, 50/s, alone", alone), ("text, 50/s, and 20/s pictures", beside)):
        row(label, min(runs, key=lambda r: abs(r["latency_ms"]["message"]["p99"] - statistics.median(
            x["latency_ms"]["message"]["p99"] for x in runs))))
    print(f"memory in the flood: milter {memory[0]:.0f} MB, the largest reader {max(memory[1:], default=0):.0f} MB, "
          f"all readers {sum(memory[1:]):.0f} MB")
    print(f"left pending by the flood: {len(lab.held('pending'))} messages")


def main():
    seconds = float(next((a for a in sys.argv[1:] if not a.startswith("-")), 3))
    rng = random.Random(5)
    lab = Lab(settings={"attachments": "inline_ms = 1500; inline_messages = 2; workers = 2;"}, archivist=False)
    lab.set_up()
    lab.start_milter()
    try:
        by_format(lab, seconds, rng) if "--flood" not in sys.argv else write_corpus(lab.path("corpus", "text"), "text", 300, rng)
        flood(lab, seconds, rng)
    finally:
        lab.stop()


if __name__ == "__main__":
    main()
