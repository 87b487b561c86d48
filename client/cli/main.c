/* jeton: the command for people and scripts.
 *
 * Runs as: whoever calls it. Never set-user-ID; it holds no right that its caller has not.
 * Holds: a password between the terminal and the socket, wiped after; a token on its way out.
 * Trusts: the daemon that root started, or the caller, where he names another socket; the keys page
 * beside that socket. Nothing else: what is printed is made harmless for a terminal first.
 * If captured: it yields what its caller could do anyway, and the password he types. */
#include "command.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"

#include <signal.h>

/* clang-format off */
const struct command *const commands[] = {
        &command_user_add,
        &command_user_link,
        &command_user_links,
        &command_user_show,
        &command_user_list,
        &command_user_unlock,
        &command_user_edit,
        &command_user_expire_password,
        &command_user_passwd,
        &command_user_disable,
        &command_user_enable,
        &command_user_expire,
        &command_user_delete,
        &command_user_export,
        &command_user_import,
        &command_passwd,
        &command_login,
        &command_login_code,
        &command_logout,
        &command_session_list,
        &command_session_end,
        &command_revoke,
        &command_token,
        &command_whoami,
        &command_verify,
        &command_inspect,
        &command_status,
        &command_key_list,
        &command_key_rotate,
        &command_key_drop,
        &command_key_export,
        &command_client_add,
        &command_client_list,
        &command_client_show,
        &command_client_edit,
        &command_client_rotate_secret,
        &command_client_disable,
        &command_client_enable,
        &command_client_delete,
        &command_policy_test,
        &command_backup,
        &command_restore,
        &command_doctor,
        &command_pam_test,
        &command_complete,
        NULL,
};
/* clang-format on */

static void print_commands(FILE *out, const char *prefix) {
        size_t i;

        for (i = 0; commands[i]; i++)
                if (strncmp(commands[i]->words, prefix, strlen(prefix)) == 0)
                        fprintf(out, "  %-20s  %s\n", commands[i]->words, commands[i]->line);
}

static enum status print_help(FILE *out) {
        fputs("Usage: jeton COMMAND [OPTION...] [OPERAND...]\n\n"
              "Logins and signed tokens of this host.\n\n",
              out);
        print_commands(out, "");
        fputs("\n`jeton COMMAND --help` tells more of one; so does jeton(1).\n", out);
        return out == stdout ? STATUS_DONE : STATUS_USAGE;
}

static enum status print_command_help(const struct command *command) {
        printf("Usage: jeton %s%s%s [OPTION...]\n\n%s.\n", command->words,
               *command->operands ? " " : "", command->operands, command->line);
        if (command->more)
                printf("\n%s\n", command->more);
        fputs("\nOptions:\n", stdout);
        options_print_help(command->options | OPTIONS_ALL);
        return STATUS_DONE;
}

/* How many operands are the command's words; 0: they are not. */
static int words_match(const struct command *command, const struct arguments *arguments) {
        struct text words = text_of(command->words), word;
        int count = 0;

        while (text_next_word(&words, &word)) {
                const char *given = operand(arguments, count++);

                if (!given || !text_is(word, text_of(given)))
                        return 0;
        }
        return count;
}

const struct command *command_find(struct arguments *arguments) {
        size_t i;

        for (i = 0; commands[i]; i++) {
                int count = words_match(commands[i], arguments);

                if (count > 0) {
                        arguments->operands += count;
                        arguments->operand_count -= count;
                        return commands[i];
                }
        }
        return NULL;
}

/* Words that stand before others: "user", "key". */
static bool is_family(const char *word) {
        size_t i, len = strlen(word);

        for (i = 0; commands[i]; i++)
                if (strncmp(commands[i]->words, word, len) == 0 && commands[i]->words[len] == ' ')
                        return true;
        return false;
}

static enum status no_command(const struct arguments *arguments) {
        const char *word = operand(arguments, 0);

        if (option_is_given(arguments, OPTION_VERSION)) {
                puts("jeton " JETON_VERSION);
                return STATUS_DONE;
        }
        if (!word)
                return print_help(option_is_given(arguments, OPTION_HELP) ? stdout : stderr);
        if (is_family(word)) {
                log_error("`%s` needs one of these words behind it:", word);
                print_commands(stderr, word);
                return STATUS_USAGE;
        }
        log_error("no command \"%s\"; `jeton --help` lists them", log_escape(text_of(word)).text);
        return STATUS_USAGE;
}

static enum status check_usage(const struct command *command, const struct arguments *arguments) {
        const char *unexpected = option_unexpected(arguments, command->options | OPTIONS_ALL);

        if (unexpected)
                log_error("`%s` does not take --%s", command->words, unexpected);
        else if (arguments->operand_count < command->operands_min)
                log_error("`%s` needs %s", command->words, command->operands);
        else if (arguments->operand_count > command->operands_max)
                log_error("`%s` has too many operands", command->words);
        else
                return STATUS_DONE;
        fprintf(stderr, "`jeton %s --help` tells how it is used\n", command->words);
        return STATUS_USAGE;
}

static void cli_close(struct cli *cli) {
        jeton_close(cli->jeton);
        place_clear(&cli->place);
}

static int cli_open(struct cli *cli) {
        struct jeton_options options = JETON_OPTIONS_INIT;
        int r;

        options.socket_path = option_value(&cli->arguments, OPTION_SOCKET);
        options.timeout_ms = CLI_TIMEOUT_MS;
        cli->json = option_is_given(&cli->arguments, OPTION_JSON);
        r = place_find(options.socket_path, &cli->place);
        if (r == 0)
                r = jeton_open(&options, &cli->jeton);
        if (r < 0)
                log_error("%s", r == -EINVAL ? "the socket's path is empty" : "out of memory");
        return r;
}

/* Output that did not reach its reader is no success. */
static enum status flush(enum status status) {
        if (fflush(stdout) == 0 && !ferror(stdout))
                return status;
        log_error("cannot write to standard output");
        return STATUS_REFUSED;
}

static enum status run(const struct command *command, const struct arguments *arguments) {
        _cleanup_(cli_close) struct cli cli = {
                .command = command,
                .arguments = *arguments,
                .timeout_ms = CLI_TIMEOUT_MS,
        };
        enum status status;

        if (option_is_given(arguments, OPTION_HELP))
                return print_command_help(command);
        status = check_usage(command, arguments);
        if (status != STATUS_DONE)
                return status;
        if (cli_open(&cli) < 0)
                return STATUS_REFUSED;
        return command->run(&cli);
}

int main(int argc, char **argv) {
        const struct command *command;
        struct arguments arguments;

        log_init("jeton", LOG_INFO);
        signal(SIGXFSZ, SIG_IGN); /* setrlimit(2): the call says EFBIG, and we which file */
        if (arguments_parse(argc, argv, &arguments) < 0)
                return STATUS_USAGE;
        command = command_find(&arguments);
        return (int)flush(command ? run(command, &arguments) : no_command(&arguments));
}
