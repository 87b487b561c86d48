/* What all lists have in common: which part is asked for, and the reply. */
#include "list.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MAX     1000

int list_read_query(struct request *request, struct params *ret, uint32_t *ret_skip,
                    uint32_t *ret_limit) {
        unsigned long long skip, limit;
        int r;

        r = params_parse((char *)(uintptr_t)request->head.query.p, request->head.query.len, ret,
                         &request->fault);
        if (r < 0)
                return r;
        if (params_number(ret, "skip", UINT32_MAX, 0, &skip) < 0)
                return request_refuse(request, 400, "invalid_request", "skip must be a number");
        if (params_number(ret, "limit", LIMIT_MAX, LIMIT_DEFAULT, &limit) < 0)
                return request_refuse(request, 400, "invalid_request",
                                      "limit must be a number up to 1000");
        *ret_skip = (uint32_t)skip;
        *ret_limit = (uint32_t)limit;
        return 0;
}

int list_has_room(const struct request *request) {
        return json_count(&request->list) < LIMIT_MAX ? 0 : -EPROTO;
}

int list_reply(struct request *request, uint64_t total) {
        const struct reply reply = {
                .status = 200,
                .cache = CACHE_NEVER,
                .has_total = true,
                .total = total,
        };

        return request_reply_json(request, &reply, &request->list);
}
