# SPDX-License-Identifier: GPL-2.0-or-later
"""One machine: its disks, its power switch, its agent.

    VM_DIR/NAME/
        root.raw target.raw swap.raw   disks, sparse
        state.json                     how it was started last
        serial.log                     all power-ons, a marker line before each
        events.jsonl qemu.log          what QEMU said
        qemu.pid                       while it runs
        off.json                       how it ended (see supervisor.py)
        *.sock                         QEMU's monitors, the guest's agent
"""
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time

from . import qemu, supervisor, variant
from .agent import Agent, AgentGone
from .paths import (DEFAULT_CPUS, DEFAULT_MEMORY, DISKS, KERNEL_ARGS, VM_DIR,
                    VmError, say)
from .qmp import Qmp

START_TIMEOUT = 240
# The emulator's own fault: a trap byte of the kernel's code patching is run
# by the other CPU.  Seen once in about 150 boots.
BOGUS_OOPS = b"Oops: int3"


class Machine:
    def __init__(self, name):
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", name):
            raise VmError(f"'{name}' is no name for a machine: letters, "
                          "digits, '.', '_' and '-' only")
        self.name = name
        self.dir = VM_DIR / name
        self.agent = Agent(self.dir, self.pid)

    # -- what there is ----------------------------------------------------

    @property
    def serial_log(self):
        return self.dir / "serial.log"

    def disk(self, which):
        if which not in DISKS:
            raise VmError(f"no disk '{which}': {', '.join(DISKS)}")
        return self.dir / f"{which}.raw"

    def flip_bit(self, which, offset):
        """Damages a disk, while the machine is off."""
        with open(self.disk(which), "r+b") as disk:
            disk.seek(offset)
            byte = disk.read(1)[0]
            disk.seek(offset)
            disk.write(bytes([byte ^ 0x10]))

    def state(self):
        try:
            return json.loads((self.dir / "state.json").read_text())
        except OSError:
            raise VmError(f"there is no machine '{self.name}': start it with "
                          f"`vm start {self.name} --fresh`") from None

    def pid(self):
        """QEMU's process id while the machine is on, else None."""
        try:
            pid = int((self.dir / "qemu.pid").read_text())
            os.kill(pid, 0)
            return pid
        except (OSError, ValueError):
            return None

    def serial(self, this_power_on=True):
        """What the guest printed, as bytes."""
        start = self.state()["serial_from"] if this_power_on else 0
        return supervisor.read_serial(self.dir, start)

    def events(self):
        try:
            lines = (self.dir / "events.jsonl").read_text().splitlines()
            return [json.loads(line) for line in lines]
        except OSError:
            return []

    def wait_serial(self, text, timeout=60, after=0):
        """Waits until the guest prints @text; returns where it ends.

        @after: bytes of this power-on's output that do not count.
        """
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            at = self.serial().find(text.encode(), after)
            if at >= 0:
                return at + len(text)
            if self.off():
                break
            time.sleep(0.05)
        raise VmError(f"machine '{self.name}' did not print '{text}' in "
                      f"{timeout} s; its serial log is {self.serial_log}")

    def type(self, text):
        """Types on the serial console, as a person would."""
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(os.path.relpath(self.dir / "serial.sock"))
            line.sendall(text.encode())
            time.sleep(0.2)     # QEMU reads before it sees us hang up

    # -- power ------------------------------------------------------------

    def start(self, memory=None, cpus=None, fresh=False, append=None,
              faults=None, timeout=START_TIMEOUT, prepare=None, guest="",
              devices=None):
        """Powers on, waits for the agent; returns the seconds between.

        @memory in MiB, @cpus and @append stay as they were when None, since
        a machine that hibernated must come back as it was.  @faults: disk
        name -> "ro", "eio" or "".  @devices: more options for QEMU; they
        stay, too.  @prepare is called when fresh disks are there; they are
        those of @guest (variant.py).  Only the very first boot of fresh disks
        may be tried again, and says so.
        """
        if self.pid():
            raise VmError(f"machine '{self.name}' is already on")
        fresh = fresh or not self.disk("root").exists()
        tries = 3 if fresh else 1
        while True:
            tries -= 1
            if fresh:
                self.make_fresh(guest)
                if prepare:
                    prepare()
            self.power_on(memory, cpus, append, faults, devices)
            try:
                return self.wait_agent(timeout)
            except VmError:
                bogus = BOGUS_OOPS in self.serial()
                if not (tries and fresh and bogus):
                    raise
                self.cut()
                say(f"{self.name}: the emulator broke this first boot "
                    f"({BOGUS_OOPS.decode()}); trying again")

    def make_fresh(self, guest=""):
        """Copies the guest as built over what was there."""
        built = variant.parse(guest).folder
        if not (built / "root.raw").exists():
            raise VmError(f"there is no guest yet in {built}: run `vm build`")
        serial = None
        if self.serial_log.exists():
            serial = self.serial_log.read_bytes()
        shutil.rmtree(self.dir, ignore_errors=True)
        self.dir.mkdir(parents=True)
        if serial:
            (self.dir / "serial-before.log").write_bytes(serial)
        for name in DISKS:
            subprocess.run(["cp", "--sparse=always", "--reflink=auto",
                            built / f"{name}.raw", self.disk(name)],
                           check=True)
        (self.dir / "release").write_text(
            json.loads((built / "guest.json").read_text())["release"])

    def load_kernel(self):
        """The boot loader's part: kernel and initramfs from /boot.

        As one it looks at no bitmaps (-c), which a hibernation leaves in the
        journal.
        """
        release = (self.dir / "release").read_text()
        for source, name in ((f"vmlinuz-{release}", "bzImage"),
                             (f"initrd.img-{release}", "initramfs")):
            (self.dir / name).unlink(missing_ok=True)
            done = subprocess.run(
                ["debugfs", "-c", "-R", f"dump /boot/{source} {self.dir / name}",
                 self.disk("root")], capture_output=True, text=True)
            if not (self.dir / name).exists() \
                    or not (self.dir / name).stat().st_size:
                raise VmError(f"cannot read /boot/{source} from "
                              f"{self.disk('root')}: {done.stderr.strip()}")

    def power_on(self, memory=None, cpus=None, append=None, faults=None,
                 devices=None, incoming=None):
        """Switches on and returns when QEMU runs.

        @incoming: a file with the state of a running machine (kept.py).
        """
        try:
            state = self.state()
        except VmError:
            state = {"memory": DEFAULT_MEMORY, "cpus": DEFAULT_CPUS,
                     "extra": "", "count": 0, "faults": {}}
        if not incoming:
            self.load_kernel()
        state["memory"] = memory or state["memory"]
        state["cpus"] = cpus or state["cpus"]
        if append is not None:
            state["extra"] = append
        if faults is not None:
            state["faults"] = faults
        if devices is not None:
            state["devices"] = devices
        state["incoming"] = incoming
        state["append"] = f"{KERNEL_ARGS} {state['extra']}".strip()
        state["accel"] = ("kvm" if qemu.kvm_works(self.dir / "bzImage")
                          else "tcg")
        state["count"] += 1
        for name in ("off.json", "qemu.pid", "cut", "events.sock",
                     "qmp.sock", "ga.sock", "serial.sock", "events.jsonl"):
            (self.dir / name).unlink(missing_ok=True)
        with open(self.serial_log, "ab") as log:
            log.write(b"\n==== power-on %d of %s ====\n"
                      % (state["count"], self.name.encode()))
        state["serial_from"] = self.serial_log.stat().st_size
        state["power_on"] = time.time()
        supervisor.write_atomic(self.dir / "state.json",
                                json.dumps(state, indent=1))
        supervisor.spawn(self.dir, qemu.command(state), state["serial_from"])
        deadline = time.monotonic() + 10
        while not self.pid() and not self.off():
            if time.monotonic() > deadline:
                raise VmError("QEMU did not start; see "
                              f"{self.dir / 'qemu.log'}")
            time.sleep(0.01)

    def wait_agent(self, timeout=START_TIMEOUT):
        """Waits for the guest's agent; returns seconds since power-on."""
        began = self.state()["power_on"]
        while True:
            left = timeout - (time.time() - began)
            off = self.off()
            if off or left <= 0:
                how = (f"went off ({off['how']})" if off
                       else f"did not answer in {timeout:.0f} s")
                raise VmError(f"machine '{self.name}' {how}; its serial log "
                              f"is {self.serial_log}, QEMU's is "
                              f"{self.dir / 'qemu.log'}")
            try:
                self.agent.ping(min(left, 20))
                return time.time() - began
            except AgentGone:
                time.sleep(0.05)

    def off(self):
        """The supervisor's verdict, or None while the machine is on."""
        try:
            return json.loads((self.dir / "off.json").read_text())
        except OSError:
            return None

    def wait_off(self, timeout=None):
        """Waits for the end; returns (seconds since the call, how)."""
        began = time.time()
        self.state()
        while True:
            off = self.off()
            if off:
                return max(0.0, off["time"] - began), off["how"]
            if timeout is not None and time.time() - began > timeout:
                raise VmError(f"machine '{self.name}' is still on after "
                              f"{timeout:.0f} s")
            time.sleep(0.02)

    def cut(self):
        """Pulls the plug."""
        pid = self.pid()
        if pid:
            (self.dir / "cut").touch()
            os.kill(pid, signal.SIGKILL)
            self.wait_off(10)

    def stop(self, timeout=60):
        """Powers off in good order if the guest can, else pulls the plug."""
        if not self.pid():
            return
        try:
            with self.agent.talk(5):
                # It is never answered: the agent goes down with the guest.
                self.agent._send("guest-shutdown", {"mode": "powerdown"}, 0)
            self.wait_off(timeout)
        except VmError:
            self.cut()

    def bytes_written(self):
        """Disk name -> bytes the guest wrote since the last power-on."""
        off = self.off()
        if off:
            return off["written"]
        with self.qmp() as qmp:
            return supervisor.bytes_written(qmp)

    @contextlib.contextmanager
    def qmp(self):
        """A connection to QEMU's monitor; OSError when the machine is off."""
        qmp = Qmp(self.dir / "qmp.sock")
        try:
            yield qmp
        finally:
            qmp.close()

    def throttle(self, which, bytes_per_second):
        """Limits a disk's writes; 0: no limit.  1 is a disk that hangs."""
        limits = dict.fromkeys(("bps", "bps_rd", "bps_wr", "iops", "iops_rd",
                                "iops_wr"), 0)
        limits["bps_wr"] = bytes_per_second
        with self.qmp() as qmp:
            qmp.command("block_set_io_throttle",
                        id=f"/machine/peripheral/{which}-disk/virtio-backend",
                        **limits)

    # -- in the guest -----------------------------------------------------

    def run(self, *argv, check=True, stdin=None, timeout=None):
        """Runs a command as root; returns its output as text."""
        status, out, err = self.agent.run(argv, stdin, timeout)
        text = out.decode(errors="replace")
        if check and status:
            raise VmError(f"in the guest: {' '.join(argv)}: status {status}: "
                          f"{(err.decode(errors='replace') or text).strip()}")
        return text

    def begin(self, *argv):
        """Runs a command without waiting for its end."""
        self.agent.begin(argv)

    def read(self, path):
        """A file of the guest as text; "" when there is none."""
        return (self.agent.read_file(path) or b"").decode(errors="replace")

    def sh(self, script, **options):
        """Runs a script by the guest's bash; returns its output as text."""
        return self.run("bash", "-c", script, **options)
