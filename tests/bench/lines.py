# SPDX-License-Identifier: MIT
"""The lines of the table: what is measured, against what, and how much is allowed.

Each function measures and returns rows. Where two ways are compared, they take turns within the same run, so that
whatever else the machine does meets both.
"""
import csv
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request

from harness import LIST, TOKEN, Failure, end_process, median, say, status_kb, switches, until

PATTERN = '"Unpaid"'
GREP = ["grep", "-rl", PATTERN, "."]
MB = 1e6

ACCOUNT = ("--invoices", "10000", "--services", "200")
LARGE = ("--invoices", "100000", "--services", "12")
HUGE = ("--invoices", "1000000", "--services", "12")
WHOLE = ("--invoices", "10000", "--services", "2000")
REPORTED = ("--invoices", "100000", "--services", "10000")
PLAIN = ("--invoices", "1", "--services", "1", "--no-etag")
TREE_LIMIT = 2.8  # half of what it was with the views among the things: 5.6
# With the ttl raised, too: a walk that takes longer than it has its entries expire one by one.
HUGE_LIMITS = ("max_body=4G", "cache_size=8G", "timeout_total=900", "ttl=3600")


def row(what, measured, reference, limit, against, unit="s", note="", short=""):
    """measured, reference: samples, or a single number. The ratio is that of the medians. `short` is what the line is
    called in the README's table and picture; without it, it is not in them."""
    samples = [values if isinstance(values, list) else [values] for values in (measured, reference)]
    ratio = median(samples[0]) / (median(samples[1]) or 1)
    return {"what": what, "unit": unit, "measured": samples[0], "reference": samples[1], "against": against,
            "ratio": ratio, "limit": limit, "met": None if limit is None else ratio <= limit, "note": note, "short": short}


def counts_note(counts):
    return ", ".join(f"{n} {kind}" for kind, n in counts.items()) or "none"


def select_with_jq(bench, simulator):
    return f"{bench.curl(simulator, LIST)} | jq -r '.[] | select(.status == \"Unpaid\") | \"./\\(.id).json\"'"


def warm(bench):
    """Walks of 10,000 invoices that the kernel has, against the same files in tmpfs."""
    simulator = bench.simulator(*ACCOUNT)
    ways = [("grep -r", GREP, 1.10), ("ls -l", ["ls", "-l"], 1.25), ("find -size", ["find", ".", "-type", "f", "-size", "+2"], 1.25),
            ("tar c", "tar c . | cat >/dev/null", 1.25), ("rg", ["rg", "-l", PATTERN], 1.25)]
    copy = bench.file("copy")
    rows = []
    with bench.mount(simulator, "ttl=86400") as mount:
        subprocess.run(["cp", "-a", mount.invoices, copy], check=True)
        subprocess.run(["chmod", "-R", "u+w", copy], check=True)  # or it could not be removed
        for name, command, limit in ways:
            if not isinstance(command, str) and not shutil.which(command[0]):
                say(f"warm {name}: {command[0]} is not installed")
                continue
            walks = [mount.counting(lambda c=command: bench.timed(c, mount.invoices)) for _ in range(3)]
            bench.timed(command, copy)
            ours, theirs = [], []
            for _ in range(max(bench.rounds, 5) * 3):
                ours.append(bench.timed(command, mount.invoices, "ours"))
                theirs.append(bench.timed(command, copy, "theirs"))
                if name in ("grep -r", "rg", "find -size") and bench.lines_of("ours") != bench.lines_of("theirs"):
                    raise Failure(f"{name} finds other files in the mount than in its copy")
            rows.append(row(f"warm {name}, 10,000 invoices", ours, theirs, limit, "tmpfs",
                            short="second `grep -r`, 10,000 invoices" if name == "grep -r" else "",
                            note="kernel requests of walk " + "; ".join(f"{i + 1}: {counts_note(walk)}" for i, walk in enumerate(walks))))
    shutil.rmtree(copy)
    return rows


