/* SPDX-License-Identifier: MIT */
/*
 * The signals are blocked except in ppoll(2), so that none is lost between a look at `caught` and the wait.
 */
#include "command/prompt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};

enum { SIGNALS = sizeof(signals) / sizeof(signals[0]) };

static volatile sig_atomic_t caught;

static void catch (int number)
{
    caught = number;
}

/* What prompt_secret() changes in the process, to be restored. */
struct before {
    struct termios terminal;
    sigset_t mask;
    struct sigaction actions[SIGNALS];
};

static int silence(struct before *before)
{
    struct sigaction action = {.sa_handler = catch};
    struct termios silent;
    sigset_t set;
    if (tcgetattr(STDIN_FILENO, &before->terminal) < 0)
        return -errno;
    sigemptyset(&set);
    for (size_t i = 0; i < SIGNALS; i++)
        sigaddset(&set, signals[i]);
    (void)sigprocmask(SIG_BLOCK, &set, &before->mask);
    for (size_t i = 0; i < SIGNALS; i++) {
        (void)sigaction(signals[i], NULL, &before->actions[i]);
        if (before->actions[i].sa_handler != SIG_IGN)
            (void)sigaction(signals[i], &action, NULL);
    }
    silent = before->terminal;
    silent.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK);
    silent.c_lflag |= ICANON | ECHONL;
    return tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) < 0 ? -errno : 0;
}

static void restore(const struct before *before)
{
    (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &before->terminal);
    for (size_t i = 0; i < SIGNALS; i++)
        (void)sigaction(signals[i], &before->actions[i], NULL);
    (void)sigprocmask(SIG_SETMASK, &before->mask, NULL);
}

/* Calls read(2) once. Returns 1 if there may be more, 0 at the end, or -errno. */
static int read_some(char *buffer, size_t size, size_t *len)
{
    if (*len == size)
        return 0;
    ssize_t n = read(STDIN_FILENO, buffer + *len, size - *len);
    if (n < 0)
        return errno == EINTR ? 1 : -errno;
    *len += (size_t)n;
    return n > 0;
}

/* Reads until the end of the line, or until a signal is caught. */
static int read_line(const sigset_t *mask, char *buffer, size_t size, size_t *len)
{
    struct pollfd terminal = {.fd = STDIN_FILENO, .events = POLLIN};
    int more = 1;
    while (more > 0 && !caught && !memchr(buffer, '\n', *len)) {
        if (ppoll(&terminal, 1, NULL, mask) > 0)
            more = read_some(buffer, size, len);
        else if (errno != EINTR)
            more = -errno;
    }
    return more < 0 ? more : 0;
}

/* Asks once. *ret_signal is the signal that has been caught and sent again, or 0. */
static int ask(const char *question, char *buffer, size_t size, size_t *len, int *ret_signal)
{
    struct before before;
    caught = 0;
    int error = silence(&before);
    if (!error) {
        fputs(question, stderr);
        (void)fflush(stderr);
        error = read_line(&before.mask, buffer, size, len);
    }
    if (error != -ENOTTY)
        restore(&before);
    *ret_signal = caught;
    if (caught) {
        explicit_bzero(buffer, *len);
        *len = 0;
        fputc('\n', stderr);
        (void)raise(*ret_signal);
    }
    return error;
}

int prompt_secret(const char *question, char *buffer, size_t size, size_t *ret_len)
{
    int number = 0, error;
    size_t len = 0;
    if (isatty(STDIN_FILENO)) {
        do
            error = ask(question, buffer, size, &len, &number);
        while (!error && number == SIGTSTP);
        if (!error && number)
            error = -EINTR;
    } else {
        do
            error = read_some(buffer, size, &len);
        while (error > 0);
    }
    *ret_len = len;
    return error;
}
