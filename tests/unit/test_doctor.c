/* SPDX-License-Identifier: MIT */
/* The parts of the doctor that need neither a mount nor an API: the report, and the checks of this machine. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "base/log.h"
#include "command/doctor_guess.h"
#include "command/doctor_local.h"
#include "command/doctor_shapes.h"
#include "command/machine.h"
#include "command/options.h"
#include "command/report.h"

static char directory[128];
static struct report *report;
static char *text;
static size_t text_len;
static FILE *out;

static void begin(enum report_format format)
{
    out = open_memstream(&text, &text_len);
    assert_non_null(out);
    report = report_new(format, out);
}

/* Ends the report and asserts its exit status, and that its text contains `what`, or is `what` where `whole`. */
static void assert_report(int status, const char *what, bool whole)
{
    assert_int_equal(report_end(report, "https://api.example.com/api", "/etc/config"), status);
    (void)fclose(out);
    if (whole)
        assert_string_equal(text, what);
    else if (!strstr(text, what))
        fail_msg("'%s' is not in: %s", what, text);
    report_free(report);
    free(text);
}

/* Makes a file in the test's directory. Returns its path, which lives until the next call. */
static const char *make_file(const char *name, const char *content, mode_t mode)
{
    static char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    (void)unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, strlen(content)), strlen(content));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
    return path;
}

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(directory, sizeof directory, "/tmp/melbicomfs-doctor-XXXXXX");
    return mkdtemp(directory) ? 0 : -1;
}

static int tear_down(void **state)
{
    static const char *const names[] = {"fusermount3", "fuse.conf", "mountinfo", "proc/1/cgroup",
                                        "proc/1",      "proc",      "run"};
    char path[256];
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", directory, names[i]);
        (void)remove(path);
    }
    return rmdir(directory);
}

static void findings_are_lines_and_the_worst_status_counts(void **state)
{
    (void)state;
    begin(REPORT_LINES);
    (void)report_good(report, "one", "fine");
    (void)report_warn(report, "two", "look", "odd");
    (void)report_bad(report, "three", EXIT_TOKEN, "mend it", "broken %d", 3);
    (void)report_bad(report, "four", EXIT_UNREACHABLE, NULL, "away");
    report_suggest(report, "balance", "path", "/finance/balance");
    assert_report(EXIT_TOKEN,
                  "✓ one: fine\n! two: odd; look\n✗ three: broken 3; mend it\n✗ four: away\n\n"
                  "To make the answers fit, put these lines into /etc/config:\n\n"
                  "[endpoints]\nbalance.path = /finance/balance\n",
                  true);
}

static void json_has_all_of_it(void **state)
{
    (void)state;
    begin(REPORT_JSON);
    struct json_object *finding = report_bad(report, "three", EXIT_CONFIG, "mend it", "a \"b\"");
    json_object_object_add(finding, "status", json_object_new_int(404));
    report_suggest(report, "balance", "field.amount", "credit");
    assert_int_equal(report_end(report, "https://api.example.com/api", NULL), EXIT_CONFIG);
    (void)fclose(out);
    struct json_object *whole = json_tokener_parse(text), *checks = NULL, *lines = NULL;
    assert_true(json_object_object_get_ex(whole, "checks", &checks));
    finding = json_object_array_get_idx(checks, 0);
    assert_string_equal(json_object_get_string(json_object_object_get(finding, "check")), "three");
    assert_string_equal(json_object_get_string(json_object_object_get(finding, "result")), "bad");
    assert_string_equal(json_object_get_string(json_object_object_get(finding, "found")), "a \"b\"");
    assert_string_equal(json_object_get_string(json_object_object_get(finding, "advice")), "mend it");
    assert_int_equal(json_object_get_int(json_object_object_get(finding, "status")), 404);
    assert_int_equal(json_object_get_int(json_object_object_get(whole, "status")), EXIT_CONFIG);
    assert_true(json_object_object_get_ex(whole, "endpoints", &lines));
    assert_string_equal(json_object_get_string(json_object_array_get_idx(lines, 0)), "balance.field.amount = credit");
    json_object_put(whole);
    report_free(report);
    free(text);
}

