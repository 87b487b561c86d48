/* One conversation with Linux-PAM. */
#ifndef JETON_PAMWORKER_CONVERSATION_H
#define JETON_PAMWORKER_CONVERSATION_H

#include "../privsep/message.h"

/* What the parent's configuration says of the source. */
struct stack {
        char service[SERVICE_MAX + 1];
        char directory[DIRECTORY_MAX + 1];
        uint32_t min_uid;
};

struct proof {
        enum conversation outcome;
        int code; /* of Linux-PAM */
        uint32_t uid;
        char name[USER_NAME_MAX + 1];
};

/* Asks the stack (auth, then account) whether that is the account's password. The modules may take
 * as long as they please. */
void conversation_hold(const struct stack *stack, const struct msg_check_pam *ask,
                       struct proof *ret);

#endif
