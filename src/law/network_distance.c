#include "law/network.h"

wlaw_status wlaw_network_wasserstein_squared(double *squared, double *parts, const network_gaussian *a,
                                             const network_gaussian *b, wlaw_error *err) {
  law_block of_a[BLOCKS_MOST], of_b[BLOCKS_MOST];
  wlaw_network_view(of_a, a);
  wlaw_network_view(of_b, b);
  return wlaw_blocks_wasserstein_squared(squared, parts, of_a, of_b, wlaw_network_blocks(&a->layout), err);
}

wlaw_status wlaw_network_kl(double *out, const network_gaussian *f, const network_gaussian *g, wlaw_error *err) {
  law_block of_f[BLOCKS_MOST], of_g[BLOCKS_MOST];
  wlaw_network_view(of_f, f);
  wlaw_network_view(of_g, g);
  return wlaw_blocks_kl(out, of_f, of_g, wlaw_network_blocks(&f->layout), err);
}

wlaw_status wlaw_network_noise_floor(double *out, const network_gaussian *gaussian, size_t networks, wlaw_error *err) {
  law_block blocks[BLOCKS_MOST];
  wlaw_network_view(blocks, gaussian);
  return wlaw_blocks_noise_floor(out, blocks, wlaw_network_blocks(&gaussian->layout), networks, err);
}
