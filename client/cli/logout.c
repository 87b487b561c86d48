/* jeton logout: the saved login ends, here and at the daemon. */
#include "saved.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"

static enum status run(struct cli *cli) {
        _cleanup_(saved_clear) struct saved saved = {.access = NULL};
        int r;

        r = saved_read(cli, &saved);
        if (r == -ENOENT)
                log_error("no login is saved");
        if (r < 0)
                return STATUS_REFUSED;
        r = jeton_revoke(cli->jeton, saved.refresh ? saved.refresh->bytes : saved.access->bytes);
        if (r < 0) {
                log_error("%s", jeton_error(cli->jeton));
                return STATUS_REFUSED;
        }
        if (saved_remove() < 0)
                return STATUS_REFUSED;
        if (cli->json)
                puts("{}");
        return STATUS_DONE;
}

const struct command command_logout = {
        .words = "logout",
        .operands = "",
        .line = "End the saved login",
        .more = "Its refresh token and all access tokens of its session are revoked. The file "
                "stays\n"
                "when the daemon cannot be told.",
        .run = run,
};
