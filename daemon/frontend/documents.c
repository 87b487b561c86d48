/* GET /openapi.json: this server's description, as it was when the program was built. Nothing in it
 * is about this host, so neither keys nor the authority are asked. */
#include "routes.h"

#include "request.h"

/* The file byte by byte. The Makefile says that this object depends on it. */
/* clang-format off */
__asm__(".pushsection .rodata\n"
        ".balign 8\n"
        "openapi_size: .quad 1f - 0f\n"
        "openapi_file:\n"
        "0: .incbin \"daemon/frontend/openapi.json\"\n"
        "1:\n"
        ".popsection\n");
/* clang-format on */
extern const uint64_t openapi_size;
extern const char openapi_file[];

int openapi_begin(struct request *request) {
        const struct reply reply = {.status = 200, .cache = CACHE_FIVE_MINUTES};
        const struct text file = {openapi_file, openapi_size};

        return request_reply_tagged_text(request, &reply, file);
}
