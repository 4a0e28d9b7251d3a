/* SPDX-License-Identifier: MIT */
/* What the program says, and how it ends, when it is called wrongly or cannot mount; and what it prints when asked. */
#include "command_fixture.h"

#include <json-c/json.h>

/* Runs it with a good token. */
#define PROGRAM(...) program(&place, &sim, HARNESS_TOKEN, __VA_ARGS__)

static void make_file(const char *name, const char *text, mode_t mode)
{
    char path[400];

    (void)snprintf(path, sizeof path, "%s/%s", place.dir, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
}

static void a_wrong_token_is_77_and_is_not_shown(void **state)
{
    (void)state;
    struct ran ran = program(&place, &sim, "wrong-secret-987", "$URL $MNT");
    assert_fails(&place, &ran, 77, "token");
    assert_null(strstr(ran.err, "wrong-secret-987"));
    ran = program(&place, &sim, "bad secret 987", "$URL $MNT");
    assert_fails(&place, &ran, 77, "token");
    assert_null(strstr(ran.err, "secret 987"));
}

static void no_token_is_77_and_says_how_to_give_one(void **state)
{
    (void)state;
    struct ran ran = program(&place, &sim, NULL, "$URL $MNT");
    assert_fails(&place, &ran, 77, "MELBICOM_TOKEN");
    ran = program(&place, &sim, "", "$URL $MNT");
    assert_fails(&place, &ran, 77, "MELBICOM_TOKEN");
}

static void a_token_on_the_command_line_is_refused(void **state)
{
    (void)state;
    struct ran ran = program(&place, &sim, NULL, "$URL $MNT -o token=wrong-secret-987");
    assert_fails(&place, &ran, 1, "token_file");
    assert_null(strstr(ran.err, "wrong-secret-987"));
}

static void a_token_file_that_others_can_read_is_refused(void **state)
{
    static const mode_t modes[] = {0644, 0640, 0604};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        make_file("token", HARNESS_TOKEN "\n", modes[i]);
        struct ran ran = program(&place, &sim, NULL, "$URL $MNT -o token_file=token");
        assert_fails(&place, &ran, 77, "chmod 600");
        assert_null(strstr(ran.err, HARNESS_TOKEN));
    }
    struct ran ran = program(&place, &sim, NULL, "$URL $MNT -o token_file=absent");
    assert_fails(&place, &ran, 77, "absent");
    /* And one that others cannot read is taken; its path is the caller's, not the daemon's. */
    make_file("token", HARNESS_TOKEN "\n", 0600);
    ran = program(&place, &sim, NULL, "$URL mnt -o token_file=token");
    assert_int_equal(ran.status, 0);
    assert_true(is_mount(place.mnt));
}

static void an_unreachable_host_is_69(void **state)
{
    (void)state;
    struct ran ran = PROGRAM("http://127.0.0.1:1/api $MNT -o connect_timeout=2");
    assert_fails(&place, &ran, 69, "127.0.0.1:1");
    ran = PROGRAM("https://nonexistent.invalid/api $MNT -o connect_timeout=2,timeout=2");
    assert_fails(&place, &ran, 69, "nonexistent.invalid");
}

static void an_api_in_trouble_is_69(void **state)
{
    (void)state;
    rule(&sim, "{\"status\":500}");
    struct ran ran = PROGRAM("$URL $MNT");
    assert_fails(&place, &ran, 69, "500");
    rules_clear(&sim);
    rule(&sim, "{\"stall\":true}");
    ran = PROGRAM("$URL $MNT -o timeout=0.5");
    assert_fails(&place, &ran, 69, "no answer for 0.500 s");
    rules_clear(&sim);
    rule(&sim, "{\"status\":403}");
    ran = PROGRAM("$URL $MNT");
    assert_fails(&place, &ran, 77, "token");
}

