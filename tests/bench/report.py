"""The table and its picture."""
import os
import shutil
import statistics
import subprocess

from harness import say


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
            f"{row['ratio']:.2f}" if compared and row["ratio"] is not None else "",
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


def draw(rows, path):
    """Everything that took time, on one logarithmic axis: a bar for the mount, a mark for what it is compared with."""
    if not shutil.which("gnuplot"):
        say("no picture: gnuplot is not installed")
        return
    scale = {"s": 1, "ms": 1e-3}
    timed = [row for row in rows if row["unit"] in scale][::-1]
    if not timed:
        return
    ticks = ", ".join(f"{quoted(row['what'])} {i}" for i, row in enumerate(timed))
    ours, theirs = [], []
    for i, row in enumerate(timed):
        low, middle, high = (f(row["measured"]) * scale[row["unit"]] for f in (min, statistics.median, max))
        ours.append(f"{middle} {i} 0.0001 {middle} {i - 0.3} {i + 0.3} {low} {high}")
        if row["limit"] is not None:
            theirs.append(f"{statistics.median(row['reference']) * scale[row['unit']]} {i}")
    script = f"""set terminal svg size 1000,{90 + 34 * len(timed)} font "sans,13" background "white"
set output {quoted(path)}
set logscale x
set format x "%g s"
set xrange [0.001:*]
set yrange [-0.7:{len(timed) - 0.3}]
set ytics ({ticks}) nomirror
set grid xtics lc "#dddddd"
set key outside bottom center horizontal
set lmargin 58
$ours << END
{os.linesep.join(ours)}
END
$theirs << END
{os.linesep.join(theirs)}
END
plot $ours using (0.001):2:(0.001):4:5:6 with boxxyerror fill solid 0.7 noborder lc "#3b6ea5" title "melbicomfs", \\
     $ours using 1:2:7:8 with xerrorbars lc "#14304f" pt 0 title "least and most", \\
     $theirs using 1:2 with points pt 7 ps 0.9 lc "#d1495b" title "reference"
"""
    if not theirs:
        script = script.replace('title "least and most", \\\n     $theirs using 1:2 with points pt 7 ps 0.9 lc "#d1495b" '
                                'title "reference"', 'title "least and most"')
    done = subprocess.run(["gnuplot"], input=script, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        say(f"no picture: {done.stderr.strip()}")
