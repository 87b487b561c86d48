/* A file that cannot be written for want of room, in words for who has to make some. */
#ifndef JETON_COMMON_ROOM_H
#define JETON_COMMON_ROOM_H

/* What to do, with ": " before it; "" where `error` (an errno) is about something else. */
const char *room_advice(int error);

#endif
