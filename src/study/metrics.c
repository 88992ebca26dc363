#include "study/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/file.h"
#include "core/memory.h"

enum { LARGEST_METRICS = 1 << 30 };

const char wlaw_metrics_header[] = "epoch,network,train_loss,test_loss,test_accuracy,condition\n";
const char wlaw_timings_header[] = "epoch,seconds,network_epochs_per_second\n";

const char *wlaw_network_condition_text(network_condition condition) {
  switch (condition) {
#define CONDITION_TEXT(name, text)                                                                                     \
  case NETWORK_##name: return text;
    NETWORK_CONDITION_LIST(CONDITION_TEXT)
#undef CONDITION_TEXT
  }
  return "?";
}

/* The sign of a NaN depends on the processor and says nothing: "nan", never "-nan". */
static void add_real(text_buffer *text, double value) {
  if (isnan(value)) wlaw_text_add(text, ",nan");
  else wlaw_text_add(text, ",%.9g", value);
}

void wlaw_metrics_row(text_buffer *text, uint64_t epoch, size_t network, bool has_train_loss, double train_loss,
                      double test_loss, double test_accuracy, network_condition condition) {
  wlaw_text_add(text, "%llu,%zu", (unsigned long long)epoch, network);
  if (has_train_loss) add_real(text, train_loss);
  else wlaw_text_add(text, ",");
  add_real(text, test_loss);
  add_real(text, test_accuracy);
  wlaw_text_add(text, ",%s\n", wlaw_network_condition_text(condition));
}

wlaw_status wlaw_rows_append(const char *path, const char *bytes, size_t n, wlaw_error *err) {
  const int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (fd < 0) return wlaw_fail_errno(err, path, "cannot be written");
  struct stat before;
  wlaw_status status = fstat(fd, &before) == 0 ? WLAW_OK : wlaw_fail_errno(err, path, "cannot be examined");
  for (size_t done = 0; status == WLAW_OK && done < n;) {
    const ssize_t wrote = write(fd, bytes + done, n - done);
    if (wrote >= 0) done += (size_t)wrote;
    else if (errno != EINTR) status = wlaw_fail_errno(err, path, "writing failed");
  }
  if (status != WLAW_OK && ftruncate(fd, before.st_size) != 0)
    wlaw_error_add_hint(err, status, "its last rows may be incomplete: a resume cuts them back");
  close(fd);
  return status;
}

static wlaw_status read_rows(char **text, size_t *n, const char *path, wlaw_error *err) {
  *text = NULL;
  *n = 0;
  return wlaw_path_exists(path) ? wlaw_input_whole(text, n, path, LARGEST_METRICS, err) : WLAW_OK;
}

wlaw_status wlaw_rows_count(size_t *n_lines, const char *path, wlaw_error *err) {
  char *text;
  size_t n;
  WLAW_TRY(read_rows(&text, &n, path, err));
  *n_lines = 0;
  for (size_t i = 0; i < n; i++) *n_lines += text[i] == '\n';
  free(text);
  return WLAW_OK;
}

wlaw_status wlaw_rows_cut(const char *path, size_t n_lines, wlaw_error *err) {
  char *text;
  size_t n, keep = 0, lines = 0;
  WLAW_TRY(read_rows(&text, &n, path, err));
  while (keep < n && lines < n_lines) lines += text[keep++] == '\n';
  wlaw_status status = WLAW_OK;
  if (lines < n_lines)
    status = wlaw_error_in_file(
        err, wlaw_fail(err, WLAW_FORMAT, "%zu rows were expected, there are %zu", n_lines, lines), path);
  else if (keep < n) status = wlaw_output_whole(path, text, keep, err);
  free(text);
  return status;
}

/* ---- reading ---- */

static bool read_real(const char *text, double *out) {
  if (*text == '\0' || strcmp(text, "nan") == 0 || strcmp(text, "-nan") == 0 || strcmp(text, "inf") == 0 ||
      strcmp(text, "-inf") == 0) {
    *out = NAN;
    return true;
  }
  return wlaw_text_real(text, out);
}

