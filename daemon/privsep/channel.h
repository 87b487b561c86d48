/* One end of a socket pair between two processes: whole frames in, whole frames out, a descriptor
 * beside where the table says so. */
#ifndef JETON_PRIVSEP_CHANNEL_H
#define JETON_PRIVSEP_CHANNEL_H

#include "message.h"
#include "permit.h"

#include <stdbool.h>

struct queued_frame;

struct channel {
        int fd;                  /* owned; -1 when closed */
        enum process self, peer; /* who we are, and who is at the other end */
        uint32_t instance;       /* of the peer, where there are several */
        enum phase phase;        /* advanced by the owner */
        struct queued_frame *first_queued, **last_queued; /* what the socket did not take yet */
        size_t queued;                                    /* bytes charged for them; 0: none */
        bool is_stuck;   /* the last try failed although the socket may have room */
        uint8_t *buffer; /* FRAME_MAX bytes: the frame last received; wiped before the next */
        size_t received; /* bytes of it */
};

/* A received frame. `message` is lent by the channel until its next receive. `fd` is the caller's
 * to close (take_fd()), -1 where the message carries none. */
struct frame {
        enum message_type type;
        uint64_t call;
        int fd;
        union message message;
};

/* Both ends of a new pair, close-on-exec, non-blocking. 0 or -errno. */
int channel_pair(int ret_fds[2]);

/* Takes over `fd`. 0 or -ENOMEM (fd stays the caller's). */
int channel_init(struct channel *channel, int fd, enum process self, enum process peer,
                 uint32_t instance);

/* Closes, wipes what is queued. A zeroed or closed channel is fine. */
void channel_clear(struct channel *channel);

/* Sends, or queues when the socket is full. `fd` goes along (a copy: it stays the caller's), -1 for
 * none. 0; -EMSGSIZE from message_encode(); -EPERM when no row permits that message to that peer,
 * or none with (or without) a descriptor: a bug of the caller's; -ENOBUFS when the queue is at its
 * bound: the peer has stopped reading; -EMFILE, -ENFILE, -ENOMEM when a frame could not be queued;
 * other -errno when the peer is gone. */
int channel_send(struct channel *channel, enum message_type type, uint64_t call,
                 const void *message, int fd);

/* Sends what is queued. 0 when all of it is out, -EAGAIN when some is left, other -errno. */
int channel_flush(struct channel *channel);

static inline bool channel_has_queued(const struct channel *channel) {
        return channel->queued > 0;
}

/* Whether it is the kernel that takes nothing just now, and not the peer who does not read: then
 * poll(2) may call the socket writable all the time, and whoever waits for that turns in circles.
 * Flush after a pause instead. */
static inline bool channel_is_stuck(const struct channel *channel) {
        return channel->is_stuck;
}

/* Whether half of what may wait does: the moment to begin no long answer. The other half, 4 MiB, is
 * more than the longest one. */
bool channel_is_crowded(const struct channel *channel);

/* The next frame. 0; -EAGAIN: none is there; -ECONNRESET: the peer has closed; -EPROTO: the peer
 * broke the rules (unknown or forbidden message, wrong size, a descriptor too many or too few, bad
 * fields) and is to be killed, not answered. */
int channel_receive(struct channel *channel, struct frame *ret);

/* As channel_receive(), waiting for it: -ETIMEDOUT after `timeout_ms` (-1: for ever). */
int channel_wait(struct channel *channel, int timeout_ms, struct frame *ret);

#endif
