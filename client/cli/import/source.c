/* From a path to rows. */
#include "source.h"

#include "../../../common/cleanup.h"
#include "../../../common/log.h"
#include "../program.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- which format ---- */

static const char *const format_names[FORMAT_COUNT] = {
        [FORMAT_SHADOW] = "shadow",
        [FORMAT_CSV] = "csv",
        [FORMAT_JSON] = "json",
        [FORMAT_SQLITE] = "sqlite",
};

enum format format_named(const char *name) {
        size_t i;

        for (i = FORMAT_UNKNOWN + 1; i < FORMAT_COUNT; i++)
                if (strcmp(name, format_names[i]) == 0)
                        return (enum format)i;
        return FORMAT_UNKNOWN;
}

static size_t count_of(struct text text, char byte) {
        size_t i, count = 0;

        for (i = 0; i < text.len; i++)
                count += text.p[i] == byte;
        return count;
}

static struct text first_line(struct text beginning) {
        struct text line = TEXT_NONE;

        while (line.len == 0 && text_next_line(&beginning, &line))
                ;
        return line;
}

static enum format format_of(struct text beginning) {
        struct text line = first_line(beginning);

        if (text_begins(beginning, (struct text){"SQLite format 3", 16}))
                return FORMAT_SQLITE;
        if (line.len > 0 && (line.p[0] == '{' || line.p[0] == '['))
                return FORMAT_JSON;
        /* Those of passwd(5) too, so that it is told for what it is. */
        return count_of(line, ':') == 8 || count_of(line, ':') == 6 ? FORMAT_SHADOW : FORMAT_CSV;
}

/* ---- what is wrong ---- */

static const char *const faults[] = {
        [LINE_LONG] = "is longer than 32,768 bytes",
        [LINE_NUL] =
                "has a NUL byte in it, as UTF-16 has and what is compressed: text in UTF-8 has "
                "none, and `iconv -f UTF-16 -t UTF-8` makes it of the first",
        [LINE_NO_UTF8] =
                "is not UTF-8, or has control characters in it: `iconv -f LATIN1 -t UTF-8` "
                "makes it of Latin-1",
};

static int say_unreadable(const struct source *source, const char *verb, int r) {
        log_error("cannot %s %s: %s", verb, source->name, strerror(-r));
        return r;
}

static void say_hashless(const struct source *source) {
        log_error("%s: nothing in it is called password_hash, hashed_password, password or else a "
                  "name that jeton(1) lists for the hash of a password: rename what is one, or say "
                  "--without-passwords",
                  source->name);
}

static void say_nameless(const struct source *source) {
        log_error("%s: no column of the first line is called username, user_name, login or user%s: "
                  "the first line names the columns, with commas between them",
                  source->name,
                  source->table.names_from_email
                          ? ", or email"
                          : " (--name-from email takes a name from the addresses)");
}

static void say_no_csv(const struct source *source) {
        log_error("%s: a quote in the first line is not closed, or stands within a column's name",
                  source->name);
}

static void say_complaint(const struct source *source) {
        log_error("%s: %s", source->name, source->table.complaint);
}

/* What speaks against all of a file: of its header, or of its first user. */
static const struct {
        int error;
        void (*say)(const struct source *source);
} complaints[] = {
        {-EINVAL, say_nameless},
        {-ENODATA, say_hashless},
        {-ENOTUNIQ, say_complaint},
        {-EBADMSG, say_no_csv},
};

static bool say_shape(const struct source *source, int r) {
        size_t i;

        for (i = 0; i < ELEMENTS(complaints); i++) {
                if (complaints[i].error != r)
                        continue;
                complaints[i].say(source);
                return true;
        }
        return false;
}

/* ---- opening ---- */

static int open_file(const char *path, struct source *source) {
        struct stat about;
        int fd;

        if (strcmp(path, "-") == 0) {
                source->name = "standard input";
                fd = dup(STDIN_FILENO);
        } else {
                fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        }
        if (fd < 0)
                return say_unreadable(source, "open", -errno);
        if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode))
                source->size = (uint64_t)about.st_size;
        source->lines.fd = fd;
        return 0;
}

static int start_reader(const char *program, const char *path, int output, pid_t *ret) {
        const char *const words[] = {program, "--", path, NULL};
        posix_spawn_file_actions_t actions;
        int r;

        r = posix_spawn_file_actions_init(&actions);
        if (r)
                return -r;
        r = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
        if (r == 0)
                r = posix_spawn(ret, program, &actions, NULL, (char *const *)words, environ);
        posix_spawn_file_actions_destroy(&actions);
        return -r;
}

static const char *const readers[] = {"../libexec/jeton-import-sqlite",
                                      JETON_LIBEXEC_DIR "/jeton-import-sqlite", NULL};

