/* Names as real checkpoints have them, and what they are. */
#include "support/test.h"

#include "study/tensor_role.h"

typedef struct expected_role {
  const char *name;
  size_t rank;
  uint64_t shape[5];
  tensor_kind kind;
  int block, expert;
  fused_layout fused;
  bool transposed;
} expected_role;

#define IS(name, kind, block, ...)                                                                                     \
  { name, SHAPE(__VA_ARGS__), TENSOR_##kind, block, -1, FUSED_NONE, false }
#define OF_EXPERT(name, kind, block, expert, ...)                                                                      \
  { name, SHAPE(__VA_ARGS__), TENSOR_##kind, block, expert, FUSED_NONE, false }
#define FUSED(name, kind, block, layout, transposed, ...)                                                              \
  { name, SHAPE(__VA_ARGS__), TENSOR_##kind, block, -1, layout, transposed }
#define TURNED(name, kind, block, ...)                                                                                 \
  { name, SHAPE(__VA_ARGS__), TENSOR_##kind, block, -1, FUSED_NONE, true }
#define SHAPE(...)                                                                                                     \
  sizeof((uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t), { __VA_ARGS__ }

static void check(const expected_role *list, size_t n) {
  size_t wrong = 0;
  for (size_t i = 0; i < n; i++) {
    const expected_role *want = &list[i];
    const tensor_role got = wlaw_tensor_role(want->name, want->rank, want->shape);
    if (got.kind == want->kind && got.block == want->block && got.expert == want->expert && got.fused == want->fused &&
        got.transposed == want->transposed && got.family)
      continue;
    wrong++;
    print_message("%s: %s, block %d, expert %d, layout %d%s by %s; expected %s, block %d, expert %d, layout %d%s\n",
                  want->name, wlaw_tensor_kind_text(got.kind), (int)got.block, (int)got.expert, (int)got.fused,
                  got.transposed ? " transposed" : "", got.family ? got.family : "no rule",
                  wlaw_tensor_kind_text(want->kind), want->block, want->expert, (int)want->fused,
                  want->transposed ? " transposed" : "");
  }
  if (wrong) fail_msg("%zu of %zu names", wrong, n);
}
#define CHECK(list) check(list, sizeof(list) / sizeof *(list))

static void llama_mistral_qwen_gemma(void **state) {
  (void)state;
  static const expected_role list[] = {
      IS("model.embed_tokens.weight", EMBED, -1, 128256, 4096),
      IS("model.layers.0.self_attn.q_proj.weight", Q, 0, 4096, 4096),
      IS("model.layers.11.self_attn.k_proj.weight", K, 11, 1024, 4096),
      IS("model.layers.0.self_attn.v_proj.weight", V, 0, 1024, 4096),
      IS("model.layers.0.self_attn.o_proj.weight", O, 0, 4096, 4096),
      IS("model.layers.31.mlp.gate_proj.weight", GATE, 31, 14336, 4096),
      IS("model.layers.0.mlp.up_proj.weight", UP, 0, 14336, 4096),
      IS("model.layers.0.mlp.down_proj.weight", DOWN, 0, 4096, 14336),
      IS("model.layers.0.input_layernorm.weight", NORM, 0, 4096),
      IS("model.layers.0.post_attention_layernorm.weight", NORM, 0, 4096),
      IS("model.layers.0.pre_feedforward_layernorm.weight", NORM, 0, 4096),
      IS("model.layers.0.self_attn.rotary_emb.inv_freq", BUFFER, 0, 64),
      IS("model.norm.weight", NORM, -1, 4096),
      IS("lm_head.weight", HEAD, -1, 128256, 4096),
      /* Qwen 2 has biases, Qwen 3 norms of queries and keys */
      IS("model.layers.5.self_attn.q_proj.bias", BIAS, 5, 3584),
      IS("model.layers.5.self_attn.q_norm.weight", NORM, 5, 128),
      IS("model.layers.5.self_attn.k_norm.weight", NORM, 5, 128),
      IS("score.weight", HEAD, -1, 2, 4096),
      IS("model.language_model.layers.3.self_attn.q_proj.weight", Q, 3, 4096, 4096),
      /* the wrappers of torch.compile and of distributed training */
      IS("_orig_mod.model.layers.2.mlp.up_proj.weight", UP, 2, 14336, 4096),
      IS("module.model.layers.2.mlp.up_proj.weight", UP, 2, 14336, 4096),
      /* the original names */
      IS("tok_embeddings.weight", EMBED, -1, 32000, 4096),
      IS("layers.0.attention.wq.weight", Q, 0, 4096, 4096),
      IS("layers.0.attention.wk.weight", K, 0, 4096, 4096),
      IS("layers.0.attention.wv.weight", V, 0, 4096, 4096),
      IS("layers.0.attention.wo.weight", O, 0, 4096, 4096),
      IS("layers.0.feed_forward.w1.weight", GATE, 0, 11008, 4096),
      IS("layers.0.feed_forward.w2.weight", DOWN, 0, 4096, 11008),
      IS("layers.0.feed_forward.w3.weight", UP, 0, 11008, 4096),
      IS("layers.0.attention_norm.weight", NORM, 0, 4096),
      IS("layers.0.ffn_norm.weight", NORM, 0, 4096),
      IS("norm.weight", NORM, -1, 4096),
      IS("output.weight", HEAD, -1, 32000, 4096),
      IS("rope.freqs", OTHER, -1, 64),
      /* llama2.c stacks its layers */
      IS("wq", Q, -1, 5, 64, 64),
      IS("wo", O, -1, 5, 64, 64),
      IS("w1", GATE, -1, 5, 172, 64),
      IS("w2", DOWN, -1, 5, 64, 172),
      IS("w3", UP, -1, 5, 172, 64),
      IS("attention_norm.weight", NORM, -1, 5, 64),
      IS("freq_cis_real", BUFFER, -1, 512, 4),
  };
  CHECK(list);
}

static void olmo(void **state) {
  (void)state;
  static const expected_role list[] = {
      IS("model.transformer.wte.weight", EMBED, -1, 50304, 4096),
      FUSED("model.transformer.blocks.0.att_proj.weight", QKV, 0, FUSED_CONCATENATED, false, 12288, 4096),
      IS("model.transformer.blocks.0.attn_out.weight", O, 0, 4096, 4096),
      FUSED("model.transformer.blocks.7.ff_proj.weight", GATE_UP, 7, FUSED_UP_GATE, false, 22016, 4096),
      IS("model.transformer.blocks.7.ff_out.weight", DOWN, 7, 4096, 11008),
      IS("model.transformer.ff_out.weight", HEAD, -1, 50304, 4096),
      IS("model.layers.0.self_attn.q_proj.weight", Q, 0, 4096, 4096),
      IS("model.layers.0.self_attn.q_norm.weight", NORM, 0, 4096),
      IS("model.layers.0.post_feedforward_layernorm.weight", NORM, 0, 4096),
  };
  CHECK(list);
}

static void neox_bloom_falcon(void **state) {
  (void)state;
  static const expected_role list[] = {
      IS("gpt_neox.embed_in.weight", EMBED, -1, 50304, 512),
      FUSED("gpt_neox.layers.0.attention.query_key_value.weight", QKV, 0, FUSED_PER_HEAD, false, 1536, 512),
      IS("gpt_neox.layers.0.attention.query_key_value.bias", BIAS, 0, 1536),
      IS("gpt_neox.layers.0.attention.dense.weight", O, 0, 512, 512),
      IS("gpt_neox.layers.0.attention.dense.bias", BIAS, 0, 512),
      IS("gpt_neox.layers.0.attention.rotary_emb.inv_freq", BUFFER, 0, 8),
      IS("gpt_neox.layers.0.attention.bias", BUFFER, 0, 1, 1, 2048, 2048),
      IS("gpt_neox.layers.0.attention.masked_bias", BUFFER, 0, 1),
      IS("gpt_neox.layers.3.mlp.dense_h_to_4h.weight", UP, 3, 2048, 512),
      IS("gpt_neox.layers.3.mlp.dense_4h_to_h.weight", DOWN, 3, 512, 2048),
      IS("gpt_neox.layers.0.input_layernorm.weight", NORM, 0, 512),
      IS("gpt_neox.final_layer_norm.weight", NORM, -1, 512),
      IS("embed_out.weight", HEAD, -1, 50304, 512),
      IS("word_embeddings.weight", EMBED, -1, 250880, 1024),
      IS("word_embeddings_layernorm.weight", NORM, -1, 1024),
      FUSED("h.4.self_attention.query_key_value.weight", QKV, 4, FUSED_PER_HEAD, false, 3072, 1024),
      IS("h.4.self_attention.dense.weight", O, 4, 1024, 1024),
      IS("h.4.mlp.dense_h_to_4h.weight", UP, 4, 4096, 1024),
      IS("ln_f.weight", NORM, -1, 1024),
      FUSED("transformer.h.0.self_attention.query_key_value.weight", QKV, 0, FUSED_PER_HEAD, false, 4672, 4544),
      IS("transformer.h.0.ln_attn.weight", NORM, 0, 8192),
      /* ChatGLM has the same names, and another order */
      FUSED("transformer.encoder.layers.1.self_attention.query_key_value.weight", QKV, 1, FUSED_CONCATENATED, false,
            4608, 4096),
      FUSED("transformer.encoder.layers.1.mlp.dense_h_to_4h.weight", GATE_UP, 1, FUSED_CONCATENATED, false, 27392,
            4096),
      IS("transformer.encoder.layers.1.mlp.dense_4h_to_h.weight", DOWN, 1, 4096, 13696),
      IS("transformer.output_layer.weight", HEAD, -1, 65024, 4096),
  };
  CHECK(list);
}

static void gpt_2(void **state) {
  (void)state;
  static const expected_role list[] = {
      IS("wte.weight", EMBED, -1, 50257, 768),
      IS("transformer.wpe.weight", EMBED, -1, 1024, 768),
      FUSED("h.0.attn.c_attn.weight", QKV, 0, FUSED_CONCATENATED, true, 768, 2304),
      IS("h.0.attn.c_attn.bias", BIAS, 0, 2304),
      TURNED("h.0.attn.c_proj.weight", O, 0, 768, 768),
      IS("h.0.attn.bias", BUFFER, 0, 1, 1, 1024, 1024),
      TURNED("transformer.h.11.mlp.c_fc.weight", UP, 11, 768, 3072),
      TURNED("transformer.h.11.mlp.c_proj.weight", DOWN, 11, 3072, 768),
      IS("h.0.ln_1.weight", NORM, 0, 768),
      IS("h.0.ln_1.bias", BIAS, 0, 768),
      IS("transformer.ln_f.weight", NORM, -1, 768),
      /* the same names on linear layers: nanoGPT, StarCoder, Qwen 1 */
      FUSED("transformer.h.0.attn.c_attn.weight", QKV, 0, FUSED_CONCATENATED, false, 2304, 768),
      IS("transformer.h.0.mlp.c_fc.weight", UP, 0, 3072, 768),
      IS("transformer.h.0.mlp.c_proj.weight", DOWN, 0, 768, 3072),
      IS("transformer.h.0.mlp.w1.weight", UP, 0, 11008, 4096),
      IS("transformer.h.0.mlp.w2.weight", GATE, 0, 11008, 4096),
      IS("transformer.h.0.attn.q_proj.weight", Q, 0, 4096, 4096),
      IS("transformer.h.0.attn.out_proj.weight", O, 0, 4096, 4096),
      IS("transformer.h.0.mlp.fc_in.weight", UP, 0, 16384, 4096),
      IS("transformer.h.0.attn.attention.out_proj.weight", O, 0, 768, 768),
  };
  CHECK(list);
}

static void bert_t5_opt(void **state) {
  (void)state;
  static const expected_role list[] = {
      IS("bert.embeddings.word_embeddings.weight", EMBED, -1, 30522, 768),
      IS("bert.embeddings.position_embeddings.weight", EMBED, -1, 512, 768),
      IS("bert.embeddings.token_type_embeddings.weight", EMBED, -1, 2, 768),
      IS("bert.embeddings.position_ids", BUFFER, -1, 1, 512),
      IS("bert.embeddings.LayerNorm.gamma", NORM, -1, 768),
      IS("bert.embeddings.LayerNorm.beta", BIAS, -1, 768),
      IS("bert.encoder.layer.0.attention.self.query.weight", Q, 0, 768, 768),
      IS("bert.encoder.layer.0.attention.self.key.weight", K, 0, 768, 768),
      IS("bert.encoder.layer.0.attention.self.value.weight", V, 0, 768, 768),
      IS("bert.encoder.layer.0.attention.output.dense.weight", O, 0, 768, 768),
      IS("bert.encoder.layer.0.attention.output.LayerNorm.weight", NORM, 0, 768),
      IS("bert.encoder.layer.0.intermediate.dense.weight", UP, 0, 3072, 768),
      IS("bert.encoder.layer.0.output.dense.weight", DOWN, 0, 768, 3072),
      IS("bert.encoder.layer.0.output.dense.bias", BIAS, 0, 768),
      IS("bert.pooler.dense.weight", DENSE, -1, 768, 768),
      IS("cls.predictions.bias", BIAS, -1, 30522),
      IS("cls.predictions.transform.dense.weight", DENSE, -1, 768, 768),
      IS("cls.predictions.decoder.weight", HEAD, -1, 30522, 768),
      IS("classifier.weight", HEAD, -1, 2, 768),
      IS("distilbert.transformer.layer.0.attention.q_lin.weight", Q, 0, 768, 768),
      IS("distilbert.transformer.layer.0.attention.out_lin.weight", O, 0, 768, 768),
      IS("distilbert.transformer.layer.0.ffn.lin1.weight", UP, 0, 3072, 768),
      IS("shared.weight", EMBED, -1, 32128, 512),
      IS("encoder.block.0.layer.0.SelfAttention.q.weight", Q, 0, 512, 512),
      IS("encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight", EMBED, 0, 32, 8),
      IS("decoder.block.3.layer.1.EncDecAttention.o.weight", O, 3, 512, 512),
      IS("encoder.block.2.layer.1.DenseReluDense.wi_0.weight", GATE, 2, 1024, 512),
      IS("encoder.block.2.layer.1.DenseReluDense.wi_1.weight", UP, 2, 1024, 512),
      IS("encoder.block.2.layer.1.DenseReluDense.wo.weight", DOWN, 2, 512, 1024),
      IS("encoder.block.2.layer.1.layer_norm.weight", NORM, 2, 512),
      IS("model.decoder.embed_positions.weight", EMBED, -1, 2050, 768),
      IS("model.decoder.layers.4.self_attn.out_proj.weight", O, 4, 768, 768),
      IS("model.decoder.layers.4.fc1.weight", UP, 4, 3072, 768),
      IS("model.decoder.layers.4.fc2.weight", DOWN, 4, 768, 3072),
      IS("model.decoder.layers.4.encoder_attn.k_proj.weight", K, 4, 768, 768),
      FUSED("layers.0.self_attn.in_proj_weight", QKV, 0, FUSED_CONCATENATED, false, 1536, 512),
      IS("layers.0.self_attn.in_proj_bias", BIAS, 0, 1536),
      IS("layers.0.linear1.weight", UP, 0, 2048, 512),
  };
  CHECK(list);
}

static void phi_and_others(void **state) {
  (void)state;
  static const expected_role list[] = {
      FUSED("model.layers.0.self_attn.qkv_proj.weight", QKV, 0, FUSED_CONCATENATED, false, 9216, 3072),
      FUSED("model.layers.0.mlp.gate_up_proj.weight", GATE_UP, 0, FUSED_CONCATENATED, false, 16384, 3072),
      IS("model.layers.0.self_attn.dense.weight", O, 0, 2560, 2560),
      IS("model.layers.0.mlp.fc1.weight", UP, 0, 10240, 2560),
      IS("model.layers.0.self_attn.q_layernorm.weight", NORM, 0, 64),
      FUSED("transformer.blocks.0.attn.Wqkv.weight", QKV, 0, FUSED_CONCATENATED, false, 12288, 4096),
      IS("transformer.blocks.0.ffn.up_proj.weight", UP, 0, 16384, 4096),
      FUSED("model.layers.0.attention.wqkv.weight", QKV, 0, FUSED_PER_HEAD, false, 6144, 4096),
      IS("backbone.layers.0.mixer.A_log", OTHER, 0, 1536, 16),
      IS("backbone.layers.0.mixer.D", OTHER, 0, 1536),
      IS("backbone.layers.0.mixer.conv1d.weight", CONV, 0, 1536, 1, 4),
      IS("backbone.layers.0.mixer.in_proj.weight", DENSE, 0, 3072, 768),
  };
  CHECK(list);
}

static void experts_and_routers(void **state) {
  (void)state;
  static const expected_role list[] = {
      IS("model.layers.0.block_sparse_moe.gate.weight", ROUTER, 0, 8, 4096),
      OF_EXPERT("model.layers.0.block_sparse_moe.experts.3.w1.weight", GATE, 0, 3, 14336, 4096),
      OF_EXPERT("model.layers.0.block_sparse_moe.experts.3.w2.weight", DOWN, 0, 3, 4096, 14336),
      OF_EXPERT("model.layers.0.block_sparse_moe.experts.7.w3.weight", UP, 0, 7, 14336, 4096),
      IS("model.layers.4.mlp.gate.weight", ROUTER, 4, 64, 2048),
      IS("model.layers.4.mlp.gate.e_score_correction_bias", BIAS, 4, 256),
      OF_EXPERT("model.layers.4.mlp.experts.63.gate_proj.weight", GATE, 4, 63, 1408, 2048),
      OF_EXPERT("model.layers.4.mlp.experts.63.down_proj.weight", DOWN, 4, 63, 2048, 1408),
      IS("model.layers.4.mlp.shared_experts.gate_proj.weight", GATE, 4, 2816, 2048),
      IS("model.layers.4.mlp.shared_expert.up_proj.weight", UP, 4, 5632, 2048),
      IS("model.layers.4.mlp.shared_expert_gate.weight", ROUTER, 4, 1, 2048),
      IS("model.layers.4.self_attn.q_a_proj.weight", OTHER, 4, 1536, 5120),
      IS("model.layers.4.self_attn.q_a_layernorm.weight", NORM, 4, 1536),
      IS("model.layers.4.self_attn.kv_a_proj_with_mqa.weight", OTHER, 4, 576, 2048),
      IS("model.layers.4.self_attn.kv_b_proj.weight", OTHER, 4, 4096, 512),
      OF_EXPERT("model.layers.4.mlp.experts.3.up_proj.weight_scale_inv", BUFFER, 4, 3, 16, 40),
      IS("model.layers.0.mlp.router.weight", ROUTER, 0, 32, 2880),
      IS("model.layers.0.mlp.router.bias", BIAS, 0, 32),
      FUSED("model.layers.0.mlp.experts.gate_up_proj", GATE_UP, 0, FUSED_CONCATENATED, false, 32, 2880, 5760),
      IS("model.layers.0.mlp.experts.gate_up_proj_bias", BIAS, 0, 32, 5760),
      IS("model.layers.0.mlp.experts.down_proj", DOWN, 0, 32, 2880, 2880),
      IS("transformer.blocks.0.ffn.router.layer.weight", ROUTER, 0, 16, 6144),
      IS("transformer.blocks.0.ffn.experts.mlp.v1", UP, 0, 172032, 6144),
      IS("model.layers.0.feed_forward.router.weight", ROUTER, 0, 16, 5120),
      OF_EXPERT("encoder.block.1.layer.1.mlp.experts.5.fc.weight", EXPERT, 1, 5, 64, 64),
  };
  CHECK(list);
}

static void gguf(void **state) {
  (void)state;
  static const expected_role list[] = {
      IS("token_embd.weight", EMBED, -1, 32000, 4096),
      IS("blk.0.attn_q.weight", Q, 0, 4096, 4096),
      IS("blk.0.attn_k.weight", K, 0, 1024, 4096),
      IS("blk.0.attn_v.weight", V, 0, 1024, 4096),
      IS("blk.0.attn_output.weight", O, 0, 4096, 4096),
      IS("blk.0.attn_q.bias", BIAS, 0, 4096),
      IS("blk.0.attn_q_norm.weight", NORM, 0, 128),
      IS("blk.0.attn_norm.weight", NORM, 0, 4096),
      FUSED("blk.0.attn_qkv.weight", QKV, 0, FUSED_CONCATENATED, false, 9216, 3072),
      IS("blk.0.attn_kv_a_mqa.weight", OTHER, 0, 576, 2048),
      IS("blk.21.ffn_gate.weight", GATE, 21, 14336, 4096),
      IS("blk.21.ffn_up.weight", UP, 21, 14336, 4096),
      IS("blk.21.ffn_down.weight", DOWN, 21, 4096, 14336),
      IS("blk.21.ffn_norm.weight", NORM, 21, 4096),
      IS("blk.2.ffn_gate_inp.weight", ROUTER, 2, 8, 4096),
      IS("blk.2.ffn_gate_inp_shexp.weight", ROUTER, 2, 2048),
      IS("blk.2.ffn_gate_exps.weight", GATE, 2, 8, 14336, 4096),
      IS("blk.2.ffn_down_exps.weight", DOWN, 2, 8, 4096, 14336),
      IS("blk.2.ffn_up_shexp.weight", UP, 2, 5632, 2048),
      OF_EXPERT("blk.2.ffn_gate.5.weight", GATE, 2, 5, 14336, 4096),
      IS("output_norm.weight", NORM, -1, 4096),
      IS("output.weight", HEAD, -1, 32000, 4096),
      IS("rope_freqs.weight", BUFFER, -1, 64),
      IS("blk.0.attn_q.weight.lora_a", LORA_A, 0, 16, 4096),
  };
  CHECK(list);
}

static void adapters(void **state) {
  (void)state;
  static const expected_role list[] = {
      IS("base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight", LORA_A, 0, 8, 4096),
      IS("base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight", LORA_B, 0, 4096, 8),
      IS("base_model.model.model.layers.0.self_attn.q_proj.lora_A.default.weight", LORA_A, 0, 8, 4096),
      IS("base_model.model.model.layers.0.self_attn.q_proj.lora_B.default.weight", LORA_B, 0, 4096, 8),
      IS("base_model.model.model.layers.0.self_attn.q_proj.base_layer.weight", Q, 0, 4096, 4096),
      IS("base_model.model.model.embed_tokens.lora_embedding_A", LORA_A, -1, 8, 32000),
      IS("unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.lora.down.weight", LORA_A, 0, 4, 320),
      IS("lora_unet_down_blocks_0_attentions_0_proj_in.lora_down.weight", LORA_A, -1, 16, 320, 1, 1),
      IS("lora_unet_down_blocks_0_attentions_0_proj_in.lora_up.weight", LORA_B, -1, 320, 16, 1, 1),
      IS("unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_out.0.weight", O, 0, 320, 320),
  };
  CHECK(list);
}

static void vision_and_plain_networks(void **state) {
  (void)state;
  static const expected_role list[] = {
      IS("cls_token", EMBED, -1, 1, 1, 768),
      IS("pos_embed", EMBED, -1, 1, 197, 768),
      IS("patch_embed.proj.weight", CONV, -1, 768, 3, 16, 16),
      FUSED("blocks.3.attn.qkv.weight", QKV, 3, FUSED_CONCATENATED, false, 2304, 768),
      IS("blocks.3.attn.proj.weight", O, 3, 768, 768),
      IS("blocks.3.mlp.fc1.weight", UP, 3, 3072, 768),
      IS("blocks.3.mlp.fc2.weight", DOWN, 3, 768, 3072),
      IS("blocks.3.norm1.weight", NORM, 3, 768),
      IS("blocks.3.ls1.gamma", OTHER, 3, 768),
      IS("head.weight", HEAD, -1, 1000, 768),
      IS("vit.encoder.layer.0.attention.attention.query.weight", Q, 0, 768, 768),
      IS("layers.0.blocks.0.attn.relative_position_bias_table", EMBED, 0, 169, 3),
      IS("layers.0.blocks.0.attn.relative_position_index", BUFFER, 0, 49, 49),
      IS("layers.0.blocks.1.attn_mask", BUFFER, 0, 64, 49, 49),
      IS("vision_model.embeddings.class_embedding", EMBED, -1, 768),
      IS("layer1.0.conv1.weight", CONV, 1, 64, 64, 3, 3),
      IS("layer1.0.bn1.weight", NORM, 1, 64),
      IS("layer1.0.bn1.running_var", BUFFER, 1, 64),
      IS("layer2.0.downsample.0.weight", CONV, 2, 128, 64, 1, 1),
      IS("layer2.0.downsample.1.weight", NORM, 2, 128),
      IS("bn1.num_batches_tracked", BUFFER, 1, 1),
      IS("conv1.weight", CONV, 1, 8, 1, 3, 3),
      IS("fc1.weight", DENSE, 1, 32, 11616),
      IS("fc1.bias", BIAS, 1, 32),
      IS("norm1.running_mean", BUFFER, 1, 24),
      IS("0.weight", DENSE, 0, 100, 784),
      IS("layers.0.weight", DENSE, 0, 10, 784),
      IS("net.0.linear.weight", DENSE, 0, 128, 3),
      IS("net.1.weight", NORM, 1, 200),
      IS("net.3.weight", DENSE, 3, 200, 200),
      IS("H.1.weight", DENSE, 1, 160, 384),
      IS("layer2.weight", DENSE, 2, 64, 10, 10),
      IS("layer2.bias", BIAS, 2, 64, 10),
      IS("rnn.weight_ih_l0", DENSE, -1, 512, 128),
      IS("rnn.bias_ih_l0", BIAS, -1, 512),
      TURNED("Operation_1_MatMul_W", DENSE, -1, 5, 50),
      IS("input_AvgImg", BUFFER, -1, 1, 1, 1, 5),
      IS("Operation_1_Add_B", BIAS, -1, 50),
      TURNED("onnx::MatMul_123", DENSE, -1, 768, 3072),
      TURNED("dense_1/dense_1/kernel:0", DENSE, 1, 784, 10),
      IS("dense_1/dense_1/bias:0", BIAS, 1, 10),
      TURNED("conv2d/kernel:0", CONV, -1, 3, 3, 1, 8),
      TURNED("layers/dense/vars/0", DENSE, 0, 784, 10),
      IS("batch_normalization/gamma:0", NORM, -1, 8),
      IS("batch_normalization/moving_variance:0", BUFFER, -1, 8),
      IS("", DENSE, -1, 10, 10),
      IS("alpha", OTHER, -1, 1),
  };
  CHECK(list);
}

/* Names are untrusted text: long, numbered beyond any integer, or without a shape. */
static void odd_names(void **state) {
  (void)state;
  const uint64_t shape[2] = {2, 2};
  static char name[100000];
  memset(name, '.', sizeof name - 1);
  assert_int_equal(wlaw_tensor_role(name, 2, shape).kind, TENSOR_DENSE);
  memcpy(name + sizeof name - 20, ".self_attn.q_proj", 18);
  assert_int_equal(wlaw_tensor_role(name, 2, shape).kind, TENSOR_DENSE);
  assert_int_equal(wlaw_tensor_role("layers.99999999999999999999.q_proj", 2, shape).block, -1);
  assert_int_equal(wlaw_tensor_role("weight", 2, shape).kind, TENSOR_DENSE);
  assert_int_equal(wlaw_tensor_role("x.\xff\xfe.q_proj", 2, shape).kind, TENSOR_Q);
  assert_int_equal(wlaw_tensor_role("x.q_proj.weight", 0, NULL).kind, TENSOR_OTHER);
  assert_string_equal(wlaw_tensor_kind_text(TENSOR_GATE_UP), "gate-up");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(llama_mistral_qwen_gemma),
      cmocka_unit_test(olmo),
      cmocka_unit_test(neox_bloom_falcon),
      cmocka_unit_test(gpt_2),
      cmocka_unit_test(bert_t5_opt),
      cmocka_unit_test(phi_and_others),
      cmocka_unit_test(experts_and_routers),
      cmocka_unit_test(gguf),
      cmocka_unit_test(adapters),
      cmocka_unit_test(vision_and_plain_networks),
      cmocka_unit_test(odd_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
