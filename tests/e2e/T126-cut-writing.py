# SPDX-License-Identifier: GPL-2.0-or-later
"""A power cut while the image is written: an ordinary boot, or a whole resume.

At 3 random moments (20 with KJUMP_E2E_FULL=1), all from the same running
system.  Never is half an image resumed, the next boot says what happened, and
the root file system is whole.
"""
from lib import cuts, scenario
from lib.kept import Kept


def cut_at(machine, numbers, at):
    """Hibernates, and cuts when @at bytes were written; returns how many."""
    machine.begin("systemctl", "hibernate")
    if at <= 0:
        at = numbers.choice((1, 4096, 8192, 16384))     # the header's first
    written = cuts.wait_count(machine, "wr_bytes", at)
    machine.cut()
    return written


def judge(t, system, written, total):
    machine = t.machine
    machine.start()
    if system.is_back():
        t.check(written is None or written >= total * 9 // 10,
                "a part of an image was resumed")
        last = scenario.wait_last(machine, "hibernate")
        t.check(last["ok"], f"status says: {last['result']}")
        return "resumed, whole"
    state = scenario.status(machine)
    t.check(state["last"] and "did not come back" in state["last"]["result"],
            f"status says: {state['last']}")
    t.equal(state["resume"]["result"], "none", "kjump-resume")
    return "an ordinary boot that says so"


def run(t):
    machine = t.boot()
    numbers = cuts.rng(t)
    system = cuts.System(machine)
    kept = Kept(machine).keep()
    kept.bring_back()
    scenario.hibernate(machine)
    total = machine.bytes_written()["target"]
    t.say(f"{total >> 20} MiB are written when nothing is cut")
    number = 20 if cuts.FULL else 3
    for turn in range(1, number + 1):
        kept.bring_back()
        t.check(system.is_back(), "the kept machine is another one")
        at = int(numbers.uniform(-0.1, 1.0) * total)
        if turn == number:
            at = total - 4096                           # around the commit
        written = cut_at(machine, numbers, at)
        cuts.check_root(machine)
        result = judge(t, system, written, total)
        machine.cut()
        t.say(f"cut {turn} of {number} after "
              + (f"{written} bytes: " if written else "the power-off: ")
              + result)
