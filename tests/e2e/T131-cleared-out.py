# SPDX-License-Identifier: GPL-2.0-or-later
"""A kernel C that is too large for the image's room clears itself out.

C carries ballast in its initramfs, and A's memory is full.  An image that is
whole is resumed then; one that turns out to be damaged restarts the machine,
into an ordinary boot, since there is nothing left that could go on.
"""
from lib import scenario
from lib.guest import TARGET_START, target_partition_size

FULL = True

BALLAST = 64                    # MiB
SAYS = "too little room for the image"


def run(t):
    machine = t.boot()
    machine.sh("mkdir -p /root/c; "
               f"head -c {BALLAST}M /dev/urandom > /root/c/ballast")
    scenario.add_to_initramfs(machine, "/root/c")
    boot_id = scenario.boot_id(machine)
    mib = scenario.memory_total(machine) * 85 // 100
    fill = scenario.Fill(machine, mib)

    scenario.hibernate(machine)
    seconds = scenario.resume(machine)
    t.check(SAYS in machine.serial().decode(errors="replace"),
            "C had room: this tests nothing")
    t.equal(scenario.boot_id(machine), boot_id, "boot id after the resume")
    fill.verify()
    scenario.check_io(machine)
    t.say(f"with {mib} MiB in use, C cleared itself out, and A was back "
          f"{seconds:.1f} s after power-on")

    scenario.wait_parked(machine)
    scenario.hibernate(machine)
    # In the middle of the image.
    machine.flip_bit("target", TARGET_START + target_partition_size() // 20)
    machine.power_on()
    seconds, how = machine.wait_off(240)
    t.equal(how, "reboot", "what became of kernel C")
    text = machine.serial().decode(errors="replace")
    t.check(SAYS in text, "C had room: this tests nothing")
    t.check("damaged: chunk" in text, "it does not name the chunk")
    t.say(f"with a damaged image, C restarted the machine {seconds:.1f} s "
          "after power-on")
    machine.start()
    t.check(scenario.boot_id(machine) != boot_id, "it was resumed")
    state = scenario.status(machine)
    t.equal(state["resume"]["result"], "claimed", "result in the status")
    t.check("did not come back" in state["last"]["result"],
            f"status says: {state['last']['result']}")
    t.say(state["last"]["result"])
