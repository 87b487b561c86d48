/* Where audit lines go: what the authority is given for them. */
#ifndef JETON_PARENT_AUDIT_H
#define JETON_PARENT_AUDIT_H

struct audit_places {
        int journal, file; /* at most one is open, the other -1 */
};

/* Opens `file`; without one (NULL or empty) a way to the journal, when standard error goes there,
 * or nothing, and audit lines are among those of the log. Called again it replaces what there is
 * (the file may have been moved away), or keeps it when that fails. 0; -errno, logged. */
int audit_places_open(struct audit_places *places, const char *file);
void audit_places_close(struct audit_places *places);

#endif
