/* What can be taken from a process in which PAM modules are to run. */
#ifndef JETON_PAMWORKER_CONFINE_H
#define JETON_PAMWORKER_CONFINE_H

/* Gives up what no module needs: most capabilities, outliving the parent, leaving processes behind
 * unseen. 0 or -errno. */
int confine(void);

/* Nothing that a module prints, or inherits by its environment, is ours. 0 or -errno. */
int silence(void);

#endif
