# SPDX-License-Identifier: MIT
"""The table and its picture."""
import shutil
import statistics
import subprocess

from harness import say

SECONDS = {"s": 1, "ms": 1e-3}


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


def print_table(rows, facts):
    """Markdown, aligned: the same text goes into a terminal and into the README."""
    table = [["what", "median (least - most)", "reference", "ratio", "at most", ""]] + [cells(row) for row in rows]
    widths = [max(len(line[i]) for line in table) for i in range(len(table[0]))]
    table.insert(1, ["-" * width for width in widths])
    print(f"{facts['machine']}; {facts['date']}\n")
    for line in table:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |")
    print()
    for row in rows:
        if row["note"]:
            print(f"{row['what']}: {row['note']}")
    for note in facts["notes"]:
        print(f"note: {note}")
    missed = [row["what"] for row in rows if row["met"] is False]
    print(f"\n{len(missed)} of {len([row for row in rows if row['met'] is not None])} limits missed"
          + "".join(f"\n  MISSED: {what}" for what in missed))


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', "'") + '"'


def bar(i, row):
    """gnuplot's boxxyerror and xerrorbars take this: where the bar ends, its upper and lower edge, least and most."""
    low, middle, high = (f(row["measured"]) * SECONDS[row["unit"]] for f in (min, statistics.median, max))
    return f"{middle} {i} {i - 0.3} {i + 0.3} {low} {high}"


def series(name, lines, plot):
    """A data block and what plots it; nothing for no data."""
    return (f"${name} << END\n" + "\n".join(lines) + "\nEND\n", [f"${name} {text}" for text in plot]) if lines else ("", [])


def draw(rows, path):
    """Everything that took time, on one logarithmic axis: a bar for each, a dot for what it is compared with."""
    if not shutil.which("gnuplot"):
        say("no picture: gnuplot is not installed")
        return
    timed = list(enumerate([row for row in rows if row["unit"] in SECONDS][::-1]))
    if not timed:
        return
    box = 'using (0.001):2:(0.001):1:3:4 with boxxyerror fill solid 0.7 noborder lc "{}" title "{}"'
    spread = 'using 1:2:5:6 with xerrorbars lc "#14304f" pt 0 title "{}"'
    parts = [series("ours", [bar(i, row) for i, row in timed if row["limit"] is not None],
                    [box.format("#3b6ea5", "melbicomfs"), spread.format("least and most")]),
             series("others", [bar(i, row) for i, row in timed if row["limit"] is None],
                    [box.format("#999999", "other ways"), spread.format("")]),
             series("compared", [f"{statistics.median(row['reference']) * SECONDS[row['unit']]} {i}" for i, row in timed
                                 if row["limit"] is not None],
                    ['using 1:2 with points pt 7 ps 0.7 lc "#d1495b" title "what it is compared with"'])]
    ticks = ", ".join(f"{quoted(row['what'])} {i}" for i, row in timed)
    script = f"""set terminal svg size 1000,{100 + 32 * len(timed)} font "sans,13" background "white"
set output {quoted(path)}
set logscale x
set xtics ("1 ms" 0.001, "10 ms" 0.01, "100 ms" 0.1, "1 s" 1, "10 s" 10, "100 s" 100, "1000 s" 1000)
set xrange [0.001:*]
set yrange [-0.7:{len(timed) - 0.3}]
set ytics ({ticks}) nomirror
set grid xtics lc "#dddddd"
set key outside bottom center horizontal maxrows 1
set lmargin 54
{"".join(data for data, _ in parts)}
plot {", ".join(text for _, plots in parts for text in plots)}
"""
    done = subprocess.run(["gnuplot"], input=script, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        say(f"no picture: {done.stderr.strip()}")
