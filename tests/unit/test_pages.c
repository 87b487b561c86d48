/* needs: libcrypto */
#include "../../common/jwt/pages.h"

#include "../../common/cleanup.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#define KID "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static char dir[] = "/tmp/jeton-pages-XXXXXX";
static char keys_path[64], status_path[64];
static uid_t me;

static const char *path_of(enum page page) {
        return page == PAGE_KEYS ? keys_path : status_path;
}

static void page_remove(enum page page) {
        chmod(path_of(page), 0600);
        unlink(path_of(page));
}

/* A page as the parent makes it: full size, all zeros. */
static int page_create(enum page page) {
        int fd;

        page_remove(page);
        fd = open(path_of(page), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        assert_true(fd >= 0);
        assert_int_equal(fchmod(fd, 0644), 0);
        assert_int_equal(posix_fallocate(fd, 0, (off_t)page_size(page)), 0);
        return fd;
}

static void *page_mapped(enum page page, int *ret_fd) {
        void *bytes;

        *ret_fd = page_create(page);
        assert_int_equal(page_map(*ret_fd, page, &bytes), 0);
        return bytes;
}

static int dir_make(void **state) {
        (void)state;
        me = geteuid();
        if (!mkdtemp(dir))
                return -1;
        snprintf(keys_path, sizeof keys_path, "%s/keys", dir);
        snprintf(status_path, sizeof status_path, "%s/status", dir);
        return 0;
}

static int dir_remove(void **state) {
        (void)state;
        page_remove(PAGE_KEYS);
        page_remove(PAGE_STATUS);
        return rmdir(dir);
}

/* A table in which everything follows from `number`. */
static void keys_fill(struct keys_table *table, unsigned number) {
        uint32_t i;

        memset(table, 0, sizeof *table);
        snprintf(table->issuer, sizeof table->issuer, "https://%u", number);
        table->count = 1 + number % PAGE_KEYS_MAX;
        for (i = 0; i < table->count; i++) {
                memcpy(table->keys[i].kid, KID, sizeof KID);
                table->keys[i].public_len = 64;
                memset(table->keys[i].public_key, (int)(number & 0xff),
                       sizeof table->keys[i].public_key);
        }
}

static bool keys_are_of(const struct keys_table *table, unsigned number) {
        struct keys_table expected;

        keys_fill(&expected, number);
        return memcmp(table, &expected, sizeof expected) == 0;
}

static void keys_put(struct keys_page *page, unsigned number) {
        keys_fill(keys_page_next(page), number);
        keys_page_publish(page);
}

static void unmap(void *page, enum page kind) {
        munmap(page, page_size(kind));
}

/* ---- opening ---- */

static void a_page_of_ours_opens(void **state) {
        int fd;

        (void)state;
        close(page_create(PAGE_KEYS));
        assert_int_equal(page_open(dir, PAGE_KEYS, me, &fd), 0);
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        close(fd);
}

static int open_result(enum page page, uid_t also) {
        int fd = -77, r = page_open(dir, page, also, &fd);

        if (r == 0)
                close(fd);
        else
                assert_int_equal(fd, -77);
        return r;
}

static void pages_that_others_may_write_are_refused(void **state) {
        static const mode_t open_modes[] = {0664, 0646, 0666, 0620, 0602};
        size_t i;

        (void)state;
        close(page_create(PAGE_KEYS));
        for (i = 0; i < ELEMENTS(open_modes); i++) {
                assert_int_equal(chmod(keys_path, open_modes[i]), 0);
                assert_int_equal(open_result(PAGE_KEYS, me), -EPERM);
        }
}

static void pages_of_another_owner_are_refused(void **state) {
        (void)state;
        close(page_create(PAGE_KEYS));
        if (me == 0)
                assert_int_equal(chown(keys_path, 65534, 65534), 0);
        assert_int_equal(open_result(PAGE_KEYS, (uid_t)-1), -EPERM);
        assert_int_equal(open_result(PAGE_KEYS, me + 1), -EPERM);
}

static void what_is_no_regular_file_is_refused_without_waiting(void **state) {
        char real[80];

        (void)state;
        close(page_create(PAGE_KEYS));
        snprintf(real, sizeof real, "%s/real", dir);
        assert_int_equal(rename(keys_path, real), 0);
        assert_int_equal(symlink(real, keys_path), 0);
        assert_int_equal(open_result(PAGE_KEYS, me), -ELOOP);
        unlink(keys_path);
        unlink(real);
        assert_int_equal(open_result(PAGE_KEYS, me), -ENOENT);
        assert_int_equal(mkfifo(keys_path, 0644), 0);
        assert_int_equal(open_result(PAGE_KEYS, me), -EPERM);
        unlink(keys_path);
        assert_int_equal(mkdir(keys_path, 0755), 0);
        assert_int_equal(open_result(PAGE_KEYS, me), -EPERM);
        assert_int_equal(rmdir(keys_path), 0);
}

/* Who may make devices and sockets could do worse; what is there is refused all the same. */
static void sockets_and_devices_are_refused(void **state) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        (void)state;
        snprintf(address.sun_path, sizeof address.sun_path, "%s", keys_path);
        assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
        assert_int_equal(open_result(PAGE_KEYS, me), -ENXIO);
        close(fd);
        unlink(keys_path);
        /* /dev/zero; where the file system has no devices, opening one is refused already. */
        if (mknod(keys_path, S_IFCHR | 0644, makedev(1, 5)) == 0)
                assert_true(open_result(PAGE_KEYS, me) < 0);
        unlink(keys_path);
}

