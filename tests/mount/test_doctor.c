/* SPDX-License-Identifier: MIT */
/* What --doctor finds, against an API in each kind of trouble: the one line that names the cause, and the exit status. */
#include "doctor.h"

static struct simulator sim;

static int set_up_all(void **state)
{
    (void)state;
    simulator_start(&sim, NULL);
    return 0;
}

static int tear_down_all(void **state)
{
    (void)state;
    simulator_stop(&sim);
    return 0;
}

static int tear_down(void **state)
{
    rules_clear(&sim);
    return remove_place(state);
}

/* Runs `melbicomfs --doctor` with a good token and these further arguments. */
#define DOCTOR(...) program(&place, &sim, HARNESS_TOKEN, "--doctor " __VA_ARGS__)

#define make_file(...) write_file(&place, __VA_ARGS__)

static void every_wrong_line_of_the_configuration_is_named(void **state)
{
    (void)state;
    journal_clear(&sim);
    make_file("config",
              "tll = 60\nttl = soon\n[work]\njust words\nurl = http://api.example.com\n"
              "[endpoints]\nbalance.route = /x\nbalance = /x\nbalanced.path = /x\n",
              0600);
    struct ran ran = DOCTOR("$URL -o config=config");
    assert_line(&ran, 78, "✗ settings: ", "/config:1: unknown key 'tll'");
    assert_line(&ran, 78, "✗ settings: ", "/config:2: ttl: must be whole seconds");
    assert_line(&ran, 78, "✗ settings: ", "/config:4: the line is neither");
    assert_line(&ran, 78, "✗ settings: ", "/config:5: url: must be https");
    assert_line(&ran, 78, "✗ settings: ", "/config:7: balance.route");
    assert_line(&ran, 78, "✗ settings: ", "/config:8: 'balance' is not a key");
    assert_line(&ran, 78, "✗ settings: ", "/config:9: balanced.path");
    /* What could be read may be only a part of what was meant, so nothing is sent. */
    assert_line(&ran, 78, "! api: ", "the settings are wrong");
    assert_int_equal(asked(&sim, NULL), 0);
}

static void wrong_options_are_named(void **state)
{
    (void)state;
    struct ran ran = DOCTOR("$URL -o ttl=soon,umask=999,config=absent");
    assert_line(&ran, 78, "✗ settings: ", "-o ttl: must be");
    assert_line(&ran, 78, "✗ settings: ", "-o umask: must be");
    assert_line(&ran, 78, "✗ settings: ", "/absent: No such file");
    ran = DOCTOR("nobody");
    assert_line(&ran, 78, "✗ settings: ", "there is no profile 'nobody'");
    setenv("MELBICOM_URL", "http://api.example.com/api", 1);
    ran = DOCTOR("");
    unsetenv("MELBICOM_URL");
    assert_line(&ran, 78, "✗ settings: ", "MELBICOM_URL");
}

static void the_tokens_place_is_named_and_never_the_token(void **state)
{
    (void)state;
    make_file("token", HARNESS_TOKEN "\n", 0644);
    struct ran ran = program(&place, &sim, NULL, "--doctor $URL -o token_file=token");
    assert_line(&ran, 77, "✗ token: ", "(mode 644); run: chmod 600 '");
    make_file("token", HARNESS_TOKEN "\n", 0600);
    ran = program(&place, &sim, NULL, "--doctor $URL -o token_file=token");
    assert_line(&ran, 0, "✓ token: from the file ", "/token (mode 600), named by the command line (-o)");
    ran = program(&place, &sim, NULL, "--doctor $URL");
    assert_line(&ran, 77, "✗ token: no token is configured", "run: melbicomfs --login");
    assert_line(&ran, 77, "! api: ", "there is no token");
    ran = DOCTOR("$URL");
    assert_line(&ran, 0, "✓ token: from the environment variable MELBICOM_TOKEN", "");
    ran = program(&place, &sim, NULL, "--doctor $URL -o token_command='exit 3'");
    assert_line(&ran, 77, "✗ token: token_command ended with status 3", "");
    make_file("config", "[work]\nurl = https://elsewhere.example/api\ntoken = other-token-987\n", 0600);
    ran = program(&place, &sim, NULL, "--doctor work -o config=config,url=$URL");
    assert_line(&ran, 77, "✗ token: ", "is for https://elsewhere.example/api and is sent to no other URL");
    assert_no_line(&ran, "other-token-987");
}

static void fuse_is_looked_at_first(void **state)
{
    (void)state;
    struct ran ran = DOCTOR("$URL");
    assert_ptr_equal(strstr(ran.out, "✓ fuse: /dev/fuse can be opened\n"), ran.out);
    assert_line(&ran, 0, "✓ fusermount3: /", "");
    assert_line(&ran, 0, "✓ settings: there is no file ", "the API is http://127.0.0.1");
}

