/* munge beside jeton: credentials encoded or decoded, one after the other, each over a connection
 * of its own, which is libmunge's way. libmunge is loaded when it is there, so that nothing need be
 * installed to build this.
 *
 *         build/bench/munge SOCKET COUNT [CREDENTIALS]
 *
 * Without a file it encodes, and prints the credentials behind the line of times; with one it
 * decodes as many of its lines, each of which can be decoded only once.
 *
 * links: bench/parts/measure.c */
#include "parts/measure.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

#define PAYLOAD_LEN 64

/* munge(3) and munge_ctx(3). */
#define MUNGE_OPT_SOCKET 8

typedef void *context_create(void);
typedef int context_set(void *context, int option, ...);
typedef int encode(char **ret, void *context, const void *bytes, int len);
typedef int decode(const char *credential, void *context, void **ret, int *ret_len, uid_t *ret_uid,
                   gid_t *ret_gid);

static struct {
        void *library, *context;
        encode *encode;
        decode *decode;
} munge;

static void *symbol(const char *name) {
        void *found = dlsym(munge.library, name);

        if (!found)
                die(name);
        return found;
}

static void munge_open(const char *socket) {
        munge.library = dlopen("libmunge.so.2", RTLD_NOW);
        if (!munge.library)
                die("there is no libmunge.so.2");
        munge.encode = (encode *)symbol("munge_encode");
        munge.decode = (decode *)symbol("munge_decode");
        munge.context = ((context_create *)symbol("munge_ctx_create"))();
        if (((context_set *)symbol("munge_ctx_set"))(munge.context, MUNGE_OPT_SOCKET, socket) != 0)
                die("munge_ctx_set");
}

static void encode_all(size_t count) {
        double *times = zeroed(count, sizeof *times), begin;
        char **credentials = zeroed(count, sizeof *credentials);
        const char payload[PAYLOAD_LEN] = "";
        size_t i;

        for (i = 0; i < count; i++) {
                begin = now_us();
                if (munge.encode(&credentials[i], munge.context, payload, sizeof payload) != 0)
                        die("munge_encode");
                times[i] = now_us() - begin;
        }
        times_print(times, count);
        for (i = 0; i < count; i++)
                puts(credentials[i]);
}

static void decode_all(size_t count, const struct lines *credentials) {
        double *times = zeroed(count, sizeof *times), begin;
        void *payload;
        uid_t uid;
        gid_t gid;
        size_t i;
        int len;

        if (credentials->count < count)
                die("too few credentials");
        for (i = 0; i < count; i++) {
                begin = now_us();
                if (munge.decode(credentials->lines[i], munge.context, &payload, &len, &uid,
                                 &gid) != 0)
                        die("munge_decode");
                times[i] = now_us() - begin;
                free(payload);
        }
        times_print(times, count);
}

int main(int argc, char **argv) {
        struct lines credentials;
        size_t count;

        if (argc != 3 && argc != 4)
                die("SOCKET COUNT [CREDENTIALS]");
        count = strtoul(argv[2], NULL, 10);
        munge_open(argv[1]);
        if (argc == 3) {
                encode_all(count);
        } else {
                credentials = lines_read(argv[3]);
                decode_all(count, &credentials);
        }
        return EXIT_SUCCESS;
}
