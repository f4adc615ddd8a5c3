# SPDX-License-Identifier: GPL-2.0-or-later
"""An image byte by byte, for section 12 of FORMAT.md."""
import hashlib

import decode

BEGIN = "<!-- dump of small.img: tests/golden/check.py --update -->\n"
END = "<!-- end of dump -->\n"
KINDS = ("data", "word", "zero")


def rows(offset, raw, name="", value=""):
    """16 bytes a row, zeros at the end of a long field counted; named in the first."""
    out, at = [], 0
    while at < len(raw):
        part = raw[at:at + 16].hex(" ")
        if len(raw) > 16 and not any(raw[at:]):
            part = f"00 x {len(raw) - at}"
        text = f"{offset + at:06x}  {part:47}  "
        out.append((text + f"{name} {value}" if at == 0 else text).rstrip())
        at += len(raw) if part.startswith("00 x") else 16
    return out


def table(offset, layout, raw):
    out = []
    values = decode.fields(layout, raw)
    for at, size, name in layout:
        value = values[name]
        if isinstance(value, bytes):
            text = value.rstrip(b"\0")
            value = f'"{text.decode()}"' if name in ("magic", "kernel_release") else ""
        out += rows(offset + at, raw[at:at + size], name, value)
    return out


def dump_chunk(entry, payload, plain):
    out = ["", f"chunk {entry['number']}: {len(payload)} bytes of LZ4 for {len(plain)} plain bytes"]
    out += rows(entry["offset"], payload)
    out += ["", "its plain bytes"]
    words = [run for run in entry["runs"] if run[2] == decode.WORD]
    at = 0
    for pfn, count, _ in words:
        out += rows(at, plain[at:at + 8], f"word of pages {pfn}..{pfn + count - 1}")
        at += 8
    for pfn, count, kind in entry["runs"]:
        for i in range(count if kind == decode.DATA else 0):
            page = plain[at:at + decode.PAGE]
            out += rows(at, page[:16], f"page {pfn + i} begins, {page[:16]}")
            out.append(f"        sha256 {hashlib.sha256(page).hexdigest()}")
            at += decode.PAGE
    return out


def dump_block(at, raw):
    out = ["", "index block 0"] + table(at, decode.INDEX_HEAD, raw)
    used = decode.fields(decode.INDEX_HEAD, raw)["used"]
    pos = 72
    while pos < used:
        out += ["", "an entry"] + table(at + pos, decode.ENTRY, raw[pos:pos + 40])
        n_runs = decode.fields(decode.ENTRY, raw[pos:pos + 40])["n_runs"]
        pos += 40
        for _ in range(n_runs):
            run = decode.fields(decode.RUN, raw[pos:pos + 8])
            out += rows(at + pos, raw[pos:pos + 8], "run",
                        f"pfn {run['pfn_low']}, {run['n'] & 0x3fff} pages, {KINDS[run['n'] >> 14]}")
            pos += 8
    return out + [""] + rows(at + used, raw[used:], "the rest of the block")


def section(good):
    """The dump, with its markers."""
    data = (good / "small.img").read_bytes()
    store = decode.Store(data, 1 << 20)
    h = decode.load_header(store)
    entries, blocks = decode.load_index(store, h, None)
    assert store.read(0, 4096) == store.read(4096, 4096)
    out = ["header copy 0; copy 1 has the same bytes"] + table(0, decode.HEADER, h["raw"])
    for entry in entries:
        payload = store.read(entry["offset"], entry["payload"])
        out += dump_chunk(entry, payload, decode.open_chunk(store, h, None, entry))
    for at, raw in blocks:
        out += dump_block(at, raw)
    return BEGIN + "```\n" + "\n".join(out) + "\n```\n" + END


def section_of(document):
    begin, end = document.find(BEGIN), document.find(END)
    return document[begin:end + len(END)]


def update(document, good):
    return document.replace(section_of(document), section(good))
