/* SPDX-License-Identifier: MIT */
/*
 * Whatever the API answers: answers.json, which the environment's ANSWERS names, holds cases, each a test of its own.
 * The simulator gives the answer of a case, and the tree must show of it what the case says. The head of that file
 * explains the members of a case; a member that is not known here fails the case.
 *
 * The cases share one mount, where nothing is kept from one case to the next; a case with lines of configuration, one
 * that counts requests, or one about a warning, which a mount gives once, has a mount of its own. The order of the cases
 * does not matter.
 */
#include "command_line.h"

#include <json-c/json.h>

#define PURGED "services/10421/cdn/purge"

/* With a ttl of 0 no case sees an answer of the one before, not even as an old copy. */
#define SHARED "ttl=0,stale_if_error=0"
/* Where requests are counted, an answer is asked for once. */
#define ALONE "ttl=600"

/* Where the tree shows what the API answers to an operation. */
static const struct view {
    const char *operation;
    const char *directory; /* that lists it; NULL: none */
    const char *file;      /* that holds it */
} views[] = {
    {"version", NULL, "version"},
    {"groups", "products/groups", "all/product-groups.json"},
    {"products", NULL, "all/products.json"},
    {"services", "services", "all/services.json"},
    {"service", NULL, "services/700/info.json"},
    {"pricing", NULL, "all/pricing.json"},
    {"invoices", "billing/invoices", "all/invoices.json"},
    {"balance", NULL, "billing/balance.json"},
};

/* Where the tree has the views of invoices. */
static const char *const by_status = "by/invoice-status";
static const char *const by_year = "by/invoice-year";
static const char *const unpaid = "reports/unpaid.csv";

/* A case, and what was seen of it. */
static struct trial {
    struct json_object *spec;
    const char *name, *operation;
    const struct view *view;   /* NULL: a purge or a mount */
    const struct mount *mount; /* that is looked at */
    int directory_error, file_error;
    struct json_object *names; /* in the directory, sorted; NULL: no directory, or an error */
    const char *content;       /* of the file; NULL: an error */
    struct json_object *json;  /* the content, parsed; NULL: it is no JSON */
    unsigned requests;
    const char *log;     /* the lines that the log has gained */
    struct ran mounting; /* the program's end, in a case about mounting */
} trial;

static struct fixture f;
static struct mount alone; /* for a case that needs a mount of its own */
static struct place place; /* for a case about mounting */

/* The options of a mount, with time limits that keep what fails for good from taking long. */
static const char *with_limits(const char *options)
{
    static char text[100];
    snprintf(text, sizeof text, "%s,timeout=%d,timeout_total=%d", options, 2 * time_scale(), 2 * time_scale());
    return text;
}

/* ---- the members of a case ---- */

static struct json_object *member(const char *key)
{
    return json_object_object_get(trial.spec, key);
}

static const char *text_of(const char *key)
{
    return json_object_get_string(member(key));
}

static bool has(const char *key)
{
    return json_object_object_get_ex(trial.spec, key, NULL);
}

/* Copies a member of `from` to `to`, under another name, if it is there. */
static void copy(struct json_object *from, const char *key, struct json_object *to, const char *as)
{
    struct json_object *value;
    if (json_object_object_get_ex(from, key, &value))
        json_object_object_add(to, as, json_object_get(value));
}

/* Adds the answer that `from` describes, as the simulator's rules and its "raw" have it. */
static void add_answer(struct json_object *from, struct json_object *to)
{
    struct json_object *body;
    copy(from, "status", to, "status");
    copy(from, "headers", to, "headers");
    copy(from, "raw", to, "body");
    if (json_object_object_get_ex(from, "body", &body))
        json_object_object_add(to, "body",
                               json_object_new_string(json_object_to_json_string_ext(
                                   body, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)));
}

/* Makes the simulator give the answer of the case to its operation. */
static void order_answer(void)
{
    struct json_object *raw = json_object_new_object(), *set = json_object_new_object(), *pages = member("pages");

    json_object_object_add(raw, "operation", json_object_new_string(trial.operation));
    copy(trial.spec, "content_type", raw, "content_type");
    add_answer(trial.spec, raw);
    json_object_object_add(set, "raw", raw);
    account_set(&f.sim, "%s", json_object_to_json_string(set));
    json_object_put(set);
    for (size_t i = 0; pages && i < json_object_array_length(pages); i++) {
        struct json_object *page = json_object_array_get_idx(pages, i), *ordered = json_object_new_object();
        json_object_object_add(ordered, "operation", json_object_new_string(trial.operation));
        copy(page, "path", ordered, "path");
        add_answer(page, ordered);
        rule(&f.sim, "%s", json_object_to_json_string(ordered));
        json_object_put(ordered);
    }
}