static void what_is_no_api_is_69(void **state)
{
    static const struct {
        const char *rule, *says;
    } rows[] = {
        {"{\"garbage\":true}", "not JSON"},
        {"{\"status\":200,\"body\":\"<html><body>Welcome</body></html>\"}", "not JSON"},
        {"{\"status\":200,\"body\":\"\"}", "not JSON"},
        {"{\"redirect\":\"http://127.0.0.1:1/\"}", "redirect"},
        {"{\"status\":404}", "404"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        rules_clear(&sim);
        rule(&sim, "%s", rows[i].rule);
        struct ran ran = PROGRAM("$URL $MNT");
        assert_fails(&place, &ran, 69, rows[i].says);
    }
    rules_clear(&sim);
    struct ran ran = PROGRAM("${URL%%/api}/elsewhere $MNT");
    assert_fails(&place, &ran, 69, "404");
}

/* What a request is answered before the mount, and what the program makes of it. */
struct answer_row {
    int status;
    const char *type, *location; /* headers, or NULL */
    const char *body;
    int exit;
    const char *says[2]; /* stderr holds both */
    const char * not ;   /* and not this, in any case */
};

static const struct answer_row answers[] = {
    {403,
     NULL,
     NULL,
     "{\"result\":\"error\",\"message\":\"Invalid IP 203.0.113.9\"}",
     77,
     {"HTTP 403: Invalid IP 203.0.113.9", "from which addresses"},
     "web page"},
    {403,
     "text/html",
     NULL,
     "<html><title>Just a moment...</title>",
     69,
     {"a web page, \"Just a moment...\"", "in front of the API"},
     "token"},
    {302, NULL, "/login", "", 77, {"/login;", "check the token"}, "redirects are"},
    {500,
     NULL,
     NULL,
     "{\"message\":\"Route [login] not defined.\"}",
     69,
     {"Route [login] not defined.", "try again later"},
     "cannot reach"},
    /* Others of their kind. */
    {401,
     NULL,
     NULL,
     "{\"message\":\"Unauthenticated.\"}",
     77,
     {"HTTP 401: Unauthenticated.", "check the token"},
     "delay_connect"},
    {401, NULL, NULL, "<html>", 69, {"HTTP 401: a web page", "in front of the API"}, "token"},
    {403, NULL, NULL, "", 77, {"HTTP 403 without a message", "token"}, "web page"},
    {403,
     NULL,
     NULL,
     "{\"message\":\"" HARNESS_TOKEN " is blocked\"}",
     77,
     {"[hidden] is blocked", "token"},
     HARNESS_TOKEN},
    {503, NULL, NULL, "<h1>Down for maintenance</h1>", 69, {"HTTP 503: a web page", "delay_connect"}, "token"},
    {503, NULL, NULL, "", 69, {"HTTP 503 without a message", "try again later"}, "web page"},
    {502, NULL, NULL, "upstream is gone", 69, {"HTTP 502: \"upstream is gone\"", "try again later"}, "web page"},
    {429,
     NULL,
     NULL,
     "\xef\xbb\xbf{\"message\":\"Too Many Attempts.\"}",
     69,
     {"HTTP 429: Too Many Attempts.", "try again later"},
     "token"},
    {304, NULL, NULL, "", 69, {"304 (not modified)", "cache"}, "redirect"},
    {302, NULL, "http://127.0.0.1:1/", "", 69, {"a redirect to http://127.0.0.1:1/", "set url="}, "token"},
    {301, NULL, NULL, "", 69, {"a redirect without a target", "set url="}, "token"},
    {200,
     NULL,
     NULL,
     "<html><title>Welcome</title></html>",
     69,
     {"not JSON but a web page, \"Welcome\"", "check the URL"},
     "token"},
    {200,
     NULL,
     NULL,
     "PHP Notice: Undefined index\n{}",
     69,
     {"not JSON but \"PHP Notice: Undefined index {}\"", "check the URL"},
     "token"},
    {200, NULL, NULL, "", 69, {"not JSON but empty", "check the URL"}, "token"},
    {404, NULL, NULL, "{\"error\":\"No route\"}", 69, {"HTTP 404: No route", "check the URL"}, "token"},
    {400, NULL, NULL, "{\"error\":\"No such version\"}", 69, {"HTTP 400: No such version", "check the URL"}, "token"},
};

/* Lets the simulator give the answer to every request. */
static void answer_with(const struct answer_row *row)
{
    struct json_object *spec = json_object_new_object(), *headers = json_object_new_object();

    json_object_object_add(spec, "status", json_object_new_int(row->status));
    json_object_object_add(spec, "body", json_object_new_string(row->body));
    if (row->type)
        json_object_object_add(headers, "Content-Type", json_object_new_string(row->type));
    if (row->location)
        json_object_object_add(headers, "Location", json_object_new_string(row->location));
    json_object_object_add(spec, "headers", headers);
    rules_clear(&sim);
    rule(&sim, "%s", json_object_to_json_string(spec));
    json_object_put(spec);
}

static void a_failed_check_is_told_in_the_words_of_the_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        answer_with(&answers[i]);
        struct ran ran = PROGRAM("$URL $MNT");
        assert_fails(&place, &ran, answers[i].exit, answers[i].says[0]);
        assert_fails(&place, &ran, answers[i].exit, answers[i].says[1]);
        if (strcasestr(ran.err, answers[i].not ))
            fail_msg("%d %s: stderr says '%s':\n%s", answers[i].status, answers[i].body, answers[i].not, ran.err);
    }
}

