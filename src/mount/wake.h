/* SPDX-License-Identifier: MIT */
/*
 * Waking up: after the machine has slept, what the kernel holds is invalidated.
 *
 * The kernel measures the life of its entries and attributes on a clock that stands still while the machine sleeps
 * (suspend, hibernation). So after a night it would show yesterday's balance for the rest of its ttl, and this program
 * would not be asked. This program's own ttls are measured on a clock that goes on (clock.h).
 *
 * Threads:   loop thread only.
 * Ownership: wake_new() gives, wake_free() frees; wake_free(NULL) is fine.
 * Errors:    none after wake_new().
 */
#ifndef MELBICOMFS_MOUNT_WAKE_H
#define MELBICOMFS_MOUNT_WAKE_H

struct session;
struct wake;

/* Watches on the session's loop. `session` is borrowed until wake_free(). NULL when out of memory or file descriptors. */
struct wake *wake_new(struct session *session);
void wake_free(struct wake *wake);

/* To be called after the kernel's requests have been received: from then on the kernel may hold what has a ttl. */
void wake_used(struct wake *wake);

#endif
