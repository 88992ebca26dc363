/* weightlaw: find, draw and extrapolate the probability laws that neural-network weights follow.
 *
 * How to read this header
 *   1. statuses and errors      what a call returns, and how to ask what went wrong
 *   2. options and results      every verb takes text options and gives back one result object
 *   3. verbs                    train, fit, scan, track, compare, limit, kernel, predict, prune, redraw, draw, report,
 *                               graphs, data
 *   4. laws                     parse, draw, ask
 *   5. tensors                  read any supported weight file
 *
 * Conventions
 *   - A call that can fail returns wlaw_status and takes, last, an optional wlaw_error (NULL: the status only).
 *   - Output arguments come first. They are set only on WLAW_OK unless the comment says otherwise.
 *   - Text is UTF-8. Arrays are passed with their length. Matrices are row-major, weights are [out, in].
 *   - "Two-call" text: pass out = NULL, capacity = 0 to learn *needed (bytes, with the final NUL), then call again.
 *   - Numbers in text have a decimal point: where a program sets the locale, LC_NUMERIC stays "C" (as in Python).
 *   - The library never exits, prints, reads the environment or keeps mutable globals. One object may be used by one
 *     thread at a time; different objects by different threads at will.
 */
#ifndef WEIGHTLAW_H
#define WEIGHTLAW_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WLAW_VERSION_MAJOR 0
#define WLAW_VERSION_MINOR 1
#define WLAW_VERSION_PATCH 0

#if defined(__GNUC__)
#define WLAW_API       __attribute__((visibility("default")))
#define WLAW_NODISCARD __attribute__((warn_unused_result))
#else
#define WLAW_API
#define WLAW_NODISCARD
#endif

/* ---- 1. Statuses and errors ---------------------------------------------------------------------------------- */

/* X(name, value, exit code of the command line, meaning). The only list: enum, messages, docs and tests come from it.
 */
#define WLAW_STATUS_LIST(X)                                                                                            \
  X(OK, 0, 0, "success")                                                                                               \
  X(ARGUMENT, 1, 2, "an argument or option cannot be used")                                                            \
  X(NAME, 2, 2, "an unknown name")                                                                                     \
  X(EXISTS, 3, 2, "the output exists already")                                                                         \
  X(FORMAT, 4, 3, "the file is damaged or not of its format")                                                          \
  X(UNSUPPORTED, 5, 3, "the file is valid but uses something weightlaw does not read")                                 \
  X(SHAPE, 6, 3, "shapes do not fit together")                                                                         \
  X(VALUE, 7, 3, "the data hold a value that cannot be used")                                                          \
  X(LIMIT, 8, 3, "a size limit is exceeded")                                                                           \
  X(IO, 9, 4, "reading or writing failed")                                                                             \
  X(NETWORK, 10, 4, "a download failed")                                                                               \
  X(NUMERIC, 11, 5, "no numerical answer exists")                                                                      \
  X(MEMORY, 12, 6, "out of memory")                                                                                    \
  X(CANCELLED, 13, 130, "interrupted")

typedef enum wlaw_status {
#define WLAW_STATUS_ENUM(name, value, exit_code, meaning) WLAW_##name = value,
  WLAW_STATUS_LIST(WLAW_STATUS_ENUM)
#undef WLAW_STATUS_ENUM
} wlaw_status;

WLAW_API const char *wlaw_status_name(wlaw_status status);    /* "FORMAT"; "?" for a value outside the list */
WLAW_API const char *wlaw_status_message(wlaw_status status); /* the meaning above */
WLAW_API int wlaw_status_exit_code(wlaw_status status);       /* 0, 2, 3, 4, 5, 6 or 130 */

/* What went wrong: one sentence, and its parts. Caller frees. NULL when out of memory (every call accepts NULL). */
typedef struct wlaw_error wlaw_error;
WLAW_API wlaw_error *wlaw_error_new(void);
WLAW_API void wlaw_error_free(wlaw_error *err);                 /* NULL allowed */
WLAW_API void wlaw_error_clear(wlaw_error *err);                /* back to WLAW_OK */
WLAW_API wlaw_status wlaw_error_status(const wlaw_error *err);  /* WLAW_OK when nothing failed or err is NULL */
WLAW_API const char *wlaw_error_message(const wlaw_error *err); /* the whole sentence; "" when nothing failed */
WLAW_API const char *wlaw_error_file(const wlaw_error *err);    /* path concerned, or "" */
WLAW_API const char *wlaw_error_tensor(const wlaw_error *err);  /* tensor concerned, or "" (printable: escapes made) */
WLAW_API int64_t wlaw_error_byte(const wlaw_error *err);        /* offset in the file, or in its unpacked part; or -1 */
WLAW_API const char *wlaw_error_hint(const wlaw_error *err);    /* what to do, or "" */

/* Called from the thread that made the call, at most 10 times a second. fraction is in [0, 1], or negative when
 * unknown. A non-zero return cancels: the call saves what it can and returns WLAW_CANCELLED. */
