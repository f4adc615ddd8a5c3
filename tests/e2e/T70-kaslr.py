# SPDX-License-Identifier: GPL-2.0-or-later
"""KASLR is on in A and in C, and they lie at different places.

A keeps its place over all resumes; the kernels that bring it back choose
their own each time.
"""
from lib import scenario


def run(t):
    machine = t.boot(append="")         # one of its own: that is looked at
    cmdline = machine.run("cat", "/proc/cmdline")
    t.check("nokaslr" not in cmdline, f"A runs without KASLR: {cmdline}")
    a_text = scenario.text_of_a(machine)
    t.equal(scenario.text_of_boot(machine), a_text,
            "text of the first boot, seen in its initramfs")
    places = []
    for _ in range(2):
        t.round_trip()
        places.append(scenario.text_of_boot(machine))
        scenario.wait_parked(machine)
    t.check(any(place != a_text for place in places),
            f"C was where A is each time: {a_text:x}")
    t.check(len({a_text, *places}) > 1, "no kernel was moved")
    t.say(f"A at {a_text:x}; C at "
          + ", ".join(f"{place:x}" for place in places))