/* A redirect to the same path elsewhere tells which url= to set. */
static void a_redirect_tells_the_url_to_set(void **state)
{
    char says[64];

    (void)state;
    rule(&sim, "{\"status\":301,\"redirect\":\"https://127.0.0.1:%u/api/utility/version\"}", sim.port);
    (void)snprintf(says, sizeof says, "set url=https://127.0.0.1:%u/api\n", sim.port);
    struct ran ran = PROGRAM("$URL $MNT");
    assert_fails(&place, &ran, 69, says);
}

/* What concerns only the path of the version is no hindrance if the services are there. */
static void a_version_that_is_refused_is_no_hindrance(void **state)
{
    (void)state;
    rule(&sim, "{\"operation\":\"version\",\"status\":400}");
    rule(&sim, "{\"operation\":\"unknown\",\"status\":405}");
    assert_int_equal(PROGRAM("$URL $MNT").status, 0);
    assert_true(is_mount(place.mnt));
}

/* A byte order mark before JSON, and a list that is null. */
static void json_of_any_kind_is_the_api(void **state)
{
    static const char *const bodies[] = {"\xef\xbb\xbf{\"version\":\"1.2.6\"}", "null"};

    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        answer_with(&(struct answer_row){.status = 200, .body = bodies[i]});
        assert_int_equal(PROGRAM("$URL $MNT").status, 0);
        place_remove(&place);
        place_make(&place);
    }
}

/* The path of the version is a guess: what answers there need not be the API for the rest to be. */
static void a_version_that_cannot_be_had_is_no_hindrance(void **state)
{
    static const char *const rules[] = {"\"status\":404", "\"garbage\":true"};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        rules_clear(&sim);
        rule(&sim, "{\"operation\":\"version\",%s}", rules[i]);
        rule(&sim, "{\"operation\":\"unknown\",%s}", rules[i]);
        assert_int_equal(PROGRAM("$URL $MNT").status, 0);
        assert_true(is_mount(place.mnt));
        place_remove(&place);
        place_make(&place);
    }
}

static void delay_connect_asks_nothing(void **state)
{
    (void)state;
    journal_clear(&sim);
    assert_int_equal(PROGRAM("$URL $MNT -o delay_connect").status, 0);
    assert_int_equal(asked(&sim, NULL), 0);
    assert_true(is_mount(place.mnt));
}

static void plain_http_goes_to_loopback_only(void **state)
{
    (void)state;
    struct ran ran = PROGRAM("http://api.example.com/api $MNT");
    assert_fails(&place, &ran, 1, "https");
    ran = PROGRAM("-o url=http://192.0.2.1/api $MNT");
    assert_fails(&place, &ran, 1, "https");
    setenv("MELBICOM_URL", "http://api.example.com/api", 1);
    ran = PROGRAM("$MNT");
    unsetenv("MELBICOM_URL");
    assert_fails(&place, &ran, 78, "https");
}

