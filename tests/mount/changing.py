# SPDX-License-Identifier: MIT
"""Reads `tar c` of a mount, slowly, while the account changes, and checks each member against what the API ever said.

    changing.py URL CONTROL MOUNT SECONDS      as many whole runs of tar as begin in that time, two at least

Every state of every document is recorded as it is made: one change, then the API's own answer rendered by render.py.
Between two reads from tar's pipe the account changes at least once, so that tar's run spans many states. The status
is 1, with a line on stderr, when tar complains, or a member is none of the states, whole; or when hardly anything
changed under it.
"""
import hashlib
import io
import json
import os
import random
import subprocess
import sys
import tarfile
import threading
import time
import urllib.request

import render

ITEM = '/billing/invoices?id=%s&showInvoiceItems=true&showTransactions=true'
CHANGED = 40  # invoices that change


def digest(text):
    return hashlib.sha256(render.encode(text)).digest()


class Account:
    """The account's states, by the path that shows them."""
    def __init__(self, url, control):
        self.api, self.control = render.Api(url), control
        self.invoices = {render.ident(item): item for item in self.api.invoices()}
        self.texts = {ident: render.indent(item, 1) for ident, item in self.invoices.items()}
        self.states = {}
        self.changes = 0
        self.changed = threading.Condition()
        self.dice = random.Random(7)
        for ident in self.invoices:
            self.note_invoice(ident)
        self.note_all()
        self.note('billing/balance', render.balance_line(self.api.one('/billing/creditbalance')))

    def note(self, path, text):
        self.states.setdefault(path, set()).add(digest(text))

    def note_invoice(self, ident):
        self.note('billing/invoices/%s.json' % ident, render.indent(self.invoices[ident]) + '\n')

    def note_all(self):
        self.note('all/invoices.json', '[\n  ' + ',\n  '.join(self.texts.values()) + '\n]\n')
        self.note('all/invoices.csv', render.list_csv(list(self.invoices.values())))

    def set(self, change):
        request = urllib.request.Request(self.control + '/_sim/set', data=json.dumps(change).encode())
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=render.PATIENCE):
            pass

    def change(self):
        """One change of one document at a time, each recorded before the next."""
        ident = self.dice.choice(list(self.invoices)[:CHANGED])
        mark = '%d ' % self.changes
        self.set({'invoice': {'id': int(ident), 'notes': mark * self.dice.randrange(1, 2500) + mark}})
        self.invoices[ident] = render.unwrap(render.fetch(self.api.url, ITEM % ident))[1][0]
        self.texts[ident] = render.indent(self.invoices[ident], 1)
        self.note_invoice(ident)
        self.note_all()
        self.set({'balance': '%d.00' % self.changes})
        self.note('billing/balance', '%d.00 EUR\n' % self.changes)
        with self.changed:
            self.changes += 1
            self.changed.notify_all()

    def wait_change(self, after):
        with self.changed:
            if not self.changed.wait_for(lambda: self.changes > after, timeout=render.PATIENCE):
                sys.exit('changing.py: the account does not change')
            return self.changes


def read_tar(mount, account):
    """The whole of tar's output, read no faster than the account changes."""
    with subprocess.Popen(['tar', '-C', mount, '-c', 'all/invoices.json', 'all/invoices.csv', 'billing'],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as tar:
        chunks, seen = [], account.changes
        while chunk := os.read(tar.stdout.fileno(), 65536):
            chunks.append(chunk)
            seen = account.wait_change(seen)
        complaint = tar.stderr.read().decode()
    if tar.returncode != 0 or complaint:
        sys.exit('changing.py: tar exits %d and says: %s' % (tar.returncode, complaint))
    return b''.join(chunks)


def members(data):
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            if member.isfile():
                yield member.name, hashlib.sha256(archive.extractfile(member).read()).digest()


def main(url, control, mount, seconds):
    account, done = Account(url, control), threading.Event()

    def keep_changing():
        while not done.is_set():
            account.change()

    changer = threading.Thread(target=keep_changing, daemon=True)
    changer.start()
    archives, end = [], time.monotonic() + float(seconds)
    while len(archives) < 2 or time.monotonic() < end:
        archives.append(read_tar(mount, account))
    done.set()
    changer.join()
    met = {}
    for archive in archives:
        for name, state in members(archive):
            met.setdefault(name, set()).add(state)
    for name, states in account.states.items():
        if name not in met:
            sys.exit('changing.py: %s is not in the archive' % name)
        if not met[name] <= states:
            sys.exit('changing.py: %s is in none of the states the API was in' % name)
    several = sum(len(states) > 1 for states in met.values())
    print('%d states, %d archives, %d members met in several states' % (account.changes, len(archives), several))
    if several < 10:
        sys.exit('changing.py: hardly anything changed')


if __name__ == '__main__':
    main(*sys.argv[1:])
