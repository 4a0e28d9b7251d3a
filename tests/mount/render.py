# SPDX-License-Identifier: MIT
"""What the mount should show of an API's answers, by the rules of its design and by none of the program's code.

    render.py json|csv|prices|prices-csv|one|balance|version URL PATH        the text of one answer, to standard output
    render.py entries URL PATH KEY [SUFFIX]                                  a line an entry: KEY's value as a file name
    render.py tree URL OUT                                                   the whole mount, as a directory
    render.py nest URL LEVELS             the prices as JSON, nested otherwise: currency,years,extension,operation
    render.py check-csv JSON CSV          a table is strict RFC 4180 and holds exactly the scalar fields of the list
    render.py check-prices JSON CSV       the same of prices, whatever their nesting
    render.py check-tokens RAW SHOWN      a text has the tokens of the API's answer, in order

The token comes in MELBICOM_TOKEN. The status is 1, with a line on stderr, when a check fails.
"""
import csv
import datetime
import io
import json
import os
import re
import sys
import unicodedata
import urllib.parse
import urllib.request

import tables

TOKEN = re.compile(
    r'[ \t\r\n]*(?:([{}\[\],:])|("(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")'
    r'|(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null))')
ESCAPE = re.compile(r'\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|\\u([0-9a-fA-F]{4})|\\(.)')
SHORT = {'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', '"': '"', '\\': '\\', '/': '/'}
IDS = ('id', 'productGroupId')
PATIENCE = 30 * int(os.environ.get('MELBICOMFS_TIMEOUT_SCALE', '1'))  # seconds that a request may take


# ---- JSON, by its own tokens ----

def decode(data):
    return data.decode('utf-8', 'surrogateescape')


def encode(text):
    return text.encode('utf-8', 'surrogateescape')


def tokens(text):
    """The tokens of a JSON text, each as it is written."""
    found, at = [], 0
    text = text.rstrip(' \t\r\n')
    while at < len(text):
        match = TOKEN.match(text, at)
        if not match:
            raise ValueError('no JSON token at %d: %r' % (at, text[at:at + 20]))
        found.append(match.group(match.lastindex))
        at = match.end()
    return found


def parse(text):
    """('{', [(key, value)...]), ('[', [value...]) or a token."""
    found = tokens(text)
    found.reverse()

    def value():
        token = found.pop()
        if token == '{':
            members = []
            while found[-1] != '}':
                key = found.pop()
                assert found.pop() == ':'
                members.append((key, value()))
                if found[-1] == ',':
                    found.pop()
            found.pop()
            return ('{', members)
        if token == '[':
            items = []
            while found[-1] != ']':
                items.append(value())
                if found[-1] == ',':
                    found.pop()
            found.pop()
            return ('[', items)
        return token

    result = value()
    assert not found
    return result


def unescape(token, stays):
    """What stands between a string's quotes, with every escape written plainly but those that stay."""
    def plain(match):
        if match.group(1):
            high, low = int(match.group(1), 16), int(match.group(2), 16)
            return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
        char = chr(int(match.group(3), 16)) if match.group(3) else SHORT[match.group(4)]
        return match.group(0) if stays(char) else char
    return ESCAPE.sub(plain, token[1:-1])


def stays_in_json(char):
    return char in '"\\' or unicodedata.category(char) in ('Cc', 'Cs')


def stays_in_text(char):
    return char == '\0' or unicodedata.category(char) == 'Cs'


def indent(value, depth=0):
    """One field a line; keys and numbers as they are, strings as people read them."""
    inner, outer = '\n' + '  ' * (depth + 1), '\n' + '  ' * depth
    if isinstance(value, str):
        return '"' + unescape(value, stays_in_json) + '"' if value[0] == '"' else value
    kind, members = value
    if not members:
        return '{}' if kind == '{' else '[]'
    if kind == '[':
        return '[' + inner + (',' + inner).join(indent(v, depth + 1) for v in members) + outer + ']'
    return '{' + inner + (',' + inner).join(k + ': ' + indent(v, depth + 1) for k, v in members) + outer + '}'


def name_of(key):
    return unescape(key, stays_in_text)


def member(value, *names):
    for name in names:
        for key, found in reversed(value[1]):
            if name_of(key) == name:
                return found
    return None


def text_of(token):
    """A scalar as plain text: null is nothing, a number its own digits."""
    if token is None or token == 'null':
        return ''
    return unescape(token, stays_in_text) if token[0] == '"' else token


