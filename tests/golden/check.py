#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The second decoder against the golden images, the broken ones and FORMAT.md.

    check.py FORMAT.md TEST-GOLDEN              as "meson test" runs it
    check.py --update FORMAT.md                 write section 12 of FORMAT.md again
"""
import functools
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import tempfile

try:
    import decode
    import dump
except ImportError as error:
    print(f"{error}; install python3-nacl and python3-cryptography")
    sys.exit(77)                        # meson: skipped

GOOD = pathlib.Path(__file__).parent / "good"


def key_of(description):
    return {name: bytes.fromhex(description[name])
            for name in ("passphrase", "keyfile") if name in description}


def shown(name, value):
    """A field of the header as the .json has it."""
    if name == "kernel_release":
        return value.rstrip(b"\0").decode()
    return value if isinstance(value, int) else value.hex()


def compare_header(h, expected):
    lock = decode.fields(decode.SLOT, h["slot"])["lock"]
    assert lock == expected["lock"], f"lock is {lock}"
    prints = [[p["rule"], p["grade"], p["start"], p["digest"].hex(),
               *(p[name].rstrip(b"\0").decode() for name in ("tag", "type", "where"))]
              for p in decode.prints_of(h)]
    assert prints == expected.get("prints", []), "file systems"
    for name in (expected.keys() & h.keys()) - {"prints"}:
        actual = shown(name, h[name])
        assert actual == expected[name], f"{name} is {actual}, not {expected[name]}"


@functools.lru_cache(maxsize=1024)
def sha256_of(page):
    return hashlib.sha256(page).hexdigest()


def compare_memory(pages, expected):
    wanted = {}
    for pfn, count, stride, sha256 in expected["memory"]:
        wanted.update((pfn + i * stride, sha256) for i in range(count))
    assert wanted.keys() == pages.keys(), "other page frames"
    for pfn, page in pages.items():
        assert sha256_of(page) == wanted[pfn], f"page frame {pfn} has another content"


def check_gaps(store, h, key):
    """Invariant 11: between the pieces of a sealed image there is no memory."""
    entries, blocks = decode.load_index(store, h, key)
    pieces = [(entry["offset"], entry["payload"]) for entry in entries]
    pieces += [(at, decode.INDEX) for at, _ in blocks]
    end = 2 * decode.BLOCK
    for at, length in sorted(pieces) + [(h["bytes_stored"], 0)]:
        assert not any(store.read(end, at - end)), f"something is in the gap at {end}"
        end = at + length


def check_good(path):
    expected = json.loads(path.with_suffix(".json").read_text())
    store = decode.Store(path.read_bytes(), expected["store_size"])
    key = key_of(expected)
    if "recipient" in expected:
        assert decode.check_recipient(bytes.fromhex(expected["recipient"]), **key), "recipient"
    if expected["state"] == decode.CLAIMED:
        compare_header(decode.fields(decode.HEADER, store.read(0, 4096)), expected)
        assert check_broken(store, key) == 31
        return
    h, pages = decode.decode(store, **key)
    compare_header(h, expected)
    compare_memory(pages, expected)
    if h["cipher"]:
        check_gaps(store, h, decode.open_key(h, key.get("passphrase"), key.get("keyfile")))


def check_broken(store, key):
    """The number of the check that refuses it; -1 when none does."""
    try:
        decode.decode(store, **key)
    except decode.Refused as refused:
        return refused.check
    return -1


def check_all_good():
    paths = sorted(GOOD.glob("*.img"))
    assert len(paths) >= 10, f"only {len(paths)} golden images in {GOOD}"
    for path in paths:
        try:
            check_good(path)
        except (AssertionError, decode.Refused) as error:
            sys.exit(f"{path.name}: {error}")
    print(f"{len(paths)} golden images decoded")


def check_all_broken(program):
    wrong, refused, accepted, checks = [], 0, 0, set()
    with tempfile.TemporaryDirectory() as directory:
        directory = pathlib.Path(directory)
        subprocess.run([program, "--write", str(directory)], check=True)
        for row in json.loads((directory / "broken.json").read_text()):
            path = directory / (row["name"] + ".img")
            store = decode.Store(path.read_bytes(), row["store_size"])
            check = check_broken(store, key_of(row))
            if check != row["check"]:
                wrong.append(f"{row['name']}: check {check}, not {row['check']}")
            checks.add(row["check"])
            refused += row["check"] >= 0
            accepted += row["check"] < 0
            path.unlink()
    if wrong:
        sys.exit("\n".join(wrong))
    assert refused >= 40, f"only {refused} broken images"
    print(f"{refused} broken images refused by the check they break, {accepted} accepted")
    return checks


def check_checks(path, broken):
    """Each check of section 9 has a broken image; 30 only says which of two is named."""
    section = path.read_text().split("\n## 9.")[1].split("\n## 10.")[0]
    numbers = {int(n) for n in re.findall(r"^\| (\d+) \|", section, re.MULTILINE)} - {30}
    assert len(numbers) > 50, "section 9 has no table of checks"
    if numbers - broken:
        sys.exit(f"no broken image for checks {sorted(numbers - broken)}")
    print(f"{len(numbers)} checks in FORMAT.md, each has a broken image")


def check_document(path):
    if dump.section_of(path.read_text()) != dump.section(GOOD):
        sys.exit(f"section 12 of {path} is not {GOOD / 'small.img'}; see --update")
    print("the dump in FORMAT.md is that of the image")


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "--update":
        path = pathlib.Path(sys.argv[2])
        path.write_text(dump.update(path.read_text(), GOOD))
        return
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    check_all_good()
    document = pathlib.Path(sys.argv[1])
    check_checks(document, check_all_broken(sys.argv[2]))
    check_document(document)


if __name__ == "__main__":
    main()
