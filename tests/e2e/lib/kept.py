# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine kept as files, to begin again from the same moment.

For tests that need one moment many times: a boot and a parked kernel B take
a minute of emulation, this some seconds.  A machine that runs is kept with
its memory (QEMU's migration into a file), one that is off by its disks alone.
"""
import shutil
import subprocess
import time

from . import scenario, variant
from .cache import Key
from .paths import DISKS, E2E, VmError

TIMEOUT = 120


def begin_parked(machine):
    """A machine with the usual disks and kernel B parked; says how it came.

    The first of a guest boots, and is kept beside the guest's disks; all that
    come later begin there.
    """
    key = Key("parked")
    for name in ("qemu.py", "paths.py"):        # what the hardware depends on
        key.file(E2E / "lib" / name)
    kept = Kept(machine, variant.parse("").folder / f"parked-{key.hex()}")
    if kept.is_there():
        began = time.monotonic()
        machine.make_fresh()
        machine.load_kernel()           # QEMU opens them, though it runs already
        kept.bring_back()
        return ("kernel B is parked since an earlier boot of the same guest; "
                f"brought back in {time.monotonic() - began:.1f} s")
    seconds = machine.start(fresh=True)
    text = (f"booted in {seconds:.1f} s, kernel B parked after "
            f"{scenario.wait_parked(machine):.1f} s more")
    if not scenario.trouble(machine):           # all others would have it, too
        kept.keep()
        kept.bring_back()
    return text


class Kept:
    def __init__(self, machine, folder=None):
        """@folder: where it is kept; else it goes with the machine."""
        self.machine = machine
        self.dir = folder or machine.dir / "kept"

    @property
    def memory(self):
        return self.dir / "memory"

    def is_there(self):
        return self.dir.exists()

    def keep(self):
        """Keeps the machine as it is now; one that runs is off afterwards."""
        new = self.dir.with_suffix(".new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir()
        if self.machine.pid():
            save_memory(self.machine, new / self.memory.name)
        for name in DISKS:
            copy(self.machine.disk(name), new / f"{name}.raw")
        self.machine.cut()
        shutil.rmtree(self.dir, ignore_errors=True)
        new.rename(self.dir)
        return self

    def bring_back(self):
        """The machine's disks, and if it ran, the running machine."""
        machine = self.machine
        if machine.pid():
            raise VmError(f"machine '{machine.name}' is on")
        for name in DISKS:
            copy(self.dir / f"{name}.raw", machine.disk(name))
        if not self.memory.exists():
            return
        machine.power_on(incoming=str(self.memory))
        with machine.qmp() as qmp:
            wait_for(qmp, "query-status", "paused", "postmigrate")
            qmp.command("cont")
        machine.wait_agent()
        # Its clock stood still, and the next boot will not go by it.
        machine.run("date", "--set", f"@{time.time():.3f}")


def copy(source, target):
    subprocess.run(["cp", "--sparse=always", "--reflink=auto", source, target],
                   check=True)


def save_memory(machine, path):
    with machine.qmp() as qmp:
        qmp.command("stop")
        qmp.command("migrate-set-parameters", **{"max-bandwidth": 1 << 40})
        qmp.command("migrate", uri=f"exec:cat > {path}")
        wait_for(qmp, "query-migrate", "completed")


def wait_for(qmp, command, *states):
    deadline = time.monotonic() + TIMEOUT
    while True:
        answer = qmp.command(command)
        if answer.get("status") in states:
            return
        if answer.get("status") == "failed" or time.monotonic() > deadline:
            raise VmError(f"QEMU: {command}: {answer}")
        time.sleep(0.1)
