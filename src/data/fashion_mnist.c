/* Fashion-MNIST (Xiao, Rasul and Vollgraf 2017, arXiv 1708.07747) from the Debian package dataset-fashion-mnist. */
#include "data/source.h"

static const char folder[] = "/usr/share/datasets/fashion-mnist";

static wlaw_status fashion_find(bool *present, const char *cache, wlaw_error *err) {
  (void)cache;
  return wlaw_idx_folder_find(present, folder, err);
}

static wlaw_status fashion_load(wlaw_dataset *dataset, const dataset_request *request, wlaw_monitor *monitor,
                                wlaw_error *err) {
  (void)request;
  return wlaw_idx_folder_load(dataset, folder, monitor, err);
}

const dataset_source wlaw_source_fashion_mnist = {
    .name = "fashion-mnist",
    .origin = "the Debian package dataset-fashion-mnist",
    .how =
        "install the package dataset-fashion-mnist (apt install dataset-fashion-mnist), or give a folder of its "
        "four IDX files",
    .find = fashion_find,
    .load = fashion_load,
};
