/* What root's own commands ask of the database, beside a daemon that runs or in its place: this
 * program, started with one word, under the database's own uid. So SQLite stays in one program, and
 * no reply on a socket has a password's hash. */
#ifndef JETON_AUTHORITY_TASK_H
#define JETON_AUTHORITY_TASK_H

/* Does what `word` says with what descriptor 3 is, and prints to standard output; one that settles
 * a database prints nothing, and has the folder of the one that gives way there. The exit status;
 * what went wrong is logged. */
int task_do(const char *word);

#endif
