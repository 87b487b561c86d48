/* Whole frames over one end of a SOCK_SEQPACKET pair. The kernel keeps the frames apart; this file
 * looks at each one from the outside in (size, type, permission, descriptors) before its body is
 * decoded, and remembers nothing of it afterwards.
 *
 * Refuses to know what the messages mean. */
#include "channel.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

/* What may wait for a peer that does not read: enough for the longest list of users. Each frame is
 * charged with QUEUED_FRAME_LEAST at least, so their number is bounded too. */
#define QUEUED_MAX         (8 * 1024 * 1024)
#define QUEUED_FRAME_LEAST 1024

/* One more than may come, so that a second descriptor is seen and closed; of still more the kernel
 * says MSG_CTRUNC. */
#define DESCRIPTORS_LOOKED_AT 2

struct queued_frame {
        struct queued_frame *next;
        int fd; /* owned; -1 for none */
        size_t len;
        uint8_t bytes[];
};

int channel_pair(int ret_fds[2]) {
        int fds[2];

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
                return -errno;
        ret_fds[0] = fds[0];
        ret_fds[1] = fds[1];
        return 0;
}

int channel_init(struct channel *channel, int fd, enum process self, enum process peer,
                 uint32_t instance) {
        uint8_t *buffer = malloc(FRAME_MAX);

        if (!buffer)
                return -ENOMEM;
        *channel = (struct channel){
                .fd = fd,
                .self = self,
                .peer = peer,
                .instance = instance,
                .phase = PHASE_SETUP,
                .buffer = buffer,
        };
        return 0;
}

/* ---- the queue ---- */

static size_t frame_charge(size_t len) {
        return len < QUEUED_FRAME_LEAST ? QUEUED_FRAME_LEAST : len;
}

static void queued_frame_free(struct queued_frame *frame) {
        closep(&frame->fd);
        explicit_bzero(frame->bytes, frame->len);
        free(frame);
}

static void queue_drop_first(struct channel *channel) {
        struct queued_frame *first = channel->first_queued;

        channel->first_queued = first->next;
        if (!first->next)
                channel->last_queued = NULL;
        channel->queued -= frame_charge(first->len);
        queued_frame_free(first);
}

static void queue_append(struct channel *channel, struct queued_frame *frame) {
        if (channel->last_queued)
                *channel->last_queued = frame;
        else
                channel->first_queued = frame;
        channel->last_queued = &frame->next;
        channel->queued += frame_charge(frame->len);
}

static int queue_add(struct channel *channel, const uint8_t *bytes, size_t len, int fd) {
        struct queued_frame *frame;
        int copy = -1;

        if (channel->queued + frame_charge(len) > QUEUED_MAX)
                return -ENOBUFS;
        if (fd >= 0) {
                copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
                if (copy < 0)
                        return -errno;
        }
        frame = malloc(sizeof(*frame) + len);
        if (!frame) {
                closep(&copy);
                return -ENOMEM;
        }
        *frame = (struct queued_frame){.fd = copy, .len = len};
        memcpy(frame->bytes, bytes, len);
        queue_append(channel, frame);
        return 0;
}

static void received_wipe(struct channel *channel) {
        if (channel->received > 0)
                explicit_bzero(channel->buffer, channel->received);
        channel->received = 0;
}

void channel_clear(struct channel *channel) {
        while (channel->first_queued)
                queue_drop_first(channel);
        if (channel->buffer) {
                received_wipe(channel);
                freep(&channel->buffer);
                closep(&channel->fd);
        }
        channel->fd = -1;
}

/* ---- send ---- */

union control {
        struct cmsghdr header; /* for its alignment */
        uint8_t bytes[CMSG_SPACE(DESCRIPTORS_LOOKED_AT * sizeof(int))];
};

static void control_put_fd(struct msghdr *header, union control *control, int fd) {
        struct cmsghdr *cmsg;

        memset(control, 0, sizeof(*control));
        header->msg_control = control->bytes;
        header->msg_controllen = CMSG_SPACE(sizeof(int));
        cmsg = CMSG_FIRSTHDR(header);
        cmsg->cmsg_level = SOL_SOCKET;
        cmsg->cmsg_type = SCM_RIGHTS;
        cmsg->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
}

/* The kernel is out of room for now, whatever the socket has. ETOOMANYREFS: too many descriptors
 * are on their way already (unix(7)), which ends as soon as somebody reads. */
static bool is_kernel_full(int error) {
        return error == ENOBUFS || error == ETOOMANYREFS;
}

static int frame_send(struct channel *channel, const uint8_t *bytes, size_t len, int fd) {
        struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = len};
        struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
        union control control;
        ssize_t sent;

        if (fd >= 0)
                control_put_fd(&header, &control, fd);
        do
                sent = sendmsg(channel->fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
        while (sent < 0 && errno == EINTR);
        channel->is_stuck = sent < 0 && is_kernel_full(errno);
        if (channel->is_stuck)
                return -EAGAIN;
        return sent < 0 ? -errno : 0;
}

/* The receiver's phase is the receiver's to know; that it would ever take the message is ours. */
static bool may_send(const struct channel *channel, enum message_type type, int fd) {
        const struct permit *permit =
                permit_find(type, channel->self, channel->peer, PHASE_SETUP | PHASE_RUNNING);

        return permit && permit->with_descriptor == (fd >= 0);
}

