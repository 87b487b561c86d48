/* Is a backup whole? Every step of it, before anything of it is believed. */
#include "backup.h"

#include "../../../common/cleanup.h"
#include "../../../common/log.h"
#include "../output.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

/* ---- the database ---- */

static int answer_read(int fd, struct backup_facts *facts, uint64_t *ret_size) {
        _cleanup_(fclosep) FILE *answer = fdopen(fd, "r");

        if (!answer) {
                close(fd);
                return -errno;
        }
        return fscanf(answer, "%" SCNd64 " %" SCNu64 " %" SCNu64, &facts->schema, &facts->users,
                      ret_size) == 3
                       ? 0
                       : -EIO;
}

/* Its answer is one line, which a pipe holds. */
static int database_ask(int fd, int owner, struct backup_facts *facts, uint64_t *ret_size) {
        _cleanup_(closep) int writing = -1;
        struct state_task task = {.program = "jetond-authority", .word = "--check", .about = fd};
        int ends[2], r;

        if (pipe2(ends, O_CLOEXEC) < 0)
                return -errno;
        writing = task.output = ends[1];
        r = state_run(&task, owner);
        closep(&writing);
        if (r == 0)
                return answer_read(ends[0], facts, ret_size);
        close(ends[0]);
        return r;
}

int database_examine(int fd, int owner, struct backup_facts *ret) {
        uint64_t size = 0;
        struct stat st;
        int r;

        if (fstat(fd, &st) < 0 || lseek(fd, 0, SEEK_SET) < 0)
                return -errno;
        r = database_ask(fd, owner, ret, &size);
        if (r == 0 && size != (uint64_t)st.st_size) {
                log_error("the database has another size than it says");
                r = -EBADMSG;
        }
        return r;
}

int database_confirm(int fd, int owner, const struct backup_facts *facts) {
        struct backup_facts found = {.schema = 0};
        int r;

        r = database_examine(fd, owner, &found);
        if (r == 0 && (found.schema != facts->schema || found.users != facts->users)) {
                log_error("the database is not what the manifest says");
                r = -EBADMSG;
        }
        return r;
}

/* A file of its own, without a name. */
int backup_examine(const struct archive *archive, const struct backup_facts *facts, int owner) {
        const struct part *part = archive_find(archive, PART_DATABASE);
        _cleanup_(fclosep) FILE *file = tmpfile();
        int r;

        if (!file)
                return -errno;
        r = part_copy(archive, part, fileno(file));
        return r == 0 ? database_confirm(fileno(file), owner, facts) : r;
}

/* ---- the file ---- */

static int archive_learn(int fd, struct archive *archive, struct backup_facts *facts,
                         const char **ret_wrong) {
        int r;

        r = archive_read(fd, archive, ret_wrong);
        if (r == 0)
                r = manifest_check(archive, facts, ret_wrong);
        if (r < 0)
                return r;
        *ret_wrong = "has keys that do not belong together";
        return keys_check(archive, &facts->keys);
}

int backup_verify(int fd, const char *path, struct archive *ret_archive, struct backup_facts *ret) {
        struct backup_facts facts = {.schema = 0};
        const char *wrong = NULL;
        int r;

        r = archive_learn(fd, ret_archive, &facts, &wrong);
        if (r < 0)
                log_error("%s %s", log_escape(text_of(path)).text, wrong ? wrong : strerror(-r));
        else
                *ret = facts;
        return r;
}

/* ---- telling ---- */

static void print_json(const char *path, const struct backup_facts *facts) {
        time_t seconds = (time_t)facts->made_at;
        char made_at[32] = "";
        struct tm parts;
        json_t *json;

        if (gmtime_r(&seconds, &parts))
                strftime(made_at, sizeof made_at, "%Y-%m-%dT%H:%M:%SZ", &parts);
        json = json_pack("{s:s, s:s, s:I, s:s, s:I, s:I}", "file", path, "jeton", facts->version,
                         "schema", (json_int_t)facts->schema, "made_at", made_at, "users",
                         (json_int_t)facts->users, "keys", (json_int_t)facts->keys);
        output_json(json);
        json_decref(json);
}

void backup_print(const struct cli *cli, const char *path, const struct backup_facts *facts) {
        char number[24];

        if (cli->json) {
                print_json(path, facts);
                return;
        }
        output_text(text_of(path));
        putchar('\n');
        output_time("made", facts->made_at);
        output_field("jeton", text_of(facts->version));
        snprintf(number, sizeof number, "%" PRId64, facts->schema);
        output_field("schema", text_of(number));
        snprintf(number, sizeof number, "%" PRIu64, facts->users);
        output_field("users", text_of(number));
        snprintf(number, sizeof number, "%zu", facts->keys);
        output_field("keys", text_of(facts->keys > 0 ? number : "none"));
}
