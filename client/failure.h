/* Why something failed, as one sentence for a person. */
#ifndef JETON_CLIENT_FAILURE_H
#define JETON_CLIENT_FAILURE_H

#define FAILURE_SIZE 768

/* Printable ASCII; "" when nothing failed. */
struct failure {
        char text[FAILURE_SIZE];
};

/* Writes the sentence and gives `error` back, for a return statement. Parts from outside are made
 * printable here. */
int failure_say(struct failure *failure, int error, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* What strerror(3) says of a negative errno; in `buffer` or static. Safe in threads. */
const char *error_text(int error, char *buffer, unsigned long size);

#endif