def unwrap(value, *names):
    """Takes the envelope off: `data`, `value`, or the collection's name around a list."""
    while isinstance(value, tuple) and value[0] == '{':
        inside = member(value, 'data', 'value', *names)
        if not isinstance(inside, tuple):
            return value
        value = inside
    return value


# ---- tables ----

def is_number(text):
    return re.fullmatch(r'-?(\d+\.?\d*|\.\d+)', text) is not None


def cell(text):
    formula = text[:1] in ('=', '+', '-', '@', '\t', '\r') and text != '' and not is_number(text)
    if formula or re.search(r'[,"\r\n]|^ | $', text):
        return '"' + ("'" if formula else '') + text.replace('"', '""') + '"'
    return text


def columns_of(items):
    columns = {}
    for item in items:
        for key, value in item[1] if isinstance(item, tuple) else ():
            if isinstance(value, str):
                columns.setdefault(name_of(key))
    return list(columns)


def rows_of(items, columns):
    for item in items:
        fields = {name_of(k): v for k, v in item[1] if isinstance(v, str)} if isinstance(item, tuple) else {}
        yield [text_of(fields.get(column)) for column in columns]


def table(rows):
    return ''.join(','.join(map(cell, row)) + '\r\n' for row in rows)


def list_csv(items):
    columns = columns_of(items)
    return table([columns] + list(rows_of(items, columns))) if columns else ''


def prices_of(value, path=()):
    """Every price with what leads to it, told apart by looks, because the nesting may be any."""
    if isinstance(value, str):
        fields = {}
        for key in path:
            kind = ('operation' if key in ('domainregister', 'domaintransfer', 'domainrenew')
                    else 'currency' if re.fullmatch('[A-Z]{3}', key)
                    else 'years' if re.fullmatch(r'\d{1,2}', key) else 'extension')
            fields[kind] = key
        yield [fields['extension'].removeprefix('.'), fields['operation'], fields['currency'], fields['years'],
               text_of(value)]
        return
    for key, inside in value[1] if value[0] == '{' else ():
        yield from prices_of(inside, path + (name_of(key),))


def sorted_prices(value):
    return sorted(prices_of(value), key=lambda row: (encode(row[0]), row[1], row[2], int(row[3])))


def prices_csv(value):
    return table([['extension', 'operation', 'currency', 'years', 'price']] + sorted_prices(value))


# ---- names ----

def file_name(text, suffix=''):
    """The one reversible rule for names from the API."""
    units = []
    for char in text:
        data = encode(char)
        escape = (len(data) == 1 and data[0] >= 0x80) or unicodedata.category(char) == 'Cc' or char in '/%'
        if escape or (char == '.' and not units):
            units.append(''.join('%%%02X' % byte for byte in data))
        else:
            units.append(char)
    if sum(len(encode(unit)) for unit in units) + len(suffix) > 255:
        digest = 0xcbf29ce484222325
        for byte in encode(text):
            digest = ((digest ^ byte) * 0x100000001b3) & (2 ** 64 - 1)
        while sum(len(encode(unit)) for unit in units) + 18 + len(suffix) > 255:
            units.pop()
        units.append('%%~%016x' % digest)
    return (''.join(units) or '%') + suffix


# ---- the API ----

def fetch(url, path):
    request = urllib.request.Request(url + path, headers={'Authorization': 'Bearer ' + os.environ['MELBICOM_TOKEN']})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=PATIENCE) as answer:
        return parse(decode(answer.read()))


class Api:
    """The collections by name, without their envelopes."""
    def __init__(self, url):
        self.url = url

    def items(self, path, *names):
        value = unwrap(fetch(self.url, path), *names)
        assert value[0] == '['
        return value[1]

    def groups(self):
        return self.items('/products/groups', 'groups')

    def products(self, query=''):
        return self.items('/products' + query, 'products')

    def services(self, query=''):
        return self.items('/services' + query, 'services')

    def invoices(self):
        return self.items('/billing/invoices?showInvoiceItems=true&showTransactions=true', 'invoices')

    def one(self, path):
        return unwrap(fetch(self.url, path))


def list_json(items):
    return indent(('[', items)) + '\n'


def balance_line(value):
    currency = text_of(member(value, 'currency'))
    return text_of(member(value, 'balance')) + (' ' + currency if currency else '') + '\n'


# ---- the tree ----

