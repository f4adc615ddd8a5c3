# SPDX-License-Identifier: GPL-2.0-or-later
"""A hardware watchdog that systemd armed is fed while kernel B writes.

Its timeout is shorter than the writing.  When A runs again it feeds the
watchdog itself, and the watchdog still works: it resets a machine that hangs.
"""
import time

from lib import scenario

FULL = True

TIMEOUT = 40                    # seconds
SLOW = 4 << 20                  # bytes a second
MANAGER = ("org.freedesktop.systemd1", "/org/freedesktop/systemd1",
           "org.freedesktop.systemd1.Manager")


def expired(machine):
    return [event for event in machine.events() if event["event"] == "WATCHDOG"]


def arm(t):
    machine = t.machine
    machine.sh("until test -e /dev/watchdog0; do sleep 0.2; done", timeout=60)
    machine.run("busctl", "set-property", *MANAGER, "RuntimeWatchdogUSec", "t",
                str(TIMEOUT * 1000000))
    t.equal(machine.read("/sys/class/watchdog/watchdog0/state").strip(),
            "active", "watchdog of the machine")
    machine.run("kjumpctl", "load")
    scenario.wait_parked(machine)
    log = machine.run("journalctl", "-b", "KJUMP_KERNEL=B", "--no-pager",
                      "-o", "cat")
    t.check("feeding the hardware watchdog" in log, f"kernel B says:\n{log}")


def run(t):
    machine = t.boot(devices=["-device", "i6300esb"])
    arm(t)
    scenario.Fill(machine, 240)
    machine.throttle("target", SLOW)
    began = time.monotonic()
    machine.run("kjumpctl", "test", "--write")
    seconds = time.monotonic() - began
    t.check(seconds > 1.5 * TIMEOUT, f"{seconds:.0f} s are too short to tell")
    t.equal(expired(machine), [], "times the watchdog expired")
    last = scenario.wait_last(machine, "test write")
    t.check(last["ok"], f"status says: {last['result']}")
    t.say(f"an image was written in {last['write_usec'] / 1e6:.0f} s, with a "
          f"watchdog of {TIMEOUT} s")

    machine.throttle("target", 0)
    time.sleep(1.2 * TIMEOUT)
    t.equal(expired(machine), [], "times the watchdog expired under A")
    scenario.check_io(machine)

    t.allowed = ["Kernel panic - not syncing: sysrq", "sysrq: Trigger a crash",
                 "Call Trace"]
    machine.begin("bash", "-c",
                  "echo 0 > /proc/sys/kernel/panic; echo c > /proc/sysrq-trigger")
    seconds, how = machine.wait_off(3 * TIMEOUT)
    t.check(len(expired(machine)) == 1, f"the watchdog is off ({how})")
    t.say(f"A, hung on purpose, was reset after {seconds:.0f} s")
