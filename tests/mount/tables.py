# SPDX-License-Identifier: MIT
"""What the tables and reports of the mount should show of an API's answers, worked out with Python's json, decimal and
csv, by the rules of the design and by none of the program's code.

    tables.py random PROGRAM N [SEED]   makes N random accounts, lets PROGRAM (test_tables) render them, and compares
    tables.py check URL MOUNT           compares the tables in a mount with the API's answers; MELBICOM_TOKEN is the token

The status is 1, with a line on stderr, when a table differs.
"""
import csv
import datetime
import decimal
import io
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import urllib.request

decimal.getcontext().prec = 200

FORMULA = ('=', '+', '-', '@', '\t', '\r')
ID_END, NO_ID = 2 ** 63 - 4096, 2 ** 64
PATIENCE = 30 * int(os.environ.get('MELBICOMFS_TIMEOUT_SCALE', '1'))  # seconds that a request may take


# ---- JSON ----

class Number(str):
    """A number as it is written."""


class Object:
    """An object's members in order, with duplicates."""
    def __init__(self, pairs):
        self.pairs = pairs

    def place(self, *names):
        """Where the last member with the first of the names is that is there, or None."""
        for name in names:
            found = [i for i, (key, _) in enumerate(self.pairs) if key == name]
            if found:
                return found[-1]
        return None

    def get(self, *names):
        place = self.place(*names)
        return None if place is None else self.pairs[place][1]

    def scalars(self, without=None):
        return [(key, value) for i, (key, value) in enumerate(self.pairs) if is_scalar(value) and i != without]


def parse(data):
    return json.loads(data, object_pairs_hook=Object, parse_int=Number, parse_float=Number)


def is_scalar(value):
    return not isinstance(value, (Object, list))


def text(value):
    if value is None or not is_scalar(value):
        return ''
    return str(value).lower() if isinstance(value, bool) else str(value)


def items_of(answer, *names):
    """Takes the envelopes off."""
    while isinstance(answer, Object) and isinstance(answer.get('data', *names), (Object, list)):
        answer = answer.get('data', *names)
    return answer


# ---- values ----

def days(value):
    """A usable date as a datetime.date, or None."""
    match = re.match(r'(\d{4}-\d\d-\d\d)(?:[T ]|\Z)', value, re.A) if isinstance(value, str) else None
    try:
        return datetime.date.fromisoformat(match[1]) if match and not isinstance(value, Number) else None
    except ValueError:
        return None


def date(value):
    return days(value).isoformat() if days(value) else ''


def amount(value):
    """A plain decimal number, or None."""
    plain = re.fullmatch(r'-?([0-9]+)(?:\.([0-9]+))?', text(value)) if not isinstance(value, bool) else None
    return decimal.Decimal(plain[0]) if plain and len(plain[1] + (plain[2] or '')) <= 38 else None


def total(amounts):
    places = max([2] + [-number.as_tuple().exponent for number in amounts])
    return '{:.{}f}'.format(abs(sum(amounts)) if not sum(amounts) else sum(amounts), places)


def by_bytes(value):
    return value.encode('utf-8', 'surrogatepass')


# ---- tables: lists of rows ----

def elements(value):
    """The elements of a list in an item, whatever form the list has."""
    if isinstance(value, list):
        return value
    if not isinstance(value, Object) or not value.pairs:
        return []
    inside = [member for _, member in value.pairs]
    if len(inside) == 1 and isinstance(inside[0], list):
        return inside[0]
    return inside if all(isinstance(member, Object) for member in inside) else [value]


class Columns:
    """Columns after the fixed ones, in order of first appearance."""
    def __init__(self, fixed, prefix):
        self.fixed, self.prefix, self.names, self.rows = fixed, prefix, [], []

    def add(self, values, members):
        row = {}
        for name, value in members:
            name = self.prefix + name if name in self.fixed else name
            if name not in self.names:
                self.names.append(name)
            row[name] = text(value)
        self.rows.append((values, row))

    def table(self):
        return [self.fixed + self.names] + [values + [row.get(name, '') for name in self.names]
                                            for values, row in self.rows]


IDS = {'invoices': ('id', 'invoiceId', 'invoiceid', 'invoice_id'), 'services': ('id', 'serviceId', 'serviceid', 'service_id'),
       'products': ('id', 'productId', 'productid', 'pid')}
CURRENCY = ('currency', 'currencyCode', 'currencycode')


