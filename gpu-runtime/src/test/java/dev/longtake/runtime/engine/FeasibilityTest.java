package dev.longtake.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Percentage.withPercentage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.Feasibility;
import dev.longtake.runtime.api.FeasibilityQuery;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.api.Precision;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Ways to place the official model at 720x400 on machines that are not there. */
class FeasibilityTest {
  private static final long HOST_BYTES = 512L << 30;

  @Test
  void findsAWayForEachOfficialMachineAndSaysWhyGatheringEverythingFailsOn24GiB()
      throws IOException {
    Feasibility answer = PlacementReport.answer(query("official", Precision.FP8, HOST_BYTES));

    assertThat(answer.fits()).isTrue();
    JsonNode machines = new ObjectMapper().readTree(answer.json()).get("machines");
    assertThat(machines).hasSize(3);
    assertThat(machines).allSatisfy(machine -> assertThat(machine.get("best").isNull()).isFalse());
    JsonNode small = machines.get(1);
    assertThat(small.get("name").textValue()).isEqualTo("4x24GiB");
    JsonNode unsharded = row(small, "whole model unsharded (FSDP)");
    assertThat(unsharded.get("fits").booleanValue()).isFalse();
    assertThat(unsharded.get("total_bytes").longValue())
        .isGreaterThan(unsharded.get("budget_bytes").longValue());
    for (String shared : List.of("tpp", "sharded by heads")) {
      JsonNode row = row(small, shared); // with some weights on the host
      assertThat(row.get("fits").booleanValue()).as(shared).isTrue();
      assertThat(row.get("host_bytes").longValue()).as(shared).isPositive();
      assertThat(row.get("fps_per_video").doubleValue()).as(shared).isPositive();
    }
  }

  @Test
  void ofEightGpusFourAndFourShareVideos() throws IOException {
    Feasibility answer = PlacementReport.answer(query("8xh100", Precision.FP8, HOST_BYTES));

    JsonNode machine = new ObjectMapper().readTree(answer.json()).get("machines").get(0);
    JsonNode pipelines = row(machine, "tpp");
    assertThat(pipelines.get("gpus").intValue()).isEqualTo(8);
    assertThat(pipelines.get("lanes").intValue()).isEqualTo(2);
    assertThat(pipelines.get("fps").doubleValue())
        .isCloseTo(2 * pipelines.get("fps_per_video").doubleValue(), withPercentage(0.01));
  }

  @Test
  void usesAddUpAndRatesBelongToWhatFits() throws IOException {
    Feasibility answer = PlacementReport.answer(query("rtx4090,h100", Precision.FP8, HOST_BYTES));

    JsonNode rows = new ObjectMapper().readTree(answer.json()).get("machines").get(0).get("rows");
    assertThat(rows).isNotEmpty();
    for (JsonNode row : rows) {
      JsonNode uses = row.get("bytes");
      List<Long> bytes = new ArrayList<>();
      uses.elements().forEachRemaining(use -> bytes.add(use.longValue()));
      assertThat(bytes.stream().mapToLong(Long::longValue).sum())
          .isEqualTo(row.get("total_bytes").longValue());
      boolean isWithin =
          row.get("total_bytes").longValue() <= row.get("budget_bytes").longValue()
              && row.get("host_bytes").longValue() <= row.get("host_budget_bytes").longValue();
      assertThat(row.get("fits").booleanValue()).isEqualTo(isWithin);
      assertThat(row.get("fps").isNull()).isEqualTo(!isWithin);
    }
  }

  @Test
  void listsEveryWayToShareAVideo() throws IOException {
    Feasibility answer = PlacementReport.answer(query("5x80GiB", Precision.BF16, HOST_BYTES));

    JsonNode machine = new ObjectMapper().readTree(answer.json()).get("machines").get(0);
    double alone = row(machine, "offload on one 80GiB").get("fps_per_video").doubleValue();
    JsonNode pipeline = row(machine, "tpp");
    assertThat(pipeline.get("fits").booleanValue()).isTrue(); // as officially: 4 and the VAE
    assertThat(pipeline.get("gpus").intValue()).isEqualTo(5);
    assertThat(pipeline.get("fps_per_video").doubleValue()).isBetween(3 * alone, 6 * alone);
    assertThat(row(machine, "sharded by heads").get("fps_per_video").doubleValue())
        .isBetween(2 * alone, 5 * alone);
    assertThat(row(machine, "sharded by layers").get("fits").booleanValue()).isTrue();
  }

  @Test
  void hoursFollowFromTheFrames() throws IOException {
    Feasibility answer = PlacementReport.answer(query("2xh100", Precision.FP8, HOST_BYTES));

    JsonNode best = new ObjectMapper().readTree(answer.json()).get("machines").get(0).get("best");
    double fps = best.get("fps").doubleValue();
    assertThat(best.get("gpu_hours").doubleValue())
        .isCloseTo(best.get("gpus").intValue() * 90_000 / fps / 3600, withPercentage(0.01));
  }

  @Test
  void saysWhatWouldFitIfNothingDoes() {
    Feasibility answer = PlacementReport.answer(query("1x6GiB", Precision.BF16, 8L << 30));

    assertThat(answer.fits()).isFalse();
    assertThat(String.join("\n", answer.lines()))
        .contains("Nothing fits. What lacks least is ")
        .containsPattern("it needs [0-9.]+ GiB of each GPU and [0-9.]+ GiB of pinned host memory");
  }

  @Test
  void refusesWhatIsNoGpuAndNamesThoseThatAreKnown() {
    assertThatThrownBy(() -> PlacementReport.answer(query("3xabacus", Precision.BF16, HOST_BYTES)))
        .isInstanceOf(LongtakeException.class)
        .hasMessageContaining("'3xabacus'")
        .hasMessageContaining("rtx4090");
  }

  private static JsonNode row(JsonNode machine, String placement) {
    for (JsonNode row : machine.get("rows")) {
      if (row.get("placement").textValue().equals(placement)) {
        return row;
      }
    }
    throw new AssertionError("no row " + placement);
  }

  private static FeasibilityQuery query(String gpus, Precision precision, long hostBytes) {
    return new FeasibilityQuery(
        FeasibilityQuery.OFFICIAL_MODEL,
        gpus,
        400,
        720,
        48,
        4,
        Optional.of(precision),
        Optional.of(precision),
        EngineConfig.LANES_AUTO,
        Long.MAX_VALUE,
        hostBytes,
        90_000);
  }
}
