# SPDX-License-Identifier: MIT
"""The rows of an OpenAPI file, a line each, for a test to see that every one of them has a path in the mount.

    openapi_rows.py FILE                  METHOD PATH [PARAMETER[=VALUE]], METHOD PATH or CANDIDATE
    openapi_rows.py FILE JSON             the same after JSON has been merged into the file's content
"""
import json
import sys

import yaml


def merge(into, more):
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            merge(into[key], value)
        elif isinstance(value, list) and isinstance(into.get(key), list):
            into[key].extend(value)
        else:
            into[key] = value


def resolve(document, node):
    while isinstance(node, dict) and '$ref' in node:
        found = document
        for step in node['$ref'].removeprefix('#/').split('/'):
            found = found[step]
        node = found
    return node


def values_of(schema):
    return (schema or {}).get('enum', [])


def inputs(document, item, operation):
    """Every parameter, and every property of a request's body, with the schema that says what it may be."""
    for parameter in item.get('parameters', []) + operation.get('parameters', []):
        parameter = resolve(document, parameter)
        yield parameter['name'], resolve(document, parameter.get('schema'))
    body = resolve(document, operation.get('requestBody', {}))
    for content in body.get('content', {}).values():
        schema = resolve(document, content.get('schema', {}))
        for name, inside in schema.get('properties', {}).items():
            yield name, resolve(document, inside)


def rows(document):
    for path, item in document['paths'].items():
        item = resolve(document, item)
        for method in 'get', 'put', 'post', 'delete', 'patch', 'head', 'options':
            if method not in item:
                continue
            row = '%s %s' % (method.upper(), path)
            yield row
            for candidate in item[method].get('x-candidates', []):
                yield '%s or %s' % (row, candidate)
            for name, schema in inputs(document, item, item[method]):
                yield '%s %s' % (row, name)
                for value in values_of(schema):
                    yield '%s %s=%s' % (row, name, value)


def main(path, more='{}'):
    with open(path, encoding='utf-8') as file:
        document = yaml.safe_load(file)
    merge(document, json.loads(more))
    for row in rows(document):
        print(row)


if __name__ == '__main__':
    main(*sys.argv[1:])
