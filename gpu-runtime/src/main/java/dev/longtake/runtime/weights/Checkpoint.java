package dev.longtake.runtime.weights;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.io.Closer;
import dev.longtake.runtime.api.LongtakeException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * All files of a checkpoint, laid out as downloaded: {@code Wan2.2-S2V-14B/}, beside it {@code
 * LiveAvatar/} if there is an adapter, and {@code longtake.json} if there are settings.
 *
 * <p>Files are opened when they are first asked for and belong to this object: do not close the
 * sources, and do not use them after {@link #close()}. Every method throws {@link
 * LongtakeException} INVALID_CHECKPOINT if a file is missing, which says what lies there instead,
 * or damaged. Safe for use by several threads.
 */
public final class Checkpoint implements AutoCloseable {
  private final CheckpointFiles files;
  private final CheckpointSettings settings;
  private final Closer closer = Closer.create();
  private @Nullable TensorSource dit;
  private @Nullable TensorSource vae;
  private @Nullable TensorSource t5;
  private @Nullable TensorSource wav2vec2;
  private @Nullable String digest;

  private Checkpoint(CheckpointFiles files, CheckpointSettings settings) {
    this.files = files;
    this.settings = settings;
  }

  /**
   * Opens a checkpoint with the settings it comes with; close the result.
   *
   * @param directory holds {@code Wan2.2-S2V-14B/}
   * @throws LongtakeException INVALID_CHECKPOINT if it does not, or its settings are wrong
   */
  public static Checkpoint open(Path directory) {
    return open(directory, CheckpointSettings.read(directory));
  }

  /** As {@link #open(Path)}, with other settings than it comes with. */
  public static Checkpoint open(Path directory, CheckpointSettings settings) {
    CheckpointFiles files = new CheckpointFiles(directory);
    files.ditDirectory();
    return new Checkpoint(files, requireNonNull(settings, "settings"));
  }

  /** Returns what the official layout cannot say. */
  public CheckpointSettings settings() {
    return settings;
  }

  /** Returns the transformer's {@code config.json}, an object. */
  public JsonNode ditConfig() {
    return StrictJson.readObject(files.ditConfig());
  }

  /** Returns the transformer's tensors, merged with the adapter if there is one. */
  public synchronized TensorSource dit() {
    if (dit == null) {
      dit = openDit();
    }
    return dit;
  }

  /** Returns the video autoencoder's tensors. */
  public synchronized TensorSource vae() {
    if (vae == null) {
      vae = owned(() -> TorchPickleFile.open(files.vae()));
    }
    return vae;
  }

  /** Returns the text encoder's tensors. */
  public synchronized TensorSource t5() {
    if (t5 == null) {
      t5 = owned(() -> TorchPickleFile.open(files.t5()));
    }
    return t5;
  }

  /** Returns the speech encoder's tensors. */
  public synchronized TensorSource wav2vec2() {
    if (wav2vec2 == null) {
      Path file = files.wav2vec2();
      wav2vec2 =
          owned(
              () ->
                  file.toString().endsWith(".safetensors")
                      ? SafetensorsFile.open(file)
                      : TorchPickleFile.open(file));
    }
    return wav2vec2;
  }

  /**
   * Reads what the files say of their tensors, ahead of its use.
   *
   * @throws LongtakeException INVALID_CHECKPOINT if a file is missing or wrong
   */
  public void readHeaders() {
    dit();
    t5();
    vae();
    wav2vec2();
  }

  /** Returns the speech encoder's {@code config.json}, an object. */
  public JsonNode wav2vec2Config() {
    return StrictJson.readObject(files.wav2vec2Config());
  }

  /** Returns the speech encoder's {@code preprocessor_config.json}, an object. */
  public JsonNode wav2vec2PreprocessorConfig() {
    return StrictJson.readObject(files.wav2vec2PreprocessorConfig());
  }

  /** Returns where the text tokenizer's {@code tokenizer.json} is. */
  public Path tokenizerJson() {
    return files.tokenizer();
  }

  /**
   * Returns a SHA-256 that identifies the checkpoint, as 64 hexadecimal digits.
   *
   * <p>It covers the settings in use and every file that the methods above read, ordered by path
   * relative to the checkpoint: that path, the file's size, and its content. Of a file over 64 MiB
   * only the first MiB, 64 evenly spaced samples of 64 KiB (from the first byte to the last), and
   * the last MiB are covered, so that a checkpoint of 45 GB takes no minutes: an edit elsewhere in
   * such a file that keeps its size goes unnoticed.
   */
  public synchronized String digest() {
    if (digest == null) {
      digest = CheckpointDigest.of(files.directory(), files.all(), settings);
    }
    return digest;
  }

  /** Closes whatever has been opened, in reverse order, even if one fails. */
  @Override
  public synchronized void close() {
    try {
      closer.close();
    } catch (IOException e) {
      throw new UncheckedIOException("closing checkpoint " + files.directory(), e);
    }
  }

  private TensorSource openDit() {
    TensorSource base = owned(files::openDit);
    if (!files.hasLora()) {
      return base;
    }
    TensorSource lora = owned(() -> SafetensorsFile.open(files.lora()));
    return LoraMerge.merge(base, lora, settings.loraAlpha());
  }

  private TensorSource owned(Supplier<TensorSource> opener) {
    TensorSource source = opener.get();
    closer.register(source::close);
    return source;
  }
}
