package dev.longtake.transforms.render;

import static com.google.common.base.Preconditions.checkState;

import dev.longtake.pipeline.element.Clip;
import dev.longtake.pipeline.element.PlannedTake;
import dev.longtake.pipeline.element.PreparedRequest;
import dev.longtake.pipeline.store.Committed;
import dev.longtake.runtime.api.AvatarEngine;
import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.TakeSession;
import dev.longtake.runtime.api.TakeSpec;
import dev.longtake.runtime.api.TakeState;
import dev.longtake.transforms.media.EncoderSettings;
import dev.longtake.transforms.media.FragmentWriter;
import dev.longtake.transforms.media.Scratch;
import dev.longtake.transforms.records.TakeRecord;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Renders a take: each clip's frames go from the engine straight into its fragment, and when the
 * last one is there, all are committed.
 */
final class TakeRenderer {
  private static final double NANOS = 1e9;

  /** Frames of a cross-fade: 0.24 s, which fits into a pause between sentences. */
  private static final int MOST_TAIL_FRAMES = 6;

  private final TakeEntries entries;
  private final AvatarEngine engine;

  TakeRenderer(TakeEntries entries, AvatarEngine engine) {
    this.entries = entries;
    this.engine = engine;
  }

  /** What another take needs of the end of this one. */
  enum End {
    /** Nothing. */
    FORGOTTEN,
    /** The state that it goes on from. */
    STATE,
    /** Some frames beyond the end, to be faded in from. */
    TAIL
  }

  /** How a fragment was made, for its record in the work store. */
  private record Making(
      int take,
      int clip,
      int firstFrame,
      int frames,
      double renderSeconds,
      String started,
      String device,
      String strategy,
      String precision,
      String kvPrecision,
      String choice,
      String memoryPlan,
      String encoder,
      int quantizer) {}

  private record Rendered(Clip clip, Path fragment, Instant started, double seconds) {}

  /**
   * Renders and commits a take.
   *
   * @param clips of the take, in order
   * @param progress told of every frame
   * @param done told of every clip whose fragment is complete
   */
  TakeRecord render(
      PreparedRequest request,
      PlannedTake take,
      List<Clip> clips,
      TakeSpec spec,
      End end,
      Runnable progress,
      Consumer<Clip> done)
      throws IOException {
    try (Scratch scratch = Scratch.create()) {
      List<Rendered> rendered = new ArrayList<>();
      Optional<TakeState> state = Optional.empty();
      ByteArrayOutputStream tail = new ByteArrayOutputStream();
      try (TakeSession session = engine.open(spec)) {
        for (Clip clip : clips) {
          rendered.add(render(session, clip, scratch.directory(), tail, progress));
          done.accept(clip);
        }
        if (end == End.STATE) {
          state = Optional.of(session.state(take.getFrames()));
        }
      }
      String tailLocation =
          end == End.TAIL && tail.size() > 0 ? entries.putTail(tail.toByteArray()) : "";
      return commit(request, take, rendered, state, tailLocation, scratch.directory());
    }
  }

  /**
   * Renders a clip. The last one of a take is made whole: the first frames that are not kept of it
   * go into {@code tail}.
   */
  private Rendered render(
      TakeSession session, Clip clip, Path scratch, ByteArrayOutputStream tail, Runnable progress) {
    Instant started = Instant.now();
    long startedNanos = System.nanoTime();
    Path fragment = scratch.resolve("clip-%05d.mp4".formatted(clip.getClip()));
    try (FragmentWriter writer =
        new FragmentWriter(
            fragment,
            clip.getRequest().getWidth(),
            clip.getRequest().getHeight(),
            EncoderSettings.DEFAULT)) {
      session.renderClip(
          (frame, rgb) -> {
            progress.run();
            if (writer.frames() < clip.getFrames()) {
              writer.write(rgb);
            } else if (tail.size() < MOST_TAIL_FRAMES * rgb.remaining()) {
              byte[] pixels = new byte[rgb.remaining()];
              rgb.get(rgb.position(), pixels);
              tail.writeBytes(pixels);
            }
          });
      checkState(
          writer.frames() == clip.getFrames(),
          "Clip %s of take %s should have %s frames, but the engine gave %s",
          clip.getClip(),
          clip.getTake(),
          clip.getFrames(),
          writer.frames());
      writer.finish();
    }
    return new Rendered(clip, fragment, started, (System.nanoTime() - startedNanos) / NANOS);
  }

  private TakeRecord commit(
      PreparedRequest request,
      PlannedTake take,
      List<Rendered> rendered,
      Optional<TakeState> end,
      String tail,
      Path scratch)
      throws IOException {
    if (end.isPresent()) {
      entries.commitEnd(request, take, end.get(), scratch);
    }
    List<TakeRecord.ClipRecord> clips = new ArrayList<>();
    for (Rendered made : rendered) {
      Committed fragment =
          entries.commitClip(request, take, made.clip().getClip(), made.fragment(), making(made));
      clips.add(
          new TakeRecord.ClipRecord(
              made.clip().getFrames(),
              fragment.location(),
              fragment.digest(),
              fragment.bytes(),
              made.seconds(),
              made.started().toEpochMilli()));
    }
    TakeRecord record =
        new TakeRecord(clips, engine.config().strategy(), engine.choice().line(), tail);
    entries.commit(request, take, record, scratch);
    return record;
  }

  private Making making(Rendered made) {
    EngineConfig config = engine.config();
    return new Making(
        made.clip().getTake(),
        made.clip().getClip(),
        made.clip().getFirstFrame(),
        made.clip().getFrames(),
        made.seconds(),
        made.started().toString(),
        config.device(),
        config.strategy(),
        config.precision().name().toLowerCase(Locale.ROOT),
        config.kvPrecision().name().toLowerCase(Locale.ROOT),
        engine.choice().line(),
        engine.memoryPlan(),
        EncoderSettings.ENCODER,
        EncoderSettings.DEFAULT.quantizer());
  }
}
