#include "command/token.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { TOKEN_MAX = 4096, TEXT_MAX = 2 * TOKEN_MAX };

int token_command_limit_ms = 10 * 1000;

/* What a file or a command gave. One byte stays free for the NUL; `full` says that there was more. */
struct text {
    char bytes[TEXT_MAX];
    size_t len;
    bool full;
};

static void text_wipe(struct text *text)
{
    explicit_bzero(text, sizeof(*text));
}

/* Reads once. 1: there may be more; 0: the end; -errno, -EAGAIN among them. What does not fit is read and dropped, so
 * that a talkative command can end. */
static int text_read(struct text *text, int fd)
{
    char overflow[512];
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

/* Cuts white space off both ends and checks what is left; `source` names it in the log. */
static int check_token(const char *source, const char *text, size_t len, char **ret)
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
            fault = "holds a space, a line break or a byte that is no printable ASCII character";
    if (fault) {
        log_error("token: the one from %s %s; put the token there, alone, as the Melbicom panel shows it", source,
                  fault);
        return -EINVAL;
    }
    char *token = strndup(text, len);
    if (!token)
        return -ENOMEM;
    log_hide(token);
    *ret = token;
    return 0;
}

/* Opens a regular file that nobody else can read. O_NONBLOCK, since opening a FIFO would wait for its writer. */
static int open_private(const char *path, bool guarded, int *ret)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0) {
        int error = errno;
        closep(&fd);
        log_error("token: cannot read %s: %s; make the file, or name another with token_file=", path, strerror(error));
        return -EACCES;
    }
    if (!S_ISREG(st.st_mode)) {
        (void)close(fd);
        log_error("token: %s is not a regular file; put the token into one (or use token_command=)", path);
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
    return check_token(path, text.bytes, text.len, ret);
}

/* Starts the command in a process group of its own, so that a time-out can end all of it, with the signal state of an
 * ordinary program: the loop blocks signals, and a child would inherit that. */
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
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);

    char *argv[] = {shell, option, script, NULL};
    int error = posix_spawn(ret, "/bin/sh", &actions, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return -error;
}

/* Takes the output until the shell has ended, not until the pipe is closed: a daemon started by the command may keep
 * it open. 0, -ETIMEDOUT, or -errno. */
static int collect(int output, int child, struct text *text)
{
    int64_t deadline = clock_ms() + token_command_limit_ms;
    struct pollfd fds[] = {{.fd = child, .events = POLLIN}, {.fd = output, .events = POLLIN}};
    for (;;) {
        int64_t left = deadline - clock_ms();
        if (left <= 0)
            return -ETIMEDOUT;
        if (poll(fds, 2, (int)left) < 0 && errno != EINTR)
            return -errno;
        int more = 0;
        if (fds[1].fd >= 0 && fds[1].revents)
            more = text_read(text, output);
        if (more > 0)
            continue;
        if (more < 0 && more != -EAGAIN)
            return more;
        if (fds[1].revents & POLLHUP)
            fds[1].fd = -1;
        if (fds[0].revents)
            return 0;
    }
}

/* Says how the command ended, if it did not end well. */
static int check_end(int outcome, int status)
{
    if (outcome == -ETIMEDOUT) {
        log_error(
            "token: token_command gave no token within %d ms and was ended; run it by hand to see what it waits for",
            token_command_limit_ms);
        return -ETIMEDOUT;
    }
    if (outcome)
        log_error("token: cannot run token_command: %s", strerror(-outcome));
    else if (WIFSIGNALED(status))
        log_error("token: token_command was ended by signal %d; run it by hand to see why", WTERMSIG(status));
    else if (WEXITSTATUS(status) != 0)
        log_error("token: token_command ended with status %d; run it by hand to see why", WEXITSTATUS(status));
    else
        return 0;
    return -EIO;
}

/* Runs the command and waits for its end; on a time-out its process group is killed. */
static int run(const char *command, struct text *text)
{
    int ends[2];
    pid_t pid = -1;
    int status = 0;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return check_end(-errno, 0);
    _cleanup_(closep) int output = ends[0];
    int outcome = spawn_shell(command, ends[1], &pid);
    (void)close(ends[1]);
    if (outcome)
        return check_end(outcome, 0);

    _cleanup_(closep) int child = pidfd_open(pid, 0);
    if (child < 0 || fcntl(output, F_SETFL, O_NONBLOCK) < 0)
        outcome = -errno;
    else
        outcome = collect(output, child, text);
    if (outcome)
        (void)kill(-pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return check_end(outcome, status);
}

static int read_command(const char *command, char **ret)
{
    _cleanup_(text_wipe) struct text text = {.len = 0};
    int error = run(command, &text);
    if (error)
        return error;
    const char *newline = memchr(text.bytes, '\n', text.len);
    size_t len = newline ? (size_t)(newline - text.bytes) : text.len;
    return check_token("token_command", text.bytes, len, ret);
}

int token_read(void *data, char **ret)
{
    const struct token_source *source = data;
    if (source->file)
        return read_file(source->file, false, ret);
    if (source->command)
        return read_command(source->command, ret);
    if (source->value)
        return check_token("the configuration (token = or MELBICOM_TOKEN)", source->value, strlen(source->value), ret);
    if (source->credentials)
        return read_file(source->credentials, true, ret);
    if (source->elsewhere)
        log_error("token: the one in the configuration file is for %s and is sent nowhere else; set MELBICOM_TOKEN or "
                  "use -o token_file=PATH",
                  source->elsewhere);
    else
        log_error("token: none is configured; set MELBICOM_TOKEN or use -o token_file=PATH");
    return -ENOKEY;
}

static void wipe(char **secret)
{
    if (*secret)
        explicit_bzero(*secret, strlen(*secret));
    free(*secret);
    *secret = NULL;
}

void token_source_clear(struct token_source *source)
{
    wipe(&source->file);
    wipe(&source->command);
    wipe(&source->value);
    wipe(&source->credentials);
    wipe(&source->elsewhere);
}
