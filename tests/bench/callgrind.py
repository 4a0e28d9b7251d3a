# SPDX-License-Identifier: MIT
"""What valgrind's callgrind has counted, by object: the program itself, and each library."""
import collections
import os
import re

# A name is written out once, and is only its number from then on; callers and callees share the numbers.
NAME = re.compile(r"(c?)(ob|fn)=\((\d+)\)(?: (.*))?")
CALLS = re.compile(r"calls=(\d+)")
COST = re.compile(r"[+\-*\d]")


def library(path):
    """libc for /lib/x86_64-linux-gnu/libc.so.6."""
    return os.path.basename(path).split(".so")[0]


def lines_of(path):
    """The file's lines of interest, as (what, value): ob, fn, cob and cfn with a name, calls and cost with a number."""
    names = {"ob": {}, "fn": {}}
    inclusive = False
    with open(path, encoding="ascii", errors="replace") as file:
        for line in file:
            if match := NAME.match(line):
                caller, kind, number, name = match.groups()
                if name is not None:
                    names[kind][number] = name
                yield caller + kind, names[kind][number]
            elif match := CALLS.match(line):
                yield "calls", int(match[1])
                inclusive = True
            elif COST.match(line):
                # The line after calls= has the cost of the callee, which is counted where the callee is.
                if not inclusive:
                    yield "cost", int(line.split()[1])
                inclusive = False


def read(path):
    """Instructions by object, without those of the functions called; calls by (object of the caller, object of the
    callee, name of the callee)."""
    instructions, calls = collections.Counter(), collections.Counter()
    at = {}
    for what, value in lines_of(path):
        if what == "cost":
            instructions[library(at["ob"])] += value
        elif what == "calls":
            # Within one object, cob= is left out.
            calls[library(at["ob"]), library(at.pop("cob", at["ob"])), at["cfn"]] += value
        else:
            at[what] = value
    return instructions, calls
