# SPDX-License-Identifier: GPL-2.0-or-later
"""What tests, benchmark and demonstration do to a guest.

Everything here runs commands in the guest, as a user would; nothing knows
how kjump works inside.
"""
import json
import re
import subprocess
import time

from .agent import AgentGone
from .paths import TARGET_PARTUUID, VmError
from .qmp import Qmp

PARK_TIMEOUT = 180
OFF_TIMEOUT = 300
ECHO = "/dev/tcp/10.0.2.100/7"

# The next boot is one without kjump-resume: its unit is masked by what lies
# before the initramfs, as microcode does.
MASK = """
initramfs=/boot/initrd.img-$(uname -r)
cp $initramfs /boot/whole
mkdir -p /run/mask/etc/systemd/system
ln -s /dev/null /run/mask/etc/systemd/system/kjump-resume.service
cd /run/mask
find etc | sort | cpio --quiet -o -H newc > /boot/mask
cat /boot/mask /boot/whole > $initramfs"""
UNMASK = "mv /boot/whole /boot/initrd.img-$(uname -r)"
# The boot loader reads no journal.
SETTLE = "; sync; fsfreeze -f /; fsfreeze -u /"


def wait_until(look, done, what, timeout=60):
    """Calls @look until what it returns is @done, and returns that.

    @what: what is waited for, for the error.
    """
    deadline = time.monotonic() + timeout
    while not done(seen := look()):
        if time.monotonic() > deadline:
            raise VmError(f"{what}: not after {timeout} s, but {seen}")
        time.sleep(0.3)
    return seen


def status(machine):
    return json.loads(machine.run("kjumpctl", "status", "--json"))


def b_state(machine):
    """What A's kernel says of kernel B: "none", "loaded" or "parked".

    Looks at a file and starts no process: one that is just being executed
    when kjumpd freezes the guest may keep it from freezing.
    """
    return machine.read("/sys/kernel/kexec_jump").strip()


def wait_parked(machine, timeout=PARK_TIMEOUT):
    """Waits until kernel B is parked; returns the seconds it took."""
    began = time.monotonic()
    word = b_state(machine)
    while word != "parked":
        if time.monotonic() - began > timeout:
            journal = machine.run("journalctl", "-u", "kjumpd", "-n", "15",
                                  "--no-pager", "-o", "cat", check=False)
            raise VmError(f"kernel B is not parked after {timeout} s "
                          f"(/sys/kernel/kexec_jump: {word}); kjumpd says:\n"
                          f"{journal}")
        time.sleep(0.3)
        word = b_state(machine)
    seconds = time.monotonic() - began
    while status(machine)["state"] == "busy":
        time.sleep(0.3)
    return seconds


def hibernate(machine, *command, timeout=OFF_TIMEOUT):
    """Gives the command and waits for S4; returns the seconds between."""
    began = time.time()
    machine.begin(*(command or ("systemctl", "hibernate")))
    _, how = machine.wait_off(timeout)
    if how != "s4":
        raise VmError(f"the machine did not enter S4: {how}")
    return machine.off()["time"] - began


def count_events(machine, name):
    """How often QEMU said this since the last power-on, e.g. "SUSPEND"."""
    return sum(event["event"] == name for event in machine.events())


def suspend(machine, *command, timeout=OFF_TIMEOUT):
    """Gives the command and waits for ACPI S3; returns the seconds between."""
    seen = count_events(machine, "SUSPEND")
    began = time.monotonic()
    machine.begin(*command)
    while count_events(machine, "SUSPEND") == seen:
        if machine.off() or time.monotonic() - began > timeout:
            raise VmError("the machine did not enter ACPI S3")
        time.sleep(0.1)
    return time.monotonic() - began


def monitor(machine, command):
    """One command for QEMU, and what it answers."""
    qmp = Qmp(machine.dir / "qmp.sock")
    try:
        return qmp.command(command)
    finally:
        qmp.close()


def wake(machine):
    """Wakes a suspended machine; returns the seconds until it answers."""
    began = time.monotonic()
    monitor(machine, "system_wakeup")
    machine.wait_agent()
    return time.monotonic() - began


def resume(machine, **options):
    """Powers on a hibernated machine; returns seconds until it answers.

    That the same system answers is for the caller to check.
    """
    return machine.start(**options)


