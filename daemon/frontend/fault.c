/* One line for each request that was refused here, or failed, so that whoever wrote the client can
 * see why; but a caller who floods us does not flood the log. */
#include "fault.h"

#include "../../common/clock.h"
#include "../../common/log.h"
#include "frontend.h"
#include "request.h"

#define LINES_A_SECOND 10

bool frontend_may_log(struct frontend *frontend) {
        int64_t second = clock_monotonic_ms() / 1000;

        if (second != frontend->log_second) {
                if (frontend->log_lines > LINES_A_SECOND)
                        log_info("%u more requests were refused, or failed",
                                 frontend->log_lines - LINES_A_SECOND);
                frontend->log_second = second;
                frontend->log_lines = 0;
        }
        return ++frontend->log_lines <= LINES_A_SECOND;
}

/* The path has no secret in it; the query and the fields may. A head that could not be read has no
 * path. */
void frontend_log_fault(struct frontend *frontend, const struct request *request) {
        const struct fault *fault = &request->fault;

        if (!frontend_may_log(frontend))
                return;
        if (request->head.path.len == 0)
                log_info("connection %u: refused: %u %s: %s", request->number,
                         (unsigned)fault->status, fault->error, fault->description);
        else
                log_info("connection %u: %s \"%s\" refused: %u %s: %s", request->number,
                         log_escape(request->head.method).text, log_escape(request->head.path).text,
                         (unsigned)fault->status, fault->error, fault->description);
}
