# SPDX-License-Identifier: MIT
"""A strict reader of Prometheus text (exposition format 0.0.4), and a comparison of it with the simulator's journal.

    metrics.py parse FILE              every line is well formed, every family complete; prints its samples, sorted
    metrics.py compare FILE JOURNAL    requests by operation and status, and bytes, are those of the journal (JSON)

The status is 1, with a line on stderr, at the first that is not so.
"""
import collections
import json
import math
import re
import sys

NAME = r'[a-zA-Z_:][a-zA-Z0-9_:]*'
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(r'(%s)(?:\{(%s(?:,%s)*)\})? (\S+)' % (NAME, LABEL, LABEL))
VALUE = re.compile(r'[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|[+-]?Inf|NaN')
KINDS = ('counter', 'gauge', 'histogram', 'summary', 'untyped')


def fail(message):
    sys.exit('metrics.py: ' + message)


class Family:
    def __init__(self, name, help_text):
        self.name, self.help, self.kind, self.samples = name, help_text, None, {}


def family_of(families, current, name):
    """A sample belongs to the family just declared; a histogram's has three suffixes."""
    if current is None:
        fail('%s: a sample before any family' % name)
    base = re.sub('_(bucket|sum|count)$', '', name) if current.kind == 'histogram' else name
    if base != current.name:
        fail('%s: a sample among those of %s' % (name, current.name))
    return current


def read(path):
    with open(path, encoding='utf-8', newline='') as file:
        text = file.read()
    if not text.endswith('\n') or '\r' in text:
        fail('%s does not end in a newline' % path)
    families, current = {}, None
    for line in text[:-1].split('\n'):
        comment = re.fullmatch(r'# (HELP|TYPE) (%s) (\S.*)' % NAME, line)
        if comment and comment.group(1) == 'HELP':
            if comment.group(2) in families:
                fail('%s: declared twice' % comment.group(2))
            current = families[comment.group(2)] = Family(comment.group(2), comment.group(3))
        elif comment:
            if not current or current.name != comment.group(2) or current.kind or comment.group(3) not in KINDS:
                fail('out of place: ' + line)
            current.kind = comment.group(3)
        else:
            sample = SAMPLE.fullmatch(line)
            if not sample or not VALUE.fullmatch(sample.group(3)):
                fail('no sample: %r' % line)
            family = family_of(families, current, sample.group(1))
            key = (sample.group(1), tuple(sorted(re.findall(LABEL, sample.group(2) or ''))))
            if key in family.samples:
                fail('twice: ' + line)
            family.samples[key] = float(sample.group(3))
    for family in families.values():
        check(family)
    return families


def check(family):
    if not family.kind:
        fail('%s: no type' % family.name)
    if not family.name.startswith('melbicomfs_'):
        fail('%s: not ours' % family.name)
    if (family.kind == 'counter') != family.name.endswith('_total'):
        fail('%s: a counter, and only a counter, ends in _total' % family.name)
    for key, value in family.samples.items():
        if family.kind != 'gauge' and not (value >= 0 and math.isfinite(value)):
            fail('%s %r is %r' % (key[0], key[1], value))
    if family.kind == 'histogram':
        check_histogram(family)


def check_histogram(family):
    buckets, sums, counts = collections.defaultdict(dict), {}, {}
    for (name, labels), value in family.samples.items():
        edge = [label for label in labels if label.startswith('le=')]
        rest = tuple(label for label in labels if not label.startswith('le='))
        if name.endswith('_bucket') and len(edge) == 1:
            buckets[rest][float(edge[0][4:-1].replace('+Inf', 'inf'))] = value
        elif name.endswith('_sum') and not edge:
            sums[rest] = value
        elif name.endswith('_count') and not edge:
            counts[rest] = value
        else:
            fail('%s %r: no part of a histogram' % (name, labels))
    if not (buckets.keys() == sums.keys() == counts.keys()):
        fail('%s: parts are missing' % family.name)
    for rest, edges in buckets.items():
        values = [edges[edge] for edge in sorted(edges)]
        if values != sorted(values) or edges.get(math.inf) != counts[rest]:
            fail('%s %r: buckets do not add up' % (family.name, rest))
        # No more time than the count allows, given the buckets.
        upper = sum((n - before) * edge for edge, n, before in
                    zip(sorted(edges), values, [0] + values) if math.isfinite(edge))
        if edges[math.inf] == max(v for e, v in edges.items() if math.isfinite(e)) and sums[rest] > upper + 1e-6:
            fail('%s %r: the sum is more than its buckets hold' % (family.name, rest))


def label(key, name):
    for item in key[1]:
        if item.startswith(name + '='):
            return item[len(name) + 2:-1]
    return None


def compare(path, journal_path):
    families = read(path)
    with open(journal_path, encoding='utf-8') as file:
        journal = json.load(file)
    wanted, received = collections.Counter(), 0
    for entry in journal:
        wanted[entry['operation'], str(entry['status'])] += 1
        received += entry['bytes']
    found = collections.Counter()
    for key, value in families['melbicomfs_http_requests_total'].samples.items():
        found[label(key, 'operation'), label(key, 'status')] += int(value)
    if found != wanted:
        fail('requests: %r instead of %r' % (sorted(found.items()), sorted(wanted.items())))
    durations = families['melbicomfs_http_request_duration_seconds'].samples
    for operation in {operation for operation, _ in wanted}:
        counted = durations['melbicomfs_http_request_duration_seconds_count', ('operation="%s"' % operation,)]
        if counted != sum(n for (other, _), n in wanted.items() if other == operation):
            fail('%s: %d durations' % (operation, counted))
    bytes_total = families['melbicomfs_http_received_bytes_total'].samples['melbicomfs_http_received_bytes_total', ()]
    if bytes_total != received:
        fail('bytes: %d instead of %d' % (bytes_total, received))


def main(command, *arguments):
    if command == 'parse':
        for family in read(*arguments).values():
            for (name, labels), value in sorted(family.samples.items()):
                print('%s{%s} %.15g' % (name, ','.join(labels), value))
    elif command == 'compare':
        compare(*arguments)
    else:
        fail('what is %r?' % command)


if __name__ == '__main__':
    main(*sys.argv[1:])
