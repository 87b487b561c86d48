/* A reply's bytes: status line, fields and body in one piece, so that one write sends it. */
#ifndef JETON_FRONTEND_RESPONSE_H
#define JETON_FRONTEND_RESPONSE_H

#include "../../common/text.h"
#include "../privsep/request_id.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum reply_cache {
        CACHE_UNSAID = 0,
        CACHE_NEVER,        /* a token or a person is in it */
        CACHE_FIVE_MINUTES, /* public keys */
};

#define ALLOW_MAX 64

struct reply_field {
        const char *name;
        struct text value; /* empty: the field is left out */
};

/* What a reply says beside its body. */
struct reply {
        uint16_t status;
        const char *media_type; /* borrowed for ever; NULL: application/json */
        enum reply_cache cache;
        const char *challenge;            /* WWW-Authenticate; borrowed for ever; NULL: none */
        char allow[ALLOW_MAX];            /* "": none */
        uint64_t location_user;           /* Location: /users/N; 0: none */
        struct text etag;                 /* with its quotes; empty: none */
        char request_id[REQUEST_ID_SIZE]; /* X-Request-Id; "": none */
        bool has_total;                   /* X-Total-Count */
        uint64_t total;
        const struct reply_field *fields; /* further ones of the route's own; borrowed */
        size_t field_count;
};

struct response {
        uint16_t status;
        char *bytes; /* owned, wiped; NULL: there is none yet */
        size_t len, sent;
};

/* All statuses that there are, by their place; the last place is also any other's. */
#define RESPONSE_STATUSES 17
uint16_t response_status(size_t place);
size_t response_status_place(uint16_t status);

/* Makes room for all of it and writes everything before the body. The caller fills *ret_body with
 * `body_len` bytes, or calls response_drop_body() where the method was HEAD. 0; -ENOMEM; -EINVAL: a
 * field's value has a byte in it that would end the field. */
int response_begin(struct response *response, const struct reply *reply, bool closes,
                   size_t body_len, char **ret_body);
void response_drop_body(struct response *response, size_t body_len);

/* Sends what the socket takes. 0: all is out; -EAGAIN; other -errno: the peer is gone. */
int response_send(struct response *response, int fd);

void response_clear(struct response *response);

/* For a connection that cannot be served at all: a whole 503 that closes. */
struct text response_busy(void);

#endif