def nested(invoices, names, prefix):
    columns = Columns(['invoice'], prefix)
    for invoice in invoices:
        for element in elements(invoice.get(*names)):
            members = [('value', element)] if is_scalar(element) else element.scalars() if isinstance(element, Object) else []
            columns.add([text(invoice.get(*IDS['invoices']))], members)
    return columns.table()


def in_order(items, due, ids):
    """By due date, then id, then as the API lists them. Of several items with an id, the first has it."""
    seen, keyed = set(), []
    for place, item in enumerate(items):
        ident = text(item.get(*ids))
        usable = re.fullmatch(r'0|[1-9][0-9]*', ident, re.A) and int(ident) < ID_END and ident not in seen
        seen.add(ident)
        day = days(item.get(*due))
        keyed.append(((day is None, day or datetime.date.min, int(ident) if usable else NO_ID, place), item))
    return [item for _, item in sorted(keyed, key=lambda pair: pair[0])]


DUE = ('duedate', 'dueDate', 'due_date')


def unpaid(invoices, today):
    rows = [['due', 'days_left', 'id', 'number', 'date', 'total', 'currency']]
    for invoice in in_order(invoices, DUE, IDS['invoices']):
        if text(invoice.get('status')).lower() == 'unpaid':
            due = days(invoice.get(*DUE))
            number = invoice.get('invoicenum', 'invoiceNum', 'invoicenumber', 'number')
            rows.append([date(invoice.get(*DUE)), str((due - today).days) if due else '',
                         text(invoice.get(*IDS['invoices'])), text(number), date(invoice.get('date', 'invoiceDate')),
                         text(invoice.get('total')), text(invoice.get(*CURRENCY))])
    return rows


def unpaid_sums(invoices):
    sums = {}
    for invoice in invoices:
        if text(invoice.get('status')).lower() == 'unpaid':
            sums.setdefault(text(invoice.get(*CURRENCY)), []).append(amount(invoice.get('total')))
    return ''.join('%s\n' % ' '.join(filter(None, [total([n for n in sums[currency] if n is not None]),
                                                   re.sub('[\0-\x1f]', ' ', currency)]))
                   for currency in sorted(sums, key=by_bytes))


def spend(invoices):
    parts = ['paid', 'unpaid', 'cancelled', 'refunded', 'other']
    months = {}
    for invoice in invoices:
        day = days(invoice.get('date', 'invoiceDate'))
        status = text(invoice.get('status')).lower()
        row = months.setdefault((day.isoformat()[:7] if day else '', text(invoice.get(*CURRENCY))), [])
        row.append((status if status in parts[:-1] else 'other', amount(invoice.get('total'))))
    rows = [['month', 'currency', 'invoices', 'total'] + parts]
    for month, currency in sorted(months, key=lambda key: (key[0], by_bytes(key[1]))):
        row = months[month, currency]
        sums = [[n for status, n in row if n is not None and part in (None, status)] for part in [None] + parts]
        rows.append([month, currency, str(len(row))] + [total(numbers) for numbers in sums])
    return rows


def renewals(services):
    due = ('nextDueDate', 'nextduedate', 'next_due_date', 'dueDate', 'duedate')
    rows = [['due', 'id', 'product', 'name', 'amount', 'currency', 'billing_cycle']]
    for service in in_order(services, due, IDS['services']):
        rows.append([date(service.get(*due))] + [text(service.get(*names)) for names in (
            IDS['services'], ('productName', 'productname', 'name'),
            ('domain', 'domainName', 'domainname', 'hostname', 'hostName'),
            ('amount', 'recurringAmount', 'recurringamount', 'price'), CURRENCY,
            ('billingCycle', 'billingcycle', 'billing_cycle', 'cycle'))])
    return rows


def offered(value):
    return is_scalar(value) and not isinstance(value, bool) and text(value) != '' and not text(value).startswith('-')


CURRENCY_OF_PRICES = ('currency', 'currencycode', 'currency_code', 'code')
DETAILS = ('details', 'prices', 'pricing', 'price')


def prices_in(prices, currency=''):
    """(currency, object of cycles and setup fees), for each currency."""
    if isinstance(prices, list):
        for element in prices:
            if isinstance(element, Object):
                yield from prices_in(element, currency)
    elif isinstance(prices, Object) and any(key.lower() in CURRENCY_OF_PRICES or is_scalar(value) and value not in (None, False)
                                            for key, value in prices.pairs):
        yield currency, prices
    elif isinstance(prices, Object):
        for key, value in prices.pairs:
            name = '' if key.lower() in DETAILS else key
            if isinstance(value, Object):
                yield name, value
            else:
                yield from prices_in(value, name)