class Tree:
    def __init__(self, out):
        self.out = out

    def directory(self, path):
        os.makedirs(os.path.join(self.out, path), exist_ok=True)

    def file(self, path, text, date=None):
        path = os.path.join(self.out, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as file:
            file.write(encode(text))
        if date:
            noon = datetime.datetime.fromisoformat(date + 'T12:00:00+00:00').timestamp()
            os.utime(path, (noon, noon))

    def link(self, path, target):
        path = os.path.join(self.out, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.symlink(target, path)


def ident(item):
    return text_of(member(item, *IDS))


def tree_all(api, tree):
    lists = {'product-groups': api.groups(), 'products': api.products(), 'services': api.services(),
             'invoices': api.invoices()}
    for name, items in lists.items():
        tree.file('all/%s.json' % name, list_json(items))
        tree.file('all/%s.csv' % name, list_csv(items))
    prices = api.one('/domains/pricing')
    tree.file('all/pricing.json', indent(prices) + '\n')
    tree.file('all/pricing.csv', prices_csv(prices))
    return lists, prices


def tree_products(api, tree, groups):
    for group in groups:
        path, query = 'products/groups/' + ident(group), '?productGroupId[]=' + ident(group)
        tree.file(path + '/info.json', indent(group) + '\n')
        tree.file(path + '/products.json', list_json(api.products(query)))
        tree.file(path + '/config-options.json', list_json(api.products(query + '&showConfigOptions=true')))
        name = file_name(text_of(member(group, 'productGroup')))
        tree.link('by/product-group/' + name, '../../products/groups/' + ident(group))


def tree_services(api, tree, services):
    for service in services:
        path = 'services/' + ident(service)
        tree.file(path + '/info.json', indent(api.one('/services/' + ident(service))) + '\n')
        tree.file(path + '/cdn/purge', '')
        name = file_name(text_of(member(service, 'productName')))
        tree.link('by/service-product/%s/%s' % (name, ident(service)), '../../../services/' + ident(service))
    seen = set()
    for service in services:
        domain = text_of(member(service, 'domain')) or ''
        name = file_name(domain) + ('%=' + ident(service) if domain in seen else '')
        seen.add(domain)
        if domain:
            tree.link('by/service-name/' + name, '../../services/' + ident(service))
    for status in 'Active', 'Suspended', 'Pending', 'Cancelled', 'Terminated':
        tree.directory('by/service-status/' + status)
        for service in api.services('?serviceStatus=' + status):
            tree.link('by/service-status/%s/%s' % (status, ident(service)), '../../../services/' + ident(service))


def tree_billing(api, tree, invoices):
    balance = api.one('/billing/creditbalance')
    tree.file('billing/balance', balance_line(balance))
    tree.file('billing/balance.json', indent(balance) + '\n')
    for status in 'Paid', 'Unpaid', 'Cancelled', 'Refunded':
        tree.directory('by/invoice-status/' + status)
    for invoice in invoices:
        name = ident(invoice) + '.json'
        tree.file('billing/invoices/' + name, indent(invoice) + '\n', text_of(member(invoice, 'date')))
        number = file_name(text_of(member(invoice, 'invoicenum')), '.json')
        tree.link('by/invoice-number/' + number, '../../billing/invoices/' + name)
        for view in 'status/' + text_of(member(invoice, 'status')), 'year/' + text_of(member(invoice, 'date'))[:4]:
            tree.link('by/invoice-%s/%s' % (view, name), '../../../billing/invoices/' + name)


def tree_tables(url, tree):
    """What is worked out of the lists."""
    for path, rows in tables.all_tables(url, datetime.datetime.now(datetime.timezone.utc).date()):
        tree.file(path, rows if isinstance(rows, str) else table(rows))


def make_tree(url, out):
    api, tree = Api(url), Tree(out)
    lists, prices = tree_all(api, tree)
    tree.file('version', text_of(member(api.one('/utility/version'), 'version')) + '\n')
    tree_products(api, tree, lists['product-groups'])
    tree_services(api, tree, lists['services'])
    for extension, operation, currency, years, price in prices_of(prices):
        tree.file('domains/pricing/%s/%s/%s/%s' % (file_name(extension), operation, currency, years), price + '\n')
    tree_billing(api, tree, lists['invoices'])
    tree_tables(url, tree)


def nest(url, levels):
    order = [('extension', 'operation', 'currency', 'years').index(level) for level in levels.split(',')]
    nested = {}
    for row in prices_of(Api(url).one('/domains/pricing')):
        row[0] = '.' + row[0]
        inside = nested
        for level in order[:-1]:
            inside = inside.setdefault(row[level], {})
        inside[row[order[-1]]] = row[4]
    print(json.dumps(nested))


# ---- checks ----

def fail(message):
    sys.exit('render.py: ' + message)


def read(path):
    with open(path, 'rb') as file:
        return decode(file.read())


def read_table(path):
    """Strict RFC 4180: every line ends in CR LF, quotes stand where they must, every row is as long as the header."""
    text = read(path)
    unquoted = re.sub(r'"(?:[^"]|"")*"', '', text)
    if '"' in unquoted or re.search(r'(?<!\r)\n|\r(?!\n)', unquoted) or (text and not text.endswith('\r\n')):
        fail('%s: not RFC 4180' % path)
    rows = list(csv.reader(io.StringIO(text, newline=''), strict=True))
    if any(len(row) != len(rows[0]) for row in rows):
        fail('%s: rows of different length' % path)
    for row in rows:
        for value in row:
            if value[:1] in ('=', '+', '-', '@', '\t', '\r') and value and not is_number(value):
                fail('%s: %r would be run as a formula' % (path, value))
    return [[v[1:] if v[:1] == "'" and v[1:2] in ('=', '+', '-', '@', '\t', '\r') else v for v in row] for row in rows]


def check_rows(path, rows, expected):
    if rows != expected:
        for found, wanted in zip(rows, expected):
            if found != wanted:
                fail('%s: %r instead of %r' % (path, found, wanted))
        fail('%s: %d rows instead of %d' % (path, len(rows), len(expected)))


def check_csv(json_path, csv_path):
    items = unwrap(parse(read(json_path)))[1]
    columns = columns_of(items)
    check_rows(csv_path, read_table(csv_path), [columns] + list(rows_of(items, columns)) if columns else [])


def check_prices(json_path, csv_path):
    rows = read_table(csv_path)
    if rows[0] != ['extension', 'operation', 'currency', 'years', 'price']:
        fail('%s: header %r' % (csv_path, rows[0]))
    check_rows(csv_path, sorted(rows[1:]), sorted(prices_of(parse(read(json_path)))))


def check_tokens(raw_path, shown_path):
    """Keys and numbers byte for byte, strings equal in value, `/` and letters readable."""
    raw, shown = tokens(read(raw_path)), tokens(read(shown_path))
    if len(raw) != len(shown):
        fail('%s: %d tokens instead of %d' % (shown_path, len(shown), len(raw)))
    for i, (wanted, found) in enumerate(zip(raw, shown)):
        key = wanted[0] == '"' and raw[i + 1:i + 2] == [':']
        if wanted == found:
            pass
        elif key or wanted[0] != '"' or json.loads(wanted) != json.loads(found):
            fail('%s: %s instead of %s' % (shown_path, found, wanted))
        if wanted[0] == '"' and not key and ('\\/' in found or re.search(r'\\u00[ef]', found)):
            fail('%s: %s is not readable' % (shown_path, found))


# ---- the command line ----

def answers(url, path):
    return unwrap(fetch(url, path), 'groups', 'products', 'services', 'invoices')


RENDERERS = {
    'json': lambda value: indent(value) + '\n',
    'csv': lambda value: list_csv(value[1]),
    'prices': lambda value: indent(value) + '\n',
    'prices-csv': prices_csv,
    'one': lambda value: indent(value[1][0] if value[0] == '[' else value) + '\n',
    'balance': balance_line,
    'version': lambda value: text_of(member(value, 'version')) + '\n',
}


def entries(url, path, key, suffix=''):
    lines = {file_name(text_of(member(item, key)), suffix) for item in answers(url, path)[1]}
    return ''.join(line + '\n' for line in sorted(lines, key=encode))


def main(command, *arguments):
    checks = {'tree': make_tree, 'nest': nest, 'check-csv': check_csv, 'check-prices': check_prices,
              'check-tokens': check_tokens}
    if command in checks:
        checks[command](*arguments)
    elif command == 'entries':
        sys.stdout.buffer.write(encode(entries(*arguments)))
    elif command in RENDERERS:
        sys.stdout.buffer.write(encode(RENDERERS[command](answers(*arguments))))
    else:
        fail('what is %r?' % command)


if __name__ == '__main__':
    main(*sys.argv[1:])
