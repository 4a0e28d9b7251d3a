/* SPDX-License-Identifier: MIT */
/* The command line, the environment and the configuration file: what wins, and what is refused with which words. */
#include "api/endpoints.h"
#include "base/config.h"
#include "base/log.h"
#include "command/options.h"
#include "command/settings.h"
#include "command/token.h"
#include "command/values.h"

#include <json-c/printbuf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { ARGUMENTS_MAX = 12, OUTPUT_MAX = 16384 };

static char directory[] = "/tmp/test-options-XXXXXX";
static char config_path[128];

/* What options_parse() made of a command line. */
struct outcome {
    int status;
    enum options_action action;
    struct config config;
    char said[OUTPUT_MAX]; /* on stderr */
    char told[OUTPUT_MAX]; /* on stdout */
};

static struct outcome outcome;
static const char *program = "melbicomfs"; /* argv[0] */
static const char *token_variable; /* MELBICOM_TOKEN, which each parsing takes out of the environment; NULL: not set */

struct capture {
    FILE *file;
    int saved;
    int fd;
};

static struct capture capture_start(int fd)
{
    struct capture capture = {.file = tmpfile(), .saved = dup(fd), .fd = fd};
    assert_non_null(capture.file);
    assert_true(dup2(fileno(capture.file), fd) >= 0);
    return capture;
}

static void capture_end(const struct capture *capture, char *text)
{
    fflush(NULL);
    dup2(capture->saved, capture->fd);
    close(capture->saved);
    rewind(capture->file);
    text[fread(text, 1, OUTPUT_MAX - 1, capture->file)] = '\0';
    fclose(capture->file);
}

/* Parses the words, which end with NULL; the results are in `outcome` until the next call. */
static int parse(const char *first, ...)
{
    char *argv[ARGUMENTS_MAX] = {strdup(program)}, *owned[ARGUMENTS_MAX];
    int argc = 1;
    va_list words;
    va_start(words, first);
    for (const char *word = first; word; word = va_arg(words, const char *)) {
        assert_true(argc < ARGUMENTS_MAX - 1);
        argv[argc++] = strdup(word);
    }
    va_end(words);

    memcpy(owned, argv, sizeof(argv));
    options_clear(&outcome.config);
    config_init(&outcome.config);
    outcome.action = OPTIONS_MOUNT;
    if (token_variable)
        setenv("MELBICOM_TOKEN", token_variable, 1);
    fflush(NULL);
    struct capture out = capture_start(STDOUT_FILENO), err = capture_start(STDERR_FILENO);
    outcome.status = options_parse(argc, argv, &outcome.config, &outcome.action, NULL);
    capture_end(&err, outcome.said);
    capture_end(&out, outcome.told);
    for (int i = 0; i < argc; i++)
        free(owned[i]);
    return outcome.status;
}

#define parse_words(...) parse(__VA_ARGS__, (const char *)NULL)

static void assert_said(const char *text)
{
    if (!strstr(outcome.said, text))
        fail_msg("'%s' is not in: %s", text, outcome.said);
}

/* Refused with `status`, in one line, which holds `text`. */
static void assert_refused(int status, const char *text)
{
    assert_int_equal(outcome.status, status);
    assert_said(text);
    assert_ptr_equal(strchr(outcome.said, '\n'), outcome.said + strlen(outcome.said) - 1);
    assert_int_equal(strncmp(outcome.said, "melbicomfs: ", 12), 0);
}

static void write_config(const char *text, mode_t mode)
{
    FILE *file = fopen(config_path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(config_path, mode), 0);
}

static void assert_same(const char *text, const char *expected)
{
    if (expected && text)
        assert_string_equal(text, expected);
    else
        assert_ptr_equal(text, expected);
}

static const struct token_source *source(void)
{
    assert_ptr_equal(outcome.config.read_token, token_read);
    return outcome.config.read_token_data;
}

static void mount_point_alone(void **state)
{
    (void)state;
    assert_int_equal(parse_words("/mnt/x"), EXIT_OK);
    assert_int_equal(outcome.action, OPTIONS_MOUNT);
    assert_string_equal(outcome.config.base_url, CONFIG_DEFAULT_URL);
    assert_string_equal(outcome.config.mountpoint, "/mnt/x");
    assert_null(outcome.config.source);
    assert_null(outcome.config.mount_options);
    assert_false(outcome.config.foreground);
    assert_null(source()->file);
    assert_null(source()->command);
    assert_null(source()->value);
    assert_null(source()->credentials);
    assert_string_equal(outcome.said, "");
}

static void mount_point_becomes_canonical(void **state)
{
    char expected[128], link[64];
    (void)state;
    assert_int_equal(chdir(directory), 0);
    snprintf(expected, sizeof(expected), "%s/none", directory);
    assert_int_equal(parse_words("none//"), EXIT_OK);
    assert_string_equal(outcome.config.mountpoint, expected);
    assert_int_equal(parse_words("."), EXIT_OK);
    assert_string_equal(outcome.config.mountpoint, directory);

    snprintf(link, sizeof(link), "%s/link", directory);
    assert_int_equal(symlink("/usr/", link), 0);
    assert_int_equal(parse_words("link/"), EXIT_OK);
    assert_string_equal(outcome.config.mountpoint, "/usr");
    assert_int_equal(parse_words("link/none/"), EXIT_OK);
    assert_string_equal(outcome.config.mountpoint, "/usr/none");
    assert_int_equal(unlink(link), 0);
    assert_int_equal(parse_words("/"), EXIT_OK);
    assert_string_equal(outcome.config.mountpoint, "/");
}

static void flags(void **state)
{
    (void)state;
    assert_int_equal(parse_words("-f", "/m"), EXIT_OK);
    assert_true(outcome.config.foreground);
    assert_false(outcome.config.debug);
    assert_int_equal(parse_words("/m", "-d"), EXIT_OK);
    assert_true(outcome.config.foreground);
    assert_true(outcome.config.debug);
    assert_int_equal(outcome.config.log_level, LOG_LEVEL_DEBUG);
    assert_int_equal(parse_words("/m", "-d", "-o", "log_level=error"), EXIT_OK);
    assert_int_equal(outcome.config.log_level, LOG_LEVEL_DEBUG);
    assert_int_equal(parse_words("-s", "/m"), EXIT_OK);
    assert_false(outcome.config.foreground);
    assert_int_equal(parse_words("-V"), EXIT_OK);
    assert_int_equal(outcome.action, OPTIONS_VERSION);
    assert_int_equal(parse_words("--version"), EXIT_OK);
    assert_int_equal(outcome.action, OPTIONS_VERSION);
    assert_string_equal(outcome.told, "");
}

