/* The journal's protocol (systemd.journal-fields(7), "Native Journal Protocol"): one datagram an
 * entry, one line KEY=value a field. Our values are printable ASCII, so the binary form is not
 * needed. */
#include "audit_out.h"

#include "../../common/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* Fields repeat what is in the message, with longer names. */
#define ENTRY_SIZE (4 * AUDIT_LINE_MAX)

struct entry {
        char text[ENTRY_SIZE];
        size_t len;
};

static void entry_add(struct entry *entry, const char *field, struct text value) {
        size_t room = sizeof entry->text - entry->len;
        int n = snprintf(entry->text + entry->len, room, "%s=%.*s\n", field, TEXT_ARGS(value));

        if (n > 0 && (size_t)n < room)
                entry->len += (size_t)n;
}

static const char *field_of(struct text key) {
        size_t count, i;
        const struct audit_key *keys = audit_keys(&count);

        for (i = 0; i < count; i++)
                if (text_is(key, text_of(keys[i].key)))
                        return keys[i].field;
        return NULL;
}

static void entry_make(struct entry *entry, int level, const struct audit_line *line) {
        struct text rest = {line->text, line->len}, key, value;
        char priority[2] = {(char)('0' + level), '\0'};

        entry->len = 0;
        entry_add(entry, "MESSAGE", rest);
        entry_add(entry, "PRIORITY", text_of(priority));
        entry_add(entry, "SYSLOG_FACILITY", TEXT("10")); /* authpriv */
        entry_add(entry, "SYSLOG_IDENTIFIER", TEXT("jetond-audit"));
        while (audit_line_next(&rest, &key, &value))
                if (field_of(key))
                        entry_add(entry, field_of(key), value);
}

static int journal_write(int fd, int level, const struct audit_line *line) {
        struct entry entry;
        struct iovec bytes = {entry.text, 0};
        struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1};

        entry_make(&entry, level, line);
        bytes.iov_len = entry.len;
        return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* One write, so that a line is never torn by another. What a full disk has cut short is ended
 * before the next. */
static int file_write(int fd, bool was_cut, const struct audit_line *line) {
        struct iovec parts[] = {
                {(char *)"\n", was_cut},
                {(char *)line->text, line->len},
                {(char *)"\n", 1},
        };
        ssize_t n = writev(fd, parts, 3);

        if (n < 0)
                return -errno;
        return (size_t)n == was_cut + line->len + 1 ? 0 : -ENOSPC;
}

static int write_to_own(const struct audit_out *out, int level, const struct audit_line *line) {
        if (out->journal >= 0)
                return journal_write(out->journal, level, line);
        if (out->file >= 0)
                return file_write(out->file, out->is_failing, line);
        return -ENOTCONN;
}

void audit_out_write(struct audit_out *out, int level, const struct audit_line *line) {
        int r = write_to_own(out, level, line);

        if (r == 0) {
                out->is_failing = false;
                return;
        }
        if (r != -ENOTCONN && !out->is_failing)
                log_error("the audit %s takes no line, the log has them meanwhile: %s",
                          out->journal >= 0 ? "journal" : "file", strerror(-r));
        out->is_failing = r != -ENOTCONN;
        log_line(level, "audit %s", line->text);
}