static void a_dead_mount_is_named(void **state)
{
    char expected[400];
    struct stat st;
    (void)state;
    assert_int_equal(program(&place, &sim, HARNESS_TOKEN, "$URL $MNT").status, 0);
    /* The kernel keeps what this tells, and would tell it again of the dead mount. */
    assert_int_equal(stat(place.mnt, &st), 0);
    assert_int_equal(kill(server_of(place.mnt), SIGKILL), 0);
    assert_true(wait_until(has_no_server, place.mnt, 5000));
    struct ran ran = DOCTOR("$URL");
    (void)snprintf(expected, sizeof expected, "! mounts: the program that served %s has died", place.mnt);
    (void)snprintf(expected + 200, sizeof expected - 200, "run: fusermount3 -u '%.150s'", place.mnt);
    assert_line(&ran, 0, expected, expected + 200);
}

static void json_and_shapes_need_the_doctor(void **state)
{
    (void)state;
    struct ran ran = program(&place, &sim, HARNESS_TOKEN, "$URL $MNT --json");
    assert_fails(&place, &ran, 1, "--json needs --doctor");
    ran = program(&place, &sim, HARNESS_TOKEN, "$URL $MNT --shapes");
    assert_fails(&place, &ran, 1, "--shapes needs --doctor");
    ran = DOCTOR("--frobnicate");
    assert_fails(&place, &ran, 1, "--frobnicate");
}

/* ---- the network and the API ---- */

static const char *const operations[] = {"version", "groups",  "products", "services",
                                         "service", "pricing", "invoices", "balance"};

static void all_is_well(void **state)
{
    char line[64];
    (void)state;
    journal_clear(&sim);
    struct ran ran = DOCTOR("$URL");
    assert_line(&ran, 0, "✓ name: 127.0.0.1 is an address", "");
    assert_line(&ran, 0, "✓ tls: none: http://127.0.0.1", "is on this machine");
    assert_line(&ran, 0, "✓ clock: agrees with the API's", "");
    assert_line(&ran, 0, "✓ token: the API accepts it", "");
    assert_line(&ran, 0, "✓ services: /services: 200, ",
                "the id is `id`; product is `productName`; status is `status`");
    assert_line(&ran, 0, "✓ invoices: /billing/invoices: 200, ",
                "a list of 120; the id is `id`; number is `invoicenum`");
    assert_line(&ran, 0, "✓ invoices: ",
                "; due is `duedate`; total is `total`; currency is `currency`; items is `items`; transactions is "
                "`transactions`");
    assert_line(&ran, 0, "✓ products: ", "; name is `name`; prices is `pricing`");
    assert_line(&ran, 0, "✓ balance: /billing/creditbalance: 200, ", "amount is `balance`; currency is `currency`");
    assert_no_line(&ran, "✗");
    assert_no_warning(&ran);
    assert_no_line(&ran, "[endpoints]");
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        (void)snprintf(line, sizeof line, "✓ %s: ", operations[i]);
        assert_line(&ran, 0, line, "200");
        assert_int_equal(asked(&sim, operations[i]), 1);
    }
    assert_int_equal(asked(&sim, "purge"), 0);
    assert_int_equal(asked(&sim, NULL), sizeof operations / sizeof *operations);
}

/* The same for programs: one JSON object, and nothing else. */
static void json_says_the_same(void **state)
{
    (void)state;
    struct ran ran =
        DOCTOR("$URL --json | jq -r '.status, (.checks[] | select(.check == \"services\") | .result, .path, "
               ".http_status, .items, .id, .fields.product), (.checks | map(select(.check != \"mounts\").result) | "
               "unique[])'");
    assert_string_equal(ran.out, "0\ngood\n/services\n200\n6\nid\nproductName\ngood\n");
    rule(&sim, "{\"operation\":\"balance\",\"status\":500,\"body\":\"{\\\"message\\\":\\\"Maintenance\\\"}\"}");
    ran =
        DOCTOR("$URL --json | jq -r '.status, (.checks[] | select(.check == \"balance\") | .result, .found, .advice)'");
    assert_non_null(strstr(ran.out, "69\nbad\n"));
    assert_non_null(strstr(ran.out, "HTTP 500: Maintenance"));
}