static void help_names_every_setting(void **state)
{
    (void)state;
    assert_int_equal(parse_words("-h"), EXIT_OK);
    assert_int_equal(outcome.action, OPTIONS_HELP);
    assert_string_equal(outcome.said, "");
    const struct setting *setting;
    for (size_t i = 0; (setting = settings_at(i)); i++) {
        char text[64];
        snprintf(text, sizeof(text), " %s%s", setting->name, setting->argument ? "=" : " ");
        if (!strstr(outcome.told, text) || !strstr(outcome.told, setting->help))
            fail_msg("the help does not name %s", setting->name);
    }
    for (const char *line = outcome.told; *line; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 90);
}

/* The help says defaults in words of its own; they must be those of config_init(). */
static void initial_values_are_the_defaults(void **state)
{
    struct config expected, actual;
    (void)state;
    config_init(&expected);
    config_init(&actual);
    actual.ttl_s = actual.ttl_slow_s = actual.stale_if_error_s = actual.readahead = actual.max_pages = 1;
    actual.timeout_ms = actual.connect_timeout_ms = actual.timeout_total_ms = actual.max_connections = 1;
    actual.max_body = actual.cache_size = actual.umask = 1;
    actual.push = false;
    actual.read_only = actual.delay_connect = true;
    struct token_source token = {.file = NULL};
    struct settings_target target = {.config = &actual, .token = &token};
    const struct setting *setting;
    char reason[SETTINGS_REASON];
    for (size_t i = 0; (setting = settings_at(i)); i++)
        if (setting->initial)
            assert_int_equal(settings_apply(setting, setting->initial, NULL, &target, reason), 0);
    assert_string_equal(target.url, CONFIG_DEFAULT_URL);
    free(target.url);
    assert_memory_equal(&actual, &expected, sizeof(actual));
}

static void every_setting_as_option(void **state)
{
    const struct config *config = &outcome.config;
    (void)state;
    assert_int_equal(parse_words("/m", "-o", "ro,delay_connect,push=0,ttl=1,ttl_slow=2,stale_if_error=3",
                                 "-otimeout=0.5", "-o",
                                 "connect_timeout=1.25,timeout_total=7,max_connections=9,readahead=0", "-o",
                                 "max_pages=1000000,max_body=2k,cache_size=3G,uid=12,gid=13,umask=022,cafile=/"
                                 "ca,url=https://h/x/,log_level=warning,proxy=socks5://u:p@h:1080"),
                     EXIT_OK);
    assert_true(config->read_only);
    assert_true(config->delay_connect);
    assert_false(config->push);
    assert_int_equal(config->ttl_s, 1);
    assert_int_equal(config->ttl_slow_s, 2);
    assert_int_equal(config->stale_if_error_s, 3);
    assert_int_equal(config->timeout_ms, 500);
    assert_int_equal(config->connect_timeout_ms, 1250);
    assert_int_equal(config->timeout_total_ms, 7000);
    assert_int_equal(config->max_connections, 9);
    assert_int_equal(config->readahead, 0);
    assert_int_equal(config->max_pages, 1000000);
    assert_int_equal(config->max_body, 2048);
    assert_int_equal(config->cache_size, UINT64_C(3) << 30);
    assert_int_equal(config->uid, 12);
    assert_int_equal(config->gid, 13);
    assert_int_equal(config->umask, 022);
    assert_string_equal(config->ca_file, "/ca");
    assert_string_equal(config->proxy, "socks5://u:p@h:1080");
    assert_int_equal(config->log_level, LOG_LEVEL_WARNING);
    assert_string_equal(config->base_url, "https://h/x");
    assert_null(config->mount_options);
}

/* Each time takes each unit, and a wrong one is told with the option, the value and the forms. */
static void times_have_units(void **state)
{
    static const struct {
        const char *option, *said;
    } wrong[] = {
        {"ttl=2x", "-o ttl: must be whole seconds from 0 to 31536000, such as 90, or a time such as 30s, 2m, 1h or 1d, "
                   "not '2x'"},
        {"ttl=1.5m", ", not '1.5m'"},
        {"ttl=366d", ", not '366d'"},
        {"ttl=99999999999999999999h", "must be whole seconds"},
        {"stale_if_error=2mm", ", not '2mm'"},
        {"ttl_slow=2M", "must be whole seconds"},
        {"timeout=61m",
         "-o timeout: must be seconds from 0.01 to 3600, such as 30 or 0.5, or a time such as 30s, 2m or 1h, "
         "not '61m'"},
        {"timeout_total=25h", ", not '25h'"},
        {"timeout_total=1..5s", ", not '1..5s'"},
    };
    const struct config *config = &outcome.config;
    (void)state;
    assert_int_equal(parse_words("/m", "-o", "ttl=2m,ttl_slow=1h,stale_if_error=7d,timeout=30s,connect_timeout=1.5m",
                                 "-o", "timeout_total=24h"),
                     EXIT_OK);
    assert_int_equal(config->ttl_s, 120);
    assert_int_equal(config->ttl_slow_s, 3600);
    assert_int_equal(config->stale_if_error_s, 604800);
    assert_int_equal(config->timeout_ms, 30000);
    assert_int_equal(config->connect_timeout_ms, 90000);
    assert_int_equal(config->timeout_total_ms, 86400000);
    assert_int_equal(parse_words("/m", "-o", "ttl=0s,timeout=0.01s,connect_timeout=1h"), EXIT_OK);
    assert_int_equal(config->ttl_s, 0);
    assert_int_equal(config->timeout_ms, 10);
    assert_int_equal(config->connect_timeout_ms, 3600000);
    write_config("ttl = 5m\n[work]\ntimeout: 1m\n", 0600);
    assert_int_equal(parse_words("work", "/m"), EXIT_OK);
    assert_int_equal(config->ttl_s, 300);
    assert_int_equal(config->timeout_ms, 60000);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        parse_words("/m", "-o", wrong[i].option);
        assert_int_equal(outcome.status, EXIT_USAGE);
        assert_said(wrong[i].said);
    }
    /* What does not look like a time may be a token in the wrong place. */
    parse_words("/m", "-o", "ttl=s3cr3t");
    assert_null(strstr(outcome.said, "s3cr3t"));
    parse_words("/m", "-o", "ttl=12345678901234567890");
    assert_null(strstr(outcome.said, "1234567"));
}

static void later_options_win(void **state)
{
    (void)state;
    assert_int_equal(parse_words("/m", "-o", "ttl=1,ttl=2,cafile=/a", "-o", "ttl=3,cafile=/b"), EXIT_OK);
    assert_int_equal(outcome.config.ttl_s, 3);
    assert_string_equal(outcome.config.ca_file, "/b");
}

static void commas_are_escaped(void **state)
{
    (void)state;
    assert_int_equal(parse_words("/m", "-o", "token_command=echo a\\,b \\\\n,ttl=5"), EXIT_OK);
    assert_string_equal(source()->command, "echo a,b \\n");
    assert_int_equal(outcome.config.ttl_s, 5);
    assert_int_equal(parse_words("/m", "-o", "fsname=a\\,b,,ttl=6,"), EXIT_OK);
    assert_string_equal(outcome.config.mount_options, "fsname=a\\,b");
}