/* Splits one line (without newline, cut in place) and stores it as row number `row`. */
static bool read_row(run_metrics *metrics, size_t row, char *line) {
  char *field[6];
  size_t n = 0;
  for (char *at = line; at && n < 6; n++) {
    field[n] = at;
    at = strchr(at, ',');
    if (at) *at++ = '\0';
    if (n == 5 && at) return false;
  }
  uint64_t epoch, network;
  if (n != 6 || !wlaw_text_u64(field[0], &epoch) || !wlaw_text_u64(field[1], &network)) return false;
  if (epoch != row / metrics->networks || network != row % metrics->networks) return false;
  if (!read_real(field[2], &metrics->train_loss[row]) || !read_real(field[3], &metrics->test_loss[row]) ||
      !read_real(field[4], &metrics->test_accuracy[row]))
    return false;
#define CONDITION_READ(name, text)                                                                                     \
  if (strcmp(field[5], text) == 0) {                                                                                   \
    metrics->condition[row] = NETWORK_##name;                                                                          \
    return true;                                                                                                       \
  }
  NETWORK_CONDITION_LIST(CONDITION_READ)
#undef CONDITION_READ
  return false;
}

static wlaw_status read_metrics(run_metrics *metrics, char *text, wlaw_error *err) {
  const size_t header = strlen(wlaw_metrics_header);
  if (strncmp(text, wlaw_metrics_header, header) != 0)
    return wlaw_fail(err, WLAW_FORMAT, "the first line is not the header of metrics.csv");
  size_t lines = 0;
  for (const char *at = text + header; (at = strchr(at, '\n')); at++) lines++;
  metrics->n_epochs = lines / metrics->networks;
  const size_t rows = metrics->n_epochs * metrics->networks;
  metrics->train_loss = wlaw_array(rows, sizeof *metrics->train_loss);
  metrics->test_loss = wlaw_array(rows, sizeof *metrics->test_loss);
  metrics->test_accuracy = wlaw_array(rows, sizeof *metrics->test_accuracy);
  metrics->condition = wlaw_array(rows, sizeof *metrics->condition);
  if (!metrics->train_loss || !metrics->test_loss || !metrics->test_accuracy || !metrics->condition)
    return wlaw_fail_memory(err, rows, sizeof *metrics->train_loss);
  char *line = text + header;
  for (size_t row = 0; row < rows; row++) {
    char *end = strchr(line, '\n');
    *end = '\0';
    if (!read_row(metrics, row, line))
      return wlaw_fail(err, WLAW_FORMAT, "row %zu of the metrics is not readable", row + 1);
    line = end + 1;
  }
  return WLAW_OK;
}

wlaw_status wlaw_run_metrics_read(run_metrics **out, const run_directory *run, wlaw_error *err) {
  char *path = wlaw_path_join(run->path, "metrics.csv"), *text = NULL;
  size_t n;
  run_metrics *metrics = calloc(1, sizeof *metrics);
  wlaw_status status = path && metrics ? wlaw_input_whole(&text, &n, path, LARGEST_METRICS, err)
                                       : wlaw_fail_memory(err, 1, sizeof *metrics);
  if (status == WLAW_OK) {
    metrics->networks = run->networks;
    status = wlaw_error_in_file(err, read_metrics(metrics, text, err), path);
  }
  free(text);
  free(path);
  if (status != WLAW_OK) {
    wlaw_run_metrics_free(metrics);
    return status;
  }
  *out = metrics;
  return WLAW_OK;
}

void wlaw_run_metrics_free(run_metrics *metrics) {
  if (!metrics) return;
  free(metrics->train_loss);
  free(metrics->test_loss);
  free(metrics->test_accuracy);
  free(metrics->condition);
  free(metrics);
}

wlaw_status wlaw_run_dead(uint64_t **dead, size_t *n, const run_directory *run, uint64_t epoch, wlaw_error *err) {
  run_metrics *metrics = NULL;
  WLAW_TRY(wlaw_run_metrics_read(&metrics, run, err));
  wlaw_status status = WLAW_OK;
  *n = 0;
  if (epoch >= metrics->n_epochs) {
    status = wlaw_fail(err, WLAW_ARGUMENT, "metrics.csv has no rows of epoch %llu to tell dead networks by",
                       (unsigned long long)epoch);
    status = wlaw_error_in_file(err, status, run->path);
  } else if (!(*dead = wlaw_array(metrics->networks, sizeof **dead))) {
    status = wlaw_fail_memory(err, metrics->networks, sizeof **dead);
  } else {
    const network_condition *condition = metrics->condition + epoch * metrics->networks;
    for (size_t k = 0; k < metrics->networks; k++)
      if (condition[k] != NETWORK_OK) (*dead)[(*n)++] = k;
  }
  wlaw_run_metrics_free(metrics);
  return status;
}
