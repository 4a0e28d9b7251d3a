/* SPDX-License-Identifier: MIT */
/* Random objects are laid out as jq lays them out. */
#include "json_documents.h"
#include "json/json.h"

#include <json-c/printbuf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Reads what jq makes of `input`; NULL when there is no jq. */
static char *ask_jq(const struct printbuf *input)
{
    const char *directory = getenv("TMPDIR");
    char path[500], command[540], *answer = NULL;
    size_t len = 0;
    FILE *jq;
    int fd;

    snprintf(path, sizeof(path), "%s/fuzz_json.XXXXXX", directory ? directory : "/tmp");
    fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, input->buf, (size_t)printbuf_length(input)), printbuf_length(input));
    close(fd);
    snprintf(command, sizeof(command), "jq . '%s' 2>/dev/null", path);
    jq = popen(command, "r");
    assert_non_null(jq);
    if (getdelim(&answer, &len, '\0', jq) < 0 || pclose(jq) != 0) {
        free(answer);
        answer = NULL;
    }
    unlink(path);
    return answer;
}

static void layout_is_jqs(void **state)
{
    struct printbuf *printed = printbuf_new();
    char *answer;

    (void)state;
    if (system("command -v jq >/dev/null 2>&1") != 0) {
        printbuf_free(printed);
        skip();
    }
    for_jq = true;
    choices_start(NULL, 0);
    printbuf_reset(doc);
    for (unsigned i = 0; i < 200; i++) {
        int at = printbuf_length(doc);

        put_container(doc, true, 0);
        struct json_slice object = {doc->buf + at, (size_t)(printbuf_length(doc) - at)};
        assert_int_equal(json_indent(object, 0, printed), 0);
        put(printed, "\n");
        put(doc, " ");
    }
    for_jq = false;
    answer = ask_jq(doc);
    assert_non_null(answer);
    assert_string_equal(printed->buf, answer);
    free(answer);
    printbuf_free(printed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(layout_is_jqs)};

    doc = printbuf_new();
    int failed = cmocka_run_group_tests_name("layout", tests, NULL, NULL);
    printbuf_free(doc);
    return failed;
}
