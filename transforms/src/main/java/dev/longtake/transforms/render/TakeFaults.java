package dev.longtake.transforms.render;

import static java.util.stream.Collectors.joining;

import dev.longtake.pipeline.element.PlannedTake;
import dev.longtake.pipeline.element.PreparedRequest;
import dev.longtake.runtime.api.LeasableDevice;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.transforms.records.FaultRecord;
import dev.longtake.transforms.request.RequestFaultException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/**
 * The devices that broke down while they rendered one take, in this run or an earlier one, in this
 * process or another.
 *
 * <p>When a device breaks down, all takes on it are suspects. A suspect is rendered alone from then
 * on, so that it is either cleared or convicted.
 */
final class TakeFaults {
  private static final String CODE = "KILLS_DEVICES";
  private static final Path HOST_NAME = Path.of("/proc/sys/kernel/hostname");
  private static final int MOST_DEVICES = 2;
  private static final int MOST_FAULTS = 3;

  private final TakeEntries entries;
  private final PreparedRequest request;
  private final PlannedTake take;

  TakeFaults(TakeEntries entries, PreparedRequest request, PlannedTake take) {
    this.entries = entries;
    this.request = request;
    this.take = take;
  }

  /**
   * Says how the take may be rendered.
   *
   * @throws RequestFaultException if two devices broke down with it, or one three times
   */
  Company company() throws IOException, RequestFaultException {
    List<FaultRecord> faults = entries.faults(request, take, MOST_FAULTS);
    long devices =
        faults.stream().map(fault -> fault.host() + " " + fault.deviceId()).distinct().count();
    if (devices >= MOST_DEVICES || faults.size() >= MOST_FAULTS) {
      throw new RequestFaultException(
          CODE,
          "Take %d of '%s' has broken down %d device%s: %s. Render it with another size, precision or strategy, or delete %s from the work store to try again."
              .formatted(
                  take.getIndex(),
                  request.getRequest().getId(),
                  devices,
                  devices == 1 ? " " + faults.size() + " times" : "s",
                  faults.stream()
                      .map(
                          fault ->
                              "%s of %s at %s: %s"
                                  .formatted(
                                      fault.device(), fault.host(), fault.at(), fault.evidence()))
                      .collect(joining("; ")),
                  entries.faultName(request, take, "*")));
    }
    return faults.isEmpty() ? Company.SHARED : Company.ALONE;
  }

  /** Notes that a device broke down. */
  void add(LeasableDevice device, LongtakeException fault) throws IOException {
    String host = Files.readString(HOST_NAME).strip();
    entries.addFault(
        request,
        take,
        new FaultRecord(
            host,
            device.id(),
            device.description(),
            String.valueOf(fault.getMessage()),
            Instant.now().toString()),
        MOST_FAULTS);
  }
}
