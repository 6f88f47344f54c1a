package dev.longtake.runtime.cuda;

import java.util.Arrays;
import java.util.List;

/**
 * A convolution in cuDNN's terms: y = conv(x, w), then plus the bias if there is one.
 *
 * <p>Where the kernel has no extent in time, frames are the images of a batch, which more engines
 * can compute; otherwise they are a dimension of one image.
 */
final class ConvolutionGraph implements AutoCloseable {
  private static final long X = 1;
  private static final long WEIGHT = 2;
  private static final long OUT = 3;
  private static final long BIAS = 4;
  private static final long SUMS = 5;
  private static final long[] IDS = {X, WEIGHT, OUT, BIAS};

  private final ConvolutionShape shape;
  private final CudnnGraph graph;
  private final boolean overTime;

  ConvolutionGraph(Cudnn cudnn, ConvolutionShape shape) {
    this.shape = shape;
    this.graph = new CudnnGraph(cudnn);
    this.overTime = shape.kernelT() > 1 || shape.strideT() > 1;
  }

  /** Returns the numbers of x, weight, out and, if there are four tensors, bias. */
  static long[] ids(int tensors) {
    return Arrays.copyOf(IDS, tensors);
  }

  List<CudnnPlan> plans(long workspaceBytes, int most) {
    long[] xExtents = extents(shape.frames(), shape.inChannels(), shape.rows(), shape.columns());
    long[] outExtents =
        extents(shape.outFrames(), shape.outChannels(), shape.outRows(), shape.outColumns());
    long[] weightExtents =
        overTime
            ? new long[] {
              shape.outChannels(),
              shape.inChannels(),
              shape.kernelT(),
              shape.kernelH(),
              shape.kernelW()
            }
            : new long[] {
              shape.outChannels(), shape.inChannels(), shape.kernelH(), shape.kernelW()
            };
    CudnnDescriptor x = bf16(X, xExtents);
    CudnnDescriptor weight = bf16(WEIGHT, weightExtents);
    CudnnDescriptor out = bf16(OUT, outExtents);
    if (!shape.biased()) {
      return graph.plans(shape.toString(), workspaceBytes, most, convolution(x, weight, out));
    }
    CudnnDescriptor sums =
        graph.intermediate(
            SUMS, CudnnCodes.DATA_FLOAT, outExtents, channelsLastStrides(outExtents));
    long[] biasExtents = new long[outExtents.length];
    Arrays.fill(biasExtents, 1);
    biasExtents[1] = shape.outChannels();
    return graph.plans(
        shape.toString(),
        workspaceBytes,
        most,
        convolution(x, weight, sums),
        addition(sums, bf16(BIAS, biasExtents), out));
  }

  @Override
  public void close() {
    graph.close();
  }

  /** Returns the strides of a tensor [N, C, ...] whose channels lie next to one another. */
  static long[] channelsLastStrides(long[] extents) {
    long[] strides = new long[extents.length];
    strides[1] = 1;
    long stride = extents[1];
    for (int i = extents.length - 1; i >= 2; i--) {
      strides[i] = stride;
      stride *= extents[i];
    }
    strides[0] = stride;
    return strides;
  }

  private long[] extents(int frames, int channels, int rows, int columns) {
    return overTime
        ? new long[] {1, channels, frames, rows, columns}
        : new long[] {frames, channels, rows, columns};
  }

  private CudnnDescriptor bf16(long id, long[] extents) {
    return graph.tensor(id, CudnnCodes.DATA_BFLOAT16, extents, channelsLastStrides(extents));
  }

  private CudnnDescriptor convolution(
      CudnnDescriptor x, CudnnDescriptor weight, CudnnDescriptor out) {
    CudnnDescriptor convolution =
        graph
            .create(CudnnCodes.CONVOLUTION)
            .enumerated(
                CudnnCodes.CONVOLUTION_COMP_TYPE, CudnnCodes.TYPE_DATA_TYPE, CudnnCodes.DATA_FLOAT)
            .enumerated(
                CudnnCodes.CONVOLUTION_CONV_MODE,
                CudnnCodes.TYPE_CONVOLUTION_MODE,
                CudnnCodes.CROSS_CORRELATION)
            .int64(CudnnCodes.CONVOLUTION_SPATIAL_DIMS, overTime ? 3 : 2)
            .int64(CudnnCodes.CONVOLUTION_DILATIONS, spatial(1, 1, 1))
            .int64(
                CudnnCodes.CONVOLUTION_FILTER_STRIDES,
                spatial(shape.strideT(), shape.strideH(), shape.strideW()))
            .int64(
                CudnnCodes.CONVOLUTION_PRE_PADDINGS,
                spatial(0, shape.padBefore(), shape.padBefore()))
            .int64(
                CudnnCodes.CONVOLUTION_POST_PADDINGS,
                spatial(0, shape.padAfter(), shape.padAfter()))
            .finish();
    return graph
        .create(CudnnCodes.OPERATION_CONVOLUTION_FORWARD)
        .descriptors(CudnnCodes.OPERATION_CONVOLUTION_FORWARD_CONV_DESC, convolution)
        .descriptors(CudnnCodes.OPERATION_CONVOLUTION_FORWARD_X, x)
        .descriptors(CudnnCodes.OPERATION_CONVOLUTION_FORWARD_W, weight)
        .descriptors(CudnnCodes.OPERATION_CONVOLUTION_FORWARD_Y, out)
        .float32(CudnnCodes.OPERATION_CONVOLUTION_FORWARD_ALPHA, 1f)
        .float32(CudnnCodes.OPERATION_CONVOLUTION_FORWARD_BETA, 0f)
        .finish();
  }

  private CudnnDescriptor addition(CudnnDescriptor a, CudnnDescriptor b, CudnnDescriptor out) {
    CudnnDescriptor add =
        graph
            .create(CudnnCodes.POINTWISE)
            .enumerated(
                CudnnCodes.POINTWISE_MODE, CudnnCodes.TYPE_POINTWISE_MODE, CudnnCodes.POINTWISE_ADD)
            .enumerated(
                CudnnCodes.POINTWISE_MATH_PREC, CudnnCodes.TYPE_DATA_TYPE, CudnnCodes.DATA_FLOAT)
            .finish();
    return graph
        .create(CudnnCodes.OPERATION_POINTWISE)
        .descriptors(CudnnCodes.OPERATION_POINTWISE_PW_DESCRIPTOR, add)
        .descriptors(CudnnCodes.OPERATION_POINTWISE_XDESC, a)
        .descriptors(CudnnCodes.OPERATION_POINTWISE_BDESC, b)
        .descriptors(CudnnCodes.OPERATION_POINTWISE_YDESC, out)
        .finish();
  }

  private long[] spatial(int inTime, int inRows, int inColumns) {
    return overTime ? new long[] {inTime, inRows, inColumns} : new long[] {inRows, inColumns};
  }
}
