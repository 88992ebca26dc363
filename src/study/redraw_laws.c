/* Laws to draw networks from, fitted to the networks of a run at one epoch. */
#include "study/redraw.h"

#include "core/error.h"

const redraw_law wlaw_redraw_laws[REDRAW_LAWS] = {
    {"iid", "iid", "the iid law", NETWORK_IID, false, SIDE_EXCHANGEABLE, SIDE_EXCHANGEABLE},
    {"bipartite", "bipartite", "the bipartite law", NETWORK_BIPARTITE, false, SIDE_EXCHANGEABLE, SIDE_EXCHANGEABLE},
    {"permutation", "permutation", "the permutation law", NETWORK_BIPARTITE, true, SIDE_EXCHANGEABLE,
     SIDE_EXCHANGEABLE},
    {"network", "network", "the network law", NETWORK_WHOLE, false, SIDE_EXCHANGEABLE, SIDE_EXCHANGEABLE},
    {"network-outputs", "network", "the network law with labelled outputs", NETWORK_WHOLE, false, SIDE_EXCHANGEABLE,
     SIDE_LABELLED},
    {"bipartite-labelled", "bipartite", "the bipartite law with labelled inputs and outputs", NETWORK_BIPARTITE, false,
     SIDE_LABELLED, SIDE_LABELLED},
    {"network-labelled", "network", "the network law with labelled inputs and outputs", NETWORK_WHOLE, false,
     SIDE_LABELLED, SIDE_LABELLED},
};

bool wlaw_redraw_is_square(const network_shape *shape, size_t l) {
  return l > 0 && l + 1 < shape->layers && shape->width[l] == shape->width[l + 1] && shape->width[l] > 1;
}

size_t wlaw_redraw_joint(const redraw_law *law, const network_layout *layout) {
  size_t most = 0;
  if (law->nesting == NETWORK_WHOLE) return layout->trivial;
  for (size_t t = 0; law->nesting == NETWORK_BIPARTITE && t < layout->n_tensors; t++)
    if (layout->tensors[t].n_trivial > most) most = layout->tensors[t].n_trivial;
  return most;
}

static wlaw_status make_sampler(redraw_fit *out, const redraw_law *law, const network_moments *moments,
                                wlaw_error *err) {
  network_gaussian *gaussian = NULL;
  WLAW_TRY(wlaw_network_gaussian_new(&gaussian, &moments->layout, err));
  wlaw_network_estimate(gaussian, moments, law->nesting);
  const wlaw_status status = wlaw_network_sampler_new(&out->sampler, gaussian, err);
  wlaw_network_gaussian_free(gaussian);
  return status;
}

wlaw_status wlaw_redraw_fit(redraw_fit *out, const redraw_law *law, const network_moments *moments,
                            const matrix_moments *square, wlaw_error *err) {
  *out = (redraw_fit){.layout = moments->layout};
  WLAW_TRY(make_sampler(out, law, moments, err));
  for (size_t l = 0; law->permutation && l < out->layout.shape.layers; l++) {
    if (!wlaw_redraw_is_square(&out->layout.shape, l)) continue;
    matrix_layout layout;
    const wlaw_status status =
        wlaw_law_permutation.matrix->layout(&layout, (size_t)square[l].rows, (size_t)square[l].cols, err);
    if (status != WLAW_OK) {
      wlaw_redraw_fit_release(out);
      return status;
    }
    wlaw_matrix_estimate(&out->square[l], &wlaw_law_permutation, &layout, &square[l]);
    out->has_square[l] = true;
  }
  return WLAW_OK;
}

void wlaw_redraw_fit_release(redraw_fit *fit) {
  wlaw_network_sampler_free(fit->sampler);
  fit->sampler = NULL;
}

wlaw_status wlaw_redraw_draw(double *const tensors[], const redraw_fit *fit, wlaw_stream *stream, wlaw_error *err) {
  WLAW_TRY(wlaw_network_draw(tensors, fit->sampler, stream, err));
  for (size_t t = 0; t < fit->layout.n_tensors; t++) {
    const network_tensor *tensor = &fit->layout.tensors[t];
    if (!tensor->is_bias && fit->has_square[tensor->layer])
      WLAW_TRY(wlaw_permutation_draw(&fit->square[tensor->layer], tensors[t], stream, err));
  }
  return WLAW_OK;
}
