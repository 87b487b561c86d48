/* The lines of pam_jeton themselves: their arguments, and the file of the module. */
#ifndef JETON_CLI_DOCTOR_PAM_LINES_H
#define JETON_CLI_DOCTOR_PAM_LINES_H

#include "doctor.h"
#include "pam_services.h"

/* Looks at every line once, however many services include it. Whether all are good. */
bool pam_lines_check(struct doctor *doctor, const struct services *services);

#endif
