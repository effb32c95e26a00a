/* Does a client accept gzip? RFC 9110 sections 12.4.2 and 12.5.3.
 *
 *   "gzip;q=0, *"  -> no        "br, gzip;q=0.5" -> yes        "identity, gzip;q=0.5" -> no
 *
 * Pure: a value in, an answer out; safe on any bytes. */
#ifndef SERVE_ACCEPT_ENCODING_H
#define SERVE_ACCEPT_ENCODING_H

#include <stdbool.h>

/* Weights in thousandths; ACCEPT_ENCODING_UNNAMED where the client named none. */
struct accept_encoding {
    int gzip;
    int identity;
    int any; /* of "*": what is not named */
};

#define ACCEPT_ENCODING_UNNAMED (-1)

void accept_encoding_init(struct accept_encoding *accepted);
/* Adds what one Accept-Encoding header says; a request may carry several. Items that are no
 * coding with a weight of 0 to 1 are passed over. Of a coding named twice, the first counts. */
void accept_encoding_read(struct accept_encoding *accepted, const char *value);
/* Whether to send gzip rather than the plain bytes. Nothing read: no. */
bool accept_encoding_wants_gzip(const struct accept_encoding *accepted);

#endif
