/* Reading Python pickles without running them. A pickle is a program for a small stack machine (CPython's pickle.py and
 * pickletools.py, protocols 0 to 5) that may ask for any function to be called. Here nothing is ever called: the
 * machine builds a tree that says "this name, applied to these arguments", every name must stand in the caller's table,
 * and any other is refused by its name. Memory is bounded by the pickle's length: an instruction makes at most one
 * value. */
#ifndef WLAW_TENSOR_PICKLE_H
#define WLAW_TENSOR_PICKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weightlaw.h"

enum { PICKLE_LARGEST = 1 << 26 }; /* bytes; a checkpoint of 300,000 tensors has about as many */

typedef enum pickle_kind {
  PICKLE_NONE,
  PICKLE_BOOL,
  PICKLE_INT,
  PICKLE_REAL,
  PICKLE_TEXT,       /* str and bytes, and integers of more than 8 bytes as they stand */
  PICKLE_TUPLE,      /* items */
  PICKLE_LIST,       /* items; a set too */
  PICKLE_DICT,       /* items: key, value, key, value, ... */
  PICKLE_GLOBAL,     /* a name of the table */
  PICKLE_OBJECT,     /* what a name applied to arguments would be; items: those appended or set afterwards */
  PICKLE_PERSISTENT, /* what the surrounding file knows under an identification: of */
} pickle_kind;

/* A number of a value or of a cell; 0: none. */
typedef uint32_t pickle_ref;

typedef struct pickle_value {
  pickle_kind kind;
  uint32_t byte; /* of the pickle, where it was made */
  union {
    int64_t integer; /* BOOL, INT */
    double real;
    struct {
      const unsigned char *bytes;
      size_t n;
    } text;
    size_t global; /* row of the table */
    struct {
      pickle_ref first, last; /* cells */
    } items;
    pickle_ref of;
  };
  pickle_ref callee, arguments, state; /* OBJECT: a GLOBAL or PERSISTENT, a TUPLE, and what BUILD gave it or 0 */
} pickle_value;

typedef struct pickle_cell {
  pickle_ref value, next;
} pickle_cell;

/* A name that may stand in a pickle. what and detail: the caller's own. */
typedef struct pickle_name {
  const char *module, *name; /* name NULL: any name of the module and of those within it ("torch.nn.modules") */
  int what, detail;
} pickle_name;

typedef struct pickle_tree {
  const unsigned char *bytes;
  const pickle_name *names;
  size_t n, n_names;
  uint64_t base; /* of bytes[0] in the file */
  size_t used;   /* bytes up to the end of STOP */
  bool cut;      /* it failed because the bytes ended */
  pickle_ref root;
  pickle_value *values;
  pickle_cell *cells;
  uint32_t n_values, n_cells, value_capacity, cell_capacity;
} pickle_tree;

/* Runs the pickle that starts at bytes[0]; more may follow it. base: where that byte lies in the file, for errors. The
 * tree refers into bytes. Free it in every case. */
wlaw_status wlaw_pickle_parse(pickle_tree *out, const unsigned char *bytes, size_t n, uint64_t base,
                              const pickle_name *names, size_t n_names, wlaw_error *err);
void wlaw_pickle_free(pickle_tree *pickle);

/* Item k of a TUPLE, LIST, DICT or OBJECT, 0 where there is none; takes time in proportion to k. */
pickle_ref wlaw_pickle_item(const pickle_tree *pickle, pickle_ref ref, size_t k);
/* It has n items, neither more nor fewer; takes time in proportion to n, however many there are: values may be shared.
 */
bool wlaw_pickle_has_items(const pickle_tree *pickle, pickle_ref ref, size_t n);
/* The value is a text of these bytes. */
bool wlaw_pickle_is_text(const pickle_tree *pickle, pickle_ref ref, const char *text);

#endif
