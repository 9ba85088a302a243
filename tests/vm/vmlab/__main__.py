"""The lab of virtual machines: real kernels, real disks, real power cuts. See docs/vmlab.md."""

import argparse
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True

import image
import machine
import network
import switch
from network import machines_of
from orders import write_orders
from places import (PROGRAMS, ROOT, Lab, LabError, inside, kill, kill_all_in, networks_of, note,
                    remove, run, running, sparse_file, start_beside, wait_until)
from plan import STORAGE, WITNESS, plan_of_config, plan_of_machines

SHARED_DISK_MEBIBYTES = 512
WATCHDOGS = ["i6300esb", "softdog"]  # drivers
UNREACHABLE = 255  # as ssh says it


def build(lab, _):
    if lab.is_up():
        raise LabError("a lab runs on the present image; end it first: vmlab down")
    image.build()


def up(lab, options):
    if not image.is_built():
        raise LabError("there is no image yet; make it once: ./dev vmlab build")
    if lab.is_up():
        raise LabError(f"a lab runs in {lab.folder} already; end it first: vmlab down")
    what = options.what
    plan = plan_of_machines(int(what)) if what.isdigit() else plan_of_config(Path(what))
    plan["watchdog"] = options.watchdog
    end(lab)  # what a lab left that was killed
    remove(lab.folder)
    lab.folder.mkdir(parents=True)
    # Machines run as long as the switch does; a lab that could not be brought up leaves nothing.
    try:
        bring_up(lab, plan)
    except BaseException:
        end(lab)
        raise


def bring_up(lab, plan):
    lab.record.write_text(json.dumps(plan, indent=1))
    write_orders(lab, plan)
    for number, disk in enumerate(plan["disks"]):
        make_disk(lab.disks / f"{number}.raw", disk)
    start_namespaces(lab, "ground")
    network.make_networks(lab, plan)
    start_beside(lab, "switch", [*inside(lab), sys.executable, Path(__file__).parent, "--dir",
                                 lab.folder, "serve"])
    wait_until(10, (lab.folder / "switch.ready").exists,
               f"the power switch does not begin; see {lab.folder}/lab.log")
    for name in plan["hosts"]:
        start_host(lab, plan, name)
    if plan["folder"]:
        prepare_folder(lab, plan)
    # The storage first: whoever boots looks for its disks.
    names = sorted(machines_of(plan), key=lambda name: name != STORAGE)
    for name in names:
        machine.switch_on(lab, plan, name)
    machine.wait_until_up(lab, names)


def make_disk(path, disk):
    sparse_file(path, SHARED_DISK_MEBIBYTES)
    if disk["filesystem"]:
        quiet = {"ext4": ["-q", "-F"], "xfs": ["-q", "-f"], "btrfs": ["-q", "-f"]}
        run(f"mkfs.{disk['filesystem']}", *quiet.get(disk["filesystem"], []), path)
    with open(path, "r+b") as file:
        if disk["content"]:
            file.write(disk["content"].encode())


def prepare_folder(lab, plan):
    folder = lab.folder / "folder"
    folder.mkdir()
    config = lab.folder / "prepare.toml"
    config.write_text(plan["config"].replace(plan["folder"], str(folder)))
    run(PROGRAMS / "tasuki", "witness", "prepare", config)


def start_namespaces(lab, name):
    child = start_beside(lab, name, ["unshare", "--net", "--mount", "sleep", "infinity"])

    def is_apart():
        return os.readlink(f"/proc/{child.pid}/ns/net") != os.readlink("/proc/self/ns/net")

    wait_until(10, lambda: is_apart() and "sleep" in Path(f"/proc/{child.pid}/comm").read_text(),
               "no new namespaces; root is needed")


