/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: melbicom-simulator [--port N] [--services N] [--invoices N] [--products N] [--groups N] [--seed N]\n"
    "           [--token T] [--prefix /api] [--shape S] [--paging P] [--page-size N] [--rename OLD=NEW]\n"
    "           [--string-ids] [--latency MS] [--date-skew S] [--limit N] [--candidate OPERATION=INDEX]\n"
    "           [--path OPERATION=/PATH] [--tls CERT.pem KEY.pem] [--no-etag] [--gzip] [--port-file FILE]\n"
    "           [--exit-with-parent]\n"
    "shapes: bare data value named gaps keyed keyed-only nested deep other bom single empty-null empty-object\n"
    "        empty-204\n"
    "paging: links pages top relative header total elsewhere ignored loop\n"
    "operations: version groups products services service purge pricing invoices balance\n";

enum {
    OPT_TOKEN = 256,
    OPT_PREFIX,
    OPT_SHAPE,
    OPT_PAGING,
    OPT_RENAME,
    OPT_DATE_SKEW,
    OPT_CANDIDATE,
    OPT_PATH,
    OPT_TLS,
    OPT_PORT_FILE,
    OPT_HELP
};
enum { FLAG_STRING_IDS = 300, FLAG_NO_ETAG, FLAG_GZIP, FLAG_EXIT_WITH_PARENT };
enum {
    NUM_PORT,
    NUM_SERVICES,
    NUM_INVOICES,
    NUM_PRODUCTS,
    NUM_GROUPS,
    NUM_SEED,
    NUM_LATENCY,
    NUM_LIMIT,
    NUM_PAGE_SIZE
};

