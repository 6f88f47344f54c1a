package dev.longtake.runtime.ops.cuda;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.cuda.CudaContext;
import dev.longtake.runtime.cuda.CudaEvent;
import dev.longtake.runtime.cuda.CudaStream;
import dev.longtake.runtime.cuda.PinnedMemory;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.Block;
import dev.longtake.runtime.ops.ScratchBytes;
import dev.longtake.runtime.ops.StoredUploads;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.DeviceTensor;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;
import java.nio.ByteBuffer;

/** Uploads what files have from pinned memory, and finishes it with kernels on the same stream. */
final class CudaUploads implements StoredUploads, AutoCloseable {
  private final CudaStream stream;
  private final LowRankKernel lowRank;
  private final QuantizeKernels quantize;
  private final Arena scratch;
  private final PinnedMemory pinned;
  private final Piece[] pieces = new Piece[PIECES];
  private final CudaEvent[] left = new CudaEvent[PIECES];
  private int returned;

  /**
   * Pins the host's memory.
   *
   * @param memory of the device, whose {@link ScratchBytes#attentions} this uses while parameters
   *     are read: attentions on this stream come before or after
   */
  CudaUploads(
      CudaContext context,
      CudaStream stream,
      LowRankKernel lowRank,
      QuantizeKernels quantize,
      Block memory) {
    this.stream = stream;
    this.lowRank = lowRank;
    this.quantize = quantize;
    this.scratch = new Arena("parameters on their way", ScratchBytes.attentions(memory));
    this.pinned = PinnedMemory.reserve(context, (long) PIECES * PIECE_BYTES);
    ByteBuffer all = pinned.buffer();
    for (int i = 0; i < PIECES; i++) {
      pieces[i] = new Piece(i, all.slice(i * PIECE_BYTES, PIECE_BYTES));
      left[i] = CudaEvent.open(context);
    }
  }

  @Override
  public Piece next() {
    int number = returned % PIECES;
    returned = number + 1;
    left[number].synchronize();
    return pieces[number];
  }

  @Override
  public void upload(Piece piece, Tensor out) {
    DeviceTensor target = DeviceTensor.of(out);
    checkArgument(
        target.bytes() <= PIECE_BYTES, "%s bytes are more than a piece has", target.bytes());
    stream.upload(pinned, (long) piece.number() * PIECE_BYTES, target.memory());
    left[piece.number()].record(stream);
  }

  @Override
  public void addLowRank(Tensor w, Tensor b, Tensor a, float factor) {
    int rank = a.shape().extent(0);
    b.require("b", DType.FP32, Shape.of(w.shape().extent(0), rank));
    a.require("a", DType.FP32, Shape.of(rank, w.shape().extent(1)));
    lowRank.add(stream, DeviceTensor.of(w), DeviceTensor.of(b), DeviceTensor.of(a), factor);
  }

  @Override
  public void roundRows(Tensor x, Tensor out, Tensor scale) {
    quantize.weights(stream, DeviceTensor.of(x), DeviceTensor.of(out), DeviceTensor.of(scale));
  }

  @Override
  public Arena scratch() {
    return scratch;
  }

  /** Gives the pinned memory back; nothing may be pending. */
  @Override
  public void close() {
    for (CudaEvent event : left) {
      event.close();
    }
    pinned.close();
  }
}
