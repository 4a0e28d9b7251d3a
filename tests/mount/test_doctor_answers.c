/* SPDX-License-Identifier: MIT */
/* What --doctor makes of answers in other forms, and that --shapes prints no value. */
#include "doctor.h"

#include <json-c/json.h>

static void every_shape_is_understood(void **state)
{
    static const struct {
        const char *shape, *services, *invoices, *balance;
        bool odd; /* a mount needs to be told where products and prices are */
    } rows[] = {
        {"bare", "a list of 6; the id", "a list of 120; the id", "one object; amount"},
        {"data", "a list of 6 in `data`", "a list of 120 in `data`", "one object in `data`"},
        {"value", "a list of 6 in `value`", "a list of 120 in `value`", "one object in `value`"},
        {"named", "a list of 6 in `services`", "a list of 120 in `invoices`", "one object; amount"},
        {"gaps", "6 objects by number; the id", "120 objects by number", "one object; amount"},
        {"keyed", "6 objects by number; the id", "120 objects by number", "one object; amount"},
        {"keyed-only", "6 objects by number in `data`; the ids are the keys", "the ids are the keys", "in `data`"},
        {"nested", "a list of 6 in `services.service`", "a list of 120 in `invoices.invoice`", "one object"},
        {"deep", "a list of 6 in `result.data.services`", "a list of 120 in `result.data.invoices`",
         "in `result.data.value`"},
        {"other", "a list of 6 in `records`", "a list of 120 in `records`", "one object in `record`",
         /* Objects without an id under an unknown name may be anything. */
         true},
        {"bom", "a list of 6; the id", "a list of 120; the id", "one object; amount"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const options[] = {"--shape", rows[i].shape, NULL};
        struct simulator sim;
        struct ran ran = doctor(&sim, options, "");
        int status = rows[i].odd ? 78 : 0;
        assert_line(&ran, status, "✓ services: ", rows[i].services);
        assert_line(&ran, status, "✓ invoices: ", rows[i].invoices);
        assert_line(&ran, status, "✓ balance: ", rows[i].balance);
        assert_line(&ran, status, "✓ service: /services/10421: ", "");
        assert_line(&ran, status, rows[i].odd ? "✗ pricing: " : "✓ pricing: ", "560 prices of 20 extensions");
        assert_line(&ran, status, rows[i].odd ? "✗ products: " : "✓ products: ",
                    rows[i].odd ? "a list of 24 in `records`; this is probably what was asked for" : "24");
        assert_no_warning(&ran);
        simulator_stop(&sim);
    }
}

static void an_empty_account_is_no_failure(void **state)
{
    static const char *const shapes[] = {"bare", "empty-null", "empty-object", "empty-204"};
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const char *const options[] = {"--shape", shapes[i], "--services", "0", "--invoices", "0", NULL};
        struct simulator sim;
        struct ran ran = doctor(&sim, options, "");
        assert_line(&ran, 0, "✓ services: ", "an empty list");
        assert_line(&ran, 0, "✓ invoices: ", "an empty list");
        assert_line(&ran, 0, "! service: not asked, because the list of services gave no id", "");
        simulator_stop(&sim);
    }
}

static void a_list_of_one_may_be_the_object_itself(void **state)
{
    static const char *const options[] = {"--shape", "single", "--services", "1", "--invoices", "1", NULL};
    struct simulator sim;
    (void)state;
    struct ran ran = doctor(&sim, options, "");
    assert_line(&ran, 0, "✓ services: ", "one object instead of a list; the id is `id`");
    assert_line(&ran, 0, "✓ invoices: ", "one object instead of a list; the id is `id`");
    assert_line(&ran, 0, "✓ service: ", "one object; the id is `id`");
    simulator_stop(&sim);
}

static void pages_and_cuts_are_told(void **state)
{
    static const struct {
        const char *paging, *begin, *says;
        int status;
    } rows[] = {
        {"links", "✓ invoices: ", "the API names the next page, and a mount fetches it", 0},
        {"top", "✓ invoices: ", "the API names the next page, and a mount fetches it", 0},
        {"header", "✓ invoices: ", "the API names the next page, and a mount fetches it", 0},
        {"relative", "✓ invoices: ", "the API names the next page, and a mount fetches it", 0},
        {"pages", "✓ invoices: ", "the API names the next page, and a mount fetches it", 0},
        {"total", "✗ invoices: ",
         "the list is cut: expected 120 entries, as the API says; got 25, and no next page is named; if entries are "
         "missing, set invoices.page_size",
         78},
    };
    struct simulator sim;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const options[] = {"--paging", rows[i].paging, NULL};
        struct ran ran = doctor(&sim, options, "");
        assert_line(&ran, rows[i].status, rows[i].begin, rows[i].says);
        /* One page is asked for. */
        assert_int_equal(asked(&sim, "invoices"), 1);
        simulator_stop(&sim);
    }
    /* A total in a header, and nothing else. */
    struct ran ran;
    simulator_start(&sim, NULL);
    rule(&sim, "{\"operation\":\"invoices\",\"headers\":{\"X-Total-Count\":\"400\"}}");
    ran = program(&place, &sim, HARNESS_TOKEN, "--doctor $URL");
    assert_line(&ran, 78, "✗ invoices: ", "the list is cut: expected 400 entries, as the API says; got 120");
    simulator_stop(&sim);

    static const char *const limited[] = {"--limit", "25", NULL};
    ran = doctor(&sim, limited, "");
    assert_line(
        &ran, 0, "! invoices: ",
        "the list may be cut: expected all entries; got 25, which is a typical page size; if entries are missing");
    simulator_stop(&sim);
}

