"""One machine: a QEMU with Debian's kernel, its disks, and what is done to it from outside."""

import json
import socket

from network import machines_of, ports_of
from places import (IMAGE, PROGRAMS, LabError, inside, kill, remember, run, running, sparse_file,
                    wait_until)
from plan import CONTROL_NETWORK, STORAGE

NODE_MEBIBYTES, STORAGE_MEBIBYTES = 512, 256
OWN_DISK_MEBIBYTES = 256
BOOT_SECONDS = 180  # on a machine with much else to do
SHORTEST_BOOT_MS = 2000
IS_UP = "LAB-READY"


def is_on(lab, name):
    return running(lab.pid_file(name)) is not None


def switch_on(lab, plan, name):
    """Starts it, and does not wait for it."""
    if is_on(lab, name):
        raise LabError(f"{name} is on already")
    folder = lab.node(name)
    (folder / "log").mkdir(parents=True, exist_ok=True)
    root = folder / "root.qcow2"
    if not root.exists():
        run("qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", IMAGE / "root.img", root)
    for leftover in ("console.log", "qmp", "pid"):
        (folder / leftover).unlink(missing_ok=True)
    hang_up(lab, name)
    run(*inside(lab), "qemu-system-x86_64", *arguments(lab, plan, name))
    remember(lab.pid_file(name), int((folder / "pid").read_text()))


def arguments(lab, plan, name):
    folder = lab.node(name)
    is_storage = name == STORAGE
    memory = STORAGE_MEBIBYTES if is_storage else NODE_MEBIBYTES
    words = f"""-name {name} -machine q35 -accel tcg,thread=multi,tb-size=128 -cpu max -smp 1
        -m {memory} -display none -nodefaults -no-user-config -daemonize
        -device i6300esb -action watchdog=reset""".split()
    words += ["-pidfile", folder / "pid",
              "-kernel", IMAGE / "vmlinux", "-initrd", IMAGE / "initramfs",
              "-append", f"console=ttyS0 quiet lab.name={name}",
              "-serial", f"file:{folder}/console.log",
              "-qmp", f"unix:{folder}/qmp,server=on,wait=off",
              "-chardev", f"socket,id=events,path={folder}/events.sock",
              "-mon", "chardev=events,mode=control"]
    for disk in disks_of(lab, plan, name):
        identity = f"disk{len(words)}"
        form = "qcow2" if disk.suffix == ".qcow2" else "raw"
        words += ["-drive", f"file={disk},format={form},if=none,id={identity}",
                  "-device", f"virtio-blk-pci,drive={identity}"]
    for position, (_, tap) in enumerate(ports_of(plan, name).items()):
        address = f"52:54:00:77:{position:02x}:{machines_of(plan)[name]:02x}"
        words += ["-netdev", f"tap,id={tap},ifname={tap},script=no,downscript=no",
                  "-device", f"virtio-net-pci,netdev={tap},mac={address},romfile="]
    shares = [("lab", lab.share, "on"), ("programs", PROGRAMS.resolve(), "on"),
              ("log", folder / "log", "off")]
    if plan["given"]:
        shares.append(("given", plan["given"], "on"))
    if plan["folder"]:
        shares.append(("folder", lab.folder / "folder", "off"))
    for tag, path, read_only in shares:
        words += ["-virtfs", f"local,path={path},mount_tag={tag},security_model=none,"
                             f"readonly={read_only},multidevs=remap"]
    return words


def disks_of(lab, plan, name):
    """The root, and then the storage's shared disks, or a node's own one (/dev/vdb)."""
    root = lab.node(name) / "root.qcow2"
    if name == STORAGE:
        return [root] + [lab.disks / f"{number}.raw" for number in range(len(plan["disks"]))]
    own = lab.node(name) / "own.raw"
    if not own.exists():
        sparse_file(own, OWN_DISK_MEBIBYTES)
    return [root, own]


def wait_until_up(lab, names):
    for name in names:
        console = lab.node(name) / "console.log"
        wait_until(BOOT_SECONDS,
                   lambda: IS_UP in console.read_text(errors="replace") or not is_on(lab, name),
                   f"{name} does not come up; see {console}")
        if not is_on(lab, name):
            raise LabError(f"{name} ended while it came up; see {console}")


def cut_power(lab, name):
    """Nothing of the machine runs any more when this returns."""
    kill(lab.pid_file(name))
    hang_up(lab, name)


def tell(lab, name, command, **arguments_):
    """Says a command to QEMU itself (QMP), and gives its answer."""
    if not is_on(lab, name):
        raise LabError(f"{name} is off")
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(20)
        connection.connect(str(lab.node(name) / "qmp"))
        file = connection.makefile("rw")
        file.readline()
        for message in ({"execute": "qmp_capabilities"},
                        {"execute": command, "arguments": arguments_}):
            file.write(json.dumps(message) + "\n")
            file.flush()
            reply = {}
            while not {"return", "error"} & reply.keys():
                reply = json.loads(file.readline())
    if "error" in reply:
        raise LabError(f"{name}: {reply['error']['desc']}")
    return reply["return"]


def state_of(lab, name):
    return tell(lab, name, "query-status")["status"] if is_on(lab, name) else "off"


def resets_of(lab, name):
    """When it was reset without losing its power, in milliseconds since 1970."""
    events = lab.node(name) / "events"
    lines = events.read_text().splitlines() if events.exists() else []
    resets = []
    for event in map(json.loads, lines):
        if event["event"] != "RESET":
            continue
        at = event["timestamp"]["seconds"] * 1000 + event["timestamp"]["microseconds"] // 1000
        # A kernel that resets its machine tries one way after the other, before the first works.
        if not resets or at - resets[-1] > SHORTEST_BOOT_MS:
            resets.append(at)
    return resets


def ssh_options(lab, name):
    options = f"""StrictHostKeyChecking=no UserKnownHostsFile=/dev/null LogLevel=ERROR
        ConnectTimeout=15 ServerAliveInterval=5 ServerAliveCountMax=3 ControlMaster=auto
        ControlPersist=600 ControlPath={lab.node(name)}/ssh IdentityFile={IMAGE}/ssh_key""".split()
    return ["-F", "none"] + [f"-o{option}" for option in options]


def ssh_target(plan, name):
    return f"root@{CONTROL_NETWORK}.{machines_of(plan)[name]}"


def hang_up(lab, name):
    """Forgets the connection to a machine that is gone; a new one would wait for it."""
    if not (lab.node(name) / "ssh").exists():
        return
    try:
        run("ssh", *ssh_options(lab, name), "-O", "exit", "machine")
    except LabError:
        pass
    (lab.node(name) / "ssh").unlink(missing_ok=True)
