package dev.longtake.transforms.media;

import static com.google.common.base.Preconditions.checkArgument;
import static com.google.common.base.Preconditions.checkState;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_RGB24;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_free;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_make_writable;

import dev.longtake.runtime.api.Picture;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avutil.AVFrame;

/**
 * Writes frames into one H.264 fragment that needs nothing outside itself: an MP4 of constant 25
 * frames a second that starts at 0 with a key frame, without B-frames, in 4:2:0 of limited-range
 * BT.709.
 *
 * <p>The same frames and settings give the same bytes. Owns the open file and the encoder; for one
 * thread. The file can be read only after {@link #finish}; the caller publishes it.
 */
public final class FragmentWriter implements AutoCloseable {
  private static final int SIZE_STEP = 16;

  private final Closing closing = new Closing();
  private final Path file;
  private final int width;
  private final int height;
  private final Mp4Output output;
  private final H264Encoder encoder;
  private final PixelConverter converter;
  private final AVFrame rgbFrame;
  private final ByteBuffer plane;
  private final int streamIndex;
  private int frames;
  private boolean finished;

  /**
   * Creates or overwrites a fragment.
   *
   * @param width columns of every frame, a multiple of 16; {@code height} rows, likewise
   * @throws MediaException UNWRITABLE or LIBRARY
   */
  public FragmentWriter(Path file, int width, int height, EncoderSettings settings) {
    checkArgument(
        width > 0 && height > 0 && width % SIZE_STEP == 0 && height % SIZE_STEP == 0,
        "width and height must be positive multiples of %s, but were %s and %s",
        SIZE_STEP,
        width,
        height);
    this.file = file;
    this.width = width;
    this.height = height;
    try {
      output = new Mp4Output(file);
      closing.add(output::close);
      FfmpegCall calls = output.calls();
      encoder = new H264Encoder(calls, width, height, settings);
      closing.add(encoder::close);
      converter = PixelConverter.toVideo(calls, width, height);
      closing.add(converter::close);
      rgbFrame = PixelConverter.newFrame(calls, width, height, AV_PIX_FMT_RGB24);
      closing.add(() -> av_frame_free(rgbFrame));
      plane = PixelConverter.plane(rgbFrame);
      streamIndex = output.addStream(encoder.parameters(), EncoderSettings.FRAMES_PER_SECOND);
      output.writeHeader();
    } catch (RuntimeException e) {
      closing.close();
      throw e;
    }
  }

  /**
   * Appends a frame.
   *
   * @param rgb unsigned bytes [H, W, 3] from position to limit; read before this returns, and left
   *     with position and limit as they were
   * @throws MediaException UNWRITABLE
   */
  public void write(ByteBuffer rgb) {
    checkState(!finished, "%s is finished and takes no more frames", file);
    int rowBytes = width * Picture.COLOURS;
    checkArgument(
        rgb.remaining() == rowBytes * height,
        "a frame of %s x %s pixels has %s bytes, but %s were given",
        width,
        height,
        rowBytes * height,
        rgb.remaining());
    for (int y = 0; y < height; y++) {
      plane.put(y * rgbFrame.linesize(0), rgb, rgb.position() + y * rowBytes, rowBytes);
    }
    AVFrame frame = converter.convert(rgbFrame);
    frame.pts(frames);
    frame.duration(1);
    encoder.send(frame);
    drain();
    output.calls().check(av_frame_make_writable(frame), "av_frame_make_writable");
    frames++;
  }

  /** Returns how many frames were written. */
  public int frames() {
    return frames;
  }

  /**
   * Completes the file; only {@link #close} may follow.
   *
   * @throws IllegalStateException if there is no frame, or it was finished before
   * @throws MediaException UNWRITABLE
   */
  public void finish() {
    checkState(!finished, "%s was finished before", file);
    checkState(frames > 0, "%s has no frame", file);
    finished = true;
    encoder.send(null);
    drain();
    output.finish();
  }

  private void drain() {
    for (AVPacket packet = encoder.next(); packet != null; packet = encoder.next()) {
      packet.duration(1); // or the last frame would have no length
      output.write(packet, streamIndex, EncoderSettings.FRAMES_PER_SECOND);
    }
  }

  /** Frees everything; a file that was not finished stays unreadable. */
  @Override
  public void close() {
    closing.close();
  }
}
