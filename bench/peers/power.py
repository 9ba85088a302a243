"""The power switch of the peers' machines, for the agent that Tasuki's lab has: a line each way on a
unix socket."""

import socketserver
import threading


class PowerSwitch:
    """Answers "off NODE" once the machine is off, "status NODE" and "list"."""

    def __init__(self, cluster, path):
        self.cluster = cluster
        self.lock = threading.Lock()
        switch = self

        class Connection(socketserver.StreamRequestHandler):
            def handle(self):
                for line in self.rfile:
                    self.wfile.write(f"{switch.answer(line.decode().split())}\n".encode())

        self.server = socketserver.ThreadingUnixStreamServer(str(path), Connection)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, words):
        machines = {machine.name: machine for machine in self.cluster.machines}
        match words:
            case ["list"]:
                return f"ok {' '.join(machines)}"
            case ["status", name] if name in machines:
                return f"ok {'on' if machines[name].first else 'off'}"
            case ["off", name] if name in machines:
                if machines[name].boots():
                    return f"error {name} is about to boot"
                with self.lock:
                    machines[name].pull_plug()
                return "ok off"
        return f"error {' '.join(words)} is not understood"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
