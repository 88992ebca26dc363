/* .npz: a zip archive of .npy arrays, stored or deflated. Member names are tensor names, never paths of anything.
 * Nothing is unpacked into memory (tensor/packed.h); a member whose stated size deflate cannot reach, or differs from
 * what its array header asks for, is refused when the file is opened. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>

#include "core/error.h"
#include "core/text.h"
#include "tensor/npy_header.h"
#include "tensor/packed.h"
#include "tensor/tensor.h"

/* The member being read, as a packed_source. */
typedef struct npz_state {
  zip_t *zip;
  zip_file_t *file; /* NULL: none open */
  zip_uint64_t member;
  bool *verified; /* [members] */
  packed_stream stream;
} npz_state;

/* After errno = 0 and a call that failed: libzip takes some failed allocations for damage, errno tells them apart. */
static wlaw_status fail_zip(zip_error_t *why, wlaw_error *err) {
  const int code = zip_error_code_zip(why);
  if (errno == ENOMEM || code == ZIP_ER_MEMORY) return wlaw_fail_memory(err, 1, 1);
#if defined(ZIP_ER_TRUNCATED_ZIP) /* libzip 1.11 tells a cut archive from no archive */
  const bool cut = code == ZIP_ER_NOZIP || code == ZIP_ER_TRUNCATED_ZIP;
#else
  const bool cut = code == ZIP_ER_NOZIP;
#endif
  if (cut)
    return wlaw_fail(err, WLAW_FORMAT, "the zip archive has no central directory: it is cut off, or no zip archive");
  if (code == ZIP_ER_EXISTS) return wlaw_fail(err, WLAW_FORMAT, "the zip archive has two members of one name");
  const bool io = code == ZIP_ER_READ || code == ZIP_ER_SEEK || code == ZIP_ER_OPEN;
  return wlaw_fail(err, io ? WLAW_IO : WLAW_FORMAT, "the zip archive: %s", zip_error_strerror(why));
}

static wlaw_status start(void *context, wlaw_error *err) {
  npz_state *state = context;
  if (state->file) zip_fclose(state->file);
  errno = 0;
  state->file = zip_fopen_index(state->zip, state->member, ZIP_FL_UNCHANGED);
  return state->file ? WLAW_OK : fail_zip(zip_get_error(state->zip), err);
}

static wlaw_status next(void *context, void *out, size_t n, size_t *got, wlaw_error *err) {
  npz_state *state = context;
  errno = 0;
  const zip_int64_t count = zip_fread(state->file, out, n < INT32_MAX ? n : INT32_MAX);
  if (count < 0) return fail_zip(zip_file_get_error(state->file), err);
  *got = (size_t)count;
  return WLAW_OK;
}

static const packed_source member_source = {start, next};

static void select_member(npz_state *state, zip_uint64_t member, uint64_t size) {
  if (state->file) zip_fclose(state->file);
  state->file = NULL;
  state->member = member;
  state->stream =
      (packed_stream){.source = &member_source, .context = state, .size = size, .verified = state->verified[member]};
}

static wlaw_status open_archive(npz_state *state, const input_file *file, wlaw_error *err) {
  const int fd = fcntl(file->fd, F_DUPFD_CLOEXEC, 0);
  if (fd < 0) return wlaw_fail_errno(err, file->path, "cannot be opened once more");
  int code = 0;
  errno = 0;
  state->zip = zip_fdopen(fd, ZIP_CHECKCONS, &code);
  if (state->zip) return WLAW_OK; /* which now owns fd */
  zip_error_t why;
  zip_error_init_with_code(&why, code);
  const wlaw_status status = fail_zip(&why, err);
  zip_error_fini(&why);
  close(fd);
  return status;
}

static wlaw_status read_member_header(npz_state *state, tensor_info *info, wlaw_error *err) {
  unsigned char head[NPY_PREFIX];
  size_t n, begin, end;
  WLAW_TRY(wlaw_packed_start(&state->stream, err));
  WLAW_TRY(wlaw_packed_next(&state->stream, head, sizeof head, &n, err));
  WLAW_TRY(wlaw_npy_prefix(&begin, &end, head, n, err));
  if (end < n || end > state->stream.size)
    return wlaw_fail(err, WLAW_FORMAT, "the array's header does not fit in the member");
  char *bytes = malloc(end);
  if (!bytes) return wlaw_fail_memory(err, end, 1);
  memcpy(bytes, head, n);
  size_t more;
  wlaw_status status = wlaw_packed_next(&state->stream, bytes + n, end - n, &more, err);
  if (status == WLAW_OK && n + more < end)
    status = wlaw_fail(err, WLAW_FORMAT, "the member ends in the array's header");
  if (status == WLAW_OK) status = wlaw_npy_parse(info, bytes + begin, begin, end, err);
  free(bytes);
  return status;
}

