# SPDX-License-Identifier: MIT
"""What measuring needs: a simulator, mounts of it, commands with a clock, and that all of it ends.

Everything that is started is ended by its own process id, and everything mounted is unmounted, whatever happens: Bench
is a context manager, and signals become exceptions. Daemons detach from their parent and would be lost; so this process
asks to inherit them (PR_SET_CHILD_SUBREAPER) and finds them among its children.
"""
import contextlib
import ctypes
import datetime
import json
import mmap
import os
import re
import select
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

TOKEN = "demo-token"
PR_SET_CHILD_SUBREAPER = 36
LIST = "/billing/invoices?showInvoiceItems=true&showTransactions=true"


class Failure(Exception):
    """Something that makes measuring pointless; its text is for the user."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def until(condition, seconds, what=None):
    """Waits for condition() to be true, and returns it; after so many seconds, false, or a Failure if `what` is told."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() >= end:
            break
        select.select([], [], [], 0.01)
    if not value and what:
        raise Failure(f"{what}: not within {seconds} s")
    return value


def median(values):
    return statistics.median(values)


def status_kb(pid, field):
    """A field of /proc/PID/status, such as VmHWM, in kB."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(re.search(rf"^{field}:\s*(\d+)", file.read(), re.M)[1])


def switches(pid):
    """How often the threads of a process have gone to sleep: it grows with each wake-up."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/status", encoding="ascii") as file:
            total += sum(map(int, re.findall(r"ctxt_switches:\s*(\d+)", file.read())))
    return total


