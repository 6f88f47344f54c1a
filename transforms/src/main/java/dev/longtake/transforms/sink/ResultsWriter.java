package dev.longtake.transforms.sink;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableList;
import dev.longtake.pipeline.element.FailedRequest;
import dev.longtake.pipeline.element.RenderedVideo;
import dev.longtake.pipeline.spi.Console;
import dev.longtake.pipeline.store.DamagedContentException;
import dev.longtake.pipeline.store.Publisher;
import dev.longtake.pipeline.store.WorkStore;
import dev.longtake.transforms.media.Scratch;
import dev.longtake.transforms.records.RecordJson;
import dev.longtake.transforms.records.TakeRecord;
import dev.longtake.transforms.records.VideoRecord;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStreamWriter;
import java.io.Serializable;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Writes down what became of a run's requests, and tells whoever follows the run.
 *
 * @param store has the videos' records
 * @param output directory of videos and results, no trailing slash
 * @param runId names the run within the process that follows it
 * @param device what rendered, for people
 * @param strategy how the model was placed, for people
 */
public record ResultsWriter(
    WorkStore store, String output, String runId, String device, String strategy)
    implements Serializable {
  /** Checks that nothing was forgotten. */
  public ResultsWriter {
    requireNonNull(store, "store");
    requireNonNull(output, "output");
    requireNonNull(runId, "runId");
    requireNonNull(device, "device");
    requireNonNull(strategy, "strategy");
  }

  /** Publishes the three files; each replaces what was there. */
  void write(Iterable<RenderedVideo> finished, Iterable<FailedRequest> failed) throws IOException {
    List<RenderedVideo> videos =
        ImmutableList.sortedCopyOf(Comparator.comparing(RenderedVideo::getId), finished);
    List<FailedRequest> failures = ImmutableList.copyOf(failed);
    Optional<FollowedRun> run = FollowedRun.find(runId);
    Instant started = run.map(FollowedRun::started).orElseGet(Instant::now);
    Map<String, String> sheets = new HashMap<>();
    List<ReportModel.Video> shown = new ArrayList<>();
    for (RenderedVideo video : videos) {
      shown.add(describe(video, started, sheets));
    }
    Duration wallTime = Duration.between(started, Instant.now());
    ReportModel model =
        new ReportModel(
            new ReportModel.Run(
                run.map(FollowedRun::console).map(Console::version).orElse("unknown"),
                run.map(FollowedRun::console).map(Console::commandLine).orElse("not known here"),
                device,
                strategy,
                output,
                started,
                wallTime.isNegative() ? Duration.ZERO : wallTime),
            shown,
            failures,
            run.map(FollowedRun::memory).orElse(List.of()),
            run.map(FollowedRun::usage).orElse(List.of()));
    try (Scratch scratch = Scratch.create()) {
      publish(scratch, ResultsFile.NAME, out -> out.write(ResultsFile.text(videos)));
      publish(scratch, DeadLetterFile.NAME, out -> out.write(DeadLetterFile.text(failures)));
      publish(scratch, Report.NAME, out -> Report.write(out, model, id -> sheet(sheets, id)));
    }
    FollowedRun.progress(runId)
        .ifPresent(
            progress ->
                RunSummary.lines(videos, failures, model.run().wallTime(), output, true)
                    .forEach(progress::message));
  }

  @FunctionalInterface
  private interface Content {
    void writeTo(Writer out) throws IOException;
  }

  private void publish(Scratch scratch, String name, Content content) throws IOException {
    Path file = scratch.directory().resolve(name);
    // This encoder replaces half a surrogate pair; that of Files.newBufferedWriter refuses it.
    try (Writer out =
        new BufferedWriter(new OutputStreamWriter(Files.newOutputStream(file), UTF_8))) {
      content.writeTo(out);
    }
    Publisher.publish(file, output + "/" + name);
  }

  private ReportModel.Video describe(
      RenderedVideo video, Instant started, Map<String, String> sheets) throws IOException {
    if (video.getRecord().isEmpty()) {
      return new ReportModel.Video(video, List.of());
    }
    VideoRecord record;
    try (InputStream json = store.openRead(video.getRecord())) {
      record = RecordJson.read(json, VideoRecord.class);
    }
    sheets.put(video.getId(), record.sheet());
    return new ReportModel.Video(video, clips(record, started));
  }

  private static List<ReportModel.Clip> clips(VideoRecord video, Instant runStarted) {
    List<ReportModel.Clip> clips = new ArrayList<>();
    for (int take = 0; take < video.takes().size(); take++) {
      List<TakeRecord.ClipRecord> made = video.takes().get(take).clips();
      for (int clip = 0; clip < made.size(); clip++) {
        Instant started = Instant.ofEpochMilli(made.get(clip).startedMillis());
        clips.add(
            new ReportModel.Clip(
                take,
                clip,
                made.get(clip).frames(),
                made.get(clip).renderSeconds(),
                started.isBefore(runStarted),
                started));
      }
    }
    return clips;
  }

  private Optional<byte[]> sheet(Map<String, String> sheets, String id) throws IOException {
    String location = sheets.get(id);
    if (location == null || !store.exists(location)) {
      return Optional.empty(); // somebody deleted it: the video is there all the same
    }
    String digest = location.substring(location.lastIndexOf('/') + 1);
    try (InputStream content = store.openVerified(location, digest)) {
      return Optional.of(content.readAllBytes());
    } catch (DamagedContentException e) {
      return Optional.empty(); // somebody changed it: likewise
    }
  }
}
