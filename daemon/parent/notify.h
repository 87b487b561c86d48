/* What the service manager is told (sd_notify(3)); nothing in a build without libsystemd. */
#ifndef JETON_PARENT_NOTIFY_H
#define JETON_PARENT_NOTIFY_H

void notify_ready(void);
void notify_reloading(void);
void notify_stopping(void);

#endif
