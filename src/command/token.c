/* SPDX-License-Identifier: MIT */
#include "command/token.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/secret.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { TOKEN_MAX = 4096, TEXT_MAX = 2 * TOKEN_MAX, OVERFLOW_MAX = 512 };

int token_command_limit_ms = 10 * 1000;

/* The output of a file or command. One byte stays free for a NUL; `full`: there was more output than fits. */
struct text {
    char bytes[TEXT_MAX];
    size_t len;
    bool full;
};

static void text_wipe(struct text *text)
{
    explicit_bzero(text, sizeof(*text));
}

/* Calls read(2) once. Returns 1 if there may be more, 0 at the end, or -errno, which may be -EAGAIN. Bytes that do not
 * fit are read and dropped, so that a command with much output can end. */
static int text_read(struct text *text, int fd)
{
    char overflow[OVERFLOW_MAX];
    size_t room = sizeof(text->bytes) - 1 - text->len;
    ssize_t n = room ? read(fd, text->bytes + text->len, room) : read(fd, overflow, sizeof(overflow));
    int error = n < 0 ? -errno : 0;
    explicit_bzero(overflow, sizeof(overflow));
    if (error)
        return error == -EINTR ? 1 : error;
    if (room)
        text->len += (size_t)n;
    else if (n > 0)
        text->full = true;
    return n > 0;
}

int token_check(const char *source, const char *text, size_t len, char **ret)
{
    const char *fault = NULL;
    while (len > 0 && isspace((unsigned char)text[len - 1]))
        len--;
    while (len > 0 && isspace((unsigned char)*text)) {
        text++;
        len--;
    }
    if (len == 0)
        fault = "is empty";
    else if (len > TOKEN_MAX)
        fault = "is longer than 4096 bytes";
    for (size_t i = 0; i < len && !fault; i++)
        if (!isascii(text[i]) || !isgraph((unsigned char)text[i]))
            fault = "contains a space, a line break or a character that is not printable ASCII";
    if (fault) {
        log_error("token: the token from %s %s; give the token alone, as the Melbicom panel shows it", source, fault);
        return -EINVAL;
    }
    char *token = strndup(text, len);
    if (!token)
        return -ENOMEM;
    log_hide(token);
    *ret = token;
    return 0;
}

/* Opens a regular file and checks that nobody else can read it, unless it is `guarded` by its directory. O_NONBLOCK:
 * opening a FIFO would otherwise wait for its writer. */
static int open_private(const char *path, bool guarded, int *ret)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0) {
        int error = errno;
        closep(&fd);
        log_error("token: cannot read %s: %s; create the file, or name another one with token_file=", path,
                  strerror(error));
        return error == EMFILE || error == ENFILE || error == ENOMEM ? -error : -EACCES;
    }
    if (!S_ISREG(st.st_mode)) {
        (void)close(fd);
        log_error("token: %s is not a regular file; put the token into a regular file, or use token_command=", path);
        return -EINVAL;
    }
    if (!guarded && (st.st_mode & (S_IRGRP | S_IROTH))) {
        (void)close(fd);
        log_error("token: %s can be read by others (mode %03o); run: chmod 600 '%s'", path,
                  (unsigned)st.st_mode & 0777U, path);
        return -EACCES;
    }
    *ret = fd;
    return 0;
}

static int read_file(const char *path, bool guarded, char **ret)
{
    _cleanup_(closep) int fd = -1;
    _cleanup_(text_wipe) struct text text = {.len = 0};
    int error = open_private(path, guarded, &fd);
    if (error)
        return error;
    int more;
    do
        more = text_read(&text, fd);
    while (more > 0 && !text.full);
    if (more < 0) {
        log_error("token: cannot read %s: %s", path, strerror(-more));
        return -EACCES;
    }
    return token_check(path, text.bytes, text.len, ret);
}

/* Starts the command. It gets a process group of its own, so that a time-out can kill all its processes. Its signals
 * are unblocked and have their default actions: the loop blocks signals, and a child would inherit the mask. */
