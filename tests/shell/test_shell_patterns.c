/* SPDX-License-Identifier: MIT */
/* Patterns: an operand in quotes becomes the paths that a shell in the mount makes of it without them. */
#include "door.h"

#include <stdlib.h>

static struct fixture f;

static int start(void **state)
{
    (void)state;
    return door_start(&f);
}

static int stop(void **state)
{
    (void)state;
    return fixture_stop(&f);
}

/* Compares what is listed. A pattern that matches nothing stays as it is, and is then a path that does not exist. */
static void compare(const char *pattern)
{
    char own[1000], quoted[600];
    size_t n = 0;
    /* What the shell would take for something else, but not what makes a pattern. */
    for (const char *c = pattern; *c; c++) {
        if (strchr(" '\"$&();<>|`#~", *c))
            quoted[n++] = '\\';
        quoted[n++] = *c;
    }
    quoted[n] = '\0';
    char *found = run(&f.mount, "LC_ALL=C ls %s 2>/dev/null", quoted).out;
    (void)snprintf(own, sizeof own, "%s", found);
    struct ran ran = run(&f.mount, SHELL "--ls '%s' 2>/dev/null", pattern);
    if (strcmp(ran.out, found) != 0)
        fail_msg("ls %s prints\n%.1500s\n--ls prints\n%.1500s", pattern, found, ran.out);
}

static void test_what_a_shell_makes_of_them(void **state)
{
    static const char *const patterns[] = {
        "*",
        "*/",
        "?*",
        "*/*",
        "*/*/*",
        "*.json",
        "README*",
        "README*/",
        "README/*",
        "*E/*",
        "nope*",
        "nope/*",
        "?",
        ".*/x",
        "services/*",
        "services/1042?",
        "services/1042?/",
        "services/[0-9]*[13579]",
        "services/[!1]*",
        "services/*[!1]",
        "services/[[:digit:]]*",
        "services/[1",
        "services/1042[1",
        "services/1042[]1]",
        "services/1042[1-",
        "services/1042[3-1]",
        "services/1042[1-3]",
        "services/\\1042*",
        "services/1042\\*",
        "services/*/nope",
        "services/*/info.json",
        "services/*/info.json/",
        "services/*/cdn",
        "services/*/cdn/*",
        "services/*/../1042*",
        "services/10421/../*/info.json",
        "./services/./1042*",
        "billing/*/9000?.json",
        "billing/invoices/*[!n]",
        "billing/inv*/900[012]*.*",
        "b*/b*",
        "by/*",
        "by/*/*",
        "by/*/[A-Z]*",
        "by/[[:upper:]]*",
        "by/invoice-year/20[12]*",
        "by/invoice-year/*/9001*.json",
        "by/service-status/*/10421",
        "by/service-status/*/10421/info.json",
        "by/service-name/*example*",
        "by/service-name/*/info.json",
        "by/service-product/*",
        "by/product-group/*er*",
        "by/product-group/*er*/*",
        "all/*.csv",
        "all/[a-m]*",
        "all/**.csv",
        "domains/pricing/*/*/*/1",
        "domains/*/com/*",
        "*/*/*/*/*",
    };
    (void)state;
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++)
        compare(patterns[i]);
}

/* Makes a pattern of a path: some of its bytes become ? or *, or a set. */
static void make_pattern(const char *path, char *ret)
{
    bool shortens = rand() % 4 == 0;
    for (; *path; path++) {
        int how = *path == '/' || (unsigned char)*path >= 0x80 ? 9 : rand() % (shortens ? 4 : 9);
        if (how == 0) {
            *ret++ = '?';
        } else if (how == 1) {
            *ret++ = '*';
            path += strcspn(path, "/") > 3 ? rand() % 3 : 0;
        } else if (how == 2) {
            ret += sprintf(ret, rand() % 3 ? "[%c-%c]" : "[!%c%c]", *path, *path + (*path < 'y' ? rand() % 3 : 0));
        } else {
            *ret++ = *path;
        }
    }
    *ret = '\0';
}

static void test_random_patterns(void **state)
{
    (void)state;
    char *paths[4000], pattern[2000];
    size_t n = 0;
    char *found =
        strdup(run_ok(&f.mount, "find services/1042[12] billing by domains/pricing/com all | LC_ALL=C sort").out);
    for (char *save = NULL, *path = strtok_r(found, "\n", &save); path && n < 4000; path = strtok_r(NULL, "\n", &save))
        if (strlen(path) < 80)
            paths[n++] = path;
    assert_true(n > 100);
    srand(1);
    for (unsigned i = 0; i < 200; i++) {
        make_pattern(paths[(size_t)rand() % n], pattern);
        compare(pattern);
    }
    free(found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_what_a_shell_makes_of_them),
                                       cmocka_unit_test(test_random_patterns)};
    harness_begin();
    return cmocka_run_group_tests_name("patterns", tests, start, stop);
}
