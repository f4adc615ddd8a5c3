# SPDX-License-Identifier: GPL-2.0-or-later
"""Power cuts at random moments, and what may be found after them."""
import os
import random
import subprocess
import time

from . import scenario, supervisor, testing
from .paths import VmError

FULL = testing.full_run()
WAIT = 300


def rng(t):
    """Random numbers; KJUMP_E2E_SEED has them again.

    The few of an ordinary run are the same each time.
    """
    seed = int(os.environ.get("KJUMP_E2E_SEED")
               or (random.randrange(1 << 31) if FULL else 2007))
    t.say(f"KJUMP_E2E_SEED={seed}")
    return random.Random(seed)


def count(qmp, what):
    """"wr_bytes" or "rd_bytes" of the target since the power-on."""
    return supervisor.bytes_written(qmp, what)["target"]


def wait_count(machine, what, at):
    """Waits until @what of the target ("wr_bytes", "rd_bytes") is @at.

    Returns what it is then, or None when the machine went off.
    """
    deadline = time.monotonic() + WAIT
    try:
        with machine.qmp() as qmp:
            while time.monotonic() < deadline:
                now = count(qmp, what)
                if now >= at:
                    return now
                time.sleep(0.01)
    except (EOFError, OSError):
        machine.wait_off(30)
        return None
    raise VmError(f"{what} of the target are {now} and not {at} after {WAIT} s")


def check_root(machine):
    """The root file system as the power cut left it, its journal replayed."""
    copy = machine.dir / "root-check.raw"
    subprocess.run(["cp", "--sparse=always", "--reflink=auto",
                    machine.disk("root"), copy], check=True)
    try:
        for option, worst in (("-fp", 1), ("-fn", 0)):
            done = subprocess.run(["e2fsck", option, copy], text=True,
                                  capture_output=True, check=False)
            if done.returncode > worst:
                raise VmError(f"e2fsck {option}: status {done.returncode}: "
                              f"{done.stdout}{done.stderr}")
    finally:
        copy.unlink()


class System:
    """A running system, to be recognised after a resume."""

    FILE = "/dev/shm/data"

    def __init__(self, machine):
        self.machine = machine
        machine.sh(f"head -c 60000000 /dev/urandom > {self.FILE}")
        self.sum = machine.sh(f"md5sum {self.FILE}")
        self.boot_id = scenario.boot_id(machine)

    def is_back(self):
        """Is this it?  Then it must be whole."""
        if scenario.boot_id(self.machine) != self.boot_id:
            return False
        if self.machine.sh(f"md5sum {self.FILE}") != self.sum:
            raise VmError("the resumed memory is not what it was")
        return True
