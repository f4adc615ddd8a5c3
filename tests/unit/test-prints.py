#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Prints of real file systems: test-prints.py PRINT-OF

What a kernel that has it mounted for writing does leaves the stable print
alone; what anybody else does changes the exact one, if it changes the device at all,
and of ext2, ext3 and ext4 the stable one, too.  A file system that this kernel cannot mount is looked at
as mkfs leaves it; without mkfs it is skipped.
"""
import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

MKFS = {
    "ext2": ("mkfs.ext2", "-q", "-F"),
    "ext3": ("mkfs.ext3", "-q", "-F"),
    "ext4": ("mkfs.ext4", "-q", "-F"),
    "xfs": ("mkfs.xfs", "-q", "-f"),
    "btrfs": ("mkfs.btrfs", "-q", "-f"),
    "vfat": ("mkfs.vfat",),
    "f2fs": ("mkfs.f2fs", "-q", "-f"),
}
SIZE = {"xfs": 304, "btrfs": 112, "f2fs": 64}       # MiB; as small as they want to be
DEFAULT_SIZE = 48


def run(*argv):
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


class Tester:
    def __init__(self, program, directory, kind):
        self.program = program
        self.kind = kind
        self.image = directory / f"{kind}.img"
        self.point = directory / f"{kind}.mount"
        self.point.mkdir()

    def print_of(self, grade, path=None):
        return run(self.program, self.kind, grade, path or self.image).strip()

    def check(self, condition, what):
        if not condition:
            sys.exit(f"{self.kind}: {what}")

    def make(self, image=None):
        with open(image or self.image, "wb") as file:
            file.truncate(SIZE.get(self.kind, DEFAULT_SIZE) << 20)
        run(*MKFS[self.kind], str(image or self.image))

    @contextlib.contextmanager
    def mounted(self, image, *options):
        # Not -o loop: with ro the device were read-only, too.
        device = run("losetup", "-f", "--show", str(image)).strip()
        try:
            run("mount", "-t", self.kind, "-o", ",".join(("defaults", *options)), device,
                str(self.point))
            try:
                yield device
            finally:
                run("umount", str(self.point))
        finally:
            run("losetup", "-d", device)

    def can_mount(self):
        try:
            with self.mounted(self.image):
                return True
        except subprocess.CalledProcessError:
            return False

    def write(self, name, size=1 << 20):
        (self.point / name).write_bytes(os.urandom(size))
        run("sync", "-f", str(self.point))

    def test_made(self):
        """Two of one type differ; the same one does not; another type's does."""
        other = self.image.with_suffix(".other")
        self.make(other)
        for grade in ("exact", "stable"):
            self.check(self.print_of(grade) == self.print_of(grade), f"{grade} print changes")
            self.check(self.print_of(grade) != self.print_of(grade, other),
                       f"{grade} prints of two are equal")
        self.check(self.print_of("exact") != self.print_of("stable"), "grades do not differ")
        other.unlink()

    def copy_of(self, device, path):
        """What a power cut would leave."""
        run("dd", f"if={device}", f"of={path}", "bs=1M", "iflag=direct", "conv=sparse")

    def test_cut(self, copy, grades):
        """Somebody else mounts it, and it is never unmounted."""
        cut, victim = self.image.with_suffix(".cut"), self.image.with_suffix(".victim")
        run("cp", "--sparse=always", str(copy), str(victim))
        with self.mounted(victim) as device:
            self.write("foreign")
            self.copy_of(device, cut)
        for grade in grades:
            self.check(self.print_of(grade, cut) != self.print_of(grade, copy),
                       f"a mount that a power cut ends does not change the {grade} print")

    def hibernate(self):
        """As A does: in use, and at last quiet on the disk.  What is on it."""
        copy = self.image.with_suffix(".copy")
        with self.mounted(self.image) as device:
            before = self.print_of("stable", device)
            for i in range(5):
                self.write(f"file {i}")
                (self.point / f"file {i // 2}").unlink(missing_ok=True)
                self.check(self.print_of("stable", device) == before,
                           "writing changes the stable print")
            self.copy_of(device, copy)
        self.check(self.print_of("stable", copy) == before,
                   "the stable print is not that of what lies on the disk")
        return copy

    def test_foreign(self, copy, grades, how, *options, write=True):
        """Somebody else mounts it."""
        victim = self.image.with_suffix(".victim")
        run("cp", "--sparse=always", str(copy), str(victim))
        self.check(self.print_of("exact", victim) == self.print_of("exact", copy),
                   "a copy has another print")
        with self.mounted(victim, *options):
            if write:
                self.write("foreign")
        same = subprocess.run(["cmp", "-s", str(copy), str(victim)], check=False).returncode == 0
        self.check(not (same and write), f"{how} changes nothing: this tests nothing")
        for grade in () if same else grades:
            self.check(self.print_of(grade, victim) != self.print_of(grade, copy),
                       f"{how} does not change the {grade} print")
        victim.unlink()

    def run(self):
        if not shutil.which(MKFS[self.kind][0]):
            return f"skipped, there is no {MKFS[self.kind][0]}"
        self.make()
        self.test_made()
        if os.getuid() != 0 or not self.can_mount():
            return "made, and not mounted: this kernel does not, or this is not root"
        copy = self.hibernate()
        grades = ("exact", "stable") if self.kind.startswith("ext") else ("exact",)
        self.test_foreign(copy, grades, "a file that is written")
        self.test_foreign(copy, grades, "a mount", write=False)
        self.test_foreign(copy, grades, "a mount for reading", "ro", write=False)
        self.test_cut(copy, grades)
        return "each foreign mount changes it, its own use does not"


def main():
    seen = 0
    for kind in MKFS:
        with tempfile.TemporaryDirectory() as directory:
            result = Tester(sys.argv[1], pathlib.Path(directory), kind).run()
        print(f"{kind}: {result}")
        seen += not result.startswith("skipped")
    sys.exit(0 if seen else 77)


if __name__ == "__main__":
    main()
