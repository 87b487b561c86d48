/* A password or a name that no user can have is still judged by the authority, in the time and with
 * the answer of a wrong one: it is handed on as the empty text, which matches nobody. */
#ifndef JETON_FRONTEND_PASSWORD_H
#define JETON_FRONTEND_PASSWORD_H

#include "../../common/name.h"

#define ASKED_NAME_MAX 256 /* bytes of a name that a question to the authority can carry */

static inline struct text password_as_asked(struct text password) {
        return password.len <= PASSWORD_MAX && !text_has(password, '\0') ? password : TEXT_NONE;
}

static inline struct text name_as_asked(struct text name) {
        return name.len <= ASKED_NAME_MAX ? name : TEXT_NONE;
}

#endif
