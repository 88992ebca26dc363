/* What a tensor of a checkpoint is, told by its name. One table; unit-tested against real name lists. */
#ifndef WLAW_STUDY_TENSOR_ROLE_H
#define WLAW_STUDY_TENSOR_ROLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* X(name, text) */
#define TENSOR_KIND_LIST(X)                                                                                            \
  X(Q, "q")                                                                                                            \
  X(K, "k")                                                                                                            \
  X(V, "v")                                                                                                            \
  X(O, "o")                                                                                                            \
  X(QKV, "qkv")                                                                                                        \
  X(GATE, "gate")                                                                                                      \
  X(UP, "up")                                                                                                          \
  X(DOWN, "down")                                                                                                      \
  X(GATE_UP, "gate-up")                                                                                                \
  X(ROUTER, "router")                                                                                                  \
  X(EXPERT, "expert")                                                                                                  \
  X(EMBED, "embed")                                                                                                    \
  X(HEAD, "head")                                                                                                      \
  X(NORM, "norm")                                                                                                      \
  X(BIAS, "bias")                                                                                                      \
  X(CONV, "conv")                                                                                                      \
  X(LORA_A, "lora-a")                                                                                                  \
  X(LORA_B, "lora-b")                                                                                                  \
  X(LORA, "lora")                                                                                                      \
  X(DENSE, "dense")                                                                                                    \
  X(BUFFER, "buffer")                                                                                                  \
  X(OTHER, "other")

typedef enum tensor_kind {
#define TENSOR_KIND_ENUM(name, text) TENSOR_##name,
  TENSOR_KIND_LIST(TENSOR_KIND_ENUM)
#undef TENSOR_KIND_ENUM
      TENSOR_KIND_COUNT
} tensor_kind;

const char *wlaw_tensor_kind_text(tensor_kind kind);

/* How the parts of a fused tensor lie along its outputs. */
typedef enum fused_layout {
  FUSED_NONE,
  FUSED_CONCATENATED, /* q, then k, then v (LLaMA-style, GPT-2, ViT); gate, then up */
  FUSED_UP_GATE,      /* up, then gate (OLMo-1) */
  FUSED_PER_HEAD      /* for each key-value head: its query heads, its key, its value (GPT-NeoX, BLOOM, Falcon) */
} fused_layout;

typedef struct tensor_role {
  /* q .. down also of experts, alone or stacked [experts, out, in]; expert: their part is not told */
  tensor_kind kind;
  int64_t block;  /* number of the layer; -1: none in the name */
  int64_t expert; /* -1: none */
  fused_layout fused;
  bool transposed;    /* stored [in, out], as GPT-2's Conv1D: rows and columns change places in what is reported */
  const char *family; /* the rule that matched: "llama", "gpt-neox", ...; a constant */
} tensor_role;

/* rank 0 .. 32, shape: [rank]. A name of 512 bytes or more is told by its shape alone. */
tensor_role wlaw_tensor_role(const char *name, size_t rank, const uint64_t *shape);

#endif