/* ---- looking ---- */

/* Touches a path and each directory above it: what failed a moment ago is asked for only then. */
static void touch(const char *path)
{
    for (size_t len = strcspn(path, "/");; len += 1 + strcspn(path + len + 1, "/")) {
        const char *part = in_mount(trial.mount, "%.*s", (int)len, path);
        if (utimensat(AT_FDCWD, part, NULL, 0) < 0 && errno != ENOENT)
            fail_msg("%s: touch %s: %s", trial.name, part, strerror(errno));
        if (!path[len])
            return;
    }
}

static int compare_strings(const void *a, const void *b)
{
    struct json_object *const *x = a, *const *y = b;
    return strcmp(json_object_get_string(*x), json_object_get_string(*y));
}

/* The names in a directory as a sorted list, without those of other views; NULL with *error set. */
static struct json_object *names_in(const char *path, int *error)
{
    DIR *dir = opendir(in_mount(trial.mount, "%s", path));
    struct json_object *names = json_object_new_array();

    errno = dir ? 0 : errno;
    for (struct dirent *entry; dir && (entry = readdir(dir)); errno = 0)
        if (entry->d_name[0] != '.' && strncmp(entry->d_name, "by-", 3) != 0)
            json_object_array_add(names, json_object_new_string(entry->d_name));
    *error = errno;
    if (dir)
        closedir(dir);
    if (*error) {
        json_object_put(names);
        return NULL;
    }
    json_object_array_sort(names, compare_strings);
    return names;
}

static const char *read_file(const char *path, int *error)
{
    const char *text = slurp_path(in_mount(trial.mount, "%s", path), NULL);
    *error = text ? 0 : errno;
    return text;
}

/* What the log has now and did not have `before`. It forgets its oldest lines, so the last one of before is looked for. */
static const char *log_since(const char *before)
{
    const char *now = slurp(trial.mount, ".melbicomfs/log", NULL), *last = before + strlen(before);
    if (last == before)
        return now;
    for (last--; last > before && last[-1] != '\n'; last--)
        ;
    const char *at = strstr(now, last);
    return at ? at + strlen(last) : now;
}

/* Looks at everything that shows the case, in trial.mount. */
static void look(void)
{
    const char *file = has("file") ? text_of("file") : trial.view->file;
    const char *directory = has("directory") ? text_of("directory") : trial.view->directory;

    if (directory)
        touch(directory);
    touch(file);
    journal_clear(&f.sim);
    const char *before = slurp(trial.mount, ".melbicomfs/log", NULL);
    trial.names = directory ? names_in(directory, &trial.directory_error) : NULL;
    trial.content = read_file(file, &trial.file_error);
    trial.json = trial.content ? json_tokener_parse(trial.content) : NULL;
    trial.requests = asked(&f.sim, trial.operation);
    trial.log = log_since(before);
    if (trial.requests == 0)
        fail_msg("%s: the API was not asked", trial.name);
}

/* ---- what a case says ---- */

/* Fails the case, with what was seen. */
static void __attribute__((format(printf, 1, 2))) wrong(const char *format, ...)
{
    char what[2000];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    if (trial.view)
        print_error("the directory has %s\nthe file has %.500s\n",
                    trial.names ? json_object_to_json_string(trial.names) : strerror(trial.directory_error),
                    trial.content ? trial.content : strerror(trial.file_error));
    if (trial.log)
        print_error("the log has gained\n%s", trial.log);
    fail_msg("%s: %s", trial.name, what);
}

/* Whether the names are those of `wanted`, in whatever order. */
static bool are_names(struct json_object *names, struct json_object *wanted)
{
    json_object_array_sort(wanted, compare_strings);
    return names && json_object_equal(names, wanted);
}

