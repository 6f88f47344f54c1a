package dev.longtake.transforms.split;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ClusterSimulationTest {
  private static final int WORKERS = 50;

  /** A take of 60 s may end two thirds later, when a rest stays with it; rendering is 1.42 slow. */
  private static final double LONGEST_TAKE_SECONDS = 60 * 5 / 3.0 * 1.43;

  private final ClusterSimulation simulation = new ClusterSimulation(WORKERS, 2000, 1);

  @ParameterizedTest
  @EnumSource(ClipRouting.class)
  void aFaultCostsAtMostATakeAndEveryTakeIsCommittedOnce(ClipRouting routing) {
    ClusterSimulation.Result result = simulation.run(routing, 2);

    assertThat(result.committed()).isEqualTo(simulation.takes());
    assertThat(result.faults()).isPositive();
    assertThat(result.mostLostSeconds()).isPositive().isLessThan(LONGEST_TAKE_SECONDS);
    assertThat(result.seconds()).isGreaterThan(result.idealSeconds());
  }

  @ParameterizedTest
  @EnumSource(ClipRouting.class)
  void withoutFaultsNothingIsLost(ClipRouting routing) {
    ClusterSimulation.Result result = simulation.run(routing, 1e9);

    assertThat(result.faults()).isZero();
    assertThat(result.lostSeconds()).isZero();
    assertThat(result.committed()).isEqualTo(simulation.takes());
  }
}
