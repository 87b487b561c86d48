/* The words for what was found. */
#include "finding.h"

#include "../../common/cleanup.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
        enum jws_verdict verdict;
        const char *text;
} texts[] = {
        {JWS_VALID, "valid"},
        {JWS_MALFORMED, "malformed"},
        {JWS_WRONG_ALGORITHM, "wrong algorithm"},
        {JWS_UNKNOWN_KEY, "unknown key"},
        {JWS_BAD_SIGNATURE, "bad signature"},
        {JWS_WRONG_TYPE, "wrong type"},
        {JWS_WRONG_ISSUER, "wrong issuer"},
        {JWS_EXPIRED, "expired"},
        {JWS_NOT_YET, "not yet valid"},
        {JWS_WRONG_AUDIENCE, "wrong audience"},
        {JWS_UNUSABLE_KEY, "unusable key"},
};

const char *jws_verdict_text(enum jws_verdict verdict) {
        size_t i;

        for (i = 0; i < ELEMENTS(texts); i++)
                if (texts[i].verdict == verdict)
                        return texts[i].text;
        return "malformed";
}

bool found(struct finding *finding, enum jws_verdict verdict, const char *format, ...) {
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(finding->reason, sizeof finding->reason, format, arguments);
        va_end(arguments);
        finding->verdict = verdict;
        return false;
}
