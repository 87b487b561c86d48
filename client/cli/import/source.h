/* What is imported: a file, standard input, or the rows that jeton-import-sqlite reads of a
 * database; and which of the formats it is in. */
#ifndef JETON_CLI_IMPORT_SOURCE_H
#define JETON_CLI_IMPORT_SOURCE_H

#include "csv_record.h"

#include <sys/types.h>

enum format {
        FORMAT_UNKNOWN = 0,
        FORMAT_SHADOW,
        FORMAT_CSV,
        FORMAT_JSON,
        FORMAT_SQLITE,
        FORMAT_COUNT,
};

#define FORMATS "shadow csv json sqlite"

struct source {
        const char *name; /* for sentences; borrowed */
        enum format format;
        uint64_t size; /* bytes of the file; 0: not known */
        struct lines lines;
        struct table table;
        struct csv_record record;
        pid_t reader; /* jeton-import-sqlite; 0: none runs */
};

/* FORMAT_UNKNOWN: it is none of FORMATS. */
enum format format_named(const char *name);

/* Opens it. `format` is one of FORMATS, or NULL: what the first bytes say; `table` has what a file
 * may lack. Each of these says itself what is wrong. 0 or -errno; then nothing is to be closed. */
int source_open(const char *path, const char *format, const struct table *table,
                struct source *ret);

/* Full names for the lines of shadow(5). 0 or -errno, said. */
int source_read_passwd(struct source *source, const char *path);

/* The next user, who may be refused. The row is begun here and the caller's to clear. 0; -ENOENT
 * behind the last one; -EINTR; other -errno, said. */
int source_next(struct source *source, struct row *ret);

/* Whether all of it was read: a reader of our own has ended well. 0 or -errno, said. */
int source_finish(struct source *source);

void source_close(struct source *source);

#endif
