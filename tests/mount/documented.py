# SPDX-License-Identifier: MIT
"""Compares the tree that a page documents with the one that is mounted.

    documented.py PAGE MOUNT          PAGE holds a block with a line a path, such as the README of the mount

A line begins with a path; segments in angle brackets stand for any name. `, .csv` behind it is the same name with that
ending, `, balance.json` another file beside it; a path that ends in a slash has its files where the description
stands. Lines that begin further in go on describing the path above.
The status is 1, with a line for each difference, when a path is documented and not there, or there and not documented.
"""
import os
import re
import sys

LINE = re.compile(r'^ {0,2}(\S+(?:, \S+)*)(?: {2,}(\S.*))?$')


def lines_of(page):
    """The lines of the block that documents a path in all/, bare or fenced."""
    blocks = re.split(r'\n\s*\n', re.sub(r'^```.*$', '', page, flags=re.M))
    for block in blocks:
        if re.search(r'^ {0,2}all/', block, re.M):
            return block.strip('\n').split('\n')
    sys.exit('documented.py: no block of paths')


def paths_of(first, more, description):
    """The paths that one line names."""
    if first.endswith('/'):
        return [first + name for name in description.split(', ')]
    paths = [first]
    for other in more:
        if other.startswith('.'):
            paths.append(os.path.splitext(first)[0] + other)
        else:
            paths.append(os.path.join(os.path.dirname(first), other))
    return paths


def documented(page):
    """Path to what is said of it."""
    found, last = {}, []
    for line in lines_of(page):
        match = LINE.match(line)
        if not match:
            for path in last:
                found[path] += ' ' + line.strip()
            continue
        first, *more = match.group(1).split(', ')
        last = paths_of(first, more, match.group(2) or '')
        found.update((path, match.group(2) or '') for path in last)
    return found


def pattern(path):
    return re.compile('/'.join(re.sub('<[a-z]+>', '[^/]+', re.sub(r'\.', r'\\.', part)) for part in path.split('/')))


def leaves_of(mount):
    """Every file and link below the mount; the hidden directory too, which is found when asked for."""
    for start in mount, os.path.join(mount, '.melbicomfs'):
        for directory, directories, files in os.walk(start):
            links = [name for name in directories if os.path.islink(os.path.join(directory, name))]
            for name in files + links:
                yield os.path.relpath(os.path.join(directory, name), mount)


def differences(page, mount):
    paths = documented(page)
    paths.setdefault('README', '')
    patterns = {path: pattern(path) for path in paths}
    met = set()
    for leaf in leaves_of(mount):
        matching = [path for path, wanted in patterns.items() if wanted.fullmatch(leaf)]
        met.update(matching)
        if not matching:
            yield '%s is there and not documented' % leaf
    for path in sorted(set(paths) - met):
        yield '%s is documented and not there' % path
    for path, said in paths.items():
        if '/<status>/' in path:
            for status in os.listdir(os.path.join(mount, path[:path.index('/<status>/')])):
                if status not in re.findall(r'\w+', said):
                    yield '%s: its status %s is not documented' % (path, status)


def main(page, mount):
    with open(page, encoding='utf-8') as file:
        text = file.read()
    found = sorted(set(differences(text, mount)))
    print('\n'.join(found[:20]))
    sys.exit(1 if found else 0)


if __name__ == '__main__':
    main(*sys.argv[1:])