static void pages_of_another_size_are_refused(void **state) {
        static const off_t differences[] = {-1, 1, -4096, 4096};
        size_t i;
        void *page;
        int fd;

        (void)state;
        for (i = 0; i < ELEMENTS(differences); i++) {
                fd = page_create(PAGE_KEYS);
                assert_int_equal(ftruncate(fd, (off_t)page_size(PAGE_KEYS) + differences[i]), 0);
                assert_int_equal(open_result(PAGE_KEYS, me), -EBADMSG);
                assert_int_equal(page_map(fd, PAGE_KEYS, &page), -EBADMSG);
                close(fd);
        }
}

/* ---- reading ---- */

static void zeros_are_no_page(void **state) {
        struct keys_table table;
        uint32_t current;
        bool found = true;
        int fd;

        (void)state;
        fd = page_create(PAGE_KEYS);
        assert_int_equal(keys_page_read(fd, &table), -EBADMSG);
        assert_int_equal(page_current(fd, PAGE_KEYS, &current), -EBADMSG);
        close(fd);
        fd = page_create(PAGE_STATUS);
        assert_int_equal(status_page_has_uid(fd, 0, &found), -EBADMSG);
        assert_true(found);
        close(fd);
}

static void a_page_cut_under_the_reader_is_refused(void **state) {
        struct keys_table table;
        struct keys_page *page;
        int fd;

        (void)state;
        page = page_mapped(PAGE_KEYS, &fd);
        keys_put(page, 1);
        unmap(page, PAGE_KEYS);
        assert_int_equal(ftruncate(fd, 1000), 0);
        assert_int_equal(keys_page_read(fd, &table), -EBADMSG);
        assert_int_equal(ftruncate(fd, 10), 0);
        assert_int_equal(keys_page_read(fd, &table), -EBADMSG);
        close(fd);
}

static void a_new_page_has_nothing_published(void **state) {
        struct keys_table table;
        uint32_t current;
        void *page;
        int fd;

        (void)state;
        page = page_mapped(PAGE_KEYS, &fd);
        assert_int_equal(keys_page_read(fd, &table), -EAGAIN);
        assert_int_equal(page_current(fd, PAGE_KEYS, &current), -EAGAIN);
        unmap(page, PAGE_KEYS);
        close(fd);
}

