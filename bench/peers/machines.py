"""Plain machines for the peers: namespaces on one bridge, as the hosts of a Tasuki lab are."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

from measure import NAME_SERVICE, PROBE, PROGRAMS, Failed, Probe, now, run, wait_until

HERE = pathlib.Path(__file__).resolve().parent
ADDRESS = "10.77.0.100"


class Machine:
    def __init__(self, cluster, number):
        self.cluster = cluster
        self.name = f"n{number}"
        self.address = f"10.77.0.{number}"
        self.namespace = f"{cluster.prefix}-{self.name}"
        self.folder = cluster.folder / self.name
        self.launcher = None
        self.first = None  # its process 1, as this machine numbers it; None while it is off

    def plug_in(self):
        run("ip", "netns", "add", self.namespace)
        run("ip", "-n", self.cluster.lan, "link", "add", self.name, "type", "veth", "peer", "name",
            "eth0", "netns", self.namespace)
        run("ip", "-n", self.cluster.lan, "link", "set", self.name, "master", "br0")

    def boot(self):
        (self.folder / "log").mkdir(parents=True, exist_ok=True)
        run("ip", "-n", self.namespace, "addr", "flush", "dev", "eth0")
        run("ip", "-n", self.namespace, "addr", "add", f"{self.address}/24", "dev", "eth0")
        run("ip", "-n", self.namespace, "link", "set", "eth0", "up")
        run("ip", "-n", self.namespace, "link", "set", "lo", "up")
        run("ip", "-n", self.cluster.lan, "link", "set", self.name, "up")
        ready = self.folder / "ready"
        ready.unlink(missing_ok=True)
        log = (self.folder / "log/boot.log").open("a")
        self.launcher = subprocess.Popen(
            ["ip", "netns", "exec", self.namespace, "unshare", "--mount", "--uts", "--ipc", "--pid",
             "--fork", "--kill-child=SIGKILL", HERE / "boot-machine", self.name,
             self.cluster.config, self.folder / "log", ready, PROGRAMS],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        wait_until(f"{self.name} boots", ready.exists, 20)
        children = pathlib.Path(f"/proc/{self.launcher.pid}/task/{self.launcher.pid}/children")
        self.first = int(children.read_text().split()[0])

    def enter(self):
        return ["nsenter", "-t", self.first, "-m", "-u", "-i", "-n", "-p", "--"]

    def run(self, *command, check=True):
        return run(*self.enter(), *command, check=check)

    def start(self, *command):
        """In the background, as a child of the machine's process 1."""
        log = (self.folder / "log/programs.log").open("a")
        words = [str(word) for word in (*self.enter(), "setsid", "-f", *command)]
        subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log).wait()

    def pids(self, name=None):
        """As this machine numbers them, without the machine's process 1."""
        mine = os.readlink(f"/proc/{self.first}/ns/pid")
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.readlink(f"/proc/{pid}/ns/pid") != mine or int(pid) == self.first:
                    continue
                comm = pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
            except OSError:
                continue
            if name is None or comm == name:
                found.append(int(pid))
        return found

    def boots(self):
        return self.launcher is not None and self.launcher.poll() is None and self.first is None

    def pull_plug(self):
        run("ip", "-n", self.cluster.lan, "link", "set", self.name, "down")
        self.end()

    def end(self):
        if self.first:
            try:
                os.kill(self.first, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.launcher.wait()
            self.first = None


class Cluster:
    """Two machines and a client that asks all the time."""

    def __init__(self, name):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tasuki-bench."))
        self.config = self.folder / "config"
        self.config.mkdir()
        self.prefix = f"tb-{name}-{os.getpid()}"
        self.lan = f"{self.prefix}-lan"
        self.client = f"{self.prefix}-client"
        self.machines = [Machine(self, 1), Machine(self, 2)]
        self.probe = None

    def __enter__(self):
        try:
            run("ip", "netns", "add", self.lan)
            run("ip", "-n", self.lan, "link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
            run("ip", "-n", self.lan, "link", "set", "br0", "up")
            run("ip", "netns", "add", self.client)
            run("ip", "-n", self.lan, "link", "add", "client", "type", "veth", "peer", "name",
                "eth0", "netns", self.client)
            run("ip", "-n", self.lan, "link", "set", "client", "master", "br0", "up")
            run("ip", "-n", self.client, "addr", "add", "10.77.0.200/24", "dev", "eth0")
            run("ip", "-n", self.client, "link", "set", "eth0", "up")
            for machine in self.machines:
                machine.plug_in()
                machine.boot()
            self.probe = Probe(["ip", "netns", "exec", self.client, PROBE, ADDRESS],
                               self.folder / "probe")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.probe:
            self.probe.stop()
        for machine in self.machines:
            machine.end()
        for namespace in (self.client, self.lan, *(m.namespace for m in self.machines)):
            run("ip", "netns", "del", namespace, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def named(self, name):
        for machine in self.machines:
            if machine.name == name:
                return machine
        raise Failed(f"{name} answered, which is no machine")

    def serving(self):
        return self.named(self.probe.server())

    def other(self, machine):
        return self.machines[1 - self.machines.index(machine)]

    def kill_service(self):
        (pid,) = self.serving().pids("name_service")
        begun = now()
        os.kill(pid, signal.SIGKILL)
        return begun


__all__ = ["ADDRESS", "NAME_SERVICE", "Cluster", "Machine"]
