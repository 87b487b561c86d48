/* jetond-issuer: verifies ID tokens of outside issuers, with libjwt.
 *
 * Runs as      jeton-worker, confined: it opens files below the folders of the issuers' keys, to
 *              read them, and nothing else. Only where an issuer is configured.
 * Holds        the public keys of outside issuers, and one token at a time.
 * Trusts       whoever can write the files of keys, each for his issuer.
 * If captured  a yes for every account that is linked to one of the issuers, and for one whose
 *              e-mail an administrator has set and that never was linked: it says who logged in
 *              there. The authority finds the account, and looks at each field again; nobody gets
 *              the right to administer this way. It sees the outside tokens that come by. */
#include "book.h"
#include "self_check.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "../privsep/servant.h"

static struct book book, incoming;

/* Which folders were open when the process was confined: of others it could read nothing. */
static struct {
        dev_t device;
        ino_t inode;
} known[OUTSIDE_ISSUERS_MAX];
static size_t known_count;
static bool is_running;

static size_t issuer_folders(int *ret) {
        return book_folders(&book, ret);
}

static void folders_remember(void) {
        int folders[OUTSIDE_ISSUERS_MAX];
        size_t i, count = book_folders(&book, folders);
        struct stat st;

        for (i = 0; i < count; i++)
                if (fstat(folders[i], &st) == 0) {
                        known[known_count].device = st.st_dev;
                        known[known_count++].inode = st.st_ino;
                }
}

static bool is_known(int folder) {
        struct stat st;
        size_t i;

        for (i = 0; fstat(folder, &st) == 0 && i < known_count; i++)
                if (known[i].device == st.st_dev && known[i].inode == st.st_ino)
                        return true;
        return false;
}

static bool may_read_incoming(void) {
        int folders[OUTSIDE_ISSUERS_MAX];
        size_t i, count = book_folders(&incoming, folders);

        for (i = 0; i < count; i++)
                if (!is_known(folders[i]))
                        return false;
        return true;
}

/* ---- the settings ---- */

static void incoming_take(void) {
        book_clear(&book);
        book = incoming;
        incoming = (struct book){.count = 0};
        book_refresh(&book);
}

/* A process gives up rights for good: a reload that names another folder takes a new one, which the
 * parent starts. */
static int reload_take(void) {
        if (!may_read_incoming()) {
                log_info("the keys are in another folder now: a new process reads them");
                return -ECONNRESET;
        }
        incoming_take();
        return 0;
}

static int folder_take(struct frame *frame) {
        int r = book_give_folder(&incoming, frame->message.descriptor.instance, frame->fd);

        if (r == 0)
                take_fd(&frame->fd);
        return r;
}

static int issuer_take(struct frame *frame) {
        if (frame->type == MSG_SETUP_ISSUER)
                return book_add(&incoming, &frame->message.setup_issuer);
        if (frame->type == MSG_GO && is_running)
                return reload_take();
        if (frame->type != MSG_DESCRIPTOR || frame->message.descriptor.what != DESCRIPTOR_JWKS_DIR)
                return -EPROTO;
        return folder_take(frame);
}

/* The first use of a library opens and maps what later ones need. */
static int issuer_prepare(void) {
        if (!self_check()) {
                log_error("libjwt does not verify as it should here");
                return -ENOTSUP;
        }
        incoming_take();
        folders_remember();
        is_running = true;
        return 0;
}

/* ---- a question ---- */

static int issuer_answer(struct channel *authority, const struct frame *question) {
        const struct msg_check_outside *ask = &question->message.check_outside;
        const struct outside_clock clock = {ask->now, ask->leeway_s};
        const struct outside_issuers issuers = {book.issuers, book.count};
        struct outside_token token = {.sub = ""};
        struct msg_outside_checked answer = {0};

        book_refresh(&book);
        answer.verdict = (uint8_t)outside_token_check(&issuers, ask->token, &clock, &token);
        if (answer.verdict == OUTSIDE_VALID)
                answer = (struct msg_outside_checked){
                        .verdict = OUTSIDE_VALID,
                        .issuer = text_of(book.issuers[token.issuer].url),
                        .sub = text_of(token.sub),
                        .email = text_of(token.email),
                        .email_verified = token.email_verified,
                        .auth_time = token.auth_time,
                        .issued_at = token.issued_at,
                        .expires_at = token.expires_at,
                };
        return channel_send(authority, MSG_OUTSIDE_CHECKED, question->call, &answer, -1);
}

int main(void) {
        static const struct servant issuer = {
                .program = "jetond-issuer",
                .self = PROCESS_ISSUER,
                .folders = issuer_folders,
                .accept = issuer_take,
                .prepare = issuer_prepare,
                .answer = issuer_answer,
        };

        return servant_run(&issuer);
}
