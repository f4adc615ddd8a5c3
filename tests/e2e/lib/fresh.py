# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest as it is when the package has just been installed.

The guest as built has a target and an initramfs already, to save time; here
they go.  dracut is told to leave out what this machine does not need, as its
owner might: emulated, it takes a minute even so.
"""
import json

from . import scenario

DRACUT = """hostonly=no
hostonly_cmdline=no
early_microcode=no
do_strip=no
compress=lz4
dracutmodules=" base systemd systemd-initrd udev-rules kjump "
drivers=" virtio_blk "
"""
INITRAMFS = "/boot/initrd.img-$(uname -r)"
SETUP_TIMEOUT = 900


def make(machine):
    """Takes back all that was set up; B's initramfs stays."""
    machine.sh("set -e; kjumpctl unload; systemctl disable --now kjumpd 2>&1; "
               "rm -f /etc/kjump.conf.d/*; cd /var/lib/kjump; "
               "rm -f target recipient last*; "
               "mkdir /run/empty; (cd /run/empty; echo . | cpio -o -H newc) "
               f"> {INITRAMFS} 2> /dev/null")
    machine.sh("mkdir -p /etc/dracut.conf.d; "
               f"cat > /etc/dracut.conf.d/50-vm.conf <<'END'\n{DRACUT}END")


def traces(machine):
    """What setup writes, as text: equal when nothing was changed."""
    return machine.sh("cd /; find etc/kjump.conf.d var/lib/kjump boot -type f "
                      "-printf '%p %s %i\\n' | sort; "
                      "systemctl is-enabled kjumpd; systemctl is-active kjumpd; "
                      "cat /sys/kernel/kexec_jump", check=False)


def setup(machine, *options, stdin=None):
    """Runs kjumpctl setup: (status, what it said)."""
    status, out, err = machine.agent.run(
        ("kjumpctl", "setup", *options), stdin, SETUP_TIMEOUT)
    return status, (out + err).decode(errors="replace")


def check(machine):
    """What kjumpctl check finds: (status, name -> state, name -> text)."""
    status, out, _ = machine.agent.run(("kjumpctl", "check", "--json"), None, 60)
    checks = json.loads(out)["checks"]
    return (status, {name: c["state"] for name, c in checks.items()},
            {name: c["text"] for name, c in checks.items()})


def not_ok(machine):
    """Only what is not ok: name -> state."""
    return {name: state for name, state in check(machine)[1].items()
            if state != "ok"}


def hibernate_and_resume(t, machine, passphrases=()):
    """There and back: the same system goes on."""
    before = scenario.boot_id(machine)
    down = scenario.hibernate(machine)
    up = scenario.power_on_typing(machine, passphrases)
    t.equal(scenario.boot_id(machine), before, "boot id after the resume")
    t.say(f"{down:.1f} s to S4, {up:.1f} s from power-on")
