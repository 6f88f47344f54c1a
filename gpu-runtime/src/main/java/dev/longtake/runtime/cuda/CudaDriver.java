package dev.longtake.runtime.cuda;

import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUresult;
import jcuda.driver.CUuuid;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/** The NVIDIA driver of this machine: says whether GPUs can be used, and which there are. */
public final class CudaDriver {
  private static final int MIN_VERSION = 12000;
  private static final int PCI_ID_BYTES = 32;
  private static final int NAME_BYTES = 128;

  private final int version;

  private CudaDriver(int version) {
    this.version = version;
  }

  /**
   * Loads the driver and starts it; takes well under a second if there is none.
   *
   * @throws LongtakeException DEVICE_UNAVAILABLE if there is no driver, it is older than CUDA 12.0,
   *     or it finds no GPU
   */
  public static CudaDriver load() {
    int[] version = new int[1];
    int result;
    try {
      result = JCudaDriver.cuInit(0);
    } catch (LinkageError e) { // thrown by JCuda's static initialiser, differently the second time
      throw unavailable("the NVIDIA driver library libcuda.so.1 cannot be loaded", e);
    }
    if (result == CUresult.CUDA_ERROR_NO_DEVICE) {
      throw unavailable("the NVIDIA driver finds no GPU that this process may use", null);
    }
    if (result != CUresult.CUDA_SUCCESS) {
      throw unavailable(
          "the NVIDIA driver does not start: %s (%d)".formatted(CUresult.stringFor(result), result),
          null);
    }
    CudaException.check(
        JCudaDriver.cuDriverGetVersion(version), "cuDriverGetVersion", "the driver");
    if (version[0] < MIN_VERSION) {
      throw unavailable("the NVIDIA driver is for CUDA " + name(version[0]) + " only", null);
    }
    return new CudaDriver(version[0]);
  }

  /** Returns the newest CUDA version that the driver supports, for example {@code 13.0}. */
  public String version() {
    return name(version);
  }

  /** Returns the GPUs that this process may use, in the driver's order. */
  public List<CudaDevice> devices() {
    int[] count = new int[1];
    CudaException.check(JCudaDriver.cuDeviceGetCount(count), "cuDeviceGetCount", "the driver");
    List<CudaDevice> devices = new ArrayList<>();
    for (int ordinal = 0; ordinal < count[0]; ordinal++) {
      devices.add(describe(ordinal));
    }
    return devices;
  }

  /**
   * Returns one GPU.
   *
   * @throws LongtakeException DEVICE_UNAVAILABLE if there are fewer; the message lists them
   */
  public CudaDevice device(int ordinal) {
    List<CudaDevice> devices = devices();
    if (ordinal < 0 || ordinal >= devices.size()) {
      throw new LongtakeException(
          ErrorCode.DEVICE_UNAVAILABLE,
          "There is no GPU %d; this machine has %s. Choose one of them with --device=cuda:N."
              .formatted(ordinal, devices));
    }
    return devices.get(ordinal);
  }

  private static CudaDevice describe(int ordinal) {
    CUdevice device = new CUdevice();
    String where = "GPU " + ordinal;
    CudaException.check(JCudaDriver.cuDeviceGet(device, ordinal), "cuDeviceGet", where);
    byte[] name = new byte[NAME_BYTES];
    CudaException.check(
        JCudaDriver.cuDeviceGetName(name, NAME_BYTES, device), "cuDeviceGetName", where);
    long[] totalBytes = new long[1];
    CudaException.check(
        JCudaDriver.cuDeviceTotalMem(totalBytes, device), "cuDeviceTotalMem", where);
    String[] pciId = new String[1];
    CudaException.check(
        JCudaDriver.cuDeviceGetPCIBusId(pciId, PCI_ID_BYTES, device), "cuDeviceGetPCIBusId", where);
    return new CudaDevice(
        ordinal,
        terminated(name),
        attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, where),
        attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, where),
        totalBytes[0],
        attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, where),
        attribute(
            device,
            CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN,
            where),
        attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE, where),
        pciId[0],
        uuid(device, where));
  }

  private static String uuid(CUdevice device, String where) {
    CUuuid uuid = new CUuuid();
    CudaException.check(JCudaDriver.cuDeviceGetUuid(uuid, device), "cuDeviceGetUuid", where);
    return HexFormat.of().formatHex(uuid.bytes);
  }

  private static int attribute(CUdevice device, int attribute, String where) {
    int[] value = new int[1];
    CudaException.check(
        JCudaDriver.cuDeviceGetAttribute(value, attribute, device),
        "cuDeviceGetAttribute of " + CUdevice_attribute.stringFor(attribute),
        where);
    return value[0];
  }

  private static String terminated(byte[] text) {
    String all = new String(text, StandardCharsets.UTF_8);
    int end = all.indexOf('\0');
    return end < 0 ? all : all.substring(0, end);
  }

  private static String name(int version) {
    return version / 1000 + "." + version % 1000 / 10;
  }

  private static LongtakeException unavailable(String found, @Nullable Throwable cause) {
    return new LongtakeException(
        ErrorCode.DEVICE_UNAVAILABLE,
        "No GPU can be used: %s. Install the NVIDIA driver 530 or newer and give this process a GPU,"
                .formatted(found)
            + " or choose --device=cpu.",
        cause);
  }
}
