/* Everything that the parent has: what it read and opened, and the children it looks after. */
#ifndef JETON_PARENT_PARENT_H
#define JETON_PARENT_PARENT_H

#include "../privsep/channel.h"
#include "../privsep/loop.h"
#include "audit.h"
#include "count_pages.h"
#include "identities.h"
#include "listen.h"
#include "options.h"
#include "pages.h"
#include "places.h"
#include "rate.h"
#include "rules.h"
#include "settings.h"

#include <signal.h>

struct parent;

/* A place for one child; the processes in it come and go. */
struct child {
        const struct program *program; /* borrowed: a row of children.c */
        uint32_t instance;
        pid_t pid;              /* 0: none runs */
        uint32_t start;         /* counts the processes that were started here */
        struct channel control; /* its phase is RUNNING once the child has said READY */
        struct watch watch;
        int authority_end; /* of its channel to the authority, until that has been given it */
        struct rate rate;
        uint32_t source;       /* of a PAM worker: which one it asks */
        struct timer timer;    /* to be started anew, or, while it runs, to be ended */
        struct parent *parent; /* borrowed */
};

struct parent {
        struct options options;
        struct settings *settings;
        char issuer[ISSUER_MAX + 1];
        struct identities identities;
        struct places places;
        struct page_files pages;
        struct count_pages counts;
        struct listener local, web, credentials;
        struct audit_places audit;
        struct rules rules;         /* for new passwords */
        int filters[PROCESS_COUNT]; /* memfds; -1 where there is none */

        struct child *children;
        size_t child_count;

        struct loop *loop;
        int signals; /* signalfd(2) */
        struct watch signals_watch;
        struct timer restart, deadline;
        bool is_stopping;
        bool first_start; /* the authority made its database in this start */
};

#endif
