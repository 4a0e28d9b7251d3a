/* SPDX-License-Identifier: MIT */
#include "base/config.h"

#include "base/log.h"
#include "base/secret.h"

#include <stdlib.h>
#include <unistd.h>

void config_init(struct config *config)
{
    *config = (struct config){
        .log_level = LOG_LEVEL_INFO,
        .push = true,
        .ttl_s = 60,
        .ttl_slow_s = 3600,
        .stale_if_error_s = 3600,
        .timeout_ms = 30 * 1000,
        .connect_timeout_ms = 10 * 1000,
        .timeout_total_ms = 300 * 1000,
        .max_connections = 8,
        .readahead = 64,
        .max_pages = 1000,
        .max_body = UINT64_C(256) << 20,
        .cache_size = UINT64_C(256) << 20,
        .uid = getuid(),
        .gid = getgid(),
        .umask = 0077,
    };
}

static void override_clear(struct config_override *override)
{
    free(override->operation);
    free(override->key);
    free(override->value);
    free(override->origin);
}

void config_clear(struct config *config)
{
    free(config->source);
    free(config->mountpoint);
    free(config->base_url);
    free(config->mount_options);
    free(config->ca_file);
    secret_wipe(&config->proxy);
    for (size_t i = 0; i < config->n_overrides; i++)
        override_clear(&config->overrides[i]);
    free(config->overrides);
    config_init(config);
}
