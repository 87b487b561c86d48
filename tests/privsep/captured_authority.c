/* In the authority's place, with everything the parent gives it: tries to write the keys page, then
 * breaks the rules towards the parent. Each attempt leaves a line in the log.
 *
 * lies: write-page, ready-twice, settings-to-the-parent, sign-to-the-parent, garbage-to-the-parent,
 *       descriptor-to-the-parent, breach-of-the-one-before, breach-of-this-one,
 *       retire-the-one-before, retire-this-one */
#include "../../common/jwt/pages.h"
#include "liar.h"

#include <sys/mman.h>

static int keys_page_fd = -1;
static uint32_t worker_start;

/* Keeps all that it is given: the others end when their channels do. */
static int setup_take(void *context, struct frame *frame) {
        int fd = take_fd(&frame->fd);

        (void)context;
        if (frame->type == MSG_DESCRIPTOR && frame->message.descriptor.process == PROCESS_WORKER &&
            frame->message.descriptor.instance == 0)
                worker_start = frame->message.descriptor.start;
        if (frame->type == MSG_DESCRIPTOR && frame->message.descriptor.what == DESCRIPTOR_KEYS_PAGE)
                keys_page_fd = fd;
        return 0;
}

static void report(const char *attempt, bool done) {
        log_notice("attempt %s: %s", attempt, done ? "done" : "refused");
}

static void write_page(void) {
        size_t size = page_size(PAGE_KEYS);
        void *writable = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, keys_page_fd, 0);
        void *readable = mmap(NULL, size, PROT_READ, MAP_SHARED, keys_page_fd, 0);

        report("read", readable != MAP_FAILED);
        report("write", pwrite(keys_page_fd, "x", 1, 0) == 1);
        report("truncate", ftruncate(keys_page_fd, 0) == 0);
        report("map", writable != MAP_FAILED);
        report("protect",
               readable != MAP_FAILED && mprotect(readable, size, PROT_READ | PROT_WRITE) == 0);
}

/* The parent acts on what is about the worker that runs, and on nothing else. */
static void tell_of_worker(const char *lie, int control) {
        const uint32_t start = strstr(lie, "before") ? worker_start - 1 : worker_start;
        const struct msg_breach breach = {.process = PROCESS_WORKER, .start = start};
        const struct msg_retire retire = {.start = start};

        if (strncmp(lie, "breach-", 7) == 0)
                send_frame(control, MSG_BREACH, 0, &breach, -1);
        if (strncmp(lie, "retire-", 7) == 0)
                send_frame(control, MSG_RETIRE, 0, &retire, -1);
}

static void tell(const char *lie, int control) {
        const struct msg_ready ready = {0};
        const struct msg_setup_admin admin = {.uid = 65534};
        const struct msg_sign_ticket ticket = {.uid = 0};

        if (strcmp(lie, "write-page") == 0)
                write_page();
        send_frame(control, MSG_READY, 0, &ready, -1);
        if (strcmp(lie, "ready-twice") == 0)
                send_frame(control, MSG_READY, 0, &ready, -1);
        if (strcmp(lie, "settings-to-the-parent") == 0)
                send_frame(control, MSG_SETUP_ADMIN, 0, &admin, -1);
        if (strcmp(lie, "sign-to-the-parent") == 0)
                send_frame(control, MSG_SIGN_TICKET, 0, &ticket, -1);
        if (strcmp(lie, "garbage-to-the-parent") == 0)
                send_raw(control, "garbage, and more of it", 23, -1);
        if (strcmp(lie, "descriptor-to-the-parent") == 0)
                send_frame(control, MSG_RETIRE, 0, &(struct msg_retire){0}, control);
        tell_of_worker(lie, control);
}

int main(void) {
        struct channel control;
        int filter_fd = -1;
        char lie[LIE_MAX];

        lie_read(lie);
        if (child_begin("jetond-authority", PROCESS_AUTHORITY, &control) < 0 ||
            child_setup_until_go(&control, setup_take, NULL, &filter_fd) < 0)
                return EXIT_FAILURE;
        tell(lie, control.fd);
        wait_for_the_end(control.fd);
        return EXIT_SUCCESS;
}