def start_host(lab, plan, name):
    """The client, or the witness with its program, beside the machines."""
    start_namespaces(lab, name)
    network.join_host(lab, plan, name)
    if name != WITNESS:
        return
    # What it writes is its own, and goes with the lab.
    script = ("mount -t tmpfs tmpfs /run && mkdir -p /run/lock /run/corosync-qnetd && "
              "mount -t tmpfs tmpfs /var/lib && exec \"$@\"")
    start_beside(lab, "witness-program", [*inside(lab, name), "sh", "-c", script, "sh",
                                          *plan["witness_command"]])


def end(lab):
    """Ends everything of the lab, however much of it there is; its files stay for whoever looks."""
    pids = lab.folder / "pids"
    names = sorted(path.name for path in pids.iterdir()) if pids.exists() else []
    networks = networks_of(pids / name for name in names)
    # First what could start a machine again; last the namespaces that all are in.
    for name in sorted(names, key=lambda name: (name == "ground", name != "switch")):
        kill(pids / name)
        (pids / name).unlink(missing_ok=True)
    # What somebody began there with exec.
    kill_all_in(networks)
    for node in (lab.folder / "nodes").glob("*"):
        machine.hang_up(lab, node.name)


def down(lab, _):
    end(lab)


def existing(plan, name, hosts=False):
    names = [*machines_of(plan), *(plan["hosts"] if hosts else [])]
    if name not in names:
        raise LabError(f"there is no {name} in this lab; there are: {' '.join(names)}")
    return name


def exec_(lab, options):
    plan = lab.plan()
    name = existing(plan, options.host, hosts=True)
    words = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not words:
        raise LabError("say what is to run: vmlab exec HOST -- COMMAND")
    if name in plan["hosts"]:
        search = f"{PROGRAMS}:{PROGRAMS}/tools:{os.environ['PATH']}"
        command = [*inside(lab, name), *words]
        return subprocess.run(command, env=os.environ | {"PATH": search}).returncode
    if not machine.is_on(lab, name):
        note(f"vmlab: {name} is off")
        return UNREACHABLE
    # One word goes to the machine's shell as it is.
    line = words[0] if len(words) == 1 else shlex.join(words)
    return subprocess.run([*inside(lab), "ssh", *machine.ssh_options(lab, name),
                           machine.ssh_target(plan, name), "--", line]).returncode


def copy(lab, plan, name, paths):
    return subprocess.run([*inside(lab), "scp", "-q", "-p", "-r", *machine.ssh_options(lab, name),
                           *paths]).returncode


def put(lab, options):
    plan = lab.plan()
    name = existing(plan, options.host)
    for source in options.sources:
        if not Path(source).exists():
            raise LabError(f"there is no {source}")
    return copy(lab, plan, name,
                [*options.sources, f"{machine.ssh_target(plan, name)}:{options.target}"])


def get(lab, options):
    plan = lab.plan()
    name = existing(plan, options.host)
    return copy(lab, plan, name,
                [f"{machine.ssh_target(plan, name)}:{options.source}", options.target])


def kill_(lab, options):
    plan = lab.plan()
    if options.host in plan["hosts"]:
        raise LabError(f"{options.host} is no machine; cut it instead")
    name = existing(plan, options.host)
    if not machine.is_on(lab, name):
        raise LabError(f"{name} is off already")
    machine.cut_power(lab, name)


def start(lab, options):
    plan = lab.plan()
    name = existing(plan, options.host)
    machine.switch_on(lab, plan, name)
    machine.wait_until_up(lab, [name])


def pause(lab, options):
    machine.tell(lab, existing(lab.plan(), options.host), "stop")


def resume(lab, options):
    machine.tell(lab, existing(lab.plan(), options.host), "cont")


def cut(lab, options):
    plan = lab.plan()
    for name in filter(None, (options.host, options.other)):
        existing(plan, name, hosts=True)
    network.cut(lab, plan, options.host, options.other, options.one_way)


def heal(lab, _):
    lab.plan()
    network.heal(lab)


