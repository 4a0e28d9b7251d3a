/* SPDX-License-Identifier: MIT */
#include "base/limits.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#define PATH_BYTES 4096
#define STACKS     2 /* threads beside the main thread: the pusher's (mount/push.h) */

/* Version 2 has one hierarchy, version 1 one for each controller. */
static const struct {
    const char *mark; /* what a line of /proc/self/cgroup has before the path */
    const char *root, *file;
} versions[] = {
    {"0::", "/sys/fs/cgroup", "memory.max"},
    {":memory:", "/sys/fs/cgroup/memory", "memory.limit_in_bytes"},
};

/* The limit in a file. UINT64_MAX if it has none: version 2 then writes "max", version 1 a number near 2^63. */
static uint64_t limit_in(const char *path)
{
    FILE *file = fopen(path, "re");
    uint64_t bytes = UINT64_MAX;

    if (!file)
        return UINT64_MAX;
    if (fscanf(file, "%" SCNu64, &bytes) != 1 || bytes > INT64_MAX / 2)
        bytes = UINT64_MAX;
    (void)fclose(file);
    return bytes;
}

/* The smallest limit of the group `group`, a path below the root, and of those above it. Changes `group`. In a container
 * the path may be one that is not visible inside; the root then has the container's limit. */
static uint64_t limit_of(const char *root, const char *file, char *group)
{
    char path[2 * PATH_BYTES];
    uint64_t least = UINT64_MAX;

    for (;;) {
        size_t len = strlen(group);
        while (len > 0 && group[len - 1] == '/')
            group[--len] = '\0';
        (void)snprintf(path, sizeof(path), "%s%s/%s", root, group, file);
        uint64_t bytes = limit_in(path);
        least = bytes < least ? bytes : least;
        if (len == 0)
            return least;
        *strrchr(group, '/') = '\0';
    }
}

uint64_t limits_group(void)
{
    char line[PATH_BYTES];
    uint64_t least = UINT64_MAX;
    FILE *groups = fopen("/proc/self/cgroup", "re");

    while (groups && fgets(line, sizeof(line), groups))
        for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
            char *mark = strstr(line, versions[i].mark), *group = mark ? strchr(mark, '/') : NULL;
            if (!group)
                continue;
            group[strcspn(group, "\n")] = '\0';
            uint64_t bytes = limit_of(versions[i].root, versions[i].file, group);
            least = bytes < least ? bytes : least;
            break;
        }
    if (groups)
        (void)fclose(groups);
    return least;
}

void limits_keep_below_group(void)
{
    uint64_t bytes = limits_group();
    struct rlimit limit, stack;

    if (bytes == UINT64_MAX || getrlimit(RLIMIT_DATA, &limit) < 0)
        return;
    bytes -= bytes / 8;
    if (getrlimit(RLIMIT_STACK, &stack) == 0 && stack.rlim_cur != RLIM_INFINITY)
        bytes += STACKS * stack.rlim_cur;
    if (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur <= bytes)
        return;
    limit.rlim_cur = (rlim_t)bytes;
    (void)setrlimit(RLIMIT_DATA, &limit);
}
