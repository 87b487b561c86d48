/* A daemon that says what a test tells it to say, over a socket in a folder of its own. It is a
 * child, so that it can be slow, lie, die, or be another user's. */
#ifndef JETON_TESTS_FAKE_SERVER_H
#define JETON_TESTS_FAKE_SERVER_H

#include "../../common/cleanup.h"
#include "../../common/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cmocka.h>

struct script {
        struct text reply;   /* what it says to every connection */
        unsigned pause_ms;   /* before each byte; 0: all at once */
        bool deaf;           /* says it without reading the request */
        struct text expects; /* says nothing unless the request ends in this */
        bool echoes;         /* the reply is followed by the request's own bytes */
        bool stays;          /* keeps the connection open when all is said */
        bool never_accepts;
        uid_t uid; /* whose server it is; 0: the test's own */
};

/* ---- what it may say ---- */

#define REPLY_SIZE 512

/* Lent by `buffer`. */
static inline struct text json_reply(unsigned status, const char *body, char buffer[REPLY_SIZE]) {
        snprintf(buffer, REPLY_SIZE,
                 "HTTP/1.1 %u X\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                 status, strlen(body), body);
        return text_of(buffer);
}

static inline struct text error_reply(unsigned status, const char *code, char buffer[REPLY_SIZE]) {
        char body[256];

        snprintf(body, sizeof body, "{\"error\":\"%s\",\"error_description\":\"\\u001b[31m why\"}",
                 code);
        return json_reply(status, body, buffer);
}

/* ---- the server ---- */

struct fake_server {
        char dir[32], path[64];
        pid_t pid;
};

static inline void fake_die(void) {
        _exit(1);
}

static inline size_t fake_read_request(int fd, char *buffer, size_t size) {
        size_t len = 0;

        while (len < size && !memmem(buffer, len, "\r\n\r\n", 4)) {
                ssize_t got = read(fd, buffer + len, size - len);

                if (got <= 0)
                        break;
                len += (size_t)got;
        }
        /* The rest of a small request comes with its head, or soon after. */
        for (;;) {
                ssize_t got;

                usleep(20000);
                got = recv(fd, buffer + len, size - len, MSG_DONTWAIT);
                if (got <= 0)
                        return len;
                len += (size_t)got;
        }
}

static inline void fake_say(int fd, const struct script *script) {
        size_t i;

        if (script->pause_ms == 0) {
                if (send(fd, script->reply.p, script->reply.len, MSG_NOSIGNAL) < 0)
                        return;
                return;
        }
        for (i = 0; i < script->reply.len; i++) {
                usleep(script->pause_ms * 1000);
                if (send(fd, script->reply.p + i, 1, MSG_NOSIGNAL) < 0)
                        return;
        }
}

static inline void fake_serve(int fd, const struct script *script) {
        static char request[262144];
        size_t len = 0;

        if (!script->deaf)
                len = fake_read_request(fd, request, sizeof request);
        if (len < script->expects.len ||
            !text_is((struct text){request + len - script->expects.len, script->expects.len},
                     script->expects))
                return;
        fake_say(fd, script);
        if (script->echoes && send(fd, request, len, MSG_NOSIGNAL) < 0)
                return;
        if (script->stays)
                pause();
}

static inline void fake_run(int listener, const struct script *script) {
        if (script->uid != 0 && (setgid(script->uid) < 0 || setuid(script->uid) < 0))
                fake_die();
        /* After setuid(2), which clears it. */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (listen(listener, 1) < 0)
                fake_die();
        /* The parent waits for this: before it, nobody listens. */
        raise(SIGSTOP);
        for (;;) {
                _cleanup_(closep) int fd = -1;

                if (script->never_accepts)
                        pause();
                fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
                if (fd < 0)
                        fake_die();
                fake_serve(fd, script);
        }
}

static inline void fake_bind(int fd, const char *path) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        assert_true(strlen(path) < sizeof address.sun_path);
        strcpy(address.sun_path, path);
        assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
        assert_int_equal(chmod(path, 0666), 0);
}

static inline void fake_dir(struct fake_server *server) {
        *server = (struct fake_server){.dir = "/tmp/jeton-test-XXXXXX", .pid = -1};
        assert_non_null(mkdtemp(server->dir));
        assert_int_equal(chmod(server->dir, 0755), 0);
        snprintf(server->path, sizeof server->path, "%s/jeton.sock", server->dir);
}

static inline void fake_start_in(struct fake_server *server, const struct script *script) {
        int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), status;

        fake_bind(listener, server->path);
        server->pid = fork();
        assert_true(server->pid >= 0);
        if (server->pid == 0)
                fake_run(listener, script);
        close(listener);
        assert_int_equal(waitpid(server->pid, &status, WUNTRACED), server->pid);
        assert_true(WIFSTOPPED(status));
        kill(server->pid, SIGCONT);
}

static inline void fake_start(struct fake_server *server, const struct script *script) {
        fake_dir(server);
        fake_start_in(server, script);
}

static inline void fake_stop(struct fake_server *server) {
        if (server->pid > 0) {
                kill(server->pid, SIGKILL);
                waitpid(server->pid, NULL, 0);
        }
        unlink(server->path);
        rmdir(server->dir);
}

#endif
