/* Comments of the configuration language, which libconfuse 3.3 counts as lines of their own. */
#ifndef JETON_PARENT_COMMENTS_H
#define JETON_PARENT_COMMENTS_H

/* Writes blanks over every comment ("#" and "//" to the end of the line, and those between slash
 * and star) and leaves line breaks where they are, so that the line of an error is the one a person
 * counts. The text ends with a line break. 0, or the line in which a string begins that never ends.
 */
int comments_blank(char *text);

/* The end of a quoted string that begins at `at`: behind its closing quote, or the end of the text.
 */
char *comments_string_end(char *at);

#endif
