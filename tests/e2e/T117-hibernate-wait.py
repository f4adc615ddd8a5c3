# SPDX-License-Identifier: GPL-2.0-or-later
"""`kjumpctl hibernate --wait` says after the resume how it went, or why it did not.

Programs are told, as by systemctl; the exit status is the result.
"""
import re

from lib import scenario

ESCAPE = "\x1b"
SAID = "/root/said"
COMMAND = ("bash", "-c",
           f"kjumpctl hibernate --wait > {SAID} 2>&1; echo status $? >> {SAID}")
HOOK = """#!/bin/sh
echo "$1 $2" >> /root/hooks
"""


def run(t):
    machine = t.boot()
    scenario.Fill(machine, 400)         # or it is written before one can type
    machine.sh(f"cat > /usr/lib/systemd/system-sleep/say <<'END'\n{HOOK}END\n"
               "chmod +x /usr/lib/systemd/system-sleep/say")

    machine.begin(*COMMAND)
    machine.wait_serial("kjump: writing the image:")
    machine.type(ESCAPE)
    machine.wait_agent()
    said = scenario.wait_text(machine, SAID, "status")
    t.check("Escape" in said and said.endswith("status 1"),
            f"after Escape it said: {said}")
    t.say(said.replace("\n", "; "))

    machine.sh(f"rm {SAID} /root/hooks")
    t.round_trip(*COMMAND)
    said = scenario.wait_text(machine, SAID, "status")
    t.say(said.replace("\n", "; "))
    t.check(re.search(r"^Slept (\d+ min \d+|[\d.]+) s, from \S+ \S+ to \S+ \S+$",
                      said, re.M), f"no times in: {said}")
    t.check(re.search(r"^Saved [\d.]+ MiB of memory \(\d+ pages\) as [\d.]+ MiB: "
                      r"written in [\d.]+ s, read in [\d.]+ s$", said, re.M),
            f"no sizes in: {said}")
    t.check(said.endswith("status 0"), f"it ends with another status: {said}")
    t.equal(machine.read("/root/hooks").split("\n")[:2],
            ["pre hibernate", "post hibernate"], "hooks that ran")

    machine.sh("printf '[kjump]\\nTarget=/dev/none\\n' "
               "> /etc/kjump.conf.d/70-none.conf; kjumpctl reload")
    said = machine.sh("kjumpctl hibernate --wait 2>&1; echo status $?").strip()
    t.check("/dev/none" in said and said.endswith("status 1"),
            f"without a target it said: {said}")