def prices_of(prices):
    """(currency, cycle, price, setup fee), for what is offered."""
    for currency, details in prices_in(prices):
        for key, value in details.pairs:
            if key.lower() in CURRENCY_OF_PRICES and is_scalar(value):
                currency = text(value)
        inside = [value for key, value in details.pairs
                  if key.lower() in DETAILS and isinstance(value, Object)]
        details = inside[-1] if inside else details
        setup = {key.lower()[:key.lower().index('setup')][:1]: text(value) for key, value in details.scalars()
                 if 'setup' in key.lower() and offered(value)}
        for cycle, value in details.scalars():
            other = CURRENCY_OF_PRICES + ('prefix', 'suffix', 'id')
            if offered(value) and 'setup' not in cycle.lower() and cycle.lower() not in other:
                yield currency, cycle, text(value), setup.get(cycle[:1].lower() or '-', setup.get('', ''))


PRICES = ('pricing', 'prices', 'price')


def product_prices(products):
    rows = [['id', 'product', 'currency', 'cycle', 'price', 'setup_fee']]
    for product in products:
        start = [text(product.get(*IDS['products'])), text(product.get('name', 'productName', 'productname'))]
        rows += [start + list(price) for price in prices_of(product.get(*PRICES))]
    return rows


def product_options(products):
    columns = Columns(['id', 'product', 'option', 'choice'], 'choice_')
    names = ('name', 'optionName', 'optionname', 'option', 'label')
    for product in products:
        start = [text(product.get(*IDS['products'])), text(product.get('name', 'productName', 'productname'))]
        for option in elements(product.get('configOptions', 'configoptions', 'options')):
            if not isinstance(option, Object):
                columns.add(start + [text(option), ''], [])
                continue
            choices = elements(option.get('options', 'choices', 'values', 'suboptions', 'subOptions'))
            for choice in choices or [None]:
                name, members = choice, []
                if isinstance(choice, Object):
                    name, members = choice.get(*names), choice.scalars(without=choice.place(*names))
                    members += [('_'.join(filter(None, price[:2])), price[2]) for price in prices_of(choice.get(*PRICES))]
                columns.add(start + [text(option.get(*names)), text(name)], members)
    return columns.table()


def list_table(items):
    columns = Columns([], '')
    for item in items:
        columns.add([], item.scalars() if isinstance(item, Object) else [])
    return columns.table() if columns.names else []


# ---- comparing ----

def shown(value):
    """A value as it stands in a table: what a spreadsheet would run is marked as text."""
    number = re.fullmatch(r'-?([0-9]+\.?[0-9]*|\.[0-9]+)', value)
    return "'" + value if value.startswith(FORMULA) and not number else value


def differs(name, data, expected):
    """What is wrong with a table or text of the program, or None."""
    found = data.decode('utf-8', 'surrogateescape')
    if isinstance(expected, str):
        return None if found == expected else '%s: %r instead of %r' % (name, found, expected)
    unquoted = re.sub(r'"(?:[^"]|"")*"', '', found)
    if '"' in unquoted or re.search(r'(?<!\r)\n|\r(?!\n)', unquoted) or (found and not found.endswith('\r\n')):
        return '%s: not RFC 4180: %r' % (name, found)
    rows = list(csv.reader(io.StringIO(found, newline=''), strict=True))
    expected = [[shown(value) for value in row] for row in expected]
    rows = [row or [''] for row in rows]
    for number, (row, wanted) in enumerate(zip(rows, expected)):
        if row != wanted:
            return '%s, row %d: %r instead of %r' % (name, number, row, wanted)
    return None if len(rows) == len(expected) else '%s: %d rows instead of %d' % (name, len(rows), len(expected))


def tables_of(kind, data, today):
    """The tables that are made of an answer, in the order of test_tables.c: (path, rows or text)."""
    items = items_of(parse(data), 'invoices', 'invoice', 'services', 'service', 'products', 'product')
    if kind == 'invoices':
        return [('all/invoices.csv', list_table(items)),
                ('all/invoice-items.csv', nested(items, ('items', 'invoiceItems', 'invoiceitems', 'invoice_items'), 'item_')),
                ('all/invoice-transactions.csv', nested(items, ('transactions', 'invoiceTransactions'), 'transaction_')),
                ('reports/unpaid.csv', unpaid(items, today)),
                ('reports/spend-by-month.csv', spend(items)),
                ('billing/unpaid', unpaid_sums(items))]
    if kind == 'services':
        return [('all/services.csv', list_table(items)), ('reports/renewals.csv', renewals(items))]
    if kind == 'products':
        return [('all/products.csv', list_table(items)), ('all/product-prices.csv', product_prices(items))]
    return [('all/product-options.csv', product_options(items))]


