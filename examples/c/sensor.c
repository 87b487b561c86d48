/* A service that asks for a token of its own: sensor SOCKET hands each line of standard input, a
 * reading, to the service `readings` and prints what that answers.
 *
 * It has no password and no secret: the kernel tells jetond whose process this is, and a section
 * identity of jetond.conf(5) what that may have. The token is kept until shortly before its end. */
#include <jeton.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define AUDIENCE "https://readings.example"
#define SCOPE    "readings:write"

#define READING_SIZE 128
#define MARGIN_S     30 /* a token this close to its end is not sent any more */

struct sensor {
        struct jeton *jeton;
        struct jeton_tokens *tokens; /* NULL: none yet */
        time_t renew_at;             /* of CLOCK_MONOTONIC */
};

/* ---- the token ---- */

static time_t now(void) {
        struct timespec time;

        clock_gettime(CLOCK_MONOTONIC, &time);
        return time.tv_sec;
}

static int renew(struct sensor *sensor) {
        struct jeton_token_request request = JETON_TOKEN_REQUEST_INIT;
        enum jeton_login_outcome outcome;
        struct jeton_tokens *tokens;
        time_t asked = now();

        request.audience = AUDIENCE;
        request.scope = SCOPE;
        if (jeton_token(sensor->jeton, &request, &outcome, &tokens) < 0 ||
            outcome != JETON_LOGIN_GRANTED) {
                fprintf(stderr, "sensor: no token: %s\n", jeton_error(sensor->jeton));
                return -1;
        }
        jeton_tokens_free(sensor->tokens);
        sensor->tokens = tokens;
        sensor->renew_at = asked + jeton_tokens_expires_in(tokens) - MARGIN_S;
        return 0;
}

/* The token that is at hand, or a new one; NULL when there is none to be had. */
static const char *token_of(struct sensor *sensor) {
        if ((!sensor->tokens || now() >= sensor->renew_at) && renew(sensor) < 0)
                return NULL;
        return jeton_tokens_access(sensor->tokens);
}

/* ---- the service that is called ---- */

static int connect_to(const char *path) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
        if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
                return fd;
        fprintf(stderr, "sensor: %s: %s\n", path, strerror(errno));
        if (fd >= 0)
                close(fd);
        return -1;
}

/* Prints the one line that is answered. */
static int show_answer(int fd) {
        FILE *service = fdopen(fd, "r");
        char line[2 * READING_SIZE];
        int done = service && fgets(line, sizeof line, service);

        if (done)
                printf("%s", line);
        if (service)
                fclose(service);
        else
                close(fd);
        return done ? 0 : -1;
}

static int hand_over(struct sensor *sensor, const char *path, const char *reading) {
        const char *token = token_of(sensor);
        int fd;

        if (!token)
                return -1;
        fd = connect_to(path);
        if (fd < 0)
                return -1;
        dprintf(fd, "%s\n%s\n", token, reading);
        return show_answer(fd);
}

int main(int argc, char **argv) {
        struct sensor sensor = {NULL, NULL, 0};
        char reading[READING_SIZE];
        int status = 0;

        if (argc != 2) {
                fprintf(stderr, "usage: sensor SOCKET\n");
                return 2;
        }
        signal(SIGPIPE, SIG_IGN); /* the service may be gone */
        if (jeton_open(NULL, &sensor.jeton) < 0) {
                fprintf(stderr, "sensor: %s\n", jeton_error(NULL));
                return 1;
        }
        while (status == 0 && fgets(reading, sizeof reading, stdin)) {
                reading[strcspn(reading, "\n")] = '\0';
                status = hand_over(&sensor, argv[1], reading) < 0;
        }
        jeton_tokens_free(sensor.tokens);
        jeton_close(sensor.jeton);
        return status;
}