static void fstab_calls_work(void **state)
{
    (void)state;
    assert_int_equal(
        parse_words("https://h/api", "/m", "-o",
                    "rw,noauto,auto,user,user=u,_netdev,nofail,x-systemd.automount,comment=c,defaults,nosuid,"
                    "nodev,allow_other,noatime,ro"),
        EXIT_OK);
    assert_string_equal(outcome.config.mount_options, "nosuid,nodev,allow_other,noatime");
    assert_true(outcome.config.read_only);
    assert_string_equal(outcome.config.source, "https://h/api");
    assert_int_equal(parse_words("/m", "-o",
                                 "diratime,nodiratime,relatime,norelatime,strictatime,nostrictatime,lazytime,"
                                 "nolazytime,iversion,noiversion,mand,nomand,silent,loud,symfollow,nousers"),
                     EXIT_OK);
    assert_null(outcome.config.mount_options);
    /* What would be a promise goes to libfuse, some versions of which refuse it. */
    assert_int_equal(parse_words("/m", "-o", "nosymfollow,context=a:b:c"), EXIT_OK);
    assert_string_equal(outcome.config.mount_options, "nosymfollow,context=a:b:c");
    /* Names that merely begin like one of mount's are not mount's. */
    parse_words("/m", "-o", "rwx");
    assert_refused(EXIT_USAGE, "unknown option -o rwx; did you mean -o rw?");
    parse_words("/m", "-o", "users2");
    assert_refused(EXIT_USAGE, "unknown option -o users2; did you mean -o users?");
}

