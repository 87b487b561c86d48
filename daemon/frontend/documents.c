/* GET /openapi.json, this server's description, and GET /docs, a page that shows it: as they were
 * when the program was built. Nothing in them is about this host, so neither keys nor the authority
 * are asked. */
#include "routes.h"

#include "request.h"

#include "../../common/cleanup.h"
#include "../../common/jwt/base64url.h"

#include <openssl/sha.h>
#include <stdio.h>

/* A file byte by byte. The Makefile says that this object depends on it. */
/* clang-format off */
#define FILE_AS(name, path)            \
        ".balign 8\n"                  \
        name "_size: .quad 1f - 0f\n"  \
        name "_file:\n"                \
        "0: .incbin \"" path "\"\n"    \
        "1:\n"

__asm__(".pushsection .rodata\n"
        FILE_AS("openapi", "daemon/frontend/openapi.json")
        FILE_AS("docs", "daemon/frontend/docs.html")
        ".popsection\n");
/* clang-format on */
extern const uint64_t openapi_size, docs_size;
extern const char openapi_file[], docs_file[];

int openapi_begin(struct request *request) {
        const struct reply reply = {.status = 200, .cache = CACHE_FIVE_MINUTES};
        const struct text file = {openapi_file, openapi_size};

        return request_reply_tagged_text(request, &reply, file);
}

/* ---- GET /docs ---- */

#define HASH_MAX   (BASE64URL_LEN(SHA256_DIGEST_LENGTH) + 2)
#define POLICY_MAX 512

/* What stands between two tags of the page, each of which it has once. 0 or -EINVAL. */
static int find_between(struct text page, struct text begin, struct text end, struct text *ret) {
        const char *from = memmem(page.p, page.len, begin.p, begin.len), *to;

        if (!from)
                return -EINVAL;
        from += begin.len;
        to = memmem(from, page.len - (size_t)(from - page.p), end.p, end.len);
        if (!to)
                return -EINVAL;
        *ret = (struct text){from, (size_t)(to - from)};
        return 0;
}

/* As a policy names a part that it lets run (CSP3 2.3.1: either alphabet, and the padding). */
static int hash_part(struct text page, struct text begin, struct text end, char ret[HASH_MAX]) {
        uint8_t digest[SHA256_DIGEST_LENGTH];
        char text[BASE64URL_LEN(SHA256_DIGEST_LENGTH) + 1];
        struct text part = TEXT_NONE;
        int r;

        r = find_between(page, begin, end, &part);
        if (r < 0)
                return r;
        if (!SHA256((const uint8_t *)part.p, part.len, digest))
                return -ENOMEM;
        base64url_encode(digest, sizeof digest, text);
        snprintf(ret, HASH_MAX, "%s=", text);
        return 0;
}

/* Its own script and style, its empty icon, and the document, which it reads: nothing else. */
static int write_policy(struct text page, char ret[POLICY_MAX]) {
        char script[HASH_MAX], style[HASH_MAX];
        int r;

        r = hash_part(page, TEXT("<script>"), TEXT("</script>"), script);
        if (r == 0)
                r = hash_part(page, TEXT("<style>"), TEXT("</style>"), style);
        if (r < 0)
                return r;
        snprintf(ret, POLICY_MAX,
                 "default-src 'none'; script-src 'sha256-%s'; style-src 'sha256-%s'; "
                 "img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
                 "frame-ancestors 'none'",
                 script, style);
        return 0;
}

static int reply_page(struct request *request, struct text page, struct text policy) {
        const struct reply_field fields[] = {
                {"Content-Security-Policy", policy},
                {"X-Content-Type-Options", TEXT("nosniff")},
                {"Referrer-Policy", TEXT("no-referrer")},
        };
        const struct reply reply = {
                .status = 200,
                .media_type = "text/html; charset=utf-8",
                .cache = CACHE_FIVE_MINUTES,
                .fields = fields,
                .field_count = ELEMENTS(fields),
        };

        return request_reply_tagged_text(request, &reply, page);
}

int docs_begin(struct request *request) {
        const struct text page = {docs_file, docs_size};
        char policy[POLICY_MAX];
        int r;

        r = write_policy(page, policy);
        return r < 0 ? r : reply_page(request, page, text_of(policy));
}
