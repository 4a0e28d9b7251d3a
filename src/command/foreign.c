/* SPDX-License-Identifier: MIT */
#include "command/foreign.h"

#include "base/closest.h"

#include <stddef.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* A `*` at the end of a name matches any rest. */
/* clang-format off */
static const char *const dropped[] = {
    "defaults", "rw", "auto", "noauto", "user", "user=*", "nouser", "users", "nousers", "owner", "noowner", "group",
    "nogroup", "_netdev", "nofail", "x-*", "X-*", "comment", "comment=*",
    "diratime", "nodiratime", "relatime", "norelatime", "strictatime", "nostrictatime", "lazytime", "nolazytime",
    "iversion", "noiversion", "mand", "nomand", "silent", "loud", "symfollow",
};

/* See mount.fuse3(8), and fuse_mount_opts in libfuse's lib/mount.c. */
static const char *const passed[] = {
    "allow_other", "allow_root", "auto_unmount", "default_permissions", "fsname=*", "subtype=*", "max_read=*",
    "blkdev", "blksize=*", "debug", "suid", "nosuid", "dev", "nodev", "exec", "noexec", "sync", "async", "dirsync", "atime",
    "noatime", "nosymfollow", "context=*", "fscontext=*", "defcontext=*", "rootcontext=*",
};
/* clang-format on */

static bool is_in(const char *const names[], size_t n, const char *item)
{
    for (size_t i = 0; i < n; i++) {
        size_t len = strcspn(names[i], "*");
        if (strncmp(item, names[i], len) == 0 && (names[i][len] == '*' || item[len] == '\0'))
            return true;
    }
    return false;
}

bool foreign_is_dropped(const char *item)
{
    return is_in(dropped, ARRAY_SIZE(dropped), item);
}

bool foreign_is_passed(const char *item)
{
    return is_in(passed, ARRAY_SIZE(passed), item);
}

/* Names with a value are no candidates: these are for mount(8)'s and libfuse's own purposes. */
static void try_all(const char *const names[], size_t n, struct closest *closest)
{
    for (size_t i = 0; i < n; i++)
        if (!strpbrk(names[i], "=*"))
            closest_try(closest, names[i]);
}

void foreign_try(struct closest *closest)
{
    try_all(dropped, ARRAY_SIZE(dropped), closest);
    try_all(passed, ARRAY_SIZE(passed), closest);
}
