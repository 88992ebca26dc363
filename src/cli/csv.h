/* Results as comma-separated values (RFC 4180). */
#ifndef WLAW_CLI_CSV_H
#define WLAW_CLI_CSV_H

#include "core/json.h"

/* One row for each object of the document's list (the tensors of a scan, the fits of several matrices; of several scans
 * all their tensors with the file in front), or one row for a document without a list. Columns are the scalars, keys of
 * inner objects joined by points; null is an empty field, arrays are left out. */
void wlaw_csv_write(text_buffer *out, const json_t *document);

#endif
