package dev.longtake.runtime.cuda;

import com.sun.jna.Memory;
import com.sun.jna.ptr.LongByReference;
import dev.longtake.runtime.api.LongtakeException;
import java.util.List;
import java.util.Optional;

/** What the driver's management library knows about a GPU that its compute interface does not. */
public final class Nvml implements AutoCloseable {
  private static final List<String> FILES = List.of("libnvidia-ml.so.1");
  private static final String ADVICE =
      "It comes with the NVIDIA driver: install that, with its utility libraries in a container";
  private static final int SUCCESS = 0;
  private static final int NOT_SUPPORTED = 3;
  private static final int MEMORY_V2_BYTES = 5 * Long.BYTES;
  private static final int MEMORY_V2 = MEMORY_V2_BYTES | 2 << 24; // size and version

  private final NvmlLibrary library;
  private boolean closed;

  private Nvml(NvmlLibrary library) {
    this.library = library;
  }

  /**
   * Loads and starts the library; close the result.
   *
   * @throws LongtakeException DEVICE_UNAVAILABLE if there is none
   */
  public static Nvml open(NativeLibraries libraries) {
    NvmlLibrary library = libraries.load(NvmlLibrary.class, FILES, ADVICE);
    Nvml nvml = new Nvml(library);
    nvml.check(library.nvmlInit_v2(), "nvmlInit", "the driver");
    return nvml;
  }

  /** Returns how much of the last sample's time a kernel was running, from 0 to 100. */
  public int utilisationPercent(CudaDevice device) {
    Memory rates = new Memory(2L * Integer.BYTES);
    check(
        library.nvmlDeviceGetUtilizationRates(find(device), rates),
        "nvmlDeviceGetUtilizationRates",
        device);
    return rates.getInt(0);
  }

  /**
   * Returns the bytes that all processes together use of the GPU; with an old driver, also those
   * that it reserves for itself, half a GiB and more.
   */
  public long usedBytes(CudaDevice device) {
    long handle = find(device);
    Memory memory = new Memory(MEMORY_V2_BYTES);
    memory.clear();
    memory.setInt(0, MEMORY_V2);
    try {
      int result = library.nvmlDeviceGetMemoryInfo_v2(handle, memory);
      check(result, "nvmlDeviceGetMemoryInfo_v2", device);
      return memory.getLong(MEMORY_V2_BYTES - Long.BYTES);
    } catch (UnsatisfiedLinkError e) {
      check(library.nvmlDeviceGetMemoryInfo(handle, memory), "nvmlDeviceGetMemoryInfo", device);
      return memory.getLong(2L * Long.BYTES);
    }
  }

  /**
   * Listens for what the driver reports of a GPU in the system's log (Xid).
   *
   * @return the events, to be closed before this; empty where the driver reports none, as it may in
   *     a virtual machine
   */
  Optional<XidEvents> listen(CudaDevice device) {
    LongByReference set = new LongByReference();
    check(library.nvmlEventSetCreate(set), "nvmlEventSetCreate", device);
    int result = library.nvmlDeviceRegisterEvents(find(device), XidEvents.CRITICAL, set.getValue());
    if (result == SUCCESS) {
      return Optional.of(new XidEvents(library, set.getValue(), device));
    }
    library.nvmlEventSetFree(set.getValue());
    if (result == NOT_SUPPORTED) {
      return Optional.empty();
    }
    throw CudaException.of(
        result, library.nvmlErrorString(result), "nvmlDeviceRegisterEvents", device, "");
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      check(library.nvmlShutdown(), "nvmlShutdown", "the driver");
    }
  }

  private long find(CudaDevice device) {
    LongByReference handle = new LongByReference();
    check(
        library.nvmlDeviceGetHandleByPciBusId_v2(device.pciId(), handle),
        "nvmlDeviceGetHandleByPciBusId",
        device);
    return handle.getValue();
  }

  private void check(int result, String call, Object where) {
    if (result != SUCCESS) {
      throw CudaException.of(result, library.nvmlErrorString(result), call, where, "");
    }
  }
}
