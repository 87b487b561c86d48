/* What the lying processes have in common. A liar is put in the place of a real child; which lie it
 * tells stands in a file `lie` beside its program, because it is given no argument and no
 * environment. Whatever it does, it ends when the parent is gone. */
#ifndef JETON_TESTS_LIAR_H
#define JETON_TESTS_LIAR_H

#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "../../daemon/privsep/child.h"

#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <sys/socket.h>

#define LIE_MAX 64

static inline void lie_read(char ret[LIE_MAX]) {
        _cleanup_(fclosep) FILE *file = NULL;
        char program[512], path[600];
        ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);

        ret[0] = '\0';
        if (len <= 0)
                return;
        program[len] = '\0';
        *strrchr(program, '/') = '\0';
        snprintf(path, sizeof(path), "%s/lie", program);
        file = fopen(path, "re");
        if (file && fgets(ret, LIE_MAX, file))
                ret[strcspn(ret, "\n")] = '\0';
}

/* Bytes as they are, past every check of channel.c; a descriptor beside them unless it is -1. */
static inline int send_raw(int socket, const void *bytes, size_t len, int fd) {
        _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(int))] = {0};
        struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = len};
        struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
        struct cmsghdr *cmsg;

        if (fd >= 0) {
                header.msg_control = control;
                header.msg_controllen = sizeof(control);
                cmsg = CMSG_FIRSTHDR(&header);
                cmsg->cmsg_level = SOL_SOCKET;
                cmsg->cmsg_type = SCM_RIGHTS;
                cmsg->cmsg_len = CMSG_LEN(sizeof(int));
                memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
        }
        return sendmsg(socket, &header, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* A well-formed frame, whether it is permitted or not. */
static inline int send_frame(int socket, enum message_type type, uint64_t call, const void *message,
                             int fd) {
        uint8_t bytes[FRAME_MAX];
        size_t len;
        int r;

        r = message_encode(type, call, message, bytes, &len);
        return r < 0 ? r : send_raw(socket, bytes, len, fd);
}

/* Waits for the end, which is the parent's or a signal's to bring. */
static inline void wait_for_the_end(int control_fd) {
        struct pollfd look = {.fd = control_fd};

        while (poll(&look, 1, -1) < 0 || !(look.revents & POLLHUP))
                ;
}

/* ---- of those who answer the authority's questions ---- */

struct lying_answer {
        const char *name;
        int (*answer)(struct channel *authority, const struct frame *question);
};

/* The answer of that name. -EINVAL: there is none. */
static inline int lie_answer(const struct lying_answer *lies, size_t count, const char *name,
                             struct channel *authority, const struct frame *question) {
        for (size_t i = 0; i < count; i++)
                if (strcmp(lies[i].name, name) == 0)
                        return lies[i].answer(authority, question);
        return -EINVAL;
}

static inline int garbage_frame(struct channel *authority, const struct frame *question) {
        (void)question;
        return send_raw(authority->fd, "yes, let him in", 15, -1);
}

static inline int answer_of_the_authority(struct channel *authority, const struct frame *question) {
        struct msg_answer_token token = {.access_token = TEXT("x")};

        return send_frame(authority->fd, MSG_ANSWER_TOKEN, question->call, &token, -1);
}

/* The authority cannot reach it any more, the parent sees a process that lives. */
static inline int cut_off(struct channel *authority, const struct frame *question) {
        (void)question;
        close(authority->fd);
        wait_for_the_end(CONTROL_FD);
        return -ECONNRESET;
}

#endif