def first_grep(bench, simulator, *options):
    """Seconds from the start of the program to the end of the first grep; and the mount's peak of memory in kB."""
    with bench.mount(simulator, *options) as mount:
        bench.timed(GREP, mount.invoices, "ours")
        return time.perf_counter() - mount.started, status_kb(mount.pid, "VmHWM"), mount.metrics()


def cold_against_jq(bench, simulator, number, limit):
    """Two rows of the same samples, the first edition's limit and the one of today; then the mount's peaks and the list's
    size, both in MB."""
    reference = select_with_jq(bench, simulator)
    ours, theirs, peaks = [], [], []
    bench.timed(reference, output="theirs")  # the simulator renders its list once
    size = int(subprocess.run(f"{bench.curl(simulator, LIST)} | wc -c", shell=True, capture_output=True, check=True).stdout)
    for _ in range(bench.rounds):
        seconds, peak, metrics = first_grep(bench, simulator)
        ours.append(seconds)
        peaks.append(peak * 1024 / MB)
        theirs.append(bench.timed(reference, output="theirs"))
        if bench.lines_of("ours") != bench.lines_of("theirs"):
            raise Failure("grep finds other invoices than jq")
    pushed, reads = int(metrics["pushed_files_total"]), int(metrics['kernel_requests_total{request="read"}'])
    against, note = "curl of the list, piped to jq", f"{pushed} files pushed, {reads} read"
    rows = [row(f"mount to end of first grep -r, {number} invoices", ours, theirs, 1.50, against, note=note),
            row(f"mount to end of first grep -r in billing/invoices, {number}", ours, theirs, limit, "curl and jq",
                short=f"first `grep -r`, {number} invoices")]
    return rows, peaks, size / MB


def cold(bench):
    return cold_against_jq(bench, bench.simulator(*ACCOUNT), "10,000", 0.60)[0]


def large(bench):
    rows, peaks, size = cold_against_jq(bench, bench.simulator(*LARGE), "100,000", 0.70)
    return rows + [row("peak RSS, 100,000 invoices", peaks, 2.0 * size + 20, 1.0, f"2.0 x {size:.0f} MB of list + 20 MB", "MB",
                       note=f"{(median(peaks) - 20) / size:.2f} x the list + 20 MB")]


def short_invoice(number, size):
    """An invoice in `size` bytes of JSON, which the description of its one item fills up."""
    line = {"id": 4 * number, "type": "Hosting", "description": "", "amount": "49.00"}
    invoice = {"id": 90001 + number, "invoicenum": f"MLB-{number + 1:06d}", "date": "2026-11-20", "duedate": "2026-12-04",
               "datepaid": "0000-00-00 00:00:00", "subtotal": "49.00", "credit": "0.00", "tax": "0.00", "taxrate": "0.00",
               "total": "49.00", "currency": "EUR", "status": "Paid" if number % 20 else "Unpaid",
               "paymentmethod": "banktransfer", "items": [line], "transactions": []}
    line["description"] = ("CDN Europe, 20 TB of traffic, " * 10)[:size - len(json.dumps(invoice, separators=(",", ":")))]
    return json.dumps(invoice, separators=(",", ":"))


def memory(bench):
    """What a first grep of short invoices takes: the fixed costs of an invoice weigh most then."""
    simulator = bench.simulator(*PLAIN)
    body = "[" + ",".join(short_invoice(number, 460) for number in range(100000)) + "]"
    simulator.set(raw={"operation": "invoices", "body": body})
    rows, peaks, size = cold_against_jq(bench, simulator, "100,000 short", None)
    if abs(size - len(body) / MB) > 0.001:
        raise Failure(f"the list has {size:.1f} MB, and not {len(body) / MB:.1f}")
    bench.drop_simulator(*PLAIN)
    return [row("peak RSS, 100,000 invoices of 460 bytes", peaks, 2.0 * size + 5, 1.0, f"2.0 x {size:.0f} MB + 5 MB", "MB",
                note=f"{(median(peaks) - 5) / size:.2f} x the list + 5 MB; first grep -r {median(rows[0]['measured']):.2f} s",
                short="peak memory, 100,000 short invoices")]


