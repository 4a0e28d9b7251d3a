/* SPDX-License-Identifier: MIT */
/*
 * The program as a helper of mount(8): under a name that begins with "mount.", such as mount.melbicomfs, it is called as
 *
 *      mount.melbicomfs SOURCE MOUNTPOINT [-sfnv] [-N NAMESPACE] [-t TYPE] [-o opt[,opt…]]
 *
 * for which mount(8) looks in /sbin. -f then means "fake": check everything, and mount nothing.
 *
 * Threads:   main thread, before the fork.
 * Ownership: argv is changed in place; its strings are not.
 * Errors:    none.
 */
#ifndef MELBICOMFS_COMMAND_MOUNT_HELPER_H
#define MELBICOMFS_COMMAND_MOUNT_HELPER_H

#include <stdbool.h>

/* Removes the arguments that only mount(8) gives from argv, if argv[0] is the name of a helper. Returns the new number
 * of arguments. *ret_fake is whether nothing shall be mounted. */
int mount_helper_arguments(int argc, char **argv, bool *ret_fake);

#endif
