/* SPDX-License-Identifier: MIT */
/*
 * Every setting of a mount, in one struct: command/options.c fills it, and all other modules read it.
 *
 * Threads:   the main thread fills the struct before the loop starts; afterwards nothing changes it. Only the main
 *            thread calls read_token and the three functions after it.
 * Ownership: the strings are malloc'd and belong to the struct; config_clear() frees them. The owner of read_token_data
 *            is the module that set it (command/options.c).
 * Errors:    none; command/options.c has checked the values.
 */
#ifndef MELBICOMFS_BASE_CONFIG_H
#define MELBICOMFS_BASE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CONFIG_DEFAULT_URL "https://api.melbicom.net/api"

/* A token_command that is running and has not given its token yet. */
struct token_reading {
    int fd;           /* becomes readable when ask_token() has something to do */
    int64_t deadline; /* clock_ms() at which ask_token() must be called although fd is not readable */
};

/* One line of the configuration file's section [endpoints]: `operation.key = value`, such as
 * `balance.path = /billing/credit` or `invoices.page_size = 100`. */
struct config_override {
    char *operation; /* the name of a row of the table in api/endpoints.c */
    char *key;       /* such as path or field.amount: see api/overrides.h */
    char *value;
    char *origin; /* file and line, such as "/home/a/.config/melbicomfs/config:12"; --endpoints prints it */
};

struct config {
    char *source;        /* the argument SOURCE, unchanged, or NULL */
    char *mountpoint;    /* absolute, no trailing slash */
    char *base_url;      /* without a trailing slash, such as CONFIG_DEFAULT_URL */
    char *mount_options; /* the -o options for libfuse, comma-separated (such as "allow_other,nosuid"), or NULL */

    bool foreground;    /* -f or -d */
    bool debug;         /* -d */
    int log_level;      /* -o log_level=: an enum log_level (log.h); LOG_LEVEL_INFO; with -d always LOG_LEVEL_DEBUG */
    bool read_only;     /* -o ro: purging is off */
    bool delay_connect; /* -o delay_connect: mount without first sending the API a request */
    bool push;          /* -o push=: put files into the page cache before they are read; on */

    unsigned ttl_s;            /* -o ttl=: how long a document is fresh; 60 */
    unsigned ttl_slow_s;       /* -o ttl_slow=: the same for products, prices, groups and version; 3600 */
    unsigned stale_if_error_s; /* -o stale_if_error=: how long past its ttl a document serves if the API fails; 3600 */
    unsigned timeout_ms;       /* -o timeout= (a time, decimals allowed): longest wait for the next byte; 30 s */
    unsigned connect_timeout_ms; /* -o connect_timeout=: longest wait for a connection; 10 s */
    unsigned timeout_total_ms;   /* -o timeout_total=: longest time for one exchange with all its retries; 300 s */
    unsigned max_connections;    /* -o max_connections=: most requests in flight; 8 */
    unsigned readahead;          /* -o readahead=: most documents fetched ahead of a reader; 64 */
    unsigned max_pages;          /* -o max_pages=: most pages of one list; 1000 */
    uint64_t max_body;           /* -o max_body= (bytes, suffixes K M G T): largest answer; 256 MiB; see api/answer.h */
    uint64_t cache_size;         /* -o cache_size= (bytes, suffixes K M G T): memory for cached answers; 256 MiB. A
                                    quarter of the address space is the most that counts */

    uid_t uid, gid; /* -o uid=, gid=: owner of all files; default: the user who mounts */
    mode_t umask;   /* -o umask=: octal; 0077 */
    char *proxy;    /* -o proxy=: URL of the proxy, perhaps with a password; NULL: the environment's */
    char *ca_file;  /* -o cafile=: absolute path of the PEM bundle to trust; NULL: the system's */

    struct config_override *overrides; /* the lines of [endpoints], in their order */
    size_t n_overrides;

    /* Reads the token again from its file or command. Returns 0 and stores a malloc'd string in *ret, which the caller
     * wipes and frees; or logs one line and returns -errno, with *ret untouched. A token from the environment or from
     * the configuration file is given once; the second time, the answer is -EALREADY, without a line in the log.
     * NULL: there is no token. read_token waits for a token_command, which may take seconds; the loop must not wait,
     * and uses start_token if that is set. */
    int (*read_token)(void *data, char **ret);
    void *read_token_data;

    /* The same without waiting. These three are set only if the token comes from a command; NULL: read_token does not
     * wait.
     *
     * start_token() starts the command and stores a reading in *ret. It returns 0, or -errno like read_token.
     * ask_token() is called when the reading's fd is readable and when its deadline has come. It returns 1 while the
     * command is still running. Otherwise it frees the reading and returns what read_token returns.
     * drop_token() kills the command and frees the reading. */
    int (*start_token)(void *data, struct token_reading **ret);
    int (*ask_token)(struct token_reading *reading, char **ret);
    void (*drop_token)(struct token_reading *reading);
};

/* Fills *config with the defaults; uid and gid become those of this process. */
void config_init(struct config *config);

/* Frees the struct's strings and overrides, but not read_token_data, and sets the defaults again. */
void config_clear(struct config *config);

#endif
