/* SPDX-License-Identifier: MIT */
#include "command/doctor_local.h"

#include "api/endpoints.h"
#include "base/cleanup.h"
#include "base/config.h"
#include "base/log.h"
#include "command/machine.h"
#include "command/options.h"
#include "command/report.h"
#include "command/token.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

/* How long a mount may take to answer statvfs(3), in ms, before it counts as hung. */
#define ANSWER_LIMIT_MS 2000

#define HELPER "fusermount3"

/* ---- FUSE ---- */

void doctor_device(struct report *report, const char *device)
{
    bool container = machine_is_container("");
    struct machine_fault fault;
    if (machine_lacks_device(device, container, &fault) || machine_lacks_rights(container, &fault))
        report_bad(report, "fuse", EXIT_UNREACHABLE, fault.advice, "%s", fault.what);
    else
        report_good(report, "fuse", "%s can be opened", device);
}

void doctor_helper(struct report *report, const char *path, bool is_root)
{
    char file[512];
    struct machine_fault fault;
    bool found = machine_find_helper(path, file, sizeof file);
    if (is_root && found)
        report_good(report, HELPER, "%s; root mounts without it", file);
    else if (is_root)
        report_warn(report, HELPER, "install the package fuse3",
                    "not found in %s; root mounts without it, but unmounting needs it", path);
    else if (machine_lacks_helper(path, &fault))
        report_bad(report, HELPER, EXIT_UNREACHABLE, fault.advice, "%s", fault.what);
    else
        report_good(report, HELPER, "%s, setuid root", file);
}

void doctor_allow_other(struct report *report, const char *options, const char *file, bool is_root)
{
    const char *asked = machine_opens_mount(options);
    struct machine_fault fault;
    if (!asked)
        return;
    if (is_root)
        report_good(report, "allow_other", "root may use -o %s", asked);
    else if (machine_refuses_others(options, file, &fault))
        report_bad(report, "allow_other", EXIT_CONFIG, fault.advice, "%s", fault.what);
    else
        report_good(report, "allow_other", "%s has user_allow_other, so -o %s may be used", file, asked);
}

/* ---- the settings ---- */

/* Keeps the last message of the log in a `char *`. */
static void keep_message(void *data, const char *message)
{
    char **last = data;
    free(*last);
    *last = strdup(message);
}

/* Reports each wrong line of [endpoints]. endpoints_new() stops at the first wrong line, so each line is tried
 * alone. */
static bool check_overrides(struct report *report, const struct config *config)
{
    bool right = true;
    for (size_t i = 0; i < config->n_overrides; i++) {
        struct config one = *config;
        _cleanup_(freep) char *message = NULL;
        one.overrides = &config->overrides[i];
        one.n_overrides = 1;
        log_divert(keep_message, &message);
        struct endpoints *endpoints = endpoints_new(&one);
        log_divert(NULL, NULL);
        if (!endpoints) {
            report_bad(report, "settings", EXIT_CONFIG, NULL, "%s", message ? message : "out of memory");
            right = false;
        }
        endpoints_free(endpoints);
    }
    return right;
}

bool doctor_settings(struct report *report, const struct config *config, const struct options_notes *notes)
{
    for (size_t i = 0; i < notes->n_faults; i++)
        report_bad(report, "settings", EXIT_CONFIG, NULL, "%s", notes->faults[i]);
    if (!check_overrides(report, config) || notes->n_faults > 0)
        return false;
    if (notes->path && access(notes->path, R_OK) == 0)
        report_good(report, "settings", "%s is read; the API is %s", notes->path, config->base_url);
    else
        report_good(report, "settings", "there is no file %s, and none is needed; the API is %s",
                    notes->path ? notes->path : "~/.config/melbicomfs/config", config->base_url);
    return true;
}

/* ---- the token ---- */

/* The place of the token in words; malloc'd. Never the token. */
static char *describe_source(const struct token_source *source)
{
    const char *file = source->file ? source->file : source->credentials;
    struct stat st;
    if (source->command)
        return report_text("printed by the token_command of %s", source->place);
    if (!file)
        return report_text("from %s", source->place);
    if (stat(file, &st) < 0)
        return report_text("from the file %s, named by %s", file, source->place);
    return report_text("from the file %s (mode %03o), named by %s", file, (unsigned)st.st_mode & 0777U, source->place);
}

