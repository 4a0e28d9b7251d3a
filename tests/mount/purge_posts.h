/* SPDX-License-Identifier: MIT */
/*
 * Helpers for the purge tests: check the names that were posted and the lines of purge.log, and make lists of names.
 *
 * Threads:   the test's only.
 * Ownership: as in harness.h, unless the function says otherwise.
 * Errors:    fail the test.
 */
#ifndef MELBICOMFS_TESTS_PURGE_POSTS_H
#define MELBICOMFS_TESTS_PURGE_POSTS_H

#include "harness.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PURGE     "services/10421/cdn/purge"
#define PURGE_LOG "services/10421/cdn/purge.log"
#define GOOD      "cdn.example.com" /* the simulator's service 10421 has it */

/* Makes the API answer success to a purge of any name from now on. */
static inline void take_any_name(struct simulator *sim)
{
    rule(sim, "{\"operation\":\"purge\",\"status\":200,\"body\":\"{\\\"status\\\":\\\"success\\\"}\"}");
}

/* The purge requests in the journal, as a JSON list; for json_object_put(). */
static inline struct json_object *posts(struct simulator *sim)
{
    struct json_object *list = json_tokener_parse(journal(sim, "purge"));

    assert_true(json_object_is_type(list, json_type_array));
    return list;
}

/* The name in post i of a list of posts(), in a static buffer. Asserts that the request is an authorized POST to
 * service 10421, and that its body holds the name and nothing else. */
static inline const char *posted_name(struct json_object *list, size_t i)
{
    struct json_object *entry = json_object_array_get_idx(list, i);
    const char *body = json_object_get_string(json_object_object_get(entry, "body"));
    struct json_object *request = json_tokener_parse(body), *name = json_object_object_get(request, "resource_name");
    static char text[8192];
    char *expected;

    assert_string_equal(json_object_get_string(json_object_object_get(entry, "method")), "POST");
    assert_string_equal(json_object_get_string(json_object_object_get(entry, "path")), "/api/services/10421/cdn/purge");
    assert_true(json_object_get_boolean(json_object_object_get(entry, "authorized")));
    assert_true(json_object_is_type(name, json_type_string));
    (void)snprintf(text, sizeof text, "%s", json_object_get_string(name));
    assert_true(asprintf(&expected, "{\"resource_name\":\"%s\"}", text) > 0);
    if (!strpbrk(text, "\"\\"))
        assert_string_equal(body, expected);
    free(expected);
    json_object_put(request);
    return text;
}

/* How often a name is in a list of posts(). */
static inline unsigned times_posted(struct json_object *list, const char *name)
{
    unsigned times = 0;
    for (size_t i = 0; i < json_object_array_length(list); i++)
        times += strcmp(posted_name(list, i), name) == 0;
    return times;
}

/* Asserts that these names were posted, once each, in any order, and no others. */
#define assert_posts(sim, ...) assert_posts_((sim), (const char *const[]){__VA_ARGS__, NULL})
static inline void assert_posts_(struct simulator *sim, const char *const *names)
{
    struct json_object *list = posts(sim);
    size_t n = 0;

    for (; names[n]; n++)
        if (times_posted(list, names[n]) != 1)
            fail_msg("'%s' was posted %u times: %s", names[n], times_posted(list, names[n]),
                     json_object_to_json_string(list));
    assert_int_equal(json_object_array_length(list), n);
    json_object_put(list);
}

/* The text of service 10421's purge.log. */
static inline char *purge_log(const struct mount *mount)
{
    return slurp(mount, PURGE_LOG, NULL);
}

/* How many lines of purge.log have the outcome `what` (NULL: any) and the name `name` (NULL: any). */
static inline unsigned logged(const struct mount *mount, const char *what, const char *name)
{
    unsigned n = 0;
    char *rest = strdup(purge_log(mount)), *text = rest, *line;

    assert_non_null(text);
    while ((line = strsep(&rest, "\n"))) {
        const char *time = strsep(&line, "\t"), *said = strsep(&line, "\t"), *of = strsep(&line, "\t");
        if (*time && *time != '#') {
            const char *status = strsep(&line, "\t"), *message = strsep(&line, "\t"), *ms = strsep(&line, "\t");
            assert_true(status && message && ms && !line);
            n += (!what || strcmp(what, said) == 0) && (!name || strcmp(name, of) == 0);
        }
    }
    free(text);
    return n;
}

/* Asserts that purge.log contains `text`. */
static inline void assert_logs(const struct mount *mount, const char *text)
{
    const char *log = purge_log(mount);
    if (!strstr(log, text))
        fail_msg("purge.log does not say '%s' but:\n%s", text, log);
}

/* Makes n different names of different lengths, one per line; for free(). *len is the length in bytes. */
static inline char *numbered_names(unsigned n, size_t *len)
{
    char *text = malloc((size_t)n * 48 + 1);

    assert_non_null(text);
    *len = 0;
    for (unsigned i = 0; i < n; i++)
        *len += (size_t)sprintf(text + *len, "n%u%.*s.example.com\n", i, (int)(i % 17), "-----------------");
    text[*len] = '\0';
    return text;
}

/*
 * Asserts that each name posted is a whole line of `text`, and that none was posted twice. A line that was not posted
 * must be in purge.log as refused if `refused` is true; otherwise each line must have been posted.
 */
static inline void assert_whole_names(const struct mount *mount, struct simulator *sim, const char *text, bool refused)
{
    struct json_object *list = posts(sim), *seen = json_object_new_object();
    size_t n = json_object_array_length(list);
    const char *log = purge_log(mount);
    char *copy = strdup(text), *rest = copy, *line, refusal[256];

    for (size_t i = 0; i < n; i++) {
        const char *name = posted_name(list, i);
        if (json_object_object_get_ex(seen, name, NULL))
            fail_msg("'%s' was posted twice", name);
        json_object_object_add(seen, name, NULL);
    }
    while ((line = strsep(&rest, "\n"))) {
        if (!*line)
            continue;
        (void)snprintf(refusal, sizeof refusal, "\tInvalid argument\t%s\t-\t", line);
        if (json_object_object_get_ex(seen, line, NULL))
            json_object_object_del(seen, line);
        else if (!refused || !strstr(log, refusal))
            fail_msg("'%s' was neither posted nor refused", line);
    }
    json_object_object_foreach(seen, stray, value)
    {
        (void)value;
        fail_msg("'%s' was posted, which is no whole name", stray);
    }
    json_object_put(seen);
    json_object_put(list);
    free(copy);
}

#endif
