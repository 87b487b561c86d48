/* What an import needs between its questions. */
#ifndef JETON_FRONTEND_USER_IMPORT_H
#define JETON_FRONTEND_USER_IMPORT_H

struct user_import;

/* Wipes and frees. NULL is fine. */
void user_import_free(struct user_import *import);

#endif
