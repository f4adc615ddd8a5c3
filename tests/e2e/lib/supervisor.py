# SPDX-License-Identifier: GPL-2.0-or-later
"""The process that stands beside each QEMU and says how it ended.

Only QEMU's events tell ACPI S4 from S5, and they are lost unless somebody
listens at that moment.  So `vm start` leaves this process behind; it starts
QEMU, writes its events to events.jsonl, and at the end one verdict to
off.json:

    s4      SUSPEND_DISK was seen: the guest entered ACPI S4
    s5      the guest powered off
    reboot  the guest reset the machine after it had said so on its console
    cut     somebody pulled the plug (`vm cut`, `vm stop`)
    crash   all else: panic, triple fault, QEMU died
"""
import ctypes
import json
import os
import signal
import subprocess
import threading
import time

from .qmp import Qmp

PANIC = b"Kernel panic - not syncing"
PANIC_GRACE = 60        # seconds for the guest's own panic= timeout


def spawn(directory, argv, serial_from):
    """Double-forks a supervisor for the QEMU command @argv.

    @serial_from: offset in serial.log where this power-on begins
    Returns at once; qemu.pid appears when QEMU runs.
    """
    pid = os.fork()
    if pid:
        os.waitpid(pid, 0)
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    try:
        log = os.open(directory / "qemu.log",
                      os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.closerange(3, 256)
        os.chdir(directory)
        supervise(directory, argv, serial_from)
    finally:
        os._exit(0)


def die_with_parent():
    """In QEMU before its exec: no supervisor, no machine."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)          # PR_SET_PDEATHSIG


def supervise(directory, argv, serial_from):
    began = time.time()
    qemu = subprocess.Popen(argv, preexec_fn=die_with_parent)
    write_atomic(directory / "qemu.pid", str(qemu.pid))
    events = []
    watch = threading.Thread(target=watch_for_panic, daemon=True,
                             args=(directory, serial_from, qemu))
    watch.start()
    with open(directory / "events.jsonl", "a", buffering=1) as out:
        def on_event(event):
            event["time"] = time.time()
            events.append(event)
            out.write(json.dumps(event) + "\n")
        written = listen(directory, on_event, events, qemu)
    code = qemu.wait()
    ended = [event["time"] for event in events if event["event"] == "SHUTDOWN"]
    verdict = {"how": judge(events, directory, serial_from),
               "time": (ended or [time.time()])[0], "began": began,
               "exit": code, "written": written}
    write_atomic(directory / "off.json", json.dumps(verdict))
    (directory / "qemu.pid").unlink(missing_ok=True)


def listen(directory, on_event, events, qemu):
    """Passes events on until the machine ends; returns what it wrote.

    QEMU stops there and waits (-no-shutdown), so that its counts of bytes
    written to each disk can be asked for, and is then told to end.
    """
    while True:
        try:
            qmp = Qmp(directory / "events.sock", 5, on_event)
            break
        except (OSError, EOFError):
            if qemu.poll() is not None:
                return {}
    written = {}
    try:
        while not any(event["event"] == "SHUTDOWN" for event in events):
            qmp.next(None)
        written = bytes_written(qmp)
        qmp.command("quit")
        while True:
            qmp.next(None)
    except (EOFError, OSError):
        return written


def bytes_written(qmp, count="wr_bytes"):
    """Disk name -> bytes the guest wrote since this power-on."""
    return {entry["node-name"]: entry["stats"][count]
            for entry in qmp.command("query-blockstats")
            if "node-name" in entry}


def read_serial(directory, serial_from):
    try:
        with open(directory / "serial.log", "rb") as log:
            log.seek(serial_from)
            return log.read()
    except OSError:
        return b""


def watch_for_panic(directory, serial_from, qemu):
    """A guest that panicked and hangs is switched off after a while."""
    seen = None
    while qemu.poll() is None:
        time.sleep(1)
        if seen is None and PANIC in read_serial(directory, serial_from):
            seen = time.monotonic()
        if seen and time.monotonic() - seen > PANIC_GRACE:
            qemu.kill()
            return


def judge(events, directory, serial_from):
    names = [event["event"] for event in events]
    if (directory / "cut").exists():
        return "cut"
    serial = read_serial(directory, serial_from)
    if PANIC in serial:
        return "crash"
    if "SUSPEND_DISK" in names:
        return "s4"
    reason = next((event["data"].get("reason") for event in events
                   if event["event"] == "SHUTDOWN"), None)
    if reason == "guest-shutdown":
        return "s5"
    if reason == "guest-reset" and b"reboot: Restarting system" in serial:
        return "reboot"
    return "crash"


def write_atomic(path, text):
    temporary = path.with_name(path.name + ".new")
    temporary.write_text(text)
    temporary.rename(path)
