// Convolution on Hopper's tensor cores, for channels-last fp16 tensors, steps of 1.
//
//   out[t, h, w, o] = bias[o] + sum_{i, j, k, c} weight[o, i, j, k, c]
//                               * x[t + i, h + j - pad, w + k - pad, c]
//
// x: [T, H, W, C]; weight: [O, kernel_t, side, side, C]; bias: [O], or null for none; out:
// [T', H', W', O]; all row-major, x and weight 16-byte aligned, C a multiple of 32. What lies
// outside of x in rows and columns is 0. Sums are fp32. No tensor may overlap out. A thread block
// computes 8 rows by 16 columns of positions, of one frame, and 96 or 8 channels of them. Its patch
// of x, with the border that the kernel needs, is in shared memory for 32 channels of one frame at
// a time and serves all positions of the kernel: the tiles that the tensor cores read are views of
// it that begin at different cells. Launch: grid (tiles of a frame * T', ceil(O / channels)), 256
// threads, dynamic shared memory as HopperConvolutionKernel computes it; two thread blocks fit on a
// multiprocessor. Java side: HopperConvolutionKernel. Specification: CpuOps#convolve.

#include "include/warpgroup.cuh"

namespace {

constexpr int kDepth = 32;           // channels at a time
constexpr int kPieces = kDepth / 8;  // pieces of 16 bytes of a cell
constexpr int kCellBytes = kDepth * 2;
constexpr int kTileRows = 8;
constexpr int kThreads = 256;
constexpr int kLoadStep = kThreads / kPieces;
constexpr int kFilterStages = 4;
constexpr int kLookahead = 2;

struct Geometry {
  int height, width, channels, kernel_t, pad;
  int out_height, out_width, out_channels;
};

__device__ inline unsigned piece_offset(int cell, int piece) {
  return cell * kCellBytes + ((piece ^ ((cell >> 1) & 3)) << 4);
}

constexpr int round_up(int value, int unit) { return (value + unit - 1) / unit * unit; }

// Side: of the kernel, 3 or 1. Columns: of the tensor cores' tile, channels of the result.
template <int Side, int Columns>
struct Plan {
  static constexpr int kTileColumns = 16;  // 8 for each warp group
  static constexpr int kPatchColumns = kTileColumns + Side - 1;
  static constexpr int kCells = (kTileRows + Side - 1) * kPatchColumns;
  static constexpr int kCellLoads = (kCells + kLoadStep - 1) / kLoadStep;
  static constexpr int kPatchBytes = round_up(kCells * kCellBytes, 1024);
  // A patch serves Side steps; loads run ahead by kLookahead steps.
  static constexpr int kPatches = Side == 1 ? 4 : 2;
  static constexpr int kFilterBytes = Side * Columns * kCellBytes;
  static constexpr int kFilterLoads = (Columns + kLoadStep - 1) / kLoadStep;
};

template <int Side, int Columns>
__device__ inline void convolve(const fp16* __restrict__ x, const fp16* __restrict__ weight,
                                const fp16* __restrict__ bias, fp16* __restrict__ out,
                                const Geometry& g) {
  using P = Plan<Side, Columns>;
  extern __shared__ __align__(1024) unsigned char shared[];
  const unsigned patches = (shared_address(shared) + 1023) & ~1023u;
  const unsigned filters = patches + P::kPatches * P::kPatchBytes;

  const int tiles_w = (g.out_width + P::kTileColumns - 1) / P::kTileColumns;
  const int tiles_h = (g.out_height + kTileRows - 1) / kTileRows;
  const int first_w = blockIdx.x % tiles_w * P::kTileColumns;
  const int first_h = blockIdx.x / tiles_w % tiles_h * kTileRows;
  const int frame = blockIdx.x / tiles_w / tiles_h;
  const int first_channel = blockIdx.y * Columns;
  const int piece = threadIdx.x % kPieces;
  const int load_row = threadIdx.x / kPieces;

  // Offsets in a frame of the cells that this thread loads; negative where there is no cell.
  int cells[P::kCellLoads];
#pragma unroll
  for (int r = 0; r < P::kCellLoads; r++) {
    const int cell = load_row + r * kLoadStep;
    const int h = first_h + cell / P::kPatchColumns - g.pad;
    const int w = first_w + cell % P::kPatchColumns - g.pad;
    const bool inside = cell < P::kCells && static_cast<unsigned>(h) < g.height &&
                        static_cast<unsigned>(w) < g.width;
    cells[r] = inside ? (h * g.width + w) * g.channels + piece * 8 : -1;
  }
  const long long frame_size = static_cast<long long>(g.height) * g.width * g.channels;
  const long long window = static_cast<long long>(g.kernel_t) * Side * Side * g.channels;
  const fp16* own_filters = weight + (first_channel + load_row) * window + piece * 8;

  // A step is one row of the kernel, of one frame and 32 channels. What is loaded next:
  int next_frame = 0;
  int next_channel = 0;
  int next_patch = 0;
  const int patch_count = g.channels / kDepth * g.kernel_t;
  auto load = [&](int step, int row) {
    if (row == 0) {
      const unsigned patch = patches + next_patch % P::kPatches * P::kPatchBytes;
      const fp16* source = x + (frame + next_frame) * frame_size + next_channel;
#pragma unroll
      for (int r = 0; r < P::kCellLoads; r++) {
        const int cell = load_row + r * kLoadStep;
        if (P::kCells % kLoadStep == 0 || cell < P::kCells) {
          const bool inside = cells[r] >= 0;
          copy_async(patch + piece_offset(cell, piece), inside ? source + cells[r] : x, inside);
        }
      }
      next_patch++;
    }
    const unsigned stage = filters + step % kFilterStages * P::kFilterBytes;
    const fp16* source = own_filters + (next_frame * Side + row) * Side * g.channels + next_channel;
#pragma unroll
    for (int k = 0; k < Side; k++) {
#pragma unroll
      for (int r = 0; r < P::kFilterLoads; r++) {
        const int column = load_row + r * kLoadStep;
        if (Columns % kLoadStep == 0 || column < Columns) {
          const bool valid = first_channel + column < g.out_channels;
          copy_async(stage + piece_offset(k * Columns + column, piece),
                     valid ? source + r * kLoadStep * window + k * g.channels : weight, valid);
        }
      }
    }
    if (row == Side - 1 && ++next_frame == g.kernel_t) {
      next_frame = 0;
      next_channel += kDepth;
    }
  };

#pragma unroll
  for (int step = 0; step < kLookahead; step++) {
    if (step < patch_count * Side) {
      load(step, step % Side);
    }
    commit_copies();
  }

  const int group = threadIdx.x / 128;
  float sum[Columns / 2] = {};
#pragma unroll 1
  for (int index = 0; index < patch_count; index++) {
#pragma unroll
    for (int row = 0; row < Side; row++) {
      const int step = index * Side + row;
      wait_copies<kLookahead - 1>();
      publish_to_tensor_cores();
      __syncthreads();  // the data is there, and everyone is done with what was used two steps ago

      const unsigned patch = patches + index % P::kPatches * P::kPatchBytes +
                             (row * P::kPatchColumns + group * 8) * kCellBytes;
      const unsigned stage = filters + step % kFilterStages * P::kFilterBytes;
      begin_products();
#pragma unroll
      for (int k = 0; k < Side; k++) {
#pragma unroll
        for (int part = 0; part < kDepth / 16; part++) {
          const unsigned long long filter =
              describe_tile_64(stage + k * Columns * kCellBytes + part * 32, 8 * kCellBytes);
          const unsigned long long tile =
              describe_tile_64(patch + k * kCellBytes + part * 32, P::kPatchColumns * kCellBytes);
          multiply_add_async(sum, tile, filter);
        }
      }
      commit_products();
      wait_products<1>();
      if (step + kLookahead < patch_count * Side) {
        load(step + kLookahead, (row + kLookahead) % Side);
      }
      commit_copies();
    }
  }
  wait_products<0>();
  settle(sum);

  const int lane = threadIdx.x % 32;
  const int warp = threadIdx.x / 32 % 4;
  const int w = first_w + group * 8 + lane / 4;
#pragma unroll
  for (int half = 0; half < 2; half++) {
    const int h = first_h + warp * 2 + half;
    if (w >= g.out_width || h >= g.out_height) {
      continue;
    }
    const long long position = (static_cast<long long>(frame) * g.out_height + h) * g.out_width + w;
#pragma unroll
    for (int n = 0; n < Columns / 8; n++) {
      const int channel = first_channel + n * 8 + lane % 4 * 2;
      fp16* target = out + position * g.out_channels + channel;
      float low = sum[n * 4 + half * 2];
      float high = sum[n * 4 + half * 2 + 1];
      if (channel + 1 < g.out_channels) {
        low += bias == nullptr ? 0.0f : to_float(bias[channel]);
        high += bias == nullptr ? 0.0f : to_float(bias[channel + 1]);
        if (g.out_channels % 2 == 0) {
          *reinterpret_cast<unsigned*>(target) = pack_fp16(low, high);
        } else {
          store(target, low);
          store(target + 1, high);
        }
      } else if (channel < g.out_channels) {
        store(target, low + (bias == nullptr ? 0.0f : to_float(bias[channel])));
      }
    }
  }
}

}  // namespace

// Defines a kernel for kernels of SIDE x SIDE, and tiles of COLUMNS channels.
#define CONVOLUTION(SIDE, COLUMNS)                                                              \
  extern "C" __global__ void __launch_bounds__(kThreads, 2) convolution_side##SIDE##_##COLUMNS( \
      const fp16* x, const fp16* weight, const fp16* bias, fp16* out, int height, int width,    \
      int channels, int kernel_t, int pad, int out_height, int out_width, int out_channels) {   \
    const Geometry g = {height, width,      channels,  kernel_t,                                \
                        pad,    out_height, out_width, out_channels};                           \
    convolve<SIDE, COLUMNS>(x, weight, bias, out, g);                                           \
  }

CONVOLUTION(3, 96)
CONVOLUTION(3, 8)
CONVOLUTION(1, 96)