static const struct option table[] = {
    {"port", required_argument, NULL, NUM_PORT},
    {"services", required_argument, NULL, NUM_SERVICES},
    {"invoices", required_argument, NULL, NUM_INVOICES},
    {"products", required_argument, NULL, NUM_PRODUCTS},
    {"groups", required_argument, NULL, NUM_GROUPS},
    {"seed", required_argument, NULL, NUM_SEED},
    {"latency", required_argument, NULL, NUM_LATENCY},
    {"limit", required_argument, NULL, NUM_LIMIT},
    {"page-size", required_argument, NULL, NUM_PAGE_SIZE},
    {"token", required_argument, NULL, OPT_TOKEN},
    {"prefix", required_argument, NULL, OPT_PREFIX},
    {"shape", required_argument, NULL, OPT_SHAPE},
    {"paging", required_argument, NULL, OPT_PAGING},
    {"rename", required_argument, NULL, OPT_RENAME},
    {"date-skew", required_argument, NULL, OPT_DATE_SKEW},
    {"candidate", required_argument, NULL, OPT_CANDIDATE},
    {"path", required_argument, NULL, OPT_PATH},
    {"tls", required_argument, NULL, OPT_TLS},
    {"port-file", required_argument, NULL, OPT_PORT_FILE},
    {"string-ids", no_argument, NULL, FLAG_STRING_IDS},
    {"no-etag", no_argument, NULL, FLAG_NO_ETAG},
    {"gzip", no_argument, NULL, FLAG_GZIP},
    {"exit-with-parent", no_argument, NULL, FLAG_EXIT_WITH_PARENT},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static bool parse_between(const char *string, long min, long max, long *ret)
{
    char *end;
    errno = 0;
    long number = strtol(string, &end, 10);
    if (errno || end == string || *end || number < min || number > max) {
        fprintf(stderr, "melbicom-simulator: '%s' is no number from %ld to %ld\n", string, min, max);
        return false;
    }
    *ret = number;
    return true;
}

static bool parse_number(const char *string, long max, long *ret)
{
    return parse_between(string, 0, max, ret);
}

static bool set_number(struct options *options, int which, const char *value)
{
    long *const targets[] = {&options->port,       &options->services, &options->invoices,
                             &options->products,   &options->groups,   &options->seed,
                             &options->latency_ms, &options->limit,    &options->page_size};
    static const long max[] = {65535, 10000000, 10000000, 1000000, 100000, 2147483647, 3600000, 1000000000, 1000000000};
    return parse_number(value, max[which], targets[which]);
}

/* The place of a name in a list that ends with NULL, or -1 with a message. `what` is said in it. */
static int find_name(const char *const *names, const char *name, const char *what)
{
    for (int i = 0; names[i]; i++)
        if (!strcmp(name, names[i]))
            return i;
    fprintf(stderr, "melbicom-simulator: '%s' is no %s:", name, what);
    for (int i = 0; names[i]; i++)
        fprintf(stderr, " %s", names[i]);
    fputc('\n', stderr);
    return -1;
}

static bool set_shape(struct options *options, const char *value)
{
    static const char *const names[] = {"bare",       "data",         "value",     "named", "gaps", "keyed",
                                        "keyed-only", "nested",       "deep",      "other", "bom",  "single",
                                        "empty-null", "empty-object", "empty-204", NULL};
    int shape = find_name(names, value, "shape");
    options->shape = shape < 0 ? SHAPE_BARE : (enum shape)shape;
    return shape >= 0;
}

static bool set_paging(struct options *options, const char *value)
{
    static const char *const names[] = {"links", "pages",     "top",     "relative", "header",
                                        "total", "elsewhere", "ignored", "loop",     NULL};
    int paging = find_name(names, value, "style of paging");
    options->paging = (enum paging)(paging + PAGING_LINKS);
    return paging >= 0;
}

/* OLD=NEW of --rename. */
static bool add_rename(struct options *options, const char *value)
{
    const char *equals = strchr(value, '=');
    if (!equals || equals == value || !equals[1]) {
        fprintf(stderr, "melbicom-simulator: '%s' renames nothing: say OLD=NEW\n", value);
        return false;
    }
    if (options->n_renames == RENAMES_MAX) {
        fprintf(stderr, "melbicom-simulator: more than %d names are to be changed\n", RENAMES_MAX);
        return false;
    }
    options->renames[options->n_renames++] =
        (struct rename){.from = value, .len = (size_t)(equals - value), .to = equals + 1};
    return true;
}

/* OPERATION=VALUE of --candidate and --path. */
static bool set_placement(struct placement *placement, bool is_path, const char *value)
{
    const char *equals = strchr(value, '=');
    enum operation op = equals ? operation_named(value, (size_t)(equals - value)) : OP_UNKNOWN;
    if (op == OP_UNKNOWN) {
        fprintf(stderr, "melbicom-simulator: '%s' names no operation: say OPERATION=VALUE\n", value);
        return false;
    }
    if (is_path) {
        placement->path[op] = equals + 1;
        return true;
    }
    long index;
    if (!parse_number(equals + 1, (long)operation_candidates(op) - 1, &index))
        return false;
    placement->candidate[op] = (unsigned)index;
    return true;
}

static void set_flag(struct options *options, int which)
{
    if (which == FLAG_STRING_IDS)
        options->string_ids = true;
    else if (which == FLAG_NO_ETAG)
        options->etag = false;
    else if (which == FLAG_GZIP)
        options->gzip = true;
    else if (which == FLAG_EXIT_WITH_PARENT)
        options->exit_with_parent = true;
}

static bool set_tls(struct options *options, int argc, char **argv)
{
    if (optind >= argc) {
        fputs("melbicom-simulator: --tls needs a certificate and a key\n", stderr);
        return false;
    }
    options->tls_cert = optarg;
    options->tls_key = argv[optind++];
    return true;
}

static bool set_option(struct options *options, int which, int argc, char **argv)
{
    if (which <= NUM_PAGE_SIZE)
        return set_number(options, which, optarg);
    switch (which) {
    case OPT_TOKEN:
        options->token = optarg;
        return true;
    case OPT_PREFIX:
        options->prefix = optarg;
        return true;
    case OPT_PORT_FILE:
        options->port_file = optarg;
        return true;
    case OPT_SHAPE:
        return set_shape(options, optarg);
    case OPT_PAGING:
        return set_paging(options, optarg);
    case OPT_RENAME:
        return add_rename(options, optarg);
    case OPT_DATE_SKEW:
        return parse_between(optarg, -1000000000, 1000000000, &options->date_skew);
    case OPT_CANDIDATE:
    case OPT_PATH:
        return set_placement(&options->placement, which == OPT_PATH, optarg);
    case OPT_TLS:
        return set_tls(options, argc, argv);
    default:
        set_flag(options, which);
        return true;
    }
}

int options_parse(struct options *options, int argc, char **argv)
{
    *options = (struct options){.services = 12,
                                .invoices = 120,
                                .products = 24,
                                .groups = 8,
                                .seed = 1,
                                .token = "demo-token",
                                .prefix = "/api",
                                .page_size = 25,
                                .etag = true};
    int which;
    while ((which = getopt_long(argc, argv, "", table, NULL)) != -1) {
        if (which == '?' || which == OPT_HELP) {
            fputs(usage, which == '?' ? stderr : stdout);
            return which == '?' ? 1 : 0;
        }
        if (!set_option(options, which, argc, argv))
            return 1;
    }
    if (optind < argc) {
        fprintf(stderr, "melbicom-simulator: what is '%s'?\n%s", argv[optind], usage);
        return 1;
    }
    options->prefix_len = strlen(options->prefix);
    while (options->prefix_len && options->prefix[options->prefix_len - 1] == '/')
        options->prefix_len--;
    return -1;
}