static void what_the_api_says_cannot_command_a_terminal(void **state)
{
    (void)state;
    log_hide("secret-token");
    begin(REPORT_LINES);
    (void)report_warn(report, "api", "\x1b[2J", "a\nb\xff secret-token");
    report_suggest(report, "balance", "field.amount", "a\nbalance.path = /x");
    assert_report(0, "! api: a\\x0Ab\\xFF [hidden]; \\x1B[2J\n", true);
}

static void a_device_that_cannot_be_opened_is_69(void **state)
{
    (void)state;
    begin(REPORT_LINES);
    doctor_device(report, "/dev/null");
    assert_report(0, "✓ fuse: /dev/null can be opened\n", true);
    begin(REPORT_LINES);
    doctor_device(report, "/dev/fuse-that-is-absent");
    assert_report(EXIT_UNREACHABLE, "✗ fuse: /dev/fuse-that-is-absent cannot be opened: No such file", false);
}

/* Docker and Podman leave a file, and the first version of control groups names the container. */
static void a_container_is_recognised(void **state)
{
    char path[300];
    (void)state;
    assert_false(machine_is_container(directory));
    (void)snprintf(path, sizeof path, "%s/run", directory);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)make_file("run/.containerenv", "", 0600);
    assert_true(machine_is_container(directory));
    (void)snprintf(path, sizeof path, "%s/run/.containerenv", directory);
    assert_int_equal(unlink(path), 0);
    (void)make_file(".dockerenv", "", 0600);
    assert_true(machine_is_container(directory));
    (void)snprintf(path, sizeof path, "%s/.dockerenv", directory);
    assert_int_equal(unlink(path), 0);
    (void)snprintf(path, sizeof path, "%s/proc", directory);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(path, sizeof path, "%s/proc/1", directory);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)make_file("proc/1/cgroup", "0::/init.scope\n", 0600);
    assert_false(machine_is_container(directory));
    (void)make_file("proc/1/cgroup", "1:name=systemd:/docker/3f2a\n", 0600);
    assert_true(machine_is_container(directory));
}

static void the_advice_fits_the_place(void **state)
{
    struct machine_fault fault;
    (void)state;
    assert_true(machine_lacks_device("/dev/fuse-that-is-absent", true, &fault));
    assert_string_equal(fault.advice, "start the container with --device /dev/fuse --cap-add SYS_ADMIN");
    assert_true(machine_lacks_device("/dev/fuse-that-is-absent", false, &fault));
    assert_string_equal(fault.advice, "load the kernel's module, as root: modprobe fuse");
    assert_true(machine_lacks_helper("/absent", &fault));
    assert_string_equal(fault.what, "fusermount3 was not found in /absent");
    assert_string_equal(fault.advice, "install the package fuse3, as root: apt install fuse3");
}

static void a_helper_must_be_setuid_root_for_users(void **state)
{
    char path[300];
    (void)state;
    (void)snprintf(path, sizeof path, "/absent::%s", directory);
    begin(REPORT_LINES);
    doctor_helper(report, path, false);
    assert_report(EXIT_UNREACHABLE, "not found in", false);
    begin(REPORT_LINES);
    doctor_helper(report, path, true);
    assert_report(0, "! fusermount3: not found in", false);
    (void)make_file("fusermount3", "#!/bin/sh\n", 0755);
    begin(REPORT_LINES);
    doctor_helper(report, path, false);
    assert_report(EXIT_UNREACHABLE, "is not setuid root; reinstall the package fuse3", false);
    begin(REPORT_LINES);
    doctor_helper(report, path, true);
    assert_report(0, "root mounts without it", false);
}

static void allow_other_needs_a_line_in_fuse_conf(void **state)
{
    const char *file;
    (void)state;
    file = make_file("fuse.conf", "# user_allow_other\nuser_allow_others\nmount_max = 5\n", 0644);
    begin(REPORT_LINES);
    doctor_allow_other(report, "nosuid,allow_otherwise", file, false);
    assert_report(0, "", true);
    begin(REPORT_LINES);
    doctor_allow_other(report, "nosuid,allow_other", file, false);
    assert_report(EXIT_CONFIG, "has no line user_allow_other, so only root may use -o allow_other", false);
    begin(REPORT_LINES);
    doctor_allow_other(report, "allow_root", file, true);
    assert_report(0, "✓", false);
    file = make_file("fuse.conf", "mount_max = 5\n  user_allow_other # for backups", 0644);
    begin(REPORT_LINES);
    doctor_allow_other(report, "allow_other", file, false);
    assert_report(0, "✓ allow_other", false);
}

