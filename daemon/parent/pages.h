/* The public pages' files: made whole before anybody maps them, and kept over restarts. */
#ifndef JETON_PARENT_PAGES_H
#define JETON_PARENT_PAGES_H

#define PAGE_FILES 2 /* by enum page */

struct page_files {
        int writer[PAGE_FILES]; /* O_RDWR: for its one writer */
        int reader[PAGE_FILES]; /* O_RDONLY: for everybody else */
};

/* In the run directory `dir`. 0 or -errno, logged. */
int page_files_open(int dir, struct page_files *ret);

/* Opens them again, for new processes: good files are the same, a damaged one is replaced. Where
 * that is not possible they stay open as they were. */
void page_files_renew(int dir, struct page_files *files);

void page_files_close(struct page_files *files);

/* The same inode as `writer`'s with fewer rights: a mapping made through it cannot become writable.
 * *ret_fd: the caller's to close. 0 or -errno. */
int page_reader_open(int writer, int *ret_fd);

#endif