typedef int (*wlaw_progress)(void *user, double fraction, const char *what);

/* ---- 2. Options and results ---------------------------------------------------------------------------------- */

/* Options of one verb, by name and text, exactly as on the command line without the dashes: ("networks", "500").
 * Flags take "true" or "false". A value is checked when it is set. Caller frees. */
typedef struct wlaw_options wlaw_options;
WLAW_API WLAW_NODISCARD wlaw_status wlaw_options_new(wlaw_options **out, const char *command, wlaw_error *err);
WLAW_API WLAW_NODISCARD wlaw_status wlaw_options_set(wlaw_options *options, const char *name, const char *text,
                                                     wlaw_error *err);
WLAW_API void wlaw_options_free(wlaw_options *options); /* NULL allowed */

/* Every command and option with type, range, default and help, as JSON (schema "weightlaw.commands/1"). Two-call. */
WLAW_API WLAW_NODISCARD wlaw_status wlaw_commands_json(char *out, size_t capacity, size_t *needed, wlaw_error *err);

/* What a verb found. The same object for all verbs: a JSON document with a schema name. Caller frees. */
typedef struct wlaw_result wlaw_result;
/* The document, deterministic bytes: sorted keys, %.17g, non-finite numbers as "inf", "-inf", "nan". Two-call. */
WLAW_API WLAW_NODISCARD wlaw_status wlaw_result_json(const wlaw_result *result, char *out, size_t capacity,
                                                     size_t *needed, wlaw_error *err);
/* Numbers at a path such as "parameters.VH" or "layers.0.wasserstein", flattened row by row; null reads as NaN.
 * *count is always the number there is; at most capacity are stored. WLAW_NAME: nothing numeric at that path. */
WLAW_API WLAW_NODISCARD wlaw_status wlaw_result_get(const wlaw_result *result, const char *path, double *out,
                                                    size_t capacity, size_t *count, wlaw_error *err);
WLAW_API void wlaw_result_free(wlaw_result *result); /* NULL allowed */

/* ---- 3. Verbs ------------------------------------------------------------------------------------------------ */

/* All verbs: inputs are paths, names or laws as on the command line (see `weightlaw help VERB`); options may be NULL
 * for the defaults; progress may be NULL. *result may be asked for with result = NULL (not wanted). */
#define WLAW_VERB(verb)                                                                                                \
  WLAW_API WLAW_NODISCARD wlaw_status wlaw_##verb(wlaw_result **result, const char *const *inputs, size_t n_inputs,    \
                                                  const wlaw_options *options, wlaw_progress progress, void *user,     \
                                                  wlaw_error *err)
WLAW_VERB(train);   /* inputs: {DATA} */
WLAW_VERB(fit);     /* inputs: {RUN} or one or more tensor files */
WLAW_VERB(scan);    /* inputs: one or more tensor files */
WLAW_VERB(track);   /* inputs: {RUN} or two or more tensor files */
WLAW_VERB(compare); /* inputs: {A, B}: run, RUN@epoch, tensor file or law; or two checkpoints */
WLAW_VERB(limit);   /* inputs: none, or {FILE} of network inputs */
WLAW_VERB(kernel);  /* inputs: {DATA} */
WLAW_VERB(predict); /* inputs: {DATA}, or none with the options train and test */
WLAW_VERB(prune);   /* inputs: {RUN}, or {RUN, DATA} where the data moved */
WLAW_VERB(redraw);  /* inputs: {RUN}, or {RUN, DATA} where the data moved */
WLAW_VERB(draw);    /* inputs: {LAW} */
WLAW_VERB(report);  /* inputs: {RUN} or {FILE} */
WLAW_VERB(graphs);  /* inputs: none */
WLAW_VERB(data);    /* inputs: {"list"} or {"fetch", NAME} */
#undef WLAW_VERB

/* Fit a matrix law to weights in memory. weights: [networks, rows, cols], row-major, finite. options: of "fit". */
WLAW_API WLAW_NODISCARD wlaw_status wlaw_fit_array(wlaw_result **result, const double *weights, size_t networks,
                                                   size_t rows, size_t cols, const wlaw_options *options,
                                                   wlaw_error *err);

/* ---- 4. Laws ------------------------------------------------------------------------------------------------- */

/* A law and its parameters, written `name(parameter=value, ...)`: "normal(sd=0.1)", "uniform(gain=1,fan=in)". */
typedef struct wlaw_law wlaw_law;
WLAW_API WLAW_NODISCARD wlaw_status wlaw_law_parse(wlaw_law **law, const char *text, wlaw_error *err);
WLAW_API void wlaw_law_free(wlaw_law *law); /* NULL allowed */
/* What the law can do: "draw", "fit", "distance", "density", "moments", "limit". 1 or 0. */
WLAW_API int wlaw_law_can(const wlaw_law *law, const char *capability);
/* Draw n independent matrices [rows, cols] into out: [n, rows, cols]. Matrix number k of a seed is the same in any call
 * that covers it (first <= k < first + n). */
