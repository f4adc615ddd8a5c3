# SPDX-License-Identifier: GPL-2.0-or-later
"""With initramfs-tools, Debian's default, a machine resumes as with dracut.

There is no systemd in that initramfs: nothing keeps a journal, and nothing
asks for passphrases.  The driver of the target is in it by kjump's hook alone.
Most of RAM is in use, and C has ballast, so that everything in C has to go, with
PID 1, a shell, looking on.  Before that, the OOM killer takes nobody away: this
boot may have to go on.
"""
from lib import guest, scenario

GUEST = "initramfs-tools"
# And programs that need memory all the time: init sources conf/conf.d.
BALLAST = """set -e
mkdir -p /root/ballast/conf/conf.d
cd /root/ballast
head -c 100M /dev/zero > zeros
cat > conf/conf.d/busy << 'END'
for i in 1 2; do
    while dd if=/dev/zero of=/dev/null bs=524288 count=4; do
        :
    done > /dev/null 2>&1 &
done
END
"""


def run(t):
    machine = t.boot()
    check_first_boot(t, machine)
    check_round_trip(t, machine)
    scenario.wait_parked(machine)
    check_passphrase(t, machine)


def check_round_trip(t, machine):
    machine.sh(BALLAST)
    scenario.add_to_initramfs(machine, "/root/ballast")
    machine.run("rm", "-r", "/root/ballast")
    fill = scenario.Fill(machine, scenario.memory_total(machine) * 80 // 100)
    counter = scenario.Counter(machine)
    count, _, pid = counter.read()
    t.round_trip()
    journal = machine.run("journalctl", "-b", "-u", "kjumpd", "-o", "cat",
                          "--no-pager")
    t.check("ending everything else" in journal,
            f"C had room without that: this tests nothing:\n{journal}")
    fill.verify()
    count_after, _, pid_after = counter.read()
    t.equal(pid_after, pid, "process id of the counter")
    t.check(count_after > count, f"the counter stands still at {count}")
    machine.run("systemctl", "stop", "kj-fill")


def check_first_boot(t, machine):
    """kjump-resume ran, and what it found came to the system."""
    resume = scenario.status(machine)["resume"]
    t.equal(resume["result"], "none", f"kjump-resume: {resume['reason']}")
    log = machine.run("journalctl", "-b", "-k", "-t", "kjump-resume",
                      "-o", "cat", "--no-pager").strip()
    t.check(resume["reason"] in log, f"not in the kernel's log: {log}")
    t.say(f"in the journal: {log}")


def check_passphrase(t, machine):
    """Asked for on the console, where it is not to be seen."""
    scenario.encrypt(machine)
    boot_id = scenario.boot_id(machine)
    down = scenario.hibernate(machine)
    up = scenario.power_on_typing(machine, ["wr0ng", guest.PASSPHRASE])
    t.equal(scenario.boot_id(machine), boot_id, "boot id")
    for word in ("wr0ng", guest.PASSPHRASE):
        t.check(word.encode() not in machine.serial(),
                f"the console shows '{word}'")
    t.say(f"encrypted: {down:.1f} s to S4, one wrong and the right "
          f"passphrase: {up:.1f} s from power-on")