# ---- random accounts ----

class Account:
    """Draws the answers of an API: every value may be missing, odd, or of another form."""
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.today = datetime.date(2026, 1, 1) + datetime.timedelta(days=self.random.randrange(1000))
        self.ascii = self.chance(0.5)

    def chance(self, share):
        return self.random.random() < share

    def pick(self, *choices):
        return self.random.choice(choices)

    def amount(self):
        odd = ('1,234.50', '-5.00', '1e3', '', ' 5', '5 ', '+5', '.5', '5.', '--5', '0x10', '1.2.3', '-0', '00.10', 'free',
               '9' * 38, '9' * 39, '-' + '9' * 20 + '.' + '1' * 18, '0.' + '0' * 37, '0.' + '0' * 38, '1\u0660')
        numbers = ('0.1', '0.2', '5', '-3.005', '1e3', '1E+2', '1.50', '-0', '123456789012345678901234567890.12')
        draw = self.random.random()
        if draw < 0.12:
            return self.pick(*odd)
        if draw < 0.2:
            return Number(self.pick(*numbers))
        if draw < 0.26:
            return self.pick(None, True, False, Object([('value', '5.00')]), ['5.00'])
        return '%s%d.%s' % ('-' if self.chance(0.1) else '', self.random.randrange(10 ** self.random.randrange(1, 7)),
                            self.pick('00', '10', '99', '5', '005', '%04d' % self.random.randrange(10000)))

    def date(self):
        day = self.today + datetime.timedelta(days=self.random.randrange(-400, 60))
        draw = self.random.random()
        if draw < 0.15:
            return self.pick('0000-00-00', '2026-02-30', '2024-02-29', '2025-02-29', '0000-00-00 00:00:00', '2026-13-01',
                             '', 'soon', '2026-1-01', '2026-01-01Z', ' 2026-01-01', '1969-12-31', '9999-12-31',
                             '0001-01-01', '=2026-01-01', '2026-04-31', '\u0662026-01-01')
        if draw < 0.2:
            return self.pick(None, Number('20260101'), Number('2026'), True, ['2026-01-01'], Object([('date', '2026-01-01')]))
        return day.isoformat() + self.pick('', '', '', ' 00:00:00', 'T23:59:59+14:00', 'T00:00:00Z', ' x', 'T')

    def currency(self):
        if self.chance(0.1):
            return self.pick(None, '', 'eur', '=EUR', 'E"R', 'E,R', '\u20ac', Number('978'), '978', Object([('code', 'EUR')]), 'US D', 'E\nR')
        return self.pick('EUR', 'USD', 'CHF')

    def word(self):
        return self.pick('CDN Europe', 'AMS / 2x16-core', 'caf\u00e9', '=1+1', '-5', '@x', 'a,b', 'say "x"', 'two\nlines', '',
                         ' lead', 'trail ', '\U0001f600', 'a\tb', '+31 20', None, Number('7'), Number('1e400'), True, 'x' * 50,
                         '\\', '\x7f', "'=1", '-')

    def status(self):
        return self.pick('Paid', 'Unpaid', 'Unpaid', 'unpaid', 'UNPAID', 'Cancelled', 'refunded', 'Refunded', 'Draft',
                         'Payment Pending', '', None, 'Un paid', 'PAID', Number('1'))

    def ident(self, place):
        draw = self.random.random()
        if draw < 0.05:
            return self.pick('A-%d' % place, None, Number('-1'), '007', Number('1.5'), '', '1' * 30)
        number = str(self.random.randrange(1, 400) if draw < 0.2 else 1000 + place)
        return number if self.chance(0.3) else Number(number)

    def object(self, *members):
        """Members that may be missing, twice there, or in another order: (share, value, name, …)."""
        pairs = []
        for share, value, *names in members:
            for _ in range(1 + self.chance(0.03)):
                if self.chance(share):
                    pairs.append((self.pick(names[0], names[0], *names), value()))
        if self.chance(0.2):
            self.random.shuffle(pairs)
        return Object(pairs)

    def filler(self):
        return self.pick(self.word, self.amount, lambda: Object([('a', self.word()), ('b', [Number('1'), 'x'])]), lambda: [])()

    def list_of(self, make, most, *names):
        """A list inside an item, in any of its forms."""
        n = self.random.randrange(most)
        draw = self.random.random()
        if draw < 0.1:
            return self.pick(None, '', [], Object([]), 'x', Number('0'))
        if draw < 0.2:
            return Object([(self.pick(*names), [make() for _ in range(n)])])
        if draw < 0.27:
            return Object([(str(i * 2), make()) for i in range(n)])
        if draw < 0.34:
            return self.pick(make(), Object([(self.pick(*names), make())]))
        return [make() for _ in range(n)]

    def element(self):
        if self.chance(0.08):
            return self.pick('x', Number('5'), None, True, [Number('1')], Object([]))
        return self.object((0.8, self.word, 'description'), (0.8, self.amount, 'amount'), (0.2, self.filler, 'id', 'invoice', 'value'),
                           (0.3, self.date, 'date'), (0.1, self.filler, 'taxed', 'more'))

    def invoice(self, place):
        return self.object(
            (0.97, lambda: self.ident(place), 'id', 'invoiceid', 'invoiceId'),
            (0.8, self.word, 'invoicenum', 'invoiceNum', 'number'), (0.9, self.date, 'date', 'invoiceDate'),
            (0.85, self.date, 'duedate', 'dueDate', 'due_date'), (0.92, self.amount, 'total'),
            (0.92, self.currency, 'currency', 'currencyCode', 'currencycode'), (0.95, self.status, 'status'),
            (0.1, self.filler, 'notes', 'tot\u00e9', 'Total', 'tax'),
            (0.6, lambda: self.list_of(self.element, 4, 'item', 'items'), 'items', 'invoiceItems', 'invoice_items'),
            (0.5, lambda: self.list_of(self.element, 3, 'transaction'), 'transactions', 'invoiceTransactions'))

    def service(self, place):
        return self.object(
            (0.97, lambda: self.ident(place), 'id', 'serviceId', 'serviceid'), (0.9, self.word, 'productName', 'productname', 'name'),
            (0.8, self.word, 'domain', 'hostname', 'domainName'), (0.9, self.amount, 'amount', 'recurringAmount', 'price'),
            (0.9, self.currency, 'currency', 'currencyCode'), (0.9, self.word, 'billingCycle', 'billingcycle', 'cycle'),
            (0.9, self.date, 'nextDueDate', 'nextduedate', 'next_due_date'), (0.9, self.status, 'status'),
            (0.1, self.filler, 'groupName', 'cdn'))

    def price(self):
        return self.pick(self.amount, lambda: self.pick('410.00', '-1.00', '-1', Number('-1'), None, '', '0.00'))()

    def cycles(self):
        return self.object(*[(0.5, self.price, name) for name in (
            'msetupfee', 'qsetupfee', 'aSetupFee', 'monthly', 'quarterly', 'semiannually', 'annually', 'onetime')],
            (0.1, self.price, 'setupfee', 'setup_fee'), (0.1, self.word, 'prefix', 'suffix'), (0.05, self.filler, 'biennially'))

    def prices(self):
        currencies = self.random.sample(['EUR', 'USD', 'CHF'], self.random.randrange(4))
        form = self.random.randrange(9)
        if form == 0:
            return self.pick(None, [], Object([]), '5.00', Number('5'), '')
        if form == 1:
            return Object([(currency, self.cycles()) for currency in currencies])
        if form == 8:
            return Object([(currency, self.pick(self.cycles(), [self.cycles()], None, False, [])) for currency in currencies])
        if form == 2:
            return Object([(currency, Object([('details', self.cycles())])) for currency in currencies])
        if form == 3:
            return [Object([('currency', currency)] + self.cycles().pairs) for currency in currencies]
        prices = [Object([(self.pick('currency', 'currency', 'code'), self.pick(currency, currency, self.currency())),
                          ('details', self.pick(self.cycles(), self.cycles(), self.cycles(), [], None))])
                  for currency in currencies]
        return self.pick(prices, prices, Object([('price', prices)]), prices[0] if prices else [])

    def choice(self):
        if self.chance(0.15):
            return self.pick('Debian 12', Number('5'), None, Object([]), [Number('1')])
        return self.object((0.9, self.word, 'name', 'label', 'optionname'), (0.6, self.price, 'monthly'),
                           (0.2, self.filler, 'id', 'option', 'choice'), (0.3, self.prices, 'pricing', 'prices'))

    def option(self):
        if self.chance(0.1):
            return self.pick('Debian 12', Number('5'), None, Object([]))
        return self.object((0.9, self.word, 'name', 'optionName'), (0.3, self.filler, 'id', 'type'),
                           (0.9, lambda: self.list_of(self.choice, 4, 'option'), 'options', 'choices', 'values'))

    def product(self, place, options):
        return self.object(
            (0.3, lambda: self.ident(place), 'id', 'pid', 'productId'), (0.9, self.word, 'name', 'productName'),
            (0.9, self.prices, 'pricing', 'prices'), (0.2, self.filler, 'description'),
            (0.9 if options else 0, lambda: self.list_of(self.option, 4, 'configoption'), 'configOptions', 'configoptions'))

    def answer(self, kind):
        makers = {'invoices': self.invoice, 'services': self.service, 'products': lambda place: self.product(place, False),
                  'options': lambda place: self.product(place, True)}
        items = [makers[kind](place) for place in range(self.random.choice([0, 1, 2, 3, 5, 8, 13, 21, 40]))]
        items = [item for item in items if item.pairs]
        name = 'products' if kind == 'options' else kind
        answer = items if self.chance(0.7) else Object([(self.pick('data', name), items)])
        return self.print(answer).encode()

    def print(self, value):
        space = self.pick('', '', ' ', '\n') if self.chance(0.1) else ''
        if isinstance(value, Number):
            return space + value
        if isinstance(value, list):
            return space + '[' + ','.join(map(self.print, value)) + space + ']'
        if isinstance(value, Object):
            return space + '{' + ','.join(self.print(key) + space + ':' + self.print(member)
                                          for key, member in value.pairs) + '}'
        printed = json.dumps(value, ensure_ascii=self.ascii)
        return space + (printed.replace('/', '\\/') if self.ascii else printed)