static void a_refused_token_is_77(void **state)
{
    (void)state;
    journal_clear(&sim);
    struct ran ran = program(&place, &sim, "wrong-secret-987", "--doctor $URL");
    assert_line(&ran, 77, "✗ token: the API refuses it for /services: HTTP 401, ", "check the token");
    assert_no_line(&ran, "wrong-secret-987");
    /* A token that is refused is not tried at every path. */
    assert_int_equal(asked(&sim, NULL), 2);
    rule(&sim,
         "{\"status\":403,\"body\":\"{\\\"result\\\":\\\"error\\\",\\\"message\\\":\\\"Invalid IP 203.0.113.9\\\"}\"}");
    ran = DOCTOR("$URL");
    assert_line(&ran, 77, "✗ token: ", "HTTP 403, Invalid IP 203.0.113.9");
    rules_clear(&sim);
    rule(&sim, "{\"redirect\":\"/login\"}");
    ran = DOCTOR("$URL");
    assert_line(&ran, 77, "✗ token: the API refuses it for /services: HTTP 302, a redirect to http://127.0.0.1",
                "/login; check");
}

static void a_wrong_url_is_one_line(void **state)
{
    (void)state;
    struct ran ran = DOCTOR("${URL%%/api}/elsewhere");
    assert_line(&ran, 69, "✗ api: nothing of the API is at http://127.0.0.1",
                "every path answers 404; check the URL (url=)");
    assert_no_line(&ran, "✗ balance");
}

static void a_web_page_is_one_line(void **state)
{
    (void)state;
    rule(&sim, "{\"status\":200,\"headers\":{\"Content-Type\":\"text/html\"},"
               "\"body\":\"<html><title>Welcome to nginx!</title></html>\"}");
    struct ran ran = DOCTOR("$URL");
    assert_line(&ran, 69, "✗ api: ", "answers every path with a web page, \"Welcome to nginx!\" (HTTP 200)");
    assert_no_line(&ran, "✗ balance");
    rules_clear(&sim);
    rule(&sim, "{\"status\":403,\"headers\":{\"Content-Type\":\"text/html\"},"
               "\"body\":\"<html><title>Just a moment...</title></html>\"}");
    ran = DOCTOR("$URL");
    assert_line(&ran, 69, "✗ api: ", "a web page, \"Just a moment...\" (HTTP 403)");
    assert_no_line(&ran, "✗ token");
}

static void a_name_without_address_is_one_line(void **state)
{
    (void)state;
    struct ran ran = DOCTOR("https://host.invalid/api");
    assert_line(&ran, 69, "✗ name: host.invalid has no address: ", "check the host in the URL");
    assert_no_line(&ran, "✗ api");
}

static void a_closed_port_and_a_silent_api_are_one_line(void **state)
{
    (void)state;
    struct ran ran = DOCTOR("http://127.0.0.1:1/api");
    assert_line(&ran, 69, "✗ connection: http://127.0.0.1:1/api: ", "check the URL (url=)");
    rule(&sim, "{\"stall\":true}");
    ran = DOCTOR("$URL -o timeout=2");
    assert_line(&ran, 69, "✗ connection: ", "no answer for 2.000 s; the API is reached but does not answer");
}

/* Makes a certificate for 127.0.0.1 in the place, cert.pem with key.pem, that is its own authority. */
static void make_certificate(const char *from, const char *until)
{
    struct running running;
    make_file("ca.cnf",
              "[ca]\ndefault_ca=a\n[a]\ndatabase=index\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\n"
              "x509_extensions=e\n[p]\ncommonName=supplied\n[e]\nsubjectAltName=IP:127.0.0.1\n"
              "basicConstraints=CA:TRUE\n",
              0600);
    make_file("index", "", 0600);
    make_file("serial", "01\n", 0600);
    run_start(&running, place.dir,
              "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out req.pem "
              "-subj /CN=Own && "
              "openssl ca -batch -selfsign -config ca.cnf -keyfile key.pem -in req.pem -out cert.pem -notext "
              "-startdate %s -enddate %s",
              from, until);
    struct ran ran = run_wait(&running, RUN_MS);
    if (ran.status != 0)
        fail_msg("no certificate was made: %s", ran.err);
}

/* A simulator with the certificate, until simulator_stop(). */
static void start_with_tls(struct simulator *tls)
{
    static char cert[300], key[300];
    const char *const options[] = {"--tls", cert, key, NULL};
    (void)snprintf(cert, sizeof cert, "%s/cert.pem", place.dir);
    (void)snprintf(key, sizeof key, "%s/key.pem", place.dir);
    simulator_start(tls, options);
}

static void certificates(void **state)
{
    struct simulator tls;
    (void)state;
    make_certificate("20200101000000Z", "20200201000000Z");
    start_with_tls(&tls);
    struct ran ran = program(&place, &tls, HARNESS_TOKEN, "--doctor $URL -o cafile=cert.pem");
    assert_line(&ran, 69, "✗ tls: https://127.0.0.1", "expired; this machine's clock says 20");
    simulator_stop(&tls);

    make_certificate("20200101000000Z", "20991231000000Z");
    start_with_tls(&tls);
    ran = program(&place, &tls, HARNESS_TOKEN, "--doctor $URL -o cafile=cert.pem");
    assert_line(&ran, 0, "✓ tls: the certificate of ", "Own is valid for ");
    ran = program(&place, &tls, HARNESS_TOKEN, "--doctor $URL");
    assert_line(&ran, 69, "✗ tls: https://127.0.0.1", "-o cafile=PEM");
    simulator_stop(&tls);
}

