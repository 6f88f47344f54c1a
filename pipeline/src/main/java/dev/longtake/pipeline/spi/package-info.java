/**
 * What a plugin may add to a pipeline; a change here is a change of contract.
 *
 * <p>A jar on the class path with a {@link dev.longtake.pipeline.spi.PipelinePlugin} registered
 * under {@code META-INF/services} adds factories, and the options choose among all of them by name.
 * Between the stages flow:
 *
 * <pre>
 * {@link dev.longtake.pipeline.spi.RequestSourceFactory}   nothing              → {@link dev.longtake.pipeline.element.RenderRequest}   or failed
 * {@link dev.longtake.pipeline.spi.RendererFactory#prepare}        RenderRequest        → {@link dev.longtake.pipeline.element.PreparedRequest} or failed
 * {@link dev.longtake.pipeline.spi.RendererFactory#split}          PreparedRequest      → {@link dev.longtake.pipeline.element.Clip}
 * {@link dev.longtake.pipeline.spi.RendererFactory#render}         Clip                 → {@link dev.longtake.pipeline.element.RenderedClip}    or failed
 * {@link dev.longtake.pipeline.spi.RendererFactory#stitch}         RenderedClip         → {@link dev.longtake.pipeline.element.RenderedVideo}   or failed
 * {@link dev.longtake.pipeline.spi.PostProcessorFactory}   RenderedVideo        → RenderedVideo   or failed; any number in a row
 * {@link dev.longtake.pipeline.spi.VideoSinkFactory}       RenderedVideo and all that failed → nothing
 * </pre>
 *
 * <p>A stage that can find a request at fault gives an {@link dev.longtake.pipeline.spi.Outcome}:
 * what goes on, and the {@link dev.longtake.pipeline.element.FailedRequest}s that do not. A failed
 * request is reported by exactly one stage, once, and nothing of it goes on past the stitching. Any
 * other failure is thrown and fails the bundle, to be tried again.
 *
 * <p>Speaks Beam and {@code pipeline.element} types only. All collections are bounded and in the
 * global window.
 */
@NullMarked
package dev.longtake.pipeline.spi;

import org.jspecify.annotations.NullMarked;