/* An unknown name is refused with the one that was probably meant, and its value is never shown. */
static void a_mistyped_name_is_answered_with_the_right_one(void **state)
{
    static const struct {
        const char *words[3], *text;
    } cases[] = {
        {{"/m", "-o", "tokenfile=s3cret"}, "unknown option -o tokenfile; did you mean -o token_file=?"},
        {{"/m", "-o", "tokn=s3cret"}, "unknown option -o tokn; melbicomfs -h tells more"},
        {{"/m", "-o", "delay-connect"}, "unknown option -o delay-connect; did you mean -o delay_connect?"},
        {{"/m", "-o", "alow_other"}, "unknown option -o alow_other; did you mean -o allow_other?"},
        {{"/m", "-o", "frobnicate=s3cret"}, "unknown option -o frobnicate; melbicomfs -h tells more"},
        {{"/m", "--doctr"}, "unknown option --doctr; did you mean --doctor?"},
        {{"/m", "--tokenfile=s3cret"}, "unknown option --tokenfile; did you mean -o token_file=?"},
        {{"/m", "--ttl=5"}, "unknown option --ttl; did you mean -o ttl=?"},
        {{"/m", "--ro"}, "unknown option --ro; did you mean -o ro?"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        parse(cases[i].words[0], cases[i].words[1], cases[i].words[2], (const char *)NULL);
        assert_refused(EXIT_USAGE, cases[i].text);
        assert_said("melbicomfs -h");
        assert_null(strstr(outcome.said, "s3cret"));
    }
}

/* What mount(8) passes to a helper is understood under the name of one, and nowhere else. */
static void calls_of_mount_work(void **state)
{
    (void)state;
    static const char *const names[] = {"/sbin/mount.melbicomfs", "mount.fuse.melbicomfs"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        program = names[i];
        assert_int_equal(parse_words("https://h/api", "/m", "-s", "-nv", "-N", "/proc/1/ns/mnt", "-t",
                                     "fuse.melbicomfs", "-o", "rw,noauto,ttl=5"),
                         EXIT_OK);
        assert_int_equal(outcome.action, OPTIONS_MOUNT);
        assert_string_equal(outcome.config.source, "https://h/api");
        assert_string_equal(outcome.config.mountpoint, "/m");
        assert_int_equal(outcome.config.ttl_s, 5);
        assert_null(outcome.config.mount_options);
        assert_false(outcome.config.foreground);

        assert_int_equal(parse_words("https://h/api", "/m", "-f", "-o", "ttl=5"), EXIT_OK);
        assert_int_equal(outcome.action, OPTIONS_FAKE);
        assert_false(outcome.config.foreground);
        parse_words("https://h/api", "/m", "-f", "-o", "ttl=x");
        assert_refused(EXIT_USAGE, "ttl");
        assert_int_equal(parse_words("-V"), EXIT_OK);
        assert_int_equal(outcome.action, OPTIONS_VERSION);
        /* A value of -o is one, even if it looks like a flag. */
        parse_words("https://h/api", "/m", "-o", "-n");
        assert_refused(EXIT_USAGE, "unknown option -o -n");
        assert_int_equal(parse_words("https://h/api", "/m", "-N"), EXIT_OK);
    }
    program = "melbicomfs";
    parse_words("https://h/api", "/m", "-n");
    assert_refused(EXIT_USAGE, "unknown option -n");
    assert_int_equal(parse_words("https://h/api", "/m", "-f"), EXIT_OK);
    assert_int_equal(outcome.action, OPTIONS_MOUNT);
    assert_true(outcome.config.foreground);
}

static void usage_errors(void **state)
{
    (void)state;
    static const struct {
        const char *words[3], *text;
    } cases[] = {
        {{"-f"}, "no mount point"},
        {{"https://h/api"}, "no mount point"},
        {{"https://h/api", ""}, "no mount point"},
        {{"https://h/api", "/m", "/n"}, "one argument too many: '/n'"},
        {{"-x", "/m"}, "unknown option -x"},
        {{"--frobnicate", "/m"}, "unknown option --frobnicate"},
        {{"/m", "-o"}, "-o needs a value"},
        {{"--endpoints=x", "/m"}, "--endpoints takes no value"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *const *words = cases[i].words;
        parse(words[0], words[1], words[1] ? words[2] : NULL, (const char *)NULL);
        assert_refused(EXIT_USAGE, cases[i].text);
        assert_said("melbicomfs -h");
    }
}

static void bad_values(void **state)
{
    (void)state;
    static const char *const cases[] = {"ttl=",
                                        "ttl",
                                        "ttl=-1",
                                        "ttl=+1",
                                        "ttl= 1",
                                        "ttl=1x",
                                        "ttl=0x1",
                                        "ttl=31536001",
                                        "ttl=1.5",
                                        "timeout=0",
                                        "timeout=0.001",
                                        "timeout=.5",
                                        "timeout=3601",
                                        "timeout=1e3",
                                        "timeout=1.2.3",
                                        "max_body=1023",
                                        "max_body=5X",
                                        "max_body=5KB",
                                        "max_body=2048T",
                                        "cache_size=63K",
                                        "max_connections=0",
                                        "max_connections=257",
                                        "max_pages=0",
                                        "max_pages=1000001",
                                        "max_pages=all",
                                        "umask=888",
                                        "umask=1000",
                                        "log_level=loud",
                                        "log_level=Debug",
                                        "uid=4294967295",
                                        "uid=root",
                                        "push=2",
                                        "ro=maybe",
                                        "cafile=",
                                        "token_file",
                                        "token_command=",
                                        "max_body=99999999999999999999999",
                                        "timeout=99999999999999999999",
                                        "readahead=4097",
                                        "proxy=",
                                        "proxy=proxy.example.com:3128",
                                        "proxy=ftp://proxy.example.com",
                                        "proxy=http://",
                                        "proxy=http://proxy/path"};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char name[64];
        snprintf(name, sizeof(name), "-o %.*s: ", (int)strcspn(cases[i], "="), cases[i]);
        parse_words("/m", "-o", cases[i]);
        assert_refused(EXIT_USAGE, name);
    }
    parse_words("/m", "-o", "max_connections=0");
    assert_said("must be a whole number from 1 to 256");
    parse_words("/m", "-o", "timeout=0");
    assert_said("must be seconds from 0.01 to 3600");
    parse_words("/m", "-o", "cache_size=1");
    assert_said("must be a size from 64K to 1T");
}

static void token_on_the_command_line_is_refused(void **state)
{
    (void)state;
    parse_words("/m", "-o", "token=s3cr3t");
    assert_refused(EXIT_USAGE, "use token_file=PATH");
    assert_null(strstr(outcome.said, "s3cr3t"));
}

static void urls(void **state)
{
    (void)state;
    static const struct {
        const char *url, *kept, *why;
    } cases[] = {
        {"https://api.example.com/api", "https://api.example.com/api", NULL},
        {"HTTPS://api.example.com//", "HTTPS://api.example.com", NULL},
        {"http://127.0.0.1:8080/api", "http://127.0.0.1:8080/api", NULL},
        {"http://127.3.2.1", "http://127.3.2.1", NULL},
        {"http://[::1]:8080/", "http://[::1]:8080", NULL},
        {"http://LocalHost/a", "http://LocalHost/a", NULL},
        {"http://api.example.com/", NULL, "must be https"},
        {"http://127.example.com/", NULL, "must be https"},
        {"http://128.0.0.1/", NULL, "must be https"},
        {"http://[::2]/", NULL, "must be https"},
        {"ftp://127.0.0.1/", NULL, "must be https"},
        {"file:///etc/passwd", NULL, "names no host"},
        {"https://user:s3cr3t@h/", NULL, "holds a user or password"},
        {"https://user@h/", NULL, "holds a user or password"},
        {"http://127.0.0.1@example.com/", NULL, "holds a user or password"},
        {"https://h/?a=b", NULL, "query or fragment"},
        {"https://h/#a", NULL, "query or fragment"},
        {"https:///", NULL, "names no host"},
        {"https:///host/api", NULL, "names no host"},
        {"://", NULL, "is not a URL"},
        {"https://a b/", NULL, "is not a URL"},
        {"https://h:99999/", NULL, "is not a URL"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        parse_words(cases[i].url, "/m");
        if (cases[i].kept) {
            assert_int_equal(outcome.status, EXIT_OK);
            assert_string_equal(outcome.config.base_url, cases[i].kept);
        } else {
            assert_refused(EXIT_USAGE, cases[i].why);
            assert_null(strstr(outcome.said, "s3cr3t"));
        }
    }
}

static void url_from_the_environment(void **state)
{
    (void)state;
    write_config("url = https://top/\n[work]\nurl = https://work/\n[plain]\nttl = 5\n", 0644);
    assert_int_equal(parse_words("work", "/m"), EXIT_OK);
    assert_string_equal(outcome.config.base_url, "https://work");
    assert_int_equal(parse_words("plain", "/m"), EXIT_OK);
    assert_string_equal(outcome.config.base_url, "https://top");

    setenv("MELBICOM_URL", "https://environment/", 1);
    assert_int_equal(parse_words("work", "/m"), EXIT_OK);
    assert_string_equal(outcome.config.base_url, "https://environment");
    assert_int_equal(parse_words("https://source/", "/m"), EXIT_OK);
    assert_string_equal(outcome.config.base_url, "https://source");
    assert_int_equal(parse_words("work", "/m", "-o", "url=https://option/"), EXIT_OK);
    assert_string_equal(outcome.config.base_url, "https://option");
    setenv("MELBICOM_URL", "http://example.com", 1);
    parse_words("/m");
    assert_refused(EXIT_CONFIG, "MELBICOM_URL must be https");
    setenv("MELBICOM_URL", "", 1);
    assert_int_equal(parse_words("work", "/m"), EXIT_OK);
    assert_string_equal(outcome.config.base_url, "https://work");
}

static void places_in_order(void **state)
{
    (void)state;
    write_config("\xEF\xBB\xBF# for all\nttl = 1\nreadahead = 1\n\n"
                 "[work]\n  ttl = 2\n\treadahead=2\n  cafile = ca.pem\n"
                 "[default]\nttl: 4\n[home]\nttl = 3 \r\n; a comment\n[ttl_only]\n",
                 0644);
    assert_int_equal(parse_words("work", "/m", "-o", "readahead=9"), EXIT_OK);
    assert_int_equal(outcome.config.ttl_s, 2);
    assert_int_equal(outcome.config.readahead, 9);
    char expected[64];
    snprintf(expected, sizeof(expected), "%s/melbicomfs/ca.pem", directory);
    assert_string_equal(outcome.config.ca_file, expected);
    assert_int_equal(parse_words("home", "/m"), EXIT_OK);
    assert_int_equal(outcome.config.ttl_s, 3);
    assert_int_equal(outcome.config.readahead, 1);
    assert_null(outcome.config.ca_file);
    assert_int_equal(parse_words("/m"), EXIT_OK);
    assert_int_equal(outcome.config.ttl_s, 4);
    /* [default] goes with no SOURCE, not with a URL, which is another account. */
    assert_int_equal(parse_words("https://h/", "/m"), EXIT_OK);
    assert_int_equal(outcome.config.ttl_s, 1);
    /* A section without keys is a profile, too. */
    assert_int_equal(parse_words("ttl_only", "/m"), EXIT_OK);
    assert_int_equal(outcome.config.ttl_s, 1);
}

static void file_named_by_option(void **state)
{
    char option[128], other[64];
    (void)state;
    write_config("ttl = 7\n", 0644);
    snprintf(other, sizeof(other), "%s/other", directory);
    assert_int_equal(rename(config_path, other), 0);
    snprintf(option, sizeof(option), "ttl_slow=8,config=%s", other);
    assert_int_equal(parse_words("/m", "-o", option), EXIT_OK);
    assert_int_equal(outcome.config.ttl_s, 7);
    assert_int_equal(outcome.config.ttl_slow_s, 8);
    assert_int_equal(unlink(other), 0);
    parse_words("/m", "-o", option);
    assert_refused(EXIT_CONFIG, "No such file");
    snprintf(option, sizeof(option), "config=%s", directory);
    parse_words("/m", "-o", option);
    assert_refused(EXIT_CONFIG, "Is a directory");
}

static void usual_file_is_found_by_home(void **state)
{
    char home[64], path[128];
    (void)state;
    write_config("[work]\nttl = 6\n", 0644);
    snprintf(home, sizeof(home), "%s/home", directory);
    snprintf(path, sizeof(path), "%s/home/.config", directory);
    assert_int_equal(mkdir(home, 0700), 0);
    assert_int_equal(symlink("..", path), 0);
    unsetenv("XDG_CONFIG_HOME");
    setenv("HOME", home, 1);
    assert_int_equal(parse_words("work", "/m", "-o", "token_file=~/token"), EXIT_OK);
    assert_int_equal(outcome.config.ttl_s, 6);
    snprintf(path, sizeof(path), "%s/token", home);
    assert_string_equal(source()->file, path);
    /* The specification has relative ones ignored. */
    setenv("XDG_CONFIG_HOME", "relative", 1);
    assert_int_equal(parse_words("work", "/m"), EXIT_OK);
    assert_int_equal(outcome.config.ttl_s, 6);
    snprintf(path, sizeof(path), "%s/home/.config", directory);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(home), 0);
}

/* Runs a parsing in a child that is an ordinary user. Returns the exit status of options_parse(), or 100 plus it if the
 * mount would use the URL `url`. */
static int parse_as_user(const char *first, const char *second, const char *url)
{
    int status = -1;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        if (getuid() == 0 && setuid(65534) < 0)
            _exit(99);
        int r = parse(first, second, (const char *)NULL);
        bool same = r == EXIT_OK && strcmp(outcome.config.base_url, url) == 0;
        _exit(same ? 100 + r : r);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* Root reads the machine's file when there is no own one; a profile is looked for in the own file first. */
static void machines_file_is_behind_the_own_one(void **state)
{
    char path[128], below[128];
    const char *before = options_system_file;
    (void)state;
    snprintf(below, sizeof(below), "%s/melbicomfs", directory);
    snprintf(path, sizeof(path), "%s/system", directory);
    assert_int_equal(chmod(directory, 0755), 0);
    assert_int_equal(chmod(below, 0755), 0);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("url = https://machine\n[work]\nurl = https://machine-work\n  [other]\ntoken_file = t\n", file);
    fclose(file);
    assert_int_equal(chmod(path, 0644), 0);
    options_system_file = path;
    if (getuid() == 0) {
        assert_int_equal(parse_words("/m"), EXIT_OK);
        assert_string_equal(outcome.config.base_url, "https://machine");
    }
    assert_int_equal(parse_as_user("/m", NULL, CONFIG_DEFAULT_URL), 100);
    assert_int_equal(parse_as_user("work", "/m", "https://machine-work"), 100);
    write_config("url = https://own\n[work]\nurl = https://own-work\n", 0644);
    assert_int_equal(parse_words("/m"), EXIT_OK);
    assert_string_equal(outcome.config.base_url, "https://own");
    assert_int_equal(parse_words("work", "/m"), EXIT_OK);
    assert_string_equal(outcome.config.base_url, "https://own-work");
    /* A profile of the machine's file goes to the URL of that file, with a token file beside it. */
    assert_int_equal(parse_words("other", "/m"), EXIT_OK);
    assert_string_equal(outcome.config.base_url, "https://machine");
    assert_non_null(source()->file);
    assert_string_equal(source()->file + strlen(directory), "/t");
    parse_words("neither", "/m");
    assert_refused(EXIT_CONFIG, "there is no profile 'neither'");
    /* A file that a user cannot read is as good as none. */
    assert_int_equal(chmod(path, 0600), 0);
    if (getuid() == 0)
        assert_int_equal(parse_as_user("other", "/m", "https://machine"), EXIT_CONFIG);
    options_system_file = before;
    assert_int_equal(unlink(path), 0);
}

static void faults_in_the_file(void **state)
{
    (void)state;
    static char long_line[20000];
    snprintf(long_line, sizeof(long_line), "ttl=1\ntoken_command=%019000d\n", 0);
    static const struct {
        const char *text;
        unsigned line;
        const char *why;
    } cases[] = {
        {"ttl = 1\nfrobnicate = 1\n", 2, "unknown key 'frobnicate'; melbicomfs -h"},
        {"tokenfile = /s3cret\n", 1, "unknown key 'tokenfile'; did you mean 'token_file'?"},
        {"token s3cret==\n", 1, "unknown key 'token'; "},
        {"[endpoints]\ntoken s3cret==\n", 2, "'token' is not a key of [endpoints]"},
        {"\n\n[work]\nttl = x\n", 4, "ttl: must be whole seconds"},
        {"[other]\nttl = x\n", 2, "ttl: must be whole seconds"},
        {"[other]\nurl = http://example.com\n", 2, "url: must be https"},
        {"[work]\n[broken\n", 2, "neither"},
        {"just words\n", 1, "neither"},
        {"ttl = 60 # a minute\n", 1, "ttl: must be"},
        {"config = /x\n", 1, "for the command line"},
        {"[endpoints]\nbalance = /x\n", 2, "operation.key"},
        {"[endpoints]\n.path = /x\n", 2, "operation.key"},
        {"[endpoints]\nbalance. = /x\n", 2, "operation.key"},
        {long_line, 2, "longer than"},
        {"[0123456789012345678901234567890123456789012345678]\n[x]\n["
         "01234567890123456789012345678901234567890123456789]",
         3, "longer than 49"},
        {"ttl =\n", 1, "ttl: must be"},
        {"cafile =\n", 1, "cafile: must not be empty"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char place[256];
        write_config(cases[i].text, 0600);
        snprintf(place, sizeof(place), "melbicomfs: %s:%u: ", config_path, cases[i].line);
        parse_words("/m");
        assert_refused(EXIT_CONFIG, place);
        assert_said(cases[i].why);
    }
}

static void unknown_profiles(void **state)
{
    (void)state;
    parse_words("nowhere", "/m");
    assert_refused(EXIT_CONFIG, "there is no profile 'nowhere': the file ");
    write_config("ttl = 1\n[endpoints]\nbalance.path = /x\n", 0644);
    parse_words("nowhere", "/m");
    assert_refused(EXIT_CONFIG, "add a section [nowhere]");
    parse_words("endpoints", "/m");
    assert_refused(EXIT_CONFIG, "there is no profile 'endpoints'");
    write_config("[work]\nttl = 1\n[home]\n", 0644);
    parse_words("nowhere", "/m");
    assert_refused(EXIT_CONFIG, "use one of its profiles: work, home\n");
    parse_words("wrok", "/m");
    assert_refused(EXIT_CONFIG, "did you mean 'work'? Its profiles: work, home\n");
    parse_words("Home", "/m");
    assert_refused(EXIT_CONFIG, "did you mean 'home'?");
    parse_words("", "/m");
    assert_refused(EXIT_CONFIG, "there is no profile ''");
}

static void endpoint_overrides(void **state)
{
    char origin[256];
    (void)state;
    write_config("[work]\n[endpoints]\nbalance.path = /billing/credit\ninvoices.param.id = invoice:id=x\n"
                 "invoices.query = ; a=b\n",
                 0644);
    assert_int_equal(parse_words("--endpoints"), EXIT_OK);
    assert_int_equal(outcome.action, OPTIONS_ENDPOINTS);
    assert_null(outcome.config.mountpoint);
    assert_int_equal(outcome.config.n_overrides, 3);
    const struct config_override *override = outcome.config.overrides;
    assert_string_equal(override[0].operation, "balance");
    assert_string_equal(override[0].key, "path");
    assert_string_equal(override[0].value, "/billing/credit");
    snprintf(origin, sizeof(origin), "%s:3", config_path);
    assert_string_equal(override[0].origin, origin);
    assert_string_equal(override[1].key, "param.id");
    assert_string_equal(override[1].value, "invoice:id=x");
    assert_string_equal(override[2].value, "; a=b");
    /* They hold with every SOURCE, and beside --endpoints a lone argument is SOURCE. */
    assert_int_equal(parse_words("--endpoints", "work"), EXIT_OK);
    assert_string_equal(outcome.config.source, "work");
    assert_int_equal(parse_words("https://h/", "/m"), EXIT_OK);
    assert_int_equal(outcome.config.n_overrides, 3);
}

/* Parses the file with this text, and gives the endpoints that it makes: endpoints_print()'s text in `printed`. */
static struct endpoints *endpoints_of_file(const char *text, char *printed)
{
    write_config(text, 0644);
    if (parse_words("--endpoints") != EXIT_OK)
        fail_msg("%s", outcome.said);
    struct endpoints *endpoints = endpoints_new(&outcome.config);
    assert_non_null(endpoints);
    FILE *out = fmemopen(printed, OUTPUT_MAX, "w");
    endpoints_print(endpoints, out);
    assert_true(ftell(out) < OUTPUT_MAX - 1);
    assert_int_equal(fclose(out), 0);
    return endpoints;
}

/* Writes what is asked of the API and how it is read, whatever the query, to `buf`, which has OUTPUT_MAX bytes. */
static void describe(const struct endpoints *endpoints, char *buf)
{
    struct printbuf *out = printbuf_new();
    for (unsigned op = 0; op < OPERATIONS; op++) {
        const struct query query = {.operation = (enum operation)op, .id = 7, .values = {"a", "b", "c", "d", "e"}};
        const struct endpoint_reading *reading = endpoints_reading(endpoints, query.operation);
        unsigned choice = 0;
        do
            assert_int_equal(endpoints_path(endpoints, &query, choice, 100, out), 0);
        while (endpoints_next(endpoints, query.operation, &choice));
        sprintbuf(out, " %s", reading->list ? reading->list : "");
        for (unsigned i = 0; i < ENDPOINT_ALIASES && reading->ids[i]; i++)
            sprintbuf(out, " %s", reading->ids[i]);
        for (unsigned i = 0; i < ENDPOINT_FIELDS * ENDPOINT_ALIASES; i++) {
            const char *name = reading->fields[i / ENDPOINT_ALIASES].names[i % ENDPOINT_ALIASES];
            sprintbuf(out, " %s", name ? name : "");
        }
    }
    assert_true(printbuf_length(out) < OUTPUT_MAX);
    memcpy(buf, out->buf, (size_t)printbuf_length(out) + 1);
    printbuf_free(out);
}

/* Removes the comments that tell where lines are. */
static void forget_places(char *text)
{
    for (char *line; (line = strstr(text, "# from "));)
        memmove(line, strchr(line, '\n') + 1, strlen(strchr(line, '\n') + 1) + 1);
}

/* What --endpoints prints can be the configuration file: the same is in force, and the same is printed. */
static void printed_endpoints_can_be_pasted(void **state)
{
    static const char *const files[] = {
        "",
        "[endpoints]\nbalance.path = /v2/credit\nbalance.field.amount = creditbalance\nbalance.list = data\n",
        "ttl = 5\n[endpoints]\nservices.param.serviceStatus = state\nservices.param.status = st\n"
        "services.param.product=p = q\nservices.id = sid\nservices.field.product = a b\nservices.list = a.b.c\n"
        "services.page_size = 25\nservices.page_size_name = per_page\nservices.page_offset = from\n"
        "services.page_number = page\nservices.query = ; x=%20#y\nservice.path = /s/{id}?a=b\n"
        "products.param.productGroupId[] = g[]\npurge.path = /{id}/p\npurge.query = a=b\n",
    };
    static char first[OUTPUT_MAX], second[OUTPUT_MAX], before[OUTPUT_MAX], after[OUTPUT_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct endpoints *endpoints = endpoints_of_file(files[i], first);
        describe(endpoints, before);
        endpoints_free(endpoints);
        endpoints = endpoints_of_file(first, second);
        describe(endpoints, after);
        endpoints_free(endpoints);
        assert_string_equal(after, before);
        forget_places(first);
        forget_places(second);
        assert_string_equal(second, first);
    }
    log_free();
}

/* Every line that is a comment because it is built in is a valid line, and says what is in force anyway. */
static void printed_comments_can_be_put_in_force(void **state)
{
    static char text[OUTPUT_MAX], again[OUTPUT_MAX], before[OUTPUT_MAX], after[OUTPUT_MAX];
    unsigned lines = 0;
    char *to = again;
    (void)state;
    struct endpoints *endpoints = endpoints_of_file("", text);
    describe(endpoints, before);
    endpoints_free(endpoints);
    char *list = strstr(text, "[endpoints]");
    assert_non_null(list);
    for (const char *line = list; *line; line += strcspn(line, "\n") + 1) {
        size_t len = strcspn(line, "\n") + 1, dot = strcspn(line, ".:,");
        bool built_in = line[0] == '#' && line[dot] == '.' && strstr(line, " = ") < line + len && strstr(line, " = ");
        lines += built_in;
        memcpy(to, line + (built_in ? 2 : 0), len - (built_in ? 2 : 0));
        to += len - (built_in ? 2 : 0);
    }
    *to = '\0';
    assert_true(lines > 40);
    endpoints = endpoints_of_file(again, text);
    assert_int_equal(outcome.config.n_overrides, lines);
    describe(endpoints, after);
    endpoints_free(endpoints);
    /* Fewer candidates and names, but the best of each, and no other path. */
    assert_string_not_equal(after, before);
    assert_non_null(strstr(after, "/billing/creditbalance  balance "));
    assert_non_null(strstr(after, "&showInvoiceItems=true&showTransactions=true  id invoicenum"));
    log_free();
}

static void token_in_an_open_file_is_refused(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        write_config("[other]\ntoken = s3cr3t\n", i == 0 ? 0640 : 0604);
        parse_words("/m");
        assert_refused(EXIT_CONFIG, "others can read it; run: chmod 600");
        assert_null(strstr(outcome.said, "s3cr3t"));
    }
    write_config("[other]\ntoken = s3cr3t\n", 0600);
    assert_int_equal(parse_words("/m"), EXIT_OK);
    assert_null(source()->value);
    write_config("[other]\ntoken_file = x\n", 0644);
    assert_int_equal(parse_words("/m"), EXIT_OK);
}

/* Each source is tried with all weaker ones present; then it goes, and the next must be taken. */
static void token_sources_in_order(void **state)
{
    char path[128];
    (void)state;
    snprintf(path, sizeof(path), "%s/melbicom-token", directory);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    token_variable = "from-environment";
    setenv("CREDENTIALS_DIRECTORY", directory, 1);
    write_config("token = from-top\n[work]\ntoken = from-profile\ntoken_file = f\ntoken_command = c\n[file]\n"
                 "token_file = f\ntoken_command = c\n[command]\ntoken_command = c\n[none]\n",
                 0600);

    assert_int_equal(parse_words("work", "/m", "-o", "token_command=oc,token_file=/of"), EXIT_OK);
    assert_string_equal(source()->file, "/of");
    assert_null(source()->command);
    assert_null(source()->value);
    assert_int_equal(parse_words("work", "/m", "-o", "token_command=oc"), EXIT_OK);
    assert_string_equal(source()->command, "oc");
    assert_null(source()->file);
    assert_int_equal(parse_words("work", "/m"), EXIT_OK);
    assert_string_equal(source()->value, "from-profile");
    assert_null(source()->file);
    assert_int_equal(parse_words("file", "/m"), EXIT_OK);
    assert_string_equal(source()->file + strlen(directory), "/melbicomfs/f");
    assert_int_equal(parse_words("command", "/m"), EXIT_OK);
    assert_string_equal(source()->command, "c");
    assert_int_equal(parse_words("none", "/m"), EXIT_OK);
    assert_string_equal(source()->value, "from-environment");
    token_variable = NULL;
    assert_int_equal(parse_words("none", "/m"), EXIT_OK);
    assert_string_equal(source()->credentials, path);
    assert_null(source()->value);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(parse_words("none", "/m"), EXIT_OK);
    assert_string_equal(source()->value, "from-top");
}

/* The bytes that the kernel shows in /proc/PID/environ are overwritten, even if another place gives the token, and if
 * the variable stands there twice; other variables stay. */
static void token_in_the_environment_is_overwritten(void **state)
{
    static const char *const options[] = {"ttl=5", "token_file=/f"};
    char **saved = environ;
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char one[] = "MELBICOM_TOKEN=s3cret", other[] = "MELBICOM_TOKEN_FILE=kept", two[] = "MELBICOM_TOKEN=again";
        char *variables[] = {one, other, two, NULL};
        environ = variables;
        int status = parse_words("https://h", "/m", "-o", options[i]);
        assert_null(getenv("MELBICOM_TOKEN"));
        environ = saved;
        assert_int_equal(status, EXIT_OK);
        assert_same(source()->value, i == 0 ? "s3cret" : NULL);
        assert_string_equal(one, "MELBICOM_TOKEN=xxxxxx");
        assert_string_equal(two, "MELBICOM_TOKEN=xxxxx");
        assert_string_equal(other, "MELBICOM_TOKEN_FILE=kept");
    }
}

/* Nobody has chosen [default] for this mount, so the environment comes before it; and it before the file's top. */
static void token_of_the_default_profile_is_behind_the_environment(void **state)
{
    (void)state;
    write_config("token = from-top\n[default]\ntoken = from-default\n", 0600);
    assert_int_equal(parse_words("/m"), EXIT_OK);
    assert_string_equal(source()->value, "from-default");
    assert_int_equal(parse_words("default", "/m"), EXIT_OK);
    assert_string_equal(source()->value, "from-default");
    token_variable = "from-environment";
    assert_int_equal(parse_words("/m"), EXIT_OK);
    assert_string_equal(source()->value, "from-environment");
    assert_int_equal(parse_words("default", "/m"), EXIT_OK);
    assert_string_equal(source()->value, "from-default");
}

/* A token in the file is sent to the URL beside it, whatever other URL the environment and the command line name. */
static void token_of_the_file_is_for_its_url(void **state)
{
    static const struct {
        const char *words[3], *environment, *url, *token, *elsewhere;
    } cases[] = {
        {{"/m"}, NULL, "https://default", "default-token", NULL},
        {{"/m"}, "https://default//", "https://default", "default-token", NULL},
        {{"/m"}, "https://other", "https://other", NULL, "https://default"},
        {{"/m", "-o", "url=https://other"}, NULL, "https://other", NULL, "https://default"},
        {{"/m", "-o", "url=https://default"}, "https://other", "https://default", "default-token", NULL},
        {{"/m", "-o", "url=https://top"}, NULL, "https://top", "top-token", "https://default"},
        {{"https://other", "/m"}, NULL, "https://other", NULL, "https://top"},
        {{"https://default", "/m"}, NULL, "https://default", NULL, "https://top"},
        {{"https://top", "/m"}, NULL, "https://top", "top-token", NULL},
        {{"work", "/m"}, NULL, "https://work", "work-token", NULL},
        {{"work", "/m"}, "https://other", "https://other", NULL, "https://work"},
        /* A section without a URL has that of the top. */
        {{"plain", "/m"}, NULL, "https://top", "plain-token", NULL},
        {{"plain", "/m"}, "https://other", "https://other", NULL, "https://top"},
        /* The top's token does not follow a section to another URL. */
        {{"bare", "/m"}, NULL, "https://bare", NULL, "https://top"},
    };
    (void)state;
    write_config("url = https://top/\ntoken = top-token\n"
                 "[default]\ntoken = default-token\nurl = https://default/\n"
                 "[work]\nurl = https://work\ntoken = work-token\n[plain]\ntoken = plain-token\n"
                 "[bare]\nurl = https://bare\n",
                 0600);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *const *words = cases[i].words;
        if (cases[i].environment)
            setenv("MELBICOM_URL", cases[i].environment, 1);
        else
            unsetenv("MELBICOM_URL");
        assert_int_equal(parse(words[0], words[1], words[1] ? words[2] : NULL, (const char *)NULL), EXIT_OK);
        assert_string_equal(outcome.config.base_url, cases[i].url);
        assert_same(source()->value, cases[i].token);
        assert_same(source()->elsewhere, cases[i].elsewhere);
    }
}

