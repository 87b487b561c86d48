/* One client, one connection, one request after the other, and how long each took.
 *
 *         build/bench/requests SOCKET COUNT METHOD PATH HEADER BODY [TOKENS]
 *
 * "%" in HEADER and BODY stands for a token: a line of the file TOKENS, the next for each request,
 * from the first again behind the last. An empty HEADER is none. The first line of the output is
 * the median, the 99th percentile and the mean, in microseconds; behind it stand the access tokens
 * of the replies. A reply that is not 200 ends it with a failure.
 *
 * links: bench/parts/measure.c */
#include "parts/measure.h"

#include "../common/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define REPLY_MAX 16384
#define FIELD_MAX 4096

struct plan {
        const char *method, *path, *header, *body;
        struct lines tokens;
        size_t count;
};

/* ---- what is sent, all of it made beforehand ---- */

static void fill(const char *pattern, const char *token, char ret[FIELD_MAX]) {
        const char *sign = strchr(pattern, '%');
        int head = sign ? (int)(sign - pattern) : (int)strlen(pattern);

        snprintf(ret, FIELD_MAX, "%.*s%s%s", head, pattern, sign ? token : "",
                 sign ? sign + 1 : "");
}

static char *request_make(const struct plan *plan, size_t i) {
        const char *token = plan->tokens.count ? plan->tokens.lines[i % plan->tokens.count] : "";
        char header[FIELD_MAX], body[FIELD_MAX], *request;

        fill(plan->header, token, header);
        fill(plan->body, token, body);
        if (asprintf(&request,
                     "%s %s HTTP/1.1\r\nHost: jeton\r\n%s%s"
                     "Content-Type: application/x-www-form-urlencoded\r\n"
                     "Content-Length: %zu\r\n\r\n%s",
                     plan->method, plan->path, header, *header ? "\r\n" : "", strlen(body),
                     body) < 0)
                die("out of memory");
        return request;
}

/* ---- one exchange ---- */

static bool is_whole(const char *bytes, size_t len) {
        const char *end = memmem(bytes, len, "\r\n\r\n", 4);
        const char *length = strcasestr(bytes, "content-length: ");

        return end && length && length < end &&
               (size_t)(bytes + len - end - 4) >= strtoul(length + 16, NULL, 10);
}

static void exchange(int fd, const char *request, char reply[REPLY_MAX]) {
        size_t len = strlen(request), got = 0;
        ssize_t n;

        if (write(fd, request, len) != (ssize_t)len)
                die("cannot send");
        do {
                n = read(fd, reply + got, REPLY_MAX - 1 - got);
                if (n <= 0)
                        die("the connection broke");
                got += (size_t)n;
                reply[got] = '\0';
        } while (!is_whole(reply, got));
        if (!text_begins((struct text){reply, got}, TEXT("HTTP/1.1 200 ")))
                die(reply);
}

/* The access token of a reply; NULL: there is none. */
static char *token_of(const char *reply) {
        static const char name[] = "\"access_token\"";
        const char *at = strstr(reply, name);

        at = at ? strchr(at + sizeof name - 1, '"') : NULL;
        return at ? strndup(at + 1, strcspn(at + 1, "\"")) : NULL;
}

static void run(int fd, const struct plan *plan) {
        char **requests = zeroed(plan->count, sizeof *requests);
        char **tokens = zeroed(plan->count, sizeof *tokens);
        double *times = zeroed(plan->count, sizeof *times), begin;
        char reply[REPLY_MAX];
        size_t i;

        for (i = 0; i < plan->count; i++)
                requests[i] = request_make(plan, i);
        for (i = 0; i < plan->count; i++) {
                begin = now_us();
                exchange(fd, requests[i], reply);
                times[i] = now_us() - begin;
                tokens[i] = token_of(reply);
        }
        times_print(times, plan->count);
        for (i = 0; i < plan->count; i++)
                if (tokens[i])
                        puts(tokens[i]);
}

static int connect_to(const char *path) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (strlen(path) >= sizeof address.sun_path)
                die(path);
        memcpy(address.sun_path, path, strlen(path) + 1);
        if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
                die(path);
        return fd;
}

int main(int argc, char **argv) {
        struct plan plan = {.count = 0};

        if (argc != 7 && argc != 8)
                die("SOCKET COUNT METHOD PATH HEADER BODY [TOKENS]");
        plan.count = strtoul(argv[2], NULL, 10);
        plan.method = argv[3];
        plan.path = argv[4];
        plan.header = argv[5];
        plan.body = argv[6];
        if (plan.count == 0 || plan.count > LINES_MAX)
                die("COUNT");
        if (argc == 8)
                plan.tokens = lines_read(argv[7]);
        run(connect_to(argv[1]), &plan);
        return EXIT_SUCCESS;
}
