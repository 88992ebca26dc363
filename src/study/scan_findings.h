/* What a scan means, in sentences, and how grave it is. */
#ifndef WLAW_STUDY_SCAN_FINDINGS_H
#define WLAW_STUDY_SCAN_FINDINGS_H

#include "core/json.h"
#include "study/scan.h"

typedef enum scan_severity { SCAN_FINE, SCAN_UNUSUAL, SCAN_SUSPICIOUS, SCAN_BROKEN } scan_severity;

/* Sentences on one part, the gravest first; returns the severity of the first. */
scan_severity wlaw_part_findings(bool *failed, json_t *sentences, const part_scan *scan);

/* Sentences on the whole file from its list of tensors (their `kind`, `severity` and the like). */
json_t *wlaw_scan_findings(bool *failed, const json_t *tensors, const json_t *skipped);

#endif
