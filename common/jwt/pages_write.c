/* The writer's half of the public pages. One writer a page: the parent hands the writable
 * descriptor to one process.
 *
 * Two orders hold on every processor: the table is whole before `current` names it (the release
 * store of publish), and `current` has left a table before it is written to again (the release
 * fence of next, which keeps later stores behind that store). */
#include "pages.h"

#include "page_layout.h"

#include "../cleanup.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* A table that begins with so many zeros has nothing in it. */
#define EMPTY_LEN 16

/* What `current` becomes by the next publication. 0 means that nothing is published, so the count
 * steps over it, to the same table; and it is not begun anew with the page: a reader would take
 * what it knows for what is new. */
static uint32_t count_next(struct page_head *head) {
        uint32_t count = atomic_load_explicit(&head->current, memory_order_relaxed);

        if (count == 0)
                count = head->current_before;
        return count == UINT32_MAX ? 2 : count + 1;
}

static unsigned table_next(struct page_head *head) {
        uint32_t next = count_next(head);

        atomic_thread_fence(memory_order_release);
        return next & 1;
}

static void publish(struct page_head *head) {
        atomic_store_explicit(&head->current, count_next(head), memory_order_release);
}

struct keys_table *keys_page_next(struct keys_page *page) {
        return &page->tables[table_next(&page->head)];
}

void keys_page_publish(struct keys_page *page) {
        publish(&page->head);
}

struct status_table *status_page_next(struct status_page *page) {
        return &page->tables[table_next(&page->head)];
}

void status_page_publish(struct status_page *page) {
        publish(&page->head);
}

const struct status_table *status_page_published(struct status_page *page) {
        return &page->tables[table_next(&page->head) ^ 1];
}

static bool keys_are_good(const void *page, unsigned table) {
        return keys_table_is_good(&((const struct keys_page *)page)->tables[table]);
}

static bool status_is_good(const void *page, unsigned table) {
        const struct status_table *status = &((const struct status_page *)page)->tables[table];
        uint32_t i;

        if (status->uid_count > STATUS_UIDS_MAX || status->is_full > 1 ||
            status->revocation_count > STATUS_REVOCATIONS_MAX)
                return false;
        for (i = 1; i < status->uid_count; i++)
                if (status->uids[i - 1] >= status->uids[i])
                        return false;
        return page_revocations_are_good(status->revocations, status->revocation_count);
}

static bool (*const tables_are_good[])(const void *page, unsigned table) = {
        [PAGE_KEYS] = keys_are_good,
        [PAGE_STATUS] = status_is_good,
};

static bool page_is_good(struct page_head *head, enum page page) {
        uint32_t current = atomic_load_explicit(&head->current, memory_order_relaxed);

        return page_head_is_good(head, page) &&
               (current == 0 || tables_are_good[page](head, current & 1));
}

/* Nothing is published before the head is made good: a reader meanwhile finds no page, or an empty
 * one, never a head of ours over somebody's bytes. When this was cut short once, `current` is 0 and
 * the count is noted already. */
static void page_reset(struct page_head *head, enum page page) {
        uint32_t current = atomic_load_explicit(&head->current, memory_order_relaxed);
        size_t i;

        if (current != 0)
                head->current_before = current;
        atomic_thread_fence(memory_order_release);
        atomic_store_explicit(&head->current, 0, memory_order_relaxed);
        atomic_thread_fence(memory_order_release);
        for (i = 0; i < ELEMENTS(page_layouts[page].tables); i++)
                memset((char *)head + page_layouts[page].tables[i], 0, EMPTY_LEN);
        head->layout = page_layouts[page].layout;
        head->size = (uint32_t)page_size(page);
        memcpy(head->magic, page_layouts[page].magic, sizeof head->magic);
        head->latest_birth = 0;
        memset(head->unused_too, 0, sizeof head->unused_too);
}

int page_map(int fd, enum page page, void **ret) {
        struct stat st;
        void *bytes;

        if (fstat(fd, &st) < 0)
                return -errno;
        if (st.st_size != (off_t)page_size(page))
                return -EBADMSG;
        bytes = mmap(NULL, page_size(page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (bytes == MAP_FAILED)
                return -errno;
        if (!page_is_good(bytes, page))
                page_reset(bytes, page);
        *ret = bytes;
        return 0;
}
