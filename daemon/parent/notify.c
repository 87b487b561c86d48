/* What the service manager is told. Nobody waits for it, so a failure is nobody's. */
#include "notify.h"

#ifdef HAVE_SYSTEMD

#include <inttypes.h>
#include <systemd/sd-daemon.h>
#include <time.h>

void notify_ready(void) {
        sd_notify(0, "READY=1");
}

/* Type=notify-reload wants the time, to tell this reload's READY from an earlier one. */
void notify_reloading(void) {
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
                   (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

void notify_stopping(void) {
        sd_notify(0, "STOPPING=1");
}

#else

void notify_ready(void) {
}

void notify_reloading(void) {
}

void notify_stopping(void) {
}

#endif
