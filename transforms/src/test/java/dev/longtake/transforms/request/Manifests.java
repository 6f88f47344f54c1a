package dev.longtake.transforms.request;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.longtake.pipeline.element.FailedRequest;
import dev.longtake.pipeline.element.RenderRequest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Reads manifests for tests and keeps what came out. */
final class Manifests implements ManifestSink {
  final List<RenderRequest> requests = new ArrayList<>();
  final List<FailedRequest> failures = new ArrayList<>();

  static Manifests read(String name, String text) throws IOException {
    return read(name, text.getBytes(UTF_8));
  }

  static Manifests read(String name, byte[] bytes) throws IOException {
    Manifests result = new Manifests();
    new ManifestReader(name, 420).read(new ByteArrayInputStream(bytes), result);
    return result;
  }

  @Override
  public void request(RenderRequest request) {
    requests.add(request);
  }

  @Override
  public void failed(FailedRequest failure) {
    failures.add(failure);
  }

  /** Returns every failure as {@code line id CODE}. */
  List<String> faults() {
    return failures.stream()
        .map(f -> "%d %s %s".formatted(f.getLine(), f.getId(), f.getCode()))
        .toList();
  }
}
