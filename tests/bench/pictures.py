#!/usr/bin/python3
"""How well codes and text in pictures are read: pictures of flyers, notes and screenshots that this program draws (sizes, small
rotations, noise, blur, JPEG quality, fonts, light on dark), read by build/readattachment. Prints shares and milliseconds.
usage: pictures.py [--count N] [--seed N] [--keep DIR] [--show-missed]"""
import argparse
import json
import os
import random
import re
import subprocess
import tempfile

import qrcode
from PIL import Image, ImageDraw, ImageFilter, ImageFont

BUILD = os.environ.get("CHAPERONE_BUILD", "build")
FONTS = [f"/usr/share/fonts/truetype/dejavu/{n}.ttf" for n in (
    "DejaVuSans", "DejaVuSans-Bold", "DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSansMono")]
GROUNDS = {"dark on light": [("black", "white"), ("#303030", "#f4f4f0"), ("#102a60", "#fff3c0"), ("#701020", "#e8f4ff")],
           "light on dark": [("white", "black"), ("#ffe060", "#203060"), ("white", "#a01020"), ("#d0ffd0", "#204020")]}
WORDS = ("Field day is on Friday", "Bring a lunch and a water bottle", "Tryouts start at three o'clock", "Doors open early",
         "Ask at the front desk", "All families are welcome", "Practice moves to the gym", "See you at the game")


def detail(rng):
    """What must be found: the line, and how it is compared."""
    n = f"{rng.choice(('415', '212', '303', '512'))}555{rng.randrange(100, 200):04d}"
    handle = rng.choice(("coach", "mr", "team", "art")) + "_" + rng.choice(("example", "maple", "river")) + str(rng.randrange(10, 99))
    kind = rng.randrange(5)
    phone = (f"{n[:3]}-{n[3:6]}-{n[6:]}", f"({n[:3]}) {n[3:6]}-{n[6:]}", f"{n[:3]}.{n[3:6]}.{n[6:]}")
    if kind < 3:
        return f"{rng.choice(('Call me:', 'Text', 'Cell'))} {phone[kind]}", "phone", n
    if kind == 3:
        return f"Snapchat: {handle}", "handle", handle
    return f"write to {handle}@example.org", "address", f"{handle}@example.org"


def spoil(rng, im, ground):
    """What cameras, scanners and messengers do to a picture."""
    how = []
    if rng.random() < .5:
        angle = rng.uniform(-3, 3)
        im = im.rotate(angle, expand=True, fillcolor=ground, resample=Image.BICUBIC)
        how.append("turned")
    if rng.random() < .4:
        im = im.filter(ImageFilter.GaussianBlur(rng.uniform(.3, .9)))
        how.append("blurred")
    if rng.random() < .4:
        noise = Image.effect_noise(im.size, rng.uniform(10, 40)).convert("RGB")
        im = Image.blend(im, noise, .2)
        how.append("noisy")
    return im, how


def save(rng, im, path):
    """JPEG mostly, as messengers make it."""
    if rng.random() < .7:
        quality = rng.choice((30, 50, 75, 90))
        im.save(path + ".jpg", quality=quality)
        return path + ".jpg", f"jpeg {quality}"
    im.save(path + ".png")
    return path + ".png", "png"


def draw_text(rng, path):
    group = rng.choice(list(GROUNDS))
    ink, ground = rng.choice(GROUNDS[group])
    size = rng.choice((11, 13, 16, 20, 28, 40, 64))
    font = ImageFont.truetype(rng.choice(FONTS), size)
    line, kind, want = detail(rng)
    lines = rng.sample(WORDS, rng.randrange(0, 6))
    lines.insert(rng.randrange(len(lines) + 1), line)
    width = int(max(font.getlength(s) for s in lines)) + 4 * size
    im = Image.new("RGB", (width, int(size * (1.6 * len(lines) + 3))), ground)
    pen = ImageDraw.Draw(im)
    for i, s in enumerate(lines):
        pen.text((2 * size, size * (1.5 + 1.6 * i)), s, font=font, fill=ink)
    if rng.random() < .3:  # a banner of the other colours, with words of its own
        banner = Image.new("RGB", (width, 3 * size), ink)
        ImageDraw.Draw(banner).text((size, size * .9), "Maple Hill School", font=font, fill=ground)
        both = Image.new("RGB", (width, im.height + banner.height), ground)
        both.paste(banner, (0, 0))
        both.paste(im, (0, banner.height))
        im = both
    im, how = spoil(rng, im, ground)
    name, form = save(rng, im, path)
    return {"file": name, "want": want, "kind": kind, "groups": [group, f"letters of {size} px", kind, form, *how]}


