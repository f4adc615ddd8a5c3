# SPDX-License-Identifier: GPL-2.0-or-later
"""85 % of RAM in random anonymous pages is saved whole, without any swap.

Nothing is swapped or dropped first: the pages are there, unchanged, and the
memory was not made smaller before the image was written.
"""
import re

from lib import scenario


def run(t):
    machine = t.boot()
    total = scenario.memory_total(machine)
    mib = total * 85 // 100
    fill = scenario.Fill(machine, mib)
    t.say(f"{mib} MiB of {total} MiB are random anonymous memory; "
          + machine.sh("free -m | sed -n 2p").strip())
    needs = int(re.search(r'"needs_kib": (\d+)',
                          machine.read("/run/kjump/resume.json")).group(1))
    t.say(f"C needs {needs >> 10} MiB, says the boot")
    counter = scenario.Counter(machine)
    count, _, pid = counter.read()
    swap_before = scenario.swap_counts(machine)
    t.round_trip()
    for line in machine.run("journalctl", "-b", "-u", "kjumpd", "-o", "cat",
                            "--no-pager").splitlines():
        t.check("dropping the page cache" not in line, line)
        if "KiB are free" in line or "room" in line:
            t.say(f"in C: {line}")
    last = scenario.status(machine)["last"]
    t.check(last["pages"] * 4096 >> 20 >= mib,
            f"only {last['pages']} pages were saved")
    t.equal(scenario.swap_counts(machine), swap_before, "pages swapped")
    t.equal(fill.swapped_kib(), 0, "KiB of the process in swap")
    seconds = fill.verify()
    count_after, _, pid_after = counter.read()
    t.equal(pid_after, pid, "process id of the counter")
    t.check(count_after > count, f"the counter stands still at {count}")
    scenario.check_io(machine)
    t.say(f"all {mib} MiB have the same checksum (read in {seconds:.1f} s); "
          "nothing was swapped; disk and network work")