/* The file beside the configuration file needs no key, comes last, and is for the URL of a mount without SOURCE. */
static void own_token_file_is_last(void **state)
{
    static const struct {
        const char *config, *words[2], *elsewhere;
        bool is_taken;
    } cases[] = {
        {"", {"/m"}, NULL, true},
        {"[work]\n", {"work", "/m"}, NULL, true},
        {"", {CONFIG_DEFAULT_URL, "/m"}, NULL, true},
        {"", {"https://other", "/m"}, CONFIG_DEFAULT_URL, false},
        {"url = https://other\n", {"https://other", "/m"}, NULL, true},
        {"[default]\nurl = https://other\n", {"/m"}, NULL, true},
        {"[work]\nurl = https://other\n", {"work", "/m"}, CONFIG_DEFAULT_URL, false},
        {"[default]\ntoken = t\n", {"/m"}, NULL, false},
        {"token = t\n", {"/m"}, NULL, false},
    };
    char path[160];
    (void)state;
    snprintf(path, sizeof(path), "%s/melbicomfs/token", directory);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        write_config(cases[i].config, 0600);
        assert_int_equal(parse(cases[i].words[0], cases[i].words[1], (const char *)NULL), EXIT_OK);
        assert_same(source()->file, cases[i].is_taken ? path : NULL);
        assert_same(source()->elsewhere, cases[i].elsewhere);
    }
    token_variable = "from-environment";
    assert_int_equal(parse_words("/m"), EXIT_OK);
    assert_null(source()->file);
    assert_int_equal(unlink(path), 0);
}