static void check_shows(struct json_object *value)
{
    if (json_object_is_type(value, json_type_object)) {
        if (!json_object_equal(trial.json, value))
            wrong("the file does not hold %s", json_object_to_json_string(value));
        return;
    }
    if (!are_names(trial.names, value))
        wrong("the directory does not have the names %s", json_object_to_json_string(value));
}

static void check_shows_count(struct json_object *value)
{
    if (json_object_array_length(trial.names) != (size_t)json_object_get_int64(value))
        wrong("the directory does not have %s names", json_object_get_string(value));
}

static void expect_elements(size_t n)
{
    if (!json_object_is_type(trial.json, json_type_array) || json_object_array_length(trial.json) != n)
        wrong("the file is no list of %zu elements", n);
}

static void check_elements(struct json_object *value)
{
    expect_elements((size_t)json_object_get_int64(value));
}

static void check_years(struct json_object *value)
{
    if (!are_names(trial.names, value))
        wrong("the directory does not have the years %s", json_object_to_json_string(value));
}

static void check_reads(struct json_object *value)
{
    if (!trial.content || strcmp(trial.content, json_object_get_string(value)) != 0)
        wrong("the file does not hold %s", json_object_to_json_string(value));
}

static bool is_error(int error, struct json_object *name)
{
    return error && strcmp(strerrorname_np(error), json_object_get_string(name)) == 0;
}

/* Where the line ends that begins at `line`. */
static const char *end_of(const char *line)
{
    return line + strcspn(line, "\n");
}

static bool line_has(const char *line, const char *text)
{
    return memmem(line, (size_t)(end_of(line) - line), text, strlen(text));
}

/* The last place in a line that has the text; NULL: none. */
static const char *last_in_line(const char *line, const char *text)
{
    const char *last = NULL;
    for (const char *at = strstr(line, text); at && at < end_of(line); at = strstr(at + 1, text))
        last = at;
    return last;
}

/* The text of a line of this level about the operation's answer, after "OPERATION/ID: GET PATH: "; NULL if it is another
 * line. */
static const char *text_of_line(const char *line, const char *level)
{
    char about[100];

    snprintf(about, sizeof about, " %s %s", level, trial.operation);
    const char *at = line_has(line, about) ? strstr(line, about) + strlen(about) : NULL;
    if (!at || !strchr(":/?", *at) || strncmp(at + strcspn(at, ":\n"), ": GET /", 7) != 0)
        return NULL;
    at = strstr(strchr(at, ':') + 2, ": ");
    return at && at < end_of(line) ? at + 2 : NULL;
}

/* The log must have exactly one line of this level about the operation's answer. Returns its text. */
static const char *only_line(const char *level)
{
    const char *only = NULL;

    for (const char *line = trial.log; *line; line = *end_of(line) ? end_of(line) + 1 : end_of(line)) {
        const char *text = text_of_line(line, level);
        if (text && only)
            wrong("the log has more than one line about the answer");
        only = text ? text : only;
    }
    if (!only)
        wrong("the log has no %s with the operation and the path", level);
    return only;
}

/* A line tells what was expected and what came, and after that what to do. */
static void expect_advice(const char *text)
{
    bool compares = strncmp(text, "expected ", 9) == 0 && line_has(text, "; got ");
    const char *advice = last_in_line(text, "; ");

    if (!compares && strncmp(text, "the answer reports a failure", 28) != 0)
        wrong("the log does not say what was expected and what came");
    if (!advice || strncmp(advice, "; got ", 6) == 0 || end_of(advice) - advice < 12)
        wrong("the log does not say what to do");
}

/* An answer that is refused has one line in the log. That of a status, which has none to compare, ends in the advice. */
static void check_line_of_error(void)
{
    const char *answers = strstr(trial.log, ": HTTP ");
    if (!answers || last_in_line(trial.log, "expected ")) {
        expect_advice(only_line("error"));
        return;
    }
    const char *text = only_line("warning");
    const char *advice = last_in_line(text, ": ");
    if (!advice || advice == strstr(text, ": ") || end_of(advice) - advice < 12)
        wrong("the log does not say what to do");
}

/* So does a list that may be cut, or that has items without an id. */
static void check_line_of_warning(void)
{
    expect_advice(only_line("warning"));
}