static int spawn_shell(const char *command, int output, pid_t *ret)
{
    char shell[] = "sh", option[] = "-c";
    _cleanup_(freep) char *script = strdup(command);
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    sigset_t none, all;
    if (!script)
        return -ENOMEM;

    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    posix_spawn_file_actions_init(&actions);
    char *argv[] = {shell, option, script, NULL};
    /* Without memory for an action, the command would print the token on this program's stdout. */
    int error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (!error)
        error = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    if (!error)
        error = posix_spawn(ret, "/bin/sh", &actions, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return -error;
}

/* Logs the failure if the command could not run or did not end with status 0. Returns 0 or -errno. */
static int check_end(int outcome, int status)
{
    if (outcome == -ETIMEDOUT) {
        log_error(
            "token: token_command gave no token within %d ms and was killed; run it by hand to see what it waits for",
            token_command_limit_ms);
        return -ETIMEDOUT;
    }
    if (outcome)
        log_error("token: cannot run token_command: %s", strerror(-outcome));
    else if (WIFSIGNALED(status))
        log_error("token: token_command was killed by signal %d; run it by hand to see why", WTERMSIG(status));
    else if (WEXITSTATUS(status) != 0)
        log_error("token: token_command ended with status %d; run it by hand to see why", WEXITSTATUS(status));
    else
        return 0;
    return outcome == -ENOMEM || outcome == -EMFILE || outcome == -ENFILE ? outcome : -EIO;
}

/* A command that is running. reading.fd is an epoll descriptor: readable when there is output or the shell has
 * ended. */
struct command {
    struct token_reading reading;
    pid_t pid;
    int child, output; /* the pidfd of the shell, and the read end of its output */
    int outcome;       /* 0, or the reason for which the command was killed: -ETIMEDOUT or another -errno */
    struct text text;
};

static void command_free(struct command *command)
{
    closep(&command->reading.fd);
    closep(&command->child);
    closep(&command->output);
    text_wipe(&command->text);
    free(command);
}

static int watch(const struct command *command, int fd)
{
    struct epoll_event event = {.events = EPOLLIN};
    return epoll_ctl(command->reading.fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/* Starts the shell. After a failure, the caller calls token_drop(). */
static int command_run(struct command *command, const char *script)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    command->output = ends[0];
    int error = spawn_shell(script, ends[1], &command->pid);
    (void)close(ends[1]);
    if (error)
        return error;
    command->child = pidfd_open(command->pid, 0);
    command->reading.fd = epoll_create1(EPOLL_CLOEXEC);
    command->reading.deadline = clock_ms() + token_command_limit_ms;
    if (command->child < 0 || command->reading.fd < 0 || fcntl(command->output, F_SETFL, O_NONBLOCK) < 0)
        return -errno;
    error = watch(command, command->child);
    return error ? error : watch(command, command->output);
}

int token_start(void *data, struct token_reading **ret)
{
    const struct token_source *source = data;
    struct command *command = calloc(1, sizeof(*command));
    if (!command)
        return -ENOMEM;
    command->pid = -1;
    command->child = command->output = command->reading.fd = -1;
    int error = command_run(command, source->command);
    if (error) {
        token_drop(&command->reading);
        return check_end(error, 0);
    }
    *ret = &command->reading;
    return 0;
}

/* Does not wait for the killed shell: a process that waits for a dead file server may end only when the server is
 * back. */
void token_drop(struct token_reading *reading)
{
    struct command *command = (struct command *)reading;
    if (command->pid > 0) {
        (void)kill(-command->pid, SIGKILL);
        (void)waitpid(command->pid, NULL, WNOHANG);
    }
    command_free(command);
}

/* Reads the output that is there. The amount per call is limited: a command with endless output must not hold the
 * loop. */
static int take_output(struct command *command)
{
    int more = 1;
    for (size_t taken = 0; more > 0 && taken < TEXT_MAX; taken += OVERFLOW_MAX)
        more = text_read(&command->text, command->output);
    /* A closed output is readable for ever, and the shell may go on; so its output is no longer watched. */
    if (more == 0)
        (void)epoll_ctl(command->reading.fd, EPOLL_CTL_DEL, command->output, NULL);
    return more < 0 && more != -EAGAIN ? more : 0;
}

/* The command has ended when the shell has ended. The pipe may stay open: a daemon that it started may hold it. */
static bool has_ended(const struct command *command)
{
    struct pollfd child = {.fd = command->child, .events = POLLIN};
    return poll(&child, 1, 0) == 1;
}

static int take_token(struct command *command, char **ret)
{
    int status = 0;
    while (waitpid(command->pid, &status, 0) < 0 && errno == EINTR)
        ;
    int error = check_end(command->outcome, status);
    if (error)
        return error;
    const char *newline = memchr(command->text.bytes, '\n', command->text.len);
    size_t len = newline ? (size_t)(newline - command->text.bytes) : command->text.len;
    return token_check("token_command", command->text.bytes, len, ret);
}

int token_ask(struct token_reading *reading, char **ret)
{
    struct command *command = (struct command *)reading;
    bool ended = has_ended(command);
    int error = take_output(command);
    if (ended) {
        error = take_token(command, ret);
        command_free(command);
        return error;
    }
    if (!error && clock_ms() >= reading->deadline)
        error = -ETIMEDOUT;
    if (error && !command->outcome) {
        command->outcome = error;
        (void)kill(-command->pid, SIGKILL);
    }
    return 1;
}

/* Starts the command and waits for its end. A command that has been killed has no deadline any more. */
static int read_command(void *source, char **ret)
{
    struct token_reading *reading = NULL;
    int r = token_start(source, &reading);
    if (r < 0)
        return r;
    do {
        int64_t left = reading->deadline - clock_ms();
        struct pollfd fd = {.fd = reading->fd, .events = POLLIN};
        (void)poll(&fd, 1, ((struct command *)reading)->outcome ? -1 : left > 0 ? (int)left : 0);
        r = token_ask(reading, ret);
    } while (r == 1);
    return r;
}

/* A value cannot have changed when it is asked for again, so it is given away and not kept a second time. */
static int give_value(struct token_source *source, char **ret)
{
    if (!source->value)
        return -EALREADY;
    int error = token_check("the configuration (token = or MELBICOM_TOKEN)", source->value, strlen(source->value), ret);
    if (!error) {
        secret_wipe(&source->value);
        source->given = true;
    }
    return error;
}

int token_read(void *data, char **ret)
{
    struct token_source *source = data;
    if (source->file)
        return read_file(source->file, false, ret);
    if (source->command)
        return read_command(data, ret);
    if (source->value || source->given)
        return give_value(source, ret);
    if (source->credentials)
        return read_file(source->credentials, true, ret);
    if (source->elsewhere)
        log_error("token: the token from %s is for %s and is sent to no other URL; set MELBICOM_TOKEN or use -o "
                  "token_file=PATH",
                  source->place, source->elsewhere);
    else
        log_error("token: no token is configured; %s", source->missing);
    return -ENOKEY;
}

void token_source_clear(struct token_source *source)
{
    secret_wipe(&source->file);
    secret_wipe(&source->command);
    secret_wipe(&source->value);
    secret_wipe(&source->credentials);
    secret_wipe(&source->elsewhere);
    secret_wipe(&source->missing);
}
