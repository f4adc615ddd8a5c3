# SPDX-License-Identifier: GPL-2.0-or-later
"""Which guest: a Debian suite, and what makes the initramfs of A and C.

    ""                          the host's suite, dracut
    "trixie"                    another suite
    "initramfs-tools"           Debian's usual maker of initramfs
    "trixie+initramfs-tools"    both

A test says GUEST = "trixie" for all of its machines.  A variant is built when
something needs it for the first time.
"""
from dataclasses import dataclass
from pathlib import Path

from .paths import VM_DIR, VmError

SUITES = ("bookworm", "trixie")
DRACUT, INITRAMFS_TOOLS = "dracut", "initramfs-tools"
GENERATORS = (DRACUT, INITRAMFS_TOOLS)


def host_suite():
    for line in Path("/etc/os-release").read_text().splitlines():
        if line.startswith("VERSION_CODENAME="):
            return line.split("=")[1].strip('"')
    raise VmError("/etc/os-release does not say which Debian this is")


@dataclass(frozen=True)
class Variant:
    suite: str = ""             # "": the host's
    generator: str = DRACUT

    @property
    def name(self):
        words = [self.suite]
        if self.generator != DRACUT:
            words.append(self.generator)
        return "+".join(word for word in words if word)

    @property
    def folder(self):
        """Its disks as built."""
        return VM_DIR / (f".guest-{self.name}" if self.name else ".guest")

    @property
    def debian(self):
        return self.suite or host_suite()


def parse(name):
    """The Variant of that name."""
    suite, generator = "", DRACUT
    for word in filter(None, name.split("+")):
        if word in SUITES:
            suite = word
        elif word in GENERATORS:
            generator = word
        else:
            raise VmError(f"there is no guest '{name}': put together "
                          f"{', '.join(SUITES + GENERATORS)} by '+'")
    if suite == host_suite():
        suite = ""
    return Variant(suite, generator)
