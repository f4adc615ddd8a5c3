# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine kept as files, to begin again from the same moment.

For tests that need one moment many times: a boot and a parked kernel B take
a minute of emulation, this some seconds.  A machine that runs is kept with
its memory (QEMU's migration into a file), one that is off by its disks alone.
"""
import shutil
import subprocess
import time

from .paths import DISKS, VmError

TIMEOUT = 120


class Kept:
    def __init__(self, machine):
        """Keeps @machine as it is now; one that runs is off afterwards."""
        self.machine = machine
        self.dir = machine.dir / "kept"
        shutil.rmtree(self.dir, ignore_errors=True)
        self.dir.mkdir()
        self.memory = None
        if machine.pid():
            self.memory = self.dir / "memory"
            save_memory(machine, self.memory)
        for name in DISKS:
            copy(machine.disk(name), self.dir / f"{name}.raw")
        machine.cut()

    def bring_back(self):
        """The machine's disks, and if it ran, the running machine."""
        machine = self.machine
        if machine.pid():
            raise VmError(f"machine '{machine.name}' is on")
        for name in DISKS:
            copy(self.dir / f"{name}.raw", machine.disk(name))
        if not self.memory:
            return
        machine.power_on(incoming=str(self.memory))
        with machine.qmp() as qmp:
            wait_for(qmp, "query-status", "paused", "postmigrate")
            qmp.command("cont")
        machine.wait_agent()


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
