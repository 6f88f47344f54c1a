// Convolution over time, rows and columns on the tensor cores, for channels-last tensors of 16-bit types.
//
//   out[t, h, w, o] = bias[o] + sum_{i, j, k, c} weight[o, i, j, k, c]
//                     * x[t * stride_t + i, h * stride_h + j - pad, w * stride_w + k - pad, c]
//
// x: [T, H, W, C]; weight: [O, kernel_t, kernel_h, kernel_w, C]; bias: [O], or null for none; out:
// [T', H', W', O]; x, weight and bias bf16 with out fp32, or all fp16; all row-major, x and weight 16-byte aligned. What lies outside of
// x in rows and columns is 0. C is a multiple of 8, H and W are below 16384. Sums are fp32. No
// tensor may overlap out.
// An implicit matrix product: the rows are positions of out, and the K dimension is walked through
// 32 channels at a time, all window positions for each, so that neighbours' loads hit the L1 cache.
// Launch: grid (ceil(positions / tile rows), ceil(O / tile columns)), threads, dynamic shared
// memory as in the instantiations below.
// Java side: ConvolutionKernel. Specification: CpuOps#convolve.

#include "include/tensor_core.cuh"

namespace {

constexpr int kStages = 4;
constexpr int kDepth = 32;           // channels in a stage
constexpr int kPieces = kDepth / 8;  // pieces of 16 bytes in a row of a stage

struct Geometry {
  int height, width, channels;
  int kernel_t, kernel_h, kernel_w;
  int stride_t, stride_h, stride_w;
  int pad;
  int out_height, out_width, out_channels;
  int positions;
};

// A position of the result.
struct Position {
  int t, h, w;
};

constexpr int kOutside = -(1 << 14);  // a row that is not in x, whatever is added for the window

__device__ inline Position position_of(int row, const Geometry& g) {
  const int th = row / g.out_width;
  return {th / g.out_height, th % g.out_height, row % g.out_width};
}

// Returns the offset in x of a position's window; may lie before the row or column 0.
__device__ inline long long window_start(const Position& at, const Geometry& g) {
  const long long row =
      static_cast<long long>(at.t) * g.stride_t * g.height + at.h * g.stride_h - g.pad;
  return (row * g.width + at.w * g.stride_w - g.pad) * g.channels;
}

// Where a stage's slice of K comes from; walks over columns, rows and time of the window, then on
// to the next channels.
struct Slice {
  int channel = 0;
  int i = 0, j = 0, k = 0;

