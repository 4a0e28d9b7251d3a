/* SPDX-License-Identifier: MIT */
/*
 * api/pages: what an answer says about its pages, and where the next one is.
 */
#include "api/pages.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* What members say, as one line: "total 3, current 1, last 2, next URL, number 2, named, more". */
static char *said_by(const char *beside)
{
    struct pages pages = {0};
    size_t len = strlen(beside), size;
    char *copy = malloc(len), *text = NULL;
    FILE *out = open_memstream(&text, &size);

    memcpy(copy, beside, len);
    assert_int_equal(pages_read((struct json_slice){copy, len}, &pages), 0);
    free(copy);
    if (pages.has_total)
        fprintf(out, "total %lld,", (long long)pages.total);
    if (pages.current)
        fprintf(out, "current %lld,", (long long)pages.current);
    if (pages.last)
        fprintf(out, "last %lld,", (long long)pages.last);
    if (pages.next)
        fprintf(out, "next %s,", pages.next);
    if (pages.next_number)
        fprintf(out, "number %lld,", (long long)pages.next_number);
    fprintf(out, "%s%s", pages.next_named ? "named," : "", pages.more ? "more," : "");
    fclose(out);
    pages_free(&pages);
    assert_null(pages.next);
    return text;
}

static void check_said(const char *beside, const char *expected)
{
    char *said = said_by(beside);

    if (strcmp(said, expected) != 0)
        fail_msg("%s: \"%s\" instead of \"%s\"", beside, said, expected);
    free(said);
}

static void every_name_is_known(void **state)
{
    static const struct {
        const char *names[16];
        const char *value, *said;
    } GROUPS[] = {
        {{"total", "totalresults", "totalCount", "total_items", "totalRecords", "recsindb", "@odata.count",
          "recordsTotal", "num_total", "totalElements", "total-num", "TOTAL"},
         "7",
         "total 7,"},
        {{"currentPage", "current_page", "current-page", "page", "pageNumber", "page_number"}, "7", "current 7,"},
        {{"lastPage", "last_page", "totalPages", "total_pages", "pageCount", "num_pages", "pages"}, "7", "last 7,"},
        {{"next", "next_page_url", "nextUrl", "nextPage", "next_link", "@odata.nextLink"}, "\"/x\"", "next /x,named,"},
        {{"next", "next_page", "nextPage"}, "7", "number 7,named,"},
        {{"hasMore", "has_more", "more", "hasNext", "has_next_page", "nextCursor", "next_token", "next_offset",
          "more_records", "isTruncated", "nextPageToken"},
         "true",
         "more,"},
        {{"totals", "count", "per_page", "prev", "previous", "first", "currentPages", "a_name_that_is_long_total"},
         "7",
         ""},
    };
    char beside[200];

    (void)state;
    for (size_t g = 0; g < LENGTH(GROUPS); g++)
        for (const char *const *name = GROUPS[g].names; *name; name++) {
            snprintf(beside, sizeof beside, "{\"%s\":%s}", *name, GROUPS[g].value);
            check_said(beside, GROUPS[g].said);
        }
}

static void every_holder_is_looked_into(void **state)
{
    static const char *const HOLDERS[] = {"meta",      "links",    "_links",   "_meta",  "pagination", "paging",
                                          "paginator", "pageInfo", "metadata", "cursor", "page_info"};
    char beside[200];

    (void)state;
    for (size_t i = 0; i < LENGTH(HOLDERS); i++) {
        snprintf(beside, sizeof beside, "{\"%s\":{\"total\":7,\"next\":\"/x\"}}", HOLDERS[i]);
        check_said(beside, "total 7,next /x,named,");
    }
    check_said("{\"a\":{\"total\":7}}", "");
    check_said("{\"meta\":[{\"total\":7}]}", "");
    check_said("{\"meta\":{\"pagination\":{\"links\":{\"next\":\"/x\"}}}}", "next /x,named,");
    check_said("{\"meta\":{\"meta\":{\"meta\":{\"meta\":{\"total\":7}}}}}", "");
}