def million(bench):
    """Ten times as many take ten times as long. Both with the memory at hand: see Bench.ballast()."""
    small, huge = bench.simulator(*LARGE), bench.simulator(*HUGE)
    for simulator in (small, huge):
        subprocess.run(f"{bench.curl(simulator, LIST)} >/dev/null", shell=True, check=True)
    ours, tenth = [], []
    for _ in range(bench.rounds):
        with bench.ballast():
            tenth.append(first_grep(bench, small)[0])
            seconds, peak, _ = first_grep(bench, huge, *HUGE_LIMITS)
        ours.append(seconds)
    bench.drop_simulator(*HUGE)
    return [row("first grep -r, 1,000,000 invoices", ours, [10 * seconds for seconds in tenth], 1.15, "10 x that of 100,000",
                note=f"-o {','.join(HUGE_LIMITS)}; peak RSS {peak * 1024 / MB:.0f} MB")]


def tree(bench):
    """The first find of everything, against the same tree in tmpfs."""
    simulator, copy, find = bench.simulator(*WHOLE), bench.file("copy"), ["find", "."]
    with bench.mount(simulator) as mount:
        subprocess.run(f"mkdir {copy} && cp -a . {copy}; chmod -R u+w {copy}", shell=True, check=True, cwd=mount.dir)
    ours, theirs = [], []
    for _ in range(bench.rounds):
        simulator.forget()
        with bench.mount(simulator) as mount:
            ours.append(bench.timed(find, mount.dir, "ours"))
            requests = sum(mount.kernel_requests().values())
        theirs.append(bench.timed(find, copy, "theirs"))
        if bench.lines_of("ours") != bench.lines_of("theirs"):
            raise Failure("find finds something else in the mount than in its copy")
    shutil.rmtree(copy)
    return [row("first find . of the whole tree, 10,000 invoices, 2,000 services", ours, theirs, TREE_LIMIT, "tmpfs",
                note=f"{len(bench.lines_of('ours')) - 1} names, {len(simulator.journal())} requests to the API, "
                     f"{requests} of the kernel",
                short="first `find .` of everything")]


# What each report says, as a jq program makes it of the list that it is made of. Money is counted in cents.
CENTS = 'def cents: tonumber * 100 | round; def money: "\\(. / 100 | floor).\\("\\(. % 100 + 100)"[1:])";'
REPORTS = {
    "reports/unpaid.csv": ("all/invoices.json", """
        (now / 86400 | floor) as $today | ["due","days_left","id","number","date","total","currency"],
        ([.[] | select(.status == "Unpaid")] | sort_by(.duedate, .id)[] | [.duedate,
          (.duedate | strptime("%Y-%m-%d") | mktime / 86400) - $today, .id, .invoicenum, .date, .total, .currency]) | @csv"""),
    "reports/spend-by-month.csv": ("all/invoices.json", CENTS + """
        ["month","currency","invoices","total","paid","unpaid","cancelled","refunded","other"],
        (reduce .[] as $i ({}; ($i.total | cents) as $c | .[$i.date[:7] + " " + $i.currency] |=
          (.n += 1 | .total += $c | .[$i.status] += $c)) | to_entries | sort_by(.key)[] | (.key / " ") + [.value.n] +
          (.value | [.total, .Paid, .Unpaid, .Cancelled, .Refunded, 0] | map(. // 0 | money))) | @csv"""),
    "reports/renewals.csv": ("all/services.json", """
        ["due","id","product","name","amount","currency","billing_cycle"],
        (sort_by(.nextDueDate, .id)[] | [.nextDueDate, .id, .productName, .domain, .amount, .currency, .billingCycle]) | @csv"""),
    "billing/unpaid": ("all/invoices.json", CENTS + """
        reduce (.[] | select(.status == "Unpaid")) as $i ({}; .[$i.currency] += ($i.total | cents)) | to_entries |
        sort_by(.key)[] | "\\(.value | money) \\(.key)" """),
}


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def reports(bench):
    """The first read of each report when its list is at hand, against jq on that list in tmpfs."""
    simulator = bench.simulator(*REPORTED)
    ours, theirs = {report: [] for report in REPORTS}, {report: [] for report in REPORTS}
    for _ in range(bench.rounds):
        with bench.mount(simulator, "ttl=3600,cache_size=1G") as mount:
            for source in {source for source, _ in REPORTS.values()}:
                bench.timed(["cp", source, bench.file(os.path.basename(source))], mount.dir)
            simulator.forget()
            for report, (source, program) in REPORTS.items():
                ours[report].append(bench.timed(["cat", report], mount.dir, "ours"))
                theirs[report].append(bench.timed(["jq", "-r", program, bench.file(os.path.basename(source))], output="theirs"))
                if rows_of(bench.file("ours")) != rows_of(bench.file("theirs")):
                    raise Failure(f"{report} is not what jq makes of {source}")
            if simulator.journal():
                raise Failure("a report asked the API for what was at hand")
    bench.drop_simulator(*REPORTED)
    return [row(f"first read of {report}, {'100,000 invoices' if 'invoices' in source else '10,000 services'} at hand", ours[report], theirs[report], 0.20, "jq",
                short=f"`cat {report}`, 100,000 invoices at hand" if report == "billing/unpaid" else "")
            for report, (source, _) in REPORTS.items()]


