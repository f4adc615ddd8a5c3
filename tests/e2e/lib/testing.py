# SPDX-License-Identifier: GPL-2.0-or-later
"""A small frame for end-to-end tests.

A test is a file TNN-name.py in tests/e2e with a doc string, whose first line
is the promise that it checks, and a function run(t).  It gets one machine of
its own, says what it saw, and fails by an exception.  GUEST = "..." in the
file asks for another guest than the usual one (variant.py), FULL = True
leaves the test to full runs.
"""
import importlib.util
import os
import shutil
import time
import traceback

from . import build, kept, scenario, variant
from .machine import Machine
from .paths import E2E, VM_DIR, VmError


def full_run():
    return os.environ.get("KJUMP_E2E_FULL") == "1"


class Failure(Exception):
    """A promise that was not kept."""


class Test:
    def __init__(self, path):
        self.name = path.stem
        spec = importlib.util.spec_from_file_location(
            path.stem.replace("-", "_"), path)
        self.module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.module)
        self.promise = self.module.__doc__.splitlines()[0]
        self.guest = getattr(self.module, "GUEST", "")
        self.full = getattr(self.module, "FULL", False)
        self.machine = Machine(self.name.split("-")[0])
        self.allowed = []       # patterns of kernel messages that are expected

    # -- for the test itself ----------------------------------------------

    def say(self, text):
        print(f"    {text}", flush=True)

    def check(self, true, promise):
        if not true:
            raise Failure(promise)

    def equal(self, have, want, what):
        self.check(have == want, f"{what}: {have}, expected {want}")

    def boot(self, parked=True, **options):
        """A machine with fresh disks; returns it when B is parked."""
        if parked and not options and not self.guest:
            self.say(kept.begin_parked(self.machine))
            return self.machine
        guest = options.setdefault("guest", self.guest)
        if guest:               # the runner has built the usual one
            build.build(variant.parse(guest))
        seconds = self.machine.start(fresh=True, **options)
        text = f"{guest} booted in {seconds:.1f} s".lstrip()
        if parked:
            text += (", kernel B parked after "
                     f"{scenario.wait_parked(self.machine):.1f} s more")
        self.say(text)
        return self.machine

    def round_trip(self, *command, **options):
        """Hibernates, powers on, checks that the same system goes on.

        Returns (seconds down, seconds up).
        """
        machine = self.machine
        before = scenario.boot_id(machine)
        a_text = scenario.text_of_a(machine)
        down = scenario.hibernate(machine, *command)
        up = scenario.resume(machine, **options)
        self.equal(scenario.boot_id(machine), before,
                   "boot id after the resume")
        last = scenario.status(machine)["last"]
        self.check(last["ok"], f"kjumpctl status: {last['result']}")
        self.equal(scenario.text_of_a(machine), a_text, "A's text")
        c_text = scenario.text_of_boot(machine)
        self.say(f"{down:.1f} s to S4, {up:.1f} s from power-on; "
                 f"{last['pages'] * 4096 >> 20} MiB of memory, "
                 f"{last['bytes'] >> 20} MiB stored, written in "
                 f"{last['write_usec'] / 1e6:.1f} s, read in "
                 f"{last['read_usec'] / 1e6:.1f} s; text of A at "
                 f"{a_text & 0xffffffff:x}, of C at {c_text & 0xffffffff:x}")
        return down, up

    # -- for the runner ---------------------------------------------------

    def execute(self):
        """Runs the test; True when its promise was kept."""
        print(f"{self.name}: {self.promise}", flush=True)
        began = time.monotonic()
        problem = None
        try:
            self.module.run(self)
            lines = scenario.trouble(self.machine, self.allowed)
            self.check(not lines, "the kernel log says: "
                       + "; ".join(lines[:5]))
        except (Failure, VmError) as err:
            problem = str(err)
        except Exception:                       # a bug of the test
            problem = traceback.format_exc()
        finally:
            logs = self.clean_up(problem is not None)
        seconds = time.monotonic() - began
        if problem is None:
            print(f"PASS {self.name} ({seconds:.0f} s)", flush=True)
            return True
        print(f"FAIL {self.name} ({seconds:.0f} s): {problem}\n"
              f"     logs: {logs}", flush=True)
        return False

    def clean_up(self, failed):
        """Leaves nothing running; keeps the logs of a failure."""
        logs = VM_DIR / "logs" / self.name
        shutil.rmtree(logs, ignore_errors=True)
        machine = self.machine
        if failed and machine.dir.exists():
            logs.mkdir(parents=True)
            try:
                if machine.pid():
                    (logs / "guest.log").write_text(machine.sh(
                        "kjumpctl status; journalctl -b --no-pager "
                        "-o short-precise | tail -n 400; dmesg | tail -n 300",
                        check=False, timeout=60))
            except VmError as err:
                (logs / "guest.log").write_text(f"no answer: {err}\n")
        machine.cut()
        if failed and machine.dir.exists():
            for name in ("serial.log", "qemu.log", "events.jsonl",
                         "off.json", "state.json"):
                if (machine.dir / name).exists():
                    shutil.copy(machine.dir / name, logs / name)
        shutil.rmtree(machine.dir, ignore_errors=True)
        return logs


def is_meant(path, name):
    """"T10" is T10-roundtrip and not T100-...; "T10-r" is, too."""
    return path.stem.startswith(name if "-" in name else name + "-")


def find(names):
    """Tests that @names are of.

    Without names all of a full run, and of any other those that do not say
    FULL = True: each of these takes minutes, and most of what it does is in
    others.
    """
    paths = sorted(E2E.glob("T[0-9]*-*.py"), key=lambda path: int(
        path.stem.split("-")[0][1:]))
    unknown = [name for name in names
               if not any(is_meant(path, name) for path in paths)]
    if unknown:
        raise VmError(f"no such test: {', '.join(unknown)} (there are "
                      f"{', '.join(path.stem for path in paths)})")
    tests = [Test(path) for path in paths
             if not names or any(is_meant(path, name) for name in names)]
    return [test for test in tests if names or full_run() or not test.full]
