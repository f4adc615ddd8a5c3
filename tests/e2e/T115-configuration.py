# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever is wrong with the configuration is told by file and line; kjumpd goes on.

"systemctl reload kjumpd" takes a change over, and so does SIGHUP.  A kernel B
that others could have changed is not loaded.
"""
from lib import scenario

# What a file says, as a format for printf, and what is said about it.
BAD = {
    "70-a.conf": ("[kjmp]\nPreload=no\n",
                  ':1: unknown section "kjmp"'),
    "70-b.conf": ("Preload=no\n",
                  ':1: "Preload=" stands before any section'),
    "70-c.conf": ("[kjump]\nPreload=maybe\n",
                  ':2: "Preload=maybe" is not understood'),
    "70-d.conf": ("[kjump]\nRegion=12 parsecs\n",
                  ':2: "Region=12 parsecs" is not understood'),
    "70-e.conf": ("[kjump]\nTarget=\\0\n",
                  ":2: not a text file (byte 0x00)"),
    "70-j.conf": ("[kjump\nPreload=no\n",
                  ':1: section without "]"'),
    "70-k.conf": ("[kjump]\nColour=red\n",
                  ':2: unknown key "Colour" is ignored'),
    "70-l.conf": ("[kjump]\npreload=no\n",
                  ':2: unknown key "preload" is ignored (did you mean '
                  '"Preload"?)'),
    "70-m.conf": ("[kjump]\nPreload no\n",
                  ':2: not a "Key=Value" line'),
    "70-n.conf": ("[kjump]\nPowerOff=S4\n",
                  ':2: "PowerOff=S4" is not understood'),
    "70-o.conf": ("[kjump]\nRegion=1M\n",
                  ':2: "Region=1M" is out of range'),
    "70-p.conf": ("[kjump]\nKernelImage=vmlinuz\n",
                  ':2: "KernelImage=vmlinuz" is not understood'),
    "70-q.conf": ("[kjump]\nInitrd=/boot/initrd-%%r\n",
                  ':2: "Initrd=/boot/initrd-%r" is not understood'),
    "70-r.conf": ("[kjump]\nStallTimeout=1\n",
                  ':2: "StallTimeout=1" is out of range'),
    "70-s.conf": ("[kjump]\nTarget=sda5\n",
                  ':2: "Target=sda5" is not understood'),
    "70-t.conf": ("[kjump]\nPreload=park\n\nPreload=park\n",
                  ':4: "Preload=" stands in line 2 already'),
}
# Made by a command, in /etc/kjump.conf.d.
BAD_FILES = {
    "70-f.conf": ("printf '[kjump]\\nPreload=no\\n' > 70-f.conf; "
                  "chmod 666 70-f.conf", ": the file can be written by others"),
    "70-g.conf": ("printf '[kjump]\\nPreload=no\\n' > 70-g.conf; "
                  "chown 65534 70-g.conf", ": the file belongs to user 65534"),
    "70-h.conf": ("mkdir 70-h.conf", ": is a directory and not a file"),
    "70-i.conf": ("ln -s 70-i.conf 70-i.conf",
                  ": cannot be read and is ignored: Too many levels"),
}


def configure(machine, preload):
    machine.sh("printf '[kjump]\\nPreload=%s\\n' > "
               f"/etc/kjump.conf.d/60-preload.conf '{preload}'")


def wait_b(machine, state):
    scenario.wait_until(lambda: scenario.b_state(machine),
                        lambda seen: seen == state, f"kernel B is {state}")


def run(t):
    machine = t.boot()
    pid = machine.run("systemctl", "show", "-P", "MainPID", "kjumpd")
    script = ["set -e; cd /etc/kjump.conf.d"]
    for name, (text, _) in BAD.items():
        script.append("printf '%s' > %s" % (text.replace("\n", "\\n"), name))
    script += [command for command, _ in BAD_FILES.values()]
    machine.sh("; ".join(script))
    machine.run("systemctl", "reload", "kjumpd")
    status = scenario.status(machine)
    t.equal(status["config_problems"], len(BAD) + len(BAD_FILES),
            "problems that status counts")
    t.check(status["usable"], f"not usable any more: {status['problem']}")
    journal = machine.run("journalctl", "-b", "-u", "kjumpd", "--no-pager",
                          "-o", "cat")
    for name, (_, said) in (BAD | BAD_FILES).items():
        t.check(f"/etc/kjump.conf.d/{name}{said}" in journal,
                f"the journal does not say '{name}{said}':\n{journal}")
    t.equal(scenario.b_state(machine), "parked",
            "/sys/kernel/kexec_jump after the reload")
    t.say(f"{len(BAD) + len(BAD_FILES)} mistakes told, kernel B as it was")
    machine.sh("rm -r /etc/kjump.conf.d/70-*")

    machine.sh("chmod 666 /boot/vmlinuz-$(uname -r)")
    said = machine.sh("kjumpctl load 2>&1; true").strip()
    t.check("can be written by others (mode 666): chmod go-w" in said,
            f"a kernel that all can write: {said}")
    t.check("can be written by others" in scenario.status(machine)["problem"],
            "status says that it is usable")
    machine.sh("chmod 644 /boot/vmlinuz-$(uname -r); kjumpctl load")
    t.say(said)

    configure(machine, "no")
    machine.run("systemctl", "reload", "kjumpd")
    wait_b(machine, "none")
    configure(machine, "load")
    machine.run("systemctl", "kill", "-s", "HUP", "kjumpd")
    wait_b(machine, "loaded")
    t.equal(scenario.status(machine)["config_problems"], 0, "problems left")
    t.equal(machine.run("systemctl", "show", "-P", "MainPID", "kjumpd"), pid,
            "kjumpd's process id")
    t.equal(machine.run("systemctl", "is-active", "kjumpd").strip(), "active",
            "kjumpd.service")
    t.say("unloaded by a reload, loaded by SIGHUP, by the same kjumpd")
