/* Expressions in the entries of one matrix M: matrices, vectors and numbers made of each other, equal ones kept once
 * (hash consing: Ershov 1958, DOI 10.1145/368892.368907), so that whoever asks for the same again shares it. */
#ifndef WLAW_MEASURE_INVARIANT_EXPRESSION_H
#define WLAW_MEASURE_INVARIANT_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Inputs a, b are numbers of earlier expressions, those of MATRIX_PRODUCT references to matrices (below). */
typedef enum expression_kind {
  MATRIX_GIVEN,      /* M */
  MATRIX_TRANSPOSED, /* a' */
  MATRIX_COMPOSITE,  /* a_ij b_ij, b not a composite: made row by row where it is used, never stored */
  MATRIX_SCALED,     /* a_ij b_j */
  MATRIX_PRODUCT,    /* sum_k a_ik b_kj */
  VECTOR_ONES,       /* 1; a: along which side */
  VECTOR_DIAGONAL,   /* a_ii */
  VECTOR_PRODUCT,    /* a_i b_i */
  VECTOR_APPLIED,    /* sum_j a_ij b_j */
  NUMBER_DOT,        /* sum_i a_i b_i */
  NUMBER_PRODUCT,    /* a b */
  NUMBER_CLIQUE      /* sum of M_.. over the six pairs of four indices; b: M', a: which pairs take it (clique_pair) */
} expression_kind;

/* Bits of NUMBER_CLIQUE's a: set where the later index of the pair comes first in M. */
enum { CLIQUE_TU, CLIQUE_TV, CLIQUE_TW, CLIQUE_UV, CLIQUE_VW, CLIQUE_UW, CLIQUE_PAIRS };

typedef struct expression {
  uint8_t kind;     /* expression_kind */
  uint8_t sides[2]; /* of rows and columns, or of the vector: 0 rows of M, 1 columns (always 0 where M is square) */
  bool symmetric;
  uint32_t a, b;
  uint32_t next; /* with the same hash; 0, which is M and never looked up: none */
  double cost;   /* of this and all before, for matrices of the table's sizes */
} expression;

enum { EXPRESSION_BUCKETS = 4096 };

typedef struct expression_table {
  expression *all;
  size_t n, capacity;
  bool bipartite;
  double sizes[2];
  uint32_t buckets[EXPRESSION_BUCKETS];
} expression_table;

/* An empty table; M must come first, as number 0. sizes: of the matrices by which costs are judged. all: allocated by
 * wlaw_expressions_reserve, the caller's to free. */
void wlaw_expressions_start(expression_table *table, bool bipartite, const double sizes[2]);
/* Room for `more` expressions; false when memory runs out. */
bool wlaw_expressions_reserve(expression_table *table, size_t more);
/* The number of this expression, added where it is new (there must be room). */
uint32_t wlaw_expression(expression_table *table, expression_kind kind, uint32_t a, uint32_t b);
/* Forgets all but the first n. */
void wlaw_expressions_cut(expression_table *table, size_t n);

/* A matrix and whether it is read transposed, in one number; symmetric matrices never are. */
static inline uint32_t matrix_reference(uint32_t number) { return number << 1; }
static inline uint32_t reference_matrix(uint32_t reference) { return reference >> 1; }
static inline bool reference_is_transposed(uint32_t reference) { return (reference & 1) != 0; }
uint32_t wlaw_reference_transposed(const expression_table *table, uint32_t reference);
/* Side of the rows (0) or columns (1) of what the reference stands for. */
uint8_t wlaw_reference_side(const expression *all, uint32_t reference, size_t which);
/* The matrix itself, by rows: an expression MATRIX_TRANSPOSED where the reference says so. */
uint32_t wlaw_reference_rows(expression_table *table, uint32_t reference);
/* A reference to a b; (b' a') ' is the same. */
uint32_t wlaw_reference_product(expression_table *table, uint32_t a, uint32_t b);

static inline bool is_matrix(const expression *e) { return e->kind <= MATRIX_PRODUCT; }
static inline bool is_vector(const expression *e) { return e->kind >= VECTOR_ONES && e->kind <= VECTOR_APPLIED; }

/* Multiply-adds of one expression when M is [sizes[0], sizes[1]]. */
double wlaw_expression_cost(const expression *all, const expression *e, const double sizes[2]);

#endif
