/* Sessions over a restart of the daemon. A session goes on when the process that opened it still
 * runs, which takes its pid, the boot and the inode of its pidfd to know; otherwise it ends here,
 * and so does every file whose session nobody remembers. */
#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/log.h"
#include "authority.h"
#include "login_session.h"
#include "peer_process.h"
#include "sessions.h"
#include "token_files.h"

#include <stdio.h>
#include <string.h>

#define BOOT_ID_FILE "/proc/sys/kernel/random/boot_id"

/* Without it no process of before is known again. */
static void boot_read(char ret[BOOT_ID_LEN + 1]) {
        _cleanup_(fclosep) FILE *file = fopen(BOOT_ID_FILE, "re");

        if (!file || !fgets(ret, BOOT_ID_LEN + 1, file))
                ret[0] = '\0';
}

static int process_of(const struct authority *authority, const struct login_row *row, int *ret) {
        if (!row->boot[0] || !text_is(text_of(row->boot), text_of(authority->logins.boot)))
                return -ESRCH;
        return peer_process_reopen(row->pid, row->process, ret);
}

/* Its file is written anew as soon as the signer can be asked. */
static int row_take(void *context, const struct login_row *row) {
        struct authority *authority = context;
        struct login_session *session;
        int process, r;

        if (process_of(authority, row, &process) < 0)
                return 0;
        r = login_session_add(authority, row, process, &session);
        if (r < 0)
                return r;
        /* Or before: what is revoked from now on ends it. What was revoked until now has left it
         * its row, also in this very second. */
        session->issued_at = clock_wall_s();
        r = login_session_note_kept(session);
        if (r < 0)
                return r;
        return loop_timer(authority->loop, &session->timer, clock_monotonic_ms(),
                          login_session_renew, session);
}

/* ---- what is not taken ---- */

struct dead {
        struct dead *next;
        char sid[SID_LEN + 1];
};

struct search {
        struct authority *authority;
        struct dead *found;
};

/* A session may have both a row and a file. */
static int dead_add(struct search *search, const char *sid) {
        struct dead *dead;

        for (dead = search->found; dead; dead = dead->next)
                if (strcmp(dead->sid, sid) == 0)
                        return 0;
        dead = calloc(1, sizeof *dead);
        if (!dead)
                return -ENOMEM;
        snprintf(dead->sid, sizeof dead->sid, "%s", sid);
        dead->next = search->found;
        search->found = dead;
        return 0;
}

static int row_sort(void *context, const struct login_row *row) {
        struct search *search = context;

        return login_session_find(search->authority, text_of(row->sid))
                       ? 0
                       : dead_add(search, row->sid);
}

static int file_sort(void *context, uint32_t uid, const char *sid) {
        struct search *search = context;
        const struct login_session *session = login_session_find(search->authority, text_of(sid));

        if (session && session->row.uid == uid)
                return 1;
        return dead_add(search, sid);
}

static int dead_end(struct authority *authority, struct transaction *transaction,
                    const struct dead *dead) {
        struct revoked revoked = revoked_session(dead->sid, "");
        int r;

        r = sessions_revoke(authority, transaction, &revoked);
        if (r == 0)
                r = logins_remove(transaction, text_of(dead->sid));
        if (r == 0)
                log_info("session %s is over: its process is gone, or cannot be known again",
                         dead->sid);
        return r;
}

static int dead_write(void *context, struct transaction *transaction) {
        const struct search *search = context;
        const struct dead *dead;
        int r = 0;

        for (dead = search->found; r == 0 && dead; dead = dead->next)
                r = dead_end(search->authority, transaction, dead);
        return r;
}

static void search_clear(struct search *search) {
        struct dead *dead;

        while ((dead = search->found)) {
                search->found = dead->next;
                free(dead);
        }
}

int login_sessions_start(struct authority *authority) {
        _cleanup_(search_clear) struct search search = {.authority = authority};
        int r;

        boot_read(authority->logins.boot);
        r = logins_list(authority->store, row_take, authority);
        if (r == 0)
                r = logins_list(authority->store, row_sort, &search);
        if (r == 0)
                r = token_files_sort(authority->tokens_dir, file_sort, &search);
        if (r == 0 && search.found)
                r = commit_alone(authority, dead_write, &search);
        if (r < 0)
                log_error("the sessions of before cannot be sorted: %s", strerror(-r));
        return r;
}
