# SPDX-License-Identifier: GPL-2.0-or-later
"""A client of qemu-guest-agent: runs commands in the guest.

The line to the agent loses messages: when the guest's virtio console is
frozen, what is under way in either direction is gone.  So each request can be
made again without harm.  A command is started under a name of its own by
vm-exec (tests/e2e/guest/vm-exec.c), which runs each name only once and leaves
output and status in files; and files are read as often as need be.

QEMU lets one client at a time talk to the agent, so that each conversation
holds a lock.
"""
import base64
import contextlib
import fcntl
import json
import random
import time
import uuid

from .paths import VmError
from .qmp import Lines, connect_unix

ANSWER_TIMEOUT = 3      # seconds; a request is asked again after them
SILENCE_TIMEOUT = 600   # seconds without any answer while a command runs
START_TIMEOUT = 60      # seconds until a command was started
BLOCK = 256 << 10       # bytes of a file per request
VM_EXEC = "/usr/local/bin/vm-exec"
RESULTS = "/run/vm-exec"
ENVIRONMENT = ["HOME=/root", "TERM=dumb", "LANG=C.UTF-8",
               "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]


class AgentGone(VmError):
    """No answer: the guest is off, asleep, or has no agent (yet)."""


class AgentRefused(VmError):
    """The agent answered with an error."""


class Agent:
    def __init__(self, directory, is_on=lambda: True):
        """@directory: of the machine; its agent's socket is ga.sock."""
        self.directory = directory
        self.is_on = is_on
        self.sock = None
        self.lines = None

    # -- one conversation -------------------------------------------------

    @contextlib.contextmanager
    def talk(self, timeout=ANSWER_TIMEOUT):
        """Holds the agent's only line for the time of the block."""
        deadline = time.monotonic() + timeout
        with open(self.directory / "ga.lock", "w") as lock:
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

    def _send(self, name, arguments, number):
        message = {"execute": name, "id": number}
        if arguments:
            message["arguments"] = arguments
        self.sock.sendall(json.dumps(message).encode() + b"\n")

    def _sync(self, timeout):
        """Makes the agent drop half a message, and waits for an answer."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            number = random.randrange(1 << 31)
            self.sock.sendall(b"\xff")
            self._send("guest-sync-delimited", {"id": number}, number)
            if self._answer(number, min(1, deadline - time.monotonic())):
                return
        raise AgentGone(f"the guest agent did not answer in {timeout:.0f} s")

    def _answer(self, number, timeout):
        """The answer with this number, passing over all others, or None."""
        deadline = time.monotonic() + timeout
        while True:
            line = self.lines.read(max(0.01, deadline - time.monotonic()))
            if line is None:
                return None
            with contextlib.suppress(ValueError):
                answer = json.loads(line.lstrip(b"\xff"))
                if answer.get("id") == number:
                    return answer

    def ask(self, name, timeout=ANSWER_TIMEOUT, **arguments):
        """One request within talk()."""
        number = random.randrange(1 << 31)
        self._send(name, arguments, number)
        answer = self._answer(number, timeout)
        if answer is None:
            raise AgentGone(f"the guest agent did not answer {name}")
        if "error" in answer:
            raise AgentRefused(f"guest agent: {answer['error'].get('desc')}")
        return answer["return"]

    # -- requests that may be repeated ------------------------------------

    def ping(self, timeout):
        with self.talk(timeout):
            self.ask("guest-ping", timeout)

    def again(self, timeout, request):
        """Repeats @request, a function, until it is answered."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                with self.talk():
                    return request()
            except AgentGone:
                if not self.is_on() or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def read_file(self, path, timeout=START_TIMEOUT):
        """A file's bytes, or None when there is none.  Starts no process."""
        return self.again(timeout, lambda: self._read(path))

    def _read(self, path):
        try:
            handle = self.ask("guest-file-open", path=path, mode="r")
        except AgentRefused as refused:
            if "No such file" in str(refused):
                return None
            raise
        data = b""
        while True:
            part = self.ask("guest-file-read", 30, handle=handle, count=BLOCK)
            data += base64.b64decode(part["buf-b64"])
            if part["eof"] or not part["count"]:
                break
        self.ask("guest-file-close", handle=handle)
        return data

    def begin(self, argv, stdin=None):
        """Starts @argv as root; returns the name that _wait() takes."""
        name = uuid.uuid4().hex[:12]
        arguments = {"path": VM_EXEC, "arg": [name, *argv],
                     "env": ENVIRONMENT}
        if stdin:
            arguments["input-data"] = base64.b64encode(stdin).decode()
        self.again(START_TIMEOUT,
                   lambda: self.ask("guest-exec", 10, **arguments))
        return name

    def run(self, argv, stdin=None, timeout=None):
        """Runs @argv as root; returns (status, stdout, stderr) with bytes.

        A command that a signal ended has the status 128 + signal, as in a
        shell; 127: it could not be run.  Raises AgentGone when the guest
        went off meanwhile, or at @timeout.
        """
        began = time.monotonic()
        result = f"{RESULTS}/{self.begin(argv, stdin)}"
        pause = 0.01
        while True:
            status = self.read_file(f"{result}/status", SILENCE_TIMEOUT)
            if status is not None:
                break
            if timeout and time.monotonic() - began > timeout:
                raise AgentGone(f"{argv[0]} did not end in {timeout:.0f} s")
            time.sleep(pause)
            pause = min(pause * 1.5, 0.25)
        return (int(status), self.read_file(f"{result}/out") or b"",
                self.read_file(f"{result}/err") or b"")
