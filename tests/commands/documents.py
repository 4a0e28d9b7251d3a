# SPDX-License-Identifier: MIT
"""Finds the commands in README.md and in the manual pages.

What counts as a command, and is to be run:

    README.md       each line of a fenced block `sh`; each line behind "$ " in a block `console`, with the lines that follow
                    as what it prints; a code span of several words that begins with one in small letters
    manual pages    each line of .Dl and of .Bd -literal, with "$ " as above; .Ql as a code span

A fenced block with another info string is a file of that kind, and so is a .Bd -literal behind a comment `.\\" a file: KIND`.
A fenced block without an info string is a fault. In README.md, code spans such as `src/main.c` and the ends of links are
paths in the source tree.
"""
import re
import subprocess
from dataclasses import dataclass, field

FENCE = re.compile(r"^```(\S*)\n(.*?)^```$", re.M | re.S)
SPAN = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"`((?:src|tests)/[^`\s]*)`|\]\(([^)#]+)\)")


class Fault(Exception):
    """What is wrong with a document."""


@dataclass
class Item:
    """A command, a path in the source tree, or a file whose kind is in `kind`."""
    text: str
    line: int
    kind: str = "command"
    shown: list = field(default_factory=list)  # the lines that the document shows as its output
    block: int = 0                             # commands of one block have the same number; 0: none


def is_command(text):
    """Whether a code span is to be run: words that begin with one in small letters, or a script of ours. What is no command
    after all stands in MENTIONED of exceptions.py, so that none is missed because its program is not installed."""
    words = text.split()
    while words and re.match(r"[A-Z_]+=", words[0]):
        words.pop(0)
    if words and words[0].startswith("scripts/"):
        return True
    return len(words) > 1 and re.fullmatch(r"[a-z][a-z0-9.+-]*", words[0]) is not None and words[1] != "="


def is_whole(text):
    """Whether the shell takes the lines as they are, or waits for more."""
    return not text.endswith("\\\n") and subprocess.run(["bash", "-n"], input=text, text=True, stderr=subprocess.DEVNULL,
                                                        check=False).returncode == 0


def commands_of(lines, first, block):
    """The commands in the lines of a block; `first` is the number of its first line."""
    found, pending, start = [], "", first
    session = any(line.startswith("$ ") for line in lines)
    for number, line in enumerate(lines, first):
        if session and not pending and not line.startswith("$ "):
            if found:
                found[-1].shown.append(line)
            continue
        if not pending and (not line.strip() or line.startswith("#")):
            continue
        start = start if pending else number
        pending += (line[2:] if session and not pending else line) + "\n"
        if is_whole(pending):
            found.append(Item(pending.strip("\n"), start, block=block))
            pending = ""
    if pending:
        raise Fault(f"line {start}: this is no whole command: {pending.strip()}")
    return found


def in_readme(text):
    """The items of a page in Markdown, in order."""
    items = []
    for block, fence in enumerate(FENCE.finditer(text), 1):
        line = text.count("\n", 0, fence.start()) + 2
        if not fence[1]:
            raise Fault(f"line {line - 1}: the block does not say whether it is sh, console or a file")
        if fence[1] in ("sh", "console"):
            items += commands_of(fence[2].split("\n")[:-1], line, block)
        else:
            items.append(Item(fence[2], line, kind=fence[1]))
    prose = FENCE.sub(lambda fence: "\n" * fence[0].count("\n"), text)
    items += [Item(span[1].replace("\\|", "|"), prose.count("\n", 0, span.start()) + 1)
              for span in SPAN.finditer(prose) if is_command(span[1])]
    items += [Item(path[1] or path[2], prose.count("\n", 0, path.start()) + 1, kind="path") for path in PATH.finditer(prose)]
    return sorted(items, key=lambda item: item.line)


def plain(text):
    """A line of mdoc without its escapes. Three dots are what `…` is elsewhere."""
    return text.replace("\\e", "\\").replace("\\-", "-").replace("\\(aq", "'").replace("\\(dq", '"').replace("\\(OK", "✓") \
        .replace("\\&", "").replace("...", "…")


def arguments(text):
    """What a macro such as .Ql shows: its arguments without quotes and without the punctuation behind them."""
    words = text.split(" ")
    while words and words[-1] in (".", ",", ";", ":", ")"):
        words.pop()
    line = " ".join(words)
    quoted = re.fullmatch(r'"((?:[^"]|"")*)"', line)
    return plain(quoted[1].replace('""', '"') if quoted else line)


def in_page(text):
    """The items of a manual page, in order."""
    items, lines, kind = [], text.split("\n"), None
    number = 0
    while number < len(lines):
        line = lines[number]
        if line.startswith(".Bd -literal"):
            end = lines.index(".Ed", number)
            body = [plain(each) for each in lines[number + 1:end]]
            if kind:
                items.append(Item("\n".join(body) + "\n", number + 2, kind=kind))
            else:
                items += commands_of(body, number + 2, number)
            number = end
        elif line.startswith(".Dl "):
            items += commands_of([arguments(line[4:])], number + 1, number)
        elif line.startswith(".Ql ") and is_command(arguments(line[4:])):
            items.append(Item(arguments(line[4:]), number + 1))
        said = re.fullmatch(r'\.\\" a file: (\S+)', line)
        kind = said[1] if said else None
        number += 1
    return items


def items_of(path):
    """The items of a document, in order."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    return in_readme(text) if path.endswith(".md") else in_page(text)
