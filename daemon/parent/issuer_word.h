/* "issuer" is a key, who we are, and a section, whom we believe. libconfuse knows one of a name. */
#ifndef JETON_PARENT_ISSUER_WORD_H
#define JETON_PARENT_ISSUER_WORD_H

/* What the section is called towards libconfuse: as long as the word, and nothing that is typed. */
#define ISSUER_SECTION "\x01ssuer"

/* Gives the sections of a text without comments that name, in place. */
void issuer_word_mark(char *text);

/* Gives the word back, in a message. */
void issuer_word_restore(char *message);

#endif