static void what_is_published_is_read(void **state) {
        uint32_t before = 0, current;
        struct keys_table table;
        struct keys_page *page;
        unsigned number;
        int fd;

        (void)state;
        page = page_mapped(PAGE_KEYS, &fd);
        for (number = 1; number < 6; number++) {
                keys_put(page, number);
                assert_int_equal(keys_page_read(fd, &table), 0);
                assert_true(keys_are_of(&table, number));
                assert_int_equal(page_current(fd, PAGE_KEYS, &current), 0);
                assert_int_not_equal(current, before);
                before = current;
        }
        unmap(page, PAGE_KEYS);
        close(fd);
}

static void the_count_steps_over_zero(void **state) {
        struct keys_table table;
        struct keys_page *page;
        uint32_t current;
        int fd;

        (void)state;
        page = page_mapped(PAGE_KEYS, &fd);
        atomic_store(&page->head.current, UINT32_MAX - 1);
        keys_put(page, 3);
        keys_put(page, 4);
        assert_int_equal(page_current(fd, PAGE_KEYS, &current), 0);
        assert_int_not_equal(current, 0);
        assert_int_equal(keys_page_read(fd, &table), 0);
        assert_true(keys_are_of(&table, 4));
        unmap(page, PAGE_KEYS);
        close(fd);
}

static void contradicting_fields_are_refused(void **state) {
        struct keys_table table;
        struct keys_page *page;
        int fd;

        (void)state;
#define REFUSED(change)                                                 \
        do {                                                            \
                struct keys_table *next;                                \
                                                                        \
                page = page_mapped(PAGE_KEYS, &fd);                     \
                next = keys_page_next(page);                            \
                keys_fill(next, 3);                                     \
                change;                                                 \
                keys_page_publish(page);                                \
                assert_int_equal(keys_page_read(fd, &table), -EBADMSG); \
                unmap(page, PAGE_KEYS);                                 \
                close(fd);                                              \
        } while (0)
        REFUSED(next->count = PAGE_KEYS_MAX + 1);
        REFUSED(next->count = UINT32_MAX);
        REFUSED(memset(next->issuer, 'a', sizeof next->issuer));
        REFUSED(next->issuer[0] = '\0');
        REFUSED(next->keys[1].public_len = PAGE_PUBLIC_MAX + 1);
        REFUSED(next->keys[1].public_len = 0);
        REFUSED(next->keys[1].kid[KID_LEN] = 'A');
        REFUSED(next->keys[1].kid[5] = '\0');
        REFUSED(page->head.magic[0] ^= 1);
        REFUSED(page->head.layout++);
        REFUSED(page->head.size--);
}

static void uids_are_found_or_not(void **state) {
        static const uint32_t counts[] = {0, 1, 2, 3, 1000, STATUS_UIDS_MAX};
        struct status_page *page;
        uint32_t i, probe;
        size_t n;
        bool found;
        int fd;

        (void)state;
        page = page_mapped(PAGE_STATUS, &fd);
        for (n = 0; n < ELEMENTS(counts); n++) {
                struct status_table *next = status_page_next(page);

                next->uid_count = counts[n];
                for (i = 0; i < counts[n]; i++)
                        next->uids[i] = 1000 + 2 * i; /* the even ones */
                status_page_publish(page);
                for (i = 0; i < counts[n]; i += 1 + counts[n] / 50) {
                        probe = 1000 + 2 * i;
                        assert_int_equal(status_page_has_uid(fd, probe, &found), 0);
                        assert_true(found);
                        assert_int_equal(status_page_has_uid(fd, probe + 1, &found), 0);
                        assert_false(found);
                }
                assert_int_equal(status_page_has_uid(fd, 0, &found), 0);
                assert_false(found);
                assert_int_equal(status_page_has_uid(fd, UINT32_MAX, &found), 0);
                assert_false(found);
        }
        status_page_next(page)->uid_count = STATUS_UIDS_MAX + 1;
        status_page_publish(page);
        assert_int_equal(status_page_has_uid(fd, 1000, &found), -EBADMSG);
        unmap(page, PAGE_STATUS);
        close(fd);
}

