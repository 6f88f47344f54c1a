package dev.longtake.pipeline.store;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import com.google.common.hash.Hashing;
import com.google.common.hash.HashingInputStream;
import com.google.common.io.ByteStreams;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.UUID;

/**
 * Writes local files so that nobody sees half of one: under a temporary name in the directory they
 * are for, forced to the disk, then renamed.
 */
final class AtomicFiles {
  private static final String TEMPORARY_START = ".";
  private static final String TEMPORARY_END = ".tmp";

  private AtomicFiles() {}

  /**
   * A complete file under its temporary name.
   *
   * @param file where it is
   * @param digest its SHA-256 in lowercase hexadecimal
   * @param bytes its length
   */
  record Temporary(Path file, String digest, long bytes) {
    /** Gives the file its name, instead of any file that has it. */
    void publish(Path target) throws IOException {
      Files.move(file, target, ATOMIC_MOVE, REPLACE_EXISTING);
      forceDirectory(target.getParent());
    }

    void discard() throws IOException {
      Files.deleteIfExists(file);
    }
  }

  /** Writes all of {@code content} to a new temporary file, or leaves none if that fails. */
  @SuppressWarnings("UnstableApiUsage") // hashing streams have been beta since 2011
  static Temporary write(Path directory, InputStream content) throws IOException {
    Files.createDirectories(directory);
    Path file = directory.resolve(TEMPORARY_START + UUID.randomUUID() + TEMPORARY_END);
    try (FileChannel channel = FileChannel.open(file, CREATE_NEW, WRITE)) {
      HashingInputStream hashed = new HashingInputStream(Hashing.sha256(), content);
      long bytes = ByteStreams.copy(hashed, Channels.newOutputStream(channel));
      channel.force(true);
      return new Temporary(file, hashed.hash().toString(), bytes);
    } catch (IOException | RuntimeException e) {
      Files.deleteIfExists(file);
      throw e;
    }
  }

  /** Deletes the temporary files below a directory that were last written before a moment. */
  static int deleteTemporaries(Path directory, Instant before) throws IOException {
    if (!Files.isDirectory(directory)) {
      return 0;
    }
    TemporaryFileDeleter deleter = new TemporaryFileDeleter(FileTime.from(before));
    Files.walkFileTree(directory, deleter);
    return deleter.deleted;
  }

  private static void forceDirectory(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, READ)) {
      channel.force(true);
    }
  }

  private static final class TemporaryFileDeleter extends SimpleFileVisitor<Path> {
    private final FileTime before;
    private int deleted;

    TemporaryFileDeleter(FileTime before) {
      this.before = before;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
      String name = file.getFileName().toString();
      if (name.startsWith(TEMPORARY_START)
          && name.endsWith(TEMPORARY_END)
          && attributes.lastModifiedTime().compareTo(before) < 0
          && Files.deleteIfExists(file)) {
        deleted++;
      }
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException failure) throws IOException {
      if (Files.exists(file)) {
        throw failure;
      }
      return FileVisitResult.CONTINUE; // another process renamed or deleted it
    }
  }
}
