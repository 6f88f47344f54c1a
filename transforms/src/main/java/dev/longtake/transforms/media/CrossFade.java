package dev.longtake.transforms.media;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.api.Picture;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** Lets one shot pass into the next: the frames that both have are mixed, ever more of the next. */
public final class CrossFade {
  private CrossFade() {}

  /**
   * Writes a fragment anew, with its first frames mixed with those that the shot before would have
   * had in their place. Frame k of n is mixed with weight (k + 1)/(n + 1).
   *
   * @param fragment of {@link FragmentWriter}, of {@code width} x {@code height} pixels
   * @param before bytes [frames, height, width, 3]: how the shot before goes on
   * @param faded created or overwritten; of as many frames as {@code fragment}
   * @throws MediaException UNREADABLE_VIDEO or UNWRITABLE
   */
  public static void fadeIn(Path fragment, byte[] before, int width, int height, Path faded) {
    int frameBytes = Math.multiplyExact(Math.multiplyExact(width, height), Picture.COLOURS);
    checkArgument(
        before.length % frameBytes == 0,
        "%s bytes are no whole frames of %s x %s",
        before.length,
        width,
        height);
    int mixedFrames = before.length / frameBytes;
    byte[] pixels = new byte[frameBytes];
    try (FragmentWriter writer =
        new FragmentWriter(faded, width, height, EncoderSettings.DEFAULT)) {
      VideoReader.decode(
          fragment,
          (frame, rgb) -> {
            rgb.get(rgb.position(), pixels);
            if (frame < mixedFrames) {
              mix(before, frame * frameBytes, pixels, (frame + 1.0) / (mixedFrames + 1));
            }
            writer.write(ByteBuffer.wrap(pixels));
          });
      writer.finish();
    }
  }

  private static void mix(byte[] before, int offset, byte[] pixels, double weight) {
    for (int i = 0; i < pixels.length; i++) {
      double old = Byte.toUnsignedInt(before[offset + i]);
      double young = Byte.toUnsignedInt(pixels[i]);
      pixels[i] = (byte) Math.round(old + (young - old) * weight);
    }
  }
}
