/* SPDX-License-Identifier: MIT */
/*
 * The doctor's report: findings, one line each, in the order in which they were made, and suggestions at the end.
 *
 *      ✓ token: from the environment variable MELBICOM_TOKEN
 *      ✗ balance: /billing/creditbalance answered 404; …
 *      ! clock: this machine's clock is 95 s behind the API's; …
 *
 * Because texts may come from the API, control characters and bytes that are not UTF-8 are printed as \xNN, and secrets
 * that log_hide() knows are printed as [hidden].
 *
 * Threads:   one thread at a time.
 * Ownership: report_new() creates, report_free() frees. Strings are copied. The details of a finding belong to the
 *            report.
 * Errors:    none are returned. When memory runs out, the program ends with a message on stderr and EXIT_UNREACHABLE;
 *            nothing is mounted, so nothing can be lost.
 */
#ifndef MELBICOMFS_COMMAND_REPORT_H
#define MELBICOMFS_COMMAND_REPORT_H

#include <stdio.h>

struct json_object;
struct report;

enum report_format {
    REPORT_LINES,   /* each finding is a line, printed at once; the suggestions follow at the end */
    REPORT_JSON,    /* everything is one JSON object, printed at the end */
    REPORT_FAILURES /* each failed finding is a line on stderr; nothing else is printed */
};

enum report_mark { REPORT_GOOD, REPORT_WARNING, REPORT_BAD };

/* Makes a report that is printed on `out`, which is borrowed until report_free(). report_free(NULL) is fine. */
struct report *report_new(enum report_format format, FILE *out);
void report_free(struct report *report);

/*
 * Adds a finding. `check` names what was checked, such as "token". `status` is the exit status that the program shall
 * have because of a REPORT_BAD finding; 0 for any other. `advice` is what to do, or NULL. `format` is printf's.
 *
 * Returns the finding as a JSON object, to which the caller may add details for --json. Borrowed until report_free().
 */
struct json_object *report_add(struct report *report, const char *check, enum report_mark mark, int status,
                               const char *advice, const char *format, ...) __attribute__((format(printf, 6, 7)));

/* Shorthands for report_add(): a finding that is good, a warning, and one that has failed. */
#define report_good(report, check, ...)         report_add(report, check, REPORT_GOOD, 0, NULL, __VA_ARGS__)
#define report_warn(report, check, advice, ...) report_add(report, check, REPORT_WARNING, 0, advice, __VA_ARGS__)
#define report_bad(report, check, status, advice, ...)                                                                 \
    report_add(report, check, REPORT_BAD, status, advice, __VA_ARGS__)

/* Suggests a line for the section [endpoints]: report_suggest(report, "balance", "path", "/billing/credit") suggests
 * `balance.path = /billing/credit`. A value that cannot be printed as it is (see above) is not suggested. */
void report_suggest(struct report *report, const char *operation, const char *key, const char *value);

/* Ends the report: prints what its format prints at the end. `url` is the API's base URL; `path` is the configuration
 * file into which the suggestions belong, or NULL. Returns the exit status: 0, or the highest status of a finding. */
int report_end(struct report *report, const char *url, const char *path);

/* Returns `p`, or ends the program with a message if `p` is NULL because memory has run out. */
void *report_owned(void *p);

/* Returns a copy of a text (`len` bytes) in the form in which it may be printed (see above). Malloc'd, never NULL. */
char *report_printable(const char *text, size_t len);

/* Returns a formatted text, as asprintf() does. Malloc'd, never NULL. */
char *report_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