static void wrong_usage_is_1(void **state)
{
    static const struct {
        const char *arguments, *says;
    } rows[] = {
        {"", "mount point"},
        {"$URL", "mount point"},
        {"$URL $MNT extra", "extra"},
        {"-x $URL $MNT", "-x"},
        {"--frobnicate $URL $MNT", "--frobnicate"},
        {"$URL $MNT -o", "-o"},
        {"$URL $MNT -o ttl=soon", "ttl"},
        {"$URL $MNT -o ttl", "ttl"},
        {"$URL $MNT -o umask=999", "umask"},
        {"$URL $MNT -o max_connections=0", "max_connections"},
        {"ftp://127.0.0.1/api $MNT", "http"},
        {"https:///host/api $MNT", "names no host"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ran ran = PROGRAM("%s", rows[i].arguments);
        assert_fails(&place, &ran, 1, rows[i].says);
    }
}

static void an_unknown_mount_option_is_refused(void **state)
{
    (void)state;
    struct ran ran = PROGRAM("$URL $MNT -o frobnicate");
    assert_fails(&place, &ran, 1, "frobnicate");
    /* However long the list is, its last one counts. */
    ran = PROGRAM("$URL $MNT -o $(yes nosuid | head -n 600 | tr '\\n' ,)frobnicate");
    assert_fails(&place, &ran, 1, "frobnicate");
    ran = PROGRAM("$URL $MNT -o $(yes nosuid | head -n 600 | tr '\\n' ,)nodev");
    assert_int_equal(ran.status, 0);
    assert_true(is_mount(place.mnt));
}

static void a_profile_that_is_not_there_is_78(void **state)
{
    (void)state;
    struct ran ran = PROGRAM("nobody $MNT");
    assert_fails(&place, &ran, 78, "nobody");
    ran = PROGRAM("$MNT -o config=absent");
    assert_fails(&place, &ran, 78, "absent");
}

static void a_mount_point_that_is_none_is_32(void **state)
{
    (void)state;
    journal_clear(&sim);
    make_file("file", "x", 0600);
    struct ran ran = PROGRAM("$URL file");
    assert_fails(&place, &ran, 32, "not a directory");
    ran = PROGRAM("$URL missing/deeper/");
    assert_fails(&place, &ran, 32, "/missing/deeper: cannot mount there: the directory does not exist");
    make_file("mnt/file", "x", 0600);
    ran = PROGRAM("$URL mnt");
    assert_fails(&place, &ran, 32, "not empty");
    /* That is said before the API is asked, and before the token is read. */
    assert_int_equal(asked(&sim, NULL), 0);
    ran = program(&place, &sim, NULL, "http://127.0.0.1:1 missing/deeper");
    assert_fails(&place, &ran, 32, "mkdir");
}

/* It is made last, so that a mount that fails leaves no directory behind. */
static void a_mount_point_that_is_missing_is_made(void **state)
{
    (void)state;
    assert_int_equal(rmdir(place.mnt), 0);
    struct ran ran = PROGRAM("http://127.0.0.1:1 $MNT");
    assert_int_equal(ran.status, 69);
    assert_int_equal(access(place.mnt, F_OK), -1);
    ran = PROGRAM("$URL $MNT/");
    assert_int_equal(ran.status, 0);
    assert_string_equal(ran.err, "");
    assert_true(is_mount(place.mnt));
}

static void version_help_and_endpoints(void **state)
{
    static const char *const settings[] = {"ttl=",           "token_file=",
                                           "timeout_total=", "max_connections=",
                                           "cafile=",        "stale_if_error=",
                                           "delay_connect",  "umask=",
                                           "--endpoints",    "-V"};

    (void)state;
    struct ran ran = program(&place, &sim, NULL, "-V");
    assert_int_equal(ran.status, 0);
    assert_memory_equal(ran.out, "melbicomfs ", 11);
    assert_non_null(strstr(ran.out, "libcurl/"));
    assert_non_null(strstr(ran.out, ", json-c "));
    assert_non_null(strstr(ran.out, ", libfuse 3."));
    ran = program(&place, &sim, NULL, "-h");
    assert_int_equal(ran.status, 0);
    assert_memory_equal(ran.out, "usage: melbicomfs ", 18);
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        if (!strstr(ran.out, settings[i]))
            fail_msg("-h does not tell of %s", settings[i]);
    assert_string_equal(program(&place, &sim, NULL, "--help").out, ran.out);
    ran = program(&place, &sim, NULL, "--endpoints");
    assert_int_equal(ran.status, 0);
    assert_non_null(strstr(ran.out, "/services/{id}/cdn/purge"));
    assert_non_null(strstr(ran.out, "POST"));
    assert_string_equal(ran.err, "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_wrong_token_is_77_and_is_not_shown),
        TEST(no_token_is_77_and_says_how_to_give_one),
        TEST(a_token_on_the_command_line_is_refused),
        TEST(a_token_file_that_others_can_read_is_refused),
        TEST(an_unreachable_host_is_69),
        TEST(an_api_in_trouble_is_69),
        TEST(what_is_no_api_is_69),
        TEST(a_failed_check_is_told_in_the_words_of_the_answer),
        TEST(a_redirect_tells_the_url_to_set),
        TEST(a_version_that_is_refused_is_no_hindrance),
        TEST(json_of_any_kind_is_the_api),
        TEST(a_version_that_cannot_be_had_is_no_hindrance),
        TEST(delay_connect_asks_nothing),
        TEST(plain_http_goes_to_loopback_only),
        TEST(wrong_usage_is_1),
        TEST(an_unknown_mount_option_is_refused),
        TEST(a_profile_that_is_not_there_is_78),
        TEST(a_mount_point_that_is_none_is_32),
        TEST(a_mount_point_that_is_missing_is_made),
        TEST(version_help_and_endpoints),
    };

    harness_begin();
    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
