/* A service that takes bearer tokens: readings SOCKET keeps what sensors measure.
 *
 * A caller connects to the Unix socket SOCKET and sends two lines, its access token and the
 * reading; the answer is one line. Whoever may store readings has a token for the audience below
 * with the scope below; nobody is asked about that, and jetond need not even be running:
 *
 *     eyJhbGciOi...                    stored: load 0.7 by robot
 *     load 0.7                         refused: expired
 */
#include <jeton.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define AUDIENCE "https://readings.example"
#define SCOPE    "readings:write"

#define TOKEN_SIZE   8192
#define READING_SIZE 128
#define CALLER_S     5 /* for one caller; the next waits */

/* ---- who may ---- */

/* Who calls: the name of a person, or what else the token is for. Lives as long as the claims. */
static const char *name_of(const struct jeton_claims *claims) {
        const char *username = jeton_claims_username(claims);

        return *username ? username : jeton_claims_subject(claims);
}

/* Why the token is not good enough; NULL when it is, and then *ret_claims is the caller's. */
static const char *find_fault(struct jeton *jeton, const char *token,
                              struct jeton_claims **ret_claims) {
        struct jeton_claims *claims;
        enum jeton_verdict verdict;

        if (jeton_verify(jeton, token, AUDIENCE, &verdict, &claims) < 0) {
                fprintf(stderr, "readings: %s\n", jeton_error(jeton));
                return "nobody can tell just now";
        }
        if (verdict != JETON_VALID)
                return jeton_verdict_text(verdict);
        if (!jeton_claims_has_scope(claims, SCOPE)) {
                jeton_claims_free(claims);
                return "the token has not the scope " SCOPE;
        }
        *ret_claims = claims;
        return NULL;
}

/* ---- one caller ---- */

/* A line without its newline; false when it is too long, cut short, or late. */
static int read_line(FILE *caller, char *ret, int size) {
        char *end;

        if (!fgets(ret, size, caller))
                return 0;
        end = strchr(ret, '\n');
        if (end)
                *end = '\0';
        return end != NULL;
}

static void answer(struct jeton *jeton, FILE *caller) {
        char token[TOKEN_SIZE], reading[READING_SIZE];
        const int fd = fileno(caller);
        struct jeton_claims *claims = NULL;
        const char *fault;

        if (!read_line(caller, token, sizeof token) ||
            !read_line(caller, reading, sizeof reading)) {
                dprintf(fd, "refused: a token and a reading are two lines\n");
                return;
        }
        fault = find_fault(jeton, token, &claims);
        explicit_bzero(token, sizeof token);
        if (fault) {
                dprintf(fd, "refused: %s\n", fault);
                return;
        }
        dprintf(fd, "stored: %s by %s\n", reading, name_of(claims));
        jeton_claims_free(claims);
}

static void serve(struct jeton *jeton, int fd) {
        const struct timeval patience = {.tv_sec = CALLER_S};
        FILE *caller;

        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        caller = fdopen(fd, "r");
        if (!caller) {
                close(fd);
                return;
        }
        answer(jeton, caller);
        fclose(caller);
}

/* ---- the service ---- */

static int listen_at(const char *path) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (fd < 0)
                return -1;
        if (strlen(path) >= sizeof address.sun_path) {
                errno = ENAMETOOLONG;
                return -1;
        }
        memcpy(address.sun_path, path, strlen(path) + 1);
        unlink(path);
        if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 16) < 0)
                return -1;
        return fd;
}

int main(int argc, char **argv) {
        struct jeton *jeton;
        int listener, r;

        if (argc != 2) {
                fprintf(stderr, "usage: readings SOCKET\n");
                return 2;
        }
        signal(SIGPIPE, SIG_IGN); /* a caller may be gone before he is answered */
        r = jeton_open(NULL, &jeton);
        if (r < 0) {
                fprintf(stderr, "readings: %s\n", jeton_error(NULL));
                return 1;
        }
        listener = listen_at(argv[1]);
        if (listener < 0) {
                fprintf(stderr, "readings: %s: %s\n", argv[1], strerror(errno));
                return 1;
        }
        for (;;) {
                int fd = accept(listener, NULL, NULL);

                if (fd >= 0)
                        serve(jeton, fd);
        }
}
