package dev.longtake.runtime.cuda;

import com.sun.jna.Library;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.LongByReference;

/** The functions of {@code nvml.h} that are used. Devices are 64-bit addresses. */
interface NvmlLibrary extends Library {
  String nvmlErrorString(int result);

  int nvmlInit_v2();

  int nvmlShutdown();

  int nvmlDeviceGetHandleByPciBusId_v2(String pciId, LongByReference device);

  /** Fills {@code unsigned int gpu, memory}: percent of the time of the last sample. */
  int nvmlDeviceGetUtilizationRates(long device, Pointer rates);

  int nvmlEventSetCreate(LongByReference set);

  int nvmlDeviceRegisterEvents(long device, long types, long set);

  /**
   * Waits for an event and fills {@code nvmlDevice_t device; unsigned long long type, data;
   * unsigned int gpuInstance, computeInstance}.
   */
  int nvmlEventSetWait_v2(long set, Pointer event, int timeoutMillis);

  int nvmlEventSetFree(long set);

  /**
   * Fills {@code unsigned int version; unsigned long long total, reserved, free, used}; what is
   * reserved is the driver's. Drivers before 510 have no such function.
   */
  int nvmlDeviceGetMemoryInfo_v2(long device, Pointer memory);

  /** Fills {@code unsigned long long total, free, used}; what the driver reserves is used. */
  int nvmlDeviceGetMemoryInfo(long device, Pointer memory);
}
