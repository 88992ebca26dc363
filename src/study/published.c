#include "study/published.h"

#include <stdlib.h>
#include <string.h>

/* T. Ding, A Two-Parameter Weibull Framework for Diagnosing Transformer Weight Distributions, arXiv 2605.18898 (2026),
 * DATABASE_v9_1.csv, CC BY 4.0: medians over a model's layers by the histogram protocol, to six decimals. Its ffn_in
 * and ffn_out of models without gates are up and down here. */
const published_median wlaw_published[] = {
    {"pythia-70m", "Pythia", true, TENSOR_QKV, 1.048850, 2.782920e-02, 0.998066},
    {"pythia-70m", "Pythia", true, TENSOR_O, 1.183794, 1.860243e-02, 0.998536},
    {"pythia-70m", "Pythia", true, TENSOR_UP, 1.190271, 2.600391e-02, 0.998354},
    {"pythia-70m", "Pythia", true, TENSOR_DOWN, 1.189802, 2.101224e-02, 0.998240},
    {"pythia-160m", "Pythia", true, TENSOR_QKV, 1.098236, 2.515902e-02, 0.999453},
    {"pythia-160m", "Pythia", true, TENSOR_O, 1.191741, 1.567905e-02, 0.998240},
    {"pythia-160m", "Pythia", true, TENSOR_UP, 1.192654, 2.411236e-02, 0.998212},
    {"pythia-160m", "Pythia", true, TENSOR_DOWN, 1.195332, 1.888355e-02, 0.998128},
    {"pythia-410m", "Pythia", true, TENSOR_QKV, 1.146562, 2.122171e-02, 0.998937},
    {"pythia-410m", "Pythia", true, TENSOR_O, 1.198813, 1.797145e-02, 0.998087},
    {"pythia-410m", "Pythia", true, TENSOR_UP, 1.199080, 2.080065e-02, 0.997986},
    {"pythia-410m", "Pythia", true, TENSOR_DOWN, 1.201097, 1.715615e-02, 0.997924},
    {"pythia-1b", "Pythia", true, TENSOR_QKV, 1.175817, 2.013684e-02, 0.998640},
    {"pythia-1b", "Pythia", true, TENSOR_O, 1.199000, 1.876876e-02, 0.998032},
    {"pythia-1b", "Pythia", true, TENSOR_UP, 1.199711, 2.015119e-02, 0.998017},
    {"pythia-1b", "Pythia", true, TENSOR_DOWN, 1.199263, 1.733192e-02, 0.998024},
    {"pythia-6.9b", "Pythia", true, TENSOR_QKV, 1.172596, 1.678763e-02, 0.998955},
    {"pythia-6.9b", "Pythia", true, TENSOR_O, 1.198605, 1.301797e-02, 0.998025},
    {"pythia-6.9b", "Pythia", true, TENSOR_UP, 1.202630, 1.675057e-02, 0.997874},
    {"pythia-6.9b", "Pythia", true, TENSOR_DOWN, 1.200957, 1.467154e-02, 0.997945},
    {"olmo-1-7b", "OLMo-1", false, TENSOR_Q, 0.812291, 1.728965e-03, 0.998705},
    {"olmo-1-7b", "OLMo-1", false, TENSOR_K, 0.760128, 1.703007e-03, 0.998558},
    {"olmo-1-7b", "OLMo-1", false, TENSOR_V, 1.060120, 2.512971e-03, 0.997145},
    {"olmo-1-7b", "OLMo-1", false, TENSOR_O, 1.040866, 2.401555e-03, 0.997179},
    {"olmo-1-7b", "OLMo-1", false, TENSOR_GATE, 1.200984, 3.363367e-03, 0.997926},
    {"olmo-1-7b", "OLMo-1", false, TENSOR_UP, 1.203943, 3.441961e-03, 0.997792},
    {"olmo-1-7b", "OLMo-1", false, TENSOR_DOWN, 1.204104, 3.485708e-03, 0.997798},
    {"olmo-2-7b", "OLMo-2", false, TENSOR_Q, 0.989514, 1.406016e-02, 0.990874},
    {"olmo-2-7b", "OLMo-2", false, TENSOR_K, 0.971600, 1.324034e-02, 0.993571},
    {"olmo-2-7b", "OLMo-2", false, TENSOR_V, 1.193001, 1.663076e-02, 0.998089},
    {"olmo-2-7b", "OLMo-2", false, TENSOR_O, 1.195782, 1.633689e-02, 0.998040},
    {"olmo-2-7b", "OLMo-2", false, TENSOR_GATE, 1.197613, 1.754963e-02, 0.998096},
    {"olmo-2-7b", "OLMo-2", false, TENSOR_UP, 1.203183, 1.675671e-02, 0.997885},
    {"olmo-2-7b", "OLMo-2", false, TENSOR_DOWN, 1.203076, 1.654032e-02, 0.997865},
    {"llama-3-8b", "Llama-3", false, TENSOR_Q, 1.135212, 1.352426e-02, 0.999533},
    {"llama-3-8b", "Llama-3", false, TENSOR_K, 1.146153, 2.100086e-02, 0.999421},
    {"llama-3-8b", "Llama-3", false, TENSOR_V, 1.171005, 7.453277e-03, 0.998480},
    {"llama-3-8b", "Llama-3", false, TENSOR_O, 1.184071, 8.293435e-03, 0.998466},
    {"llama-3-8b", "Llama-3", false, TENSOR_GATE, 1.189015, 1.171464e-02, 0.998457},
    {"llama-3-8b", "Llama-3", false, TENSOR_UP, 1.197081, 9.321699e-03, 0.997951},
    {"llama-3-8b", "Llama-3", false, TENSOR_DOWN, 1.193133, 9.227488e-03, 0.998059},
    {"mistral-7b", "Mistral", false, TENSOR_Q, 1.148539, 2.979443e-03, 0.999307},
    {"mistral-7b", "Mistral", false, TENSOR_K, 1.129064, 3.506649e-03, 0.999622},
    {"mistral-7b", "Mistral", false, TENSOR_V, 1.170199, 2.382555e-03, 0.998355},
    {"mistral-7b", "Mistral", false, TENSOR_O, 1.190244, 2.402403e-03, 0.998328},
    {"mistral-7b", "Mistral", false, TENSOR_GATE, 1.194720, 2.835540e-03, 0.998177},
    {"mistral-7b", "Mistral", false, TENSOR_UP, 1.196433, 2.581970e-03, 0.998010},
    {"mistral-7b", "Mistral", false, TENSOR_DOWN, 1.192574, 2.545509e-03, 0.998171},
    {"qwen2.5-7b", "Qwen2.5", false, TENSOR_Q, 1.132812, 1.352039e-02, 0.999336},
    {"qwen2.5-7b", "Qwen2.5", false, TENSOR_K, 1.103335, 1.408812e-02, 0.999801},
    {"qwen2.5-7b", "Qwen2.5", false, TENSOR_V, 1.143004, 1.389959e-02, 0.998690},
    {"qwen2.5-7b", "Qwen2.5", false, TENSOR_O, 1.166461, 1.307040e-02, 0.998943},
    {"qwen2.5-7b", "Qwen2.5", false, TENSOR_GATE, 1.190395, 1.430299e-02, 0.998293},
    {"qwen2.5-7b", "Qwen2.5", false, TENSOR_UP, 1.188819, 1.437805e-02, 0.998296},
    {"qwen2.5-7b", "Qwen2.5", false, TENSOR_DOWN, 1.182973, 1.406697e-02, 0.998502},
    {"qwen2.5-14b", "Qwen2.5", false, TENSOR_Q, 1.163795, 1.719255e-02, 0.998839},
    {"qwen2.5-14b", "Qwen2.5", false, TENSOR_K, 1.141311, 1.886171e-02, 0.999296},
    {"qwen2.5-14b", "Qwen2.5", false, TENSOR_V, 1.162766, 1.698788e-02, 0.998563},
    {"qwen2.5-14b", "Qwen2.5", false, TENSOR_O, 1.190269, 1.703065e-02, 0.998310},
    {"qwen2.5-14b", "Qwen2.5", false, TENSOR_GATE, 1.192862, 1.812706e-02, 0.998196},
    {"qwen2.5-14b", "Qwen2.5", false, TENSOR_UP, 1.192566, 1.869604e-02, 0.998083},
    {"qwen2.5-14b", "Qwen2.5", false, TENSOR_DOWN, 1.189713, 1.829407e-02, 0.998216},
    {"qwen3-8b", "Qwen3", false, TENSOR_Q, 1.162275, 2.149768e-02, 0.999103},
    {"qwen3-8b", "Qwen3", false, TENSOR_K, 1.153919, 2.110275e-02, 0.999225},
    {"qwen3-8b", "Qwen3", false, TENSOR_V, 1.158096, 2.475522e-02, 0.998612},
    {"qwen3-8b", "Qwen3", false, TENSOR_O, 1.180177, 2.265357e-02, 0.998596},
    {"qwen3-8b", "Qwen3", false, TENSOR_GATE, 1.187213, 2.374112e-02, 0.998330},
    {"qwen3-8b", "Qwen3", false, TENSOR_UP, 1.188565, 2.367310e-02, 0.998157},
    {"qwen3-8b", "Qwen3", false, TENSOR_DOWN, 1.184646, 2.323031e-02, 0.998419},
};
const size_t wlaw_n_published = sizeof wlaw_published / sizeof *wlaw_published;

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

published_band wlaw_published_k(tensor_kind kind) {
  double k[sizeof wlaw_published / sizeof *wlaw_published];
  size_t n = 0;
  for (size_t i = 0; i < wlaw_n_published; i++) {
    if (wlaw_published[i].kind == kind) k[n++] = wlaw_published[i].k;
  }
  if (n == 0) return (published_band){0};
  qsort(k, n, sizeof *k, compare);
  return (published_band){.n = n, .low = k[0], .median = (k[(n - 1) / 2] + k[n / 2]) / 2, .high = k[n - 1]};
}
