/* SPDX-License-Identifier: MIT */
#include "command/doctor.h"

#include "api/endpoints.h"
#include "base/cleanup.h"
#include "base/config.h"
#include "command/doctor_api.h"
#include "command/doctor_local.h"
#include "command/doctor_network.h"
#include "command/doctor_operations.h"
#include "command/machine.h"
#include "command/options.h"
#include "command/report.h"

#include <stdbool.h>
#include <string.h>

static void wipe(char **text)
{
    if (*text)
        explicit_bzero(*text, strlen(*text));
    free(*text);
}

/* Makes the checks of this machine. Returns true, with the token in *ret, if the API may be asked. */
static bool check_machine(struct report *report, const struct config *config, const struct options_notes *notes,
                          int (*check_mountpoint)(const char *path, bool look_only), char **ret)
{
    char path[4096];
    bool is_root = geteuid() == 0;
    machine_helper_path(path, sizeof path);
    doctor_device(report, "/dev/fuse");
    doctor_helper(report, path, is_root);
    doctor_allow_other(report, config->mount_options, "/etc/fuse.conf", is_root);
    if (config->mountpoint)
        doctor_mountpoint(report, config->mountpoint, check_mountpoint);
    bool right = doctor_settings(report, config, notes);
    bool has_token = doctor_token(report, config, ret);
    doctor_mounts(report, "/proc/self/mountinfo");
    if (!right || !has_token)
        report_warn(report, "api", NULL, "not asked, because %s",
                    right ? "there is no token" : "the settings are wrong");
    return right && has_token;
}

int doctor_run(const struct config *config, const struct options_notes *notes,
               int (*check_mountpoint)(const char *path, bool look_only), FILE *out)
{
    struct report *report = report_new(notes->shapes ? REPORT_FAILURES : notes->json ? REPORT_JSON : REPORT_LINES, out);
    _cleanup_(wipe) char *token = NULL;
    if (check_machine(report, config, notes, check_mountpoint, &token)) {
        struct doctor_api api = {config, report_owned(endpoints_new(config)), token, report};
        if (doctor_name(&api))
            doctor_operations(&api, notes->shapes ? out : NULL);
        endpoints_free(api.endpoints);
    }
    int status = report_end(report, config->base_url, notes->path);
    report_free(report);
    return status;
}
