#include "tree/readme.h"

#include <errno.h>
#include <json-c/printbuf.h>

static const char text[] =
    "This directory is a Melbicom account. Reading a file asks the API when it has to; nothing here can be changed\n"
    "but by writing to a `purge` file.\n"
    "\n"
    "  version                              the API's version\n"
    "  all/product-groups.json, .csv        every product group, as JSON and as a table\n"
    "  all/products.json, .csv              every product\n"
    "  all/services.json, .csv              every active or suspended service\n"
    "  all/invoices.json, .csv              every invoice, with items and transactions\n"
    "  all/pricing.json, .csv               every domain price\n"
    "  products/groups/<id>/                info.json, products.json, config-options.json\n"
    "  products/groups/by-name/<name>       leads to the group\n"
    "  services/<id>/info.json              one service, whole\n"
    "  services/<id>/cdn/purge              write a resource name, a line each, to purge it from the CDN\n"
    "  services/<id>/cdn/purge.log          what this mount purged there, and what came of it\n"
    "  services/by-status/<status>/<id>     Active, Suspended, Pending, Cancelled, Terminated\n"
    "  services/by-product/<name>/<id>      by name of the product\n"
    "  domains/pricing/<extension>/<operation>/<currency>/<years>\n"
    "                                       one price: com/domainregister/EUR/1\n"
    "  billing/balance, balance.json        the credit balance\n"
    "  billing/invoices/<id>.json           one invoice\n"
    "  billing/invoices/by-number/<number>.json\n"
    "  billing/invoices/by-status/<status>/<id>.json\n"
    "                                       Paid, Unpaid, Cancelled, Refunded\n"
    "  .melbicomfs/status.json, metrics, log\n"
    "                                       this mount's own state (not listed, but there)\n"
    "\n"
    "Things to try:\n"
    "\n"
    "  cat billing/balance\n"
    "  grep -rl '\"Unpaid\"' billing/invoices\n"
    "  jq -r '.[] | [.id, .status, .productName] | @tsv' all/services.json\n"
    "  echo cdn.example.com > services/10421/cdn/purge && tail -n 1 services/10421/cdn/purge.log\n"
    "  touch billing/balance; cat billing/balance         (asks again now)\n"
    "  getfattr -d billing/balance                        (when it was fetched, when it expires)\n"
    "\n"
    "Errors: \"No such file or directory\" is the API's 404; \"Permission denied\" a token that was refused;\n"
    "\"No route to host\" an API that cannot be reached; \"Connection timed out\" one that does not answer; \"Device "
    "or\n"
    "resource busy\" too many requests; \"Input/output error\" an answer that could not be used. .melbicomfs/log says "
    "more.\n";

int readme_make(struct tree *tree, const struct place *place, struct printbuf *out)
{
    (void)tree;
    (void)place;
    return printbuf_memappend(out, text, (int)sizeof text - 1) < 0 ? -ENOMEM : 0;
}
