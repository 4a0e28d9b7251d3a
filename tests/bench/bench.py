#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures the mount; scripts/bench builds and calls this. See there for the options."""
import argparse
import json
import os
import platform
import subprocess
import sys
import time

import report
from harness import Bench, Failure, say
from lines import LINES, NOT_QUICK


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measures the mount against the goals of its design.")
    parser.add_argument("--only", metavar="LINE,...", help="of: " + " ".join(LINES))
    parser.add_argument("--quick", action="store_true", help="without " + ", ".join(NOT_QUICK) + "; three rounds")
    parser.add_argument("--rounds", type=int, metavar="N", help="samples of each long line, 5; short ones take more")
    parser.add_argument("--strict", action="store_true", help="exit status 1 if a line misses its limit")
    parser.add_argument("--readme", action="store_true", help="put the table into README.md and its picture beside this program")
    parser.add_argument("--build", metavar="DIR", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--output", metavar="DIR", required=True, help="where bench.json and bench.svg go; build/")
    options = parser.parse_args()
    names = options.only.split(",") if options.only else [name for name in LINES if not (options.quick and name in NOT_QUICK)]
    if options.readme and len(names) < len(LINES):
        parser.error("--readme takes a whole run, without --only and --quick")
    unknown = [name for name in names if name not in LINES]
    if unknown or (options.rounds is not None and options.rounds < 1):
        parser.error(f"no such line: {' '.join(unknown)}; there are {' '.join(LINES)}" if unknown else "--rounds is at least 1")
    return options, names


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.split(": ")[1].strip() for line in file if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{len(os.sched_getaffinity(0))} x {model}, {memory:.0f} GiB, Linux {'.'.join(platform.release().split('.')[:2])}"


def version(command):
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return (found.stdout or found.stderr).partition("\n")[0]


def measure(options, names):
    rounds = options.rounds or (3 if options.quick else 5)
    rows, failed = [], []
    with Bench(os.path.abspath(options.build), rounds, options.quick) as bench:
        for name in names:
            start = time.monotonic()
            say(f"measuring {name} ...")
            try:
                rows += [{"line": name, **found} for found in LINES[name](bench)]
            except Failure as failure:
                bench.notes.append(f"{name} could not be measured: {failure}")
                failed.append(name)
            say(f"measuring {name}: {time.monotonic() - start:.0f} s")
        notes = bench.notes
    load = os.getloadavg()[0]
    if load > 2 * os.cpu_count():
        notes.append(f"the load of the machine was {load:.1f}: others were at work, too")
    return rows, notes, failed


def main():
    options, names = arguments()
    try:
        rows, notes, failed = measure(options, names)
    except Failure as failure:
        sys.exit(f"bench: {failure}")
    except KeyboardInterrupt:
        sys.exit(130)
    facts = {"machine": machine(), "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
             "versions": [version(command) for command in (["grep", "-V"], ["curl", "-V"], ["jq", "-V"])], "notes": notes}
    report.print_table(rows, facts)
    with open(os.path.join(options.output, "bench.json"), "w", encoding="utf-8") as file:
        json.dump({**facts, "rows": rows}, file, indent=2)
        file.write("\n")
    report.draw(rows, os.path.join(options.output, "bench.svg"))
    if options.readme and not failed:
        here = os.path.dirname(os.path.abspath(__file__))
        report.write_readme(rows, facts, os.path.join(here, "../../README.md"), os.path.join(here, "bench.svg"))
    missed = [found["what"] for found in rows if found["met"] is False]
    sys.exit(2 if failed else 1 if missed and options.strict else 0)


if __name__ == "__main__":
    main()
