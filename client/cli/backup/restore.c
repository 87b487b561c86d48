/* jeton restore: a backup takes the place of what is there, as a whole or not at all. Whatever is
 * wrong with it is found before; then one rename is the decision, and what follows is done by
 * whoever comes first, this command or the next start of jetond (daemon/parent/restored.h). */
#include "backup.h"
#include "locked.h"

#include "../../../common/cleanup.h"
#include "../../../common/clock.h"
#include "../../../common/log.h"
#include "../../../daemon/parent/restored.h"
#include "../output.h"

#include <fcntl.h>

struct restoring {
        const char *path;
        char *dir; /* NULL: the host's */
        int file;
        struct archive archive;
        struct backup_facts facts;
        struct locked locked;
        struct stage stage;
        char kept[RESTORE_KEPT_MAX];
};

static void restoring_close(struct restoring *restoring) {
        stage_clear(&restoring->stage);
        locked_close(&restoring->locked);
        closep(&restoring->file);
        freep(&restoring->dir);
}

/* ---- may it be? ---- */

static int backup_open(struct restoring *restoring) {
        restoring->file =
                open(restoring->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
        if (restoring->file < 0) {
                int r = -errno;

                log_error("%s: %s", log_escape(text_of(restoring->path)).text,
                          r == -ELOOP ? "it is a link: name the file" : strerror(-r));
                return r;
        }
        return backup_verify(restoring->file, restoring->path, &restoring->archive,
                             &restoring->facts);
}

/* The tokens of before the restore end by their times: with a clock that is behind, as after a loss
 * of power that it did not outlive, those of since the backup would go on. */
static int clock_check(const struct restoring *restoring) {
        if (clock_wall_s() >= restoring->facts.made_at)
                return 0;
        log_error("%s: by the clock it is not made yet: set the clock first",
                  log_escape(text_of(restoring->path)).text);
        return -ETIME;
}

static int state_find(const struct cli *cli, struct restoring *restoring) {
        int r = state_is_host(&cli->place) ? 0 : state_dir(&cli->place, &restoring->dir);

        return r == 0 ? locked_may(restoring->dir) : r;
}

static int state_get(const struct cli *cli, struct restoring *restoring) {
        int r;

        r = locked_open(restoring->dir, &restoring->locked);
        if (r < 0 || !restoring->locked.has_database ||
            option_is_given(&cli->arguments, OPTION_REPLACE))
                return r;
        log_error("%s has a database: --replace puts the backup in its place, and keeps what is "
                  "there beside it",
                  restoring->locked.path);
        return -EEXIST;
}

/* ---- it is ---- */

static void audit(const struct restoring *restoring) {
        char detail[LOG_ESCAPED_MAX + 64];

        snprintf(detail, sizeof detail, "file=\"%s\" made_at=%lld sessions=%s",
                 log_escape(text_of(restoring->path)).text, (long long)restoring->facts.made_at,
                 restoring->stage.keeps_sessions ? "kept" : "ended");
        state_audit("restore", detail);
}

static int state_replace(struct restoring *restoring) {
        bool done;
        int r;

        r = stage_decide(&restoring->stage);
        if (r == 0)
                r = restored_finish(restoring->stage.state, &done, restoring->kept);
        if (r < 0)
                log_error("it could not be brought to its end, which the next start of jetond "
                          "tries again: %s",
                          strerror(-r));
        return r;
}

static int restore(struct restoring *restoring) {
        int r;

        restoring->stage.state = restoring->locked.state;
        restoring->stage.authority = restoring->locked.authority;
        restoring->stage.signer = restoring->locked.signer;
        restoring->stage.facts = &restoring->facts;
        r = stage_fill(&restoring->stage, &restoring->archive);
        if (r < 0)
                return r;
        audit(restoring);
        return state_replace(restoring);
}

/* ---- telling ---- */

static void print_text(const struct restoring *restoring) {
        printf("\nThis is the state in %s again. Users, passwords, roles and clients are as they "
               "were then.\n",
               restoring->locked.path);
        puts(restoring->stage.keeps_sessions
                     ? "Tokens and sessions of then go on, also such as were ended since."
                     : "No token and no session of before is good any more: everybody logs in "
                       "anew.");
        if (restoring->facts.keys == 0)
                puts("The keys are those that were here.");
        if (*restoring->kept)
                printf("What was here is in %s/%s: remove it when all is well.\n",
                       restoring->locked.path, restoring->kept);
        if (!restoring->dir)
                puts("Start the daemon: systemctl start jetond");
        else
                printf("Start the daemon: jetond --state %s\n", restoring->locked.path);
}

static void print_json(const struct restoring *restoring) {
        json_t *json = json_pack("{s:s, s:b, s:I, s:I}", "file", restoring->path, "sessions_kept",
                                 restoring->stage.keeps_sessions, "users",
                                 (json_int_t)restoring->facts.users, "keys",
                                 (json_int_t)restoring->facts.keys);

        if (*restoring->kept)
                json_object_set_new(json, "kept", json_string(restoring->kept));
        output_json(json);
        json_decref(json);
}

static enum status run(struct cli *cli) {
        _cleanup_(restoring_close) struct restoring restoring = {
                .path = operand(&cli->arguments, 0),
                .file = -1,
                .locked = LOCKED_NONE,
                .stage = STAGE_NONE,
        };
        int r;

        restoring.stage.keeps_sessions = option_is_given(&cli->arguments, OPTION_KEEP_SESSIONS);
        r = state_find(cli, &restoring);
        if (r == 0)
                r = backup_open(&restoring);
        if (r == 0)
                r = clock_check(&restoring);
        if (r == 0)
                r = state_get(cli, &restoring);
        if (r == 0)
                r = restore(&restoring);
        if (r < 0)
                return STATUS_REFUSED;
        if (cli->json) {
                print_json(&restoring);
        } else {
                backup_print(cli, restoring.path, &restoring.facts);
                print_text(&restoring);
        }
        return STATUS_DONE;
}

const struct command command_restore = {
        .words = "restore",
        .operands = "FILE",
        .operands_min = 1,
        .operands_max = 1,
        .options = OPTION_BIT(OPTION_REPLACE) | OPTION_BIT(OPTION_KEEP_SESSIONS),
        .line = "Put a backup in place, while the daemon is stopped (root)",
        .more = "All of FILE is checked before anything is touched; then it is all in place or\n"
                "nothing is, also after a power cut. What was revoked after the backup is not in\n"
                "it: unless --keep-sessions is given, every token and session of before ends.",
        .run = run,
};
