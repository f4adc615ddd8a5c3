# SPDX-License-Identifier: GPL-2.0-or-later
"""File systems of several types in a guest, and their prints.

The disk that is unused otherwise gets a partition for each type.  The header
on the target is read here by hand; what it says is compared with what
print-of, built from the engine, takes of the disk while the machine is off.
"""
import struct
import subprocess

from . import tools
from .paths import VmError
from .target import crc32c

MIB = 1 << 20
TYPES = {"xfs": 320, "btrfs": 160, "vfat": 64, "f2fs": 96}      # MiB
MKFS = {"xfs": ("mkfs.xfs", "-q"), "btrfs": ("mkfs.btrfs", "-q"),
        "vfat": ("mkfs.vfat",), "f2fs": ("mkfs.f2fs", "-q")}
PARTUUID = "6b6a756d-7000-4000-8000-0000000001{:02}"
HEADER_AT = 1 * MIB             # of the target's partition
HEADER, PRINT = 4096, 144
EXACT = 2


def run(*argv, **options):
    done = subprocess.run(argv, capture_output=True, text=True, **options)
    if done.returncode:
        raise VmError(f"{argv[0]}: {done.stderr.strip()}")
    return done.stdout


def places():
    """(type, partition number, first byte, bytes)."""
    at = MIB
    for number, (kind, mib) in enumerate(TYPES.items(), 1):
        yield kind, number, at, mib * MIB
        at += mib * MIB


def make_disk(machine):
    """For start(prepare=...)."""
    disk = machine.disk("swap")
    table = "label: gpt\n" + "".join(
        f"start={at // 512}, size={size // 512}, "
        f"uuid={PARTUUID.format(number)}, type=linux\n"
        for _, number, at, size in places())
    run("sfdisk", "--quiet", "--no-reread", disk, input=table)
    for kind, _, at, size in places():
        image = machine.dir / f"{kind}.img"
        with open(image, "wb") as file:
            file.truncate(size)
        run(*MKFS[kind], image)
        run("dd", f"if={image}", f"of={disk}", "bs=1M", f"seek={at // MIB}",
            "conv=notrunc,sparse")
        image.unlink()


def mount_all(machine):
    for kind, number, _, _ in places():
        machine.sh(f"mkdir -p /mnt/{kind} && mount -t {kind} "
                   f"/dev/disk/by-partuuid/{PARTUUID.format(number)} "
                   f"/mnt/{kind}")


def headers(machine):
    """Both copies, as bytes."""
    with open(machine.disk("target"), "rb") as disk:
        disk.seek(HEADER_AT)
        return [disk.read(HEADER) for _ in range(2)]


def change_header(machine, at, value):
    """In both copies, with a right checksum."""
    changed = []
    for header in headers(machine):
        header = bytearray(header)
        header[at:at + len(value)] = value
        header[12:16] = bytes(4)
        header[12:16] = struct.pack("<I", crc32c(header))
        changed.append(bytes(header))
    with open(machine.disk("target"), "r+b") as disk:
        disk.seek(HEADER_AT)
        disk.write(b"".join(changed))


def recorded(machine):
    """(type, mount point, grade, digest) of each file system in the image."""
    header = headers(machine)[0]
    count = struct.unpack_from("<I", header, 316)[0]
    out = []
    for i in range(count):
        digest, _, grade, _, start, _, kind, where = struct.unpack_from(
            "<32sHHIQ48s16s32s", header, 624 + PRINT * i)
        if start:
            raise VmError("there is a volume in the guest")
        out.append((kind.rstrip(b"\0").decode(),
                    where.rstrip(b"\0").decode(), grade, digest.hex()))
    return out


def now(machine, kind, where):
    """The exact print of a file system of the machine, which is off."""
    image = str(machine.disk("root"))
    if where != "/":
        image = f"{machine.disk('swap')}+" + str(
            next(at for name, _, at, _ in places() if name == kind))
    return run(tools.build("tests/unit/print-of"), kind, "exact",
               image).strip()
