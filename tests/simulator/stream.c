/* SPDX-License-Identifier: MIT */
#include "stream.h"

#include "deliver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define BLOCK       (64 * 1024)
#define JUNK_RECORD 64

/*
 * Junk is a JSON list of records of 64 bytes, each with its comma, so that any byte of it can be told from its position
 * alone: [{"id":1000000000,"junk":"..."},...,{...}   ] with spaces for what is no whole record.
 */
struct running {
    struct stream stream;
    int64_t started;
    unsigned cleared; /* rules->cleared when it began: clearing the rules lets a trickle run free */
    uint64_t sent;
    z_stream z;
    uint64_t taken; /* of the junk, by the compressor */
    bool finished;
};

static void junk_record(uint64_t n, bool last, char record[JUNK_RECORD + 1])
{
    snprintf(record, JUNK_RECORD + 1, "{\"id\":%10llu,\"junk\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}%c",
             (unsigned long long)(1000000000 + n % 1000000000), last ? ' ' : ',');
}

static void junk(uint64_t total, uint64_t at, char *to, size_t len)
{
    uint64_t records = total < 2 ? 0 : (total - 2) / JUNK_RECORD;
    char record[JUNK_RECORD + 1];

    for (size_t i = 0; i < len; at++, i++) {
        uint64_t n = (at - 1) / JUNK_RECORD, offset = (at - 1) % JUNK_RECORD;
        if (at > 0 && n < records && (offset == 0 || i == 0))
            junk_record(n, n + 1 == records, record);
        if (at == 0)
            to[i] = '[';
        else if (at + 1 == total)
            to[i] = ']';
        else
            to[i] = n < records ? record[offset] : ' ';
    }
}

static size_t compress_junk(struct running *run, char *to, size_t room)
{
    char plain[4096];
    run->z.next_out = (Bytef *)to;
    run->z.avail_out = (uInt)room;
    while (run->z.avail_out && !run->finished) {
        uint64_t left = run->stream.total - run->taken;
        size_t len = left < sizeof(plain) ? (size_t)left : sizeof(plain);
        junk(run->stream.total, run->taken, plain, len);
        run->z.next_in = (Bytef *)plain;
        run->z.avail_in = (uInt)len;
        run->finished = deflate(&run->z, len == left ? Z_FINISH : Z_NO_FLUSH) == Z_STREAM_END;
        run->taken += len - run->z.avail_in;
    }
    return room - run->z.avail_out;
}

/* How many of `len` bytes may go now, after waiting for the first of them; 0 when the API is closing. */
static size_t pace(struct running *run, size_t len)
{
    struct sim *sim = run->stream.sim;
    uint64_t slow = (uint64_t)run->stream.slow;

    pthread_mutex_lock(&sim->lock);
    if (slow && sim->rules.cleared == run->cleared) {
        /* Twenty portions a second, or single bytes. */
        size_t portion = slow < 20 ? 1 : (size_t)slow / 20;
        len = len < portion ? len : portion;
        int64_t due = run->started + (int64_t)((run->sent + len) * 1000 / slow);
        while (!sim->closing && sim->rules.cleared == run->cleared && sim_wait(sim, due))
            continue;
    }
    if (sim->closing)
        len = 0;
    pthread_mutex_unlock(&sim->lock);
    return len;
}

static ssize_t breaks(struct running *run)
{
    if (run->stream.reset)
        deliver_reset(run->stream.connection);
    return MHD_CONTENT_READER_END_WITH_ERROR;
}

static ssize_t read_stream(void *data, uint64_t position, char *to, size_t room)
{
    struct running *run = data;
    struct stream *stream = &run->stream;

    if (position >= stream->end)
        return breaks(run);
    uint64_t left = stream->compress ? room : stream->total - position;
    if (left == 0 || run->finished)
        return MHD_CONTENT_READER_END_OF_STREAM;
    size_t len = left < room ? (size_t)left : room;
    if (len > stream->end - position)
        len = (size_t)(stream->end - position);
    len = pace(run, len);
    if (!len)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (stream->compress)
        len = compress_junk(run, to, len);
    else if (stream->body)
        memcpy(to, stream->bytes + position, len);
    else
        junk(stream->total, position, to, len);
    run->sent = position + len;
    return (ssize_t)len;
}

static void free_stream(void *data)
{
    struct running *run = data;
    struct sim *sim = run->stream.sim;

    pthread_mutex_lock(&sim->lock);
    journal_note_bytes(&sim->journal, run->stream.ticket, run->sent);
    pthread_mutex_unlock(&sim->lock);
    if (run->stream.compress)
        deflateEnd(&run->z);
    body_unref(run->stream.body);
    free(run);
}

struct MHD_Response *stream_response(const struct stream *stream)
{
    struct running *run = calloc(1, sizeof(*run));
    if (!run)
        abort();
    run->stream = *stream;
    run->started = sim_now();
    pthread_mutex_lock(&stream->sim->lock);
    run->cleared = stream->sim->rules.cleared;
    pthread_mutex_unlock(&stream->sim->lock);
    if (stream->compress && deflateInit2(&run->z, 1, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        abort();
    /* Junk's length is not announced: a client has to count for itself. */
    uint64_t announced = stream->body ? stream->total : MHD_SIZE_UNKNOWN;
    struct MHD_Response *response = MHD_create_response_from_callback(announced, BLOCK, read_stream, run, free_stream);
    if (!response)
        free_stream(run);
    return response;
}
