/* jeton user list: GET /users as an admin, as many pages as it takes. */
#include "ask.h"
#include "output.h"
#include "person.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "../../common/wire/form.h"

#include <stdint.h>

#define PAGE_MAX 1000

struct range {
        unsigned long long skip, limit;
};

static int number_of(const struct arguments *arguments, enum option_id option, const char *name,
                     unsigned long long *number) {
        const char *value = option_value(arguments, option);

        if (!value || text_number(text_of(value), INT64_MAX, number) == 0)
                return 0;
        log_error("%s takes a number", name);
        return -EINVAL;
}

static int path_of(struct range range, const char *q, char **ret) {
        struct text text = text_of(q);
        _cleanup_(freep) char *encoded = calloc(1, form_encoded_len(text) + 1);

        if (!encoded)
                return -ENOMEM;
        form_encode(text, encoded);
        if (asprintf(ret, "/users?skip=%llu&limit=%llu%s%s", range.skip, range.limit,
                     text.len > 0 ? "&q=" : "", encoded) < 0)
                return -ENOMEM;
        return 0;
}

/* One page, appended to `list`. *ret_count is how many it had. */
static enum status read_page(struct cli *cli, struct range range, json_t *list, size_t *ret_count) {
        const char *q = option_value(&cli->arguments, OPTION_Q);
        _cleanup_(answer_clear) struct answer answer = {0};
        _cleanup_(freep) char *path = NULL;

        if (path_of(range, q, &path) < 0 || ask_as_peer(cli, "GET", path, NULL, &answer) < 0)
                return STATUS_REFUSED;
        if (answer.status != 200)
                return refused(cli, &answer);
        if (!json_is_array(answer.json) || json_array_extend(list, answer.json) < 0) {
                log_error("jetond's answer is no list of users");
                return STATUS_REFUSED;
        }
        *ret_count = json_array_size(answer.json);
        return STATUS_DONE;
}

static enum status read_list(struct cli *cli, struct range range, json_t *list) {
        enum status status;
        size_t count = 0;

        do {
                struct range page = {range.skip, range.limit < PAGE_MAX ? range.limit : PAGE_MAX};

                status = read_page(cli, page, list, &count);
                if (status != STATUS_DONE)
                        return status;
                range.skip += page.limit;
                range.limit -= page.limit;
                if (count < page.limit)
                        break;
        } while (range.limit > 0);
        return STATUS_DONE;
}

static enum status run(struct cli *cli) {
        _cleanup_(json_decrefp) json_t *list = json_array();
        struct range range = {0, INT64_MAX};
        enum status status;

        if (number_of(&cli->arguments, OPTION_SKIP, "--skip", &range.skip) < 0 ||
            number_of(&cli->arguments, OPTION_LIMIT, "--limit", &range.limit) < 0)
                return STATUS_USAGE;
        status = read_list(cli, range, list);
        if (status != STATUS_DONE)
                return status;
        if (!cli->json)
                person_print_row_head();
        output_list(list, person_print_row, cli->json);
        return STATUS_DONE;
}

const struct command command_user_list = {
        .words = "user list",
        .operands = "",
        .options = OPTION_BIT(OPTION_SKIP) | OPTION_BIT(OPTION_LIMIT) | OPTION_BIT(OPTION_Q),
        .line = "List the users (admin)",
        .run = run,
};
