/* SPDX-License-Identifier: MIT */
/*
 * api/outcome: what an answer says of itself.
 */
#include "api/outcome.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#define UNSAID  OUTCOME_UNSAID
#define SUCCESS OUTCOME_SUCCESS
#define FAILURE OUTCOME_FAILURE

struct row {
    const char *answer;
    enum outcome outcome;
    int status;
};

/* A slice in a heap block of exactly its size. */
static struct json_slice exact(const char *text)
{
    size_t len = strlen(text);
    char *copy = malloc(len ? len : 1);

    assert_non_null(copy);
    memcpy(copy, text, len);
    return (struct json_slice){copy, len};
}

static void check_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct json_slice answer = exact(rows[i].answer);
        int status = -1;
        enum outcome outcome = outcome_of(answer, &status);
        if (outcome != rows[i].outcome || status != rows[i].status)
            fail_msg("%s: outcome %d, status %d", rows[i].answer, (int)outcome, status);
        assert_int_equal(outcome_of(answer, NULL), outcome);
        free((char *)(uintptr_t)answer.at);
    }
}

static void every_word_counts(void **state)
{
    static const struct row ROWS[] = {
        {"{\"status\":\"success\"}", SUCCESS, 0},
        {"{\"status\":\"ok\"}", SUCCESS, 0},
        {"{\"status\":\"queued\"}", SUCCESS, 0},
        {"{\"status\":\"Accepted\"}", SUCCESS, 0},
        {"{\"result\":\"SUCCESS\"}", SUCCESS, 0},
        {"{\"result\":true}", SUCCESS, 0},
        {"{\"result\":1}", SUCCESS, 0},
        {"{\"state\":\"ok\"}", SUCCESS, 0},
        {"{\"STATUS\":200}", SUCCESS, 0},
        {"{\"status\":\"299\"}", SUCCESS, 0},
        {"{\"st\\u0061tus\":\"o\\u006b\"}", SUCCESS, 0},
        {"{\"status\":\"error\"}", FAILURE, 0},
        {"{\"status\":\"Errors\"}", FAILURE, 0},
        {"{\"status\":\"fail\"}", FAILURE, 0},
        {"{\"status\":\"failed\"}", FAILURE, 0},
        {"{\"result\":\"FAILURE\"}", FAILURE, 0},
        {"{\"status\":\"denied\"}", FAILURE, 0},
        {"{\"status\":\"rejected\"}", FAILURE, 0},
        {"{\"status\":\"invalid_token\"}", FAILURE, 0},
        {"{\"status\":\"unauthorized\"}", FAILURE, 0},
        {"{\"status\":\"forbidden\"}", FAILURE, 0},
        {"{\"status\":\"exception\"}", FAILURE, 0},
        {"{\"status\":false}", FAILURE, 0},
        {"{\"status\":400}", FAILURE, 400},
        {"{\"status\":\"599\"}", FAILURE, 599},
        {"{\"status\":399}", UNSAID, 0},
        {"{\"status\":600}", UNSAID, 0},
        {"{\"status\":\"Active\"}", UNSAID, 0},
        {"{\"status\":\"okay\"}", UNSAID, 0},
        {"{\"status\":4000}", UNSAID, 0},
        {"{\"status\":404.0}", UNSAID, 0},
        {"{\"status\":null}", UNSAID, 0},
        {"{\"status\":{\"status\":\"error\"}}", UNSAID, 0},
        {"{\"status\":[]}", UNSAID, 0},
        {"{\"message\":\"error\"}", UNSAID, 0},
        {"{\"statuses\":\"error\"}", UNSAID, 0},
        {"{}", UNSAID, 0},
    };

    (void)state;
    check_rows(ROWS, LENGTH(ROWS));
}

static void flags_and_codes_count(void **state)
{
    static const struct row ROWS[] = {
        {"{\"success\":true}", SUCCESS, 0},
        {"{\"ok\":1}", SUCCESS, 0},
        {"{\"Success\":\"yes\"}", SUCCESS, 0},
        {"{\"ok\":\"ok\"}", SUCCESS, 0},
        {"{\"success\":\"success\"}", SUCCESS, 0},
        {"{\"success\":false}", FAILURE, 0},
        {"{\"success\":\"False\"}", FAILURE, 0},
        {"{\"ok\":0}", FAILURE, 0},
        {"{\"ok\":\"no\"}", FAILURE, 0},
        {"{\"success\":\"\"}", FAILURE, 0},
        {"{\"success\":null}", UNSAID, 0},
        {"{\"success\":7}", UNSAID, 0},
        {"{\"success\":{}}", UNSAID, 0},
        {"{\"code\":200}", UNSAID, 0},
        {"{\"code\":\"E404\"}", UNSAID, 0},
        {"{\"code\":404}", FAILURE, 404},
        {"{\"statusCode\":\"403\"}", FAILURE, 403},
        {"{\"status_code\":429}", FAILURE, 429},
        {"{\"http_code\":500}", FAILURE, 500},
        {"{\"httpcode\":503}", FAILURE, 503},
    };

    (void)state;
    check_rows(ROWS, LENGTH(ROWS));
}