def console(lab, options):
    name = existing(lab.plan(), options.host)
    sys.stdout.write((lab.node(name) / "console.log").read_text(errors="replace"))


def status(lab, options):
    plan = lab.plan()
    told = {"cluster": plan["cluster"], "folder": str(lab.folder), "watchdog": plan["watchdog"],
            "machines": [], "hosts": [], "disks": [disk["device"] for disk in plan["disks"]],
            "cuts": network.cuts(lab, plan)}
    addresses = {node["name"]: node["addresses"] for node in plan["nodes"]}
    for name in machines_of(plan):
        told["machines"].append({"name": name, "state": machine.state_of(lab, name),
                                 "pid": running(lab.pid_file(name)),
                                 "addresses": addresses.get(name, []),
                                 "resets": machine.resets_of(lab, name)})
    for name, links in plan["hosts"].items():
        told["hosts"].append({"name": name, "addresses": [address for _, address in links]})
    if options.json:
        print(json.dumps(told, indent=1))
        return
    for one in told["machines"]:
        resets = f", reset {len(one['resets'])} times" if one["resets"] else ""
        print(f"{one['name']:12} {one['state']}{resets}  {' '.join(one['addresses'])}")
    for one in told["hosts"]:
        print(f"{one['name']:12} beside the machines  {' '.join(one['addresses'])}")
    for one, other in told["cuts"]:
        print(f"cut from {one} to {other}")


def serve(lab, _):
    switch.serve(lab)


def parser():
    top = argparse.ArgumentParser(prog="./dev vmlab", description=__doc__)
    top.add_argument("--dir", default=ROOT / "build/vm/lab", help="the lab's folder")
    verbs = top.add_subparsers(metavar="VERB", required=True)

    def verb(name, action, help_, *arguments):
        one = verbs.add_parser(name, description=help_, **({"help": help_} if help_ else {}))
        one.set_defaults(action=action)
        for word, settings in arguments:
            one.add_argument(word, **settings)

    host = ("host", {"help": "its name: a node's, \"storage\", \"client\" or \"witness\""})
    verb("build", build, "make the image that machines boot, of Debian's packages (once)")
    verb("up", up, "start the machines of a configuration, or so many without Tasuki",
         ("what", {"metavar": "FILE|N", "nargs": "?", "default": "2"}),
         ("--watchdog", {"choices": WATCHDOGS, "default": "i6300esb",
                         "help": "the driver of /dev/watchdog"}))
    verb("status", status, "show the machines, their addresses and what is cut",
         ("--json", {"action": "store_true", "help": "as JSON"}))
    verb("exec", exec_, "run a command there; its exit code is this one's", host,
         ("command", {"nargs": argparse.REMAINDER}))
    verb("put", put, "copy into a machine", host, ("sources", {"nargs": "+"}), ("target", {}))
    verb("get", get, "copy out of a machine", host, ("source", {}), ("target", {}))
    verb("kill", kill_, "cut a machine's power: its QEMU ends at once", host)
    verb("start", start, "switch a machine on that is off, and wait until it is up", host)
    verb("pause", pause, "stop a machine with its clock and its watchdog", host)
    verb("resume", resume, "let a paused machine go on", host)
    verb("cut", cut, "cut the network between two hosts, or of one from all", host,
         ("other", {"nargs": "?", "help": "the other host; all of the cluster when absent"}),
         ("--one-way", {"action": "store_true", "help": "only from the first to the second"}))
    verb("heal", heal, "undo every cut")
    verb("console", console, "print what a machine's kernel said", host)
    verb("down", down, "end everything of the lab")
    verb("serve", serve, "")  # its own; not for people
    return top


def main():
    options = parser().parse_args()
    if os.geteuid() != 0:
        raise LabError("root is needed (namespaces, taps)")
    return options.action(Lab(options.dir), options) or 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LabError as problem:
        sys.exit(f"vmlab: {problem}")
    except KeyboardInterrupt:
        sys.exit(130)
