package dev.longtake.runtime.ops.cuda;

import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.cuda.CudaContext;
import dev.longtake.runtime.cuda.CudaDevice;
import dev.longtake.runtime.cuda.CudaModule;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.zip.GZIPInputStream;

/** Loads our kernels, which are resources in PTX, into one context, and unloads them on close. */
final class KernelModules implements AutoCloseable {
  private static final int HOPPER_MAJOR = 9;
  private static final int HOPPER_MINOR = 0;
  private static final String FOLDER = "/dev/longtake/runtime/ptx/";

  private final CudaContext context;
  private final Deque<CudaModule> modules = new ArrayDeque<>();

  KernelModules(CudaContext context) {
    this.context = context;
  }

  /**
   * Loads the kernels of one source file; the driver compiles them, the first time for seconds.
   *
   * @param name the file's name without {@code .cu}
   */
  Kernels load(String name) {
    CudaModule module = CudaModule.load(context, name + ".ptx", read(name));
    modules.push(module);
    return new Kernels(module);
  }

  /** Returns whether the GPU has the instructions of the files {@code x_sm90.cu}. */
  boolean areForHopper() {
    CudaDevice device = context.device();
    return device.computeMajor() == HOPPER_MAJOR && device.computeMinor() == HOPPER_MINOR;
  }

  @Override
  public void close() {
    modules.forEach(CudaModule::close);
    modules.clear();
  }

  private static String read(String name) {
    String path = FOLDER + name + ".ptx.gz";
    try (InputStream stream = KernelModules.class.getResourceAsStream(path)) {
      if (stream == null) {
        throw new LongtakeException(
            ErrorCode.ENGINE_FAULT,
            "The jar has no %s. Was it built without its resources?".formatted(path));
      }
      return new String(new GZIPInputStream(stream).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("Reading " + path, e);
    }
  }
}