static void check_errno(struct json_object *value)
{
    if (!is_error(trial.file_error, value))
        wrong("the file does not fail with %s", json_object_get_string(value));
    if (trial.view->directory && !is_error(trial.directory_error, value))
        wrong("the directory does not fail with %s", json_object_get_string(value));
    check_line_of_error();
}

static void check_warns(struct json_object *value)
{
    (void)value;
    check_line_of_warning();
}

/* Whether one of the new lines of the log has the text, and the name of the operation. */
static bool log_has(const char *text)
{
    for (const char *line = trial.log; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        size_t len = strcspn(line, "\n");
        if (memmem(line, len, text, strlen(text)) && memmem(line, len, trial.operation, strlen(trial.operation)))
            return true;
    }
    return false;
}

static void check_log_has(struct json_object *value)
{
    bool is_list = json_object_is_type(value, json_type_array);
    for (size_t i = 0; i < (is_list ? json_object_array_length(value) : 1); i++) {
        const char *text = json_object_get_string(is_list ? json_object_array_get_idx(value, i) : value);
        if (!log_has(text))
            wrong("no line of the log has %s and \"%s\"", trial.operation, text);
    }
}

static void check_log_has_not(struct json_object *value)
{
    if (strstr(trial.log, json_object_get_string(value)))
        wrong("the log has \"%s\"", json_object_get_string(value));
}

static void check_requests(struct json_object *value)
{
    if (trial.requests != (unsigned)json_object_get_int(value))
        wrong("%u requests instead of %s: %s", trial.requests, json_object_get_string(value),
              journal(&f.sim, trial.operation));
}

static void expect_cut(bool expected)
{
    struct json_object *status = json_tokener_parse(slurp(trial.mount, ".melbicomfs/status.json", NULL));
    struct json_object *documents = json_object_object_get(status, "documents");
    int cut = -1; /* the list is not there */

    for (size_t i = 0; i < json_object_array_length(documents); i++) {
        struct json_object *document = json_object_array_get_idx(documents, i);
        if (strcmp(json_object_get_string(json_object_object_get(document, "document")), trial.operation) == 0)
            cut = json_object_get_boolean(json_object_object_get(document, "maybe_cut"));
    }
    json_object_put(status);
    if (cut != expected)
        wrong("maybe_cut is %s", cut < 0 ? "nowhere" : cut ? "true" : "false");
}

static void check_maybe_cut(struct json_object *value)
{
    expect_cut(json_object_get_boolean(value));
    if (json_object_get_boolean(value))
        check_line_of_warning();
}

static void check_by_status(struct json_object *value)
{
    json_object_object_foreach(value, status, wanted)
    {
        char path[300];
        int error;
        snprintf(path, sizeof path, "%s/%s", by_status, status);
        touch(path);
        struct json_object *names = names_in(path, &error);
        bool right = are_names(names, wanted);
        json_object_put(names);
        if (!right)
            wrong("%s does not have %s", path, json_object_to_json_string(wanted));
    }
}

static void check_by_year(struct json_object *value)
{
    (void)value;
    if (run(trial.mount, "test -z \"$(find '%s' -mindepth 2)\"", by_year).status != 0)
        wrong("%s has an entry", by_year);
}

/* The columns of the table's first row. */
static void check_unpaid(struct json_object *value)
{
    json_object_object_foreach(value, column, wanted)
    {
        struct ran ran = run_ok(trial.mount,
                                "tr -d '\\r' <'%s' | awk -F, 'NR == 1 {for (i = 1; i <= NF; i++) at[$i] = i}"
                                " NR == 2 {print at[\"%s\"] ? $at[\"%s\"] : \"no such column\"}'",
                                unpaid, column, column);
        ran.out[strcspn(ran.out, "\n")] = '\0';
        if (ran.out_len == 0 || strcmp(ran.out, json_object_get_string(wanted)) != 0)
            wrong("%s of %s is \"%s\"", column, unpaid, ran.out);
    }
}

static void check_write(struct json_object *value)
{
    bool ok = strcmp(json_object_get_string(value), "ok") == 0;
    if (ok ? trial.file_error != 0 : !is_error(trial.file_error, value))
        wrong("writing a name gives \"%s\" instead of %s", strerror(trial.file_error), json_object_get_string(value));
}

static void check_exit(struct json_object *value)
{
    if (trial.mounting.status != json_object_get_int(value))
        wrong("the program exits with %d instead of %s: %s", trial.mounting.status, json_object_get_string(value),
              trial.mounting.err);
}

