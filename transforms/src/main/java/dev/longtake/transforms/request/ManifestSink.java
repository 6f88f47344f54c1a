package dev.longtake.transforms.request;

import dev.longtake.pipeline.element.FailedRequest;
import dev.longtake.pipeline.element.RenderRequest;

/** Takes what a manifest says, line by line and in its order. */
public interface ManifestSink {
  /** Takes a well-formed request. */
  void request(RenderRequest request);

  /** Takes a line that is none. */
  void failed(FailedRequest failure);
}