WLAW_API WLAW_NODISCARD wlaw_status wlaw_law_draw(const wlaw_law *law, double *out, size_t n, size_t rows, size_t cols,
                                                  uint64_t seed, uint64_t first, wlaw_error *err);
/* The law written out in full, with every default filled in. Two-call. */
WLAW_API WLAW_NODISCARD wlaw_status wlaw_law_text(const wlaw_law *law, char *out, size_t capacity, size_t *needed,
                                                  wlaw_error *err);

/* ---- 5. Tensors ---------------------------------------------------------------------------------------------- */

/* X(name, bytes per element, text) */
#define WLAW_DTYPE_LIST(X)                                                                                             \
  X(F16, 2, "f16")                                                                                                     \
  X(BF16, 2, "bf16")                                                                                                   \
  X(F32, 4, "f32")                                                                                                     \
  X(F64, 8, "f64")                                                                                                     \
  X(I8, 1, "i8")                                                                                                       \
  X(I16, 2, "i16")                                                                                                     \
  X(I32, 4, "i32")                                                                                                     \
  X(I64, 8, "i64")                                                                                                     \
  X(U8, 1, "u8")                                                                                                       \
  X(U16, 2, "u16")                                                                                                     \
  X(U32, 4, "u32")                                                                                                     \
  X(U64, 8, "u64")                                                                                                     \
  X(BOOL, 1, "bool")

typedef enum wlaw_dtype {
#define WLAW_DTYPE_ENUM(name, bytes, text) WLAW_##name,
  WLAW_DTYPE_LIST(WLAW_DTYPE_ENUM)
#undef WLAW_DTYPE_ENUM
      WLAW_DTYPE_COUNT
} wlaw_dtype;

enum { WLAW_MAX_RANK = 32 };

/* An open tensor file: .safetensors (one file, or the .safetensors.index.json of several), .gguf, .onnx, .pt and .pth,
 * .h5 and .keras, .npy, .npz, or IDX (gzipped or plain); told by content, .onnx and the index by their endings. Caller
 * closes. */
typedef struct wlaw_tensors wlaw_tensors;
WLAW_API WLAW_NODISCARD wlaw_status wlaw_tensors_open(wlaw_tensors **out, const char *path, wlaw_error *err);
WLAW_API void wlaw_tensors_close(wlaw_tensors *tensors); /* NULL allowed */
WLAW_API const char *wlaw_tensors_format(const wlaw_tensors *tensors);
WLAW_API size_t wlaw_tensors_count(const wlaw_tensors *tensors);
/* Tensor i. Name: untrusted text as stored, "" in .npy and IDX files. Shape: rank numbers, first index slowest. Note:
 * "" or why the tensor is listed but cannot be read (its dtype is then WLAW_DTYPE_COUNT). Indices past the end give "",
 * 0 or WLAW_DTYPE_COUNT. */
WLAW_API const char *wlaw_tensors_name(const wlaw_tensors *tensors, size_t i);
WLAW_API wlaw_dtype wlaw_tensors_dtype(const wlaw_tensors *tensors, size_t i);
/* How tensor i is stored: the text of its dtype ("bf16"), or the name of the encoding it is unpacked from ("q4_K"). */
WLAW_API const char *wlaw_tensors_encoding(const wlaw_tensors *tensors, size_t i);
WLAW_API size_t wlaw_tensors_rank(const wlaw_tensors *tensors, size_t i);
WLAW_API const uint64_t *wlaw_tensors_shape(const wlaw_tensors *tensors, size_t i);
WLAW_API const char *wlaw_tensors_note(const wlaw_tensors *tensors, size_t i);
/* Elements [first, first + count) in row-major order, as double. Reads blocks: resident memory stays small. */
WLAW_API WLAW_NODISCARD wlaw_status wlaw_tensors_read(wlaw_tensors *tensors, size_t i, uint64_t first, size_t count,
                                                      double *out, wlaw_error *err);
/* The stored bytes of tensor i without a copy, where the file holds them plain, native-endian and row-major; valid
 * until close, not aligned to the element size in every file. WLAW_UNSUPPORTED otherwise. If another program shortens
 * the file meanwhile, access may fault: that is the price of zero-copy, and the reason why every verb of the library
 * reads with wlaw_tensors_read. */
WLAW_API WLAW_NODISCARD wlaw_status wlaw_tensors_map(wlaw_tensors *tensors, size_t i, const void **bytes,
                                                     size_t *n_bytes, wlaw_error *err);

/* "0.1.0" */
WLAW_API const char *wlaw_version(void);
/* Version, compiler, BLAS build and core, instruction set and optional parts in use, one `name: value` a line.
 * Two-call. */
WLAW_API WLAW_NODISCARD wlaw_status wlaw_build_info(char *out, size_t capacity, size_t *needed, wlaw_error *err);

#ifdef __cplusplus
}
#endif
#endif
