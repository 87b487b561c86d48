/* The head of a request: the strict subset of RFC 9112 that leaves no two readings. Pure functions
 * on bytes: no I/O, no allocation, no policy.
 *
 * Refused although RFC 9112 lets a server take them: absolute-form and asterisk-form targets, bare
 * LF line ends, obs-fold, transfer codings before chunked, leading zeros in Content-Length, and
 * paths that have another, canonical spelling (dot segments, empty segments, escapes of what needs
 * none). */
#ifndef JETON_FRONTEND_HTTP_H
#define JETON_FRONTEND_HTTP_H

#include "../../common/text.h"
#include "fault.h"

#include <stdbool.h>

/* Texts are lent by the parsed bytes; TEXT_NONE when absent. */
struct http_head {
        struct text method;
        struct text path;  /* decoded, without a trailing slash; "/" itself stays */
        struct text query; /* as it was sent, without the question mark */
        struct text content_type;
        struct text authorization;
        struct text if_none_match; /* the last such field, if there are several */
        size_t content_length;
        bool is_version_1_0;
        bool is_chunked;
        bool keeps_alive;
        bool expects_continue;
        struct text forwarded_for; /* the last X-Forwarded-For field */
        bool was_forwarded;        /* a proxy says that it passed the request on */
        unsigned seen;             /* http.c: rows of its table of fields that have been met */
};

/* How far the search for the end of a head has come; zeroed at the beginning of a request. */
struct http_scan {
        size_t seen;       /* bytes that were looked at */
        size_t line_start; /* of the line that is not complete yet */
};

/* Looks for the empty line. Each byte is looked at once, however they trickle in. 0 and the length
 * of the head; -EAGAIN: more is needed; -EBADMSG with a fault: it can become no head any more. */
int http_scan(struct http_scan *scan, const char *bytes, size_t len, size_t *ret_len,
              struct fault *fault);

/* Reads a complete head, decoding the path in place. 0, or -EBADMSG with a fault. */
int http_parse(char *bytes, size_t len, struct http_head *ret, struct fault *fault);

/* Compares without regard to ASCII case, as the names and tokens of HTTP want it. */
bool http_is_word(struct text text, const char *word);

#endif