def draw_code(rng, path):
    want = rng.choice(("https://t.me/example_invite", "tel:+14155550142", "https://www.instagram.com/coach_example_77?igsh=a1b2c3d4e5",
                       "MECARD:N:Example,Pat;TEL:4155550142;EMAIL:pat@example.org;;"))
    code = qrcode.QRCode(border=rng.choice((0, 1, 4)), box_size=rng.choice((2, 3, 4, 8, 14)),
                         error_correction=rng.choice((qrcode.constants.ERROR_CORRECT_L, qrcode.constants.ERROR_CORRECT_M,
                                                      qrcode.constants.ERROR_CORRECT_H)))
    code.add_data(want)
    inverted = rng.random() < .15
    im = code.make_image(fill_color="white" if inverted else "black", back_color="black" if inverted else "white").convert("RGB")
    how = ["inverted" if inverted else "as usual", f"modules of {code.box_size} px"]
    if rng.random() < .5:  # on a flyer
        flyer = Image.new("RGB", (max(1000, im.width + 200), max(1300, im.height + 300)), rng.choice(("white", "#f0e8d8", "#c8d8f0")))
        pen = ImageDraw.Draw(flyer)
        for i, s in enumerate(WORDS):
            pen.text((60, 60 + 70 * i), s, font=ImageFont.truetype(FONTS[0], 32), fill="black")
        flyer.paste(im, (rng.randrange(20, flyer.width - im.width - 20), flyer.height - im.height - 60))
        im = flyer
        how.append("on a flyer")
    im, spoiled = spoil(rng, im, "black" if inverted and "on a flyer" not in how else "white")
    name, form = save(rng, im, path)
    return {"file": name, "want": want, "kind": "code", "groups": [form, *how, *spoiled]}


def found(job, answer):
    text = "\n".join(p["text"] for p in answer["passages"])
    if job["kind"] == "phone":
        return job["want"] in re.sub(r"[^\d\n]", "", text)
    if job["kind"] == "code":
        want = "4155550142" if job["want"].startswith(("tel:", "MECARD:")) else job["want"]
        return any(p["origin"] == "code" and want in p["text"] for p in answer["passages"])
    return job["want"].lower() in text.lower()


def read(jobs, *options):
    done = subprocess.run([f"{BUILD}/readattachment", *options, *[j["file"] for j in jobs]], check=True, capture_output=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def report(title, jobs, answers, show):
    groups = {}
    times = sorted(a["ms"] for a in answers)
    for job, answer in zip(jobs, answers):
        hit = found(job, answer)
        for g in ["all", *job["groups"]]:
            groups.setdefault(g, []).append(hit)
        if show and not hit:
            print("missed", os.path.basename(job["file"]), job["groups"], job["want"], [p["text"] for p in answer["passages"]])
    print(f"{title}: {sum(groups['all'])} of {len(jobs)} ({100 * sum(groups['all']) / len(jobs):.1f} %); milliseconds a picture:"
          f" p50 {times[len(times) // 2]:.0f}, p95 {times[len(times) * 95 // 100]:.0f}, most {times[-1]:.0f}")
    for g in sorted(set(groups) - {"all"}):
        print(f"    {g:22} {sum(groups[g]):4} of {len(groups[g]):4}  {100 * sum(groups[g]) / len(groups[g]):5.1f} %")


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--count", type=int, default=200)
    args.add_argument("--seed", type=int, default=1)
    args.add_argument("--keep")
    args.add_argument("--show-missed", action="store_true")
    args = args.parse_args()
    rng = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as made:
        place = args.keep or made
        os.makedirs(place, exist_ok=True)
        codes = [draw_code(rng, f"{place}/code{i}") for i in range(args.count)]
        texts = [draw_text(rng, f"{place}/text{i}") for i in range(args.count)]
        report("QR codes", codes, read(codes), args.show_missed)
        report("text, phone numbers, handles and addresses", texts, read(texts, "--ocr"), args.show_missed)


main()
