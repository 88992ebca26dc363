/* HDF5 through libhdf5: what opening, listing and reading have in common. libhdf5 as Debian builds it is not safe for
 * threads, and its error handler and its loading of plugins belong to the whole process: every call stands between
 * begin and end, which hold a lock, silence it, and put back what they found. */
#ifndef WLAW_TENSOR_HDF5_H
#define WLAW_TENSOR_HDF5_H

#include <hdf5.h>

#include "tensor/tensor.h"

typedef struct hdf5_section {
  H5E_auto2_t print;
  void *print_data;
  unsigned plugins;
} hdf5_section;

void wlaw_hdf5_begin(hdf5_section *section);
void wlaw_hdf5_end(const hdf5_section *section);

typedef struct hdf5_state {
  hid_t file;    /* negative: not open */
  hid_t dataset; /* that of tensor number `current`; negative: none */
  size_t current;
  uint64_t base; /* of the HDF5 file in our file: 0, or where a stored zip member begins */
  uint64_t size; /* of the HDF5 file */
  bool in_file;  /* its bytes are bytes of our file */
} hdf5_state;

/* WLAW_FORMAT, or WLAW_MEMORY, with libhdf5's own reason, the innermost one. */
wlaw_status wlaw_hdf5_fail(wlaw_error *err, const char *doing);

/* Appends every dataset below the root; what cannot be read, and links that are not followed, with a note. */
wlaw_status wlaw_hdf5_list(wlaw_tensors *tensors, wlaw_error *err);
/* Bytes that libhdf5 should keep unpacked so that reading forwards unpacks no chunk twice; 0: not in chunks. */
size_t wlaw_hdf5_chunk_cache(hid_t dataset, const tensor_info *info);

#endif
