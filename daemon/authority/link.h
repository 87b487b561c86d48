/* A channel on the event loop, to one of the processes around the authority. The parent may replace
 * it: a process that died comes back as a new channel under the same name. */
#ifndef JETON_AUTHORITY_LINK_H
#define JETON_AUTHORITY_LINK_H

#include "../privsep/channel.h"
#include "../privsep/loop.h"

struct authority;
struct link;

/* One frame has come. 0; -EPROTO: it broke a rule that only the receiver can know. */
typedef int link_hear(struct authority *authority, struct link *link, struct frame *frame);

/* The channel is closed: whoever waited for it is to be told. Called by the event loop or by
 * link_open(), never from within link_send(): who sends need not fear for what it holds. */
typedef void link_lost(struct authority *authority, struct link *link);

struct link {
        struct authority *authority; /* borrowed: it holds us */
        struct channel channel;
        struct watch watch;
        bool up;
        struct timer end;   /* a sending failed: lost() follows */
        int reason;         /* why it did */
        struct timer retry; /* the kernel took nothing: the queue is sent then */
        struct timer away;  /* closed: until then the process has to have ended */
        link_hear *hear;
        link_lost *lost;
};

/* Takes over `fd` as the new channel to that process; a channel that was up is lost first. 0 or
 * -errno. */
int link_open(struct authority *authority, struct link *link, int fd, enum process peer,
              uint32_t instance, link_hear *hear, link_lost *lost);

/* Sends. -EPIPE when the peer is gone: the link is down, and lost() follows in the same turn of the
 * loop. -EMSGSIZE, and with a descriptor -EMFILE, -ENFILE and -ENOMEM, pass up: that frame was not
 * sent, and the link is as it was. */
int link_send(struct link *link, enum message_type type, uint64_t call, const void *message,
              int fd);

/* Hears what the peer, of whose end somebody else has told, has left in the channel. */
void link_hear_last(struct link *link);

/* Closes without telling anyone. A link that is down is fine. */
void link_close(struct link *link);

#endif
