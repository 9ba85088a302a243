"""What the machines of a lab are told: for each a shell script that ends its boot, and the programs
that its init runs. They read it at each boot from a folder that they all see."""

import json
import os
import shlex

from network import address_lines, machines_of, ports_of
from plan import (CONTROL_NETWORK, HOST_NUMBER, LAB_AGENT, STORAGE, STORAGE_NETWORK, STORAGE_NUMBER)

POWER_PORT = 7000
TARGET = "iqn.2026-01.lab.tasuki:storage"



def write_orders(lab, plan):
    hosts = ["127.0.0.1 localhost"]
    for name, number in machines_of(plan).items():
        hosts.append(f"{CONTROL_NETWORK}.{number} {name}-control")
    for node in plan["nodes"]:
        hosts.append(f"{node['addresses'][0]} {node['name']}")
        write_node(lab, plan, node)
    if plan["disks"]:
        write(lab, f"{STORAGE}/boot", network_orders(plan, STORAGE, []) + storage_orders(plan))
    write(lab, "hosts", "\n".join(hosts) + "\n")
    if plan["config"]:
        write(lab, "cluster.toml", plan["config"])
        write(lab, "outlets.json", json.dumps([
            outlet | {"agent": agent_path(outlet["agent"])} for outlet in plan["outlets"]]))
        (lab.share / "authkey").write_bytes(os.urandom(256))  # corosync-keygen(8)


def write(lab, path, text):
    file = lab.share / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def write_node(lab, plan, node):
    name = node["name"]
    orders = network_orders(plan, name, list(enumerate(node["addresses"])))
    if plan["disks"]:
        orders += disk_orders(plan, name)
    if plan["folder"]:
        orders += f"mkdir -p {plan['folder']}\nshare folder {plan['folder']} rw\n"
    orders += f"modprobe {plan['watchdog']}\n"
    if not plan["config"]:
        write(lab, f"{name}/boot", orders)
        return
    # What a node keeps on its own disk stays when its power goes.
    orders += """
mkdir -p /etc/tasuki /var/lib/tasuki
if [ ! -e /etc/tasuki/cluster.toml ]; then
  cp /lab/cluster.toml /etc/tasuki/
  install -m 400 /lab/authkey /etc/tasuki/authkey
fi
cp /lab/outlets.json /run/tasuki-lab/
"""
    # Scripts often lie beside the configuration; a folder that a machine has itself stays its own.
    orders += f"""
given={shlex.quote(plan["given"])}
if [ -z "$(ls -A "$given" 2>/dev/null)" ]; then
  mkdir -p "$given"
  share given "$given" ro
fi
"""
    for agent in sorted({outlet["agent"] for outlet in plan["outlets"]}):
        orders += f"ln -sf /opt/tasuki/{LAB_AGENT} {shlex.quote(agent_path(agent))}\n"
    write(lab, f"{name}/boot", orders)
    for program, command in programs_of(plan, name).items():
        write(lab, f"{name}/programs/{program}", f"exec {command}\n")


def agent_path(agent):
    return agent if agent.startswith("/") else "/usr/sbin/" + agent


def programs_of(plan, name):
    """As `tasuki lab` has them, but for a watchdog of the machine's own."""
    programs = {
        "power-relay": "socat UNIX-LISTEN:/run/tasuki-lab/power.sock,fork,unlink-early "
                       f"TCP:{CONTROL_NETWORK}.{HOST_NUMBER}:{POWER_PORT}",
        "tasuki-keeper": "tasuki-keeper --reset watchdog",
        "tasukid": f"tasukid --node {name}"}
    if len(plan["nodes"]) > 1:
        programs["corosync"] = (
            f"sh -c 'tasukid --node {name} --write-engine-config && "
            "exec corosync -f -c /run/tasuki/corosync.conf'")
    if plan["qdevice"]:
        programs["corosync-qdevice"] = "corosync-qdevice -f"
    return programs


