/* jeton complete: what can stand at the end of a command line, for the shells' completion. Reads
 * the tables of commands and options, so that no shell has one of its own, and asks no daemon. */
#include "command.h"

#include "../../common/cleanup.h"
#include "../../common/text.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

/* The words before the one that is to be completed. */
struct line {
        char **words;               /* operands, of which command_find() takes the first */
        struct arguments arguments; /* these operands */
        uint64_t given;
        const struct option_about *waiting; /* for its value; NULL */
        bool only_operands;                 /* behind "--" */
};

static void line_clear(struct line *line) {
        free(line->words);
}

static bool begins(struct text text, struct text beginning) {
        return text.len >= beginning.len &&
               text_is((struct text){text.p, beginning.len}, beginning);
}

/* "--alg" or "--alg=ES"; *ret_value is what is behind the sign, its p NULL without one. */
static bool option_of(const char *word, enum option_id *ret, struct text *ret_value) {
        size_t len = strcspn(word + 2, "=");
        struct text name = {word + 2, len};
        int i;

        for (i = 0; i < OPTION_COUNT; i++) {
                if (!text_is(name, text_of(option_about((enum option_id)i)->name)))
                        continue;
                *ret = (enum option_id)i;
                *ret_value = word[2 + len] ? text_of(word + 2 + len + 1) : TEXT_NONE;
                return true;
        }
        return false;
}

static void take_option_word(struct line *line, const char *word) {
        enum option_id option;
        struct text value;

        if (!option_of(word, &option, &value))
                return;
        line->given |= OPTION_BIT(option);
        if (!value.p && option_about(option)->argument == required_argument)
                line->waiting = option_about(option);
}

static void take_word(struct line *line, char *word) {
        if (line->waiting)
                line->waiting = NULL;
        else if (line->only_operands || word[0] != '-' || !word[1])
                line->arguments.operands[line->arguments.operand_count++] = word;
        else if (strcmp(word, "--") == 0)
                line->only_operands = true;
        else if (word[1] == '-')
                take_option_word(line, word);
}

static int line_read(char **words, int count, struct line *ret) {
        struct line line = {.given = 0};
        int i;

        line.words = calloc((size_t)count + 1, sizeof *line.words);
        if (!line.words)
                return -ENOMEM;
        line.arguments.operands = line.words;
        for (i = 0; i < count; i++)
                take_word(&line, words[i]);
        *ret = line;
        return 0;
}

/* ---- what is printed: a candidate, a tab, what it is for ---- */

static struct text values_of(const struct option_about *about, const struct command *command) {
        if (about->values && strcmp(about->values, VALUES_OWN) == 0)
                return text_of(command ? command->values : NULL);
        return text_of(about->values);
}

static void print_values(const struct option_about *about, const struct command *command,
                         const char *lead, struct text typed) {
        struct text values = values_of(about, command), value;

        while (text_next_word(&values, &value))
                if (begins(value, typed) || text_is(value, TEXT(VALUES_FILES)))
                        printf("%s%.*s\t\n", value.p[0] == ':' ? "" : lead, TEXT_ARGS(value));
}

static void print_value_of(const char *word, const struct command *command) {
        enum option_id option;
        struct text value;
        char lead[64];

        if (!option_of(word, &option, &value) || !value.p)
                return;
        snprintf(lead, sizeof lead, "--%s=", option_about(option)->name);
        print_values(option_about(option), command, lead, value);
}

static void print_options(const struct line *line, const struct command *command,
                          struct text typed) {
        uint64_t allowed = command ? command->options | OPTIONS_ALL
                                   : OPTION_BIT(OPTION_HELP) | OPTION_BIT(OPTION_VERSION);
        int i;

        for (i = 0; i < OPTION_COUNT; i++) {
                const struct option_about *about = option_about((enum option_id)i);
                bool is_over = (line->given & OPTION_BIT(i)) && !about->repeats;

                if ((allowed & OPTION_BIT(i)) && !is_over &&
                    (typed.len < 2 ||
                     begins(text_of(about->name), (struct text){typed.p + 2, typed.len - 2})))
                        printf("--%s\t%s\n", about->name, about->help);
        }
}

/* The word of a command behind those that are there; false: they are others, or no word is left. */
static bool next_word(const struct command *command, const struct arguments *arguments,
                      struct text *ret, bool *ret_is_last) {
        struct text words = text_of(command->words), word;
        int i = 0;

        while (text_next_word(&words, &word)) {
                if (i == arguments->operand_count) {
                        *ret = word;
                        *ret_is_last = words.len == 0;
                        return true;
                }
                if (!text_is(word, text_of(operand(arguments, i++))))
                        return false;
        }
        return false;
}

/* "user" begins many commands and is one candidate. */
static bool is_printed(const struct arguments *arguments, size_t before, struct text word) {
        struct text other;
        bool is_last;
        size_t i;

        for (i = 0; i < before; i++)
                if (next_word(commands[i], arguments, &other, &is_last) && text_is(other, word))
                        return true;
        return false;
}

static void print_command_words(const struct arguments *arguments, struct text typed) {
        struct text word;
        bool is_last;
        size_t i;

        for (i = 0; commands[i]; i++)
                if (next_word(commands[i], arguments, &word, &is_last) && begins(word, typed) &&
                    !is_printed(arguments, i, word))
                        printf("%.*s\t%s\n", TEXT_ARGS(word), is_last ? commands[i]->line : "");
}

static bool is_file_missing(const struct line *line, const struct command *command) {
        return line->arguments.operand_count < command->operands_min &&
               strcmp(command->operands, "FILE") == 0;
}

/* Options come of themselves only where no operand is missing. */
static void print_words(struct line *line, const char *typed) {
        const struct command *command = command_find(&line->arguments);
        bool is_option = typed[0] == '-' && !line->only_operands;

        if (is_option && strchr(typed, '='))
                print_value_of(typed, command);
        else if (is_option)
                print_options(line, command, text_of(typed));
        else if (!command)
                print_command_words(&line->arguments, text_of(typed));
        else if (is_file_missing(line, command))
                puts(VALUES_FILES "\t");
        else if (!*typed && !line->only_operands &&
                 line->arguments.operand_count >= command->operands_min)
                print_options(line, command, TEXT(""));
}

static enum status run(struct cli *cli) {
        int last = cli->arguments.operand_count - 1;
        char **words = cli->arguments.operands;
        _cleanup_(line_clear) struct line line = {.given = 0};

        if (line_read(words, last, &line) < 0)
                return STATUS_REFUSED;
        if (line.waiting)
                print_values(line.waiting, command_find(&line.arguments), "", text_of(words[last]));
        else
                print_words(&line, words[last]);
        return STATUS_DONE;
}

const struct command command_complete = {
        .words = "complete",
        .operands = "-- WORD...",
        .operands_min = 1,
        .operands_max = INT_MAX,
        .line = "Print what the last word can be, for a shell's completion",
        .more = "The words of a command line behind `jeton`, the last of them unfinished or "
                "empty.\n"
                "Each line is a candidate, a tab and what it is for; \":file\" is a file's name.",
        .run = run,
};