int channel_send(struct channel *channel, enum message_type type, uint64_t call,
                 const void *message, int fd) {
        uint8_t bytes[FRAME_MAX];
        size_t len;
        int r;

        if (!may_send(channel, type, fd))
                return -EPERM;
        r = message_encode(type, call, message, bytes, &len);
        if (r < 0) {
                explicit_bzero(bytes, message_max(type));
                return r;
        }
        r = channel_has_queued(channel) ? -EAGAIN : frame_send(channel, bytes, len, fd);
        if (r == -EAGAIN)
                r = queue_add(channel, bytes, len, fd);
        explicit_bzero(bytes, len);
        return r;
}

int channel_flush(struct channel *channel) {
        struct queued_frame *first;
        int r;

        while ((first = channel->first_queued)) {
                r = frame_send(channel, first->bytes, first->len, first->fd);
                if (r < 0)
                        return r;
                queue_drop_first(channel);
        }
        return 0;
}

bool channel_is_crowded(const struct channel *channel) {
        return channel->queued >= QUEUED_MAX / 2;
}

/* ---- receive ---- */

/* What came beside the bytes. All of it is closed unless somebody takes it. */
struct descriptors {
        int fds[DESCRIPTORS_LOOKED_AT];
        size_t count;
        bool is_foreign; /* a control message that is not SCM_RIGHTS */
};

static void descriptors_clear(struct descriptors *descriptors) {
        for (size_t i = 0; i < descriptors->count; i++)
                closep(&descriptors->fds[i]);
        descriptors->count = 0;
}

static void descriptors_collect(struct msghdr *header, struct descriptors *ret) {
        for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(header); cmsg; cmsg = CMSG_NXTHDR(header, cmsg)) {
                size_t len = cmsg->cmsg_len - CMSG_LEN(0);

                if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS) {
                        ret->is_foreign = true;
                        continue;
                }
                for (size_t i = 0; i + sizeof(int) <= len; i += sizeof(int))
                        memcpy(&ret->fds[ret->count++], CMSG_DATA(cmsg) + i, sizeof(int));
        }
}

/* A datagram without bytes reads like the end; so does an end that was only shut down for writing.
 * Only a peer that has closed hangs up. */
static int end_or_breach(int socket) {
        struct pollfd look = {.fd = socket};

        return poll(&look, 1, 0) > 0 && (look.revents & POLLHUP) ? -ECONNRESET : -EPROTO;
}

static int datagram_receive(struct channel *channel, struct descriptors *ret) {
        struct iovec part = {.iov_base = channel->buffer, .iov_len = FRAME_MAX};
        union control control;
        struct msghdr header = {
                .msg_iov = &part,
                .msg_iovlen = 1,
                .msg_control = control.bytes,
                .msg_controllen = sizeof(control.bytes),
        };
        ssize_t len;

        received_wipe(channel);
        do
                len = recvmsg(channel->fd, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
        while (len < 0 && errno == EINTR);
        if (len < 0)
                return errno == EWOULDBLOCK ? -EAGAIN : -errno;
        channel->received = (size_t)len;
        descriptors_collect(&header, ret);
        if (len == 0)
                return end_or_breach(channel->fd);
        if (ret->is_foreign || (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
                return -EPROTO;
        return 0;
}

/* Everything that can be said of a frame without touching its body. */
static int frame_check(const struct channel *channel, const struct descriptors *descriptors,
                       struct frame *ret) {
        const struct permit *permit;
        int r;

        r = message_decode_header(channel->buffer, channel->received, &ret->type, &ret->call);
        if (r < 0)
                return r;
        permit = permit_find(ret->type, channel->peer, channel->self, channel->phase);
        if (!permit || channel->received > message_max(ret->type))
                return -EPROTO;
        if (descriptors->count != (permit->with_descriptor ? 1 : 0))
                return -EPROTO;
        return 0;
}

int channel_receive(struct channel *channel, struct frame *ret) {
        _cleanup_(descriptors_clear) struct descriptors descriptors = {.count = 0};
        struct frame frame = {.fd = -1};
        int r;

        r = datagram_receive(channel, &descriptors);
        if (r < 0)
                return r;
        r = frame_check(channel, &descriptors, &frame);
        if (r < 0)
                return r;
        r = message_decode(frame.type, channel->buffer, channel->received, &frame.message);
        if (r < 0)
                return r;
        if (descriptors.count == 1)
                frame.fd = take_fd(&descriptors.fds[0]);
        *ret = frame;
        return 0;
}

int channel_wait(struct channel *channel, int timeout_ms, struct frame *ret) {
        int64_t deadline = clock_monotonic_ms() + timeout_ms;
        struct pollfd look = {.fd = channel->fd, .events = POLLIN};
        int r;

        while ((r = channel_receive(channel, ret)) == -EAGAIN) {
                r = poll(&look, 1, timeout_ms < 0 ? -1 : clock_left_ms(deadline));
                if (r == 0)
                        return -ETIMEDOUT;
                if (r < 0 && errno != EINTR)
                        return -errno;
        }
        return r;
}
