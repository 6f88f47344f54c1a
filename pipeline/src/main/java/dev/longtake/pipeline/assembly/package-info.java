/**
 * Puts pipelines together from the plugins on the class path.
 *
 * <pre>
 * PluginRegistry   what there is
 * PipelineSpec     what was chosen, by name
 * PipelineAssembler
 *
 *   Source ─▶ Redistribute ─▶ Prepare ─▶ Split ─▶ Render ─▶ Stitch ─▶ PostProcess-… ─▶ Sink
 *     └───────failed────────────┴───────────────────┴─────────┴──────────┴──▶ Failed ────┘
 * </pre>
 *
 * <p>What flows between the stages is said in {@link dev.longtake.pipeline.spi}. What a stage does
 * does not belong here.
 */
@NullMarked
package dev.longtake.pipeline.assembly;

import org.jspecify.annotations.NullMarked;