/* ---- the writer's life ---- */

static void a_writer_killed_at_work_leaves_the_last_table(void **state) {
        struct keys_table table;
        struct keys_page *page;
        int fd, status;
        pid_t pid;

        (void)state;
        page = page_mapped(PAGE_KEYS, &fd);
        keys_put(page, 7);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                memset(keys_page_next(page), 0xff, sizeof(struct keys_table) / 2);
                raise(SIGKILL);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(keys_page_read(fd, &table), 0);
        assert_true(keys_are_of(&table, 7));
        unmap(page, PAGE_KEYS);
        assert_int_equal(page_map(fd, PAGE_KEYS, (void **)&page), 0);
        assert_int_equal(keys_page_read(fd, &table), 0);
        assert_true(keys_are_of(&table, 7));
        keys_put(page, 8);
        assert_int_equal(keys_page_read(fd, &table), 0);
        assert_true(keys_are_of(&table, 8));
        unmap(page, PAGE_KEYS);
        close(fd);
}

static void a_damaged_page_starts_empty(void **state) {
        struct keys_table table;
        struct keys_page *page;
        int fd;

        (void)state;
#define STARTS_EMPTY(change)                                                  \
        do {                                                                  \
                page = page_mapped(PAGE_KEYS, &fd);                           \
                keys_put(page, 3);                                            \
                change;                                                       \
                unmap(page, PAGE_KEYS);                                       \
                assert_int_equal(page_map(fd, PAGE_KEYS, (void **)&page), 0); \
                assert_int_equal(keys_page_read(fd, &table), -EAGAIN);        \
                keys_put(page, 9);                                            \
                assert_int_equal(keys_page_read(fd, &table), 0);              \
                assert_true(keys_are_of(&table, 9));                          \
                unmap(page, PAGE_KEYS);                                       \
                close(fd);                                                    \
        } while (0)
        STARTS_EMPTY(page->head.magic[0] = 'J');
        STARTS_EMPTY(page->head.layout = 7);
        STARTS_EMPTY(page->head.size = 1);
        STARTS_EMPTY(page->tables[1].count = 1000);
        STARTS_EMPTY(memset(page, 0xff, sizeof *page));
}

static void unsorted_uids_are_not_kept(void **state) {
        struct status_page *page;
        struct status_table *next;
        bool found;
        int fd;

        (void)state;
        page = page_mapped(PAGE_STATUS, &fd);
        next = status_page_next(page);
        next->uid_count = 3;
        next->uids[0] = 1001;
        next->uids[1] = 1000;
        next->uids[2] = 1002;
        status_page_publish(page);
        unmap(page, PAGE_STATUS);
        assert_int_equal(page_map(fd, PAGE_STATUS, (void **)&page), 0);
        assert_int_equal(status_page_has_uid(fd, 1000, &found), -EAGAIN);
        assert_int_equal(status_page_published(page)->uid_count, 0);
        unmap(page, PAGE_STATUS);
        close(fd);
}

/* ---- both at once ---- */

static atomic_bool stop;

static void *write_on(void *context) {
        struct keys_page *page = context;
        unsigned number;

        for (number = 1; !atomic_load(&stop); number++) {
                keys_put(page, number);
                if (number % 16 == 0)
                        sched_yield();
        }
        return NULL;
}

static bool is_whole(const struct keys_table *table) {
        unsigned number = 0;

        return sscanf(table->issuer, "https://%u", &number) == 1 && keys_are_of(table, number);
}

