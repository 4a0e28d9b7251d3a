/*
 * Every setting of a mount, in one struct that the command line fills and everybody else reads.
 *
 * Threads:   filled before the loop starts, constant afterwards, except through read_token and start_token.
 * Ownership: config_init() sets the defaults; strings are malloc'd and belong to the struct; config_clear() frees
 *            them.
 * Errors:    none here; src/command/options.h says how settings are checked.
 */
#ifndef MELBICOMFS_BASE_CONFIG_H
#define MELBICOMFS_BASE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CONFIG_DEFAULT_URL "https://api.melbicom.net/api"

/* A token that a command is about to give. */
struct token_reading {
    int fd;           /* readable when ask_token() has something to do */
    int64_t deadline; /* clock_ms() at which to call it even so */
};

/* One line of [endpoints]: `operation.key = value`, such as `balance.path = /billing/credit` or `invoices.page_size =
 * 100`. */
struct config_override {
    char *operation; /* name of a row of the endpoint table */
    char *key;       /* path, param.<name>, query, page_offset, page_size_name, page_size: see src/api/endpoints.h */
    char *value;
    char *origin; /* where it was said, such as "/home/a/.config/melbicomfs/config:12"; for --endpoints */
};

struct config {
    char *source;        /* SOURCE as it was given, or NULL */
    char *mountpoint;    /* absolute, no trailing slash */
    char *base_url;      /* without a trailing slash, such as CONFIG_DEFAULT_URL */
    char *mount_options; /* what is left for libfuse, comma-separated (such as "allow_other,nosuid"), or NULL */

    bool foreground;    /* -f or -d */
    bool debug;         /* -d */
    bool read_only;     /* -o ro: purging is off */
    bool delay_connect; /* -o delay_connect: no check before detaching */
    bool push;          /* -o push=0: nothing is pushed into the page cache unasked */

    unsigned ttl_s;              /* -o ttl=: life of a document, 60 */
    unsigned ttl_slow_s;         /* -o ttl_slow=: life of products, prices, groups and version, 3600 */
    unsigned stale_if_error_s;   /* -o stale_if_error=: 3600 */
    unsigned timeout_ms;         /* -o timeout= (seconds, decimals allowed): first byte, and any silence; 30 s */
    unsigned connect_timeout_ms; /* -o connect_timeout=: 10 s */
    unsigned timeout_total_ms;   /* -o timeout_total=: one exchange with its retries; 300 s */
    unsigned max_connections;    /* -o max_connections=: 8 */
    unsigned readahead;          /* -o readahead=: documents fetched ahead of a reader at most, 64 */
    uint64_t max_body;           /* -o max_body= (bytes, K M G suffixes): 256 MiB; see answer.h */
    uint64_t cache_size;         /* -o cache_size=: 256 MiB; no more than a quarter of the address space counts */

    uid_t uid, gid; /* -o uid=, gid=: owner of everything; default: whoever mounts */
    mode_t umask;   /* -o umask=: octal, 0077 */
    char *ca_file;  /* -o cafile=: PEM bundle instead of the system's, or NULL; absolute */

    struct config_override *overrides; /* [endpoints] of the configuration file */
    size_t n_overrides;

    /* Reads the token anew (from its file, command or the environment): 0 and a malloc'd string, or -errno with *ret
     * untouched and one line logged. Set by whoever fills the struct; NULL: there is no token. A command takes seconds:
     * the loop uses start_token where that is set. */
    int (*read_token)(void *data, char **ret);
    void *read_token_data;

    /* The same without waiting, of a token that comes from a command; NULL: read_token does not wait. start_token() gives
     * a reading, to be asked when its fd is readable or its deadline has come: 1 is not yet, and anything else is as of
     * read_token, with the reading freed. drop_token() gives one up. */
    int (*start_token)(void *data, struct token_reading **ret);
    int (*ask_token)(struct token_reading *reading, char **ret);
    void (*drop_token)(struct token_reading *reading);
};

/* Sets every default. */
void config_init(struct config *config);

/* Frees what the struct owns (not read_token_data) and leaves defaults. */
void config_clear(struct config *config);

#endif
