/* What the two halves of pages.h share. */
#ifndef JETON_JWT_PAGE_LAYOUT_H
#define JETON_JWT_PAGE_LAYOUT_H

#include "pages.h"

#include <stddef.h>

struct page_layout {
        const char *name; /* of the file */
        const char *magic;
        uint32_t layout;
        size_t size;
        size_t tables[2]; /* offsets */
};

extern const struct page_layout page_layouts[];

bool page_head_is_good(const struct page_head *head, enum page page);
bool keys_table_is_good(const struct keys_table *table);

#endif
