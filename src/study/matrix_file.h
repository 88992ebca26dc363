/* A large .npy matrix filled block by block, in a file that an interruption does not undo. PATH.partial holds the
 * matrix, PATH.journal says in JSON what it is made from and how many steps of the work are in it: numbers are written
 * and synced first, then the journal says so (written aside and renamed), so that after a kill or a power failure the
 * journal never promises what the file has not got. Complete, PATH.partial becomes PATH and the journal goes. */
#ifndef WLAW_STUDY_MATRIX_FILE_H
#define WLAW_STUDY_MATRIX_FILE_H

#include "core/json.h"
#include "tensor/tensor.h"

typedef struct matrix_file {
  int fd; /* of PATH.partial, locked */
  char *path, *partial, *journal;
  json_t *made_from;
  wlaw_dtype dtype; /* WLAW_F64 or WLAW_F32 */
  size_t rows, cols;
  uint64_t begin; /* of the numbers in the file */
} matrix_file;

/* Starts the file, or goes on with it where its journal says the same made_from (taken over): *steps are done already,
 * 0 at the start. WLAW_EXISTS where PATH is there, where an interrupted one was made from something else (both give way
 * to force), or where another process is at work. On failure *out needs no close. */
wlaw_status wlaw_matrix_file_open(matrix_file *out, size_t *steps, const char *path, wlaw_dtype dtype, size_t rows,
                                  size_t cols, json_t *made_from, bool force, wlaw_error *err);
/* block: [rows, cols], ld numbers from one row to the next; narrow: room for cols floats (f32). Any thread. */
wlaw_status wlaw_matrix_file_put(const matrix_file *file, size_t row, size_t col, size_t rows, size_t cols,
                                 const double *block, size_t ld, float *narrow, wlaw_error *err);
/* What was put so far stays; `steps` of the work are done. */
wlaw_status wlaw_matrix_file_save(const matrix_file *file, size_t steps, wlaw_error *err);
wlaw_status wlaw_matrix_file_commit(matrix_file *file, wlaw_error *err); /* closes it, also on failure */
void wlaw_matrix_file_close(matrix_file *file);                          /* keeps what is saved; safe on a zeroed one */

#endif