bool doctor_token(struct report *report, const struct config *config, char **ret)
{
    const struct token_source *source = config->read_token_data;
    _cleanup_(freep) char *message = NULL, *where = NULL;
    char *token = NULL;
    log_divert(keep_message, &message);
    int error = config->read_token(config->read_token_data, &token);
    log_divert(NULL, NULL);
    if (error) {
        const char *text = message && strncmp(message, "token: ", 7) == 0 ? message + 7 : message;
        report_bad(report, "token", EXIT_TOKEN, NULL, "%s", text ? text : strerror(-error));
        return false;
    }
    log_hide(token);
    where = describe_source(source);
    report_good(report, "token", "%s", where);
    *ret = token;
    return true;
}

/* ---- mounts ---- */

bool doctor_mountpoint(struct report *report, const char *path, int (*check)(const char *path, bool look_only))
{
    _cleanup_(freep) char *message = NULL;
    log_divert(keep_message, &message);
    int error = check(path, true);
    log_divert(NULL, NULL);
    if (error)
        report_bad(report, "mountpoint", EXIT_MOUNT, NULL, "%s", message ? message : strerror(-error));
    else
        report_good(report, "mountpoint", "%s can be mounted on", path);
    return !error;
}

/* Calls statvfs(3) on `path`, because the kernel may answer stat(2) of a dead mount from its cache. Returns 0, its
 * errno, or ETIMEDOUT. The call is made in a child, because a mount whose program is stopped never answers. Such a
 * child is killed, but not waited for: it may not end before the mount does. */
static int try_mount(const char *path)
{
    struct statvfs st;
    int status = 0;
    pid_t pid = fork();
    if (pid == 0)
        _exit(statvfs(path, &st) < 0 ? errno : 0);
    if (pid < 0)
        return errno;
    _cleanup_(closep) int fd = pidfd_open(pid, 0);
    struct pollfd child = {.fd = fd, .events = POLLIN};
    if (fd >= 0 && poll(&child, 1, ANSWER_LIMIT_MS) == 0) {
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, WNOHANG);
        return ETIMEDOUT;
    }
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

/* Replaces \NNN, which the kernel writes for spaces and the like, by the byte itself. */
static void unescape(char *text)
{
    char *to = text;
    for (const char *from = text; *from; to++) {
        unsigned byte;
        if (sscanf(from, "\\%3o", &byte) == 1) {
            *to = (char)byte;
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
}

/* Adds a finding if the mount at `path` is dead or does not answer. Returns whether a finding was added. */
static bool check_mount(struct report *report, const char *path)
{
    int error = try_mount(path);
    _cleanup_(freep) char *advice = NULL;
    bool is_dead = error == ENOTCONN || error == ECONNABORTED;
    if (is_dead) {
        advice = report_text("run: " HELPER " -u '%s'", path);
        report_warn(report, "mounts", advice, "the program that served %s has died", path);
    } else if (error == ETIMEDOUT) {
        advice = report_text(
            "see what its melbicomfs process is doing; to remove the mount, run: " HELPER " -u -z '%s'", path);
        report_warn(report, "mounts", advice, "%s does not answer within %d s", path, ANSWER_LIMIT_MS / 1000);
    }
    return is_dead || error == ETIMEDOUT;
}

void doctor_mounts(struct report *report, const char *mountinfo)
{
    FILE *in = fopen(mountinfo, "re");
    char *line = NULL;
    size_t room = 0;
    unsigned mounts = 0, dead = 0;
    while (in && getline(&line, &room, in) >= 0) {
        /* proc_pid_mountinfo(5): the mount point is the fifth field, the type comes after " - ". */
        char *type = strstr(line, " - "), path[4096];
        if (!type || strncmp(type + 3, "fuse.melbicomfs ", 16) != 0 ||
            sscanf(line, "%*s %*s %*s %*s %4095s", path) != 1)
            continue;
        unescape(path);
        mounts++;
        dead += check_mount(report, path);
    }
    free(line);
    if (in)
        (void)fclose(in);
    if (!dead)
        report_good(report, "mounts", "%u of melbicomfs, none of them dead", mounts);
}
