package dev.longtake.runtime.weights;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.databind.JsonNode;
import dev.longtake.runtime.api.LongtakeException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What the official layout of a checkpoint cannot say, from its optional {@code longtake.json}.
 *
 * @param audioLeadFrames frames of silence put in front of the audio that drives the model, so that
 *     lips and sound agree; at least 0
 * @param size the picture size that the model was trained for, if it is made for a single one
 * @param takeSeconds about how long a take should be, where nobody asks for another length
 * @param carriesMotion whether the transformer has learned to go on from moving frames; if not, a
 *     take that goes on from another one shows them to the video decoder alone
 * @param loraAlpha the adapter's strength; it is merged with loraAlpha/rank
 */
public record CheckpointSettings(
    int audioLeadFrames,
    Optional<Size> size,
    int takeSeconds,
    boolean carriesMotion,
    double loraAlpha) {
  /** The file's name, beside the two directories of the checkpoint. */
  public static final String FILE_NAME = "longtake.json";

  /** What holds for the official checkpoint, which has no such file. */
  public static final CheckpointSettings OFFICIAL =
      new CheckpointSettings(3, Optional.empty(), 60, true, 64);

  private static final String LEAD = "audioLeadFrames";
  private static final String SIZE = "size";
  private static final String TAKE_SECONDS = "takeSeconds";
  private static final String CARRIES_MOTION = "carriesMotion";
  private static final String ALPHA = "loraAlpha";
  private static final List<String> KEYS = List.of(LEAD, SIZE, TAKE_SECONDS, CARRIES_MOTION, ALPHA);
  private static final Pattern SIZE_TEXT = Pattern.compile("([1-9]\\d{0,4})\\*([1-9]\\d{0,4})");

  /** Width and height of a picture in pixels. */
  public record Size(int width, int height) {}

  /** Checks the values. */
  public CheckpointSettings {
    checkArgument(
        audioLeadFrames >= 0, "audioLeadFrames must be at least 0, but was %s", audioLeadFrames);
    checkArgument(takeSeconds >= 1, "takeSeconds must be at least 1, but was %s", takeSeconds);
    checkArgument(
        Double.isFinite(loraAlpha) && loraAlpha >= 0,
        "loraAlpha must be a number of at least 0, but was %s",
        loraAlpha);
  }

  /** Returns these settings with another strength of the adapter. */
  public CheckpointSettings withLoraAlpha(double alpha) {
    return new CheckpointSettings(audioLeadFrames, size, takeSeconds, carriesMotion, alpha);
  }

  /**
   * Reads the settings of a checkpoint; those that are not there are {@link #OFFICIAL}.
   *
   * @param directory the checkpoint
   * @throws LongtakeException INVALID_CHECKPOINT if the file has an unknown key or a wrong value
   */
  public static CheckpointSettings read(Path directory) {
    Path file = directory.resolve(FILE_NAME);
    if (!Files.exists(file)) {
      return OFFICIAL;
    }
    JsonNode json = StrictJson.readObject(file);
    json.fieldNames()
        .forEachRemaining(
            key -> {
              if (!KEYS.contains(key)) {
                throw CheckpointFault.of(
                    ("%s has the unknown key %s. Known are %s; remove it or correct "
                            + "its spelling.")
                        .formatted(file, CheckpointFault.quote(key), KEYS));
              }
            });
    return new CheckpointSettings(
        integer(file, LEAD, json.get(LEAD), 0, OFFICIAL.audioLeadFrames),
        size(file, json.get(SIZE)),
        integer(file, TAKE_SECONDS, json.get(TAKE_SECONDS), 1, OFFICIAL.takeSeconds),
        flag(file, CARRIES_MOTION, json.get(CARRIES_MOTION), OFFICIAL.carriesMotion),
        alpha(file, json.get(ALPHA)));
  }

  private static int integer(
      Path file, String key, @Nullable JsonNode node, int least, int otherwise) {
    if (node == null) {
      return otherwise;
    }
    if (!node.isIntegralNumber() || !node.canConvertToInt() || node.intValue() < least) {
      throw wrongValue(file, key, node, "an integer of at least " + least);
    }
    return node.intValue();
  }

  private static boolean flag(Path file, String key, @Nullable JsonNode node, boolean otherwise) {
    if (node == null) {
      return otherwise;
    }
    if (!node.isBoolean()) {
      throw wrongValue(file, key, node, "true or false");
    }
    return node.booleanValue();
  }

  private static Optional<Size> size(Path file, @Nullable JsonNode node) {
    if (node == null) {
      return OFFICIAL.size;
    }
    Matcher matcher = SIZE_TEXT.matcher(node.isTextual() ? node.textValue() : "");
    if (!matcher.matches()) {
      throw wrongValue(file, SIZE, node, "width and height in pixels such as \"720*400\"");
    }
    return Optional.of(
        new Size(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2))));
  }

  private static double alpha(Path file, @Nullable JsonNode node) {
    if (node == null) {
      return OFFICIAL.loraAlpha;
    }
    if (!node.isNumber() || !Double.isFinite(node.doubleValue()) || node.doubleValue() < 0) {
      throw wrongValue(file, ALPHA, node, "a number of at least 0");
    }
    return node.doubleValue();
  }

  private static LongtakeException wrongValue(
      Path file, String key, JsonNode found, String expected) {
    return CheckpointFault.of(
        "%s has %s %s, but %s was expected. Correct the file."
            .formatted(file, key, CheckpointFault.quote(found.toString()), expected));
  }
}