def network_orders(plan, name, addresses):
    """The interfaces of links are eth0, eth1 and so on, as in `tasuki lab`."""
    number = machines_of(plan)[name]
    orders = "cp /lab/hosts /etc/hosts\n"
    for position, bridge in enumerate(ports_of(plan, name)):
        if bridge in ("control", "storage"):
            network = CONTROL_NETWORK if bridge == "control" else STORAGE_NETWORK
            orders += (f"ip link set eth{position} name {bridge}\nip link set {bridge} up\n"
                       f"ip address add {network}.{number}/24 dev {bridge}\n")
    return orders + "".join(f"ip {line}\n" for line in address_lines(addresses))


def disk_orders(plan, name):
    """The machine's own initiator logs in, and the disks get the names of the configuration.
    Without the storage the machine comes up all the same, later and without its disks."""
    orders = f"""
modprobe -a iscsi_tcp sd_mod sg
echo InitiatorName=iqn.2026-01.lab.tasuki:{name} >/etc/iscsi/initiatorname.iscsi
mkdir -p /run/lock/iscsi
iscsid
portal=\"-m node -T {TARGET} -p {STORAGE_NETWORK}.{STORAGE_NUMBER}\"
iscsiadm $portal -o new >/dev/null
tries=0
until iscsiadm $portal --login >/dev/null 2>&1 || [ $tries -ge 20 ]; do
  tries=$((tries + 1))
  sleep 1
done
disk() {{  # LUN PATH
  tries=0
  until set -- "$1" "$2" /sys/class/scsi_disk/*:$1/device/block/* && [ -e "$3" ]; do
    [ $tries -lt 100 ] || return
    tries=$((tries + 1))
    sleep 0.1
  done
  mkdir -p "$(dirname "$2")"
  ln -sf "/dev/${{3##*/}}" "$2"
}}
"""
    return orders + "".join(f"disk {number} {shlex.quote(disk['device'])}\n"
                            for number, disk in enumerate(plan["disks"]))


def storage_orders(plan):
    """The kernel's own target (LIO) by configfs. What it kept of reservations for its loss of power
    (APTPL) it is told again, as an array would know it."""
    orders = f"""
modprobe -a target_core_mod target_core_iblock iscsi_target_mod
mkdir -p /var/target/pr /var/target/alua
# The kernel writes what it keeps without bringing it to the disk, which an array would not do.
mount -o remount,sync /
config=/sys/kernel/config/target
group=$config/iscsi/{TARGET}/tpgt_1
mkdir -p $config/iscsi $group/np/{STORAGE_NETWORK}.{STORAGE_NUMBER}:3260
for setting in authentication:0 generate_node_acls:1 demo_mode_write_protect:0 \\
    cache_dynamic_acls:1; do
  echo ${{setting#*:}} >$group/attrib/${{setting%:*}}
done
disk() {{  # LUN BLOCK_DEVICE
  local core=$config/core/iblock_0/disk$1
  mkdir -p $core
  echo tasuki-disk-$1 >$core/wwn/vpd_unit_serial
  echo udev_path=$2 >$core/control
  echo 1 >$core/enable
  [ ! -e /var/target/pr/aptpl_tasuki-disk-$1 ] || restore_registrations $1 $core
  mkdir -p $group/lun/lun_$1
  ln -s $core $group/lun/lun_$1/
}}
# From the kernel's form of a registration, lines between PR_REG_START and PR_REG_END, to the one in
# which it wants to be told.
restore_registrations() {{
  awk '/^PR_REG_START/ {{ line = ""; next }}
    /^PR_REG_END/ {{ print line; next }}
    {{ line = line (line == "" ? "" : ",") $0 }}' /var/target/pr/aptpl_tasuki-disk-$1 |
    while read -r line; do echo "$line" >$2/pr/res_aptpl_metadata; done
}}
"""
    for number in range(len(plan["disks"])):
        orders += f"disk {number} /dev/vd{chr(ord('b') + number)}\n"
    return orders + "echo 1 >$group/enable\n"
