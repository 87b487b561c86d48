/* jetond-frontend: reads HTTP from the callers of one class, asks the authority, writes the
 * answers.
 *
 * Runs as      jeton-frontend, one process for each class of caller (message.h).
 * Holds        the accepted connections, the HTTP, form and JSON parsers, the public keys.
 * Trusts       the parent and the authority; of a caller nothing, not even who he is: that is the
 *              authority's to know, by a connection's number.
 * If captured  yields the passwords and tokens that callers of its class send while it lasts, may
 * ask in their name on their connections, and may lie to them in replies. It yields no key, no hash
 * and no database, and mints for nobody else. */
#include "frontend.h"

#include "../../common/cleanup.h"
#include "../../common/log.h"
#include "../privsep/child.h"
#include "connection.h"
#include "json.h"

static int prepare(struct frontend *frontend) {
        int r;

        json_init();
        r = keys_prepare();
        if (r == 0)
                r = loop_new(&frontend->loop);
        if (r < 0)
                log_error("cannot start: %s", strerror(-r));
        return r;
}

static int start(struct frontend *frontend) {
        const struct msg_ready ready = {0};
        int filter_fd = -1, r;

        r = prepare(frontend);
        if (r == 0)
                r = child_setup_until_go(&frontend->control, frontend_take_setup, frontend,
                                         &filter_fd);
        if (r == 0)
                r = frontend_apply_setup(frontend);
        if (r == 0)
                r = frontend_watch_control(frontend);
        if (r == 0)
                r = frontend_watch_authority(frontend);
        if (r == 0)
                r = child_confine(&filter_fd, false);
        if (r == 0)
                r = channel_send(&frontend->control, MSG_READY, 0, &ready, -1);
        closep(&filter_fd);
        return r;
}

/* The process ends here and the kernel would take everything back; passwords are wiped first. */
static void stop(struct frontend *frontend) {
        struct connection *connection;

        for (connection = frontend->connections; connection; connection = connection->next) {
                request_clear(&connection->request);
                input_clear(&connection->input);
        }
        keys_clear(&frontend->keys);
        channel_clear(&frontend->authority);
        channel_clear(&frontend->control);
        loop_freep(&frontend->loop);
}

int main(void) {
        static struct frontend frontend = {
                .authority.fd = -1, .keys.page_fd = -1, .status_page_fd = -1};
        int r;

        r = child_begin("jetond-frontend", PROCESS_FRONTEND, &frontend.control);
        if (r < 0)
                return 1;
        r = start(&frontend);
        if (r == 0)
                r = loop_run(frontend.loop);
        stop(&frontend);
        return r < 0 ? 1 : frontend.exit_status;
}
