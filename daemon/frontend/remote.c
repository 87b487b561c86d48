/* An address out of X-Forwarded-For: "192.0.2.1", "192.0.2.1:4711", "2001:db8::1",
 * "[2001:db8::1]:4711". */
#include "remote.h"

#include <arpa/inet.h>

static struct text last_hop(struct text list) {
        const char *comma = list.len > 0 ? memrchr(list.p, ',', list.len) : NULL;
        size_t skip = comma ? (size_t)(comma - list.p) + 1 : 0;

        list.p += skip;
        list.len -= skip;
        while (list.len > 0 && (*list.p == ' ' || *list.p == '\t')) {
                list.p++;
                list.len--;
        }
        return list;
}

/* An IPv6 address without brackets has more than one colon, and no port. */
static struct text without_port(struct text hop) {
        const char *end = NULL;

        if (hop.len > 0 && *hop.p == '[') {
                hop.p++;
                hop.len--;
                end = memchr(hop.p, ']', hop.len);
        } else if (hop.len > 0) {
                end = memchr(hop.p, ':', hop.len);
                if (end && end != memrchr(hop.p, ':', hop.len))
                        end = NULL;
        }
        if (end)
                hop.len = (size_t)(end - hop.p);
        return hop;
}

struct text remote_parse(struct text forwarded_for, char place[REMOTE_SIZE]) {
        struct text hop = without_port(last_hop(forwarded_for));
        char copy[REMOTE_SIZE];
        struct in6_addr address;
        int family;

        if (hop.len == 0 || text_copy(hop, copy, sizeof copy) < 0)
                return TEXT_NONE;
        family = text_has(hop, ':') ? AF_INET6 : AF_INET;
        if (inet_pton(family, copy, &address) != 1 ||
            !inet_ntop(family, &address, place, REMOTE_SIZE))
                return TEXT_NONE;
        return text_of(place);
}
