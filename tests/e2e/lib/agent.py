# SPDX-License-Identifier: GPL-2.0-or-later
"""A client of qemu-guest-agent: runs commands in the guest.

QEMU lets one client at a time talk to the agent.  So each conversation holds
a lock, and one that waits for a long command lets go of it between looks.

What was asked before a power-off may be answered never or late, so that each
conversation begins with guest-sync-delimited, whose answer is told by its
number.
"""
import base64
import contextlib
import fcntl
import json
import random
import time

from .paths import VmError
from .qmp import Lines, connect_unix

LETS_GO_AFTER = 2.0     # seconds after which a look at a command lets go
ENVIRONMENT = ["HOME=/root", "TERM=dumb", "LANG=C.UTF-8",
               "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]


class AgentGone(VmError):
    """No answer: the guest is off, asleep, or has no agent (yet)."""


class Agent:
    def __init__(self, directory):
        """@directory: of the machine; its agent's socket is ga.sock."""
        self.directory = directory
        self.sock = None
        self.lines = None

    @contextlib.contextmanager
    def talk(self, timeout):
        """Holds the agent's only line for the time of the block."""
        with open(self.directory / "ga.lock", "w") as lock:
            deadline = time.monotonic() + timeout
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise AgentGone("another command holds the guest "
                                        "agent's line") from None
                    time.sleep(0.02)
            try:
                self.sock = connect_unix(self.directory / "ga.sock", 1)
                self.lines = Lines(self.sock)
                self._sync(max(0.5, deadline - time.monotonic()))
                yield self
            except (EOFError, OSError) as err:
                raise AgentGone(f"the machine went off or is off ({err})") \
                    from err
            finally:
                if self.sock:
                    self.sock.close()
                self.sock = self.lines = None

    def _send(self, name, **arguments):
        message = {"execute": name}
        if arguments:
            message["arguments"] = arguments
        self.sock.sendall(json.dumps(message).encode() + b"\n")

    def _sync(self, timeout):
        """Gets in step with the agent.

        Asks again each second, as the first may be lost; then all answers
        up to the last one's must be waited for.  0xff makes the agent drop
        half a message, and complain, which is one answer more.
        """
        deadline = time.monotonic() + timeout
        asked = []
        answered = False
        while time.monotonic() < deadline:
            if not answered:
                asked.append(random.randrange(1 << 31))
                self.sock.sendall(b"\xff")
                self._send("guest-sync-delimited", id=asked[-1])
            again = min(time.monotonic() + 1, deadline)
            while time.monotonic() < again:
                line = self.lines.read(max(0.01, again - time.monotonic()))
                with contextlib.suppress(ValueError):
                    number = json.loads((line or b"").lstrip(b"\xff")) \
                        .get("return")
                    answered = answered or number in asked
                    if number == asked[-1]:
                        return
        raise AgentGone(f"the guest agent did not answer in {timeout:.0f} s")

    def ask(self, name, timeout=30, **arguments):
        """One command within talk(); late answers of syncs are passed over."""
        self._send(name, **arguments)
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            line = self.lines.read(deadline - time.monotonic())
            if not line:
                continue
            answer = json.loads(line.lstrip(b"\xff"))
            if "error" in answer:
                raise VmError(f"guest agent: {answer['error'].get('desc')}")
            if not isinstance(answer.get("return"), int):
                return answer["return"]
        raise AgentGone(f"the guest agent did not answer {name} "
                        f"in {timeout:.0f} s")

    def ping(self, timeout):
        with self.talk(timeout):
            self.ask("guest-ping", timeout)

    def run(self, argv, stdin=None, timeout=None):
        """Runs @argv as root; returns (status, stdout, stderr) with bytes.

        A command that a signal ended has the status 128 + signal, as in a
        shell.  Raises AgentGone when the guest went off meanwhile.
        """
        began = time.monotonic()
        arguments = {"path": argv[0], "arg": list(argv[1:]),
                     "capture-output": True, "env": ENVIRONMENT}
        if stdin:
            arguments["input-data"] = base64.b64encode(stdin).decode()
        with self.talk(30):
            pid = self.ask("guest-exec", **arguments)["pid"]
            status = self._wait(pid, began, LETS_GO_AFTER)
        while not status:
            if timeout and time.monotonic() - began > timeout:
                raise AgentGone(f"{argv[0]} did not end in {timeout:.0f} s")
            time.sleep(0.1)
            with self.talk(30):
                status = self._wait(pid, began, 0)
        code = status.get("exitcode", 0)
        if "signal" in status:
            code = 128 + status["signal"]
        return (code, base64.b64decode(status.get("out-data", "")),
                base64.b64decode(status.get("err-data", "")))

    def _wait(self, pid, began, limit):
        pause = 0.02
        while True:
            status = self.ask("guest-exec-status", pid=pid)
            if status["exited"]:
                return status
            if time.monotonic() - began >= limit:
                return None
            time.sleep(pause)
            pause = min(pause * 1.5, 0.2)
