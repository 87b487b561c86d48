/* jetond-names: which local account has that name or that uid.
 *
 * Runs as      jeton-worker. With --canonical-host: once, at the first start, for the parent.
 * Holds        nothing but NSS, whose modules open files, sockets and the network as they please.
 * Trusts       nsswitch.conf(5) and what it names.
 * If captured  wrong names and uids for display, for logs, and for the check that a new user's name
 *              is no local account's; no permission depends on it. It may hang: the authority has a
 *              deadline, and nobody else waits for it. */
#include "account.h"
#include "host.h"

#include "../../common/log.h"
#include "../privsep/child.h"
#include "../privsep/servant.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static int account_find(const struct frame *question, struct account *ret) {
        if (question->type == MSG_FIND_UID)
                return account_find_uid(question->message.find_uid.uid, ret);
        return account_find_name(question->message.find_account.name, ret);
}

/* An unknown account's uid is the one that was asked for. */
static uint32_t uid_asked(const struct frame *question) {
        return question->type == MSG_FIND_UID ? question->message.find_uid.uid : 0;
}

static int names_answer(struct channel *authority, const struct frame *question) {
        struct msg_account answer = {.uid = uid_asked(question)};
        struct account account;
        int r;

        r = account_find(question, &account);
        if (r == 0)
                answer = (struct msg_account){1, account.uid, text_of(account.name)};
        else if (r != -ENOENT)
                log_warning("NSS failed, the account counts as unknown: %s", strerror(-r));
        return channel_send(authority, MSG_ACCOUNT, question->call, &answer, -1);
}

static int canonical_host_print(void) {
        char name[HOST_NAME_SIZE];
        int r;

        r = child_close_up(PROCESS_NAMES);
        if (r == 0)
                r = host_canonical_name(name);
        if (r < 0) {
                fprintf(stderr, "jetond-names: gethostname: %s\n", strerror(-r));
                return EXIT_FAILURE;
        }
        return printf("%s\n", name) < 0 || fflush(stdout) == EOF ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv) {
        static const struct servant names = {
                .program = "jetond-names",
                .self = PROCESS_NAMES,
                .keeps_files = true,
                .answer = names_answer,
        };

        if (argc == 2 && strcmp(argv[1], "--canonical-host") == 0)
                return canonical_host_print();
        return servant_run(&names);
}
