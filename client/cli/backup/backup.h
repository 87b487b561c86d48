/* What the steps of a backup and of its return share. */
#ifndef JETON_CLI_BACKUP_BACKUP_H
#define JETON_CLI_BACKUP_BACKUP_H

#include "../command.h"
#include "../../../daemon/parent/identities.h"
#include "../state.h"
#include "archive.h"

struct backup_facts {
        char version[32]; /* of the jeton that made it */
        int64_t schema, made_at;
        uint64_t users;
        size_t keys; /* 0: without keys */
};

/* ---- verify.c ---- */

/* Looks at the archive, its sums, and that each key has its file and each file its key. 0; -errno,
 * logged with `path`. */
int backup_verify(int fd, const char *path, struct archive *ret_archive, struct backup_facts *ret);

/* Has every page and row of a database looked at that fills a file, under the uid that owns `owner`
 * (-1: ours). What that uid starts may keep the file: no key may ever be in it. Of *ret schema and
 * users are set. 0; -errno, logged. */
int database_examine(int fd, int owner, struct backup_facts *ret);

/* The same, and it must be what a backup says of it. */
int database_confirm(int fd, int owner, const struct backup_facts *facts);

/* The same for the database of a backup. */
int backup_examine(const struct archive *archive, const struct backup_facts *facts, int owner);

void backup_print(const struct cli *cli, const char *path, const struct backup_facts *facts);

/* ---- stage.c ---- */

/* A state that is being made beside the one in force, in the folder RESTORE_NEW of it. */
struct stage {
        int state;    /* borrowed */
        int top, new; /* RESTORE_NEW, and "new" in there */
        struct identity authority, signer;
        const struct backup_facts *facts; /* borrowed: what the backup says of itself */
        bool keeps_sessions;
        bool is_undecided; /* RESTORE_NEW may be there */
};

#define STAGE_NONE                                \
        (struct stage) {                          \
                .state = -1, .top = -1, .new = -1 \
        }

/* Makes all of it, for its owners alone, checks it, and brings it to the disk. 0; -errno, logged.
 */
int stage_fill(struct stage *stage, const struct archive *archive);

/* From now on it is the state. 0 or -errno. */
int stage_decide(struct stage *stage);

/* Removes what was not decided. */
void stage_clear(struct stage *stage);

/* ---- manifest.c ---- */

int manifest_add(struct archive *archive, const struct backup_facts *facts);

/* 0 and what it says of the whole; -EBADMSG: it is none, or says something else of a part than what
 * is there, and *ret_wrong what; other -errno. */
int manifest_check(const struct archive *archive, struct backup_facts *ret, const char **ret_wrong);

/* ---- keys.c ---- */

/* Adds the files of a keys' folder that belong together, also while keys are rotated. 0; -errno,
 * logged. */
int keys_add(struct archive *archive, int keys_dir);

/* Whether each key that `states` names has its file, and each file is named there; *ret_count is 0
 * without keys. 0; -EBADMSG; other -errno. */
int keys_check(const struct archive *archive, size_t *ret_count);

#endif