static void a_reader_never_sees_a_mixed_table(void **state) {
        unsigned long copies = 0, busy = 0;
        struct keys_table table = {.count = 0};
        struct keys_page *page;
        pthread_t writer;
        time_t end;
        int fd, r = 0;

        (void)state;
        page = page_mapped(PAGE_KEYS, &fd);
        keys_put(page, 0);
        atomic_store(&stop, false);
        assert_int_equal(pthread_create(&writer, NULL, write_on, page), 0);
        for (end = time(NULL) + 2; time(NULL) < end;) {
                r = keys_page_read(fd, &table);
                if (r == 0 && !is_whole(&table))
                        break;
                copies += r == 0;
                busy += r == -EBUSY;
                if (r != 0 && r != -EBUSY)
                        break;
        }
        atomic_store(&stop, true);
        pthread_join(writer, NULL);
        assert_true(r == 0 || r == -EBUSY);
        assert_true(r != 0 || is_whole(&table));
        assert_true(copies > 100);
        print_message("%lu copies, overtaken %lu times\n", copies, busy);
        unmap(page, PAGE_KEYS);
        close(fd);
}

static void *write_status(void *context) {
        struct status_page *page = context;
        unsigned round;
        uint32_t i;

        for (round = 1; !atomic_load(&stop); round++) {
                struct status_table *next = status_page_next(page);

                next->uid_count = 1000;
                for (i = 0; i < 1000; i++)
                        next->uids[i] = (round & 1 ? 1 : 5000) + 2 * i;
                next->uids[999] = 100000;
                status_page_publish(page);
        }
        return NULL;
}

/* 100000 is in every table that is ever published, 99999 in none. */
static void a_uid_that_is_always_there_is_always_found(void **state) {
        unsigned long answers = 0, wrong = 0;
        struct status_page *page;
        pthread_t writer;
        bool found;
        time_t end;
        int fd, r = 0;

        (void)state;
        page = page_mapped(PAGE_STATUS, &fd);
        status_page_next(page)->uids[0] = 100000;
        status_page_next(page)->uid_count = 1;
        status_page_publish(page);
        atomic_store(&stop, false);
        assert_int_equal(pthread_create(&writer, NULL, write_status, page), 0);
        for (end = time(NULL) + 2; time(NULL) < end && (r == 0 || r == -EBUSY);) {
                r = status_page_has_uid(fd, 100000, &found);
                answers += r == 0;
                wrong += r == 0 && !found;
                r = status_page_has_uid(fd, 99999, &found);
                wrong += r == 0 && found;
        }
        atomic_store(&stop, true);
        pthread_join(writer, NULL);
        assert_true(r == 0 || r == -EBUSY);
        assert_int_equal(wrong, 0);
        assert_true(answers > 100);
        unmap(page, PAGE_STATUS);
        close(fd);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_page_of_ours_opens),
                cmocka_unit_test(pages_that_others_may_write_are_refused),
                cmocka_unit_test(pages_of_another_owner_are_refused),
                cmocka_unit_test(what_is_no_regular_file_is_refused_without_waiting),
                cmocka_unit_test(sockets_and_devices_are_refused),
                cmocka_unit_test(pages_of_another_size_are_refused),
                cmocka_unit_test(zeros_are_no_page),
                cmocka_unit_test(a_page_cut_under_the_reader_is_refused),
                cmocka_unit_test(a_new_page_has_nothing_published),
                cmocka_unit_test(what_is_published_is_read),
                cmocka_unit_test(the_count_steps_over_zero),
                cmocka_unit_test(contradicting_fields_are_refused),
                cmocka_unit_test(uids_are_found_or_not),
                cmocka_unit_test(a_writer_killed_at_work_leaves_the_last_table),
                cmocka_unit_test(a_damaged_page_starts_empty),
                cmocka_unit_test(unsorted_uids_are_not_kept),
                cmocka_unit_test(a_reader_never_sees_a_mixed_table),
                cmocka_unit_test(a_uid_that_is_always_there_is_always_found),
        };

        return cmocka_run_group_tests(tests, dir_make, dir_remove);
}
