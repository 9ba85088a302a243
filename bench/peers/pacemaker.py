"""Pacemaker on Corosync, set up with crmsh: an address and the same service in one group. Without
fencing it is as fast as it can be; with it, it has the agent that Tasuki has in its lab."""

import os
import re
import signal
import time

from measure import now, wait_until
from peers.machines import ADDRESS, NAME_SERVICE, Cluster
from peers.power import PowerSwitch

COROSYNC = """totem {{
\tversion: 2
\tcluster_name: bench
\ttransport: knet
\tcrypto_cipher: aes256
\tcrypto_hash: sha256
{totem}
}}
nodelist {{
\tnode {{
\t\tring0_addr: 10.77.0.1
\t\tname: n1
\t\tnodeid: 1
\t}}
\tnode {{
\t\tring0_addr: 10.77.0.2
\t\tname: n2
\t\tnodeid: 2
\t}}
}}
quorum {{
\tprovider: corosync_votequorum
\ttwo_node: 1
}}
logging {{
\tto_logfile: yes
\tlogfile: /var/log/corosync.log
\tto_syslog: no
}}
"""

UNFENCED = "property stonith-enabled=false no-quorum-policy=ignore"
FENCED = """property stonith-enabled=true stonith-action=off
primitive power stonith:fence_tasuki_lab params socket={socket} op monitor interval=120s"""
RESOURCES = """{fencing}
rsc_defaults resource-stickiness=100
primitive address ocf:heartbeat:IPaddr2 params ip={address} cidr_netmask=24 nic=eth0 \\
  op monitor interval={monitor} timeout=20s
primitive service ocf:heartbeat:anything params binfile={service} pidfile=/run/service.pid \\
  op monitor interval={monitor} timeout=20s
group web address service
"""


def start(machine):
    machine.run("corosync")
    machine.start("pacemakerd")


def online(machine):
    text = machine.run("crm_mon", "-1", "-b", check=False) if machine.first else ""
    found = re.search(r"Online: \[ (.*?) \]", text)
    return found.group(1).split() if found else []


def wait_both_online(machine):
    wait_until("both Pacemaker nodes online", lambda: len(online(machine)) == 2, 120, 0.3)


def measure(totem, monitor, rounds, cold_rounds, fenced=False):
    """{what: [milliseconds]}; `totem` are lines of corosync.conf, `monitor` an interval."""
    results = {"service kill": [], "node death": [], "planned move": [], "cold start": []}
    with Cluster("pacemaker") as cluster, PowerSwitch(cluster, cluster.folder / "power.sock"):
        (cluster.config / "corosync.conf").write_text(COROSYNC.format(totem=totem))
        (cluster.config / "authkey").write_bytes(os.urandom(256))
        socket = cluster.folder / "power.sock"
        (cluster.config / "resources.crm").write_text(
            RESOURCES.format(fencing=FENCED.format(socket=socket) if fenced else UNFENCED,
                             address=ADDRESS, service=NAME_SERVICE, monitor=monitor))
        first = cluster.machines[0]
        for machine in cluster.machines:
            machine.end()
            machine.boot()  # once more, with the configuration
            start(machine)
        wait_both_online(first)
        first.run("crm", "configure", "load", "update", cluster.config / "resources.crm")
        for number in range(rounds):
            cluster.probe.wait_steady(limit_s=120)
            # Spread over the monitoring interval.
            time.sleep(1 + 10 * number / rounds)
            fault_at = cluster.kill_service()
            time.sleep(0.2)
            cluster.probe.wait_steady(limit_s=120)
            results["service kill"].append(cluster.probe.outage(fault_at))

            serving = cluster.serving()
            survivor = cluster.other(serving)
            fault_at = now()
            serving.pull_plug()
            cluster.probe.wait_steady(other_than=serving.name, limit_s=120)
            results["node death"].append(cluster.probe.outage(fault_at))
            serving.boot()
            start(serving)
            wait_both_online(survivor)
            time.sleep(2)

            serving = cluster.serving()
            target = cluster.other(serving)
            fault_at = now()
            serving.run("crm", "resource", "move", "web", target.name)
            cluster.probe.wait_steady(target.name, limit_s=120)
            results["planned move"].append(cluster.probe.outage(fault_at))
            target.run("crm", "resource", "clear", "web")
        for _ in range(cold_rounds):
            # All its programs end and start anew; the machines stay up, as in the other cold starts.
            for machine in cluster.machines:
                for pid in machine.pids():
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        pass
                machine.run("ip", "addr", "flush", "dev", "eth0")
                machine.run("ip", "addr", "add", f"{machine.address}/24", "dev", "eth0")
                machine.run("sh", "-c",
                            "rm -rf /run/corosync.pid /run/service.pid /dev/shm/* /run/crm/*")
            time.sleep(1)
            begun = now()
            for machine in cluster.machines:
                start(machine)
            cluster.probe.wait_steady(limit_s=120)
            results["cold start"].append(cluster.probe.first_answer(begun))
            wait_both_online(first)
    return results
