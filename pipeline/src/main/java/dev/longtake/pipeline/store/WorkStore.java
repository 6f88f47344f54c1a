package dev.longtake.pipeline.store;

import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * A directory of blobs and named entries that many processes write at once and any of which may die
 * at any moment.
 *
 * <p>Nothing is visible before it is complete: a reader sees all of a file or none of it. A
 * <em>location</em> is a path below the root, with {@code '/'} between its parts; it is what
 * elements carry. Instances are immutable, hold nothing open, and are serialized as their root
 * alone. Safe for any number of threads and processes.
 *
 * <p>An {@link IOException} means that the storage failed and that a retry may help.
 */
public interface WorkStore extends Serializable {
  /** How old a temporary file is before it counts as left by a process that died. */
  Duration LEFTOVER_AGE = Duration.ofDays(1);

  /** Returns the directory that holds everything, ending in {@code '/'}. */
  URI root();

  /**
   * Stores a blob under its digest. Storing the same bytes again is harmless.
   *
   * @param content read to its end; not closed
   * @return the blob's location, {@code objects/<sha256>}
   */
  String put(InputStream content) throws IOException;

  /**
   * Stores a file's bytes as a blob; see {@link #put(InputStream)}.
   *
   * @param file left as it is
   * @return the blob's location, {@code objects/<sha256>}
   */
  String put(Path file) throws IOException;

  /**
   * Publishes a file under a name: first its bytes, then the marker that makes the entry count.
   *
   * <p>Of several writers of one name, or of one name again, the last wins; those who found an
   * earlier entry can go on reading it. A writer that dies leaves the entry as it was.
   *
   * @param name of the entry: a relative path of letters, digits, {@code '.'}, {@code '_'} and
   *     {@code '-'}, no part of which begins with a dot
   * @param file left as it is
   * @param metadata a JSON object without the fields {@code digest}, {@code bytes} and {@code file}
   * @throws IllegalArgumentException if the name or the metadata is not as above
   */
  Committed commit(String name, Path file, String metadata) throws IOException;

  /**
   * Returns the entry of a name, or empty if there is none that counts: no marker, or one whose
   * file is missing or of another length. Reads only the marker; {@link #isIntact} reads it all.
   *
   * @throws IllegalArgumentException if {@code name} is no valid name
   */
  Optional<Committed> find(String name) throws IOException;

  /** Returns whether an entry's bytes still have its digest. Reads all of them. */
  boolean isIntact(Committed entry) throws IOException;

  /** Returns whether there is a file at a location. */
  boolean exists(String location) throws IOException;

  /**
   * Opens a file as it is, unverified.
   *
   * @return to be closed by the caller
   * @throws java.nio.file.NoSuchFileException if there is none
   */
  InputStream openRead(String location) throws IOException;

  /**
   * Opens a file whose digest is known. The stream's end is reached only by bytes that have it:
   * otherwise the last read throws {@link DamagedContentException}.
   *
   * @param digest SHA-256 in lowercase hexadecimal
   * @return to be closed by the caller
   * @throws java.nio.file.NoSuchFileException if there is none
   */
  InputStream openVerified(String location, String digest) throws IOException;

  /**
   * Copies a file out of the store, and checks it on the way.
   *
   * @param digest SHA-256 in lowercase hexadecimal
   * @param target replaced if present; complete and correct, or not touched
   * @throws DamagedContentException if the bytes do not have the digest
   * @throws java.nio.file.NoSuchFileException if there is none
   */
  void copyTo(String location, String digest, Path target) throws IOException;

  /**
   * Deletes temporary files last written before a moment, normally {@link #LEFTOVER_AGE} ago. What
   * is published is never deleted.
   *
   * @return how many were deleted
   */
  int deleteLeftovers(Instant before) throws IOException;
}
