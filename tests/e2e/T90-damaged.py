# SPDX-License-Identifier: GPL-2.0-or-later
"""One flipped bit of a real image: refused or harmless, never a wrong memory.

200 bits at random places, read by the engine on the host as kjump-resume
reads them.  Then one for real, in a chunk: the boot goes on, with its memory,
and says why.
"""
import subprocess

from lib import scenario, tools
from lib.guest import TARGET_START, target_partition_size

FLIPS = 200


def run(t):
    machine = t.boot()
    boot_id = scenario.boot_id(machine)
    scenario.hibernate(machine)
    done = subprocess.run(
        [tools.build("tests/unit/flip-image"), machine.disk("target"),
         str(TARGET_START), str(target_partition_size()), str(FLIPS)],
        capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        t.say(line)
    t.check(done.returncode == 0, f"flip-image: {done.stderr}{done.stdout}")
    machine.flip_bit("target", TARGET_START + (20 << 20) + 12345)
    seconds = machine.start()
    t.check(scenario.boot_id(machine) != boot_id, "a damaged image was resumed")
    resume = scenario.status(machine)["resume"]
    t.say(f"an ordinary boot in {seconds:.1f} s: {resume['reason']}")
    t.equal(resume["result"], "failed", "result in the status")
    t.check("damaged: chunk" in resume["reason"], "it does not name the chunk")
    free = scenario.memory_total(machine)
    t.check(free > 900, f"C has {free} MiB only")
    scenario.wait_parked(machine)
    t.round_trip()