static void check_stderr_has(struct json_object *value)
{
    if (!strcasestr(trial.mounting.err, json_object_get_string(value)))
        wrong("the program does not say \"%s\": %s", json_object_get_string(value), trial.mounting.err);
}

static void check_stderr_has_not(struct json_object *value)
{
    if (strcasestr(trial.mounting.err, json_object_get_string(value)))
        wrong("the program says \"%s\": %s", json_object_get_string(value), trial.mounting.err);
}

/* Mounts for the case alone, with its lines of configuration. */
static void mount_alone(void)
{
    struct json_object *lines = member("with");
    char config[1000] = "[endpoints]\n";

    for (size_t i = 0; lines && i < json_object_array_length(lines); i++) {
        size_t len = strlen(config);
        snprintf(config + len, sizeof config - len, "%s\n",
                 json_object_get_string(json_object_array_get_idx(lines, i)));
    }
    mount_start(&alone, &f.sim, &(struct how){.options = with_limits(ALONE), .config = config});
    trial.mount = &alone;
}

static void check_then(struct json_object *value)
{
    mount_alone();
    trial.content = read_file(text_of("file"), &trial.file_error);
    check_reads(value);
}

/* The members of a case, in the order in which they are looked at; without a function, they say what the API does. */
static const struct {
    const char *key;
    void (*check)(struct json_object *value);
} members[] = {
    {"name", NULL},
    {"operation", NULL},
    {"status", NULL},
    {"content_type", NULL},
    {"headers", NULL},
    {"body", NULL},
    {"raw", NULL},
    {"pages", NULL},
    {"with", NULL},
    {"file", NULL},
    {"directory", NULL},
    {"errno", check_errno},
    {"shows", check_shows},
    {"shows_count", check_shows_count},
    {"elements", check_elements},
    {"years", check_years},
    {"reads", check_reads},
    {"requests", check_requests},
    {"maybe_cut", check_maybe_cut},
    {"warns", check_warns},
    {"shows_in_by_invoice_status", check_by_status},
    {"no_entry_in_by_invoice_year", check_by_year},
    {"unpaid_csv", check_unpaid},
    {"write", check_write},
    {"exit", check_exit},
    {"stderr_has", check_stderr_has},
    {"stderr_has_not", check_stderr_has_not},
    {"log_has", check_log_has},
    {"log_has_not", check_log_has_not},
    {"then", check_then},
};

#define MEMBERS (sizeof members / sizeof *members)

/* Checks everything that the case says. Most of its members tell what is to be checked; one at least must. */
static void check_all(void)
{
    unsigned checked = 0, known = 0;

    for (size_t i = 0; i < MEMBERS; i++) {
        if (!has(members[i].key))
            continue;
        known++;
        checked += members[i].check != NULL;
        if (members[i].check)
            members[i].check(member(members[i].key));
    }
    if (known != (unsigned)json_object_object_length(trial.spec))
        wrong("a member of the case is not known to the test");
    if (checked == 0)
        wrong("the case says nothing of what the tree shows");
}

/* What holds for any list that is shown: its file has an element for each name, and nothing is cut unless it says so. */
static void check_list(void)
{
    if (trial.directory_error || trial.file_error)
        wrong("it fails");
    if (!trial.view->directory)
        return;
    if (!has("elements"))
        expect_elements(json_object_array_length(trial.names));
    if (!has("maybe_cut"))
        expect_cut(false);
}

/* ---- the three kinds of cases ---- */

static void begin(struct json_object *spec, const char *operation)
{
    trial.spec = spec;
    trial.name = text_of("name");
    trial.operation = operation;
    trial.mount = &f.mount;
}

static void test_view(void **state)
{
    begin(*state, json_object_get_string(json_object_object_get(*state, "operation")));
    for (size_t i = 0; i < sizeof views / sizeof *views; i++)
        if (trial.operation && strcmp(views[i].operation, trial.operation) == 0)
            trial.view = &views[i];
    if (!trial.view)
        fail_msg("%s: it names no operation that has a view", trial.name);
    order_answer();
    if ((has("with") && !has("then")) || has("requests") || has("maybe_cut") || has("warns"))
        mount_alone();
    look();
    if (!has("errno"))
        check_list();
    check_all();
}

