# SPDX-License-Identifier: GPL-2.0-or-later
"""Who sits at the machine may hibernate it and no more; who does not may not.

By a real polkit and a session that logind made.  A program's lock holds a
person back from both ways there are.
"""
from lib import scenario

PERSON, STRANGER = "person", "stranger"
SAID = "/run/said"
ENDED = "exit status"
# What makes a session at the first console: the service manager calls PAM.
AT_THE_CONSOLE = ("-p", "PAMName=login", "-p", "TTYPath=/dev/tty1",
                  "-p", "StandardInput=tty")


def run(t):
    machine = t.boot()
    # Nobody logs in before the boot is done, says the file; here nobody
    # takes it away.
    machine.sh("set -e; rm -f /run/nologin; n=1000; "
               f"for name in {PERSON} {STRANGER}; do "
               "echo $name:x:$n:$n::/:/bin/sh >> /etc/passwd; "
               "echo $name:x:$n: >> /etc/group; "
               "echo $name:!:20000:::::: >> /etc/shadow; n=$((n + 1)); done")
    check_session(t, machine)
    check_refusals(t, machine)
    check_lock(t, machine)
    for command in "systemctl hibernate", "kjumpctl hibernate --wait":
        check_hibernates(t, machine, command)


def by(who, command):
    """What starts the command as that user; its output comes into SAID."""
    at = AT_THE_CONSOLE if who == PERSON else ()
    return ("systemd-run", "--quiet", "--collect", f"--uid={who}", *at,
            "-p", f"StandardOutput=append:{SAID}",
            "-p", f"StandardError=append:{SAID}",
            "/bin/sh", "-c", f"{command}; echo {ENDED} $?")


def said(machine, who, command):
    machine.sh(f": > {SAID}")
    machine.run(*by(who, command))
    return scenario.wait_text(machine, SAID, ENDED)


def check_session(t, machine):
    text = said(machine, PERSON, "loginctl show-session $XDG_SESSION_ID "
                "-p Name -p Seat -p Active -p State -p Remote")
    for word in (f"Name={PERSON}", "Seat=seat0", "Active=yes", "Remote=no"):
        t.check(word in text, f"no '{word}' in the session: {text}")
    for who, answer in (PERSON, "yes"), (STRANGER, "challenge"):
        text = said(machine, who, "busctl call org.freedesktop.login1 "
                    "/org/freedesktop/login1 org.freedesktop.login1.Manager "
                    "CanHibernate")
        t.check(f'"{answer}"' in text, f"CanHibernate for a {who}: {text}")


def check_refusals(t, machine):
    """Each with its reason; and status is for everybody."""
    text = said(machine, STRANGER, "kjumpctl status")
    t.check(text.endswith(f"{ENDED} 0"), f"kjumpctl status: {text}")
    for who, command in ((STRANGER, "kjumpctl hibernate"),
                         (STRANGER, "systemctl --no-ask-password hibernate"),
                         (PERSON, "kjumpctl unload"),
                         (PERSON, "kjumpctl test")):
        text = said(machine, who, command)
        t.check(not text.endswith(f"{ENDED} 0"), f"a {who} may {command}: {text}")
        t.say(f"{who}: {command}: " + text.replace("\n", "; "))
    t.equal(scenario.status(machine)["state"], "parked", "kjumpd's state")


def check_lock(t, machine):
    scenario.service(machine, "kj-lock", "systemd-inhibit", "--what=sleep",
                     "--mode=block", "--who=a program", "sleep", "infinity")
    scenario.wait_until(lambda: machine.sh("systemd-inhibit --list"),
                        lambda text: "a program" in text, "the lock is there")
    for command in ("systemctl --no-ask-password hibernate",
                    "kjumpctl hibernate"):
        text = said(machine, PERSON, command)
        t.check(not text.endswith(f"{ENDED} 0"),
                f"in spite of a lock: {command}: {text}")
        t.say(f"locked: {command}: " + text.replace("\n", "; "))
    machine.run("systemctl", "stop", "kj-lock")


def check_hibernates(t, machine, command):
    machine.sh(f": > {SAID}")
    t.round_trip(*by(PERSON, command))
    text = scenario.wait_text(machine, SAID, ENDED)
    t.check(text.endswith(f"{ENDED} 0"), f"{command} by a person: {text}")
    t.say(f"that was {command} by a person")
