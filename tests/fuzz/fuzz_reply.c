/* links: client/reply.c */
/* The head of a reply: what is taken must be whole, bounded and printable. */
#include "../../client/reply.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct text bytes = {(const char *)data, size};
        size_t len = reply_head_len(bytes);
        struct reply_head head;
        const char *at;

        if (len > size)
                abort();
        /* The whole input too: the parser itself must not rely on where its caller cut. */
        if (reply_head_parse(bytes, &head) == 0 && len != size)
                abort();
        if (len == 0 || reply_head_parse((struct text){bytes.p, len}, &head) < 0)
                return 0;
        if (head.status < 100 || head.status > 599)
                abort();
        for (at = head.content_type; *at; at++)
                if (*at == '\r' || *at == '\n' || (*at >= 'A' && *at <= 'Z'))
                        abort();
        return 0;
}
