/*
 * The command line: argv, environment and configuration file become a struct config.
 *
 *      melbicomfs [SOURCE] MOUNTPOINT [-o opt[,opt…]] [-f] [-d] [-s] [-h] [-V] [--endpoints]
 *
 * SOURCE is a base URL (has "://") or a profile's name. Later beats earlier, and the command line beats the
 * environment (MELBICOM_URL) beats the file's section of the profile beats what stands before the file's first section
 * beats the defaults. The token has an order of its own, and one of the file is for the file's URL only: see token.h.
 * What is not an option of ours is left to libfuse (allow_other, nosuid, noatime, …); options of mount(8) and fstab
 * that mean nothing here (auto, noauto, user, _netdev, nofail, x-…, comment=…, defaults, rw, nodiratime, …) are dropped.
 *
 * Threads:   main thread, before the fork.
 * Ownership: fills a struct config, see base/config.h.
 * Errors:    an exit status of options_exit, after one line on stderr that says what is wrong and what to do.
 */
#ifndef MELBICOMFS_COMMAND_OPTIONS_H
#define MELBICOMFS_COMMAND_OPTIONS_H

struct config;

/* Exit statuses of the program (DESIGN section 9; 69, 77 and 78 are those of sysexits.h). */
enum options_exit {
    EXIT_OK = 0,
    EXIT_USAGE = 1,
    EXIT_MOUNT = 32,
    EXIT_UNREACHABLE = 69,
    EXIT_TOKEN = 77,
    EXIT_CONFIG = 78
};

enum options_action { OPTIONS_MOUNT, OPTIONS_HELP, OPTIONS_VERSION, OPTIONS_ENDPOINTS };

/*
 * Parses argv into `config` (config_init()ed). On EXIT_OK *action says what was asked for; paths are absolute, the URL
 * is checked to be https or http to loopback, and without credentials in it. For OPTIONS_HELP the help has been printed
 * on stdout. The token is not read yet: token_read() is set as config->read_token, with its settings in read_token_data
 * (freed by options_clear()).
 */
int options_parse(int argc, char **argv, struct config *config, enum options_action *action);

/* config_clear() and what options_parse() added. */
void options_clear(struct config *config);

#endif