/* What is said when there is no token: each place that this mount looked at, and the command that puts one there. */
static void missing_token_names_every_place(void **state)
{
    static const struct {
        const char *words[2];
        const char *says[4];
    } cases[] = {
        {{"/m"}, {"token_file=", "MELBICOM_TOKEN", "melbicom-token, the profile [default] and the keys", ""}},
        {{"work", "/m"}, {"the profile [work] and", "; run: melbicomfs --login work", "", ""}},
        {{CONFIG_DEFAULT_URL, "/m"}, {", the keys before the first section of ", "; run: melbicomfs --login", "", ""}},
        {{"https://h", "/m"},
         {"run: melbicomfs --login NAME -o url=https://h, and mount the profile NAME", "", "", ""}},
    };
    char option[160];
    (void)state;
    write_config("[work]\n", 0600);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(parse(cases[i].words[0], cases[i].words[1], (const char *)NULL), EXIT_OK);
        assert_non_null(source()->missing);
        assert_non_null(strstr(source()->missing, config_path));
        assert_non_null(strstr(source()->missing, "/melbicomfs/token; run: melbicomfs --login"));
        for (size_t j = 0; j < 4; j++)
            if (!strstr(source()->missing, cases[i].says[j]))
                fail_msg("'%s' is not in: %s", cases[i].says[j], source()->missing);
    }
    snprintf(option, sizeof(option), "config=%s", config_path);
    assert_int_equal(parse_words("/m", "-o", option), EXIT_OK);
    snprintf(option, sizeof(option), "--login -o config='%s'", config_path);
    assert_non_null(strstr(source()->missing, option));
}

