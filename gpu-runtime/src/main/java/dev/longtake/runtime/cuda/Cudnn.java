package dev.longtake.runtime.cuda;

import com.sun.jna.Memory;
import com.sun.jna.ptr.LongByReference;
import dev.longtake.runtime.api.LongtakeException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * cuDNN 9, by its graph API. Used by one thread, whose current context must be the one this was
 * opened in.
 */
public final class Cudnn implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Cudnn.class);
  private static final List<String> FILES = List.of("libcudnn.so.9");
  private static final List<String> COMPILER = List.of("libnvrtc.so.13", "libnvrtc.so.12");
  private static final List<String> BLAS = List.of("libcublasLt.so.13", "libcublasLt.so.12");
  private static final String ADVICE = "Install cuDNN 9 (package libcudnn9-cuda-13 or -cuda-12)";
  private static final int SUCCESS = 0;
  private static final int MESSAGE_BYTES = 1024;

  private final CudnnLibrary library;
  private final long handle;
  private final String where;
  private long streamAddress;
  private boolean closed;

  private Cudnn(CudnnLibrary library, long handle, String where) {
    this.library = library;
    this.handle = handle;
    this.where = where;
  }

  /**
   * Loads the library, and first the ones that it looks for by name; close the result.
   *
   * @throws LongtakeException DEVICE_UNAVAILABLE if there is no library or it does not start
   */
  public static Cudnn open(CudaContext context, NativeLibraries libraries) {
    context.makeCurrent();
    libraries.preload(COMPILER);
    libraries.preload(BLAS);
    CudnnLibrary library = libraries.load(CudnnLibrary.class, FILES, ADVICE);
    LongByReference handle = new LongByReference();
    int status = library.cudnnCreate(handle);
    Cudnn cudnn = new Cudnn(library, handle.getValue(), context.device().toString());
    cudnn.check(status, "cudnnCreate", "");
    LOG.info("cuDNN {} on {}", cudnn.version(), context.device());
    return cudnn;
  }

  /** Returns the library's version, for example 91900 for 9.19.0. */
  public long version() {
    return library.cudnnGetVersion();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      check(library.cudnnDestroy(handle), "cudnnDestroy", "");
    }
  }

  CudnnLibrary library() {
    return library;
  }

  long handle() {
    return handle;
  }

  /** Lets what is executed from now on go to {@code stream}. */
  void use(CudaStream stream) {
    if (stream.address() != streamAddress) {
      check(library.cudnnSetStream(handle, stream.address()), "cudnnSetStream", "");
      streamAddress = stream.address();
    }
  }

  void check(int status, String call, String arguments) {
    if (status != SUCCESS) {
      throw CudaException.of(
          status,
          library.cudnnGetErrorString(status),
          call,
          where,
          (arguments + " " + lastMessage()).strip());
    }
  }

  /** Returns what the library says about the last failure, on one line. */
  String lastMessage() {
    Memory message = new Memory(MESSAGE_BYTES);
    message.clear();
    library.cudnnGetLastErrorString(message, MESSAGE_BYTES);
    return message.getString(0, StandardCharsets.UTF_8.name()).strip().replace('\n', ' ');
  }
}
