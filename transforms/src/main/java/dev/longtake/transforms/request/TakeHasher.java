package dev.longtake.transforms.request;

import static com.google.common.base.Preconditions.checkState;
import static java.util.Objects.checkFromIndexSize;
import static java.util.Objects.requireNonNull;

import dev.longtake.pipeline.element.PlannedTake;
import dev.longtake.pipeline.spi.FrameRange;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * Makes the digests of all takes of a video while its speech goes by once.
 *
 * <p>A take's digest covers the request's, the take's index and length, the samples that it {@link
 * TakeSpeech hears}, and, where takes go on from one another, the digest of the take before. So
 * speech that changes inside one take changes that take and those that go on from it.
 */
public final class TakeHasher {
  private static final int BATCH_SAMPLES = 4096;

  private final String requestHash;
  private final List<FrameRange> takes;
  private final Chaining chaining;
  private final int audioLeadFrames;
  private final long samples;
  private final List<MessageDigest> digests = new ArrayList<>();
  private final ByteBuffer batch =
      ByteBuffer.allocate(BATCH_SAMPLES * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
  private long position;

  /** Whether a take's pixels depend on the take before. */
  public enum Chaining {
    /** They do: {@code carry}. */
    CHAINED,
    /** They do not: {@code parallel}, and {@code strict} with its one take. */
    INDEPENDENT
  }

  /**
   * Starts at the beginning of the speech.
   *
   * @param requestHash of {@link RequestHash}
   * @param takes in order
   * @param audioLeadFrames frames of silence that the checkpoint wants in front of the speech
   * @param samples length of the whole speech, at 16 kHz
   */
  public TakeHasher(
      String requestHash,
      List<FrameRange> takes,
      Chaining chaining,
      int audioLeadFrames,
      long samples) {
    this.requestHash = requireNonNull(requestHash, "requestHash");
    this.takes = List.copyOf(takes);
    this.chaining = requireNonNull(chaining, "chaining");
    this.audioLeadFrames = audioLeadFrames;
    this.samples = samples;
    for (int take = 0; take < takes.size(); take++) {
      digests.add(CanonicalHash.sha256());
    }
  }

  /**
   * Takes the next samples of the speech. They are not kept.
   *
   * @param chunk mono, 16 kHz; read from {@code offset}, {@code count} of them
   */
  public void accept(float[] chunk, int offset, int count) {
    checkFromIndexSize(offset, count, chunk.length);
    for (int take = 0; take < takes.size(); take++) {
      TakeSpeech heard = heardBy(take);
      long first = Math.max(position, heard.first());
      long end = Math.min(position + count, heard.end());
      if (first < end) {
        update(digests.get(take), chunk, offset + (int) (first - position), (int) (end - first));
      }
    }
    position += count;
  }

  /**
   * Returns the takes with their digests.
   *
   * @throws IllegalStateException if the speech did not go by once and whole
   */
  public List<PlannedTake> finish() {
    checkState(position == samples, "%s samples were announced, but %s came", samples, position);
    List<PlannedTake> planned = new ArrayList<>(takes.size());
    String before = "";
    for (int index = 0; index < takes.size(); index++) {
      FrameRange take = takes.get(index);
      String hash = hash(index, take, before);
      if (chaining == Chaining.CHAINED) {
        before = hash;
      }
      planned.add(
          PlannedTake.builder()
              .setIndex(index)
              .setFirstFrame(take.first())
              .setFrames(take.count())
              .setHash(hash)
              .build());
    }
    return List.copyOf(planned);
  }

  private String hash(int index, FrameRange take, String before) {
    return new CanonicalHash("longtake take")
        .field("request", requestHash)
        .field("take", index)
        .field("frames", take.count())
        .field("audioLeadFrames", audioLeadFrames)
        .field("speechSamples", heardBy(index).count())
        .field("speech", HexFormat.of().formatHex(digests.get(index).digest()))
        .field("before", before)
        .hex();
  }

  private TakeSpeech heardBy(int take) {
    return TakeSpeech.of(takes.get(take), audioLeadFrames, samples);
  }

  private void update(MessageDigest digest, float[] chunk, int offset, int count) {
    for (int done = 0; done < count; done += BATCH_SAMPLES) {
      int size = Math.min(BATCH_SAMPLES, count - done);
      batch.clear();
      batch.asFloatBuffer().put(chunk, offset + done, size);
      digest.update(batch.limit(size * Float.BYTES));
    }
  }
}
