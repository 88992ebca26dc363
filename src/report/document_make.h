/* Documents that report makes itself, by the verb that says what there is to draw. */
#ifndef WLAW_REPORT_DOCUMENT_MAKE_H
#define WLAW_REPORT_DOCUMENT_MAKE_H

#include "core/json.h"
#include "core/option.h"

/* A checkpoint is scanned; with --prune the networks of a run are pruned; a node law in text, where there is no such
 * file, is taken to infinite width. *document stays NULL for every other input; caller json_decref's. options: of
 * report. */
wlaw_status wlaw_document_make(json_t **document, const char *input, const wlaw_options *options,
                               wlaw_progress progress, void *user, wlaw_error *err);

#endif
