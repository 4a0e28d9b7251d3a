/* SPDX-License-Identifier: MIT */
#include "tree/readme.h"

#include <errno.h>
#include <json-c/printbuf.h>

static const char text[] =
    "This directory shows a Melbicom account. Reading a file asks the API only when the cached answer has expired.\n"
    "You can write to the files named `purge`. All other files are read-only.\n"
    "\n"
    "  version                              the API's version\n"
    "  all/product-groups.json, .csv        every product group, as JSON and as a table\n"
    "  all/products.json, .csv              every product\n"
    "  all/services.json, .csv              every active or suspended service\n"
    "  all/invoices.json, .csv              every invoice, with items and transactions\n"
    "  all/pricing.json, .csv               every domain price\n"
    "  all/invoice-items.csv                a row for each item of each invoice\n"
    "  all/invoice-transactions.csv         a row for each transaction of each invoice\n"
    "  all/product-prices.csv               what each product costs, by currency and billing cycle\n"
    "  all/product-options.csv              what each product can be ordered with\n"
    "  products/groups/<id>/                info.json, products.json, config-options.json\n"
    "  services/<id>/info.json              everything about one service\n"
    "  services/<id>/cdn/purge              write resource names here, one per line, to purge them from the CDN\n"
    "  services/<id>/cdn/purge.log          the names written to `purge` since mounting, with their results\n"
    "  domains/pricing/<extension>/<operation>/<currency>/<years>\n"
    "                                       one price: com/domainregister/EUR/1\n"
    "  billing/balance, balance.json        the credit balance\n"
    "  billing/unpaid                       what is unpaid, a line for each currency; empty when nothing is\n"
    "  billing/invoices/<id>.json           one invoice\n"
    "  by/product-group/<name>              links: leads to products/groups/<id>\n"
    "  by/service-status/<status>/<id>      links: Active, Suspended, Pending, Cancelled, Terminated\n"
    "  by/service-product/<name>/<id>       links: services by the product's name\n"
    "  by/service-name/<name>               links: services by host or domain name\n"
    "  by/invoice-number/<number>.json      links: invoices by number\n"
    "  by/invoice-status/<status>/<id>.json\n"
    "                                       links: Paid, Unpaid, Cancelled, Refunded, and others that occur\n"
    "  by/invoice-year/<year>/<id>.json     links: invoices by the year of their date\n"
    "  reports/unpaid.csv                   unpaid invoices by due date, with the days that are left\n"
    "  reports/spend-by-month.csv           what was invoiced each month, and how much of it is paid\n"
    "  reports/renewals.csv                 services by their next due date\n"
    "  .melbicomfs/status.json, metrics, log\n"
    "                                       the state of this mount (open them by name: `ls` does not list them)\n"
    "\n"
    "Things to try:\n"
    "\n"
    "  cat billing/balance\n"
    "  cat billing/unpaid reports/unpaid.csv\n"
    "  grep -rl '\"Unpaid\"' billing/invoices\n"
    "  cat by/service-name/web1.example.com/info.json\n"
    "  jq -r '.[] | [.id, .status, .productName] | @tsv' all/services.json\n"
    "  echo cdn.example.com > services/10421/cdn/purge && tail -n 1 services/10421/cdn/purge.log\n"
    "  touch billing/balance; cat billing/balance         (asks the API again now)\n"
    "  getfattr -n user.melbicomfs.expires billing/balance    (also: fetched, stale, url, etag)\n"
    "\n"
    "What errors mean (.melbicomfs/log says more):\n"
    "\n"
    "  No such file or directory            the API answered 404, or no file can have this name\n"
    "  Permission denied                    the API refused the token, or the file is read-only\n"
    "  Invalid argument                     the API answered 400 or 422, or a purge was refused: see purge.log\n"
    "  Device or resource busy              the API was asked too often: try again later\n"
    "  Connection timed out                 the API did not answer in time\n"
    "  No route to host                     the API cannot be reached\n"
    "  Input/output error                   the API's answer could not be used\n";

int readme_make(struct tree *tree, const struct place *place, struct printbuf *out)
{
    (void)tree;
    (void)place;
    return printbuf_memappend(out, text, (int)sizeof text - 1) < 0 ? -ENOMEM : 0;
}
