package dev.longtake.runtime.model.t5;

import static com.google.common.base.Preconditions.checkArgument;

import ai.djl.engine.EngineException;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.google.common.primitives.Ints;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Splits a cleaned prompt into the tokens of the umT5 vocabulary, as its {@code tokenizer.json}
 * says: normalisation, segmentation, and the end token.
 *
 * <p>The work is done by the Hugging Face tokenizers library, native code that is unpacked once
 * from the class path into DJL's cache directory: {@code $ENGINE_CACHE_DIR}, else {@code
 * $DJL_CACHE_DIR}, else {@code ~/.djl.ai}, else a folder of {@code java.io.tmpdir} when the home
 * directory cannot be written. Nothing is fetched from a network. Safe for use by several threads.
 */
public final class PromptTokenizer implements AutoCloseable {
  /** DJL's own switch; see {@link #load}. */
  private static final String DJL_OFFLINE = "ai.djl.offline";

  private static final Object LOADING = new Object();

  private final HuggingFaceTokenizer tokenizer;

  private PromptTokenizer(HuggingFaceTokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /**
   * Reads a tokenizer; close the result to free its native memory.
   *
   * @param tokenizerJson a {@code tokenizer.json} file
   * @param textLength most tokens a prompt may have, the DiT's {@code text_len}; what exceeds it is
   *     cut off and the end token kept
   * @throws LongtakeException INVALID_CHECKPOINT if the file is missing or is no tokenizer,
   *     DEVICE_UNAVAILABLE if the native library cannot be unpacked or loaded
   */
  public static PromptTokenizer open(Path tokenizerJson, int textLength) {
    checkArgument(textLength >= 2, "textLength must be at least 2, but was %s", textLength);
    if (!Files.isRegularFile(tokenizerJson)) {
      throw new LongtakeException(
          ErrorCode.INVALID_CHECKPOINT,
          "The tokenizer %s does not exist. Add it from the umT5 checkpoint."
              .formatted(tokenizerJson));
    }
    Map<String, String> options =
        Map.of(
            "addSpecialTokens", "true",
            "padding", "false",
            "truncation", "true",
            "maxLength", Integer.toString(textLength));
    try {
      return new PromptTokenizer(load(tokenizerJson, options));
    } catch (EngineException e) {
      throw new LongtakeException(
          ErrorCode.DEVICE_UNAVAILABLE,
          ("The native tokenizer library cannot be loaded: %s. It needs a 64-bit Linux with glibc, "
                  + "and a home directory or java.io.tmpdir that can be written.")
              .formatted(e.getMessage()),
          e);
    } catch (IOException | RuntimeException e) {
      throw new LongtakeException(
          ErrorCode.INVALID_CHECKPOINT,
          "The tokenizer %s cannot be read: %s. Replace it by the one of the umT5 checkpoint."
              .formatted(tokenizerJson, e.getMessage()),
          e);
    }
  }

  /**
   * Returns the tokens of one prompt, the end token last, without padding.
   *
   * @param cleanPrompt what {@link PromptText} returned
   */
  public int[] encode(String cleanPrompt) {
    long[] ids = tokenizer.encode(cleanPrompt, true, false).getIds();
    return Arrays.stream(ids).mapToInt(Ints::checkedCast).toArray();
  }

  @Override
  public void close() {
    tokenizer.close();
  }

  /**
   * Loads a tokenizer with DJL's offline switch on, and puts the switch back.
   *
   * <p>Without it DJL reports its use when it runs on EC2, and where it finds a CUDA runtime it
   * downloads a GPU build of the library in place of the one on the class path.
   */
  private static HuggingFaceTokenizer load(Path tokenizerJson, Map<String, String> options)
      throws IOException {
    synchronized (LOADING) {
      @Nullable String before = System.setProperty(DJL_OFFLINE, "true");
      try {
        return HuggingFaceTokenizer.newInstance(tokenizerJson, options);
      } finally {
        if (before == null) {
          System.clearProperty(DJL_OFFLINE);
        } else {
          System.setProperty(DJL_OFFLINE, before);
        }
      }
    }
  }
}
