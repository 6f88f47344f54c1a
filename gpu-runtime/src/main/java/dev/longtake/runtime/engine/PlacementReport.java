package dev.longtake.runtime.engine;

import static java.util.Comparator.comparingLong;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.longtake.runtime.api.Feasibility;
import dev.longtake.runtime.api.FeasibilityQuery;
import dev.longtake.runtime.engine.device.PaperHost;
import dev.longtake.runtime.weights.Checkpoint;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Says which placements fit on machines, in text and in JSON. */
final class PlacementReport {
  private static final double GIB = 1L << 30;

  /**
   * One machine's rows.
   *
   * @param best the simplest of the fastest that fit, or null if none does
   * @param advice what would fit, if nothing does; else empty
   */
  private record Machine(
      @JsonProperty("name") String name,
      @JsonProperty("remark") String remark,
      @JsonProperty("rows") List<PlacementRow> rows,
      @JsonProperty("best") @Nullable PlacementRow best,
      @JsonProperty("advice") String advice) {}

  private PlacementReport() {}

  /**
   * Answers a question.
   *
   * @throws dev.longtake.runtime.api.LongtakeException INVALID_CONFIG, INVALID_CHECKPOINT or
   *     DEVICE_UNAVAILABLE
   */
  static Feasibility answer(FeasibilityQuery query) {
    long hostBytes = query.hostBytes() > 0 ? query.hostBytes() : PaperHost.hostBytesHere();
    List<PaperHost> hosts =
        query.gpus().isEmpty()
            ? List.of(PaperHost.present())
            : PaperHost.parse(query.gpus(), hostBytes);
    List<Machine> machines = new ArrayList<>();
    try (ModelSource source = source(query.model())) {
      PlacementTable table = new PlacementTable(query, source);
      hosts.forEach(host -> machines.add(machine(host, table.rows(host))));
    }
    List<String> lines = new ArrayList<>();
    machines.forEach(machine -> lines.addAll(lines(query, machine)));
    boolean fits = machines.stream().allMatch(machine -> machine.best() != null);
    return new Feasibility(lines, json(query, machines, fits), fits);
  }

  private static ModelSource source(String model) {
    return model.equals(FeasibilityQuery.OFFICIAL_MODEL)
        ? RandomModel.ofOfficialShape(1)
        : ModelSource.of(Checkpoint.open(Path.of(model)), model);
  }

  private static Machine machine(PaperHost host, List<PlacementRow> rows) {
    double most = rows.stream().mapToDouble(PlacementReport::fps).max().orElse(0);
    Optional<PlacementRow> best =
        rows.stream()
            .filter(row -> row.fps() != null)
            .filter(row -> fps(row) * StrategyChooser.WORTH_IT >= most)
            .findFirst(); // the simplest
    return new Machine(
        host.name(), host.remark(), rows, best.orElse(null), best.isEmpty() ? advice(rows) : "");
  }

  private static double fps(PlacementRow row) {
    Double fps = row.fps();
    return fps == null ? 0 : fps;
  }

  /** Names the placement that lacks least. */
  private static String advice(List<PlacementRow> rows) {
    return rows.stream()
        .min(comparingLong(PlacementReport::missingBytes))
        .map(
            row ->
                ("Nothing fits. What lacks least is %s in %s, keys and values %s: it needs %s GiB"
                        + " of each GPU and %s GiB of pinned host memory. Take GPUs or a host that"
                        + " have that, a smaller size, or fewer inferFrames.")
                    .formatted(
                        row.placement(),
                        row.precision(),
                        row.kvPrecision(),
                        gib(row.totalBytes()),
                        gib(row.hostBytes())))
        .orElse("Nothing fits: no GPU computes in the precisions that were asked for.");
  }

  private static long missingBytes(PlacementRow row) {
    return Math.max(0, row.totalBytes() - row.budgetBytes())
        + Math.max(0, row.hostBytes() - row.hostBudgetBytes());
  }

  private static List<String> lines(FeasibilityQuery query, Machine machine) {
    List<String> lines = new ArrayList<>();
    lines.add(
        "%s: %s at %dx%d, %d frames a clip, %d steps"
            .formatted(
                machine.name(),
                query.model(),
                query.width(),
                query.height(),
                query.clipFrames(),
                query.sampleSteps()));
    if (!machine.remark().isEmpty()) {
      lines.add(machine.remark());
    }
    lines.add(
        line(
            "GiB of the GPU that needs most",
            "layers/kv",
            "GPUs",
            "lanes",
            "weights",
            "text",
            "lanes",
            "work",
            "driver",
            "all",
            "",
            "",
            "",
            "fits",
            "fps/video",
            "fps",
            "GPU-h"));
    machine.rows().forEach(row -> lines.add(line(row)));
    PlacementRow best = machine.best();
    lines.add(
        best == null
            ? machine.advice()
            : "fastest: %s in %s, keys and values %s, %s fps"
                .formatted(
                    best.placement(), best.precision(), best.kvPrecision(), number(best.fps())));
    machine.rows().stream()
        .filter(row -> !row.remark().isEmpty())
        .map(row -> "%s: %s".formatted(row.placement(), row.remark()))
        .distinct()
        .forEach(lines::add);
    return lines;
  }

  private static String line(PlacementRow row) {
    PlacementRow.Uses bytes = row.bytes();
    return line(
        row.placement(),
        row.precision() + "/" + row.kvPrecision(),
        Integer.toString(row.gpus()),
        Integer.toString(row.lanes()),
        gib(bytes.weights()),
        gib(bytes.textEncoder()),
        gib(bytes.lanes()),
        gib(bytes.workspace()),
        gib(bytes.driver()),
        gib(row.totalBytes()),
        gib(row.budgetBytes()),
        gib(row.hostBytes()),
        gib(row.hostBudgetBytes()),
        row.fits()
            ? "yes, %s left".formatted(gib(row.budgetBytes() - row.totalBytes()))
            : "no, %s over".formatted(gib(missingBytes(row))),
        number(row.fpsPerVideo()),
        number(row.fps()),
        number(row.gpuHours()));
  }

  private static String line(String... cells) {
    return String.format(
            Locale.ROOT,
            "%-30s %-9s %4s %5s | %7s %5s %6s %5s %6s | %6s of %6s, host %6s of %6s "
                + "| %-15s %9s %6s %8s",
            (Object[]) cells)
        .stripTrailing();
  }

  private static String number(@Nullable Double value) {
    return value == null ? "-" : String.format(Locale.ROOT, "%.1f", value);
  }

  static String gib(long bytes) {
    return String.format(Locale.ROOT, "%.1f", bytes / GIB);
  }

  private static String json(FeasibilityQuery query, List<Machine> machines, boolean fits) {
    JsonMapper mapper = JsonMapper.builder().build();
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    answer.put("model", query.model());
    answer.put("size", "%d*%d".formatted(query.width(), query.height()));
    answer.put("infer_frames", query.clipFrames());
    answer.put("sample_steps", query.sampleSteps());
    answer.put("frames", query.frames());
    answer.put("fits", fits);
    answer.set("machines", mapper.valueToTree(machines));
    try {
      return mapper.writerWithDefaultPrettyPrinter().writeValueAsString(answer);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("placements have no JSON", e);
    }
  }
}
