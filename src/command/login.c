/* SPDX-License-Identifier: MIT */
#include "command/login.h"

#include "api/answer.h"
#include "api/document.h"
#include "api/endpoints.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/secret.h"
#include "command/doctor_visit.h"
#include "command/options.h"
#include "command/private_file.h"
#include "command/profile_edit.h"
#include "command/prompt.h"
#include "command/report.h"
#include "command/settings.h"
#include "command/token.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Standard input is read up to this length, in bytes; more is no token. */
#define INPUT_MAX 8192

/* The configuration file may be so long, in bytes. */
#define CONFIG_MAX (16L << 20)

#define NO_MOUNT ", or mount with -o delay_connect"

static const char question[] = "Make an API token in the Melbicom panel, and paste it here; it is not shown.\n"
                               "Token: ";

struct login {
    const struct config *config;
    const struct options_login *options;
    struct endpoints *endpoints;
    login_check *check;
    void *data;

    const char *section; /* the section to be written, borrowed; NULL: the configuration file stays as it is */
    const char *url;     /* the value of its url=, borrowed; NULL: it needs none */
    char *path, *named;  /* the token's file, and how the section names it */
    char *token, *balance;
    char *said; /* the last line of the log */
};

static void login_clear(struct login *login)
{
    free(login->path);
    free(login->named);
    secret_wipe(&login->token);
    free(login->balance);
    free(login->said);
}

/* ---- where the token goes ---- */

/* Decides where the token goes if no file is named yet: beside the configuration file. */
static void choose_new_file(struct login *login)
{
    const struct options_login *options = login->options;
    int directory = (int)(strrchr(options->config, '/') - options->config);
    if (options->given_file) {
        login->named = report_text("%s", options->given_file);
        login->path = report_text("%s", options->given_file);
        return;
    }
    login->named = options->profile ? report_text("%s.token", options->profile) : report_text("token");
    login->path = report_text("%.*s/%s", directory, options->config, login->named);
}

static void choose(struct login *login)
{
    const struct options_login *options = login->options;
    bool other_url = strcmp(login->config->base_url, options->file_url) != 0;
    bool is_named = options->file && !options->has_token && !other_url &&
                    (!options->given_file || strcmp(options->given_file, options->file) == 0);
    if (is_named) {
        login->path = report_text("%s", options->file);
        return;
    }
    choose_new_file(login);
    if (!options->profile && options->is_usual && !options->has_token && !options->file && !options->given_file &&
        !other_url)
        return;
    login->section = options->profile ? options->profile : "default";
    login->url = other_url ? login->config->base_url : NULL;
}

/* Whether something would be replaced, which needs --force. */
static bool replaces(const struct login *login)
{
    const struct options_login *options = login->options;
    struct stat st;
    bool exists = lstat(login->path, &st) == 0;
    if (options->force)
        return false;
    if (exists)
        settings_complain("%s exists already; to replace the token in it, add --force", login->path);
    else if (login->section && (options->has_token || options->file || (login->url && options->has_url)))
        settings_complain("%s already has %s; to write another one for [%s], add --force", options->config,
                          options->has_token || options->file ? "a token" : "a url", login->section);
    else
        return false;
    return true;
}

/* ---- the token ---- */

static void keep_line(void *data, const char *line)
{
    char **said = data;
    free(*said);
    *said = strdup(line);
}

/* Prints the last line of the log as the reason of a failure. */
static void complain(const struct login *login)
{
    const char *line = login->said ? login->said : "out of memory";
    size_t len = strlen(line), end = sizeof(NO_MOUNT) - 1;
    if (strncmp(line, "token: ", 7) == 0) {
        line += 7;
        len -= 7;
    }
    if (len > end && strcmp(line + len - end, NO_MOUNT) == 0)
        len -= end;
    settings_complain("%.*s", (int)len, line);
}

static int read_token(struct login *login)
{
    char input[INPUT_MAX];
    size_t len = 0;
    int error = prompt_secret(question, input, sizeof(input), &len);
    if (error) {
        explicit_bzero(input, sizeof(input));
        settings_complain("cannot read the token from standard input: %s", strerror(-error));
        return EXIT_TOKEN;
    }
    error = token_check("standard input", input, len, &login->token);
    explicit_bzero(input, sizeof(input));
    if (error)
        complain(login);
    return error ? EXIT_TOKEN : EXIT_OK;
}

/* ---- the try ---- */

/* Returns the balance of an answer as billing/balance shows it, or NULL. */
static char *balance_of(const struct login *login, const struct doctor_answer *answer)
{
    char key[] = "balance", url[] = "";
    struct document document = {.key = key, .url = url, .query = {.operation = OP_BALANCE}};
    struct answer *reader = report_owned(answer_new(&document, login->endpoints, login->config->max_body));
    struct answer_page page = {0};
    bool changed;
    char *text = NULL;
    int error = answer_page(reader);
    if (!error)
        error = answer_feed(reader, answer->body, answer->len);
    if (!error)
        error = answer_page_end(reader, &page);
    if (!error)
        error = answer_publish(reader, &document, clock_wall(), &changed);
    const struct snapshot *item = !error && document.n_items > 0 ? document.items[0].snapshot : NULL;
    const char *amount = item ? snapshot_field(item, BALANCE_AMOUNT) : NULL;
    const char *currency = item ? snapshot_field(item, BALANCE_CURRENCY) : NULL;
    if (amount) {
        _cleanup_(freep) char *both = report_text("%s%s%s", amount, currency ? " " : "", currency ? currency : "");
        text = report_printable(both, strlen(both));
    }
    pages_free(&page.pages);
    answer_free(reader);
    document_clear(&document);
    return text;
}

