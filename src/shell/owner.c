/* SPDX-License-Identifier: MIT */
#include "shell/owner.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>

void owner_print(uid_t uid, gid_t gid)
{
    const struct passwd *user = getpwuid(uid);
    if (user)
        printf(" %s", user->pw_name);
    else
        printf(" %u", (unsigned)uid);
    const struct group *group = getgrgid(gid);
    if (group)
        printf(" %s", group->gr_name);
    else
        printf(" %u", (unsigned)gid);
}
