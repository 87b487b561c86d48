/* jeton pam-test: a login by a copy of a PAM stack. libpam and whatever modules it loads run in a
 * program of their own, jeton-pam-test, which takes this process's place: the command itself has
 * neither libpam nor modules in it, and what a module breaks is that program's. */
#include "command.h"
#include "program.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "../../common/wire/wire.h"

#include <string.h>

/* Two words for each option, the program, --argument socket=, --, the user and the NULL. */
#define WORDS_MAX (2 * GIVEN_MAX + 6)

/* What jeton-pam-test is told; --socket it knows as an argument of the module. */
static const char *const handed_on[OPTION_COUNT] = {
        [OPTION_JSON] = "--json",       [OPTION_SERVICE] = "--service",
        [OPTION_SESSION] = "--session", [OPTION_MODULE] = "--module",
        [OPTION_ROOT] = "--root",       [OPTION_ARGUMENT] = "--argument",
};

static size_t options_fill(const struct arguments *arguments, const char **words, size_t count) {
        size_t i;

        for (i = 0; i < arguments->given_count; i++) {
                const struct given *given = &arguments->given[i];

                if (!handed_on[given->option])
                        continue;
                words[count++] = handed_on[given->option];
                if (given->value)
                        words[count++] = given->value;
        }
        return count;
}

static enum status replace_process(const struct cli *cli, const char *program,
                                   const char *socket_argument) {
        const char *words[WORDS_MAX] = {program};
        size_t count = options_fill(&cli->arguments, words, 1);

        if (socket_argument) {
                words[count++] = "--argument";
                words[count++] = socket_argument;
        }
        words[count++] = "--";
        words[count++] = operand(&cli->arguments, 0);
        execv(program, (char *const *)words);
        log_error("cannot run %s: %s", program, strerror(errno));
        return STATUS_REFUSED;
}

static enum status check_options(const struct cli *cli) {
        const struct arguments *arguments = &cli->arguments;

        if (!option_is_given(arguments, OPTION_SERVICE) ||
            !(option_is_given(arguments, OPTION_MODULE) ||
              option_is_given(arguments, OPTION_ARGUMENT)))
                return STATUS_DONE;
        log_error("--module and --argument are for a stack of pam_jeton alone; the lines of a "
                  "service have their own");
        return STATUS_USAGE;
}

static const char *const places[] = {"../libexec/jeton-pam-test",
                                     JETON_LIBEXEC_DIR "/jeton-pam-test", NULL};

static enum status run(struct cli *cli) {
        bool is_service = option_is_given(&cli->arguments, OPTION_SERVICE);
        bool is_host = strcmp(cli->place.socket_path, JETON_SOCKET_DEFAULT) == 0;
        _cleanup_(freep) char *program = NULL, *argument = NULL;
        enum status status = check_options(cli);
        int r;

        if (status != STATUS_DONE)
                return status;
        r = program_find(places, &program);
        if (r < 0) {
                log_error("jeton-pam-test is not installed: %s", strerror(-r));
                return STATUS_REFUSED;
        }
        if (!is_host && !is_service && asprintf(&argument, "socket=%s", cli->place.socket_path) < 0)
                return STATUS_REFUSED;
        return replace_process(cli, program, argument);
}

const struct command command_pam_test = {
        .words = "pam-test",
        .operands = "USER",
        .operands_min = 1,
        .operands_max = 1,
        .options = OPTION_BIT(OPTION_SERVICE) | OPTION_BIT(OPTION_SESSION) |
                   OPTION_BIT(OPTION_MODULE) | OPTION_BIT(OPTION_ARGUMENT) |
                   OPTION_BIT(OPTION_ROOT),
        .line = "Try a PAM stack, and say what each phase means",
        .more = "USER is an account. Without --service the stack is pam_jeton alone. A service's\n"
                "lines are copied: the live ones are not touched, but its modules run and count\n"
                "a failed login as one. The status is 0 when every phase succeeds.",
        .run = run,
};