def touch_seconds(size, number):
    """How long it takes to get so many bytes of memory, so many times."""
    pieces, seconds = [], []
    for _ in range(number):
        pieces.append(mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
        start = time.perf_counter()
        pieces[-1][::4096] = b"\1" * (size // 4096)
        seconds.append(time.perf_counter() - start)
    for piece in pieces:
        piece.close()
    return seconds


def children():
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
        return set(map(int, file.read().split()))


def end_process(pid, seconds=10):
    """Ends a child, if it is still there."""

    def gone():
        try:
            return os.waitpid(pid, os.WNOHANG)[0] == pid
        except ChildProcessError:
            return True

    for number in (signal.SIGTERM, signal.SIGKILL):
        if gone():
            return
        os.kill(pid, number)
        until(gone, seconds)


class Simulator:
    def __init__(self, bench, options):
        self.options = options
        self.process = subprocess.Popen([bench.program("melbicom-simulator"), "--exit-with-parent", *options],
                                        stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        self.control = self.process.stdout.readline().partition(" ")[2].strip()
        if not self.control:
            raise Failure(f"the simulator does not start: {' '.join(options)}")
        self.port = int(re.search(r":(\d+)/", self.url)[1])

    def ask(self, path, method="GET", body=None):
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.control + path, data=data, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read().decode()

    def set(self, **changes):
        self.ask("/_sim/set", "POST", changes)

    def journal(self):
        return json.loads(self.ask("/_sim/journal"))

    def forget(self):
        self.ask("/_sim/journal", "DELETE")

    def close(self):
        end_process(self.process.pid)
        self.process.stdout.close()


class Mount:
    """A mount in the background, as a user would have it. `seconds` is how long mounting took."""

    def __init__(self, bench, url, *options):
        self.dir = tempfile.mkdtemp(prefix="mnt.", dir=bench.scratch)
        self.invoices = os.path.join(self.dir, "billing/invoices")
        self.pid = None
        self.command = [bench.program("melbicomfs"), url, self.dir, "-o", ",".join(("config=/dev/null",) + options)]
        self.environment = {**os.environ, "MELBICOM_TOKEN": TOKEN}
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    def start(self):
        before = children()
        self.started = time.perf_counter()
        done = subprocess.run(self.command, env=self.environment, stderr=subprocess.PIPE, text=True, check=False)
        self.seconds = time.perf_counter() - self.started
        if done.returncode != 0:
            raise Failure(f"melbicomfs does not mount ({done.returncode}): {done.stderr.strip()}")
        self.pid = next((pid for pid in children() - before if self.is_daemon(pid)), None)
        if not self.pid:
            raise Failure("the mount's process is not to be found")

    def is_daemon(self, pid):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:
            return self.dir.encode() in file.read().split(b"\0")
        return False

    def read(self, path):
        with open(os.path.join(self.dir, path), encoding="utf-8") as file:
            return file.read()

    def metrics(self):
        return dict(re.findall(r"^melbicomfs_(\S+) (\d+)$", self.read(".melbicomfs/metrics"), re.M))

    def kernel_requests(self):
        """Requests of the kernel so far by kind, less those it takes to ask."""
        return {re.search(r'"(\w+)"', name)[1]: int(n) for name, n in self.metrics().items()
                if name.startswith("kernel_requests_total")}

    def counting(self, act):
        """Requests of the kernel while act() runs, by kind. What it takes to ask is taken off, after being asked twice."""
        self.kernel_requests()
        first, second = self.kernel_requests(), self.kernel_requests()
        act()
        third = self.kernel_requests()
        counts = {kind: third[kind] - second[kind] - (second[kind] - first[kind]) for kind in third}
        return {kind: n for kind, n in counts.items() if n > 0}

    def expires(self, document):
        """When a document expires, in seconds since 1970, from status.json."""
        status = json.loads(self.read(".melbicomfs/status.json"))
        for entry in status["documents"]:
            if entry["document"].startswith(document) and "expires" in entry:
                return datetime.datetime.fromisoformat(entry["expires"]).timestamp()
        raise Failure(f"status.json has no document {document}")

    def close(self):
        for flags in ("-u", "-uz"):
            if not os.path.ismount(self.dir):
                break
            subprocess.run(["fusermount3", flags, self.dir], stderr=subprocess.DEVNULL, check=False)
        if self.pid:
            end_process(self.pid)
        os.rmdir(self.dir)


class Bench:
    """One run: where programs are, where scratch is, what has to be ended."""

    def __init__(self, build, rounds=5, quick=False):
        self.build, self.rounds, self.quick = build, rounds, quick
        self.stack = contextlib.ExitStack()
        self.simulators = {}
        self.notes = []
        self.lent = None  # whether memory is; None: not known

    def __enter__(self):
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda number, frame: sys.exit(128 + number))
        shared = os.access("/dev/shm", os.W_OK) and not os.environ.get("BENCH_TMPDIR")
        self.scratch = tempfile.mkdtemp(prefix="melbicomfs-bench.", dir="/dev/shm" if shared else os.environ.get("BENCH_TMPDIR"))
        self.stack.callback(self.remove_scratch)
        self.header = os.path.join(self.scratch, "header")
        with open(self.header, "w", encoding="ascii") as file:
            file.write(f"Authorization: Bearer {TOKEN}\n")
        kind = subprocess.run(["stat", "-f", "-c", "%T", self.scratch], capture_output=True, text=True, check=True)
        if kind.stdout.strip() != "tmpfs":
            self.notes.append(f"{self.scratch} is on {kind.stdout.strip()}, not on tmpfs: set BENCH_TMPDIR")
        return self

    def __exit__(self, *exception):
        self.stack.close()

    def remove_scratch(self):
        mounted = [entry.path for entry in os.scandir(self.scratch) if os.path.ismount(entry.path)]
        if mounted:
            say(f"still mounted, left alone: {' '.join(mounted)}")
        else:
            subprocess.run(["chmod", "-R", "u+w", self.scratch], check=False)
            shutil.rmtree(self.scratch)

    def program(self, name):
        for path in (os.path.join(self.build, name), os.path.join(self.build, "tests", name)):
            if os.access(path, os.X_OK):
                return path
        raise Failure(f"{name} is not in {self.build}")

    def simulator(self, *options):
        """One with these options; kept for those who ask again."""
        if options not in self.simulators:
            simulator = Simulator(self, options)
            self.stack.callback(simulator.close)
            self.simulators[options] = simulator
        return self.simulators[options]

    def drop_simulator(self, *options):
        simulator = self.simulators.pop(options, None)
        if simulator:
            simulator.close()

    @contextlib.contextmanager
    def mount(self, simulator, *options):
        mount = Mount(self, simulator.url, *options)
        try:
            yield mount
        finally:
            mount.close()

    @contextlib.contextmanager
    def ballast(self):
        """Memory is held ready for what is measured meanwhile, where that makes a difference; see ballast.py."""
        if not self.memory_is_lent():
            yield
            return
        program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ballast.py")
        process = subprocess.Popen([sys.executable, program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            if process.stdout.readline().strip() != b"ready":
                raise Failure("the memory is not to be had")
            yield
        finally:
            end_process(process.pid)
            process.stdin.close()
            process.stdout.close()

    def memory_is_lent(self):
        """Whether memory that was not used for a while takes far longer to get than memory that was."""
        if self.lent is None:
            pieces = touch_seconds(256 << 20, 16)
            self.lent = max(pieces) > 2.5 * min(pieces)
            if self.lent:
                self.notes.append(f"memory that this machine has not used for a while takes {max(pieces) / min(pieces):.0f} times as"
                                  " long to get as other; for the million it was held ready")
        return self.lent

    def file(self, name):
        return os.path.join(self.scratch, name)

    def timed(self, command, cwd=None, output="output"):
        """Seconds that a command (a list, or text for sh) takes; what it prints goes to a file in scratch."""
        command = command if isinstance(command, list) else ["sh", "-c", command]
        with open(self.file(output), "wb") as file:
            start = time.perf_counter()
            status = subprocess.run(command, cwd=cwd, stdout=file, stdin=subprocess.DEVNULL, check=False).returncode
            seconds = time.perf_counter() - start
        if status not in (0, 1):  # 1: a grep that found nothing
            raise Failure(f"exit status {status}: {command}")
        return seconds

    def lines_of(self, output="output"):
        with open(self.file(output), encoding="utf-8") as file:
            return sorted(file.read().split("\n"))

    def curl(self, simulator, path):
        """The command line of a curl that asks for a path."""
        return f"curl -sSf -H @{self.header} '{simulator.url}{path}'"