static void values_are_read_in_every_spelling(void **state)
{
    static const struct {
        const char *beside, *said;
    } CASES[] = {
        {"{}", ""},
        {"{\"total\":0}", "total 0,"},
        {"{\"total\":\"12\"}", "total 12,"},
        {"{\"total\":null}", ""},
        {"{\"total\":-1}", ""},
        {"{\"total\":\"12.00\"}", ""},
        {"{\"total\":1e3}", ""},
        {"{\"total\":\" 1\"}", ""},
        {"{\"total\":9223372036854775808}", ""},
        {"{\"total\":{\"total\":7}}", ""},
        {"{\"total\":3,\"meta\":{\"total\":4}}", "total 3,"},
        {"{\"current_page\":0,\"last_page\":\"0\"}", ""},
        {"{\"meta\":{\"current_page\":\"1\",\"last_page\":\"2\"}}", "current 1,last 2,"},
        {"{\"next\":null}", "named,"},
        {"{\"next\":false}", "named,"},
        {"{\"next\":\"\"}", "named,"},
        {"{\"next\":{\"href\":\"/x\"}}", "next /x,named,"},
        {"{\"next\":{\"url\":\"?a=1\"}}", "next ?a=1,named,"},
        {"{\"next\":{\"href\":null}}", "named,"},
        {"{\"next\":{}}", ""},
        {"{\"next\":[\"/x\"]}", ""},
        {"{\"next\":\"3\"}", "number 3,named,"},
        {"{\"next\":\"bmV4dA==\"}", "named,more,"},
        {"{\"next\":\"/a\",\"next_page_url\":\"/b\"}", "next /a,named,"},
        {"{\"next\":null,\"links\":{\"next\":\"/b\"}}", "next /b,named,"},
        {"{\"has_more\":false}", ""},
        {"{\"has_more\":\"0\"}", ""},
        {"{\"next_cursor\":\"\"}", ""},
        {"{\"next_cursor\":null}", ""},
        {"{\"next_cursor\":\"abc\"}", "more,"},
        {"{\"cursor\":{\"next\":\"abc\"}}", "named,more,"},
        {"{\"cursor\":\"abc\"}", ""},
        {"{\"links\":[{\"rel\":\"self\",\"href\":\"/a\"},{\"rel\":\"next\",\"href\":\"/b\"}]}", "next /b,named,"},
        {"{\"links\":[{\"rel\":\"prev\",\"href\":\"/a\"},7,null,{}]}", ""},
        {"{\"page\":{\"size\":20,\"totalElements\":45,\"totalPages\":3,\"number\":0}}", "total 45,last 3,"},
        {"{\"meta\":{\"page\":{\"current-page\":1,\"last-page\":2}}}", "current 1,last 2,"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(CASES); i++)
        check_said(CASES[i].beside, CASES[i].said);
}

static void the_next_page_is_resolved(void **state)
{
    static const char PAGE[] = "https://api.example/v1/invoices?page=1";
    static const struct {
        const char *base, *page, *next;
        int r;
        const char *path;
    } CASES[] = {
        {"https://api.example/v1", PAGE, "https://api.example/v1/invoices?page=2", 0, "/v1/invoices?page=2"},
        {"https://api.example/v1", PAGE, "/v1/invoices?page=2", 0, "/v1/invoices?page=2"},
        {"https://api.example/v1", PAGE, "/other", 0, "/other"},
        {"https://api.example/v1", PAGE, "?page=2", 0, "/v1/invoices?page=2"},
        {"https://api.example/v1", PAGE, "invoices?page=2", 0, "/v1/invoices?page=2"},
        {"https://api.example/v1", PAGE, "./invoices?page=2", 0, "/v1/invoices?page=2"},
        {"https://api.example/v1", PAGE, "../v2/x?a=b", 0, "/v2/x?a=b"},
        {"https://api.example/v1", PAGE, "/a?b=c#d", 0, "/a?b=c"},
        {"https://api.example/v1", PAGE, "/a?b=c d", 0, "/a?b=c+d"},
        {"https://api.example", "https://api.example/invoices", "?page=2", 0, "/invoices?page=2"},
        {"https://api.example", "https://api.example/invoices", "https://api.example?page=2", 0, "/?page=2"},
        {"https://api.example/v1", PAGE, "https://API.EXAMPLE/v1/x", 0, "/v1/x"},
        {"https://api.example/v1", PAGE, "HTTPS://api.example/v1/x", 0, "/v1/x"},
        {"https://api.example/v1", PAGE, "https://api.example:443/v1/x", 0, "/v1/x"},
        {"https://api.example:443/v1", PAGE, "https://api.example/v1/x", 0, "/v1/x"},
        {"http://127.0.0.1:80/v1", "http://127.0.0.1/v1/x", "//127.0.0.1/v1/y", 0, "/v1/y"},
        {"https://api.example/v1", PAGE, "https://api.example:8443/v1/x", -EXDEV, NULL},
        {"https://api.example/v1", PAGE, "http://api.example/v1/x", -EXDEV, NULL},
        {"https://api.example/v1", PAGE, "http://api.example:443/v1/x", -EXDEV, NULL},
        {"https://api.example/v1", PAGE, "https://elsewhere.example/v1/x", -EXDEV, NULL},
        {"https://api.example/v1", PAGE, "https://api.example.elsewhere/v1/x", -EXDEV, NULL},
        {"https://api.example/v1", PAGE, "//elsewhere.example/v1/x", -EXDEV, NULL},
        {"https://api.example/v1", PAGE, "https://user@api.example/v1/x", -EXDEV, NULL},
        {"https://api.example/v1", PAGE, "https://user:pw@api.example/v1/x", -EXDEV, NULL},
        {"https://api.example/v1", PAGE, "https://api.example@elsewhere.example/", -EXDEV, NULL},
        {"https://api.example/v1", PAGE, "https://api.example:99999/x", -EINVAL, NULL},
        {"https://api.example/v1", PAGE, "https://[::1/x", -EINVAL, NULL},
        {"https://api.example/v1", PAGE, "/a\r\nX: y", -EINVAL, NULL},
        {"not a url", PAGE, "/x", -EINVAL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(CASES); i++) {
        char *path = NULL;
        int r = pages_resolve(CASES[i].base, CASES[i].page, CASES[i].next, &path);
        if (r != CASES[i].r || (path && !CASES[i].path) ||
            (CASES[i].path && (!path || strcmp(path, CASES[i].path) != 0)))
            fail_msg("%s at %s: %d, %s", CASES[i].next, CASES[i].page, r, path ? path : "(none)");
        free(path);
    }
}

static void a_parameter_is_replaced_or_added(void **state)
{
    static const struct {
        const char *path;
        int64_t number;
        const char *made;
    } CASES[] = {
        {"/x", 2, "/x?page=2"},
        {"/x?a=1", 2, "/x?a=1&page=2"},
        {"/x?page=1", 2, "/x?page=2"},
        {"/x?page=", 2, "/x?page=2"},
        {"/x?page=1&a=1", 2, "/x?page=2&a=1"},
        {"/x?a=1&page=1&b=2", 10, "/x?a=1&page=10&b=2"},
        {"/x?homepage=1", 2, "/x?homepage=1&page=2"},
        {"/x?page_size=9", 2, "/x?page_size=9&page=2"},
        {"/page=1?a=page=1", 2, "/page=1?a=page=1&page=2"},
        {"/x?page", 2, "/x?page&page=2"},
        {"/x", INT64_MAX, "/x?page=9223372036854775807"},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(CASES); i++) {
        char *made = pages_numbered(CASES[i].path, "page", CASES[i].number);
        assert_non_null(made);
        if (strcmp(made, CASES[i].made) != 0)
            fail_msg("%s: %s", CASES[i].path, made);
        free(made);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_name_is_known),
        cmocka_unit_test(every_holder_is_looked_into),
        cmocka_unit_test(values_are_read_in_every_spelling),
        cmocka_unit_test(the_next_page_is_resolved),
        cmocka_unit_test(a_parameter_is_replaced_or_added),
    };

    return cmocka_run_group_tests_name("pages", tests, NULL, NULL);
}
