# SPDX-License-Identifier: GPL-2.0-or-later
"""The QEMU command line of the test machine.

A "pc" (i440FX with PIIX4), because it has ACPI S4: QEMU says so with an event
of its own, SUSPEND_DISK.  The kernel and its initramfs come from the root
disk's /boot, as a boot loader would read them, and every power-on is alike.
"""
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

from .paths import VM_DIR, VmError

PROBE_SECONDS = 5


def kvm_works(kernel):
    """Does KVM run this kernel up to the point where it looks for a root?

    On some hosts /dev/kvm is there and guests hang or die early, so that
    only a try can tell.  The answer is kept for this boot of the host.
    """
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    kept = VM_DIR / "kvm.json"
    boot_id = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    try:
        known = json.loads(kept.read_text())
        if known["boot_id"] == boot_id:
            return known["works"]
    except (OSError, ValueError, KeyError):
        pass
    works = probe_kvm(kernel)
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps({"boot_id": boot_id, "works": works}))
    return works


def probe_kvm(kernel):
    with tempfile.TemporaryDirectory() as directory:
        serial = Path(directory) / "serial"
        qemu = subprocess.Popen(
            ["qemu-system-x86_64", "-nodefaults", "-display", "none",
             "-accel", "kvm", "-cpu", "max", "-smp", "2", "-m", "256",
             "-no-reboot", "-kernel", str(kernel),
             "-append", "console=ttyS0 panic=-1",
             "-serial", f"file:{serial}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + PROBE_SECONDS
        works = False
        while time.monotonic() < deadline and not works:
            time.sleep(0.1)
            works = (serial.exists()
                     and b"Unable to mount root" in serial.read_bytes())
            if qemu.poll() is not None:
                break
        qemu.kill()
        qemu.wait()
        return works


def drive(name, fault):
    """Options of one virtio disk.  @fault: None, "ro" or "eio"."""
    node = {"driver": "raw", "node-name": name,
            "file": {"driver": "file", "filename": f"{name}.raw",
                     "locking": "off", "aio": "threads"}}
    if fault == "ro":
        node["read-only"] = True
    elif fault == "eio":
        node["file"] = {"driver": "blkdebug", "image": node["file"],
                        "inject-error": [{"event": "none", "errno": 5,
                                          "iotype": "write",
                                          "immediately": True}]}
    elif fault:
        raise VmError(f"no such fault of a disk: {fault} (ro, eio)")
    device = f"virtio-blk-pci,drive={name},serial={name},id={name}-disk"
    return ["-blockdev", json.dumps(node), "-device", device]


def command(state):
    """The whole command line for a machine's state (see machine.py)."""
    accel = (["-accel", "kvm", "-cpu", "max"] if state["accel"] == "kvm" else
             ["-accel", "tcg,thread=multi", "-cpu", "max"])
    argv = ["qemu-system-x86_64", "-nodefaults", "-no-user-config",
            "-display", "none", "-machine", "pc", *accel,
            "-smp", str(state["cpus"]), "-m", str(state["memory"]),
            "-no-reboot", "-no-shutdown",
            "-kernel", "bzImage", "-initrd", "initramfs",
            "-append", state["append"],
            # What the guest says is in the log; the socket is to type.
            "-chardev", "socket,id=serial,path=serial.sock,server=on,wait=off,"
                        "logfile=serial.log,logappend=on",
            "-serial", "chardev:serial",
            "-chardev", "socket,id=ev,path=events.sock,server=on,wait=off",
            "-mon", "chardev=ev,mode=control",
            "-chardev", "socket,id=qmp,path=qmp.sock,server=on,wait=off",
            "-mon", "chardev=qmp,mode=control",
            "-device", "virtio-rng-pci",
            "-device", "virtio-serial-pci",
            "-chardev", "socket,id=ga,path=ga.sock,server=on,wait=off",
            "-device", "virtserialport,chardev=ga,"
                       "name=org.qemu.guest_agent.0",
            # No way out: the only host that answers is an echo service.
            "-netdev", "user,id=net,restrict=on,"
                       "guestfwd=tcp:10.0.2.100:7-cmd:cat",
            "-device", "virtio-net-pci,netdev=net,romfile="]
    for name in ("root", "target", "swap"):
        argv += drive(name, state["faults"].get(name))
    if state.get("incoming"):
        argv += ["-incoming", f"exec:cat {state['incoming']}"]
    return argv + state.get("devices", [])
