# SPDX-License-Identifier: GPL-2.0-or-later
"""Hibernations in a row under load lose nothing: files, memory, file system.

3 in a row (20 with KJUMP_E2E_FULL=1) while processes start and compress,
files are written and flushed, and the network is used.  At the end each file
has its checksum, and the root file system is checked from outside.
"""
from lib import cuts, scenario

FULL = True

CPU = """while :; do
    tar -C /usr/lib -cf - systemd | gzip -1 | sha256sum >> /run/load-cpu
done"""
FILES = """mkdir -p /root/load
for ((i = 0; ; i++)); do
    file=/root/load/$((i % 200))
    dd if=/dev/urandom of=$file bs=64k count=$((1 + RANDOM % 16)) conv=fsync
    sum=$(md5sum < $file)
    echo "$sum" > $file.sum
    sync $file.sum
done 2> /run/load-files"""
NET = f"""for ((i = 0; ; i++)); do
    exec 3<> {scenario.ECHO} || continue
    echo "hello $i" >&3
    read -t 20 answer <&3 && [[ $answer == "hello $i" ]] &&
        echo $i > /run/load-net.new && mv /run/load-net.new /run/load-net
    exec 3>&-
done 2> /run/load-net-errors"""
# The last one may be in the middle of being written.
VERIFY = """cd /root/load
bad=0 n=0
for sum in *.sum; do
    n=$((n + 1))
    [[ $(md5sum < ${sum%.sum}) == "$(< $sum)" ]] || bad=$((bad + 1))
done
echo $n $bad"""


def progress(machine):
    """How far each of the three is."""
    return (len(machine.read("/run/load-cpu").splitlines()),
            int(machine.sh("ls /root/load | wc -l")),
            int(machine.read("/run/load-net").strip() or 0))


def run(t):
    machine = t.boot()
    system = cuts.System(machine)
    for name, script in (("cpu", CPU), ("files", FILES), ("net", NET)):
        scenario.service(machine, f"load-{name}", "bash", "-c", script)
    number = 20 if cuts.FULL else 3
    before = (0, 0, 0)
    for turn in range(1, number + 1):
        t.round_trip()
        scenario.wait_parked(machine)
        now = progress(machine)
        t.check(all(new > old or new >= 400 for new, old in zip(now, before)),
                f"the load stands still: {before}, then {now}")
        before = now
        t.say(f"turn {turn} of {number}: {now[0]} archives, {now[1]} files, "
              f"{now[2]} answers so far")
    t.check(system.is_back(), "another system")
    machine.sh("systemctl stop load-cpu load-files load-net; sync")
    files, bad = machine.sh(VERIFY).split()
    t.check(int(files) > 5, f"only {files} files were written")
    t.check(int(bad) <= 1, f"{bad} of {files} files are not what was written")
    scenario.check_io(machine)
    machine.stop()
    cuts.check_root(machine)
    t.say(f"{files} files have their checksums; the root file system is whole")
