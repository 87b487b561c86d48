/* What verifying costs inside a process: libjeton, and libcrypto alone, in turns.
 *
 *         build/bench/inside SOCKET TOKENS ROUNDS
 *
 * TOKENS is a file of access tokens of the daemon at SOCKET, one a line, none of which this process
 * has seen before. Each line of the output is a name and the microseconds of CPU that one took, as
 * the median of ROUNDS rounds.
 *
 * links: bench/parts/operations.c bench/parts/measure.c
 * needs: libcrypto libcrypt */
#include "../include/jeton.h"

#include "parts/measure.h"
#include "parts/operations.h"

#include "../common/cleanup.h"

#include <stdio.h>
#include <stdlib.h>

#define ROUNDS_MAX 100
#define BATCH      100

static struct jeton *jeton;
static struct lines tokens;
static size_t next;

static bool verify(const char *token) {
        enum jeton_verdict verdict = JETON_INVALID;
        struct jeton_claims *claims = NULL;
        int r = jeton_verify(jeton, token, JETON_ANY_AUDIENCE, &verdict, &claims);

        jeton_claims_free(claims);
        return r == 0 && verdict == JETON_VALID;
}

static bool verify_new(void) {
        return next < tokens.count && verify(tokens.lines[next++]);
}

static bool verify_again(void) {
        return verify(tokens.lines[0]);
}

static const struct operation cases[] = {
        {"new", verify_new},          {"again", verify_again},  {"digest", operation_digest},
        {"verify", operation_verify}, {"sign", operation_sign},
};

static double batch_us(const struct operation *operation) {
        double begin = spent_us();
        size_t i;

        for (i = 0; i < BATCH; i++)
                if (!operation->run())
                        die(operation->name);
        return (spent_us() - begin) / BATCH;
}

static void run(size_t rounds) {
        double times[ELEMENTS(cases)][ROUNDS_MAX];
        size_t round, i;

        for (round = 0; round < rounds; round++)
                for (i = 0; i < ELEMENTS(cases); i++)
                        times[i][round] = batch_us(&cases[i]);
        for (i = 0; i < ELEMENTS(cases); i++)
                printf("%s %.2f\n", cases[i].name, median_of(times[i], rounds));
}

int main(int argc, char **argv) {
        struct jeton_options options = JETON_OPTIONS_INIT;
        size_t rounds;

        if (argc != 4)
                die("SOCKET TOKENS ROUNDS");
        options.socket_path = argv[1];
        tokens = lines_read(argv[2]);
        rounds = strtoul(argv[3], NULL, 10);
        if (rounds == 0 || rounds > ROUNDS_MAX || tokens.count < rounds * BATCH + 1)
                die("ROUNDS, or too few tokens for them");
        if (jeton_open(&options, &jeton) < 0 || !operations_open() || !verify_new())
                die("no daemon, or no good token of it");
        run(rounds);
        return EXIT_SUCCESS;
}