/* ---- shapes ---- */

#define SECRETS_BODY                                                                                                   \
    "{\"data\":[{\"id\":987654321,\"name\":\"SECRET-name\",\"ok\":true,\"none\":null,\"price\":12345.67,"              \
    "\"list\":[\"SECRET-a\",\"SECRET-b\"],\"secret.example.com\":{\"x\":\"SECRET\"},"                                  \
    "\"203.0.113.77\":\"SECRET\",\"2001:db8::77\":1,\"77777\":{\"deep\":[[\"SECRET\"]]},"                              \
    "\"123e4567-e89b-12d3-a456-426614174000\":1,\"MLB-2026-0117\":2,\"Jane Roe\":3,\"jane@secret.example\":4,"         \
    "\"abcdefghijklmnopqrstuvwxyzabcdefgh\":5,\"" HARNESS_TOKEN "\":6,\"srv77\":8,"                                    \
    "\"caf\\u00e9secret\":9,\"SECRET_KEY\":10,\"customers\":{\"acme\":{\"n\":1},\"globex\":{\"n\":2}}}],"              \
    "\"message\":\"SECRET\"}"

static void shapes_hold_no_value_host_or_id(void **state)
{
    static const char *const never[] = {"SECRET",   "secret", "987654321", "12345", "203.0", "2001:", "77777",
                                        "123e4567", "MLB",    "Jane",      "jane",  "abcde", "srv77", "caf",
                                        "acme",     "globex", "127.0",     "10421", "http:", "/tmp",  HARNESS_TOKEN};
    static const char *const operations[] = {"version", "groups",  "products", "services",
                                             "service", "pricing", "invoices", "balance"};
    struct simulator sim;
    (void)state;
    simulator_start(&sim, NULL);
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        struct json_object *raw = json_object_new_object(), *set = json_object_new_object();
        if (strcmp(operations[i], "service") == 0) {
            json_object_object_add(raw, "id", json_object_new_int64(987654321));
        } else {
            json_object_object_add(raw, "operation", json_object_new_string(operations[i]));
        }
        json_object_object_add(raw, "body", json_object_new_string(SECRETS_BODY));
        json_object_object_add(set, strcmp(operations[i], "service") == 0 ? "raw_service" : "raw", raw);
        account_set(&sim, "%s", json_object_to_json_string(set));
        json_object_put(set);
    }
    struct ran ran = program(&place, &sim, HARNESS_TOKEN, "--doctor $URL --shapes");
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        if (strstr(ran.out, never[i]))
            fail_msg("'%s' is in the shapes:\n%s", never[i], ran.out);
    struct json_object *whole = json_tokener_parse(ran.out);
    assert_non_null(whole);
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
        assert_true(json_object_object_get_ex(whole, operations[i], NULL));
    json_object_put(whole);
    /* What helps is there. */
    assert_non_null(strstr(ran.out, "\"id\": \"number 9\""));
    assert_non_null(strstr(ran.out, "\"list\": ["));
    assert_non_null(strstr(ran.out, "\"<number> (1 times)\""));
    simulator_stop(&sim);
}

static void shapes_show_how_an_answer_is_built(void **state)
{
    struct simulator sim;
    (void)state;
    struct ran ran = doctor(&sim, NULL,
                            "--shapes | jq -c '.balance.shape, .services.path, .service.path, "
                            "(.invoices.shape | .[0], (.[1] | .id, .status))'");
    assert_string_equal(ran.out,
                        "{\"balance\":\"string 6\",\"currency\":\"string 3\"}\n\"/services\"\n\"/services/{id}\"\n"
                        "\"120 elements\"\n\"number 5\"\n\"string 4-9\"\n");
    simulator_stop(&sim);
}

/* What fails is told on stderr, and not in what is to be pasted. */
static void shapes_of_a_failure_are_empty(void **state)
{
    (void)state;
    struct ran ran = program(&place, NULL, HARNESS_TOKEN, "--doctor --shapes https://host.invalid/api");
    assert_int_equal(ran.status, 69);
    assert_string_equal(ran.out, "");
    assert_non_null(strstr(ran.err, "✗ name: host.invalid"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_place, remove_place)
    const struct CMUnitTest tests[] = {
        TEST(every_shape_is_understood),
        TEST(an_empty_account_is_no_failure),
        TEST(a_list_of_one_may_be_the_object_itself),
        TEST(pages_and_cuts_are_told),
        TEST(shapes_hold_no_value_host_or_id),
        TEST(shapes_show_how_an_answer_is_built),
        TEST(shapes_of_a_failure_are_empty),
    };

    harness_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
