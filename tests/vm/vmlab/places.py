"""Where the lab of virtual machines keeps what it has, and how it runs and finds its programs."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
GUEST = ROOT / "tests/vm/guest"
IMAGE = ROOT / "build/vm/image"
PROGRAMS = ROOT / "build/bin"


class LabError(Exception):
    """What a person did wrong, or what the world refused, as one sentence."""


class Lab:
    """One lab: everything of it lies below one folder, and lives in namespaces of its own."""

    def __init__(self, folder):
        self.folder = Path(folder).absolute()
        self.record = self.folder / "lab.json"  # what it was brought up with
        self.disks = self.folder / "disks"
        self.share = self.folder / "share"  # what the machines are told, read-only in each

    def node(self, name):
        return self.folder / "nodes" / name

    def pid_file(self, name):
        return self.folder / "pids" / name

    def is_up(self):
        return running(self.pid_file("ground")) is not None

    def plan(self):
        if not self.is_up():
            raise LabError(f"no lab runs in {self.folder}; bring one up with: vmlab up")
        return json.loads(self.record.read_text())


def run(*command, **options):
    """Runs a program of this machine. One that fails is told with what it said."""
    try:
        done = subprocess.run([str(word) for word in command], text=True, capture_output=True,
                              **options)
    except FileNotFoundError:
        raise LabError(f"{command[0]} is missing; run: ./dev vmlab build") from None
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip() or f"it ended with {done.returncode}"
        raise LabError(f"{Path(command[0]).name}: {said}")
    return done.stdout


def inside(lab, host="ground"):
    """The words before a command that is to run in the namespaces of the lab, or of one host."""
    pid = running(lab.pid_file(host))
    if pid is None:
        raise LabError(f"{host} is off")
    return ["nsenter", f"--target={pid}", "--net", "--mount"]


# A process is known by its number and its time of birth, so that nothing else is ever killed.
def birth_of(pid):
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[19]


def remember(pid_file, pid):
    pid_file.parent.mkdir(parents=True, exist_ok=True)
    beside = pid_file.with_suffix(".new")
    beside.write_text(f"{pid} {birth_of(pid)}")
    beside.rename(pid_file)


def running(pid_file):
    """The process that was remembered, while it lives."""
    try:
        pid, birth = pid_file.read_text().split()
    except (OSError, ValueError):
        return None
    return int(pid) if birth_of(pid) == birth else None


def kill(pid_file):
    """Ends it at once; returns when it is gone."""
    pid = running(pid_file)
    if pid is None:
        return
    os.kill(pid, signal.SIGKILL)
    wait_until(10, lambda: running(pid_file) is None, f"process {pid} does not end")


def networks_of(pid_files):
    """The network namespaces of what was remembered and lives, but for this machine's own."""
    found = {network_of(running(pid_file)) for pid_file in pid_files}
    return found - {None, network_of("self")}


def network_of(pid):
    try:
        return os.readlink(f"/proc/{pid}/ns/net")
    except OSError:
        return None


def kill_all_in(networks):
    for process in Path("/proc").glob("[0-9]*"):
        if network_of(process.name) in networks:
            try:
                os.kill(int(process.name), signal.SIGKILL)
            except ProcessLookupError:
                pass


def start_beside(lab, name, command):
    """Starts a program that outlives this one, its words in the lab's log."""
    with open(lab.folder / "lab.log", "ab") as log:
        child = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                                 stdout=log, stderr=log, start_new_session=True)
    remember(lab.pid_file(name), child.pid)
    return child


def wait_until(seconds, true, otherwise):
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise LabError(f"{otherwise} (waited {seconds} s)")
        time.sleep(0.02)


def sparse_file(path, mebibytes):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file:
        file.truncate(mebibytes << 20)


def note(text):
    print(text, file=sys.stderr, flush=True)


def remove(folder):
    shutil.rmtree(folder, ignore_errors=True)
