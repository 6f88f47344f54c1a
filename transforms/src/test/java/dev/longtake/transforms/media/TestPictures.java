package dev.longtake.transforms.media;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_alloc;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_free;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_alloc_context3;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_find_encoder_by_name;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_free_context;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_open2;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_receive_packet;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_send_frame;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_BGRA;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_free;
import static org.bytedeco.ffmpeg.global.avutil.av_opt_set_int;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;

/** Picture files for tests. */
final class TestPictures {
  static final int WIDTH = 48;
  static final int HEIGHT = 32;

  private TestPictures() {}

  /** Four quarters: red, green over blue, white. */
  static BufferedImage sample() {
    BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < HEIGHT; y++) {
      for (int x = 0; x < WIDTH; x++) {
        boolean left = x < WIDTH / 2;
        int rgb = left ? 0x0000FF : 0xFFFFFF;
        if (y < HEIGHT / 2) {
          rgb = left ? 0xFF0000 : 0x00FF00;
        }
        image.setRGB(x, y, rgb);
      }
    }
    return image;
  }

  static Path png(Path file, BufferedImage image) throws IOException {
    ImageIO.write(image, "png", file.toFile());
    return file;
  }

  static Path jpeg(Path file, BufferedImage image) throws IOException {
    ImageIO.write(image, "jpg", file.toFile());
    return file;
  }

  /** Writes lossless WebP. */
  static Path webp(Path file, BufferedImage image) throws IOException {
    FfmpegCall calls = new FfmpegCall(file, MediaException.Code.UNWRITABLE);
    AVCodec codec = calls.made(avcodec_find_encoder_by_name("libwebp"), "libwebp");
    AVCodecContext encoder = calls.made(avcodec_alloc_context3(codec), "avcodec_alloc_context3");
    encoder.width(image.getWidth());
    encoder.height(image.getHeight());
    encoder.pix_fmt(AV_PIX_FMT_BGRA);
    encoder.time_base().num(1).den(1);
    calls.check(av_opt_set_int(encoder.priv_data(), "lossless", 1, 0), "lossless");
    calls.check(avcodec_open2(encoder, codec, (AVDictionary) null), "avcodec_open2");
    AVFrame frame =
        PixelConverter.newFrame(calls, image.getWidth(), image.getHeight(), AV_PIX_FMT_BGRA);
    ByteBuffer plane = PixelConverter.plane(frame).order(ByteOrder.LITTLE_ENDIAN);
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        plane.putInt(y * frame.linesize(0) + 4 * x, image.getRGB(x, y));
      }
    }
    frame.pts(0);
    AVPacket packet = calls.made(av_packet_alloc(), "av_packet_alloc");
    calls.check(avcodec_send_frame(encoder, frame), "avcodec_send_frame");
    calls.check(avcodec_receive_packet(encoder, packet), "avcodec_receive_packet");
    byte[] bytes = new byte[packet.size()];
    packet.data().get(bytes);
    av_packet_free(packet);
    av_frame_free(frame);
    avcodec_free_context(encoder);
    return Files.write(file, bytes);
  }

  /** Returns a TIFF block that holds the orientation alone. */
  private static byte[] tiff(int orientation, ByteOrder order) {
    ByteBuffer tiff = ByteBuffer.allocate(26).order(order);
    tiff.put((order == ByteOrder.BIG_ENDIAN ? "MM" : "II").getBytes(ISO_8859_1));
    tiff.putShort((short) 42).putInt(8).putShort((short) 1);
    tiff.putShort((short) 0x0112).putShort((short) 3).putInt(1).putShort((short) orientation);
    return tiff.array();
  }

  static void tagJpeg(Path file, int orientation) throws IOException {
    byte[] tiff = tiff(orientation, ByteOrder.BIG_ENDIAN);
    ByteBuffer segment = ByteBuffer.allocate(10 + tiff.length);
    segment.putShort((short) 0xFFE1).putShort((short) (8 + tiff.length));
    segment.put("Exif\0\0".getBytes(ISO_8859_1)).put(tiff);
    insert(file, 2, segment.array());
  }

  static void tagPng(Path file, int orientation) throws IOException {
    byte[] tiff = tiff(orientation, ByteOrder.LITTLE_ENDIAN);
    insert(file, 33, pngChunk("eXIf", tiff)); // behind IHDR
  }

  static byte[] pngChunk(String type, byte[] body) {
    ByteBuffer chunk = ByteBuffer.allocate(12 + body.length);
    chunk.putInt(body.length).put(type.getBytes(ISO_8859_1)).put(body);
    CRC32 crc = new CRC32();
    crc.update(chunk.array(), 4, 4 + body.length);
    return chunk.putInt((int) crc.getValue()).array();
  }

  static void tagWebp(Path file, int orientation) throws IOException {
    byte[] old = Files.readAllBytes(file);
    byte[] tiff = tiff(orientation, ByteOrder.LITTLE_ENDIAN);
    ByteBuffer bytes =
        ByteBuffer.allocate(old.length + 18 + 8 + tiff.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.put(old, 0, 12).put("VP8X".getBytes(ISO_8859_1)).putInt(10).putInt(0x08);
    bytes.put(new byte[] {WIDTH - 1, 0, 0, HEIGHT - 1, 0, 0});
    bytes.put(old, 12, old.length - 12);
    bytes.put("EXIF".getBytes(ISO_8859_1)).putInt(tiff.length).put(tiff);
    bytes.putInt(4, bytes.capacity() - 8);
    Files.write(file, bytes.array());
  }

  private static void insert(Path file, int at, byte[] inserted) throws IOException {
    byte[] old = Files.readAllBytes(file);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.write(old, 0, at);
    bytes.write(inserted, 0, inserted.length);
    bytes.write(old, at, old.length - at);
    Files.write(file, bytes.toByteArray());
  }
}
