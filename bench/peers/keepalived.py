"""keepalived: an address that moves by VRRP while a script sees the service. It fences nothing."""

import os
import signal
import time

from measure import now
from peers.machines import ADDRESS, NAME_SERVICE, Cluster


def configuration(machine, advert_s):
    # VRRP version 2 knows whole seconds only.
    version = 2 if advert_s >= 1 else 3
    return f"""global_defs {{
  vrrp_version {version}
  router_id {machine.name}
  enable_script_security
  script_user root
}}
vrrp_script service {{
  script "/usr/bin/pgrep -x name_service"
  interval 1
  fall 1
  rise 1
  init_fail
}}
vrrp_instance V {{
  state BACKUP
  nopreempt
  interface eth0
  virtual_router_id 51
  priority 100
  advert_int {advert_s}
  track_script {{
    service
  }}
  virtual_ipaddress {{
    {ADDRESS}/24 dev eth0
  }}
}}
"""


def start_keepalived(machine):
    machine.start("keepalived", "-n", "-l", "-D", "-f", machine.folder / "keepalived.conf", "-p",
                  "/run/keepalived/k.pid", "-r", "/run/keepalived/v.pid")


def start_service(machine):
    machine.start(NAME_SERVICE)


def start(machine):
    start_service(machine)
    start_keepalived(machine)


def measure(advert_s, rounds):
    """{what: [milliseconds]}"""
    results = {"service kill": [], "node death": [], "planned move": [], "cold start": []}
    settle_s = max(3.0, 5 * advert_s) + 1
    with Cluster("keepalived") as cluster:
        for machine in cluster.machines:
            (machine.folder / "keepalived.conf").write_text(configuration(machine, advert_s))
        begun = now()
        for machine in cluster.machines:
            start(machine)
        cluster.probe.wait_steady()
        results["cold start"].append(cluster.probe.first_answer(begun))
        for _ in range(rounds):
            time.sleep(settle_s)
            serving = cluster.serving()
            fault_at = cluster.kill_service()
            cluster.probe.wait_steady(other_than=serving.name)
            results["service kill"].append(cluster.probe.outage(fault_at))
            start_service(serving)  # keepalived watches, it does not start

            time.sleep(settle_s)
            serving = cluster.serving()
            fault_at = now()
            serving.pull_plug()
            cluster.probe.wait_steady(other_than=serving.name)
            results["node death"].append(cluster.probe.outage(fault_at))
            serving.boot()
            start(serving)

            time.sleep(settle_s)
            serving = cluster.serving()
            fault_at = now()
            os.kill(min(serving.pids("keepalived")), signal.SIGTERM)
            cluster.probe.wait_steady(other_than=serving.name)
            results["planned move"].append(cluster.probe.outage(fault_at))
            time.sleep(1)
            start_keepalived(serving)
    return results
