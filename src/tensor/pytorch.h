/* PyTorch checkpoints: what the pickled tree of a zip archive, of the older stream and of the oldest tar have in
 * common. pytorch_names.c: the names that may stand in a pickle. pytorch_tree.c: from the tree to tensors. pytorch.c:
 * the zip archive, and reading. pytorch_legacy.c: the stream and the tar. */
#ifndef WLAW_TENSOR_PYTORCH_H
#define WLAW_TENSOR_PYTORCH_H

#include "tensor/pickle.h"
#include "tensor/tensor.h"
#include "tensor/zip_archive.h"

/* What a name means to us. Of storages and dtypes, detail tells the two below. */
enum {
  TORCH_OTHER,      /* harmless, holds no tensors but in its state */
  TORCH_DICT,       /* collections.OrderedDict */
  TORCH_TENSOR,     /* (storage, offset, size, stride, ...) */
  TORCH_TENSOR_V3,  /* the same, item 6 is the dtype */
  TORCH_TENSOR_OLD, /* a tensor's class: the state is (storage, offset, size, stride) */
  TORCH_SUBCLASS,   /* (name of a function of this list, class, its arguments, state) */
  TORCH_PARAMETER,  /* (tensor, ...) */
  TORCH_MODULE,     /* state with _parameters, _buffers, _modules */
  TORCH_UNREADABLE, /* a tensor of a kind that is only listed */
  TORCH_STORAGE,
  TORCH_BYTES, /* a storage without a dtype, counted in bytes */
  TORCH_DTYPE,
  TORCH_SIZE /* torch.Size(tuple) */
};
extern const pickle_name wlaw_pytorch_names[];
extern const size_t wlaw_n_pytorch_names;
wlaw_dtype wlaw_pytorch_dtype(const pickle_name *type); /* WLAW_DTYPE_COUNT: none that is read */
size_t wlaw_pytorch_unit(const pickle_name *type);      /* bytes of an element, 1 where the type tells none */

/* Bytes of a storage: in the file, or unpacked in a deflated member. */
typedef struct torch_storage {
  uint64_t offset, bytes;
  zip_member *member; /* NULL: in the file */
  wlaw_dtype dtype;   /* WLAW_DTYPE_COUNT: not one we read, or told by the tensor */
  const char *type;   /* "FloatStorage" */
} torch_storage;

typedef struct torch_shape {
  uint64_t offset; /* elements */
  size_t rank;
  uint64_t size[WLAW_MAX_RANK], stride[WLAW_MAX_RANK];
} torch_shape;

/* Where a tensor that is not plain lies. */
typedef struct torch_place {
  zip_member *member;
  uint64_t *stride;  /* NULL: row by row; else rank strides in elements, freed by close */
  pickle_ref parent; /* the dict it stood in */
} torch_place;

typedef struct torch_state {
  torch_place *places; /* [n tensors] */
  size_t capacity;
} torch_state;

typedef struct torch_tree torch_tree;
struct torch_tree {
  wlaw_tensors *tensors;
  pickle_tree pickle;
  bool big_endian;
  void *context; /* of the two below */
  /* The storage with the persistent id `of`. */
  wlaw_status (*find_storage)(torch_tree *tree, torch_storage *out, pickle_ref of, wlaw_error *err);
  /* A tensor with a persistent id of its own (tar); NULL: there are none. *found is false for another thing's id. */
  wlaw_status (*find_tensor)(torch_tree *tree, bool *found, torch_storage *storage, torch_shape *shape, pickle_ref of,
                             wlaw_error *err);
};

/* Appends every tensor of the tree to tensors->info, with dotted names. tensors->state: a torch_state. */
wlaw_status wlaw_pytorch_list(torch_tree *tree, wlaw_error *err);

/* The parts of the persistent id ('storage', type, key, location, count, ...). */
typedef struct torch_storage_id {
  const pickle_name *type;
  const char *key; /* not terminated */
  size_t n_key;
  uint64_t count;
  pickle_ref view; /* legacy: (key, offset, count) or None; 0: not there */
} torch_storage_id;
wlaw_status wlaw_pytorch_storage_id(torch_storage_id *out, const pickle_tree *pickle, pickle_ref of, wlaw_error *err);

/* The row of the table for a GLOBAL, else NULL. */
const pickle_name *wlaw_pytorch_name(const pickle_tree *pickle, pickle_ref ref);
wlaw_status wlaw_pytorch_fail(const pickle_tree *pickle, pickle_ref ref, const char *what, wlaw_error *err);

/* Not a zip archive. */
bool wlaw_pytorch_is_legacy(const unsigned char *head, size_t n);
bool wlaw_pytorch_is_tar(const unsigned char *head, size_t n);
wlaw_status wlaw_pytorch_open_legacy(wlaw_tensors *tensors, wlaw_error *err);
wlaw_status wlaw_pytorch_open_tar(wlaw_tensors *tensors, wlaw_error *err);

#endif
