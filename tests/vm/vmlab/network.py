"""The lab's networks: bridges in a namespace that has no way out, a tap for each interface of a
machine, and what is cut between whom."""

import re

from places import LabError, inside, run, running
from plan import CONTROL_NETWORK, HOST_NUMBER, STORAGE, STORAGE_NUMBER, prefix_of

# Between ports of one bridge, each as "from . to"; all of them have different names.
CUTS = """table bridge lab {
    set cut { type ifname . ifname; }
    chain forward {
        type filter hook forward priority 0; policy accept;
        iifname . oifname @cut drop;
    }
}
"""


def machines_of(plan):
    """Every machine with its number; the storage is one where there are disks."""
    machines = {node["name"]: node["number"] for node in plan["nodes"]}
    return machines | ({STORAGE: STORAGE_NUMBER} if plan["disks"] else {})


def ports_of(plan, name):
    """From bridge to the interface of that host there, in the order in which it counts them."""
    if name in plan["hosts"]:
        return {f"link{link}": f"{name}{link}" for link, _ in plan["hosts"][name]}
    number = machines_of(plan)[name]
    links = next((len(node["addresses"]) for node in plan["nodes"] if node["name"] == name), 0)
    ports = {f"link{link}": f"m{number}link{link}" for link in range(links)}
    ports["control"] = f"m{number}control"
    return ports | ({"storage": f"m{number}storage"} if plan["disks"] else {})


def make_networks(lab, plan):
    ground = inside(lab)
    lines = ["link set lo up"]
    for bridge in [f"link{link}" for link in range(plan["links"])] + ["control", "storage"]:
        lines += [f"link add {bridge} type bridge", f"link set {bridge} up"]
    lines.append(f"address add {CONTROL_NETWORK}.{HOST_NUMBER}/24 dev control")
    for name in machines_of(plan):
        for bridge, tap in ports_of(plan, name).items():
            lines += [f"tuntap add {tap} mode tap", f"link set {tap} master {bridge} up"]
    run(*ground, "ip", "-batch", "-", input="\n".join(lines))
    run(*ground, "nft", "-f", "-", input=CUTS)


def join_host(lab, plan, name):
    """Plugs a host that is no machine, but a namespace beside this one, into the links."""
    bridges = ports_of(plan, name)
    lines = []
    for (link, _), (bridge, port) in zip(plan["hosts"][name], bridges.items()):
        lines += [f"link add {port} type veth peer name eth{link} netns "
                  f"{running(lab.pid_file(name))}",
                  f"link set {port} master {bridge} up"]
    run(*inside(lab), "ip", "-batch", "-", input="\n".join(lines))
    run(*inside(lab, name), "ip", "-batch", "-",
        input="\n".join(["link set lo up", *address_lines(plan["hosts"][name])]))


def address_lines(addresses):
    """What gives a host its addresses, each as (link, address), as lines of ip's."""
    lines = []
    for link, address in addresses:
        nodad = " nodad" if ":" in address else ""
        lines += [f"address add {address}/{prefix_of(address)} dev eth{link}{nodad}",
                  f"link set eth{link} up"]
    return lines


def cut(lab, plan, first, second, one_way):
    """Without a second: from everybody else of the cluster. The storage is cut by its name only."""
    everybody = [node["name"] for node in plan["nodes"]] + list(plan["hosts"])
    others = [second] if second else [name for name in everybody if name != first]
    if first in others:
        raise LabError(f"{first} cannot be cut from itself")
    pairs = []
    for other in others:
        one, another = ports_of(plan, first), ports_of(plan, other)
        shared = (one.keys() & another.keys()) - {"control"}
        # On the storage's network machines have nothing to do with each other.
        if STORAGE not in (first, other):
            shared -= {"storage"}
        for bridge in shared:
            pairs.append((one[bridge], another[bridge]))
            if not one_way:
                pairs.append((another[bridge], one[bridge]))
    if not pairs:
        raise LabError(f"{first} and {second} share no network")
    elements = ", ".join(f'"{a}" . "{b}"' for a, b in pairs)
    run(*inside(lab), "nft", "add", "element", "bridge", "lab", "cut", f"{{ {elements} }}")


def heal(lab):
    run(*inside(lab), "nft", "flush", "set", "bridge", "lab", "cut")


def cuts(lab, plan):
    """What is cut, as (from, to), each once."""
    hosts = {port: name for name in [*machines_of(plan), *plan["hosts"]]
             for port in ports_of(plan, name).values()}
    listed = run(*inside(lab), "nft", "list", "set", "bridge", "lab", "cut")
    return sorted({(hosts[one], hosts[other])
                   for one, other in re.findall(r'"(\w+)" \. "(\w+)"', listed)})
