package dev.longtake.templates;

import static java.nio.file.StandardOpenOption.CREATE_NEW;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.TypeDescriptor;
import org.apache.beam.sdk.values.TypeDescriptors;

/**
 * What is in a collection, once a pipeline that ran in this process has come to its end. The
 * elements go through files, one each, because transforms are serialized.
 *
 * @param <T> type of the elements
 */
final class Collected<T> {
  private final Path directory;
  private final Coder<T> coder;

  private Collected(Path directory, Coder<T> coder) {
    this.directory = directory;
    this.coder = coder;
  }

  /**
   * Adds to the pipeline what is needed.
   *
   * @param directory for the files; made, and left to the caller
   */
  static <T> Collected<T> of(String name, PCollection<T> elements, Path directory)
      throws IOException {
    Files.createDirectories(directory);
    Coder<T> coder = elements.getCoder();
    elements.apply(name, ParDo.of(new WriteFn<>(directory.toString(), coder)));
    return new Collected<>(directory, coder);
  }

  /** Returns the elements, in no particular order. */
  List<T> elements() throws IOException {
    List<T> elements = new ArrayList<>();
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        try (InputStream content = Files.newInputStream(file)) {
          elements.add(coder.decode(content));
        }
      }
    }
    return elements;
  }

  private static final class WriteFn<T> extends DoFn<T, Void> {
    private final String directory;
    private final Coder<T> coder;

    WriteFn(String directory, Coder<T> coder) {
      this.directory = directory;
      this.coder = coder;
    }

    @ProcessElement
    public void processElement(@Element T element) throws IOException {
      Path file = Path.of(directory, UUID.randomUUID().toString());
      try (OutputStream content = Files.newOutputStream(file, CREATE_NEW)) {
        coder.encode(element, content);
      }
    }

    @Override
    public TypeDescriptor<Void> getOutputTypeDescriptor() {
      return TypeDescriptors.voids();
    }
  }
}
