/* The command line, taken apart: options, which one table lists, and operands. Knows no command. */
#ifndef JETON_CLI_ARGUMENTS_H
#define JETON_CLI_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_id {
        OPTION_HELP,
        OPTION_VERSION,
        OPTION_JSON,
        OPTION_SOCKET,
        OPTION_FULL_NAME,
        OPTION_EMAIL,
        OPTION_ROLE,
        OPTION_ADMIN,
        OPTION_LINK,
        OPTION_REMOVE,
        OPTION_ALLOW_ACCOUNT_NAME,
        OPTION_PASSWORD_STDIN,
        OPTION_HASH_STDIN,
        OPTION_MUST_CHANGE,
        OPTION_SKIP,
        OPTION_LIMIT,
        OPTION_Q,
        OPTION_AUDIENCE,
        OPTION_SCOPE,
        OPTION_HEADER,
        OPTION_TOKEN_FILE,
        OPTION_SAVE,
        OPTION_MIN_VALID,
        OPTION_ALL,
        OPTION_ALG,
        OPTION_NOW,
        OPTION_ROOT,
        OPTION_SERVICE,
        OPTION_SESSION,
        OPTION_MODULE,
        OPTION_ARGUMENT,
        OPTION_CLIENT_ID,
        OPTION_EXCHANGE,
        OPTION_LIFETIME,
        OPTION_OUT,
        OPTION_NAME,
        OPTION_UID,
        OPTION_GROUP,
        OPTION_UNIT,
        OPTION_JWK,
        OPTION_JWKS,
        OPTION_RAW,
        OPTION_TYPE,
        OPTION_ISSUER,
        OPTION_SUBJECT,
        OPTION_LEEWAY,
        OPTION_AT,
        OPTION_FORMAT,
        OPTION_DRY_RUN,
        OPTION_PASSWD,
        OPTION_WITHOUT_PASSWORDS,
        OPTION_NAME_FROM,
        OPTION_MAP_ROLE,
        OPTION_CHECK,
        OPTION_WITHOUT_KEYS,
        OPTION_REPLACE,
        OPTION_KEEP_SESSIONS,
        OPTION_USER,
        OPTION_BEFORE,
        OPTION_COUNT,
};

#define OPTION_BIT(option) (UINT64_C(1) << (option))

/* Every command takes these. */
#define OPTIONS_ALL (OPTION_BIT(OPTION_HELP) | OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_SOCKET))

/* What is known of an option beside its number. */
struct option_about {
        const char *name;
        int argument; /* getopt_long's */
        bool repeats;
        const char *spelling, *help;
        const char *values; /* all that it can be, space-separated, or VALUES_...; NULL: any */
};

#define VALUES_FILES ":file"
#define VALUES_OWN   ":own" /* those that the command has for it */

#define GIVEN_MAX 64

struct given {
        enum option_id option;
        const char *value; /* borrowed from argv; NULL without one */
};

struct arguments {
        struct given given[GIVEN_MAX];
        size_t given_count;
        char **operands; /* borrowed from argv */
        int operand_count;
};

/* Says on standard error what is wrong. 0 or -EINVAL. */
int arguments_parse(int argc, char **argv, struct arguments *ret);

bool option_is_given(const struct arguments *arguments, enum option_id option);

/* The value of an option that is there once; NULL when it is not there or has none. */
const char *option_value(const struct arguments *arguments, enum option_id option);

/* Each value of an option that may repeat; *at begins as 0. NULL at the end. */
const char *option_next(const struct arguments *arguments, enum option_id option, size_t *at);

/* All values of an option that may repeat, the empty ones left out, with spaces between them. 0;
 * -ENAMETOOLONG having said so. */
int option_join(const struct arguments *arguments, enum option_id option, char *ret, size_t size);

/* NULL beyond the last. */
const char *operand(const struct arguments *arguments, int index);

/* The first given option that is not in `allowed`, without its dashes; NULL when all are. */
const char *option_unexpected(const struct arguments *arguments, uint64_t allowed);

const struct option_about *option_about(enum option_id option);

/* One help line for each option in `options`. */
void options_print_help(uint64_t options);

#endif
