/*
 * What the two files of the client share: client.c keeps exchanges and what becomes of them, client_attempt.c makes one
 * HTTP attempt of one.
 *
 * Threads:   loop thread only.
 * Ownership: as client.h.
 * Errors:    as client.h.
 */
#ifndef MELBICOMFS_HTTP_CLIENT_PRIVATE_H
#define MELBICOMFS_HTTP_CLIENT_PRIVATE_H

#include "http/client.h"

#include "http/host.h"
#include "http/bearer.h"
#include "http/http.h"
#include "base/loop.h"

#define BACKOFF_FIRST_MS 100U

/* As client.c draws them. */
enum state { QUEUED, FLYING, PAUSED, BARRED, ENDING, STATES };

struct client {
    struct loop *loop;
    struct http *http;
    const struct config *config;
    struct metrics *metrics;
    struct client_exchange *lists[STATES];
    unsigned flying;
    struct client_host host;
    struct task ending;
    uint64_t ended; /* exchanges that have come into ENDING */
    struct client_token token;
};

struct client_exchange {
    struct client *client;
    struct client_exchange *prev, *next;
    enum state state;
    struct client_request request; /* its strings are ours */
    char *url;                     /* request.path is its end */
    struct http_transfer *transfer;
    struct timer timer;
    int64_t started_ns, attempt_ns, deadline;
    unsigned attempts;
    uint64_t token_serial; /* of the token last sent */
    bool post, token_again, left;
    bool head, streaming;  /* of this attempt: the answer has begun; its body is passed on */
    struct printbuf *said; /* an error's body, or NULL */
    uint64_t ended;        /* place in ENDING */
    int error;             /* while in ENDING */
    bool host;
    const char *why; /* while in ENDING: constant, or NULL for the host's message, and for no line in the log */
    char *refusal;   /* the message of the 401 that barred it, or NULL */
};

/* How an exchange ended, on its way to done and the log. */
struct end {
    int error;
    bool host;
    int64_t retry_at;
    const char *message, *advice;
    const struct http_result *http; /* NULL when no attempt's end was the reason */
};

/* Into another list, without any other consequence. */
void exchange_move(struct client_exchange *x, enum state state);

/* Ends it: its done is called, and it is gone. */
void exchange_finish(struct client_exchange *x, const struct end *end);

/* Ends it from the loop, for where done must not be called; `why` as in client_exchange. */
void exchange_end_later(struct client_exchange *x, int error, bool host, const char *why);

/* It met a failure of the host, or an answer. */
void exchange_host_failed(struct client_exchange *x, int error, int64_t retry_after_ms, const char *message);
void exchange_host_answered(struct client_exchange *x);

/* There is no token for it, or none but the one that was refused: ends it from the loop. */
void exchange_token_missing(struct client_exchange *x);

/* Gives the places that are free to those who wait. Calls nobody back. */
void client_pump(struct client *client);

/* Makes the next attempt of one in QUEUED, which leaves that list whatever happens. Calls nobody back. */
void exchange_launch(struct client_exchange *x);

/* Takes back the attempt under way, if there is one. */
void exchange_abandon(struct client_exchange *x);

#endif
