package dev.longtake.transforms.sink;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/** Writes text files that are there whole or not at all, also after a power cut. */
final class AtomicFile {
  private AtomicFile() {}

  /** Writes the text of a file. */
  @FunctionalInterface
  interface Content {
    /** Writes everything to {@code out}, and leaves it open. */
    void writeTo(Writer out) throws IOException;
  }

  /**
   * Replaces {@code file} by {@code content}, as UTF-8.
   *
   * @param file where to; missing parent directories are made
   * @throws IOException if it cannot be written; the old file, if there was one, is still there
   */
  static void write(Path file, Content content) throws IOException {
    Path target = file.toAbsolutePath();
    Path directory = target.getParent();
    if (directory == null) {
      throw new IOException("'%s' cannot be written: it is a directory.".formatted(file));
    }
    Files.createDirectories(directory);
    // Not createTempFile: that makes a file which only its owner may read.
    Path draft = directory.resolve(".%s.%s.tmp".formatted(target.getFileName(), UUID.randomUUID()));
    try {
      writeDraft(draft, content);
      Files.move(draft, target, ATOMIC_MOVE, REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(draft); // nothing is there after the move
    }
  }

  private static void writeDraft(Path draft, Content content) throws IOException {
    try (FileChannel channel =
            FileChannel.open(draft, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        // This encoder replaces half a surrogate pair; that of Files.newBufferedWriter refuses it.
        Writer out =
            new BufferedWriter(new OutputStreamWriter(Channels.newOutputStream(channel), UTF_8))) {
      content.writeTo(out);
      out.flush();
      channel.force(true);
    }
  }
}
