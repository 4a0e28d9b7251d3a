#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds memory ready for somebody else: takes all that is free, writes to it, says "ready", and then lets go of it bit by
bit, so that there is always some free. Ends when its standard input does.

A virtual machine may hand memory that has been free for a moment back to its host, and to get that again takes several
times as long as to use it. What is measured here is not the host, and a large account needs more than is ever kept.
"""
import mmap
import select
import sys

PIECE = 64 << 20
PAGE = 4096
FREE_KB = 1 << 20  # so much is kept free
LOOK_S = 0.005


def free_kb():
    with open("/proc/meminfo", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("MemFree"))


def main():
    pieces = []
    while free_kb() > FREE_KB:
        pieces.append(mmap.mmap(-1, PIECE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
        pieces[-1][::PAGE] = b"\1" * (PIECE // PAGE)
    print("ready", flush=True)
    while not select.select([sys.stdin], [], [], LOOK_S)[0]:
        while pieces and free_kb() < FREE_KB:
            pieces.pop().close()


if __name__ == "__main__":
    main()