def wait_last(machine, operation, timeout=60, newer_than=None):
    """The last result, once it is that of @operation, and not @newer_than."""
    then = newer_than["time_usec"] if newer_than else 0
    return wait_until(
        lambda: status(machine)["last"],
        lambda last: last and last["operation"] == operation
        and last["time_usec"] > then,
        f"kjumpctl status tells of a new {operation}", timeout)


def wait_text(machine, path, word, timeout=60):
    """A file of the guest without its last newline, once @word is in it."""
    return wait_until(lambda: machine.read(path).strip(),
                      lambda text: word in text,
                      f"{path} says '{word}'", timeout)


def image(machine):
    """What is on the target."""
    return json.loads(machine.run("kjumpctl", "inspect", "--json"))


def encrypt(machine):
    """From now on images are locked by guest.PASSPHRASE."""
    machine.sh("set -e; cd /boot; r=$(uname -r); "
               "cp initrd.img-$r-locked initrd.img-$r; "
               "printf '[kjump]\\nEncryption=passphrase\\n' "
               "> /etc/kjump.conf.d/60-lock.conf; "
               # The boot loader reads no journal.
               "sync; fsfreeze -f /; fsfreeze -u /")


def add_to_initramfs(machine, folder):
    """Puts the files below @folder of the guest into C's initramfs.

    By a second archive behind the first, which is faster than dracut: the
    kernel unpacks one after the other.  Zeros end the first one's LZ4 stream.
    """
    machine.sh(f"set -e; image=/boot/initrd.img-$(uname -r); cd {folder}; "
               "truncate -s %4 $image; head -c 64 /dev/zero >> $image; "
               "find . | sort | cpio --quiet -o -H newc >> $image; "
               # The boot loader reads no journal.
               "sync; fsfreeze -f /; fsfreeze -u /")


def power_on_typing(machine, passphrases):
    """Powers on, types when asked, waits; returns seconds from power-on."""
    machine.power_on()
    at = 0
    for passphrase in passphrases:
        at = machine.wait_serial("assphrase of the hibernated system",
                                 timeout=120, after=at)
        machine.type(passphrase + "\n")
    return machine.wait_agent()


def logind_can(machine, verb):
    """logind's answer to CanHibernate and the like: "yes", "no", "na"."""
    return machine.run("busctl", "call", "org.freedesktop.login1",
                       "/org/freedesktop/login1",
                       "org.freedesktop.login1.Manager",
                       f"Can{verb}").split('"')[1]


def boot_id(machine):
    return machine.read("/proc/sys/kernel/random/boot_id").strip()


def service(machine, name, *command):
    """Starts a command that goes on in the background of the guest."""
    machine.run("systemd-run", "--quiet", f"--unit={name}", "--collect",
                *command)


class Counter:
    """A process that counts, with a file that it keeps open."""

    FILE = "/root/kj-counter"

    def __init__(self, machine):
        self.machine = machine
        service(machine, "kj-counter", "/usr/local/bin/kj-counter", self.FILE)
        wait_until(lambda: machine.read(self.FILE), bool,
                   "kj-counter counts", 30)

    def read(self):
        return self.look(self.machine)

    @classmethod
    def look(cls, machine):
        """What the guest's counter wrote last: (count, seconds, pid)."""
        return tuple(int(word) for word in machine.read(cls.FILE).split()[:3])

    @staticmethod
    def pid_of(machine):
        """Process id of the counter that runs in the guest."""
        return int(machine.run("systemctl", "show", "-P", "MainPID",
                               "kj-counter"))


class Fill:
    """Anonymous memory full of bytes whose checksum is known."""

    FILE = "/run/kj-fill"

    def __init__(self, machine, mib, kind="random"):
        self.machine = machine
        machine.run("rm", "-f", self.FILE)
        machine.run("systemd-run", "--quiet", "--unit=kj-fill", "--collect",
                    "-p", "OOMScoreAdjust=-900",
                    "/usr/local/bin/kj-fill", str(mib), kind, self.FILE)
        self._wait("ready", 180)

    def _lines(self):
        return self.machine.read(self.FILE).split("\n")

    def _wait(self, word, timeout, after=0):
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            lines = [line for line in self._lines()[after:] if line]
            if lines:
                if not lines[-1].startswith(word):
                    raise VmError(f"the memory's checksum: {lines[-1]}, "
                                  f"expected {word}")
                return lines[-1].split()[1]
            alive = self.machine.run("systemctl", "is-active", "kj-fill",
                                     check=False).strip()
            if alive not in ("active", "activating"):
                raise VmError(f"kj-fill ended ({alive}): out of memory?")
            time.sleep(0.3)
        raise VmError(f"kj-fill did not say '{word}' in {timeout} s")

    def verify(self):
        """Reads all of it again; returns the seconds this took."""
        before = len([line for line in self._lines() if line])
        began = time.monotonic()
        self.machine.run("systemctl", "kill", "-s", "USR1", "kj-fill")
        self._wait("same", 240, after=before)
        return time.monotonic() - began

    def swapped_kib(self):
        """KiB of its memory that are in a swap area."""
        pid = self.machine.run("systemctl", "show", "-P", "MainPID",
                               "kj-fill").strip()
        text = self.machine.read(f"/proc/{pid}/status")
        return int(re.search(r"VmSwap:\s+(\d+)", text).group(1))