def services(bench):
    """What a shell does with services/*/info.json when each answer takes 100 ms."""
    simulator, number = bench.simulator("--services", "200"), 200
    for status in ("Pending", "Cancelled", "Terminated"):  # in no list unless asked for: all 200 shall be in it
        found = subprocess.run(f"{bench.curl(simulator, '/services?serviceStatus=' + status)} | jq '.[].id'", shell=True,
                               capture_output=True, text=True, check=True).stdout.split()
        for identifier in found:
            simulator.set(service={"id": int(identifier), "status": "Active"})
    simulator.set(latency_ms=100)
    samples = []
    for _ in range(bench.rounds):
        simulator.forget()
        with bench.mount(simulator) as mount:
            samples.append(bench.timed("cat services/*/info.json", mount.dir))
        asked = [entry["operation"] for entry in simulator.journal()].count("service")
        if asked != number:
            raise Failure(f"{asked} requests for {number} services")
    simulator.set(latency_ms=0)
    return [row("cat services/*/info.json, 200 services, 100 ms latency", samples, number * 0.1 / 8, 1.30, "200 x 100 ms / 8",
                short="200 services, one by one, 100 ms latency")]


def expired(mount, document="invoices"):
    """Waits until a document has expired, by the kernel's coarser clock, too."""
    end = mount.expires(document) + 0.1
    until(lambda: time.time() > end, max(0, end - time.time()) + 5, "expiry")


def renewal(bench):
    """A grep after the ttl, whose list is answered 304."""
    simulator = bench.simulator(*ACCOUNT)
    etag = subprocess.run(f"{bench.curl(simulator, LIST)} -o /dev/null -D - | sed -n 's/^etag: //Ip' | tr -d '\\r\\n'",
                          shell=True, capture_output=True, text=True, check=True).stdout
    request = (f"{bench.curl(simulator, LIST)} -H 'If-None-Match: {etag}' -o /dev/null -w '%{{http_code}} %{{time_total}}'")
    renewed, warm_and_request = [], []
    with bench.mount(simulator, "ttl=2") as mount:
        for _ in range(bench.rounds):
            bench.timed(GREP, mount.invoices)
            bench.timed(GREP, mount.invoices)
            warm_grep = bench.timed(GREP, mount.invoices)
            status, seconds = subprocess.run(request, shell=True, capture_output=True, text=True, check=True).stdout.split()
            if status != "304":
                raise Failure(f"the simulator answers {status} to If-None-Match")
            warm_and_request.append(warm_grep + float(seconds))
            expired(mount)
            simulator.forget()
            renewed.append(bench.timed(GREP, mount.invoices))
            answers = [f"{entry['path']} {entry['status']}" for entry in simulator.journal()]
            if len(answers) != 1 or not answers[0].endswith(" 304"):
                raise Failure(f"a grep after the ttl was answered {answers}, and not 304 once")
    return [row("second grep after the ttl, answered 304", renewed, warm_and_request, 1.50, "warm grep + one request",
                short="`grep -r` after the ttl, nothing new")]


