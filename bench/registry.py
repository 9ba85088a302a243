"""How many changes of settings are acknowledged in a second: on the disk of every server."""

import json
import time

import tasuki
from measure import PROGRAMS, wait_until

WRITER = PROGRAMS / "tools/registry_writer"
KEY = r"HKLM\SOFTWARE\Tasuki"
WRITERS = (1, 50)
SECONDS = 5


def told(figures):
    return (f"{figures['writers']} at once: {figures['per_second']:.0f} acknowledged a second, "
            f"median {figures['median_ms']:.1f} ms, 99 of 100 within {figures['p99_ms']:.1f}")


def measure(config):
    with tasuki.Lab(config) as lab:
        found = [json.loads(lab.on("sv1", WRITER, KEY, "--writers", count, "--seconds", SECONDS))
                 for count in WRITERS]
        return {"sets": found, "explained": [told(figures) for figures in found]}


def many_keys(count=100_000):
    """Memory, start and catching up with many keys."""
    with tasuki.Lab("witness") as lab:
        text = "Windows Registry Editor Version 5.00\n\n"
        for number in range(count // 100):
            text += f"[HKEY_LOCAL_MACHINE\\SOFTWARE\\Tasuki\\Key {number}]\n"
            text += "".join(f'"Value {value}"="data {number} {value}"\n' for value in range(99))
        lab.on("sv1", "tee", "/etc/tasuki/many.reg", text_input=text)
        begun = time.monotonic()
        lab.on("sv1", "tasuki", "registry", "import", "/etc/tasuki/many.reg")
        imported = time.monotonic() - begun
        resident = {node: tasuki.resident_mb(tasuki.processes_of(node)["tasukid"])
                    for node in ("sv1", "sv2")}
        lab.lab("kill", "sv2")
        wait_until("sv2 is missed", lambda: not has_all(lab))
        lab.lab("start", "sv2")
        begun = time.monotonic()
        wait_until("sv2 has all", lambda: has_all(lab))
        caught_up = time.monotonic() - begun
        return {"explained": [
            f"{count} keys and values: import {imported:.1f} s; tasukid "
            f"{resident['sv1']:.0f} MB on the active server, {resident['sv2']:.0f} MB on the "
            f"standby; from power on to having all {caught_up:.1f} s"]}


def has_all(lab):
    followed = json.loads(lab.on("sv1", "tasuki", "registry", "list", "--json"))["followed"]
    return all(node["here"] and node["has_all"] for node in followed[0]["follows"]["nodes"])