static void test_purge(void **state)
{
    static const char name[] = "cdn.example.com\n";

    begin(*state, "purge");
    order_answer();
    const char *before = slurp(trial.mount, ".melbicomfs/log", NULL);
    int fd = open(in_mount(trial.mount, PURGED), O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    trial.file_error = write(fd, name, sizeof name - 1) < 0 ? errno : 0;
    assert_int_equal(close(fd), 0);
    trial.log = log_since(before);
    check_all();
}

static void test_mounting(void **state)
{
    begin(*state, "*");
    struct json_object *ordered = json_object_new_object(), *headers = json_object_new_object();

    json_object_object_add(ordered, "headers", headers);
    add_answer(trial.spec, ordered);
    json_object_object_get_ex(ordered, "headers", &headers);
    copy(trial.spec, "content_type", headers, "Content-Type");
    rule(&f.sim, "%s", json_object_to_json_string(ordered));
    json_object_put(ordered);
    place_make(&place);
    trial.mounting = program(&place, &f.sim, HARNESS_TOKEN, "$URL $MNT -o %s", with_limits(SHARED));
    check_all();
}

/* ---- the program ---- */

static bool has_ended(pid_t pid)
{
    siginfo_t info = {.si_pid = 0};
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid;
}

/* Leaves the account and the mount as they were before the case. */
static int end_case(void **state)
{
    (void)state;
    rules_clear(&f.sim);
    if (trial.view || strcmp(trial.operation, "purge") == 0)
        account_set(&f.sim, "{\"raw\":{\"operation\":\"%s\"}}", trial.operation);
    json_object_put(trial.names);
    json_object_put(trial.json);
    trial = (struct trial){0};
    if (place.dir[0])
        place_remove(&place);
    place = (struct place){0};
    /* A program that has ended, because it does not take the configuration, has failed the case already. */
    if (alone.pid > 0 && has_ended(alone.pid))
        (void)nftw(alone.dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    else
        mount_stop(&alone);
    alone = (struct mount){0};
    return 0;
}

static int set_up(void **state)
{
    static const char *const options[] = {"--no-etag", NULL};
    (void)state;
    return fixture_start(&f, options, &(struct how){.options = with_limits(SHARED)});
}

static int tear_down(void **state)
{
    (void)state;
    return fixture_stop(&f);
}

/* GROUP/NAME without spaces. */
static char *test_name(const char *group, const char *name)
{
    char *text = NULL;
    if (asprintf(&text, "%s/%s", group, name) < 0)
        abort();
    for (char *at = text; *at; at++)
        *at = *at == ' ' || *at == '#' ? '_' : *at;
    return text;
}

/* Appends a group's cases to the tests. */
static struct CMUnitTest *add_group(struct CMUnitTest *tests, size_t *n, const char *group, struct json_object *cases)
{
    size_t more = json_object_array_length(cases);

    tests = realloc(tests, (*n + more + 1) * sizeof *tests);
    if (!tests)
        abort();
    for (size_t i = 0; i < more; i++) {
        struct json_object *spec = json_object_array_get_idx(cases, i);
        tests[(*n)++] = (struct CMUnitTest){
            .name = test_name(group, json_object_get_string(json_object_object_get(spec, "name"))),
            .test_func = strcmp(group, "purges") == 0         ? test_purge
                         : strcmp(group, "at_the_mount") == 0 ? test_mounting
                                                              : test_view,
            .teardown_func = end_case,
            .initial_state = spec,
        };
    }
    return tests;
}

int main(void)
{
    struct CMUnitTest *tests = NULL;
    size_t n = 0;

    harness_begin();
    struct json_object *answers = json_object_from_file(getenv("ANSWERS"));
    if (!answers) {
        fprintf(stderr, "ANSWERS must name the file with the cases: %s\n", json_util_get_last_err());
        return 1;
    }
    json_object_object_foreach(answers, group, cases)
    {
        if (json_object_is_type(cases, json_type_array))
            tests = add_group(tests, &n, group, cases);
    }
    int failed = _cmocka_run_group_tests("answers", tests, n, set_up, tear_down);
    for (size_t i = 0; i < n; i++)
        free((char *)(uintptr_t)tests[i].name);
    free(tests);
    json_object_put(answers);
    return failed;
}
