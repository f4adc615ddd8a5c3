# SPDX-License-Identifier: GPL-2.0-or-later
"""Where things are, and the constants of the test machine.

Two places are written to.  CACHE holds what is expensive and depends only on
its inputs (kernels, the Debian base, .debs); it is outside the checkout and
outlives it.  VM_DIR holds the guests as built (".guest*") and one folder for
each machine.
"""
import os
from pathlib import Path

TOP = Path(__file__).resolve().parents[3]
E2E = TOP / "tests" / "e2e"
VM_DIR = Path(os.environ.get("KJUMP_VM_DIR") or TOP / "build" / "vm")
CACHE = Path(os.environ.get("KJUMP_CACHE") or "/var/cache/kjump")
GUEST_FILES = E2E / "guest"

# The guest's disks: name -> bytes.  They are sparse files.
GIB = 1 << 30
DISKS = {"root": 4 * GIB, "target": 6 * GIB, "swap": 6 * GIB}
ROOT_UUID = "6b6a756d-7000-4000-8000-000000000001"
TARGET_PARTUUID = "6b6a756d-7000-4000-8000-000000000002"
TARGET_DISKID = "6b6a756d-7000-4000-8000-000000000003"
MACHINE_ID = "6b6a756d700040008000000000000004"

# Same for every power-on: nothing here may tell a resume from a boot.
KERNEL_ARGS = ("root=UUID=" + ROOT_UUID + " ro console=ttyS0,115200 panic=1 "
               "net.ifnames=0 rd.udev.children_max=4 quiet loglevel=5 "
               "systemd.show_status=0 "
               "systemd.log_level=notice rd.systemd.gpt_auto=no "
               "systemd.gpt_auto=no")

DEFAULT_MEMORY = 1024   # MiB
DEFAULT_CPUS = 2


class VmError(Exception):
    """Something that the user can read and act on."""


def say(text):
    """Progress goes to stderr: stdout belongs to the answers."""
    import sys
    print(text, file=sys.stderr, flush=True)
