# SPDX-License-Identifier: GPL-2.0-or-later
"""`vm build`: the kernel, the package, and a guest with both."""
import fcntl
import time

from . import guest, kernel, package
from .paths import VM_DIR, say
from .variant import Variant


def build(variant=Variant(), force=False):
    began = time.monotonic()
    kernel_dir = kernel.kernel()
    debs = package.package()
    if not debs:
        say("vm: there is no debian/control: the guest gets no kjump")
    VM_DIR.mkdir(parents=True, exist_ok=True)
    with open(VM_DIR / ".build.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        changed = guest.build(variant, kernel_dir, debs, force)
    release = (kernel_dir / "release").read_text()
    say(f"vm: {variant.folder} {'built' if changed else 'is up to date'} in "
        f"{time.monotonic() - began:.0f} s: kernel {release}, "
        f"{', '.join(deb.name for deb in debs) or 'no package'}")
