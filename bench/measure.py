"""What all measurements share: commands, the probe's answers, and their evaluation.

Times are milliseconds of CLOCK_MONOTONIC, which all hosts of a lab share.
"""

import pathlib
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAMS = (ROOT / "build/release/bin").resolve()
PROBE = PROGRAMS / "tools/probe"
NAME_SERVICE = PROGRAMS / "tools/name_service"

# The longest time without an answer that still counts as serving, in intervals of the probe.
SERVING_INTERVALS = 10


class Failed(Exception):
    """A measurement that did not come to its end; the text says why."""


def now():
    return time.monotonic() * 1000


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(*command, check=True, text_input=None):
    """The command's standard output."""
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, input=text_input
    )
    if check and done.returncode != 0:
        raise Failed(f"{' '.join(map(str, command))}: {done.stdout}{done.stderr}")
    return done.stdout


def wait_until(what, condition, limit_s=60.0, every_s=0.05):
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            raise Failed(f"not within {limit_s:.0f} s: {what}")
        time.sleep(every_s)


class Probe:
    """A client that asks every so many milliseconds, and what it was answered."""

    def __init__(self, command, file, every=5):
        command = [*command, "--every", every]
        self.serving_gap = SERVING_INTERVALS * every
        self.file = pathlib.Path(file)
        self.output = self.file.open("w")
        self.process = subprocess.Popen(
            [str(word) for word in command], stdout=self.output, stdin=subprocess.DEVNULL
        )

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.output.close()

    def answers(self, since):
        """(time, name) of every answer since then."""
        found = []
        with self.file.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - 2_000_000))
            for line in file.read().split(b"\n"):
                words = line.split()
                try:
                    moment, name = float(words[0]), words[1].decode()
                except (ValueError, IndexError):
                    continue  # the part of a line
                if moment >= since:
                    found.append((moment, name))
        return found

    def server(self):
        """Who answered last."""
        answers = self.answers(now() - 1000)
        return answers[-1][1] if answers else None

    def is_steady(self, name=None, other_than=None, for_ms=500.0):
        """Whether it was answered without a gap for this long, by that host."""
        since = now() - for_ms
        times = [since]
        for moment, who in self.answers(since):
            if (name and who != name) or who == other_than:
                return False
            times.append(moment)
        times.append(now())
        return all(b - a < self.serving_gap for a, b in zip(times, times[1:]))

    def wait_steady(self, name=None, other_than=None, limit_s=60.0):
        wait_until(
            f"answers from {name or 'any host'}",
            lambda: self.is_steady(name, other_than),
            limit_s,
        )

    def outage(self, fault_at):
        """The longest time without an answer around and after the fault."""
        times = [moment for moment, _ in self.answers(fault_at - 300)]
        gaps = [b - a for a, b in zip(times, times[1:]) if b > fault_at]
        if not gaps:
            raise Failed("the client was never answered again")
        return max(gaps)

    def first_answer(self, since, limit_s=90.0):
        """How long after that moment the client was answered; waits for it."""
        wait_until("the first answer", lambda: self.answers(since), limit_s)
        answers = self.answers(since)
        return answers[0][0] - since


def summary(values):
    return {
        "median": statistics.median(values),
        "worst": max(values),
        "best": min(values),
        "n": len(values),
    }


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def resident_mb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0