def changed(bench):
    """Requests of the kernel for a grep after one of 10,000 invoices has changed."""
    simulator = bench.simulator(*ACCOUNT)
    totals, notes = [], ""
    with bench.mount(simulator, "ttl=2") as mount:
        for i in range(bench.rounds):
            for _ in range(3):
                bench.timed(GREP, mount.invoices)
            invoice = int(sorted(name for name in os.listdir(mount.invoices) if name.endswith(".json"))[i * 7][:-5])
            simulator.set(invoice={"id": invoice, "total": f"{1000 + i}.00"})
            expired(mount)
            counts = mount.counting(lambda: bench.timed(GREP, mount.invoices))
            totals.append(sum(counts.values()))
            notes = counts_note(counts)
    return [row("one invoice of 10,000 changed: kernel requests of the next grep", totals, 80, 1.0, "80 requests", "",
                note=notes)]


def balance(bench):
    """A cold document over a connection that stands, against curl's second transfer over its connection."""
    simulator = bench.simulator("--latency", "20")
    request = bench.curl(simulator, "/billing/creditbalance")
    ours, theirs = [], []
    for _ in range(max(bench.rounds, 5) * 3):
        with bench.mount(simulator) as mount:
            mount.read("all/product-groups.json")
            start = time.perf_counter()
            mount.read("billing/balance")  # what cat does, without the shell that starts it: curl counts no start either
            ours.append(time.perf_counter() - start)
        url = f"'{simulator.url}/billing/creditbalance'"
        times = subprocess.run(f"{request} {url} -o /dev/null -o /dev/null -w '%{{time_total}} %{{num_connects}}\\n'", shell=True,
                               capture_output=True, text=True, check=True).stdout.split()
        if times[3] != "0":
            raise Failure("curl did not keep its connection")
        theirs.append(float(times[2]))
    return [row("cold cat billing/balance, 20 ms latency, connection warm", ours, theirs, 1.10, "one curl, kept connection")]


def idle(bench):
    """A mount that has been used and is left alone."""
    simulator = bench.simulator(*ACCOUNT)
    with bench.mount(simulator) as mount:
        mount.read("billing/balance")
        until(lambda: open(f"/proc/{mount.pid}/stat", encoding="ascii").read().split(") ")[1][0] == "S", 5)
        before = switches(mount.pid)
        until(lambda: switches(mount.pid) != before, 10)
        woken, memory = switches(mount.pid) - before, status_kb(mount.pid, "VmRSS") * 1024 / MB
    return [row("idle mount: RSS", memory, 16, 1.0, "16 MB", "MB"),
            row("idle mount: wake-ups in 10 s", woken, 0, 0, "none", "")]


def startup(bench):
    """From the start of the program to the first bytes, less what the API takes: the check, and the document."""
    simulator = bench.simulator("--latency", "50")
    samples = []
    for _ in range(max(bench.rounds, 5) * 2):
        with bench.mount(simulator) as mount:
            bench.timed(["cat", "billing/balance"], mount.dir)
            samples.append((time.perf_counter() - mount.started - 2 * 0.05) * 1000)
    return [row("mount to first answer, above the API's latency", samples, 60, 1.0, "60 ms", "ms")]


