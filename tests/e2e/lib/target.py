# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes a target description (daemon/format/kj-target.h) for the guest.

The guest's initramfs is built where its disks are not to be seen, so kjumpd
cannot do it there.  A second writer also keeps the contract honest.
"""
import struct

from .paths import MACHINE_ID

HEADER = "<8sIIIIQ128sI20s16s52sI"
PARTITION = 1
S4 = 0
PASSPHRASE = 1                  # enum kj_lock


def crc32c(data):
    """CRC-32C (Castagnoli), bit by bit: the data are short."""
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def partition(tag, size, lock=0):
    """The description of a whole partition of @size bytes, as bytes."""
    def header(checksum):
        return struct.pack(HEADER, b"KJTARGET", 1, PARTITION, S4, 1, size,
                           tag.encode(), lock, b"", bytes.fromhex(MACHINE_ID),
                           b"", checksum)
    extents = struct.pack("<QQ", 0, size)
    return header(crc32c(header(0) + extents)) + extents
