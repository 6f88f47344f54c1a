package dev.longtake.transforms;

import dev.longtake.pipeline.element.FailedRequest;
import dev.longtake.pipeline.element.RenderRequest;
import dev.longtake.pipeline.options.LongtakeOptions;
import dev.longtake.pipeline.spi.Outcome;
import dev.longtake.pipeline.spi.RequestSourceFactory;
import dev.longtake.transforms.request.InputFiles;
import dev.longtake.transforms.request.ManifestReader;
import dev.longtake.transforms.request.ManifestSink;
import dev.longtake.transforms.request.ReadManifest;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.NoSuchFileException;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.values.PBegin;

/**
 * {@code --source=manifest}. Reads the manifest once before anything is submitted, so that a file
 * that is no manifest at all is refused at once.
 */
public final class ManifestSourceFactory implements RequestSourceFactory {
  @Override
  public String name() {
    return "manifest";
  }

  @Override
  public PTransform<PBegin, Outcome<RenderRequest>> create(PipelineOptions options) {
    LongtakeOptions longtake = options.as(LongtakeOptions.class);
    String manifest = longtake.getManifest();
    try (InputStream content = InputFiles.open(manifest)) {
      new ManifestReader(manifest, longtake.getSeed()).read(content, new Nowhere());
    } catch (NoSuchFileException e) {
      throw new IllegalArgumentException(
          "--manifest: there is no file '%s'.".formatted(manifest), e);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "--manifest: '%s' cannot be read: %s".formatted(manifest, e.getMessage()), e);
    }
    return new ReadManifest(manifest, longtake.getSeed(), longtake.getRunId());
  }

  private static final class Nowhere implements ManifestSink {
    @Override
    public void request(RenderRequest request) {}

    @Override
    public void failed(FailedRequest failure) {}
  }
}