  __device__ void advance(const Geometry& g) {
    if (++k < g.kernel_w) return;
    k = 0;
    if (++j < g.kernel_h) return;
    j = 0;
    if (++i < g.kernel_t) return;
    i = 0;
    channel += kDepth;
  }
};

// Two rows of 64 bytes share a line of shared memory; eight rows must hit different banks.
__device__ inline unsigned piece_offset(int row, int piece) {
  return row * (kDepth * 2) + ((piece ^ ((row >> 1) & 3)) << 4);
}

// WarpsM x WarpsN warps, each of 16 * RowTiles rows and 8 * ColumnTiles columns.
template <int WarpsM, int WarpsN, int RowTiles, int ColumnTiles, typename T, typename Out>
__device__ inline void convolve(const T* __restrict__ x, const T* __restrict__ weight,
                                const T* __restrict__ bias, Out* __restrict__ out,
                                const Geometry& g) {
  constexpr int kThreads = WarpsM * WarpsN * 32;
  constexpr int kTileM = WarpsM * RowTiles * 16;
  constexpr int kTileN = WarpsN * ColumnTiles * 8;
  constexpr int kRowStep = kThreads / kPieces;
  constexpr int kRowLoads = kTileM / kRowStep;
  constexpr int kColumnLoads = (kTileN + kRowStep - 1) / kRowStep;
  constexpr unsigned kBytesM = kTileM * kDepth * 2;
  constexpr unsigned kStageBytes = kBytesM + kTileN * kDepth * 2;
  extern __shared__ __align__(128) unsigned char shared[];
  const unsigned stages = shared_address(shared);

  const int lane = threadIdx.x % 32;
  const int warp = threadIdx.x / 32;
  const int warp_m = warp / WarpsN * RowTiles * 16;
  const int warp_n = warp % WarpsN * ColumnTiles * 8;
  const int first_row = blockIdx.x * kTileM;
  const int first_column = blockIdx.y * kTileN;
  const int piece = threadIdx.x % kPieces;
  const int load_row = threadIdx.x / kPieces;

  // For each row that this thread loads, where its window begins: offset from the first row's
  // window, and its row and column in x, 16 bits each.
  const Position first = position_of(first_row, g);
  const T* first_window = x + window_start(first, g) + piece * 8;
  int window[kRowLoads];
  int corner[kRowLoads];
#pragma unroll
  for (int r = 0; r < kRowLoads; r++) {
    const int row = first_row + load_row + r * kRowStep;
    const Position at = position_of(min(row, g.positions - 1), g);
    window[r] = static_cast<int>(window_start(at, g) - window_start(first, g));
    const int h = row < g.positions ? at.h * g.stride_h - g.pad : kOutside;
    corner[r] = h * 65536 + ((at.w * g.stride_w - g.pad) & 65535);
  }
  const int window_size = g.kernel_t * g.kernel_h * g.kernel_w * g.channels;
  const T* filters =
      weight + static_cast<long long>(first_column + load_row) * window_size + piece * 8;

  Slice next;  // what is loaded next
  auto load = [&](int stage) {
    const unsigned rows = stages + stage * kStageBytes;
    const unsigned columns = rows + kBytesM;
    const bool in_channels = next.channel + piece * 8 < g.channels;
    const int offset =
        ((next.i * g.height + next.j) * g.width + next.k) * g.channels + next.channel;
#pragma unroll
    for (int r = 0; r < kRowLoads; r++) {
      const int h = (corner[r] >> 16) + next.j;
      const int w = static_cast<short>(corner[r]) + next.k;
      const bool valid =
          in_channels && static_cast<unsigned>(h) < g.height && static_cast<unsigned>(w) < g.width;
      copy_async_cached(rows + piece_offset(load_row + r * kRowStep, piece),
                        valid ? first_window + (window[r] + offset) : x, valid);
    }
    const int filter_offset =
        ((next.i * g.kernel_h + next.j) * g.kernel_w + next.k) * g.channels + next.channel;
#pragma unroll
    for (int c = 0; c < kColumnLoads; c++) {
      const int column = load_row + c * kRowStep;
      if (kTileN % kRowStep == 0 || column < kTileN) {
        const bool valid = in_channels && first_column + column < g.out_channels;
        const long long start = static_cast<long long>(c * kRowStep) * window_size + filter_offset;
        copy_async(columns + piece_offset(column, piece), valid ? filters + start : weight, valid);
      }
    }
    next.advance(g);
  };

  const int slices = (g.channels + kDepth - 1) / kDepth * g.kernel_t * g.kernel_h * g.kernel_w;
#pragma unroll
  for (int s = 0; s < kStages - 1; s++) {
    if (s < slices) {
      load(s);
    }
    commit_copies();
  }

  float sum[RowTiles][ColumnTiles][4] = {};
  for (int slice = 0; slice < slices; slice++) {
    wait_copies<kStages - 2>();
    __syncthreads();
    if (slice + kStages - 1 < slices) {
      load((slice + kStages - 1) % kStages);
    }
    commit_copies();

    const unsigned rows = stages + slice % kStages * kStageBytes;
    const unsigned columns = rows + kBytesM;
#pragma unroll
    for (int step = 0; step < kDepth / 16; step++) {
      unsigned a[RowTiles][4];
#pragma unroll
      for (int m = 0; m < RowTiles; m++) {
        load_matrices(a[m], rows + piece_offset(warp_m + m * 16 + lane % 16, step * 2 + lane / 16));
      }
      if constexpr (ColumnTiles == 1) {
        unsigned b0, b1;
        load_two_matrices(b0, b1,
                          columns + piece_offset(warp_n + lane % 8, step * 2 + lane / 8 % 2));
#pragma unroll
        for (int m = 0; m < RowTiles; m++) {
          multiply_add<T>(sum[m][0], a[m], b0, b1);
        }
      } else {
#pragma unroll
        for (int n = 0; n < ColumnTiles; n += 2) {
          unsigned b[4];
          load_matrices(b, columns + piece_offset(warp_n + n * 8 + lane / 16 * 8 + lane % 8,
                                                  step * 2 + lane / 8 % 2));
#pragma unroll
          for (int m = 0; m < RowTiles; m++) {
            multiply_add<T>(sum[m][n], a[m], b[0], b[1]);
            multiply_add<T>(sum[m][n + 1], a[m], b[2], b[3]);
          }
        }
      }
    }
  }

#pragma unroll
  for (int n = 0; n < ColumnTiles; n++) {
    const int column = first_column + warp_n + n * 8 + lane % 4 * 2;
    const bool first_valid = column < g.out_channels;
    const bool both_valid = column + 1 < g.out_channels;
    const float bias0 = bias != nullptr && first_valid ? to_float(bias[column]) : 0.0f;
    const float bias1 = bias != nullptr && both_valid ? to_float(bias[column + 1]) : 0.0f;
#pragma unroll
    for (int m = 0; m < RowTiles; m++) {
#pragma unroll
      for (int half = 0; half < 2; half++) {
        const int row = first_row + warp_m + m * 16 + half * 8 + lane / 4;
        if (row >= g.positions) {
          continue;
        }
        Out* target = out + static_cast<long long>(row) * g.out_channels + column;
        const float low = sum[m][n][2 * half] + bias0;
        const float high = sum[m][n][2 * half + 1] + bias1;
        if (both_valid && g.out_channels % 2 == 0) {
          if constexpr (sizeof(Out) == 2) {
            *reinterpret_cast<unsigned*>(target) = pack_pair<Out>(low, high);
          } else {
            *reinterpret_cast<float2*>(target) = make_float2(low, high);
          }
        } else {
          if (first_valid) store(target, low);
          if (both_valid) store(target + 1, high);
        }
      }
    }
  }
}

}  // namespace

