/* A server that does one operation for each request and nothing else: no routes, no JSON, no user,
 * no other connection. What a daemon over the same socket cannot be quicker than.
 *
 *         build/bench/bare_loop SOCKET
 *
 * The path of a request names the operation: /nothing /sign /verify /digest /crypt.
 *
 * links: bench/parts/operations.c
 * needs: libcrypto libcrypt */
#include "parts/operations.h"

#include "../common/cleanup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BUFFER_LEN 8192
#define BODY_LEN   400 /* about what /token and /introspect answer */

static char reply[BUFFER_LEN];
static size_t reply_len;

static void reply_make(void) {
        int head = snprintf(reply, sizeof reply,
                            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                            "Content-Length: %d\r\n\r\n",
                            BODY_LEN);

        memset(reply + head, 'x', BODY_LEN);
        reply_len = (size_t)head + BODY_LEN;
}

/* Whether a whole request is there: its head, and as much body as that says. */
static bool is_whole(const char *bytes, size_t len) {
        const char *end = memmem(bytes, len, "\r\n\r\n", 4);
        const char *length = strcasestr(bytes, "content-length: ");

        if (!end)
                return false;
        return !length || length > end ||
               (size_t)(bytes + len - end - 4) >= strtoul(length + 16, NULL, 10);
}

static bool request_read(int fd, char buffer[BUFFER_LEN]) {
        size_t len = 0;
        ssize_t got;

        do {
                got = read(fd, buffer + len, BUFFER_LEN - 1 - len);
                if (got <= 0)
                        return false;
                len += (size_t)got;
                buffer[len] = '\0';
        } while (!is_whole(buffer, len));
        return true;
}

/* "POST /sign HTTP/1.1" */
static const struct operation *operation_of(const char *request) {
        const char *path = strchr(request, '/');

        return path ? operation_find(path + 1, strcspn(path + 1, " ")) : NULL;
}

static void serve(int fd) {
        const struct operation *operation;
        char buffer[BUFFER_LEN];

        while (request_read(fd, buffer)) {
                operation = operation_of(buffer);
                if (!operation || !operation->run() ||
                    write(fd, reply, reply_len) != (ssize_t)reply_len)
                        return;
        }
}

int main(int argc, char **argv) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        _cleanup_(closep) int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (argc != 2 || strlen(argv[1]) >= sizeof address.sun_path)
                return EXIT_FAILURE;
        memcpy(address.sun_path, argv[1], strlen(argv[1]) + 1);
        reply_make();
        if (!operations_open() || listening < 0 ||
            bind(listening, (struct sockaddr *)&address, sizeof address) < 0 ||
            listen(listening, 16) < 0) {
                perror(argv[1]);
                return EXIT_FAILURE;
        }
        for (;;) {
                _cleanup_(closep) int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);

                if (fd >= 0)
                        serve(fd);
        }
}