static void a_clock_that_is_off_is_told(void **state)
{
    static const char *const options[] = {"--date-skew", "-7200", NULL};
    struct simulator skewed;
    (void)state;
    simulator_start(&skewed, options);
    struct ran ran = program(&place, &skewed, HARNESS_TOKEN, "--doctor $URL");
    assert_line(&ran, 0, "! clock: this machine's clock is 7", " s ahead of the API's; set this machine's clock");
    simulator_stop(&skewed);
}

static void a_missing_operation_is_one_line(void **state)
{
    (void)state;
    rule(&sim, "{\"operation\":\"balance\",\"status\":404}");
    struct ran ran = DOCTOR("$URL");
    assert_line(&ran, 69,
                "✗ balance: at none of its known paths (404: /billing/creditbalance, /billing/balance, "
                "/billing/credit-balance)",
                "add to [endpoints]: balance.path = /…");
    assert_line(&ran, 69, "✓ invoices: ", "a list of 120");
    assert_no_line(&ran, "[endpoints]\n");
}

static void operations_that_fail_are_told_in_the_apis_words(void **state)
{
    (void)state;
    rule(&sim, "{\"operation\":\"balance\",\"status\":500,\"body\":\"{\\\"message\\\":\\\"Maintenance\\\"}\"}");
    rule(&sim, "{\"operation\":\"services\",\"truncate\":100}");
    rule(&sim, "{\"operation\":\"invoices\",\"status\":200,\"body\":\"[{\\\"id\\\":5},{\\\"id\\\":6\"}");
    rule(&sim, "{\"operation\":\"pricing\",\"garbage\":true}");
    rule(&sim, "{\"operation\":\"groups\",\"status\":403,\"body\":\"{\\\"message\\\":\\\"Not yours\\\"}\"}");
    rule(&sim, "{\"operation\":\"products\",\"status\":200,\"body\":\"{\\\"code\\\":429,\\\"message\\\":\\\"Slow "
               "down\\\"}\"}");
    struct ran ran = DOCTOR("$URL");
    assert_line(&ran, 77, "✗ balance: /billing/creditbalance: 500, ", "HTTP 500: Maintenance");
    assert_line(&ran, 77, "✗ services: /services: 200, ", "check the network, or try again later");
    assert_line(&ran, 77, "✗ invoices: /billing/invoices: 200, ", "got JSON that is cut short or not valid");
    assert_line(&ran, 77, "✗ pricing: /domains/pricing: 200, ", "expected prices; got ");
    assert_line(&ran, 77, "✗ groups: /products/groups: 403, ", "refused: Not yours");
    assert_line(&ran, 77, "✗ products: /products: 200, ", "HTTP 429: Slow down");
    assert_line(&ran, 77, "! service: not asked, because the list of services gave no id", "");
}

/* A mount works without what only reports read; they show nothing in its place. */
static void what_reports_lack_is_told(void **state)
{
    (void)state;
    rule(&sim, "{\"operation\":\"invoices\",\"status\":200,\"body\":\"[{\\\"id\\\":5,\\\"invoicenum\\\":\\\"A\\\","
               "\\\"status\\\":\\\"Paid\\\",\\\"date\\\":\\\"2026-01-01\\\",\\\"items\\\":[],\\\"sum\\\":1}]\"}");
    struct ran ran = DOCTOR("$URL");
    assert_line(&ran, 0, "✓ invoices: ",
                "date is `date`; items is `items`; nothing is known as due, total, currency, transactions, so reports "
                "and tables show none");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_place, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(every_wrong_line_of_the_configuration_is_named),
        TEST(wrong_options_are_named),
        TEST(the_tokens_place_is_named_and_never_the_token),
        TEST(fuse_is_looked_at_first),
        TEST(a_dead_mount_is_named),
        TEST(json_and_shapes_need_the_doctor),
        TEST(all_is_well),
        TEST(json_says_the_same),
        TEST(a_refused_token_is_77),
        TEST(a_wrong_url_is_one_line),
        TEST(a_web_page_is_one_line),
        TEST(a_name_without_address_is_one_line),
        TEST(a_closed_port_and_a_silent_api_are_one_line),
        TEST(certificates),
        TEST(a_clock_that_is_off_is_told),
        TEST(a_missing_operation_is_one_line),
        TEST(operations_that_fail_are_told_in_the_apis_words),
        TEST(what_reports_lack_is_told),
    };

    harness_begin();
    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