// Defines a kernel for tiles of ROWS x COLUMNS results.
#define CONVOLUTION(ROWS, COLUMNS, WARPS_M, WARPS_N, COLUMN_TILES, PER_SM, T, TN, OUT, ON)         \
  extern "C" __global__ void __launch_bounds__(WARPS_M * WARPS_N * 32, PER_SM)                     \
      convolution_##ROWS##x##COLUMNS##_##TN##_##ON(                                                \
          const T* x, const T* weight, const T* bias, OUT* out, int height, int width,             \
          int channels, int kernel_t, int kernel_h, int kernel_w, int stride_t, int stride_h,      \
          int stride_w, int pad, int out_height, int out_width, int out_channels, int positions) { \
    const Geometry g = {height,     width,     channels,     kernel_t, kernel_h,                   \
                        kernel_w,   stride_t,  stride_h,     stride_w, pad,                        \
                        out_height, out_width, out_channels, positions};                           \
    convolve<WARPS_M, WARPS_N, 4, COLUMN_TILES>(x, weight, bias, out, g);                          \
  }

// Tile; warps in each direction; threads are 32 times as many. Shared memory is 256 bytes for each
// row and column of the tile.
CONVOLUTION(512, 8, 8, 1, 1, 1, fp16, f16, fp16, f16)
CONVOLUTION(256, 96, 4, 2, 6, 2, fp16, f16, fp16, f16)
CONVOLUTION(128, 192, 2, 4, 6, 2, fp16, f16, fp16, f16)
CONVOLUTION(128, 192, 2, 4, 6, 2, bf16, bf16, float, f32)
CONVOLUTION(64, 96, 1, 2, 6, 4, fp16, f16, fp16, f16)
CONVOLUTION(64, 96, 1, 2, 6, 4, bf16, bf16, float, f32)
