/* Whose tokens are believed here, and the keys of each: read from his file, and read anew when
 * there is another. */
#ifndef JETON_ISSUER_BOOK_H
#define JETON_ISSUER_BOOK_H

#include "token.h"

#include <sys/stat.h>

/* Of the file that was read last; all zero: of none. */
struct stamp {
        dev_t device;
        ino_t inode;
        off_t size;
        struct timespec changed;
};

struct book_entry {
        int folder;       /* owned; -1: it could not be opened */
        char *path;       /* owned; for the log */
        const char *file; /* its last name: what is looked for in the folder */
        struct stamp stamp;
        int error; /* of the last look; 0: none */
        struct outside_keys *keys;
};

struct book {
        struct outside_issuer issuers[OUTSIDE_ISSUERS_MAX];
        struct book_entry entries[OUTSIDE_ISSUERS_MAX]; /* of the same numbers */
        size_t count;
};

void book_clear(struct book *book);

/* One issuer more. 0; -EPROTO: one too many, or a text that cannot be what it stands for. */
int book_add(struct book *book, const struct msg_setup_issuer *said);

/* Takes over the folder of that issuer's file. 0; -EPROTO: there is no such issuer, or he has one.
 */
int book_give_folder(struct book *book, uint32_t number, int folder);

/* The folders, borrowed, each once for each issuer that has one. Returns their number. */
size_t book_folders(const struct book *book, int ret[OUTSIDE_ISSUERS_MAX]);

/* Reads what has changed. Whose file is not there or is no good has no keys from then on, which is
 * logged once. */
void book_refresh(struct book *book);

#endif
