# SPDX-License-Identifier: GPL-2.0-or-later
"""A power cut while the image is restored: resumed later, or an ordinary boot.

At 2 random moments (10 with KJUMP_E2E_FULL=1) of the same resume.  A boot that
does not resume says why, the root file system is whole, and what is resumed is
whole, too.
"""
import time

from lib import cuts, scenario
from lib.kept import Kept


def judge(t, system, finished):
    machine = t.machine
    machine.start()
    if system.is_back():
        last = scenario.wait_last(machine, "hibernate")
        t.check(last["ok"], f"status says: {last['result']}")
        return "resumed, whole"
    state = scenario.status(machine)
    resume = state["resume"]
    # A, once it runs, clears its image away.
    t.check(resume["result"] == "claimed"
            or finished and resume["result"] == "none",
            f"kjump-resume: {resume['result']}: {resume['reason']}")
    t.check(finished or "did not come back" in state["last"]["result"],
            f"status says: {state['last']}")
    return f"an ordinary boot: {resume['reason']}"


def run(t):
    machine = t.boot()
    numbers = cuts.rng(t)
    system = cuts.System(machine)
    scenario.hibernate(machine)
    kept = Kept(machine).keep()
    machine.start()
    t.check(system.is_back(), "it was not resumed")
    with machine.qmp() as qmp:
        # Less what A has read since.
        total = cuts.count(qmp, "rd_bytes") - (1 << 20)
    machine.cut()
    t.say(f"{total >> 20} MiB are read when nothing is cut")
    number = 10 if cuts.FULL else 2
    for turn in range(1, number + 1):
        kept.bring_back()
        machine.power_on()
        at = int(numbers.uniform(0.0, 1.1) * total)
        if turn == number:
            at = total                                  # around the jump
        read = cuts.wait_count(machine, "rd_bytes", min(at, total))
        finished = at >= total
        if finished:
            time.sleep(numbers.uniform(0, 3))
        machine.cut()
        cuts.check_root(machine)
        result = judge(t, system, finished)
        machine.cut()
        t.say(f"cut {turn} of {number} after {read} bytes: {result}")
