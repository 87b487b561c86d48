/* The examples of RFC 7515 A.2 and A.3, whose claims nobody looks at here. */
#include "self_check.h"

#include "../../common/cleanup.h"
#include "keys.h"
#include "signature.h"

#include <string.h>

static const char rsa_keys[] =
        "{\"keys\":[{\"kty\": \"RSA\", \"n\": \"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8"
        "W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG"
        "6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7W"
        "TBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8"
        "NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ\", \"e\": \"AQAB\"}]}";

static const char rsa_token[] =
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9"
        "leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2Vt"
        "Qgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKB"
        "YNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN"
        "9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI"
        "8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

static const char ec_keys[] =
        "{\"keys\":[{\"kty\": \"EC\", \"crv\": \"P-256\", \"x\": "
        "\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9"
        "uPHvRVEU\", \"y\": \"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}";

static const char ec_token[] =
        "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9"
        "leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXF"
        "CgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

static const struct example {
        enum key_algorithm algorithm;
        const char *keys, *token;
} examples[] = {
        {KEY_RS256, rsa_keys, rsa_token},
        {KEY_ES256, ec_keys, ec_token},
};

/* The same with another payload. */
static bool refuses_spoiled(const struct example *example, const struct outside_key *key) {
        _cleanup_(freep) char *token = strdup(example->token);

        if (!token)
                return false;
        strchr(token, '.')[1] = 'e' + 1;
        return !outside_signature_is_good(example->algorithm, key, text_of(token));
}

static bool is_judged_well(const struct example *example) {
        _cleanup_(outside_keys_freep) struct outside_keys *keys = NULL;

        if (outside_keys_read(example->algorithm, text_of(example->keys), &keys))
                return false;
        return outside_signature_is_good(example->algorithm, &keys->at[0],
                                         text_of(example->token)) &&
               refuses_spoiled(example, &keys->at[0]);
}

bool self_check(void) {
        size_t i;

        for (i = 0; i < ELEMENTS(examples); i++)
                if (!is_judged_well(&examples[i]))
                        return false;
        return true;
}
