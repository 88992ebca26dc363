/* Scans as documents: weightlaw.scan/1, whose keys are told in docs/scan.md. */
#ifndef WLAW_STUDY_SCAN_JSON_H
#define WLAW_STUDY_SCAN_JSON_H

#include "core/json.h"
#include "study/scan.h"

/* One element of `tensors`. */
json_t *wlaw_part_scan_json(bool *failed, const part_scan *scan, scan_protocol protocol);
/* One element of `skipped`. */
json_t *wlaw_part_skipped_json(bool *failed, const scan_part *part, const wlaw_tensors *tensors);
/* The whole: takes both lists over. */
json_t *wlaw_scan_json(bool *failed, const char *path, const wlaw_tensors *tensors, const scan_parts *parts,
                       json_t *scanned, json_t *skipped);

#endif
