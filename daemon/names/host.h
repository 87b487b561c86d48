/* The name that this host calls itself by. */
#ifndef JETON_NAMES_HOST_H
#define JETON_NAMES_HOST_H

#define HOST_NAME_SIZE 256 /* RFC 1035 2.3.4, with a NUL */

/* The fully qualified name, or the plain host name when the resolver knows no other. 0 or -errno of
 * gethostname(2). May take as long as the resolver pleases. */
int host_canonical_name(char ret[HOST_NAME_SIZE]);

#endif