static int tell_refusal(const struct doctor_visit *visit)
{
    const struct doctor_answer *answer = &visit->answer;
    if (doctor_visit_is_refused(visit)) {
        settings_complain("the API refuses the token for %s: HTTP %ld, %s; check it in the Melbicom panel, and that it "
                          "may be used from this machine's address",
                          answer->path, doctor_visit_status(visit), answer->words);
        return EXIT_TOKEN;
    }
    if (answer->result.error)
        settings_complain("the token could not be tried, %s: %s; try again later", answer->path, answer->result.detail);
    else
        settings_complain("the token could not be tried, %s: HTTP %ld, %s; see melbicomfs --doctor", answer->path,
                          doctor_visit_status(visit), answer->words);
    return EXIT_UNREACHABLE;
}

/* The version may be had without a token, so the balance is asked for, which also shows whose token it is. A token that
 * may not see the balance is good if it may see the services. */
static int try_account(struct login *login)
{
    struct doctor_api api = {login->config, login->endpoints, login->token, NULL};
    struct doctor_visit balance = {.operation = OP_BALANCE}, services = {.operation = OP_SERVICES};
    int status = EXIT_OK;
    doctor_visit(&api, &balance, 0);
    if (doctor_visit_is_good(&balance)) {
        login->balance = balance_of(login, &balance.answer);
    } else {
        doctor_visit(&api, &services, 0);
        if (!doctor_visit_is_good(&services))
            status = tell_refusal(doctor_visit_is_refused(&balance) ? &balance : &services);
    }
    doctor_visit_clear(&balance);
    doctor_visit_clear(&services);
    return status;
}

static int try_token(struct login *login)
{
    int status = login->check(login->data, login->token);
    if (status != EXIT_OK)
        complain(login);
    return status == EXIT_OK ? try_account(login) : status;
}

/* ---- what is written ---- */

static int tell_write_error(const char *path, int error)
{
    settings_complain("cannot write %s: %s", path, strerror(-error));
    return EXIT_CONFIG;
}

static int write_token(const struct login *login)
{
    _cleanup_(secret_wipe) char *line = report_text("%s\n", login->token);
    int error = private_file_make_directory(login->path);
    if (!error)
        error = private_file_write(login->path, line, strlen(line), false);
    return error ? tell_write_error(login->path, error) : EXIT_OK;
}

/* Reads the configuration file; a file that does not exist is empty. */
static int read_config(const char *path, char **ret, size_t *ret_len)
{
    FILE *file = fopen(path, "re");
    struct stat st;
    if (!file)
        return errno == ENOENT ? 0 : -errno;
    (void)setvbuf(file, NULL, _IONBF, 0); /* the file may hold a token, and a buffer would keep it */
    if (fstat(fileno(file), &st) < 0 || st.st_size > CONFIG_MAX) {
        (void)fclose(file);
        return -EFBIG;
    }
    size_t size = (size_t)st.st_size + 1;
    char *text = report_owned(calloc(1, size));
    size_t len = fread(text, 1, size, file);
    int error = ferror(file) ? -EIO : len == size ? -EAGAIN : 0; /* it grows while it is read */
    (void)fclose(file);
    if (error) {
        secret_wipe(&text);
        return error;
    }
    *ret = text;
    *ret_len = len;
    return 0;
}

static int write_section(const struct login *login)
{
    const char *path = login->options->config;
    struct profile_edit edit = {.section = login->section, .token_file = login->named, .url = login->url};
    _cleanup_(secret_wipe) char *text = NULL, *changed = NULL;
    size_t len = 0, changed_len = 0;
    if (!login->section)
        return EXIT_OK;
    int error = private_file_make_directory(path);
    if (!error)
        error = read_config(path, &text, &len);
    if (!error)
        error = profile_edit(text ? text : "", len, &edit, &changed, &changed_len);
    if (!error)
        error = private_file_write(path, changed, changed_len, true);
    return error ? tell_write_error(path, error) : EXIT_OK;
}

static void tell(const struct login *login)
{
    const struct options_login *options = login->options;
    if (login->balance)
        printf("The API accepts the token; the account's balance is %s.\n", login->balance);
    else
        printf("The API accepts the token, but does not show it the balance.\n");
    printf("It is stored in %s, which only you can read.\n", login->path);
    if (login->section)
        printf("The profile [%s] of %s names that file.\n", login->section, options->config);
    printf("To mount the account, run: melbicomfs %s%sMOUNTPOINT", options->profile ? options->profile : "",
           options->profile ? " " : "");
    if (!options->is_usual)
        printf(" -o config='%s'", options->config);
    printf("\n");
}

int login_run(const struct config *config, const struct options_login *options, struct endpoints *endpoints,
              login_check *check, void *data)
{
    _cleanup_(login_clear) struct login login = {
        .config = config, .options = options, .endpoints = endpoints, .check = check, .data = data};
    choose(&login);
    if (replaces(&login))
        return EXIT_USAGE;
    log_divert(keep_line, &login.said);
    int status = read_token(&login);
    if (!status)
        status = try_token(&login);
    log_divert(NULL, NULL);
    if (!status)
        status = write_token(&login);
    if (!status)
        status = write_section(&login);
    if (!status)
        tell(&login);
    return status;
}