static void an_error_that_is_not_empty_is_a_failure(void **state)
{
    static const struct row ROWS[] = {
        {"{\"error\":null}", UNSAID, 0},
        {"{\"error\":false}", UNSAID, 0},
        {"{\"error\":0}", UNSAID, 0},
        {"{\"error\":\"\"}", UNSAID, 0},
        {"{\"error\":\"None\"}", UNSAID, 0},
        {"{\"error\":\"no\"}", UNSAID, 0},
        {"{\"error\":{ }}", UNSAID, 0},
        {"{\"errors\":[ ]}", UNSAID, 0},
        {"{\"error\":true}", FAILURE, 0},
        {"{\"error\":1}", FAILURE, 0},
        {"{\"error\":\"text\"}", FAILURE, 0},
        {"{\"errors\":[\"text\"]}", FAILURE, 0},
        {"{\"errors\":{\"name\":[\"is required\"]}}", FAILURE, 0},
        {"{\"error\":{\"code\":404}}", FAILURE, 404},
        {"{\"error\":{\"status\":\"403\",\"code\":\"E1\"}}", FAILURE, 403},
        {"{\"error\":{\"code\":-32601}}", FAILURE, 0},
        {"{\"error\":{\"code\":null}}", FAILURE, 0},
        {"{\"error\":{\"code\":{}}}", FAILURE, 0},
        {"{\"error\":{\"statusCode\":404,\"name\":\"Error\"}}", FAILURE, 404},
        {"{\"error\":{\"status_code\":422}}", FAILURE, 422},
        {"{\"errors\":[{\"status\":\"404\",\"title\":\"Not Found\"},{\"status\":\"500\"}]}", FAILURE, 404},
        {"{\"errors\":[[{\"status\":\"404\"}]]}", FAILURE, 0},
    };

    (void)state;
    check_rows(ROWS, LENGTH(ROWS));
}

/* Of what says both, the failure counts. */
static void a_failure_outweighs_a_success(void **state)
{
    static const struct row ROWS[] = {
        {"{\"status\":\"success\",\"errors\":[\"x\"]}", FAILURE, 0},
        {"{\"success\":false,\"status\":\"ok\"}", FAILURE, 0},
        {"{\"success\":true,\"code\":404}", FAILURE, 404},
        {"{\"code\":404,\"success\":true,\"result\":\"ok\"}", FAILURE, 404},
        {"{\"status\":\"error\",\"code\":401}", FAILURE, 401},
        {"{\"status\":200,\"error\":{\"code\":403}}", FAILURE, 403},
        {"{\"status\":\"ok\",\"error\":null,\"code\":200}", SUCCESS, 0},
    };

    (void)state;
    check_rows(ROWS, LENGTH(ROWS));
}

static void a_bare_word_counts(void **state)
{
    static const struct row ROWS[] = {
        {"\"OK\"", SUCCESS, 0},
        {"true", SUCCESS, 0},
        {"1", SUCCESS, 0},
        {"200", SUCCESS, 0},
        {"\"error: x\"", FAILURE, 0},
        {"false", FAILURE, 0},
        {"404", FAILURE, 404},
        {"\"done\"", UNSAID, 0},
        {"null", UNSAID, 0},
        {"7", UNSAID, 0},
        {"[\"error\"]", UNSAID, 0},
        {"\"", UNSAID, 0},
        {"", UNSAID, 0},
        {"{", UNSAID, 0},
        {"{\"a\"", UNSAID, 0},
    };

    (void)state;
    check_rows(ROWS, LENGTH(ROWS));
}

static void only_words_are_known(void **state)
{
    static const struct {
        const char *answer;
        bool only;
    } CASES[] = {
        {"{\"message\":\"x\"}", true},
        {"{\"MESSAGE\":\"x\",\"code\":7}", true},
        {"{\"detail\":\"x\",\"timestamp\":1,\"path\":\"/a\",\"requestId\":\"r\"}", true},
        {"{\"status\":\"ok\",\"message\":\"x\"}", true},
        {"{\"message\":\"\"}", false},
        {"{\"message\":7}", false},
        {"{\"message\":null}", false},
        {"{\"status\":\"x\"}", false},
        {"{\"message\":\"x\",\"data\":null}", false},
        {"{\"message\":\"x\",\"amount\":7}", false},
        {"{}", false},
        {"[\"message\"]", false},
        {"\"message\"", false},
        {"null", false},
        {"", false},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(CASES); i++) {
        struct json_slice answer = exact(CASES[i].answer);
        if (outcome_is_only_words(answer) != CASES[i].only)
            fail_msg("%s: %s", CASES[i].answer, CASES[i].only ? "more than words" : "only words");
        free((char *)(uintptr_t)answer.at);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_word_counts),
        cmocka_unit_test(flags_and_codes_count),
        cmocka_unit_test(an_error_that_is_not_empty_is_a_failure),
        cmocka_unit_test(a_failure_outweighs_a_success),
        cmocka_unit_test(a_bare_word_counts),
        cmocka_unit_test(only_words_are_known),
    };

    return cmocka_run_group_tests_name("outcome", tests, NULL, NULL);
}
