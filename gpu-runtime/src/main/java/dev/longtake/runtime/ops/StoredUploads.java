package dev.longtake.runtime.ops;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.tensor.Tensor;
import java.nio.ByteBuffer;

/**
 * Brings parameters to a GPU as files have them and finishes them there, which spares the host the
 * arithmetic and half of the bytes.
 *
 * <p>Everything is queued in the order of the {@link Ops} that this belongs to, and used by their
 * thread; only what is in a {@link Piece} may be written by any thread.
 */
public interface StoredUploads {
  /** How many pieces there are. */
  int PIECES = 16;

  /** Bytes of a piece. */
  int PIECE_BYTES = 1 << 20;

  /**
   * Host memory for what is to be uploaded.
   *
   * @param number from 0 to {@link #PIECES}
   * @param bytes all of it, [0, {@link #PIECE_BYTES}); use absolute access only
   */
  record Piece(int number, ByteBuffer bytes) {}

  /** Returns the piece that was returned longest ago, when what it held has left. */
  Piece next();

  /**
   * Copies the front of a piece to a tensor, as many bytes as that has; they must stay until {@link
   * #next()} returns the piece again.
   */
  void upload(Piece piece, Tensor out);

  /**
   * w = round(w + factor·b·a) to the type of w, with products and their sums in fp32.
   *
   * @param w BF16, FP16 or FP32 [rows, width]
   * @param b FP32 [rows, rank]
   * @param a FP32 [rank, width]
   */
  void addLowRank(Tensor w, Tensor b, Tensor a, float factor);

  /**
   * Rounds rows to FP8 after division by a scale that takes a row's largest magnitude to FP8's
   * largest value; 1 for a row of zeros.
   *
   * @param x BF16, FP16 or FP32 [rows, width]
   * @param out FP8_E4M3, as {@code x}
   * @param scale FP32 [rows]
   */
  void roundRows(Tensor x, Tensor out, Tensor scale);

  /** Returns device memory for what is on its way, {@link ScratchBytes#ATTENTION} in all. */
  Arena scratch();
}