/* From here on the lines are those of the reader. */
static int open_database(const char *path, struct source *source) {
        _cleanup_(freep) char *program = NULL;
        _cleanup_(closep) int reading = -1, writing = -1;
        int pipe_fds[2], r;

        if (strcmp(path, "-") == 0) {
                log_error("a SQLite database is read from a file, not from standard input");
                return -EINVAL;
        }
        r = program_find(readers, &program);
        if (r < 0) {
                log_error("jeton-import-sqlite is not installed: %s", strerror(-r));
                return r;
        }
        if (pipe2(pipe_fds, O_CLOEXEC) < 0)
                return -errno;
        reading = pipe_fds[0];
        writing = pipe_fds[1];
        r = start_reader(program, path, writing, &source->reader);
        if (r < 0) {
                log_error("cannot run %s: %s", program, strerror(-r));
                return r;
        }
        closep(&source->lines.fd);
        source->lines = (struct lines){.fd = take_fd(&reading)};
        source->size = 0;
        return 0;
}

/* Empty lines are nobody, and no header. */
static int line_next(struct source *source, struct text *ret, enum line_fault *ret_fault) {
        int r;

        do
                r = lines_next(&source->lines, ret, ret_fault);
        while (r == 0 && !*ret_fault && ret->len == 0);
        return r;
}

/* What a CSV file's first record is. */
static int read_header(struct source *source) {
        enum line_fault fault;
        struct text line;
        int r;

        r = line_next(source, &line, &fault);
        if (r == -ENOENT)
                return 0;
        if (r == 0 && fault) {
                log_error("%s: the first line %s", source->name, faults[fault]);
                return -EBADMSG;
        }
        if (r == 0)
                r = csv_read_header(line, &source->table);
        if (r < 0 && !say_shape(source, r))
                say_unreadable(source, "read", r);
        return r;
}

static int find_format(const char *format, struct source *source) {
        struct text beginning;
        int r;

        r = lines_peek(&source->lines, &beginning);
        if (r < 0)
                return say_unreadable(source, "read", r);
        source->format = format ? format_named(format) : format_of(beginning);
        if (source->format != FORMAT_JSON || !text_begins(first_line(beginning), TEXT("[")))
                return 0;
        log_error("%s: is one array: `jq -c '.[]'` makes a line of each of its objects",
                  source->name);
        return -EINVAL;
}

int source_open(const char *path, const char *format, const struct table *table,
                struct source *ret) {
        int r;

        *ret = (struct source){.name = path, .lines = {.fd = -1}, .table = *table};
        r = open_file(path, ret);
        if (r == 0)
                r = find_format(format, ret);
        if (r == 0 && ret->format == FORMAT_SQLITE)
                r = open_database(path, ret);
        if (r == 0 && ret->format == FORMAT_CSV)
                r = read_header(ret);
        if (r < 0)
                source_close(ret);
        return r;
}

int source_read_passwd(struct source *source, const char *path) {
        _cleanup_(source_close) struct source passwd = {.name = path, .lines = {.fd = -1}};
        enum line_fault fault;
        struct text line;
        int r;

        r = open_file(path, &passwd);
        if (r < 0)
                return r;
        while (r == 0) {
                r = lines_next(&passwd.lines, &line, &fault);
                if (r == 0)
                        r = passwd_read(line, &source->table);
        }
        return r == -ENOENT ? 0 : say_unreadable(&passwd, "read", r);
}

/* ---- rows ---- */

static int row_read(struct source *source, struct text line, struct row *row) {
        if (source->format == FORMAT_SHADOW)
                return shadow_read(line, &source->table, row);
        if (source->format == FORMAT_CSV)
                return csv_record_read(&source->record, &source->lines, line, &source->table, row);
        return json_line_read(line, &source->table, row);
}

int source_next(struct source *source, struct row *ret) {
        enum line_fault fault = LINE_FINE;
        struct text line;
        int r;

        r = line_next(source, &line, &fault);
        if (r == 0)
                r = row_begin(ret, source->lines.at.number);
        ret->role_names = source->table.role_names;
        if (r == 0 && fault)
                row_refuse(ret, "%s", faults[fault]);
        else if (r == 0)
                r = row_read(source, line, ret);
        if (r == -ENODATA || r == -ENOTUNIQ)
                say_shape(source, r);
        else if (r < 0 && r != -ENOENT && r != -EINTR)
                say_unreadable(source, "read", r);
        return r;
}

/* ---- the end ---- */

int source_finish(struct source *source) {
        pid_t reader = source->reader;
        int status = 0;

        if (reader == 0)
                return 0;
        source->reader = 0;
        closep(&source->lines.fd);
        while (waitpid(reader, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
                return 0;
        log_error("%s was not read to its end", source->name);
        return -EIO;
}

void source_close(struct source *source) {
        pid_t reader = source->reader;

        closep(&source->lines.fd);
        /* It writes into a pipe that nobody reads any more, and ends. */
        if (reader > 0)
                waitpid(reader, NULL, 0);
        csv_record_clear(&source->record);
        lines_clear(&source->lines);
        table_clear(&source->table);
        source->reader = 0;
        source->lines.fd = -1;
}