/* What is said for this mount, by an option or the environment, goes where this mount goes. */
static void token_of_the_mount_goes_to_any_url(void **state)
{
    (void)state;
    write_config("[default]\ntoken = production\n[work]\ntoken = work\n", 0600);
    setenv("MELBICOM_URL", "https://staging", 1);
    token_variable = "staging";
    assert_int_equal(parse_words("/m"), EXIT_OK);
    assert_string_equal(outcome.config.base_url, "https://staging");
    assert_string_equal(source()->value, "staging");
    assert_int_equal(parse_words("work", "/m"), EXIT_OK);
    assert_string_equal(source()->value, "staging");
    assert_int_equal(parse_words("work", "/m", "-o", "token_file=/f"), EXIT_OK);
    assert_string_equal(source()->file, "/f");
}

static int set_up(void **state)
{
    (void)state;
    options_system_file = "/nowhere/config"; /* the machine that runs the tests may have one */
    unsetenv("MELBICOM_URL");
    token_variable = NULL;
    unsetenv("CREDENTIALS_DIRECTORY");
    setenv("XDG_CONFIG_HOME", directory, 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(config_path);
    return 0;
}

static int set_up_group(void **state)
{
    (void)state;
    char below[64];
    config_init(&outcome.config);
    if (!mkdtemp(directory))
        return -1;
    snprintf(below, sizeof(below), "%s/melbicomfs", directory);
    snprintf(config_path, sizeof(config_path), "%s/config", below);
    return mkdir(below, 0700);
}

static int tear_down_group(void **state)
{
    (void)state;
    char below[64];
    options_clear(&outcome.config);
    snprintf(below, sizeof(below), "%s/melbicomfs", directory);
    return chdir("/") || rmdir(below) || rmdir(directory);
}

#define test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {test(mount_point_alone),
                                       test(mount_point_becomes_canonical),
                                       test(flags),
                                       test(help_names_every_setting),
                                       test(initial_values_are_the_defaults),
                                       test(every_setting_as_option),
                                       test(times_have_units),
                                       test(later_options_win),
                                       test(commas_are_escaped),
                                       test(fstab_calls_work),
                                       test(a_mistyped_name_is_answered_with_the_right_one),
                                       test(calls_of_mount_work),
                                       test(usage_errors),
                                       test(bad_values),
                                       test(token_on_the_command_line_is_refused),
                                       test(urls),
                                       test(url_from_the_environment),
                                       test(places_in_order),
                                       test(file_named_by_option),
                                       test(usual_file_is_found_by_home),
                                       test(machines_file_is_behind_the_own_one),
                                       test(faults_in_the_file),
                                       test(unknown_profiles),
                                       test(endpoint_overrides),
                                       test(printed_endpoints_can_be_pasted),
                                       test(printed_comments_can_be_put_in_force),
                                       test(token_in_an_open_file_is_refused),
                                       test(token_sources_in_order),
                                       test(token_in_the_environment_is_overwritten),
                                       test(token_of_the_default_profile_is_behind_the_environment),
                                       test(token_of_the_file_is_for_its_url),
                                       test(own_token_file_is_last),
                                       test(missing_token_names_every_place),
                                       test(token_of_the_mount_goes_to_any_url)};
    return cmocka_run_group_tests(tests, set_up_group, tear_down_group);
}