/* No such mount can be made here without FUSE: that a dead one is named is a mount test's. */
static void only_mounts_of_this_program_are_looked_at(void **state)
{
    char content[1024];
    const char *file;
    (void)state;
    (void)snprintf(content, sizeof content,
                   "36 35 98:0 / / rw - ext4 /dev/sda rw\n"
                   "37 36 0:50 / /absent/other rw - fuse.sshfs x rw\n"
                   "38 36 0:51 / %.100s\\040 rw,nosuid shared:1 - fuse.melbicomfs https://x rw\n"
                   "39 36 0:51 / /tmp rw - fuse.melbicomfs https://x rw\n",
                   directory);
    file = make_file("mountinfo", content, 0644);
    begin(REPORT_LINES);
    doctor_mounts(report, file);
    assert_report(0, "✓ mounts: 2 of melbicomfs, none of them dead\n", true);
}

/* ---- guesses ---- */

static const char *guess(enum operation operation, int field, struct json_object *list)
{
    struct json_object *items[8], *taken = json_object_new_object();
    struct doctor_clues clues = {items, json_object_array_length(list), taken, NULL};
    for (size_t i = 0; i < clues.n; i++)
        items[i] = json_object_array_get_idx(list, i);
    const char *name = field < 0 ? doctor_guess_id(&clues) : doctor_guess_field(&clues, operation, (unsigned)field);
    json_object_put(taken);
    return name;
}

static void members_are_guessed_by_their_values(void **state)
{
    static const struct {
        const char *items, *expected;
        enum operation operation;
        int field; /* -1: the id */
    } rows[] = {
        {"[{'a':1,'b':7},{'a':1,'b':8}]", "b", OP_INVOICES, -1},
        {"[{'phone':11,'x':7},{'phone':12,'x':8}]", "x", OP_INVOICES, -1},
        {"[{'n':11,'ref_id':'7'},{'n':12,'ref_id':'8'}]", "ref_id", OP_INVOICES, -1},
        {"[{'b':7},{'b':'x'}]", NULL, OP_INVOICES, -1},
        {"[{'b':7},{'c':8}]", NULL, OP_INVOICES, -1},
        {"[{'b':'007'},{'b':'008'}]", NULL, OP_INVOICES, -1},
        {"[{'a':'7.00','c':'EUR'}]", "a", OP_BALANCE, BALANCE_AMOUNT},
        {"[{'a':'EUR','b':7.25}]", "b", OP_BALANCE, BALANCE_AMOUNT},
        {"[{'id':5,'b':100}]", "b", OP_BALANCE, BALANCE_AMOUNT},
        {"[{'debt':'3.00','funds':'7.00'}]", "funds", OP_BALANCE, BALANCE_AMOUNT},
        {"[{'a':'free'}]", NULL, OP_BALANCE, BALANCE_AMOUNT},
        {"[{'a':'7.00','c':'EUR'}]", "c", OP_BALANCE, BALANCE_CURRENCY},
        {"[{'a':'Euro'}]", NULL, OP_BALANCE, BALANCE_CURRENCY},
        {"[{'a':'x','s':'paid'},{'a':'y','s':'Draft'}]", "s", OP_INVOICES, INVOICE_STATUS},
        {"[{'a':'x','s':'new'},{'a':'y','s':'Draft'}]", NULL, OP_INVOICES, INVOICE_STATUS},
        {"[{'duedate':'2026-01-02','d':'2026-01-01 10:00:00'}]", "d", OP_INVOICES, INVOICE_DATE},
        {"[{'duedate':'2026-01-02'}]", NULL, OP_INVOICES, INVOICE_DATE},
        {"[{'when':'01.02.2026'}]", NULL, OP_INVOICES, INVOICE_DATE},
        {"[{'d':'2026-01-01','n':'INV-1'},{'d':'2026-01-02','n':'INV-2'}]", "n", OP_INVOICES, INVOICE_NUMBER},
        {"[{'duedate':'-0001-11-30'}]", NULL, OP_INVOICES, INVOICE_NUMBER},
        {"[{'n':'INV-1'},{'n':'INV-1'}]", NULL, OP_INVOICES, INVOICE_NUMBER},
        {"[{'status':'Active','type':'services','what':'CDN Europe'}]", "what", OP_SERVICES, SERVICE_PRODUCT},
        {"[{'type':'services'}]", NULL, OP_SERVICES, SERVICE_PRODUCT},
        {"[{'what':'CDN','where':'cdn.example.com'}]", "where", OP_SERVICES, SERVICE_NAME},
        {"[{'v':'1.2.6','ok':'1'}]", "v", OP_VERSION, VERSION_VERSION},
        {"[{'v':'latest'}]", NULL, OP_VERSION, VERSION_VERSION},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct json_object *list = json_tokener_parse(rows[i].items);
        assert_non_null(list);
        const char *name = guess(rows[i].operation, rows[i].field, list);
        if (rows[i].expected ? !name || strcmp(name, rows[i].expected) != 0 : name != NULL)
            fail_msg("%s: %s instead of %s", rows[i].items, name ? name : "nothing",
                     rows[i].expected ? rows[i].expected : "nothing");
        json_object_put(list);
    }
}

