"""What a lab consists of, worked out from a configuration of Tasuki before anything is made. The
same as `tasuki lab` makes of it: nodes, a client, a witness, and the disks that the nodes share.
Plain values, kept as JSON beside the lab."""

import ipaddress
import tomllib

from places import PROGRAMS, LabError, run

CLIENT, WITNESS, STORAGE = "client", "witness", "storage"
# Networks beside the cluster's own: ssh and the power switch, and the way to the storage. Neither
# is cut with a link.
CONTROL_NETWORK, STORAGE_NETWORK = "172.31.255", "172.31.254"
HOST_NUMBER, STORAGE_NUMBER = 254, 250
NODES_MAX = 9
QNETD_PORT, WEB_WITNESS_PORT = 5403, 5404
LAB_AGENT = "fence_tasuki_lab"
FIRST_CLIENT, LAST_CLIENT = 200, 254


def plan_of_config(path):
    try:
        text = path.read_text()
    except OSError as problem:
        raise LabError(f"{path}: {problem.strerror}") from None
    run(PROGRAMS / "tasuki", "config", "check", path)
    config = tomllib.loads(text)
    nodes = config["node"]
    witness = config.get("witness", {})
    plan = plan_of([node["name"] for node in nodes], [node["addresses"] for node in nodes])
    plan["cluster"] = config["cluster"]["name"]
    plan["config"] = text
    plan["given"] = str(path.absolute().parent)
    for node in nodes:
        if node["name"] in (CLIENT, WITNESS, STORAGE):
            raise LabError(f"a lab has a host of its own named {node['name']}; rename the node")
        for device in node.get("fence", []):
            if device["agent"] != LAB_AGENT:
                plan["outlets"].append({"agent": device["agent"], "node": node["name"],
                                        "options": texts(device.get("options", {}))})
    plan["disks"] = plan_disks(config, witness)
    plan["folder"] = witness.get("folder", "")
    if witness.get("type", "qnetd") == "qnetd" and witness and len(nodes) % 2 == 0:
        plan["qdevice"] = True
    taken = {resource["address"] for group in config.get("group", [])
             for resource in group.get("floating_ip", [])} | {witness.get("address")}
    plan["hosts"][CLIENT] = client_addresses(nodes, taken)
    if "address" in witness:
        plan["hosts"][WITNESS] = [witness_address(nodes, witness)]
        plan["witness_command"] = witness_command(witness)
    return plan


def plan_of_machines(count):
    """Machines without Tasuki, and a disk that they share."""
    if not 1 <= count <= NODES_MAX:
        raise LabError(f"a lab has 1 to {NODES_MAX} machines, not {count}")
    numbers = range(1, count + 1)
    plan = plan_of([f"sv{number}" for number in numbers],
                   [[f"192.168.70.{number}"] for number in numbers])
    plan["disks"] = [{"device": "/dev/shared", "filesystem": "", "content": ""}]
    return plan


def plan_of(names, addresses):
    if len(names) > NODES_MAX:
        raise LabError(f"a lab has at most {NODES_MAX} machines, not {len(names)}")
    for address in (address for list_ in addresses for address in list_):
        if address.startswith((CONTROL_NETWORK + ".", STORAGE_NETWORK + ".")):
            raise LabError(f"the lab itself uses the network of {address}; give another address")
    return {"cluster": "", "config": "", "given": "", "disks": [], "outlets": [], "folder": "",
            "qdevice": False, "hosts": {}, "witness_command": [],
            "links": max(map(len, addresses)),
            "nodes": [{"name": name, "number": number, "addresses": own}
                      for number, (name, own) in enumerate(zip(names, addresses), 1)]}


def texts(options):
    return {key: str(value).lower() if isinstance(value, bool) else str(value)
            for key, value in options.items()}


def plan_disks(config, witness):
    """The partitions of groups, made with their file systems, and the disk of the slots. A
    machine's own disk is none of the storage's."""
    disks = {}
    for group in config.get("group", []):
        for partition in group.get("partition", []):
            disks[partition["device"]] = {"filesystem": partition["filesystem"], "content": ""}
    slots = witness.get("device") or config.get("lease", {}).get("device")
    if slots:
        disks[slots] = {"filesystem": "",
                        "content": f"tasuki-witness 1 {config['cluster']['name']}\n"}
    for device in disks:
        if not device.startswith("/dev/"):
            raise LabError(f"a lab cannot make the device {device}; use a path below /dev")
    return [{"device": device} | disk for device, disk in disks.items()
            if not device.startswith("/dev/vd")]


def prefix_of(address):
    return 24 if ipaddress.ip_address(address).version == 4 else 64


def network_of(address):
    return ipaddress.ip_network(f"{address}/{prefix_of(address)}", strict=False)


def client_addresses(nodes, taken):
    """The first free one of each link, as (link, address)."""
    taken = {ipaddress.ip_address(address) for address in taken if address}
    taken |= {ipaddress.ip_address(address) for node in nodes for address in node["addresses"]}
    found = []
    for link, address in enumerate(nodes[0]["addresses"]):
        network = network_of(address)
        # Read as it is written: 192.0.2.200, 2001:db8::200.
        numbers = (number if network.version == 4 else int(str(number), 16)
                   for number in range(FIRST_CLIENT, LAST_CLIENT + 1))
        free = next((network[number] for number in numbers if network[number] not in taken), None)
        if free is None:
            raise LabError(f"no address from {FIRST_CLIENT} on is free beside {address}")
        found.append([link, str(free)])
    return found


def witness_address(nodes, witness):
    for link, address in enumerate(nodes[0]["addresses"]):
        if network_of(address) == network_of(witness["address"]):
            return [link, witness["address"]]
    raise LabError(f"a lab has no routers, and the witness {witness['address']} is in none of the "
                   "nodes' networks; give it an address in one")


def witness_command(witness):
    if witness.get("type", "qnetd") == "http":
        return [str(PROGRAMS / "tasuki"), "witness", "serve", "--address", witness["address"],
                "--port", str(witness.get("port", WEB_WITNESS_PORT))]
    if witness.get("tls", True):
        raise LabError("the virtual machines have no certificates for a qnetd; write tls = false")
    return ["corosync-qnetd", "-f", "-s", "off", "-p", str(witness.get("port", QNETD_PORT))]
