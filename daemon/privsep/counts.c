/* Words of numbers: as memory that two processes share, and as bytes of a frame. */
#include "counts.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

const char *const counted_error_names[COUNTED_ERRORS] = {
        "conflict",       "insufficient_scope",      "insufficient_user_authentication",
        "invalid_client", "invalid_grant",           "invalid_request",
        "invalid_scope",  "invalid_target",          "invalid_token",
        "not_found",      "temporarily_unavailable", "unauthorized_client",
        "server_error",
};

/* What has no word of its own is ours to mend. */
size_t counted_error(struct text error) {
        size_t i = 0;

        while (i < COUNTED_ERRORS - 1 && !text_is(error, text_of(counted_error_names[i])))
                i++;
        return i;
}

int counts_map(int fd, bool is_writer, uint64_t **ret) {
        struct stat st;
        void *page;

        if (fstat(fd, &st) < 0)
                return -errno;
        if ((size_t)st.st_size != COUNTS_SIZE)
                return -EBADMSG;
        page = mmap(NULL, COUNTS_SIZE, is_writer ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED,
                    fd, 0);
        if (page == MAP_FAILED)
                return -errno;
        *ret = page;
        return 0;
}

void counts_pack(const uint64_t *words, size_t count, uint8_t *ret_bytes) {
        uint64_t word;
        size_t i;

        for (i = 0; i < count; i++) {
                word = htole64(counts_read(&words[i]));
                memcpy(ret_bytes + i * sizeof word, &word, sizeof word);
        }
}

int counts_unpack(const struct msg_answer_counts *answer, uint64_t pages[][COUNTS_WORDS]) {
        size_t i, first = answer->first, count = answer->words.len / sizeof(uint64_t);
        uint64_t word;

        if (answer->words.len % sizeof word != 0 || first > COUNTS_WORDS ||
            count > COUNTS_WORDS - first)
                return -EPROTO;
        for (i = 0; i < count; i++) {
                memcpy(&word, answer->words.p + i * sizeof word, sizeof word);
                pages[answer->page][first + i] = le64toh(word);
        }
        return 0;
}
