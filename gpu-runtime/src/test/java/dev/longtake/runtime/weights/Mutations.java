package dev.longtake.runtime.weights;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Damages files in the ways that downloads, disks and attackers do. */
final class Mutations {
  private static final Pattern NUMBER = Pattern.compile("\\d+");
  private static final Pattern TOKEN = Pattern.compile("\"[^\"]*\"|[\\[\\]{},:]|\\d+");
  private static final String[] NUMBERS = {
    "-1",
    "0",
    "1",
    "2147483647",
    "2147483648",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "1e308",
    "1e99999999",
    "0.5",
    "null",
    "\"7\"",
    "[]",
    "{}",
    "true"
  };
  private static final long[] LENGTHS = {
    0,
    1,
    -1,
    255,
    65_535,
    Integer.MAX_VALUE,
    1L << 31,
    1L << 32,
    100_000_000,
    Long.MAX_VALUE,
    Long.MIN_VALUE
  };
  private static final int[] OPCODES = {
    0x80, 0x95, '.', '(', 'N', 0x88, 'J', 'K', 'M', 0x8A, 'G', 'X', 0x8C, ']', 'a', 'e', ')', 't',
    0x85, 0x86, 0x87, '}', 's', 'u', 'q', 'r', 0x94, 'h', 'j', 'c', 0x93, 'R', 'b', 'Q'
  };

  private Mutations() {}

  /** Returns a copy with one to four kinds of damage. */
  static byte[] ofBytes(byte[] whole, Random random) {
    byte[] bytes = whole.clone();
    for (int i = random.nextInt(4); i >= 0 && bytes.length > 0; i--) {
      bytes =
          switch (random.nextInt(6)) {
            case 0 -> Arrays.copyOf(bytes, random.nextInt(bytes.length));
            case 1 -> cut(bytes, random);
            case 2 -> repeat(bytes, random);
            case 3 -> changeLength(bytes, random);
            case 4 -> changeByte(bytes, random);
            default -> flipBit(bytes, random);
          };
    }
    return bytes;
  }

  /** Returns a copy with one to three tokens changed, dropped, doubled or exchanged. */
  static String ofJson(String json, Random random) {
    String text = json;
    for (int i = random.nextInt(3); i >= 0; i--) {
      Pattern pattern = random.nextBoolean() ? NUMBER : TOKEN;
      long tokens = pattern.matcher(text).results().count();
      if (tokens == 0) {
        return text;
      }
      String other = token(text, pattern, random.nextInt((int) tokens));
      text = replaceToken(text, pattern, random.nextInt((int) tokens), other, random);
    }
    return text;
  }

  /** Returns instructions at random, most of them valid for themselves. */
  static byte[] randomPickle(Random random) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = random.nextInt(200); i >= 0; i--) {
      bytes.write(OPCODES[random.nextInt(OPCODES.length)]);
      if (random.nextBoolean()) {
        bytes.write(random.nextInt(3));
      }
    }
    return bytes.toByteArray();
  }

  private static String replaceToken(
      String text, Pattern pattern, int index, String other, Random random) {
    Matcher matcher = pattern.matcher(text);
    for (int i = 0; i <= index; i++) {
      matcher.find();
    }
    String replacement =
        switch (random.nextInt(4)) {
          case 0 -> "";
          case 1 -> other;
          case 2 -> matcher.group() + other;
          default -> NUMBERS[random.nextInt(NUMBERS.length)];
        };
    return text.substring(0, matcher.start()) + replacement + text.substring(matcher.end());
  }

  private static String token(String text, Pattern pattern, int index) {
    return pattern.matcher(text).results().skip(index).findFirst().orElseThrow().group();
  }

  private static byte[] cut(byte[] bytes, Random random) {
    int start = random.nextInt(bytes.length);
    int end = Math.min(bytes.length, start + 1 + random.nextInt(16));
    byte[] shorter = Arrays.copyOf(bytes, bytes.length - (end - start));
    System.arraycopy(bytes, end, shorter, start, bytes.length - end);
    return shorter;
  }

  private static byte[] repeat(byte[] bytes, Random random) {
    int start = random.nextInt(bytes.length);
    int count = Math.min(bytes.length - start, 1 + random.nextInt(64));
    byte[] longer = Arrays.copyOf(bytes, bytes.length + count);
    System.arraycopy(bytes, start, longer, start + count, bytes.length - start);
    return longer;
  }

  // Half of the time at the very beginning, where safetensors has its one length.
  private static byte[] changeLength(byte[] bytes, Random random) {
    long length = LENGTHS[random.nextInt(LENGTHS.length)] + random.nextInt(3);
    int start = random.nextBoolean() ? 0 : random.nextInt(bytes.length);
    int width = random.nextBoolean() ? Integer.BYTES : Long.BYTES;
    for (int i = 0; i < width && start + i < bytes.length; i++) {
      bytes[start + i] = (byte) (length >>> (8 * i));
    }
    return bytes;
  }

  private static byte[] changeByte(byte[] bytes, Random random) {
    bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
    return bytes;
  }

  private static byte[] flipBit(byte[] bytes, Random random) {
    bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
    return bytes;
  }
}
