# SPDX-License-Identifier: GPL-2.0-or-later
"""A write that fails loses nothing: A runs on and says why; the next one works.

Bad targets are partitions of the second disk: one that is too small, one on
a disk that fails each write (kernel B gets EIO), and one that became
read-only while the machine was off.  Each time the reason reaches kjumpctl,
its status and the journal, and a hibernation to the good target works.
"""
import subprocess

from lib import scenario

SMALL = "6b6a756d-7000-4000-8000-0000000000a1"
LARGE = "6b6a756d-7000-4000-8000-0000000000a2"


def partition(machine):
    """Two partitions on the swap disk, while the machine is off."""
    subprocess.run(["sfdisk", "--quiet", "--no-reread", machine.disk("swap")],
                   check=True, text=True, input=(
                       "label: gpt\n"
                       f"size=16MiB, uuid={SMALL}\n"
                       f"uuid={LARGE}\n"))


def expect_failure(t, pid, what, *words):
    """`kjumpctl hibernate` must fail with all @words, and A must run on."""
    machine = t.machine
    status, out, err = machine.agent.run(["kjumpctl", "hibernate"],
                                         timeout=180)
    text = (out + err).decode(errors="replace").strip()
    t.check(status != 0, f"{what}: hibernation did not fail: {text}")
    t.say(f"{what}: {text}")
    t.check(any(word in text for word in words),
            f"{what}: the message does not give the reason ({words}): {text}")
    state = scenario.status(machine)
    told = state["last"]["result"] + state["problem"]
    t.check(any(word in told for word in words),
            f"{what}: status does not give the reason: {told}")
    journal = machine.run("journalctl", "-b", "-u", "kjumpd", "--no-pager",
                          "-o", "cat")
    t.check(any(word in journal for word in words),
            f"{what}: the journal does not give the reason:\n{journal}")
    t.equal(scenario.Counter.pid_of(machine), pid, "process id of the counter")
    scenario.check_io(machine)


def run(t):
    machine = t.machine
    t.allowed = ["I/O error.*vdc", "Buffer I/O error on dev.*vdc"]
    t.boot(prepare=lambda: partition(machine), faults={"swap": "eio"})
    _, _, pid = scenario.Counter(machine).read()

    scenario.set_target(machine, f"PARTUUID={SMALL}")
    expect_failure(t, pid, "too small", "too small", "No space", "space")

    scenario.set_target(machine, f"PARTUUID={LARGE}")
    expect_failure(t, pid, "write errors", "Input/output error", "I/O error")

    scenario.set_target(machine)
    # From here the bad disk is read-only instead: A does not notice.
    t.round_trip(faults={"swap": "ro"})
    scenario.wait_parked(machine)

    scenario.set_target(machine, f"PARTUUID={LARGE}")
    expect_failure(t, pid, "read-only disk", "ead-only", "Permission denied",
                   "not permitted")

    scenario.set_target(machine)
    t.round_trip()
    t.equal(scenario.Counter.pid_of(machine), pid, "process id of the counter")
    t.say("A ran on through all of it, and both hibernations to the good "
          "target worked")
