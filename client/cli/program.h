/* Other programs that the command asks, within a bound of time and of what they say. */
#ifndef JETON_CLI_PROGRAM_H
#define JETON_CLI_PROGRAM_H

/* Runs argv[0], found as a shell would, and gives its standard output and error together, to be
 * freed, and its exit status (-1: a signal ended it). 0; -ENOENT: there is no such program;
 * -ETIMEDOUT: it took longer than five seconds and is ended; other -errno. */
int program_run(const char *const argv[], char **ret_output, int *ret_status);

/* The first of these paths, NULL at their end, that can be run; one that is not absolute begins at
 * the folder of this very command. To be freed. 0, or -errno of the last. */
int program_find(const char *const places[], char **ret);

#endif