def memory_total(machine):
    """The guest's RAM as its kernel counts it, in MiB."""
    text = machine.read("/proc/meminfo")
    return int(re.search(r"MemTotal:\s+(\d+)", text).group(1)) // 1024


def swap_counts(machine):
    """Pages swapped (in, out) since the boot."""
    text = machine.read("/proc/vmstat")
    return tuple(int(re.search(rf"^{name} (\d+)", text, re.M).group(1))
                 for name in ("pswpin", "pswpout"))


def check_io(machine):
    """Raises VmError unless disk and network work."""
    machine.sh("set -e; head -c 3000000 /dev/urandom > /root/io.tmp; "
               "a=$(md5sum < /root/io.tmp); sync /root/io.tmp; "
               "echo 3 > /proc/sys/vm/drop_caches; "
               "b=$(md5sum < /root/io.tmp); rm /root/io.tmp; "
               "test \"$a\" = \"$b\"", timeout=60)
    machine.sh(f"exec 3<>{ECHO}; echo hello-$$ >&3; "
               "read -t 20 answer <&3; test \"$answer\" = hello-$$",
               timeout=60)


def set_target(machine, target=f"PARTUUID={TARGET_PARTUUID}"):
    """Changes Target= in the running guest (C's initramfs keeps its own)."""
    machine.sh("mkdir -p /etc/kjump.conf.d; printf '[kjump]\\nTarget=%s\\n' "
               f"'{target}' > /etc/kjump.conf.d/50-vm.conf")


def configure_off(machine, text):
    """Lines for kjump.conf, while the machine is off: the next boot has them."""
    file = machine.dir / "60-test.conf"
    file.write_text(f"[kjump]\n{text}\n")
    done = subprocess.run(
        ["debugfs", "-w", "-R",
         f"write {file} /etc/kjump.conf.d/60-test.conf", machine.disk("root")],
        capture_output=True, text=True, check=False)
    if "Allocated inode" not in done.stdout:
        raise VmError(f"cannot write to {machine.disk('root')}: "
                      f"{done.stdout}{done.stderr}")


# What the kernel says when it is not well.  WARNING counts as a failure.
TROUBLE = re.compile(
    r"(BUG:|WARNING:|Oops|Call Trace|Kernel panic|general protection|"
    r"invoked oom-killer|page allocation failure|"
    r"Unable to handle|hung task|blocked for more than|soft lockup|"
    r"rcu: INFO|I/O error|EXT4-fs error)")


def trouble(machine, allowed=()):
    """Lines of the guest's kernel log and serial log that say trouble."""
    lines = machine.serial(False).decode(errors="replace").splitlines()
    try:
        if machine.pid():
            lines += machine.run("dmesg", timeout=30).splitlines()
    except (AgentGone, VmError):
        pass
    seen = []
    for line in lines:
        if TROUBLE.search(line) and line not in seen \
                and not any(re.search(word, line) for word in allowed):
            seen.append(line)
    return seen


def text_of_a(machine):
    """Address of kernel A's text."""
    machine.sh("rm -f /run/kj-text; touch /run/kj-text; "
               "kj-text /run/kj-text")
    return parse_text(machine.read("/run/kj-text"))


def text_of_boot(machine):
    """Address of the text of the kernel that booted last (C, or A)."""
    return parse_text(machine.serial().decode(errors="replace"))


def parse_text(text):
    found = re.findall(r"kj-text: ([0-9a-f]{16})", text)
    if not found:
        raise VmError("kj-text did not say where the kernel's text is")
    return int(found[-1], 16)
