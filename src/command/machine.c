/* SPDX-License-Identifier: MIT */
#include "command/machine.h"

#include "base/cleanup.h"
#include "base/config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define HELPER        "fusermount3"
#define FOR_CONTAINER "start the container with --device /dev/fuse --cap-add SYS_ADMIN"

/* The text of a fault is cut where it does not fit. */
static bool set(struct machine_fault *fault, const char *advice, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool set(struct machine_fault *fault, const char *advice, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(fault->what, sizeof fault->what, format, arguments);
    va_end(arguments);
    (void)snprintf(fault->advice, sizeof fault->advice, "%s", advice);
    return true;
}

/* ---- containers ---- */

/* Whether a line of the file contains one of the words. A file that cannot be read has no lines. */
static bool has_word(const char *file, const char *const words[], size_t n)
{
    FILE *in = fopen(file, "re");
    _cleanup_(freep) char *line = NULL;
    size_t room = 0;
    bool found = false;
    while (in && !found && getline(&line, &room, in) >= 0)
        for (size_t i = 0; i < n; i++)
            found = found || strstr(line, words[i]);
    if (in)
        (void)fclose(in);
    return found;
}

bool machine_is_container(const char *root)
{
    static const char *const files[] = {"/.dockerenv", "/run/.dockerenv", "/run/.containerenv"};
    static const char *const groups[] = {"docker", "libpod", "containerd", "kubepods", "/lxc"};
    char path[512];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        (void)snprintf(path, sizeof path, "%s%s", root, files[i]);
        if (access(path, F_OK) == 0)
            return true;
    }
    (void)snprintf(path, sizeof path, "%s/proc/1/cgroup", root);
    return has_word(path, groups, sizeof groups / sizeof *groups);
}

/* ---- the device and the rights ---- */

bool machine_lacks_device(const char *device, bool container, struct machine_fault *ret)
{
    int fd = open(device, O_RDWR | O_CLOEXEC);
    int error = fd < 0 ? errno : 0;
    const char *advice = "load the kernel's module, as root: modprobe fuse";
    closep(&fd);
    if (!error)
        return false;
    if (error == EACCES || error == EPERM)
        advice = "let users open it, as root: chmod 666 /dev/fuse";
    if (error == EMFILE || error == ENFILE)
        advice = "raise the limit of open files (ulimit -n)";
    else if (container)
        advice = FOR_CONTAINER;
    return set(ret, advice, "%s cannot be opened: %s", device, strerror(error));
}

bool machine_lacks_rights(bool container, struct machine_fault *ret)
{
    if (prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0) == 0)
        return set(ret, container ? FOR_CONTAINER : "in a systemd unit, add CAP_SYS_ADMIN to CapabilityBoundingSet=",
                   "nobody can mount here, not even root, because CAP_SYS_ADMIN has been taken away");
    if (geteuid() != 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
        return set(ret,
                   container ? "start the container without --security-opt no-new-privileges"
                             : "in a systemd unit, set NoNewPrivileges=no",
                   HELPER " cannot become root, because this process runs with no_new_privs");
    return false;
}

/* ---- the helper ---- */

void machine_helper_path(char *ret, size_t size)
{
    const char *path = getenv("PATH");
    (void)snprintf(ret, size, "/usr/bin:%s", path ? path : "/bin");
}

bool machine_find_helper(const char *path, char *ret, size_t size)
{
    while (*path) {
        size_t len = strcspn(path, ":");
        int n = snprintf(ret, size, "%.*s/" HELPER, (int)len, path);
        if (len > 0 && n > 0 && (size_t)n < size && access(ret, X_OK) == 0)
            return true;
        path += len;
        path += *path == ':';
    }
    return false;
}

bool machine_lacks_helper(const char *path, struct machine_fault *ret)
{
    char file[512];
    struct stat st;
    struct statvfs fs;
    if (!machine_find_helper(path, file, sizeof file))
        return set(ret, "install the package fuse3, as root: apt install fuse3", HELPER " was not found in %s", path);
    if (stat(file, &st) < 0 || st.st_uid != 0 || !(st.st_mode & S_ISUID))
        return set(ret, "reinstall the package fuse3, or run as root: chown root FILE && chmod u+s FILE",
                   "%s is not setuid root", file);
    if (statvfs(file, &fs) == 0 && (fs.f_flag & ST_NOSUID))
        return set(ret, "mount that file system without nosuid, or run melbicomfs as root",
                   "%s is on a file system that is mounted nosuid", file);
    return false;
}

/* ---- /etc/fuse.conf ---- */

static bool lists(const char *options, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = options; at && *at; at = *at ? at + 1 : at) {
        size_t n = strcspn(at, ",");
        if (n == len && strncmp(at, name, len) == 0)
            return true;
        at += n;
    }
    return false;
}

const char *machine_opens_mount(const char *options)
{
    return lists(options, "allow_other") ? "allow_other" : lists(options, "allow_root") ? "allow_root" : NULL;
}

/* Whether the file has a line that consists of the word, perhaps with a comment after it. */
static bool has_line(const char *file, const char *word)
{
    FILE *in = fopen(file, "re");
    _cleanup_(freep) char *line = NULL;
    size_t room = 0, len = strlen(word);
    bool found = false;
    while (in && !found && getline(&line, &room, in) >= 0) {
        const char *text = line + strspn(line, " \t");
        found = strncmp(text, word, len) == 0 && strchr(" \t\r\n#", text[len]);
    }
    if (in)
        (void)fclose(in);
    return found;
}

bool machine_refuses_others(const char *options, const char *file, struct machine_fault *ret)
{
    const char *asked = machine_opens_mount(options);
    if (!asked || has_line(file, "user_allow_other"))
        return false;
    return set(ret, "add the line user_allow_other to that file as root, or mount without the option",
               "%s has no line user_allow_other, so only root may use -o %s", file, asked);
}

/* ---- all together ---- */

bool machine_cannot_mount(const struct config *config, struct machine_fault *ret)
{
    char path[4096];
    bool container = machine_is_container(""), is_root = geteuid() == 0;
    machine_helper_path(path, sizeof path);
    return (!is_root && machine_refuses_others(config->mount_options, "/etc/fuse.conf", ret)) ||
           machine_lacks_device("/dev/fuse", container, ret) || machine_lacks_rights(container, ret) ||
           (!is_root && machine_lacks_helper(path, ret));
}
