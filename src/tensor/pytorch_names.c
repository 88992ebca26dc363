/* Every name that may stand in a checkpoint's pickle. None is ever looked up or called: a name not listed here is
 * refused because what it stands for cannot be known to hold tensors, and because such a file is no file of weights. */
#include "tensor/pytorch.h"

#define STORAGE(name, dtype)                                                                                           \
  {"torch", name "Storage", TORCH_STORAGE, dtype}, {"torch.cuda", name "Storage", TORCH_STORAGE, dtype},               \
      {"torch.storage", name "Storage", TORCH_STORAGE, dtype}, {"torch", name "Tensor", TORCH_TENSOR_OLD, dtype}, {    \
    "torch.cuda", name "Tensor", TORCH_TENSOR_OLD, dtype                                                               \
  }
#define UNREAD(bytes) (-(bytes)) /* elements of so many bytes, of a type that is not read */
#define BUILTIN(name)                                                                                                  \
  {"builtins", name, TORCH_OTHER, 0}, { "__builtin__", name, TORCH_OTHER, 0 }

const pickle_name wlaw_pytorch_names[] = {
    {"collections", "OrderedDict", TORCH_DICT, 0},
    {"collections", "defaultdict", TORCH_DICT, 0},
    {"collections", "Counter", TORCH_DICT, 0},
    {"torch._utils", "_rebuild_tensor_v2", TORCH_TENSOR, 0},
    {"torch._utils", "_rebuild_tensor", TORCH_TENSOR, 0},
    {"torch._utils", "_rebuild_tensor_v3", TORCH_TENSOR_V3, 0},
    {"torch._utils", "_rebuild_parameter", TORCH_PARAMETER, 0},
    {"torch._utils", "_rebuild_parameter_with_state", TORCH_PARAMETER, 0},
    {"torch.nn.parameter", "Parameter", TORCH_PARAMETER, 0},
    {"torch.nn.parameter", "Buffer", TORCH_PARAMETER, 0},
    {"torch._tensor", "_rebuild_from_type_v2", TORCH_SUBCLASS, 0},
    {"torch._utils", "_rebuild_sparse_tensor", TORCH_UNREADABLE, 0},
    {"torch._utils", "_rebuild_qtensor", TORCH_UNREADABLE, 0},
    {"torch._utils", "_rebuild_nested_tensor", TORCH_UNREADABLE, 0},
    {"torch._utils", "_rebuild_meta_tensor_no_storage", TORCH_UNREADABLE, 0},
    {"torch._utils", "_rebuild_wrapper_subclass", TORCH_UNREADABLE, 0},
    {"torch._utils", "_rebuild_device_tensor_from_numpy", TORCH_UNREADABLE, 0},
    {"torch._utils", "_rebuild_device_tensor_from_cpu_tensor", TORCH_PARAMETER, 0},
    {"torch", "Size", TORCH_SIZE, 0},
    {"torch", "Tensor", TORCH_TENSOR_OLD, UNREAD(1)},
    {"torch", "device", TORCH_OTHER, 0},
    {"torch.serialization", "_get_layout", TORCH_OTHER, 0},
    {"torch.nn.modules", NULL, TORCH_MODULE, 0},
    {"torch.storage", "UntypedStorage", TORCH_BYTES, UNREAD(1)},
    {"torch", "UntypedStorage", TORCH_BYTES, UNREAD(1)},
    STORAGE("Float", WLAW_F32),
    STORAGE("Double", WLAW_F64),
    STORAGE("Half", WLAW_F16),
    STORAGE("BFloat16", WLAW_BF16),
    STORAGE("Long", WLAW_I64),
    STORAGE("Int", WLAW_I32),
    STORAGE("Short", WLAW_I16),
    STORAGE("Char", WLAW_I8),
    STORAGE("Byte", WLAW_U8),
    STORAGE("Bool", WLAW_BOOL),
    STORAGE("ComplexFloat", UNREAD(8)),
    STORAGE("ComplexDouble", UNREAD(16)),
    STORAGE("QInt8", UNREAD(1)),
    STORAGE("QUInt8", UNREAD(1)),
    STORAGE("QInt32", UNREAD(4)),
    STORAGE("QUInt4x2", UNREAD(1)),
    STORAGE("QUInt2x4", UNREAD(1)),
    {"torch", "float32", TORCH_DTYPE, WLAW_F32},
    {"torch", "float64", TORCH_DTYPE, WLAW_F64},
    {"torch", "float16", TORCH_DTYPE, WLAW_F16},
    {"torch", "bfloat16", TORCH_DTYPE, WLAW_BF16},
    {"torch", "int64", TORCH_DTYPE, WLAW_I64},
    {"torch", "int32", TORCH_DTYPE, WLAW_I32},
    {"torch", "int16", TORCH_DTYPE, WLAW_I16},
    {"torch", "int8", TORCH_DTYPE, WLAW_I8},
    {"torch", "uint64", TORCH_DTYPE, WLAW_U64},
    {"torch", "uint32", TORCH_DTYPE, WLAW_U32},
    {"torch", "uint16", TORCH_DTYPE, WLAW_U16},
    {"torch", "uint8", TORCH_DTYPE, WLAW_U8},
    {"torch", "bool", TORCH_DTYPE, WLAW_BOOL},
    {"torch", "complex32", TORCH_DTYPE, UNREAD(1)},
    {"torch", "complex64", TORCH_DTYPE, UNREAD(1)},
    {"torch", "complex128", TORCH_DTYPE, UNREAD(1)},
    {"torch", "float8_e4m3fn", TORCH_DTYPE, UNREAD(1)},
    {"torch", "float8_e5m2", TORCH_DTYPE, UNREAD(1)},
    {"torch", "float8_e4m3fnuz", TORCH_DTYPE, UNREAD(1)},
    {"torch", "float8_e5m2fnuz", TORCH_DTYPE, UNREAD(1)},
    {"torch", "float8_e8m0fnu", TORCH_DTYPE, UNREAD(1)},
    {"torch", "per_tensor_affine", TORCH_OTHER, 0},
    {"torch", "per_tensor_symmetric", TORCH_OTHER, 0},
    {"torch", "per_channel_affine", TORCH_OTHER, 0},
    {"torch", "per_channel_symmetric", TORCH_OTHER, 0},
    {"torch", "per_channel_affine_float_qparams", TORCH_OTHER, 0},
    {"argparse", "Namespace", TORCH_OTHER, 0},
    {"pathlib", "PosixPath", TORCH_OTHER, 0},
    {"pathlib", "PurePosixPath", TORCH_OTHER, 0},
    {"_codecs", "encode", TORCH_OTHER, 0},
    {"numpy", "dtype", TORCH_OTHER, 0},
    {"numpy", "ndarray", TORCH_OTHER, 0},
    {"numpy.core.multiarray", "scalar", TORCH_OTHER, 0},
    {"numpy._core.multiarray", "scalar", TORCH_OTHER, 0},
    {"numpy.core.multiarray", "_reconstruct", TORCH_OTHER, 0},
    {"numpy._core.multiarray", "_reconstruct", TORCH_OTHER, 0},
    BUILTIN("set"),
    BUILTIN("frozenset"),
    BUILTIN("complex"),
    BUILTIN("bytearray"),
    BUILTIN("list"),
    BUILTIN("dict"),
    BUILTIN("int"),
    BUILTIN("float"),
};
const size_t wlaw_n_pytorch_names = sizeof wlaw_pytorch_names / sizeof *wlaw_pytorch_names;

wlaw_dtype wlaw_pytorch_dtype(const pickle_name *type) {
  return type->detail < 0 ? WLAW_DTYPE_COUNT : (wlaw_dtype)type->detail;
}

size_t wlaw_pytorch_unit(const pickle_name *type) {
  return type->detail < 0 ? (size_t)-type->detail : wlaw_dtype_size((wlaw_dtype)type->detail);
}
