/* The call of crypt(3), between copies that it needs and wiping what it leaves; what crypt(3) does
 * not know is derive.c's. Refuses to know costs and whose password it is: the authority chose the
 * setting. */
#include "hash.h"

#include "../../common/name.h"
#include "derive.h"

#include <errno.h>

/* More than any scheme of libxcrypt takes of the stack; its tables are in struct crypt_data. */
#define STACK_SCRUBBED (64 * 1024)

/* Wipes the stack below the caller, where functions that have returned had their variables. */
static __attribute__((noinline)) void stack_scrub(void) {
        unsigned char below[STACK_SCRUBBED];

        explicit_bzero(below, sizeof below);
}

static int crypt_call(const char *password, const char *setting, char ret[CRYPT_OUTPUT_SIZE]) {
        static struct crypt_data data; /* 32 KiB: too much for the stack */
        const char *hash;
        int r = 0;

        errno = 0;
        hash = crypt_rn(password, setting, &data, sizeof data);
        if (hash)
                r = text_copy(text_of(hash), ret, CRYPT_OUTPUT_SIZE);
        else
                r = errno == ENOMEM ? -ENOMEM : -EINVAL;
        explicit_bzero(&data, sizeof data);
        return r;
}

int hash_compute(struct text password, struct text setting, char ret[CRYPT_OUTPUT_SIZE]) {
        char password_copy[PASSWORD_MAX + 1], setting_copy[CRYPT_OUTPUT_SIZE];
        int r;

        if (text_copy(setting, setting_copy, sizeof setting_copy) ||
            text_copy(password, password_copy, sizeof password_copy))
                return -EINVAL;
        if (derive_knows(setting))
                r = derive(text_of(password_copy), setting, ret, CRYPT_OUTPUT_SIZE);
        else
                r = crypt_call(password_copy, setting_copy, ret);
        explicit_bzero(password_copy, sizeof password_copy);
        stack_scrub();
        return r;
}
