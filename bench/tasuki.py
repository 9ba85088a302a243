"""Tasuki, measured in its own lab: the same programs, real Corosync, real file systems."""

import json
import os
import pathlib
import re
import shutil
import string
import subprocess
import tempfile
import time

from measure import NAME_SERVICE, PROBE, PROGRAMS, Probe, cpu_seconds, resident_mb, run, wait_until
from measure import Failed, now

CONFIGS = pathlib.Path(__file__).resolve().parent / "configs"
TASUKI = PROGRAMS / "tasuki"
ADDRESS = "192.168.70.100"
POSTGRES = "/usr/lib/postgresql/15/bin"


class Lab:
    """A lab of one of the configurations, its client asking all the time."""

    def __init__(self, config, probe_options=(), every=5, **values):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tasuki-bench."))
        self.dir = self.folder / "lab"
        self.probe_options = probe_options
        self.every = every
        text = (CONFIGS / f"{config}.toml").read_text()
        self.file = self.folder / "cluster.toml"
        values = {"detect": "600ms", "name_service": NAME_SERVICE, **values}
        self.file.write_text(string.Template(text).substitute(values))
        self.probe = None

    def __enter__(self):
        try:
            self.lab("up", self.file)
            self.nodes = [node["name"] for node in self.status("sv1")["nodes"]]
            # Not through `lab exec`, whose process would stand between it and its signals.
            command = [TASUKI, "lab", "exec", "--dir", self.dir, "client", "--", PROBE, ADDRESS]
            self.probe = Probe([*command, *self.probe_options], self.folder / "probe", self.every)
            self.wait_all_online()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.probe:
            self.probe.stop()
        self.lab("down", check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def lab(self, verb, *words, check=True):
        return run(TASUKI, "lab", verb, "--dir", self.dir, *words, check=check)

    def on(self, host, *command, check=True, text_input=None):
        return run(TASUKI, "lab", "exec", "--dir", self.dir, host, "--", *command, check=check,
                   text_input=text_input)

    def status(self, via):
        # It ends with 1 when something needs attention.
        return json.loads(self.on(via, TASUKI, "status", "--json", check=False) or "{}")

    def is_all_online(self, via):
        status = self.status(via)
        things = status.get("nodes", []) + status.get("groups", [])
        return bool(things) and all(thing["state"] == "online" for thing in things)

    def wait_all_online(self, via="sv1"):
        wait_until("every node and group online", lambda: self.is_all_online(via), 90)

    def other(self, node):
        return next(name for name in self.nodes if name != node)


def planned_moves(lab, rounds):
    outages = []
    lab.probe.wait_steady()
    for _ in range(rounds):
        target = lab.other(lab.status("sv1")["groups"][0]["node"])
        fault_at = now()
        lab.on("sv1", TASUKI, "group", "move", "web", "--to", target, "--wait")
        lab.probe.wait_steady()
        outages.append(lab.probe.outage(fault_at))
    return outages


def service_kills(lab, rounds):
    outages = []
    for _ in range(rounds):
        lab.probe.wait_steady()
        node = lab.probe.server()
        fault_at = now()
        lab.on(node, "pkill", "-KILL", "-x", "name_service")
        time.sleep(0.1)
        lab.probe.wait_steady()
        outages.append(lab.probe.outage(fault_at))
        time.sleep(1.2)  # longer than the restart window
    return outages


def takeovers(lab, rounds, fault, mend):
    """From the server that serves, each time."""
    outages = []
    for number in range(rounds):
        lab.probe.wait_steady()
        lost = lab.probe.server()
        fault_at = now()
        lab.lab(fault, lost)
        lab.probe.wait_steady(other_than=lost)
        outages.append(lab.probe.outage(fault_at))
        mend(lost)
        lab.wait_all_online(via=lab.other(lost))
        # Deaths spread evenly over the second in which a heartbeat to the witness comes once.
        time.sleep(1 + number / rounds)
    return outages


def node_deaths(lab, rounds):
    return takeovers(lab, rounds, "kill", lambda lost: lab.lab("start", lost))


def network_cuts(lab, rounds):
    """The server is cut from the others, and lives."""
    return takeovers(lab, rounds, "cut", lambda lost: lab.lab("heal"))


def cold_starts(lab, rounds):
    times = []
    for _ in range(rounds):
        lab.wait_all_online()
        for node in lab.nodes:
            lab.lab("kill", node)
        begun = now()
        starts = [subprocess.Popen([TASUKI, "lab", "start", "--dir", lab.dir, node],
                                   stdout=subprocess.DEVNULL) for node in lab.nodes]
        for start in starts:
            start.wait()
        times.append(lab.probe.first_answer(begun))
        lab.probe.wait_steady()
    return times


def install_postgres(lab):
    """A database on the partition, whose service the group gets afterwards."""
    node = lab.status("sv1")["groups"][0]["node"]
    lab.on(node, "install", "-d", "-o", "postgres", "-g", "postgres", "-m", "700", "/mnt/web/pg")
    lab.on(node, "setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups",
           f"{POSTGRES}/initdb", "-D", "/mnt/web/pg", "-A", "trust")
    lab.on(node, "tee", "-a", "/mnt/web/pg/pg_hba.conf",
           text_input="host all all 192.168.70.0/24 trust\n")
    text = lab.file.read_text() + (CONFIGS / "postgres-service.toml").read_text()
    text = text.replace("# with-postgres ", "")
    lab.on("sv1", "tee", "/etc/tasuki/with-database.toml", text_input=text)
    lab.on("sv1", TASUKI, "config", "apply", "--yes", "/etc/tasuki/with-database.toml")
    lab.wait_all_online()


TIMED_SCRIPT = """
for round in $(seq "$1"); do
  begun=$(date +%s%N)
  $2 || exit
  ended=$(date +%s%N)
  $3 || exit
  echo $((ended - begun))
done
"""


def script_times(lab, rounds, command, undo=":"):
    """Milliseconds that a script waits for the command."""
    out = lab.on("sv1", "sh", "-c", TIMED_SCRIPT, "sh", rounds, command, undo)
    return [int(line) / 1e6 for line in out.split()]


def armload_times(lab, rounds):
    """Of a service that is ready at once."""
    commands = PROGRAMS / "commands"
    return script_times(lab, rounds, f"{commands}/armload Bench /S Bench", f"{commands}/armkill Bench")


def start_times(lab, rounds):
    """Of that service's program alone, as the same user."""
    return script_times(lab, rounds, "setpriv --reuid nobody --clear-groups /bin/sleep 0")


def engine_times():
    """The lines of corosync.conf on when a node counts as lost and how the token goes round, as
    Tasuki writes them."""
    with Lab("trivial") as lab:
        text = lab.on("sv1", "cat", "/run/tasuki/corosync.conf")
    totem = re.search(r"^totem \{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL).group(1)
    return totem[totem.index("  token:"):].rstrip()


def explained_times(lab):
    return json.loads(run(TASUKI, "config", "check", lab.file, "--explain", "--json"))["times"]


def namespace_of(process):
    try:
        return os.readlink(process / "ns/pid")
    except OSError:
        return None


def processes_of(node):
    """{name: number on this machine} of the node's programs."""
    command = " ".join(map(str, (PROGRAMS.resolve() / "tasukid", "--node", node)))
    running = {}
    for folder in pathlib.Path("/proc").iterdir():
        try:
            running[folder] = (folder / "cmdline").read_text().replace("\0", " ")
        except OSError:
            continue
    for folder, line in running.items():
        if not line.startswith(command):
            continue
        return {
            (other / "comm").read_text().strip(): int(other.name)
            for other in running
            if namespace_of(other) == namespace_of(folder)
        }
    raise Failed(f"no tasukid of {node} runs")


def footprint(lab, seconds=30):
    """What the programs cost a node whose group serves a client."""
    names = ("tasukid", "tasuki-keeper", "corosync")
    lab.probe.stop()
    running = processes_of("sv1")
    pids = {name: running[name] for name in names}
    before = {name: cpu_seconds(pid) for name, pid in pids.items()}
    time.sleep(seconds)
    return {
        name: {
            "resident_mb": resident_mb(pid),
            "cpu_percent": (cpu_seconds(pid) - before[name]) / seconds * 100,
        }
        for name, pid in pids.items()
    }