def shell(bench):
    """Without a mount: a command that prints one document, and a copy of everything."""
    simulator, program = bench.simulator(*WHOLE), bench.program("melbicomfs")
    environment = f"MELBICOM_TOKEN={TOKEN} XDG_CONFIG_HOME=/nowhere"
    cat, curl = f"{environment} exec {program} {simulator.url} --cat billing/balance", bench.curl(simulator, "/billing/creditbalance")
    ours, theirs = [], []
    for _ in range(max(bench.rounds, 5) * 4):
        ours.append(bench.timed(cat, output="ours"))
        theirs.append(bench.timed(f"exec {curl}", output="theirs"))
        if bench.lines_of("ours")[-1].split()[0] not in "".join(bench.lines_of("theirs")):
            raise Failure("--cat prints another balance than curl")
    rows = [row("--cat billing/balance, process start to end", ours, theirs, 1.30, "curl", short="`--cat billing/balance`, no mount")]
    copy, other, archive, urls = (bench.file(name) for name in ("exported", "unpacked", "archive", "urls"))
    os.mkdir(other)
    ours, theirs = [], []
    for _ in range(bench.rounds):
        simulator.forget()
        ours.append(bench.timed(f"{environment} exec {program} {simulator.url} --export {copy}"))
        asked = [entry["path"] for entry in simulator.journal()]
        with open(urls, "w", encoding="ascii") as file:
            file.writelines(f'url = "{simulator.url.removesuffix("/api")}{path}"\noutput = /dev/null\n' for path in asked)
        subprocess.run(["tar", "-C", copy, "-cf", archive, "."], check=True)
        theirs.append(bench.timed(f"curl -sSfgZ --parallel-max 8 -H @{bench.header} -K {urls} && tar -C {other} -xf {archive}"))
        for path in (copy, other):
            subprocess.run(f"chmod -R u+w {path} && rm -r {path} && mkdir {path}", shell=True, check=True)
    return rows + [row("--export of 10,000 invoices and 2,000 services", ours, theirs, 1.50, "curl of its documents, and tar x",
                       note=f"{len(asked)} requests", short="`--export`, 2,000 services")]


def rclone(bench):
    """The same files over HTTP, mounted with rclone. Once: it takes long."""
    if not shutil.which("rclone"):
        say("rclone: not installed")
        return []
    simulator = bench.simulator(*ACCOUNT)
    copy, target = bench.file("copy"), tempfile.mkdtemp(prefix="mnt.", dir=bench.scratch)
    with bench.mount(simulator) as mount:
        subprocess.run(f"mkdir {copy} && cp -p {mount.invoices}/*.json {copy}", shell=True, check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    config = {**os.environ, "RCLONE_CONFIG": "/dev/null"}
    quiet = {"env": config, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(["rclone", "serve", "http", "--addr", address, copy], **quiet)
    client = None
    try:
        until(lambda: answers(f"http://{address}/"), 20, "rclone serve")
        start = time.perf_counter()
        client = subprocess.Popen(["rclone", "mount", "--read-only", "--http-url", f"http://{address}", ":http:", target], **quiet)
        until(lambda: os.path.ismount(target), 20, "rclone mount")
        bench.timed(GREP, target)
        first = time.perf_counter() - start
        second = bench.timed(GREP, target)
    finally:
        if os.path.ismount(target):
            subprocess.run(["fusermount3", "-u", target], check=False)
        for process in (client, server):
            if process:
                end_process(process.pid)
        shutil.rmtree(copy)
    return [row("rclone mount: first grep -r, 10,000 invoices", first, first, None, "itself, for comparison"),
            row("rclone mount: second grep -r", second, second, None, "itself, for comparison")]


def answers(url):
    try:
        return urllib.request.urlopen(url, timeout=5).status == 200
    except OSError:
        return False


def each(bench):
    """One curl for each invoice: some of them, and so much longer for all."""
    simulator, some = bench.simulator(*ACCOUNT), 200
    with bench.mount(simulator) as mount:
        ids = [name[:-5] for name in os.listdir(mount.invoices) if name.endswith(".json")][:some]
    command = f"for id in {' '.join(ids)}; do {bench.curl(simulator, LIST)[:-1]}&id='$id; done | grep -c {PATTERN}"
    seconds = bench.timed(command) * 10000 / some
    return [row("one curl for each of 10,000 invoices", seconds, seconds, None, "itself, for comparison",
                note=f"{some} measured, the rest reckoned")]


LINES = {"warm": warm, "cold": cold, "large": large, "memory": memory, "million": million, "tree": tree, "reports": reports,
         "services": services, "renewal": renewal, "changed": changed, "balance": balance, "idle": idle, "startup": startup, "shell": shell,
         "rclone": rclone, "each": each}
NOT_QUICK = ("large", "memory", "million", "reports", "rclone", "each")