static wlaw_status read_member(npz_state *state, tensor_info *info, const zip_stat_t *stat, wlaw_error *err) {
  if (stat->comp_method == ZIP_CM_STORE ? stat->size != stat->comp_size
                                        : !wlaw_packed_plausible(stat->size, stat->comp_size))
    return wlaw_fail(err, WLAW_FORMAT, "%llu bytes are stated, which %llu packed bytes cannot hold",
                     (unsigned long long)stat->size, (unsigned long long)stat->comp_size);
  select_member(state, stat->index, stat->size);
  WLAW_TRY(read_member_header(state, info, err));
  if (!info->note && info->bytes != stat->size - info->offset)
    return wlaw_fail(err, WLAW_FORMAT, "the array asks for %llu bytes of data, the member has %llu",
                     (unsigned long long)info->bytes, (unsigned long long)(stat->size - info->offset));
  return WLAW_OK;
}

/* Why a member cannot be an array we read; NULL when it may be one. */
static const char *refusal(const zip_stat_t *stat) {
  const size_t n = strlen(stat->name);
  if (n < 4 || strcmp(stat->name + n - 4, ".npy") != 0) return "not an array: the member's name does not end in .npy";
  if (stat->encryption_method != ZIP_EM_NONE) return "the member is encrypted";
  if (stat->comp_method != ZIP_CM_STORE && stat->comp_method != ZIP_CM_DEFLATE)
    return "the member is compressed by another method than deflate";
  return NULL;
}

static wlaw_status add_member(wlaw_tensors *tensors, zip_uint64_t index, wlaw_error *err) {
  npz_state *state = tensors->state;
  const zip_uint64_t needed =
      ZIP_STAT_NAME | ZIP_STAT_INDEX | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
  zip_stat_t stat;
  errno = 0;
  if (zip_stat_index(state->zip, index, ZIP_FL_ENC_RAW, &stat) != 0) return fail_zip(zip_get_error(state->zip), err);
  if ((stat.valid & needed) != needed) return wlaw_fail(err, WLAW_FORMAT, "the zip archive: a member is not described");
  if (!(stat.valid & ZIP_STAT_ENCRYPTION_METHOD)) stat.encryption_method = ZIP_EM_NONE;
  const char *why = refusal(&stat);
  tensor_info *info = wlaw_tensors_append(tensors);
  if (!info) return wlaw_fail_memory(err, tensors->n, sizeof *info);
  info->dtype = WLAW_DTYPE_COUNT;
  const size_t length = strlen(stat.name), ending = why ? 0 : strlen(".npy");
  info->name = wlaw_text_duplicate(stat.name, length - ending);
  if (!info->name) {
    tensors->n--;
    return wlaw_fail_memory(err, length, 1);
  }
  if (why) {
    info->note = wlaw_text_duplicate(why, strlen(why));
    return info->note ? WLAW_OK : wlaw_fail_memory(err, strlen(why), 1);
  }
  const wlaw_status status = read_member(state, info, &stat, err);
  return status == WLAW_OK || status == WLAW_MEMORY ? status : wlaw_error_in_tensor(err, status, info->name);
}

static wlaw_status open_npz(wlaw_tensors *tensors, wlaw_error *err) {
  npz_state *state = calloc(1, sizeof *state);
  if (!state) return wlaw_fail_memory(err, 1, sizeof *state);
  tensors->state = state;
  WLAW_TRY(open_archive(state, &tensors->file, err));
  const zip_uint64_t n = (zip_uint64_t)zip_get_num_entries(state->zip, ZIP_FL_UNCHANGED);
  state->verified = calloc(n + 1, sizeof *state->verified);
  if (!state->verified) return wlaw_fail_memory(err, n, sizeof *state->verified);
  bool any = n == 0;
  for (zip_uint64_t k = 0; k < n; k++) {
    WLAW_TRY(add_member(tensors, k, err));
    if (!tensors->info[k].note) any = true;
  }
  return any ? WLAW_OK : wlaw_fail(err, WLAW_UNSUPPORTED, "the zip archive holds no .npy array of numbers");
}

static wlaw_status read_npz(wlaw_tensors *tensors, size_t i, uint64_t from, void *out, size_t n, wlaw_error *err) {
  npz_state *state = tensors->state;
  const tensor_info *info = &tensors->info[i]; /* tensors stand in the order of members */
  if (state->member != i || !state->stream.source) select_member(state, i, info->offset + info->bytes);
  const wlaw_status status = wlaw_packed_read(&state->stream, info->offset + from, out, n, err);
  state->verified[i] = state->stream.verified;
  return status;
}

static void close_npz(wlaw_tensors *tensors) {
  npz_state *state = tensors->state;
  if (!state) return;
  if (state->file) zip_fclose(state->file);
  if (state->zip) zip_discard(state->zip);
  free(state->verified);
  free(state);
}

/* A local file header, or the end of an empty archive. */
static bool recognise(const unsigned char *head, size_t n) {
  return n >= 4 && head[0] == 'P' && head[1] == 'K' &&
         ((head[2] == 3 && head[3] == 4) || (head[2] == 5 && head[3] == 6));
}

const tensor_format wlaw_format_npz = {
    .name = "npz", .ending = ".npz", .recognise = recognise, .open = open_npz, .read = read_npz, .close = close_npz};