/* ---- shapes ---- */

static void keys_that_look_like_data_are_replaced(void **state)
{
    static const struct {
        const char *json, *shape;
    } rows[] = {
        {"{'a':1,'b':null,'c':true,'d':'xyz'}", "{'a':'number 1','b':'null','c':'bool','d':'string 3'}"},
        {"[{'a':1},{'a':22,'b':''}]", "['2 elements',{'a':'number 1-2','b (1 of 2)':'string 0'}]"},
        {"[]", "['0 elements']"},
        {"[1,'x',null,{'a':1}]", "['4 elements',{'one of':[{'a':'number 1'},'string 1','number 1','null']}]"},
        {"{'10421':1,'10422':2}", "{'<number> (2 times)':'number 1'}"},
        {"{'cdn.example.com':1,'203.0.113.9':2,'2001:db8::1':3,'a@b':4,'Jane Roe':5,'srv-17':6,'':7}",
         "{'<name> (7 times)':'number 1'}"},
        {"{'550e8400-e29b-41d4-a716-446655440000':1,'abcdefghijklmnopqrstuvwxyzabcdefgh':2,'ACME':3}",
         "{'<name> (3 times)':'number 1'}"},
        {"{'address1':1,'nextDueDate':2,'service_id':3,'rate-limit':4,'EUR':5,'_links':6,'@type':7}",
         "{'address1':'number 1','nextDueDate':'number 1','service_id':'number 1','rate-limit':'number 1',"
         "'EUR':'number 1','_links':'number 1','@type':'number 1'}"},
        {"{'acme':{'n':1},'globex':{'n':2}}", "{'<name> (2 times)':{'n':'number 1'}}"},
        {"{'acme':{'n':1,'x':3},'globex':{'n':2}}", "{'<name> (2 times)':{'n':'number 1','x (1 of 2)':'number 1'}}"},
        {"{'acme':{'n':1},'globex':{'m':2}}", "{'acme':{'n':'number 1'},'globex':{'m':'number 1'}}"},
        {"{'.com':{'domainrenew':{'EUR':{'1':'1.00'},'USD':{'1':'2.00'}}}}",
         "{'<name> (1 times)':{'domainrenew':{'EUR':{'<number> (1 times)':'string 4'},"
         "'USD':{'<number> (1 times)':'string 4'}}}}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct json_object *answer = json_tokener_parse(rows[i].json), *shape = doctor_skeleton(answer);
        char *printed = strdup(json_object_to_json_string_ext(shape, JSON_C_TO_STRING_PLAIN));
        for (char *p = printed; *p; p++)
            *p = *p == '"' ? '\'' : *p;
        assert_string_equal(printed, rows[i].shape);
        free(printed);
        json_object_put(shape);
        json_object_put(answer);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(findings_are_lines_and_the_worst_status_counts),
        TEST(json_has_all_of_it),
        TEST(what_the_api_says_cannot_command_a_terminal),
        TEST(a_device_that_cannot_be_opened_is_69),
        TEST(a_container_is_recognised),
        TEST(the_advice_fits_the_place),
        TEST(a_helper_must_be_setuid_root_for_users),
        TEST(allow_other_needs_a_line_in_fuse_conf),
        TEST(only_mounts_of_this_program_are_looked_at),
        TEST(members_are_guessed_by_their_values),
        TEST(keys_that_look_like_data_are_replaced),
    };
    int failed = cmocka_run_group_tests_name("doctor", tests, NULL, NULL);

    log_free();
    return failed;
}
