/* jeton-pam-test: a login by a private copy of a PAM stack, in words.
 *
 * Runs as:     whoever calls `jeton pam-test`; some modules need root.
 * Holds:       one password, from the terminal to libpam.
 * Trusts:      the modules of the stack, as every application that logs people in does.
 * If captured: it yields what its caller could do anyway, and that password. */
#include "trial.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "../cli/output.h"

#include <getopt.h>
#include <jansson.h>

#define STATUS_FAILED 1
#define STATUS_USAGE  2

/* An option sets a flag, a text, or adds to the module's arguments. */
static const struct known {
        struct option option;
        size_t flag, text; /* where in a trial; 0: nowhere */
} known[] = {
        {{"json", no_argument, NULL, 0}, offsetof(struct trial, json), 0},
        {{"session", no_argument, NULL, 0}, offsetof(struct trial, with_session), 0},
        {{"service", required_argument, NULL, 0}, 0, offsetof(struct trial, service)},
        {{"module", required_argument, NULL, 0}, 0, offsetof(struct trial, module)},
        {{"root", required_argument, NULL, 0}, 0, offsetof(struct trial, root)},
        {{"argument", required_argument, NULL, 0}, 0, 0},
};

static int option_take(struct trial *trial, const struct known *option) {
        char *at = (char *)trial;

        if (option->flag)
                *(bool *)(at + option->flag) = true;
        else if (option->text)
                *(const char **)(at + option->text) = optarg;
        else if (trial->word_count < WORDS_MAX)
                trial->words[trial->word_count++] = optarg;
        else
                return -EINVAL;
        return 0;
}

static int trial_read(int argc, char **argv, struct trial *trial) {
        struct option options[ELEMENTS(known) + 1] = {{0}};
        int index = 0, code = 0, r = 0;
        size_t i;

        for (i = 0; i < ELEMENTS(known); i++)
                options[i] = known[i].option;
        while (r == 0 && (code = getopt_long(argc, argv, "", options, &index)) == 0)
                r = option_take(trial, &known[index]);
        if (code == '?')
                return -EINVAL;
        if (r < 0 || optind != argc - 1)
                return -EINVAL;
        trial->user = argv[optind];
        return 0;
}

static void result_print(const struct result *result) {
        const struct code *code = code_find(result->code, result->circumstance);

        printf("%-13s %-22s %s (%lld ms)%s%s\n", result->phase, code->name, code->means,
               (long long)result->ms, code->advice ? "; " : "", code->advice ? code->advice : "");
}

static json_t *result_json(const struct result *result) {
        const struct code *code = code_find(result->code, result->circumstance);

        return json_pack("{s:s, s:s, s:i, s:s, s:s?, s:I}", "phase", result->phase, "code",
                         code->name, "number", result->code, "means", code->means, "advice",
                         code->advice, "ms", (json_int_t)result->ms);
}

static void results_print(const struct trial *trial, const struct result *results, int count) {
        json_t *list = json_array();
        int i;

        for (i = 0; i < count; i++) {
                if (trial->json)
                        json_array_append_new(list, result_json(&results[i]));
                else
                        result_print(&results[i]);
        }
        if (trial->json)
                output_json(list);
        json_decref(list);
}

int main(int argc, char **argv) {
        struct trial trial = {.module = "pam_jeton.so"};
        struct result results[RESULTS_MAX];
        int i, count;

        log_init("jeton-pam-test", LOG_INFO);
        if (trial_read(argc, argv, &trial) < 0) {
                log_error("`jeton pam-test --help` tells how it is used");
                return STATUS_USAGE;
        }
        count = trial_run(&trial, results);
        if (count < 0)
                return STATUS_FAILED;
        results_print(&trial, results, count);
        for (i = 0; i < count; i++)
                if (results[i].code != PAM_SUCCESS)
                        return STATUS_FAILED;
        return fflush(stdout) == 0 ? 0 : STATUS_FAILED;
}
