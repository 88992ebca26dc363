#include "study/tensor_role.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"

/* How outputs lie where that differs from [outputs, inputs]. A Conv1D of GPT-2 is stored [inputs, outputs], while other
 * programs use the same names for linear layers: the shape tells, where it is not square. */
typedef enum storage { PLAIN, CONV1D_EXPANDS, CONV1D_CONTRACTS, CONV1D_SQUARE } storage;

typedef struct name_rule {
  const char *pattern; /* of the last components of a name in lower case, without "weight"; ^: of the whole name; * and
                          ? stay inside a component */
  tensor_kind kind;
  const char *family;
  fused_layout fused;
  storage storage;
} name_rule;

/* The first that fits decides: what only looks like a projection (adapters, biases, masks, routers) stands before the
 * projections, and special names before general ones. */
#define NAME(pattern, kind, family)                                                                                    \
  { pattern, TENSOR_##kind, family, FUSED_NONE, PLAIN }
#define PARTS(pattern, kind, family, layout)                                                                           \
  { pattern, TENSOR_##kind, family, layout, PLAIN }
static const name_rule rules[] = {
    /* low-rank adapters: PEFT, kohya, diffusers, GGUF */
    NAME("lora_a", LORA_A, "lora"),
    NAME("lora_a.*", LORA_A, "lora"),
    NAME("lora_b", LORA_B, "lora"),
    NAME("lora_b.*", LORA_B, "lora"),
    NAME("lora_embedding_a", LORA_A, "lora"),
    NAME("lora_embedding_a.*", LORA_A, "lora"),
    NAME("lora_embedding_b", LORA_B, "lora"),
    NAME("lora_embedding_b.*", LORA_B, "lora"),
    NAME("lora_down", LORA_A, "lora"),
    NAME("lora_up", LORA_B, "lora"),
    NAME("lora.down", LORA_A, "lora"),
    NAME("lora.up", LORA_B, "lora"),
    NAME("lora_linear_layer.down", LORA_A, "lora"),
    NAME("lora_linear_layer.up", LORA_B, "lora"),
    /* what is no weight: counters, tables, masks, scales of packed weights */
    NAME("num_batches_tracked", BUFFER, "batch-norm"),
    NAME("running_mean", BUFFER, "batch-norm"),
    NAME("running_var", BUFFER, "batch-norm"),
    NAME("moving_mean", BUFFER, "batch-norm"),
    NAME("moving_variance", BUFFER, "batch-norm"),
    NAME("node_variance", BUFFER, "weightlaw"), /* of a run: drawn by train, not trained */
    NAME("*inv_freq", BUFFER, "rotary"),
    NAME("rope_freqs", BUFFER, "rotary"),
    NAME("rope_factors_*", BUFFER, "rotary"),
    NAME("freq_cis_*", BUFFER, "rotary"),
    NAME("freqs_cis", BUFFER, "rotary"),
    NAME("cos_cached", BUFFER, "rotary"),
    NAME("sin_cached", BUFFER, "rotary"),
    NAME("position_ids", BUFFER, "position"),
    NAME("token_type_ids", BUFFER, "position"),
    NAME("relative_position_index", BUFFER, "position"),
    NAME("relative_coords_table", BUFFER, "position"),
    NAME("*avgimg", BUFFER, "onnx"),
    NAME("masked_bias", BUFFER, "mask"),
    NAME("*attn_mask", BUFFER, "mask"),
    NAME("causal_mask", BUFFER, "mask"),
    NAME("qweight", BUFFER, "packed"),
    NAME("qzeros", BUFFER, "packed"),
    NAME("scales", BUFFER, "packed"),
    NAME("g_idx", BUFFER, "packed"),
    NAME("scb", BUFFER, "packed"),
    NAME("*absmax", BUFFER, "packed"),
    NAME("*quant_map", BUFFER, "packed"),
    NAME("quant_state.*", BUFFER, "packed"),
    NAME("weight_scale*", BUFFER, "packed"),
    NAME("input_scale", BUFFER, "packed"),
    NAME("relative_attention_bias", EMBED, "t5"), /* a table, no bias */
    /* biases (of rank 3 and more: masks), and the scales of norms */
    NAME("bias", BIAS, "bias"),
    NAME("*_bias", BIAS, "bias"),
    NAME("bias_?h_l*", BIAS, "bias"),
    NAME("beta", BIAS, "bias"),
    NAME("*_add_b", BIAS, "bias"),
    NAME("bias", BUFFER, "mask"),
    NAME("*norm*", NORM, "norm"),
    NAME("*norm*.gamma", NORM, "norm"),
    NAME("*norm*.scale", NORM, "norm"),
    NAME("ln_*", NORM, "norm"),
    NAME("ln?", NORM, "norm"),
    NAME("ln", NORM, "norm"),
    NAME("*_ln", NORM, "norm"),
    NAME("bn", NORM, "norm"),
    NAME("bn?", NORM, "norm"),
    NAME("*_bn", NORM, "norm"),
    /* embeddings and heads */
    NAME("embed_out", HEAD, "gpt-neox"),
    NAME("lm_head", HEAD, "llama"),
    NAME("^output", HEAD, "llama"),
    NAME("output_layer", HEAD, "chatglm"),
    NAME("^transformer.ff_out", HEAD, "olmo-1"),
    NAME("^model.transformer.ff_out", HEAD, "olmo-1"),
    NAME("cls.predictions.decoder", HEAD, "bert"),
    NAME("cls.seq_relationship", HEAD, "bert"),
    NAME("lm_head.decoder", HEAD, "bert"),
    NAME("classifier", HEAD, "bert"),
    NAME("classifier.out_proj", HEAD, "bert"),
    NAME("score", HEAD, "llama"),
    NAME("qa_outputs", HEAD, "bert"),
    NAME("head", HEAD, "vit"),
    NAME("head.fc", HEAD, "vit"),
    NAME("relative_position_bias_table", EMBED, "vit"),
    NAME("*embedding*", EMBED, "embedding"),
    NAME("*embd", EMBED, "gguf"),
    NAME("token_types", EMBED, "gguf"),
    NAME("embed_*", EMBED, "llama"),
    NAME("*pos_embed*", EMBED, "vit"),
    NAME("???_token", EMBED, "vit"),
    NAME("????_token*", EMBED, "vit"),
    NAME("register_tokens", EMBED, "vit"),
    NAME("wte", EMBED, "gpt-2"),
    NAME("wpe", EMBED, "gpt-2"),
    NAME("^shared", EMBED, "t5"),
    /* routers of experts, before the gates of feed-forward layers */
    NAME("block_sparse_moe.gate", ROUTER, "mixtral"),
    NAME("mlp.gate", ROUTER, "deepseek"),
    NAME("feed_forward.gate", ROUTER, "mixtral"),
    NAME("ffn.gate", ROUTER, "deepseek"),
    NAME("gate.wg", ROUTER, "mixtral"),
    NAME("shared_expert_gate", ROUTER, "qwen-moe"),
    NAME("*router", ROUTER, "router"),
    NAME("router.*", ROUTER, "router"),
    NAME("ffn_gate_inp*", ROUTER, "gguf"),
    /* GGUF: attention, then feed-forward, stacked experts (_exps) and shared ones (_shexp) */
    NAME("blk.*.attn_q", Q, "gguf"),
    NAME("blk.*.attn_k", K, "gguf"),
    NAME("blk.*.attn_v", V, "gguf"),
    NAME("blk.*.attn_output", O, "gguf"),
    PARTS("blk.*.attn_qkv", QKV, "gguf", FUSED_CONCATENATED),
    NAME("blk.*.attn_*", OTHER, "gguf"),
    PARTS("blk.*.ffn_gate_up_exps", GATE_UP, "gguf", FUSED_CONCATENATED),
    NAME("blk.*.ffn_gate*", GATE, "gguf"),
    NAME("blk.*.ffn_up*", UP, "gguf"),
    NAME("blk.*.ffn_down*", DOWN, "gguf"),
    NAME("blk.*.ffn_gate.*", GATE, "gguf"),
    NAME("blk.*.ffn_up.*", UP, "gguf"),
    NAME("blk.*.ffn_down.*", DOWN, "gguf"),
    /* fused attention */
    PARTS("encoder.layers.*.self_attention.query_key_value", QKV, "chatglm", FUSED_CONCATENATED),
    PARTS("h.*.self_attention.query_key_value", QKV, "bloom", FUSED_PER_HEAD),
    PARTS("query_key_value", QKV, "gpt-neox", FUSED_PER_HEAD),
    PARTS("attention.wqkv", QKV, "internlm2", FUSED_PER_HEAD),
    {"c_attn", TENSOR_QKV, "gpt-2", FUSED_CONCATENATED, CONV1D_EXPANDS},
    PARTS("att_proj", QKV, "olmo-1", FUSED_CONCATENATED),
    PARTS("qkv_proj", QKV, "phi-3", FUSED_CONCATENATED),
    PARTS("wqkv", QKV, "mpt", FUSED_CONCATENATED),
    PARTS("qkv", QKV, "vit", FUSED_CONCATENATED),
    PARTS("in_proj_weight", QKV, "pytorch", FUSED_CONCATENATED),
    /* low-rank factors of DeepSeek's latent attention: neither q nor k nor v alone */
    NAME("q_?_proj", OTHER, "deepseek"),
    NAME("kv_b_proj", OTHER, "deepseek"),
    NAME("kv_a_proj_with_mqa", OTHER, "deepseek"),
    /* separate attention */
    NAME("q_proj", Q, "llama"),
    NAME("k_proj", K, "llama"),
    NAME("v_proj", V, "llama"),
    NAME("o_proj", O, "llama"),
    NAME("*attn*.out_proj", O, "opt"),
    NAME("attention.out_proj", O, "opt"),
    NAME("wq", Q, "llama"),
    NAME("wk", K, "llama"),
    NAME("wv", V, "llama"),
    NAME("attention.wo", O, "llama"),
    NAME("^wo", O, "llama"),
    NAME("attn_out", O, "olmo-1"),
    {"*attn*.c_proj", TENSOR_O, "gpt-2", FUSED_NONE, CONV1D_SQUARE},
    NAME("attention.dense", O, "gpt-neox"),
    NAME("self_attention.dense", O, "bloom"),
    NAME("self_attn.dense", O, "phi-2"),
    NAME("*attn*.proj", O, "vit"),
    NAME("self.query", Q, "bert"),
    NAME("self.key", K, "bert"),
    NAME("self.value", V, "bert"),
    NAME("attention.query", Q, "bert"),
    NAME("attention.key", K, "bert"),
    NAME("attention.value", V, "bert"),
    NAME("attention.output.dense", O, "bert"),
    NAME("crossattention.output.dense", O, "bert"),
    NAME("q_lin", Q, "distilbert"),
    NAME("k_lin", K, "distilbert"),
    NAME("v_lin", V, "distilbert"),
    NAME("attention.out_lin", O, "distilbert"),
    NAME("*attention.q", Q, "t5"),
    NAME("*attention.k", K, "t5"),
    NAME("*attention.v", V, "t5"),
    NAME("*attention.o", O, "t5"),
    NAME("to_q", Q, "diffusers"),
    NAME("to_k", K, "diffusers"),
    NAME("to_v", V, "diffusers"),
    NAME("to_out.0", O, "diffusers"),
    /* feed-forward, of experts too */
    PARTS("gate_up_proj", GATE_UP, "phi-3", FUSED_CONCATENATED),
    PARTS("ff_proj", GATE_UP, "olmo-1", FUSED_UP_GATE),
    PARTS("block_sparse_moe.input_linear", GATE_UP, "granite", FUSED_CONCATENATED),
    NAME("block_sparse_moe.output_linear", DOWN, "granite"),
    PARTS("encoder.layers.*.mlp.dense_h_to_4h", GATE_UP, "chatglm", FUSED_CONCATENATED),
    NAME("gate_proj", GATE, "llama"),
    NAME("up_proj", UP, "llama"),
    NAME("down_proj", DOWN, "llama"),
    NAME("ff_out", DOWN, "olmo-1"),
    NAME("dense_h_to_4h", UP, "gpt-neox"),
    NAME("dense_4h_to_h", DOWN, "gpt-neox"),
    {"mlp.c_fc", TENSOR_UP, "gpt-2", FUSED_NONE, CONV1D_EXPANDS},
    {"mlp.c_proj", TENSOR_DOWN, "gpt-2", FUSED_NONE, CONV1D_CONTRACTS},
    NAME("experts.*.w1", GATE, "mixtral"),
    NAME("experts.*.w2", DOWN, "mixtral"),
    NAME("experts.*.w3", UP, "mixtral"),
    NAME("experts.mlp.v1", UP, "dbrx"),
    NAME("feed_forward.w1", GATE, "llama"),
    NAME("feed_forward.w2", DOWN, "llama"),
    NAME("feed_forward.w3", UP, "llama"),
    NAME("^w1", GATE, "llama"),
    NAME("^w2", DOWN, "llama"),
    NAME("^w3", UP, "llama"),
    NAME("mlp.w1", UP, "qwen-1"),
    NAME("mlp.w2", GATE, "qwen-1"),
    NAME("intermediate.dense", UP, "bert"),
    NAME("output.dense", DOWN, "bert"),
    NAME("ffn.lin1", UP, "distilbert"),
    NAME("ffn.lin2", DOWN, "distilbert"),
    NAME("densereludense.wi", UP, "t5"),
    NAME("densereludense.wi_0", GATE, "t5"),
    NAME("densereludense.wi_1", UP, "t5"),
    NAME("densereludense.wo", DOWN, "t5"),
    NAME("mlp.fc1", UP, "vit"),
    NAME("mlp.fc2", DOWN, "vit"),
    NAME("mlp.fc_in", UP, "gpt-j"),
    NAME("mlp.fc_out", DOWN, "gpt-j"),
    NAME("layers.*.fc1", UP, "opt"),
    NAME("layers.*.fc2", DOWN, "opt"),
    NAME("layers.*.linear1", UP, "pytorch"),
    NAME("layers.*.linear2", DOWN, "pytorch"),
    NAME("experts.*", EXPERT, "experts"),
    NAME("experts.*.*", EXPERT, "experts"),
    NAME("a_log", OTHER, "mamba"),
};

static const char *const kind_texts[] = {
#define TENSOR_KIND_TEXT(name, text) text,
    TENSOR_KIND_LIST(TENSOR_KIND_TEXT)
#undef TENSOR_KIND_TEXT
};

const char *wlaw_tensor_kind_text(tensor_kind kind) {
  return (unsigned)kind < TENSOR_KIND_COUNT ? kind_texts[kind] : "?";
}

enum { LONGEST_NAME = 512 };

/* The name in lower case with points between components and without the wrappers that say nothing of the role. */
static void normalise(char *out, const char *name) {
  size_t n = 0;
  for (; *name; name++) out[n++] = *name == '/' ? '.' : (char)tolower((unsigned char)*name);
  if (n > 2 && out[n - 2] == ':' && isdigit((unsigned char)out[n - 1])) n -= 2; /* TensorFlow's kernel:0 */
  out[n] = '\0';
  static const char *const silent[] = {"_orig_mod.", "base_layer."};
  for (size_t i = 0; i < sizeof silent / sizeof *silent; i++) {
    const size_t length = strlen(silent[i]);
    for (char *at; (at = strstr(out, silent[i]));) memmove(at, at + length, strlen(at + length) + 1);
  }
}

static char *last_component(char *text) {
  char *point = strrchr(text, '.');
  return point ? point + 1 : text;
}

static bool is_one_of(const char *text, size_t n, const char *const *words, size_t n_words) {
  for (size_t i = 0; i < n_words; i++) {
    if (strlen(words[i]) == n && memcmp(text, words[i], n) == 0) return true;
  }
  return false;
}
#define IS_ONE_OF(text, n, words) is_one_of(text, n, words, sizeof(words) / sizeof *(words))

/* A number of up to 9 digits that fills text[0, n), or -1. */
static int64_t whole_number(const char *text, size_t n) {
  if (n == 0 || n > 9) return -1;
  int64_t value = 0;
  for (size_t i = 0; i < n; i++) {
    if (!isdigit((unsigned char)text[i])) return -1;
    value = 10 * value + (text[i] - '0');
  }
  return value;
}

/* "layer2", "fc1", "dense_3": the number, or -1. */
static int64_t numbered_word(const char *text, size_t n) {
  static const char *const words[] = {"layer", "fc", "conv", "block", "linear", "dense", "hidden", "lin", "norm", "bn"};
  size_t digits = 0;
  while (digits < n && isdigit((unsigned char)text[n - 1 - digits])) digits++;
  size_t letters = n - digits;
  if (letters > 0 && text[letters - 1] == '_') letters--;
  return IS_ONE_OF(text, letters, words) ? whole_number(text + n - digits, digits) : -1;
}

/* The first number in the name is the layer's, one after "experts" the expert's. */
static void find_numbers(tensor_role *role, const char *text) {
  static const char *const experts[] = {"experts", "expert", "ffn_gate", "ffn_up", "ffn_down"};
  bool after_experts = false;
  for (size_t n; *text; text += n + (text[n] == '.')) {
    n = strcspn(text, ".");
    const int64_t number = whole_number(text, n);
    if (number >= 0 && after_experts) role->expert = number;
    else if (role->block < 0) role->block = number >= 0 ? number : numbered_word(text, n);
    after_experts = IS_ONE_OF(text, n, experts);
  }
}

static bool fits(const char *pattern, const char *text) {
  if (pattern[0] == '^') return wlaw_text_matches(pattern + 1, text, '.');
  for (const char *from = text;; from++) {
    if (wlaw_text_matches(pattern, from, '.')) return true;
    from = strchr(from, '.');
    if (!from) return false;
  }
}

/* Whether a tensor of this rank can be of the kind: a rule for matrices says nothing of vectors, and four dimensions
 * are a convolution, whatever it embeds or projects. */
static bool rank_allows(tensor_kind kind, size_t rank) {
  switch (kind) {
    case TENSOR_BUFFER:
    case TENSOR_LORA_A:
    case TENSOR_LORA_B: return true;
    case TENSOR_BIAS:
    case TENSOR_NORM: return rank <= 2;
    case TENSOR_EMBED:
    case TENSOR_ROUTER: return rank >= 1 && rank <= 3;
    default: return rank >= 2 && rank <= 3;
  }
}

/* TensorFlow, Keras, Flax and the matrices of ONNX's MatMul put the inputs first. */
static bool inputs_come_first(const char *text) {
  static const char *const patterns[] = {"kernel", "vars.?", "onnx::matmul_*", "*_matmul_w"};
  for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
    if (fits(patterns[i], text)) return true;
  }
  return false;
}

static bool is_transposed(storage stored, bool inputs_first, size_t rank, const uint64_t *shape) {
  switch (stored) {
    case CONV1D_EXPANDS: return rank == 2 && shape[1] > shape[0];
    case CONV1D_CONTRACTS: return rank == 2 && shape[0] > shape[1];
    case CONV1D_SQUARE: return rank == 2;
    default: return inputs_first && rank >= 2;
  }
}

static void tell_by_shape(tensor_role *role, const char *text, bool weight, size_t rank) {
  const bool convolution = rank >= 4 || (rank == 3 && strstr(text, "conv"));
  role->kind = convolution ? TENSOR_CONV : rank >= 2 ? TENSOR_DENSE : rank == 1 && weight ? TENSOR_NORM : TENSOR_OTHER;
  role->family = "shape";
}

tensor_role wlaw_tensor_role(const char *name, size_t rank, const uint64_t *shape) {
  static const char *const endings[] = {"weight", "kernel"};
  tensor_role role = {.kind = TENSOR_OTHER, .block = -1, .expert = -1};
  char text[LONGEST_NAME] = "";
  if (strlen(name) < LONGEST_NAME) normalise(text, name);
  find_numbers(&role, text);
  const bool inputs_first = inputs_come_first(text);
  char *last = last_component(text);
  const bool weight = IS_ONE_OF(last, strlen(last), endings);
  if (weight) *(last > text ? last - 1 : last) = '\0';

  for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
    if (!rank_allows(rules[i].kind, rank) || !fits(rules[i].pattern, text)) continue;
    role.kind = rules[i].kind;
    role.family = rules[i].family;
    role.fused = rules[i].fused;
    role.transposed = is_transposed(rules[i].storage, inputs_first, rank, shape);
    return role;
  }
  tell_by_shape(&role, text, weight, rank);
  role.transposed = is_transposed(PLAIN, inputs_first, rank, shape);
  return role;
}
