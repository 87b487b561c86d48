/* The issuer process's other end: what an outside token says, and whether it is good. One token at
 * a time, and a queue before it. */
#ifndef JETON_AUTHORITY_ISSUERS_H
#define JETON_AUTHORITY_ISSUERS_H

#include "../../common/text.h"
#include "budget.h"
#include "fair_queue.h"
#include "link.h"

struct authority;
struct call;
struct outside_question;

struct issuers {
        struct link link;
        struct outside_question *asked; /* of the process; NULL when it is idle */
        struct timer deadline;
        struct fair_queue waiting; /* of questions; each is owned by its call */
        struct budget budget;      /* of questions, waiting or asked */
};

/* 0 or -ENOMEM. */
int issuers_init(struct issuers *issuers);

/* Takes over the channel to it, new or in place of an old one. 0 or -errno. */
int issuers_join(struct authority *authority, int fd);

/* Asks about a token; goes on in call->vouched, with an answer whose fields have been looked at:
 * its issuer is one of the call's settings. 0 or -errno; where whoever asks has too many such
 * already, the call is refused. */
int issuers_ask(struct call *call, struct text token);

/* The call ends: its question leaves the queue; an answer to it will be heard and ignored. */
void issuers_forget(struct issuers *issuers, struct call *call);

#endif
