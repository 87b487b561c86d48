/* jetond-authority: users, policy, sessions; every decision.
 *
 * Runs as:     jeton (without root: the caller's uid), with an empty environment, confined.
 * Holds:       the listening sockets, the database, the status page, a channel to each process.
 * Trusts:      the parent and the signer. Frontends only for what their own callers said; workers
 *              only as far as the comparison goes; names for nothing that grants.
 * If captured: mints tokens within the signer's limits, reads password hashes. It cannot read the
 *              key, nor publish one of its own. It makes and removes files where tokens of system
 *              logins are, and opens none that is there.
 *
 * Started with a word it is another program, of one task and without callers: task.h. */
#include "authority.h"

#include "../../common/cleanup.h"
#include "../../common/clock.h"
#include "../../common/log.h"
#include "../privsep/child.h"
#include "accept.h"
#include "audit.h"
#include "bearer.h"
#include "codes.h"
#include "control.h"
#include "sessions.h"
#include "task.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

void authority_tell_parent(struct authority *authority, enum message_type type,
                           const void *message) {
        if (channel_send(&authority->control, type, 0, message, -1) < 0 ||
            channel_has_queued(&authority->control))
                authority_give_up(authority);
}

static void breach_tell(struct authority *authority, enum process process, uint32_t instance,
                        bool is_overdue) {
        struct msg_breach message = {
                .process = (uint8_t)process,
                .is_overdue = is_overdue,
                .instance = instance,
                .start = authority->starts[process][instance],
        };

        authority_tell_parent(authority, MSG_BREACH, &message);
}

void authority_breach(struct authority *authority, enum process process, uint32_t instance) {
        log_error("%s %u broke the rules", process_name(process), instance);
        breach_tell(authority, process, instance, false);
}

void authority_overdue(struct authority *authority, enum process process, uint32_t instance) {
        log_error("%s %u has not answered in time", process_name(process), instance);
        breach_tell(authority, process, instance, true);
}

void authority_give_up(struct authority *authority) {
        authority->exit_status = EXIT_FAILURE;
        loop_stop(authority->loop);
}

static int authority_init(struct authority *authority) {
        size_t i;
        int r;

        *authority = (struct authority){
                .db_dir = -1,
                .tokens_dir = -1,
                .keys_page_fd = -1,
                .filter_fd = -1,
                .status_page_fd = -1,
                .overflow_uid = 65534,
                .overflow_gid = 65534,
        };
        for (i = 0; i < ELEMENTS(authority->listeners); i++)
                authority->listeners[i] = (struct listener){
                        .authority = authority,
                        .fd = -1,
                        .kind = (enum listener_kind)i,
                };
        commits_init(&authority->commits);
        r = audit_new(&authority->audit);
        if (r == 0)
                r = codes_new(&authority->codes);
        if (r == 0)
                r = workers_init(&authority->workers);
        if (r == 0)
                r = conversations_init(&authority->conversations);
        if (r == 0)
                r = issuers_init(&authority->issuers);
        return r < 0 ? r : loop_new(&authority->loop);
}

/* The id that stands for all those that do not exist in our user namespace. */
static void overflow_read(const char *path, uint32_t *ret) {
        _cleanup_(fclosep) FILE *file = fopen(path, "re");
        unsigned id;

        if (file && fscanf(file, "%u", &id) == 1)
                *ret = id;
}

static bool counts_are_there(const struct authority *authority) {
        size_t i = 0;

        while (i < COUNTS_SHARED && authority->counts_pages[i])
                i++;
        return i == COUNTS_SHARED;
}

static int authority_check_setup(const struct authority *authority) {
        bool complete = authority->incoming && counts_are_there(authority) &&
                        authority->listeners[LISTENER_LOCAL].fd >= 0 && authority->db_dir >= 0 &&
                        authority->tokens_dir >= 0 && authority->keys_page_fd >= 0 &&
                        authority->status_page_fd >= 0 && authority->signer.up;

        if (complete)
                return 0;
        log_error("the parent's set-up is not complete");
        return -EPROTO;
}

static int store_start(struct authority *authority) {
        int r;

        r = store_open(authority->db_dir, &authority->store_is_new, &authority->store);
        if (r < 0)
                log_error("the database cannot be used: %s%s", store_error(authority->store),
                          r == -EBADMSG ? "; recovery.md in share/doc/jeton has the ways back"
                                        : "");
        return r;
}

static int pages_start(struct authority *authority) {
        void *page;
        int r;

        r = page_map(authority->status_page_fd, PAGE_STATUS, &page);
        if (r < 0) {
                log_error("the status page cannot be written: %s", strerror(-r));
                return r;
        }
        authority->status_page = page;
        r = sessions_start(authority);
        if (r < 0)
                return r;
        r = bearer_load_keys(authority);
        if (r < 0) {
                log_error("the keys page cannot be read: %s", strerror(-r));
                return r;
        }
        return login_sessions_start(authority);
}

static int connections_start(struct authority *authority) {
        uint32_t size = authority->settings->max_connections;

        int r;

        if (size > UINT16_MAX)
                size = UINT16_MAX;
        r = connections_init(&authority->connections, size);
        return r < 0 ? r : budget_init(&authority->calls, size);
}

/* Everything that needs files comes before the confinement, everything that answers after it. */
static int authority_start(struct authority *authority) {
        int r;

        r = child_setup_until_go(&authority->control, control_take_setup, authority,
                                 &authority->filter_fd);
        if (r == 0)
                r = authority_check_setup(authority);
        if (r < 0)
                return r;
        authority->settings = take(authority->incoming);
        authority->counts[COUNT_STARTED_AT] = (uint64_t)clock_wall_s();
        overflow_read("/proc/sys/kernel/overflowuid", &authority->overflow_uid);
        overflow_read("/proc/sys/kernel/overflowgid", &authority->overflow_gid);
        r = store_start(authority);
        if (r == 0)
                r = gate_open(authority);
        if (r == 0)
                r = pages_start(authority);
        if (r == 0)
                r = connections_start(authority);
        if (r == 0)
                r = child_confine_to(&authority->filter_fd, authority->tokens_dir, true);
        return r;
}

static int authority_run(struct authority *authority) {
        struct msg_ready ready = {.first = authority->store_is_new};
        int r;

        r = control_start(authority);
        if (r == 0)
                r = accept_start(authority);
        if (r == 0)
                r = channel_send(&authority->control, MSG_READY, 0, &ready, -1);
        if (r == 0)
                r = loop_run(authority->loop);
        return r;
}

int main(int argc, char **argv) {
        static struct authority authority;
        int r;

        if (argc == 2)
                return task_do(argv[1]);
        r = authority_init(&authority);
        if (r == 0)
                r = child_begin("jetond-authority", PROCESS_AUTHORITY, &authority.control);
        if (r == 0)
                r = authority_start(&authority);
        if (r == 0)
                r = authority_run(&authority);
        /* Closed on purpose: SQLite then folds its journal into the database. */
        login_sessions_clear(&authority);
        connections_clear(&authority.connections);
        gate_close(&authority);
        budget_clear(&authority.calls);
        codes_free(authority.codes);
        audit_free(authority.audit);
        store_free(authority.store);
        if (r < 0)
                log_error("it ends: %s", strerror(-r));
        return r < 0 ? EXIT_FAILURE : authority.exit_status;
}
