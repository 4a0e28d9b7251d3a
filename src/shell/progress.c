/* SPDX-License-Identifier: MIT */
#include "shell/progress.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define SHOW_MS 200

char *progress_bytes(uint64_t bytes, char *buf, size_t size)
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB"};
    double number = (double)bytes;
    unsigned unit = 0;
    for (; number >= 1000 && unit < 3; unit++)
        number /= 1000;
    snprintf(buf, size, "%.*f %s", unit > 0, number, units[unit]);
    return buf;
}

/* The time that is left, if the rest takes as long per file as what is done. */
static void print_time_left(const struct progress *progress, int64_t now)
{
    if (progress->files == 0 || progress->total <= progress->files)
        return;
    double rest = (double)(progress->total - progress->files) / (double)progress->files;
    int64_t seconds = (int64_t)((double)(now - progress->began) * rest) / 1000;
    fprintf(stderr, ", %" PRId64 ":%02" PRId64 " left", seconds / 60, seconds % 60);
}

void progress_show(struct progress *progress)
{
    char bytes[32];
    int64_t now = clock_ms();
    if (now - progress->shown < SHOW_MS || !isatty(STDERR_FILENO))
        return;
    progress->shown = now;
    fprintf(stderr, "%zu of %zu files, %s, %" PRIu64 " requests", progress->files, progress->total,
            progress_bytes(progress->bytes, bytes, sizeof bytes), progress->requests);
    print_time_left(progress, now);
    /* The cursor goes back, so that a line of the log takes the place of this one. */
    fputs("\033[K\r", stderr);
}

void progress_hide(struct progress *progress)
{
    if (progress->shown)
        fputs("\033[K", stderr);
    progress->shown = 0;
}
