"""A three-node etcd of Debian's on this machine, with a client that speaks its own protocol."""

import json
import pathlib
import shutil
import subprocess
import tempfile

from measure import Failed, run, wait_until
from registry import SECONDS, WRITERS, told

MEMBERS = ("a", "b", "c")


def build_writer(folder):
    source = pathlib.Path(__file__).with_name("etcd_writer.cpp")
    flags = run("pkg-config", "--cflags", "--libs", "grpc++", "fmt").split()
    run("clang++-19", "-std=c++23", "-O2", source, "-o", folder / "etcd_writer", *flags)
    return folder / "etcd_writer"


def port(member, kind):
    return f"127.0.0.1:{MEMBERS.index(member) + 1}{kind}"


def client(member):
    return port(member, 2379)


def peer(member):
    return f"http://{port(member, 2380)}"


def start(folder, member):
    cluster = ",".join(f"{name}={peer(name)}" for name in MEMBERS)
    return subprocess.Popen(
        ["etcd", "--name", member, "--data-dir", str(folder / member), "--log-level", "error",
         "--listen-client-urls", f"http://{client(member)}",
         "--advertise-client-urls", f"http://{client(member)}",
         "--listen-peer-urls", peer(member), "--initial-advertise-peer-urls", peer(member),
         "--initial-cluster", cluster, "--initial-cluster-state", "new"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def leader():
    """Its leader answers soonest, so that is whom the client asks."""
    for member in MEMBERS:
        status = run("etcdctl", "--endpoints", client(member), "endpoint", "status", "-w", "json",
                     check=False)
        try:
            found = json.loads(status)[0]["Status"]
        except (ValueError, IndexError):
            continue
        if found["header"]["member_id"] == found.get("leader"):
            return member
    return None


def measure():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tasuki-bench.etcd."))
    processes = []
    try:
        writer = build_writer(folder)
        processes = [start(folder, member) for member in MEMBERS]
        wait_until("etcd has a leader", leader)
        chosen = leader()
        if chosen is None:
            raise Failed("etcd lost its leader")
        found = [json.loads(run(writer, client(chosen), "--writers", count, "--seconds", SECONDS))
                 for count in WRITERS]
        return {"sets": found, "explained": [told(figures) for figures in found]}
    finally:
        for process in processes:
            process.terminate()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)
