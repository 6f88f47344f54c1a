package dev.longtake.transforms.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class WorkerDevicesTest {
  private static final WorkerDevices OF_THE_RUN =
      new WorkerDevices("cuda", "2x24GiB", "/tmp/leases", true);

  @Test
  void areWhatTheOptionsSay() {
    assertThat(OF_THE_RUN.in(name -> null)).isEqualTo(OF_THE_RUN);
  }

  @Test
  void aWorkersEnvironmentGoesBefore() {
    Map<String, String> environment =
        Map.of(
            "LONGTAKE_DEVICE", "cuda:1",
            "LONGTAKE_CPU_DEVICES", "1x6GiB",
            "LONGTAKE_LEASE_DIR", "/var/leases");

    assertThat(OF_THE_RUN.in(environment::get))
        .isEqualTo(new WorkerDevices("cuda:1", "1x6GiB", "/var/leases", true));
  }
}
