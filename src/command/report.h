/* SPDX-License-Identifier: MIT */
/*
 * The doctor's report: findings, one line each, in the order in which they were made, and suggestions at the end.
 *
 *      ✓ token: from the environment variable MELBICOM_TOKEN
 *      ✗ balance: /billing/creditbalance answered 404; …
 *      ! clock: this machine's clock is 95 s behind the API's; …
 *
 * Texts may come from the API: control bytes and bytes that are not UTF-8 are written as \xNN, and secrets that
 * log_hide() knows as [hidden].
 *
 * Threads:   one thread at a time.
 * Ownership: report_new() creates, report_free() frees. Strings are copied. The details of a finding belong to the
 *            report.
 * Errors:    none are returned. When memory runs out, the program ends with a message and EXIT_UNREACHABLE: nothing is
 *            mounted, so nothing can be lost.
 */
#ifndef MELBICOMFS_COMMAND_REPORT_H
#define MELBICOMFS_COMMAND_REPORT_H

#include <stdio.h>

struct json_object;
struct report;

enum report_format {
    REPORT_LINES,   /* a line for each finding, at once; the suggestions at the end */
    REPORT_JSON,    /* one JSON object, at the end */
    REPORT_FAILURES /* only what has failed, a line each on stderr */
};

enum report_mark { REPORT_GOOD, REPORT_WARNING, REPORT_BAD };

struct report *report_new(enum report_format format, FILE *out);
/* report_free(NULL) is fine. */
void report_free(struct report *report);

/*
 * Adds a finding. `check` names what was looked at. `status` is the exit status that a REPORT_BAD finding stands for; 0
 * otherwise. `advice` is what to do, or NULL. `format` is printf's.
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

/* Adds a line for the section [endpoints], such as report_suggest(report, "balance", "path", "/billing/credit"). */
void report_suggest(struct report *report, const char *operation, const char *key, const char *value);

/* Ends the report: prints the suggestions, or the JSON object. `url` is the API's base URL, `path` the configuration
 * file's, for which the suggestions are; or NULL. Returns the exit status: 0, or the highest of the findings'. */
int report_end(struct report *report, const char *url, const char *path);

/* Returns `p`, or ends the program with a message if `p` is NULL because memory has run out. */
void *report_owned(void *p);

/* Returns a text as it may be printed: see above. Malloc'd, never NULL. `len` is in bytes. */
char *report_printable(const char *text, size_t len);

/* Like asprintf(), never NULL. */
char *report_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
