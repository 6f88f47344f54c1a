package dev.longtake.runtime.cuda;

import com.sun.jna.Library;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.LongByReference;
import org.jspecify.annotations.Nullable;

/** The functions of cuDNN 9's graph API. Handles and descriptors are 64-bit addresses. */
interface CudnnLibrary extends Library {
  long cudnnGetVersion();

  String cudnnGetErrorString(int status);

  void cudnnGetLastErrorString(Pointer message, long bytes);

  int cudnnCreate(LongByReference handle);

  int cudnnDestroy(long handle);

  int cudnnSetStream(long handle, long stream);

  int cudnnBackendCreateDescriptor(int type, LongByReference descriptor);

  int cudnnBackendDestroyDescriptor(long descriptor);

  int cudnnBackendSetAttribute(
      long descriptor, int attribute, int elementType, long count, Pointer elements);

  int cudnnBackendGetAttribute(
      long descriptor,
      int attribute,
      int elementType,
      long requested,
      LongByReference count,
      @Nullable Pointer elements);

  int cudnnBackendFinalize(long descriptor);

  int cudnnBackendExecute(long handle, long plan, long variantPack);
}
