# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever becomes of kernel B, A runs on or the machine goes down in time.

A disk that hangs while B writes, and comes back: A runs on with the reason,
and with B's log in its journal.  A disk that hangs for good: B switches off
within its limit.  A panic of B: the machine restarts.  The next boot is an
ordinary one each time, and says so.
"""
from lib import scenario

STALL = 10                      # seconds
SLOW = 20 << 20                 # bytes a second: time to do something meanwhile
WRITING = "kjump: writing the image:"
STALLED = "writing the image made no progress for"


def begin_writing(machine):
    """Hibernates, and returns in the middle of the writing."""
    machine.throttle("target", SLOW)
    at = len(machine.serial())
    machine.begin("kjumpctl", "hibernate")
    machine.wait_serial(WRITING, 120, after=at)
    return at


def disk_comes_back(t):
    machine = t.machine
    boot_id = scenario.boot_id(machine)
    at = begin_writing(machine)
    machine.throttle("target", 1)
    machine.wait_serial(STALLED, 120, after=at)
    machine.throttle("target", 0)
    machine.wait_agent()
    t.equal(scenario.boot_id(machine), boot_id, "boot id")
    last = scenario.wait_last(machine, "hibernate", 120)
    t.check(not last["ok"] and "made no progress" in last["result"],
            f"status says: {last['result']}")
    t.equal(scenario.image(machine)["state"], "none", "image on the target")
    log = machine.run("journalctl", "-b", "KJUMP_KERNEL=B", "--no-pager",
                      "-o", "cat")
    t.check(STALLED in log, f"B's log in A's journal:\n{log}")
    scenario.check_io(machine)
    t.say(f"A runs on: {last['result']}")


def ordinary_boot(t, before, what):
    """The next boot must be one, and say what happened."""
    machine = t.machine
    machine.start()
    t.check(scenario.boot_id(machine) != before, f"{what}: it was resumed")
    state = scenario.status(machine)
    t.equal(state["resume"]["result"], "none", f"{what}: kjump-resume")
    t.check("did not come back" in state["last"]["result"],
            f"{what}: status says: {state['last']['result']}")
    journal = machine.run("journalctl", "-b", "-u", "kjumpd", "-p", "warning",
                          "--no-pager", "-o", "cat")
    t.check("did not come back" in journal,
            f"{what}: the journal does not say it:\n{journal}")
    t.say(f"{what}: {state['last']['result']}")


def disk_hangs(t):
    machine = t.machine
    before = scenario.boot_id(machine)
    at = begin_writing(machine)
    machine.throttle("target", 1)
    machine.wait_serial(STALLED, 120, after=at)
    seconds, how = machine.wait_off(120)
    t.equal(how, "s5", "how the machine went off")
    t.check(seconds < STALL + 60, f"only after {seconds:.0f} s more")
    t.say(f"switched off {seconds:.1f} s after it was stopped")
    ordinary_boot(t, before, "a disk that hangs")


def b_panics(t):
    machine = t.machine
    scenario.wait_parked(machine)
    before = scenario.boot_id(machine)
    scenario.Fill(machine, 300)
    begin_writing(machine)
    with machine.qmp() as qmp:
        qmp.command("inject-nmi")
    _, how = machine.wait_off(120)
    t.equal(how, "crash", "how the machine went off")
    ends = [event["data"]["reason"] for event in machine.events()
            if event["event"] == "SHUTDOWN"]
    t.equal(ends[:1], ["guest-reset"], "how the machine ended")
    ordinary_boot(t, before, "a panic of kernel B")


def run(t):
    machine = t.machine
    t.boot(prepare=lambda: scenario.configure_off(
        machine, f"StallTimeout={STALL}\nKernelAppend=unknown_nmi_panic"))
    scenario.Fill(machine, 300)
    t.allowed = ["Kernel panic - not syncing: NMI", "Call Trace"]
    disk_comes_back(t)
    disk_hangs(t)
    b_panics(t)
