/* SPDX-License-Identifier: MIT */
/*
 * Stands in for clock_gettime() and timerfd_settime() in the program under test: CLOCK_BOOTTIME is ahead by as many
 * milliseconds as stand in the file MELBICOMFS_MOVED_CLOCK (an int64_t), and CLOCK_REALTIME likewise. When the test
 * writes a larger number there, the program sees what it sees after a sleep of the machine: CLOCK_MONOTONIC and the
 * kernel's timeouts have stood still, and a timerfd on CLOCK_BOOTTIME whose time has come expires at once.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

int __real_clock_gettime(clockid_t id, struct timespec *ret);
int __wrap_clock_gettime(clockid_t id, struct timespec *ret);
int __real_timerfd_settime(int fd, int flags, const struct itimerspec *when, struct itimerspec *old);
int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *when, struct itimerspec *old);

static const int64_t *ahead; /* in the file */
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* The program has one timerfd. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int timer = -1;
static int64_t timer_ms; /* when it expires, on the moved clock; 0: never */

/* The offset that the program sees. It moves together with the timer. */
static int64_t seen;

static void set_timer(void)
{
    int64_t at = timer_ms - seen;
    struct itimerspec when = {.it_value = {.tv_nsec = 1}};

    if (timer_ms == 0)
        when.it_value.tv_nsec = 0;
    else if (at > 0)
        when.it_value = (struct timespec){.tv_sec = (time_t)(at / 1000), .tv_nsec = at % 1000 * 1000000 + 1};
    (void)__real_timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static void *follow(void *data)
{
    (void)data;
    for (;;) {
        int64_t now = __atomic_load_n(ahead, __ATOMIC_ACQUIRE);

        pthread_mutex_lock(&lock);
        if (now != seen) {
            __atomic_store_n(&seen, now, __ATOMIC_RELEASE);
            if (timer >= 0)
                set_timer();
        }
        pthread_mutex_unlock(&lock);
        (void)usleep(2000);
    }
    return NULL;
}

static void begin(void)
{
    const char *path = getenv("MELBICOMFS_MOVED_CLOCK");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*ahead), PROT_READ, MAP_SHARED, fd, 0);
    sigset_t all, old;
    pthread_t thread;

    if (map == MAP_FAILED)
        abort();
    (void)close(fd);
    ahead = map;
    seen = __atomic_load_n(ahead, __ATOMIC_ACQUIRE);
    (void)sigfillset(&all); /* signals are for the program's own threads */
    (void)pthread_sigmask(SIG_SETMASK, &all, &old);
    if (pthread_create(&thread, NULL, follow, NULL) == 0)
        (void)pthread_detach(thread);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
}

int __wrap_clock_gettime(clockid_t id, struct timespec *ret)
{
    int r = __real_clock_gettime(id, ret);

    (void)pthread_once(&once, begin);
    if (id == CLOCK_BOOTTIME || id == CLOCK_REALTIME) {
        int64_t ms = __atomic_load_n(&seen, __ATOMIC_ACQUIRE);

        ret->tv_sec += (time_t)(ms / 1000);
        ret->tv_nsec += (long)(ms % 1000 * 1000000);
        if (ret->tv_nsec >= 1000000000) {
            ret->tv_nsec -= 1000000000;
            ret->tv_sec++;
        }
    }
    return r;
}

int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *when, struct itimerspec *old)
{
    (void)flags, (void)old; /* the program sets absolute times, and never asks for the old one */
    (void)pthread_once(&once, begin);
    pthread_mutex_lock(&lock);
    timer = fd;
    timer_ms = (int64_t)when->it_value.tv_sec * 1000 + when->it_value.tv_nsec / 1000000;
    set_timer();
    pthread_mutex_unlock(&lock);
    return 0;
}
