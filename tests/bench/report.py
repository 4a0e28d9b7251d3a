# SPDX-License-Identifier: MIT
"""The table and its picture, and both in the README."""
import html
import os
import statistics

from harness import Failure


def number(value, unit):
    if unit == "s":
        return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.2f} s"
    if unit == "":
        return f"{value:.0f}"
    return f"{value:.1f} {unit}"


def shown(samples, unit):
    text = number(statistics.median(samples), unit)
    if len(samples) > 1:
        text += f" ({number(min(samples), unit)} - {number(max(samples), unit)})"
    return text


def cells(row):
    compared = row["limit"] is not None
    return [row["what"], shown(row["measured"], row["unit"]),
            f"{row['against']}: {shown(row['reference'], row['unit'])}" if compared else "",
            f"{row['ratio']:.2f}" if compared else "",
            f"{row['limit']:.2f}" if compared else "",
            {True: "met", False: "MISSED", None: ""}[row["met"]]]


def markdown(table):
    """The lines of an aligned table; its first line is the header."""
    widths = [max(len(line[i]) for line in table) for i in range(len(table[0]))]
    table = table[:1] + [["-" * width for width in widths]] + table[1:]
    return ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in table]


def print_table(rows, facts):
    table = [["what", "median (least - most)", "reference", "ratio", "at most", ""]] + [cells(row) for row in rows]
    print(f"{facts['machine']}; {facts['date']}\n")
    print("\n".join(markdown(table)) + "\n")
    for row in rows:
        if row["note"]:
            print(f"{row['what']}: {row['note']}")
    for note in facts["notes"]:
        print(f"note: {note}")
    missed = [row["what"] for row in rows if row["met"] is False]
    print(f"\n{len(missed)} of {len([row for row in rows if row['met'] is not None])} limits missed"
          + "".join(f"\n  MISSED: {what}" for what in missed))


# ---- the picture ----

WIDTH, LEFT, RIGHT, ROW, TOP = 1000, 320, 310, 34, 44  # pixels
# A panel of its own, so that the text is readable whatever colour the page around it has.
STYLE = """
    text { font: 13px system-ui, sans-serif; fill: #1f2328 }
    .panel { fill: #ffffff; stroke: #d0d7de } .bar { fill: #2f6f9f } .over { fill: #b35900 }
    .even { stroke: #57606a; stroke-dasharray: 4 3 } .limit { stroke: #cf222e; stroke-width: 2 } .quiet { fill: #57606a }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 }
      .panel { fill: #161b22; stroke: #30363d } .bar { fill: #58a6d6 } .over { fill: #e3964a }
      .even { stroke: #9198a1 } .limit { stroke: #ff7b72 } .quiet { fill: #9198a1 }
    }"""


def text_at(x, y, text, attributes=""):
    return f'<text x="{x}" y="{y}"{attributes}>{html.escape(text.replace("`", ""), quote=False)}</text>'


def bar(row, y, scale):
    """One line of the picture: its name, a bar as long as its ratio, a tick at its limit, and both medians."""
    end = LEFT + row["ratio"] * scale
    middle = y + ROW / 2 + 4
    here, there = (number(statistics.median(row[which]), row["unit"]) for which in ("measured", "reference"))
    limit = LEFT + (row["limit"] or 0) * scale
    tick = f'<line class="limit" x1="{limit:.1f}" x2="{limit:.1f}" y1="{y + 5}" y2="{y + ROW - 5}"/>' if row["limit"] else ""
    return [text_at(LEFT - 10, middle, row["short"] or row["what"], ' text-anchor="end"'),
            f'<rect class="{"over" if row["met"] is False else "bar"}" x="{LEFT}" y="{y + 8}" width="{end - LEFT:.1f}" '
            f'height="{ROW - 16}" rx="2"/>{tick}',
            text_at(WIDTH - RIGHT + 10, middle, f"{here}; {row['against']}{'' if there in row['against'] else ': ' + there}",
                    ' class="quiet"')]


def draw(rows, path):
    """A bar for each line that is compared with something: how much of that it takes."""
    rows = [row for row in rows if row["limit"] is not None and statistics.median(row["reference"]) > 0]
    if not rows:
        return
    scale = (WIDTH - LEFT - RIGHT - 20) / max([1.2] + [max(row["ratio"], row["limit"]) for row in rows])
    height, even = TOP + ROW * len(rows) + 12, LEFT + scale
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
             'role="img">', "<title>How fast: each line against what it is compared with</title>", f"<style>{STYLE}</style>",
             f'<rect class="panel" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="6"/>',
             text_at(LEFT - 10, 26, "shorter is better; a red line is the limit", ' class="quiet" text-anchor="end"'),
             text_at(f"{even:.1f}", 26, "equal", ' class="quiet" text-anchor="middle"')]
    for i, row in enumerate(rows):
        lines += bar(row, TOP + ROW * i, scale)
    lines += [f'<line class="even" x1="{even:.1f}" x2="{even:.1f}" y1="{TOP - 10}" y2="{height - 10}"/>', "</svg>"]
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


# ---- the README ----

BEGIN, END = "<!-- bench: from scripts/bench --readme -->", "<!-- end of bench -->"


def write_readme(rows, facts, readme, picture):
    """Puts the lines with a short name into the README, and the picture of them beside."""
    rows = [row for row in rows if row["short"]]
    with open(readme, encoding="utf-8") as file:
        before, begin, rest = file.read().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise Failure(f"{readme} has no lines {BEGIN} and {END}")
    draw(rows, picture)
    table = [["what", "here", "compared with", "ratio", "at most"]] + [
        [row["short"], number(statistics.median(row["measured"]), row["unit"]), cells(row)[2], *cells(row)[3:5]] for row in rows]
    with open(readme, "w", encoding="utf-8") as file:
        file.write(f"{before}{begin}\n![How fast each line is against what it is compared with]"
                   f"({os.path.relpath(picture, os.path.dirname(readme))})\n\nMedians of a run on {facts['machine']}, on "
                   f"{facts['date'][:10]}:\n\n" + "\n".join(markdown(table)) + f"\n{end}{after}")
