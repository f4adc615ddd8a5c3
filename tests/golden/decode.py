#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A second decoder of images.

It was written from daemon/format/FORMAT.md alone and shares nothing with the
engine: where both agree about an image, the document says what is on the disk.
It goes through section 9 check by check, and a refusal names the check.

    decode.py [--passphrase TEXT | --keyfile FILE] IMAGE

IMAGE is a whole store; --store-size is for one whose trailing zeros were cut off.
"""
import argparse
import functools
import hashlib
import sys

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from nacl import bindings
from nacl.exceptions import CryptoError

BLOCK = 4096
PAGE = 4096
INDEX = 65536
NONE, VALID, SNAPSHOT, CLAIMED = range(4)
PASSPHRASE, KEYFILE = 1, 2
DATA, WORD, ZERO = range(3)
STORED, LZ4 = range(2)

# (offset, size, name): section 2.
HEADER = [
    (0, 8, "magic"), (8, 4, "version"), (12, 4, "checksum"), (16, 8, "generation"),
    (24, 4, "state"), (28, 4, "features"), (32, 16, "image_id"), (48, 8, "store_size"),
    (56, 8, "bytes_stored"), (64, 8, "chunks"), (72, 8, "pages"), (80, 8, "zero_pages"),
    (88, 8, "word_pages"), (96, 8, "created_usec"), (104, 8, "write_usec"),
    (112, 8, "index_last"), (120, 4, "index_blocks"), (124, 4, "options"),
    (128, 16, "index_seal"), (144, 8, "entry"), (152, 8, "max_pfn"), (160, 8, "ram_pages"),
    (168, 16, "machine_id"), (184, 16, "boot_id"), (200, 32, "memory_map_digest"),
    (232, 80, "kernel_release"), (312, 4, "cipher"), (316, 4, "n_prints"), (320, 32, "seal"),
    (352, 272, "slot"), (624, 3456, "prints"), (4080, 16, "reserved"),
]
PRINT = [(0, 32, "digest"), (32, 2, "rule"), (34, 2, "grade"), (36, 4, "reserved"),
         (40, 8, "start"), (48, 48, "tag"), (96, 16, "type"), (112, 32, "where")]
SLOT = [(0, 4, "lock"), (4, 4, "reserved"), (8, 32, "public_key"), (40, 80, "secret"),
        (120, 136, "vault"), (256, 16, "key_id")]
VAULT = [(0, 8, "operations"), (8, 8, "memory"), (16, 16, "salt"), (32, 24, "nonce"),
         (56, 80, "box")]
INDEX_HEAD = [(0, 4, "magic"), (4, 4, "sequence"), (8, 16, "image_id"), (24, 16, "seal"),
              (40, 16, "previous_seal"), (56, 8, "previous"), (64, 4, "entries"),
              (68, 4, "used")]
ENTRY = [(0, 8, "offset"), (8, 16, "seal"), (24, 8, "number"), (32, 4, "payload"),
         (36, 2, "n_runs"), (38, 2, "codec")]
RUN = [(0, 4, "pfn_low"), (4, 2, "pfn_high"), (6, 2, "n")]
RECIPIENT = [(0, 8, "magic"), (8, 4, "version"), (12, 4, "lock"), (16, 32, "origin"),
             (48, 32, "public_key"), (80, 136, "vault"), (216, 36, "reserved"),
             (252, 4, "checksum")]


class Refused(Exception):
    def __init__(self, check, reason):
        super().__init__(f"check {check}: {reason}")
        self.check = check


def require(condition, check, reason):
    if not condition:
        raise Refused(check, reason)


def fields(table, raw):
    """Numbers where there are 8 bytes or fewer, but for a magic."""
    values = {}
    for offset, size, name in table:
        part = raw[offset:offset + size]
        is_number = size <= 8 and name != "magic"
        values[name] = int.from_bytes(part, "little") if is_number else part
    return values


def without(raw, *ranges):
    """The bytes with some of them as zeros."""
    out = bytearray(raw)
    for offset, size in ranges:
        out[offset:offset + size] = bytes(size)
    return bytes(out)


# ---- algorithms ------------------------------------------------------------------

def crc_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


CRC_TABLE = crc_table()


@functools.lru_cache(maxsize=256)       # tests have many images that are nearly the same
def crc32c(data, table=tuple(CRC_TABLE)):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def blake2b(size, key, data):
    return hashlib.blake2b(data, digest_size=size, key=key).digest()


def lz4_length(block, at, length):
    if length == 15:
        while True:
            more = block[at]
            at += 1
            length += more
            if more != 255:
                break
    return at, length


def lz4_block(block, limit):
    """Decompresses; IndexError or ValueError when it is not a block."""
    out = bytearray()
    at = 0
    while True:
        token = block[at]
        at, literals = lz4_length(block, at + 1, token >> 4)
        if at + literals > len(block):
            raise ValueError("literals are cut off")
        out += block[at:at + literals]
        at += literals
        if at == len(block):
            return bytes(out)
        distance = int.from_bytes(block[at:at + 2], "little")
        at, length = lz4_length(block, at + 2, token & 15)
        if distance == 0 or distance > len(out) or len(out) + length + 4 > limit:
            raise ValueError("a match is out of range")
        for _ in range(length + 4):
            out.append(out[-distance])


def open_aead(cipher, key, kind, number, ad, data, tag):
    """None when it does not open."""
    nonce = bytes([kind, 0, 0, 0]) + number.to_bytes(8, "little")
    try:
        if cipher == 1:
            return AESGCM(key).decrypt(nonce, data + tag, ad)
        return bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
            data + tag, ad, nonce + bytes(12), key)
    except (CryptoError, InvalidTag):
        return None


# ---- the header ------------------------------------------------------------------

class Store:
    def __init__(self, data, size=None):
        self.data = data
        self.size = len(data) if size is None else size

    def read(self, offset, length):
        assert 0 <= offset and offset + length <= self.size
        part = self.data[offset:offset + length]
        return part + bytes(length - len(part))


def is_text(raw):
    text = raw.rstrip(b"\0")
    return len(text) < len(raw) and all(0x20 <= c <= 0x7E for c in text)


def check_head(h, raw):
    require(h["magic"] == b"KJUMPIMG", 1, "no magic")
    require(h["checksum"] == crc32c(without(raw, (12, 4))), 2, "checksum of the header")
    require(h["version"] == 2, 3, f"version {h['version']}")
    require(h["features"] <= 1, 4, f"features {h['features']:#x}")
    require(h["state"] <= CLAIMED, 5, f"state {h['state']}")
    require(h["generation"] <= 1 << 62, 6, "generation")
    require(1 <= h["n_prints"] <= 24 if h["features"] & 1 else h["n_prints"] == 0,
            7, "number of prints")
    require(h["options"] or not any(raw[624 + 144 * h["n_prints"]:]), 7, "behind the prints")


def check_memory(h):
    require(h["max_pfn"] <= 1 << 40 and h["ram_pages"] <= 1 << 40, 8, "memory size")
    require(h["pages"] <= h["max_pfn"], 9, "more pages than memory")
    require(h["zero_pages"] + h["word_pages"] <= h["pages"], 10, "more zero pages than pages")
    require(h["chunks"] <= h["pages"], 11, "more chunks than pages")
    require(is_text(h["kernel_release"]), 12, "kernel release")


def check_store(h, store):
    stored, blocks, last = h["bytes_stored"], h["index_blocks"], h["index_last"]
    require(h["store_size"] <= 1 << 60, 13, "store size")
    require(stored % BLOCK == 0 and stored >= 2 * BLOCK, 14, "image size")
    require(stored <= store.size and stored <= h["store_size"], 15, "image larger than store")
    counts = (blocks, h["pages"], h["chunks"])
    require(all(counts) or not any(counts), 16, "counts contradict each other")
    if blocks == 0:
        require(last == 0 and not any(h["index_seal"]), 17, "index of no blocks")
        return
    require(blocks <= 1 << 26 and blocks * INDEX <= stored - 2 * BLOCK, 18, "index size")
    require(h["chunks"] <= blocks * 1365, 19, "more chunks than index")
    require(last % BLOCK == 0 and 2 * BLOCK <= last <= stored - INDEX, 20, "place of the index")


def check_lock(h):
    slot = fields(SLOT, h["slot"])
    vault = fields(VAULT, slot["vault"])
    require(h["cipher"] <= 2, 21, f"cipher {h['cipher']}")
    require(slot["lock"] <= 2, 22, f"lock {slot['lock']}")
    require((h["cipher"] == 0) == (slot["lock"] == 0), 23, "cipher and lock contradict")
    if slot["lock"] == 0:
        require(not any(h["slot"]) and not any(h["seal"]), 24, "keys without a lock")
    require(slot["reserved"] == 0, 25, "reserved bytes of the slot")
    if slot["lock"] == PASSPHRASE:
        require(1 <= vault["operations"] <= 64, 26, "operations of Argon2id")
        require(8192 <= vault["memory"] <= 1 << 32, 27, "memory of Argon2id")


def prints_of(h):
    return [fields(PRINT, h["prints"][at:at + 144]) for at in range(0, 144 * h["n_prints"], 144)]


def check_prints(h):
    for p in prints_of(h):
        require(1 <= p["rule"] <= 6 or 257 <= p["rule"] <= 262, 28, f"rule {p['rule']}")
        require(p["grade"] <= 2, 28, f"grade {p['grade']}")
        require(p["reserved"] == 0, 28, "reserved bytes of a print")
        require(p["start"] <= 1 << 60, 28, "place of a file system")
        require(p["grade"] or not any(p["digest"]), 28, "digest of no print")
        require(is_text(p["tag"]) and b"=" in p["tag"], 28, "tag")
        require(is_text(p["type"]) and p["type"][0], 28, "type")
        require(is_text(p["where"]) and p["where"][0], 28, "mount point")


def check_copy(raw, store):
    h = fields(HEADER, raw)
    h["raw"] = raw
    check_head(h, raw)
    if h["state"] != NONE:
        check_memory(h)
        check_store(h, store)
        check_lock(h)
        check_prints(h)
    return h


def load_header(store):
    require(2 * BLOCK <= store.size <= 1 << 60, 0, f"a store of {store.size} bytes")
    best, refusals = None, []
    for copy in range(2):
        try:
            h = check_copy(store.read(copy * BLOCK, BLOCK), store)
        except Refused as refused:
            refusals.append(refused)
            continue
        if best is None or h["generation"] > best["generation"]:
            best = h
    if best is None:
        raise next((r for r in refusals if r.check != 1), refusals[0])
    require(best["state"] in (VALID, SNAPSHOT), 31, f"state {best['state']}")
    return best


# ---- keys ------------------------------------------------------------------------

def open_vault(vault, passphrase):
    key = bindings.crypto_pwhash_alg(32, passphrase, vault["salt"], vault["operations"],
                                     vault["memory"], bindings.crypto_pwhash_ALG_ARGON2ID13)
    try:
        return bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
            vault["box"], None, vault["nonce"], key)
    except CryptoError:
        raise Refused(33, "wrong passphrase") from None


def open_passphrase(slot, passphrase):
    secrets = open_vault(fields(VAULT, slot["vault"]), passphrase)
    try:
        secret = bindings.crypto_box_seal_open(slot["secret"], slot["public_key"], secrets[:32])
    except CryptoError:
        raise Refused(34, "the sealed box does not open") from None
    return secrets[32:], secret


def origin_of_keyfile(keyfile):
    return blake2b(32, b"kjump key file\0", keyfile)


def open_keyfile(slot, keyfile):
    origin = origin_of_keyfile(keyfile)
    require(blake2b(16, b"kjump key file\0", origin) == slot["key_id"], 33, "another key file")
    return origin, slot["secret"][:32]


def open_key(h, passphrase, keyfile):
    """The image's key, once the header's seal was right; None without a cipher."""
    slot = fields(SLOT, h["slot"])
    given = PASSPHRASE if passphrase is not None else KEYFILE if keyfile is not None else 0
    require(given == slot["lock"], 32, f"lock {slot['lock']}, but key of kind {given}")
    if not given:
        return None
    if given == PASSPHRASE:
        origin, secret = open_passphrase(slot, passphrase)
    else:
        origin, secret = open_keyfile(slot, keyfile)
    tail = secret + h["image_id"]
    header_key = blake2b(32, origin, b"kjump header\0" + tail)
    lasting = without(h["raw"], (12, 4), (16, 8), (24, 4), (320, 32))
    require(blake2b(32, header_key, lasting) == h["seal"], 35, "seal of the header")
    return blake2b(32, origin, b"kjump image\0" + tail)


def check_recipient(raw, passphrase=None, keyfile=None):
    """Whether its origin secret is the right one."""
    r = fields(RECIPIENT, raw)
    if (len(raw) != 256 or r["magic"] != b"KJRECIPT" or r["version"] != 1 or
            any(r["reserved"]) or r["checksum"] != crc32c(without(raw, (252, 4)))):
        return False
    if keyfile is not None:
        return (r["lock"] == KEYFILE and r["origin"] == origin_of_keyfile(keyfile) and
                not any(r["vault"]) and not any(r["public_key"]))
    secrets = open_vault(fields(VAULT, r["vault"]), passphrase)
    return (r["lock"] == PASSPHRASE and r["origin"] == secrets[32:] and
            r["public_key"] == bindings.crypto_scalarmult_base(secrets[:32]))


# ---- the index -------------------------------------------------------------------

def open_block(h, key, raw, seal):
    head = fields(INDEX_HEAD, raw)
    require(head["magic"] == b"KJIX", 40, "no index block")
    require(head["image_id"] == h["image_id"], 41, "index block of another image")
    require(head["seal"] == seal, 42, "not the index block that was meant")
    if key is None:
        crc = crc32c(raw[:24] + raw[40:])
        require(seal == crc.to_bytes(4, "little") + bytes(12), 42, "checksum of index block")
        return raw
    plain = open_aead(h["cipher"], key, 2, head["sequence"], raw[:24], raw[40:], seal)
    require(plain is not None, 42, "seal of index block")
    return raw[:40] + plain


def check_block_head(h, head, sequence):
    require(head["sequence"] == sequence, 43, "sequence of index block")
    require(72 <= head["used"] <= INDEX, 44, "length of index block")
    require(head["entries"], 45, "index block without entries")
    previous = head["previous"]
    if sequence == 0:
        require(previous == 0 and not any(head["previous_seal"]), 46, "previous of the first")
    else:
        require(previous % BLOCK == 0 and
                2 * BLOCK <= previous <= h["bytes_stored"] - INDEX, 46, "place of previous")


def parse_runs(h, raw):
    runs, left = [], 128
    for at in range(0, len(raw), 8):
        run = fields(RUN, raw[at:at + 8])
        pfn = run["pfn_high"] << 32 | run["pfn_low"]
        count, kind = run["n"] & 0x3FFF, run["n"] >> 14
        require(kind != 3, 49, "kind of a run")
        require(1 <= count <= left, 50, "pages of a chunk")
        require(pfn + count <= h["max_pfn"], 51, "page outside of the memory")
        left -= count
        runs.append((pfn, count, kind))
    return runs


def plain_length(runs):
    return sum(PAGE * count if kind == DATA else 8 if kind == WORD else 0
               for _, count, kind in runs)


def parse_entry(h, raw, at, used):
    require(used - at >= 40, 47, "entry cut off")
    entry = fields(ENTRY, raw[at:at + 40])
    end = at + 40 + 8 * entry["n_runs"]
    require(end <= used, 47, "entry cut off")
    require(1 <= entry["n_runs"] <= 128, 48, "number of runs")
    runs = entry["runs"] = parse_runs(h, raw[at + 40:end])
    entry["ad"] = raw[at + 24:end]

    payload, plain = entry["payload"], plain_length(runs)
    require(entry["codec"] in (STORED, LZ4), 52, "codec")
    require(payload == plain if entry["codec"] == STORED else 0 < payload < plain,
            52, "length of payload")
    require(entry["number"] < h["chunks"], 53, "number of chunk")
    require(entry["offset"] % 8 == 0 and entry["offset"] >= 2 * BLOCK and
            entry["offset"] + payload <= h["bytes_stored"], 54, "place of chunk")
    return entry, end


def parse_block(h, raw, sequence):
    head = fields(INDEX_HEAD, raw)
    check_block_head(h, head, sequence)
    entries, at = [], 72
    for _ in range(head["entries"]):
        entry, at = parse_entry(h, raw, at, head["used"])
        entries.append(entry)
    require(at == head["used"], 55, "bytes behind the entries")
    require(not any(raw[at:]), 55, "bytes behind the entries")
    return head, entries


def load_index(store, h, key):
    """All entries, and the decrypted blocks with their places, last block first."""
    entries, blocks = [], []
    at, seal = h["index_last"], h["index_seal"]
    for sequence in reversed(range(h["index_blocks"])):
        raw = open_block(h, key, store.read(at, INDEX), seal)
        head, more = parse_block(h, raw, sequence)
        blocks.append((at, raw))
        entries += more
        at, seal = head["previous"], head["previous_seal"]
    return entries, blocks


def check_index(h, entries):
    counts, seen = [0, 0, 0], set()
    for entry in entries:
        for _, count, kind in entry["runs"]:
            counts[kind] += count
    require(len(entries) == h["chunks"] and sum(counts) == h["pages"] and
            counts[ZERO] == h["zero_pages"] and counts[WORD] == h["word_pages"],
            56, "counts of index and header")
    for entry in entries:
        for pfn, count, _ in entry["runs"]:
            run = range(pfn, pfn + count)
            require(seen.isdisjoint(run), 57, "a page is there twice")
            seen.update(run)


# ---- chunks ----------------------------------------------------------------------

def open_chunk(store, h, key, entry):
    """The plain bytes."""
    payload = store.read(entry["offset"], entry["payload"])
    if key is None:
        crc = crc32c(h["image_id"] + entry["ad"] + payload)
        require(entry["seal"] == crc.to_bytes(4, "little") + bytes(12), 60, "checksum of chunk")
    else:
        payload = open_aead(h["cipher"], key, 1, entry["number"], entry["ad"], payload,
                            entry["seal"])
        require(payload is not None, 60, "seal of chunk")
    if entry["codec"] == STORED:
        return payload
    length = plain_length(entry["runs"])
    try:
        plain = lz4_block(payload, length)
    except (IndexError, ValueError) as error:
        raise Refused(61, f"LZ4: {error}") from None
    require(len(plain) == length, 61, "LZ4: length")
    return plain


def place_chunk(entry, plain, pages):
    at_word = 0
    at_page = 8 * sum(kind == WORD for _, _, kind in entry["runs"])
    for pfn, count, kind in entry["runs"]:
        word = plain[at_word:at_word + 8] if kind == WORD else bytes(8)
        at_word += 8 if kind == WORD else 0
        for i in range(count):
            if kind == DATA:
                pages[pfn + i] = plain[at_page:at_page + PAGE]
                at_page += PAGE
            else:
                pages[pfn + i] = word * (PAGE // 8)


def decode(store, passphrase=None, keyfile=None):
    """Header, and pages by page frame number; raises Refused."""
    h = load_header(store)
    key = open_key(h, passphrase, keyfile)
    entries, _ = load_index(store, h, key)
    check_index(h, entries)
    pages = {}
    for entry in entries:
        place_chunk(entry, open_chunk(store, h, key, entry), pages)
    return h, pages


def main():
    parser = argparse.ArgumentParser(description="decode an image of kjump")
    parser.add_argument("image")
    parser.add_argument("--passphrase", type=str.encode)
    parser.add_argument("--keyfile", type=lambda path: open(path, "rb").read())
    parser.add_argument("--store-size", type=int)
    args = parser.parse_args()
    with open(args.image, "rb") as file:
        store = Store(file.read(), args.store_size)
    try:
        h, pages = decode(store, args.passphrase, args.keyfile)
    except Refused as refused:
        sys.exit(f"{args.image}: {refused}")
    for _, size, name in HEADER:
        if name not in ("slot", "prints", "reserved"):
            print(name, h[name] if isinstance(h[name], int) else h[name].hex())
    for p in prints_of(h):
        print(p["rule"], p["grade"], p["start"], p["digest"].hex(),
              *(p[name].rstrip(b"\0").decode() for name in ("tag", "type", "where")))
    for pfn in sorted(pages):
        print(pfn, hashlib.sha256(pages[pfn]).hexdigest())


if __name__ == "__main__":
    main()
