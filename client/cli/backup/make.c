/* jeton backup: the database, the keys and the issuer's name in one file, while the daemon runs and
 * writes. It takes root (or the caller whose daemon it is). The database comes through a pipe from
 * a program under its own uid; the keys go from the signer's folder into the archive, which this
 * process alone has in its hands. */
#include "../replace.h"
#include "backup.h"

#include "../../../common/cleanup.h"
#include "../../../common/clock.h"
#include "../../../common/log.h"
#include "../input.h"

#include <fcntl.h>

struct making {
        const struct replacement *file; /* borrowed: of the archive */
        struct archive archive;
        struct backup_facts facts;
        int db, keys; /* -1: without keys */
        int state;
};

static void making_close(struct making *making) {
        closep(&making->db);
        closep(&making->keys);
        closep(&making->state);
}

/* ---- the parts ---- */

static int database_copy(const struct making *making, int to) {
        const struct state_task task = {
                .program = "jetond-authority",
                .word = "--copy",
                .about = making->db,
        };

        return state_run_to(&task, making->db, to);
}

/* The program that looks at the copy may leave a process behind that keeps what it was given: never
 * the archive, in which the keys will be. */
static int database_add(struct making *making) {
        _cleanup_(closep) int image = -1;
        int r;

        r = replacement_beside(making->file, &image);
        if (r == 0)
                r = database_copy(making, image);
        if (r == 0)
                r = database_examine(image, making->db, &making->facts);
        return r == 0 ? archive_add_file(&making->archive, PART_DATABASE, image) : r;
}

/* Where the configuration names it there is no such file. */
static int issuer_add(struct making *making) {
        _cleanup_(closep) int fd =
                openat(making->state, PART_ISSUER, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        _cleanup_(secret_freep) struct secret *issuer = NULL;
        int r;

        if (fd < 0)
                return errno == ENOENT ? 0 : -errno;
        r = input_read(fd, ISSUER_MAX + 2, &issuer);
        return r == 0 ? archive_add(&making->archive, PART_ISSUER, secret_text(issuer)) : r;
}

/* The sums are made of what is in the file. */
static int manifest_make(struct making *making) {
        struct archive *archive = &making->archive;
        size_t i;
        int r = 0;

        for (i = 0; r == 0 && i < archive->count; i++)
                r = part_sum(archive, &archive->parts[i]);
        if (r == 0)
                r = manifest_add(archive, &making->facts);
        return r == 0 ? archive_close(archive) : r;
}

static int parts_add(struct making *making) {
        int r;

        r = database_add(making);
        if (r == 0)
                r = issuer_add(making);
        if (r == 0 && making->keys >= 0)
                r = keys_add(&making->archive, making->keys);
        return r == 0 ? manifest_make(making) : r;
}

/* ---- the file ---- */

static int file_fill(struct making *making, const char *path, const struct replacement *file) {
        int r;

        making->file = file;
        making->archive = (struct archive){.fd = file->fd, .made_at = clock_wall_s()};
        snprintf(making->facts.version, sizeof making->facts.version, "%s", JETON_VERSION);
        r = parts_add(making);
        return r == 0 ? backup_verify(file->fd, path, &making->archive, &making->facts) : r;
}

static void audit(const char *path) {
        char detail[LOG_ESCAPED_MAX + 16];

        snprintf(detail, sizeof detail, "file=\"%s\"", log_escape(text_of(path)).text);
        state_audit("backup", detail);
}

static int file_make(struct making *making, const char *path) {
        _cleanup_(replacement_clear) struct replacement file = REPLACEMENT_NONE;
        int r;

        r = replacement_open(path, &file);
        if (r == 0)
                r = file_fill(making, path, &file);
        if (r == 0)
                r = replacement_finish(&file);
        if (r < 0)
                replace_complain(path, "no backup was made", r);
        else
                audit(path);
        return r;
}

static int folders_open(const struct cli *cli, struct making *making) {
        int r;

        r = state_open(&cli->place, "db", &making->db);
        if (r == 0 && !option_is_given(&cli->arguments, OPTION_WITHOUT_KEYS))
                r = state_open(&cli->place, "keys", &making->keys);
        return r == 0 ? state_open(&cli->place, ".", &making->state) : r;
}

static enum status make(const struct cli *cli, const char *path) {
        _cleanup_(making_close) struct making making = {.db = -1, .keys = -1, .state = -1};

        if (folders_open(cli, &making) < 0 || file_make(&making, path) < 0)
                return STATUS_REFUSED;
        backup_print(cli, path, &making.facts);
        return STATUS_DONE;
}

/* ---- --check ---- */

/* Whose rights are enough to look at a database: on the host of a daemon root need not do it. */
static int owner_open(const struct cli *cli) {
        if (geteuid() != 0 || !state_is_host(&cli->place))
                return -1;
        return open(JETON_STATE_DIR "/db", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static enum status check(const struct cli *cli, const char *path) {
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        _cleanup_(closep) int owner = owner_open(cli);
        struct backup_facts facts;
        struct archive archive;

        if (fd < 0) {
                log_error("%s: %s", log_escape(text_of(path)).text, strerror(errno));
                return STATUS_REFUSED;
        }
        if (backup_verify(fd, path, &archive, &facts) < 0 ||
            backup_examine(&archive, &facts, owner) < 0)
                return STATUS_REFUSED;
        backup_print(cli, path, &facts);
        return STATUS_DONE;
}

static enum status run(struct cli *cli) {
        const char *path = operand(&cli->arguments, 0);

        if (strcmp(path, "-") == 0) {
                log_error("a backup is a file: name one");
                return STATUS_USAGE;
        }
        if (!option_is_given(&cli->arguments, OPTION_CHECK))
                return make(cli, path);
        if (option_is_given(&cli->arguments, OPTION_WITHOUT_KEYS)) {
                log_error("--check looks at a backup, and --without-keys is for making one");
                return STATUS_USAGE;
        }
        return check(cli, path);
}

const struct command command_backup = {
        .words = "backup",
        .operands = "FILE",
        .operands_min = 1,
        .operands_max = 1,
        .options = OPTION_BIT(OPTION_CHECK) | OPTION_BIT(OPTION_WITHOUT_KEYS),
        .line = "Write users, sessions and keys to a file (root)",
        .more = "The daemon may run meanwhile. FILE is put in place when it is whole and has been\n"
                "read again. Whoever has it can make every token and guess at every password.\n"
                "The settings, /etc/jeton, are not in it.",
        .run = run,
};
