"""What runs beside the machines as long as the lab does: the power switch, which they ask over the
control network in the words of `tasuki lab`'s own (src/cluster/lab/power_protocol.hpp), and the
recorder of what QEMU says happened to each."""

import json
import socket
import socketserver
import threading

import machine
from orders import POWER_PORT
from places import LabError
from plan import CONTROL_NETWORK, HOST_NUMBER


def serve(lab):
    plan = json.loads(lab.record.read_text())
    for name in machine.machines_of(plan):
        threading.Thread(target=record_events, args=(listen(lab, name), lab, name),
                         daemon=True).start()
    switching = threading.Lock()

    class Answer(socketserver.StreamRequestHandler):
        timeout = 30

        def handle(self):
            line = self.rfile.readline().decode(errors="replace").strip()
            with switching:
                try:
                    reply = answer(lab, plan, line)
                except (LabError, OSError) as problem:
                    reply = "error " + str(problem).replace("\n", " ")
            if not line.startswith("status") and line != "list":
                print(f"power switch: {line}: {reply}", flush=True)
            self.wfile.write((reply + "\n").encode())

    socketserver.ThreadingTCPServer.allow_reuse_address = True
    socketserver.ThreadingTCPServer.daemon_threads = True
    with socketserver.ThreadingTCPServer((f"{CONTROL_NETWORK}.{HOST_NUMBER}", POWER_PORT),
                                         Answer) as server:
        (lab.folder / "switch.ready").touch()
        server.serve_forever()


def answer(lab, plan, line):
    """"off" only when nothing of the machine runs any more."""
    nodes = [node["name"] for node in plan["nodes"]]
    verb, _, name = line.partition(" ")
    if line == "list":
        return " ".join(["ok", *nodes])
    if verb not in ("on", "off", "status"):
        return f"error \"{line}\" is not understood; say off, on or status with a node, or list"
    if name not in nodes:
        return f"error there is no node named {name}"
    if verb == "off":
        machine.cut_power(lab, name)
    elif verb == "on" and not machine.is_on(lab, name):
        machine.switch_on(lab, plan, name)
    return "ok on" if machine.is_on(lab, name) else "ok off"


def listen(lab, name):
    path = lab.node(name) / "events.sock"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    listening.listen()
    return listening


def record_events(listening, lab, name):
    """QEMU connects at its start and leaves at its end."""
    while True:
        connection, _ = listening.accept()
        with connection, connection.makefile("rw") as talk:
            talk.write('{"execute": "qmp_capabilities"}\n')
            talk.flush()
            try:
                for line in talk:
                    if "event" in json.loads(line):
                        with open(lab.node(name) / "events", "a") as events:
                            events.write(line)
            except (OSError, ValueError):  # it was killed in the middle of a line
                pass
