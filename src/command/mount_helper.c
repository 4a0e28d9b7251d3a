/* SPDX-License-Identifier: MIT */
#include "command/mount_helper.h"

#include <string.h>

static bool is_helper(const char *name)
{
    const char *slash = strrchr(name, '/');
    return strncmp(slash ? slash + 1 : name, "mount.", 6) == 0;
}

/* Whether the argument consists of flags that only mount(8) gives, such as -n or -sfnv. */
static bool is_flags(const char *argument)
{
    return argument[0] == '-' && argument[1] && argument[1 + strspn(argument + 1, "sfnv")] == '\0';
}

/* Whether the argument is an option with a value that only mount(8) gives. *ret_alone is whether the value is the next
 * argument. */
static bool has_value(const char *argument, bool *ret_alone)
{
    if (argument[0] != '-' || !argument[1] || !strchr("Nt", argument[1]))
        return false;
    *ret_alone = argument[2] == '\0';
    return true;
}

int mount_helper_arguments(int argc, char **argv, bool *ret_fake)
{
    int n = argc > 0 ? 1 : 0;
    *ret_fake = false;
    if (argc < 1 || !is_helper(argv[0]))
        return argc;
    for (int i = 1; i < argc; i++) {
        bool alone = false;
        if (is_flags(argv[i])) {
            *ret_fake = *ret_fake || strchr(argv[i], 'f');
        } else if (has_value(argv[i], &alone)) {
            i += alone;
        } else {
            argv[n++] = argv[i];
            if (strcmp(argv[i], "-o") == 0 && i + 1 < argc) /* its value may look like a flag */
                argv[n++] = argv[++i];
        }
    }
    argv[n] = NULL;
    return n;
}
