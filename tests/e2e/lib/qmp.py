# SPDX-License-Identifier: GPL-2.0-or-later
"""A client of QEMU's machine protocol: lines of JSON over a Unix socket."""
import json
import os
import socket
import time


def connect_unix(path, timeout):
    """Connects to a Unix socket whose path may be longer than sun_path.

    Retries until @timeout, because QEMU makes its sockets some time after
    its start.  Raises OSError.
    """
    deadline = time.monotonic() + timeout
    directory, name = os.path.split(os.fspath(path))
    while True:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        fd = -1
        try:
            fd = os.open(directory, os.O_PATH | os.O_DIRECTORY)
            sock.connect(f"/proc/self/fd/{fd}/{name}")
            return sock
        except OSError:
            sock.close()
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.02)
        finally:
            if fd >= 0:
                os.close(fd)


class Lines:
    """Reads separated messages from a socket, with a deadline."""

    def __init__(self, sock):
        self.sock = sock
        self.buffer = b""

    def read(self, timeout):
        """One line without its end; None at timeout; EOFError at the end."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while b"\n" not in self.buffer:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                return None
            self.sock.settimeout(left)
            try:
                more = self.sock.recv(65536)
            except socket.timeout:
                return None
            except ConnectionError as err:
                raise EOFError(str(err)) from err
            if not more:
                raise EOFError("the other end closed the socket")
            self.buffer += more
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.strip()


class Qmp:
    """One connection.  Events that arrive in between go to @on_event."""

    def __init__(self, path, timeout=10, on_event=None):
        self.sock = connect_unix(path, timeout)
        self.lines = Lines(self.sock)
        self.on_event = on_event or (lambda event: None)
        self.lines.read(timeout)                       # the greeting
        self.command("qmp_capabilities")

    def command(self, name, **arguments):
        """Runs a command and returns its value; OSError with QEMU's words."""
        message = {"execute": name}
        if arguments:
            message["arguments"] = arguments
        self.sock.sendall(json.dumps(message).encode() + b"\n")
        while True:
            answer = self.next(30)
            if answer is None:
                raise OSError(f"QEMU did not answer {name}")
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise OSError(f"QEMU: {name}: {answer['error'].get('desc')}")

    def next(self, timeout):
        """The next message, after telling about it if it is an event."""
        line = self.lines.read(timeout)
        if not line:
            return None
        message = json.loads(line)
        if "event" in message:
            self.on_event(message)
        return message

    def close(self):
        self.sock.close()
