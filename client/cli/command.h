/* What a command of jeton is, and what it is given. Each lives in a file of its own; main.c has the
 * table. */
#ifndef JETON_CLI_COMMAND_H
#define JETON_CLI_COMMAND_H

#include "../../include/jeton.h"

#include "../failure.h"
#include "../place.h"
#include "arguments.h"

/* The exit status of the program. */
enum status {
        STATUS_DONE = 0,
        STATUS_REFUSED = 1, /* or failed: a sentence on standard error says why */
        STATUS_USAGE = 2,
        STATUS_BROKEN = 2, /* doctor: what was looked at is broken */
        /* verify, with a key that is given: one for each of enum jws_verdict */
        STATUS_MALFORMED = 3,
        STATUS_WRONG_ALGORITHM = 4,
        STATUS_UNKNOWN_KEY = 5,
        STATUS_BAD_SIGNATURE = 6,
        STATUS_WRONG_TYPE = 7,
        STATUS_WRONG_ISSUER = 8,
        STATUS_EXPIRED = 9,
        STATUS_NOT_YET = 10,
        STATUS_WRONG_AUDIENCE = 11,
        STATUS_UNUSABLE_KEY = 12,
};

struct command;

struct cli {
        const struct command *command;
        struct arguments arguments; /* operands without the command's own words */
        bool json;
        unsigned timeout_ms; /* of a request; CLI_TIMEOUT_MS unless the command knows better */
        struct place place;
        struct jeton *jeton;
        struct failure failure; /* of the last request */
};

#define CLI_TIMEOUT_MS 10000

struct command {
        const char *words;    /* "user add" */
        const char *operands; /* as in the usage line */
        int operands_min, operands_max;
        uint64_t options;   /* OPTION_BIT()s beside OPTIONS_ALL */
        const char *values; /* of the one option whose values each command has for itself */
        const char *line;   /* what it does, one line */
        const char *more;   /* what else --help says; NULL: nothing */
        enum status (*run)(struct cli *cli);
};

extern const struct command command_user_add;
extern const struct command command_user_link;
extern const struct command command_user_links;
extern const struct command command_user_show;
extern const struct command command_user_list;
extern const struct command command_user_edit;
extern const struct command command_user_passwd;
extern const struct command command_user_expire_password;
extern const struct command command_user_disable;
extern const struct command command_user_enable;
extern const struct command command_user_expire;
extern const struct command command_user_delete;
extern const struct command command_user_export;
extern const struct command command_user_import;
extern const struct command command_passwd;
extern const struct command command_user_unlock;
extern const struct command command_login;
extern const struct command command_login_code;
extern const struct command command_logout;
extern const struct command command_session_list;
extern const struct command command_session_end;
extern const struct command command_revoke;
extern const struct command command_token;
extern const struct command command_whoami;
extern const struct command command_verify;
extern const struct command command_inspect;
extern const struct command command_status;
extern const struct command command_key_list;
extern const struct command command_key_rotate;
extern const struct command command_key_drop;
extern const struct command command_key_export;
extern const struct command command_doctor;
extern const struct command command_pam_test;
extern const struct command command_client_add;
extern const struct command command_client_list;
extern const struct command command_client_show;
extern const struct command command_client_edit;
extern const struct command command_client_rotate_secret;
extern const struct command command_client_disable;
extern const struct command command_client_enable;
extern const struct command command_client_delete;
extern const struct command command_policy_test;
extern const struct command command_backup;
extern const struct command command_restore;
extern const struct command command_complete;

/* All of them, in the order of the help; NULL is the end. */
extern const struct command *const commands[];

/* The command that the first operands name; takes its words off them. NULL: none. */
const struct command *command_find(struct arguments *arguments);

#endif