KINDS = ('invoices', 'services', 'products', 'options')


def check_random(program, number, seed='0'):
    accounts = [Account(int(seed) * 1000000 + i) for i in range(int(number))]
    answers = [(account, kind, account.answer(kind)) for account in accounts for kind in KINDS]
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as made, tempfile.TemporaryFile() as said:
        for account, kind, data in answers:
            noon = int(datetime.datetime.combine(account.today, datetime.time(12), datetime.timezone.utc).timestamp())
            given.write(b'%s %d %d\n' % (kind.encode(), len(data), noon) + data + b'\n')
        given.seek(0)
        status = subprocess.run([program, 'render'], stdin=given, stdout=made, stderr=said, check=False).returncode
        made.seek(0)
        said.seek(0)
        output, errors = made.read(), said.read().decode('utf-8', 'replace')
    if status != 0:
        fail('%s render: status %d\n%s' % (program, status, errors[-4000:]))
    stream = io.BytesIO(output[output.index(b'render_all\n') + len(b'render_all\n'):])
    compared = 0
    for i, (account, kind, data) in enumerate(answers):
        for path, expected in tables_of(kind, data, account.today):
            fault = differs(path, stream.read(int(stream.readline())), expected)
            if fault:
                fail('account %d: %s\n%s' % (i // len(KINDS), fault, data.decode()))
            compared += 1
    print('%d tables of %d accounts are equal' % (compared, len(accounts)))


# ---- a mount ----

def fetch(url, path):
    request = urllib.request.Request(url + path, headers={'Authorization': 'Bearer ' + os.environ['MELBICOM_TOKEN']})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=PATIENCE) as answer:
        return answer.read()


PATHS = {'invoices': '/billing/invoices?showInvoiceItems=true&showTransactions=true', 'services': '/services',
         'products': '/products', 'options': '/products?showConfigOptions=true'}


def all_tables(url, today):
    """Every table and report of an account: (path, rows or text)."""
    return [table for kind in KINDS for table in tables_of(kind, fetch(url, PATHS[kind]), today)]


def check_mount(url, mount):
    for path, expected in all_tables(url, datetime.datetime.now(datetime.timezone.utc).date()):
        with open(os.path.join(mount, path), 'rb') as file:
            fault = differs(path, file.read(), expected)
        if fault:
            fail(fault)


def fail(message):
    sys.exit('tables.py: ' + message)


def main(command, *arguments):
    {'random': check_random, 'check': check_mount}[command](*arguments)


if __name__ == '__main__':
    main(*sys.argv[1:])
